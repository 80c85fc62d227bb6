"""Random blocks of every type that a GGUF file's tensors can have, and what the `gguf` package makes of them."""

import gguf
import numpy

TYPES = ["F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K"]

# Where a block has its float16 scale and minimum.
HALVES = {"Q8_0": [0], "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208]}
# Zeros, the smallest and largest subnormal, the smallest normal, the largest number, infinities, quiet NaN.
SPECIAL = [0x0000, 0x8000, 0x0001, 0x8001, 0x03ff, 0x0400, 0x7bff, 0x7c00, 0xfc00, 0x7e00, 0xfe00, 0x3c00]


def stored(name, blocks, random):
    """Rows of one block each. A third of the scales are special numbers, a third usual, a third any bits."""
    kind = gguf.GGMLQuantizationType[name]
    numbers, size = gguf.GGML_QUANT_SIZES[kind]
    if name in ("F32", "F16", "BF16"):
        numbers, size = 32, 32 * size
    rows = random.integers(0, 256, (blocks, size), dtype=numpy.uint8)
    for place in HALVES.get(name, []):
        scales = rows[:, place:place + 2].copy().view(numpy.uint16)[:, 0]
        usual = random.normal(0, 0.05, blocks).astype(numpy.float16).view(numpy.uint16)
        choice = random.integers(0, 3, blocks)
        scales = numpy.choose(choice, [random.choice(SPECIAL, blocks).astype(numpy.uint16), usual, scales])
        rows[:, place:place + 2] = scales.astype(numpy.uint16)[:, None].view(numpy.uint8)
    return rows


def widened(name, rows):
    with numpy.errstate(all="ignore"):
        return gguf.dequantize(rows, gguf.GGMLQuantizationType[name]).reshape(len(rows), -1).astype(numpy.float32)


def write(path, tensors):
    """A GGUF file with `tensors`: name to (type, rows)."""
    writer = gguf.GGUFWriter(path, "llama")
    for name, (kind, rows) in tensors.items():
        kind = gguf.GGMLQuantizationType[kind]
        if kind == gguf.GGMLQuantizationType.F32:
            writer.add_tensor(name, rows.view(numpy.float32))
        elif kind == gguf.GGMLQuantizationType.F16:
            writer.add_tensor(name, rows.view(numpy.float16))
        else:
            writer.add_tensor(name, rows, raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
