"""Tokenizers of every kind that the runtime reads, trained here: used by the goldens and by the live check."""

import base64
import json
import struct

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from tokenizer_strings import SAMPLES

GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
O200K = "|".join([
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
    r"\p{N}{1,3}", r" ?[^\s\p{L}\p{N}]+[\r\n/]*", r"\s*[\r\n]+", r"\s+(?!\S)", r"\s+"])
MARK = "\u2581"
BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def special(*contents):
    return [AddedToken(content, special=True, normalized=False) for content in contents]


def byte_level(texts, size, steps, tokens, normalizer=None, **model):
    """Byte-level BPE whose words `steps` make."""
    tokenizer = Tokenizer(models.BPE(**model))
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(steps) if len(steps) > 1 else steps[0]
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, special_tokens=special(*tokens), initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False))
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def last_step():
    return pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)


def isolated(expression):
    return pre_tokenizers.Split(Regex(expression), "isolated")


def gpt2(texts, size):
    return byte_level(texts, size, [pre_tokenizers.ByteLevel(add_prefix_space=False)], ["<|endoftext|>"])


def roberta(texts, size):
    tokenizer = byte_level(texts, size, [pre_tokenizers.ByteLevel(add_prefix_space=True)], ["<s>", "</s>", "<unk>"])
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 1), ("<s>", 0))
    return tokenizer


def llama3(texts, size):
    tokenizer = byte_level(texts, size, [isolated(LLAMA3), last_step()], ["<|begin_of_text|>", "<|eot_id|>"], ignore_merges=True)
    tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=False), processors.TemplateProcessing(
        single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|>:1 $B:1", special_tokens=[("<|begin_of_text|>", 0)])])
    return tokenizer


def qwen2(texts, size):
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    tokenizer = byte_level(texts, size, [isolated(QWEN2), last_step()], tokens, normalizer=normalizers.NFC())
    tokenizer.add_tokens([AddedToken("<tool_call>", normalized=False), AddedToken("</tool_call>", normalized=False)])
    return tokenizer


def smollm2(texts, size):
    steps = [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
    return byte_level(texts, size, steps, ["<|endoftext|>", "<|im_start|>", "<|im_end|>"], unk_token="<|endoftext|>")


def o200k(texts, size):
    return byte_level(texts, size, [isolated(O200K), last_step()], ["<|endoftext|>"])


def split_chain(texts, size):
    """Behaviours of splits that the well-known tokenizers do not use together."""
    steps = [pre_tokenizers.CharDelimiterSplit("|"), pre_tokenizers.Split("e", "merged_with_next"),
             pre_tokenizers.Split(Regex(r"[,.;]+\s?|\w\d"), "merged_with_previous"), pre_tokenizers.Split(Regex("[a-f]"), "contiguous"),
             pre_tokenizers.Punctuation("contiguous"), pre_tokenizers.Digits(individual_digits=False),
             pre_tokenizers.Split(Regex(r"\s+"), "removed", invert=False), pre_tokenizers.Split(Regex("[^x]+"), "isolated", invert=True),
             last_step()]
    return byte_level(texts, size, steps, ["<|endoftext|>"])


def with_byte_tokens(tokenizer, tokens):
    """The description with the byte tokens behind the special ones, as SentencePiece has them."""
    description = json.loads(tokenizer.to_str())
    order = sorted(description["model"]["vocab"], key=description["model"]["vocab"].get)
    order = tokens + BYTES + [token for token in order if token not in tokens]
    description["model"]["vocab"] = {token: index for index, token in enumerate(order)}
    return description


def sentencepiece_bpe(texts, size):
    tokens = ["<unk>", "<s>", "</s>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(MARK, "always")
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, limit_alphabet=size // 4, special_tokens=special(*tokens), show_progress=False))
    description = with_byte_tokens(tokenizer, tokens)
    description["pre_tokenizer"] = None
    return description


def finish(description, **parts):
    tokenizer = Tokenizer.from_str(json.dumps(description))
    for name, part in parts.items():
        setattr(tokenizer, name, part)
    return tokenizer


def begin_template(tokenizer, token):
    return processors.TemplateProcessing(single=f"{token} $A", special_tokens=[(token, tokenizer.token_to_id(token))])


def llama2(texts, size):
    tokenizer = finish(
        sentencepiece_bpe(texts, size), normalizer=normalizers.Sequence([normalizers.Prepend(MARK), normalizers.Replace(" ", MARK)]),
        decoder=decoders.Sequence([decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]))
    tokenizer.post_processor = begin_template(tokenizer, "<s>")
    return tokenizer


def llama2_first(texts, size):
    """The form that does not put a space behind special tokens."""
    tokenizer = finish(
        sentencepiece_bpe(texts, size), pre_tokenizer=pre_tokenizers.Metaspace(MARK, "first", split=False),
        decoder=decoders.Sequence([decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]))
    tokenizer.post_processor = begin_template(tokenizer, "<s>")
    return tokenizer


def gemma(texts, size):
    tokenizer = finish(
        sentencepiece_bpe(texts, size), normalizer=normalizers.Replace(" ", MARK),
        pre_tokenizer=pre_tokenizers.Split(" ", "merged_with_previous"),
        decoder=decoders.Sequence([decoders.Replace(MARK, " "), decoders.ByteFallback(), decoders.Fuse()]))
    tokenizer.add_special_tokens(["<start_of_turn>", "<end_of_turn>"])
    tokenizer.add_tokens([AddedToken("\n\n", normalized=False), AddedToken(MARK * 2, normalized=False)])
    tokenizer.post_processor = begin_template(tokenizer, "<s>")
    return tokenizer


def word_end_bpe(texts, size):
    """The first GPT's: words end in a mark, unknown characters are unknown."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", end_of_word_suffix="</w>"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, limit_alphabet=size // 4, special_tokens=["<unk>"], end_of_word_suffix="</w>", show_progress=False))
    tokenizer.decoder = decoders.BPEDecoder("</w>")
    return tokenizer


def prefix_bpe(texts, size):
    """Continuations marked as in WordPiece; unknown characters in a row are one."""
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]", continuing_subword_prefix="##", fuse_unk=True))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.train_from_iterator(texts, trainers.BpeTrainer(
        vocab_size=size, limit_alphabet=size // 4, special_tokens=["[UNK]"], continuing_subword_prefix="##", show_progress=False))
    tokenizer.decoder = decoders.WordPiece("##", cleanup=False)
    return tokenizer


def train_unigram(texts, size, tokens, steps):
    tokenizer = Tokenizer(models.Unigram())
    tokenizer.pre_tokenizer = steps
    tokenizer.train_from_iterator(texts, trainers.UnigramTrainer(
        vocab_size=size, special_tokens=special(*tokens), unk_token="<unk>", shrinking_factor=0.7, show_progress=False))
    return json.loads(tokenizer.to_str())


def charsmap(entries):
    """SentencePiece's table for replacements of strings by strings: a double-array trie, built plainly."""
    texts, offsets = b"", {}
    for value in sorted(set(entries.values())):
        offsets[value] = len(texts)
        texts += value.encode() + b"\0"
    nodes = {b"": {}}
    for key in entries:
        for end in range(len(key.encode())):
            nodes.setdefault(key.encode()[:end], {})[key.encode()[end]] = key.encode()[:end + 1]
            nodes.setdefault(key.encode()[:end + 1], {})
    units, used, place = {0: 0}, {0}, {b"": 0}
    leaves = {key.encode(): offsets[value] for key, value in entries.items()}
    for prefix in sorted(nodes, key=lambda name: (len(name), name)):
        labels = sorted(nodes[prefix]) + ([0] if prefix in leaves else [])
        if not labels:
            continue
        base = next(base for base in range(1, 1 << 20) if not any((place[prefix] ^ base ^ label) in used for label in labels))
        units[place[prefix]] = units.get(place[prefix], 0) | base << 10 | (1 << 8 if prefix in leaves else 0)
        for label in labels:
            at = place[prefix] ^ base ^ label
            used.add(at)
            units[at] = label if label or prefix not in leaves else leaves[prefix] | 1 << 31
            if label:
                place[prefix + bytes([label])] = at
    trie = struct.pack(f"<{max(units) + 257}I", *(units.get(at, 0xFF) for at in range(max(units) + 257)))
    return base64.b64encode(struct.pack("<I", len(trie)) + trie + texts).decode()


# One entry's replacement begins with a space: what stands behind it still counts as the start of a text.
SMALL_CHARSMAP = {"\u00a0": " ", "\u3000": " ", "\t": " ", "\n": " ", "\r": " ", "\u200b": "", "\u00ad": "", "\u02dc": " \u0303", "\u00b4": " \u0301", "\x01": "", "ﬁ": "fi", "ﬂ": "fl", "①": "1", "②": "2", "½": "1\u20442",
                  "e\u0301": "é", "E\u0301": "É", "A": "a", "B": "b", "ｱ": "ア", "ｶ": "カ", "ｶﾞ": "ガ", "㍿": "株式会社", "…": "...", "ℝ": "R", "\ufeff": ""}


def precompiled(table):
    """The `tokenizers` package makes no such normaliser but from a file."""
    return {"type": "Precompiled", "precompiled_charsmap": table}


def t5(texts, size, table=None):
    description = train_unigram(texts, size, ["<pad>", "</s>", "<unk>"], pre_tokenizers.Metaspace(MARK, "always"))
    description["normalizer"] = {"type": "Sequence", "normalizers": [
        precompiled(table or charsmap(SMALL_CHARSMAP)), {"type": "Strip", "strip_left": False, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": MARK}]}
    tokenizer = finish(description, decoder=decoders.Metaspace(MARK, "always"))
    tokenizer.add_special_tokens(["<extra_id_0>", "<extra_id_1>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return tokenizer


def xlmr(texts, size, table=None):
    steps = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(MARK, "first")])
    description = train_unigram(texts, size, ["<s>", "<pad>", "</s>", "<unk>"], steps)
    description["normalizer"] = precompiled(table or charsmap(SMALL_CHARSMAP))
    tokenizer = finish(description, decoder=decoders.Metaspace(MARK, "first"))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, normalized=False)])
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return tokenizer


def unigram_bytes(texts, size):
    """Unknown characters as bytes, and the whole text as one word."""
    tokens = ["<unk>", "<s>", "</s>"]
    description = train_unigram(texts, size, tokens, pre_tokenizers.Metaspace(MARK, "never"))
    scores = description["model"]["vocab"]
    description["model"]["vocab"] = scores[:3] + [[token, 0.0] for token in BYTES] + scores[3:]
    description["model"]["byte_fallback"] = True
    description["pre_tokenizer"] = None
    return finish(description, normalizer=normalizers.Replace(" ", MARK), decoder=decoders.Sequence(
        [decoders.ByteFallback(), decoders.Fuse(), decoders.Replace(MARK, " "), decoders.Strip(" ", 2, 0)]))


def wordpiece(texts, size):
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(
        vocab_size=size, limit_alphabet=size // 4, special_tokens=special(*tokens), show_progress=False))
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.decoder = decoders.WordPiece()
    return tokenizer


KINDS = {maker.__name__: maker for maker in (gpt2, roberta, llama3, qwen2, smollm2, o200k, split_chain, llama2, llama2_first, gemma,
                                             word_end_bpe, prefix_bpe, t5, xlmr, unigram_bytes, wordpiece)}


def make(kind, texts, size, **options):
    """The text of a tokenizer.json."""
    return KINDS[kind](texts, size, **options).to_str()


def sample_texts():
    """Two in three, so that the rest meet what a vocabulary does not have."""
    return [text for i, text in enumerate(SAMPLES) if i % 3 and len(text) < 500] * 3
