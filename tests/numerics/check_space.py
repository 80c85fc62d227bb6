#!/usr/bin/env python3
"""Random points of the space of specs, compiled, against an independent evaluation in PyTorch (oracles/spec_model.py). Run with the
interpreter of build/oracles.

check_space.py TENON RUNTIME [--seed S] [--count N] [--only KNOB...] [--without KNOB...] [--verify] [--target T] [--keep DIR]

Each point is a spec of stacks that read each other, with random weights. Of a stack that grows, the scores behind every token are
compared when they come from one prefill, from pieces, token by token in a batch, in the batch turned round, from a fork, and after
going back; of others, the hidden states of a batch and of each row alone.

The tolerance is the design's: what is compiled may be off from float64 by twice what plain float32 is. That is the largest error
of four evaluations in float32, of weights that are moved by a unit in the last place in three of them. With --verify every point also
passes `tenon verify`. KNOBs are those of oracles/space_specs.py: joint, same-layer, concat, share, …"""

import argparse
import collections
import concurrent.futures
import json
import multiprocessing
import pathlib
import random
import shutil
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import numpy  # noqa: E402
import safetensors.torch  # noqa: E402
import torch  # noqa: E402
import yaml  # noqa: E402
from check_goldens import run  # noqa: E402
import space_specs  # noqa: E402
from space_runtime import SpaceModel  # noqa: E402
from spec_model import Model  # noqa: E402
from tenon_structs import Calls  # noqa: E402

HALF_UNIT = 2.0 ** -24
GROUP = 25  # Points whose sizes are the same.
LENGTHS = [1, 2, 3, 7, 15, 16, 17, 23, 31, 32, 33, 40]


class Refused(Exception):
    """The compiler does not take the spec."""


# -- A point: a spec, weights and a batch


def random_inputs(rng, spec, empty=False):
    """Rows of every stack that reads some."""
    count, inputs = rng.randint(1, 4), {}
    for name, stack in spec["stacks"].items():
        entry = stack["input"]
        if "concat" in entry:
            continue
        lengths = [rng.choice(LENGTHS) for _ in range(count)]
        if "vocab" in entry:
            inputs[name] = [[rng.randrange(entry["vocab"]) for _ in range(length)] for length in lengths]
        else:
            inputs[name] = [[[float(numpy.float32(rng.gauss(0, 1))) for _ in range(entry["features"])] for _ in range(length)]
                            for length in lengths]
    return inputs


class Written(yaml.SafeDumper):
    """A spec says what it says without anchors."""

    def ignore_aliases(self, data):
        return True


def write(folder, spec, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(spec | {"weights": "model.safetensors"}, Dumper=Written, sort_keys=False, default_flow_style=None, width=130)
    (folder / "model.yaml").write_text(text)
    safetensors.torch.save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "model.safetensors")


def compiled(tenon, folder, options):
    library = folder / "model.so"
    try:
        run([tenon, "compile", folder / "model.yaml", "-o", library, "--jobs", 1, *options])
    except RuntimeError as error:
        raise Refused(str(error).split("\n", 1)[1]) from None
    return library


def moved(tensors, draw):
    """Each number by a unit in the last place, which way the draw decides."""
    generator = torch.Generator().manual_seed(draw)
    result = {}
    for name, tensor in sorted(tensors.items()):
        up = torch.randint(0, 2, tensor.shape, generator=generator).bool()
        result[name] = torch.nextafter(tensor, torch.where(up, torch.inf, -torch.inf))
    return result


def evaluated(spec, tensors, inputs, output, dtype):
    evaluation = Model(spec, tensors, dtype).run(inputs)
    return (evaluation.logits() if output == "logits" else evaluation.hidden(output)).double().numpy()


class Expected:
    """What the outputs should be, by rows, and how far off they may be."""

    def __init__(self, spec, tensors, inputs, output):
        self.exact = evaluated(spec, tensors, inputs, output, torch.float64)
        plain = [evaluated(spec, moved(tensors, draw) if draw else tensors, inputs, output, torch.float32) for draw in range(4)]
        self.allowed = 2 * max(HALF_UNIT * numpy.abs(self.exact).max(initial=0.0),
                               *[numpy.abs(one - self.exact).max(initial=0.0) for one in plain])

    def compare(self, what, row, found, first=0):
        """Of a row's tokens from `first` on; the error as a part of what it may be."""
        found = numpy.array(found, numpy.float32).reshape(len(found), -1)
        expected = self.exact[row][first:first + len(found)]
        if found.shape != expected.shape:
            raise ValueError(f"{what}, row {row}: expected the shape {expected.shape}, found {found.shape}")
        error = numpy.abs(found - expected).max(initial=0.0)
        if not error <= self.allowed:
            at = int(numpy.abs(found - expected).max(-1).argmax())
            raise ValueError(f"{what}, row {row}: off by {error:.3g} at token {first + at} of {first + len(found)}, allowed {self.allowed:.3g}, "
                             f"largest {numpy.abs(expected).max():.3g}")
        return error / self.allowed if self.allowed else 0.0


# -- Stacks that grow


def pieces(rng, tokens):
    parts = []
    while tokens:
        length = rng.choice([1, 2, 5, 16, 17])
        parts.append(tokens[:length])
        tokens = tokens[length:]
    return parts


def rewound(rng, model, session, length):
    """Goes back to some number of tokens, where those that a window sees are still there."""
    kept = rng.randint(0, length)
    try:
        model.rewind(session, kept)
    except RuntimeError as error:
        if "no longer kept" not in str(error):
            raise
        return length
    return kept


def check_growing(rng, model, spec, inputs, tensors):
    kind = "logits" if "head" in spec else "hidden"
    stack = spec["head"]["stack"] if "head" in spec else next(name for name, one in spec["stacks"].items() if one.get("cache"))
    expected = Expected(spec, tensors, inputs, kind if kind == "logits" else stack)
    grown = spec["stacks"][stack]["input"].get("concat", [stack])[-1]
    targets, worst = inputs[grown], 0.0

    sessions = model.sessions(inputs)
    for row, (session, tokens) in enumerate(zip(sessions, targets)):
        worst = max(worst, expected.compare("prefill", row, model.score(session, tokens, kind)))
        kept = rewound(rng, model, session, len(tokens))
        fork = model.fork(session)
        for what, one in (("after going back", session), ("a fork", fork)):
            if kept < len(tokens):
                worst = max(worst, expected.compare(what, row, model.score(one, tokens[kept:], kind), kept))
        model.end([fork])
    model.end(sessions)

    sessions = model.sessions(inputs)
    for row, (session, tokens) in enumerate(zip(sessions, targets)):
        found = [scores for part in pieces(rng, tokens) for scores in model.score(session, part, kind)]
        worst = max(worst, expected.compare("pieces", row, found))
    model.end(sessions)
    if kind == "hidden":
        return worst

    orders = [list(range(len(targets))), list(reversed(range(len(targets))))]
    bits = []
    for order in orders:
        found = decoded(model, {name: [rows[row] for row in order] for name, rows in inputs.items()}, grown)
        for place, row in enumerate(order):
            worst = max(worst, expected.compare("token by token", row, found[place]))
        bits.append({row: found[place] for place, row in enumerate(order)})
    if bits[0] != bits[1]:
        raise ValueError("the order of a batch changes what its rows say")
    return worst


def decoded(model, inputs, grown):
    """Scores behind every token of all rows, all sessions going on together."""
    targets = inputs[grown]
    sessions, found = model.sessions(inputs), [[] for _ in targets]
    for step in range(max(map(len, targets))):
        live = [row for row, tokens in enumerate(targets) if step < len(tokens)]
        for row, scores in zip(live, model.decode([sessions[row] for row in live], [targets[row][step] for row in live])):
            found[row].append(scores)
    model.end(sessions)
    return found


# -- Stacks that are read as a whole


def check_whole(rng, model, spec, inputs, tensors):
    worst = 0.0
    for entry, stack in model.encoders():
        expected = Expected(spec, tensors, inputs, stack or next(iter(spec["stacks"])))
        for row, rows in enumerate(model.encode(entry, inputs)):
            worst = max(worst, expected.compare("batch", row, rows))
            alone = model.encode(entry, {name: [given[row]] for name, given in inputs.items()})[0]
            if alone != rows[:len(alone)]:
                raise ValueError(f"row {row} alone differs from the row in the batch")
    return worst


# -- One point after the other


def check(arguments, seed):
    """What came of a point: a word, and details."""
    rng = random.Random(seed)
    spec = space_specs.random_spec(rng, random.Random(f"sizes {seed // GROUP}"))
    knobs = space_specs.knobs_of(spec)
    if set(arguments.without) & knobs or arguments.only and not set(arguments.only) & knobs:
        return "passed over", None, knobs
    inputs = random_inputs(rng, spec)
    tensors = space_specs.parameters(spec, seed)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        write(folder, spec, tensors)
        try:
            library = compiled(arguments.tenon, folder, ["--target", arguments.target] if arguments.target else [])
            if arguments.verify:
                run([arguments.tenon, "verify", library])
            model = SpaceModel(Calls(arguments.runtime), library)
            kind = check_growing if "growing" in knobs else check_whole
            worst = kind(rng, model, spec, inputs, dict(tensors))
            model.close()
            return "agrees", worst, knobs
        except Refused as error:
            result = "refused", str(error), knobs
        except (RuntimeError, ValueError, KeyError, IndexError) as error:
            trace = "" if isinstance(error, (ValueError, RuntimeError)) else traceback.format_exc()
            result = "differs", f"{error}{trace}", knobs
        if arguments.keep:
            shutil.copytree(folder, pathlib.Path(arguments.keep) / f"point-{seed}", dirs_exist_ok=True)
            (pathlib.Path(arguments.keep) / f"point-{seed}" / "inputs.json").write_text(json.dumps(inputs))
        return result


class Worker:
    """Points run in a process of their own, so that one which dies is one problem."""

    def __init__(self):
        self.pool = None

    def check(self, arguments, seed):
        if not self.pool:
            self.pool = concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork"))
        try:
            return self.pool.submit(check, arguments, seed).result()
        except concurrent.futures.BrokenExecutor:
            self.pool = None
            return "died", "the process that ran it ended", set()


    def end(self):
        if self.pool:
            self.pool.shutdown()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("runtime", help="libtenon_rt.so")
    parser.add_argument("--seed", type=int, default=1, help="of the first point")
    parser.add_argument("--count", type=int, default=100, help="points that are compared")
    parser.add_argument("--only", nargs="*", default=[], help="points with one of these knobs")
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--verify", action="store_true")
    parser.add_argument("--target")
    parser.add_argument("--keep", help="a directory for the points that do not agree")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    worker, results, agreeing, problems, seed = Worker(), collections.Counter(), collections.Counter(), [], arguments.seed
    while sum(results.values()) < arguments.count:
        word, detail, knobs = worker.check(arguments, seed)
        if word != "passed over":
            results[word] += 1
            detail = f"{detail:.2f} of what is allowed" if word == "agrees" else detail
            print(f"point {seed}: {word}, {detail}  [{' '.join(sorted(knobs))}]", flush=True)
            agreeing.update(knobs if word == "agrees" else [])
            if word != "agrees":
                problems.append(seed)
        seed += 1
    worker.end()
    print(", ".join(f"{count} {word}" for word, count in results.items()))
    print("agreeing points by knob:", ", ".join(f"{knob} {count}" for knob, count in agreeing.most_common()))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
