#!/usr/bin/env python3
"""Compares tenon-tokenize with Hugging Face's `tokenizers` on many strings. Run with the interpreter of build/oracles.

live_check.py TENON_TOKENIZE TOKENIZER.json [--count N] [--seed S] [--max-tokens N] [--every-character]"""

import argparse
import json
import pathlib
import subprocess
import sys

from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
from tokenizer_strings import every_character, strings  # noqa: E402


def ours(program, tokenizer, texts, max_tokens):
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    command = [program, tokenizer] + ([str(max_tokens)] if max_tokens else [])
    done = subprocess.run(command, input=lines, capture_output=True, encoding="utf-8", check=True)
    return [line if line.startswith("error") else [int(token) for token in line.split()] for line in done.stdout.split("\n")[:-1]]


def theirs(path, texts, max_tokens):
    tokenizer = Tokenizer.from_file(path)
    tokenizer.no_padding()
    if max_tokens:
        tokenizer.enable_truncation(max_tokens)
    return [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("tokenizer")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-tokens", type=int, default=0)
    parser.add_argument("--every-character", action="store_true")
    arguments = parser.parse_args()
    texts = strings(arguments.count, arguments.seed)
    if arguments.every_character:
        texts += every_character()
    got = ours(arguments.program, arguments.tokenizer, texts, arguments.max_tokens)
    expected = theirs(arguments.tokenizer, texts, arguments.max_tokens)
    wrong = [i for i in range(len(texts)) if i >= len(got) or got[i] != expected[i]]
    for i in wrong[:10]:
        print(f"{json.dumps(texts[i])}\n  expected {expected[i]}\n  found    {got[i] if i < len(got) else None}")
    print(f"{len(texts)} strings, {sum(map(len, expected))} tokens, {len(wrong)} mismatches")
    return 1 if wrong or not texts else 0


if __name__ == "__main__":
    sys.exit(main())
