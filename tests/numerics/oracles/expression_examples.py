"""Masks and scores as text, beside the functions that FlexAttention would take for them."""

import math

import torch


def where(condition, x, y):
    return torch.where(condition, x, torch.as_tensor(y, dtype=x.dtype))


def table(number, i, j):
    """Element (i, j) of what tenon-evaluate reads, indices clamped into it."""
    i, j = torch.clamp(torch.as_tensor(i), 0, 3), torch.clamp(torch.as_tensor(j), 0, 255)
    return number + i / 4.0 - j / 128.0


def geometric_slope(h):
    return torch.exp(-math.log(2.0) * (h + 1))


def alibi_slope(h):
    """Of four heads: 2^-2, 2^-4, 2^-6, 2^-8."""
    return 2.0 ** (-2.0 * (h + 1))


MASKS = {
    "causal": ("k <= q", lambda b, h, q, k: q >= k),
    "window": ("k <= q && q - k < 20", lambda b, h, q, k: (q >= k) & (q - k < 20)),
    "prefix": ("k <= q || k < 24", lambda b, h, q, k: (q >= k) | (k < 24)),
    "document": ("q / 64 == k / 64", lambda b, h, q, k: q // 64 == k // 64),
    "causal documents": ("k <= q && q / 24 == k / 24", lambda b, h, q, k: (q >= k) & (q // 24 == k // 24)),
    "dilated": ("k <= q && (q - k) % 2 == 0", lambda b, h, q, k: (q >= k) & ((q - k) % 2 == 0)),
    "dilated, both ways": ("(q - k) % 2 == 0", lambda b, h, q, k: (q - k) % 2 == 0),
    "sinks and a window": ("k <= q && (k < 4 || q - k < 16)",
                           lambda b, h, q, k: (q >= k) & ((k < 4) | (q - k < 16))),
    "local and global heads": ("k <= q && (h < 2 || q - k < 17)",
                               lambda b, h, q, k: (q >= k) & ((h < 2) | (q - k < 17))),
    "band that grows with the head": ("abs(q - k) < 5 * (h + 1)", lambda b, h, q, k: (q - k).abs() < 5 * (h + 1)),
    "by sequence": ("select(b % 2 == 0, k <= q, k >= q)",
                    lambda b, h, q, k: ((b % 2 == 0) & (k <= q)) | ((b % 2 != 0) & (k >= q))),
    "later keys alone": ("k > q", lambda b, h, q, k: k > q),
    "no key": ("k < 0", lambda b, h, q, k: k < 0),
}

SCORES = {
    "ALiBi": ("s + select(h < 2, select(h < 1, 0.25, 0.0625), select(h < 3, 0.015625, 0.00390625)) * float(k - q)",
              lambda s, b, h, q, k: s + alibi_slope(h) * (k - q)),
    "ALiBi by formula": ("s + exp(-0.6931472 * float(h + 1)) * float(k - q)",
                         lambda s, b, h, q, k: s + geometric_slope(h) * (k - q)),
    "soft-cap": ("2.0 * tanh(s / 2.0)", lambda s, b, h, q, k: 2.0 * torch.tanh(s / 2.0)),
    "relative position": ("s + 0.01 * (q - k)", lambda s, b, h, q, k: s + 0.01 * (q - k)),
    "causal as a score": ("select(k <= q, s, -inf)", lambda s, b, h, q, k: where(q >= k, s, -math.inf)),
    "decay": ("s * exp(-0.125 * abs(q - k))", lambda s, b, h, q, k: s * torch.exp(-0.125 * (q - k).abs())),
    "logarithmic distance": ("s - log(float(1 + abs(q - k)))",
                             lambda s, b, h, q, k: s - torch.log(1.0 + (q - k).abs())),
    "clipped relative bias": ("s + 0.2 * float(max(min(q - k, 8), -8)) / sqrt(float(h + 1))",
                              lambda s, b, h, q, k: s + 0.2 * torch.clamp(q - k, -8, 8) / torch.sqrt(h + 1.0)),
}

# Those that read a table.
TABLE_SCORES = {
    "relative bias": ("s + table0(h, q - k + 100)", lambda s, b, h, q, k: s + table(0, h, q - k + 100)),
    "bias by sequence and key": ("s * table1(b, k / 2)", lambda s, b, h, q, k: s * table(1, b, k // 2)),
}


class RandomExpressions:
    """Pairs of an expression and the Python that means the same on tensors; without division by zero, an error there."""

    def __init__(self, rng):
        self.rng = rng

    def integer(self, depth):
        if depth == 0 or self.rng.random() < 0.2:
            name = self.rng.choice(["q", "k", "h", "b", str(self.rng.randint(-5, 9))])
            return name, name if name.isalpha() else f"torch.tensor({name}, dtype=torch.int32)"
        kind = self.rng.choice(["+", "-", "*", "/", "%", "min", "max", "abs", "-x", "select", "int"])
        (x, px), (y, py) = self.integer(depth - 1), self.integer(depth - 1)
        constant = self.rng.choice([-7, -2, -1, 1, 2, 3, 16, 64])
        if kind in "+-*":
            return f"({x} {kind} {y})", f"({px} {kind} {py})"
        if kind in "/%":
            return f"({x} {kind} {constant})", f"({px} {kind.replace('/', '//')} {constant})"
        if kind in ("min", "max"):
            return f"{kind}({x}, {y})", f"torch.{kind}imum({px}, {py})"
        if kind == "abs":
            return f"abs({x})", f"torch.abs({px})"
        if kind == "-x":
            return f"(-{x})", f"(-{px})"
        c, pc = self.condition(depth - 1)
        if kind == "int":
            return f"int({c})", f"({pc}).to(torch.int32)"
        return f"select({c}, {x}, {y})", f"torch.where({pc}, {px}, {py})"

    def condition(self, depth):
        if depth == 0 or self.rng.random() < 0.3:
            (x, px), (y, py) = self.integer(depth), self.integer(depth)
            comparison = self.rng.choice(["<", "<=", ">", ">=", "==", "!="])
            return f"({x} {comparison} {y})", f"({px} {comparison} {py})"
        (x, px), (y, py) = self.condition(depth - 1), self.condition(depth - 1)
        kind = self.rng.choice(["&&", "||", "!", "=="])
        if kind == "!":
            return f"!{x}", f"torch.logical_not({px})"
        return f"({x} {kind} {y})", f"({px} {kind.replace('&&', '&').replace('||', '|')} {py})"

    def real(self, depth):
        if depth == 0 or self.rng.random() < 0.2:
            return self.rng.choice([("s", "s"), ("0.75", "torch.tensor(0.75, dtype=s.dtype)"),
                                    ("float(q - k)", "(q - k).to(s.dtype)")])
        kind = self.rng.choice(["+", "-", "*", "tanh", "exp", "sqrt", "log", "abs", "min", "max", "select"])
        (x, px), (y, py) = self.real(depth - 1), self.real(depth - 1)
        if kind in "+-*":
            return f"({x} {kind} {y})", f"({px} {kind} {py})"
        if kind in ("min", "max"):
            return f"{kind}({x}, {y})", f"torch.{kind}imum({px}, {py})"
        if kind == "select":
            c, pc = self.condition(depth - 1)
            return f"select({c}, {x}, {y})", f"torch.where({pc}, {px}, {py})"
        if kind in ("sqrt", "log"):
            return f"{kind}(1.0 + abs({x}))", f"torch.{kind}(1.0 + torch.abs({px}))"
        if kind == "exp":
            return f"exp(min({x}, 1.0))", f"torch.exp(torch.clamp({px}, max=1.0))"
        return f"{kind}({x})", f"torch.{kind}({px})"
