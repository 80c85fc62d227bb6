"""Embeddings of random sentence-transformers directories against that library.

    build/oracles/bin/python tests/numerics/check_sentences.py [--count N] [--seed S]

Each directory is composed of modules, limits, prompts, poolings and casing that the library reads (oracles/sentence_directories.py).
What Tenon compiles must give the library's embeddings, for every prompt; what it refuses must be refused by name. A directory that
the library refuses may be refused or not.
"""

import argparse
import collections
import logging
import os
import pathlib
import re
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import numpy
import sentence_transformers
import torch
import transformers

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "oracles"))
from sentence_directories import TEXTS, Composer, Parts
from tenon_runtime import Embedder, Runtime

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOLERANCE = 1e-5


def expected(directory):
    """Embeddings for each prompt, each text by itself; the error's text where the library gives none."""
    try:
        model = sentence_transformers.SentenceTransformer(str(directory), device="cpu", local_files_only=True)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    results = {}
    for name in [None, *model.prompts]:
        for index, text in enumerate(TEXTS):
            try:
                results[name, index] = model.encode([text], prompt_name=name, show_progress_bar=False)[0]
            except Exception as error:
                results[name, index] = f"{type(error).__name__}: {error}"
    return results


def difference(ours, theirs):
    """The largest, in units of the vector's largest number where that is above 1; NaN and infinities must be the same."""
    if ours.shape != theirs.shape:
        return numpy.inf
    finite = numpy.isfinite(theirs)
    if not numpy.array_equal(finite, numpy.isfinite(ours)) or not numpy.array_equal(ours[~finite], theirs[~finite], equal_nan=True):
        return numpy.inf
    scale = max(1.0, float(numpy.abs(theirs[finite]).max(initial=0)))
    return float(numpy.abs(ours[finite] - theirs[finite]).max(initial=0)) / scale


def compare(embedder, results):
    """The largest difference and where it is, with what only one of the two gives."""
    worst, problems = 0.0, []
    for (name, index), theirs in results.items():
        try:
            ours = embedder.embed(TEXTS[index], name)
        except RuntimeError as error:
            if not isinstance(theirs, str) and not (name in ("query", "document") and "has no prompt" in str(error)):
                problems.append(f"prompt {name}, text {index}: {error}")
            continue
        if isinstance(theirs, str):
            continue
        error = difference(ours, theirs)
        worst = max(worst, error)
        if not error <= TOLERANCE:
            problems.append(f"prompt {name}, text {index}: differs by {error:.3g}")
    return worst, problems


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build/release")
    parser.add_argument("--keep", type=pathlib.Path, help="directory to keep what failed in")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    logging.disable()
    runtime = Runtime(arguments.build / "lib/libtenon_rt.so")
    outcomes, refusals, failures, worst = collections.Counter(), collections.Counter(), [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(folder)
        for number in range(arguments.seed, arguments.seed + arguments.count):
            directory = (arguments.keep or pathlib.Path(folder)) / f"directory-{number}"
            Composer(parts, directory, number).compose()
            library = directory / "model.so"
            compiled = subprocess.run([arguments.build / "bin/tenon", "compile", directory, "-o", library, "--embed", "--jobs", "1"],
                                      capture_output=True, text=True)
            results = expected(directory)
            refused = compiled.returncode != 0
            if refused:
                message = next((line for line in compiled.stderr.splitlines() if "error:" in line), "no error line")
                refusals[re.sub(r"'[^']*/([^/']*)'", r"'\1'", message)[:120]] += 1
                if compiled.returncode != 1 or not ("support" in message or isinstance(results, str)):
                    failures.append((number, [message]))
                outcomes["both refuse" if isinstance(results, str) else "refused by name"] += 1
            elif isinstance(results, str):
                outcomes["only the library refuses"] += 1
                print(f"{number}: only the library refuses: {results[:150]}")
            else:
                embedder = Embedder(runtime, library)
                error, problems = compare(embedder, results)
                embedder.close()
                worst = max(worst, error)
                outcomes["equal" if not problems else "different"] += 1
                if problems:
                    failures.append((number, problems))
            if not arguments.keep:
                subprocess.run(["rm", "-r", directory], check=True)
            for _, problems in failures[-1:] if failures and failures[-1][0] == number else []:
                print(f"{number}: " + "; ".join(problems[:3]), flush=True)
    print(f"{arguments.count} directories from seed {arguments.seed}: " + ", ".join(f"{count} {what}" for what, count in outcomes.items()))
    print(f"largest difference {worst:.3g}")
    for message, count in refusals.most_common():
        print(f"{count:5} {message}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
