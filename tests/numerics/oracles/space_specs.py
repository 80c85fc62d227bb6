"""Random legal specs: stacks that read each other in every way that docs/spec.md allows, of awkward sizes. Needs nothing but Python.

`random_spec(rng)` gives the YAML as Python data; `knobs_of(spec)` says which of the choices between the poles it has."""

import re

from spec_drawer import Drawer, sublayers_of
from spec_parameters import parameter_shapes, sources_of
from spec_shares import Shares
from spec_words import worded


def twin(rng, sizes=None):
    """A decoder that is its encoder again, but for what it attends to, which can be one with it."""
    drawer = Drawer(rng, sizes)
    encoder = {"input": drawer.token_input(drawer.width), "layers": rng.choice([1, 2, 3]), "norm": drawer.norm()}
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


def share_candidates(rng, spec, names):
    """Rules whose sides are both there, of every kind; the likely ones first."""
    starred = sorted({re.sub(r"\.layers\.\d+\.", ".layers.*.", name) for name in names})
    prefixes = sorted({".".join(name.split(".")[:length]) for name in starred for length in range(1, name.count(".") + 1)})
    groups = [prefix for prefix in prefixes if prefix.split(".")[-1] != "layers"]
    rules = []
    for _ in range(30):
        left, right = rng.choice(groups), rng.choice(groups)
        if rng.random() < 0.2:
            left = rng.choice([prefix for prefix in groups if "*" in prefix])
            right = left.replace("*", "0")
        # What has layers is one with what has them, or with a layer.
        if left != right and ("layers" in left.split(".")) == ("layers" in right.split(".")) and left.count("*") >= right.count("*"):
            rules.append(f"{left} = {right}")
    there = [f"{left} = {right}" for left, right in likely_pairs(spec) if left != right and left in prefixes and right in prefixes]
    rng.shuffle(there)
    if rng.random() < 0.3:
        there = [f"{stack}.layers.* = {stack}.layers.0" for stack in rng.sample(list(spec["stacks"]), 1)] + there
    return there + rules


def likely_pairs(spec):
    """Stack with stack, cross- with self-attention, keys of sources with the own, embeddings with the head."""
    for left in spec["stacks"]:
        for right in spec["stacks"]:
            for part in ("", ".input", ".input.tokens", ".norm", ".layers.*.mlp", ".layers.*.attention", ".layers.*.about0"):
                yield left + part, right + part
        yield "head", f"{left}.input.tokens"
        own = f"{left}.layers.*.attention"
        for attention in attentions(spec["stacks"][left]):
            name = f"{left}.layers.*.{attention.get('name', 'attention')}"
            yield name, own
            for part in ("query", "key", "value", "output", "norm"):
                yield f"{name}.{part}", f"{own}.{part}"
            for source in spec["stacks"]:
                yield f"{name}.{source}", name
                yield f"{name}.{source}", own


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


def shares_hold(spec, rules, shapes):
    """Whether all shapes are equal, nothing is missing on the right, and every rule is about something."""
    shares = Shares(rules)
    if any(shapes.get(".".join(shares.once(name.split(".")))) != shape for name, shape in shapes.items()):
        return False
    stored = stored_as(rules, shapes)
    if not stored or any(shapes.get(one) != shapes[name] for name, one in stored.items()):
        return False
    if any(layer_of_others(rule.split(" = ")[1], stored) or other_depth(spec, *rule.split(" = ")) for rule in rules):
        return False
    return not any(stored_as(rules[:number] + rules[number + 1:], shapes) == stored for number in range(len(rules)))


def with_shares(rng, spec):
    shapes, rules = parameter_shapes(spec), []
    for candidate in share_candidates(rng, spec, shapes):
        if len(rules) < 4 and shares_hold(spec, [*rules, candidate], shapes):
            rules.append(candidate)
    return spec | {"share": rules} if rules else spec


def random_spec(rng, sizes=None):
    spec = twin(rng, sizes) if rng.random() < 0.1 else Drawer(rng, sizes).spec()
    return with_shares(rng, spec) if rng.random() < 0.6 else spec


# -- What a spec has


def attentions(stack):
    return sublayers_of(stack, "attention")


def attention_knobs(attention, growing):
    knobs = {key for key in ("tables", "query_key_norm", "kv_heads", "prefix_mask") if key in attention}
    knobs |= {"own-rotary"} if "rotary" in attention else set()
    score, mask = attention.get("score"), attention.get("mask", "none")
    knobs |= {f"score-{next(iter(worded(score)))}"} if isinstance(score, dict) else set()
    knobs |= {"score"} if isinstance(score, str) else set()
    if isinstance(mask, dict):
        (word, value), = mask.items()
        knobs.add(f"{word}-stack" if isinstance(value, str) else word)
    knobs |= {word for word in ("segment", "query_segment") if re.search(rf"\b{word}\b", f"{mask} {score}")}
    if "from" not in attention:
        return knobs
    sources = sources_of(attention)
    knobs.add("from" if growing else "whole-from")
    if len(sources) > 1:
        knobs.add("several-sources")
    knobs |= {"layers" if isinstance(one["source"], dict) else one["source"] for one in sources if one["source"] != "final"}
    return knobs | {attention.get("merge", "cross")}


def input_knobs(entry, growing):
    positions = worded(entry.get("positions", "none"))
    knobs = {key for key in ("features", "types", "first") if key in entry}
    if "concat" in entry:
        knobs.add("concat" if growing else "whole-concat")
    if positions["kind"] != "none":
        knobs.add(positions["kind"])
    return knobs | {key for key in ("behind", "pad", "scaling") if key in positions}


def share_knob(rule):
    left, right = (side.split(".") for side in rule.split(" = "))
    if any(part.isdigit() for part in right):
        return "share-layers"
    if left[0] == "head":
        return "share-head"
    if len(left) == 1:
        return "share-stack"
    if "input" in left:
        return "share-input"
    return "share-across" if left[0] != right[0] else "share-within"


def depth(spec, name):
    """Stacks on the longest way of attentions from this one to one that reads no other."""
    sources = {source["stack"] for attention in attentions(spec["stacks"][name]) for source in sources_of(attention)}
    return max((1 + depth(spec, other) for other in sources), default=0)


def knobs_of(spec):
    knobs, growing = set(), {"decoder", "top", "summit"}
    for name, stack in spec["stacks"].items():
        knobs |= input_knobs(stack["input"], name in growing)
        knobs |= {key for key in ("width", "cycle", "cache") if key in stack}
        knobs |= {"prefix-rows"} if "prefix" in stack else set()
        knobs |= {f"norm-{stack['norm']['place']}", stack["norm"]["kind"]}
        for kind in ("ssru", "mlp", "convolution"):
            knobs |= {kind for _ in sublayers_of(stack, kind)}
        if any("parallel" in entry for entry in stack.get("block", [])):
            knobs.add("parallel")
        for attention in attentions(stack):
            knobs |= attention_knobs(attention, name in growing)
        if depth(spec, name) > 1:
            knobs.add("source-of-source")
    knobs |= {share_knob(rule) for rule in spec.get("share", [])}
    lefts = [rule.split(" = ")[0] for rule in spec.get("share", [])]
    if any(rule.split(" = ")[1].startswith(left) for rule in spec.get("share", []) for left in lefts):
        knobs.add("share-chain")
    if "summit" in spec["stacks"]:
        knobs.add("concat-of-concat")
    if growing & set(spec["stacks"]):
        return knobs | {"growing"} | ({"tied"} if spec.get("head", {}).get("tied", True) and "head" in spec else set())
    return knobs | {"whole"} | ({"whole-head"} if "head" in spec else {"pooling"} & set(spec))
