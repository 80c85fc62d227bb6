"""The logits of a decoder, or of an encoder-decoder, that a spec describes, evaluated in float64 straight from docs/spec.md: an
oracle for importers that shares nothing with the compiler."""

import math
import pathlib
import re

import numpy
import safetensors.numpy
import yaml


def numbered(value):
    """PyYAML takes 1e-06 for a text."""
    if isinstance(value, dict):
        return {key: numbered(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbered(item) for item in value]
    return float(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?e[-+]?\d+", value) else value


def activation(name, x):
    if name == "gelu":
        return x * 0.5 * (1 + numpy.vectorize(math.erf)(x / math.sqrt(2)))
    if name == "gelu_tanh":
        return 0.5 * x * (1 + numpy.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3)))
    if name == "relu":
        return numpy.maximum(x, 0)
    if name == "silu":
        return x / (1 + numpy.exp(-x))
    raise ValueError(name)


def softmax(x):
    e = numpy.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def frequencies(rotary, dims):
    base, scaling = rotary.get("base", 10000.0), rotary.get("scaling") or {"kind": "none"}
    f = base ** (-numpy.arange(0, dims, 2) / dims)
    kind, factor = scaling["kind"], scaling.get("factor", 1.0)
    if kind == "linear":
        return f / factor, 1.0
    if kind == "llama3":
        turns = scaling["original_length"] * f / (2 * math.pi)
        low, high = scaling.get("low_frequency_factor", 1), scaling.get("high_frequency_factor", 4)
        kept = numpy.clip((turns - low) / (high - low), 0, 1)
        return kept * f + (1 - kept) * f / factor, 1.0
    if kind == "yarn":
        at = lambda turns: dims * math.log(scaling["original_length"] / (turns * 2 * math.pi)) / (2 * math.log(base))  # noqa: E731
        first = max(math.floor(at(scaling.get("beta_fast", 32))), 0)
        last = min(math.ceil(at(scaling.get("beta_slow", 1))), dims - 1)
        ramp = numpy.clip((numpy.arange(dims // 2) - first) / max(last - first, 0.001), 0, 1)
        return ramp * f / factor + (1 - ramp) * f, scaling.get("attention_factor", 0.1 * math.log(factor) + 1)
    return f, 1.0


def buckets(relative, bidirectional, distance):
    """T5's bucket of every distance k - q."""
    count = relative.get("buckets", 32)
    first = numpy.zeros_like(distance)
    if bidirectional:
        count //= 2
        first = numpy.where(distance > 0, count, 0)
        distance = numpy.abs(distance)
    else:
        distance = numpy.maximum(-distance, 0)
    near = count // 2
    with numpy.errstate(divide="ignore"):
        far = near + (numpy.log(distance / near) / math.log(relative.get("distance", 128) / near) * (count - near))
    return first + numpy.where(distance < near, distance, numpy.minimum(numpy.nan_to_num(far, neginf=0).astype(int), count - 1))


class Tensors(dict):
    """Tensors by the names of parameters, of which some are others by `share`."""

    def __init__(self, tensors, shares):
        super().__init__(tensors)
        self.shares = [[path.strip().split(".") for path in share.split("=")] for share in shares]

    def shared(self, name):
        parts = name.split(".")
        for left, right in self.shares:
            layer = [part for pattern, part in zip(left, parts) if pattern == "*"]
            if len(left) <= len(parts) and all(pattern in ("*", part) for pattern, part in zip(left, parts)):
                return ".".join([layer[0] if part == "*" else part for part in right] + parts[len(left):])
        return name

    def __contains__(self, name):
        return super().__contains__(self.shared(name))

    def __getitem__(self, name):
        return super().__getitem__(self.shared(name))


class Decoder:
    def __init__(self, directory):
        directory = pathlib.Path(directory)
        self.spec = numbered(yaml.safe_load((directory / "model.yaml").read_text()))
        tensors = safetensors.numpy.load_file(directory / "model.safetensors")
        self.tensors = Tensors({name: tensor.astype(numpy.float64) for name, tensor in tensors.items()}, self.spec.get("share", []))
        self.source = None  # What `from` stands for.
        self.enter(next(reversed(self.spec["stacks"])))

    def enter(self, name):
        self.name, self.stack = name, self.spec["stacks"][name]
        self.width = self.stack.get("width", self.spec["width"])
        self.norm_spec = {"kind": "layernorm", "place": "after", "epsilon": 1e-5, "final": True} | self.stack.get("norm", {})

    def linear(self, name, x):
        y = x @ self.tensors[name + ".weight"].T
        return y + self.tensors[name + ".bias"] if name + ".bias" in self.tensors else y

    def normalised(self, kind, epsilon, name, x, weight_offset=0):
        if kind == "layernorm":
            x = x - x.mean(-1, keepdims=True)
        x = x / numpy.sqrt((x * x).mean(-1, keepdims=True) + epsilon) * (self.tensors[name + ".weight"] + weight_offset)
        return x + self.tensors[name + ".bias"] if name + ".bias" in self.tensors else x

    def norm(self, name, x):
        return self.normalised(self.norm_spec["kind"], self.norm_spec["epsilon"], name, x, self.norm_spec.get("weight_offset", 0))

    def turned(self, x, rotary):
        """x [length, heads, size]"""
        dims = rotary.get("dims") or x.shape[-1]
        f, factor = frequencies(rotary, dims)
        angles = numpy.arange(len(x))[:, None] * f
        cos, sin = factor * numpy.cos(angles)[:, None], factor * numpy.sin(angles)[:, None]
        x = x.copy()
        pairs = (slice(0, dims, 2), slice(1, dims, 2)) if rotary.get("interleaved") else (slice(0, dims // 2), slice(dims // 2, dims))
        a, b = x[..., pairs[0]].copy(), x[..., pairs[1]].copy()
        x[..., pairs[0]], x[..., pairs[1]] = a * cos - b * sin, b * cos + a * sin
        return x

    def mask(self, value, q, k):
        if value == "none":
            return (q >= 0) & (k >= 0)
        if value == "causal":
            return k <= q
        if isinstance(value, dict) and set(value) == {"window"}:
            return (k <= q) & (q - k < value["window"])
        raise ValueError(value)

    def score(self, value, s, q, k, heads):
        if value is None:
            return s
        if isinstance(value, dict) and set(value) == {"softcap"}:
            return value["softcap"] * numpy.tanh(s / value["softcap"])
        if value == "alibi":
            power = 2 ** math.floor(math.log2(heads))
            slopes = [2 ** (-8 * (i + 1) / power) for i in range(power)]
            slopes += [2 ** (-4 * (2 * i + 1) / power) for i in range(heads - power)]
            return s + numpy.array(slopes)[:, None, None] * (k - q)
        names = {"s": s, "q": q, "k": k, "h": numpy.arange(heads)[:, None, None], "tanh": numpy.tanh, "float": lambda x: x * 1.0,
                 "select": numpy.where}
        return eval(re.sub(r"&&", "&", value), {"__builtins__": {}}, names)

    def relative(self, sublayer, name, q, k):
        relative = sublayer["score"]["relative"]
        bidirectional = relative.get("bidirectional", sublayer.get("mask", "none") == "none")
        return self.tensors[name + ".relative.weight"][buckets(relative, bidirectional, k - q)].transpose(2, 0, 1)

    def attention(self, sublayer, name, x):
        y = self.source if "from" in sublayer else x
        heads = sublayer["heads"]
        keys = sublayer.get("kv_heads", heads)
        size = sublayer.get("head_size", self.width // heads)
        q = self.linear(name + ".query", x).reshape(len(x), heads, size)
        k = self.linear(name + ".key", y).reshape(len(y), keys, size)
        v = self.linear(name + ".value", y).reshape(len(y), keys, size)
        if norm := sublayer.get("query_key_norm"):
            norm = {} if norm is True else norm
            across = norm.get("over") == "all"
            for which, state in (("query", q), ("key", k)):
                flat = state.reshape(len(state), -1) if across else state
                state[...] = self.normalised(norm.get("kind", "rmsnorm"), norm.get("epsilon", 1e-6), f"{name}.{which}_norm", flat,
                                              norm.get("weight_offset", 0)).reshape(state.shape)
        positions = self.stack["input"].get("positions", {})
        rotary = positions if isinstance(positions, dict) and positions.get("kind") == "rotary" else None
        rotary = {"kind": "rotary"} | sublayer["rotary"] if "rotary" in sublayer else rotary
        if rotary and "from" not in sublayer:
            q, k = self.turned(q, rotary), self.turned(k, rotary)
        k, v = (numpy.repeat(state, heads // keys, axis=1) for state in (k, v))
        scores = numpy.einsum("qhd,khd->hqk", q, k) * sublayer.get("scale", size ** -0.5)
        at_q, at_k = numpy.arange(len(x))[:, None], numpy.arange(len(y))[None]
        if "relative" in (sublayer.get("score") or ""):
            scores = scores + self.relative(sublayer, name, at_q, at_k)
        else:
            scores = self.score(sublayer.get("score"), scores, at_q, at_k, heads)
        scores = numpy.where(self.mask(sublayer.get("mask", "none"), at_q, at_k), scores, -numpy.inf)
        return self.linear(name + ".output", numpy.einsum("hqk,khd->qhd", softmax(scores), v).reshape(len(x), -1))

    def mlp(self, sublayer, name, x):
        up = self.linear(name + ".up", x)
        if sublayer.get("gated"):
            return self.linear(name + ".down", activation(sublayer.get("activation", "gelu"), self.linear(name + ".gate", x)) * up)
        return self.linear(name + ".down", activation(sublayer.get("activation", "gelu"), up))

    def ssru(self, sublayer, name, x):
        forget, y = 1 / (1 + numpy.exp(-self.linear(name + ".forget", x))), self.linear(name + ".input", x)
        states = numpy.zeros_like(y)
        state = numpy.zeros(y.shape[1])
        for t in range(len(y)):
            states[t] = state = forget[t] * state + (1 - forget[t]) * y[t]
        return activation(sublayer.get("activation", "relu"), states)

    def apply(self, kind, value, prefix, x):
        name = prefix + value.get("name", kind)
        return {"attention": self.attention, "mlp": self.mlp, "ssru": self.ssru}[kind](value, name, x), name

    def sublayer(self, item, prefix, x):
        (kind, value), = item.items()
        if kind == "parallel":
            one = value.get("norm", "one") == "one"
            shared = self.norm(prefix + value.get("name", "parallel") + ".norm", x) if one else None
            result = x
            for inner in value["block"]:
                (inner_kind, inner_value), = inner.items()
                name = prefix + inner_value.get("name", inner_kind)
                result = result + self.apply(inner_kind, inner_value, prefix, shared if one else self.norm(name + ".norm", x))[0]
            return result
        name = prefix + value.get("name", kind)
        if self.norm_spec["place"] == "after":
            return self.norm(name + ".norm", x + self.apply(kind, value, prefix, x)[0])
        y, _ = self.apply(kind, value, prefix, self.norm(name + ".norm", x))
        return x + (self.norm(name + ".norm_after", y) if self.norm_spec["place"] == "both" else y)

    def convolved(self, x):
        for number, convolution in enumerate(self.stack["input"].get("convolutions", [])):
            kernel, stride = convolution["kernel"], convolution.get("stride", 1)
            padded = numpy.pad(x, ((kernel // 2, kernel // 2), (0, 0)))
            rows = numpy.stack([padded[at:at + kernel].T.ravel() for at in range(0, len(x), stride)])
            x = self.linear(f"{self.name}.input.convolutions.{number}", rows)
            if convolution.get("activation", "gelu") != "none":
                x = activation(convolution.get("activation", "gelu"), x)
        return x

    def sinusoids(self, positions, length):
        interleaved, half = positions.get("interleaved", False), self.width // 2
        even = positions.get("spacing", "even" if interleaved else "ends") == "even"
        f = positions.get("base", 10000.0) ** (-numpy.arange(half) / (half if even else half - 1))
        angles = numpy.arange(length)[:, None] * f
        if interleaved:
            return numpy.stack([numpy.sin(angles), numpy.cos(angles)], -1).reshape(length, -1)
        return numpy.concatenate([numpy.sin(angles), numpy.cos(angles)], 1)

    def embedded(self, given):
        """What the layers get of token ids, or of rows of features."""
        entry = self.stack["input"]
        scale = entry.get("scale", 1.0)
        x = scale * (self.convolved(given) if "features" in entry else self.tensors[f"{self.name}.input.tokens.weight"][given])
        if entry.get("first") == "zeros":
            x[0] = 0
        positions = entry.get("positions", "none")
        positions = positions if isinstance(positions, dict) else {"kind": positions}
        if positions["kind"] == "learned":
            first = positions.get("offset", 0)
            x = x + self.tensors[f"{self.name}.input.positions.weight"][first:first + len(x)]
        if positions["kind"] == "sinusoidal":
            x = x + self.sinusoids(positions, len(x))
        if "types" in entry:
            x = x + self.tensors[f"{self.name}.input.types.weight"][0]
        return self.norm(f"{self.name}.input.norm", x) if entry.get("norm") else x

    def hidden(self, given):
        x = self.embedded(given)
        blocks = self.stack.get("cycle") or [self.stack["block"]]
        for layer in range(self.stack["layers"]):
            for item in blocks[layer % len(blocks)]:
                x = self.sublayer(item, f"{self.name}.layers.{layer}.", x)
        if self.norm_spec["final"] and self.norm_spec["place"] != "after":
            x = self.norm(f"{self.name}.norm", x)
        return x

    def encode(self, source):
        """What attention to the first stack sees."""
        decoder = self.name
        self.enter(next(iter(self.spec["stacks"])))
        self.source = self.hidden(source)
        self.enter(decoder)

    def logits(self, tokens):
        x = self.hidden(tokens)
        head = self.spec["head"]
        matrix = self.tensors[f"{self.name}.input.tokens.weight" if head.get("tied", True) else "head.weight"]
        y = x @ matrix.T + self.tensors.get("head.bias", 0)
        y = y * head.get("scale", 1.0)
        return head["softcap"] * numpy.tanh(y / head["softcap"]) if head.get("softcap") else y
