"""stored-once.py FILE.safetensors FILE.weights: the weight file has the bytes of all parameters, and besides only tables that are
computed."""

import json
import struct
import sys


def tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    header.pop("__metadata__", None)
    return {name: tensor["data_offsets"][1] - tensor["data_offsets"][0] for name, tensor in header.items()}


parameters, stored = tensors(sys.argv[1]), tensors(sys.argv[2])
made = ("sinusoidal", "rotary")
found = sum(size for name, size in stored.items() if not name.startswith(made))
assert found == sum(parameters.values()), (found, sum(parameters.values()), stored)
