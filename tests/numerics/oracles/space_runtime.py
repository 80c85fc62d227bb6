"""Compiled models with any number of stacks through the runtime's C interface: what each says of the rows of `inputs`.

Entry points are told by the roles that the manifest gives their inputs."""

import ctypes
import json

import numpy
from tenon_runtime import ModelInfo, Source, decode, handles, int_array

F32, I32 = 0, 1


class Tensor(ctypes.Structure):
    """tenon_tensor"""

    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_uint32), ("rank", ctypes.c_uint32), ("shape", ctypes.c_int64 * 8),
                ("data", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


def tensor(name, array=None):
    result = Tensor(name=name.encode())
    if array is not None:
        result.type = {"float32": F32, "int32": I32}[str(array.dtype)]
        result.rank, result.data, result.bytes = array.ndim, array.ctypes.data, array.nbytes
        result.shape[:array.ndim] = array.shape
    return result


class SpaceModel:
    """An opened library, its manifest, and the rows that sessions are given."""

    def __init__(self, runtime, path, stacks):
        self.runtime, self.stacks = runtime, stacks
        self.model = runtime.open(path, 0)
        info = ModelInfo(struct_size=ctypes.sizeof(ModelInfo))
        runtime.call("tenon_model_describe", self.model.handle, ctypes.byref(info))
        self.manifest = json.loads(ctypes.string_at(info.manifest, info.manifest_size))
        self.entries = {entry["name"]: entry for entry in self.manifest["entries"]}

    def close(self):
        self.model.close()

    def output_width(self, name):
        """Of what prefill says of every token."""
        outputs = {output.get("role", output["name"]): output for output in self.entries["prefill"]["outputs"]}
        return outputs[name]["shape"][-1] if name in outputs else None

    # -- Stacks that are read as a whole

    def encode(self, entry, stack, inputs):
        """[batch, length, width], of rows for the stack and for those that it reads."""
        described = self.entries[entry]["inputs"]
        kept = [input_array(one, stack, inputs) for one in described]
        given = [tensor(one["name"], array) for one, array in zip(described, kept) if array is not None]
        result = tensor("hidden")
        with self.model.session() as session:
            self.runtime.call("tenon_session_call", session.handle, entry.encode(), (Tensor * len(given))(*given),
                              ctypes.c_size_t(len(given)), ctypes.byref(result), ctypes.c_size_t(1))
            shape = tuple(result.shape[:result.rank])
            data = ctypes.string_at(result.data, 4 * int(numpy.prod(shape)))
        return numpy.frombuffer(data, numpy.float32).reshape(shape)

    # -- Stacks that grow

    def source_stacks(self):
        """Those whose rows a session wants, in the order of the manifest."""
        start = self.entries.get("start")
        names = []
        for described in start["inputs"] if start else []:
            name = described.get("stack") or next(iter(self.stacks))
            if role_of(described) in ("tokens", "features", "rows") and name not in names:
                names.append(name)
        return names

    def sessions(self, inputs):
        """One for each row of the batch, about its sources."""
        names = self.source_stacks()
        count = len(inputs[names[0]]) if names else max(map(len, inputs.values()))
        sessions = [self.model.session() for _ in range(count)]
        if names:
            given = [inputs[name][row] for row in range(count) for name in names]
            sources, kept = (Source * len(given))(), []
            for source, rows in zip(sources, given):
                kept.append(fill(source, rows))
            self.runtime.call("tenon_session_set_sources", handles(sessions), sources, ctypes.c_size_t(count))
        return sessions

    def score(self, session, tokens, kind):
        """What it says after each of the tokens, which are appended: logits or hidden states."""
        result = numpy.empty((len(tokens), self.output_width("all_logits" if kind == "logits" else "hidden")), numpy.float32)
        data = ctypes.c_void_p(result.ctypes.data)
        self.runtime.call("tenon_session_score", session.handle, int_array(tokens), ctypes.c_size_t(len(tokens)),
                          *((data, None) if kind == "logits" else (None, data)))
        return result

    def decode(self, sessions, tokens):
        self.model.vocab = self.output_width("logits")
        return decode(sessions, tokens)


def role_of(described):
    return described.get("role") or described["name"].split(".")[-1].replace("source", "rows")


def input_array(described, stack, inputs):
    """What the batch gives for an input, as int32 or float32."""
    rows = inputs.get(described.get("stack", stack))
    role = role_of(described)
    if role == "lengths":
        return numpy.array([len(row) for row in rows], numpy.int32)
    if role not in ("tokens", "features"):
        return None
    longest = max(1, *map(len, rows))
    if role == "tokens":
        return numpy.array([[*row, *[0] * (longest - len(row))] for row in rows], numpy.int32)
    width = described["shape"][-1]
    result = numpy.zeros((len(rows), longest, width), numpy.float32)
    for padded, row in zip(result, rows):
        padded[:len(row)] = row
    return result


def fill(source, rows):
    """Gives a tenon_source its tokens or features; what it points to is returned."""
    source.struct_size = ctypes.sizeof(Source)
    if rows and isinstance(rows[0], int):
        kept = int_array(rows)
        source.tokens, source.token_count = kept, len(rows)
    else:
        kept = numpy.ascontiguousarray(rows, numpy.float32)
        source.features, source.rows = kept.ctypes.data, len(rows)
    return kept
