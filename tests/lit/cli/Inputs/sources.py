"""sources.py FOLDER: the arrays of tests/lit/cli/sources.test agree with each other."""
import pathlib
import re
import struct
import sys


def load(name):
    data = (pathlib.Path(sys.argv[1]) / f"{name}.npy").read_bytes()
    end = 10 + struct.unpack("<H", data[8:10])[0]
    header = data[:end].decode("latin-1")
    shape = tuple(int(size) for size in re.search(r"\(([^)]*)\)", header).group(1).split(",") if size.strip())
    return shape, struct.unpack(f"<{(len(data) - end) // 4}{'i' if '<i4' in header else 'f'}", data[end:])


def row(array, sequence, position):
    shape, values = array
    start = (sequence * shape[1] + position) * shape[2]
    return values[start:start + shape[2]]


def likeliest(array, sequence, position):
    scores = row(array, sequence, position)
    return scores.index(max(scores))


# Sources of 3 and of 1 token, a start token, a prefix of 2, 5 tokens written.
logits, hidden, tokens, alone, scored = (load(name) for name in ("logits", "hidden", "tokens", "alone", "scored"))
assert tokens[0] == (2, 5) and logits[0] == (2, 7, 97), (tokens[0], logits[0])
for sequence in range(2):
    for step in range(5):
        assert likeliest(logits, sequence, 2 + step) == tokens[1][5 * sequence + step]
assert hidden[0] == (2, 3, 22) and not any(row(hidden, 1, 1)) and not any(row(hidden, 1, 2))
assert alone[0] == (1, 1, 22)
largest = max(map(abs, hidden[1]))
assert all(abs(a - b) <= 1e-5 * largest for a, b in zip(row(hidden, 1, 0), row(alone, 0, 0)))
# Without a token to write, the prefix alone is scored.
assert scored[0] == (1, 3, 97)
largest = max(map(abs, scored[1]))
for position in range(3):
    assert all(abs(a - b) <= 1e-4 * largest for a, b in zip(row(scored, 0, position), row(logits, 0, position)))
