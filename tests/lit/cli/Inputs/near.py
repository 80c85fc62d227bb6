"""near.py ONE.npy TWO.npy OTHER.npy: ONE is TWO but for the rounding of float32, and OTHER is something else."""

import struct
import sys


def values(path):
    data = open(path, "rb").read()
    start = 10 + struct.unpack("<H", data[8:10])[0]
    return struct.unpack(f"<{(len(data) - start) // 4}f", data[start:])


one, two, other = (values(path) for path in sys.argv[1:])
largest = max(map(abs, two))
error = max(abs(a - b) for a, b in zip(one, two, strict=True))
assert error <= 2e-6 * largest, (error, largest)
difference = max(abs(a - b) for a, b in zip(one, other, strict=True))
assert difference > 1e-3 * largest, (difference, largest)
