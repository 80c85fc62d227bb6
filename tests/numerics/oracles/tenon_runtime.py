"""The runtime's C interface, as far as the checks need it."""

import ctypes

import numpy


class Source(ctypes.Structure):
    """tenon_source"""

    _fields_ = [("struct_size", ctypes.c_size_t), ("tokens", ctypes.POINTER(ctypes.c_int32)), ("token_count", ctypes.c_size_t),
                ("features", ctypes.c_void_p), ("hidden", ctypes.c_void_p), ("rows", ctypes.c_int64)]


class Options(ctypes.Structure):
    """tenon_generate_options"""

    _fields_ = [("struct_size", ctypes.c_size_t), ("max_tokens", ctypes.c_int64), ("temperature", ctypes.c_double),
                ("top_p", ctypes.c_double), ("min_p", ctypes.c_double), ("repetition_penalty", ctypes.c_double),
                ("top_k", ctypes.c_int32), ("ignore_eos", ctypes.c_uint32), ("seed", ctypes.c_uint64),
                ("sequences", ctypes.c_uint32), ("beams", ctypes.c_uint32), ("length_penalty", ctypes.c_double),
                ("early_stopping", ctypes.c_uint32), ("scores", ctypes.c_uint32), ("stop_tokens", ctypes.c_void_p),
                ("stop_token_count", ctypes.c_size_t), ("stop_strings", ctypes.c_void_p), ("stop_string_count", ctypes.c_size_t),
                ("callback", ctypes.c_void_p), ("context", ctypes.c_void_p), ("min_tokens", ctypes.c_int64),
                ("max_length", ctypes.c_int64), ("min_length", ctypes.c_int64), ("source_repetition_penalty", ctypes.c_double),
                ("no_repeat_ngram", ctypes.c_uint32), ("source_no_repeat_ngram", ctypes.c_uint32), ("bad_words", ctypes.c_void_p),
                ("bad_word_count", ctypes.c_size_t), ("renormalize", ctypes.c_uint32), ("reserved", ctypes.c_uint32)]


def generate_options(**members):
    """TENON_GENERATE_DEFAULTS with these in their place."""
    usual = {"max_tokens": 256, "top_p": 1, "repetition_penalty": 1, "sequences": 1, "length_penalty": 1, "source_repetition_penalty": 1}
    return Options(struct_size=ctypes.sizeof(Options), **(usual | members))


class Sequence(ctypes.Structure):
    """tenon_sequence"""

    _fields_ = [("tokens", ctypes.POINTER(ctypes.c_int32)), ("token_count", ctypes.c_size_t), ("text", ctypes.c_char_p),
                ("text_bytes", ctypes.c_size_t), ("score", ctypes.c_double), ("finish", ctypes.c_int32), ("reserved", ctypes.c_uint32)]


class Generation(ctypes.Structure):
    """tenon_generation"""

    _fields_ = [("struct_size", ctypes.c_size_t), ("sequences", ctypes.POINTER(Sequence)), ("sequence_count", ctypes.c_size_t),
                ("prefill_seconds", ctypes.c_double), ("decode_seconds", ctypes.c_double)]


class ModelInfo(ctypes.Structure):
    """tenon_model_info"""

    _fields_ = [("struct_size", ctypes.c_size_t), *[(name, ctypes.c_char_p) for name in ("name", "target", "spec")],
                ("manifest", ctypes.c_void_p), ("manifest_size", ctypes.c_size_t),
                *[(name, ctypes.c_int64) for name in ("width", "vocab", "positions", "types", "text_tokens")],
                ("weight_bytes", ctypes.c_uint64), ("weights", ctypes.c_void_p),
                *[(name, ctypes.c_int32) for name in ("has_tokenizer", "generates", "has_source", "reserved")],
                *[(name, ctypes.c_int64) for name in ("source_positions", "source_features", "source_width", "embedding_width")],
                ("prompts", ctypes.c_void_p), ("prompt_count", ctypes.c_size_t), ("default_prompt", ctypes.c_char_p)]


class EmbedOptions(ctypes.Structure):
    """tenon_embed_options"""

    _fields_ = [("struct_size", ctypes.c_size_t), ("prompt", ctypes.c_char_p), ("prompt_text", ctypes.c_char_p)]


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
