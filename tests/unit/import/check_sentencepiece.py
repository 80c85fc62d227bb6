#!/usr/bin/env python3
"""Compares the tokenizer.json that is made of a SentencePiece vocabulary with the sentencepiece package, on many strings: the ids
of each string, and the text that these ids become again. Run with the interpreter of build/oracles.

check_sentencepiece.py TENON_TOKENIZE TOKENIZER.json VOCABULARY.spm [--count N] [--seed S]"""

import argparse
import json
import pathlib
import subprocess
import sys

import sentencepiece

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
from tokenizer_strings import strings  # noqa: E402


def lines(program, tokenizer, options, inputs):
    """What the program answers to each input."""
    done = subprocess.run([program, tokenizer, *options], input="".join(line + "\n" for line in inputs), capture_output=True,
                          encoding="utf-8", check=True)
    answers = done.stdout.split("\n")[:-1]
    if len(answers) != len(inputs):
        sys.exit(f"{len(answers)} answers to {len(inputs)} strings")
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("tokenizer")
    parser.add_argument("vocabulary")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    theirs = sentencepiece.SentencePieceProcessor(model_file=arguments.vocabulary)
    # The package takes a text to end at a zero character.
    texts = [text.replace("\0", "") for text in strings(arguments.count, arguments.seed)]
    texts += ["</s>", "a <unk> b</s>c", "▁", " ▁ a▁b", "\u00a0", "a\u0301\u0301 ﬁ ½ ㍿"]
    encoded = lines(arguments.program, arguments.tokenizer, ["--no-added"], [json.dumps(text) for text in texts])
    expected = [theirs.encode(text) for text in texts]
    wrong = decoded_wrong = 0
    for text, answer, ids in zip(texts, encoded, expected):
        if answer != " ".join(map(str, ids)):
            wrong += 1
            if wrong <= 5:
                print(f"{json.dumps(text)}\n  expected {ids}\n  found    {answer}")
    known = [ids for ids in expected if theirs.unk_id() not in ids]
    decoded = lines(arguments.program, arguments.tokenizer, ["--decode"], [" ".join(map(str, ids)) for ids in known])
    for ids, answer in zip(known, decoded):
        if json.loads(answer) != theirs.decode(ids):
            decoded_wrong += 1
            if decoded_wrong <= 5:
                print(f"{ids}\n  expected {theirs.decode(ids)!r}\n  found    {json.loads(answer)!r}")
    tokens = sum(map(len, expected))
    print(f"{len(texts)} strings, {tokens} tokens, {wrong} encoded otherwise; {len(known)} decoded, {decoded_wrong} otherwise")
    return 1 if wrong or decoded_wrong or not texts else 0


if __name__ == "__main__":
    sys.exit(main())
