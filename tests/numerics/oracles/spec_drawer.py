"""Draws stacks for random specs, of awkward sizes. Needs nothing but Python."""

from spec_words import worded

WHOLE = ["encoder", "notes", "facts"]
LENGTH = 40  # Longest sequence of tokens.
POSITIONS = 4 * LENGTH  # Behind up to three others.

ANY_MASKS = ["causal", {"window": 3}, {"prefix": 4}, "abs(q - k) < 5", "q / 8 == k / 8", "k % 3 != 1 || k == q", "k <= q + 2",
             "h < 1 || k <= q"]
# Where keys may be those of any segment.
CROSS_MASKS = ["none", "none", "none", "k % 2 == 0", "abs(q - k) < 6", "k <= q", "segment < 1 || k > 1", "k < 20 || h > 0"]
GROWING_MASKS = ["causal", "causal", {"window": 5}, "k <= q && (q - k) % 2 == 0", "k <= q && (k < 4 || q - k < 8)",
                 "k <= q && q - k < select(h < 1, 3, 30)", "q / 8 == k / 8 && k <= q"]
SCORES = [{"softcap": 4.0}, "alibi", "s - 0.05 * abs(q - k)", "2.0 * tanh(s / 2.0) + 0.01 * float(k)",
          "s + select(k % 4 == 0, 0.5, 0.0)"]
SEGMENT_SCORES = ["s + 0.5 * float(segment)", "s * select(segment < 1, 0.5, 1.25)", "s + select(segment < query_segment, 0.25, 0.0)",
                  "s - 0.1 * float(segment) * float(h)"]
ACTIVATIONS = ["gelu", "gelu_tanh", "relu", "silu", "relu_squared", "quick_gelu", "tanh", "sigmoid"]


class Drawer:
    """Draws stacks; `sizes` draws what kernels are compiled for, so that specs with equal ones share most of them."""

    def __init__(self, rng, sizes=None):
        self.rng, sizes = rng, sizes or rng
        self.vocab = sizes.choice([7, 11, 23, 40, 61])
        self.width = sizes.choice([8, 10, 12, 15, 16, 20, 24, 30, 32, 36, 40, 48])
        self.heads = sizes.sample([n for n in (1, 2, 3, 4, 5, 6) if self.width % n == 0], 2)
        self.even_size, self.any_size = sizes.choice([2, 4, 6, 10, 16]), sizes.choice([1, 3, 5, 8, 9])
        self.hidden = sizes.sample([5, 16, 31, 64, 70], 2)
        self.stacks = {}

    def maybe(self, probability):
        return self.rng.random() < probability

    # -- Parts of a stack

    def norm(self):
        rng, norm = self.rng, {}
        norm["kind"] = rng.choice(["layernorm", "layernorm", "rmsnorm"])
        norm["place"] = rng.choice(["after", "before", "before", "both"])
        if self.maybe(0.3):
            norm["epsilon"] = rng.choice([1e-6, 1e-3])
        if norm["kind"] == "layernorm" and self.maybe(0.3):
            norm["bias"] = False
        if norm["place"] != "after" and self.maybe(0.2):
            norm["final"] = False
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
        if kind == "sinusoidal" and self.maybe(0.5):
            positions["interleaved"] = True
        if kind == "rotary":
            positions |= self.rotation()
        if behind and self.maybe(0.6):
            positions["behind"] = behind
        return positions

    def rotation(self):
        rotation = {"interleaved": True} if self.maybe(0.4) else {}
        if self.maybe(0.4):
            rotation["base"] = self.rng.choice([100.0, 500000.0])
        if self.maybe(0.15):
            rotation["scaling"] = {"kind": "linear", "factor": 2.0}
        return rotation

    def token_input(self, width, behind=None):
        entry = {"vocab": self.vocab, "positions": self.positions(width, behind)}
        if self.maybe(0.2):
            entry["scale"] = 2.5
        if self.maybe(0.2):
            entry["norm"] = True
        return entry

    def feature_input(self, width):
        entry = {"features": 6, "convolutions": [{"channels": width, "kernel": 3, "stride": self.rng.choice([1, 2])}],
                 "positions": self.positions(width)}
        if self.maybe(0.5):
            entry["convolutions"].insert(0, {"channels": 9, "kernel": 5, "activation": "relu", "bias": False})
        return entry

    def attention(self, stack, width, masks, several=False):
        rng = self.rng
        heads = rng.choice(self.heads)
        attention = {"heads": heads}
        rotary = worded(stack["input"].get("positions", "none"))["kind"] == "rotary"
        if self.maybe(0.35) or rotary and width // heads % 2:
            attention["head_size"] = self.even_size if rotary else self.any_size
        if self.maybe(0.35):
            attention["kv_heads"] = rng.choice([n for n in range(1, heads + 1) if heads % n == 0])
        for key in ("bias", "output_bias"):
            if self.maybe(0.3):
                attention[key] = False
        if attention.get("bias", True) and self.maybe(0.2):
            attention["key_bias"] = False
        if self.maybe(0.2):
            attention["scale"] = 0.3
        attention["mask"] = rng.choice(masks)
        if self.maybe(0.35):
            attention["score"] = rng.choice(SCORES + (SEGMENT_SCORES if several else []))
        elif self.maybe(0.1):
            attention |= {"tables": [[heads, 41]], "score": "s + table0(h, q - k + 20)"}
        if self.maybe(0.2):
            norm = {"kind": rng.choice(["rmsnorm", "layernorm"])}
            attention["query_key_norm"] = norm | ({"over": "all"} if self.maybe(0.3) else {})
        return attention

    def mlp(self):
        mlp = {"hidden": self.rng.choice(self.hidden), "activation": self.rng.choice(ACTIVATIONS)}
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
            convolution["activation"] = self.rng.choice(ACTIVATIONS)
        if self.maybe(0.3):
            convolution["bias"] = False
        return convolution

    def source_attention(self, stack, width, layers, names, growing):
        """An attention to stacks that were drawn before."""
        rng, joint = self.rng, self.maybe(0.5)
        several = joint or len(names) > 1
        masks = CROSS_MASKS
        if joint:
            masks = GROWING_MASKS[:4] + ["segment < 1 || k <= q", f"segment < {len(names)} && (k % 2 == 0 || k == q) || k <= q",
                                         {"prefix": names[-1]}]
            if not growing:
                masks = masks + ["none", "segment < 1 || abs(q - k) < 4"]
        attention = self.attention(stack, width, masks, several)
        kinds = [self.source_kind(name, layers) for name in names]
        if len(names) == 1 and self.maybe(0.7):
            attention |= {"from": names[0]} | ({} if kinds[0] == "final" else {"source": kinds[0]})
        else:
            attention["from"] = [name if kind == "final" else {"stack": name, "source": kind} for name, kind in zip(names, kinds)]
        if joint:
            attention["merge"] = "joint"
        return attention

    def source_kind(self, name, layers):
        source_layers = self.stacks[name]["layers"]
        kind = self.rng.choice(["final", "final", "same-layer", "layers"])
        if "concat" in self.stacks[name]["input"]:
            return "final"
        if kind == "layers" or kind == "same-layer" and layers != source_layers:
            return {"layers": [self.rng.randrange(source_layers) for _ in range(layers)]}
        return kind

    def block(self, stack, width, layers, own_masks, sources, growing):
        """Sublayers in some order, each source read by one of them."""
        sublayers, left = [], list(sources)
        self.rng.shuffle(left)
        joint = False
        while left:
            names = [left.pop() for _ in range(self.rng.randint(1, len(left)))]
            attention = self.source_attention(stack, width, layers, names, growing)
            attention["name"] = f"about{len(sublayers)}"
            joint = joint or "merge" in attention
            sublayers.append({"attention": attention})
        if not joint or self.maybe(0.3):
            sublayers.insert(0, {"attention": self.attention(stack, width, own_masks)})
        if self.maybe(0.85):
            sublayers.append({"mlp": self.mlp()})
        if "concat" not in stack["input"] and self.maybe(0.25):
            sublayers.insert(self.rng.randrange(len(sublayers) + 1), {"convolution": self.convolution(growing)})
        if len(sublayers) > 1 and stack["norm"]["place"] == "before" and self.maybe(0.15):
            return [{"parallel": {"block": sublayers} | ({"norm": "each"} if self.maybe(0.5) else {})}]
        return sublayers

    # -- Stacks

    def stack(self, name, sources, growing=False, concat=None):
        width = self.width
        layers = self.rng.choice([1, 2, 2, 3])
        stack = {"input": None, "layers": layers, "norm": self.norm()}
        if concat:
            stack["input"] = {"concat": concat}
            if self.maybe(0.5):
                # Enough for the rows of all parts.
                stack["input"]["positions"] = self.positions(width) | {"length": POSITIONS * len(concat)}
            if self.maybe(0.2):
                stack["input"]["norm"] = True
        elif growing or self.maybe(0.9):
            stack["input"] = self.token_input(width, self.rng.choice(sources) if sources else None)
        else:
            stack["input"] = self.feature_input(width)
        if growing and concat:
            masks = ["causal", "causal", {"prefix": concat[0]}, {"window": 7}, "segment == query_segment && k <= q",
                     f"query_segment < {len(concat) - 1} && segment < 1 || query_segment == {len(concat) - 1} && k <= q"]
        elif growing:
            masks = GROWING_MASKS
        elif concat:
            masks = ["none", "none", *ANY_MASKS, "segment == query_segment", "segment <= query_segment"]
        else:
            masks = ["none", "none", "none", *ANY_MASKS]
        stack["block"] = self.block(stack, width, layers, masks, sources, growing)
        self.stacks[name] = stack

    def some(self, names):
        return [name for name in names if self.maybe(0.5)]

    def spec(self):
        rng = self.rng
        names = WHOLE[:rng.choice([0, 1, 1, 1, 2, 2, 3])]
        unread = []
        for number, name in enumerate(names):
            before = names[:number]
            if len(before) == 2 and self.maybe(0.3):
                self.stack(name, [], concat=before)
                unread = [name]
            else:
                sources = self.some(before) if self.maybe(0.5) else []
                self.stack(name, sources)
                unread = [other for other in unread if other not in sources] + [name]
        ending = rng.choice(["growing", "growing", "concat"] + ["whole", "whole"] * (len(unread) == 1))
        head = None
        if ending == "growing" or not names:
            self.stack("decoder", self.with_some(unread, names), growing=True)
            head = {"stack": "decoder"} | ({"tied": False} if self.maybe(0.3) else {})
        elif ending == "concat":
            parts = [name for name in unread if self.maybe(0.6)] or unread[:1]
            self.stack("decoder", [name for name in unread if name not in parts] + self.some(parts), growing=True)
            self.stack("top", [], growing=True, concat=[*parts, "decoder"])
            head = {"stack": "top"} | ({"tied": False} if self.maybe(0.5) else {})
        spec = {"tenon": 1, "name": "point", "width": self.width, "stacks": self.stacks}
        if head:
            spec["head"] = head | ({"bias": True} if self.maybe(0.2) else {}) | ({"softcap": 6.0} if self.maybe(0.1) else {})
        return spec

    def with_some(self, unread, names):
        return unread + [name for name in names if name not in unread and self.maybe(0.3)]
