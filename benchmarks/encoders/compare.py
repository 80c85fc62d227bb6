#!/usr/bin/env python3
"""MiniLM by Tenon, ONNX Runtime, OpenVINO and PyTorch on the same rows in one run, and against the machine's arithmetic peak.

Engines take turns: in each round every engine runs each shape for a fraction of a second while the others sleep. Called
by benchmarks/run."""

import argparse
import json
import pathlib
import sys
import time

import numpy

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import engines  # noqa: E402
from turns import SETTLE_SECONDS, Limits, Process, row, table, write  # noqa: E402

SHAPES = [(1, 16), (1, 128), (8, 128), (32, 64), (1, 512)]
ENGINES = ["tenon", "ort-plain", "ort-traced", "ort-bert", "openvino-plain", "openvino-own", "pytorch"]


def token_ids(batch, length):
    return numpy.random.default_rng(batch * 1000 + length).integers(1000, 30000, (batch, length))


def worker(name, arguments):
    """Answers each line `index seconds` with the times, in ms, of the calls it made; `check index` with some of the output."""
    engine = engines.make(name, arguments)
    runs = [engine.prepare(token_ids(*shape)) for shape in SHAPES]
    print("ready", flush=True)
    for line in sys.stdin:
        command, value = line.split()
        if command == "check":
            hidden = runs[int(value)]()
            print(json.dumps([float(x) for x in hidden.reshape(-1)[:: hidden.size // 997]]), flush=True)
            continue
        run, end, times = runs[int(command)], float(value) + time.perf_counter(), []
        run()  # Not timed: wakes the threads and warms the caches.
        while len(times) < 3 or time.perf_counter() < end:
            begin = time.perf_counter()
            run()
            times.append(1000 * (time.perf_counter() - begin))
        print(json.dumps(times), flush=True)


class Worker(Process):
    def __init__(self, name, argv):
        super().__init__(name, [__file__, *argv, "--worker", name])
        self.rounds = {shape: [] for shape in SHAPES}


def flops(config, batch, length):
    width, hidden, layers = config["hidden_size"], config["intermediate_size"], config["num_hidden_layers"]
    products = 4 * width * width + 2 * width * hidden
    return 2.0 * layers * batch * length * (products + 2 * length * width)


def check_outputs(workers):
    """All engines compute the same thing, or the comparison means nothing."""
    for index, shape in enumerate(SHAPES):
        outputs = [numpy.array(worker.ask(f"check {index}")) for worker in workers]
        for worker, output in zip(workers, outputs):
            difference = float(numpy.abs(output - outputs[-1]).max())
            if not difference < 1e-3:
                sys.exit(f"{worker.name} differs from {workers[-1].name} by {difference:.3g} at {shape[0]}x{shape[1]}")


def results(workers, config, limits):
    return [row(f"{batch} x {length}", {worker.name: worker.rounds[batch, length] for worker in workers}, "flops",
                flops(config, batch, length), limits) for batch, length in SHAPES]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--checkpoint", required=True)
    parser.add_argument("--onnx", required=True, help="folder that export.py has written")
    parser.add_argument("--peak", required=True, help="the program tenon-machine-peak")
    parser.add_argument("--runtime", help="libtenon_rt.so")
    parser.add_argument("--library", help="the compiled model")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.3, help="of each engine's turn")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--output", help="JSON file with all that was measured")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return worker(arguments.worker, arguments)

    before = Limits.measure(arguments.peak, arguments.threads)
    workers = [Worker(name, sys.argv[1:]) for name in arguments.engines.split(",")]
    check_outputs(workers)
    for _ in range(arguments.rounds):
        for index, shape in enumerate(SHAPES):
            for member in workers:
                time.sleep(SETTLE_SECONDS)
                member.rounds[shape].append(member.ask(f"{index} {arguments.seconds}"))
    for member in workers:
        member.end()
    after = Limits.measure(arguments.peak, arguments.threads)

    limits = Limits(before, after)
    rows = results(workers, json.loads((pathlib.Path(arguments.checkpoint) / "config.json").read_text()), limits)
    print(limits.describe())
    table("MiniLM, float32, batch x length: ms, the median of the quietest round", rows, [worker.name for worker in workers],
          lambda _, ms: f"{ms:.2f}")
    if arguments.output:
        write(arguments.output, "encoders", before, after, limits, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
