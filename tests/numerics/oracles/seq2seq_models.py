"""Encoder-decoders of transformers with random weights, and what PyTorch computes with them."""

import copy
import os

os.environ["HF_HUB_OFFLINE"] = "1"

import torch  # noqa: E402
import transformers  # noqa: E402

VOCAB = 97
LENGTH = 90  # Positions of source and target, where they have a limit.
PAD, END, START = 0, 1, 2  # Sources and targets are made of the others.


def bart(encoder, decoder, width, heads, hidden, **more):
    """Pairs are those of encoder and decoder."""
    return {"encoder_layers": encoder, "decoder_layers": decoder, "d_model": width, "encoder_attention_heads": heads[0],
            "decoder_attention_heads": heads[1], "encoder_ffn_dim": hidden[0], "decoder_ffn_dim": hidden[1],
            "max_position_embeddings": LENGTH} | more


def t5(encoder, decoder, width, heads, size, hidden, **more):
    return {"num_layers": encoder, "num_decoder_layers": decoder, "d_model": width, "num_heads": heads, "d_kv": size,
            "d_ff": hidden} | more


def whisper(encoder, decoder, width, heads, hidden, bins, frames, **more):
    options = bart(encoder, decoder, width, heads, hidden, num_mel_bins=bins, max_source_positions=frames // 2,
                   max_target_positions=LENGTH, activation_function="gelu", **more)
    del options["max_position_embeddings"]
    return options


def pair(encoder, decoder):
    return {"encoder": encoder, "decoder": decoder}


def bert(layers, width, heads, hidden, **more):
    return {"model_type": "bert", "num_hidden_layers": layers, "hidden_size": width, "num_attention_heads": heads,
            "intermediate_size": hidden, "max_position_embeddings": LENGTH} | more


def gpt2(layers, width, heads, **more):
    return {"n_layer": layers, "n_embd": width, "n_head": heads, "n_positions": LENGTH} | more


GATED = {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}
# Name: what transformers calls the classes, and configurations: the smallest that are legal, odd sizes, different depths.
FAMILIES = {
    "marian": ("Marian", "MarianMTModel", [
        bart(1, 1, 2, (1, 1), (1, 1)), bart(3, 1, 30, (5, 3), (37, 21), activation_function="swish", scale_embedding=True),
        bart(1, 4, 48, (6, 4), (64, 50), activation_function="relu", share_encoder_decoder_embeddings=False,
             decoder_vocab_size=61)]),
    "bart": ("Bart", "BartForConditionalGeneration", [
        bart(1, 1, 1, (1, 1), (1, 1)), bart(3, 2, 35, (5, 7), (31, 45)), bart(1, 3, 48, (4, 6), (64, 33), scale_embedding=True,
                                                                        activation_function="relu")]),
    "mbart": ("MBart", "MBartForConditionalGeneration", [
        bart(1, 1, 1, (1, 1), (1, 1)), bart(2, 3, 33, (3, 11), (31, 45)), bart(3, 1, 48, (4, 6), (64, 33), scale_embedding=True)]),
    "t5": ("T5", "T5ForConditionalGeneration", [
        t5(1, 1, 1, 1, 1, 1), t5(3, 2, 35, 5, 9, 31), t5(1, 3, 48, 6, 16, 64, relative_attention_num_buckets=12,
                                                       relative_attention_max_distance=20)]),
    "t5v11": ("T5", "T5ForConditionalGeneration", [
        t5(1, 1, 2, 1, 1, 1, **GATED), t5(2, 3, 35, 3, 13, 37, **GATED), t5(2, 2, 40, 4, 10, 64, own_head=True, **GATED)]),
    "mt5": ("MT5", "MT5ForConditionalGeneration", [t5(2, 1, 36, 3, 10, 41)]),
    "whisper": ("Whisper", "WhisperForConditionalGeneration", [
        whisper(1, 1, 4, (1, 1), (1, 1), 1, 2), whisper(3, 2, 30, (5, 3), (37, 21), 7, 62),
        whisper(1, 3, 48, (6, 4), (64, 50), 80, 118)]),
    "encoder-decoder": ("EncoderDecoder", "EncoderDecoderModel", [
        pair(bert(1, 2, 1, 1), gpt2(1, 2, 1)), pair(bert(3, 35, 5, 31), gpt2(2, 35, 7, n_inner=41)),
        pair(bert(1, 48, 4, 64, type_vocab_size=1), gpt2(3, 48, 6, scale_attn_weights=False))]),
}


def configuration(family, options):
    prefix = FAMILIES[family][0]
    tokens = {"pad_token_id": PAD, "bos_token_id": START, "eos_token_id": END, "decoder_start_token_id": START}
    if family == "encoder-decoder":
        encoder = transformers.BertConfig(vocab_size=VOCAB, **options["encoder"])
        decoder = transformers.GPT2Config(vocab_size=VOCAB, **(options["decoder"] | tokens))
        return transformers.EncoderDecoderConfig.from_encoder_decoder_configs(encoder, decoder, **tokens)
    more = {"suppress_tokens": None, "begin_suppress_tokens": None} if family == "whisper" else {}
    more |= {} if family in ("t5", "t5v11", "mt5", "whisper") else {"forced_eos_token_id": None}
    options = {key: value for key, value in options.items() if key != "own_head"}
    return getattr(transformers, prefix + "Config")(vocab_size=VOCAB, **(options | tokens | more))


def build(family, options, seed):
    """A model whose every parameter is random, biases and norms included."""
    config = configuration(family, options)
    config._attn_implementation = "eager"
    torch.manual_seed(seed)
    model = getattr(transformers, FAMILIES[family][1])(config).eval()
    generator = torch.Generator().manual_seed(seed)
    if options.get("own_head"):  # As the checkpoints of T5 v1.1 have it.
        model.lm_head.weight = torch.nn.Parameter(torch.empty_like(model.lm_head.weight))
        model.config.tie_word_embeddings = False
    # Where embeddings are scaled up, they would outweigh what is computed from them, and every token lead to itself.
    strength = 1.5 if "d_kv" in options else 2.5  # Gates multiply what is rounded.
    scale = options.get("d_model", 1) ** 0.5 if options.get("scale_embedding") else 1
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if "Sinusoidal" in type(model.get_submodule(name.rpartition(".")[0])).__name__:
                continue
            if parameter.dim() == 1 and name.endswith("weight"):  # Norms.
                parameter.copy_(1 + 0.2 * noise)
            elif name.endswith("bias"):
                parameter.copy_(0.2 * noise)
            elif any(word in name for word in ("embed", "shared", "wte", "wpe", "lm_head")):
                parameter.copy_(0.5 / scale * noise)
            else:  # Large enough that attention has something to choose.
                parameter.copy_(strength / min(parameter.shape[:2]) ** 0.5 * noise)
            if name.endswith("Attention.q.weight"):  # T5 expects of the weights that scores are not too large.
                parameter.mul_(options["d_kv"] ** -0.5)
        for name, buffer in model.named_buffers():
            if name.endswith("final_logits_bias"):
                buffer.copy_(0.2 * torch.randn(buffer.shape, generator=generator))
    model.generation_config.eos_token_id = END
    return model


def target_vocabulary(model):
    return model.get_output_embeddings().weight.shape[0]


def hears(model):
    return model.config.model_type == "whisper"


def draw_source(model, rng, length):
    """Token ids; rows of features, as many as the model takes."""
    if hears(model):
        generator = torch.Generator().manual_seed(rng.randrange(1 << 30))
        return torch.randn((2 * model.config.max_source_positions, model.config.num_mel_bins), generator=generator).numpy()
    return [rng.randrange(3, VOCAB) for _ in range(length)]


def source_arguments(model, source):
    if hears(model):
        return {"input_features": torch.tensor(source, dtype=next(model.parameters()).dtype).T[None]}
    return {"input_ids": torch.tensor([source]), "attention_mask": torch.ones((1, len(source)), dtype=torch.long)}


def doubled(model):
    """The same in float64."""
    model = copy.deepcopy(model).double()
    for module in model.modules():  # Sinusoids are made in float64 as well.
        if "Sinusoidal" in type(module).__name__:
            positions = torch.arange(module.weight.shape[0], dtype=torch.float64)[:, None]
            half = module.weight.shape[1] // 2
            angles = positions / 10000 ** (torch.arange(half, dtype=torch.float64) / half)
            module.weight.data = torch.cat([angles.sin(), angles.cos()], 1)
        if "T5LayerNorm" in type(module).__name__:  # Its own code takes the mean in float32.
            module.forward = lambda x, norm=module: norm.weight * x / (x.pow(2).mean(-1, keepdim=True) + norm.variance_epsilon).sqrt()
    return model


def logits(model, source, target):
    """[length, vocab] of the decoder that reads `target`; `model` is of float64."""
    with torch.no_grad():
        found = model(**source_arguments(model, source), decoder_input_ids=torch.tensor([target]), use_cache=False)
    return found.logits[0].numpy()


def continuation(model, source, target, count):
    """The `count` likeliest next tokens, one after the other, and how far ahead each was of the second."""
    tokens, margins = list(target), []
    for _ in range(count):
        best = torch.tensor(logits(model, source, tokens)[-1]).topk(2)
        tokens.append(int(best.indices[0]))
        margins.append(float(best.values[0] - best.values[1]))
    return tokens[-count:], margins


def beams(model, source, count, beams):
    """What transformers' own beam search gives, without the start, up to and without the end."""
    generate = transformers.GenerationMixin.generate  # Whisper's own one does more than search.
    with torch.no_grad():
        # The cache of this version takes a T5 to be as deep as its encoder.
        found = generate(model, **source_arguments(model, source), decoder_input_ids=torch.tensor([[START]]), num_beams=beams,
                         max_new_tokens=count, do_sample=False, early_stopping=False, length_penalty=1.0, use_cache=False)
    found = found[0].tolist()[1:]
    return found[:found.index(END)] if END in found else found
