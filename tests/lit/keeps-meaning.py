#!/usr/bin/env python3
"""Lowers a model one pass at a time and compares each result with tensor IR: keeps-meaning.py MODEL.mlir FOLDER."""

import pathlib
import subprocess
import sys

PADDED = [["--dims=4,19", "--lengths=19,0,1,16"], ["--dims=1,1", "--lengths=1"], ["--dims=3,5", "--lengths=5,5,5"]]
# Of models with several stacks: the sizes of their inputs, page tables and pools.
STACKS = ",encoder.length=35,second.length=18,source_slots.encoder=3,source_slots.second=2,source_length.encoder=35,source_length.second=18,pages.encoder+decoder=29,pages.encoder+second=21,pages.encoder=13,pages.second=9"
MORE = ",second.length=1,source_slots.encoder=1,source_slots.second=1,source_length.encoder=1,source_length.second=1,pages.encoder+second=2,pages.encoder=1,pages.second=1"
# Batches for each function. Of models with caches: pages begun and full, several new tokens and one of each sequence.
BATCHES = {
    "encode": PADDED,
    "encode_decoder": [["--sizes=encoder.length=19", "--dims=4,7", "--lengths=7,0,1,6"]],
    "start": [["--sizes=source_length=35,source_slots=3,source_pool=13" + STACKS, "--dims=4", "--lengths=35,0,1,16"],
              ["--sizes=source_length=1,source_slots=1,source_pool=1,encoder.length=1,pages.encoder+decoder=1" + MORE, "--dims=1", "--lengths=1"]],
    "prefill": [["--sizes=slots=4,pages=17,source_slots=3,source_pool=13" + STACKS, "--dims=4,19", "--lengths=19,0,1,16", "--past=0,3,16,29"],
                ["--sizes=slots=1,pages=1,source_slots=1,source_pool=1,pages.encoder+decoder=2" + MORE, "--dims=1,5", "--lengths=5", "--past=0"]],
    "decode": [["--sizes=slots=3,pages=13,source_slots=3,source_pool=13" + STACKS, "--dims=4", "--lengths=1,0,1,1", "--past=0,3,15,37"]],
}
PASSES = ["tenon-fuse-projections", "tenon-pack-rows", "tenon-pack-weights", "tenon-fuse-kernels{fuse=false}",
          "tenon-fuse-kernels", "tenon-assign-schedules{targets=x86-64-v4,x86-64-v3}"]


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True)
    if result.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{result.stderr}")
    return result.stdout


model, folder = sys.argv[1], pathlib.Path(sys.argv[2])
tensor = folder / "tensor.mlir"
run("tenon-opt", model, "--tenon-tensor", "-o", str(tensor))
before = tensor
for number, name in enumerate(PASSES):
    after = folder / f"after-{number}.mlir"
    nested = name if any(word in name for word in ("assign", "weights", "projections")) else f"func.func({name})"
    run("tenon-opt", str(before), f"--pass-pipeline=builtin.module({nested})", "-o", str(after))
    if before.read_text() == after.read_text():
        sys.exit(f"{name} changes nothing, so that nothing is compared")
    for function, batches in BATCHES.items():
        for batch in batches if f"func.func @{function}(" in tensor.read_text() else []:
            run("tenon-interpret", str(tensor), "--compare", str(after), f"--function={function}", *batch)
    print(f"{name}: equal")
    if "fuse=false" not in name:  # which stands beside the one after it, not before
        before = after
