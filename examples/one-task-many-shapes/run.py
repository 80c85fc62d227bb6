#!/usr/bin/env python3
"""run.py TENON FOLDER [NAME...]: compiles the models of shapes/ into FOLDER, asks each for all dates of the examination, compares what
it writes with what PyTorch wrote (answers.json), and puts accuracy, sizes and speed side by side, in a table and in
FOLDER/shapes.svg. Of the models that are named only the answers are compared. Needs nothing but Python."""

import json
import pathlib
import struct
import subprocess
import sys
from xml.sax.saxutils import escape

import dates

HERE = pathlib.Path(__file__).resolve().parent
PAGE = 16  # Positions whose keys and values lie together.
COLUMNS = [("right", "dates right", "{:.1f} %"), ("parameters", "parameters", "{:,}"), ("flops", "MFLOP a date", "{:.2f}"),
           ("text_bytes", "cache, bytes per character of the text", "{:,}"),
           ("answer_bytes", "cache, bytes per character of the answer", "{:,}"),
           ("first_microseconds", "first character, µs", "{:.0f}"), ("decode_microseconds", "each further one, µs", "{:.1f}")]


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, encoding="utf-8")
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command[:4]))}: exit status {done.returncode}\n{done.stderr}")
    return done.stdout


def parameters(path):
    """Numbers in a safetensors file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
    count = 0
    for name, tensor in header.items():
        if name != "__metadata__":
            size = 1
            for extent in tensor["shape"]:
                size *= extent
            count += size
    return count


def cache_bytes(tenon, library):
    """What prefill keeps for each character of the text, and for each of the answer. Where both are one sequence they are equal."""
    entries = {entry["name"]: entry for entry in json.loads(run(tenon, "inspect", library, "--json"))["entries"]}
    text, answer = 0, 0
    filled = {state["name"] for state in entries.get("start", {}).get("states", [])}
    for state in entries["prefill"]["states"]:
        layers, _, floats = state["shape"]
        size = 4 * layers * floats // PAGE
        text += size if state["name"] in filled or not filled else 0
        answer += 0 if state["name"].split(".")[0] == "source" else size
    return text, answer


def ask(tenon, library, alone):
    """What the model writes about each text."""
    options = []
    for text, _ in dates.examination():
        tokens = dates.encoded(text) + ([dates.START] if alone else [])
        options += ["--tokens", ",".join(map(str, tokens))]
    done = run(tenon, "run", library, "--json", "--max-tokens", dates.ANSWER + 1, *options)
    return [dates.decoded(row["tokens"]) for row in json.loads(done)["rows"]]


def measure(tenon, library, alone):
    sizes = ["--prefill", 15] if alone else ["--source", 14]
    found = json.loads(run(tenon, "bench", library, "--json", "--threads", 1, "--decode", dates.ANSWER, *sizes))
    first = found.get("encode_milliseconds", 0) + found["first_token_milliseconds"]
    return 1000 * first, 1e6 / found["decode_tokens_per_second"]


def examine(tenon, name, record, folder):
    """How many answers are right, of a hundred; ends the program where one is not PyTorch's."""
    library = folder / f"{name}.so"
    run(tenon, "compile", HERE / "shapes" / f"{name}.yaml", "-o", library)
    answers = ask(tenon, library, stands_alone(name))
    for (text, _), answer, expected in zip(dates.examination(), answers, record["answers"], strict=True):
        if answer != expected:
            sys.exit(f"{name}: {text!r}: PyTorch wrote {expected}, the compiled model {answer}")
    right = sum(answer == date for answer, (_, date) in zip(answers, dates.examination()))
    print(f"{name}: all {len(answers)} answers are PyTorch's, {100 * right / len(answers):.1f} % of them right", flush=True)
    return 100 * right / len(answers)


def stands_alone(name):
    """Whether the text is the beginning of the sequence, and no source."""
    return name.startswith("decoder-only")


def row(tenon, name, right, flops, folder):
    """What the table says of a model."""
    library = folder / f"{name}.so"
    text, answer = cache_bytes(tenon, library)
    first, further = measure(tenon, library, stands_alone(name))
    return {"name": name, "right": right, "parameters": parameters(HERE / "shapes" / f"{name}.safetensors"), "flops": flops / 1e6,
            "text_bytes": text, "answer_bytes": answer, "first_microseconds": first, "decode_microseconds": further}


def shape(name):
    for budget in ("-parameters", "-flops"):
        name = name.removesuffix(budget)
    return name


def budget_rows(rows, budget):
    """One of each shape; some meet both budgets with the same sizes."""
    return [row for row in rows if row["name"].endswith(budget) or row["name"] == shape(row["name"])]


def table(rows, budget):
    print(f"\nof equal {budget}".replace("flops", "FLOPs"))
    lines = [["", *[title for _, title, _ in COLUMNS]]]
    for row in budget_rows(rows, budget):
        lines.append([shape(row["name"]), *[form.format(row[key]) for key, _, form in COLUMNS]])
    # Titles are long: one below the other.
    for number, title in enumerate(lines[0][1:], 1):
        print(f"  ({number}) {title}")
    widths = [max(len(line[column]) for line in lines[1:]) for column in range(len(lines[0]))]
    print("  " + " " * widths[0], *[f"({number})".rjust(width) for number, width in enumerate(widths[1:], 1)], sep="  ")
    for line in lines[1:]:
        print("  " + line[0].ljust(widths[0]), *[text.rjust(width) for text, width in zip(line[1:], widths[1:])], sep="  ")


BAR, LABEL, LINE, TOP = 110, 130, 22, 60


def picture(rows):
    """Bars for each column and shape, one block for each budget, as SVG."""
    width, y, parts = LABEL + len(COLUMNS) * (BAR + 50), 20, []

    def text(x, y, words, size=12, anchor="start", weight="normal"):
        parts.append(f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" font-weight="{weight}">{escape(words)}</text>')

    for budget in ("parameters", "flops"):
        text(10, y, f"of equal {budget}".replace("flops", "FLOPs"), 15, weight="bold")
        shown = budget_rows(rows, budget)
        for column, (key, title, form) in enumerate(COLUMNS):
            x = LABEL + column * (BAR + 50)
            for number, line in enumerate(title.split(", ")):
                text(x, y + 20 + 13 * number, line, 11)
            most = max(row[key] for row in rows) or 1
            for number, row in enumerate(shown):
                top = y + TOP - 12 + number * LINE
                length = BAR * row[key] / most
                parts.append(f'<rect x="{x}" y="{top}" width="{length:.1f}" height="14" fill="#4a7ab5"/>')
                text(x + length + 4, top + 11, form.format(row[key]), 10)
        for number, row in enumerate(shown):
            text(10, y + TOP + number * LINE, shape(row["name"]))
        y += TOP + len(shown) * LINE + 30
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y}" font-family="sans-serif">\n'
            f'<rect width="100%" height="100%" fill="white"/>\n' + "\n".join(parts) + "\n</svg>\n")


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: run.py TENON FOLDER [NAME...]")
    tenon, folder, names = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
    folder.mkdir(parents=True, exist_ok=True)
    records, rows = json.loads((HERE / "answers.json").read_text()), []
    for path in sorted((HERE / "shapes").glob("*.yaml")):
        name = path.stem
        if names and name not in names:
            continue
        right = examine(tenon, name, records[name], folder)
        if not names:
            rows.append(row(tenon, name, right, records[name]["flops"], folder))
    if names:
        return
    for budget in ("parameters", "flops"):
        table(rows, budget)
    (folder / "shapes.svg").write_text(picture(rows))
    print(f"\n{folder / 'shapes.svg'}")


if __name__ == "__main__":
    main()
