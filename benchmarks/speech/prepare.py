#!/usr/bin/env python3
"""prepare.py FILE.npy writes the spectrogram of 24 seconds of speech, [frames, bins], as transformers computes it."""

import os
import pathlib
import sys

os.environ["HF_HUB_OFFLINE"] = "1"
sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[2] / "tests" / "numerics" / "oracles")]
import numpy  # noqa: E402
from transformers import WhisperFeatureExtractor  # noqa: E402

from speech import LONG, RATE, speak  # noqa: E402


def main(path):
    samples = speak(LONG[6], "en-gb", 150).astype(numpy.float32) / 32768
    features = WhisperFeatureExtractor()(samples, sampling_rate=RATE, return_tensors="np").input_features[0].T
    numpy.save(path, numpy.ascontiguousarray(features, numpy.float32))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: prepare.py FILE.npy")
    main(sys.argv[1])
