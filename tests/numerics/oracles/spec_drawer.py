"""Draws stacks for random specs, of awkward sizes. Needs nothing but Python."""

import copy

from spec_parameters import width_of
from spec_words import worded

WHOLE = ["encoder", "notes", "facts", "words"]
LENGTH = 40  # Longest sequence of tokens.
POSITIONS = 4 * LENGTH  # Behind up to three others.

WIDTHS = [8, 10, 12, 15, 16, 20, 24, 30, 32, 36, 40, 48]
ANY_MASKS = ["causal", {"window": 3}, {"prefix": 4}, "abs(q - k) < 5", "q / 8 == k / 8", "k % 3 != 1 || k == q", "k <= q + 2",
             "h < 1 || k <= q"]
# Where keys may be those of any segment.
CROSS_MASKS = ["none", "none", "none", "k % 2 == 0", "abs(q - k) < 6", "k <= q", "segment < 1 || k > 1", "k < 20 || h > 0", "causal",
               {"window": 5}, {"prefix": 3}]
PREFIX_MASKS = ["none", "none", *ANY_MASKS]
GROWING_MASKS = ["causal", "causal", {"window": 5}, "k <= q && (q - k) % 2 == 0", "k <= q && (k < 4 || q - k < 8)",
                 "k <= q && q - k < select(h < 1, 3, 30)", "q / 8 == k / 8 && k <= q"]
SCORES = [{"softcap": 4.0}, "alibi", "s - 0.05 * abs(q - k)", "2.0 * tanh(s / 2.0) + 0.01 * float(k)",
          "s + select(k % 4 == 0, 0.5, 0.0)"]
SEGMENT_SCORES = ["s + 0.5 * float(segment)", "s * select(segment < 1, 0.5, 1.25)", "s + select(segment < query_segment, 0.25, 0.0)",
                  "s - 0.1 * float(segment) * float(h)"]
ACTIVATIONS = ["gelu", "gelu_tanh", "relu", "silu", "relu_squared", "quick_gelu", "tanh", "sigmoid"]
SCALINGS = [{"kind": "linear", "factor": 2.0}, {"kind": "llama3", "factor": 4.0, "original_length": 64},
            {"kind": "yarn", "factor": 4.0, "original_length": 32}]


class Drawer:
    """Draws stacks; `sizes` draws what kernels are compiled for, of each a few to choose from, so that specs with equal ones share most
    of them."""

    def __init__(self, rng, sizes=None):
        self.activations = sizes.sample(ACTIVATIONS, 2) if sizes else ACTIVATIONS
        self.draw_sizes(sizes or rng)
        self.few = {}
        if sizes:
            self.rng = sizes
            for what, count in (("norm_kind", 2), ("mlp", 2), ("heads_and_biases", 2), ("rotation", 2)):
                self.few[what] = [getattr(self, what)() for _ in range(count)]
        self.rng = rng
        # Of stacks that could be one with another, sublayers of one shape.
        self.alike = {} if self.maybe(0.3) else None
        self.stacks = {}

    def draw_sizes(self, sizes):
        self.vocab = sizes.choice([7, 11, 23, 40, 61])
        self.width, self.other_width = sizes.sample(WIDTHS, 2)
        self.heads = sizes.sample([n for n in (1, 2, 3, 4, 5, 6) if self.width % n == 0], 2)
        self.even_size, self.any_size = sizes.choice([2, 4, 6, 10, 16]), sizes.choice([1, 3, 5, 8, 9])
        self.hidden = sizes.sample([5, 16, 31, 64, 70], 2)
        self.epsilon = sizes.choice([1e-6, 1e-3])

    def one_of(self, what):
        """Of the few that there are, or any."""
        return copy.deepcopy(self.rng.choice(self.few[what])) if what in self.few else getattr(self, what)()

    def maybe(self, probability):
        return self.rng.random() < probability

    def again(self, what, make):
        """What was made before, where stacks are alike."""
        if self.alike is None:
            return make()
        if what not in self.alike:
            self.alike[what] = make()
        return copy.deepcopy(self.alike[what])

    def width_of(self, name):
        return width_of({"width": self.width, "stacks": self.stacks}, name)

    # -- Parts of a stack

    def norm(self):
        norm = self.one_of("norm_kind") | {"place": self.rng.choice(["after", "before", "before", "both"])}
        if norm["place"] != "after" and self.maybe(0.2):
            norm["final"] = False
        return norm

    def norm_kind(self):
        norm = {"kind": self.rng.choice(["layernorm", "layernorm", "rmsnorm"])}
        if self.maybe(0.3):
            norm["epsilon"] = self.epsilon
        if norm["kind"] == "layernorm" and self.maybe(0.3):
            norm["bias"] = False
        if self.maybe(0.15):
            norm["weight_offset"] = 1
        return norm

    def positions(self, width, behind=None):
        kind = self.rng.choice(["none", "learned", "learned", "sinusoidal", "rotary", "rotary"])
        if kind == "sinusoidal" and (width % 2 or width < 4):
            kind = "learned"
        positions = {"kind": kind, "length": POSITIONS}
        if kind == "learned" and self.maybe(0.2):
            positions["offset"] = 2
        if kind == "sinusoidal":
            positions |= self.rng.choice([{}, {"interleaved": True}, {"interleaved": True}, {"spacing": "even"}])
        if kind == "rotary":
            positions |= self.one_of("rotation")
        if behind and self.maybe(0.6):
            positions["behind"] = behind
        return positions

    def rotation(self):
        rotation = {"interleaved": True} if self.maybe(0.4) else {}
        if self.maybe(0.4):
            rotation["base"] = self.rng.choice([100.0, 500000.0])
        if self.maybe(0.15):
            rotation["dims"] = 2
        if self.maybe(0.25):
            rotation["scaling"] = self.rng.choice(SCALINGS)
        return rotation

    def token_input(self, width, behind=None):
        entry = {"vocab": self.vocab, "positions": self.positions(width, behind)}
        if self.maybe(0.2):
            entry["scale"] = 2.5
        if self.maybe(0.2):
            entry["norm"] = True
        return entry

    def special_tokens(self, entry, growing):
        """Tokens of types, a first one that is zeros, and one that counts as no position."""
        positions = entry["positions"]
        if not growing and self.maybe(0.1):
            entry["types"] = 2
        if "behind" in positions:
            return
        if self.maybe(0.07):
            entry["first"] = "zeros"
        if not growing and positions["kind"] == "learned" and self.maybe(0.2):
            positions |= {"offset": 2, "pad": 1}

    def feature_input(self, width, behind=None):
        entry = {"features": width, "positions": self.positions(width, behind)}
        if self.maybe(0.8):
            last = {"channels": width, "kernel": 3, "stride": self.rng.choice([1, 2])}
            entry |= {"features": 6, "convolutions": [last | ({"activation": "none"} if self.maybe(0.2) else {})]}
            if self.maybe(0.5):
                entry["convolutions"].insert(0, {"channels": 9, "kernel": 5, "activation": "relu", "bias": False})
        for key, value in (("scale", 1.5), ("norm", True)):
            if self.maybe(0.1):
                entry[key] = value
        return entry

    # -- Sublayers

    def heads_and_biases(self):
        rng, heads = self.rng, self.rng.choice(self.heads)
        attention = {"heads": heads}
        if self.maybe(0.35):
            attention["head_size"] = self.any_size
        if self.maybe(0.35):
            attention["kv_heads"] = rng.choice([n for n in range(1, heads + 1) if heads % n == 0])
        for key in ("bias", "output_bias"):
            if self.maybe(0.3):
                attention[key] = False
        if attention.get("bias", True) and self.maybe(0.2):
            attention["key_bias"] = False
        if self.maybe(0.2):
            attention["scale"] = 0.3
        if self.maybe(0.2):
            norm = {"kind": rng.choice(["rmsnorm", "layernorm"])}
            attention["query_key_norm"] = norm | ({"over": "all"} if self.maybe(0.3) else {})
        return attention

    def attention(self, stack, width, masks, several=False):
        rng, attention = self.rng, self.one_of("heads_and_biases")
        heads = attention["heads"]
        if worded(stack["input"].get("positions", "none"))["kind"] == "rotary":
            # What turns comes in pairs.
            if width % heads or attention.get("head_size", width // heads) % 2:
                attention["head_size"] = self.even_size
        elif width % heads:
            attention.setdefault("head_size", self.any_size)
        attention["mask"] = rng.choice(masks)
        if self.maybe(0.35):
            attention["score"] = rng.choice(SCORES + (SEGMENT_SCORES if several else []))
        elif self.maybe(0.1):
            attention |= {"tables": [[heads, 41]], "score": "s + table0(h, q - k + 20)"}
        return attention

    def own_attention(self, stack, width, masks, concat):
        """To the stack's own keys, and what only such have: T5's bias, a mask with a table, an angle of their own."""
        attention = self.attention(stack, width, masks, several=bool(concat))
        if self.maybe(0.1) and "tables" not in attention:
            attention["score"] = {"relative": {"buckets": 8, "distance": 20}}
        elif self.maybe(0.06) and "tables" not in attention:
            attention |= {"tables": [[attention["heads"], 41]], "mask": "k <= q && table0(h, q - k) > -0.5"}
        turns = attention.get("head_size", width // attention["heads"]) % 2 == 0
        if self.maybe(0.1) and "positions" in stack["input"] and turns:
            attention["rotary"] = "none" if self.maybe(0.3) else self.one_of("rotation")
        return attention

    def own(self, stack, width, masks, concat):
        rotary = worded(stack["input"].get("positions", "none"))["kind"] == "rotary"
        drawn = self.again(f"attention {width} {rotary}", lambda: self.own_attention(stack, width, masks, concat))
        if "table0" not in str(drawn["mask"]):
            drawn["mask"] = self.rng.choice(masks)
        if not concat and "segment" in str(drawn.get("score")):
            del drawn["score"]
        if "positions" not in stack["input"]:
            drawn.pop("rotary", None)
        return drawn

    def mlp(self):
        mlp = {"hidden": self.rng.choice(self.hidden), "activation": self.rng.choice(self.activations)}
        if self.maybe(0.4):
            mlp["gated"] = True
        if self.maybe(0.3):
            mlp["bias"] = False
        return mlp

    def convolution(self, growing):
        """A row of rows before it, in a stack that is read as a whole of rows around it too."""
        convolution = {"kernel": self.rng.choice([1, 2, 3, 4, 7]), "hidden": self.rng.choice(self.hidden)}
        if not growing and self.maybe(0.6):
            convolution["causal"] = False
        if self.maybe(0.5):
            convolution["activation"] = self.rng.choice(self.activations)
        if self.maybe(0.3):
            convolution["bias"] = False
        return convolution

    def ssru(self):
        ssru = {"activation": self.rng.choice(self.activations)} if self.maybe(0.3) else {}
        return ssru | self.rng.choice([{}, {}, {"bias": False}, {"input_bias": True}])

    def source_attention(self, stack, width, layers, names, growing):
        """An attention to stacks that were drawn before."""
        rng, joint = self.rng, self.maybe(0.5)
        several = joint or len(names) > 1
        masks = CROSS_MASKS
        if joint:
            masks = GROWING_MASKS[:4] + ["segment < 1 || k <= q", f"segment < {len(names)} && (k % 2 == 0 || k == q) || k <= q",
                                         {"prefix": names[-1]}, f"segment == {len(names)} && k <= q"]
            if not growing:
                masks = masks + ["none", "segment < 1 || abs(q - k) < 4", {"prefix": 4}]
        attention = self.attention(stack, width, masks, several)
        kinds = [self.source_kind(name, layers) for name in names]
        if len(names) == 1 and self.maybe(0.7):
            attention |= {"from": names[0]} | ({} if kinds[0] == "final" else {"source": kinds[0]})
        elif len(set(map(str, kinds))) == 1 and self.maybe(0.5):
            attention |= {"from": list(names), "source": kinds[0]}
        else:
            attention["from"] = [name if kind == "final" else {"stack": name, "source": kind} for name, kind in zip(names, kinds)]
        if joint:
            attention["merge"] = "joint"
        return attention

    def source_kind(self, name, layers):
        source_layers = self.stacks[name]["layers"]
        kind = self.rng.choice(["final", "final", "same-layer", "layers"])
        if kind == "layers" or kind == "same-layer" and layers != source_layers:
            return {"layers": [self.rng.randrange(source_layers) for _ in range(layers)]}
        return kind

    def block(self, stack, width, layers, own_masks, sources, growing):
        """Sublayers in some order, each source read by one of them, or by two."""
        sublayers, left = [], list(sources)
        self.rng.shuffle(left)
        if left and self.maybe(0.15):
            left = [self.rng.choice(sources), *left]
        joint = False
        while left:
            names = list(dict.fromkeys(left.pop() for _ in range(self.rng.randint(1, len(left)))))
            self.rng.shuffle(names)
            attention = self.source_attention(stack, width, layers, names, growing)
            attention["name"] = f"about{len(sublayers)}"
            joint = joint or "merge" in attention
            sublayers.append({"attention": attention})
        concat, beside = stack["input"].get("concat"), stack["norm"]["place"] == "before" and self.maybe(0.15)
        if not joint or self.maybe(0.3):
            ssru = not concat and not beside and self.maybe(0.1)
            sublayers.insert(0, {"ssru": self.ssru()} if ssru else {"attention": self.own(stack, width, own_masks, concat)})
        if self.maybe(0.85):
            sublayers.insert(self.rng.choice([len(sublayers)] * 4 + [0]), {"mlp": self.again("mlp", lambda: self.one_of("mlp"))})
        if not concat and self.maybe(0.2):
            sublayers.insert(self.rng.randrange(len(sublayers) + 1), {"convolution": self.convolution(growing)})
        if len(sublayers) > 1 and beside:
            return [{"parallel": {"block": sublayers} | ({"norm": "each"} if self.maybe(0.5) else {})}]
        return sublayers

    def variant(self, block, own_masks):
        """A block with the same parameters."""
        block = copy.deepcopy(block)
        for options in sublayers_of({"block": block}, "attention"):
            if "from" not in options and "table0" not in str(options["mask"]):
                options["mask"] = self.rng.choice(own_masks)
            if "tables" not in options and not isinstance(options.get("score"), dict):
                options["score"] = self.rng.choice(SCORES)
            options["scale"] = 0.4
        for options in sublayers_of({"block": block}, "mlp"):
            options["activation"] = self.rng.choice(self.activations)
        return block

    # -- Stacks

    def input(self, width, sources, growing, concat):
        if concat:
            entry = {"concat": concat}
            if self.maybe(0.5):
                # Enough for the rows of all parts, and of theirs.
                entry["positions"] = self.positions(width) | {"length": POSITIONS * len(concat) ** 3}
            for key, value in (("norm", True), ("scale", 0.5)):
                if self.maybe(0.2):
                    entry[key] = value
            return entry
        behind = self.rng.choice(sources) if sources else None
        if not growing and self.maybe(0.1):
            return self.feature_input(width, behind)
        entry = self.token_input(width, behind)
        self.special_tokens(entry, growing)
        return entry

    def own_masks(self, growing, concat):
        if growing and concat:
            return ["causal", "causal", {"prefix": concat[0]}, {"window": 7}, "segment == query_segment && k <= q",
                    f"query_segment < {len(concat) - 1} && segment < 1 || query_segment == {len(concat) - 1} && k <= q"]
        if growing:
            return GROWING_MASKS
        if concat:
            return ["none", "none", *ANY_MASKS, "segment == query_segment", "segment <= query_segment", {"prefix": concat[0]}]
        return ["none", "none", "none", *ANY_MASKS]

    def stack(self, name, sources, growing=False, concat=None):
        width = self.width_of(concat[0]) if concat else self.width
        layers = self.again("layers", lambda: self.rng.choice([1, 2, 2, 3]))
        stack = {"input": None, "layers": layers, "norm": self.again("norm", self.norm)}
        if not concat and self.maybe(0.12):
            width = self.other_width
        if width != self.width:
            stack["width"] = width
        self.fill(name, stack, width, sources, growing, concat)

    def fill(self, name, stack, width, sources, growing=False, concat=None):
        stack["input"] = self.input(width, sources, growing, concat)
        masks, layers = self.own_masks(growing, concat), stack["layers"]
        block = self.block(stack, width, layers, masks, sources, growing)
        if layers > 1 and self.maybe(0.12):
            stack["cycle"] = [block, self.variant(block, masks)]
        else:
            stack["block"] = block
        self.stacks[name] = stack

    def growing_part(self, name, sources, width):
        """The last part of a concatenation, which is as wide as the others."""
        stack = {"input": None, "layers": self.rng.choice([1, 2, 2, 3]), "norm": self.again("norm", self.norm)}
        if width != self.width:
            stack["width"] = width
        self.fill(name, stack, width, sources, growing=True)

    # -- Models

    def some(self, names):
        return [name for name in names if self.maybe(0.5)]

    def with_some(self, unread, names):
        return unread + [name for name in names if name not in unread and self.maybe(0.3)]

    def whole_stacks(self, names):
        """Those that are read by no other."""
        unread = []
        for number, name in enumerate(names):
            before = names[:number]
            if len(before) == 2 and self.maybe(0.5) and len(set(map(self.width_of, before))) == 1:
                self.stack(name, [], concat=before)
                unread = [name]
            else:
                sources = self.some(before) if self.maybe(0.5) else []
                self.stack(name, sources)
                unread = [other for other in unread if other not in sources] + [name]
        return unread

    def growing_concatenation(self, unread):
        """A stack of the rows of some and of one that grows; now and then another one of this one's."""
        parts = [name for name in unread if self.maybe(0.6)] or unread[:1]
        width = self.width_of(parts[0])
        parts = [name for name in parts if self.width_of(name) == width]
        others = [name for name in unread if name not in parts]
        self.growing_part("decoder", others + self.some(parts), width)
        self.stack("top", [], growing=True, concat=[*parts, "decoder"])
        if self.maybe(0.25):
            self.stack("summit", [], growing=True, concat=[self.rng.choice(parts), "top"])
            return "summit"
        return "top"

    def spec(self):
        rng = self.rng
        names = WHOLE[:rng.choice([0, 1, 1, 1, 2, 2, 3, 4])]
        unread = self.whole_stacks(names)
        ending = rng.choice(["growing", "growing", "concat"] + ["whole", "whole"] * (len(unread) == 1) + ["whole"] * (len(unread) > 1))
        answer = {}
        if ending == "growing" or not names:
            self.stack("decoder", self.with_some(unread, names), growing=True)
            answer = self.answer("decoder")
            if not names and self.maybe(0.5):
                self.add_prefix(self.stacks["decoder"])
        elif ending == "concat":
            answer = self.answer(self.growing_concatenation(unread))
        elif self.maybe(0.5):
            answer = self.pooling(unread[0]) if self.maybe(0.6) else self.filling(unread[0])
        return {"tenon": 1, "name": "point", "width": self.width, "stacks": self.stacks} | answer

    def add_prefix(self, stack):
        """Tokens that every sequence begins with, which see each other by the stack's masks or by others."""
        stack["prefix"] = "before"
        for attention in sublayers_of(stack, "attention"):
            if self.maybe(0.7):
                attention["prefix_mask"] = self.rng.choice(PREFIX_MASKS)

    def answer(self, name):
        """A head, or none: hidden states alone."""
        if self.maybe(0.15):
            self.stacks[name]["cache"] = True
            return {}
        return self.head(name)

    def head(self, name):
        head = {"stack": name} | ({"tied": False} if self.maybe(0.35) else {})
        for probability, key, value in ((0.2, "bias", True), (0.1, "softcap", 6.0), (0.1, "scale", 0.5)):
            if self.maybe(probability):
                head[key] = value
        return {"head": head}

    def filling(self, name):
        """A head of a stack that reads its rows as a whole, since one of its masks shows later ones."""
        stack = self.stacks[name]
        own = [one for one in sublayers_of(stack, "attention") if "from" not in one and "tables" not in one]
        if not own or "vocab" not in stack["input"]:
            return {}
        own[0]["mask"] = "none"
        return self.head(name)

    def pooling(self, name):
        rng = self.rng
        kinds = ["mean", "mean_sqrt", "weighted_mean", "max", "cls", "last"]
        pooling = {"stack": name, "kind": rng.choice(kinds) if self.maybe(0.7) else rng.sample(kinds, 2)}
        layers = [{"dense": {"size": self.hidden[0], "activation": "tanh"}}, {"norm": {}}, "normalize",
                  {"dense": {"size": self.hidden[1], "bias": False, "residual": True}}]
        if self.maybe(0.2):
            pooling["token_layers"] = [rng.choice(layers[:2])]
        if self.maybe(0.4):
            pooling["layers"] = rng.sample(layers, rng.choice([1, 2]))
        if self.maybe(0.3):
            pooling["normalize"] = True
        if self.maybe(0.2):
            pooling["size"] = 5
        return {"pooling": pooling}


def sublayers_of(stack, wanted):
    """The options of all sublayers of a kind."""
    for entry in [entry for block in stack.get("cycle") or [stack["block"]] for entry in block]:
        (kind, options), = entry.items()
        for inner in options["block"] if kind == "parallel" else [entry]:
            (kind, options), = inner.items()
            if kind == wanted:
                yield options
