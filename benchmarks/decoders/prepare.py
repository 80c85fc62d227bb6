#!/usr/bin/env python3
"""A GPT-2 of the small size with random weights, as every engine wants it.

prepare.py FOLDER writes FOLDER/gpt2 (a checkpoint of transformers), FOLDER/gpt2-ctranslate2 and FOLDER/gpt2.gguf, all of
float32. Does nothing when they are there."""

import os
import pathlib
import shutil
import sys

os.environ["HF_HUB_OFFLINE"] = "1"


def make_checkpoint(folder):
    import torch
    import transformers
    torch.manual_seed(0)
    model = transformers.GPT2LMHeadModel(transformers.GPT2Config())
    with torch.no_grad():
        # As made, norms do nothing, biases are zero, and a tied head says the token that it has just read.
        for name, parameter in model.named_parameters():
            if "ln_" in name or name.endswith("bias"):
                parameter.add_(torch.randn_like(parameter) * 0.1)
            elif "h." in name:
                parameter.mul_(2)
    model.save_pretrained(folder)


class Vocabulary:
    """What converters ask of a tokenizer: a word for each id."""
    bos_token = eos_token = unk_token = "t50256"

    def __init__(self, size):
        self.size = size

    def get_vocab(self):
        return {f"t{token}": token for token in range(self.size)}


def convert_for_ctranslate2(checkpoint, folder):
    from ctranslate2.converters import TransformersConverter

    class Converter(TransformersConverter):
        def load_tokenizer(self, tokenizer_class, model_name_or_path, **kwargs):
            return Vocabulary(50257)

    Converter(str(checkpoint)).convert(str(folder))


# Parts of transformers' names and what they are called in a GGUF file.
TENSORS = {"wte": "token_embd", "wpe": "position_embd", "ln_f": "output_norm", "ln_1": "attn_norm", "attn.c_attn": "attn_qkv",
           "attn.c_proj": "attn_output", "ln_2": "ffn_norm", "mlp.c_fc": "ffn_up", "mlp.c_proj": "ffn_down"}


def gguf_name(name):
    name, _, kind = name.removeprefix("transformer.").rpartition(".")
    if name.startswith("h."):
        layer, name = name.removeprefix("h.").split(".", 1)
        return f"blk.{layer}.{TENSORS[name]}.{kind}"
    return f"{TENSORS[name]}.{kind}"


def convert_to_gguf(checkpoint, path):
    import gguf
    import transformers
    model = transformers.GPT2LMHeadModel.from_pretrained(checkpoint)
    config = model.config
    writer = gguf.GGUFWriter(str(path), "gpt2")
    writer.add_block_count(config.n_layer)
    writer.add_context_length(config.n_positions)
    writer.add_embedding_length(config.n_embd)
    writer.add_feed_forward_length(4 * config.n_embd)
    writer.add_head_count(config.n_head)
    writer.add_layer_norm_eps(config.layer_norm_epsilon)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("none")
    writer.add_vocab_size(config.vocab_size)
    for name, parameter in model.named_parameters():  # A tied head is not named a second time.
        values = parameter.detach().numpy()
        if ".c_" in name and name.endswith("weight"):
            values = values.T.copy()  # Conv1D keeps inputs x outputs.
        writer.add_tensor(gguf_name(name), values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def make(path, write):
    """Calls write(partial path) and renames, so that what is there is whole."""
    if path.exists():
        return
    partial = path.with_name(path.name + ".partial")
    if partial.is_dir():
        shutil.rmtree(partial)
    write(partial)
    partial.rename(path)


def main(folder):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    make(folder / "gpt2", make_checkpoint)
    make(folder / "gpt2-ctranslate2", lambda path: convert_for_ctranslate2(folder / "gpt2", path))
    make(folder / "gpt2.gguf", lambda path: convert_to_gguf(folder / "gpt2", path))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: prepare.py FOLDER")
    main(sys.argv[1])
