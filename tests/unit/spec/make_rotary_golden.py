#!/usr/bin/env python3
"""Records the frequencies of transformers' ROPE_INIT_FUNCTIONS (5.24), computed in float32:
make_rotary_golden.py > golden/rotary_frequencies.txt. A line for each case: what spec::Rotary holds, then the frequencies."""

from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

LLAMA3 = {"low_freq_factor": 1.0, "high_freq_factor": 4.0}
CASES = [  # kind, base, dims, length, factor, original length, other keys
    ("linear", 10000.0, 64, 8192, 4.0, 0, {}),
    ("linear", 500000.0, 6, 100, 2.5, 0, {}),
    ("dynamic", 10000.0, 64, 8192, 2.0, 2048, {}),
    ("dynamic", 10000.0, 64, 2048, 2.0, 2048, {}),
    ("dynamic", 10000.0, 10, 3000, 8.0, 1024, {}),
    ("llama3", 500000.0, 128, 131072, 8.0, 8192, LLAMA3),
    ("llama3", 500000.0, 64, 131072, 32.0, 8192, LLAMA3),
    ("llama3", 10000.0, 16, 512, 3.0, 64, {"low_freq_factor": 0.5, "high_freq_factor": 6.0}),
    ("yarn", 10000.0, 128, 65536, 16.0, 4096, {}),
    ("yarn", 1000000.0, 64, 131072, 4.0, 32768, {}),
    ("yarn", 150000.0, 64, 131072, 32.0, 4096, {"truncate": False}),
    ("yarn", 10000.0, 8, 512, 2.0, 32, {"beta_fast": 8.0, "beta_slow": 2.0}),
    ("yarn", 10000.0, 4, 64, 2.0, 4, {}),
]


def frequencies(kind, base, dims, length, factor, original, other):
    parameters = {"rope_type": kind, "rope_theta": base, "factor": factor, **other}
    if original:
        parameters["original_max_position_embeddings"] = original
    # `dynamic` takes the length of the first training from the configuration, and the input's as an argument.
    positions = original if kind == "dynamic" else length
    config = LlamaConfig(hidden_size=dims, num_attention_heads=1, head_dim=dims, max_position_embeddings=positions,
                         rope_parameters=parameters)
    values, _ = ROPE_INIT_FUNCTIONS[kind](config, "cpu", seq_len=length)
    return values.tolist()


print("# kind base dims length factor original low_frequency_factor high_frequency_factor beta_fast beta_slow truncate: frequencies")
for kind, base, dims, length, factor, original, other in CASES:
    keys = [kind, base, dims, length, factor, original, other.get("low_freq_factor", 1.0), other.get("high_freq_factor", 4.0),
            other.get("beta_fast", 32.0), other.get("beta_slow", 1.0), int(other.get("truncate", True))]
    print(*keys, ":", *[f"{value:.9g}" for value in frequencies(kind, base, dims, length, factor, original, other)])
