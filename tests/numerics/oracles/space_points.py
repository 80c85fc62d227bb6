"""Random points of the space of specs: what each is, and what is asked of its compiled library. Needs nothing but Python.

What a library says is compared with expectations, which have `compare(what, row, found, first)`: of a row's tokens from `first` on.
It gives the error as a part of what is allowed and raises ValueError beyond."""

import json
import random
import struct

from check_goldens import run
from spec_drawer import sublayers_of
from spec_parameters import random_tensors, sources_of, write_safetensors
import space_specs

LENGTHS = [0, 1, 2, 3, 7, 15, 16, 17, 23, 31, 32, 33, 40]
ROUNDINGS = 5e-5  # Of the largest number: a few hundred of float32, one upon the other.


class Refused(Exception):
    """The compiler does not take the spec."""


class Point:
    """Follows from its number. `alike` points after each other have the same sizes, so that they share kernels."""

    def __init__(self, seed, alike=50):
        self.seed, rng = seed, random.Random(seed)
        self.spec = space_specs.random_spec(rng, random.Random(f"sizes {seed // alike}"))
        self.knobs = space_specs.knobs_of(self.spec)
        self.inputs = random_inputs(rng, self.spec)
        self.rng = rng

    def write(self, folder):
        """Its spec and weights; these are returned."""
        tensors = random_tensors(self.spec, self.seed)
        write(folder, self.spec, tensors)
        return tensors


def random_inputs(rng, spec):
    """Rows of every stack that reads some, and of what stands before them: there may be none of what is only a source."""
    count, inputs = rng.randint(1, 4), {}
    for name, stack in spec["stacks"].items():
        entry = stack["input"]
        if "concat" in entry:
            continue
        lengths = [max(rng.choice(LENGTHS), 0 if may_be_empty(spec, name) else 1) for _ in range(count)]
        if "vocab" in entry:
            inputs[name] = [[rng.randrange(entry["vocab"]) for _ in range(length)] for length in lengths]
            if "prefix" in stack:
                inputs[stack["prefix"]] = [[rng.randrange(entry["vocab"]) for _ in range(rng.choice(LENGTHS))] for _ in lengths]
        else:
            inputs[name] = [[[rounded(rng.gauss(0, 1)) for _ in range(entry["features"])] for _ in range(length)] for length in lengths]
    return inputs


def sources(spec):
    """Stacks that another one reads, beside its own rows: a concatenation's own are those of its last part."""
    stacks = spec["stacks"]
    read = {source["stack"] for stack in stacks.values() for attention in sublayers_of(stack, "attention")
            for source in sources_of(attention)}
    return read | {part for stack in stacks.values() for part in stack["input"].get("concat", [])[:-1]}


def unread(spec):
    """Stacks whose states are the caller's alone."""
    last_parts = {stack["input"]["concat"][-1] for stack in spec["stacks"].values() if "concat" in stack["input"]}
    return set(spec["stacks"]) - sources(spec) - last_parts


def may_be_empty(spec, name):
    """Whether a stack is a source, and no convolution wants a row of it."""
    return (name in sources(spec) and "convolutions" not in spec["stacks"][name]["input"]
            and spec.get("pooling", {}).get("stack") != name)


def rounded(number):
    return struct.unpack("f", struct.pack("f", number))[0]


# -- Files


def written(spec):
    """YAML: a line for each key of the model and of a stack, and for each sublayer, in which it is JSON."""
    lines = [f"{key}: {json.dumps(value)}" for key, value in spec.items() if key != "stacks"] + ["stacks:"]
    for name, stack in spec["stacks"].items():
        lines.append(f"  {name}:")
        for key, value in stack.items():
            lines += ["    block:", *(f"      - {json.dumps(one)}" for one in value)] if key == "block" else [f"    {key}: {json.dumps(value)}"]
    return "\n".join(lines) + "\n"


def write(folder, spec, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.yaml").write_text(written(spec | {"weights": "model.safetensors"}))
    write_safetensors(folder / "model.safetensors", tensors)


def compiled(tenon, folder, options=()):
    library = folder / "model.so"
    try:
        run([tenon, "compile", folder / "model.yaml", "-o", library, "--jobs", 1, *options])
    except RuntimeError as error:
        raise Refused(str(error).split("\n", 1)[1]) from None
    return library


# -- Expectations


class AtOnce:
    """Of each row what the library first said of all of it, from one call: what it says otherwise is that but for rounding."""

    def __init__(self):
        self.rows = {}

    def compare(self, what, row, found, first=0):
        known = self.rows.setdefault(row, found)
        worst, largest = 0.0, max((abs(number) for vector in known for number in vector), default=0.0)
        for token, vector in enumerate(found):
            for one, other in zip(vector, known[first + token], strict=True):
                error = abs(one - other)
                if not error <= ROUNDINGS * max(largest, 1.0):
                    raise ValueError(f"{what}, row {row}: off by {error:.3g} at token {first + token}, largest {largest:.3g}")
                worst = max(worst, error)
        return worst / (ROUNDINGS * max(largest, 1.0))


# -- Stacks that grow


def growing_stack(spec):
    if "head" in spec:
        return spec["head"]["stack"]
    return next(name for name, stack in spec["stacks"].items() if stack.get("cache"))


def growing_part(spec, name):
    """That of a stack's rows which comes token by token."""
    entry = spec["stacks"][name]["input"]
    return growing_part(spec, entry["concat"][-1]) if "concat" in entry else name


def pieces(rng, tokens):
    parts = []
    while tokens:
        length = rng.choice([1, 2, 5, 16, 17])
        parts.append(tokens[:length])
        tokens = tokens[length:]
    return parts


def rewound(rng, model, session, length):
    """Goes back to some number of tokens, where those that a window sees are still there."""
    kept = rng.randint(0, length)
    try:
        model.rewind(session, kept)
    except RuntimeError as error:
        if "no longer kept" not in str(error):
            raise
        return length
    return kept


def check_growing(point, model, expected):
    """A prompt at once, in pieces, token by token in a batch and in the batch turned round, in a fork and after going back. The error
    as a part of what is allowed."""
    spec, rng, inputs = point.spec, point.rng, point.inputs
    kind = "logits" if "head" in spec else "hidden"
    targets = inputs[growing_part(spec, growing_stack(spec))]
    errors = []
    sessions = model.sessions(inputs)
    for row, (session, tokens) in enumerate(zip(sessions, targets)):
        errors.append(expected.compare("prefill", row, model.score(session, tokens, kind)))
        kept = rewound(rng, model, session, len(tokens))
        fork = model.fork(session)
        for what, one in (("after going back", session), ("a fork", fork)):
            if kept < len(tokens):
                errors.append(expected.compare(what, row, model.score(one, tokens[kept:], kind), kept))
        model.end([fork])
    model.end(sessions)

    sessions = model.sessions(inputs)
    for row, (session, tokens) in enumerate(zip(sessions, targets)):
        found = [scores for part in pieces(rng, tokens) for scores in model.score(session, part, kind)]
        errors.append(expected.compare("pieces", row, found))
    model.end(sessions)
    if kind == "logits":
        errors += check_order(model, inputs, targets, expected)
    return max(errors)


def check_order(model, inputs, targets, expected):
    orders = [list(range(len(targets))), list(reversed(range(len(targets))))]
    errors, bits = [], []
    for order in orders:
        turned = {name: [rows[row] for row in order] for name, rows in inputs.items()}
        found = decoded(model, turned, [targets[row] for row in order])
        for place, row in enumerate(order):
            errors.append(expected.compare("token by token", row, found[place]))
        bits.append({row: found[place] for place, row in enumerate(order)})
    if bits[0] != bits[1]:
        raise ValueError("the order of a batch changes what its rows say")
    return errors


def decoded(model, inputs, targets):
    """Scores behind every token of all rows, all sessions going on together."""
    sessions, found = model.sessions(inputs), [[] for _ in targets]
    for step in range(max(map(len, targets))):
        live = [row for row, tokens in enumerate(targets) if step < len(tokens)]
        for row, scores in zip(live, model.decode([sessions[row] for row in live], [targets[row][step] for row in live])):
            found[row].append(scores)
    model.end(sessions)
    return found


# -- Stacks that are read as a whole


def check_whole(point, model, expectation):
    """Each stack, of each row of a batch and of the row alone. `expectation(output, stack)` makes one."""
    errors = []
    for entry, stack in model.encoders():
        inputs = point.inputs
        if stack is None:
            # The others may have been dropped, where what is read of them is hidden.
            stack, = unread(point.spec)
            inputs = {stack: inputs[stack]}
        for output in model.outputs(entry):
            expected = expectation(output, stack)
            for row, rows in enumerate(model.encode(entry, inputs, output)):
                errors.append(expected.compare("batch", row, rows))
                alone = model.encode(entry, {name: [given[row]] for name, given in inputs.items()}, output)[0]
                if alone != rows[:len(alone)]:
                    raise ValueError(f"{output} of row {row} alone differs from the row in the batch")
    return max(errors)
