"""Random decoders, written as one stack, and the same function written as two: a source that is the decoder again, and a decoder
that reads the source's layers in one softmax with its own and goes on behind it. Needs nothing but Python.

`random_twins(rng, sizes)` draws such a pair, `MISSES` turn one knob of it so that it is a pair no more."""

import copy

from spec_drawer import ACTIVATIONS, LENGTH, SCORES, Drawer
from spec_words import worded

# Of keys that a query sees, whatever the segment.
MASKS = ["k <= q", "k <= q && q - k < 5", "k <= q && (q - k) % 2 == 0", "k <= q && (k < 4 || q - k < 8)",
         "k <= q && q - k < select(h < 1, 3, 30)", "q / 8 == k / 8 && k <= q"]
# Of keys that rows of a prefix see.
PREFIX_MASKS = ["k >= 0", "abs(q - k) < 5", "k <= q + 2", "k % 3 != 1 || k == q", "h < 1 || k <= q", "k < 3 || q - k < 4"]


class Twins:
    """`one` decoder, and `two` stacks; with a `prefix_mask` rows of the source see each other by it."""

    def __init__(self, drawer, decoder, prefix_mask, ending):
        self.prefix_mask, rng = prefix_mask, drawer.rng
        # A stack's own width is another's business.
        model = {"tenon": 1, "name": "twins", "width": drawer.width if "width" not in decoder else drawer.width + 8}
        encoder, reader = copy.deepcopy(decoder), copy.deepcopy(decoder)
        for attention, other in zip(attentions(reader), attentions(encoder)):
            attention |= {"from": "encoder", "source": "same-layer", "merge": "joint",
                          "mask": joint_mask(rng, attention["mask"], not prefix_mask)}
            if prefix_mask:
                other["mask"] = prefix_mask
        positions = worded(reader["input"].get("positions", "none"))
        reader["input"]["positions"] = positions | {"behind": "encoder"}
        if decoder["norm"]["place"] != "after" and decoder["norm"].get("final", True):
            # Nobody reads the source's last state.
            encoder["norm"]["final"] = drawer.maybe(0.5)
        if prefix_mask:
            decoder["prefix"] = "encoder"
            for attention in attentions(decoder):
                attention["prefix_mask"] = prefix_mask
        self.one = model | {"stacks": {"decoder": decoder}} | ending
        self.two = model | {"stacks": {"encoder": encoder, "decoder": reader}, "share": shares(drawer, encoder, reader)} | ending
        if drawer.maybe(0.15):
            owner = "decoder" if sharing(self.two) == "encoder" else "encoder"
            self.one["share"] = ["decoder.layers.* = decoder.layers.0"]
            self.two["share"].append(f"{owner}.layers.* = {owner}.layers.0")

    def whole(self, length):
        """The one stack with a prefix of so many rows, read as a whole."""
        spec = copy.deepcopy(self.one)
        spec.pop("head", None)
        del spec["stacks"]["decoder"]["prefix"]
        for attention in attentions(spec["stacks"]["decoder"]):
            prefix_mask = attention.pop("prefix_mask")
            attention["mask"] = f"select(q < {length}, k < {length} && ({prefix_mask}), {attention['mask']})"
        return spec


def random_twins(rng, sizes=None):
    drawer = Drawer(rng, sizes)
    stack = {"input": drawer.token_input(drawer.width), "layers": rng.choice([1, 2, 2, 3, 4]), "norm": drawer.norm()}
    block = random_block(drawer, stack)
    if rng.random() < 0.2:
        stack |= {"layers": rng.choice([2, 3, 4]), "cycle": [block, other_block(drawer, block)]}
    else:
        stack["block"] = block
    if drawer.maybe(0.15):
        stack["width"] = drawer.width
    head = {"stack": "decoder"} if drawer.maybe(0.7) else {"stack": "decoder", "tied": False}
    head |= ({"bias": True} if drawer.maybe(0.2) else {}) | ({"softcap": 6.0} if drawer.maybe(0.1) else {})
    prefix_mask = rng.choice(PREFIX_MASKS) if drawer.maybe(0.3) else None
    return Twins(drawer, stack, prefix_mask, {"head": head})


def random_block(drawer, stack):
    """An attention, or several beside one another, that reads what enters the layer, as it reads the source's; MLPs or none beside and
    behind."""
    rng, before = drawer.rng, stack["norm"]["place"] == "before"
    first = []
    for name in ["attention", "again"][:rng.choice([1, 1, 1, 2]) if before else 1]:
        attention = drawer.attention(stack, drawer.width, MASKS)
        if worded(stack["input"]["positions"])["kind"] == "rotary" and drawer.maybe(0.2):
            attention["rotary"] = rng.choice(["none", {"base": 50.0}, {"base": 700.0, "interleaved": True}])
        first.append({"attention": attention | {"name": name}})
    behind = [{"mlp": drawer.mlp() | {"name": name}} for name in ["mlp", "feed"][:rng.choice([0, 1, 1, 1, 2])]]
    if before and behind and drawer.maybe(0.25):
        first.append(behind.pop())
        rng.shuffle(first)
    if len(first) > 1:
        first = [{"parallel": {"block": first} | ({"norm": "each"} if drawer.maybe(0.5) else {})}]
    return first + behind


def other_block(drawer, block):
    """The parameters of `block`, with other masks, scores and activations."""
    other = copy.deepcopy(block)
    for attention in attentions({"block": other}):
        attention["mask"] = drawer.rng.choice(MASKS)
        if "tables" not in attention and drawer.maybe(0.5):
            attention["score"] = drawer.rng.choice(SCORES)
    for mlp in sublayers({"block": other}, "mlp"):
        mlp["activation"] = drawer.rng.choice(ACTIVATIONS)
    return other


def joint_mask(rng, mask, turned):
    """A mask of keys of both segments that is `mask` of those of one stack: all of the source's are before the query. Where
    `turned`, conditions may stand the other way round."""
    ways = [mask, f"segment == 0 && ({mask}) || segment > 0 && ({mask})"]
    if mask == "k <= q":
        ways += ["causal", "causal", {"prefix": "encoder"}, "segment < 1 || k <= q"]
    elif mask.startswith("k <= q && "):
        rest = mask.removeprefix("k <= q && ")
        ways += [f"({rest}) && (segment < 1 || k <= q)" if turned else f"(segment < 1 || k <= q) && ({rest})",
                 f"segment < query_segment && ({rest}) || {mask}"]
    return rng.choice(ways)


def shares(drawer, encoder, reader):
    """Rules that make all parameters one that both have, and those of the source's keys the ones of the own."""
    own_norm = encoder["norm"].get("final") is False and reader["norm"].get("final", True) and reader["norm"]["place"] != "after"
    rules = drawer.rng.choice([["decoder = encoder"], ["decoder = encoder"], ["encoder = decoder"]])
    if rules == ["decoder = encoder"]:
        if drawer.maybe(0.3):
            rules = ["decoder.input = encoder.input", "decoder.layers = encoder.layers"]
        elif own_norm:
            rules = ["decoder = encoder", "decoder.norm = decoder.norm"]
    for attention in attentions(reader):
        name = f"decoder.layers.*.{attention['name']}"
        rules.append(f"{name}.encoder = {name}")
        if any(attention is inner for inner in behind_one_norm(reader)):
            rules.append(f"{name}.encoder.norm = decoder.layers.*.parallel.norm")
    return list(dict.fromkeys(rules))


# -- What a stack has


def sublayers(stack, kind):
    """The options of all sublayers of a kind."""
    for entry in [entry for block in stack.get("cycle") or [stack["block"]] for entry in block]:
        (found, options), = entry.items()
        for inner in options["block"] if found == "parallel" else [entry]:
            (found, options), = inner.items()
            if found == kind:
                yield options


def attentions(stack):
    return list(sublayers(stack, "attention"))


def behind_one_norm(stack):
    """The attentions that stand beside others behind one norm of all."""
    for block in stack.get("cycle") or [stack["block"]]:
        for entry in block:
            if entry.get("parallel", {"norm": "each"}).get("norm", "one") == "one":
                yield from (inner["attention"] for inner in entry["parallel"]["block"] if "attention" in inner)


# -- One knob off: each changes `two`, and says so, where it has what is changed


def encoder_of(two):
    return two["stacks"]["encoder"]


def decoder_of(two):
    return two["stacks"]["decoder"]


def sharing(two):
    """The stack that has the other's parameters."""
    return "encoder" if "encoder = decoder" in two["share"] else "decoder"


def own_rule(two, parameters):
    """Leaves parameters to themselves, those of the stack that has the other's."""
    two["share"].append(f"{parameters} = {parameters}")
    return True


def drop_rules(two, name):
    """Of an attention that has no source's parameters."""
    two["share"] = [rule for rule in two["share"] if not rule.startswith(f"decoder.layers.*.{name}.encoder")]


def own_parameter(rng, two, names):
    # The norm of the last state is the reader's alone, and so is the head.
    inner = [name for name in names if name.startswith(("decoder.input.", "decoder.layers."))]
    inputs = [name for name in inner if name.startswith("decoder.input.")]
    if "decoder.input = encoder.input" in two["share"] and len(inputs) == 1:
        # A rule has to be left something.
        inner.remove(inputs[0])
    return own_rule(two, ".".join([sharing(two), *rng.choice(inner).split(".")[1:]]))


def own_source_keys(rng, two, names):
    """Of a source's key, value or norm."""
    name = rng.choice(attentions(decoder_of(two)))["name"]
    return own_rule(two, f"decoder.layers.*.{name}.encoder.{rng.choice(['key', 'value'])}")


def values_of_keys(rng, two, names):
    """The source's keys are made by what makes the values."""
    name = rng.choice(attentions(decoder_of(two)))["name"]
    two["share"].append(f"decoder.layers.*.{name}.encoder.key = decoder.layers.*.{name}.value")
    return True


def one_attention(rng, two):
    """The name of an attention and its options in all blocks."""
    name = rng.choice(attentions(decoder_of(two)))["name"]
    return name, [one for one in attentions(decoder_of(two)) if one["name"] == name]


def last_state(rng, two, names):
    """Which is read without a norm before it."""
    name, blocks = one_attention(rng, two)
    for attention in blocks:
        attention["source"] = "final"
    two["share"] = [rule for rule in two["share"] if not rule.startswith(f"decoder.layers.*.{name}.encoder.norm")]
    return True


def other_layers(rng, two, names):
    count = decoder_of(two)["layers"]
    layers = [rng.randrange(count) for _ in range(count)]
    if layers == list(range(count)):
        return False
    for attention in one_attention(rng, two)[1]:
        attention["source"] = {"layers": layers}
    return True


def two_softmaxes(rng, two, names):
    """The source's keys alone in one of the attentions."""
    name, blocks = one_attention(rng, two)
    for attention in blocks:
        del attention["merge"]
        attention["mask"] = "none"
    if decoder_of(two)["norm"]["place"] == "after":
        # Of one segment nothing is the source's.
        drop_rules(two, name)
    elif any(rule.startswith(f"decoder.layers.*.{name}.encoder.norm") for rule in two["share"]):
        two["share"].remove(f"decoder.layers.*.{name}.encoder = decoder.layers.*.{name}")
    return "rotary" not in blocks[0]


def no_source(rng, two, names):
    """An attention to the own rows alone, beside one to both."""
    if len({one["name"] for one in attentions(decoder_of(two))}) < 2:
        return False
    name, blocks = one_attention(rng, two)
    for attention in blocks:
        for key in ("from", "source", "merge"):
            del attention[key]
        attention["mask"] = "causal"
    drop_rules(two, name)
    return True


def positions_anew(rng, two, names):
    positions = decoder_of(two)["input"]["positions"]
    del positions["behind"]
    return positions["kind"] != "none"


def other_mask(rng, two, names):
    """Masks that see the source otherwise than the own rows."""
    for attention in one_attention(rng, two)[1]:
        attention["mask"] = rng.choice(["segment < 1 || k <= q && q - k < 3", "segment < 1 && k % 2 == 0 || segment > 0 && k <= q",
                                        "segment < 1 && k < 2 || segment > 0 && k <= q && q - k < 9",
                                        "segment < 1 && q - k < 7 || segment > 0 && k <= q",
                                        {"window": 4}, "segment < 1 && k > 0 || segment > 0 && k <= q"])
    return True


def score_of_segments(rng, two, names):
    for attention in one_attention(rng, two)[1]:
        if "tables" in attention:
            return False
        attention["score"] = rng.choice(["s + 0.5 * float(segment)", "s * select(segment < 1, 0.5, 1.25)",
                                         "s + select(segment < query_segment, 0.25, 0.0)"])
    return True


def other_score(rng, two, names):
    stack = rng.choice([encoder_of, decoder_of])(two)
    attention = rng.choice(attentions(stack))
    if "tables" in attention:
        return False
    before = attention.get("score")
    attention["score"] = rng.choice([score for score in [{"softcap": 3.0}, "s - 0.03 * abs(q - k)", "s + 0.5"] if score != before])
    return True


def other_scale(rng, two, names):
    rng.choice(attentions(rng.choice([encoder_of, decoder_of])(two)))["scale"] = 0.45
    return True


def other_epsilon(rng, two, names):
    rng.choice([encoder_of, decoder_of])(two)["norm"]["epsilon"] = 1e-4
    return True


def other_weight_offset(rng, two, names):
    norm = rng.choice([encoder_of, decoder_of])(two)["norm"]
    norm["weight_offset"] = 1 - norm.get("weight_offset", 0)
    return True


def other_place(rng, two, names):
    """The source's norms stand elsewhere."""
    norm = encoder_of(two)["norm"]
    if norm["place"] == "both" or "parallel" in str(encoder_of(two)):
        return False
    norm["place"], norm["final"] = {"before": "after", "after": "before"}[norm["place"]], False
    if norm["place"] == "after":
        del norm["final"]
        if "decoder = encoder" in two["share"] and "decoder.norm = decoder.norm" not in two["share"]:
            own_rule(two, "decoder.norm")
    return True


def other_activation(rng, two, names):
    mlps = list(sublayers(rng.choice([encoder_of, decoder_of])(two), "mlp"))
    if not mlps:
        return False
    mlp = rng.choice(mlps)
    mlp["activation"] = rng.choice([one for one in ACTIVATIONS if one != mlp["activation"]])
    return True


def other_head_norm(rng, two, names):
    normed = [one for one in attentions(decoder_of(two)) if "query_key_norm" in one]
    if not normed:
        return False
    rng.choice(normed)["query_key_norm"] |= rng.choice([{"epsilon": 1e-2}, {"weight_offset": 1}])
    return True


def other_turns(rng, two, names):
    """The source turns otherwise."""
    positions = encoder_of(two)["input"]["positions"]
    if positions["kind"] != "rotary":
        return False
    positions |= rng.choice([{"base": 321.0}, {"interleaved": not positions.get("interleaved", False)}])
    return any("rotary" not in one for one in attentions(encoder_of(two)))


def other_length(rng, two, names):
    """Positions for more rows of the source than of both; of a table that would be another one."""
    positions = encoder_of(two)["input"]["positions"]
    if positions["kind"] == "learned":
        return False
    # Keys that turn must have an angle in the decoder.
    positions["length"] += -LENGTH if positions["kind"] == "rotary" else rng.choice([-LENGTH, LENGTH])
    return True


def other_embedding(rng, two, names):
    rng.choice([encoder_of, decoder_of])(two)["input"]["scale"] = 1.25
    return True


def types_of_tokens(rng, two, names):
    """Rows of the source may be of another type than those behind it."""
    for stack in two["stacks"].values():
        stack["input"]["types"] = 2
    return True


def embedding_unnormed(rng, two, names):
    """Who has the other's parameters may have fewer of them."""
    stack = two["stacks"][sharing(two)]
    return bool(stack["input"].pop("norm", False))


def bias_left_out(rng, two, names):
    stack = two["stacks"][sharing(two)]
    mlps = [mlp for mlp in sublayers(stack, "mlp") if mlp.get("bias", True)]
    outputs = [one for one in attentions(stack) if one.get("output_bias", True)]
    if "cycle" in stack or not mlps + outputs:
        return False
    options = rng.choice(mlps + outputs)
    options["output_bias" if "heads" in options else "bias"] = False
    return True


def gate_left_out(rng, two, names):
    stack = two["stacks"][sharing(two)]
    mlps = [mlp for mlp in sublayers(stack, "mlp") if mlp.get("gated")]
    if "cycle" in stack or not mlps:
        return False
    del rng.choice(mlps)["gated"]
    return True


def one_sublayer_more(rng, two, names):
    name = rng.choice(["encoder", "decoder"])
    if "cycle" in two["stacks"][name]:
        return False
    block = two["stacks"][name]["block"]
    block.insert(rng.randint(0, len(block)), {"mlp": {"hidden": 5, "name": "more"}})
    return name != sharing(two) or own_rule(two, f"{name}.layers.*.more")


def other_depth(rng, two, names):
    """One layer more of the same, which reads what the one before does."""
    if "cycle" in decoder_of(two):
        return False
    count = encoder_of(two)["layers"]
    decoder_of(two)["layers"] = count + 1
    for attention in attentions(decoder_of(two)):
        attention["source"] = {"layers": [*range(count), count - 1]}
    two["share"] = ["decoder.input = encoder.input", "encoder.layers.* = encoder.layers.0", "decoder.layers.* = encoder.layers.0",
                    *[rule for rule in two["share"] if ".encoder" in rule.split(" = ")[0]]]
    return True


def another_order(rng, two, names):
    stack = decoder_of(two)
    if "cycle" in stack or len(stack["block"]) < 2:
        return False
    stack["block"].reverse()
    return True


def mlp_before(rng, two, names):
    """The own keys are made of what an MLP has changed, the source's of what enters the layer."""
    if "cycle" in decoder_of(two) or "mlp" not in decoder_of(two)["block"][-1]:
        return False
    for stack in two["stacks"].values():
        stack["block"].insert(0, stack["block"].pop())
    return True


def one_attention_more(rng, two, names):
    """Behind the first, whose result its own keys are made of."""
    if "cycle" in decoder_of(two):
        return False
    for stack in two["stacks"].values():
        stack["block"].append({"attention": attentions(stack)[0] | {"name": "more"}})
    two["share"].append("decoder.layers.*.more.encoder = decoder.layers.*.more")
    return True


def running_state(rng, two, names):
    """A recurrence begins anew in the decoder, where in one stack it would go on."""
    if "cycle" in encoder_of(two) or "parallel" in str(encoder_of(two)):
        return False
    for stack in two["stacks"].values():
        stack["block"].append({"ssru": {"name": "run"}})
    return True


def another_source(rng, two, names):
    """A third stack is read too, in an attention of its own or in the same softmax."""
    notes = {"input": {"vocab": 9, "positions": {"kind": "none", "length": LENGTH}}, "layers": 1, "block": [{"mlp": {"hidden": 5}}]}
    two["stacks"] = {"notes": notes} | two["stacks"]
    stack, own = decoder_of(two), "about"
    if "cycle" in stack or rng.random() < 0.5:
        name, blocks = one_attention(rng, two)
        own = f"{name}.notes"
        for attention in blocks:
            del attention["source"]
            attention |= {"from": [{"stack": "encoder", "source": "same-layer"}, "notes"], "mask": "k <= q"}
    else:
        stack["block"].append({"attention": {"heads": 1, "from": "notes", "name": "about"}})
    return sharing(two) != "decoder" or own_rule(two, f"decoder.layers.*.{own}")


def read_by_another(rng, two, names):
    """A third stack reads the source, or is another part behind it."""
    if rng.random() < 0.5:
        attention = {"heads": 1, "from": "encoder", "source": rng.choice(["final", {"layers": [0]}])}
        two["stacks"]["notes"] = {"input": {"vocab": 9}, "layers": 1, "block": [{"attention": attention}]}
    else:
        two["stacks"]["top"] = {"input": {"concat": ["encoder", "decoder"]}, "layers": 1,
                                "block": [{"attention": {"heads": 1, "mask": "causal"}}]}
        two["head"] = {"stack": "top", "tied": False}
    return True


def pooled_source(rng, two, names):
    two["pooling"] = {"stack": "encoder", "kind": rng.choice(["mean", "last", "cls"])}
    return True


def head_on_source(rng, two, names):
    """Scores of the source's rows; the decoder keeps its cache. The source sees later keys, or it would be a decoder."""
    attention = attentions(encoder_of(two))[0]
    two["head"]["stack"] = "encoder"
    decoder_of(two)["cache"] = True
    attention["mask"] = "none"
    return True


def read_as_a_whole(rng, two, names):
    """A decoder that does not grow."""
    del two["head"]
    return True


MISSES = [own_parameter, own_parameter, own_parameter, own_parameter, own_source_keys, values_of_keys, last_state, other_layers,
          two_softmaxes, no_source, positions_anew, other_mask, other_mask, score_of_segments, other_score, other_scale, other_epsilon,
          other_weight_offset, other_place, other_activation, other_head_norm, other_turns, other_length, other_embedding,
          types_of_tokens, embedding_unnormed, bias_left_out, gate_left_out, one_sublayer_more, other_depth, another_order,
          mlp_before, one_attention_more, running_state, another_source, read_by_another, pooled_source, head_on_source, read_as_a_whole]


def random_miss(rng, two, names):
    """A copy with one knob off, and which."""
    while True:
        miss, spec = rng.choice(MISSES), copy.deepcopy(two)
        if miss(rng, spec, names):
            return miss.__name__.replace("_", " "), spec
