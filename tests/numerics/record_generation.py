#!/usr/bin/env python3
"""Records what transformers writes with generation_config.json in tests/numerics/golden/generation.json, for check_generation.py.
Run with the interpreter of build/oracles, after a change of oracles/generation.py alone.

record_generation.py"""

import json
import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import generation  # noqa: E402

RECORDED = ["decoder-gpt2", "seq2seq-bart"]


def record(model, name, case, folder):
    answers = []
    for prompt in generation.PROMPTS:
        generation.write(HERE / "golden" / model, folder, {"max_new_tokens": 20}, [])
        likeliest, _ = generation.answers(folder, prompt)
        generation.write(HERE / "golden" / model, folder, case, (likeliest[0] * 20)[:20])
        sequences, scores = generation.answers(folder, prompt)
        if sequences != generation.answers(folder, prompt, double=True)[0]:
            continue  # A matter of rounding.
        made = {"model": model, "case": name, "prompts": [prompt], "answers": [{"sequences": sequences}]}
        if scores:
            made["answers"][0]["scores"] = scores
        for file in ("config.json", "generation_config.json"):
            if (folder / file).exists():
                made[file] = json.loads((folder / file).read_text())
        answers.append(made)
        if not any(key.startswith("+") for key in case) and len(answers) > 1:  # The same configuration.
            answers[0]["prompts"] += answers[1]["prompts"]
            answers[0]["answers"] += answers[1]["answers"]
            answers.pop()
    return answers


if __name__ == "__main__":
    records = []
    with tempfile.TemporaryDirectory() as scratch:
        for model in RECORDED:
            for name, case in generation.CASES.items():
                records += record(model, name, case, pathlib.Path(scratch))
    (HERE / "golden" / "generation.json").write_text("[" + ",\n ".join(map(json.dumps, records)) + "]\n")
    print(f"{len(records)} records")
