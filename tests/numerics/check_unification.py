#!/usr/bin/env python3
"""Two stacks that are one decoder: random ones become one, which says the same and is no larger; those with one knob off stay two.

check_unification.py TENON RUNTIME [--seed S] [--count N [--compiled C]] [--misses M] [--unseen U] [--target T] [--keep DIR]

Of each of N pairs (oracles/twin_stacks.py) model IR is that of the one stack behind the pass. Of C of them (all, where it is not given)
the two stacks are compiled, unified and with --no-unify, and the one, all with the same weights. What they say of every token must be
the same, from one prefill and token by token, and the unified library must not have more kernels, bytes of weights, or bytes of cache
for a token, than the one stack's. Where rows of the source see each other by a mask of their own, the one stack is a prefix-LM, and
says what one that is read as a whole says. Of each of M near misses model IR is looked at. U decoders with attentions that do not see
one of their sources, or themselves, say the same without them. Needs nothing but Python.

Each compiled model may be off by twice what float32 is off, as in check_space.py; here that is twice the largest change in what the one
stack says, of two times that each weight is moved by a unit in the last place. Two of them may differ by both."""

import argparse
import array
import json
import math
import pathlib
import random
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
from check_goldens import run  # noqa: E402
from space_runtime import SpaceModel  # noqa: E402
from spec_parameters import write_safetensors  # noqa: E402
from tenon_structs import Calls  # noqa: E402
from twin_stacks import random_miss, random_twins  # noqa: E402
from unseen_keys import random_unseen  # noqa: E402

GROUP = 100  # Pairs whose sizes are the same.
HALF_UNIT = 2.0 ** -24


# -- Model IR


def parameters(text):
    """Names and shapes."""
    found = {}
    for name, shape, layers in re.findall(r'tenon\.parameter @"?([\w.*]+)"? \[([\d, ]+)\](?: layers (\d+))?', text):
        sizes = [int(size) for size in shape.split(",")]
        found |= {name.replace("*", str(layer)): sizes for layer in range(int(layers or 1))}
    return found


class Tools:
    def __init__(self, arguments):
        self.tenon, self.runtime = pathlib.Path(arguments.tenon), Calls(arguments.runtime)
        self.options = ["--jobs", 1, *(["--target", arguments.target] if arguments.target else [])]

    def model_ir(self, folder, spec):
        """The model as written, bound to its parameters, and as the pass leaves it, with what it remarks."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.yaml").write_text(json.dumps(spec))
        run([self.tenon, "compile", folder / "model.yaml", "--emit", "model", "-o", folder / "model.mlir"])
        passes = [self.tenon.with_name("tenon-opt"), folder / "model.mlir", "--tenon-bind-parameters"]
        bound = run(passes)
        passes += ["--tenon-drop-unseen-keys", "--tenon-unify-stacks"]
        done = subprocess.run([str(part) for part in passes], capture_output=True, encoding="utf-8", check=True)
        return bound, done.stdout, re.findall(r"remark: (.*)", done.stderr)

    def compiled(self, folder, spec, tensors, options=()):
        if folder.name != "moved" and (folder / "model.so").exists():
            return folder / "model.so"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "model.yaml").write_text(json.dumps(spec | {"weights": "model.safetensors"}))
        write_safetensors(folder / "model.safetensors", tensors)
        run([self.tenon, "compile", folder / "model.yaml", "-o", folder / "model.so", *self.options, *options])
        return folder / "model.so"


def stacks_of(text):
    return re.findall(r"tenon\.stack @(\w+)", text)


def expect(condition, what):
    if not condition:
        raise ValueError(what)


# -- Weights


def random_tensors(names, seed):
    """What trained models have, by the name within a stack, so that a parameter of one stack is that of its twin."""
    tensors = {}
    for name, shape in names.items():
        within = name if name.startswith("head") else name.split(".", 1)[1]
        rng, parts = random.Random(f"{seed} {within}"), name.split(".")
        norm = any("norm" in part for part in parts)
        scale = 0.2 if norm or parts[-1] == "bias" else 0.7 if parts[1] == "input" else 1.2 / shape[-1] ** 0.5
        middle = 1 if norm and parts[-1] == "weight" else 0
        tensors[name] = shape, array.array("f", [rng.gauss(middle, scale) for _ in range(math.prod(shape))])
    return tensors


def moved(tensors, draw):
    """Each number by a unit in the last place, which way the draw decides."""
    rng, result = random.Random(draw), {}
    for name, (shape, numbers) in tensors.items():
        bits = array.array("i", numbers.tobytes())
        # Of no number the bits end in all zeros or all ones.
        changed = array.array("i", [one + rng.choice((-1, 1)) if one & 0x7fffffff else one for one in bits])
        result[name] = shape, array.array("f", changed.tobytes())
    return result


# -- What models say


def token_by_token(model, inputs, first=2):
    """Of the decoder's tokens, all but the `first` one after the other."""
    sessions = model.sessions(inputs)
    rows = [list(model.score(session, tokens[:first], "logits")) for session, tokens in zip(sessions, inputs["decoder"])]
    for step in range(first, max(map(len, inputs["decoder"]))):
        live = [row for row, tokens in enumerate(inputs["decoder"]) if step < len(tokens)]
        for row, scores in zip(live, model.decode([sessions[row] for row in live], [inputs["decoder"][row][step] for row in live])):
            rows[row].append(scores)
    model.end(sessions)
    return rows


def prefilled(model, inputs, kind="logits"):
    sessions = model.sessions(inputs)
    rows = [model.score(session, tokens, kind) for session, tokens in zip(sessions, inputs["decoder"])]
    model.end(sessions)
    return rows


def encoded(model, inputs):
    """The hidden states of a stack that is read as a whole, without what fills up its rows."""
    (entry, _), = model.encoders()
    return [states[:len(row)] for states, row in zip(model.encode(entry, inputs), inputs["decoder"])]


def difference(rows, others):
    """The largest, of rows whose tokens end together; infinite where it is no number."""
    worst = 0.0
    for one, other in zip(rows, others, strict=True):
        count = min(len(one), len(other))
        for left, right in zip(one[len(one) - count:], other[len(other) - count:], strict=True):
            for a, b in zip(left, right, strict=True):
                worst = max(worst, abs(a - b) if a - b == a - b else math.inf)
    return worst


def largest(rows):
    return max(abs(number) for row in rows for token in row for number in token)


class Comparison:
    """What several models say of the same, each compiled in a folder of its own."""

    def __init__(self, tools, scratch):
        self.tools, self.scratch = tools, scratch

    def said(self, name, spec, tensors, say, options=()):
        model = SpaceModel(self.tools.runtime, self.tools.compiled(self.scratch / name, spec, tensors, options))
        try:
            return say(model)
        finally:
            model.close()

    def allowed(self, name, spec, tensors, say, options=()):
        """What two models may differ by that say what this one does."""
        rows = self.said(name, spec, tensors, say, options)
        changes = [self.said("moved", spec, moved(tensors, draw), say, options) for draw in (1, 2)]
        return 4 * max(HALF_UNIT * largest(rows), *[difference(rows, changed) for changed in changes])

    def check(self, rows, others, allowed):
        """`others` by what they are; the largest difference as a part of what is allowed."""
        expect(allowed < 0.02 * largest(rows), f"{allowed:.3g} is allowed of what is {largest(rows):.3g} at most")
        worst = 0.0
        for what, other in others.items():
            error = difference(rows, other)
            expect(error <= allowed, f"{what}: differs by {error:.3g}, allowed {allowed:.3g}, largest {largest(rows):.3g}")
            worst = max(worst, error / allowed)
        return worst

    def calls(self, name, options):
        """Kernels by each place that calls one: what is less to do may need a shape of its own, and so a kernel more."""
        run([self.tools.tenon, "compile", self.scratch / name / "model.yaml", "--emit", "kernel", *options,
             "-o", self.scratch / name / "kernel.mlir"])
        return (self.scratch / name / "kernel.mlir").read_text().count("tenon.kernel \"")

    def size(self, name):
        """Kernels, bytes of weights, and bytes that are kept of sixteen tokens."""
        library = json.loads(run([self.tools.tenon, "inspect", self.scratch / name / "model.so", "--json"]))
        entry, = [entry for entry in library["entries"] if entry["name"] == "prefill"]
        kept = [math.prod(size for size in state["shape"] if not isinstance(size, str)) for state in entry["states"]]
        return {"kernels": len(library["kernels"]), "bytes of weights": library["weights"]["bytes"], "bytes of a page": 4 * sum(kept)}


def random_rows(rng, vocab, lengths):
    return [[rng.randrange(vocab) for _ in range(length)] for length in lengths]


# -- Two stacks that are one


def same_words(text):
    """A model's IR but for who has which name: its parameters, in some order, and all else."""
    text = re.sub(r'module attributes .*|, prefix = "encoder"|prefix = "encoder", ', "", text).replace("encoder.", "decoder.")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return sorted(line for line in lines if "tenon.parameter" in line), [line for line in lines if "tenon.parameter" not in line]


def check_pair(tools, scratch, seed, compiles=True):
    rng = random.Random(f"twins {seed}")
    twins = random_twins(rng, random.Random(f"sizes {seed // GROUP}"))
    bound, unified, remarks = tools.model_ir(scratch / "ir", twins.two)
    expect(stacks_of(bound) == ["encoder", "decoder"], f"expected two stacks in the spec, found {stacks_of(bound)}")
    expect(stacks_of(unified) == ["decoder"], f"expected one stack behind the pass, found {stacks_of(unified)}")
    expect(len(remarks) == 1 and "are one decoder" in remarks[0], f"expected a remark, found {remarks}")
    expect(("prefix_mask" in unified) == bool(twins.prefix_mask), "the mask of the prefix")
    written = tools.model_ir(scratch / "ir", twins.one)[0]
    # So that kernels, weights, caches and entry points are the same too.
    for left, right in zip(same_words(unified), same_words(written)):
        expect(left == right, "behind the pass, and as one stack:\n" + "\n".join(sorted(set(left) ^ set(right))))
    if not compiles:
        return "one stack"
    names = parameters(written)
    two, one = random_tensors(parameters(bound), seed), random_tensors(names, seed)
    comparison = Comparison(tools, scratch)
    vocab, length = twins.one["stacks"]["decoder"]["input"]["vocab"], rng.choice([1, 4, 16, 17, 30])
    sources = random_rows(rng, vocab, [length if twins.prefix_mask else rng.choice([1, 5, 16, 33]) for _ in range(3)])
    rows = random_rows(rng, vocab, [rng.choice([2, 7, 17, 40]) for _ in range(3)])
    apart, together = {"encoder": sources, "decoder": rows}, {"decoder": [a + b for a, b in zip(sources, rows)]}

    said = comparison.said("two", twins.two, two, lambda model: prefilled(model, apart), ["--no-unify"])
    given = apart if twins.prefix_mask else together
    allowed = comparison.allowed("one", twins.one, one, lambda model: prefilled(model, given))
    worst = comparison.check(said, {
        "unified": comparison.said("unified", twins.two, two, lambda model: prefilled(model, apart)),
        "one stack": comparison.said("one", twins.one, one, lambda model: prefilled(model, given)),
        "token by token": comparison.said("unified", twins.two, two, lambda model: token_by_token(model, apart))}, allowed)
    if twins.prefix_mask:
        worst = max(worst, check_whole(comparison, twins, two, one, apart, together))
    found, most = comparison.size("unified"), comparison.size("one")
    for what, size in found.items():
        expect(size <= most[what], f"{what}: {size}, where the one stack has {most[what]}")
    return f"one {'prefix-LM' if twins.prefix_mask else 'decoder'}, {worst:.2f} of what is allowed"


def check_whole(comparison, twins, two, one, apart, together):
    """Against one stack that is read as a whole, whose mask knows how long the prefix is."""
    spec = twins.whole(len(apart["encoder"][0]))
    one = {name: tensor for name, tensor in one.items() if not name.startswith("head")}
    found = comparison.said("unified", twins.two, two, lambda model: prefilled(model, apart, "hidden"))
    whole = comparison.said("whole", spec, one, lambda model: encoded(model, together))
    return comparison.check(found, {"read as a whole": whole},
                            comparison.allowed("whole", spec, one, lambda model: encoded(model, together)))


def check_miss(tools, scratch, seed):
    """A pair with one knob off."""
    rng = random.Random(f"miss {seed}")
    twins = random_twins(rng)
    names = [re.sub(r"\.layers\.\d+\.", ".layers.*.", name) for name in parameters(tools.model_ir(scratch, twins.one)[0])]
    expect(stacks_of(tools.model_ir(scratch, twins.two)[1]) == ["decoder"], "expected one stack before a knob is turned")
    what, spec = random_miss(rng, twins.two, sorted(set(names)))
    written, left, remarks = tools.model_ir(scratch, spec)
    expect(stacks_of(written) == stacks_of(left), f"{what}: expected {stacks_of(written)} behind the pass, found {stacks_of(left)}")
    expect(not remarks, f"{what}: expected no remark, found {remarks}")
    return f"left alone, {what}"


# -- Keys that no query sees


def check_unseen(tools, scratch, seed):
    rng = random.Random(f"unseen {seed}")
    spec, kept, own = random_unseen(rng, random.Random(f"sizes {seed // GROUP}"))
    bound, reduced, remarks = tools.model_ir(scratch / "ir", spec)
    expect("sees no key" in " ".join(remarks), f"expected a remark, found {remarks}")
    expect(stacks_of(reduced) == [name for name in spec["stacks"] if name in [*(kept or []), "decoder"]],
           f"expected the sources {kept}, found {stacks_of(reduced)}")
    attention = re.search(r'attention_layer "about".*', reduced)
    expect(bool(attention) == (kept is not None), "whether the attention is there")
    if attention:
        expect(("value.weight" in re.findall(r"[{ ]([\w.]+) = @", attention[0])) == (own or len(kept) == 1), "its own values")
    comparison, tensors = Comparison(tools, scratch), random_tensors(parameters(bound), seed)
    inputs = {name: random_rows(rng, stack["input"]["vocab"], [rng.choice([1, 5, 17, 33]) for _ in range(3)])
              for name, stack in spec["stacks"].items()}

    def say(model):
        return prefilled(model, inputs)

    said = comparison.said("two", spec, tensors, say, ["--no-unify"])
    worst = comparison.check(said, {
        "reduced": comparison.said("reduced", spec, tensors, say),
        "token by token": comparison.said("reduced", spec, tensors, lambda model: token_by_token(model, inputs, 1))},
        comparison.allowed("two", spec, tensors, say, ["--no-unify"]))
    found, before = [comparison.size(name) | {"kernels": comparison.calls(name, options)}
                     for name, options in (("reduced", ()), ("two", ["--no-unify"]))]
    for what, size in found.items():
        expect(size <= before[what], f"{what}: more than before")
    return f"takes keys from {kept}, {worst:.2f} of what is allowed"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("runtime", help="libtenon_rt.so")
    parser.add_argument("--seed", type=int, default=1, help="of the first pair, and of the first near miss")
    parser.add_argument("--count", type=int, default=20, help="pairs")
    parser.add_argument("--compiled", type=int, help="so many of them are compiled; all")
    parser.add_argument("--misses", type=int, default=20, help="near misses")
    parser.add_argument("--unseen", type=int, default=10, help="decoders that do not see all of their sources")
    parser.add_argument("--target")
    parser.add_argument("--keep", help="a directory for what does not hold")
    arguments = parser.parse_args()
    tools, problems = Tools(arguments), 0
    compiled = arguments.seed + (arguments.count if arguments.compiled is None else arguments.compiled)
    checks = (("pair", lambda *what: check_pair(*what, compiles=what[2] < compiled), arguments.count),
              ("miss", check_miss, arguments.misses), ("unseen", check_unseen, arguments.unseen))
    for kind, check, count in checks:
        for seed in range(arguments.seed, arguments.seed + count):
            with tempfile.TemporaryDirectory() as scratch:
                try:
                    print(f"{kind} {seed}: {check(tools, pathlib.Path(scratch), seed)}", flush=True)
                except (RuntimeError, ValueError, subprocess.CalledProcessError) as error:
                    problems += 1
                    print(f"{kind} {seed}: {error}{getattr(error, 'stderr', '')}", flush=True)
                    if arguments.keep:
                        shutil.copytree(scratch, pathlib.Path(arguments.keep) / f"{kind}-{seed}", dirs_exist_ok=True)
    print(f"{arguments.count} pairs, {arguments.misses} near misses, {arguments.unseen} with keys unseen: {problems} with problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
