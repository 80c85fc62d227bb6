"""Gives every schedule of a file of them three cases: for one row, for as many as few sequences have, and for all others."""

import sys

FIRST, SECOND = 1, 100

lines = sys.stdin.read().splitlines()
target = None
cases = []
for line in [*lines, "end"]:
    if line.startswith("          ") or line.startswith("      - "):
        cases.append(line)
        continue
    if cases:
        assert cases[0] == "      - nests:" and sum(each.startswith("      - ") for each in cases) == 1, cases
        for bound in (FIRST, SECOND):
            print(f"      - when: rows <= {bound}\n        nests:")
            print("\n".join(cases[1:]))
        print("\n".join(cases))
        cases = []
    if line != "end":
        print(line)
