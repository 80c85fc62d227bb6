#!/usr/bin/env python3
"""SmolLM2-135M-Instruct, compiled from its GGUF file, against transformers on the same file: token ids, all logits of prompts and
64 greedy tokens behind each, raw and through the chat template. Run with the interpreter of build/oracles.

check_smollm2.py TENON LIBTENON_RT.so [--model FILE.gguf] [--prompts N]"""

import argparse
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import numpy  # noqa: E402
import torch  # noqa: E402
from tokenizers import Tokenizer, pre_tokenizers  # noqa: E402
from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: E402

from tenon_runtime import Runtime, decode  # noqa: E402

CONTINUED = 64
TOLERANCE = 1e-4  # Of the largest logit: float32 on both sides, 30 layers.
NEAR = 1e-3       # Where the two best logits are closer, either may be chosen.

PROMPTS = [
    "What is the capital of France?", "Once upon a time", "The quick brown fox jumps over the lazy dog.", "def fibonacci(n):\n",
    "Write a haiku about winter.", "1, 2, 3, 5, 8, 13,", "Explain gravity to a child.", "Dear Sir or Madam,", "import numpy as np\n\n",
    "List three uses of salt.", "Wie geht es dir heute?", "¿Dónde está la biblioteca?", "What is 17 + 25?", "こんにちは、", "Привет! Как дела?",
    "The chemical formula of water is", "In 1969, humans", "A recipe for pancakes:\n\n1.", "Translate 'good morning' to French.",
    "SELECT name FROM users WHERE", "The three primary colours are", "Who wrote Hamlet?", "My favourite animal is the", "{\"name\": \"",
    "Summarise: The cat sat on the mat, then slept all day long in the sun."]
SYSTEM = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"


def prompts(count):
    """Raw texts and the same as questions in a conversation."""
    chat = [f"<|im_start|>system\n{SYSTEM}<|im_end|>\n<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n" for text in PROMPTS]
    return (PROMPTS + chat)[:count] if count <= len(PROMPTS) else PROMPTS + chat[:count - len(PROMPTS)]


def difference(found, expected):
    return float((numpy.abs(found - expected).max(-1) / numpy.abs(expected).max(-1)).max())


def expected_logits(model, tokens):
    with torch.no_grad():
        return model(input_ids=torch.tensor([tokens]), use_cache=False).logits[0].numpy()


def compare_continuation(model, tokens, found):
    """Whether every token is the best one after those before it, or as good as the best: in one evaluation of all."""
    scores = expected_logits(model, tokens + found[:-1])[len(tokens) - 1:]
    best = scores.max(-1)
    chosen = scores[numpy.arange(len(found)), found]
    return int((scores.argmax(-1) != found).sum()), float((best - chosen).max())


def continuation(session, tokens):
    found = [int(session.prefill(tokens).argmax())]
    while len(found) < CONTINUED:
        found.append(int(decode([session], found[-1:])[0].argmax()))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("runtime")
    parser.add_argument("--model", default=str(HERE.parent.parent / "build/models/smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"))
    parser.add_argument("--prompts", type=int, default=50)
    arguments = parser.parse_args()
    path = pathlib.Path(arguments.model)
    model = AutoModelForCausalLM.from_pretrained(path.parent, gguf_file=path.name, dtype=torch.float32).eval()
    theirs = AutoTokenizer.from_pretrained(path.parent, gguf_file=path.name)
    # The model's own tokenizer cuts digits off first; transformers does not know that of a GGUF file.
    theirs.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), theirs.backend_tokenizer.pre_tokenizer])
    problems, worst, others, near = [], 0.0, 0, 0.0
    with tempfile.TemporaryDirectory() as directory:
        folder = pathlib.Path(directory)
        subprocess.run([arguments.tenon, "compile", path, "-o", folder / "smollm2.so"], check=True, capture_output=True)
        library = Runtime(arguments.runtime).open(folder / "smollm2.so", model.config.vocab_size)
        tokenizer = imported_tokenizer(arguments.tenon, path, folder)
        for text in prompts(arguments.prompts):
            tokens = theirs.encode(text)
            if tokenizer.encode(text).ids != tokens:
                problems.append(f"{text!r}: other token ids")
            with library.session() as session:
                off = difference(session.score(tokens), expected_logits(model, tokens))
            with library.session() as session:
                found = continuation(session, tokens)
            chosen_otherwise, gap = compare_continuation(model, tokens, found)
            worst, others, near = max(worst, off), others + chosen_otherwise, max(near, gap)
            if not off <= TOLERANCE:
                problems.append(f"{text!r}: logits differ by {off:.2e}")
            if not gap <= NEAR:
                problems.append(f"{text!r}: a token whose logit is {gap:.2e} below the best")
        library.close()
    print(*problems, sep="\n")
    print(f"{arguments.prompts} prompts: logits differ by {worst:.1e} at most; {others} of {arguments.prompts * CONTINUED} greedy tokens "
          f"are not the best one, by {near:.1e} at most")
    return 1 if problems else 0


def imported_tokenizer(tenon, path, folder):
    subprocess.run([tenon, "import", path, "-o", folder / "imported"], check=True, capture_output=True)
    return Tokenizer.from_file(str(folder / "imported" / "tokenizer.json"))


if __name__ == "__main__":
    sys.exit(main())
