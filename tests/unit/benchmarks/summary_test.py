#!/usr/bin/env python3
"""What benchmarks/summary.py makes of parts that are given here."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "benchmarks"))
sys.dont_write_bytecode = True
import summary  # noqa: E402


def row(task, family=None, **peers):
    ratios = {"tenon": {peer: {"low": median / 2, "median": median, "high": 2 * median} for peer, median in peers.items()}}
    return {"task": task, "kind": "flops", "work": 1.0, "ms": {}, "shares": {}, "calls_ms": {}, "ratios": ratios,
            **({"family": family} if family else {})}


class Collect(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.path = pathlib.Path(self.folder.name)
        self.write("encoders", [row("1 x 16", ort=4.0, pytorch=8.0), row("1 x 128", ort=3.0, pytorch=1.0)])
        self.write("kernels", [row("a", "product", ort=2.0), row("b", "decode", ort=0.5)])

    def write(self, part, rows):
        (self.path / f"{part}.json").write_text(json.dumps({"part": part, "limits": {"processor": part}, "rows": rows}))

    def test_groups_are_parts_and_families_of_kernels(self):
        found = summary.collect(self.path, ["encoders", "kernels"])
        self.assertEqual(list(found["groups"]), ["encoders", "kernels: product", "kernels: decode"])
        self.assertEqual([row["task"] for row in found["groups"]["encoders"]], ["1 x 16", "1 x 128"])
        self.assertEqual(found["groups"]["kernels: decode"][0]["ratios"]["tenon"]["ort"], {"low": 0.25, "median": 0.5, "high": 1.0})
        self.assertNotIn("calls_ms", found["groups"]["encoders"][0])

    def test_a_part_that_failed_does_not_lose_the_others(self):
        found = summary.collect(self.path, ["decoders", "encoders", "kernels"])
        self.assertEqual(found["missing"], ["decoders"])
        self.assertEqual(list(found["limits"]), ["encoders", "kernels"])

    def test_means_are_geometric_and_to_the_best_peer_of_each_task(self):
        found = summary.collect(self.path, ["encoders"])
        self.assertAlmostEqual(found["means"]["encoders"]["tenon"], 2.0)  # Of 4 (ONNX Runtime) and 1 (PyTorch).

    def test_columns_have_every_group_once(self):
        groups = {name: [None] * count for name, count in (("a", 100), ("b", 10), ("c", 10), ("d", 40))}
        columns = summary.columns_of(groups, 2)
        self.assertEqual(sorted(name for column in columns for name in column), ["a", "b", "c", "d"])
        self.assertEqual(columns[0], ["a"])


if __name__ == "__main__":
    unittest.main()
