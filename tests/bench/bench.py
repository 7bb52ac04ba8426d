#!/usr/bin/env python3
"""Holds what the program costs against what reading the same headers must cost at least.

    bench.py PROGRAM TOOLS INPUTS [--turns N] [--json FILE] [--counts FILE --compiler NAME] [--update]

TOOLS is the folder of `floor` and `measure`, INPUTS that of inputs.py. All runs of a row take turns within one
session, with the page cache warm; medians are compared. Times of another session, or another machine, say nothing
beside these. Exit status 0 unless something could not be run: a target that is missed is told, and is no failure."""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

MB = 1 << 20
LABELS = {"a": "GGUF, 1,100 tensors, a large vocabulary", "b": "safetensors, 91,991 tensors",
          "c": "the same in 163 shards, index checked", "d": "Llama-2-7B, safetensors", "d'": "Llama-2-7B, GGUF",
          "e": "safetensors, 500,000 tensors"}
COUNT_SLACK = 1.10
EVICTED_SLACK = 1.10


def arguments():
    p = argparse.ArgumentParser()
    for name in ("program", "tools", "inputs"):
        p.add_argument(name, type=pathlib.Path)
    p.add_argument("--turns", type=int, default=20)
    p.add_argument("--json", type=pathlib.Path)
    p.add_argument("--counts", type=pathlib.Path)
    p.add_argument("--compiler", default="cc")
    p.add_argument("--update", action="store_true")
    return p.parse_args()


class Bench:
    def __init__(self, o):
        self.o = o
        self.program = str(o.program.resolve())
        self.rows = []
        self.notes = []
        self.values = []

    def input(self, name):
        return str(self.o.inputs / name)

    def measure(self, turns, *commands):
        """For each command: wall seconds, processor seconds, peak bytes."""
        words = [str(self.o.tools / "measure"), str(turns)]
        for i, command in enumerate(commands):
            words += (["::"] if i > 0 else []) + [str(word) for word in command]
        out = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True).stdout
        results = []
        for line, command in zip(out.splitlines(), commands):
            wall, busy, kib, status = line.split()
            if int(status) not in (0, 1):
                sys.exit(f"bench: status {status} of {' '.join(map(str, command))}")
            results.append((float(wall) / 1e6, float(busy) / 1e6, int(kib) * 1024))
        return results

    def floor(self, what, name):
        return [str(self.o.tools / "floor"), what, self.input(name)]

    def inspect(self, name):
        return [self.program, "--json", self.input(name)]

    def row(self, key, floor_name, floor, own, most, most_bytes):
        ratio = own[0] / floor[0]
        self.rows.append({"input": key, "what": LABELS[key], "floor": floor_name, "floor_seconds": floor[0],
                          "seconds": own[0], "ratio": ratio, "most_ratio": most, "peak_bytes": own[2],
                          "most_bytes": most_bytes, "met": ratio <= most and own[2] <= most_bytes})

    def single(self):
        n = self.o.turns
        walk, a = self.measure(n, self.floor("walk", "a.gguf"), self.inspect("a.gguf"))
        self.row("a", "the walk", walk, a, 1.6, walk[2] + 6 * MB)
        quotes, b = self.measure(n, self.floor("quotes", "b.safetensors"), self.inspect("b.safetensors"))
        self.row("b", "memchr", quotes, b, 2.2, 28 * MB)
        touch, c = self.measure(n, self.floor("touch", "c"), self.inspect("c"))
        self.row("c", "touching", touch, c, 4.0, 40 * MB)
        true, d, gguf = self.measure(n, ["/bin/true"], self.inspect("d/model.safetensors"), self.inspect("d/model.gguf"))
        self.row("d", "/bin/true", true, d, 2.5, 6 * MB)
        self.row("d'", "/bin/true", true, gguf, 2.5, 6 * MB)
        b, e = self.measure(max(3, n // 2), self.inspect("b.safetensors"), self.inspect("e.safetensors"))
        self.row("e", "(b)", b, e, 6.0, 130 * MB)
        dom, own = self.measure(3, self.floor("dom", "b.safetensors"), self.inspect("b.safetensors"))
        self.notes.append(f"(b) as a tree by cJSON, and nothing else: {dom[0] / own[0]:.1f} times as long, "
                          f"{dom[2] / MB:.0f} MB")

    def tree(self):
        """Checkpoints a second, of two trees."""
        scan = lambda name: [self.program, "scan", self.input(name)]
        small, large = self.measure(5, scan("f"), scan("f10"))
        speed, again = 1000 / small[0], 10000 / large[0]
        met = min(speed, again) >= 1500 and max(small[2], large[2]) <= 40 * MB and again >= 0.9 * speed
        self.notes.append(f"(f) scan: {speed:,.0f} checkpoints a second of 1,000, {again:,.0f} of 10,000 (target 1,500 of both); "
                          f"peak {small[2] / MB:.1f} MB and {large[2] / MB:.1f} MB (target 40): {'ok' if met else 'MISSED'}")
        self.scan = {"per_second_1000": speed, "per_second_10000": again, "peak_bytes_1000": small[2],
                     "peak_bytes_10000": large[2], "met": met}

    def statistics(self):
        """Moments of BF16 against reading the same bytes."""
        for threads in sorted({1, os.cpu_count()}):
            run = subprocess.run([str(self.o.tools / "statistics"), str(threads)], check=True, stdout=subprocess.PIPE)
            read, summed = map(float, run.stdout.split()[1:3])
            met = summed >= 0.6 * read
            self.values.append({"threads": threads, "read_per_second": read, "summed_per_second": summed,
                                "ratio": summed / read, "met": met})
            self.notes.append(f"moments of BF16, {threads} thread{'s' if threads > 1 else ''}: {summed / 1e9:.1f} GB/s, "
                              f"{summed / read:.2f} of what is read (target 0.60): {'ok' if met else 'MISSED'}")

    def resident(self):
        """Pages of a file that is there in whole, and in memory not at all, after it was inspected."""
        for name, header in (("dense.safetensors", self.safetensors_header), ("dense.gguf", self.gguf_header)):
            path = self.input(name)
            fd = os.open(path, os.O_RDONLY)
            os.fsync(fd)
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(fd)
            count = lambda: int(subprocess.run(self.floor("resident", name), check=True, stdout=subprocess.PIPE).stdout)
            before = count()
            subprocess.run(self.inspect(name), check=True, stdout=subprocess.DEVNULL)
            after, pages = count(), -(-header(path) // 4096)
            if before > 0:
                self.notes.append(f"{name}: {before} pages would not leave memory, so nothing is proved")
                continue
            verdict = "ok" if after <= pages * EVICTED_SLACK else "MISSED"
            self.notes.append(f"{name}, {os.path.getsize(path) // MB} MB that were not in memory: {after} pages were read, "
                              f"the header has {pages} (target +10%): {verdict}")

    @staticmethod
    def safetensors_header(path):
        with open(path, "rb") as f:
            return 8 + int.from_bytes(f.read(8), "little")

    def gguf_header(self, path):
        out = subprocess.run([str(self.o.tools / "floor"), "walk", path], check=True, stdout=subprocess.PIPE).stdout
        return int(out)

    def instructions(self):
        if self.o.counts is None or shutil.which("valgrind") is None:
            self.notes.append("no valgrind: instructions were not counted")
            return
        known = json.loads(self.o.counts.read_text()) if self.o.counts.exists() else {}
        own = known.setdefault(self.o.compiler, {})
        for key, name in (("a", "a.header"), ("b", "b.header"), ("d", "d/model.safetensors")):
            n = self.count(name)
            before = own.get(key)
            if before is None or self.o.update:
                own[key] = n
            told = f", {n / before - 1:+.1%} beside the {before:,} on record" if before else ", none on record"
            warning = " WARNING: more than 10% above" if before and n > before * COUNT_SLACK else ""
            self.notes.append(f"instructions of ({key}): {n:,}{told}{warning}")
        if self.o.update:
            self.o.counts.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")

    def count(self, name):
        """Of a copy without debugging information, which not every valgrind reads as every compiler writes it."""
        with tempfile.TemporaryDirectory() as folder:
            copy = f"{folder}/archinspect"
            subprocess.run(["strip", "-o", copy, self.program], check=True)
            words = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", copy, "--json",
                     "--no-sandbox", self.input(name)]
            text = subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True).stderr
        return int(re.search(r"refs:\s+([\d,]+)", text).group(1).replace(",", ""))

    def table(self):
        head = ("", "input", "against", "floor", "own", "ratio", "target", "peak", "target", "")
        rows = [head] + [(r["input"], r["what"], r["floor"], f"{r['floor_seconds'] * 1e3:.1f} ms",
                          f"{r['seconds'] * 1e3:.1f} ms", f"{r['ratio']:.2f}", f"{r['most_ratio']:.1f}",
                          f"{r['peak_bytes'] / MB:.1f} MB", f"{r['most_bytes'] / MB:.1f} MB",
                          "ok" if r["met"] else "MISSED") for r in self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(head))]
        for row in rows:
            cells = [c.ljust(w) if i in (0, 1, 2, 9) else c.rjust(w) for i, (c, w) in enumerate(zip(row, widths))]
            print("  ".join(cells).rstrip())
        for note in self.notes:
            print(note)


def main():
    o = arguments()
    b = Bench(o)
    b.single()
    b.tree()
    b.resident()
    b.statistics()
    b.instructions()
    b.table()
    if o.json:
        o.json.write_text(json.dumps({"turns": o.turns, "compiler": o.compiler, "rows": b.rows, "scan": b.scan, "values": b.values,
                                      "notes": b.notes}, indent=2) + "\n")
        print(f"the same as JSON: {o.json}")


if __name__ == "__main__":
    main()
