"""Translation through the runtime's C interface: token ids in, token ids out, several rows at a time."""

import ctypes

from tenon_runtime import generate_options, int_array
from whisper_runtime import Generation, ModelOptions, SessionOptions, Source

MAP, COPY_HUGE = 0, 1


class Translator:
    def __init__(self, runtime, library, threads=0, loading=MAP):
        self.library, self.threads, self.model = ctypes.CDLL(str(runtime)), threads, ctypes.c_void_p()
        self.library.tenon_message.restype = ctypes.c_char_p
        options = ModelOptions(ctypes.sizeof(ModelOptions), loading, 0, None, 0)
        self.call("tenon_model_open", str(library).encode(), ctypes.byref(options), ctypes.byref(self.model))
        self.sessions = []

    def call(self, name, *arguments):
        if getattr(self.library, name)(*arguments) != 0:
            raise RuntimeError(f"{name}: {self.library.tenon_message().decode()}")

    def tokenize(self, text):
        data, count = text.encode(), ctypes.c_size_t()
        ids = (ctypes.c_int32 * (2 * len(data) + 16))()
        self.call("tenon_model_tokenize", self.model, data, ctypes.c_size_t(len(data)), ctypes.c_size_t(0), ids,
                  ctypes.c_size_t(len(ids)), ctypes.byref(count))
        return list(ids[:count.value])

    def detokenize(self, ids):
        text, size = ctypes.create_string_buffer(64 * len(ids) + 64), ctypes.c_size_t()
        self.call("tenon_model_detokenize", self.model, int_array(ids), ctypes.c_size_t(len(ids)), text,
                  ctypes.c_size_t(len(text)), ctypes.byref(size))
        return text.value.decode()

    def handles(self, count):
        while len(self.sessions) < count:
            session = ctypes.c_void_p()
            options = SessionOptions(ctypes.sizeof(SessionOptions), self.threads, 0)
            self.call("tenon_session_create", self.model, ctypes.byref(options), ctypes.byref(session))
            self.sessions.append(session.value)
        return (ctypes.c_void_p * count)(*self.sessions[:count])

    def translate(self, rows, most, beams=0, least=0, length_penalty=1.0):
        """Of each row of source tokens at most so many tokens, with the one that ends a text if it was written."""
        handles, kept = self.handles(len(rows)), [int_array(row) for row in rows]
        size = ctypes.sizeof(Source)
        sources = (Source * len(rows))(*[Source(size, ctypes.addressof(ids), len(ids), None, None, 0) for ids in kept])
        self.call("tenon_session_set_sources", handles, sources, ctypes.c_size_t(len(rows)))
        options = generate_options(max_tokens=most, beams=beams, length_penalty=length_penalty, min_tokens=least)
        results = (Generation * len(rows))(*[Generation(ctypes.sizeof(Generation))] * len(rows))
        prompts, lengths = (ctypes.c_void_p * len(rows))(), (ctypes.c_size_t * len(rows))()
        self.call("tenon_generate_batch", handles, prompts, lengths, ctypes.c_size_t(len(rows)), ctypes.byref(options), results)
        best = [result.sequences[0] for result in results]
        return [list(sequence.tokens[:sequence.token_count]) for sequence in best]

    def in_batches(self, rows, most, size, **options):
        """The same for any number of rows, `size` of like lengths at a time."""
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]))
        found = [None] * len(rows)
        for begin in range(0, len(rows), size):
            part = order[begin:begin + size]
            for i, tokens in zip(part, self.translate([rows[i] for i in part], most, **options)):
                found[i] = tokens
        return found

    def close(self):
        for session in self.sessions:
            self.call("tenon_session_destroy", ctypes.c_void_p(session))
        self.call("tenon_model_release", self.model)
