#!/usr/bin/env python3
"""What memory an encoder-decoder takes that reads the states of its encoder's layers, and one that reads the last: of two stacks
of 6 layers, 512 wide, for a source of 2000 tokens and an answer of 16. Needs nothing but Python, and Linux.

check_source_memory.py TENON RUNTIME. Each runs in a process of its own, whose peak is what it has resident at most beyond what it had when
all weights had been read. Both keep the keys and values of all layers, so that the one of the same layer has no more than the
other, and both have what `tenon inspect --memory` says of a call beside these, and what attention packs; either but for 5 %."""

import ctypes
import json
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
from check_goldens import run  # noqa: E402
from space_points import compiled, write  # noqa: E402
from space_runtime import SpaceModel  # noqa: E402
from spec_parameters import random_tensors, stored_shapes  # noqa: E402
from tenon_structs import Calls  # noqa: E402

WIDTH, LAYERS, VOCAB, SOURCE, ANSWER = 512, 6, 1000, 2000, 16
PAGE = 16  # Tokens.
TOLERANCE = 1.05  # A few MB: what an allocator keeps, and what a kernel needs for one of its tasks.


def spec(source):
    """All layers of a stack have one's parameters: weights are not what this is about."""
    def stack(*sublayers):
        return {"input": {"vocab": VOCAB, "positions": "none"}, "layers": LAYERS, "norm": {"kind": "layernorm", "place": "before"},
                "block": [*sublayers, {"mlp": {"hidden": 4 * WIDTH, "activation": "relu"}}]}

    def attention(**more):
        return {"attention": {"heads": 8} | more}

    stacks = {"encoder": stack(attention()),
              "decoder": stack(attention(mask="causal"), attention(**{"from": "encoder", "source": source, "name": "cross"}))}
    share = ["encoder.layers.* = encoder.layers.0", "decoder.layers.* = decoder.layers.0"]
    return {"tenon": 1, "name": source, "width": WIDTH, "stacks": stacks, "share": share, "head": {"stack": "decoder"}}


# -- In a process of its own


class SessionOptions(ctypes.Structure):
    """tenon_session_options"""

    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_uint32), ("reserved", ctypes.c_uint32)]


class OneThread(SpaceModel):
    """Each thread needs memory of its own for a task."""

    def session(self):
        session, options = ctypes.c_void_p(), SessionOptions(struct_size=ctypes.sizeof(SessionOptions), threads=1)
        self.runtime.call("tenon_session_create", self.handle, ctypes.byref(options), ctypes.byref(session))
        return session


def resident(key):
    """Bytes, of VmRSS or VmHWM."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith(key + ":"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/self/status has no {key}")


def answer(model, length):
    """Reads a source, and writes."""
    session, = model.sessions({"encoder": [[number % VOCAB for number in range(length)]]})
    for token in range(ANSWER):
        model.decode([session], [token])
    model.end([session])


def measure(runtime, library):
    model = OneThread(Calls(runtime), library)
    answer(model, 1)
    before = resident("VmRSS")
    answer(model, SOURCE)
    print(resident("VmHWM") - before)


# -- Both


def kept():
    """Bytes of the keys and values of source and answer, in pages."""
    pages = -(-SOURCE // PAGE) + -(-ANSWER // PAGE)
    return pages * PAGE * LAYERS * 2 * WIDTH * 4


def packed():
    """Bytes of the keys and values of a source's rows as attention of tiles packs them for the time of one kernel: no buffer of a plan."""
    return -(-SOURCE // PAGE) * PAGE * 2 * WIDTH * 4


def planned(tenon, library, source):
    """Bytes of what is there at once: buffers of the call that needs most, what is kept, and between two calls the last state."""
    manifest = json.loads(run([tenon, "inspect", library, "--json"]))
    known = {name for entry in manifest["entries"] for name in entry["dims"]}
    sizes = ",".join(f"{name}={SOURCE}" for name in ("length", "encoder.length", "source_length") if name in known)
    plans = json.loads(run([tenon, "inspect", library, "--memory", "--json", "--at", sizes]))
    # There is no prompt.
    calls = max(plan["bytes"] for plan in plans if plan["name"] != "prefill")
    return calls + packed() + kept() + (SOURCE * WIDTH * 4 if source == "final" else 0)


def compare(tenon, runtime, folder, source, tensors):
    """The peak of one of them, and whether it is as planned."""
    write(folder, spec(source), {name: tensors[name] for name in stored_shapes(spec(source))})
    library = compiled(tenon, folder)
    plan, peak = planned(tenon, library, source), int(run([sys.executable, __file__, "--measure", runtime, library]))
    print(f"{source:10} {peak / 1e6:6.1f} MB at most, planned {plan / 1e6:6.1f} MB")
    return peak, abs(peak - plan) <= (TOLERANCE - 1) * plan


def main():
    if sys.argv[1:2] == ["--measure"]:
        return measure(*sys.argv[2:])
    tenon, runtime = sys.argv[1:]
    tensors = random_tensors(spec("same-layer"))
    with tempfile.TemporaryDirectory() as scratch:
        final, as_planned = compare(tenon, runtime, pathlib.Path(scratch) / "final", "final", tensors)
        same, too = compare(tenon, runtime, pathlib.Path(scratch) / "same-layer", "same-layer", tensors)
    print(f"keys and values {kept() / 1e6:.1f} MB; same-layer has {(same - final) / kept():+.3f} of these more than final")
    return 0 if as_planned and too and same <= TOLERANCE * final else 1


if __name__ == "__main__":
    sys.exit(main())
