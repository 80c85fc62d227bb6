#!/usr/bin/env python3
"""GPT-2 small and SmolLM2 by Tenon, CTranslate2 and llama.cpp in one run, against the machine's peak and bandwidth.

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
from models import MODELS, PROMPT, TASKS  # noqa: E402
from turns import SETTLE_SECONDS, Limits, Process, row, some_of, table, write  # noqa: E402

ENGINES = {"gpt2": ["tenon", "tenon-huge", "ctranslate2", "llama.cpp"], "smollm2": ["tenon", "tenon-huge", "llama.cpp"]}
OPTIONAL = {"gpt2": ["ctranslate2-huge", "llama.cpp-huge"], "smollm2": ["llama.cpp-huge"]}
GREEDY = 16  # Tokens that engines must choose alike.
TOLERANCE = 1e-4  # Of the largest logit.
LLAMA_TOLERANCE = 1e-2  # It has GELU in 16-bit floats.


def serve(name, model, arguments):
    """Answers each line `INDEX SECONDS` with the times of that task, and `score` with what shows that the engine works."""
    engine = engines.make(name, model, arguments)
    prompt = engines.random_tokens(MODELS[model], PROMPT)
    worker = engines.Worker(engine)
    print("ready", flush=True)
    for line in sys.stdin:
        command, value = line.split()
        if command == "score":
            numpy.save(value, engine.score(prompt))
            print(json.dumps(engine.greedy(prompt, GREEDY)), flush=True)
        else:
            print(json.dumps(worker.turn(TASKS[int(command)], float(value))), flush=True)


class Resident(Process):
    """An engine whose process lives until the end."""

    def __init__(self, name, model, argv):
        super().__init__(name, [__file__, *argv, "--worker", f"{name}:{model}"],
                         {"GLIBC_TUNABLES": engines.HUGE_MALLOC} if name == "ctranslate2-huge" else None)
        self.rounds = {task: [] for task in TASKS}

    def turn(self, task, seconds):
        self.rounds[task].append(self.ask(f"{TASKS.index(task)} {seconds}"))


class LlamaCpp:
    def __init__(self, name, model, arguments):
        self.name, self.rounds = name, {task: [] for task in TASKS}
        self.engine = engines.LlamaCpp(arguments.llama_cpp, pathlib.Path(arguments.folder) / MODELS[model].file,
                                       arguments.threads, name.endswith("huge"))

    def turn(self, task, seconds):
        self.rounds[task].append(self.engine.turn(task))

    def end(self):
        pass


def start(name, model, arguments, argv):
    return LlamaCpp(name, model, arguments) if name.startswith("llama.cpp") else Resident(name, model, argv)


def check(members, model, folder):
    """All engines compute the same, or the comparison means nothing."""
    first, path = None, folder / "logits.npy"
    for member in members:
        if isinstance(member, LlamaCpp):
            logits, greedy = member.engine.last_logits(engines.random_tokens(model, PROMPT))[None], None
        else:
            greedy = member.ask(f"score {path}")
            logits = numpy.load(path)
            path.unlink()
        first = first or (member.name, logits, greedy)
        rows = min(len(logits), len(first[1]))  # All, or the last one.
        difference = float(numpy.abs(logits[-rows:] - first[1][-rows:]).max() / numpy.abs(first[1]).max())
        if not difference < (LLAMA_TOLERANCE if isinstance(member, LlamaCpp) else TOLERANCE):
            sys.exit(f"the logits of {member.name} differ from those of {first[0]} by {difference:.3g} of the largest")
        if greedy and first[2] and greedy != first[2]:
            sys.exit(f"{member.name} continues with {greedy}, {first[0]} with {first[2]}")


def measure(model, arguments, argv):
    names = [name for name in arguments.engines or ENGINES[model] if name in ENGINES[model] + OPTIONAL[model]]
    members = [start(name, model, arguments, argv) for name in names]
    check(members, MODELS[model], pathlib.Path(arguments.folder))
    for _ in range(arguments.rounds):
        for task in TASKS:
            for member in members:
                time.sleep(SETTLE_SECONDS)
                member.turn(task, arguments.seconds)
    for member in members:
        member.end()
    return members


def results(model, members, limits):
    return [row(f"{model.name}, {task}", {member.name: member.rounds[task] for member in members},
                "flops" if task.kind == "prefill" else "bytes", task.work(model), limits, tokens=task.tokens()) for task in TASKS]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True, help="what benchmarks/run has prepared")
    parser.add_argument("--peak", required=True, help="the program tenon-machine-peak")
    parser.add_argument("--runtime", required=True, help="libtenon_rt.so")
    parser.add_argument("--llama-cpp", required=True, help="folder of its programs")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1, help="of each engine's turn")
    parser.add_argument("--models", type=some_of(MODELS), default=list(MODELS))
    parser.add_argument("--engines", type=some_of(ENGINES["gpt2"] + OPTIONAL["gpt2"]))
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
    for model, members in measured.items():
        found = results(MODELS[model], members, limits)
        table("Float32: tokens/s", found, [member.name for member in members],
              lambda entry, ms: f"{1000 * entry['tokens'] / ms:.1f}")
        rows += found
    if arguments.output:
        write(arguments.output, "decoders", before, after, limits, rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
