#!/usr/bin/env python3
"""Transcripts of Whisper tiny.en, compiled, against OpenAI's own program on the same weights in float32: speech at several rates
and in noise, silence, noise, clips, long talks, repeated phrases, under each of the options that decide about a window.

At temperature 0 everything is compared: texts, times and what is measured of each answer. With the usual temperatures, which window
is sampled again is compared; what is sampled is not, since random numbers differ. Run with the interpreter of build/oracles.

check_transcripts.py TENON LIBTENON_RT.so [--model DIRECTORY] [--library FILE.so] [--sounds WORD]"""

import argparse
import json
import os
import pathlib
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "oracles"))
import numpy  # noqa: E402

from check_goldens import run  # noqa: E402
from speech import sounds, write_wav  # noqa: E402
import openai_whisper  # noqa: E402
import whisper_runtime  # noqa: E402

TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
MEASURES = {"avg_logprob": 2e-3, "no_speech_prob": 2e-3, "compression_ratio": 1e-9, "temperature": 1e-9}

# Names are those of OpenAI's program; None is NaN for us.
OPTIONS = [
    {},
    {"without_timestamps": True},
    {"condition_on_previous_text": False},
    {"initial_prompt": "A talk about Erinaceus, bread and tea."},
    {"no_speech_threshold": None},
    {"logprob_threshold": None},
    {"logprob_threshold": -0.3},
    {"no_speech_threshold": 0.1},
]


def ours(session, path, options, **more):
    members = {"timestamps": 1, **more}
    for name, value in options.items():
        if name == "without_timestamps":
            members["timestamps"] = 1 - value
        elif name == "initial_prompt":
            members[name] = value.encode()
        else:
            members[name] = numpy.nan if value is None else value
    return session.transcribe_file(path, **members)


def shown(segments):
    return [f"{one['start']:.2f}-{one['end']:.2f} t{one['temperature']:.1f} p{one['avg_logprob']:.3f} n{one['no_speech_prob']:.3f} "
            f"{one['text'].strip()}" for one in segments]


def differences(found, wanted):
    """Of two lists of segments, in words."""
    if len(found) != len(wanted):
        yield f"{len(found)} segments, expected {len(wanted)}"
    for one, other in zip(found, wanted):
        if one["text"] != other["text"].strip():
            yield f"'{one['text']}', expected '{other['text'].strip()}'"
        for name in ("start", "end"):
            if one[name] != other[name]:
                yield f"{name} is {one[name]}, expected {other[name]}"
        for name, tolerance in MEASURES.items():
            if not abs(one[name] - other[name]) <= tolerance:
                yield f"{name} is {one[name]}, expected {other[name]}"


def spoken(result):
    """What OpenAI's program keeps of segments that it has cleared is left out."""
    return [segment for segment in result["segments"] if segment["text"]]


def until_sampled(segments):
    """The segments before the first that was sampled, and when that one's window began."""
    kept = []
    for segment in segments:
        if segment["temperature"] > 0:
            return kept, True
        kept.append(segment)
    return kept, False


class Check:
    def __init__(self, session, oracle):
        self.session, self.oracle, self.equal, self.total, self.problems = session, oracle, {}, {}, []

    def tell(self, kind, name, problems, found, wanted):
        self.total[kind] = self.total.get(kind, 0) + 1
        self.equal[kind] = self.equal.get(kind, 0) + (not problems)
        if problems:
            self.problems.append(f"{name}: {kind}: {'; '.join(problems)}")
            print(self.problems[-1], "  Tenon", *shown(found), "  OpenAI", *shown(wanted), sep="\n    ", flush=True)

    def at_temperature_0(self, name, path, samples, options):
        wanted = openai_whisper.transcribe(self.oracle, samples, temperature=0.0, **options)
        found = ours(self.session, path, options, temperature_increment_on_fallback=0)
        problems = list(differences(found["segments"], spoken(wanted)))
        if found["windows"] != len(wanted["windows"]):
            problems.append(f"{found['windows']} windows, expected {len(wanted['windows'])}")
        if found["text"] != wanted["text"].removeprefix(options.get("initial_prompt", "")).strip():
            problems.append(f"text '{found['text']}', expected '{wanted['text'].strip()}'")
        self.tell(str(options or "defaults"), name, problems, found["segments"], spoken(wanted))

    def with_fallback(self, name, path, samples):
        """Up to the first window that OpenAI's program samples."""
        wanted = openai_whisper.transcribe(self.oracle, samples, temperature=TEMPERATURES)
        found = ours(self.session, path, {})
        (kept, sampled), (expected, expected_sampled) = until_sampled(found["segments"]), until_sampled(spoken(wanted))
        problems = list(differences(kept, expected))
        # A sampled answer may have no text.
        tried = any(len(answers) > 1 for answers in wanted["windows"])
        if sampled and not tried or expected_sampled and not sampled and found["windows"] == len(wanted["windows"]):
            problems.append(f"sampled: {sampled}, expected {expected_sampled}")
        self.tell("usual temperatures", name, problems, found["segments"], spoken(wanted))
        return tried


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenon")
    parser.add_argument("runtime")
    parser.add_argument("--model", default=HERE.parents[1] / "build" / "models" / "whisper")
    parser.add_argument("--library", help="the compiled model; without it, it is compiled")
    parser.add_argument("--sounds", default="", help="only those whose name has this")
    parser.add_argument("--options", type=int, default=len(OPTIONS), help="only so many of the sets of options")
    arguments = parser.parse_args()
    oracle, sampled = openai_whisper.load(arguments.tenon, arguments.model), 0
    with tempfile.TemporaryDirectory() as scratch:
        library = arguments.library or pathlib.Path(scratch) / "whisper.so"
        if not arguments.library:
            run([arguments.tenon, "compile", arguments.model, "-o", library])
        model = whisper_runtime.open_model(arguments.runtime, library)
        path = pathlib.Path(scratch) / "sound.wav"
        with model.session() as session:
            check = Check(session, oracle)
            for name, rate, samples in sounds():
                if arguments.sounds not in name:
                    continue
                print(name, flush=True)
                write_wav(path, numpy.clip(numpy.round(samples * 32767), -32768, 32767), rate)
                samples = whisper_runtime.read_audio(model.runtime, path)
                for options in OPTIONS[:arguments.options]:
                    check.at_temperature_0(name, path, samples, options)
                sampled += check.with_fallback(name, path, samples)
                told = json.loads(run([arguments.tenon, "run", library, "--audio", path, "--timestamps", "--json",
                                       "--temperature-increment-on-fallback", "none"]))["rows"][0]["text"]
                if told != ours(session, path, {}, temperature_increment_on_fallback=0)["text"]:
                    check.problems.append(f"{name}: tenon run --audio writes '{told}'")
    for kind, total in check.total.items():
        print(f"{kind}: {check.equal[kind]} of {total} sounds equal")
    print(f"{sampled} sounds have a window that is sampled")
    print(*check.problems, sep="\n")
    return 1 if check.problems else 0


if __name__ == "__main__":
    sys.exit(main())
