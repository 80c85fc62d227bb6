"""Small decoders of transformers with random weights, written as GGUF files the way llama.cpp's converter does it."""

import gguf
import numpy
import torch
import transformers

SIZES = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48, "vocab_size": 61,
         "max_position_embeddings": 64}
GPT2_SIZES = {"n_embd": 32, "n_layer": 3, "n_head": 4, "n_inner": 48, "vocab_size": 61, "n_positions": 64}
ODD = {"hidden_size": 30, "num_hidden_layers": 2, "num_attention_heads": 3, "intermediate_size": 37, "vocab_size": 53,
       "max_position_embeddings": 64}
SMALLEST = {"hidden_size": 2, "num_hidden_layers": 1, "num_attention_heads": 1, "intermediate_size": 1, "vocab_size": 2,
            "max_position_embeddings": 64}
GPT2_ODD = {"n_embd": 35, "n_layer": 2, "n_head": 5, "n_inner": 41, "vocab_size": 53, "n_positions": 64}
FALCON = {"hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "vocab_size": 61, "parallel_attn": True, "bias": False}
GEMMA = SIZES | {"num_key_value_heads": 2, "head_dim": 12, "query_pre_attn_scalar": 12}
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 32,
          "rope_theta": 10000.0}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "rope_theta": 10000.0}
LINEAR = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10000.0}
PARTIAL = {"rope_type": "default", "rope_theta": 10000.0, "partial_rotary_factor": 0.5}

# Name, architecture of the file, prefix of the classes in transformers, configuration.
MODELS = [
    ("llama", "llama", "Llama", SIZES | {"num_key_value_heads": 2}),
    ("llama-odd", "llama", "Llama", ODD | {"num_key_value_heads": 1, "head_dim": 6, "tie_word_embeddings": True}),
    ("llama-3", "llama", "Llama", SIZES | {"num_key_value_heads": 4, "rope_parameters": LLAMA3}),
    ("llama-yarn", "llama", "Llama", SIZES | {"num_key_value_heads": 2, "rope_parameters": YARN}),
    ("llama-linear", "llama", "Llama", SIZES | {"num_key_value_heads": 2, "rope_parameters": LINEAR}),
    ("llama-smallest", "llama", "Llama", SMALLEST | {"num_key_value_heads": 1}),
    ("mistral", "llama", "Mistral", SIZES | {"num_key_value_heads": 2, "sliding_window": 5}),
    ("mistral-odd", "llama", "Mistral", ODD | {"num_key_value_heads": 1, "sliding_window": 1}),
    ("qwen2", "qwen2", "Qwen2", SIZES | {"num_key_value_heads": 2}),
    ("qwen2-odd", "qwen2", "Qwen2", ODD | {"num_key_value_heads": 1, "tie_word_embeddings": True}),
    ("qwen2-smallest", "qwen2", "Qwen2", SMALLEST | {"num_key_value_heads": 1}),
    ("qwen3", "qwen3", "Qwen3", SIZES | {"num_key_value_heads": 2, "head_dim": 12}),
    ("qwen3-odd", "qwen3", "Qwen3", ODD | {"num_key_value_heads": 3, "head_dim": 6, "tie_word_embeddings": True}),
    ("qwen3-smallest", "qwen3", "Qwen3", SMALLEST | {"num_key_value_heads": 1, "head_dim": 2}),
    ("gemma", "gemma", "Gemma", GEMMA | {"num_key_value_heads": 1}),
    ("gemma-odd", "gemma", "Gemma", ODD | {"num_key_value_heads": 3, "head_dim": 10}),
    ("gemma-smallest", "gemma", "Gemma", SMALLEST | {"num_key_value_heads": 1, "head_dim": 2}),
    ("gemma2", "gemma2", "Gemma2", GEMMA | {"sliding_window": 5, "attn_logit_softcapping": 20.0, "final_logit_softcapping": 10.0}),
    ("gemma2-odd", "gemma2", "Gemma2", ODD | {"num_key_value_heads": 1, "head_dim": 6, "query_pre_attn_scalar": 6, "sliding_window": 3}),
    ("gemma2-smallest", "gemma2", "Gemma2", SMALLEST | {"num_key_value_heads": 1, "head_dim": 2, "query_pre_attn_scalar": 2, "sliding_window": 1}),
    ("gemma3", "gemma3", "Gemma3", GEMMA | {"sliding_window": 5, "num_hidden_layers": 7}),
    ("gemma3-odd", "gemma3", "Gemma3", ODD | {"num_key_value_heads": 3, "head_dim": 10, "query_pre_attn_scalar": 10, "num_hidden_layers": 13, "sliding_window": 3}),
    ("gemma3-smallest", "gemma3", "Gemma3", SMALLEST | {"num_key_value_heads": 1, "head_dim": 2, "query_pre_attn_scalar": 2, "sliding_window": 1}),
    ("phi2", "phi2", "Phi", SIZES | {"rope_parameters": PARTIAL}),
    ("phi2-odd", "phi2", "Phi", ODD | {"rope_parameters": PARTIAL | {"partial_rotary_factor": 0.4}}),
    ("phi2-smallest", "phi2", "Phi", SMALLEST | {"rope_parameters": PARTIAL | {"partial_rotary_factor": 1.0}}),
    ("phi3", "phi3", "Phi3", SIZES | {"num_key_value_heads": 2, "pad_token_id": 0}),
    ("phi3-odd", "phi3", "Phi3", ODD | {"num_key_value_heads": 1, "pad_token_id": 0, "sliding_window": 7}),
    ("phi3-smallest", "phi3", "Phi3", SMALLEST | {"num_key_value_heads": 1, "pad_token_id": 0}),
    ("starcoder", "starcoder", "GPTBigCode", GPT2_SIZES | {"multi_query": True}),
    ("starcoder-odd", "starcoder", "GPTBigCode", GPT2_ODD | {"multi_query": True}),
    ("starcoder2", "starcoder2", "Starcoder2", SIZES | {"num_key_value_heads": 2, "hidden_act": "gelu_pytorch_tanh", "sliding_window": None}),
    ("starcoder2-odd", "starcoder2", "Starcoder2", ODD | {"num_key_value_heads": 1, "hidden_act": "gelu_pytorch_tanh", "sliding_window": 4}),
    ("starcoder2-smallest", "starcoder2", "Starcoder2", SMALLEST | {"num_key_value_heads": 1, "hidden_act": "gelu_pytorch_tanh", "sliding_window": None}),
    ("gpt2", "gpt2", "GPT2", GPT2_SIZES),
    ("gpt2-odd", "gpt2", "GPT2", GPT2_ODD),
    ("gpt2-smallest", "gpt2", "GPT2", {"n_embd": 1, "n_layer": 1, "n_head": 1, "n_inner": 1, "vocab_size": 2, "n_positions": 64}),
    ("gptneox", "gptneox", "GPTNeoX", SIZES | {"use_parallel_residual": True, "rope_parameters": PARTIAL}),
    ("gptneox-odd", "gptneox", "GPTNeoX", ODD | {"use_parallel_residual": True, "rope_parameters": PARTIAL | {"partial_rotary_factor": 0.4}}),
    ("gptneox-serial", "gptneox", "GPTNeoX", SIZES | {"use_parallel_residual": False, "rope_parameters": PARTIAL}),
    ("falcon", "falcon", "Falcon", FALCON | {"multi_query": True, "new_decoder_architecture": False}),
    ("falcon-odd", "falcon", "Falcon", FALCON | {"hidden_size": 30, "num_attention_heads": 3, "multi_query": True, "bias": True,
                                                 "new_decoder_architecture": False}),
    ("falcon-40", "falcon", "Falcon", FALCON | {"num_kv_heads": 2, "new_decoder_architecture": True, "num_ln_in_parallel_attn": 2}),
    ("bloom", "bloom", "Bloom", {"hidden_size": 32, "n_layer": 3, "n_head": 4, "vocab_size": 61}),
    ("bloom-odd", "bloom", "Bloom", {"hidden_size": 36, "n_layer": 2, "n_head": 6, "vocab_size": 61}),
    ("bloom-smallest", "bloom", "Bloom", {"hidden_size": 1, "n_layer": 1, "n_head": 1, "vocab_size": 2}),
    ("mpt", "mpt", "Mpt", {"d_model": 32, "n_layers": 3, "n_heads": 4, "vocab_size": 61, "max_seq_len": 64}),
    ("mpt-odd", "mpt", "Mpt", {"d_model": 36, "n_layers": 2, "n_heads": 6, "vocab_size": 53, "max_seq_len": 64}),
    ("mpt-smallest", "mpt", "Mpt", {"d_model": 2, "n_layers": 1, "n_heads": 1, "vocab_size": 2, "max_seq_len": 64}),
    ("stablelm", "stablelm", "StableLm", SIZES | {"num_key_value_heads": 2, "use_qkv_bias": True, "rope_parameters": PARTIAL}),
    ("stablelm-odd", "stablelm", "StableLm", ODD | {"num_key_value_heads": 1, "use_parallel_residual": True, "rope_parameters": PARTIAL | {"partial_rotary_factor": 0.4}}),
]


def build(prefix, options, seed):
    """A model whose every parameter is random, norms and biases included."""
    causal = {"Gemma3": "Gemma3ForCausalLM", "GPT2": "GPT2LMHeadModel"}.get(prefix, prefix + "ForCausalLM")
    config_name = {"Gemma3": "Gemma3TextConfig"}.get(prefix, prefix + "Config")
    config = getattr(transformers, config_name)(attn_implementation="eager", bos_token_id=None, eos_token_id=None, **options)
    torch.manual_seed(seed)
    model = getattr(transformers, causal)(config).eval()
    generator = torch.Generator().manual_seed(seed)
    offset = prefix.startswith("Gemma")
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if parameter.dim() == 1 and name.endswith("weight"):
                parameter.copy_((0 if offset else 1) + 0.2 * noise)
            elif parameter.dim() == 1:
                parameter.copy_(0.2 * noise)
            else:  # Large enough that attention has something to choose.
                parameter.copy_(1.2 / parameter.shape[-1] ** 0.5 * noise)
    return model


def interleave(weight, heads):
    """Rows of every head from halves to pairs, as llama.cpp turns them."""
    return weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:]).swapaxes(1, 2).reshape(weight.shape)


def split_heads(tensor, heads):
    """Rows per head: query, key, value; to all queries, all keys, all values."""
    return numpy.concatenate(list(tensor.reshape(heads, 3, -1, *tensor.shape[1:]).swapaxes(0, 1))).reshape(tensor.shape)


def split_groups(tensor, config):
    """Falcon's groups: queries, a key, a value."""
    heads = config.num_attention_heads
    keys = config.num_kv_heads if config.new_decoder_architecture else 1 if config.multi_query else heads
    size = config.hidden_size // heads
    parts = tensor.reshape(keys, heads // keys + 2, size, -1)
    return numpy.concatenate([parts[:, :-2].reshape(heads * size, -1), parts[:, -2].reshape(keys * size, -1),
                              parts[:, -1].reshape(keys * size, -1)]).reshape(tensor.shape)


def converted(architecture, name, tensor, config):
    if architecture == "llama" and ("q_proj" in name or "k_proj" in name):
        return interleave(tensor, config.num_attention_heads if "q_proj" in name else config.num_key_value_heads)
    if architecture.startswith("gemma") and name.endswith("norm.weight"):
        return tensor + 1
    if architecture == "gpt2" and name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
        return numpy.ascontiguousarray(tensor.T)
    if architecture == "falcon" and "query_key_value" in name:
        return split_groups(tensor, config)
    if architecture in ("gptneox", "bloom") and "query_key_value" in name:
        return split_heads(tensor, config.num_attention_heads)
    return tensor


def add_keys(writer, architecture, config):
    heads = config.num_attention_heads
    width = config.hidden_size
    layers = config.num_hidden_layers
    if architecture != "bloom":
        writer.add_context_length(getattr(config, "max_position_embeddings", None) or getattr(config, "max_seq_len", None)
                                  or config.n_positions)
    else:
        writer.add_context_length(64)
    writer.add_vocab_size(config.vocab_size)
    writer.add_embedding_length(width)
    writer.add_block_count(layers)
    writer.add_head_count(heads)
    hidden = {"falcon": 4 * width, "bloom": 4 * width, "mpt": 4 * width}.get(architecture)
    writer.add_feed_forward_length(hidden or getattr(config, "intermediate_size", None) or config.n_inner)
    keys = {"falcon": 1, "starcoder": 1}.get(architecture) or getattr(config, "num_key_value_heads", None) or heads
    if getattr(config, "new_decoder_architecture", False):
        keys = config.num_kv_heads
    writer.add_head_count_kv(keys)
    epsilon = next(value for key in ("rms_norm_eps", "layer_norm_eps", "layer_norm_epsilon", "norm_epsilon")
                   if (value := getattr(config, key, None)) is not None)
    if architecture in ("llama", "qwen2", "qwen3", "gemma", "gemma2", "gemma3", "phi3"):
        writer.add_layer_norm_rms_eps(epsilon)
    else:
        writer.add_layer_norm_eps(epsilon)
    if size := getattr(config, "head_dim", None):
        if size != width // heads or architecture.startswith("gemma"):
            writer.add_key_length(size)
            writer.add_value_length(size)
    add_rotary_keys(writer, architecture, config, size or width // heads)
    if getattr(config, "sliding_window", None):
        writer.add_sliding_window(config.sliding_window)
    if architecture == "gemma2":
        writer.add_attn_logit_softcapping(config.attn_logit_softcapping)
        writer.add_final_logit_softcapping(config.final_logit_softcapping)
    if architecture in ("gptneox", "stablelm"):
        writer.add_parallel_residual(config.use_parallel_residual)
    if architecture == "mpt":
        writer.add_max_alibi_bias(config.attn_config.alibi_bias_max)


def add_rotary_keys(writer, architecture, config, size):
    rope = getattr(config, "rope_parameters", None)
    if not rope or architecture in ("bloom", "mpt"):
        return
    rope = rope.get("full_attention", rope)
    writer.add_rope_freq_base(rope["rope_theta"])
    writer.add_rope_dimension_count(int(size * rope.get("partial_rotary_factor", 1.0)))
    kind = rope.get("rope_type")
    if kind in ("linear", "yarn"):
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR if kind == "linear" else gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(rope["factor"])
    if kind == "yarn":
        writer.add_rope_scaling_orig_ctx_len(rope["original_max_position_embeddings"])
    if kind == "llama3":
        frequencies = 1 / rope["rope_theta"] ** (numpy.arange(0, size, 2) / size)
        turns = rope["original_max_position_embeddings"] * frequencies / (2 * numpy.pi)
        low, high = rope["low_freq_factor"], rope["high_freq_factor"]
        kept = numpy.clip((turns - low) / (high - low), 0, 1)
        factors = 1 / (kept + (1 - kept) / rope["factor"])
        writer.add_tensor("rope_freqs.weight", factors.astype(numpy.float32))


def write(model, architecture, path):
    config = model.config
    layers = config.num_hidden_layers
    names = gguf.get_tensor_name_map(next(arch for arch, name in gguf.MODEL_ARCH_NAMES.items() if name == architecture), layers)
    writer = gguf.GGUFWriter(path, architecture)
    add_keys(writer, architecture, config)
    tied = config.tie_word_embeddings
    for name, parameter in model.named_parameters():
        if tied and name in ("lm_head.weight", "embed_out.weight"):
            continue
        mapped = names.get_name(name, try_suffixes=(".weight", ".bias")) or names.get_name(
            name.removeprefix("transformer."), try_suffixes=(".weight", ".bias"))
        assert mapped, name
        tensor = converted(architecture, name, parameter.detach().numpy(), config)
        writer.add_tensor(mapped, numpy.ascontiguousarray(tensor, dtype=numpy.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def logits(model, tokens):
    with torch.no_grad():
        return model.double()(input_ids=torch.tensor([tokens]), use_cache=False).logits[0].numpy()
