#!/usr/bin/env python3
"""Points of the space of specs, each in a folder of tests/numerics/golden, against what the evaluation of oracles/spec_model.py made of
them (record_space.py): the sample of check_space.py that needs nothing but Python.

check_space_goldens.py TENON RUNTIME [NAME...] [--target T]. What is allowed was recorded: twice what plain float32 is off."""

import argparse
import json
import math
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
from arrays import read_npy  # noqa: E402
from check_goldens import run  # noqa: E402
from space_runtime import SpaceModel  # noqa: E402
from tenon_structs import Calls  # noqa: E402


class Golden:
    def __init__(self, folder):
        record = json.loads((folder / "inputs.json").read_text())
        self.inputs, self.output, self.allowed = record["inputs"], record["output"], record["allowed"]
        self.shape, self.numbers = read_npy(folder / "expected.npy")
        self.worst = 0.0

    def compare(self, what, row, found):
        """The scores, or hidden states, of all of a row's tokens."""
        for token, vector in enumerate(found):
            first = (row * self.shape[1] + token) * self.shape[2]
            for one, other in zip(vector, self.numbers[first:first + self.shape[2]], strict=True):
                # Recorded numbers are rounded once.
                error = abs(one - other)
                error = error if error == error else math.inf
                self.worst = max(self.worst, error)
                if not error <= self.allowed + abs(other) * 2 ** -24:
                    raise RuntimeError(f"{what}, row {row}, token {token}: off by {error:.3g}, allowed {self.allowed:.3g}")


def check_whole(golden, model):
    entry, = [name for name, stack in model.encoders() if stack in (golden.output, None)]
    for row, states in enumerate(model.encode(entry, golden.inputs)):
        golden.compare("batch", row, states)


def check_growing(golden, model):
    targets = list(golden.inputs.values())[-1]
    sessions = model.sessions(golden.inputs)
    for row, (session, tokens) in enumerate(zip(sessions, targets)):
        golden.compare("prefill", row, model.score(session, tokens, "logits"))
    model.end(sessions)
    sessions = model.sessions(golden.inputs)
    found = [model.score(session, tokens[:5], "logits") for session, tokens in zip(sessions, targets)]
    for step in range(5, max(map(len, targets))):
        live = [row for row, tokens in enumerate(targets) if step < len(tokens)]
        for row, scores in zip(live, model.decode([sessions[row] for row in live], [targets[row][step] for row in live])):
            found[row].append(scores)
    model.end(sessions)
    for row, scores in enumerate(found):
        golden.compare("five tokens, then one by one", row, scores)


def check(arguments, folder):
    golden = Golden(folder)
    with tempfile.TemporaryDirectory() as scratch:
        library = pathlib.Path(scratch) / "model.so"
        target = ["--target", arguments.target] if arguments.target else []
        run([arguments.tenon, "compile", folder / "model.yaml", "-o", library, *target])
        model = SpaceModel(Calls(arguments.runtime), library)
        (check_growing if golden.output == "logits" else check_whole)(golden, model)
        model.close()
    print(f"{folder.name:34} {golden.worst:.2e}, allowed {golden.allowed:.2e}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("runtime", help="libtenon_rt.so")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--target")
    arguments = parser.parse_args()
    folders = [path.parent for path in sorted((HERE / "golden").glob("space-*/inputs.json"))]
    folders = [folder for folder in folders if not arguments.names or folder.name in arguments.names]
    problems = []
    for folder in folders:
        try:
            check(arguments, folder)
        except (RuntimeError, ValueError, KeyError) as error:
            problems.append(f"{folder.name}: {error}")
    print(*problems, sep="\n")
    print(f"{len(folders)} points, {len(problems)} with problems")
    return 1 if problems or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
