#!/usr/bin/env python3
"""Small random encoder-decoders of every family against transformers. Run with the interpreter of build/oracles.

check_seq2seq.py TENON [FAMILY | FAMILY-NUMBER...] [--import | --runtime LIBRARY] [--seed S] [--sources N]

Compiles each model and compares the logits of targets of several lengths, a greedy continuation of 32 tokens, and the result of
a beam search of 4 for N sources. With --import it only imports: the spec and the weights that `tenon import` writes are
evaluated in float64 by docs/spec.md. With --runtime libtenon_rt.so it calls that: targets in one piece, in chunks and token by
token, and answers to all sources together."""

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
import seq2seq_models  # noqa: E402
from spec_logits import Decoder  # noqa: E402
from tenon_runtime import Runtime, generate, set_sources  # noqa: E402

CONTINUED = 32
BEAMS = 4
BEAM_SHARE = 0.95  # Of beam searches whose results are to be equal; the others differ by what float32 rounds.
# Both evaluate the same float32 weights in float64.
IMPORT_TOLERANCE = 1e-9
NEAR = 1e-3  # Where the two best logits are closer, either may be chosen.
START = seq2seq_models.START


def difference(found, expected):
    """The largest difference of a row's logits, relative to the row's largest."""
    return float((numpy.abs(found - expected).max(-1) / numpy.abs(expected).max(-1)).max())


class Beams:
    """How many beam searches of all models were equal."""

    def __init__(self):
        self.equal, self.count, self.others = 0, 0, []

    def add(self, name, found, expected):
        self.count += 1
        self.equal += found == expected
        if found != expected:
            self.others.append(f"{name}: beam search gives {found}; transformers {expected}")


def check_import(tenon, folder, model, cases, beams):
    run([tenon, "import", folder, "-o", folder / "imported"])
    decoder, error = Decoder(folder / "imported"), 0.0
    for source, target in cases:
        decoder.encode(source)
        error = max(error, difference(decoder.logits([START] + target), seq2seq_models.logits(model, source, [START] + target)))
    return error, None if error <= IMPORT_TOLERANCE else f"relative error {error:.3g} is above {IMPORT_TOLERANCE}"


def source_options(source, folder):
    if isinstance(source, list):
        return ["--tokens", ",".join(map(str, source))]
    path = folder / "features.npy"
    numpy.save(path, source)
    return ["--input", f"features={path}"]


def check_logits(tenon, library, folder, model, source, target):
    path = folder / "logits.npy"
    run([tenon, "run", library, *source_options(source, folder), "--prefix-tokens", ",".join(map(str, [START] + target)),
         "--max-tokens", 0, "--output", f"logits={path}"])
    found = numpy.load(path)
    expected = seq2seq_models.logits(model, source, [START] + target)
    if found.shape != (1, *expected.shape):
        return 0.0, f"expected logits of shape {(1, *expected.shape)}, found {found.shape}"
    error = difference(found[0], expected)
    return error, None if error <= TOLERANCE else f"relative error {error:.3g} is above {TOLERANCE}"


def generated(tenon, library, folder, source, *options):
    """The tokens of an answer."""
    return json.loads(run([tenon, "run", library, *source_options(source, folder), "--json", *options]))["rows"][0]["tokens"]


def compare_greedy(model, source, found):
    """Greedy tokens: what differs from those of transformers, beyond what rounding can do."""
    expected, margins = seq2seq_models.continuation(model, source, [START], CONTINUED)
    if found == expected:
        return None
    at = next((i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1]), min(len(found), len(expected)))
    if at < len(found) and margins[at] < NEAR:
        return None
    return f"greedy tokens differ from number {at} on: expected {expected}, found {found}"


def check_compiled(tenon, folder, model, cases, beams):
    library, error = folder / "model.so", 0.0
    run([tenon, "compile", folder, "-o", library])
    for source, target in cases:
        found, problem = check_logits(tenon, library, folder, model, source, target)
        error = max(error, found)
        if problem:
            return error, problem
    for source, _ in cases:
        found = generated(tenon, library, folder, source, "--max-tokens", CONTINUED, "--beam", BEAMS)
        beams.add(folder.name, [token for token in found if token != seq2seq_models.END],
                  seq2seq_models.beams(model, source, CONTINUED, BEAMS))
    source = cases[0][0]
    found = generated(tenon, library, folder, source, "--max-tokens", CONTINUED, "--ignore-eos")
    return error, compare_greedy(model, source, found)


def pieces(tokens, lengths):
    """The tokens cut into parts of these lengths, again and again."""
    parts, at = [], 0
    while at < len(tokens):
        length = lengths[len(parts) % len(lengths)]
        parts.append(tokens[at:at + length])
        at += length
    return parts


def check_scores(model, library, cases):
    error = 0.0
    for source, target in cases:
        expected = seq2seq_models.logits(model, source, [START] + target)
        for lengths in ([len(target) + 1], [5, 1, 17, 3], [1]):
            with library.session() as session:
                set_sources([session], [source])
                found = numpy.concatenate([session.score(part) for part in pieces([START] + target, lengths)])
            found = difference(found, expected)
            error = max(error, found)
            if not found <= TOLERANCE:
                return error, f"in pieces of {lengths}: relative error {found:.3g} is above {TOLERANCE}"
    return error, None


def check_answers(name, model, library, cases, beams):
    sources = [source for source, _ in cases]
    sessions = [library.session() for _ in sources]
    try:
        set_sources(sessions, sources)
        greedy = generate(sessions, max_tokens=CONTINUED, ignore_eos=1)
        set_sources(sessions, sources)
        for source, found in zip(sources, generate(sessions, max_tokens=CONTINUED, beams=BEAMS)):
            beams.add(name, [token for token in found if token != seq2seq_models.END],
                      seq2seq_models.beams(model, source, CONTINUED, BEAMS))
    finally:
        for session in sessions:
            session.__exit__()
    return next(filter(None, (compare_greedy(model, source, found) for source, found in zip(sources, greedy))), None)


def check_with_runtime(runtime):
    def check(tenon, folder, model, cases, beams):
        path = folder / "model.so"
        run([tenon, "compile", folder, "-o", path])
        library = runtime.open(path, seq2seq_models.target_vocabulary(model))
        try:
            error, problem = check_scores(model, library, cases)
            return error, problem or check_answers(folder.name, model, library, cases, beams)
        finally:
            library.close()
    return check


def draw_cases(model, rng, count):
    """Pairs of a source and a target, of several lengths."""
    vocab = seq2seq_models.target_vocabulary(model)
    lengths = [(37, 12), (1, 1), (16, 17), (rng.randint(2, 80), rng.randint(2, 80))]
    lengths += [(rng.randint(2, 80), rng.randint(2, 80)) for _ in range(count - len(lengths))]
    return [(seq2seq_models.draw_source(model, rng, source), [rng.randrange(3, vocab) for _ in range(target)])
            for source, target in lengths[:count]]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--import", dest="only_import", action="store_true")
    parser.add_argument("--runtime")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sources", type=int, default=4)
    arguments = parser.parse_args()
    check = (check_import if arguments.only_import
             else check_with_runtime(Runtime(arguments.runtime)) if arguments.runtime else check_compiled)
    problems, count, beams = [], 0, Beams()
    for family, (_, _, configurations) in seq2seq_models.FAMILIES.items():
        for index, options in enumerate(configurations):
            name = f"{family}-{index}"
            if arguments.names and family not in arguments.names and name not in arguments.names:
                continue
            count += 1
            with tempfile.TemporaryDirectory() as scratch:
                folder = pathlib.Path(scratch) / name
                model = seq2seq_models.build(family, options, arguments.seed + index)
                model.save_pretrained(folder)
                cases = draw_cases(model, random.Random(arguments.seed + index), arguments.sources)
                try:
                    error, problem = check(arguments.tenon, folder, seq2seq_models.doubled(model), cases, beams)
                    print(f"{name:18} {error:.2e}" + ("  WRONG" if problem else ""), flush=True)
                except (RuntimeError, ValueError, KeyError, OSError) as failure:
                    problem = f"{type(failure).__name__}: {failure}"
                    print(f"{name:18} FAILED", flush=True)
                if problem:
                    problems.append(f"{name} {options}: {problem}")
    if beams.count:
        print(*beams.others, sep="\n")
        print(f"{beams.equal} of {beams.count} beam searches equal")
        if beams.equal < BEAM_SHARE * beams.count:
            problems.append(f"less than {BEAM_SHARE:.0%} of the beam searches are equal")
    print(*problems, sep="\n")
    print(f"{count} models, {len(problems)} with problems")
    return 1 if problems or not count else 0


if __name__ == "__main__":
    sys.exit(main())
