"""arrays.py write FILE SHAPE VALUES... | show FILE: float32 .npy files without NumPy."""

import re
import struct
import sys

if sys.argv[1] == "write":
    shape = tuple(int(size) for size in sys.argv[3].split("x"))
    header = ("{'descr': '<f4', 'fortran_order': False, 'shape': %r, }" % (shape,)).encode()
    header = header.ljust((10 + len(header) + 64) // 64 * 64 - 11) + b"\n"
    values = [float(value) for value in sys.argv[4:]]
    with open(sys.argv[2], "wb") as file:
        file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(values)}f", *values))
else:
    data = open(sys.argv[2], "rb").read()
    end = 10 + struct.unpack("<H", data[8:10])[0]
    shape = re.search(rb"\(([^)]*)\)", data[:end]).group(1).decode()
    values = struct.unpack(f"<{(len(data) - end) // 4}f", data[end:])
    print("x".join(re.findall(r"\d+", shape)), *values)
