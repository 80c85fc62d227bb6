#!/usr/bin/env python3
"""benchmarks/run autoschedulers: what becomes of children that fail, and that a kernel scheduled by a plugin has our values."""

import argparse
import pathlib
import sys
import tempfile
import unittest

PROGRAM = sys.argv.pop() if __name__ == "__main__" else None
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "benchmarks" / "autoschedulers"))
sys.dont_write_bytecode = True
import compare  # noqa: E402

CASE = "layer norm: 1024 x 384"


def child(code, seconds=60):
    return compare.run_child([sys.executable, "-c", code], seconds, 4)


class Children(unittest.TestCase):
    def test_what_is_written_is_read(self):
        self.assertEqual(child("print('{\"difference\": 0}')"), ({"difference": 0}, None))

    def test_a_refusal_has_the_words_of_the_plugin(self):
        _, found = child("import sys; print('error: no estimate\\n  of it', file=sys.stderr); sys.exit(1)")
        self.assertEqual(found, {"problem": {"kind": "refused", "why": "no estimate of it"}})

    def test_a_refusal_without_words_is_one(self):
        _, found = child("import sys; print('Error: ', file=sys.stderr); sys.exit(1)")
        self.assertEqual(found["problem"], {"kind": "refused", "why": "it does not say why"})

    def test_a_child_that_is_killed_ends_nothing_else(self):
        _, found = child("import os; os.kill(os.getpid(), 11)")
        self.assertEqual(found, {"problem": {"kind": "ended", "why": "SIGSEGV"}})

    def test_a_child_has_its_time(self):
        _, found = child("import time; time.sleep(60)", seconds=0.2)
        self.assertEqual(found, {"problem": {"kind": "time", "why": "not done after 0.2 s"}})

    def test_a_child_has_its_memory(self):
        _, found = child("bytearray(5 << 30)")
        self.assertEqual(found["problem"]["kind"], "refused")
        self.assertIn("MemoryError", found["problem"]["why"])


class Rows(unittest.TestCase):
    def test_a_table_has_factors_refusals_and_a_mean_of_what_was_timed(self):
        rows = [{"case": "a", "model": "m", "scheduler": "X", "ours": [1e-6] * 3, "theirs": [2e-6] * 3},
                {"case": "a", "model": "m", "scheduler": "Y", "problem": {"kind": "time", "why": "not done after 5 s"}},
                {"case": "b", "model": "m", "scheduler": "X", "ours": [1e-6] * 3, "theirs": [8e-6] * 3},
                {"case": "b", "model": "m", "scheduler": "Y", "problem": {"kind": "refused", "why": "no"}}]
        text = compare.table(rows).splitlines()
        self.assertEqual(text[2], "| a | m | 1.0 | 2.00 (2.00 to 2.00) | time |")
        self.assertEqual(text[4], "| geometric mean | | | 4.00 of 2 | – |")
        self.assertEqual(text[-2:], ["- a, Y: time: not done after 5 s", "- b, Y: refused: no"])

    def test_other_values_are_no_time(self):
        with tempfile.TemporaryDirectory() as folder:
            program = pathlib.Path(folder) / "program"
            for written in ('{"difference": 0.5, "ours": [1], "theirs": [1]}', '{"difference": null}'):
                program.write_text(f"#!/bin/sh\necho '{written}'\n")
                program.chmod(0o755)
                found = compare.race(str(program), CASE, "none", arguments())
                self.assertEqual(found["problem"]["kind"], "wrong", written)


class Plugins(unittest.TestCase):
    def test_what_a_plugin_schedules_has_our_values(self):
        with tempfile.TemporaryDirectory() as folder:
            for scheduler in ("Mullapudi2016", "Li2018"):
                path = pathlib.Path(folder) / "kernel.o"
                found = compare.schedule(PROGRAM, CASE, scheduler, path, arguments())
                self.assertIn("compute_root", found.get("schedule", str(found)))
                self.assertLessEqual(compare.race(PROGRAM, CASE, path, arguments()).get("difference", 1), 1e-4)

    def test_what_was_scheduled_is_raced_again(self):
        with tempfile.TemporaryDirectory() as folder:
            for reuse in (False, True):
                # Without the program there is nothing but what the first run kept.
                given = arguments(reuse=reuse, program="nobody" if reuse else PROGRAM)
                path, found = compare.schedule_once(CASE, "Li2018", pathlib.Path(folder), given)
                self.assertIn("compute_root", found["schedule"])
                self.assertLessEqual(compare.race(PROGRAM, CASE, path, given).get("difference", 1), 1e-4)

    def test_a_plugin_that_refuses_ends_its_child_alone(self):
        # Where rows begin is data, of which Mullapudi2016 expects an estimate.
        found = compare.schedule(PROGRAM, "depthwise convolution: 128 x 1024, 3 taps", "Mullapudi2016", "none", arguments())
        self.assertEqual(found["problem"]["kind"], "refused")

    def test_a_plugin_that_is_none_is_refused(self):
        found = compare.schedule(PROGRAM, CASE, "Nobody2000", "none", arguments())
        self.assertEqual(found, {"problem": {"kind": "refused", "why": 'there is no autoscheduler "Nobody2000"'}})


def arguments(**more):
    return argparse.Namespace(threads=2, target=None, turns=0, limit=120, memory=8, **more)


if __name__ == "__main__":
    unittest.main()
