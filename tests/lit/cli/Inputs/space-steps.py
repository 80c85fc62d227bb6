"""space-steps.py HERE KNOB AT VALUE THERE: in what `tenon inspect --space --json` says of HERE, turning the knob to the value
changes what THERE, the model with that knob turned, has otherwise."""

import json
import sys

here, knob, place, value, there = sys.argv[1:]
with open(here, encoding="utf-8") as file:
    here = json.load(file)
with open(there, encoding="utf-8") as file:
    there = json.load(file)
steps = [step for step in here["steps"] if (step["knob"], step["at"], step["to"]) == (knob, place, value)]
assert len(steps) == 1, [(step["knob"], step["at"], step["to"]) for step in here["steps"]]
(step,) = steps
assert "figures" in step, step["error"]
assert here["tokens"] == there["tokens"]
assert step["figures"] == there["here"], (step["figures"], there["here"])
numbers = {key: number for key, number in there["here"].items() if key != "notes"}
assert step["difference"] == {key: number - here["here"][key] for key, number in numbers.items()}, step["difference"]
assert any(step["difference"].values()), "the step changes nothing"
