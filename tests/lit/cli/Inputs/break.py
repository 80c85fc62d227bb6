"""break.py HOW FROM TO: copies a checkpoint directory with its safetensors file broken in one way."""

import json
import pathlib
import shutil
import struct
import sys

QUERY, KEY = (f"encoder.layer.0.attention.self.{name}.weight" for name in ("query", "key"))


def whole(header, body):
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def truncated(header, body):
    return whole(header, body)[:-7]


def header_length(header, body):
    return struct.pack("<Q", 1 << 60) + whole(header, body)[8:]


def header_past_the_end(header, body):
    return struct.pack("<Q", 1 << 20) + whole(header, body)[8:]


def no_header(header, body):
    return b"\x02\0\0"


def not_json(header, body):
    return struct.pack("<Q", 9) + b'{"a": [1}' + body


def twice(header, body):
    text = json.dumps(header)
    text = (text[:-1] + f', "{QUERY}": ' + json.dumps(header[QUERY]) + "}").encode()
    return struct.pack("<Q", len(text)) + text + body


def overlap(header, body):
    header[QUERY]["data_offsets"] = header[KEY]["data_offsets"]
    return whole(header, body)


def outside(header, body):
    header[QUERY]["data_offsets"] = [offset + (1 << 40) for offset in header[QUERY]["data_offsets"]]
    return whole(header, body)


def overflow(header, body):
    header[QUERY]["shape"] = [1 << 32, 1 << 32]
    return whole(header, body)


def several(header, body):
    header["renamed"] = header.pop(QUERY)
    header[KEY]["shape"] = [900, 1]
    header["encoder.layer.1.attention.self.value.weight"]["dtype"] = "I32"
    return whole(header, body)


def one_bias(header, body):
    del header["encoder.layer.0.attention.self.query.bias"]
    names = sorted(header, key=lambda name: header[name]["data_offsets"])
    packed = b""
    for name in names:
        begin, end = header[name]["data_offsets"]
        header[name]["data_offsets"] = [len(packed), len(packed) + end - begin]
        packed += body[begin:end]
    return whole(header, packed)


def more_tensors(header, body):
    header["surprise"] = {"dtype": "F32", "shape": [2], "data_offsets": [len(body), len(body) + 8]}
    return whole(header, body + struct.pack("<2f", 1, 2))


def not_numbers(header, body):
    begin, _ = header[QUERY]["data_offsets"]
    return whole(header, body[:begin] + struct.pack("<2f", float("nan"), float("inf")) + body[begin + 8 :])


how, source, target = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
shutil.rmtree(target, ignore_errors=True)
shutil.copytree(source, target)
path = target / "model.safetensors"
data = path.read_bytes()
size = 8 + struct.unpack("<Q", data[:8])[0]
tensors = {name: tensor for name, tensor in json.loads(data[8:size]).items() if name != "__metadata__"}
path.unlink()
path.write_bytes(globals()[how](tensors, data[size:]))
