#!/usr/bin/env python3
"""Random models in CTranslate2's form against CTranslate2 in float32. Run with the interpreter of build/oracles.

check_ctranslate2.py TENON [--families F,F] [--count N] [--seed S]. Of T5, the probabilities of given targets are compared; of the
others, all scores. The tolerance is ten times that of check_goldens.py: two evaluations in float32 are compared."""

import argparse
import pathlib
import random
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import ctranslate2_models as models  # noqa: E402
import numpy  # noqa: E402
from arrays import relative_error  # noqa: E402
from check_goldens import TOLERANCE, run  # noqa: E402


def scores(tenon, library, options, scratch):
    run([tenon, "run", library, *options, "--max-tokens", 0, "--output", f"logits={scratch / 'found.npy'}"])
    return numpy.load(scratch / "found.npy")[0].astype(numpy.float64)


def listed(row):
    return ",".join(map(str, row))


def check_pair(tenon, library, folder, rng, scratch):
    source, target = ([rng.randrange(3, models.VOCABULARY) for _ in range(length)] for length in (rng.randint(1, 30), rng.randint(1, 20)))
    expected = models.target_scores(folder, source, target)
    found = scores(tenon, library, ["--tokens", listed(source), "--prefix-tokens", listed([models.BEGIN] + target)], scratch)
    found -= numpy.log(numpy.exp(found - found.max(-1, keepdims=True)).sum(-1, keepdims=True)) + found.max(-1, keepdims=True)
    found = found[range(len(target) + 1), target + [models.END]]
    return float(numpy.abs(found - expected).max() / max(1, numpy.abs(expected).max()))


def check_decoder(tenon, library, folder, rng, scratch):
    row = [rng.randrange(models.VOCABULARY) for _ in range(rng.randint(1, 24))]
    expected = models.logits(folder, row)
    found = scores(tenon, library, ["--tokens", listed(row)], scratch)
    return relative_error(found.ravel().tolist(), expected.ravel().tolist(), [len(row)], models.VOCABULARY)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("--families", default=",".join(models.FAMILIES))
    parser.add_argument("--count", type=int, default=3, help="rows of each family")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    wrong = 0
    for family in arguments.families.split(","):
        with tempfile.TemporaryDirectory() as name:
            scratch = pathlib.Path(name)
            models.convert(models.build(family, arguments.seed), scratch / "model")
            rng = random.Random(arguments.seed)
            try:
                run([arguments.tenon, "compile", scratch / "model", "-o", scratch / "m.so"])
                check = check_pair if models.is_pair(family) else check_decoder
                worst = max(check(arguments.tenon, scratch / "m.so", scratch / "model", rng, scratch) for _ in range(arguments.count))
            except RuntimeError as error:
                print(error)
                worst = float("inf")
        wrong += not worst <= 10 * TOLERANCE
        print(f"{family:14} {worst:.2e}", flush=True)
    print(f"{wrong} families differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
