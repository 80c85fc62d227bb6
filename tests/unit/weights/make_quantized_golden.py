#!/usr/bin/env python3
"""Writes golden/quantized.gguf: for every type a tensor TYPE of random blocks, and TYPE.widened with the numbers that the
`gguf` package makes of it. Run with the interpreter of build/oracles."""

import pathlib

import numpy

from quantized_blocks import TYPES, stored, widened, write

BLOCKS = 6


def main():
    random = numpy.random.default_rng(6)
    tensors = {}
    for name in TYPES:
        rows = stored(name, BLOCKS, random)
        tensors[name] = (name, rows)
        tensors[name + ".widened"] = ("F32", widened(name, rows).view(numpy.uint8))
    golden = pathlib.Path(__file__).resolve().parent / "golden"
    golden.mkdir(exist_ok=True)
    write(golden / "quantized.gguf", tensors)


if __name__ == "__main__":
    main()
