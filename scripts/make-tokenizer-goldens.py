#!/usr/bin/env python3
"""Writes tests/unit/text/golden: small tokenizers and the ids that Hugging Face's `tokenizers` gives with them.

Run with the interpreter of build/oracles."""

import copy
import json
import pathlib
import random

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

import tokenizer_kinds
from tokenizer_strings import SAMPLES, strings, varied_strings

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "tests" / "unit" / "text" / "golden"
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def wordpiece(lowercase):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lowercase)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    # Two texts in three have their characters in the alphabet: the rest meet the unknown token.
    texts = [text for i, text in enumerate(SAMPLES) if i % 3]
    tokenizer.train_from_iterator(texts * 3, trainers.WordPieceTrainer(
        vocab_size=1500, min_frequency=2, limit_alphabet=600, special_tokens=SPECIAL, show_progress=False))
    ids = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1",
                                                             special_tokens=ids)
    tokenizer.decoder = decoders.WordPiece()
    return json.loads(tokenizer.to_str())


def added(identifier, content, **flags):
    entry = {"id": identifier, "content": content, "single_word": False, "lstrip": False, "rstrip": False,
             "normalized": False, "special": False}
    return entry | flags


def variants():
    """Name, tokenizer.json, how many strings."""
    uncased, cased = wordpiece(True), wordpiece(False)
    yield "uncased", uncased, 500
    yield "cased", cased, 200

    # The following differ from `cased` in parts, and are kept as such: the vocabulary is written once.
    other = copy.deepcopy(cased)
    size = max(other["model"]["vocab"].values()) + 1
    other["added_tokens"] += [added(size, "Café", normalized=True, single_word=True), added(size + 1, "<l>", lstrip=True),
                              added(size + 2, "<r>", rstrip=True, special=True), added(size + 3, "<w>", single_word=True),
                              added(size + 4, "<l><r>", lstrip=True, rstrip=True), added(size + 5, "DAY", normalized=True)]
    other["normalizer"] = {"type": "Sequence", "normalizers": [
        {"type": "NFKC"}, {"type": "Replace", "pattern": {"String": "``"}, "content": "\""}, {"type": "Lowercase"},
        {"type": "Strip", "strip_left": True, "strip_right": False}]}
    other["pre_tokenizer"] = {"type": "Whitespace"}
    other["post_processor"] = {"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}
    yield "added", other, 200

    other = copy.deepcopy(cased)
    other["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}, {"type": "NFC"}]}
    other["pre_tokenizer"] = {"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Punctuation", "behavior": "Isolated"}]}
    other["post_processor"] = {"type": "RobertaProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2], "trim_offsets": True, "add_prefix_space": False}
    other["truncation"] = {"max_length": 12, "strategy": "OnlyFirst", "stride": 0, "direction": "Left"}
    yield "sequence", other, 200

    other = copy.deepcopy(cased)
    other["normalizer"] = {"type": "NFKD"}
    other["pre_tokenizer"] = None
    other["post_processor"] = None
    other["decoder"] = None
    other["model"]["max_input_chars_per_word"] = 2000
    yield "plain", other, 100


ADDED_STRINGS = ["a <l> b", "a  <l>  b<l>", "<r>  x <r>", "x<w>y <w> <w>z", "a <l><r> b", "  <l><r>  ", "café Café cafés CAFÉ.",
                 "monDAY day Days", "``quoted`` ```", "<l> <l>\t<r>\u3000<l>", "\u00e9<w>", "<w>\u0301", "\u200d<w>\u1c89<w>", "_<w>"]


def case(tokenizer, text):
    encoding = tokenizer.encode(text)
    return {"text": text, "ids": encoding.ids, "types": encoding.type_ids, "decoded": tokenizer.decode(encoding.ids)}


def difference(base, other):
    """The top-level parts of `other` that `base` does not have, the vocabulary excepted."""
    parts = {key: value for key, value in other.items() if value != base[key]}
    if "model" in parts:
        parts["model"] = {key: value for key, value in parts["model"].items() if key != "vocab"}
    return parts


def write(name, value):
    with open(GOLDEN / name, "w", encoding="utf-8") as file:
        json.dump(value, file, ensure_ascii=True, separators=(",", ":"))
        file.write("\n")


def plain_ids(tokenizer, texts):
    """Ids with special tokens not looked for; null where a model itself may spell one, which the runtime's do not."""
    tokenizer.encode_special_tokens = True
    rows = [tokenizer.encode(text, add_special_tokens=False).ids for text in texts]
    tokenizer.encode_special_tokens = False
    special = {identifier for identifier, token in tokenizer.get_added_tokens_decoder().items() if token.special}
    return [None if special & set(row) or "<unk>" in text or "[UNK]" in text else row for text, row in zip(texts, rows)]


def write_kinds():
    """One tokenizer of every kind; the texts are the same for all, and a text that comes back as it was is not repeated."""
    made = {kind: tokenizer_kinds.make(kind, tokenizer_kinds.sample_texts(), 1000) for kind in tokenizer_kinds.KINDS}
    tokenizers = {kind: Tokenizer.from_str(text) for kind, text in made.items()}
    tokens = sorted({token.content for tokenizer in tokenizers.values() for token in tokenizer.get_added_tokens_decoder().values()})
    texts = [text for text in varied_strings(280, 5, tokens) if len(text) < 200] + ["".join(tokens), " ".join(tokens), "\u02dcTilde", "\u00b4\u00b4 x", "\u200bab", "\u00ad \u00adc", "\u3000\u3000d", "①② e", "\ufeff\ufeff f", "\x01 g"]
    write("kinds.texts.json", texts)
    for kind, tokenizer in tokenizers.items():
        rows = [tokenizer.encode(text).ids for text in texts]
        decoded = [tokenizer.decode(row) for row in rows]
        rng, size = random.Random(3), tokenizer.get_vocab_size()
        random_rows = [[rng.randrange(size) for _ in range(rng.randint(1, 12))] for _ in range(40)]
        write(f"{kind}.tokenizer.json", json.loads(made[kind]))
        write(f"{kind}.json", {
            "ids": rows, "plain": plain_ids(tokenizer, texts),
            "decoded": [None if found == text else found for text, found in zip(texts, decoded)],
            "random": [{"ids": row, "text": tokenizer.decode(row, skip_special_tokens=False)} for row in random_rows],
            "tokens": {token: tokenizer.token_to_id(token) for token in tokens}})


def main():
    GOLDEN.mkdir(parents=True, exist_ok=True)
    cased = None
    for seed, (name, description, count) in enumerate(variants()):
        tokenizer = Tokenizer.from_str(json.dumps(description))
        direction = "left" if name == "sequence" else "right"
        texts = strings(count, seed) + (ADDED_STRINGS if name == "added" else [])
        golden = {"cases": [case(tokenizer, text) for text in texts], "truncated": []}
        for length in (2, 3, 7, 16):
            tokenizer.enable_truncation(length, direction=direction)
            golden["truncated"] += [{"max": length, "text": text, "ids": tokenizer.encode(text).ids} for text in texts[4:20]]
        if name in ("uncased", "cased"):
            cased = description if name == "cased" else cased
            write(f"{name}.tokenizer.json", description)
        else:
            golden["cased_with"] = difference(cased, description)
        write(f"{name}.json", golden)
    write_kinds()


if __name__ == "__main__":
    main()
