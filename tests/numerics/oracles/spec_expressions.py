"""Masks and scores of a spec as functions of PyTorch tensors: a parser of docs/expressions.md of its own.

Integers are int64, conditions bool, floats of the dtype of `s`. Nothing here is shared with the compiler."""

import re

import torch

TOKEN = re.compile(r"\s*(\d+\.\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+|\d+|\w+|&&|\|\||[<>=!]=|[-+*/%<>!(),])")
# The operators of each level, from the one that binds least.
LEVELS = [["||"], ["&&"], ["==", "!="], ["<", "<=", ">", ">="], ["+", "-"], ["*", "/", "%"]]


def tokens_of(text):
    tokens, at = [], 0
    text = text.rstrip()
    while at < len(text):
        found = TOKEN.match(text, at)
        if not found:
            raise ValueError(f"{text!r}: nothing known at {text[at:]!r}")
        tokens.append(found[1])
        at = found.end()
    return tokens


class Parser:
    """Makes a tree of tuples: ("number", value), ("name", text), (operator or function, operands...)."""

    def __init__(self, text):
        self.tokens = tokens_of(text) + [None]

    def take(self, *wanted):
        if self.tokens[0] in wanted:
            return self.tokens.pop(0)
        return None

    def need(self, token):
        if not self.take(token):
            raise ValueError(f"expected {token!r}, found {self.tokens[0]!r}")

    def tree(self):
        result = self.level(0)
        if self.tokens != [None]:
            raise ValueError(f"expected the end, found {self.tokens[0]!r}")
        return result

    def level(self, number):
        if number == len(LEVELS):
            return self.unary()
        left = self.level(number + 1)
        while operator := self.take(*LEVELS[number]):
            left = (operator, left, self.level(number + 1))
        return left

    def unary(self):
        if operator := self.take("-", "!"):
            return ("negative" if operator == "-" else "not", self.unary())
        return self.primary()

    def primary(self):
        if self.take("("):
            inner = self.level(0)
            self.need(")")
            return inner
        token = self.tokens.pop(0)
        if token in ("true", "false"):
            return ("number", token == "true")
        if token == "inf":
            return ("number", float("inf"))
        if token[0].isdigit() or token[0] == ".":
            return ("number", int(token) if token.isdigit() else float(token))
        if not self.take("("):
            return ("name", token)
        operands = [self.level(0)]
        while self.take(","):
            operands.append(self.level(0))
        self.need(")")
        return (token, *operands)


def constant(value, dtype):
    if isinstance(value, float):
        # Literals have 32 bits.
        return torch.tensor(value, dtype=torch.float32).to(dtype)
    return torch.tensor(value)


def floor_quotient(x, y):
    if x.is_floating_point():
        return x / y
    return torch.where(y == 0, 0, torch.div(x, torch.where(y == 0, 1, y), rounding_mode="floor"))


def remainder(x, y):
    if x.is_floating_point():
        return x - torch.floor(x / y) * y
    return torch.where(y == 0, 0, x - floor_quotient(x, y) * y)


BINARY = {
    "||": torch.logical_or, "&&": torch.logical_and, "==": torch.eq, "!=": torch.ne, "<": torch.lt, "<=": torch.le, ">": torch.gt,
    ">=": torch.ge, "+": torch.add, "-": torch.sub, "*": torch.mul, "/": floor_quotient, "%": remainder, "min": torch.minimum,
    "max": torch.maximum,
}
UNARY = {"negative": torch.neg, "not": torch.logical_not, "abs": torch.abs}
FLOATS = {"exp": torch.exp, "log": torch.log, "tanh": torch.tanh, "sqrt": torch.sqrt}


class Expression:
    """`text` as a function of its variables; `tables` are what table0, table1, … read."""

    def __init__(self, text):
        self.root = Parser(text).tree()

    def __call__(self, variables, dtype, tables=()):
        return self.value(self.root, variables, dtype, tables)

    def value(self, node, variables, dtype, tables):
        kind, *operands = node
        if kind == "number":
            return constant(operands[0], dtype)
        if kind == "name":
            return variables[operands[0]]
        values = [self.value(operand, variables, dtype, tables) for operand in operands]
        if found := re.fullmatch(r"table([0-7])", kind):
            table = tables[int(found[1])]
            row, column = (index.clamp(0, extent - 1) for index, extent in zip(values, table.shape))
            return table[row, column]
        if kind == "select":
            return torch.where(values[0], *alike(values[1:], dtype))
        if kind in BINARY:
            return BINARY[kind](*alike(values, dtype))
        if kind in UNARY:
            return UNARY[kind](values[0])
        if kind in FLOATS:
            return FLOATS[kind](values[0].to(dtype))
        if kind == "float":
            return values[0].to(dtype)
        if kind == "int":
            return values[0].to(torch.int64)
        raise ValueError(f"unknown function {kind!r}")


def alike(values, dtype):
    """An integer that meets a float becomes one."""
    if any(value.is_floating_point() for value in values):
        return [value.to(dtype) for value in values]
    return values
