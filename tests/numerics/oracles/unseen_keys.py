"""Random decoders with attentions whose masks hide all keys of one of their segments. Needs nothing but Python.

`random_unseen(rng, sizes)` gives a spec, and what becomes of the attention: the stacks that it still takes keys from and whether its
own keys are among them; nothing where it goes."""

from spec_drawer import GROWING_MASKS, Drawer
from spec_words import worded

SEEN = ["k >= 0", "k % 2 == 0", "k < 9 || h > 0", "abs(q - k) < 12"]
NOTHING = ["k < 0", "q < 0", "segment > 3", "k > q && k < q", "h < 0"]


def random_unseen(rng, sizes=None):
    drawer = Drawer(rng, sizes)
    for name in ["encoder", "notes", "facts"]:
        drawer.stack(name, [])
        entry = drawer.stacks[name]["input"]
        if "vocab" not in entry:
            drawer.stacks[name]["input"] = {"vocab": drawer.vocab, "positions": entry["positions"]}
    drawer.stack("decoder", [], growing=True)
    decoder = drawer.stacks["decoder"]
    kind = rng.choice([hidden_source, hidden_own, hidden_among, hidden_all])
    attention, kept, own = kind(drawer, decoder)
    decoder["block"] = own_block(decoder)
    decoder["block"].insert(rng.randint(0, len(decoder["block"])), {"attention": attention | {"name": "about"}})
    read = {worded(source, kind="stack")["stack"] for source in attention["from"]}
    stacks = {name: stack for name, stack in drawer.stacks.items() if name in read or name == "decoder"}
    return {"tenon": 1, "name": "unseen", "width": drawer.width, "stacks": stacks, "head": {"stack": "decoder"}}, kept, own


def own_block(decoder):
    """One block without a `parallel`, of an attention to the own rows where nothing else is left."""
    block = (decoder.pop("cycle", None) or [decoder.get("block")])[0]
    own = {"attention": {"heads": 1, "mask": "causal", "rotary": "none"}}
    return [entry for entry in block if "parallel" not in entry] or [own]


def drawn(drawer, decoder, sources, **more):
    attention = drawer.attention(decoder, drawer.width, ["none"], several=True)
    kinds = [drawer.source_kind(name, decoder["layers"]) for name in sources]
    attention["from"] = [name if kind == "final" else {"stack": name, "source": kind} for name, kind in zip(sources, kinds)]
    return attention | more


def own_mask(drawer):
    return drawer.rng.choice([mask for mask in GROWING_MASKS if isinstance(mask, str) and mask != "causal"])


def hidden_source(drawer, decoder):
    """A joint attention of which one source is not seen, or all are not."""
    names = ["encoder", "notes"][:drawer.rng.choice([1, 2])]
    unseen = drawer.rng.randrange(len(names))
    mask = f"segment == {len(names)} && ({own_mask(drawer)})"
    kept = []
    if len(names) > 1 and drawer.maybe(0.6):
        kept = [names[1 - unseen]]
        mask += f" || segment == {1 - unseen} && ({drawer.rng.choice(SEEN)})"
    return drawn(drawer, decoder, names, merge="joint", mask=mask), kept, True


def hidden_own(drawer, decoder):
    """A joint attention to its sources alone."""
    if worded(decoder["input"]["positions"])["kind"] == "rotary":
        decoder["input"]["positions"] = "none"
    mask = f"segment < 1 && ({drawer.rng.choice(SEEN)})"
    return drawn(drawer, decoder, ["encoder"], merge="joint", mask=mask), ["encoder"], False


def hidden_among(drawer, decoder):
    """One of several sources, or two of three."""
    names = ["encoder", "notes", "facts"][:drawer.rng.choice([2, 3, 3])]
    kept = drawer.rng.sample(range(len(names)), drawer.rng.randint(1, len(names) - 1))
    mask = " || ".join(f"segment == {number} && ({drawer.rng.choice(SEEN)})" for number in kept)
    return drawn(drawer, decoder, names, mask=mask), [names[number] for number in sorted(kept)], False


def hidden_all(drawer, decoder):
    """No key at all, which adds an output's bias where there is one."""
    decoder["norm"]["place"] = "before"
    return drawn(drawer, decoder, ["encoder"], mask=drawer.rng.choice(NOTHING), output_bias=False), None, False
