#!/usr/bin/env python3
"""Compiles the sentence-transformers directories of tests/numerics/golden/sentences and compares their embeddings with those that
the library gave (record_sentences.py).

check_sentence_goldens.py TENON. Needs nothing but Python."""

import json
import pathlib
import subprocess
import sys
import tempfile

GOLDEN = pathlib.Path(__file__).resolve().parent / "golden/sentences"
TOLERANCE = 1e-5


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def check(tenon, folder, library):
    run(tenon, "compile", folder, "-o", library, "--embed")
    golden = json.loads((folder / "embeddings.json").read_text())
    texts = [part for text in golden["texts"] for part in ("--text", text)]
    worst = 0.0
    for expected in golden["prompts"]:
        prompt = ["--prompt", expected["prompt"]] if expected["prompt"] is not None else []
        rows = json.loads(run(tenon, "run", library, *texts, *prompt, "--json"))["rows"]
        for row, theirs in zip(rows, expected["embeddings"], strict=True):
            ours = row["embedding"]
            if len(ours) != len(theirs):
                return f"expected {len(theirs)} components, found {len(ours)}"
            worst = max([worst, *(abs(a - b) for a, b in zip(ours, theirs))])
    print(f"{folder.name:10} {worst:.2e}")
    return None if worst <= TOLERANCE else f"largest difference {worst:.3g} is above {TOLERANCE}"


def main():
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        for folder in sorted(GOLDEN.iterdir()):
            if problem := check(sys.argv[1], folder, pathlib.Path(scratch) / f"{folder.name}.so"):
                problems.append(f"{folder.name}: {problem}")
    sys.exit("\n".join(problems) if problems else 0)


if __name__ == "__main__":
    main()
