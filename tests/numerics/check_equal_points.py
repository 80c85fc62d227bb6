#!/usr/bin/env python3
"""Points of the space of specs that are the same function: pairs of random specs, compiled, which must say the same. Run with the
interpreter of build/oracles.

check_equal_points.py TENON RUNTIME [--seed S] [--count N] [--only RELATION...] [--target T]

N pairs of each relation below. Two compiled models may differ by what each may be off, see check_space.py."""

import argparse
import pathlib
import random
import re
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import numpy  # noqa: E402
import torch  # noqa: E402
from space_expected import Expected, as_torch  # noqa: E402
from space_points import Refused, compiled, write  # noqa: E402
from space_runtime import SpaceModel  # noqa: E402
from spec_drawer import Drawer  # noqa: E402
from spec_parameters import random_tensors  # noqa: E402
from tenon_structs import Calls  # noqa: E402

# With the same meaning for keys of every segment where positions continue.
CAUSAL_MASKS = ["k <= q", "k <= q && q - k < 5", "k <= q && (q - k) % 2 == 0", "k <= q && (k < 4 || q - k < 8)"]


class Side:
    """One of two that say the same: what `stack` makes of each row of `inputs`, from row `first` of it on."""

    def __init__(self, spec, inputs, stack, first=None, tensors=None, options=()):
        self.spec, self.inputs, self.stack, self.options = spec, inputs, stack, options
        self.first = first or [0] * max(map(len, inputs.values()))
        self.tensors = tensors

    def found(self, runtime, tenon, folder, options):
        """The compiled model's rows."""
        write(folder, self.spec, self.tensors)
        model = SpaceModel(runtime, compiled(tenon, folder, [*options, *self.options]))
        if "prefill" in model.entries:
            sessions = model.sessions(self.inputs)
            target = self.spec["stacks"][self.stack]["input"].get("concat", [self.stack])[-1]
            rows = [model.score(session, tokens, "hidden") for session, tokens in zip(sessions, self.inputs[target])]
            model.end(sessions)
        else:
            entry, = [name for name, stack in model.encoders() if stack in (self.stack, None)]
            rows = model.encode(entry, self.inputs)
        model.close()
        return [numpy.array(row, numpy.float32)[first:] for row, first in zip(rows, self.first)]


def tokens(rng, spec, stack, lengths):
    vocab = spec["stacks"][stack]["input"]["vocab"]
    return [[rng.randrange(vocab) for _ in range(length)] for length in lengths]


def model(drawer, stacks, share=(), head=None):
    spec = {"tenon": 1, "name": "point", "width": drawer.width, "stacks": stacks}
    return spec | ({"share": list(share)} if share else {}) | ({"head": {"stack": head}} if head else {})


def drawn_stack(drawer, mask, positions=None):
    """A stack of one attention and an MLP over tokens."""
    stack = {"input": drawer.token_input(drawer.width), "layers": drawer.rng.choice([1, 2, 3]), "norm": drawer.norm()}
    if positions:
        stack["input"]["positions"] = positions
    attention = drawer.attention(stack, drawer.width, [mask])
    if "score" in attention and not isinstance(attention["score"], str):
        del attention["score"]
    stack["block"] = [{"attention": attention}, {"mlp": drawer.mlp()}]
    return stack


def changed(stack, positions=None, **attention):
    """The stack with these in its first attention, and in its positions."""
    (_, options), = stack["block"][0].items()
    entry = stack["input"] | {"positions": stack["input"]["positions"] | (positions or {})}
    return stack | {"input": entry, "block": [{"attention": options | attention}, *stack["block"][1:]]}


ALL_SHARED = ["decoder = encoder", "decoder.layers.*.attention.encoder = decoder.layers.*.attention"]
BEHIND = {"behind": "encoder"}
JOINT = {"from": "encoder", "source": "same-layer", "merge": "joint"}


# -- Relations: each gives two sides


def decoder_only(rng, drawer):
    """All knobs turned: an encoder that is causal, shared with a decoder that reads its layers in one softmax and goes on behind
    it, is one stack."""
    mask = rng.choice(CAUSAL_MASKS)
    encoder = drawn_stack(drawer, mask)
    two = model(drawer, {"encoder": encoder, "decoder": changed(encoder, BEHIND, **JOINT)}, ALL_SHARED, "decoder")
    one = model(drawer, {"encoder": encoder}, head="encoder")
    return halves(rng, two, one)


def prefix_lm(rng, drawer):
    """The same with an encoder that reads in both directions is a prefix-LM."""
    encoder, length = drawn_stack(drawer, "none"), rng.choice([1, 4, 16, 17, 30])
    two = model(drawer, {"encoder": encoder, "decoder": changed(encoder, BEHIND, **JOINT, mask="causal")}, ALL_SHARED, "decoder")
    one = model(drawer, {"encoder": changed(encoder, mask={"prefix": length})})
    return halves(rng, two, one, length)


def halves(rng, two, one, length=None):
    """Sequences that `two` gets in two parts, `one` as one."""
    first = tokens(rng, one, "encoder", [length or rng.choice([0, 1, 5, 16, 33]) for _ in range(3)])
    second = tokens(rng, one, "encoder", [rng.choice([2, 7, 17, 40]) for _ in range(3)])
    whole = {"encoder": [a + b for a, b in zip(first, second)]}
    return (Side(two, {"encoder": first, "decoder": second}, "decoder"),
            Side(one, whole, "encoder", [len(a) for a in first]))


def unified(rng, drawer):
    """What is recognised as one stack says what it says as two."""
    side, _ = rng.choice([decoder_only, prefix_lm])(rng, drawer)
    return side, Side(side.spec, side.inputs, side.stack, options=["--no-unify"])


def unseen_source(rng, drawer, joint, hidden):
    """An attention to a source of which it sees nothing: since the mask says so, or since that is empty."""
    growing = hidden or rng.choice([False, True])
    encoder = drawn_stack(drawer, "none")
    decoder = drawn_stack(drawer, rng.choice(CAUSAL_MASKS))
    decoder["norm"]["place"] = rng.choice(["before", "both"] if not joint else ["before", "after", "both"])
    (_, attention), = decoder["block"][0].items()
    without = model(drawer, {"decoder": decoder}, head="decoder" if growing else None)
    if joint:
        mask = f"segment == 1 && ({attention['mask']})" if hidden else attention["mask"]
        behind = BEHIND if not hidden and rng.choice([False, True]) else None
        reader = changed(decoder, behind, **{"from": "encoder", "merge": "joint", "mask": mask})
    else:
        cross = {"heads": 1, "from": "encoder", "name": "cross", "output_bias": False} | ({"mask": "k < 0"} if hidden else {})
        if decoder["norm"]["place"] == "both":
            decoder["norm"]["bias"] = False
        reader = decoder | {"block": [decoder["block"][0], {"attention": cross}, decoder["block"][1]]}
    read = model(drawer, {"encoder": encoder, "decoder": reader}, head="decoder" if growing else None)
    rows = tokens(rng, without, "decoder", [1, 9, 35])
    lengths = [rng.choice([1, 8, 20]) if hidden else 0 for _ in rows]
    sources = tokens(rng, read, "encoder", lengths)
    return Side(read, {"encoder": sources, "decoder": rows}, "decoder"), Side(without, {"decoder": rows}, "decoder")


def empty_cross(rng, drawer):
    """Cross-attention to an empty source is none."""
    return unseen_source(rng, drawer, joint=False, hidden=False)


def empty_joint(rng, drawer):
    """A joint softmax with an empty source is self-attention."""
    return unseen_source(rng, drawer, joint=True, hidden=False)


def hidden_cross(rng, drawer):
    """Cross-attention that sees no key is none."""
    return unseen_source(rng, drawer, joint=False, hidden=True)


def hidden_joint(rng, drawer):
    """A joint softmax whose mask hides the source is self-attention."""
    return unseen_source(rng, drawer, joint=True, hidden=True)


def concatenation(rng, drawer):
    """Layers over a concatenation that see their own part alone are further layers of each part."""
    positions = {"kind": rng.choice(["none", "learned"]), "length": 160}
    encoder, decoder = (drawn_stack(drawer, mask, positions) for mask in ("none", "k <= q"))
    decoder["norm"]["final"] = decoder["norm"]["place"] == "after"
    (_, attention), = decoder["block"][0].items()
    if "k" in attention.get("score", "") and "q - k" not in attention["score"]:
        del attention["score"]  # Places in the concatenation are others.
    above = rng.choice([1, 2])
    mask = "segment == query_segment && k <= q"
    top = changed(decoder, mask=mask) | {"input": {"concat": ["encoder", "decoder"]}, "layers": above}
    joined = model(drawer, {"encoder": encoder, "decoder": decoder, "top": top})
    joined["head"] = {"stack": "top"}
    alone = model(drawer, {"decoder": decoder | {"layers": decoder["layers"] + above}}, head="decoder")
    rows = tokens(rng, alone, "decoder", [3, 17, 32])
    both = {"encoder": tokens(rng, joined, "encoder", [5, 33, 16]), "decoder": rows}
    tensors = random_tensors(joined)
    below = decoder["layers"]
    renamed = {re.sub(r"^top\.layers\.(\d+)", lambda found: f"decoder.layers.{int(found[1]) + below}", name): tensor
               for name, tensor in tensors.items() if not name.startswith("encoder")}
    renamed = {re.sub(r"^top\.norm", "decoder.norm", name): tensor for name, tensor in renamed.items()}
    return Side(joined, both, "top", tensors=tensors), Side(alone, {"decoder": rows}, "decoder", tensors=renamed)


RELATIONS = {"decoder-only": decoder_only, "prefix-lm": prefix_lm, "unified": unified, "empty-cross": empty_cross, "empty-joint": empty_joint,
             "hidden-cross": hidden_cross, "hidden-joint": hidden_joint, "concatenation": concatenation}


def check(arguments, relation, seed):
    rng = random.Random(f"{relation} {seed}")
    sides = RELATIONS[relation](rng, Drawer(rng))
    exact, allowed = [], 0.0
    for side in sides:
        side.tensors = side.tensors or random_tensors(side.spec, seed)
        expected = Expected(side.spec, as_torch(side.tensors), side.inputs, "hidden", side.stack)
        allowed += expected.allowed
        exact.append([rows[first:] for rows, first in zip(expected.exact, side.first)])
    compare("in float64", exact, 1e-9)
    with tempfile.TemporaryDirectory() as scratch:
        options = ["--target", arguments.target] if arguments.target else []
        rows = [side.found(Calls(arguments.runtime), arguments.tenon, pathlib.Path(scratch) / str(number), options)
                for number, side in enumerate(sides)]
    return compare("compiled", rows, allowed)


def compare(what, sides, allowed):
    worst = 0.0
    for row, (one, other) in enumerate(zip(*sides)):
        count = min(len(one), len(other))
        error = float(numpy.abs(one[:count] - other[:count]).max(initial=0.0))
        if not error <= allowed:
            raise ValueError(f"{what}, row {row}: the two differ by {error:.3g}, allowed {allowed:.3g}")
        worst = max(worst, error / allowed)
    return worst


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("runtime", help="libtenon_rt.so")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--count", type=int, default=5, help="pairs of each relation")
    parser.add_argument("--only", nargs="*", default=list(RELATIONS), choices=list(RELATIONS), metavar="RELATION")
    parser.add_argument("--target")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    problems, count = 0, 0
    for relation in arguments.only:
        for seed in range(arguments.seed, arguments.seed + arguments.count):
            count += 1
            try:
                print(f"{relation} {seed}: same, {check(arguments, relation, seed):.2f} of what is allowed", flush=True)
            except (Refused, RuntimeError, ValueError, KeyError) as error:
                problems += 1
                print(f"{relation} {seed}: {type(error).__name__}: {error}", flush=True)
    print(f"{count} pairs, {problems} with problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
