"""Every operation has an example, and every pass says what it needs and which errors it gives.

    check-examples.py OPERATIONS PASSES

The two are documentation as mlir-tblgen writes it: of an operation, the description holds a block of MLIR that has the
operation in it; of a pass, the description has the words "Needs" and "Errors:".
"""
import re
import sys


def sections(path, heading):
    """Names and texts of what a document lists."""
    with open(path, encoding="utf-8") as file:
        parts = re.split(heading, file.read(), flags=re.MULTILINE)
    found = list(zip(parts[1::2], parts[2::2]))
    if not found:
        sys.exit(f"{path} lists nothing")
    return found


problems = []
for name, text in sections(sys.argv[1], r"^#+ `(tenon\.\w+)`.*$"):
    if not any(re.search(rf"{re.escape(name)}\b", block) for block in re.findall(r"```mlir\n(.*?)```", text, re.DOTALL)):
        problems.append(f"{name} has no example")
for name, text in sections(sys.argv[2], r"^#+ `-(tenon-[\w-]+)`$"):
    problems += [f"{name} does not say: {word}" for word in ("Needs ", "Errors: ") if word not in text]
print("\n".join(problems) or "every operation has an example, every pass its conditions")
sys.exit(bool(problems))
