"""block.py PAGE N: the Nth ```mlir block of a page, counted from 1."""

import pathlib
import re
import sys

print(re.findall(r"```mlir\n(.*?)```", pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"), re.DOTALL)[int(sys.argv[2]) - 1])
