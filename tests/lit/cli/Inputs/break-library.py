"""break-library.py HOW FROM TO: copies a compiled library with one thing about it changed, and its weights as they are."""

import os
import shutil
import struct
import sys

how, source, target = sys.argv[1:]
data = bytearray(open(source, "rb").read())
# The note: sizes of name and descriptor, type "TNL1", the name, then version and machine (runtime/include/tenon/library.h).
note = data.index(struct.pack("<I", 0x544E4C31) + b"Tenon\0\0\0") + 12
if how == "version":
    struct.pack_into("<I", data, note, 99)
elif how == "machine":
    struct.pack_into("<I", data, note + 4, 183)  # EM_AARCH64
    struct.pack_into("<H", data, 18, 183)
elif how == "level":
    struct.pack_into("<I", data, note + 8, 99)
elif how == "flipped":
    data[len(data) // 2] ^= 1
elif how == "truncated":
    del data[-100:]
elif how == "header":
    del data[40:]
elif how == "empty":
    data.clear()
elif how == "longer":
    data += b"\0"
elif how != "same":
    sys.exit(f"no way to break a library is called '{how}'")
with open(target, "wb") as file:
    file.write(data)
weights = os.path.splitext(source)[0] + ".weights"
if os.path.dirname(source) != os.path.dirname(target):
    shutil.copy(weights, os.path.dirname(target))
