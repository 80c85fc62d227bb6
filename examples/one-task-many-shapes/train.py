#!/usr/bin/env python3
"""Trains the models of shapes/ with PyTorch, by the evaluation of tests/numerics/oracles. Run with the interpreter of build/oracles.

train.py [NAME...] [--steps N] [--seed S]. Without names all that have no weights yet, one after the other, some minutes each on one
core. Weights are rounded to float16. Afterwards answers.json has what PyTorch, in float64, writes about the examination."""

import argparse
import json
import math
import pathlib
import random
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[1] / "tests" / "numerics" / "oracles")]
import safetensors.torch  # noqa: E402
import torch  # noqa: E402
from torch.utils.flop_counter import FlopCounterMode  # noqa: E402
import dates  # noqa: E402
from spec_model import Model, load_spec  # noqa: E402
from spec_parameters import stored_shapes  # noqa: E402

BATCH, RATE, WARM_UP = 64, 3e-3, 200
TEXT = 14  # Characters of a usual text.


def initial(spec, seed):
    """Of the usual sizes: norms are ones, biases zeros, what is multiplied keeps its variance."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in sorted(stored_shapes(spec).items()):
        if len(shape) == 1:
            tensor = torch.full(shape, float("norm" in name and name.endswith("weight")))
        else:
            deviation = 0.1 if ".input." in name else shape[1] ** -0.5
            tensor = deviation * torch.randn(shape, generator=generator)
        tensors[name] = tensor.requires_grad_()
    return tensors


def inputs_of(spec, texts, answers):
    """What the stacks read: the text, and the answer behind its start; a decoder by itself both. And where the answer starts."""
    texts = [dates.encoded(text) for text in texts]
    answers = [[dates.START, *answer] for answer in answers]
    if "encoder" in spec["stacks"]:
        return {"encoder": texts, "decoder": answers}, [0] * len(texts)
    return {"decoder": [text + answer for text, answer in zip(texts, answers)]}, [len(text) for text in texts]


def loss_of(spec, tensors, batch):
    answers = [dates.encoded(answer) for _, answer in batch]
    inputs, starts = inputs_of(spec, [text for text, _ in batch], answers)
    logits = Model(spec, tensors, torch.float32).run(inputs).logits()
    places = torch.tensor(starts)[:, None] + torch.arange(dates.ANSWER + 1)
    written = logits.gather(1, places[..., None].expand(-1, -1, logits.shape[-1]))
    wanted = torch.tensor([[*answer, dates.END] for answer in answers])
    return torch.nn.functional.cross_entropy(written.flatten(0, 1), wanted.flatten())


def train(name, spec, steps, seed):
    rng, tensors = random.Random(seed), initial(spec, seed)
    optimizer = torch.optim.AdamW(tensors.values(), lr=RATE, betas=(0.9, 0.98), weight_decay=0.01, foreach=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(step / WARM_UP, 0.5 + 0.5 * math.cos(math.pi * step / steps)))
    started, mean = time.time(), None
    for step in range(1, steps + 1):
        optimizer.zero_grad()
        loss = loss_of(spec, tensors, dates.pairs(rng, BATCH))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(tensors.values(), 1.0)
        optimizer.step()
        schedule.step()
        mean = loss.item() if mean is None else 0.98 * mean + 0.02 * loss.item()
        if step % 250 == 0:
            print(f"{name}: step {step}, loss {mean:.4f}, {time.time() - started:.0f} s", flush=True)
    return {key: tensor.detach().to(torch.float16) for key, tensor in tensors.items()}


@torch.no_grad()
def answers_of(spec, tensors):
    """The likeliest characters, one after the other, in float64."""
    questions = [text for text, _ in dates.examination()]
    answers = [[] for _ in questions]
    for _ in range(dates.ANSWER + 1):
        inputs, starts = inputs_of(spec, questions, answers)
        logits = Model(spec, tensors).run(inputs).logits()
        for row, answer in enumerate(answers):
            answer.append(int(logits[row, starts[row] + len(answer)].argmax()))
    return [dates.decoded(answer) for answer in answers]


@torch.no_grad()
def flops_of(spec, tensors):
    """To read a text of usual length and write its date: two for each multiplication of a matrix product."""
    inputs, _ = inputs_of(spec, ["x" * TEXT], [[3] * dates.ANSWER])
    with FlopCounterMode(display=False) as counter:
        Model(spec, tensors, torch.float32).run(inputs).logits()
    return counter.get_total_flops()


def record(name, spec, tensors):
    """Writes down what PyTorch makes of the examination."""
    path = HERE / "answers.json"
    records = json.loads(path.read_text()) if path.exists() else {}
    answers = answers_of(spec, tensors)
    records[name] = {"flops": flops_of(spec, tensors), "answers": answers}
    path.write_text(json.dumps(dict(sorted(records.items())), indent=0) + "\n")
    right = sum(answer == date for answer, (_, date) in zip(answers, dates.examination()))
    print(f"{name}: {right} of {len(answers)} right", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*")
    parser.add_argument("--steps", type=int, default=1200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="train nothing: answers.json anew, of the weights that are there")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    for path in sorted((HERE / "shapes").glob("*.yaml")):
        weights, spec = path.with_suffix(".safetensors"), load_spec(path)
        if path.stem not in arguments.names if arguments.names else weights.exists() != arguments.record:
            continue
        if not arguments.record:
            safetensors.torch.save_file(train(path.stem, spec, arguments.steps, arguments.seed), weights)
        record(path.stem, spec, safetensors.torch.load_file(weights))


if __name__ == "__main__":
    main()
