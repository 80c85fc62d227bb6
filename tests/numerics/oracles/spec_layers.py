"""The pieces of a spec's layers that have no state: activations, norms, sinusoids, rotary angles, T5's buckets."""

import math

import torch

ACTIVATIONS = {
    "gelu": lambda x: 0.5 * x * (1 + torch.erf(x / math.sqrt(2))),
    "gelu_tanh": lambda x: 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x ** 3))),
    "relu": torch.relu,
    "silu": lambda x: x * torch.sigmoid(x),
    "relu_squared": lambda x: torch.relu(x) ** 2,
    "quick_gelu": lambda x: x * torch.sigmoid(1.702 * x),
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "none": lambda x: x,
}


def normalised(kind, x, epsilon):
    if kind == "layernorm":
        x = x - x.mean(-1, keepdim=True)
    elif kind != "rmsnorm":
        raise ValueError(f"norm {kind!r}")
    return x / torch.sqrt((x * x).mean(-1, keepdim=True) + epsilon)


def sinusoids(options, positions, width):
    """[..., width] for positions of any shape, float64."""
    interleaved, half = options.get("interleaved", False), width // 2
    even = interleaved or options.get("spacing", "ends") == "even"
    steps = torch.arange(half, dtype=torch.float64)
    turn = positions[..., None].double() * options.get("base", 10000.0) ** (-steps / (half if even else half - 1))
    if interleaved:
        return torch.stack([turn.sin(), turn.cos()], -1).flatten(-2)
    return torch.cat([turn.sin(), turn.cos()], -1)


def frequencies(options, dims):
    """Radians a position for each pair, and the factor on cosines and sines."""
    base, scaling = options.get("base", 10000.0), options.get("scaling")
    plain = base ** (-torch.arange(0, dims, 2, dtype=torch.float64) / dims)
    if not scaling:
        return plain, 1.0
    kind, factor = scaling["kind"], scaling["factor"]
    if kind == "linear":
        return plain / factor, 1.0
    if kind == "llama3":
        turns = scaling["original_length"] * plain / (2 * math.pi)
        low, high = scaling.get("low_frequency_factor", 1), scaling.get("high_frequency_factor", 4)
        kept = ((turns - low) / (high - low)).clamp(0, 1)
        return kept * plain + (1 - kept) * plain / factor, 1.0
    if kind == "yarn":
        # The pair that turns round so many times in the original length.
        pair = lambda turns: dims * math.log(scaling["original_length"] / (turns * 2 * math.pi)) / (2 * math.log(base))  # noqa: E731
        first, last = pair(scaling.get("beta_fast", 32)), pair(scaling.get("beta_slow", 1))
        if scaling.get("truncate", True):
            first, last = math.floor(first), math.ceil(last)
        first, last = max(first, 0), min(last, dims - 1)
        kept = 1 - ((torch.arange(dims // 2) - first) / max(last - first, 0.001)).clamp(0, 1).double()
        return kept * plain + (1 - kept) * plain / factor, scaling.get("attention_factor", 0.1 * math.log(factor) + 1)
    raise ValueError(f"rotary scaling {kind!r} is not evaluated here")


def turned(x, options, positions):
    """`x` is [batch, heads, length, size], `positions` [batch, length]; the first `dims` components of a head turn."""
    dims = options.get("dims") or x.shape[-1]
    rates, factor = frequencies(options, dims)
    angles = positions[:, None, :, None].double() * rates
    cos, sin = ((factor * function(angles)).to(x.dtype) for function in (torch.cos, torch.sin))
    turning, rest = x[..., :dims], x[..., dims:]
    if options.get("interleaved", False):
        a, b = turning[..., 0::2], turning[..., 1::2]
        result = torch.stack([a * cos - b * sin, a * sin + b * cos], -1).flatten(-2)
    else:
        a, b = turning[..., :dims // 2], turning[..., dims // 2:]
        result = torch.cat([a * cos - b * sin, a * sin + b * cos], -1)
    return torch.cat([result, rest], -1)


def alibi_slopes(heads):
    """BLOOM's, which are float32."""
    below = 2 ** math.floor(math.log2(heads))
    slopes = [2.0 ** (-8 * (i + 1) / below) for i in range(below)]
    slopes += [2.0 ** (-4 * (2 * i + 1) / below) for i in range(heads - below)]
    return torch.tensor(slopes, dtype=torch.float32)


def relative_buckets(options, distance, bidirectional):
    """T5's bucket of each distance k - q."""
    count, longest = options.get("buckets", 32), options.get("distance", 128)
    first = torch.zeros_like(distance)
    if bidirectional:
        count //= 2
        first = torch.where(distance > 0, count, 0)
        away = distance.abs()
    else:
        away = (-distance).clamp(min=0)
    near = count // 2
    far = near + (torch.log(away.clamp(min=1) / near) / math.log(longest / near) * (count - near)).to(torch.int64)
    return first + torch.where(away < near, away, far.clamp(max=count - 1))


def convolved(x, lengths, weight, bias, options):
    """Rows [batch, length, inputs] through one convolution over the time, and their lengths behind it."""
    kernel, stride = options["kernel"], options.get("stride", 1)
    live = torch.arange(x.shape[1]) < lengths[:, None]
    x = torch.where(live[..., None], x, 0)
    filters = weight.reshape(weight.shape[0], x.shape[-1], kernel)
    x = torch.nn.functional.conv1d(x.transpose(1, 2), filters, bias, stride, kernel // 2).transpose(1, 2)
    return ACTIVATIONS[options.get("activation", "gelu")](x), -(-lengths // stride)


def mixed(x, weight, causal):
    """Rows [batch, length, width] through a convolution of each component alone, `weight` being [kernel, width]."""
    if x.shape[1] == 0:
        return x
    kernel, width = weight.shape
    before = kernel - 1 if causal else (kernel - 1) // 2
    padded = torch.nn.functional.pad(x.transpose(1, 2), (before, kernel - 1 - before))
    return torch.nn.functional.conv1d(padded, weight.T[:, None], groups=width).transpose(1, 2)


def pooled(kind, x, lengths):
    """One vector for each sequence of [batch, length, width]."""
    at = torch.arange(x.shape[1])
    there = (at < lengths[:, None])[..., None]
    if kind == "max":
        return torch.where(there, x, -math.inf).amax(1)
    if kind in ("cls", "last"):
        return x[torch.arange(len(x)), torch.zeros_like(lengths) if kind == "cls" else lengths - 1]
    weights = there * (at[:, None] + 1 if kind == "weighted_mean" else 1)
    total = (x * weights).sum(1)
    return total / (lengths[:, None] ** 0.5 if kind == "mean_sqrt" else weights.sum(1))


def recurrence(forget, new):
    """c = f c + (1 - f) x from zeros on, after each row of [batch, length, width]."""
    states, state = torch.empty_like(new), torch.zeros_like(new[:, :1])
    for t in range(new.shape[1]):
        state = forget[:, t:t + 1] * state + (1 - forget[:, t:t + 1]) * new[:, t:t + 1]
        states[:, t:t + 1] = state
    return states
