"""The structures of the runtime's C interface, and its calls. Needs nothing but Python."""

import ctypes


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
                *[(name, ctypes.c_int32) for name in ("has_tokenizer", "generates", "has_source", "source_count")],
                *[(name, ctypes.c_int64) for name in ("source_positions", "source_features", "source_width", "embedding_width")],
                ("prompts", ctypes.c_void_p), ("prompt_count", ctypes.c_size_t), ("default_prompt", ctypes.c_char_p)]


class EmbedOptions(ctypes.Structure):
    """tenon_embed_options"""

    _fields_ = [("struct_size", ctypes.c_size_t), ("prompt", ctypes.c_char_p), ("prompt_text", ctypes.c_char_p)]


def int_array(values):
    return (ctypes.c_int32 * len(values))(*values)


class Calls:
    """libtenon_rt.so."""

    def __init__(self, path):
        self.library = ctypes.CDLL(str(path))
        self.library.tenon_message.restype = ctypes.c_char_p

    def call(self, name, *arguments):
        if getattr(self.library, name)(*arguments) != 0:
            raise RuntimeError(f"{name}: {self.library.tenon_message().decode()}")
