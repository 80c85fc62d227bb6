#!/usr/bin/env python3
"""Records small encoder-decoders and what transformers computes with them in tests/numerics/golden, for check_goldens.py. Run
with the interpreter of build/oracles, after a change of seq2seq_models.py alone.

record_seq2seq.py"""

import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import numpy  # noqa: E402
import seq2seq_models  # noqa: E402
from seq2seq_models import GATED, START, bart, bert, gpt2, pair, t5, whisper  # noqa: E402

# One of each way to lay out tensors, of each kind of positions, input, norm and score.
RECORDED = {
    "marian": bart(2, 1, 22, (2, 1), (17, 21), activation_function="swish"),
    "bart": bart(1, 2, 21, (3, 7), (19, 23)),
    "mbart": bart(2, 1, 20, (4, 5), (16, 27), scale_embedding=True),
    "t5": t5(2, 1, 19, 3, 7, 22),
    "t5v11": t5(1, 2, 24, 2, 11, 25, own_head=True, relative_attention_num_buckets=12, relative_attention_max_distance=20, **GATED),
    "whisper": whisper(1, 2, 18, (3, 2), (20, 15), 7, 62),
    "encoder-decoder": pair(bert(1, 20, 4, 23), gpt2(2, 20, 5, n_inner=17)),
}
LENGTHS = [(37, 20), (1, 1), (20, 33)]  # Of sources and targets.
CONTINUED = 24
NEAR = 1e-2  # Behind a choice as close as this, the answer is not recorded.


def answer(model, source):
    tokens, margins = seq2seq_models.continuation(model, source, [START], CONTINUED)
    close = [index for index, margin in enumerate(margins) if margin < NEAR]
    return tokens[:close[0]] if close else tokens


def record(family, options):
    folder = HERE / "golden" / f"seq2seq-{family}"
    model = seq2seq_models.build(family, options, seed=1)
    model.save_pretrained(folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    model = seq2seq_models.doubled(model)
    rng = random.Random(family)
    vocab = seq2seq_models.target_vocabulary(model)
    pairs = []
    logits = numpy.zeros((len(LENGTHS), 1 + max(length for _, length in LENGTHS), vocab), numpy.float32)
    for row, (length, target_length) in enumerate(LENGTHS):
        source = seq2seq_models.draw_source(model, rng, length)
        target = [rng.randrange(3, vocab) for _ in range(target_length)]
        logits[row, :1 + len(target)] = seq2seq_models.logits(model, source, [START] + target)
        greedy = answer(model, source)
        if seq2seq_models.hears(model):
            numpy.save(folder / f"source{row}.npy", source)
            source = f"source{row}.npy"
        pairs.append({"source": source, "target": target, "greedy": greedy})
    (folder / "pairs.json").write_text("[" + ",\n ".join(map(json.dumps, pairs)) + "]\n")
    numpy.save(folder / "logits.npy", logits)


if __name__ == "__main__":
    for name, configuration in RECORDED.items():
        record(name, configuration)
