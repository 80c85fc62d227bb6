"""Arrays in .npy files, with nothing but the standard library: small goldens are compared where NumPy is not installed."""

import array
import ast
import math


def read_npy(path):
    """Shape and the elements, in row-major order, of a float32 or int32 .npy file."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:6] != b"\x93NUMPY":
        raise ValueError(f"{path}: not a .npy file")
    length_bytes = 2 if data[6] == 1 else 4
    start = 8 + length_bytes
    length = int.from_bytes(data[8:start], "little")
    header = ast.literal_eval(data[start:start + length].decode("latin1"))
    kinds = {"<f4": "f", "<i4": "i"}
    if header["descr"] not in kinds or header["fortran_order"]:
        raise ValueError(f"{path}: expected float32 or int32 in row-major order, found {header}")
    elements = array.array(kinds[header["descr"]])
    elements.frombytes(data[start + length:])
    if len(elements) != math.prod(header["shape"]):
        raise ValueError(f"{path}: {len(elements)} elements for the shape {header['shape']}")
    return tuple(header["shape"]), elements


def relative_error(found, expected, lengths, width):
    """The largest difference of any component of a row's vectors, over the row's largest component. NaN is infinite.

    Both arrays are [batch, length, width], rows padded to the same length."""
    longest = max(lengths)
    worst = 0.0
    for row, length in enumerate(lengths):
        first = row * longest * width
        last = first + length * width
        scale = max((abs(value) for value in expected[first:last]), default=0.0)
        for a, b in zip(found[first:last], expected[first:last]):
            error = abs(a - b) / scale if scale else abs(a - b)
            worst = max(worst, error if error == error else math.inf)
        if any(found[last:first + longest * width]):
            return math.inf  # The padding is not zero.
    return worst
