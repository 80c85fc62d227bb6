"""Small random models of transformers in CTranslate2's form, and what CTranslate2 computes with them in float32."""

import os
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.filterwarnings("ignore")

import ctranslate2  # noqa: E402
import numpy  # noqa: E402
import tokenizers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402

transformers.utils.logging.set_verbosity_error()

VOCABULARY = 71
UNKNOWN, BEGIN, END = 0, 1, 2
ROTARY = {"hidden_size": 24, "intermediate_size": 27, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
          "max_position_embeddings": 64}
T5 = {"d_model": 18, "d_kv": 5, "d_ff": 22, "num_layers": 2, "num_heads": 3, "pad_token_id": BEGIN, "eos_token_id": END,
      "decoder_start_token_id": BEGIN}
# Class and options.
FAMILIES = {
    "t5": ("T5ForConditionalGeneration", "T5Config", T5 | {"relative_attention_num_buckets": 12, "relative_attention_max_distance": 20}),
    "t5v11": ("T5ForConditionalGeneration", "T5Config", T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}),
    "gpt2": ("GPT2LMHeadModel", "GPT2Config", {"n_embd": 20, "n_layer": 2, "n_head": 4, "n_positions": 48}),
    "gpt_bigcode": ("GPTBigCodeForCausalLM", "GPTBigCodeConfig", {"n_embd": 20, "n_layer": 2, "n_head": 4, "n_positions": 48}),
    "bloom": ("BloomForCausalLM", "BloomConfig", {"hidden_size": 20, "n_layer": 2, "n_head": 5}),
    "falcon": ("FalconForCausalLM", "FalconConfig", {"hidden_size": 20, "num_hidden_layers": 2, "num_attention_heads": 5}),
    "llama": ("LlamaForCausalLM", "LlamaConfig", ROTARY),
    "mistral": ("MistralForCausalLM", "MistralConfig", ROTARY | {"sliding_window": 24}),
    "qwen2": ("Qwen2ForCausalLM", "Qwen2Config", ROTARY),
    "qwen3": ("Qwen3ForCausalLM", "Qwen3Config", ROTARY | {"head_dim": 8}),
    "gemma": ("GemmaForCausalLM", "GemmaConfig", ROTARY | {"head_dim": 6, "num_key_value_heads": 1}),
    "gemma2": ("Gemma2ForCausalLM", "Gemma2Config", ROTARY | {"head_dim": 6}),
}


def is_pair(family):
    return family.startswith("t5")


def build(family, seed):
    model_class, config_class, options = FAMILIES[family]
    config = getattr(transformers, config_class)(vocab_size=VOCABULARY, **({} if is_pair(family) else {"bos_token_id": BEGIN, "eos_token_id": END}),
                                                 **({"pad_token_id": BEGIN} if not is_pair(family) else {}), **options)
    model = getattr(transformers, model_class)(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1:
                parameter.copy_(0.2 * noise + (1 if name.endswith("weight") and not family.startswith("gemma") else 0))
            else:
                parameter.copy_(noise * (0.7 if "embed" in name or "shared" in name or "wte" in name else 1.2 / parameter.shape[-1] ** 0.5))
    return model


def token(index):
    return ["<unk>", "<s>", "</s>"][index] if index < 3 else f"w{index}"


def convert(model, folder):
    """Writes the model in CTranslate2's form."""
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({token(i): i for i in range(VOCABULARY)}, unk_token="<unk>"))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>", bos_token="<s>", eos_token="</s>",
                                                     pad_token="<s>")
    with tempfile.TemporaryDirectory() as scratch:
        model.save_pretrained(scratch)
        tokenizer.save_pretrained(scratch)
        ctranslate2.converters.TransformersConverter(scratch).convert(str(folder), force=True)


def logits(folder, row):
    """Of a decoder: one row of scores for each token."""
    generator = ctranslate2.Generator(str(folder), compute_type="float32", intra_threads=1)
    found = generator.forward_batch([[token(i) for i in row]])
    return numpy.array(found)[0]


def target_scores(folder, source, target):
    """Of an encoder-decoder: the logarithm of each target token's probability, and of the end's."""
    translator = ctranslate2.Translator(str(folder), compute_type="float32", intra_threads=1)
    (found,) = translator.score_batch([[token(i) for i in source]], [[token(i) for i in target]])
    return numpy.array(found.log_probs)
