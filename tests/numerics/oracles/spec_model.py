"""What a Tenon spec means, in plain PyTorch: docs/spec.md word by word, whole sequences at once, without a cache.

Shares no code with the compiler. `Model(spec, tensors)` takes the YAML as Python data (`load_spec`) and tensors by their
parameters' names. In float64 it is the yardstick, in float32 what plain float32 makes of the same. It can be trained."""

import functools
import math
import pathlib
import re

import torch
import yaml
from spec_expressions import Expression
import spec_layers as layers
from spec_rows import Rows, States
from spec_shares import Shares
from spec_words import worded

# Keys that say nothing about values, by the mapping that they stand in; any other is one that is computed here, or an error.
MODEL_KEYS = {"tenon", "name", "width", "stacks", "share", "head", "pooling", "weights", "tokens", "generation", "tokenizer"}
STACK_KEYS = {"input", "width", "layers", "norm", "block", "cycle", "cache", "prefix"}
INPUT_KEYS = {"vocab", "features", "convolutions", "positions", "types", "norm", "scale", "first", "concat"}
ATTENTION_KEYS = {"heads", "from", "source", "merge", "kv_heads", "head_size", "bias", "key_bias", "output_bias", "scale", "mask",
                  "prefix_mask", "score", "tables", "rotary", "query_key_norm", "name"}


def numbered(value):
    """PyYAML takes 1e-06 for a text."""
    if isinstance(value, dict):
        return {key: numbered(item) for key, item in value.items()}
    if isinstance(value, list):
        return [numbered(item) for item in value]
    return float(value) if isinstance(value, str) and re.fullmatch(r"-?\d+(\.\d+)?e[-+]?\d+", value) else value


def load_spec(path):
    return numbered(yaml.safe_load(pathlib.Path(path).read_text()))


def check_keys(what, mapping, known):
    if unknown := set(mapping) - known:
        raise ValueError(f"{what}: {', '.join(sorted(unknown))} is not evaluated here")


@functools.cache
def expression(text):
    return Expression(text)


class Model:
    def __init__(self, spec, tensors, dtype=torch.float64):
        check_keys("model", spec, MODEL_KEYS)
        self.spec, self.tensors, self.dtype = spec, tensors, dtype
        self.shares = Shares(spec.get("share") or [])

    def parameter(self, name, *shape):
        name = self.shares.resolve(name)
        tensor = self.tensors[name]
        if tuple(tensor.shape) != shape:
            raise ValueError(f"{name}: expected {shape}, found {tuple(tensor.shape)}")
        return tensor.to(self.dtype)

    def run(self, inputs):
        return Evaluation(self, inputs)

    def stack_width(self, name):
        return self.spec["stacks"][name].get("width", self.spec.get("width"))

    def target(self, name):
        """The stack whose rows a head is about: of a concatenation the last part."""
        entry = self.spec["stacks"][name]["input"]
        return self.target(entry["concat"][-1]) if "concat" in entry else name

    def norm_options(self, name):
        options = {"kind": "layernorm", "place": "after", "epsilon": 1e-5, "final": True, "weight_offset": 0}
        options |= self.spec["stacks"][name].get("norm") or {}
        return {"bias": options["kind"] == "layernorm"} | options


class Evaluation:
    """One pass over a batch. `inputs` has a list of rows for each stack that reads tokens (lists of ids) or features (arrays), and
    for each prefix."""

    def __init__(self, model, inputs):
        self.model, self.inputs, self.done = model, inputs, {}

    # -- Stacks

    def states(self, name):
        if name not in self.done:
            self.done[name] = None
            self.done[name] = Stack(self, name).states()
        if self.done[name] is None:
            raise ValueError(f"stack {name} needs itself")
        return self.done[name]

    def hidden(self, name):
        """The last hidden state, of a concatenation that of its last part: [batch, length, width], zeros where no row is."""
        states = self.states(name)
        return torch.where(states.read.there[..., None], states.of_read(states.final), 0)

    def logits(self):
        model, head = self.model, self.model.spec["head"]
        check_keys("head", head, {"stack", "tied", "bias", "scale", "softcap"})
        name = head.get("stack") or next(iter(model.spec["stacks"]))
        hidden, width, target = self.hidden(name), model.stack_width(name), model.target(name)
        weight = f"{target}.input.tokens.weight" if head.get("tied", True) else "head.weight"
        matrix = model.parameter(weight, model.spec["stacks"][target]["input"]["vocab"], width)
        scores = hidden @ matrix.T
        if head.get("bias"):
            scores = scores + model.parameter("head.bias", matrix.shape[0])
        scores = scores * head.get("scale", 1.0)
        scores = head["softcap"] * torch.tanh(scores / head["softcap"]) if head.get("softcap") else scores
        return torch.where(self.states(name).read.there[..., None], scores, 0)

    def embedding(self):
        """A vector for each sequence."""
        pooling = self.model.spec["pooling"]
        check_keys("pooling", pooling, {"stack", "token_layers", "kind", "layers", "normalize", "size"})
        name = pooling.get("stack") or next(iter(self.model.spec["stacks"]))
        lengths, kinds = self.states(name).read.lengths, pooling["kind"]
        x = self.pooling_layers(pooling.get("token_layers") or [], "pooling.tokens", self.hidden(name))
        x = torch.cat([layers.pooled(kind, x, lengths) for kind in (kinds if isinstance(kinds, list) else [kinds])], -1)
        x = self.pooling_layers((pooling.get("layers") or []) + ["normalize"] * pooling.get("normalize", False), "pooling", x)
        return x[:, :pooling.get("size")]

    def pooling_layers(self, entries, prefix, x):
        parameter = self.model.parameter
        for number, entry in enumerate(entries):
            (kind, options), = entry.items() if isinstance(entry, dict) else [(entry, {})]
            name, size = f"{prefix}.{number}", x.shape[-1]
            if kind == "normalize":
                x = torch.nn.functional.normalize(x, dim=-1)
            elif kind == "norm":
                x = layers.normalised("layernorm", x, options.get("epsilon", 1e-5))
                x = x * parameter(f"{name}.weight", size) + parameter(f"{name}.bias", size)
            else:
                y = x @ parameter(f"{name}.weight", options["size"], size).T
                y = y + parameter(f"{name}.bias", options["size"]) if options.get("bias", True) else y
                y = layers.ACTIVATIONS[options.get("activation", "none")](y)
                if options.get("residual"):
                    y = y + (x if options["size"] == size else x @ parameter(f"{name}.residual.weight", options["size"], size).T)
                x = y
        return x


class Stack:
    """A stack of an evaluation, with its options at hand."""

    def __init__(self, evaluation, name):
        self.evaluation, self.model, self.name = evaluation, evaluation.model, name
        self.options = self.model.spec["stacks"][name]
        check_keys(name, self.options, STACK_KEYS)
        check_keys(f"{name}.input", self.options["input"], INPUT_KEYS)
        self.width, self.norm_options = self.model.stack_width(name), self.model.norm_options(name)
        self.positions = worded(self.options["input"].get("positions", "none"))

    def states(self):
        x, rows, read = self.input()
        result = States(rows, read)
        self.rows = rows
        blocks = self.options.get("cycle") or [self.options["block"]]
        for layer in range(self.options["layers"]):
            result.entering.append(x)
            self.layer = layer
            for entry in blocks[layer % len(blocks)]:
                (kind, options), = worded(entry, kind="mlp").items()
                x = self.sublayer(kind, options, x)
        final = self.norm_options["final"] and self.norm_options["place"] != "after"
        result.final = self.norm(f"{self.name}.norm", x) if final else x
        return result

    # -- Parameters

    def linear(self, name, x, size, bias):
        y = x @ self.model.parameter(f"{name}.weight", size, x.shape[-1]).T
        return y + self.model.parameter(f"{name}.bias", size) if bias else y

    def norm(self, name, x):
        options = self.norm_options
        return self.scaled(name, layers.normalised(options["kind"], x, options["epsilon"]), options["weight_offset"],
                           options["bias"])

    def scaled(self, name, x, offset, bias):
        x = x * (self.model.parameter(f"{name}.weight", x.shape[-1]) + offset)
        return x + self.model.parameter(f"{name}.bias", x.shape[-1]) if bias else x

    # -- Input

    def first_position(self):
        """What the rows' positions begin with: a number for each sequence."""
        behind = self.positions.get("behind")
        return self.evaluation.states(behind).read.lengths if behind else 0

    def own_rows(self, lengths, count):
        """All rows of the stack, and those that are read: not a prefix's."""
        if "prefix" not in self.options:
            rows = Rows(lengths, count, self.first_position())
            return rows, rows
        before = torch.tensor([len(row) for row in self.evaluation.inputs[self.options["prefix"]]])
        behind = lengths - before
        return Rows(lengths, count, prefix=before), Rows(behind, int(behind.max()), before)

    def input(self):
        entry, prefix = self.options["input"], f"{self.name}.input"
        if "concat" in entry:
            x, rows, read = self.concatenated(entry["concat"])
        else:
            x, lengths = self.features(entry, prefix) if "features" in entry else self.embedded(entry, prefix)
            rows, read = self.own_rows(lengths, x.shape[1])
        x = x * entry.get("scale", 1.0)
        if self.positions["kind"] == "learned":
            x = x + self.learned_positions(prefix, rows)
        if self.positions["kind"] == "sinusoidal":
            x = x + layers.sinusoids(self.positions, rows.positions, self.width).to(x.dtype)
        if entry.get("types"):
            x = x + self.model.parameter(f"{prefix}.types.weight", entry["types"], self.width)[0]
        return (self.norm(f"{prefix}.norm", x) if entry.get("norm") else x), rows, read

    def learned_positions(self, prefix, rows):
        check_keys(f"{prefix}.positions", self.positions, {"kind", "length", "offset", "pad", "behind"})
        offset = self.positions.get("offset", 0)
        table = self.model.parameter(f"{prefix}.positions.weight", offset + self.positions["length"], self.width)
        numbers = rows.positions + offset
        if "pad" in self.positions:
            counted = self.ids != self.positions["pad"]
            numbers = torch.where(counted, counted.cumsum(1) - 1 + offset, offset - 1)
        # Where no row is, the table may end.
        return table[numbers.clamp(max=len(table) - 1)]

    def embedded(self, entry, prefix):
        given = self.evaluation.inputs[self.name]
        if "prefix" in self.options:
            given = [[*before, *row] for before, row in zip(self.evaluation.inputs[self.options["prefix"]], given, strict=True)]
        lengths = torch.tensor([len(row) for row in given])
        ids = torch.zeros(len(given), int(lengths.max()), dtype=torch.int64)
        for row, tokens in zip(ids, given):
            row[:len(tokens)] = torch.as_tensor(tokens, dtype=torch.int64)
        self.ids = ids
        x = self.model.parameter(f"{prefix}.tokens.weight", entry["vocab"], self.width)[ids]
        if entry.get("first", "token") == "zeros":
            x = torch.cat([torch.zeros_like(x[:, :1]), x[:, 1:]], 1)
        return x, lengths

    def features(self, entry, prefix):
        given = [torch.as_tensor(rows, dtype=self.model.dtype).reshape(len(rows), entry["features"])
                 for rows in self.evaluation.inputs[self.name]]
        lengths = torch.tensor([len(rows) for rows in given])
        x = torch.nn.utils.rnn.pad_sequence(given, batch_first=True)
        for number, options in enumerate(entry.get("convolutions") or []):
            name, channels = f"{prefix}.convolutions.{number}", options["channels"]
            weight = self.model.parameter(f"{name}.weight", channels, x.shape[-1] * options["kernel"])
            bias = self.model.parameter(f"{name}.bias", channels) if options.get("bias", True) else None
            x, lengths = layers.convolved(x, lengths, weight, bias, options)
        return x, lengths

    def concatenated(self, names):
        parts = [self.evaluation.states(name) for name in names]
        last = parts[-1].read
        read = Rows(last.lengths, last.there.shape[1])
        return torch.cat([part.of_read(part.final) for part in parts], 1), Rows.joined([part.read for part in parts]), read

    # -- Sublayers

    def sublayer(self, kind, options, x):
        prefix, place = f"{self.name}.layers.{self.layer}.", self.norm_options["place"]
        name = prefix + options.get("name", kind)
        if kind == "parallel":
            return x + self.parallel(options, prefix, name, x)
        apply = getattr(self, kind)
        if place == "after":
            return self.norm(f"{name}.norm", x + apply(name, options, x))
        y = apply(name, options, self.norm(f"{name}.norm", x))
        return x + (self.norm(f"{name}.norm_after", y) if place == "both" else y)

    def parallel(self, options, prefix, name, x):
        one = options.get("norm", "one") == "one"
        shared = self.norm(f"{name}.norm", x) if one else None
        total = 0
        for entry in options["block"]:
            (kind, inner), = worded(entry, kind="mlp").items()
            inner_name = prefix + inner.get("name", kind)
            total = total + getattr(self, kind)(inner_name, inner, shared if one else self.norm(f"{inner_name}.norm", x))
        return total

    def mlp(self, name, options, x):
        check_keys(name, options, {"hidden", "activation", "gated", "bias", "name"})
        activation, bias = layers.ACTIVATIONS[options.get("activation", "gelu")], options.get("bias", True)
        up = self.linear(f"{name}.up", x, options["hidden"], bias)
        if options.get("gated"):
            up = activation(self.linear(f"{name}.gate", x, options["hidden"], bias)) * up
        else:
            up = activation(up)
        return self.linear(f"{name}.down", up, self.width, bias)

    def convolution(self, name, options, x):
        check_keys(name, options, {"kernel", "hidden", "activation", "causal", "bias", "name"})
        kernel, hidden, bias = options["kernel"], options["hidden"], options.get("bias", True)
        weight = self.model.parameter(f"{name}.depthwise.weight", kernel, self.width)
        x = layers.mixed(torch.where(self.rows.there[..., None], x, 0), weight, options.get("causal", True))
        gate = layers.ACTIVATIONS[options.get("activation", "sigmoid")](self.linear(f"{name}.gate", x, hidden, bias))
        return self.linear(f"{name}.down", gate * self.linear(f"{name}.up", x, hidden, bias), self.width, bias)

    def ssru(self, name, options, x):
        check_keys(name, options, {"bias", "input_bias", "activation", "name"})
        forget = torch.sigmoid(self.linear(f"{name}.forget", x, self.width, options.get("bias", True)))
        new = self.linear(f"{name}.input", x, self.width, options.get("input_bias", False))
        return layers.ACTIVATIONS[options.get("activation", "relu")](layers.recurrence(forget, new))

    def attention(self, name, options, x):
        check_keys(name, options, ATTENTION_KEYS)
        return Attention(self, name, options).output(x)


class Attention:
    def __init__(self, stack, name, options):
        self.stack, self.model, self.name, self.options = stack, stack.model, name, options
        self.heads = options["heads"]
        self.key_heads = options.get("kv_heads", self.heads)
        self.size = options.get("head_size", stack.width // self.heads)
        named = options.get("from", [])
        self.sources = [{"source": options.get("source", "final")} | worded(source, kind="stack")
                        for source in (named if isinstance(named, list) else [named])]
        self.own = not self.sources or options.get("merge", "cross") == "joint"
        # What an attention's own leave out has a default, whatever the stack's positions say.
        positions = {"kind": "rotary"} | worded(options["rotary"]) if "rotary" in options else stack.positions
        self.rotary = positions if self.own and positions["kind"] == "rotary" else None

    def heads_of(self, x, heads):
        return x.reshape(*x.shape[:2], heads, self.size).transpose(1, 2)

    def query_key_norm(self, name, x):
        """`x` is [batch, length, heads · size]."""
        options = self.options.get("query_key_norm")
        if not options:
            return x
        across = options.get("over", "head") == "all"
        y = x if across else x.unflatten(-1, (x.shape[-1] // self.size, self.size))
        y = layers.normalised(options["kind"], y, options.get("epsilon", 1e-6))
        bias = options["kind"] == "layernorm" and options.get("bias", True)
        return self.stack.scaled(name, y, options.get("weight_offset", 0), bias).reshape(x.shape)

    def source_states(self, source):
        """What keys and values are made of, and its rows."""
        check_keys(f"{self.name}.from", source, {"stack", "source"})
        found, which = self.stack.evaluation.states(source["stack"]), source["source"]
        if which == "final":
            return found.of_read(found.final), found.read
        layer = self.stack.layer if which == "same-layer" else which["layers"][self.stack.layer]
        state = found.of_read(found.entering[layer])
        if self.stack.norm_options["place"] != "after":
            state = self.stack.norm(f"{self.name}.{source['stack']}.norm", state)
        return state, found.read

    def keys_and_values(self, name, states, rows):
        bias, count = self.options.get("bias", True), self.key_heads * self.size
        key_bias = bias and self.options.get("key_bias", True)
        key = self.query_key_norm(f"{name}.key_norm", self.stack.linear(f"{name}.key", states, count, key_bias))
        key, value = (self.heads_of(x, self.key_heads) for x in (key, self.stack.linear(f"{name}.value", states, count, bias)))
        return (layers.turned(key, self.rotary, rows.positions) if self.rotary else key), value

    def segments(self, x):
        """Keys, values, rows and the number of the segment of each row, of all segments one after the other."""
        several = len(self.sources) + self.own > 1
        keys, values, rows, numbers = [], [], [], []
        for number, source in enumerate(self.sources):
            states, there = self.source_states(source)
            name = f"{self.name}.{source['stack']}" if several else self.name
            key, value = self.keys_and_values(name, states, there)
            keys, values, rows = [*keys, key], [*values, value], [*rows, there]
            numbers.append(torch.full_like(there.parts, number))
        if self.own:
            key, value = self.keys_and_values(self.name, x, self.stack.rows)
            keys, values, rows = [*keys, key], [*values, value], [*rows, self.stack.rows]
            numbers.append(self.stack.rows.parts + len(self.sources))
        return torch.cat(keys, 2), torch.cat(values, 2), rows, torch.cat(numbers)

    def output(self, x):
        query = self.stack.linear(f"{self.name}.query", x, self.heads * self.size, self.options.get("bias", True))
        query = self.heads_of(self.query_key_norm(f"{self.name}.query_norm", query), self.heads)
        if self.rotary:
            query = layers.turned(query, self.rotary, self.stack.rows.positions)
        keys, values, rows, numbers = self.segments(x)
        keys, values = (t.repeat_interleave(self.heads // self.key_heads, 1) for t in (keys, values))
        scores = query @ keys.transpose(-1, -2) * self.options.get("scale", 1 / math.sqrt(self.size))
        own = self.stack.rows
        variables = {
            "q": own.positions[:, None, :, None],
            "k": torch.cat([segment.positions for segment in rows], 1)[:, None, None, :],
            "h": torch.arange(self.heads)[None, :, None, None],
            "b": torch.arange(x.shape[0])[:, None, None, None],
            "segment": numbers[None, None, None, :],
            # Behind those of the sources, also where the own keys are not among them.
            "query_segment": (own.parts + len(self.sources))[None, None, :, None],
        }
        there = torch.cat([segment.there for segment in rows], 1)[:, None, None, :]
        seen = there & self.sees(variables)
        scores = torch.where(seen, self.score(scores, variables), -math.inf)
        # A query that sees no key gets zeros.
        weights = torch.softmax(torch.where(seen.any(-1, keepdim=True), scores, 0.0), -1) * seen
        mixed = (weights @ values).transpose(1, 2).flatten(2)
        return self.stack.linear(f"{self.name}.output", mixed, self.stack.width, self.options.get("output_bias", True))

    def own_keys(self, variables):
        """Those that words as masks are about: with `cross` and in a concatenation all."""
        return variables["segment"] >= (len(self.sources) if self.own else 0)

    def sees(self, variables):
        """Which keys each query sees: rows of a prefix by a mask of their own, and of these alone."""
        mask = self.options.get("mask", "none")
        seen, prefix = self.mask(mask, variables), self.stack.rows.prefix
        if isinstance(prefix, int):
            return seen
        q, k, prefix = variables["q"], variables["k"], prefix[:, None, None, None]
        return torch.where(q < prefix, (k < prefix) & self.mask(self.options.get("prefix_mask", mask), variables), seen)

    def mask(self, mask, variables):
        q, k = variables["q"], variables["k"]
        if mask == "none":
            return torch.ones_like(k, dtype=torch.bool)
        others = ~self.own_keys(variables)
        if mask == "causal":
            return others | (k <= q)
        if isinstance(mask, str):
            return expression(mask)(variables, self.model.dtype, self.tables())
        (word, value), = mask.items()
        if word == "window":
            return others | (k <= q) & (q - k < value)
        if word == "prefix" and isinstance(value, int):
            return others | (k <= q) | (k < value)
        if word == "prefix":
            names = self.stack.options["input"].get("concat") or [source["stack"] for source in self.sources]
            return others | (variables["segment"] <= names.index(value)) | (k <= q)
        raise ValueError(f"{self.name}: mask {mask!r}")

    def score(self, scores, variables):
        score, dtype = self.options.get("score"), self.model.dtype
        if score is None:
            return scores
        if score == "alibi":
            slopes = layers.alibi_slopes(self.heads).to(dtype)[None, :, None, None]
            return scores + slopes * (variables["k"] - variables["q"])
        if isinstance(score, str):
            return expression(score)(variables | {"s": scores}, dtype, self.tables())
        (word, value), = score.items()
        if word == "softcap":
            return value * torch.tanh(scores / value)
        if word == "relative" and not self.sources:
            value = value or {}
            table = self.model.parameter(f"{self.name}.relative.weight", value.get("buckets", 32), self.heads)
            bidirectional = value.get("bidirectional", self.options.get("mask", "none") == "none")
            chosen = table[layers.relative_buckets(value, variables["k"] - variables["q"], bidirectional)[:, 0]]
            return scores + chosen.permute(0, 3, 1, 2)
        raise ValueError(f"{self.name}: score {score!r}")

    def tables(self):
        return [self.model.parameter(f"{self.name}.table{number}.weight", *shape)
                for number, shape in enumerate(self.options.get("tables") or [])]
