"""The runtime's C interface, as far as the checks need it."""

import ctypes

import numpy
from tenon_structs import Calls, EmbedOptions, Generation, ModelInfo, Options, Sequence, Source, generate_options, int_array  # noqa: F401


class Runtime(Calls):
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


class Embedder(Session):
    """A session of a model that embeds texts, and the model."""

    def __init__(self, runtime, path):
        super().__init__(runtime.open(path, 0))
        info = ModelInfo(struct_size=ctypes.sizeof(ModelInfo))
        runtime.call("tenon_model_describe", self.model.handle, ctypes.byref(info))
        self.width = info.embedding_width

    def embed(self, text, prompt=None):
        result = numpy.empty(self.width, numpy.float32)
        options = EmbedOptions(ctypes.sizeof(EmbedOptions), prompt and prompt.encode(), None)
        self.runtime.call("tenon_session_embed", self.handle, (ctypes.c_char_p * 1)(text.encode()), ctypes.c_size_t(1),
                          ctypes.byref(options), ctypes.c_void_p(result.ctypes.data))
        return result

    def close(self):
        self.__exit__()
        self.model.close()


def handles(sessions):
    return (ctypes.c_void_p * len(sessions))(*[session.handle.value for session in sessions])


def set_sources(sessions, given):
    """Tells each session what it writes about: tokens, or an array of features."""
    sources, kept = (Source * len(sessions))(), []
    for source, value in zip(sources, given):
        source.struct_size = ctypes.sizeof(Source)
        if isinstance(value, list):
            kept.append(int_array(value))
            source.tokens, source.token_count = kept[-1], len(value)
        else:
            kept.append(numpy.ascontiguousarray(value, numpy.float32))
            source.features, source.rows = kept[-1].ctypes.data, len(value)
    sessions[0].runtime.call("tenon_session_set_sources", handles(sessions), sources, ctypes.c_size_t(len(sessions)))


def generate(sessions, **options):
    """The best answer of each session, from its start on."""
    given = generate_options(**options)
    results = (Generation * len(sessions))()
    for result in results:
        result.struct_size = ctypes.sizeof(Generation)
    prompts, lengths = (ctypes.c_void_p * len(sessions))(), (ctypes.c_size_t * len(sessions))()
    sessions[0].runtime.call("tenon_generate_batch", handles(sessions), prompts, lengths, ctypes.c_size_t(len(sessions)),
                             ctypes.byref(given), results)
    return [result.sequences[0].tokens[:result.sequences[0].token_count] for result in results]


def decode(sessions, tokens):
    """Appends one token to each session: [sessions, vocab]."""
    model = sessions[0].model
    logits = numpy.empty((len(sessions), model.vocab), numpy.float32)
    model.runtime.call("tenon_decode", handles(sessions), int_array(tokens), ctypes.c_size_t(len(sessions)),
                       ctypes.c_void_p(logits.ctypes.data))
    return logits
