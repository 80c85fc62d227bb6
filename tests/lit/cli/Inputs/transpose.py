"""transpose.py FROM TO: exchanges the last two extents of a .npy file of float32, without NumPy."""

import re
import struct
import sys

data = open(sys.argv[1], "rb").read()
end = 10 + struct.unpack("<H", data[8:10])[0]
shape = [int(size) for size in re.findall(r"\d+", re.search(rb"\(([^)]*)\)", data[:end]).group(1).decode())]
values = struct.unpack(f"<{(len(data) - end) // 4}f", data[end:])
rows, columns = shape[-2:]
turned = [values[matrix + row * columns + column] for matrix in range(0, len(values), rows * columns)
          for column in range(columns) for row in range(rows)]
header = repr({"descr": "<f4", "fortran_order": False, "shape": (*shape[:-2], columns, rows)}).encode()
header = header.ljust((10 + len(header) + 64) // 64 * 64 - 11) + b"\n"
with open(sys.argv[2], "wb") as file:
    file.write(b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + struct.pack(f"<{len(values)}f", *turned))
