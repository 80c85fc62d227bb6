"""Every file that a document or a comment names is there, and every heading that a link points at.

    check-references.py ROOT

A path in a text counts where it starts with one of the project's folders, as seen from its root; a source's bare name in a
comment or a document counts wherever the file is; a link of Markdown is seen from its own file. A `*` stands for anything.
"""
import pathlib
import re
import sys

FOLDERS = "benchmarks|cmake|compiler|dialects|docs|examples|runtime|scripts|tests"
SUFFIXES = {".md", ".cpp", ".h", ".hpp", ".c", ".td", ".py", ".txt", ".cmake", ""}
# What others call a header, and a program.
FOREIGN = {"HalideRuntime.h", "llama.cpp"}
PATH = re.compile(rf"(?<![\w./-])(?:{FOLDERS})/[\w./*-]*\w(?:\.\w+)?")
NAME = re.compile(r"(?<![\w./<\"-])\w+\.(?:cpp|h|td|py)(?![\w.])")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+\s+(.*)$", re.MULTILINE)


def anchors(text):
    """The names that Markdown gives to headings."""
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-") for heading in HEADING.findall(text)}


def exists(root, path):
    return any(root.glob(path)) if "*" in path else (root / path).exists()


def paths_of(path):
    """What a path may mean: itself, or two files at once, as in Codes.{cpp,h}; a header is included without its folder."""
    return [path, path.rstrip("."), f"{path}.md", f"{path}.cpp", f"{path}.h", f"{path}.td"]


def files(root):
    for folder in [root, *(root / name for name in FOLDERS.split("|"))]:
        pattern = "*" if folder == root else "**/*"
        for file in sorted(folder.glob(pattern)):
            if file.is_file() and file.suffix in SUFFIXES and "golden" not in file.parts and "corpus" not in file.parts:
                yield file


def comment_of(file, line):
    """What of a line is written for readers."""
    if file.suffix == ".md":
        return line
    marks = {".cpp": "//", ".h": "//", ".hpp": "//", ".c": "//", ".td": "//", ".py": "#", ".cmake": "#", ".txt": "#"}
    mark = marks.get(file.suffix)
    return line[line.index(mark):] if mark and mark in line else ""


def dangling(root, file, text, names):
    for number, line in enumerate(text.splitlines(), 1):
        for path in PATH.findall(line):
            if not any(exists(root, each) for each in paths_of(path)):
                yield number, path
        for name in NAME.findall(comment_of(file, line)):
            if name not in names:
                yield number, name
        if file.suffix != ".md":
            continue
        for link in LINK.findall(line):
            target, _, anchor = link.partition("#")
            if "://" in target or target.startswith("mailto:"):
                continue
            other = (file.parent / target).resolve() if target else file
            if not other.exists():
                yield number, link
            elif anchor and other.suffix == ".md" and anchor not in anchors(other.read_text()):
                yield number, link


def main():
    root = pathlib.Path(sys.argv[1]).resolve()
    problems, count = [], 0
    names = {file.name for file in files(root)} | FOREIGN
    for file in files(root):
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        count += 1
        for number, reference in dangling(root, file, text, names):
            problems.append(f"{file.relative_to(root)}:{number}: names {reference}, which is not there")
    print("\n".join(problems))
    if problems:
        sys.exit(1)
    print(f"{count} files, no dangling reference")


main()
