#!/usr/bin/env python3
"""Compares tenon-widen with the `gguf` package, bit for bit, on random blocks of every type or on a given file. Run with the
interpreter of build/oracles.

check_quantized.py TENON_WIDEN [--blocks N] [--seed S] [--file FILE.gguf]"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

import gguf
import numpy

from quantized_blocks import TYPES, stored, widened, write


def compare(name, got, expected):
    """How many numbers differ. NaN is NaN: which of its bits are set depends on the machine's conversions."""
    same = (got.view(numpy.uint32) == expected.view(numpy.uint32)) | (numpy.isnan(got) & numpy.isnan(expected))
    wrong = int((~same).sum())
    nans = int(numpy.isnan(expected).sum())
    infinities = int(numpy.isinf(expected).sum())
    print(f"{name}: {expected.size} numbers ({nans} NaN, {infinities} infinite), {wrong} differ")
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--blocks", type=int, default=20000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path = arguments.file
        if not path:
            random = numpy.random.default_rng(arguments.seed)
            path = str(pathlib.Path(directory) / "random.gguf")
            write(path, {name: (name, stored(name, arguments.blocks, random)) for name in TYPES})
        done = subprocess.run([arguments.program, path], capture_output=True, check=True)
        numbers = numpy.frombuffer(done.stdout, dtype="<f4")
        wrong = position = 0
        for tensor in gguf.GGUFReader(path).tensors:
            expected = widened(tensor.tensor_type.name, tensor.data).reshape(-1)
            wrong += compare(tensor.name, numbers[position:position + expected.size], expected)
            position += expected.size
    return 1 if wrong or position != numbers.size or not position else 0


if __name__ == "__main__":
    sys.exit(main())
