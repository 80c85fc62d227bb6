#!/usr/bin/env python3
"""Whisper tiny.en, compiled, against CTranslate2 in float32 on the same model and speech of espeak-ng: spectrograms, what the
encoder makes of them, and the tokens of greedy and beam search about a window. check_transcripts.py is about whole sounds. Run
with the interpreter of build/oracles.

check_whisper.py TENON LIBTENON_RT.so [--model DIRECTORY] [--library FILE.so] [--utterances N]"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import ctranslate2  # noqa: E402
import numpy  # noqa: E402
import whisper  # noqa: E402
from transformers import WhisperFeatureExtractor  # noqa: E402

from check_goldens import run  # noqa: E402
from speech import utterances, windows  # noqa: E402
import whisper_runtime  # noqa: E402

FEATURE_TOLERANCE = 1e-4
ENCODER_TOLERANCE = 1e-3  # Of the largest value.
NEAR = 1e-3               # Where log probabilities are closer, either may be chosen.
BEAMS = 5
START, NONE, END = 50257, 50362, 50256
LIMIT = 224               # Tokens of an answer: CTranslate2 halves its max_length.


class Oracle:
    def __init__(self, folder):
        self.model = ctranslate2.models.Whisper(str(folder), compute_type="float32", inter_threads=1, intra_threads=2)
        self.extractor = WhisperFeatureExtractor()
        self.config = json.loads((pathlib.Path(folder) / "config.json").read_text())

    def heard(self, samples):
        """What a transcription hears of the window: [frames, bins]."""
        length = len(samples) // whisper.audio.HOP_LENGTH
        spectrogram = whisper.log_mel_spectrogram(samples, padding=whisper.audio.N_SAMPLES)[:, :length]
        return whisper.pad_or_trim(spectrogram, whisper.audio.N_FRAMES).numpy().T

    def features(self, samples):
        """[frames, bins]"""
        return self.extractor(samples, sampling_rate=16000, return_tensors="np").input_features[0].T

    @staticmethod
    def stored(features):
        return ctranslate2.StorageView.from_array(numpy.ascontiguousarray(features.T[None].astype(numpy.float32)))

    def encode(self, features):
        return numpy.array(self.model.encode(self.stored(features)))[0]

    def generate(self, features, beams):
        result = self.model.generate(self.stored(features), [[START, NONE]], beam_size=beams, max_length=2 * LIMIT)[0]
        return [token for token in result.sequences_ids[0] if token != END]


class Suppressed:
    """Log probabilities of tokens under what may be written, as the compiled model scores them."""

    def __init__(self, session, config):
        self.session, self.config = session, config

    def log_probabilities(self, tokens):
        """Of each of the tokens that follow the start: [count, vocabulary]."""
        self.session.rewind(0)
        scores = self.session.score([START, NONE] + tokens[:-1])[1:].astype(numpy.float64)
        scores[:, self.config["suppress_ids"]] = -numpy.inf
        scores[0, self.config["suppress_ids_begin"]] = -numpy.inf
        scores -= scores.max(-1, keepdims=True)
        return scores - numpy.log(numpy.exp(scores).sum(-1, keepdims=True))

    def of(self, tokens):
        """The mean log probability of an answer and its end, by which beam searches compare."""
        tokens = tokens + [END] if len(tokens) < LIMIT else tokens
        found = self.log_probabilities(tokens)
        return float(found[numpy.arange(len(tokens)), tokens].sum() / len(tokens))

    def gap(self, found, expected):
        """Between the two tokens where the answers fork."""
        found, expected = found + [END], expected + [END]
        fork = next(i for i, pair in enumerate(zip(found, expected)) if pair[0] != pair[1])
        last = self.log_probabilities(found[:fork + 1])[-1]
        return fork, abs(float(last[found[fork]] - last[expected[fork]]))


class Tally:
    def __init__(self):
        self.count, self.equal, self.problems = 0, {}, []

    def compare(self, kind, name, found, expected, explain):
        equal, total = self.equal.get(kind, (0, 0))
        self.equal[kind] = (equal + (found == expected), total + 1)
        if found == expected:
            return
        text, gap = explain()
        print(f"{name}: {kind}: {text}\n  Tenon       {found}\n  CTranslate2 {expected}", flush=True)
        if not gap < NEAR:
            self.problems.append(f"{name}: {kind}: {text}, expected less than {NEAR}")


def check_greedy(tally, name, suppressed, found, expected):
    def explain():
        fork, gap = suppressed.gap(found, expected)
        return f"they fork at token {fork}, where log probabilities differ by {gap:.2g}", gap
    tally.compare("greedy", name, found, expected, explain)


def check_beams(tally, name, suppressed, found, expected):
    def explain():
        own, other = suppressed.of(found), suppressed.of(expected)
        return f"mean log probabilities are {own:.5f} and {other:.5f}", abs(own - other)
    tally.compare(f"beam {BEAMS}", name, found, expected, explain)


def check_window(tally, name, model, oracle, samples):
    features, expected = model.features(samples), oracle.features(samples)
    errors = [float(numpy.abs(features - expected).max())]
    with model.session() as session:
        hidden, states = session.encode(features), oracle.encode(expected)
        errors.append(float(numpy.abs(hidden - states).max() / numpy.abs(states).max()))
        heard = oracle.heard(samples)
        suppressed = Suppressed(session, oracle.config)
        found = {beams: [token for token in session.transcribe(samples, LIMIT, beams) if token != END] for beams in (0, BEAMS)}
        check_greedy(tally, name, suppressed, found[0], oracle.generate(heard, 1))
        check_beams(tally, name, suppressed, found[BEAMS], oracle.generate(heard, BEAMS))
    return errors


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("runtime")
    parser.add_argument("--model", default=HERE.parents[1] / "build" / "models" / "whisper")
    parser.add_argument("--library", help="the compiled model; without it, it is compiled")
    parser.add_argument("--utterances", type=int, default=1 << 30)
    arguments = parser.parse_args()
    oracle, tally, worst, seconds = Oracle(arguments.model), Tally(), numpy.zeros(2), []
    with tempfile.TemporaryDirectory() as scratch:
        library = arguments.library or pathlib.Path(scratch) / "whisper.so"
        if not arguments.library:
            run([arguments.tenon, "compile", arguments.model, "-o", library])
        model = whisper_runtime.open_model(arguments.runtime, library)
        for number, (name, samples) in enumerate(utterances()):
            if number == arguments.utterances:
                break
            seconds.append(len(samples) / 16000)
            for window in windows(samples):
                worst = numpy.maximum(worst, check_window(tally, name, model, oracle, window))
    print(f"{len(seconds)} utterances of {min(seconds):.1f} to {max(seconds):.1f} s; features within {worst[0]:.2g}, "
          f"encoder within {worst[1]:.2g} of the largest value")
    for kind, (equal, total) in tally.equal.items():
        print(f"{kind}: {equal} of {total} windows equal")
    if not worst[0] <= FEATURE_TOLERANCE:
        tally.problems.append(f"features differ by {worst[0]:.3g}, expected at most {FEATURE_TOLERANCE}")
    if not worst[1] <= ENCODER_TOLERANCE:
        tally.problems.append(f"encoder states differ by {worst[1]:.3g}, expected at most {ENCODER_TOLERANCE}")
    print(*tally.problems, sep="\n")
    return 1 if tally.problems else 0


if __name__ == "__main__":
    sys.exit(main())
