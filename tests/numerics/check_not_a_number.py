#!/usr/bin/env python3
"""A NaN in any stored parameter, or in what is read, is seen in what a model says: compiles small models of tests/numerics/golden with one
number of one tensor replaced, tensor after tensor.

check_not_a_number.py TENON [NAME...] [--all-layers]. Needs nothing but Python. Without --all-layers only tensors of the first layers are
changed."""

import argparse
import array
import json
import math
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
from arrays import read_npy  # noqa: E402
from check_goldens import evaluate  # noqa: E402

MODELS = ["bert-1x1", "decoder-gpt2", "decoder-gemma3", "decoder-falcon", "roberta-24x3-pads"]
NOT_A_NUMBER = struct.pack("<f", math.nan)
# Tables of which a text reads some rows.
TABLES = re.compile(r"embed|wte|wpe")
# Of a layer other than the first.
LATER_LAYER = re.compile(r"\.[1-9]\d*\.")


class Checkpoint:
    """The bytes of a model.safetensors, and where its tensors are."""

    def __init__(self, path):
        self.data = path.read_bytes()
        length, = struct.unpack("<Q", self.data[:8])
        header = json.loads(self.data[8:8 + length])
        self.start = 8 + length
        self.tensors = {name: tensor for name, tensor in sorted(header.items()) if name != "__metadata__" and tensor["dtype"] == "F32"}

    def changed(self, name):
        """The file with a NaN in the middle of the tensor, or in every row of a table."""
        tensor = self.tensors[name]
        begin, end = (self.start + offset for offset in tensor["data_offsets"])
        row = 4 * tensor["shape"][-1]
        places = range(begin, end, row) if TABLES.search(name) and len(tensor["shape"]) == 2 else [begin + (end - begin) // 8 * 4]
        data = bytearray(self.data)
        for place in places:
            data[place:place + 4] = NOT_A_NUMBER
        return bytes(data)


def last_vectors(shape, elements, rows):
    """The vector behind the last token of each row."""
    _, longest, width = shape
    return [elements[(row * longest + len(tokens) - 1) * width:][:width] for row, tokens in enumerate(rows)]


def check(tenon, folder, scratch, all_layers):
    rows = json.loads((folder / "rows.json").read_text())
    result = "logits" if (folder / "logits.npy").exists() else "hidden"
    model, library = scratch / folder.name, scratch / "model.so"
    shutil.copytree(folder, model)
    checkpoint, problems, count = Checkpoint(folder / "model.safetensors"), [], 0
    for name in checkpoint.tensors:
        if LATER_LAYER.search(name) and not all_layers:
            continue
        (model / "model.safetensors").write_bytes(checkpoint.changed(name))
        options = ["--without-head"] if result == "hidden" else []
        command = [tenon, "compile", model, "-o", library, "--target", "x86-64-v3", *options]
        notes = subprocess.run(command, check=True, capture_output=True, encoding="utf-8").stderr
        if any(f"'{name}'" in note for note in notes.splitlines() if "does not use" in note):
            continue  # Of a head that is left out.
        count += 1
        vectors = last_vectors(*evaluate(tenon, library, rows, result, scratch / "found.npy"), rows)
        problems += [f"{folder.name}: a NaN in {name} is not seen behind row {row}" for row, vector in enumerate(vectors)
                     if not any(math.isnan(value) for value in vector)]
    print(f"{folder.name:34} {count} tensors")
    return problems if count else [f"{folder.name}: no tensor was changed"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("names", nargs="*", default=MODELS)
    parser.add_argument("--all-layers", action="store_true")
    arguments = parser.parse_args()
    problems = []
    for name in arguments.names:
        with tempfile.TemporaryDirectory() as scratch:
            problems += check(pathlib.Path(arguments.tenon).resolve(), HERE / "golden" / name, pathlib.Path(scratch), arguments.all_layers)
    print("\n".join(problems))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
