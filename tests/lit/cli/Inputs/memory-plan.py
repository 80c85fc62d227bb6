"""memory-plan.py separate ENTRY:SIZE,SIZE… … < plans: the buffers of each entry point have rows of these batches, each of one
of them, and of nothing else but sequences.

memory-plan.py same-layer LIBRARY FINAL: `start` of a library that reads the same layer of its source needs what `encode` of that
of the final state needs: a layer's keys and values lie where other buffers of the layer do."""

import json
import subprocess
import sys

def plans(library, sizes):
    at = ",".join(f"{name}={value}" for name, value in sizes.items())
    text = subprocess.run(["tenon", "inspect", library, "--memory", "--at", at, "--json"], check=True, capture_output=True)
    return {plan["name"]: plan for plan in json.loads(text.stdout)}


def buffers(plan):
    return [buffer for slot in plan["slots"] for buffer in slot["buffers"]]


def check_separate(expected):
    found = {plan["name"]: plan for plan in json.load(sys.stdin)}
    assert set(found) == {words.split(":")[0] for words in expected}, sorted(found)
    for words in expected:
        name, batches = words.split(":", 1)
        sizes = {size for buffer in buffers(found[name]) for size in buffer["shape"] if isinstance(size, str)}
        rows = {size for size in sizes if not size.startswith("batch")}
        assert rows == set(batches.split(",")), (name, sizes)
        assert all(sum(isinstance(size, str) for size in buffer["shape"]) == 1 for buffer in buffers(found[name])), name


def check_same_layer(library, final):
    for batch, rows, length in [(1, 16, 8), (1, 100, 30), (3, 512, 100), (2, 5000, 1)]:
        ours = plans(library, {"batch": batch, "encoder.length": rows, "length": length})
        others = plans(final, {"batch": batch, "length": rows, "source_length": rows})
        # Beside it a zero for each sequence, in a cache line.
        zeros = 64 * -(-4 * batch // 64)
        assert ours["start"]["bytes"] == others["encode"]["bytes"] + zeros, (batch, rows, ours["start"], others["encode"])
        others = plans(final, {"batch": batch, "length": length})
        for name in ("prefill", "decode"):
            assert ours[name]["bytes"] == others[name]["bytes"], name


if sys.argv[1] == "separate":
    check_separate(sys.argv[2:])
else:
    check_same_layer(*sys.argv[2:])
