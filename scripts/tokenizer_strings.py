"""Strings that tokenizers disagree about: used by the goldens and by the live check."""

import random
import sys

SAMPLES = [
    "", " ", "\t\n\r", "a", "A", "Hello, world!", "The quick brown fox jumps over the lazy dog.",
    "don't can't I'm we've they're", "state-of-the-art e-mail: someone@example.org, https://example.org/a?b=c&d=%20",
    "3.14159 1,000,000 $5.99 50% 1/2 x² H₂O E=mc²", "naïve café résumé Ångström façade jalapeño Übergröße",
    "NAI\u0308VE CAFE\u0301 \u0041\u030a", "Straße STRASSE ẞ", "İstanbul ISPARTA ısı", "ΟΔΥΣΣΕΥΣ Σίσυφος ΣΑΣ ς",
    "Привет, мир! Ёжик и йод", "Україна Їжак ґанок", "שלום עולם וּבְתוֹךְ", "مرحبا بالعالم مَرْحَبًا", "नमस्ते दुनिया क्षत्रिय",
    "বাংলা ভাষা", "தமிழ் மொழி", "ภาษาไทยไม่มีช่องว่าง", "ລາວ ພາສາ", "မြန်မာဘာသာ", "ខ្មែរ", "ქართული ენა ᲥᲐᲠᲗᲣᲚᲘ", "Հայերեն",
    "አማርኛ", "中文分词测试，你好世界。", "繁體中文「測試」", "日本語のテスト、カタカナ。ひらがな", "がぎぐげご パピプペポ ｶﾞｷﾞ", "한국어 형태소", "한국어 \u1112\u1161\u11ab",
    "𠀀𠀁𪛖𫝀𫠠𬺡𮯠𰀀 㐀㐁 豈 丽", "Tiếng Việt có dấu", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 𝒎𝒂𝒕𝒉 ℝ∑∫ ①②③ ﬁﬂ ｆｕｌｌ", "🙂 👩‍👩‍👧‍👦 🇩🇪 👍🏽 ❤️ 🏴\U000e0067\U000e0062",
    "zero\u200bwidth\u200cjoin\u200der\ufeffbom\u2060wj", "soft\u00adhyphen", "a\u00a0b\u2003c\u3000d\u2028e\u2029f\u1680g\u0085h",
    "control\x00\x01\x07\x1b\x7f\x9fchars", "replacement \ufffd char", "private \ue000\uf8ff\U000f0000 use", "nonchar \ufdd0\uffff",
    "bidi \u202aabc\u202c \u2066def\u2069", "combining a\u0323\u0307\u0307\u0323 q\u0300\u0301\u0302", "enclosing 1\u20e3 a\u20dd",
    "variation \ufe0f\u180b", "¡Hola! ¿Qué tal? «guillemets» „quotes” – — … •", "^~`|+=<>$_{}[]()\\/", "a_b__c snake_case",
    "[CLS] [SEP] [MASK] [PAD] [UNK]", "before[MASK]after", "[mask] [Mask]", "[CLS][SEP]", "x [SEP]y", "[MASK", "[[MASK]]", "##ing ##",
    "new\u16fe\u1e030 \U00010d50 \U00016ea0 \ua7cb \ua7dc \u1c89", "\u166d \U000111c9 \u1734 \u1885 \ua9bd \u1cf2",
    "a" * 99, "a" * 100, "a" * 101, "é" * 100, "e\u0301" * 60, "ab" * 500, "word " * 300, "中" * 50, "!" * 40, "🙂" * 30,
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis", "CamelCaseIdentifier HTTPServer2",
    "  leading and trailing  ", "multiple   inner    spaces", "line\nbreak\r\ncrlf\ttab",
]

# First and last code points of what random characters are drawn from.
RANGES = [
    (0x20, 0x7e), (0x20, 0x7e), (0x00, 0x1f), (0x7f, 0xff), (0x100, 0x24f), (0x250, 0x2ff), (0x300, 0x36f), (0x370, 0x3ff),
    (0x400, 0x52f), (0x530, 0x58f), (0x590, 0x6ff), (0x700, 0x8ff), (0x900, 0xdff), (0xe00, 0xfff), (0x1000, 0x139f),
    (0x1400, 0x18af), (0x1900, 0x1cff), (0x1d00, 0x1fff), (0x2000, 0x206f), (0x2070, 0x2bff), (0x2c00, 0x2fff), (0x3000, 0x33ff),
    (0x3400, 0x4dbf), (0x4e00, 0x9fff), (0xa000, 0xabff), (0xac00, 0xd7ff), (0xe000, 0xf8ff), (0xf900, 0xffff), (0x10000, 0x11fff),
    (0x12000, 0x16fff), (0x17000, 0x1bfff), (0x1cf00, 0x1d7ff), (0x1d800, 0x1efff), (0x1f000, 0x1faff), (0x20000, 0x323af),
    (0xe0000, 0xe01ef), (0, 0x10ffff),
]


def random_character(rng, ranges):
    while True:
        first, last = rng.choice(ranges)
        code = rng.randint(first, last)
        if not 0xd800 <= code < 0xe000:
            return chr(code)


def random_string(rng, words):
    """One of: characters of a few scripts, words with noise, marks heaped on letters, samples cut and joined."""
    kind = rng.randrange(4)
    if kind == 0:
        ranges = rng.sample(RANGES, rng.randint(1, 4))
        return "".join(random_character(rng, ranges) for _ in range(rng.randint(0, 60)))
    if kind == 1:
        pieces = []
        for _ in range(rng.randint(1, 30)):
            word = rng.choice(words)
            word = rng.choice([word, word, word.upper(), word.title(), word + rng.choice(words)])
            if rng.random() < 0.2:
                at = rng.randint(0, len(word))
                word = word[:at] + random_character(rng, RANGES) + word[at:]
            pieces.append(word)
        return rng.choice([" ", " ", "  ", "-", "\u00a0", ""]).join(pieces)
    if kind == 2:
        marks = [(0x300, 0x36f), (0x591, 0x5bd), (0x64b, 0x65f), (0x1ab0, 0x1ace), (0x1dc0, 0x1dff), (0x93c, 0x94d), (0x1a55, 0x1a7f)]
        return "".join(random_character(rng, [(0x41, 0x17f), (0x391, 0x3c9), (0x5d0, 0x5ea), (0x627, 0x64a), (0xac00, 0xd7a3)])
                       + "".join(random_character(rng, marks) for _ in range(rng.randint(0, 4))) for _ in range(rng.randint(1, 20)))
    first, second = rng.choice(SAMPLES), rng.choice(SAMPLES)
    return first[rng.randint(0, len(first)):] + second[:rng.randint(0, len(second))]


def strings(count, seed):
    """`count` strings, the samples first."""
    rng = random.Random(seed)
    words = [word for sample in SAMPLES for word in sample.split()]
    out = list(SAMPLES[:count])
    while len(out) < count:
        out.append(random_string(rng, words))
    return out


def every_character(width=64):
    """All code points, each between letters and each on its own, `width` to a string."""
    codes = [code for code in range(sys.maxunicode + 1) if not 0xd800 <= code < 0xe000]
    for start in range(0, len(codes), width):
        part = [chr(code) for code in codes[start:start + width]]
        yield " ".join("a" + character + "b " + character for character in part)


SPACES = [" ", " ", " ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u2028", "\x0b", "\x85", "\u200b", "\u2581", "\r"]


def awkward_string(rng, words, tokens):
    """One of: any bytes made valid, runs of spaces between words, digits, tokens inside text, one long word."""
    kind = rng.randrange(6)
    if kind == 0:
        return bytes(rng.randrange(256) for _ in range(rng.randint(0, 40))).decode("utf-8", "replace")
    if kind == 1:
        return bytes(rng.randrange(256) for _ in range(rng.randint(0, 40))).decode("latin-1")
    if kind == 2:
        return "".join(rng.choice(words) * rng.randint(0, 1) + rng.choice(SPACES) * rng.randint(0, 5) for _ in range(rng.randint(1, 15)))
    if kind == 3:
        return "".join(rng.choice(["0", "17", "2024", "1,000", "3.14", "٣٤", "१२", "Ⅷ", "½", "x²", " ", "a", "-", "'s", "'LL", "'\u017f", "n't"])
                       for _ in range(rng.randint(1, 20)))
    if kind == 4 and tokens:
        return "".join(rng.choice([rng.choice(tokens), rng.choice(words), rng.choice(SPACES), rng.choice(tokens)[:-1]]) for _ in range(rng.randint(1, 12)))
    return rng.choice(words) * rng.randint(1, 60)


def varied_strings(count, seed, tokens=()):
    """`count` strings, half of them as `strings` has them."""
    rng = random.Random(seed)
    words = [word for sample in SAMPLES for word in sample.split()]
    out = strings(count // 2, seed)
    while len(out) < count:
        out.append(awkward_string(rng, words, list(tokens)))
    return out
