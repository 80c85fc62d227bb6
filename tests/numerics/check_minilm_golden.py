#!/usr/bin/env python3
"""check_minilm_golden.py TENON MODEL SCRATCH: compiles all-MiniLM-L6-v2 and compares token ids and embeddings of a dozen
texts with what sentence-transformers gave in float32. Needs nothing but Python.

A component may differ by 2e-6: both sides round sums of a few hundred products, layer upon layer, and the components of a
vector of length 1 are about 0.05."""

import base64
import json
import pathlib
import struct
import subprocess
import sys

TOLERANCE = 2e-6


def main():
    tenon, model, scratch = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
    scratch.mkdir(parents=True, exist_ok=True)
    library = scratch / "minilm.so"
    subprocess.run([tenon, "compile", model, "-o", library], check=True)
    cases = json.loads((pathlib.Path(__file__).parent / "golden" / "minilm.json").read_text())
    texts = [argument for case in cases for argument in ("--text", case["text"])]
    done = subprocess.run([tenon, "run", library, "--json", *texts], check=True, capture_output=True)
    worst = 0
    for case, row in zip(cases, json.loads(done.stdout)["rows"], strict=True):
        if row["tokens"] != case["ids"]:
            sys.exit(f"{case['text']!r}: token ids {row['tokens']}, expected {case['ids']}")
        data = base64.b64decode(case["embedding"])
        expected = struct.unpack(f"<{len(data) // 4}f", data)
        worst = max(worst, *(abs(a - b) for a, b in zip(row["embedding"], expected, strict=True)))
    print(f"{len(cases)} texts, largest difference {worst:.2e}")
    if not worst <= TOLERANCE:
        sys.exit(f"a component differs by {worst}, allowed are {TOLERANCE}")


main()
