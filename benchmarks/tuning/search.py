#!/usr/bin/env python3
"""What few measured candidates find of what a search of all schedules finds: for kernels of real models, in spaces of some parameters.

All schedules are measured once, and the winner kept; then so many candidates, from several seeds, each with a database of its own.
After that the winners meet their default again, in turns: what few have reached is a ratio of those times."""

import argparse
import contextlib
import json
import pathlib
import sqlite3
import statistics
import sys
import tempfile
from dataclasses import dataclass

from tuner import Tuner

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from turns import processor, spread  # noqa: E402


@dataclass(frozen=True)
class Space:
    """A kernel of a model, the calls that count, and what is decided anew."""
    model: str
    kernel: str
    sizes: str
    vary: str


SPACES = (Space("minilm", "linear_activation_5", "1x128", "rows,tiles,panels"),
          Space("smollm2", "norm_linear_12", "1x1+128", "rows,panels,unroll"),
          Space("smollm2", "linear_add_15", "1x1+128", "rows,panels,prefetch_panels"),
          Space("smollm2", "rotary_attention_14", "8x1+1000", "vectors,least_tasks,prefetch_bytes"))


def raced(database):
    """How many schedules were measured, the default among them."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT COUNT(DISTINCT schedule) FROM samples WHERE phase = 'race'").fetchone()[0]


def whole_search(tuner, database, budget):
    """Of all schedules, in as many runs as it takes: each goes on where the one before ended."""
    before = 0
    while True:
        (found,), _ = tuner.run(database, 10**5, budget)
        known = raced(database)
        if known >= found["searched"]:
            return found
        if known == before:
            sys.exit(f"{found['kernel']}: {known} of {found['searched']:.0f} schedules were measured, and no more in {budget}")
        before = known


def compare(space, arguments, folder):
    # Cold weights would take most of the time to evict.
    options = ["--only", space.kernel, "--sizes", space.sizes, "--vary", space.vary, "--warm"]
    tuner = Tuner(arguments.tenon, arguments.folder / f"{space.model}.so", options, arguments.threads)
    whole = whole_search(tuner, folder / "all.db", arguments.budget)
    few = {seed: tuner.run(folder / f"{seed}.db", arguments.candidates, arguments.budget, seed)[0][0] for seed in arguments.seeds}
    again = {name: [] for name in ("all", *few)}
    for _ in range(arguments.rounds):
        for name, ratios in again.items():
            ratios.append(tuner.again(folder / f"{name}.db", "90s")[space.kernel])
    return {"model": space.model, "kernel": space.kernel, "sizes": space.sizes, "vary": space.vary,
            "schedules": round(whole["searched"]), "candidates": arguments.candidates,
            "winners": {"all": whole["schedule"], **{str(seed): found["schedule"] for seed, found in few.items()}},
            "again": {str(name): ratios for name, ratios in again.items()}}


def reached(row, seed):
    """The speed of what few candidates found as a part of that of the best of all, of each round. One schedule has one speed."""
    if row["winners"][seed] == row["winners"]["all"]:
        return [1.0] * len(row["again"][seed])
    return [whole / few for whole, few in zip(row["again"]["all"], row["again"][seed], strict=True)]


def seeds_of(row):
    return [name for name in row["again"] if name != "all"]


def table(rows):
    lines = ["| kernel | calls | searched | schedules | best of all, time to the default's | candidates | the same | reached, by seed |",
             "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        text = {name: "{median:.3f} ({low:.3f} to {high:.3f})".format(**spread(ratios)) for name, ratios in row["again"].items()}
        parts = [f"{100 * statistics.median(reached(row, seed)):.1f} %" for seed in seeds_of(row)]
        lines.append(f"| {row['model']} `{row['kernel']}` | {row['sizes']} | {row['vary']} | {row['schedules']} | {text['all']} | "
                     f"{row['candidates']} | {'; '.join(text[seed] for seed in seeds_of(row))} | {', '.join(parts)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tenon", required=True, help="the program tenon")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where MODEL.so lie")
    parser.add_argument("--only", default="", help="what the names of the kernels have in them")
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--seeds", type=lambda text: [int(seed) for seed in text.split(",")], default=[1, 2, 3])
    parser.add_argument("--rounds", type=int, default=5, help="in which winners meet their default again")
    parser.add_argument("--budget", default="30m", help="of each run of the tuner")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--output", help="JSON file with all that was measured")
    arguments = parser.parse_args()
    rows = []
    for space in SPACES:
        if arguments.only in f"{space.model} {space.kernel}":
            with tempfile.TemporaryDirectory() as folder:
                rows.append(compare(space, arguments, pathlib.Path(folder)))
            print(table(rows[-1:]), file=sys.stderr, flush=True)
    if not rows:
        sys.exit(f"no kernel has '{arguments.only}' in its name")
    print(f"{processor()}\n\n{table(rows)}")
    if arguments.output:
        pathlib.Path(arguments.output).write_text(json.dumps({"processor": processor(), "rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
