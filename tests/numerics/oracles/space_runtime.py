"""Compiled models with any number of stacks through the runtime's C interface: what they say of each row of `inputs`, which has
a list of rows (of token ids, or of features) for every stack that reads some. Results are arrays of float32, one for each token.

Entry points are told by the roles that the manifest gives their inputs and outputs. Needs nothing but Python."""

import array
import ctypes
import itertools
import json
import math

from tenon_structs import ModelInfo, Source, int_array

F32, I32 = 0, 1


class Tensor(ctypes.Structure):
    """tenon_tensor"""

    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_uint32), ("rank", ctypes.c_uint32), ("shape", ctypes.c_int64 * 8),
                ("data", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


class SourceInfo(ctypes.Structure):
    """tenon_source_info"""

    _fields_ = [("struct_size", ctypes.c_size_t), ("name", ctypes.c_char_p),
                *[(name, ctypes.c_int64) for name in ("vocab", "positions", "features", "width")]]


class SpaceModel:
    """An opened library and its manifest."""

    def __init__(self, runtime, path):
        self.runtime, self.handle = runtime, ctypes.c_void_p()
        runtime.call("tenon_model_open", str(path).encode(), None, ctypes.byref(self.handle))
        info = ModelInfo(struct_size=ctypes.sizeof(ModelInfo))
        runtime.call("tenon_model_describe", self.handle, ctypes.byref(info))
        self.manifest = json.loads(ctypes.string_at(info.manifest, info.manifest_size))
        self.entries = {entry["name"]: entry for entry in self.manifest["entries"]}
        self.source_count = info.source_count

    def close(self):
        self.runtime.call("tenon_model_release", self.handle)

    def session(self):
        session = ctypes.c_void_p()
        self.runtime.call("tenon_session_create", self.handle, None, ctypes.byref(session))
        return session

    def end(self, sessions):
        for session in sessions:
            self.runtime.call("tenon_session_destroy", session)

    # -- Stacks that are read as a whole

    def encoders(self):
        """Entry points that keep nothing and give hidden states, with their stack, None where there is one."""
        for entry in self.entries.values():
            for output in entry["outputs"]:
                if output["role"] == "hidden" and not entry.get("states"):
                    yield entry["name"], output.get("stack")

    def outputs(self, entry):
        """Roles of what an entry point gives of every row, or of its last alone."""
        return [output["role"] for output in self.entries[entry]["outputs"] if output["role"] != "logits"]

    def encode(self, entry, inputs, output="hidden"):
        """Of each row its hidden states or scores, zeros behind its end; or a list of its one vector."""
        described = self.entries[entry]["inputs"]
        given = [tensor for one in described if (tensor := input_tensor(one, inputs))]
        name, = [one["name"] for one in self.entries[entry]["outputs"] if one["role"] == output]
        result, session = Tensor(name=name.encode()), self.session()
        self.runtime.call("tenon_session_call", session, entry.encode(), (Tensor * len(given))(*given),
                          ctypes.c_size_t(len(given)), ctypes.byref(result), ctypes.c_size_t(1))
        shape = result.shape[:result.rank]
        rows = split(floats(ctypes.string_at(result.data, 4 * math.prod(shape))), shape[-1])
        self.end([session])
        length = shape[1] if len(shape) == 3 else 1
        return [rows[first:first + length] for first in range(0, len(rows), length)]

    # -- Stacks that grow

    def source_stacks(self):
        """Those whose rows a session wants, in the order in which it wants them, with the numbers in a row of features."""
        stacks = []
        for index in range(self.source_count):
            info = SourceInfo(struct_size=ctypes.sizeof(SourceInfo))
            self.runtime.call("tenon_model_source", self.handle, ctypes.c_size_t(index), ctypes.byref(info))
            stacks.append((info.name.decode(), info.features))
        return stacks

    def sessions(self, inputs):
        """One for each row of the batch, about its sources."""
        stacks, count = self.source_stacks(), max(map(len, inputs.values()))
        sessions = [self.session() for _ in range(count)]
        if stacks:
            sources = (Source * (count * len(stacks)))()
            kept = [fill(source, inputs[name][row], features)
                    for source, (row, (name, features)) in zip(sources, itertools.product(range(count), stacks))]
            self.runtime.call("tenon_session_set_sources", handles(sessions), sources, ctypes.c_size_t(count))
            del kept
        return sessions

    def output_width(self, role):
        widths = [output["shape"][-1] for output in self.entries["prefill"]["outputs"] if output["role"] == role]
        return widths[0] if widths else 0

    def score(self, session, tokens, kind):
        """What it says after each of the tokens, which are appended: `logits` or `hidden`."""
        width = self.output_width("all_logits" if kind == "logits" else "hidden")
        result = (ctypes.c_float * (len(tokens) * width))()
        self.runtime.call("tenon_session_score", session, int_array(tokens), ctypes.c_size_t(len(tokens)),
                          *((result, None) if kind == "logits" else (None, result)))
        return split(floats(result), width)

    def decode(self, sessions, tokens):
        """Appends one token to each session: the scores of each."""
        width = self.output_width("logits")
        result = (ctypes.c_float * (len(sessions) * width))()
        self.runtime.call("tenon_decode", handles(sessions), int_array(tokens), ctypes.c_size_t(len(sessions)), result)
        return split(floats(result), width)

    def rewind(self, session, length):
        self.runtime.call("tenon_session_rewind", session, ctypes.c_int64(length))

    def fork(self, session):
        forked = ctypes.c_void_p()
        self.runtime.call("tenon_session_fork", session, ctypes.byref(forked))
        return forked


def floats(data):
    numbers = array.array("f")
    numbers.frombytes(bytes(data))
    return numbers


def split(numbers, width):
    return [numbers[first:first + width] for first in range(0, len(numbers), width)]


def handles(sessions):
    return (ctypes.c_void_p * len(sessions))(*[session.value for session in sessions])


def described_rows(described, inputs):
    """Those of the input's stack; the only ones where it names none."""
    if "stack" in described:
        return inputs[described["stack"]]
    rows, = inputs.values()
    return rows


def input_tensor(described, inputs):
    """What the batch gives for an input; nothing for those that it leaves out."""
    role = described["role"]
    if role not in ("tokens", "features", "lengths"):
        return None
    rows = described_rows(described, inputs)
    longest = max(1, *map(len, rows))
    if role == "lengths":
        shape, data = [len(rows)], int_array([len(row) for row in rows])
    elif role == "tokens":
        shape = [len(rows), longest]
        data = int_array([token for row in rows for token in [*row, *[0] * (longest - len(row))]])
    else:
        shape = [len(rows), longest, described["shape"][-1]]
        padding = [0.0] * shape[2]
        numbers = [number for row in rows for features in [*row, *[padding] * (longest - len(row))] for number in features]
        data = (ctypes.c_float * len(numbers))(*numbers)
    result = Tensor(name=described["name"].encode(), type=F32 if role == "features" else I32, rank=len(shape),
                    data=ctypes.addressof(data), bytes=ctypes.sizeof(data))
    result.shape[:len(shape)] = shape
    result.kept = data
    return result


def fill(source, rows, features):
    """Gives a tenon_source its tokens or features; what it points to is returned."""
    source.struct_size = ctypes.sizeof(Source)
    if features == 0:
        kept = int_array(rows)
        source.tokens, source.token_count = kept, len(rows)
    else:
        kept = (ctypes.c_float * (len(rows) * features))(*[number for row in rows for number in row])
        source.features, source.rows = ctypes.addressof(kept), len(rows)
    return kept
