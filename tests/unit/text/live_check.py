#!/usr/bin/env python3
"""Compares tenon-tokenize with Hugging Face's `tokenizers`: ids, and text decoded from ids at once and as a stream.

Run with the interpreter of build/oracles. The tokenizers are files or, without any, one of every kind, trained here.

live_check.py TENON_TOKENIZE [TOKENIZER.json ...] [--kinds K,K] [--vocabulary N] [--charsmap-of TOKENIZER.json] [--count N]
              [--seed S] [--max-tokens N] [--every-character]"""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import sysconfig
import tempfile
import unicodedata

from tokenizers import Tokenizer

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
import tokenizer_kinds  # noqa: E402
from tokenizer_strings import every_character, varied_strings  # noqa: E402


def run(program, path, lines, flags):
    done = subprocess.run([program, path, *flags], input="".join(line + "\n" for line in lines), capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        sys.exit(f"{path}: {done.stderr.strip()}")
    return done.stdout.split("\n")[:-1]


def report(name, inputs, got, expected):
    wrong = [i for i in range(len(inputs)) if i >= len(got) or got[i] != expected[i]]
    for i in wrong[:5]:
        print(f"{json.dumps(inputs[i])}\n  expected {expected[i]}\n  found    {got[i] if i < len(got) else None}")
    print(f"  {name}: {len(inputs)} inputs, {len(wrong)} mismatches", flush=True)
    return len(wrong)


def check_encoding(program, path, tokenizer, texts, flags):
    lines = run(program, path, [json.dumps(text) for text in texts], flags)
    got = [line if line.startswith("error") else [int(token) for token in line.split()] for line in lines]
    adds = "--no-added" not in flags
    expected = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=adds)]
    return report(" ".join(["encode", *flags]), texts, got, expected), expected


def check_plain(program, path, tokenizer, texts):
    """Special tokens not found in the text: equal ids, but where Hugging Face's model spells a special token all the same."""
    tokenizer.encode_special_tokens = True
    expected = [encoding.ids for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
    tokenizer.encode_special_tokens = False
    model = json.loads(tokenizer.to_str())["model"]
    unknown = model.get("unk_id") if model["type"] == "Unigram" else tokenizer.token_to_id(model.get("unk_token") or "")
    control = {identifier for identifier, token in tokenizer.get_added_tokens_decoder().items() if token.special} - {unknown}
    spelled = [bool(control & set(ids)) for ids in expected]
    got = [[int(token) for token in line.split()] for line in
           run(program, path, [json.dumps(text) for text in texts], ["--no-added", "--no-special"])]
    leaks = sum(bool(control & set(ids)) for ids in got)
    # Where theirs has the unknown token for its own spelling, ours has the spelling's.
    alike = [i for i in range(len(texts)) if not spelled[i] and not (unknown is not None and tokenizer.id_to_token(unknown) in texts[i])]
    wrong = report("encode --no-special", [texts[i] for i in alike], [got[i] for i in alike], [expected[i] for i in alike])
    if leaks:
        print(f"  {leaks} texts gave special tokens")
    return wrong + leaks


def check_decoding(program, path, tokenizer, rows, flags):
    got = [json.loads(line) for line in run(program, path, [" ".join(map(str, row)) for row in rows], ["--decode", *flags])]
    expected = tokenizer.decode_batch(rows, skip_special_tokens="--keep-special" not in flags)
    return report(" ".join(["decode", *flags]), rows, got, expected)


def check(program, path, arguments, tokenizer=None):
    """Of the file at `path`; with a tokenizer, of what was made of that file against it."""
    tokenizer = tokenizer or Tokenizer.from_file(path)
    tokenizer.no_padding()
    tokens = [token.content for token in tokenizer.get_added_tokens_decoder().values()]
    texts = varied_strings(arguments.count, arguments.seed, tokens)
    if arguments.every_character:
        texts += every_character()
    flags = []
    if arguments.max_tokens:
        tokenizer.enable_truncation(arguments.max_tokens)
        flags = ["--max-tokens", str(arguments.max_tokens)]
    wrong, rows = check_encoding(program, path, tokenizer, texts, flags)
    if arguments.max_tokens:
        return wrong
    wrong += check_encoding(program, path, tokenizer, texts, ["--no-added"])[0]
    wrong += check_plain(program, path, tokenizer, texts)
    wrong += check_decoding(program, path, tokenizer, rows, [])
    wrong += check_decoding(program, path, tokenizer, rows, ["--keep-special"])
    rng, size = random.Random(arguments.seed), tokenizer.get_vocab_size()
    some = [rng.randrange(size) for _ in range(40)]
    rows = [[rng.choice([rng.randrange(size), rng.choice(some), rng.randrange(min(size, 300))]) for _ in range(rng.randint(0, 30))]
            for _ in range(arguments.count)]
    # Hugging Face's BPEDecoder subtracts one from the number of tokens; of none it makes an overflow.
    return wrong + check_decoding(program, path, tokenizer, [row for row in rows if row], ["--keep-special"])


def training_texts():
    """What this machine has: sources and documentation in English, names of characters, samples in many scripts."""
    library = pathlib.Path(sysconfig.get_paths()["stdlib"])
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in sorted(library.glob("*.py"))[:60]]
    names = [unicodedata.name(chr(code), "").title() for code in range(0x3000)]
    return [line for text in texts for line in text.splitlines(keepends=True)] + names + tokenizer_kinds.sample_texts() * 5


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("tokenizer", nargs="*")
    parser.add_argument("--kinds", default=",".join(tokenizer_kinds.KINDS))
    parser.add_argument("--vocabulary", type=int, default=6000)
    parser.add_argument("--charsmap-of", help="a tokenizer.json whose Precompiled table the kinds that have one take")
    parser.add_argument("--count", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--max-tokens", type=int, default=0)
    parser.add_argument("--every-character", action="store_true")
    arguments = parser.parse_args()
    wrong = 0
    for path in arguments.tokenizer:
        print(path)
        wrong += check(arguments.program, path, arguments)
    with tempfile.TemporaryDirectory() as folder:
        for kind in [] if arguments.tokenizer else arguments.kinds.split(","):
            options = {}
            if arguments.charsmap_of and kind in ("t5", "xlmr"):
                options["table"] = find_charsmap(json.loads(pathlib.Path(arguments.charsmap_of).read_text(encoding="utf-8")))
            path = pathlib.Path(folder) / f"{kind}.json"
            path.write_text(tokenizer_kinds.make(kind, training_texts(), arguments.vocabulary, **options), encoding="utf-8")
            print(kind)
            wrong += check(arguments.program, str(path), arguments)
    print(f"{wrong} mismatches in all")
    return 1 if wrong else 0


def find_charsmap(description):
    for step in [description["normalizer"], *description["normalizer"].get("normalizers", [])]:
        if step["type"] == "Precompiled":
            return step["precompiled_charsmap"]
    sys.exit("no Precompiled normalizer in the file of --charsmap-of")


if __name__ == "__main__":
    sys.exit(main())
