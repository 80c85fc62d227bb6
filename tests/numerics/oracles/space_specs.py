"""Random legal specs: stacks that read each other in every way that docs/spec.md allows, of awkward sizes.

`random_spec(rng)` gives the YAML as Python data; `knobs_of(spec)` says which of the choices between the poles it has."""

import re

from spec_drawer import WHOLE, Drawer
from spec_model import Model
from spec_shares import RandomTensors, Shares
from spec_words import worded


def twin(rng, sizes=None):
    """A decoder that is its encoder again, but for what it attends to, which can be one with it."""
    drawer = Drawer(rng, sizes)
    drawer.stack("encoder", [])
    encoder = drawer.stacks["encoder"]
    encoder["input"] = drawer.token_input(drawer.width)
    attention = drawer.attention(encoder, drawer.width, ["none", "causal"])
    encoder["block"] = [{"attention": attention}, {"mlp": drawer.mlp()}]
    source = {"from": "encoder", "source": rng.choice(["final", "same-layer"])}
    positions = dict(encoder["input"]["positions"]) | ({"behind": "encoder"} if drawer.maybe(0.7) else {})
    decoder = dict(encoder) | {"input": encoder["input"] | {"positions": positions}}
    joint = {"attention": attention | source | {"mask": "causal", "merge": "joint"}}
    if drawer.maybe(0.5):
        decoder["block"] = [joint, encoder["block"][1]]
    else:
        cross = {"attention": attention | source | {"mask": "none", "name": "cross"}}
        decoder["block"] = [{"attention": attention | {"mask": "causal"}}, cross, encoder["block"][1]]
    spec = {"tenon": 1, "name": "point", "width": drawer.width, "stacks": {"encoder": encoder, "decoder": decoder},
            "head": {"stack": "decoder"}}
    return spec


# -- What is one with what


def stack_inputs(spec):
    """Rows of two for every stack that reads some, with which each parameter is asked for."""
    inputs = {}
    for name, stack in spec["stacks"].items():
        if "vocab" in stack["input"]:
            inputs[name] = [[0, 1]]
        elif "features" in stack["input"]:
            inputs[name] = [[[0.0] * stack["input"]["features"]] * 2]
    return inputs


def parameters(spec, seed=0):
    """Random tensors for all of them."""
    tensors = RandomTensors(seed)
    evaluation = Model(spec, tensors).run(stack_inputs(spec))
    for name in spec["stacks"]:
        evaluation.hidden(name)
    if "head" in spec:
        evaluation.logits()
    return tensors


def share_candidates(rng, names):
    """Rules whose sides are both there, of every kind."""
    starred = sorted({re.sub(r"\.layers\.\d+\.", ".layers.*.", name) for name in names})
    prefixes = sorted({".".join(name.split(".")[:length]) for name in starred for length in range(1, name.count(".") + 1)})
    groups = [prefix for prefix in prefixes if prefix.split(".")[-1] not in ("layers", "input")]
    rules = []
    for _ in range(60):
        left, right = rng.choice(groups), rng.choice(groups)
        if rng.random() < 0.2:
            left = rng.choice([prefix for prefix in groups if "*" in prefix])
            right = left.replace("*", "0")
        # What has layers is one with what has them, or with a layer.
        if left != right and ("layers" in left.split(".")) == ("layers" in right.split(".")) and left.count("*") >= right.count("*"):
            rules.append(f"{left} = {right}")
    likely = [(f"{a}{part}", f"{b}{part}") for a in WHOLE + ["decoder", "top"] for b in WHOLE + ["decoder"] for part in
              ("", ".input.tokens", ".layers.*.mlp", ".layers.*.attention")]
    likely += [(f"decoder.layers.*.{a}", f"decoder.layers.*.{b}") for a, b in
               (("cross", "attention"), ("attention.encoder", "attention"), ("attention.key", "attention.value"))]
    likely += [("head", "decoder.input.tokens"), ("head", "encoder.input.tokens")]
    there = [f"{left} = {right}" for left, right in likely if left != right and left in prefixes and right in prefixes]
    rng.shuffle(there)
    return there + rules


def stored_as(rules, names):
    """Which tensor each parameter is; nothing where rules run in a circle."""
    try:
        shares = Shares(rules)
        return {name: shares.resolve(name) for name in names}
    except ValueError:
        return None


def layer_of_others(right, stored):
    """Whether the right side is a layer's that the other layers of its stack are not."""
    stack, _, rest = right.partition(".layers.")
    if not rest or rest.startswith("*"):
        return False
    layer, _, rest = rest.partition(".")
    own = {name: one for name, one in stored.items()
           if re.match(rf"{stack}\.layers\.\d+\." + re.escape(f"{rest}." if rest else ""), name)}
    return any(one != stored[re.sub(r"\.\d+\.", f".{layer}.", name, count=1)] for name, one in own.items())


def other_depth(spec, left, right):
    """Whether layers of two stacks that have not as many are to be the same."""
    names = [side.split(".")[0] for side in (left, right)]
    if not all(name in spec["stacks"] for name in names) or "layers.*" not in right and right != names[1]:
        return False
    return len({spec["stacks"][name]["layers"] for name in names}) > 1


def shares_hold(spec, rules, names):
    """Whether all shapes are equal, nothing is missing on the right, and every rule is about something."""
    stored = stored_as(rules, names)
    if not stored or any(".".join(Shares(rules).once(name.split("."))) not in names for name in names):
        return False
    if any(layer_of_others(rule.split(" = ")[1], stored) or other_depth(spec, *rule.split(" = ")) for rule in rules):
        return False
    if any(stored_as(rules[:number] + rules[number + 1:], names) == stored for number in range(len(rules))):
        return False
    try:
        parameters(spec | {"share": rules})
    except ValueError:
        return False
    return True


def with_shares(rng, spec):
    names, rules = set(parameters(spec)), []
    for candidate in share_candidates(rng, names):
        if len(rules) < 4 and shares_hold(spec, [*rules, candidate], names):
            rules.append(candidate)
    return spec | {"share": rules} if rules else spec


def random_spec(rng, sizes=None):
    spec = twin(rng, sizes) if rng.random() < 0.2 else Drawer(rng, sizes).spec()
    return with_shares(rng, spec) if rng.random() < 0.6 else spec


# -- What a spec has


def attentions(stack):
    for entry in [entry for block in stack.get("cycle") or [stack["block"]] for entry in block]:
        (kind, options), = entry.items()
        for inner in options["block"] if kind == "parallel" else [entry]:
            (kind, options), = inner.items()
            if kind == "attention":
                yield options


def attention_knobs(attention, growing):
    knobs, source = set(), attention.get("from")
    if source is None:
        return knobs
    elements = [worded(element, kind="stack") for element in (source if isinstance(source, list) else [source])]
    knobs.add("from-list" if isinstance(source, list) else "from")
    if len(elements) > 1:
        knobs.add("several-sources")
    if not growing:
        knobs.add("whole-from")
    for which in [attention.get("source", "final")] + [element.get("source", "final") for element in elements]:
        if which != "final":
            knobs.add("same-layer" if which == "same-layer" else "layers")
    if "merge" in attention:
        knobs.add(attention["merge"])
    return knobs


def knobs_of(spec):
    knobs, growing = set(), {"decoder", "top"}
    for name, stack in spec["stacks"].items():
        entry = stack["input"]
        knobs |= {key for key in ("concat", "features") if key in entry}
        if "behind" in worded(entry.get("positions", "none")):
            knobs.add("behind")
        if "'convolution'" in str(stack.get("cycle") or stack["block"]):
            knobs.add("convolution")
        for attention in attentions(stack):
            knobs |= attention_knobs(attention, name in growing)
            if "segment" in f"{attention.get('mask')} {attention.get('score')}":
                knobs.add("segment")
    for rule in spec.get("share", []):
        knobs.add("share-layers" if re.search(r"\.\d+(\.|$)", rule) else "share")
    return knobs | ({"growing"} if growing & set(spec["stacks"]) else {"whole"})
