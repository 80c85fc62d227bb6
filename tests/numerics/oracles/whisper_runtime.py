"""The runtime's C interface to a compiled Whisper."""

import contextlib
import ctypes

import numpy

import tenon_runtime
from tenon_runtime import Generation, Options as GenerateOptions


class ModelOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("load_weights", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
                ("target", ctypes.c_char_p), ("cache_bytes", ctypes.c_uint64)]


class SessionOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_uint32), ("reserved", ctypes.c_uint32)]


class Tensor(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("type", ctypes.c_uint32), ("rank", ctypes.c_uint32), ("shape", ctypes.c_int64 * 8),
                ("data", ctypes.c_void_p), ("bytes", ctypes.c_size_t)]


class AudioFormat(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t)] + [(name, ctypes.c_int64) for name in ("rate", "window", "hop", "bins", "frames")]


class Source(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("tokens", ctypes.c_void_p), ("token_count", ctypes.c_size_t),
                ("features", ctypes.c_void_p), ("hidden", ctypes.c_void_p), ("rows", ctypes.c_int64)]


class TranscribeOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("timestamps", ctypes.c_uint32), ("condition_on_previous_text", ctypes.c_uint32),
                ("start_tokens", ctypes.c_void_p), ("start_token_count", ctypes.c_size_t), ("max_tokens", ctypes.c_int64),
                ("generate", ctypes.c_void_p), ("callback", ctypes.c_void_p), ("context", ctypes.c_void_p),
                ("initial_prompt", ctypes.c_char_p), ("temperature_increment_on_fallback", ctypes.c_double),
                ("compression_ratio_threshold", ctypes.c_double), ("logprob_threshold", ctypes.c_double),
                ("no_speech_threshold", ctypes.c_double), ("best_of", ctypes.c_uint32), ("reserved", ctypes.c_uint32)]


class Segment(ctypes.Structure):
    _fields_ = [("begin", ctypes.c_double), ("end", ctypes.c_double), ("text", ctypes.c_char_p), ("text_bytes", ctypes.c_size_t),
                ("tokens", ctypes.POINTER(ctypes.c_int32)), ("token_count", ctypes.c_size_t), ("temperature", ctypes.c_double),
                ("avg_logprob", ctypes.c_double), ("compression_ratio", ctypes.c_double), ("no_speech_prob", ctypes.c_double)]


class Transcript(ctypes.Structure):
    _fields_ = [("text", ctypes.c_char_p), ("text_bytes", ctypes.c_size_t), ("segments", ctypes.POINTER(Segment)),
                ("segment_count", ctypes.c_size_t), ("tokens", ctypes.POINTER(ctypes.c_int32)), ("token_count", ctypes.c_size_t),
                ("windows", ctypes.c_size_t), ("sound_seconds", ctypes.c_double), ("feature_seconds", ctypes.c_double),
                ("encode_seconds", ctypes.c_double), ("decode_seconds", ctypes.c_double), ("finish", ctypes.c_uint32), ("reserved", ctypes.c_uint32)]


# TENON_TRANSCRIBE_DEFAULTS
TRANSCRIBE_DEFAULTS = {"condition_on_previous_text": 1, "temperature_increment_on_fallback": 0.2, "compression_ratio_threshold": 2.4,
                       "logprob_threshold": -1, "no_speech_threshold": 0.6, "best_of": 1}


def sized(structure, **members):
    return structure(struct_size=ctypes.sizeof(structure), **members)


def data(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def generate_options(limit, beams):
    return tenon_runtime.generate_options(max_tokens=limit, beams=beams, early_stopping=int(beams > 0))


class Whisper(tenon_runtime.Model):
    def __init__(self, runtime, path, loading):
        self.runtime, self.handle = runtime, ctypes.c_void_p()
        options = sized(ModelOptions, load_weights=loading)
        runtime.call("tenon_model_open", str(path).encode(), ctypes.byref(options), ctypes.byref(self.handle))
        self.audio = sized(AudioFormat)
        runtime.call("tenon_model_audio", self.handle, ctypes.byref(self.audio))
        self.vocab = 51864

    def session(self, threads=0):
        return WhisperSession(self, threads)

    def features(self, samples):
        """[frames, bins]"""
        found = numpy.empty((self.audio.frames, self.audio.bins), numpy.float32)
        self.runtime.call("tenon_audio_features", self.handle, data(samples), ctypes.c_size_t(len(samples)), data(found))
        return found


def read_audio(runtime, path, rate=16000):
    """The samples of a file."""
    samples, count = ctypes.POINTER(ctypes.c_float)(), ctypes.c_size_t()
    runtime.call("tenon_audio_read", str(path).encode(), ctypes.c_int64(rate), ctypes.byref(samples), ctypes.byref(count))
    copy = numpy.ctypeslib.as_array(samples, (count.value,)).copy()
    runtime.library.tenon_audio_free(samples)
    return copy


class WhisperSession(tenon_runtime.Session):
    def __init__(self, model, threads):
        self.model, self.runtime, self.handle = model, model.runtime, ctypes.c_void_p()
        self.runtime.call("tenon_session_create", model.handle, ctypes.byref(sized(SessionOptions, threads=threads)),
                          ctypes.byref(self.handle))

    def encode(self, features):
        """What the encoder makes of features: [positions, width]."""
        features = numpy.ascontiguousarray(features, numpy.float32)
        lengths = numpy.array([len(features)], numpy.int32)
        inputs = (Tensor * 2)(
            Tensor(b"features", 0, 3, (1, *features.shape), data(features), features.nbytes),
            Tensor(b"lengths", 1, 1, (1,), data(lengths), lengths.nbytes))
        output = Tensor(b"hidden")
        self.runtime.call("tenon_session_call", self.handle, b"encode", inputs, ctypes.c_size_t(2), ctypes.byref(output),
                          ctypes.c_size_t(1))
        shape = tuple(output.shape[1:3])
        values = ctypes.cast(output.data, ctypes.POINTER(ctypes.c_float))
        return numpy.ctypeslib.as_array(values, shape).copy()

    def hear(self, states):
        """From now on the session is about these states of the encoder."""
        source = sized(Source, hidden=data(states), rows=len(states))
        self.runtime.call("tenon_session_set_sources", ctypes.byref(self.handle), ctypes.byref(source), ctypes.c_size_t(1))

    def generate(self, start, limit, beams=0):
        """The tokens that follow `start`."""
        options, result = generate_options(limit, beams), sized(Generation)
        self.runtime.call("tenon_generate", self.handle, tenon_runtime.int_array(start), ctypes.c_size_t(len(start)),
                          ctypes.byref(options), ctypes.byref(result))
        best = result.sequences[0]
        return best.tokens[:best.token_count]

    def transcribe(self, samples, limit, beams=0, timestamps=False):
        """All tokens that are written about samples, likely or not, at temperature 0."""
        samples = numpy.ascontiguousarray(samples, numpy.float32)
        with self.transcript("tenon_transcribe", [data(samples), ctypes.c_size_t(len(samples))], limit, beams, timestamps=timestamps,
                             temperature_increment_on_fallback=0, no_speech_threshold=numpy.nan) as transcript:
            return transcript.tokens[:transcript.token_count]

    def transcribe_file(self, path, **options):
        """Text, and segments as dictionaries with the names of OpenAI's program."""
        with self.transcript("tenon_transcribe_file", [str(path).encode()], **options) as transcript:
            segments = [{"start": one.begin, "end": one.end, "text": one.text.decode(),
                         **{name: getattr(one, name) for name in ("temperature", "avg_logprob", "compression_ratio", "no_speech_prob")}}
                        for one in transcript.segments[:transcript.segment_count]]
            return {"text": transcript.text.decode(), "segments": segments, "windows": transcript.windows}

    @contextlib.contextmanager
    def transcript(self, call, sound, limit=0, beams=0, **members):
        generate = generate_options(0, beams)
        options = sized(TranscribeOptions, **{**TRANSCRIBE_DEFAULTS, **members}, max_tokens=limit,
                        generate=ctypes.cast(ctypes.byref(generate), ctypes.c_void_p))
        transcript = ctypes.POINTER(Transcript)()
        self.runtime.call(call, self.handle, *sound, ctypes.byref(options), ctypes.byref(transcript))
        try:
            yield transcript.contents
        finally:
            self.runtime.library.tenon_transcript_free(transcript)


def open_model(runtime, library, loading=0):
    return Whisper(tenon_runtime.Runtime(runtime), library, loading)
