#!/usr/bin/env python3
"""Small random decoders of every family against transformers. Run with the interpreter of build/oracles.

check_decoders.py TENON [FAMILY | FAMILY-NUMBER...] [--import | --runtime LIBRARY] [--seed S]

Compiles each model and compares the logits of two prompts (one batch) and a greedy continuation of 64 tokens. With --import
it only imports: the spec and the weights that `tenon import` writes are evaluated in float64 by docs/spec.md. With
--runtime libtenon_rt.so it calls that: prompts in one piece, in chunks and token by token, then a continuation of two
sessions together."""

import argparse
import json
import pathlib
import random
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "oracles"), str(HERE.parent / "unit" / "import")]
import numpy  # noqa: E402
from check_goldens import TOLERANCE, run  # noqa: E402
import decoder_models  # noqa: E402
from spec_logits import Decoder  # noqa: E402
from tenon_runtime import Runtime, decode  # noqa: E402

CONTINUED = 64
# Both evaluate the same float32 weights in float64. transformers makes angles and slopes in float32, of which what is largest,
# a position times a frequency, is right to 1e-5.
IMPORT_TOLERANCE = 3e-5
NEAR = 1e-3  # Where the two best logits are closer, either may be chosen.


def difference(found, expected):
    """The largest difference of a row's logits, relative to the row's largest."""
    return float((numpy.abs(found - expected).max(-1) / numpy.abs(expected).max(-1)).max())


def check_import(tenon, folder, model, prompts):
    run([tenon, "import", folder, "-o", folder / "imported"])
    decoder = Decoder(folder / "imported")
    error = max(difference(decoder.logits(tokens), decoder_models.logits(model, tokens)) for tokens in prompts)
    return error, None if error <= IMPORT_TOLERANCE else f"relative error {error:.3g} is above {IMPORT_TOLERANCE}"


def pieces(tokens, lengths):
    """The tokens cut into parts of these lengths, again and again."""
    parts, at = [], 0
    while at < len(tokens):
        length = lengths[len(parts) % len(lengths)]
        parts.append(tokens[at:at + length])
        at += length
    return parts


def check_sessions(model, library, prompts):
    """What sessions say of the prompts, in every way to give them, and how they go on."""
    error, last = 0.0, []
    for tokens in prompts:
        expected = decoder_models.logits(model, tokens)
        for lengths in ([len(tokens)], [5, 1, 17, 3], [1]):
            with library.session() as session:
                found = numpy.concatenate([session.score(part) for part in pieces(tokens, lengths)])
            found = difference(found, expected)
            if not found <= TOLERANCE:
                return found, f"in pieces of {lengths}: relative error {found:.3g} is above {TOLERANCE}"
            error = max(error, found)
    sessions = [library.session() for _ in prompts]
    best = [int(session.prefill(tokens).argmax()) for session, tokens in zip(sessions, prompts)]
    continued = [[token] for token in best]
    for _ in range(CONTINUED - 1):
        for tokens, scores in zip(continued, decode(sessions, [tokens[-1] for tokens in continued])):
            tokens.append(int(scores.argmax()))
    for session, tokens, found in zip(sessions, prompts, continued):
        session.__exit__()
        if problem := compare_continuation(model, tokens, found):
            return error, problem
    return error, None


def check_with_runtime(runtime):
    def check(tenon, folder, model, prompts):
        path = folder / "model.so"
        run([tenon, "compile", folder, "-o", path])
        library = runtime.open(path, decoder_models.VOCAB)
        try:
            return check_sessions(model, library, prompts)
        finally:
            library.close()
    return check


def tokens_option(tokens):
    return ["--tokens", ",".join(map(str, tokens))]


def compare_continuation(model, prompt, found):
    """Greedy tokens behind the prompt: what differs from those of transformers, beyond what rounding can do."""
    expected, margins = decoder_models.continuation(model, prompt, CONTINUED)
    if found == expected:
        return None
    at = next((i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), min(len(found), len(expected)))
    if at < len(found) and margins[at] < NEAR:
        return None
    return f"greedy tokens differ from number {at} on: expected {expected}, found {found}"


def check_continuation(tenon, library, model, prompt):
    done = run([tenon, "run", library, *tokens_option(prompt), "--json", "--max-tokens", CONTINUED])
    return compare_continuation(model, prompt, json.loads(done)["rows"][0]["tokens"])


def check_compiled(tenon, folder, model, prompts):
    library = folder / "model.so"
    run([tenon, "compile", folder, "-o", library])
    run([tenon, "run", library, *[part for tokens in prompts for part in tokens_option(tokens)], "--max-tokens", "0",
         "--output", f"logits={folder / 'logits.npy'}"])
    found = numpy.load(folder / "logits.npy")
    shape = (len(prompts), max(map(len, prompts)), decoder_models.VOCAB)
    if found.shape != shape:
        return 0.0, f"expected logits of shape {shape}, found {found.shape}"
    error = max(difference(found[row, :len(tokens)], decoder_models.logits(model, tokens)) for row, tokens in enumerate(prompts))
    if not error <= TOLERANCE:
        return error, f"relative error {error:.3g} is above {TOLERANCE}"
    return error, check_continuation(tenon, library, model, prompts[0])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--import", dest="only_import", action="store_true")
    parser.add_argument("--runtime")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    check = (check_import if arguments.only_import
             else check_with_runtime(Runtime(arguments.runtime)) if arguments.runtime else check_compiled)
    problems, count = [], 0
    for family, (_, configurations) in decoder_models.FAMILIES.items():
        for index, options in enumerate(configurations):
            name = f"{family}-{index}"
            if arguments.names and family not in arguments.names and name not in arguments.names:
                continue
            count += 1
            seed = arguments.seed + index
            rng = random.Random(seed)
            prompts = [[rng.randrange(decoder_models.VOCAB) for _ in range(length)] for length in (37, rng.randint(1, 90))]
            with tempfile.TemporaryDirectory() as scratch:
                folder = pathlib.Path(scratch) / name
                model = decoder_models.build(family, options, seed)
                model.save_pretrained(folder)
                try:
                    error, problem = check(arguments.tenon, folder, model, prompts)
                    print(f"{name:16} {error:.2e}" + ("  WRONG" if problem else ""), flush=True)
                except (RuntimeError, ValueError, KeyError) as failure:
                    problem = f"{type(failure).__name__}: {failure}"
                    print(f"{name:16} FAILED", flush=True)
                if problem:
                    problems.append(f"{name} {options}: {problem}")
    print(*problems, sep="\n")
    print(f"{count} models, {len(problems)} with problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
