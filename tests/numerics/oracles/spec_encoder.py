"""What a Tenon spec of an encoder means, in plain PyTorch and float64: the words of docs/spec.md, one by one.

Shares no code with the compiler. `spec` is the YAML as Python data."""

import math

import numpy
import torch


def norm_of(stack):
    norm = {"kind": "layernorm", "place": "after", "epsilon": 1e-5} | stack.get("norm", {})
    return {"bias": norm["kind"] == "layernorm", "final": True} | norm


def sublayers(stack):
    for entry in stack["block"]:
        (kind, options), = entry.items()
        yield kind, options.get("name", kind), options


def positions_of(stack):
    positions = stack["input"].get("positions", "none")
    return {"kind": positions} if isinstance(positions, str) else positions


def parameter_shapes(spec):
    """Name and shape of every parameter, linear weights as [out, in]."""
    width, shapes = spec["width"], {}

    def linear(name, rows, columns, bias):
        shapes[name + ".weight"] = (rows, columns)
        if bias:
            shapes[name + ".bias"] = (rows,)

    def norm(name, options):
        shapes[name + ".weight"] = (width,)
        if options["bias"]:
            shapes[name + ".bias"] = (width,)

    for stack_name, stack in spec["stacks"].items():
        options, entry, positions = norm_of(stack), stack["input"], positions_of(stack)
        shapes[f"{stack_name}.input.tokens.weight"] = (entry["vocab"], width)
        if positions["kind"] == "learned":
            shapes[f"{stack_name}.input.positions.weight"] = (positions["length"] + positions.get("offset", 0), width)
        if entry.get("types", 0):
            shapes[f"{stack_name}.input.types.weight"] = (entry["types"], width)
        if entry.get("norm", False):
            norm(f"{stack_name}.input.norm", options)
        for layer in range(stack["layers"]):
            for kind, name, sublayer in sublayers(stack):
                prefix = f"{stack_name}.layers.{layer}.{name}"
                norm(prefix + ".norm", options)
                bias = sublayer.get("bias", True)
                if kind == "attention":
                    size = sublayer.get("head_size", width // sublayer["heads"])
                    key_rows = sublayer.get("kv_heads", sublayer["heads"]) * size
                    linear(prefix + ".query", sublayer["heads"] * size, width, bias)
                    linear(prefix + ".key", key_rows, width, bias)
                    linear(prefix + ".value", key_rows, width, bias)
                    linear(prefix + ".output", width, sublayer["heads"] * size, sublayer.get("output_bias", True))
                else:
                    linear(prefix + ".up", sublayer["hidden"], width, bias)
                    if sublayer.get("gated", False):
                        linear(prefix + ".gate", sublayer["hidden"], width, bias)
                    linear(prefix + ".down", width, sublayer["hidden"], bias)
        if options["place"] == "before" and options["final"]:
            norm(f"{stack_name}.norm", options)
    return shapes


def random_parameters(spec, seed):
    """float32 tensors by name."""
    generator = torch.Generator().manual_seed(seed)
    tensors = {}
    for name, shape in parameter_shapes(spec).items():
        noise = torch.randn(shape, generator=generator)
        if "norm" in name.split("."):
            tensors[name] = 0.2 * noise + (1 if name.endswith("weight") else 0)
        elif name.endswith("bias"):
            tensors[name] = 0.2 * noise
        elif ".input." in name:
            tensors[name] = 0.7 * noise
        else:
            tensors[name] = 1.2 / shape[-1] ** 0.5 * noise
    return tensors


class Encoder:
    def __init__(self, spec, tensors):
        (self.name, self.stack), = spec["stacks"].items()
        self.width = spec["width"]
        self.norm_options = norm_of(self.stack)
        self.tensors = {name: tensor.double() for name, tensor in tensors.items()}

    def norm(self, name, x):
        options = self.norm_options
        if options["kind"] == "rmsnorm":
            x = x / torch.sqrt((x * x).mean(-1, keepdim=True) + options["epsilon"])
        else:
            centred = x - x.mean(-1, keepdim=True)
            x = centred / torch.sqrt((centred * centred).mean(-1, keepdim=True) + options["epsilon"])
        x = x * self.tensors[name + ".weight"]
        return x + self.tensors[name + ".bias"] if options["bias"] else x

    def linear(self, name, x):
        x = x @ self.tensors[name + ".weight"].T
        return x + self.tensors[name + ".bias"] if name + ".bias" in self.tensors else x

    def embed(self, ids):
        entry, positions = self.stack["input"], positions_of(self.stack)
        prefix = self.name + ".input"
        x = self.tensors[prefix + ".tokens.weight"][ids] * entry.get("scale", 1.0)
        if positions["kind"] == "learned":
            first = positions.get("offset", 0)
            x = x + self.tensors[prefix + ".positions.weight"][first:first + len(ids)]
        if positions["kind"] == "sinusoidal":
            x = x + sinusoids(len(ids), self.width, positions)
        if entry.get("types", 0):
            x = x + self.tensors[prefix + ".types.weight"][0]
        return self.norm(prefix + ".norm", x) if entry.get("norm", False) else x

    def attention(self, prefix, options, x):
        heads = options["heads"]
        size = options.get("head_size", self.width // heads)
        key_heads = options.get("kv_heads", heads)
        query = self.linear(prefix + ".query", x).reshape(-1, heads, size)
        key = self.linear(prefix + ".key", x).reshape(-1, key_heads, size)
        value = self.linear(prefix + ".value", x).reshape(-1, key_heads, size)
        positions = positions_of(self.stack)
        if positions["kind"] == "rotary":
            query, key = rotate(query, positions), rotate(key, positions)
        scale = options.get("scale", 1 / math.sqrt(size))
        mixed = []
        for head in range(heads):
            shared = head // (heads // key_heads)
            scores = scale * query[:, head] @ key[:, shared].T
            mixed.append(torch.softmax(scores, -1) @ value[:, shared])
        return self.linear(prefix + ".output", torch.cat(mixed, -1))

    def mlp(self, prefix, options, x):
        activation = ACTIVATIONS[options.get("activation", "gelu")]
        up = self.linear(prefix + ".up", x)
        if options.get("gated", False):
            up = activation(self.linear(prefix + ".gate", x)) * up
        else:
            up = activation(up)
        return self.linear(prefix + ".down", up)

    def encode(self, ids):
        x = self.embed(ids)
        before = self.norm_options["place"] == "before"
        for layer in range(self.stack["layers"]):
            for kind, name, options in sublayers(self.stack):
                prefix = f"{self.name}.layers.{layer}.{name}"
                apply = self.attention if kind == "attention" else self.mlp
                if before:
                    x = x + apply(prefix, options, self.norm(prefix + ".norm", x))
                else:
                    x = self.norm(prefix + ".norm", x + apply(prefix, options, x))
        if before and self.norm_options["final"]:
            x = self.norm(self.name + ".norm", x)
        return x

    def hidden_states(self, rows):
        result = numpy.zeros((len(rows), max(map(len, rows)), self.width), numpy.float32)
        for row, ids in enumerate(rows):
            result[row, :len(ids)] = self.encode(ids).numpy()
        return result


ACTIVATIONS = {
    "gelu": lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))),
    "relu": torch.relu,
    "silu": lambda x: x / (1 + torch.exp(-x)),
}


def angles(length, dims, base):
    """[length, dims/2]: position times the frequency base^(-2i/dims)."""
    frequencies = base ** (-torch.arange(0, dims, 2, dtype=torch.float64) / dims)
    return torch.arange(length, dtype=torch.float64)[:, None] * frequencies


def sinusoids(length, width, options):
    base = options.get("base", 10000.0)
    if options.get("interleaved", False):
        turn = angles(length, width, base)
        return torch.stack([turn.sin(), turn.cos()], -1).reshape(length, width)
    # As Marian and fairseq have it: the last of width/2 frequencies is 1/base.
    half = width // 2
    frequencies = base ** (-torch.arange(half, dtype=torch.float64) / max(half - 1, 1))
    turn = torch.arange(length, dtype=torch.float64)[:, None] * frequencies
    return torch.cat([turn.sin(), turn.cos()], -1)


def rotate(x, options):
    """`x` is [length, heads, size]; the first `dims` components turn."""
    dims = options.get("dims", 0) or x.shape[-1]
    turn = angles(x.shape[0], dims, options.get("base", 10000.0))[:, None]
    cos, sin = turn.cos(), turn.sin()
    turning, rest = x[..., :dims], x[..., dims:]
    if options.get("interleaved", False):
        a, b = turning[..., 0::2], turning[..., 1::2]
        turned = torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)
    else:
        a, b = turning[..., :dims // 2], turning[..., dims // 2:]
        turned = torch.cat([a * cos - b * sin, a * sin + b * cos], -1)
    return torch.cat([turned, rest], -1)
