"""unshare.py SHARED.safetensors SPEC OUTPUT.safetensors: the encoder's parameters once more as the decoder's, those of its
self-attention also as those of `cross`, and the spec's line that names the file."""

import json
import os
import struct
import sys

shared, spec, output = sys.argv[1:]
with open(shared, "rb") as file:
    header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    data = file.read()
header.pop("__metadata__", None)
tensors = {}
for name, tensor in header.items():
    begin, end = tensor["data_offsets"]
    assert name.startswith("encoder."), name
    decoder = "decoder." + name.removeprefix("encoder.")
    for copy in {name, decoder, decoder.replace(".attention.", ".cross.")}:
        tensors[copy] = (tensor["shape"], data[begin:end])
made, body = {}, b""
for name, (shape, values) in tensors.items():
    made[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(body), len(body) + len(values)]}
    body += values
text = json.dumps(made).encode()
with open(output, "wb") as file:
    file.write(struct.pack("<Q", len(text)) + text + body)
with open(spec, "a") as file:
    file.write(f"weights: {os.path.basename(output)}\n")
