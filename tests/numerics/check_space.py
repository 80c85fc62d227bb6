#!/usr/bin/env python3
"""Random points of the space of specs, compiled: each a spec of stacks that read each other, with random weights.

check_space.py TENON RUNTIME [--seed S] [--count N] [--pytorch] [--sessions PROGRAM] [--only KNOB...] [--without KNOB...]
               [--target T] [--keep DIR] [--no-verify]

Every point passes `tenon verify --kernels-only`: its kernels, those of prefill, of later pieces of a prompt and of decoding, have the
error against the float64 reference that the design allows. What a stack that grows says behind every token is the same, but for
rounding, from one prefill, from pieces, token by token in a batch, in the batch turned round (bit for bit), from a fork, and after going
back; of stacks that are read as a whole each row of a batch has the bits of the row alone. With --sessions the program
tenon-session-checks adds its own.

With --pytorch, for which the interpreter of build/oracles is needed, all of these are compared with an independent evaluation of the spec
(oracles/spec_model.py). What is compiled may then be off from float64 by twice what plain float32 is, see oracles/space_expected.py.

KNOBs are those of oracles/space_specs.py: joint, same-layer, concat, share-stack, …"""

import argparse
import collections
import concurrent.futures
import json
import multiprocessing
import os
import pathlib
import shutil
import sys
import tempfile
import traceback

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
from check_goldens import run  # noqa: E402
from space_points import AtOnce, Point, Refused, check_growing, check_whole, compiled, growing_stack  # noqa: E402
from space_runtime import SpaceModel  # noqa: E402
from tenon_structs import Calls  # noqa: E402


def expectation(arguments, point, tensors):
    """Of an output of a stack."""
    if not arguments.pytorch:
        return lambda output, stack: AtOnce()
    from space_expected import Expected, as_torch
    weights = as_torch(tensors)
    return lambda output, stack: Expected(point.spec, weights, point.inputs, "logits" if output == "all_logits" else output, stack)


def compare(arguments, point, folder, took):
    """The largest error as a part of what is allowed; `took` gets the seconds of each step."""
    tensors = timed(took, "draw", lambda: point.write(folder))
    target = ["--target", arguments.target] if arguments.target else []
    library = timed(took, "compile", lambda: compiled(arguments.tenon, folder, target))
    if arguments.verify:
        timed(took, "verify", lambda: run([arguments.tenon, "verify", library, "--kernels-only"]))
    model, expected = SpaceModel(Calls(arguments.runtime), library), expectation(arguments, point, tensors)
    if "growing" in point.knobs:
        grown = "all_logits" if "head" in point.spec else "hidden"
        wanted = expected(grown, growing_stack(point.spec))
        worst = timed(took, "run", lambda: check_growing(point, model, wanted))
        if arguments.sessions and "head" in point.spec:
            # Two calls may each be off, and their prompts are others than ours.
            rounding = [4 * wanted.rounding] if arguments.pytorch else []
            timed(took, "sessions", lambda: run([arguments.sessions, library, *rounding]))
    else:
        worst = timed(took, "run", lambda: check_whole(point, model, expected))
    model.close()
    return worst


def timed(took, what, call):
    started = spent()
    result = call()
    took[what] += spent() - started
    return result


def spent():
    """Seconds of a processor, of this process and of those that it waited for."""
    return sum(os.times()[:4])


def check(arguments, seed):
    """What came of a point: a word, details, knobs and seconds."""
    point, took = Point(seed, arguments.alike), collections.Counter()
    if set(arguments.without) & point.knobs or arguments.only and not set(arguments.only) & point.knobs:
        return "passed over", None, point.knobs, took
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        try:
            return "agrees", compare(arguments, point, folder, took), point.knobs, took
        except Refused as error:
            result = "refused", str(error)
        except (RuntimeError, ValueError, KeyError, IndexError) as error:
            result = "differs", f"{error}{'' if isinstance(error, (ValueError, RuntimeError)) else traceback.format_exc()}"
        if arguments.keep:
            kept = pathlib.Path(arguments.keep) / f"point-{seed}"
            shutil.copytree(folder, kept, dirs_exist_ok=True)
            (kept / "inputs.json").write_text(json.dumps(point.inputs))
        return *result, point.knobs, took


class Worker:
    """Points run in a process of their own, so that one which dies is one problem."""

    def __init__(self):
        self.pool = None

    def check(self, arguments, seed):
        if not self.pool:
            self.pool = concurrent.futures.ProcessPoolExecutor(1, multiprocessing.get_context("fork"), alone, [arguments.pytorch])
        try:
            return self.pool.submit(check, arguments, seed).result()
        except concurrent.futures.BrokenExecutor:
            self.pool = None
            return "died", "the process that ran it ended", set(), {}

    def end(self):
        if self.pool:
            self.pool.shutdown()


def alone(pytorch):
    """What a worker begins with."""
    if pytorch:
        import torch
        torch.set_num_threads(1)
        torch.set_grad_enabled(False)


def parsed():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("runtime", help="libtenon_rt.so")
    parser.add_argument("--seed", type=int, default=1, help="of the first point")
    parser.add_argument("--count", type=int, default=100, help="points that are compared")
    parser.add_argument("--alike", type=int, default=50, help="points after each other that have the same sizes and share kernels")
    parser.add_argument("--only", nargs="*", default=[], help="points with one of these knobs")
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--pytorch", action="store_true")
    parser.add_argument("--sessions", metavar="PROGRAM", help="tenon-session-checks")
    parser.add_argument("--no-verify", action="store_false", dest="verify")
    parser.add_argument("--target")
    parser.add_argument("--keep", help="a directory for the points that do not agree")
    return parser.parse_args()


def main():
    arguments, worker = parsed(), Worker()
    results, agreeing, seconds = collections.Counter(), collections.Counter(), collections.Counter()
    seed = arguments.seed
    while sum(results.values()) < arguments.count:
        word, detail, knobs, took = worker.check(arguments, seed)
        if word != "passed over":
            results[word] += 1
            detail = f"{detail:.2f} of what is allowed" if word == "agrees" else detail
            print(f"point {seed}: {word}, {detail}  [{' '.join(sorted(knobs))}]", flush=True)
            agreeing.update(knobs if word == "agrees" else [])
            seconds.update(took)
        seed += 1
    worker.end()
    print("agreeing points by knob:", ", ".join(f"{knob} {count}" for knob, count in agreeing.most_common()))
    print("seconds of a processor:", ", ".join(f"{what} {count:.1f}" for what, count in seconds.items()))
    print(f"points {arguments.seed} to {seed - 1}:", ", ".join(f"{count} {word}" for word, count in results.items()))
    return 0 if set(results) == {"agrees"} else 1


if __name__ == "__main__":
    sys.exit(main())
