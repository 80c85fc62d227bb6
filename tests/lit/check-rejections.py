#!/usr/bin/env python3
"""Checks that every message that C++ files emit as an error is expected by a test: check-rejections.py TEST.mlir… --
FILE.cpp…. A message matches where its literal parts occur in order in what one `expected-error` says."""

import re
import sys


def messages(path):
    """The literal parts of each message, with the line of its statement."""
    text = open(path, encoding="utf-8").read()
    for statement in re.finditer(r"emit(?:Op)?Error\(\)\s*<<(.*?);\n", text, re.DOTALL):
        # What stands in parentheses is computed: (hasLayer ? "a" : "no").
        body = re.sub(r'\((?:[^()"]|"(?:[^"\\]|\\.)*"|\([^()]*\))*\?(?:[^()"]|"(?:[^"\\]|\\.)*"|\([^()]*\))*\)', " x ", statement[1])
        body = re.sub(r'"\s*(?:<<\s*)?"', "", body)  # one literal after another
        yield re.findall(r'"((?:[^"\\]|\\.)*)"', body), text.count("\n", 0, statement.start()) + 1


separator = sys.argv.index("--")
expected = [text for path in sys.argv[1:separator]
            for text in re.findall(r"expected-error\s*@\S+ \{\{(.*)\}\}", open(path, encoding="utf-8").read())]
found, untested = 0, []
for path in sys.argv[separator + 1:]:
    for parts, line in messages(path):
        found += 1
        pattern = ".*".join(re.escape(part) for part in parts)
        if not any(re.search(pattern, text) for text in expected):
            untested.append(f"{path}:{line}: no test expects \"{'…'.join(parts)}\"")
if found == 0:
    untested.append("found no message")
sys.exit("\n".join(untested) or 0)
