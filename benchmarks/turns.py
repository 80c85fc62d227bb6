"""What comparisons share: engines in processes of their own that take turns, and what the machine can do."""

import json
import os
import subprocess
import sys

# After a turn, engines let their threads spin for a while: the next one waits for longer than that.
SETTLE_SECONDS = 0.1


class Process:
    """An engine in another process, since the idle threads of one would slow the next down. It says when it is ready, then
    answers each line with a line of JSON."""

    def __init__(self, name, command, environment=None):
        self.name = name
        self.process = subprocess.Popen([sys.executable, *command], env=dict(os.environ, **(environment or {})),
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8")
        self.answer()  # One engine after the other: loading is work too.

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} ended:\n{self.process.communicate()[1]}")
        return line

    def ask(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.answer())

    def end(self):
        self.process.communicate()


def machine(program, threads):
    """What tenon-machine-peak finds."""
    return json.loads(subprocess.run([program, str(threads)], check=True, capture_output=True, encoding="utf-8").stdout)


def best(before, after):
    """Of two measurements of the machine on all threads; prints them."""
    which = "all" if "all" in before else "one"
    limits = {key: max(before[which][key], after[which][key]) for key in ("gflops", "read_gbs", "read_huge_pages_gbs")}
    processor = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "unknown")
    print(f"{processor}, {before['threads']} threads, AVX-512 {'yes' if before['avx512'] else 'no'}; read bandwidth "
          f"{limits['read_gbs']:.1f} GB/s, with huge pages {limits['read_huge_pages_gbs']:.1f}; "
          f"peak before {before[which]['gflops']:.0f}, after {after[which]['gflops']:.0f} GFLOP/s")
    return limits
