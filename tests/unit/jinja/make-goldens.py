"""Writes goldens.json: what Jinja2, as transformers sets it up, makes of templates.

Run with a Python that has transformers: python make-goldens.py

The templates are those of constructs.txt, one a paragraph, and random ones of tests/numerics/random_templates.py.
"""
import json
import pathlib
import random
import re
import sys
import warnings

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "numerics"))
from check_templates import Conversations, of_jinja  # noqa: E402
from random_templates import TemplateGenerator  # noqa: E402

RANDOM = 300


def main():
    warnings.simplefilter("ignore", SyntaxWarning)
    rng = random.Random(25)
    conversations = [Conversations(rng).make() for _ in range(12)]
    cases = []
    for template in (HERE / "constructs.txt").read_text(encoding="utf-8").split("\n----\n"):
        cases.append({"template": template, "variables": len(cases) % len(conversations)})
    while len(cases) < RANDOM:
        case = {"template": TemplateGenerator(rng).template(), "variables": rng.randrange(len(conversations))}
        answer = of_jinja(case["template"], conversations[case["variables"]])
        # A method or generator as text has an address in it; what does not render is rarely of interest.
        printed = re.search(r"\['items'\]|\.items\b(?!\()|\|items\b(?!\|)", case["template"])
        if not printed and " at 0x" not in answer.get("text", "").lower() and ("text" in answer or rng.random() < 0.05):
            cases.append(case)
    for case in cases:
        answer = of_jinja(case["template"], conversations[case["variables"]])
        case.update({"text": answer["text"]} if "text" in answer else {"fails": True})
    text = json.dumps({"conversations": conversations, "cases": cases}, indent=1, ensure_ascii=False)
    (HERE / "goldens.json").write_text(text + "\n", encoding="utf-8")


main()
