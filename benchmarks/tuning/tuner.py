"""tenon tune as a program that says what it finds."""

import json
import pathlib
import shutil
import subprocess
import tempfile


class Tuner:
    """For one library; `options` are those of tenon tune that all of its runs have."""

    def __init__(self, program, library, options, threads=None):
        self.command = [program, "tune", str(library), "--json", *options, *(["--threads", str(threads)] if threads else [])]

    def run(self, database, candidates, budget, seed=1):
        """What it says of each kernel, and of the whole."""
        done = subprocess.run([*self.command, "--db", str(database), "--candidates", str(candidates), "--budget", budget, "--seed",
                               str(seed)], check=True, stdout=subprocess.PIPE, encoding="utf-8")
        *kernels, whole = (json.loads(line) for line in done.stdout.splitlines())
        return kernels, whole

    def again(self, database, budget):
        """The times of winners as parts of their defaults', measured anew, by kernel; the database stays as it is."""
        with tempfile.TemporaryDirectory() as folder:
            copy = pathlib.Path(folder) / "again.db"
            shutil.copyfile(database, copy)
            return {kernel["kernel"]: kernel["ratio"] for kernel in self.run(copy, 0, budget)[0]}
