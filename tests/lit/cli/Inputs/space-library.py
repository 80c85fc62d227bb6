"""space-library.py LIBRARY: what `tenon inspect --space` says of a compiled model is what the library has: its kernels, and the bytes of a
token in the states of `decode`."""

import json
import subprocess
import sys


def inspect(*options):
    text = subprocess.run(["tenon", "inspect", "--json", *options, sys.argv[1]], check=True, capture_output=True).stdout
    return json.loads(text)


library, space = inspect(), inspect("--space")["here"]
assert space["kernels"] == len(library["kernels"]), (space, len(library["kernels"]))
(decode,) = (entry for entry in library["entries"] if entry["name"] == "decode")
own = next(tensor.get("stack") for tensor in decode["inputs"] if tensor["role"] == "tokens")
counted = {"source": 0, "target": 0}
for state in decode["states"]:
    layers, pool, floats = state["shape"]
    for table in decode["inputs"]:
        if table["role"] == "pages" and table.get("pool", "pages") == pool:
            counted["target" if table.get("stack") == own else "source"] += 4 * layers * floats // 16
assert (space["source_cache_bytes"], space["target_cache_bytes"]) == (counted["source"], counted["target"]), (space, counted)
