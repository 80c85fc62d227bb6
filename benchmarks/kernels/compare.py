#!/usr/bin/env python3
"""Single kernels by Tenon and the operators of ONNX Runtime, OpenVINO and PyTorch in one run, against what the machine can do.

Engines take turns: in each round every engine does a case for a fraction of a second while the others sleep. Called by
benchmarks/run."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import zlib

import numpy

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
from cases import cases  # noqa: E402
from turns import SETTLE_SECONDS, Limits, Process, is_own, row, some_of, table, write  # noqa: E402

ENGINES = ["tenon", "tenon-huge", "ort", "openvino", "pytorch"]
FAMILIES = ["product", "attention", "decode", "rowwise"]
# Not timed: threads wake, caches warm, and the system moves two threads apart that it has woken on one processor.
WARM_SECONDS = 0.04
TOLERANCE = 1e-4  # Of the largest value.


def serve(name, arguments):
    """Answers `case INDEX` with some of what it computes, and a line of seconds with the times of calls in ms, a list for each way."""
    import engines
    from arrays import sample
    engine, known = engines.make(name, arguments.threads), cases(tuple(arguments.families), arguments.cold_bytes)
    print("ready", flush=True)
    for line in sys.stdin:
        words = line.split()
        if words[0] == "case":
            case, runs = known[int(words[1])], []  # Frees what the last one kept.
            first, runs = engine.prepare(case)
            print(json.dumps(sample(first)), flush=True)
        else:
            print(json.dumps([times(run, float(words[0]) / len(runs), calls) for run, calls in runs]), flush=True)


def times(run, seconds, calls):
    end = time.perf_counter() + WARM_SECONDS
    while True:
        run()
        if time.perf_counter() > end:
            break
    end, found = time.perf_counter() + seconds, []
    while len(found) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        run()
        found.append(1000 * (time.perf_counter() - begin) / calls)
    return found


class Peer(Process):
    def __init__(self, name, argv):
        super().__init__(name, [__file__, *argv, "--worker", name])

    def takes(self, case):
        return True

    def prepare(self, index, case):
        return self.ask(f"case {index}")

    def turn(self, seconds):
        return self.ask(str(seconds))


class Tenon(Process):
    """tenon-serve-kernel, with what it reads in files."""

    def __init__(self, name, arguments, folder):
        super().__init__(name, [str(arguments.threads)], program=arguments.serve)
        self.compiler, self.target, self.folder, self.huge = arguments.compiler, arguments.target, folder, name == "tenon-huge"

    def takes(self, case):
        return not self.huge or case.cold

    def prepare(self, index, case):
        from arrays import given, tenon_arrays
        library = self.folder / f"{case.family}-{zlib.crc32(case.kernel.encode())}.so"
        if not library.exists():
            source = library.with_suffix(".mlir")
            source.write_text(case.kernel)
            subprocess.run([self.compiler, "compile", source, "-o", library, *(["--target", self.target] if self.target else [])],
                           check=True, stderr=subprocess.DEVNULL)
        buffers = [{"type": "i32" if buffer.integers else "f32", "shape": buffer.shape, "copies": buffer.copies} for buffer in case.buffers]
        for buffer, array in zip(buffers, tenon_arrays(case, given(case))):
            content = numpy.ascontiguousarray(array).tobytes()
            path = self.folder / f"{zlib.crc32(content)}-{len(content)}.bin"
            if not path.exists():
                path.write_bytes(content)
            buffer["file"] = str(path)
        return self.ask(json.dumps({"library": str(library), "huge": self.huge, "calls": case.calls, "buffers": buffers}))

    def turn(self, seconds):
        return self.ask(str(seconds))


def check(case, results):
    """All engines compute the same, or the comparison means nothing."""
    first = next(iter(results))
    largest = max(abs(value) for value in results[first])
    for name, values in results.items():
        difference = max(abs(a - b) for a, b in zip(values, results[first], strict=True))
        if not difference <= TOLERANCE * largest:
            sys.exit(f"{case.family} {case.task}: {name} differs from {first} by {difference:.3g}, the largest value is {largest:.3g}")


def rounds_of(members, arguments):
    """The times of each engine, in turns."""
    rounds = {member.name: [] for member in members}
    for _ in range(arguments.rounds):
        for member in members:
            time.sleep(SETTLE_SECONDS / 2)
            rounds[member.name].append(member.turn(arguments.seconds))
    return rounds


def measure(members, known, arguments):
    """The times of each case by engine, in rounds."""
    for index, case in enumerate(known):
        if arguments.only not in f"{case.family} {case.task}":
            continue
        present = [member for member in members if member.takes(case)]
        check(case, {member.name: member.prepare(index, case) for member in present})
        yield case, rounds_of(present, arguments)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--peak", required=True, help="the program tenon-machine-peak")
    parser.add_argument("--compiler", required=True, help="the program tenon")
    parser.add_argument("--serve", required=True, help="the program tenon-serve-kernel")
    parser.add_argument("--target", help="as tenon compile has it")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=0.05, help="of each engine's turn")
    parser.add_argument("--families", type=some_of(FAMILIES), default=FAMILIES)
    parser.add_argument("--only", default="", help="what the names of the cases have in them")
    parser.add_argument("--engines", type=some_of(ENGINES), default=ENGINES)
    parser.add_argument("--output", help="JSON file with all that was measured")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    parser.add_argument("--cold-bytes", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return serve(arguments.worker, arguments)

    before = Limits.measure(arguments.peak, arguments.threads)
    arguments.cold_bytes = before["memory_bytes"]
    known = cases(tuple(arguments.families), arguments.cold_bytes)
    argv = [*sys.argv[1:], "--cold-bytes", str(arguments.cold_bytes)]
    with tempfile.TemporaryDirectory() as folder:
        members = [Tenon(name, arguments, pathlib.Path(folder)) if is_own(name) else Peer(name, argv) for name in arguments.engines]
        found = list(measure(members, known, arguments))
    for member in members:
        member.end()
    after = Limits.measure(arguments.peak, arguments.threads)
    limits = Limits(before, after)
    rows = [row(case.task, rounds, case.kind, case.work, limits, family=case.family, cold=case.cold) for case, rounds in found]
    print(limits.describe())
    for family in arguments.families:
        table(f"{family}: microseconds of a call", [entry for entry in rows if entry["family"] == family], arguments.engines,
              lambda _, ms: f"{1000 * ms:.1f}")
    if arguments.output:
        write(arguments.output, "kernels", before, after, limits, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
