#!/usr/bin/env python3
"""Compares `tenon tokenize` on the folders of tokenizer_files with the ids that transformers gave.

check_tokenizer_goldens.py TENON. Needs nothing but Python; check_tokenizer_files.py --record makes the folders."""

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
MODEL = HERE.parents[1] / "numerics" / "golden" / "bert-1x1"


def check(tenon, folder):
    # "-" would read standard input.
    expected = [row for row in json.loads((folder / "expected.json").read_text()) if row["text"] != "-"]
    with tempfile.TemporaryDirectory() as scratch:
        model = pathlib.Path(scratch) / "model"
        shutil.copytree(MODEL, model)
        shutil.copytree(folder, model, dirs_exist_ok=True)
        texts = [option for row in expected for option in ([f"--text={row['text']}"] if row["text"] else ["--text", ""])]
        done = subprocess.run([tenon, "tokenize", str(model), "--json", *texts], capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        return [done.stderr.strip()]
    rows = json.loads(done.stdout)["rows"]
    return [f"{json.dumps(row['text'])}: expected {row['ids']}, found {found['tokens']}"
            for row, found in zip(expected, rows, strict=True) if row["ids"] != found["tokens"]]


def main():
    wrong = 0
    folders = sorted(path.parent for path in (HERE / "tokenizer_files").glob("*/expected.json"))
    for folder in folders:
        problems = check(sys.argv[1], folder)
        wrong += bool(problems)
        print(folder.name, *(problems[:5] or ["agrees"]), sep="\n  ")
    print(f"{len(folders)} tokenizers, {wrong} differ")
    return 1 if wrong or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
