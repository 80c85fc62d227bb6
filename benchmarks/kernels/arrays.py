"""What the cases are computed on: for the peers by the names that they give it, for Tenon as its kernels take it."""

import numpy

from cases import HEAD_SIZE, PAGE


def normal(seed, *shape):
    return numpy.random.default_rng(seed).standard_normal(shape, dtype=numpy.float32)


def given(case):
    """For the peers. Heads come first, and queries of one key head are rows of one head where a step decodes: no key is
    hidden from them then."""
    if case.family == "product":
        rows, depth, columns, _, _ = case.numbers
        return {"x": normal(rows, rows, depth), "w": normal(1, columns, depth) / 16}
    if case.family == "attention":
        length, _ = case.numbers
        return {name: normal(seed, 1, 12, length, HEAD_SIZE) for seed, name in enumerate("qkv")}
    if case.family == "decode":
        heads, key_heads, keys, _ = case.numbers
        return {"q": normal(0, 1, key_heads, heads // key_heads, HEAD_SIZE),
                **{name: normal(seed, 1, key_heads, keys, HEAD_SIZE) for seed, name in ((1, "k"), (2, "v"))}}
    return {f"x{index}": normal(index, *buffer.shape) for index, buffer in enumerate(case.buffers[:-1])}


def panels(weight, panel):
    """[N, K] in panels of columns, zero past the last one."""
    columns, depth = weight.shape
    padded = numpy.zeros((-(-columns // panel) * panel, depth), numpy.float32)
    padded[:columns] = weight
    return padded.reshape(-1, panel, depth).transpose(0, 2, 1)


def pages(keys, values):
    """[1, heads, keys, size] in pages: of each head the keys with their components first, then the values."""
    heads, count, size = keys.shape[1:]
    split = keys[0].reshape(heads, count // PAGE, PAGE, size), values[0].reshape(heads, count // PAGE, PAGE, size)
    both = numpy.stack([split[0].transpose(1, 0, 3, 2).reshape(-1, heads, size * PAGE),
                        split[1].transpose(1, 0, 2, 3).reshape(-1, heads, size * PAGE)], axis=2)
    return both.reshape(both.shape[0], -1)


def integers(*values):
    return numpy.array(values, numpy.int32)


def rows_of_heads(x):
    """[1, heads, rows, size] as rows of all heads."""
    return x[0].transpose(1, 0, 2).reshape(x.shape[2], -1)


def tenon_arrays(case, arrays):
    """What stands in the case's buffers but the last, which is the result."""
    if case.family == "product":
        return [arrays["x"], panels(arrays["w"], case.numbers[3])]
    if case.family == "attention":
        length = case.numbers[0]
        rows = numpy.concatenate([rows_of_heads(arrays[name]) for name in "qkv"], axis=1)
        return [rows, integers(0, length), integers(length)]
    if case.family == "decode":
        keys = case.numbers[2]
        return [arrays["q"].reshape(1, -1), pages(arrays["k"], arrays["v"]), integers(0, 1), integers(1), integers(keys - 1),
                numpy.arange(keys // PAGE, dtype=numpy.int32)[None]]
    return list(arrays.values())


def sample(result):
    """Some of a result, as tenon-serve-kernel picks it."""
    flat = result.reshape(-1)
    return [float(x) for x in flat[:: flat.size // 997 + 1]]


def as_rows(case, result):
    """A peer's result, laid out as Tenon's."""
    if case.family == "attention":
        return rows_of_heads(result)
    return result.reshape(case.buffers[-1].shape)
