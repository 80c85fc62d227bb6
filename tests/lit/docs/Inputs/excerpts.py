"""excerpts.py PAGE TENON: every yaml block of a section that links a spec is an excerpt of that file, every mlir block one of the model
IR that becomes of it. Prints how many there are."""

import pathlib
import re
import subprocess
import sys


def is_excerpt(block, text):
    """Whether the lines of `block` stand in `text` one after the other, however far they are indented."""
    wanted, lines = ([line.strip() for line in part.strip("\n").splitlines()] for part in (block, text))
    return any(lines[i:i + len(wanted)] == wanted for i in range(len(lines)))


def main():
    page, tenon = pathlib.Path(sys.argv[1]), sys.argv[2]
    counts, wrong = {"yaml": 0, "mlir": 0}, []
    for section in re.split(r"^## ", page.read_text(encoding="utf-8"), flags=re.MULTILINE):
        link = re.search(r"\]\((\S+\.yaml)\)", section)
        blocks = re.findall(r"```(yaml|mlir)\n(.*?)```", section, re.DOTALL)
        if not blocks:
            continue
        spec = page.parent / link.group(1)
        command = [tenon, "compile", spec, "--emit", "model"]
        texts = {"yaml": spec.read_text(encoding="utf-8"),
                 "mlir": subprocess.run(command, check=True, capture_output=True, text=True).stdout}
        for kind, block in blocks:
            counts[kind] += 1
            if not is_excerpt(block, texts[kind]):
                wrong.append(f"{spec.name} has no lines\n{block}")
    print(counts["yaml"], counts["mlir"])
    sys.exit("\n".join(wrong) or 0)


main()
