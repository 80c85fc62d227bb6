"""arrays.py write FILE SHAPE VALUES... | write-ids FILE SHAPE VALUES... | show FILE: .npy files of float32 and int32
without NumPy."""

import re
import struct
import sys

if sys.argv[1] in ("write", "write-ids"):
    kind, code, number = ("<f4", "f", float) if sys.argv[1] == "write" else ("<i4", "i", int)
    shape = tuple(int(size) for size in sys.argv[3].split("x"))
    header = ("{'descr': '%s', 'fortran_order': False, 'shape': %r, }" % (kind, shape)).encode()
    header = header.ljust((10 + len(header) + 64) // 64 * 64 - 11) + b"\n"
    values = [number(value) for value in sys.argv[4:]]
    with open(sys.argv[2], "wb") as file:
        file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(values)}{code}", *values))
else:
    data = open(sys.argv[2], "rb").read()
    end = 10 + struct.unpack("<H", data[8:10])[0]
    shape = re.search(rb"\(([^)]*)\)", data[:end]).group(1).decode()
    values = struct.unpack(f"<{(len(data) - end) // 4}f", data[end:])
    print("x".join(re.findall(r"\d+", shape)), *values)
