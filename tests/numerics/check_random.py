#!/usr/bin/env python3
"""Random BERT, RoBERTa (and its siblings) and DistilBERT configurations against PyTorch. Run with the interpreter of build/oracles.

check_random.py TENON [--count N] [--seed S]. The tolerance, and its reason, are those of check_goldens.py."""

import argparse
import pathlib
import random
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
from arrays import relative_error  # noqa: E402
from check_goldens import TOLERANCE, hidden_states, run  # noqa: E402
import random_models  # noqa: E402

ACTIVATIONS = ["gelu", "gelu_new", "relu", "silu"]


def random_options(rng, family):
    heads = rng.choice([1, 2, 3, 4, 5, 7, 12])
    head_size = rng.choice([1, 2, 3, 5, 8, 9, 16, 17, 24, 32, 33, 64])
    longest = rng.choice([1, 7, 16, 33, 64, 100, 129])
    padding = random_models.PADDING[family]
    return longest, {
        "hidden_size": heads * head_size, "num_attention_heads": heads, "num_hidden_layers": rng.randint(1, 6),
        "intermediate_size": rng.choice([1, 5, 31, 64, 97, 200, 255]), "vocab_size": rng.choice([3, 17, 100, 1000]),
        # RoBERTa's positions begin behind the padding's.
        "max_position_embeddings": longest + (padding + 1 if "bert" != family != "distilbert" else 0),
        "type_vocab_size": rng.choice([1, 2, 3]), "hidden_act": rng.choice(ACTIVATIONS if family != "distilbert" else ["gelu", "relu"]),
        "layer_norm_eps": rng.choice([1e-12, 1e-5]), "with_head": rng.random() < 0.3}


def check(tenon, family, seed, scratch):
    rng = random.Random(seed)
    longest, options = random_options(rng, family)
    model = random_models.build(family, seed, **options)
    folder = scratch / f"{family}-{seed}"
    model.save_pretrained(folder)
    lengths = [rng.randint(1, longest) for _ in range(rng.randint(1, 9))]
    rows = random_models.token_rows(family, options["vocab_size"], lengths, seed, with_padding=True)
    expected = random_models.hidden_states(model, rows)
    library = scratch / f"{folder.name}.so"
    run([tenon, "compile", folder, "-o", library, "--without-head"])
    shape, found = hidden_states(tenon, library, rows, scratch / "hidden.npy")
    if shape != expected.shape:
        return f"expected the shape {expected.shape}, found {shape}", options
    error = relative_error(found, expected.ravel().tolist(), lengths, shape[2])
    print(f"{folder.name:18} {error:.2e}  width {options['hidden_size']}, {options['num_attention_heads']} heads, "
          f"{options['num_hidden_layers']} layers, rows of {lengths}", flush=True)
    return (None if error <= TOLERANCE else f"relative error {error:.3g} is above {TOLERANCE}"), options


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("--count", type=int, default=10, help="of each family")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        for seed in range(arguments.seed, arguments.seed + arguments.count):
            for family in random_models.CLASSES:
                options = None
                try:
                    problem, options = check(arguments.tenon, family, seed, pathlib.Path(scratch))
                except RuntimeError as error:
                    problem = str(error)
                if problem:
                    problems.append(f"{family} of seed {seed} {options}: {problem}")
    print(*problems, sep="\n")
    print(f"{len(random_models.CLASSES) * arguments.count} models, {len(problems)} with problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
