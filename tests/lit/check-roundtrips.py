#!/usr/bin/env python3
"""Checks that every operation of a generated reference has a CHECK line in the tests given."""

import re
import sys

operations = set(re.findall(r"^#+ `(tenon\.\w+)`", open(sys.argv[1], encoding="utf-8").read(), re.MULTILINE))
checked = {operation for path in sys.argv[2:]
           for line in re.findall(r"// CHECK.*", open(path, encoding="utf-8").read())
           for operation in re.findall(r"tenon\.\w+", line)}
if not operations:
    sys.exit("found no operation")
sys.exit("\n".join(f"{operation} is in no round-trip test" for operation in sorted(operations - checked)) or 0)
