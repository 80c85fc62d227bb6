#!/usr/bin/env python3
"""A model's generation_config.json, followed by `tenon run` without an option, against what transformers wrote with it.

check_generation.py TENON [MODEL...] [--live]

Compares with tests/numerics/golden/generation.json, which record_generation.py made, and needs nothing but Python. With --live,
run with the interpreter of build/oracles, transformers writes the answers now, to other prompts: --seed S says which."""

import argparse
import json
import pathlib
import random
import shutil
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
from check_goldens import run  # noqa: E402

GOLDEN = HERE / "golden"
SCORE_TOLERANCE = 1e-4  # Sums of some twenty logarithms that float32 rounded.


def written(tenon, folder, prompts):
    """The rows that `tenon run` writes."""
    library = folder / "model.so"
    run([tenon, "compile", folder, "-o", library])
    return [json.loads(run([tenon, "run", library, "--tokens", ",".join(map(str, prompt)), "--json"]))["rows"][0] for prompt in prompts]


def difference(row, sequences, scores):
    """What differs of an answer; None where nothing does."""
    found = row.get("sequences", [row])
    tokens = [one["tokens"] for one in found]
    if tokens != sequences:
        return f"expected {sequences}, found {tokens}"
    for one, expected in zip(found, scores or []):
        if not abs(one["score"] - expected) <= SCORE_TOLERANCE * max(1, abs(expected)):
            return f"expected the score {expected}, found {one['score']}"
    return None


def recorded(record, folder):
    """Puts a recorded model into `folder`."""
    for name in ("config.json", "generation_config.json"):
        if name in record:
            (folder / name).write_text(json.dumps(record[name]))
    shutil.copy(GOLDEN / record["model"] / "model.safetensors", folder)


def check_recorded(tenon, models):
    for record in json.loads((GOLDEN / "generation.json").read_text()):
        name = f"{record['model']} {record['case']}"
        if models and record["model"] not in models:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            recorded(record, pathlib.Path(scratch))
            rows = written(tenon, pathlib.Path(scratch), record["prompts"])
        problems = [difference(row, answer["sequences"], answer.get("scores")) for row, answer in zip(rows, record["answers"])]
        yield name, problems


def check_live(tenon, models, seed):
    import generation

    rng = random.Random(seed)
    for model in models or generation.MODELS:
        for name, case in generation.CASES.items():
            prompts = [[rng.randrange(3, 97) for _ in range(length)] for length in (rng.randrange(2, 12), 7)]
            with tempfile.TemporaryDirectory() as scratch:
                folder = pathlib.Path(scratch)
                generation.write(GOLDEN / model, folder, {"max_new_tokens": 20}, [])
                likeliest, _ = generation.answers(folder, prompts[0])
                generation.write(GOLDEN / model, folder, case, (likeliest[0] * 20)[:20])
                rows = written(tenon, folder, prompts)
                problems = []
                for row, prompt in zip(rows, prompts):
                    problem = difference(row, *generation.answers(folder, prompt))
                    # What float64 decides otherwise is a matter of rounding.
                    if problem and difference(row, *generation.answers(folder, prompt, double=True)):
                        problems.append(problem)
            yield f"{model} {name}", problems


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("tenon", type=pathlib.Path)
    parser.add_argument("models", nargs="*")
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    checks = check_live(arguments.tenon, arguments.models, arguments.seed) if arguments.live else check_recorded(arguments.tenon, arguments.models)
    count, failed = 0, 0
    for name, problems in checks:
        problems = [problem for problem in problems if problem]
        count += 1
        failed += bool(problems)
        print(f"{name}: {'; '.join(problems) if problems else 'equal'}", flush=True)
    print(f"{count - failed} of {count} equal")
    return failed != 0 or count == 0


if __name__ == "__main__":
    sys.exit(main())
