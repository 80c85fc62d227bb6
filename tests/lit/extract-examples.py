#!/usr/bin/env python3
"""Prints the ```mlir blocks of the TableGen files given, with what --split-input-file splits at between them, and each
attribute that a description gives as an example in an operation that carries it."""

import re
import sys
import textwrap

examples = []
for path in sys.argv[1:]:
    text = open(path, encoding="utf-8").read()
    examples += [textwrap.dedent(block) for block in re.findall(r"```mlir\n(.*?)```", text, re.DOTALL)]
    examples += [f"module attributes {{test.example = {line}}} {{}}\n" for line in re.findall(r"Example: `(#.*)`", text)]
if not examples:
    sys.exit("found no example")
print("\n// -----\n\n".join(examples))
