#!/usr/bin/env python3
"""Makes weights and inputs for the specs of the folders space-* beside the other goldens, and records what they should say, for
check_space_goldens.py. Run with the interpreter of build/oracles, for new specs or after a change of what specs mean alone.

record_space.py [NAME...]"""

import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import numpy  # noqa: E402
import torch  # noqa: E402
from space_expected import Expected, as_torch  # noqa: E402
from spec_model import load_spec  # noqa: E402
from spec_parameters import random_tensors, write_safetensors  # noqa: E402

LENGTHS = [[17, 1, 6], [3, 20, 16]]  # Of whole stacks and of what grows.


def record(folder):
    spec = load_spec(folder / "model.yaml")
    tensors, rng = random_tensors(spec, 1), random.Random(folder.name)
    write_safetensors(folder / spec["weights"], tensors)
    growing = "head" in spec
    # A prefix is read by its stack, whose own rows stand behind it.
    reading = [(name, stack["input"]["vocab"]) for own, stack in spec["stacks"].items() if "vocab" in stack["input"]
               for name in ([stack["prefix"]] if "prefix" in stack else []) + [own]]
    inputs = {name: [[rng.randrange(vocab) for _ in range(length)] for length in LENGTHS[growing and name == reading[-1][0]]]
              for name, vocab in reading}
    stack = list(spec["stacks"])[-1]
    output = "logits" if growing else stack
    expected = Expected(spec, as_torch(tensors), inputs, "logits" if growing else "hidden", stack)
    (folder / "inputs.json").write_text(json.dumps({"inputs": inputs, "output": output, "allowed": float(expected.allowed)}) + "\n")
    numpy.save(folder / "expected.npy", expected.exact.astype(numpy.float32))


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    for path in sorted((HERE / "golden").glob("space-*/model.yaml")):
        if path.parent.name in sys.argv[1:] or not sys.argv[1:]:
            record(path.parent)
