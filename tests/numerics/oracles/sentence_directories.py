"""Directories of sentence-transformers, composed at random of what such directories have."""

import json
import pathlib
import shutil

import numpy
import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

WIDTH = 32
POSITIONS = 48
CORPUS = ["The hedgehog sleeps through the winter in a nest of dry leaves.", "In spring it wakes up hungry and looks for beetles.",
          "A QUERY: what do hedgehogs eat? Passage: worms, snails and Käfer.", "search_document: 1, 2, 3; Straße, naïve café",
          "Represent this sentence for retrieval: numbers such as 42 and 1000", "the quick brown fox jumps over the lazy dog"]
TEXTS = ["A hedgehog sleeps in the LEAVES.", "", "Käfer und Straße, NAÏVE CAFÉ!", "snails " * 60, "?", "query: worms [SEP] 42",
         "The quick brown Fox jumps over the lazy dog and the hedgehog, which sleeps through winter and wakes up in spring."]
FAMILIES = ("bert", "roberta", "distilbert", "qwen3", "gemma3_text", "llama", "mpnet")


def randomise(model, seed):
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                parameter.add_(0.2 * noise)
            else:
                parameter.copy_((0.7 if "embed" in name else 1.2 / parameter.shape[-1] ** 0.5) * noise)
    return model


def transformer(family, vocab, variant):
    """A tiny model with random weights."""
    common = {"vocab_size": vocab, "hidden_size": WIDTH, "num_hidden_layers": 2, "num_attention_heads": 4,
              "intermediate_size": 48, "pad_token_id": 0}
    decoder = common | {"num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": POSITIONS, "bos_token_id": 1,
                        "eos_token_id": 2}
    if family in ("bert", "mpnet"):
        config = transformers.AutoConfig.for_model(family, **common, max_position_embeddings=POSITIONS)
    elif family == "roberta":
        config = transformers.RobertaConfig(**(common | {"pad_token_id": 1}), max_position_embeddings=POSITIONS + 2, type_vocab_size=1)
    elif family == "distilbert":
        config = transformers.DistilBertConfig(vocab_size=vocab, dim=WIDTH, n_layers=2, n_heads=4, hidden_dim=48,
                                               max_position_embeddings=POSITIONS, pad_token_id=0)
    elif family == "qwen3":
        config = transformers.Qwen3Config(**decoder, is_causal=variant == 0)
    elif family == "llama":
        config = transformers.LlamaConfig(**decoder)
    else:
        config = transformers.Gemma3TextConfig(**decoder, query_pre_attn_scalar=8, use_bidirectional_attention=variant == 0,
                                               sliding_window=6, layer_types=["sliding_attention", "full_attention"])
    return randomise(transformers.AutoModel.from_config(config).eval(), 7 + variant)


def word_pieces(lower, first="[PAD]", second="[CLS]"):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=lower)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=180, special_tokens=[first, second, "[SEP]", "[UNK]", "[MASK]"], show_progress=False))
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", special_tokens=[(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
                                                unk_token="[UNK]", mask_token="[MASK]")


def byte_pairs(template):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=320, special_tokens=["<pad>", "<s>", "</s>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    if template:
        tokenizer.post_processor = processors.TemplateProcessing(template, special_tokens=[("<s>", 1), ("</s>", 2)])
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", bos_token="<s>", eos_token="</s>")


class Parts:
    """What the directories are composed of, made once."""

    def __init__(self, folder):
        self.folder, self.made = pathlib.Path(folder), {}

    def tokenizer(self, name):
        path = self.folder / f"tokenizer-{name}"
        if name not in self.made:
            kind = {"cased": lambda: word_pieces(False), "uncased": lambda: word_pieces(True),
                    # RoBERTa's padding token has id 1.
                    "cased-roberta": lambda: word_pieces(False, "[CLS]", "[PAD]"),
                    "uncased-roberta": lambda: word_pieces(True, "[CLS]", "[PAD]"), "plain": lambda: byte_pairs(""),
                    "eos": lambda: byte_pairs("$A </s>"), "bos": lambda: byte_pairs("<s> $A")}[name]
            kind().save_pretrained(path)
            self.made[name] = path
        return path

    def model(self, family, variant):
        name = f"{family}-{variant}"
        if name not in self.made:
            transformer(family, 320, variant).save_pretrained(self.folder / name)
            self.made[name] = self.folder / name
        return self.made[name]


ACTIVATIONS = ["torch.nn.modules.activation.Tanh", "torch.nn.modules.linear.Identity", "torch.nn.modules.activation.ReLU",
               "torch.nn.modules.activation.GELU", "torch.nn.modules.activation.SiLU", "torch.nn.modules.activation.Sigmoid"]
MODES = ["cls", "max", "mean", "mean_sqrt_len_tokens", "weightedmean", "lasttoken"]
FLAGS = ["cls_token", "max_tokens", "mean_tokens", "mean_sqrt_len_tokens", "weightedmean_tokens", "lasttoken"]
CONFIGURATIONS = ["sentence_bert_config.json"] * 4 + [f"sentence_{name}_config.json" for name in
                                                      ("roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")]
PLACES = {"Pooling": "sentence_transformer.modules", "Dense": "base.modules.dense", "Normalize": "sentence_transformer.modules",
          "LayerNorm": "sentence_transformer.modules", "Dropout": "sentence_transformer.modules", "Transformer": "base.modules.transformer",
          "WeightedLayerPooling": "sentence_transformer.modules", "CNN": "sentence_transformer.modules"}


class Composer:
    def __init__(self, parts, folder, seed):
        self.parts, self.folder = parts, pathlib.Path(folder)
        self.random = numpy.random.default_rng([42, seed])
        self.modules = []

    def chance(self, probability):
        return self.random.random() < probability

    def choose(self, items):
        return items[int(self.random.integers(len(items)))]

    def json(self, path, value):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(json.dumps(value, ensure_ascii=False))

    def add(self, kind, config=None, tensors=None):
        index = len(self.modules)
        path = f"{index}_{kind}" if index else self.encoder
        place = PLACES[kind] if self.chance(0.5) else "models"
        self.modules.append({"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.{place}.{kind}"})
        if config is not None:
            self.json(f"{path}/config.json", config)
        if tensors:
            save_file({name: torch.from_numpy((self.random.standard_normal(shape) / shape[-1] ** 0.5).astype(numpy.float32))
                       for name, shape in tensors.items()}, self.folder / path / "model.safetensors")

    def compose(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        self.transformer()
        tokens = self.token_layers()
        self.pooling(tokens)
        size = tokens * self.kinds
        if self.chance(0.05):  # A second pooling begins anew.
            self.add("Normalize", {})
            self.pooling(tokens)
            size = tokens * self.kinds
        for _ in range(int(self.random.integers(0, 4))):
            size = self.layer(size)
        if self.chance(0.02):
            self.add(self.choose(["WeightedLayerPooling", "CNN"]), {})
        self.json("modules.json", self.modules)
        self.prompts(size)

    def transformer(self):
        self.encoder = "" if self.chance(0.8) else "0_Transformer"
        family = self.choose(FAMILIES if self.chance(0.1) else FAMILIES[:-1])
        decoder = family in ("qwen3", "llama", "gemma3_text")
        model = self.parts.model(family, int(self.random.integers(2)))
        kind = self.choose(["plain", "eos", "bos"] if decoder else ["cased", "uncased"])
        tokenizer = self.parts.tokenizer(kind + "-roberta" if family == "roberta" else kind)
        shutil.copytree(model, self.folder / self.encoder, dirs_exist_ok=True)
        shutil.copytree(tokenizer, self.folder / self.encoder, dirs_exist_ok=True)
        self.add("Transformer")
        self.limits()

    def edit(self, name, change):
        path = self.folder / self.encoder / name
        value = json.loads(path.read_text())
        change(value)
        path.write_text(json.dumps(value, ensure_ascii=False))

    def limits(self):
        limit = lambda: int(self.choose([5, 9, 16, 30, 40, POSITIONS]))
        if self.chance(0.4):
            self.edit("tokenizer.json", lambda file: file.update(truncation={
                "direction": "Right", "max_length": limit(), "strategy": "LongestFirst", "stride": 0}))
        if self.chance(0.6):
            self.edit("tokenizer_config.json", lambda file: file.update(model_max_length=self.choose([limit(), 512, 10 ** 30])))
        else:
            self.edit("tokenizer_config.json", lambda file: file.pop("model_max_length", None))
        if self.chance(0.75):
            keys = {}
            if self.chance(0.7):
                keys["max_seq_length"] = limit() if self.chance(0.8) else None
            if self.chance(0.7):
                keys["do_lower_case"] = self.chance(0.5)
            if self.chance(0.1):
                keys[self.choose(["tokenizer_args", "processor_kwargs"])] = {"model_max_length": limit()} if self.chance(0.7) else {}
            if self.chance(0.2):
                keys |= {"transformer_task": "feature-extraction", "module_output_name": "token_embeddings",
                         "modality_config": {"text": {"method": "forward", "method_output_name": "last_hidden_state"}}}
            if self.chance(0.02):
                keys["unheard_of"] = 1
            self.json(pathlib.Path(self.encoder) / self.choose(CONFIGURATIONS), keys)

    def token_layers(self):
        size = WIDTH
        while self.chance(0.12):
            size = self.dense(size, "token_embeddings") if self.chance(0.6) else self.normalize(size, "token_embeddings")
        if self.chance(0.05):
            self.normalize(size, "sentence_embedding")  # There is none yet.
        return size

    def dense(self, size, values):
        out = self.choose([16, 24, 32, size])
        config = {"in_features": size, "out_features": out, "bias": self.chance(0.7)}
        if self.chance(0.9):
            config["activation_function"] = self.choose(ACTIVATIONS) if self.chance(0.97) else "torch.nn.modules.activation.Mish"
        if values != "sentence_embedding" or self.chance(0.2):
            config["module_input_name"] = values
        tensors = {"linear.weight": (out, size)}
        if config["bias"]:
            tensors["linear.bias"] = (out,)
        if self.chance(0.15):
            config["use_residual"] = True
            if out != size:
                tensors["residual.weight"] = (out, size)
        self.add("Dense", config, tensors)
        return out

    def normalize(self, size, values):
        self.add("Normalize", {"module_input_name": values} if values != "sentence_embedding" or self.chance(0.3) else None)
        return size

    def layer(self, size):
        kind = self.choose(["Dense", "Dense", "Normalize", "Normalize", "LayerNorm", "Dropout"])
        if kind == "Dense":
            return self.dense(size, "sentence_embedding")
        if kind == "Normalize":
            return self.normalize(size, "sentence_embedding")
        if kind == "LayerNorm":
            self.add(kind, {"dimension": size}, {"norm.weight": (size,), "norm.bias": (size,)})
        else:
            self.add(kind, {"dropout": 0.1})
        return size

    def pooling(self, size):
        config = {self.choose(["word_embedding_dimension", "embedding_dimension"]): size}
        chosen = sorted(set(int(i) for i in self.random.integers(6, size=1 if self.chance(0.6) else int(self.random.integers(2, 4)))))
        if self.chance(0.5):
            config |= {f"pooling_mode_{flag}": i in chosen for i, flag in enumerate(FLAGS) if i in chosen or self.chance(0.7)}
        else:
            modes = [MODES[i] for i in chosen]
            self.random.shuffle(modes)
            config["pooling_mode"] = modes if len(modes) > 1 or self.chance(0.2) else modes[0]
        if self.chance(0.01):
            config["pooling_mode"] = "median"
        if self.chance(0.6):
            config["include_prompt"] = self.chance(0.5)
        self.kinds = len(chosen)
        self.add("Pooling", config)

    def prompts(self, size):
        config = {"__version__": {"sentence_transformers": "5.0.0"}, "similarity_fn_name": "cosine"}
        if self.chance(0.7):
            names = {"query": "query: ", "document": "", "passage": "Passage: ", "sts": "Represent this SENTENCE for retrieval: ",
                     "long": "a very long prompt " * 8, "word": "search"}
            config["prompts"] = {name: text for name, text in names.items() if self.chance(0.5)}
            if self.chance(0.6):
                config["default_prompt_name"] = self.choose([*config["prompts"], "query"]) if self.chance(0.95) else "nobody"
        if self.chance(0.3):
            config["truncate_dim"] = int(self.choose([4, 8, 15, size, size + 7]))
        if self.chance(0.9):
            self.json("config_sentence_transformers.json", config)
