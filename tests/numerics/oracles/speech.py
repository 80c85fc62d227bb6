"""Speech of espeak-ng: sentences of several lengths in several voices, as 16-bit samples at 16000 a second."""

import io
import shutil
import subprocess
import sys
import wave

import numpy
from scipy.signal import resample_poly

RATE = 16000

SHORT = ["Yes.", "Good morning.", "The train is late again.", "Please close the window before you leave.",
         "She sells sea shells by the sea shore.", "My phone number is five, five, five, zero, one, two, three."]
LONG = [
    "The quick brown fox jumps over the lazy dog, and then it goes home to sleep.",
    "In nineteen sixty nine, people walked on the moon for the first time, and the whole world watched them on television.",
    "A compiler reads a program and writes another one that does the same, only faster. That is what we hope for, at least.",
    "Bread needs flour, water, salt and time. Mix them, wait for an hour, fold the dough three times, and let it rest over night. "
    "In the morning, heat the oven as far as it goes.",
    "The hedgehog sleeps through the winter in a nest of dry leaves. In spring it wakes up hungry and looks for beetles, worms and "
    "snails in the garden. It can live for seven years.",
    "Our meeting begins at half past nine. First we talk about the budget of the last quarter, then about the new building, and "
    "after lunch everybody can ask questions. Please bring your own cup, since there are not enough of them in the kitchen.",
    "It was a dark and stormy night. The rain fell in torrents, except at occasional intervals, when it was checked by a violent "
    "gust of wind which swept up the streets, rattling along the house tops, and fiercely agitating the scanty flame of the lamps "
    "that struggled against the darkness. Nobody was out who had a place to stay, and the dogs had stopped barking long ago.",
    "To make tea, boil fresh water and warm the pot. Put one spoon of leaves into the pot for each person, and one more. Pour the "
    "water over the leaves and wait for four minutes. Some people add milk, others lemon, and a few take both and are never asked "
    "again. In the north they like it strong and sweet. In the south they like it weak and without sugar. Nobody has ever "
    "explained why this is so, although many books were written about it, and some of them were even read.",
]
VOICES = ["en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029", "en-us+f3", "en-gb+f2", "en-us+m3"]
SPEEDS = [150, 130, 175, 160, 200, 140]  # Words a minute.


def speak(text, voice="en-us", speed=160):
    """Samples, 16-bit integers."""
    if not shutil.which("espeak-ng"):
        sys.exit("espeak-ng is not there: scripts/bootstrap installs it")
    made = subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "--stdout", text], check=True, capture_output=True).stdout
    with wave.open(io.BytesIO(made)) as file:
        rate, samples = file.getframerate(), numpy.frombuffer(file.readframes(1 << 30), numpy.int16)
    converted = resample_poly(samples.astype(numpy.float64), RATE, rate)
    return numpy.clip(numpy.round(converted), -32768, 32767).astype(numpy.int16)


def utterances():
    """Pairs of a description and samples: every text, and the short ones in more voices."""
    texts = LONG + SHORT + LONG[:4] + SHORT[2:5] + LONG[4:7]
    for index, text in enumerate(texts):
        voice, speed = VOICES[index % len(VOICES)], SPEEDS[index % len(SPEEDS)]
        yield f"{voice} {speed} '{text[:24]}'", speak(text, voice, speed)


def sounds():
    """Triples of a name, a rate and float samples: speech and what is none."""
    random = numpy.random.default_rng(1)

    def spoken(*texts, voice="en-us", speed=160):
        return numpy.concatenate([speak(text, voice, speed) for text in texts]) / 32768

    def seconds(count):
        return numpy.arange(int(count * RATE)) / RATE

    bread, hedgehog = spoken(LONG[3]), spoken(LONG[4], voice="en-gb", speed=150)
    loudness = float(numpy.sqrt((hedgehog ** 2).mean()))
    yield "speech", RATE, hedgehog
    yield "telephone", 8000, resample_poly(hedgehog, 8000, RATE)
    yield "speech of a compact disc", 44100, resample_poly(bread, 441, 160)
    for decibels in (20, 5, -5):
        noise = random.standard_normal(len(hedgehog)) * loudness * 10 ** (-decibels / 20)
        yield f"speech {decibels} dB over noise", RATE, hedgehog + noise
    yield "faint speech", RATE, hedgehog / 1000
    for name, text in (("a word", SHORT[0]), ("a number", SHORT[5])):
        yield name, RATE, spoken(text)
    yield "silence", RATE, 0 * seconds(5)
    yield "silence of three windows", RATE, 0 * seconds(65)
    for size in (1e-4, 1e-2, 0.3):
        yield f"noise of {size}", RATE, random.standard_normal(5 * RATE) * size
    yield "direct current", RATE, 0 * seconds(5) + 0.3
    yield "a tone", RATE, 0.2 * numpy.sin(2 * numpy.pi * 440 * seconds(7))
    for count in (800, 320, 161, 100, 1):
        yield f"{count} samples of noise", RATE, random.standard_normal(count) * 0.1
    yield "speech between silences", RATE, numpy.concatenate([0 * seconds(12), bread, 0 * seconds(33), hedgehog, 0 * seconds(3.3)])
    yield "a long talk", RATE, spoken(*LONG, voice="en-gb", speed=150)
    yield "a repeated phrase", RATE, numpy.tile(spoken("no more tea"), 40)
    yield "a repeated syllable", RATE, numpy.tile(spoken("la la la"), 30)
    yield "a talk of two parts", RATE, numpy.concatenate([spoken(*LONG[5:7]), 0.01 * spoken(*LONG[4:6], voice="en-us+f3")])


def write_wav(path, samples, rate=RATE):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())


def windows(samples, seconds=30):
    """Float32 samples, a window after the other."""
    floats = samples.astype(numpy.float32) / 32768
    return [floats[at:at + seconds * RATE] for at in range(0, len(floats), seconds * RATE)]
