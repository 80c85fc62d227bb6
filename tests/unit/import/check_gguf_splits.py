#!/usr/bin/env python3
"""Makes GGUF files with small vocabularies for every pre-tokenizer and for SentencePiece, and compares the tokenizer.json that is
made of them with transformers, where it knows them, else with the tokenizer that the vocabulary was trained with. Run with the
interpreter of build/oracles.

check_gguf_splits.py TENON_GGUF_TOKENIZER [--count N]"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import gguf  # noqa: E402
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers  # noqa: E402
from transformers.integrations.gguf import convert_gguf_tokenizer, get_gguf_tokenizer  # noqa: E402
from transformers.integrations.gguf.gguf_tokenizer_mapping import GGUF_PRE_TOKENIZER_SPLITS  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
from tokenizer_strings import SAMPLES, strings  # noqa: E402

SPECIAL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]


def pre_tokenizer(name):
    """How the tokenizers of such models cut text, from their own tokenizer.json."""
    words = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    if name == "gpt-2":
        return words
    if name in ("smollm", "starcoder"):
        return pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), words])
    if name == "falcon":
        return pre_tokenizers.Sequence([pre_tokenizers.Punctuation("contiguous"), words, pre_tokenizers.Digits(individual_digits=False),
                                        pre_tokenizers.Split(Regex("[0-9][0-9][0-9]"), "isolated")])
    if name == "bloom":
        split = Regex(r" ?[^(\s|[.,!?…。，、।۔،])]+")
    else:
        split = Regex(GGUF_PRE_TOKENIZER_SPLITS[name])
    return pre_tokenizers.Sequence([pre_tokenizers.Split(split, "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])


def byte_level_file(name, path):
    """A vocabulary trained on half the samples, so that the rest meets bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizer(name)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(SAMPLES[::2] * 3, trainers.BpeTrainer(
        vocab_size=900, special_tokens=SPECIAL, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    merges = json.loads(tokenizer.to_str())["model"]["merges"]
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(name)
    writer.add_token_list(tokens)
    writer.add_token_types([3 if token in SPECIAL else 1 for token in tokens])
    writer.add_token_merges([" ".join(pair) for pair in merges])
    writer.add_add_bos_token(False)
    close(writer)
    return tokenizer


def pieces_file(architecture, path):
    """Characters and pieces of the samples with scores, bytes for the rest."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always")
    tokenizer.train_from_iterator(SAMPLES[::2] * 3, trainers.BpeTrainer(
        vocab_size=900, max_token_length=100, show_progress=False))
    pieces = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)]
    # Letters come last, as in real ones: their scores are below those of all merges.
    merged = [piece for piece in pieces if len(piece) > 1]
    letters = [piece for piece in pieces if len(piece) == 1]
    tokens = SPECIAL[:3] + bytes_ + merged + letters
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * (3 + 256) + [-float(rank) for rank in range(len(merged) + len(letters))])
    writer.add_token_types([2, 3, 3] + [6] * 256 + [1] * (len(merged) + len(letters)))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(False)
    if architecture.startswith("gemma"):
        writer.add_add_space_prefix(False)
    close(writer)


def close(writer):
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def compare(program, name, path, expected, texts):
    done = subprocess.run([program, path], capture_output=True, encoding="utf-8")
    if done.returncode:
        print(f"{name}: {done.stderr}")
        return False
    ours = Tokenizer.from_str(done.stdout)
    wrong = [text for text in texts if ours.encode(text).ids != expected.encode(text).ids]
    decoded = [text for text in texts if ours.decode(ours.encode(text).ids) != expected.decode(expected.encode(text).ids)]
    for text in wrong[:3]:
        print(f"  {text!r}\n    expected {expected.encode(text).tokens}\n    found    {ours.encode(text).tokens}")
    print(f"{name}: {len(texts)} strings, {len(wrong)} encoded and {len(decoded)} decoded otherwise")
    return not wrong and not decoded


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=3000)
    arguments = parser.parse_args()
    texts = strings(arguments.count, 5)
    names = ["gpt-2", "smollm", "starcoder", "llama-bpe", "dbrx", "qwen2", "tekken", "gpt-4o", "bloom", "falcon"]
    good = []
    with tempfile.TemporaryDirectory() as directory:
        for name in names:
            path = f"{directory}/{name}.gguf"
            trained = byte_level_file(name, path)
            if name in GGUF_PRE_TOKENIZER_SPLITS and name not in ("llama-bpe", "tekken"):
                architecture, description, _ = get_gguf_tokenizer(path)
                trained = convert_gguf_tokenizer(architecture, description)[0]
            trained.add_special_tokens(SPECIAL)
            good.append(compare(arguments.program, name, path, trained, texts))
        for architecture in ("phi3", "gemma2", "llama"):
            path = f"{directory}/{architecture}.gguf"
            pieces_file(architecture, path)
            _, description, _ = get_gguf_tokenizer(path)
            theirs = convert_gguf_tokenizer(architecture, description)[0]
            theirs.post_processor = None if architecture != "gemma2" else theirs.post_processor
            # Where a text begins with a blank, transformers leaves Llama's without the one that is put before it.
            chosen = [text for text in texts if architecture != "llama" or not text.startswith((" ", "▁"))]
            good.append(compare(arguments.program, "pieces of " + architecture, path, theirs, chosen))
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
