"""What transformers' generate writes with a generation_config.json, for the small models of tests/numerics/golden."""

import json
import shutil

import torch
import transformers

SAMPLED_SURELY = {"do_sample": True, "top_k": 1, "temperature": 0.7}

# Models, and what generation_config.json says besides `ALWAYS`; keys that begin with '+' stand for parts of the model's own
# likeliest answer: sequences of its tokens from the places that the value lists.
MODELS = ["decoder-gpt2", "decoder-llama", "seq2seq-bart", "seq2seq-marian", "seq2seq-t5", "seq2seq-encoder-decoder"]
CASES = {
    "likeliest": {"max_new_tokens": 20},
    "length": {"max_length": 24},
    "least-length": {"max_length": 24, "min_length": 21},
    "least-tokens": {"max_new_tokens": 16, "min_new_tokens": 9, "min_length": 3, "max_length": 5},
    "penalty": {"max_new_tokens": 20, "repetition_penalty": 1.4},
    "source-penalty": {"max_new_tokens": 20, "encoder_repetition_penalty": 1.8, "repetition_penalty": 1.1},
    "ngram": {"max_new_tokens": 24, "no_repeat_ngram_size": 2},
    "source-ngram": {"max_new_tokens": 24, "encoder_no_repeat_ngram_size": 1, "no_repeat_ngram_size": 1},
    "bad-words": {"max_new_tokens": 20, "+bad_words_ids": [[0], [2, 3], [5, 6, 7]]},
    "suppress": {"max_new_tokens": 20, "suppress_tokens": [5, 60], "begin_suppress_tokens": [7, 44], "forced_eos_token_id": 9},
    "sampled-surely": {"max_new_tokens": 20, "no_repeat_ngram_size": 3, "repetition_penalty": 1.2, **SAMPLED_SURELY},
    "beams": {"max_new_tokens": 14, "num_beams": 4},
    "beams-enough": {"max_new_tokens": 14, "num_beams": 3, "early_stopping": True, "length_penalty": 0.5, "num_return_sequences": 2},
    "beams-certain": {"max_length": 20, "num_beams": 3, "early_stopping": "never", "length_penalty": 2.0, "num_return_sequences": 3},
    "beams-limits": {"max_new_tokens": 14, "min_new_tokens": 4, "num_beams": 4, "no_repeat_ngram_size": 2, "repetition_penalty": 1.3,
                     "+bad_words_ids": [[1], [3, 4]]},
    "beams-renormalized": {"max_new_tokens": 12, "num_beams": 3, "renormalize_logits": True, "encoder_repetition_penalty": 1.5,
                           "suppress_tokens": list(range(10, 70))},
    "beams-older": {"older": True, "max_length": 16, "num_beams": 2, "length_penalty": 0.0, "no_repeat_ngram_size": 2},
}
PROMPTS = [[5, 71, 33, 5, 71, 8, 9, 40], [12, 13, 12, 13, 12]]
ENDS = [12, 26, 49]  # Tokens that these models write often, so that answers end early.


def load(folder, double=False):
    """The model in `folder`, without what it says of generation."""
    config = json.loads((folder / "config.json").read_text())
    model = getattr(transformers, config["architectures"][0]).from_pretrained(folder).eval()
    return model.double() if double else model


def prompt_arguments(model, prompt):
    return {"input_ids": torch.tensor([prompt]), "attention_mask": torch.ones((1, len(prompt)), dtype=torch.long)}


def write(source, folder, case, likeliest):
    """A copy of a model whose generation_config.json, or config.json where it is of the older style, says what the case does."""
    config = json.loads((source / "config.json").read_text())
    keys = {"eos_token_id": ENDS, "pad_token_id": 0, **{key: value for key, value in case.items() if key[0] != "+" and key != "older"}}
    if config.get("is_encoder_decoder"):
        keys["decoder_start_token_id"] = config.get("decoder_start_token_id", 2)
    for key, places in case.items():
        if key[0] == "+":
            keys[key[1:]] = [[likeliest[place] for place in sequence] for sequence in places] + [[ENDS[0]]]
    folder.mkdir(exist_ok=True)
    shutil.copy(source / "model.safetensors", folder)
    (folder / "generation_config.json").unlink(missing_ok=True)
    if case.get("older"):
        config.update(keys)
    else:
        (folder / "generation_config.json").write_text(json.dumps(keys))
    (folder / "config.json").write_text(json.dumps(config))


def answers(folder, prompt, double=False):
    """The sequences that `generate` returns, without prompt or start and up to their end, and the scores of beams."""
    model = load(folder, double)
    with torch.no_grad():
        # The cache of this version takes a T5 to be as deep as its encoder.
        found = model.generate(**prompt_arguments(model, prompt), use_cache=model.config.model_type != "t5",
                               return_dict_in_generate=True, output_scores=True)
    begin = 1 if model.config.is_encoder_decoder else len(prompt)
    sequences = []
    for tokens in found.sequences.tolist():
        tokens = tokens[begin:]
        end = next((place for place, token in enumerate(tokens) if token in ENDS), len(tokens))
        sequences.append(tokens[:end + 1])
    scores = found.get("sequences_scores")
    return sequences, None if scores is None else scores.tolist()
