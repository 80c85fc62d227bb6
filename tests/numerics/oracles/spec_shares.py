"""Parameters of a spec by name: `share` as docs/spec.md words it, and tensors that are made when they are first asked for."""

import zlib

import torch


class Shares:
    """Which tensor a parameter is. More specific left sides come first; a right side may itself be shared onwards."""

    def __init__(self, rules):
        self.rules = [[side.strip().split(".") for side in rule.split("=")] for rule in rules]
        self.rules.sort(key=lambda rule: -len(rule[0]))

    def once(self, parts):
        for left, right in self.rules:
            if len(left) <= len(parts) and all(pattern in ("*", part) for pattern, part in zip(left, parts)):
                layer = next((part for pattern, part in zip(left, parts) if pattern == "*"), None)
                return [layer if part == "*" else part for part in right] + parts[len(left):]
        return parts

    def resolve(self, name):
        parts, seen = name.split("."), []
        while parts not in seen:
            seen.append(parts)
            parts = self.once(parts)
            if len(seen) > len(self.rules):
                break
        if parts != seen[-1]:
            raise ValueError(f"{name} is shared in a circle")
        return ".".join(parts)


class RandomTensors(dict):
    """float32 tensors that follow from their names, shapes and a seed, so that equal parameters of two specs are equal."""

    def __init__(self, seed):
        super().__init__()
        self.seed = seed

    def wanted(self, name, shape):
        if name not in self:
            generator = torch.Generator().manual_seed(zlib.crc32(f"{self.seed} {name}".encode()))
            self[name] = spread(name, torch.randn(shape, generator=generator))
        return self[name]


def spread(name, noise):
    """Values of about the size that trained models have."""
    parts = name.split(".")
    if any("norm" in part for part in parts):
        return 0.2 * noise + (1 if parts[-1] == "weight" else 0)
    if parts[-1] == "bias":
        return 0.2 * noise
    if parts[1] == "input" and "convolutions" not in parts:
        return 0.7 * noise
    if "table" in parts[-2] or parts[-2] == "relative":
        return noise
    return 1.2 / noise.shape[-1] ** 0.5 * noise
