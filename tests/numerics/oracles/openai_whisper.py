"""OpenAI's own program, whisper.transcribe(), on the weights of a CTranslate2 directory, which `tenon import` unpacks."""

import pathlib
import subprocess
import tempfile

import numpy
import torch
import whisper
from safetensors.numpy import load_file
from whisper.model import ModelDimensions, Whisper

ATTENTION = {"query": "query", "key": "key", "value": "value", "output": "out"}


def renamed(tensors):
    """The parameters of Whisper in PyTorch. Its keys have no bias."""
    state = {}
    for stack in ("encoder", "decoder"):
        last = {"encoder": "ln_post", "decoder": "ln"}[stack]
        for kind in ("weight", "bias"):
            state[f"{stack}.{last}.{kind}"] = tensors[f"{stack}.norm.{kind}"]
        state[f"{stack}.positional_embedding"] = tensors[f"{stack}.input.positions.weight"]
        for layer in range(sum(name.startswith(f"{stack}.layers.") and name.endswith(".mlp.up.bias") for name in tensors)):
            ours, theirs = f"{stack}.layers.{layer}", f"{stack}.blocks.{layer}"
            pairs = [("mlp.up", "mlp.0"), ("mlp.down", "mlp.2"), ("mlp.norm", "mlp_ln")]
            for own, other in [("attention", "attn"), ("cross", "cross_attn")][:1 if stack == "encoder" else 2]:
                pairs += [(f"{own}.{name}", f"{other}.{found}") for name, found in ATTENTION.items()] + [(f"{own}.norm", f"{other}_ln")]
            for own, other in pairs:
                for kind in ("weight", "bias"):
                    if (own.split(".")[-1], kind) == ("key", "bias"):
                        assert not tensors[f"{ours}.{own}.bias"].any()
                    else:
                        state[f"{theirs}.{other}.{kind}"] = tensors[f"{ours}.{own}.{kind}"]
    state["decoder.token_embedding.weight"] = tensors["decoder.input.tokens.weight"]
    for index in (0, 1):
        weight = tensors[f"encoder.input.convolutions.{index}.weight"]
        # Ours are [channels, inputs x kernel].
        state[f"encoder.conv{index + 1}.weight"] = weight.reshape(len(weight), -1, 3)
        state[f"encoder.conv{index + 1}.bias"] = tensors[f"encoder.input.convolutions.{index}.bias"]
    return {name: torch.from_numpy(numpy.ascontiguousarray(values, numpy.float32)) for name, values in state.items()}


def load(tenon, folder, heads=6):
    with tempfile.TemporaryDirectory() as scratch:
        subprocess.run([str(tenon), "import", str(folder), "-o", scratch], check=True, capture_output=True)
        state = renamed(load_file(pathlib.Path(scratch) / "model.safetensors"))
    width, bins = state["encoder.conv1.weight"].shape[:2]
    layers = [sum(name.startswith(f"{stack}.blocks.") and name.endswith(".mlp.0.bias") for name in state)
              for stack in ("encoder", "decoder")]
    model = Whisper(ModelDimensions(
        n_mels=bins, n_audio_ctx=len(state["encoder.positional_embedding"]), n_audio_state=width, n_audio_head=heads,
        n_audio_layer=layers[0], n_vocab=len(state["decoder.token_embedding.weight"]),
        n_text_ctx=len(state["decoder.positional_embedding"]), n_text_state=width, n_text_head=heads, n_text_layer=layers[1]))
    model.load_state_dict(state)
    return model.eval()


class Recorder:
    """What decode() says of each window and temperature, which transcribe() itself throws away."""

    def __init__(self, model):
        self.model, self.decode, self.windows = model, model.decode, []

    def __enter__(self):
        def decode(segment, options):
            result = self.decode(segment, options)
            if options.temperature == 0 or not self.windows or options.temperature <= self.windows[-1][-1].temperature:
                self.windows.append([])
            self.windows[-1].append(result)
            return result
        self.model.decode = decode
        return self

    def __exit__(self, *_):
        del self.model.decode


def transcribe(model, samples, **options):
    """The result of transcribe() on float32 samples, with the answers that it tried for each window."""
    with Recorder(model) as recorder, torch.no_grad():
        result = whisper.transcribe(model, numpy.ascontiguousarray(samples, numpy.float32), fp16=False, language="en", **options)
    result["windows"] = recorder.windows
    return result
