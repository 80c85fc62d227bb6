"""What comparisons share: engines in processes of their own that take turns, what the machine can do, and what is made of the
times: medians of each round, ratios of engines within rounds, and how far they spread."""

import argparse
import json
import os
import statistics
import subprocess
import sys

# After a turn, engines let their threads spin for a while: the next one waits for longer than that.
SETTLE_SECONDS = 0.1


class Process:
    """An engine in another process, since the idle threads of one would slow the next down. It says when it is ready, then
    answers each line with a line of JSON."""

    def __init__(self, name, command, environment=None, program=sys.executable):
        self.name = name
        self.process = subprocess.Popen([program, *command], env=dict(os.environ, **(environment or {})),
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


class Limits:
    """What the machine can do at most: the better of what tenon-machine-peak finds before and after everything else."""

    LEVELS = ("registers", "first_cache", "second_cache")

    def __init__(self, before, after):
        self.threads = before["threads"]
        self.gflops = {level: max(widths[level] for found in (before, after) for widths in self.arithmetic(found))
                       for level in self.LEVELS}
        self.read_gbs = {level: max(before["read_gbs"][level], after["read_gbs"][level]) for level in before["read_gbs"]}
        self.registers_then = [max(widths["registers"] for widths in self.arithmetic(found)) for found in (before, after)]

    @staticmethod
    def measure(program, threads):
        return json.loads(subprocess.run([program, str(threads)], check=True, capture_output=True, encoding="utf-8").stdout)

    @staticmethod
    def arithmetic(found):
        """Of each width of vectors."""
        return [found[width] for width in ("avx2", "avx512") if width in found]

    def bandwidth(self):
        return max(self.read_gbs["memory"], self.read_gbs["memory_huge_pages"])

    def compute_shares(self, operations, ms):
        """Of each kind of arithmetic."""
        return {level: operations / (1e6 * ms) / self.gflops[level] for level in self.LEVELS}

    def read_share(self, count, ms):
        return count / (1e6 * ms) / self.bandwidth()

    def shares(self, kind, work, ms):
        """Of a task whose `work` is of the kind "flops" or "bytes", or not counted (None)."""
        if kind is None:
            return {}
        return self.compute_shares(work, ms) if kind == "flops" else {"bandwidth": self.read_share(work, ms)}

    def describe(self):
        gflops, read = self.gflops, self.read_gbs
        return (f"{processor()}, {self.threads} threads. GFLOP/s: {gflops['registers']:.0f} in registers "
                f"({' and '.join(f'{value:.0f}' for value in self.registers_then)} before and after), {gflops['first_cache']:.0f} "
                f"and {gflops['second_cache']:.0f} of a tile fed from the first and second cache.\n"
                f"GB/s read: {read['first_cache']:.0f}, {read['second_cache']:.0f}, {read['last_cache']:.1f} from the caches, "
                f"{read['memory']:.1f} from memory, {read['memory_huge_pages']:.1f} with huge pages")

    def json(self):
        return {"processor": processor(), "threads": self.threads, "gflops": self.gflops, "read_gbs": self.read_gbs}


def processor():
    with open("/proc/cpuinfo") as lines:
        return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def some_of(known):
    """Reads a list of names with commas."""
    def read(text):
        for name in text.split(","):
            if name not in known:
                raise argparse.ArgumentTypeError(f"expected some of {','.join(known)}, found '{name}'")
        return text.split(",")
    return read


def round_median(calls):
    """The median call of a round, in ms; of the fastest way where an engine has several, each with calls of its own."""
    ways = calls if isinstance(calls[0], list) else [calls]
    return min(statistics.median(times) for times in ways)


def quietest(rounds):
    """The median call of the quietest round: what else runs on the machine only ever makes a round slower."""
    return min(round_median(calls) for calls in rounds)


def spread(values):
    """The median, and the quartiles around it."""
    low, median, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else values * 3
    return {"low": low, "median": median, "high": high}


def ratios(own, peer):
    """How much faster `own` is than `peer`: of each round, in which they ran one after the other."""
    return [round_median(theirs) / round_median(ours) for ours, theirs in zip(own, peer, strict=True)]


def is_own(name):
    return name.startswith("tenon")


def row(task, rounds, kind, work, limits, **more):
    """What is known of a task: `rounds` has the calls of each round of each engine."""
    ms = {name: quietest(calls) for name, calls in rounds.items()}
    compared = {name: {peer: spread(ratios(calls, rounds[peer])) for peer in rounds if not is_own(peer)}
                for name, calls in rounds.items() if is_own(name)}
    return {"task": task, "kind": kind, "work": work, "ms": ms, "ratios": compared, "calls_ms": rounds,
            "shares": {name: limits.shares(kind, work, value) for name, value in ms.items()}, **more}


def best_peer(row, own="tenon"):
    """The peer that comes closest, or is ahead, with its spread; None without one."""
    peers = row["ratios"].get(own, {})
    name = min(peers, key=lambda peer: peers[peer]["median"], default=None)
    return name and (name, peers[name])


def share_text(shares):
    """'63/71/74 %' of registers and fed tiles, '88 %' of the bandwidth, nothing where no work is counted."""
    return "/".join(f"{100 * share:.0f}" for share in shares.values()) + " %" if shares else ""


def ratio_text(row, own="tenon"):
    found = best_peer(row, own)
    return "{median:.2f} ({low:.2f} to {high:.2f})".format(**found[1]) if found else ""


def table(title, rows, engines, cell):
    """Prints rows that `row` has made; `cell` says what stands for a time of a row. Shares are of registers and of tiles fed from
    the first and second cache, or of the bandwidth."""
    owns = [name for name in engines if is_own(name)]
    print(f"\n{title}; median of ratios to the best peer (quartiles)")
    print(f"{'':>34}" + "".join(f"{name:>22}" for name in engines) + "".join(f"{name + ' / best':>22}" for name in owns))
    for entry in rows:
        cells = "".join(f"{cell(entry, entry['ms'][name]):>10} {share_text(entry['shares'][name]):>11}" if name in entry["ms"] else
                        f"{'':>22}" for name in engines)
        print(f"{entry['task']:>34}" + cells + "".join(f"{ratio_text(entry, own):>22}" for own in owns))


def write(path, part, before, after, limits, rows):
    """What `benchmarks/run all` puts together."""
    with open(path, "w") as file:
        json.dump({"part": part, "before": before, "after": after, "limits": limits.json(), "rows": rows}, file, indent=1)
        file.write("\n")
