#!/usr/bin/env python3
"""What benchmarks/turns.py makes of times that are given here."""

import json
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "benchmarks"))
sys.dont_write_bytecode = True
import turns  # noqa: E402


def machine(registers, memory):
    """What tenon-machine-peak says of a CPU whose wide vectors are twice as fast."""
    def width(factor):
        return {"registers": factor * registers, "first_cache": factor * registers * 0.8, "second_cache": factor * registers * 0.5}
    return {"threads": 2, "avx2": width(1), "avx512": width(2),
            "read_gbs": {"first_cache": 300, "second_cache": 200, "last_cache": 40, "memory": memory, "memory_huge_pages": memory + 5}}


class Rounds(unittest.TestCase):
    def test_the_fastest_way_counts_in_a_round(self):
        self.assertEqual(turns.round_median([3.0, 1.0, 2.0]), 2.0)
        self.assertEqual(turns.round_median([[9.0, 9.0, 1.0], [4.0, 4.0]]), 4.0)

    def test_the_quietest_round_gives_the_time(self):
        self.assertEqual(turns.quietest([[5.0, 5.0, 6.0], [4.0, 8.0, 4.0], [9.0]]), 4.0)

    def test_ratios_are_of_the_same_round(self):
        # The machine was three times slower in the second round, for both.
        self.assertEqual(turns.ratios([[2.0], [6.0]], [[3.0], [9.0]]), [1.5, 1.5])
        with self.assertRaises(ValueError):
            turns.ratios([[2.0], [6.0]], [[3.0]])

    def test_spread_is_median_and_quartiles(self):
        self.assertEqual(turns.spread([5.0, 1.0, 3.0, 2.0, 4.0]), {"low": 2.0, "median": 3.0, "high": 4.0})
        self.assertEqual(turns.spread([1.5]), {"low": 1.5, "median": 1.5, "high": 1.5})


class Shares(unittest.TestCase):
    def setUp(self):
        self.limits = turns.Limits(machine(100, 20), machine(120, 18))

    def test_limits_are_the_better_of_before_and_after(self):
        self.assertEqual(self.limits.gflops, {"registers": 240, "first_cache": 192, "second_cache": 120})
        self.assertEqual(self.limits.bandwidth(), 25)

    def test_arithmetic_is_a_share_of_registers_and_of_fed_tiles(self):
        # 0.12 GFLOP in a millisecond are 120 GFLOP/s.
        self.assertEqual(self.limits.shares("flops", 0.12e9, 1.0), {"registers": 0.5, "first_cache": 0.625, "second_cache": 1.0})

    def test_bytes_are_a_share_of_the_bandwidth(self):
        self.assertEqual(self.limits.shares("bytes", 12.5e6, 1.0), {"bandwidth": 0.5})
        self.assertEqual(self.limits.shares(None, None, 1.0), {})

    def test_a_cpu_without_wide_vectors(self):
        narrow = {name: value for name, value in machine(100, 20).items() if name != "avx512"}
        self.assertEqual(turns.Limits(narrow, narrow).gflops["registers"], 100)


class Rows(unittest.TestCase):
    def setUp(self):
        limits = turns.Limits(machine(100, 20), machine(100, 20))
        rounds = {"tenon": [[1.0], [2.0], [1.0]], "slow": [[2.0], [4.0], [2.0]], "fast": [[0.5], [3.0], [1.5]]}
        self.row = turns.row("a task", rounds, "flops", 1e8, limits, tokens=3)

    def test_a_row_has_times_ratios_shares_and_calls(self):
        self.assertEqual(self.row["ms"], {"tenon": 1.0, "slow": 2.0, "fast": 0.5})
        self.assertEqual(self.row["ratios"]["tenon"]["slow"], {"low": 2.0, "median": 2.0, "high": 2.0})
        self.assertEqual(self.row["ratios"]["tenon"]["fast"]["median"], 1.5)
        self.assertEqual(self.row["shares"]["slow"]["registers"], 0.25)
        self.assertEqual((self.row["tokens"], self.row["calls_ms"]["fast"]), (3, [[0.5], [3.0], [1.5]]))

    def test_the_best_peer_is_best_in_most_rounds(self):
        self.assertEqual(turns.best_peer(self.row)[0], "fast")
        self.assertIsNone(turns.best_peer(self.row, "tenon-huge"))

    def test_what_is_written_is_read_back(self):
        limits = turns.Limits(machine(100, 20), machine(100, 20))
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "part.json"
            turns.write(path, "a part", machine(100, 20), machine(100, 20), limits, [self.row])
            found = json.loads(path.read_text())
        self.assertEqual((found["part"], found["rows"]), ("a part", [self.row]))
        self.assertEqual(found["limits"]["gflops"], limits.gflops)


if __name__ == "__main__":
    unittest.main()
