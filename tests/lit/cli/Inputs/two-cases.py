"""two-cases.py FILE: of a file of schedules, the first kernel with one product, by its signature: for at most 16 rows with
register tiles of one row, for more with two."""

import re
import sys

text = open(sys.argv[1]).read()
kernel = re.search(r"  \w+: # (\w+)\n    (\S+):\n      - nests:\n          - (linear: \{.*\})\n(?=  \w|$)", text)
signature, target, nest = kernel.groups()
few, more = (re.sub(r"\brows: \d+", f"rows: {rows}", nest) for rows in (1, 2))
print(f"schedules: 1\nkernels:\n  {signature}:\n    {target}:\n      - when: rows <= 16\n        nests: [{{{few}}}]\n"
      f"      - nests: [{{{more}}}]")
