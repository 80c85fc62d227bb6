"""The parameters that a spec has, as docs/spec.md lists them, and random numbers for them. Needs nothing but Python.

A tensor is a pair of its shape and an array of float32."""

import array
import json
import math
import pathlib
import random
import zlib

from spec_shares import Shares
from spec_words import worded


class Shapes(dict):
    """Names to shapes."""

    def linear(self, name, size, inputs, bias):
        self[f"{name}.weight"] = (size, inputs)
        if bias:
            self[f"{name}.bias"] = (size,)

    def norm(self, name, size, bias):
        self[f"{name}.weight"] = (size,)
        if bias:
            self[f"{name}.bias"] = (size,)


class Stack:
    """One of a spec's stacks, whose parameters go into `shapes`."""

    def __init__(self, spec, name, shapes):
        self.spec, self.name, self.shapes = spec, name, shapes
        self.options = spec["stacks"][name]
        self.width = width_of(spec, name)
        norm = self.options.get("norm") or {}
        self.place, self.norm_bias = norm.get("place", "after"), norm.get("bias", norm.get("kind", "layernorm") == "layernorm")
        self.final = norm.get("final", True) and self.place != "after"

    def add(self):
        self.add_input(self.options["input"], f"{self.name}.input")
        blocks = self.options.get("cycle") or [self.options["block"]]
        for layer in range(self.options["layers"]):
            self.add_block(blocks[layer % len(blocks)], f"{self.name}.layers.{layer}.", layer)
        if self.final:
            self.norm(f"{self.name}.norm")

    def norm(self, name, size=None):
        self.shapes.norm(name, size or self.width, self.norm_bias)

    def add_input(self, entry, prefix):
        positions = worded(entry.get("positions", "none"))
        if "vocab" in entry:
            self.shapes[f"{prefix}.tokens.weight"] = (entry["vocab"], self.width)
        inputs = entry.get("features")
        for number, one in enumerate(entry.get("convolutions") or []):
            self.shapes.linear(f"{prefix}.convolutions.{number}", one["channels"], inputs * one["kernel"], one.get("bias", True))
            inputs = one["channels"]
        if positions["kind"] == "learned":
            self.shapes[f"{prefix}.positions.weight"] = (positions.get("offset", 0) + positions["length"], self.width)
        if entry.get("types"):
            self.shapes[f"{prefix}.types.weight"] = (entry["types"], self.width)
        if entry.get("norm"):
            self.norm(f"{prefix}.norm")

    def add_block(self, block, prefix, layer):
        for entry in block:
            (kind, options), = worded(entry, kind="mlp").items()
            name = prefix + options.get("name", kind)
            if kind == "parallel":
                one = options.get("norm", "one") == "one"
                if one:
                    self.norm(f"{name}.norm")
                for inner in options["block"]:
                    self.add_sublayer(inner, prefix, layer, before=not one, after=False)
            else:
                self.add_sublayer(entry, prefix, layer, before=True, after=self.place == "both")

    def add_sublayer(self, entry, prefix, layer, before, after):
        """`before`: it has the norm that stands before it, or after it and the residual."""
        (kind, options), = worded(entry, kind="mlp").items()
        name = prefix + options.get("name", kind)
        getattr(self, f"add_{kind}")(options, name)
        if before:
            self.norm(f"{name}.norm")
        if after:
            self.norm(f"{name}.norm_after")

    def add_mlp(self, options, name):
        bias = options.get("bias", True)
        for part in ["up", "gate"] if options.get("gated") else ["up"]:
            self.shapes.linear(f"{name}.{part}", options["hidden"], self.width, bias)
        self.shapes.linear(f"{name}.down", self.width, options["hidden"], bias)

    def add_convolution(self, options, name):
        bias = options.get("bias", True)
        self.shapes[f"{name}.depthwise.weight"] = (options["kernel"], self.width)
        for part in ("gate", "up"):
            self.shapes.linear(f"{name}.{part}", options["hidden"], self.width, bias)
        self.shapes.linear(f"{name}.down", self.width, options["hidden"], bias)

    def add_ssru(self, options, name):
        self.shapes.linear(f"{name}.forget", self.width, self.width, options.get("bias", True))
        self.shapes.linear(f"{name}.input", self.width, self.width, options.get("input_bias", False))

    def add_attention(self, options, name):
        heads, bias = options["heads"], options.get("bias", True)
        size = options.get("head_size", self.width // heads)
        key_heads = options.get("kv_heads", heads)
        sources = sources_of(options)
        own = not sources or options.get("merge", "cross") == "joint"
        self.shapes.linear(f"{name}.query", heads * size, self.width, bias)
        self.shapes.linear(f"{name}.output", self.width, heads * size, options.get("output_bias", True))
        self.add_query_key_norm(options, f"{name}.query_norm", size, heads)
        segments = [(source["stack"], width_of(self.spec, source["stack"]), source["source"]) for source in sources]
        several = len(segments) + own > 1
        for stack, width, state in segments + ([(None, self.width, "final")] if own else []):
            place = f"{name}.{stack}" if stack and several else name
            self.shapes.linear(f"{place}.key", key_heads * size, width, bias and options.get("key_bias", True))
            self.shapes.linear(f"{place}.value", key_heads * size, width, bias)
            self.add_query_key_norm(options, f"{place}.key_norm", size, key_heads)
            if state != "final" and self.place != "after":
                self.norm(f"{name}.{stack}.norm", width)
        for number, shape in enumerate(options.get("tables") or []):
            self.shapes[f"{name}.table{number}.weight"] = tuple(shape)
        score = options.get("score")
        if isinstance(score, dict) and "relative" in score:
            self.shapes[f"{name}.relative.weight"] = ((score["relative"] or {}).get("buckets", 32), heads)

    def add_query_key_norm(self, options, name, size, heads):
        if norm := options.get("query_key_norm"):
            across = norm.get("over", "head") == "all"
            self.shapes.norm(name, size * heads if across else size, norm["kind"] == "layernorm" and norm.get("bias", True))


def sources_of(attention):
    """The stacks that it takes keys from, each with the state of it."""
    named = attention.get("from", [])
    return [{"source": attention.get("source", "final")} | worded(source, kind="stack")
            for source in (named if isinstance(named, list) else [named])]


def width_of(spec, stack):
    return spec["stacks"][stack].get("width", spec.get("width"))


def target_of(spec, stack):
    """The stack whose rows a head is about: of a concatenation the last part."""
    entry = spec["stacks"][stack]["input"]
    return target_of(spec, entry["concat"][-1]) if "concat" in entry else stack


def parameter_shapes(spec):
    """Of all parameters by their own names, whatever they share."""
    shapes = Shapes()
    for name in spec["stacks"]:
        Stack(spec, name, shapes).add()
    if head := spec.get("head"):
        name = head.get("stack") or next(iter(spec["stacks"]))
        vocab = spec["stacks"][target_of(spec, name)]["input"]["vocab"]
        if not head.get("tied", True):
            shapes["head.weight"] = (vocab, width_of(spec, name))
        if head.get("bias"):
            shapes["head.bias"] = (vocab,)
    if pooling := spec.get("pooling"):
        add_pooling(spec, pooling, shapes)
    return shapes


def add_pooling(spec, pooling, shapes):
    width = width_of(spec, pooling.get("stack") or next(iter(spec["stacks"])))
    kinds = pooling["kind"] if isinstance(pooling["kind"], list) else [pooling["kind"]]
    width = add_pooling_layers(pooling.get("token_layers") or [], "pooling.tokens", width, shapes)
    add_pooling_layers(pooling.get("layers") or [], "pooling", width * len(kinds), shapes)


def add_pooling_layers(layers, prefix, width, shapes):
    """The width behind them."""
    for number, entry in enumerate(layers):
        if entry == "normalize":
            continue
        (kind, options), = entry.items()
        if kind == "norm":
            shapes.norm(f"{prefix}.{number}", width, True)
        if kind == "dense":
            shapes.linear(f"{prefix}.{number}", options["size"], width, options.get("bias", True))
            if options.get("residual") and options["size"] != width:
                shapes[f"{prefix}.{number}.residual.weight"] = (options["size"], width)
            width = options["size"]
    return width


def stored_shapes(spec):
    """Of the tensors that a weight file has."""
    shares, stored = Shares(spec.get("share") or []), {}
    for name, shape in parameter_shapes(spec).items():
        if stored.setdefault(one := shares.resolve(name), shape) != shape:
            raise ValueError(f"{name} is {shape}, {one} {stored[one]}")
    return stored


# -- Numbers


def random_tensors(spec, seed=0):
    """A tensor follows from its name, its shape and the seed, so that equal parameters of two specs are equal."""
    return {name: (shape, random_tensor(name, shape, seed)) for name, shape in stored_shapes(spec).items()}


def random_tensor(name, shape, seed):
    """Values of about the size that trained models have."""
    rng, (mean, deviation) = random.Random(zlib.crc32(f"{seed} {name}".encode())), spread(name, shape)
    return array.array("f", [rng.gauss(mean, deviation) for _ in range(math.prod(shape))])


def spread(name, shape):
    """Mean and standard deviation."""
    parts = name.split(".")
    if any("norm" in part for part in parts) or parts[0] == "pooling" and len(shape) == 1:
        return float(parts[-1] == "weight"), 0.2
    if parts[-1] == "bias":
        return 0.0, 0.2
    if parts[1] == "input" and "convolutions" not in parts:
        return 0.0, 0.7
    if "table" in parts[-2] or parts[-2] == "relative":
        return 0.0, 1.0
    return 0.0, 1.2 / shape[-1] ** 0.5


def write_safetensors(path, tensors):
    header, data = {}, b""
    for name, (shape, numbers) in tensors.items():
        bytes_ = numbers.tobytes()
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [len(data), len(data) + len(bytes_)]}
        data += bytes_
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(len(text).to_bytes(8, "little") + text + data)
