#!/usr/bin/env python3
"""Records small models in CTranslate2's form and what CTranslate2 computes with them in tests/numerics/golden, for check_goldens.py.
Run with the interpreter of build/oracles, after a change of ctranslate2_models.py alone.

record_ctranslate2.py. Of T5, whose scores CTranslate2 does not give, transformers' are recorded where both agree on probabilities."""

import json
import pathlib
import random
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import ctranslate2_models as models  # noqa: E402
import numpy  # noqa: E402
import torch  # noqa: E402

DECODERS = ["gpt2", "llama", "falcon", "gemma2"]
PAIRS = ["t5"]
AGREES = 1e-4


def fresh(family):
    folder = HERE / "golden" / f"ctranslate2-{family}"
    shutil.rmtree(folder, ignore_errors=True)
    model = models.build(family, seed=1)
    models.convert(model, folder)
    return folder, model, random.Random(family)


def draw(rng, length):
    return [rng.randrange(3, models.VOCABULARY) for _ in range(length)]


def record_decoder(family):
    folder, _, rng = fresh(family)
    rows = [draw(rng, length) for length in (37, 1, 20)]
    logits = numpy.zeros((len(rows), max(map(len, rows)), models.VOCABULARY), numpy.float32)
    for row, tokens in enumerate(rows):
        logits[row, :len(tokens)] = models.logits(folder, tokens)
    (folder / "rows.json").write_text(json.dumps(rows) + "\n")
    numpy.save(folder / "logits.npy", logits)


def record_pair(family):
    folder, model, rng = fresh(family)
    pairs = [{"source": draw(rng, length), "target": draw(rng, target), "greedy": []} for length, target in ((37, 20), (1, 1), (20, 33))]
    logits = numpy.zeros((len(pairs), 1 + max(len(pair["target"]) for pair in pairs), models.VOCABULARY), numpy.float32)
    model = model.double()
    for row, pair in enumerate(pairs):
        target = [models.BEGIN] + pair["target"]
        with torch.no_grad():
            scores = model(input_ids=torch.tensor([pair["source"]]), decoder_input_ids=torch.tensor([target])).logits[0]
        likely = torch.log_softmax(scores, -1)[range(len(target)), pair["target"] + [models.END]].numpy()
        difference = numpy.abs(likely - models.target_scores(folder, pair["source"], pair["target"])).max()
        if not difference <= AGREES:
            sys.exit(f"{family}: CTranslate2's probabilities differ from transformers' by {difference}")
        logits[row, :len(target)] = scores.numpy()
    (folder / "pairs.json").write_text("[" + ",\n ".join(map(json.dumps, pairs)) + "]\n")
    numpy.save(folder / "logits.npy", logits)


def main():
    for family in DECODERS:
        record_decoder(family)
    for family in PAIRS:
        record_pair(family)


if __name__ == "__main__":
    main()
