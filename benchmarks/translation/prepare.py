#!/usr/bin/env python3
"""A Transformer of the base size with random weights, in CTranslate2's form, which both engines read.

prepare.py FOLDER writes FOLDER/transformer-base-ctranslate2. Does nothing when it is there."""

import pathlib
import shutil
import sys

import numpy

WIDTH, HEADS, LAYERS, HIDDEN, VOCABULARY = 512, 8, 6, 2048, 37000
END, UNKNOWN = "</s>", "<unk>"


def shape_of(name):
    """Of the variable with this name in a layer, or outside of all."""
    module, _, last = name.rpartition("/")
    if "embeddings" in module or "projection" in module:
        return (VOCABULARY, WIDTH) if last == "weight" else (VOCABULARY,)
    if "layer_norm" in module:
        return (WIDTH,)
    cross = "/attention/" in name
    outputs = {"linear_0": HIDDEN if "/ffn/" in name else WIDTH if cross else 3 * WIDTH, "linear_1": 2 * WIDTH if cross else WIDTH,
               "linear_2": WIDTH}[module.rpartition("/")[2]]
    inputs = HIDDEN if name.endswith("ffn/linear_1/weight") else WIDTH
    return (outputs, inputs) if last == "weight" else (outputs,)


def random_values(name, random):
    shape = shape_of(name)
    if name.endswith("gamma"):
        return 1 + 0.1 * random.standard_normal(shape, numpy.float32)
    scale = 0.1 if len(shape) == 1 else 2 / numpy.sqrt(shape[1])
    return scale * random.standard_normal(shape, numpy.float32)


def write(folder):
    from ctranslate2.specs import TransformerSpec, model_spec
    spec = TransformerSpec.from_config((LAYERS, LAYERS), HEADS, pre_norm=False)
    random, names = numpy.random.default_rng(0), []
    model_spec.visit_spec(spec, lambda _, name, value: names.append(name) if value is None else None)
    embedding = None
    for name in sorted(names):
        scope, _, last = name.rpartition("/")
        values = random_values(name, random)
        if values.shape == (VOCABULARY, WIDTH):  # All embeddings are one.
            embedding = values / WIDTH ** 0.5 if embedding is None else embedding
            values = embedding
        setattr(model_spec.index_spec(spec, scope), last, values.astype(numpy.float32))
    for linear in biased(spec):
        linear.bias = (0.1 * random.standard_normal(linear.weight.shape[0])).astype(numpy.float32)
    words = [UNKNOWN, END, "<s>"] + [f"t{token}" for token in range(3, VOCABULARY)]
    spec.register_source_vocabulary(words)
    spec.register_target_vocabulary(words)
    spec.config.decoder_start_token = END
    spec.validate()
    spec.optimize()
    folder.mkdir(parents=True)
    spec.save(str(folder))


def biased(spec):
    """Every linear map but the last one."""
    for stack in (spec.encoder, spec.decoder):
        for layer in stack.layer:
            parts = [layer.self_attention, layer.attention] if stack is spec.decoder else [layer.self_attention]
            for part in parts:
                yield from part.linear
            yield from (layer.ffn.linear_0, layer.ffn.linear_1)


def main(folder):
    target = pathlib.Path(folder) / "transformer-base-ctranslate2"
    if target.exists():
        return
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    write(partial)
    partial.rename(target)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: prepare.py FOLDER")
    main(sys.argv[1])
