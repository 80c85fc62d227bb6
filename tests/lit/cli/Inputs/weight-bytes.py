"""weight-bytes.py FILE.weights: the bytes of its tensors but for tables that rows are picked from, to compare with what is
read from standard input, `tenon inspect --json`, of the entry point decode."""

import json
import struct
import sys

with open(sys.argv[1], "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
header.pop("__metadata__")
tables = ("input.tokens.weight", "input.positions.weight", "rotary_cosine", "rotary_sine")
expected = sum(end - begin for name, tensor in header.items() for begin, end in [tensor["data_offsets"]]
               if not any(table in name for table in tables))
manifest = json.load(sys.stdin)
decode = next(entry for entry in manifest.get("manifest", manifest)["entries"] if entry["name"] == "decode")
assert decode["weight_bytes"] == expected, (decode["weight_bytes"], expected)
