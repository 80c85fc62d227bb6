"""Decoders of transformers with random weights, and what PyTorch computes with them."""

import copy
import os

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
import transformers  # noqa: E402

VOCAB = 97
LENGTH = 160  # Positions of every model.
# Lengths of scaled rotary positions are less than that, so that all their pairs are tried.
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
          "original_max_position_embeddings": 64, "rope_theta": 500000.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 40, "beta_fast": 4, "rope_theta": 10000.0}
LINEAR = {"rope_type": "linear", "factor": 4.0, "rope_theta": 10000.0}
DYNAMIC = {"rope_type": "dynamic", "factor": 2.0, "rope_theta": 10000.0}


def llama(layers, width, heads, keys, hidden, **more):
    return {"num_hidden_layers": layers, "hidden_size": width, "num_attention_heads": heads, "num_key_value_heads": keys,
            "intermediate_size": hidden, "max_position_embeddings": LENGTH} | more


def plain(layers, width, heads, hidden, **more):
    options = llama(layers, width, heads, heads, hidden, **more)
    del options["num_key_value_heads"]
    return options


def gpt2(layers, width, heads, **more):
    return {"n_layer": layers, "n_embd": width, "n_head": heads, "n_positions": LENGTH} | more


def opt(layers, width, heads, hidden, **more):
    return {"num_hidden_layers": layers, "hidden_size": width, "word_embed_proj_dim": width, "num_attention_heads": heads,
            "ffn_dim": hidden, "max_position_embeddings": LENGTH} | more


def bloom(layers, width, heads):
    return {"n_layer": layers, "hidden_size": width, "n_head": heads}


def falcon(layers, width, heads, **more):
    return {"num_hidden_layers": layers, "hidden_size": width, "num_attention_heads": heads, "max_position_embeddings": LENGTH} | more


def mpt(layers, width, heads, attention=None, **more):
    return {"n_layers": layers, "d_model": width, "n_heads": heads, "max_seq_len": LENGTH, "attn_config": attention or {}} | more


# Name: what transformers calls the classes, and configurations: the smallest that are legal, odd sizes, several groups.
FAMILIES = {
    "llama": ("Llama", [
        llama(1, 2, 1, 1, 1), llama(3, 30, 5, 1, 37, attention_bias=True, mlp_bias=True),
        llama(2, 48, 6, 2, 64, tie_word_embeddings=True, rope_parameters=LLAMA3),
        llama(2, 40, 4, 2, 50, head_dim=14, rope_parameters=YARN), llama(2, 32, 4, 4, 50, rope_parameters=LINEAR),
        llama(5, 24, 3, 3, 33, rope_parameters=DYNAMIC)]),
    "mistral": ("Mistral", [
        llama(1, 2, 1, 1, 1, sliding_window=None), llama(3, 36, 6, 3, 31, sliding_window=7),
        llama(2, 40, 4, 1, 64, head_dim=18, sliding_window=33)]),
    "qwen2": ("Qwen2", [
        llama(1, 2, 1, 1, 1), llama(3, 42, 7, 1, 45), llama(4, 32, 4, 2, 40, use_sliding_window=True, sliding_window=9,
                                                          max_window_layers=2)]),
    "qwen3": ("Qwen3", [
        llama(1, 2, 1, 1, 1, head_dim=2), llama(3, 30, 3, 1, 35, head_dim=22), llama(2, 48, 6, 2, 64, head_dim=16,
                                                                                   attention_bias=True)]),
    "gemma": ("Gemma", [
        llama(1, 2, 1, 1, 1, head_dim=2), llama(3, 28, 4, 1, 35, head_dim=10), llama(2, 48, 6, 3, 64, head_dim=16)]),
    "gemma2": ("Gemma2", [
        llama(1, 2, 1, 1, 1, head_dim=2, query_pre_attn_scalar=2), llama(3, 28, 4, 2, 35, head_dim=10, sliding_window=8,
                                                                        query_pre_attn_scalar=7),
        llama(4, 48, 6, 3, 64, head_dim=16, sliding_window=20, attn_logit_softcapping=2.5, final_logit_softcapping=1.5)]),
    "gemma3": ("Gemma3", [
        llama(1, 2, 1, 1, 1, head_dim=2, query_pre_attn_scalar=2, sliding_window=3),
        llama(7, 28, 4, 2, 35, head_dim=10, sliding_window=8, query_pre_attn_scalar=7),
        llama(5, 48, 6, 3, 64, head_dim=16, sliding_window=17, layer_types=["sliding_attention", "full_attention"] * 2 + [
            "sliding_attention"], rope_parameters={"full_attention": LINEAR, "sliding_attention": {"rope_type": "default",
                                                                                                  "rope_theta": 5000.0}})]),
    "gpt2": ("GPT2", [gpt2(1, 2, 1), gpt2(3, 35, 5, n_inner=41), gpt2(2, 48, 4, scale_attn_weights=False),
                      gpt2(2, 64, 2, tie_word_embeddings=False)]),
    "gpt_neox": ("GPTNeoX", [
        plain(1, 8, 1, 1), plain(3, 40, 4, 37, rotary_pct=0.4), plain(2, 48, 3, 64, use_parallel_residual=False),
        plain(2, 48, 2, 64, attention_bias=False, rotary_pct=1.0)]),
    "phi": ("Phi", [
        plain(1, 4, 1, 1), plain(3, 40, 4, 37, partial_rotary_factor=0.4), llama(2, 48, 6, 2, 50, qk_layernorm=True)]),
    "phi3": ("Phi3", [
        llama(1, 2, 1, 1, 1, pad_token_id=0), llama(3, 36, 6, 2, 31, pad_token_id=0, sliding_window=9),
        llama(2, 40, 5, 5, 50, pad_token_id=0, partial_rotary_factor=0.5)]),
    "opt": ("OPT", [
        opt(1, 1, 1, 1), opt(3, 35, 5, 31), opt(2, 48, 4, 64, do_layer_norm_before=False), opt(2, 32, 2, 40, enable_bias=False)]),
    "bloom": ("Bloom", [bloom(1, 1, 1), bloom(3, 35, 5), bloom(2, 48, 12), bloom(2, 32, 4)]),
    "falcon": ("Falcon", [
        falcon(1, 2, 1), falcon(3, 42, 7), falcon(2, 48, 6, new_decoder_architecture=True, num_kv_heads=2),
        falcon(2, 40, 4, new_decoder_architecture=True, num_kv_heads=4, num_ln_in_parallel_attn=1),
        falcon(2, 40, 4, alibi=True, multi_query=False, parallel_attn=False, bias=True), falcon(2, 36, 2, parallel_attn=False)]),
    "mpt": ("Mpt", [
        mpt(1, 2, 1), mpt(3, 35, 5, {"softmax_scale": 0.2}), mpt(2, 48, 12), mpt(2, 32, 4)]),
    "starcoder2": ("Starcoder2", [
        llama(1, 4, 2, 1, 1), llama(3, 30, 5, 1, 37, use_bias=False), llama(2, 48, 6, 2, 64, sliding_window=11)]),
    "gpt_bigcode": ("GPTBigCode", [gpt2(1, 2, 1), gpt2(3, 35, 5, n_inner=41), gpt2(2, 48, 4, multi_query=False)]),
}
SPECIAL = {"gemma3": ("Gemma3TextConfig", "Gemma3ForCausalLM"), "gpt2": ("GPT2Config", "GPT2LMHeadModel")}


def build(family, options, seed):
    """A model whose every parameter is random, biases and norms included."""
    prefix = FAMILIES[family][0]
    config_class, model_class = SPECIAL.get(family, (prefix + "Config", prefix + "ForCausalLM"))
    tokens = {"bos_token_id": 1, "eos_token_id": None, "pad_token_id": None} | {
        key: value for key, value in options.items() if key == "pad_token_id"}
    # Falcon's own evaluation of attention adds ALiBi twice in this version.
    attention = "sdpa" if family == "falcon" else "eager"
    config = getattr(transformers, config_class)(vocab_size=VOCAB, attn_implementation=attention, **(options | tokens))
    torch.manual_seed(seed)
    model = getattr(transformers, model_class)(config).eval()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1 and name.endswith("weight"):  # Norms. Gemma's weights are what is added to one.
                parameter.copy_((0 if family.startswith("gemma") else 1) + 0.2 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.2 * noise)
            elif any(word in name for word in ("embed", "wte", "wpe", "lm_head")):
                parameter.copy_(0.7 * noise)
            else:  # Large enough that attention has something to choose.
                parameter.copy_(1.2 / min(parameter.shape) ** 0.5 * noise)
    return model


def logits(model, tokens):
    """[length, vocab], evaluated in float64."""
    with torch.no_grad():
        return copy.deepcopy(model).double()(torch.tensor([tokens]), use_cache=False).logits[0].numpy()


def continuation(model, tokens, count):
    """The `count` likeliest next tokens, one after the other, and how far ahead each was of the second."""
    model = copy.deepcopy(model).double()
    tokens, margins = list(tokens), []
    with torch.no_grad():
        for _ in range(count):
            best = model(torch.tensor([tokens]), use_cache=False).logits[0, -1].topk(2)
            tokens.append(int(best.indices[0]))
            margins.append(float(best.values[0] - best.values[1]))
    return tokens[-count:], margins
