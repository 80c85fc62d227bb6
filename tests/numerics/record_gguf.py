#!/usr/bin/env python3
"""Records small GGUF files with quantised matrices and what transformers computes with the numbers that the `gguf` package makes
of them in tests/numerics/golden, for check_goldens.py. Run with the interpreter of build/oracles.

record_gguf.py"""

import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "unit" / "import"), str(HERE.parent / "unit" / "weights")]
import gguf  # noqa: E402
import numpy  # noqa: E402
import torch  # noqa: E402
import gguf_models  # noqa: E402

VOCAB = 61
LENGTHS = [37, 1, 20]
WIDE = {"hidden_size": 256, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 1, "intermediate_size": 256,
        "vocab_size": VOCAB, "max_position_embeddings": 64, "tie_word_embeddings": True}
NARROW = gguf_models.SIZES | {"hidden_size": 64, "intermediate_size": 96, "num_key_value_heads": 2, "num_hidden_layers": 2}
# Name, architecture, class, configuration, the types that the matrices have in turn.
GOLDENS = [
    ("gguf-llama-blocks", "llama", "Llama", NARROW, ["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "F16", "BF16"]),
    ("gguf-llama-superblocks", "llama", "Llama", WIDE, ["Q6_K", "Q4_K", "Q5_K"]),
    ("gguf-gpt2", "gpt2", "GPT2", gguf_models.GPT2_SIZES | {"n_inner": 64}, ["Q8_0", "F32", "F16"]),
]
# Scale and minimum of blocks of random bytes, so that the numbers are of the size of weights, both signs.
SUPERBLOCKS = {"Q4_K": [(0, 4e-4), (2, 3e-3)], "Q5_K": [(0, 2e-4), (2, 3e-3)], "Q6_K": [(208, 4e-5)]}


def stored(kind, tensor, random_bytes):
    """The tensor in a type, or where the package cannot quantise to it random blocks of the same shape."""
    number = gguf.GGMLQuantizationType[kind]
    if kind not in SUPERBLOCKS:
        return gguf.quantize(tensor, number)
    numbers, size = gguf.GGML_QUANT_SIZES[number]
    blocks = random_bytes.integers(0, 256, (tensor.size // numbers, size), dtype=numpy.uint8)
    for place, scale in SUPERBLOCKS[kind]:
        blocks[:, place:place + 2] = numpy.array([scale], numpy.float16).view(numpy.uint8)
    return blocks.reshape(tensor.shape[0], -1)


def original(architecture, name, tensor, config):
    """From the file's order back to that of transformers."""
    if architecture == "llama" and ("q_proj" in name or "k_proj" in name):
        heads = config.num_attention_heads if "q_proj" in name else config.num_key_value_heads
        return tensor.reshape(heads, -1, 2, tensor.shape[1]).swapaxes(1, 2).reshape(tensor.shape)
    if architecture == "gpt2" and name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
        return tensor.T
    return tensor


def write(model, architecture, kinds, path):
    """Writes the file and gives the model the numbers that are in it."""
    config = model.config
    names = gguf.get_tensor_name_map(next(arch for arch, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture),
                                     config.num_hidden_layers)
    writer = gguf.GGUFWriter(path, architecture)
    gguf_models.add_keys(writer, architecture, config)
    random_bytes, turn = numpy.random.default_rng(1), 0
    for name, parameter in model.named_parameters():
        tensor = gguf_models.converted(architecture, name, parameter.detach().numpy(), config)
        tensor = numpy.ascontiguousarray(tensor, numpy.float32)
        kind = "F32"
        if tensor.ndim == 2:
            kind, turn = kinds[turn % len(kinds)], turn + 1
        data = stored(kind, tensor, random_bytes) if tensor.ndim == 2 else tensor
        number = gguf.GGMLQuantizationType[kind]
        writer.add_tensor(names.get_name(name, try_suffixes=(".weight", ".bias")), data,
                          raw_dtype=number if data.dtype == numpy.uint8 else None)
        widened = numpy.array(gguf.dequantize(data, number), numpy.float32).reshape(tensor.shape)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy(numpy.ascontiguousarray(original(architecture, name, widened, config))))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def record(name, architecture, prefix, options, kinds):
    folder = HERE / "golden" / name
    folder.mkdir(parents=True, exist_ok=True)
    model = gguf_models.build(prefix, options, seed=11)
    write(model, architecture, kinds, folder / "model.gguf")
    generator = random.Random(name)
    rows = [[generator.randrange(VOCAB) for _ in range(length)] for length in LENGTHS]
    (folder / "rows.json").write_text(json.dumps(rows) + "\n")
    logits = numpy.zeros((len(rows), max(LENGTHS), VOCAB), numpy.float32)
    for row, tokens in enumerate(rows):
        logits[row, :len(tokens)] = gguf_models.logits(model, tokens)
    numpy.save(folder / "logits.npy", logits)


if __name__ == "__main__":
    for golden in GOLDENS:
        record(*golden)
