#!/usr/bin/env python3
"""Writes small models of transformers as GGUF files, imports them with `tenon import` and compares the logits of what was
imported with those of transformers. Run with the interpreter of build/oracles.

check_gguf.py TENON [NAME...] [--transformers] [--runtime LIBTENON_RT.so]

--transformers also lets transformers read the file where it can, which checks the files that this writes. --runtime also compiles
the file and runs the library."""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy  # noqa: E402
import transformers  # noqa: E402

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "numerics" / "oracles"))
import gguf_models  # noqa: E402
from spec_logits import Decoder  # noqa: E402
from tenon_runtime import Runtime  # noqa: E402

COMPILED_TOLERANCE = 1e-4  # Of the largest logit: float32 throughout.
TOLERANCE = 1e-5  # Of the largest logit. The weights are the same; float32 in the file, float64 in both evaluations.


def difference(found, expected):
    return float(numpy.abs(found - expected).max() / numpy.abs(expected).max())


def compiled_logits(program, runtime, path, tokens, vocab):
    library = path.with_suffix(".so")
    done = subprocess.run([program, "compile", path, "-o", library], capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(done.stderr)
    model = runtime.open(library, vocab)
    try:
        with model.session() as session:
            return session.score(tokens)
    finally:
        model.close()


def check(program, name, architecture, prefix, options, directory, compare_reading, runtime):
    model = gguf_models.build(prefix, options, seed=7)
    path = directory / f"{name}.gguf"
    gguf_models.write(model, architecture, path)
    vocab = options["vocab_size"]
    tokens = [int(i) for i in numpy.random.default_rng(3).integers(0, vocab, 23)]
    line = ""
    if compare_reading:
        try:
            read = transformers.AutoModelForCausalLM.from_pretrained(directory, gguf_file=path.name, attn_implementation="eager")
            line = f", read by transformers {difference(gguf_models.logits(read, tokens), gguf_models.logits(model, tokens)):.1e}"
        except Exception as error:  # noqa: BLE001
            line = f", not read by transformers ({str(error)[:60]})"
    out = directory / name
    done = subprocess.run([program, "import", path, "-o", out], capture_output=True, encoding="utf-8")
    if done.returncode:
        print(f"{name}: {done.stderr}")
        return False
    expected = gguf_models.logits(model, tokens)
    off = difference(Decoder(out).logits(tokens), expected)
    compiled = difference(compiled_logits(program, runtime, path, tokens, vocab), expected) if runtime else 0.0
    print(f"{name}: {off:.1e}" + (f", compiled {compiled:.1e}" if runtime else "") + line)
    return off <= TOLERANCE and compiled <= COMPILED_TOLERANCE


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--transformers", action="store_true")
    parser.add_argument("--runtime")
    arguments = parser.parse_args()
    runtime = Runtime(arguments.runtime) if arguments.runtime else None
    good = total = 0
    with tempfile.TemporaryDirectory() as directory:
        for name, architecture, prefix, options in gguf_models.MODELS:
            if arguments.names and name not in arguments.names:
                continue
            total += 1
            good += check(arguments.program, name, architecture, prefix, options, pathlib.Path(directory), arguments.transformers, runtime)
    print(f"{good} of {total} models agree")
    return 0 if good == total and total else 1


if __name__ == "__main__":
    sys.exit(main())
