"""explain.py gpt REPORT: what tenon explain says of docs/corners/gpt.yaml in the calls 2x20 and 3x1+7
explain.py page REPORT PAGE: the page has the report in it, and asks for nothing else
explain.py sources REPORT: stacks that read others
explain.py measured REPORT KERNEL: figures are there; the kernel was tuned, others were not"""

import html.parser
import json
import sys

command, path, *rest = sys.argv[1:]
report = json.load(open(path))
spec = report["model"]["spec"].splitlines()


def check_place(part):
    """The line that a part of the picture names is about it."""
    line = spec[part["line"] - 1]
    assert part["text"] in line, (part, line)
    return line


def total(call, key):
    return sum(kernel[key] * kernel["count"] for kernel in call["kernels"])


def check_plans():
    for call in report["calls"]:
        for entry in call["entries"]:
            plan = entry["memory"]
            assert plan["bytes"] == sum(slot["bytes"] for slot in plan["slots"])
            names = {kernel["name"] for kernel in report["kernels"]}
            assert plan["steps"] and set(plan["steps"]) <= names, plan["steps"]
            for slot in plan["slots"]:
                lives = sorted(buffer["steps"] for buffer in slot["buffers"])
                assert all(begin <= end <= len(plan["steps"]) for begin, end in lives)
                for (_, end), (begin, _) in zip(lives, lives[1:]):
                    assert end <= begin, lives
                for buffer in slot["buffers"]:
                    if buffer["name"] in names and buffer.get("until"):
                        assert plan["steps"][buffer["steps"][0]] == buffer["name"] or buffer["steps"][0] < plan["steps"].index(buffer["name"])
                        assert plan["steps"][buffer["steps"][1] - 1] == buffer["until"] or buffer["steps"][1] > plan["steps"].index(buffer["until"])


if command == "gpt":
    stack, = report["model"]["stacks"]
    assert (stack["name"], stack["layers"], stack["width"]) == ("decoder", 2, 32), stack
    block, = stack["blocks"]
    assert [part["kind"] for part in block] == ["attention", "mlp"]
    attention, mlp = (check_place(part) for part in block)
    assert "mask: causal" in attention and "hidden: 64" in mlp
    assert "vocab: 64" in check_place(stack["input"])
    for kernel in report["kernels"]:
        lines = [spec[line - 1] for line in kernel["lines"]]
        assert f'tenon.kernel "{kernel["name"]}"(%' in kernel["ir"] and "UNKNOWN" not in kernel["ir"], kernel["ir"]
        assert "schedule" not in kernel["ir"], kernel["ir"]
        assert kernel["default"] and kernel["cases"][0]["nests"] and "tuned" not in kernel
        if "attention" in kernel["operations"]:
            # It has no parameters; those of the products before it say whose it is.
            assert attention in lines and mlp not in lines and not kernel["parameters"], lines
        if "activation" in kernel["operations"]:
            assert mlp in lines and attention not in lines, lines
    prefill, decode = report["calls"]
    assert [entry["name"] for entry in prefill["entries"]] == ["prefill"] and prefill["entries"][0]["sizes"]["length"] == 20
    assert [entry["name"] for entry in decode["entries"]] == ["decode"] and decode["entries"][0]["sizes"]["batch"] == 3
    # Matrices of a layer, and the one of the head, which sees the last row of each sequence.
    matrices, head, heads_size = 32 * 96 + 32 * 32 + 2 * 32 * 64, 32 * 64, 32
    rows, pairs = 2 * 32, 2 * (20 * 21 // 2)  # Sequences of 20 rows take 32.
    assert total(prefill, "flops") == 2 * (2 * (rows * matrices + pairs * 2 * heads_size) + 2 * head), total(prefill, "flops")
    rows, pairs = 3, 3 * 8
    assert total(decode, "flops") == 2 * (2 * (rows * matrices + pairs * 2 * heads_size) + 3 * head), total(decode, "flops")
    # Everything that is read of parameters: matrices whose panels are whole, biases, norms, and of the embedding its rows.
    least = 4 * (2 * matrices + head + 3 * 32)
    assert least < total(decode, "parameter_bytes") < 1.6 * least, (least, total(decode, "parameter_bytes"))
    for call in report["calls"]:
        assert "seconds" not in call and all("seconds" not in kernel for kernel in call["kernels"])
        assert any(kernel["count"] == 2 for kernel in call["kernels"])
    assert "limits" not in report
    assert set(report["loops"]["decode"].values()) == {2}
    check_plans()
elif command == "page":
    class Page(html.parser.HTMLParser):
        data, script, title = "", None, ""

        def handle_starttag(self, tag, attributes):
            given = dict(attributes)
            assert tag not in ("link", "img", "iframe", "object", "embed", "base") and "src" not in given, (tag, given)
            assert given.get("href", "#").startswith("#"), given
            self.script = given.get("type", "script") if tag == "script" else None
            self.inTitle = tag == "title"

        def handle_data(self, text):
            if self.script == "application/json":
                self.data += text
            if getattr(self, "inTitle", False):
                self.title += text

        def handle_endtag(self, tag):
            self.script, self.inTitle = None, False

    page = Page()
    text = open(rest[0], encoding="utf-8").read()
    page.feed(text)
    assert json.loads(page.data) == report
    assert report["name"] in page.title, page.title
    assert "<!--@" not in text and "</script" not in page.data
elif command == "sources":
    stacks = {stack["name"]: stack for stack in report["model"]["stacks"]}
    assert list(stacks) == ["encoder", "decoder"]
    sources = [source["stack"] for part in stacks["decoder"]["blocks"][0] for source in part.get("sources", [])]
    assert sources == ["encoder"], sources
    entries = {entry["name"] for call in report["calls"] for entry in call["entries"]}
    assert len(entries) >= 2, entries
    check_plans()
elif command == "measured":
    for call in report["calls"]:
        assert call["seconds"] > 0 and len(call["samples"]) >= 3
        for kernel in call["kernels"]:
            assert 0 < kernel["least_seconds"] <= kernel["seconds"] <= kernel["most_seconds"]
    limits = report["limits"]
    assert all(limits["arithmetic"][level] > 1e9 for level in ("registers", "firstCache", "secondCache"))
    assert limits["read"]["memory"] > 1e8 and limits["read"]["firstCache"] > 1e8
    assert report["machine"]["threads"] > 0
    for kernel in report["kernels"]:
        assert ("tuned" in kernel) == (kernel["name"] == rest[0]), kernel
        if "tuned" in kernel:
            assert 0 < kernel["tuned"]["ratio"] <= 1 and kernel["tuned"]["calls"] == "1x1" and kernel["tuned"]["schedule"]
