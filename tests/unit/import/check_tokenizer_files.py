#!/usr/bin/env python3
"""Compares the tokenizers that Tenon makes of the files of a vocabulary (vocab.txt, vocab.json and merges.txt, SentencePiece's) or of a
tokenizer.json with those that transformers makes, on many strings. Run with the interpreter of build/oracles.

check_tokenizer_files.py TENON TENON_TOKENIZE [--cases C,C] [--count N] [--seed S] [--vocabulary N]
check_tokenizer_files.py --record [--cases C,C]    # a small folder of each class into tokenizer_files, for check_tokenizer_goldens.py"""

import argparse
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import types
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

import transformers  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
sys.path[:0] = [str(HERE.parent / "text"), str(ROOT / "scripts")]
import live_check  # noqa: E402
import tokenizer_folders  # noqa: E402
import tokenizer_kinds  # noqa: E402
from tokenizer_strings import varied_strings  # noqa: E402

transformers.utils.logging.set_verbosity_error()
MODEL = ROOT / "tests" / "numerics" / "golden" / "bert-1x1"
RECORDED = ["bert", "bert-listed", "bert-legacy", "gpt2-bos", "roberta", "gpt_neox", "qwen2", "xlm-roberta", "camembert", "mbart", "t5-ids",
            "llama", "llama-new", "gemma", "bert-stored", "bert-stored-listed", "roberta-stored", "gpt_neox-stored", "xlm-roberta-stored",
            "llama-stored"]


def theirs(case, folder):
    return getattr(transformers, case[1].removesuffix("Fast")).from_pretrained(folder)


def check(tenon, program, case, arguments, texts):
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name) / "model"
        shutil.copytree(MODEL, folder)
        tokenizer_folders.make(case, folder, texts, arguments.vocabulary)
        subprocess.run([tenon, "import", folder, "-o", folder / "imported"], check=True, stderr=subprocess.DEVNULL)
        return live_check.check(program, str(folder / "imported" / "tokenizer.json"), arguments, theirs(case, folder).backend_tokenizer)


def record(names):
    """Small vocabularies, and what transformers makes of some texts."""
    for case in tokenizer_folders.CASES:
        if case[0] not in RECORDED or case[0] not in names:
            continue
        folder = HERE / "tokenizer_files" / case[0]
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        with tempfile.NamedTemporaryFile("w", suffix=".tsv") as rules:
            rules.write("FB01\t66 69\nFF21\t41\n65 301\tE9\n3000\t20\n")
            rules.flush()
            tokenizer_folders.make(case, folder, tokenizer_kinds.sample_texts(), 850, rules.name)
        tokenizer = theirs(case, folder)
        tokens = [token.content for token in tokenizer.added_tokens_decoder.values()]
        texts = [text for text in varied_strings(60, 7, tokens) if "\0" not in text and len(text) < 200]
        rows = [{"text": text, "ids": tokenizer.backend_tokenizer.encode(text).ids} for text in texts]
        (folder / "expected.json").write_text("[" + ",\n ".join(map(json.dumps, rows)) + "]\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tenon", nargs="?")
    parser.add_argument("program", nargs="?")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--cases", default=",".join(case[0] for case in tokenizer_folders.CASES))
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--vocabulary", type=int, default=2000)
    arguments = parser.parse_args()
    if arguments.record:
        return record(arguments.cases.split(","))
    options = types.SimpleNamespace(count=arguments.count, seed=arguments.seed, every_character=False, max_tokens=0,
                                    vocabulary=arguments.vocabulary)
    wrong = 0
    for case in tokenizer_folders.CASES:
        if case[0] in arguments.cases.split(","):
            print(case[0], flush=True)
            wrong += check(arguments.tenon, arguments.program, case, options, live_check.training_texts()[::7])
    print(f"{wrong} mismatches in all")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
