#!/usr/bin/env python3
"""Compares the tokenizer.json that is made of a GGUF file with the tokenizer that transformers makes of it, on many strings.
Run with the interpreter of build/oracles.

check_gguf_tokenizer.py TENON_GGUF_TOKENIZER FILE.gguf [--count N] [--seed S] [--unchanged]

transformers takes GPT-2's expression where a file names smollm, starcoder or the like, while these models' own tokenizers (and
llama.cpp) cut digits off first. Its tokenizer is given that step; --unchanged leaves it as it is."""

import argparse
import json
import os
import pathlib
import subprocess
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

from tokenizers import Tokenizer, pre_tokenizers  # noqa: E402
from transformers import AutoTokenizer  # noqa: E402

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
from tokenizer_strings import strings  # noqa: E402


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("file")
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--unchanged", action="store_true")
    arguments = parser.parse_args()
    path = pathlib.Path(arguments.file).resolve()
    done = subprocess.run([arguments.program, str(path)], capture_output=True, encoding="utf-8", check=True)
    ours = Tokenizer.from_str(done.stdout)
    theirs = AutoTokenizer.from_pretrained(str(path.parent), gguf_file=path.name)
    first = json.loads(done.stdout)["pre_tokenizer"]["pretokenizers"][0]
    if first["type"] == "Digits" and not arguments.unchanged:
        theirs.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
            [pre_tokenizers.Digits(individual_digits=True), theirs.backend_tokenizer.pre_tokenizer])
    texts = strings(arguments.count, arguments.seed)
    added = [token["content"] for token in json.loads(done.stdout)["added_tokens"]]
    texts += [f"a {token} b{token}c" for token in added]
    wrong = decoded_wrong = tokens = 0
    for text in texts:
        found, expected = ours.encode(text).ids, theirs.encode(text)
        tokens += len(expected)
        if found != expected:
            wrong += 1
            if wrong <= 5:
                print(f"{json.dumps(text)}\n  expected {expected}\n  found    {found}")
        expected_text = theirs.decode(expected, clean_up_tokenization_spaces=False, skip_special_tokens=True)
        decoded_wrong += ours.decode(found) != expected_text and found == expected
    print(f"{len(texts)} strings, {tokens} tokens, {wrong} encoded and {decoded_wrong} decoded otherwise")
    return 1 if wrong or decoded_wrong or not texts else 0


if __name__ == "__main__":
    sys.exit(main())
