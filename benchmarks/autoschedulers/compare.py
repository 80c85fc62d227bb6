#!/usr/bin/env python3
"""Kernels of real models under Halide's autoschedulers, and under the schedules that tenon compile chooses.

A plugin, and what it makes, may end its process or never end: each works in a child with limits of time and memory, and what
becomes of it is part of the table."""

import argparse
import json
import math
import pathlib
import re
import resource
import signal
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from turns import processor, ratios, some_of, spread  # noqa: E402

GIGABYTE = 1 << 30
# Of the largest value: float32 sums in another order.
ALLOWED_DIFFERENCE = 1e-4
# Of a message in the table; all of it is in the JSON file.
WORDS = 200


def problem_of(kind, why):
    return {"problem": {"kind": kind, "why": why}}


def run_child(command, seconds, gigabytes):
    """What a child writes as JSON, and what kept it from that."""
    def limit_memory():
        resource.setrlimit(resource.RLIMIT_AS, (gigabytes * GIGABYTE, gigabytes * GIGABYTE))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

    try:
        child = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", timeout=seconds,
                               preexec_fn=limit_memory)
    except subprocess.TimeoutExpired:
        return None, problem_of("time", f"not done after {seconds:g} s")
    said = " ".join(child.stderr.removeprefix("error: ").removeprefix("Error: ").split())
    if child.returncode < 0:
        name = signal.Signals(-child.returncode).name
        return None, problem_of("ended", f"{name}: {said}" if said else name)
    if child.returncode > 0:
        return None, problem_of("refused", said or "it does not say why")
    return json.loads(child.stdout), None


def schedule(program, case, scheduler, path, arguments):
    """Has a plugin schedule a case into an object file."""
    found, problem = run_child([program, "schedule", case, scheduler, str(path), *options(arguments)], arguments.limit,
                               arguments.memory)
    return problem or {"schedule": found["schedule"]}


def race(program, case, path, arguments):
    """Compares values, then times: of each turn our seconds and theirs."""
    found, problem = run_child([program, "race", case, str(path), "--turns", str(arguments.turns), *options(arguments)],
                               arguments.limit, arguments.memory)
    if problem:
        return problem
    # What is not finite has no number.
    if found["difference"] is None or not found["difference"] <= ALLOWED_DIFFERENCE:
        return problem_of("wrong", f"values differ by {found['difference']} of the largest")
    return found


def options(arguments):
    return ["--threads", str(arguments.threads), *(["--target", arguments.target] if arguments.target else [])]


def schedule_once(case, scheduler, folder, arguments):
    """The object file, and what is known of it: as an earlier run left them where that is asked for."""
    name = f"{scheduler}-{re.sub('[^0-9A-Za-z]+', '-', case)}"
    path, known = folder / f"{name}.o", folder / f"{name}.json"
    if not (arguments.reuse and known.exists()):
        known.write_text(json.dumps(schedule(arguments.program, case, scheduler, path, arguments)))
    return path, json.loads(known.read_text())


def compare(arguments):
    """A row for each case and scheduler. The machine is used by one child at a time."""
    folder = pathlib.Path(arguments.folder)
    folder.mkdir(parents=True, exist_ok=True)
    known = json.loads(subprocess.run([arguments.program, "cases"], check=True, capture_output=True, encoding="utf-8").stdout)
    schedulers = some_of(known["schedulers"])(arguments.schedulers) if arguments.schedulers else known["schedulers"]
    rows = []
    for case in known["cases"]:
        for scheduler in schedulers if arguments.only in case["name"] else ():
            path, row = schedule_once(case["name"], scheduler, folder, arguments)
            if "problem" not in row:
                row.update(race(arguments.program, case["name"], path, arguments))
            rows.append({"case": case["name"], "model": case["model"], "scheduler": scheduler, **row})
            print(f"{case['name']}: {scheduler}: {cell(rows[-1])}", file=sys.stderr, flush=True)
    return rows


def cell(row):
    """How many times as fast ours is, or what became of the child."""
    if "problem" in row:
        return row["problem"]["kind"] + ": " + row["problem"]["why"][:WORDS]
    if "ours" not in row:
        return "the same values"
    return "{median:.2f} ({low:.2f} to {high:.2f})".format(**spread(factors(row)))


def factors(row):
    return ratios([[seconds] for seconds in row["ours"]], [[seconds] for seconds in row["theirs"]])


def table(rows):
    """Markdown: a line for each case, a column for each scheduler, and the messages below."""
    schedulers = list(dict.fromkeys(row["scheduler"] for row in rows))
    lines = ["| kernel | of | ours, µs | " + " | ".join(schedulers) + " |", "|---|---|---|" + "---|" * len(schedulers)]
    notes = []
    for case in dict.fromkeys(row["case"] for row in rows):
        own = [row for row in rows if row["case"] == case]
        times = [seconds for row in own for seconds in row.get("ours", ())]
        cells = []
        for row in own:
            cells.append(row["problem"]["kind"] if "problem" in row else cell(row))
            if "problem" in row:
                notes.append(f"- {case}, {row['scheduler']}: {cell(row)}")
        lines.append(f"| {case} | {own[0]['model']} | {f'{1e6 * min(times):.1f}' if times else '–'} | {' | '.join(cells)} |")
    means = []
    for scheduler in schedulers:
        found = [math.log(spread(factors(row))["median"]) for row in rows if row["scheduler"] == scheduler and row.get("ours")]
        means.append(f"{math.exp(sum(found) / len(found)):.2f} of {len(found)}" if found else "–")
    lines.append("| geometric mean | | | " + " | ".join(means) + " |")
    return "\n".join(lines + [""] + notes)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True, help="tenon-autoschedule-kernel")
    parser.add_argument("--folder", required=True, help="where objects are kept")
    parser.add_argument("--reuse", action="store_true", help="race what an earlier run has scheduled and kept there")
    parser.add_argument("--only", default="", help="what the names of the cases have in them")
    parser.add_argument("--schedulers", help="some of Adams2019,Mullapudi2016,Li2018")
    parser.add_argument("--target", help="as tenon compile has it")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--turns", type=int, default=15, help="in each of which both run twice; 0 compares values alone")
    parser.add_argument("--limit", type=float, default=120, help="seconds of a child")
    parser.add_argument("--memory", type=int, default=8, help="gigabytes of a child")
    parser.add_argument("--output", help="JSON file with all that was measured")
    arguments = parser.parse_args()
    rows = compare(arguments)
    if not rows:
        sys.exit(f"no case has '{arguments.only}' in its name")
    print(f"{processor()}, {arguments.threads} threads: how many times as long theirs take as ours, medians of turns and quartiles\n")
    print(table(rows))
    if arguments.output:
        pathlib.Path(arguments.output).write_text(json.dumps({"processor": processor(), "threads": arguments.threads, "rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
