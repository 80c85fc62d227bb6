"""make-gguf.py FAULT FILE.gguf: writes a small llama, with one thing wrong with it (or `none`)."""

import struct
import sys


def text(value):
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(data)) + data


def entry(key, kind, data):
    return text(key) + struct.pack("<I", kind) + data


def string(key, value):
    return entry(key, 8, text(value))


def integer(key, value):
    return entry(key, 4, struct.pack("<I", value))


def tensor(name, shape, offset, kind=0):
    sizes = b"".join(struct.pack("<Q", size) for size in reversed(shape))
    return text(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", kind, offset)


LAYER = {"attn_norm.weight": (4,), "ffn_norm.weight": (4,), "attn_q.weight": (4, 4), "attn_k.weight": (2, 4), "attn_v.weight": (2, 4),
         "attn_output.weight": (4, 4), "ffn_up.weight": (3, 4), "ffn_gate.weight": (3, 4), "ffn_down.weight": (4, 3)}


def main():
    fault, path = sys.argv[1:]
    wrong = lambda name, value, usual: value if fault == name else usual  # noqa: E731
    entries = [string("general.architecture", wrong("architecture", "mamba", "llama")),
               integer("llama.context_length", 8), integer("llama.embedding_length", 4), integer("llama.block_count", 1),
               integer("llama.feed_forward_length", 3), integer("llama.attention.head_count", 2),
               integer("llama.attention.head_count_kv", 1), entry("llama.attention.layer_norm_rms_epsilon", 6, struct.pack("<f", 1e-5))]
    if fault == "key":
        del entries[2]
    extra = {"nested": entry("n", 9, struct.pack("<IQ", 9, 1)), "utf8": string("n", b"\xff"), "twice": integer("llama.block_count", 1),
             "length": entry("n", 8, struct.pack("<Q", 2 ** 63)), "experts": integer("llama.expert_count", 8),
             "tokenizer": string("tokenizer.ggml.model", "bert")}
    entries += [extra[fault]] if fault in extra else []
    shapes = {"token_embd.weight": (5, 4), "output_norm.weight": (4,)} | {f"blk.0.{name}": shape for name, shape in LAYER.items()}
    if fault == "tensor":
        shapes["blk.0.ffn_gate_inp.weight"] = (2,)
    if fault == "missing":
        del shapes["blk.0.ffn_down.weight"]
    tensors, data = [], b""
    for name, shape in shapes.items():
        data += b"\0" * (-len(data) % 32)
        offset = 0 if fault == "overlap" and name == "output_norm.weight" else len(data)
        offset += 4 if fault == "misaligned" and name == "output_norm.weight" else 0
        tensors.append(tensor(name, shape, offset, 10 if fault == "type" and name == "output_norm.weight" else 0))
        count = 1
        for size in shape:
            count *= size
        data += struct.pack("<f", 0.5) * count
    order = wrong("big_endian", ">", "<")
    header = wrong("magic", b"GGML", b"GGUF") + struct.pack(order + "IQQ", wrong("version", 1, 3), wrong("counts", 2 ** 60, len(tensors)), len(entries))
    header += b"".join(entries) + b"".join(tensors)
    file = header + b"\0" * (-len(header) % 32) + data
    with open(path, "wb") as out:
        out.write(file[:-8] if fault == "truncated" else file)


if __name__ == "__main__":
    main()
