#!/usr/bin/env python3
"""A compiled MiniLM against sentence-transformers on 200 texts. Run with the interpreter of build/oracles.

check_minilm.py MINILM.so TENON [--tolerance T]: token ids must be equal, components within 2e-6 (embeddings have length
1: that is some 30 roundings of float32 at the size of a component), and the bits of a text the same whatever else is in
the batch and however many threads run it. The oracle's answers are kept in build/goldens once made."""

import argparse
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import numpy

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(HERE / "oracles"))
from minilm import oracle  # noqa: E402
from sentences import sentences  # noqa: E402


def expectation(texts):
    """Ids and embeddings, from build/goldens if they are for these texts."""
    folder = ROOT / "build" / "goldens"
    kept, arrays = folder / "minilm.json", folder / "minilm.npy"
    if kept.exists() and arrays.exists():
        rows = json.loads(kept.read_text())
        if [row["text"] for row in rows] == texts:
            return [row["ids"] for row in rows], numpy.load(arrays)
    ids, embeddings = oracle(texts)
    folder.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps([{"text": text, "ids": row} for text, row in zip(texts, ids)]) + "\n")
    numpy.save(arrays, embeddings)
    return ids, embeddings


class Tenon:
    def __init__(self, program, library, scratch):
        self.command = [program, "run", library]
        self.output = scratch / "embedding.npy"

    def __call__(self, texts, threads=None):
        """Ids and embeddings of the texts as one batch."""
        command = self.command + [part for text in texts for part in ("--text", text)]
        command += ["--output", f"embedding={self.output}", "--json"] + (["--threads", str(threads)] if threads else [])
        done = subprocess.run(command, capture_output=True, encoding="utf-8")
        if done.returncode != 0:
            sys.exit(f"tenon run: exit status {done.returncode}\n{done.stderr}")
        embeddings = numpy.load(self.output)
        self.output.unlink()
        return [row["tokens"] for row in json.loads(done.stdout)["rows"]], embeddings


def batches(count, seed):
    """Every index once, in batches of 2 to 32 of mixed lengths."""
    rng = random.Random(seed)
    order = list(range(count))
    rng.shuffle(order)
    while order:
        size = min(len(order), rng.randint(2, 32))
        yield order[:size]
        order = order[size:]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("library")
    parser.add_argument("tenon")
    parser.add_argument("--tolerance", type=float, default=2e-6)
    arguments = parser.parse_args()
    texts = sentences()
    expected_ids, expected = expectation(texts)
    wrong_ids, different_bits, largest = [], [], 0.0
    with tempfile.TemporaryDirectory() as scratch:
        tenon = Tenon(arguments.tenon, arguments.library, pathlib.Path(scratch))
        alone = numpy.zeros_like(expected)
        for i, text in enumerate(texts):
            ids, embedding = tenon([text])
            if embedding.shape != (1, expected.shape[1]):
                sys.exit(f"embedding of one text: expected the shape {(1, expected.shape[1])}, found {embedding.shape}")
            alone[i] = embedding[0]
            if ids[0] != expected_ids[i]:
                wrong_ids.append(i)
        runs = [(batch, threads) for seed, threads in enumerate((None, 1, 2, 3, 4)) for batch in batches(len(texts), seed)]
        for batch, threads in runs:
            ids, embeddings = tenon([texts[i] for i in batch], threads)
            wrong_ids += [i for i, row in zip(batch, ids) if row != expected_ids[i]]
            # Written so that a NaN counts.
            largest = max(largest, float(numpy.nan_to_num(numpy.abs(embeddings - expected[batch]), nan=numpy.inf).max()))
            different_bits += [(i, threads) for i, row in zip(batch, embeddings) if row.tobytes() != alone[i].tobytes()]
    difference_alone = float(numpy.nan_to_num(numpy.abs(alone - expected), nan=numpy.inf).max())
    print(f"{len(texts)} texts of {min(map(len, expected_ids))} to {max(map(len, expected_ids))} tokens, alone and in {len(runs)} batches")
    print(f"largest difference alone {difference_alone:.3g}, in batches {largest:.3g}; tolerance {arguments.tolerance:.3g}")
    print(f"texts with other ids: {len(set(wrong_ids))} {[texts[i][:40] for i in sorted(set(wrong_ids))[:5]]}")
    print(f"rows whose bits depend on batch or threads: {len(different_bits)} {different_bits[:5]}")
    good = difference_alone <= arguments.tolerance and largest <= arguments.tolerance and not wrong_ids and not different_bits
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
