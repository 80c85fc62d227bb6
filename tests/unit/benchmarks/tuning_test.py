#!/usr/bin/env python3
"""benchmarks/run search and tuning, on a tuner that is made up: a program that says what tenon tune would."""

import argparse
import contextlib
import io
import pathlib
import sqlite3
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "benchmarks" / "tuning"))
sys.dont_write_bytecode = True
import models  # noqa: E402
import search  # noqa: E402

# All schedules find one of half the default's time, a few one of 0.52 (seed 1) or the same (seed 2).
# Of 200 schedules it measures MEASURED in a run.
TUNER = """#!/usr/bin/env python3
import json, sqlite3, sys
words = [word for word in sys.argv[3:] if word not in ("--json", "--warm")]
given = dict(zip(words[::2], words[1::2]))
database = sqlite3.connect(given["--db"])
database.execute("CREATE TABLE IF NOT EXISTS samples (phase TEXT, schedule TEXT)")
database.execute("CREATE TABLE IF NOT EXISTS winner (name TEXT)")
candidates = int(given["--candidates"])
known, = database.execute("SELECT COUNT(DISTINCT schedule) FROM samples WHERE phase = 'race'").fetchone()
measured = min(candidates, MEASURED, 200 - known)
database.executemany("INSERT INTO samples VALUES ('race', ?)", [(str(known + number),) for number in range(measured)] * 2)
database.execute("INSERT INTO samples VALUES ('result', 'several cases')")
if candidates > 0:
    database.execute("DELETE FROM winner")
    database.execute("INSERT INTO winner VALUES (?)", ("best" if candidates > 16 or given["--seed"] == "2" else "good",))
ratio = {"best": 0.5, "good": 0.52}[database.execute("SELECT name FROM winner").fetchone()[0]]
if candidates == 0:
    database.execute("DELETE FROM winner")
database.commit()
shared = {"measured": measured, "searched": 200.0, "share": 0.5}
print(json.dumps({"kernel": given.get("--only", "a"), "ratio": ratio, "schedule": "the " + str(ratio), "changed": candidates > 0, **shared}))
if "--only" not in given:
    print(json.dumps({"kernel": "b", "ratio": 1.0, "schedule": "its own", "changed": False, **shared}))
print(json.dumps({"sizes": "1x1", "target": "x86-64-v4", "threads": 2, "left": 0}))
"""


class Made(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.program = self.folder / "tenon"
        self.make(measured=90)

    def make(self, measured):
        self.program.write_text(TUNER.replace("MEASURED", str(measured)))
        self.program.chmod(0o755)


class Search(Made):
    def compare(self):
        arguments = argparse.Namespace(tenon=str(self.program), folder=self.folder, candidates=16, seeds=[1, 2], rounds=3,
                                       budget="1m", threads=None)
        return search.compare(search.SPACES[0], arguments, self.folder)

    def test_few_are_compared_with_the_best_of_all(self):
        row = self.compare()
        self.assertEqual(row["again"], {"all": [0.5] * 3, "1": [0.52] * 3, "2": [0.5] * 3})
        self.assertAlmostEqual(search.reached(row, "1")[0], 0.5 / 0.52)
        self.assertIn("96.2 %, 100.0 %", search.table([row]))

    def test_winners_are_what_the_search_found_however_often_they_are_measured_again(self):
        self.compare()
        with contextlib.closing(sqlite3.connect(self.folder / "all.db")) as database:
            self.assertEqual(database.execute("SELECT name FROM winner").fetchall(), [("best",)])

    def test_a_search_goes_on_until_all_are_measured(self):
        self.compare()
        self.assertEqual(search.raced(self.folder / "all.db"), 200)

    def test_one_schedule_has_one_speed(self):
        row = self.compare()
        row["again"]["2"] = [0.6] * 3  # Noise: it is the schedule of the whole search.
        self.assertEqual(search.reached(row, "2"), [1.0] * 3)

    def test_a_search_that_measures_nothing_is_no_answer(self):
        self.make(measured=0)
        with self.assertRaises(SystemExit) as ended, contextlib.redirect_stderr(io.StringIO()):
            self.compare()
        self.assertIn("0 of 200 schedules", str(ended.exception))


class Models(Made):
    def test_winners_of_one_run_are_measured_in_another(self):
        arguments = argparse.Namespace(tenon=str(self.program), folder=self.folder, candidates=16, budget="1m", threads=None, target=None)
        row = models.tune("minilm", arguments)
        self.assertEqual([(kernel["kernel"], kernel["first"], kernel["second"]) for kernel in row["kernels"]],
                         [("a", 0.52, 0.52), ("b", 1.0, 1.0)])
        self.assertIn("| 2 | 1 | 0.721 | 0.721 | 0.520 |", models.summary([row]))
        self.assertEqual(models.winners([row]).splitlines()[2:], ["| minilm `a` | 50.0 % | 16 | 0.520 | 0.520 |"])

    def test_a_model_without_winners_has_no_slowest(self):
        row = {"model": "m", "target": "t", "sizes": "1x1", "kernels": [{"first": 1.0, "second": 1.0, "changed": False}]}
        self.assertTrue(models.summary([row]).endswith("| 1 | 0 | 1.000 | 1.000 | – |"))


if __name__ == "__main__":
    unittest.main()
