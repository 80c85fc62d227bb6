#!/usr/bin/env python3
"""Compiles the small models of tests/numerics/golden and compares their hidden states, or a decoder's logits, with those
recorded from PyTorch; of an encoder-decoder also the answers.

check_goldens.py TENON [NAME...]. Needs nothing but Python. A vector's largest difference may be 1e-4 of the row's largest
component: the recorded values are rounded once, ours are sums of up to some hundred float32 products, layer upon layer."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
from arrays import read_npy, relative_error  # noqa: E402

TOLERANCE = 1e-4


def run(command):
    done = subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, command))}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def evaluate(tenon, library, rows, result, output, *more):
    """Runs the rows as one batch."""
    tokens = [part for row in rows for part in ("--tokens", ",".join(map(str, row)))]
    more = [*more, *(["--max-tokens", 0] if result == "logits" else [])]
    run([tenon, "run", library, *tokens, "--output", f"{result}={output}", *more])
    return read_npy(output)


def hidden_states(tenon, library, rows, output, *more):
    return evaluate(tenon, library, rows, "hidden", output, *more)


def check(tenon, folder, scratch):
    model = folder / "spec.yaml" if (folder / "spec.yaml").exists() else folder
    rows = json.loads((folder / "rows.json").read_text())
    result = "logits" if (folder / "logits.npy").exists() else "hidden"
    shape, expected = read_npy(folder / f"{result}.npy")
    library = scratch / f"{folder.name}.so"
    # Some were saved with a head for masked words.
    run([tenon, "compile", model, "-o", library, *(["--without-head"] if result == "hidden" else [])])
    lengths = [len(row) for row in rows]
    found_shape, found = evaluate(tenon, library, rows, result, scratch / "found.npy")
    if found_shape != shape:
        return f"expected the shape {shape}, found {found_shape}"
    error = relative_error(found, expected, lengths, shape[2])
    print(f"{folder.name:34} {error:.2e}")
    if not error <= TOLERANCE:
        return f"relative error {error:.3g} is above {TOLERANCE}"
    # Each row on its own, and on another number of threads, has the bits that it has in the batch.
    for threads in (1, 3):
        for index, row in enumerate(rows):
            _, alone = evaluate(tenon, library, [row], result, scratch / "alone.npy", "--threads", threads)
            first = index * shape[1] * shape[2]
            if alone.tobytes() != found[first:first + len(alone)].tobytes():
                return f"row {index} alone on {threads} threads differs from the row in the batch"
    return None


def source_options(folder, source):
    if isinstance(source, str):
        return ["--input", f"features={folder / source}"]
    return ["--tokens", ",".join(map(str, source))]


def check_answers(tenon, folder, library, pairs):
    """The answers to all sources together; what was recorded ends where the choice was close."""
    options = [option for pair in pairs for option in source_options(folder, pair["source"])]
    longest = max(len(pair["greedy"]) for pair in pairs)
    done = run([tenon, "run", library, *options, "--json", "--ignore-eos", "--max-tokens", longest])
    for row, (pair, found) in enumerate(zip(pairs, json.loads(done)["rows"], strict=True)):
        expected = pair["greedy"]
        if found["tokens"][:len(expected)] != expected:
            return f"answer {row}: expected {expected}, found {found['tokens']}"
    return None


def start_token(folder):
    config = json.loads((folder / "config.json").read_text())
    if "decoder_start_token_id" in config:
        return config["decoder_start_token_id"]
    # CTranslate2 names the token.
    return json.loads((folder / "shared_vocabulary.json").read_text()).index(config["decoder_start_token"])


def check_pairs(tenon, folder, scratch):
    """An encoder-decoder: pairs of a source and a target, and the answer to the source."""
    pairs = json.loads((folder / "pairs.json").read_text())
    start = start_token(folder)
    shape, expected = read_npy(folder / "logits.npy")
    library = scratch / f"{folder.name}.so"
    run([tenon, "compile", folder, "-o", library])
    worst = 0.0
    for row, pair in enumerate(pairs):
        target = [start] + pair["target"]
        run([tenon, "run", library, *source_options(folder, pair["source"]), "--prefix-tokens", ",".join(map(str, target)),
             "--max-tokens", 0, "--output", f"logits={scratch / 'found.npy'}"])
        found_shape, found = read_npy(scratch / "found.npy")
        if found_shape != (1, len(target), shape[2]):
            return f"expected the shape {(1, len(target), shape[2])}, found {found_shape}"
        first = row * shape[1] * shape[2]
        error = relative_error(found, expected[first:first + len(found)], [len(target)], shape[2])
        worst = max(worst, error)
        if not error <= TOLERANCE:
            return f"row {row}: relative error {error:.3g} is above {TOLERANCE}"
    print(f"{folder.name:34} {worst:.2e}")
    return check_answers(tenon, folder, library, pairs)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    folders = sorted(path.parent for name in ("rows", "pairs") for path in (HERE / "golden").glob(f"*/{name}.json"))
    folders = [folder for folder in folders if not arguments.names or folder.name in arguments.names]
    problems = []
    with tempfile.TemporaryDirectory() as scratch:
        for folder in folders:
            try:
                kind = check_pairs if (folder / "pairs.json").exists() else check
                problem = kind(arguments.tenon, folder, pathlib.Path(scratch))
            except RuntimeError as error:
                problem = str(error)
            if problem:
                problems.append(f"{folder.name}: {problem}")
    print(*problems, sep="\n")
    print(f"{len(folders)} models, {len(problems)} with problems")
    return 1 if problems or not folders else 0


if __name__ == "__main__":
    sys.exit(main())
