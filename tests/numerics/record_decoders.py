#!/usr/bin/env python3
"""Records small decoders and what transformers computes with them in tests/numerics/golden, for check_goldens.py. Run with
the interpreter of build/oracles, after a change of decoder_models.py alone.

record_decoders.py"""

import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import numpy  # noqa: E402
import decoder_models  # noqa: E402

# One of each way to lay out tensors, of each kind of positions, mask, score, norm and residual.
RECORDED = {"llama": 2, "gemma3": 2, "gpt2": 1, "gpt_neox": 1, "opt": 2, "bloom": 1, "falcon": 2}
LENGTHS = [37, 1, 20]


def record(family, index):
    folder = HERE / "golden" / f"decoder-{family.replace('_', '-')}"
    model = decoder_models.build(family, decoder_models.FAMILIES[family][1][index], seed=index)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    rng = random.Random(family)
    rows = [[rng.randrange(decoder_models.VOCAB) for _ in range(length)] for length in LENGTHS]
    (folder / "rows.json").write_text(json.dumps(rows) + "\n")
    logits = numpy.zeros((len(rows), max(LENGTHS), decoder_models.VOCAB), numpy.float32)
    for row, tokens in enumerate(rows):
        logits[row, :len(tokens)] = decoder_models.logits(model, tokens)
    numpy.save(folder / "logits.npy", logits)


if __name__ == "__main__":
    for name, number in RECORDED.items():
        record(name, number)
