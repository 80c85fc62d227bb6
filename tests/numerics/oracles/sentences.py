"""The 200 texts that MiniLM is checked with: 2 to 256 tokens with the special ones, many scripts, emoji, nothing at all."""

import pathlib
import random
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "scripts"))
from tokenizer_strings import SAMPLES  # noqa: E402

PLAIN = """The cat sat on the warm stone and watched the harbour . | How do I renew a passport that expired last year ?
| Photosynthesis turns light , water and carbon dioxide into sugar and oxygen . | Interest rates rose by a quarter of a point .
| The train to the coast leaves at seven in the morning . | She wrote the proof on a napkin , then lost it .
| Compilers translate programs ; few people read what they produce . | Rain is expected in the north , sun elsewhere .
| My grandmother's recipe asks for three eggs and no sugar . | The court found that the contract was void .
| A matrix with orthogonal columns preserves lengths . | He ran the marathon in under three hours .
| Volcanoes are openings through which molten rock escapes . | The museum is closed on Mondays .
| Nobody expected the smallest team to win the cup . | Vaccines train the immune system to recognise a virus .""".replace("\n", " ")


def sentences():
    """Always the same list. None has a NUL character, which no command line can pass on."""
    rng = random.Random(2024)
    plain = [" ".join(sentence.split()) for sentence in PLAIN.split("|")]
    texts = [text for text in SAMPLES if "\x00" not in text] + plain
    words = " ".join(plain).split()
    foreign = [word for text in SAMPLES[24:46] for word in text.split() if "\x00" not in word]
    length = 1
    while len(texts) < 200:
        pool = words if len(texts) % 3 else words + foreign
        texts.append(" ".join(rng.choice(pool) for _ in range(length)))
        length = length + 3 if length < 260 else 1
    return texts[:200]
