#!/usr/bin/env python3
"""Whisper tiny.en by Tenon and CTranslate2 in one run, against the machine's peak and bandwidth.

Engines take turns: in each round every engine does each task for a fraction of a second while the others sleep. Called by
benchmarks/run."""

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

ENGINES = ["tenon", "tenon-huge", "ctranslate2"]
TOLERANCE = 1e-3  # Of the largest value of the encoder's output.

# tiny.en's sizes.
FRAMES, POSITIONS, BINS, WIDTH, HIDDEN, LAYERS, VOCAB = 3000, 1500, 80, 384, 1536, 4, 51864


def encoder_flops():
    """Two operations for each product: convolutions of 3 frames, projections, the MLP, scores and weighted sums."""
    convolutions = FRAMES * 3 * BINS * WIDTH + POSITIONS * 3 * WIDTH * WIDTH
    layer = POSITIONS * (4 * WIDTH * WIDTH + 2 * WIDTH * HIDDEN) + 2 * POSITIONS * POSITIONS * WIDTH
    return 2 * (convolutions + LAYERS * layer)


def token_bytes():
    """Read for a token: the decoder's matrices, the head, and keys and values of the sound."""
    layer = 6 * WIDTH * WIDTH + 2 * WIDTH * HIDDEN + 2 * POSITIONS * WIDTH
    return 4 * (LAYERS * layer + VOCAB * WIDTH)


def serve(name, arguments):
    """Answers each line `TASK SECONDS` with the times of that task in ms, and `check FILE` with the tokens of the speech and the
    encoder's output in FILE."""
    engine = engines.make(name, arguments)
    print("ready", flush=True)
    for line in sys.stdin:
        command, value = line.split(maxsplit=1)
        if command == "check":
            numpy.save(value.strip(), engine.encode())
            print(json.dumps(engine.decode()), flush=True)
        else:
            print(json.dumps(engines.turn(getattr(engine, command), float(value))), flush=True)


class Resident(Process):
    """An engine whose process lives until the end."""

    def __init__(self, name, argv):
        super().__init__(name, [__file__, *argv, "--worker", name])
        self.rounds = {"encode": [], "decode": [], "listen": []}


def check(members, folder):
    """All engines compute the same, or the comparison means nothing. Returns how many tokens were written."""
    first, path = None, folder / "encoded.npy"
    for member in members:
        tokens = member.ask(f"check {path}")
        states = numpy.load(path)
        path.unlink()
        first = first or (member.name, states, tokens)
        difference = float(numpy.abs(states - first[1]).max() / numpy.abs(first[1]).max())
        if not difference <= TOLERANCE:
            sys.exit(f"the encoder output of {member.name} differs from that of {first[0]} by {difference:.3g} of the largest value")
        if tokens != first[2]:
            sys.exit(f"{member.name} writes {tokens}, {first[0]} {first[2]}")
    return len(first[2])


def results(members, written, limits):
    tasks = [("encode", "encoder, 30 s", "flops", encoder_flops()),
             ("decode", f"greedy, {written} tokens", "bytes", written * token_bytes()), ("listen", "both", None, None)]
    return [row(title, {member.name: member.rounds[task] for member in members}, kind, work, limits, tokens=written)
            for task, title, kind, work in tasks]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True, help="what benchmarks/run has prepared")
    parser.add_argument("--model", required=True, help="CTranslate2's directory of the model")
    parser.add_argument("--peak", required=True, help="the program tenon-machine-peak")
    parser.add_argument("--runtime", required=True, help="libtenon_rt.so")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="of each engine's turn")
    parser.add_argument("--engines", default=",".join(ENGINES))
    parser.add_argument("--output", help="JSON file with all that was measured")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return serve(arguments.worker, arguments)
    names = arguments.engines.split(",")
    if not set(names) <= set(ENGINES):
        parser.error(f"--engines: expected some of {','.join(ENGINES)}, found '{arguments.engines}'")

    before = Limits.measure(arguments.peak, arguments.threads)
    members = [Resident(name, sys.argv[1:]) for name in names]
    written = check(members, pathlib.Path(arguments.folder))
    for _ in range(arguments.rounds):
        for task in ("encode", "decode", "listen"):
            for member in members:
                time.sleep(SETTLE_SECONDS)
                member.rounds[task].append(member.ask(f"{task} {arguments.seconds}"))
    for member in members:
        member.end()
    after = Limits.measure(arguments.peak, arguments.threads)

    limits = Limits(before, after)
    rows = results(members, written, limits)
    print(limits.describe())
    table("Whisper tiny.en, float32: ms", rows, names, lambda _, ms: f"{ms:.1f}")
    if arguments.output:
        write(arguments.output, "speech", before, after, limits, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
