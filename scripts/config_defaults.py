"""The defaults of transformers' configuration classes as one table; see make-config-defaults."""

import dataclasses
import json
import os
import pathlib
import re
import sys
import textwrap
import types
import typing

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

from transformers.models.auto.configuration_auto import CONFIG_MAPPING  # noqa: E402
from transformers.models.mpt.configuration_mpt import MptAttentionConfig  # noqa: E402

TABLE = pathlib.Path(__file__).resolve().parent.parent / "compiler/import/ConfigDefaults.inc"
TYPES = ["bert", "roberta", "xlm-roberta", "camembert", "roberta-prelayernorm", "distilbert", "llama", "mistral", "qwen2",
         "qwen3", "gemma", "gemma2", "gemma3_text", "gemma3", "phi3", "starcoder2", "phi", "gpt2", "gpt_bigcode", "gpt_neox",
         "opt", "bloom", "falcon", "mpt", "marian", "bart", "mbart", "t5", "mt5", "whisper", "encoder-decoder"]
CLASSES = {name: CONFIG_MAPPING[name] for name in TYPES} | {
    "gemma3.text_config": CONFIG_MAPPING["gemma3_text"], "mpt.attn_config": MptAttentionConfig}

# Keys that change nothing of what a trained model computes: they say how to train it, or how to keep and run it.
IDLE = re.compile(r"dropout|pdrop|layerdrop|init|^summary_|^mask_|use_cache|pretraining_tp|slow_but_exact|_in_fp32|apply_spec|"
                  r"classifier|use_weighted_layer_sum|median_filter|attn_impl|init_device|reorder_and_upcast|^is_encoder_decoder$|"
                  r"_token_index|mm_tokens|vision_config")

# Ids of tokens are read from the file as it is: transformers generates without its classes' defaults. Positions depend on one.
GENERATION = re.compile(r"_token_id$|suppress_tokens$")
COUNTED_FROM_PADDING = ["roberta", "xlm-roberta", "camembert", "roberta-prelayernorm"]

# Keys that the classes declare and their models do not read.
UNREAD = {"gemma3_text": ["attn_logit_softcapping"], "gemma3.text_config": ["attn_logit_softcapping", "final_logit_softcapping"]}

GEMMA3_TEXT = {"sliding_window_pattern": 6, "rope_local_base_freq": 10000.0, "rope_scaling": None}
# Keys that the classes take without declaring them, and what they are where they are missing.
UNDECLARED = {
    "gemma3_text": GEMMA3_TEXT,
    "gemma3.text_config": GEMMA3_TEXT,
    "gpt_neox": {"rotary_pct": 0.25, "rotary_emb_base": 10000.0, "rope_scaling": None},
    "phi": {"partial_rotary_factor": 0.5},
    "phi3": {"partial_rotary_factor": 1.0},
    "t5": {"tie_word_embeddings": None, "scale_decoder_outputs": None},
}
# Older names of keys; where they are there they win.
OLDER_NAMES = {"bloom": {"n_embed": "hidden_size"}, "falcon": {"n_embed": "hidden_size"}}
# Values that the class takes for others.
RENAMED_VALUES = {"gemma": {"hidden_act": {"gelu": "gelu_pytorch_tanh"}}}
# Objects inside: the type whose keys they have, or have where they name none; and keys that they have from outside.
SECTIONS = {"gemma3": {"text_config": {"type": "gemma3.text_config", "outer": ["tie_word_embeddings"]}},
            "mpt": {"attn_config": {"type": "mpt.attn_config"}},
            "encoder-decoder": {key: {"type": "bert", "unless_named": True} for key in ("encoder", "decoder")}}


def declared(name):
    """Key: (default, whether null is a value)."""
    keys = {}
    for field in dataclasses.fields(CLASSES[name]):
        base = field.name in BASE_FIELDS
        if GENERATION.search(field.name) and not (field.name == "pad_token_id" and name in COUNTED_FROM_PADDING):
            continue
        if base or IDLE.search(field.name) or field.name in SECTIONS.get(name, {}) or field.name in UNREAD.get(name, []):
            continue
        default = field.default if field.default is not dataclasses.MISSING else field.default_factory()
        nullable = isinstance(field.type, types.UnionType | typing._UnionGenericAlias) and type(None) in typing.get_args(
            field.type)
        keys[field.name] = (list(default) if isinstance(default, tuple) else default, nullable)
    return keys


BASE_FIELDS = {field.name for field in dataclasses.fields(CONFIG_MAPPING["bert"].__mro__[1])} - {"is_encoder_decoder"}


def entry(name):
    keys = declared(name)
    undeclared = dict(UNDECLARED.get(name, {}))
    if "rope_parameters" in keys:
        thetas = getattr(CLASSES[name], "default_theta", 10000.0)
        undeclared.setdefault("rope_scaling", None)
        if name != "gpt_neox":
            undeclared["rope_theta"] = thetas["global"] if isinstance(thetas, dict) else thetas
    result = {"defaults": {key: value for key, (value, _) in keys.items()} | undeclared,
              "nullable": [key for key, (_, nullable) in keys.items() if nullable] + list(undeclared)}
    aliases = {key: target for key, target in CLASSES[name].attribute_map.items() if target in keys} | OLDER_NAMES.get(name, {})
    for key, value in (("aliases", aliases), ("values", RENAMED_VALUES.get(name)), ("sections", SECTIONS.get(name))):
        if value:
            result[key] = value
    return result


def text():
    """A line of JSON for every part of an entry, wrapped, as a C++ string."""
    lines = []
    for name in CLASSES:
        parts = []
        for key, value in entry(name).items():
            wrapped = textwrap.wrap(json.dumps(value), 112, break_long_words=False, break_on_hyphens=False)
            parts.append(f'  "{key}": ' + "\n    ".join(wrapped))
        lines.append(f'"{name}": {{\n' + ",\n".join(parts) + "}")
    return 'R"json({\n' + ",\n".join(lines) + '\n})json"\n'


def check_behaviour():
    """That what the dataclasses do not say is so."""
    made = lambda name, **keys: CLASSES[name](**keys)  # noqa: E731
    for name, renamed in OLDER_NAMES.items():
        for old, new in renamed.items():
            assert getattr(made(name, **{old: 71 * 64}), new) == 71 * 64, (name, old)
    for name, keys in RENAMED_VALUES.items():
        for key, values in keys.items():
            for old, new in values.items():
                assert getattr(made(name, **{key: old}), key) == new, (name, key)
    for name in CLASSES:
        defaults = entry(name)["defaults"]
        if "rope_theta" in defaults and not name.startswith("gemma3"):
            assert made(name).rope_parameters["rope_theta"] == defaults["rope_theta"], name
    assert made("gemma3_text").rope_parameters["full_attention"]["rope_theta"] == 1e6
    assert made("gemma3_text").rope_parameters["sliding_attention"]["rope_theta"] == 1e4
    assert made("gpt_neox").rope_parameters == {"rope_theta": 10000.0, "partial_rotary_factor": 0.25, "rope_type": "default"}
    assert made("phi").rope_parameters["partial_rotary_factor"] == 0.5
    assert made("phi3").rope_parameters["partial_rotary_factor"] == 1.0
    assert made("gemma3_text").layer_types.index("full_attention") == 5
    assert made("t5").scale_decoder_outputs and not made("t5", tie_word_embeddings=False).scale_decoder_outputs


def main():
    check_behaviour()
    if "--check" in sys.argv[1:]:
        if TABLE.read_text() != text():
            sys.exit(f"{TABLE} is not what transformers says; run scripts/make-config-defaults")
        print(f"{len(CLASSES)} classes: {TABLE.name} is what transformers says")
        return
    TABLE.write_text(text())


if __name__ == "__main__":
    main()
