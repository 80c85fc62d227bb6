"""Records what sentence-transformers makes of three small directories: tests/numerics/golden/sentences.

    build/oracles/bin/python tests/numerics/record_sentences.py
"""

import json
import os
import pathlib
import shutil
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import sentence_transformers
import torch

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "oracles"))
from sentence_directories import TEXTS, WIDTH, Composer, Parts

TANH = {"activation_function": "torch.nn.modules.activation.Tanh"}
IDENTITY = {"activation_function": "torch.nn.modules.linear.Identity", "bias": False}


class Recorder(Composer):
    def begin(self, family, variant, tokenizer):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.encoder = ""
        shutil.copytree(self.parts.model(family, variant), self.folder)
        shutil.copytree(self.parts.tokenizer(tokenizer), self.folder, dirs_exist_ok=True)
        self.add("Transformer")

    def dense_layer(self, inputs, outputs, config):
        tensors = {"linear.weight": (outputs, inputs)} | ({"linear.bias": (outputs,)} if config.get("bias", True) else {})
        self.add("Dense", {"in_features": inputs, "out_features": outputs} | config, tensors)

    def end(self, **config):
        self.json("modules.json", self.modules)
        self.json("config_sentence_transformers.json", config)
        model = sentence_transformers.SentenceTransformer(str(self.folder), device="cpu", local_files_only=True)
        embeddings = [{"prompt": name, "embeddings": [model.encode([text], prompt_name=name)[0].tolist() for text in TEXTS]}
                      for name in [None, *config.get("prompts", {})]]
        (self.folder / "embeddings.json").write_text(json.dumps({"texts": TEXTS, "prompts": embeddings}, ensure_ascii=False))


def bert(recorder):
    """A limit beside the encoder that the tokenizer's own does not change, lower case, prompts that do not count."""
    recorder.begin("bert", 0, "cased")
    recorder.edit("tokenizer.json", lambda file: file.update(
        truncation={"direction": "Right", "max_length": 7, "strategy": "LongestFirst", "stride": 0}))
    recorder.json("sentence_roberta_config.json", {"max_seq_length": 30, "do_lower_case": True})
    recorder.add("Pooling", {"word_embedding_dimension": WIDTH, "pooling_mode_cls_token": True, "pooling_mode_max_tokens": True,
                             "pooling_mode_weightedmean_tokens": True, "include_prompt": False})
    recorder.dense_layer(3 * WIDTH, 24, TANH)
    recorder.add("Normalize")
    recorder.end(prompts={"query": "QUERY: ", "passage": "Passage: "}, default_prompt_name="passage", truncate_dim=20)


def qwen(recorder):
    """A causal decoder without a head, by its last token."""
    recorder.begin("qwen3", 0, "eos")
    recorder.edit("tokenizer_config.json", lambda file: file.update(model_max_length=40))
    recorder.add("Pooling", {"embedding_dimension": WIDTH, "pooling_mode": "lasttoken"})
    recorder.add("Normalize")
    recorder.end(prompts={"query": "Instruct: find\nQuery:"})


def gemma(recorder):
    """A decoder whose tokens see each other, two products."""
    recorder.begin("gemma3_text", 0, "bos")
    recorder.add("Pooling", {"embedding_dimension": WIDTH, "pooling_mode": ["mean", "mean_sqrt_len_tokens"], "include_prompt": True})
    recorder.dense_layer(2 * WIDTH, 40, IDENTITY)
    recorder.dense_layer(40, 16, IDENTITY)
    recorder.add("Normalize")
    recorder.end()


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        parts = Parts(folder)
        for number, compose in enumerate((bert, qwen, gemma)):
            compose(Recorder(parts, HERE / "golden/sentences" / compose.__name__, number))


if __name__ == "__main__":
    main()
