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
import safetensors.torch  # noqa: E402
import torch  # noqa: E402
from check_space import Expected  # noqa: E402
from spec_model import load_spec  # noqa: E402
import space_specs  # noqa: E402

LENGTHS = [[17, 1, 6], [3, 20, 16]]  # Of whole stacks and of what grows.


def record(folder):
    spec = load_spec(folder / "model.yaml")
    tensors, rng = dict(space_specs.parameters(spec, 1)), random.Random(folder.name)
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / spec["weights"])
    growing = "head" in spec
    reading = [name for name, stack in spec["stacks"].items() if "vocab" in stack["input"]]
    inputs = {name: [[rng.randrange(spec["stacks"][name]["input"]["vocab"]) for _ in range(length)]
                     for length in LENGTHS[growing and name == reading[-1]]] for name in reading}
    output = "logits" if growing else list(spec["stacks"])[-1]
    expected = Expected(spec, tensors, inputs, output)
    (folder / "inputs.json").write_text(json.dumps({"inputs": inputs, "output": output, "allowed": float(expected.allowed)}) + "\n")
    numpy.save(folder / "expected.npy", expected.exact.astype(numpy.float32))


if __name__ == "__main__":
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    for path in sorted((HERE / "golden").glob("space-*/model.yaml")):
        if path.parent.name in sys.argv[1:] or not sys.argv[1:]:
            record(path.parent)
