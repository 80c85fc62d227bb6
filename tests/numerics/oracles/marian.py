"""A second reading of Marian's binary files and an evaluation of such a model in NumPy, by Marian's own formulas: float32, of the
numbers that int8 tensors stand for. Nothing here is shared with Tenon."""

import struct

import numpy

FLOAT32, INTGEMM8, TEXT = 0x404, 0x4101, 0x101
EPSILON = 1e-9  # Of Marian's layer normalisation.


def read(path):
    """The tensors by name, with matrices as [inputs, outputs], and the texts."""
    data = path.read_bytes()
    version, count = struct.unpack_from("<QQ", data)
    assert version == 1, version
    headers = [struct.unpack_from("<4Q", data, 16 + 32 * i) for i in range(count)]
    at = 16 + 32 * count
    names, shapes = [], []
    for length, _, _, _ in headers:
        names.append(data[at:at + length - 1].decode())
        at += length
    for _, _, rank, _ in headers:
        shapes.append(struct.unpack_from(f"<{rank}i", data, at))
        at += 4 * rank
    at += 8 + struct.unpack_from("<Q", data, at)[0]
    tensors, texts = {}, {}
    for name, shape, (_, kind, _, length) in zip(names, shapes, headers):
        elements = int(numpy.prod(shape))
        if kind == TEXT:
            texts[name] = data[at:at + elements].rstrip(b"\0").decode()
        elif kind == FLOAT32:
            tensors[name] = numpy.frombuffer(data, numpy.float32, elements, at).reshape(shape)
        elif kind == INTGEMM8:
            multiplier = numpy.frombuffer(data[at + elements:at + elements + 4], numpy.float32)[0]
            numbers = numpy.frombuffer(data, numpy.int8, elements, at).astype(numpy.float32) / multiplier
            # Prepared for products: stored by outputs. The embedding is multiplied with its own transpose.
            tensors[name] = numbers.reshape(shape) if name.endswith("Wemb") else numbers.reshape(shape[::-1]).T
        else:
            raise ValueError(f"{name}: type {kind:#x}")
        at += length
    assert at == len(data)
    return tensors, texts


class Marian:
    """A transformer with norms after the residuals, whose decoder has SSRU layers, tied embeddings throughout."""

    def __init__(self, path, heads=8):
        self.tensors, texts = read(path)
        lines = dict(line.split(": ", 1) for line in texts["special:model.yml"].splitlines() if ": " in line)
        self.heads = int(lines["transformer-heads"])
        self.encoder_layers, self.decoder_layers = int(lines["enc-depth"]), int(lines["dec-depth"])
        assert lines["dec-cell"] == "ssru" and lines["transformer-decoder-autoreg"] == "rnn" and self.heads == heads
        self.embedding = numpy.ascontiguousarray(self.tensors["Wemb"])
        self.output = numpy.ascontiguousarray(self.embedding.T)
        self.width = self.embedding.shape[1]

    def affine(self, x, name, weight, bias):
        product = x @ self.tensors[f"{name}_{weight}"]
        return product + self.tensors[f"{name}_{bias}"] if bias else product

    def norm(self, x, name):
        centered = x - x.mean(-1, keepdims=True)
        deviation = numpy.sqrt((centered ** 2).mean(-1, keepdims=True) + numpy.float32(EPSILON))
        return self.tensors[f"{name}_ln_scale"] * (centered / deviation) + self.tensors[f"{name}_ln_bias"]

    def positions(self, first, count):
        half = self.width // 2
        rate = 10000.0 ** (-numpy.arange(half) / (half - 1))
        angles = numpy.arange(first, first + count)[:, None] * rate
        return numpy.concatenate([numpy.sin(angles), numpy.cos(angles)], -1).astype(numpy.float32)

    def split(self, x):
        batch, length, _ = x.shape
        return x.reshape(batch, length, self.heads, -1).transpose(0, 2, 1, 3)

    def attend(self, queries, keys, values, mask):
        """`mask` is 0 where a key is, -1e8 where none is: [batch, 1, 1, keys]."""
        scores = queries @ keys.transpose(0, 1, 3, 2) * numpy.float32(1 / numpy.sqrt(queries.shape[-1])) + mask
        weights = numpy.exp(scores - scores.max(-1, keepdims=True))
        found = (weights / weights.sum(-1, keepdims=True)) @ values
        return found.transpose(0, 2, 1, 3).reshape(found.shape[0], found.shape[2], -1)

    def feed_forward(self, x, name):
        hidden = numpy.maximum(self.affine(x, name, "W1", "b1"), 0)
        return self.norm(x + self.affine(hidden, name, "W2", "b2"), f"{name}_ffn")

    def encode(self, sources):
        """Rows of ids of different lengths, padded; the hidden states and the mask."""
        length = max(map(len, sources))
        ids = numpy.array([row + [0] * (length - len(row)) for row in sources])
        kept = numpy.array([[1] * len(row) + [0] * (length - len(row)) for row in sources], numpy.float32)
        mask = (1 - kept)[:, None, None, :] * numpy.float32(-1e8)
        x = self.embedding[ids] * numpy.float32(numpy.sqrt(self.width)) + self.positions(0, length)
        for layer in range(1, self.encoder_layers + 1):
            name = f"encoder_l{layer}_self"
            queries, keys, values = (self.split(self.affine(x, name, f"W{k}", f"b{k}")) for k in "qkv")
            attended = self.affine(self.attend(queries, keys, values, mask), name, "Wo", "bo")
            x = self.feed_forward(self.norm(x + attended, f"{name}_Wo"), f"encoder_l{layer}_ffn")
        return x, mask

    def step(self, previous, position, states, context, mask):
        """Scores of the next token after `previous`, one for each row; nothing at the start."""
        batch = mask.shape[0]
        word = numpy.zeros((batch, self.width), numpy.float32) if previous is None else self.embedding[previous]
        x = (word * numpy.float32(numpy.sqrt(self.width)) + self.positions(position, 1))[:, None, :]
        for layer in range(1, self.decoder_layers + 1):
            name = f"decoder_l{layer}_rnn"
            forget = 1 / (1 + numpy.exp(-self.affine(x, name, "Wf", "bf")))
            states[layer - 1] = forget * states[layer - 1] + (1 - forget) * self.affine(x, name, "W", None)
            x = self.norm(x + numpy.maximum(states[layer - 1], 0), f"{name}_ffn")
            name = f"decoder_l{layer}_context"
            queries = self.split(self.affine(x, name, "Wq", "bq"))
            attended = self.affine(self.attend(queries, *context[layer - 1], mask), name, "Wo", "bo")
            x = self.feed_forward(self.norm(x + attended, f"{name}_Wo"), f"decoder_l{layer}_ffn")
        return x[:, 0] @ self.output + self.tensors["decoder_ff_logit_out_b"][0]

    def translate(self, sources, most, end=0, unknown=1):
        """Greedily, at most so many tokens: the tokens of each row without the end, and how much better the best token was than
        the second in the closest decision."""
        hidden, mask = self.encode(sources)
        context = [tuple(self.split(self.affine(hidden, f"decoder_l{layer}_context", f"W{k}", f"b{k}")) for k in "kv")
                   for layer in range(1, self.decoder_layers + 1)]
        states = [numpy.zeros((len(sources), 1, self.width), numpy.float32) for _ in range(self.decoder_layers)]
        rows, open_rows = [[] for _ in sources], set(range(len(sources)))
        margins, previous = [numpy.inf] * len(sources), None
        for position in range(most):
            scores = self.step(previous, position, states, context, mask)
            scores[:, unknown] = -numpy.inf
            previous = scores.argmax(-1)
            best = numpy.partition(scores, -2, -1)[:, -2:]
            for row in list(open_rows):
                margins[row] = min(margins[row], float(best[row, 1] - best[row, 0]))
                if previous[row] == end:
                    open_rows.remove(row)
                else:
                    rows[row].append(int(previous[row]))
            if not open_rows:
                break
        return rows, margins
