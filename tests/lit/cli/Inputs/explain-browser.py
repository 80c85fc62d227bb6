"""explain-browser.py PAGE [--figures]: opens a page of tenon explain in Debian's browser without a screen and looks at
what was drawn, as wide as on a desk and on a phone. With --figures the data get made-up times and limits first."""

import html
import json
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

LIMITS = {"arithmetic": {"registers": 4e11, "firstCache": 3.6e11, "secondCache": 3.4e11},
          "read": {"firstCache": 5e11, "secondCache": 2e11, "lastCache": 4e10, "memory": 2e10}}

# Runs in a page around the page: looks into it once it is there, and after its second call was chosen.
HARNESS = """<!DOCTYPE html><meta charset="utf-8"><body><pre id="seen"></pre><script>
const page = PAGE, seen = [];
for (const width of [390, 1200]) {
  const frame = document.createElement("iframe");
  Object.assign(frame, {width, height: 900, srcdoc: page});
  frame.onload = () => {
    const inner = frame.contentDocument, count = what => inner.querySelectorAll(what).length;
    const look = () => ({
      width, errors: frame.contentWindow.errors, overflow: inner.documentElement.scrollWidth - width,
      stacks: count("#picture .frame"), sublayers: count("#picture .box"), sources: count("#picture .wire.source"), spec: count("#spec .line"),
      bars: count("#shares .row"), buttons: count("#shares button"), kernels: count("#kernel-list details"), rows: count("#call-kernels tbody tr"),
      points: count("#roof circle"), roofs: count("#roof .roof"), plans: count("#plans svg"), buffers: count("#plans .buffer"),
      heading: inner.querySelector("#call h2").textContent, ink: frame.contentWindow.getComputedStyle(inner.body).color,
      broken: /NaN|undefined|Infinity/.test(inner.querySelector("main").innerHTML)
    });
    const before = look();
    const calls = inner.querySelectorAll("#shares .row, #shares button");
    if (calls.length > 1)
      calls[1].dispatchEvent(new MouseEvent("click", {bubbles: true}));
    inner.querySelector("#call-kernels a").click();
    seen.push({before, after: look(), open: count("#kernel-list details[open]")});
    document.getElementById("seen").textContent = JSON.stringify(seen);
  };
  document.body.append(frame);
}
</script>"""


def run(page, dark):
    with tempfile.TemporaryDirectory() as folder:
        harness = pathlib.Path(folder, "harness.html")
        harness.write_text(HARNESS.replace("PAGE", json.dumps(page).replace("<", "\\u003c")), encoding="utf-8")
        options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=1700,1000", "--virtual-time-budget=10000",
                   f"--user-data-dir={folder}/profile", f"--blink-settings=preferredColorScheme={0 if dark else 1}"]
        done = subprocess.run([browser, *options, "--dump-dom", harness.as_uri()], capture_output=True, text=True, timeout=120)
        found = re.search(r'<pre id="seen">(.*?)</pre>', done.stdout, re.DOTALL)
        assert found and found[1], f"the page was not opened:\n{done.stdout[-500:]}\n{done.stderr[-2000:]}"
        return json.loads(html.unescape(found[1]))


browser = shutil.which("chromium")
assert browser, "there is no chromium: scripts/bootstrap --tests installs it"
text = pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")
text = text.replace("<head>", "<head><script>var errors = []; addEventListener('error', event => errors.push(event.message));</script>", 1)
begin = text.index('id="data">') + len('id="data">')
end = text.index("</script>", begin)
report = json.loads(text[begin:end])
if "--figures" in sys.argv:
    report["limits"] = LIMITS
    for call in report["calls"]:
        for number, kernel in enumerate(call["kernels"]):
            kernel["seconds"] = kernel["least_seconds"] = kernel["most_seconds"] = 1e-6 * (number + 1)
        call["seconds"] = 1.1 * sum(kernel["seconds"] * kernel["count"] for kernel in call["kernels"])
        call["samples"] = [call["seconds"]] * 3
    text = text[:begin] + json.dumps(report).replace("<", "\\u003c") + text[end:]

inks = []
for dark in (False, True):
    views = run(text, dark)
    assert sorted(view["before"]["width"] for view in views) == [390, 1200], views
    for view in views:
        for seen, call in ((view["before"], report["calls"][0]), (view["after"], report["calls"][min(1, len(report["calls"]) - 1)])):
            assert seen["errors"] == [] and not seen["broken"], seen
            assert seen["overflow"] <= 0, seen
            assert seen["kernels"] == len(report["kernels"]) and seen["rows"] == len(call["kernels"]), seen
            assert call["call"] in seen["heading"], seen
            plans = [entry["memory"] for entry in call["entries"] if "memory" in entry]
            assert seen["plans"] == len(plans), seen
            assert seen["buffers"] == sum(len(slot["buffers"]) for plan in plans for slot in plan["slots"]), seen
            stacks = report["model"]["stacks"]
            assert seen["stacks"] == len(stacks) and seen["sublayers"] > len(stacks), seen
            assert seen["spec"] == len(report["model"]["spec"].splitlines()), seen
            # Of every attention that reads another stack, and of every stack that is made of others.
            wires = sum(len(part.get("sources", [])) for stack in stacks for block in stack["blocks"] for part in block)
            assert seen["sources"] == wires + sum(len(stack["parts"]) for stack in stacks), seen
            measured = "limits" in report
            assert seen["bars" if measured else "buttons"] == len(report["calls"]), seen
            assert seen["points"] == (sum(kernel["flops"] > 0 for kernel in call["kernels"]) if measured else 0), seen
            limits = report.get("limits", {"arithmetic": {}, "read": {}})
            assert seen["roofs"] == sum(speed > 0 for speeds in limits.values() for speed in speeds.values()), seen
        assert view["open"] == 1, view
        inks.append(view["before"]["ink"])
# Text is of one colour in light, of another in dark.
assert inks[0] == inks[1] and inks[2] == inks[3] and inks[0] != inks[2], inks
