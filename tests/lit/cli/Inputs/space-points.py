"""space-points.py FOLDER SPEC...: the spec that `tenon inspect --space --json` gives of each step is the model whose figures it
gives: inspected itself, it has them, as many kernels as `tenon compile` makes, the value of the knob, and those of all others as before."""

import collections
import json
import pathlib
import re
import subprocess
import sys


def tenon(*arguments):
    return subprocess.run(["tenon", *arguments], check=True, capture_output=True, text=True).stdout


def survey(path, *options):
    return json.loads(tenon("inspect", "--space", "--json", *options, str(path)))


def kernels(path):
    return len(set(re.findall(r'tenon.kernel "([^"]*)"', tenon("compile", str(path), "--emit", "kernel"))))


def check_step(here, step, path):
    path.write_text(step["spec"], encoding="utf-8")
    # What positions allow may be less there.
    there = survey(path)
    if there["tokens"] >= here["tokens"]:
        there = survey(path, "--length", str(here["tokens"]))
        assert there["here"] == step["figures"], (path, there["here"], step)
    assert kernels(path) == step["figures"]["kernels"], path
    # Where a merge has made other sublayers, places have other names.
    before, after = ({(knob["knob"], knob["at"]): knob["value"] for knob in survey["knobs"]} for survey in (here, there))
    before[step["knob"], step["at"]] = step["to"]
    if "concat" in (step["from"], step["to"]):
        # A stack more, or one less.
        del before["stacks", "model"]
    moved = {key: (before[key], after[key]) for key in before.keys() & after.keys() if before[key] != after[key]}
    assert not moved, (path, moved, step)


def main():
    folder, paths = pathlib.Path(sys.argv[1]), sys.argv[2:]
    folder.mkdir()
    count = collections.Counter()
    for path in paths:
        here = survey(path)
        assert kernels(path) == here["here"]["kernels"], path
        for number, step in enumerate(here["steps"]):
            count[step["knob"]] += "spec" in step
            if "spec" in step:
                check_step(here, step, folder / f"{pathlib.Path(path).stem}-{number}.yaml")
    print(*sorted(knob for knob, steps in count.items() if steps), sep=", ")


main()
