"""generated.py FOLDER: the arrays of tests/lit/cli/generate.test agree with each other."""
import pathlib
import re
import struct
import sys


def load(name):
    data = (pathlib.Path(sys.argv[1]) / f"{name}.npy").read_bytes()
    end = 10 + struct.unpack("<H", data[8:10])[0]
    header = data[:end].decode("latin-1")
    shape = tuple(int(size) for size in re.search(r"\(([^)]*)\)", header).group(1).split(",") if size.strip())
    code = "i" if "<i4" in header else "f"
    return code, shape, struct.unpack(f"<{(len(data) - end) // 4}{code}", data[end:])


def row(array, sequence, position):
    _, shape, values = array
    start = (sequence * shape[1] + position) * shape[2]
    return values[start:start + shape[2]]


def likeliest(array, sequence, position):
    scores = row(array, sequence, position)
    return scores.index(max(scores))


logits, hidden, tokens, prompt = (load(name) for name in "lhtp")
assert tokens[0] == "i" and tokens[1] == (2, 5), tokens
assert logits[1][:2] == hidden[1][:2] == (2, 7), (logits[1], hidden[1])
assert prompt[1] == (1, 3, logits[1][2])
for step in range(5):
    assert likeliest(logits, 0, 2 + step) == tokens[2][step]
    assert likeliest(logits, 1, step) == tokens[2][5 + step]
for padding in (5, 6):
    assert not any(row(logits, 1, padding)) and not any(row(hidden, 1, padding))
largest = max(map(abs, prompt[2]))
for position in range(3):
    assert all(abs(a - b) <= 1e-4 * largest for a, b in zip(row(prompt, 0, position), row(logits, 0, position)))
