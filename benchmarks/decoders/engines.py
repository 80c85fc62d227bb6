"""What is compared. Each engine runs a task on random tokens: prefill of a whole context, or decoding its last tokens."""

import ctypes
import json
import os
import pathlib
import subprocess
import time

import numpy

from models import DECODED, MODELS, TASKS

# malloc, asked for huge pages: what CTranslate2 and llama.cpp can get of them.
HUGE_MALLOC = "glibc.malloc.hugetlb=1"


def random_tokens(model, count):
    return [int(token) for token in numpy.random.default_rng(count).integers(0, model.vocab, count)]


class ModelOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("load_weights", ctypes.c_uint32), ("reserved", ctypes.c_uint32),
                ("target", ctypes.c_char_p), ("cache_bytes", ctypes.c_uint64)]


class SessionOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_uint32), ("reserved", ctypes.c_uint32)]


class Tenon:
    """Through the C interface of the runtime."""
    MAP, COPY_HUGE = 0, 1

    def __init__(self, runtime, library, model, threads, loading):
        self.runtime = ctypes.CDLL(str(pathlib.Path(runtime).resolve()))
        self.runtime.tenon_message.restype = ctypes.c_char_p
        self.sizes, self.threads, self.model = model, threads, ctypes.c_void_p()
        options = ModelOptions(ctypes.sizeof(ModelOptions), loading, 0, None, 0)
        self.call("tenon_model_open", str(library).encode(), ctypes.byref(options), ctypes.byref(self.model))
        self.logits = numpy.empty(model.vocab, numpy.float32)

    def call(self, name, *arguments):
        if getattr(self.runtime, name)(*arguments) != 0:
            raise RuntimeError(f"{name}: {self.runtime.tenon_message().decode()}")

    def session(self, tokens):
        """A session that holds these tokens."""
        session = ctypes.c_void_p()
        options = SessionOptions(ctypes.sizeof(SessionOptions), self.threads, 0)
        self.call("tenon_session_create", self.model, ctypes.byref(options), ctypes.byref(session))
        if tokens:
            self.prefill(session, tokens)
        return session

    def prefill(self, session, tokens):
        self.call("tenon_session_prefill", session, (ctypes.c_int32 * len(tokens))(*tokens), ctypes.c_size_t(len(tokens)),
                  ctypes.c_void_p(self.logits.ctypes.data))

    def decode(self, session, token):
        self.call("tenon_decode", ctypes.byref(session), ctypes.byref(ctypes.c_int32(token)), ctypes.c_size_t(1),
                  ctypes.c_void_p(self.logits.ctypes.data))

    def rewind(self, session, length):
        self.call("tenon_session_rewind", session, ctypes.c_int64(length))

    def prepare(self, task):
        tokens = random_tokens(self.sizes, task.context)
        kept = 0 if task.kind == "prefill" else task.context - DECODED
        session = self.session(tokens[:kept])

        def run():
            self.rewind(session, kept)
            if task.kind == "prefill":
                self.prefill(session, tokens)
            else:
                for token in tokens[kept:]:
                    self.decode(session, token)
        return [run]

    def score(self, tokens):
        session, logits = self.session([]), numpy.empty((len(tokens), self.sizes.vocab), numpy.float32)
        self.call("tenon_session_score", session, (ctypes.c_int32 * len(tokens))(*tokens), ctypes.c_size_t(len(tokens)),
                  ctypes.c_void_p(logits.ctypes.data), None)
        return logits

    def greedy(self, tokens, count):
        session, found = self.session(tokens), []
        while True:
            found.append(int(self.logits.argmax()))
            if len(found) == count:
                return found
            self.decode(session, found[-1])


class CTranslate2:
    def __init__(self, folder, model, threads):
        import ctranslate2
        self.sizes = model
        self.generator = ctranslate2.Generator(str(folder), compute_type="float32", inter_threads=1, intra_threads=threads)

    def generate(self, tokens, count, held=()):
        """Appends `count` tokens. The model's state after those in `held` is kept between calls."""
        options = {"static_prompt": self.words(held), "cache_static_prompt": True} if held else {}
        result = self.generator.generate_batch([self.words(tokens)], max_length=count, min_length=count,
                                               include_prompt_in_result=False, **options)[0].sequences_ids[0]
        if len(result) != count:
            raise RuntimeError(f"CTranslate2 wrote {len(result)} tokens instead of {count}")
        return result

    @staticmethod
    def words(tokens):
        return [f"t{token}" for token in tokens]

    def forward(self, tokens):
        return self.generator.forward_batch([tokens], return_log_probs=False)

    def prepare(self, task):
        tokens = random_tokens(self.sizes, task.context)
        if task.kind == "prefill":
            # Up to the first token, in two passes; or the logits of all tokens in one. The faster one counts.
            return [lambda: self.generate(tokens, 1), lambda: self.forward(tokens)]
        kept = task.context - DECODED
        return [lambda: self.generate(tokens[kept:kept + 1], DECODED, tokens[:kept])]

    def score(self, tokens):
        return numpy.array(self.forward(tokens))[0]

    def greedy(self, tokens, count):
        return self.generate(tokens[-1:], count, tokens[:-1])


class LlamaCpp:
    """A process for each turn: llama-bench loads the model and warms up before it measures, with and without its flash
    attention. The faster one counts."""

    def __init__(self, programs, path, threads, huge):
        self.programs, self.path = pathlib.Path(programs), path
        self.options = ["-t", threads, "-r", 3, "-fa", "0,1", "-o", "json"]
        self.options += ["-lm", "none"] if huge else []
        self.environment = dict(os.environ, **({"GLIBC_TUNABLES": HUGE_MALLOC} if huge else {}))

    def output(self, program, *arguments):
        done = subprocess.run([self.programs / program, *map(str, arguments)], env=self.environment, capture_output=True)
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stderr.decode()}")
        return done.stdout

    def turn(self, task):
        """Times of calls in ms, a list for each way."""
        what = (["-p", task.context, "-n", 0] if task.kind == "prefill" else
                ["-p", 0, "-n", DECODED, "-d", task.context - DECODED])
        results = json.loads(self.output("llama-bench", "-m", self.path, *what, *self.options))
        return [[ns / 1e6 for ns in result["samples_ns"]] for result in results]

    def last_logits(self, tokens):
        return numpy.frombuffer(self.output("llama-logits", self.path, *tokens), numpy.float32)


class Worker:
    """Runs turns of an engine that lives in this process."""

    def __init__(self, engine):
        self.engine = engine
        self.runs = {task: engine.prepare(task) for task in TASKS}

    def turn(self, task, seconds):
        """Times of calls in ms, a list for each way to do the task."""
        times = []
        for run in self.runs[task]:
            times.append([])
            run()  # Not timed: wakes the threads and warms the caches.
            end = time.perf_counter() + seconds / len(self.runs[task])
            while len(times[-1]) < 3 or time.perf_counter() < end:
                begin = time.perf_counter()
                run()
                times[-1].append(1000 * (time.perf_counter() - begin))
        return times


def make(name, model, arguments):
    """The engine, which stays in this process."""
    folder = pathlib.Path(arguments.folder)
    if name.startswith("ctranslate2"):
        return CTranslate2(folder / f"{model}-ctranslate2", MODELS[model], arguments.threads)
    loading = Tenon.COPY_HUGE if name == "tenon-huge" else Tenon.MAP
    return Tenon(arguments.runtime, folder / f"{model}.so", MODELS[model], arguments.threads, loading)
