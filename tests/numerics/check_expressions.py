#!/usr/bin/env python3
"""Masks and scores against PyTorch: their values, and compiled attention with them against flex_attention.

check_expressions.py EVALUATE [TENON] [--count N] [--seed S]. EVALUATE is build/release/bin/tenon-evaluate; without
TENON only values are compared. Run with the interpreter of build/oracles.

Values are float64 on both sides, of literals that are rounded to float32: 1e-6, relative above 1. Attention is float32
against flex_attention in float64: 1e-4 of a sequence's largest component, as for whole models."""

import argparse
import pathlib
import random
import re
import subprocess
import sys
import tempfile

import numpy
import torch
from torch.nn.attention.flex_attention import create_block_mask, flex_attention

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
from check_goldens import TOLERANCE, run  # noqa: E402
import expression_examples as examples  # noqa: E402

BATCHES, HEADS, KEY_HEADS, SIZE = 3, 4, 2, 8
LENGTHS = [150, 37, 1]


def grid(queries, keys):
    """b, h, q and k of every point, ready to be broadcast."""
    axes = [torch.arange(n, dtype=torch.int32) for n in (BATCHES, HEADS, queries, keys)]
    return [axis.view([-1 if i == j else 1 for j in range(4)]) for i, axis in enumerate(axes)]


def evaluate(tool, kind, text, scores):
    data = b"" if kind == "mask" else scores.numpy().tobytes()
    command = [tool, kind, text, *map(str, scores.shape)]
    done = subprocess.run(command, input=data, capture_output=True)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.decode())
    return torch.from_numpy(numpy.frombuffer(done.stdout).reshape(scores.shape).copy())


def check_values(tool, kind, text, meaning, queries=130, keys=130):
    scores = torch.randn(BATCHES, HEADS, queries, keys, dtype=torch.float64) * 3
    b, h, q, k = grid(queries, keys)
    expected = meaning(b, h, q, k) if kind == "mask" else meaning(scores, b, h, q, k)
    expected = expected.to(torch.float64).expand(scores.shape)
    found = evaluate(tool, kind, text, scores)
    near = (found - expected).abs() <= 1e-6 * expected.abs().clamp(min=1)
    same = near | (found == expected) | (found.isnan() & expected.isnan())
    if same.all():
        return None
    at = tuple(int(i) for i in (~same).nonzero()[0])
    return f"at (b, h, q, k) = {at} {float(found[at])}, but PyTorch has {float(expected[at])}"


TABLE = "tensor<4x256xf32>"  # as examples.table has it


def attention_module(mask, score):
    attributes = (f"heads = {HEADS} : i64, key_value_heads = {KEY_HEADS} : i64, head_size = {SIZE} : i64, "
                  "scale = 0.5 : f64")
    for name, text in (("mask", mask), ("score", score)):
        attributes += f', {name} = "{text}"' if text else ""
    wide, narrow = f"tensor<?x?x{HEADS * SIZE}xf32>", f"tensor<?x?x{KEY_HEADS * SIZE}xf32>"
    count = table_count(mask, score)
    given = "".join(f',\n    %t{i}: {TABLE} {{tenon.name = "t{i}"}}' for i in range(count))
    tables = f" tables({', '.join(f'%t{i}' for i in range(count))})" if count else ""
    types = f"{wide}, tensor<?xi32>, {narrow}, {narrow}" + f", {TABLE}" * count
    rows = 'tenon.dims = ["batch", "length"]'
    # Lengths are the second argument of a function over a padded batch.
    return f"""func.func @attend(%q: {wide} {{tenon.name = "q", {rows}}},
    %n: tensor<?xi32> {{tenon.name = "n", tenon.dims = ["batch"]}}, %k: {narrow} {{tenon.name = "k", {rows}}},
    %v: {narrow} {{tenon.name = "v", {rows}}}{given}) -> ({wide} {{tenon.name = "result"}}) {{
  %0 = tenon.attention %q lengths(%n) to rows(%k, %v){tables} {{{attributes}}} : ({types}) -> {wide}
  return %0 : {wide}
}}
"""


def table_count(*texts):
    """One more than the highest number of a table that is read."""
    return max((int(number) + 1 for text in texts for number in re.findall(r"table(\d+)", text)), default=0)


def flex(query, key, value, row, mask_mod, score_mod):
    """One sequence, which is number `row` of its batch."""
    def heads(x, count):
        return x.view(1, -1, count, SIZE).transpose(1, 2)

    length = query.shape[0]
    block_mask = score = None
    if mask_mod:
        def mask(b, h, q, k):
            return mask_mod(b + row, h, q, k)
        block_mask = create_block_mask(mask, 1, HEADS, length, length, device="cpu")
    if score_mod:
        def score(s, b, h, q, k):
            return score_mod(s, b + row, h, q, k)
    result = flex_attention(heads(query, HEADS), heads(key, KEY_HEADS), heads(value, KEY_HEADS), score_mod=score,
                            block_mask=block_mask, scale=0.5, enable_gqa=True)
    return result.transpose(1, 2).reshape(length, HEADS * SIZE)


def check_attention(tenon, scratch, mask, score):
    (mask_text, mask_mod), (score_text, score_mod) = mask or ("", None), score or ("", None)
    inputs = {name: torch.randn(BATCHES, max(LENGTHS), heads * SIZE, dtype=torch.float32) * 2
              for name, heads in (("q", HEADS), ("k", KEY_HEADS), ("v", KEY_HEADS))}
    module, library, result = scratch / "attend.mlir", scratch / "attend.so", scratch / "result.npy"
    module.write_text(attention_module(mask_text, score_text))
    run([tenon, "compile", module, "-o", library])
    numpy.save(scratch / "n.npy", numpy.array(LENGTHS, dtype=numpy.int32))
    for name, tensor in inputs.items():
        numpy.save(scratch / f"{name}.npy", tensor.numpy())
    tables = [f"t{i}" for i in range(table_count(mask_text, score_text))]
    for i, name in enumerate(tables):
        values = examples.table(i, torch.arange(4)[:, None], torch.arange(256)[None, :])
        numpy.save(scratch / f"{name}.npy", values.to(torch.float32).numpy())
    given = [part for name in ("q", "k", "v", "n", *tables) for part in ("--input", f"{name}={scratch / name}.npy")]
    run([tenon, "run", library, "--entry", "attend", *given, "--output", f"result={result}"])
    found = torch.from_numpy(numpy.load(result)).to(torch.float64)
    worst = 0.0
    for row, length in enumerate(LENGTHS):
        q, k, v = (inputs[name][row, :length].to(torch.float64) for name in ("q", "k", "v"))
        expected = flex(q, k, v, row, mask_mod, score_mod)
        error = (found[row, :length] - expected).abs().max() / max(float(expected.abs().max()), 1e-30)
        if not error <= TOLERANCE:
            return f"sequence {row} of {length}: relative error {float(error):.3g} is above {TOLERANCE}"
        worst = max(worst, float(error))
    print(f"    attention with it: {worst:.1e}", flush=True)
    return None


def report(problems, name, check, *arguments):
    try:
        problem = check(*arguments)
    except RuntimeError as error:
        problem = str(error)
    if problem:
        problems.append(f"{name}: {problem}")


def check_random(tool, rng, count, problems):
    for index in range(count):
        generator = examples.RandomExpressions(rng)
        kind = "mask" if index % 2 else "score"
        text, python = generator.condition(4) if kind == "mask" else generator.real(4)
        variables = "b, h, q, k" if kind == "mask" else "s, b, h, q, k"
        meaning = eval(f"lambda {variables}: {python}", {"torch": torch})
        report(problems, text, check_values, tool, kind, text, meaning, 20, 20)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("evaluate")
    parser.add_argument("tenon", nargs="?")
    parser.add_argument("--count", type=int, default=300, help="random expressions")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    torch.manual_seed(arguments.seed)
    # Of what PyTorch makes of integers that meet Python's floats.
    torch.set_default_dtype(torch.float64)
    problems = []
    named = [("mask", *item) for item in examples.MASKS.items()]
    named += [("score", *item) for item in (examples.SCORES | examples.TABLE_SCORES).items()]
    with tempfile.TemporaryDirectory() as scratch:
        for kind, name, (text, meaning) in named:
            print(f"{name}: {text}", flush=True)
            report(problems, name, check_values, arguments.evaluate, kind, text, meaning)
            if arguments.tenon:
                pair = ((text, meaning), None) if kind == "mask" else (None, (text, meaning))
                report(problems, name, check_attention, arguments.tenon, pathlib.Path(scratch), *pair)
        if arguments.tenon:
            for mask in ("causal", "window"):
                for score in ("ALiBi", "soft-cap"):
                    report(problems, f"{mask} with {score}", check_attention, arguments.tenon, pathlib.Path(scratch),
                           examples.MASKS[mask], examples.SCORES[score])
    check_random(arguments.evaluate, random.Random(arguments.seed), arguments.count, problems)
    print(*problems, sep="\n")
    print(f"{len(named)} examples and {arguments.count} random expressions, {len(problems)} with problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
