"""Hugging Face models with random weights, and what PyTorch computes with them."""

import numpy
import torch
import transformers

# Words of the configuration that the families spell differently.
SPELLING = {
    "distilbert": {"hidden_size": "dim", "num_attention_heads": "n_heads", "num_hidden_layers": "n_layers",
                   "intermediate_size": "hidden_dim", "hidden_act": "activation", "layer_norm_eps": None, "type_vocab_size": None},
}
CLASSES = {
    "bert": (transformers.BertConfig, transformers.BertModel, transformers.BertForMaskedLM),
    "roberta": (transformers.RobertaConfig, transformers.RobertaModel, transformers.RobertaForMaskedLM),
    "xlm-roberta": (transformers.XLMRobertaConfig, transformers.XLMRobertaModel, transformers.XLMRobertaForMaskedLM),
    "camembert": (transformers.CamembertConfig, transformers.CamembertModel, transformers.CamembertForMaskedLM),
    "roberta-prelayernorm": (transformers.RobertaPreLayerNormConfig, transformers.RobertaPreLayerNormModel,
                             transformers.RobertaPreLayerNormForMaskedLM),
    "distilbert": (transformers.DistilBertConfig, transformers.DistilBertModel, transformers.DistilBertForMaskedLM),
}
PADDING = {"bert": 0, "distilbert": 0} | dict.fromkeys(["roberta", "xlm-roberta", "camembert", "roberta-prelayernorm"], 1)


def build(family, seed, with_head=False, **options):
    """A model whose every parameter is random, biases and norms included."""
    spelling = SPELLING.get(family, {})
    options = {spelling.get(key, key): value for key, value in options.items() if spelling.get(key, key)}
    config_class, model_class, head_class = CLASSES[family]
    config = config_class(attn_implementation="eager", **options)
    torch.manual_seed(seed)
    model = (head_class if with_head else model_class)(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("LayerNorm.weight") or "layer_norm.weight" in name:
                parameter.copy_(1 + 0.2 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.2 * noise)
            elif "embeddings" in name:
                parameter.copy_(0.7 * noise)
            else:  # Large enough that attention has something to choose.
                parameter.copy_(1.2 / parameter.shape[-1] ** 0.5 * noise)
    return model


def token_rows(family, vocab, lengths, seed, with_padding=False):
    """Rows of ids; where it is not asked for, without the one that the family takes for padding."""
    random = numpy.random.default_rng(seed)
    ids = [i for i in range(vocab) if with_padding or i != PADDING[family]]
    return [[int(i) for i in random.choice(ids, length)] for length in lengths]


def hidden_states(model, rows):
    """The last hidden state [batch, longest, width], evaluated in float64 row by row and rounded; zeros behind a row."""
    import copy
    encoder = copy.deepcopy(model.base_model).double()
    width = model.config.hidden_size if hasattr(model.config, "hidden_size") else model.config.dim
    result = numpy.zeros((len(rows), max(map(len, rows)), width), numpy.float32)
    with torch.no_grad():
        for row, ids in enumerate(rows):
            tokens = torch.tensor([ids])
            state = encoder(input_ids=tokens, attention_mask=torch.ones_like(tokens)).last_hidden_state
            result[row, :len(ids)] = state[0].numpy()
    return result
