#!/usr/bin/env python3
"""Writes MiniLM for ONNX Runtime and OpenVINO into a folder: minilm.onnx, the plain export, minilm-bert.onnx, what ONNX Runtime's
own optimiser for BERT makes of one, and minilm.xml, what OpenVINO itself makes of the model. Does nothing for a file that is there. Run with the interpreter of build/oracles.

export.py CHECKPOINT FOLDER"""

import collections
import pathlib
import sys

import torch
import transformers

NAMES = ["input_ids", "attention_mask", "token_type_ids"]


class HiddenState(torch.nn.Module):
    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, input_ids, attention_mask, token_type_ids):
        return self.model(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids).last_hidden_state


def export(checkpoint, path, attention, dynamo):
    model = HiddenState(transformers.AutoModel.from_pretrained(checkpoint, attn_implementation=attention)).eval()
    example = tuple(torch.ones((2, 16), dtype=torch.int64) for _ in NAMES)
    options = {"input_names": NAMES, "output_names": ["hidden"], "dynamo": dynamo}
    if dynamo:
        batch, length = torch.export.Dim("batch"), torch.export.Dim("length", max=512)
        options["dynamic_shapes"] = tuple({0: batch, 1: length} for _ in NAMES)
        options["external_data"] = False
    else:
        options["opset_version"] = 17
        options["dynamic_axes"] = {name: {0: "batch", 1: "length"} for name in NAMES + ["hidden"]}
    torch.onnx.export(model, example, str(path), **options)


def optimise(plain, path, config):
    from onnxruntime.transformers import optimizer
    from onnxruntime.transformers.fusion_options import FusionOptions
    optimised = optimizer.optimize_model(str(plain), model_type="bert", num_heads=config.num_attention_heads,
                                         hidden_size=config.hidden_size, optimization_options=FusionOptions("bert"))
    kinds = collections.Counter(node.op_type for node in optimised.model.graph.node)
    print("BERT-optimised graph:", dict(kinds.most_common()))
    if not kinds["Attention"] and not kinds["MultiHeadAttention"]:
        sys.exit("export.py: error: the optimiser fused no attention")
    optimised.save_model_to_file(str(path))


def convert(checkpoint, path):
    """Keeps attention in one operation, and weights in 32 bits."""
    import openvino
    model = HiddenState(transformers.AutoModel.from_pretrained(checkpoint, attn_implementation="sdpa")).eval()
    tokens = openvino.PartialShape([-1, -1]), openvino.Type.i64
    converted = openvino.convert_model(model, example_input={name: torch.ones((2, 16), dtype=torch.int64) for name in NAMES},
                                       input=[(name, *tokens) for name in NAMES])
    openvino.save_model(converted, str(path), compress_to_fp16=False)


def main():
    checkpoint, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    plain, bert, traced = folder / "minilm.onnx", folder / "minilm-bert.onnx", folder / "minilm-traced.onnx"
    if not (folder / "minilm.xml").exists():
        convert(checkpoint, folder / "minilm.xml")
    if not plain.exists():
        export(checkpoint, plain, "sdpa", dynamo=True)
    if not bert.exists():
        # The optimiser knows the shape of graphs that tracing gives.
        export(checkpoint, traced, "eager", dynamo=False)
        optimise(traced, bert, transformers.AutoConfig.from_pretrained(checkpoint))


if __name__ == "__main__":
    main()
