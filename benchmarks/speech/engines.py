"""What is compared: each engine encodes the spectrogram of some speech, and writes down what is said from the encoder's output."""

import pathlib
import sys
import time

import numpy

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "numerics" / "oracles")]
import whisper_runtime  # noqa: E402

START = [50257, 50362]  # Start of a transcript, no timestamps.
LIMIT = 224
MAP, COPY_HUGE = 0, 1


class Tenon:
    """Through the C interface of the runtime."""

    def __init__(self, runtime, library, features, threads, loading):
        self.model = whisper_runtime.open_model(runtime, library, loading)
        self.session = self.model.session(threads)
        self.features = features
        self.states = self.encode()

    def encode(self):
        return self.session.encode(self.features)

    def decode(self):
        self.session.hear(self.states)
        return self.session.generate(START, LIMIT)

    def listen(self):
        self.session.hear(self.encode())
        return self.session.generate(START, LIMIT)


class CTranslate2:
    def __init__(self, folder, features, threads):
        import ctranslate2
        self.model = ctranslate2.models.Whisper(str(folder), compute_type="float32", inter_threads=1, intra_threads=threads)
        self.features = ctranslate2.StorageView.from_array(numpy.ascontiguousarray(features.T[None]))
        self.states = self.model.encode(self.features)

    def encode(self):
        return numpy.array(self.model.encode(self.features))[0]

    def write(self, sound):
        # It halves its limit, and leaves the end of the text out.
        return self.model.generate(sound, [START], beam_size=1, max_length=2 * LIMIT)[0].sequences_ids[0] + [50256]

    def decode(self):
        return self.write(self.states)

    def listen(self):
        return self.write(self.features)


def turn(run, seconds):
    """Times of calls in ms."""
    times = []
    run()  # Not timed: wakes the threads and warms the caches.
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        begin = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - begin))
    return times


def make(name, arguments):
    """The engine, which stays in this process."""
    folder = pathlib.Path(arguments.folder)
    features = numpy.load(folder / "speech.npy")
    if name == "ctranslate2":
        return CTranslate2(arguments.model, features, arguments.threads)
    loading = COPY_HUGE if name == "tenon-huge" else MAP
    return Tenon(arguments.runtime, folder / "whisper.so", features, arguments.threads, loading)
