#!/usr/bin/env python3
"""What tenon tune makes of whole models in a given time, and what a second, independent run says of the schedules that won."""

import argparse
import json
import math
import pathlib
import sys

from tuner import Tuner

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from turns import processor  # noqa: E402


def geometric_mean(ratios):
    return math.exp(sum(math.log(ratio) for ratio in ratios) / len(ratios))


def tune(name, arguments):
    """A row for a model: all of its kernels, with their times as parts of their defaults' in both runs."""
    options = ["--target", arguments.target] if arguments.target else []
    tuner = Tuner(arguments.tenon, arguments.folder / f"{name}.so", options, arguments.threads)
    database = arguments.folder / f"{name}.db"
    database.unlink(missing_ok=True)
    kernels, whole = tuner.run(database, arguments.candidates, arguments.budget)
    again = tuner.again(database, arguments.budget)
    keys = ("kernel", "share", "measured", "searched", "schedule", "changed")
    # What the second run had no time for is not there.
    return {"model": name, "sizes": whole["sizes"], "target": whole["target"], "threads": whole["threads"], "left": whole["left"],
            "kernels": [{**{key: kernel[key] for key in keys}, "first": kernel["ratio"], "second": again[kernel["kernel"]]}
                        for kernel in kernels if kernel["kernel"] in again]}


def summary(rows):
    """A line for each model; those that won are faster than the default in the second run too, or are not."""
    lines = ["| model | target | calls | kernels | won | geometric mean, first run | second run | the slowest winner, second run |",
             "|---|---|---|---|---|---|---|---|"]
    for row in rows:
        kernels = row["kernels"]
        won = [kernel for kernel in kernels if kernel["changed"]]
        slowest = max((kernel["second"] for kernel in won), default=None)
        lines.append(f"| {row['model']} | {row['target']} | {row['sizes']} | {len(kernels)} | {len(won)} | "
                     f"{geometric_mean([kernel['first'] for kernel in kernels]):.3f} | "
                     f"{geometric_mean([kernel['second'] for kernel in kernels]):.3f} | "
                     f"{f'{slowest:.3f}' if slowest else '–'} |")
    return "\n".join(lines)


def winners(rows):
    lines = ["| kernel | share of the model's time | measured | first run | second run |", "|---|---|---|---|---|"]
    for row in rows:
        lines += [f"| {row['model']} `{kernel['kernel']}` | {100 * kernel['share']:.1f} % | {kernel['measured']} | {kernel['first']:.3f} | "
                  f"{kernel['second']:.3f} |" for kernel in row["kernels"] if kernel["changed"]]
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tenon", required=True, help="the program tenon")
    parser.add_argument("--folder", type=pathlib.Path, required=True, help="where MODEL.so lie, and databases are kept")
    parser.add_argument("--models", type=lambda text: text.split(","), required=True)
    parser.add_argument("--budget", default="10m", help="of each model and run")
    parser.add_argument("--candidates", type=int, default=16)
    parser.add_argument("--target", help="as tenon compile has it")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--output", help="JSON file with all that was measured")
    arguments = parser.parse_args()
    rows = []
    for name in arguments.models:
        rows.append(tune(name, arguments))
        print(summary(rows[-1:]), file=sys.stderr, flush=True)
    print(f"{processor()}. Times of kernels as parts of their defaults'.\n\n{summary(rows)}\n\n{winners(rows)}")
    if arguments.output:
        pathlib.Path(arguments.output).write_text(json.dumps({"processor": processor(), "rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
