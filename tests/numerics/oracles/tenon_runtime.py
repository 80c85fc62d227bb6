"""The runtime's C interface, as far as the checks need it."""

import ctypes

import numpy


def int_array(values):
    return (ctypes.c_int32 * len(values))(*values)


class Runtime:
    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        self.library.tenon_message.restype = ctypes.c_char_p

    def call(self, name, *arguments):
        if getattr(self.library, name)(*arguments) != 0:
            raise RuntimeError(f"{name}: {self.library.tenon_message().decode()}")

    def open(self, path, vocab):
        return Model(self, path, vocab)


class Model:
    def __init__(self, runtime, path, vocab):
        self.runtime, self.vocab, self.handle = runtime, vocab, ctypes.c_void_p()
        runtime.call("tenon_model_open", str(path).encode(), None, ctypes.byref(self.handle))

    def session(self):
        return Session(self)

    def close(self):
        self.runtime.call("tenon_model_release", self.handle)


class Session:
    def __init__(self, model):
        self.model, self.runtime, self.handle = model, model.runtime, ctypes.c_void_p()
        self.runtime.call("tenon_session_create", model.handle, None, ctypes.byref(self.handle))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.runtime.call("tenon_session_destroy", self.handle)

    def score(self, tokens):
        """What the model says after each of the tokens, which are appended: [count, vocab]."""
        logits = numpy.empty((len(tokens), self.model.vocab), numpy.float32)
        self.runtime.call("tenon_session_score", self.handle, int_array(tokens), ctypes.c_size_t(len(tokens)),
                          ctypes.c_void_p(logits.ctypes.data), None)
        return logits

    def prefill(self, tokens):
        """What it says after the last: [vocab]."""
        logits = numpy.empty(self.model.vocab, numpy.float32)
        self.runtime.call("tenon_session_prefill", self.handle, int_array(tokens), ctypes.c_size_t(len(tokens)),
                          ctypes.c_void_p(logits.ctypes.data))
        return logits

    def fork(self):
        forked = Session.__new__(Session)
        forked.model, forked.runtime, forked.handle = self.model, self.runtime, ctypes.c_void_p()
        self.runtime.call("tenon_session_fork", self.handle, ctypes.byref(forked.handle))
        return forked

    def rewind(self, length):
        self.runtime.call("tenon_session_rewind", self.handle, ctypes.c_int64(length))


def decode(sessions, tokens):
    """Appends one token to each session: [sessions, vocab]."""
    model = sessions[0].model
    logits = numpy.empty((len(sessions), model.vocab), numpy.float32)
    handles = (ctypes.c_void_p * len(sessions))(*[session.handle.value for session in sessions])
    model.runtime.call("tenon_decode", handles, int_array(tokens), ctypes.c_size_t(len(sessions)),
                       ctypes.c_void_p(logits.ctypes.data))
    return logits
