#!/usr/bin/env python3
"""Executing recurrent models: rnnscope next to PyTorch in the same run, one thread, CPU time.

usage: engine_bench.py BENCH_ENGINE [CASE...]

Rounds of all variants in turn, medians, ratios. `record` keeps every result of every op. Without PyTorch
(python3-torch) rnnscope's own ratios are printed.
"""
import json
import pathlib
import statistics
import subprocess
import sys

ROUNDS = 5
MODES = ["visits", "rounds", "lean", "record"]
PEERS = ["gru", "cells", "record"]
ALL = ["s1", "s32", "m1", "m32", "l1", "l32", "x1", "h128x3", "h512", "lstm64", "lstm256"]


class Torch:
    def __init__(self):
        here = pathlib.Path(__file__).parent
        self.process = subprocess.Popen(["/usr/bin/python3", str(here / "torch_peer.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)

    def seconds(self, case, variant, repetitions):
        try:
            self.process.stdin.write(f"{case} {variant} {repetitions}\n")
            self.process.stdin.flush()
            return statistics.median(json.loads(self.process.stdout.readline()))
        except (BrokenPipeError, json.JSONDecodeError):
            return None


def ours(binary, case):
    out = subprocess.run([binary, f"--benchmark_filter=^{case}/", "--benchmark_format=json", "--benchmark_min_time=0.05"],
                         capture_output=True, text=True, check=True).stdout
    return {b["name"].split("/")[1]: b["cpu_time"] / 1e6 for b in json.loads(out)["benchmarks"]}


def main():
    binary, cases = sys.argv[1], sys.argv[2:] or ALL
    torch = Torch()
    print(f"{'case':8}" + "".join(f"{'our ' + m:>12}" for m in MODES) + "".join(f"{'torch ' + p:>13}" for p in PEERS)
          + f"{'rec/rounds':>12}{'lean/rounds':>12}{'rec/gru':>9}{'rec/rec':>9}")
    for case in cases:
        own, peers = [], []
        for _ in range(ROUNDS):
            own.append(ours(binary, case))
            few = 1 if case in ("x1", "l1", "l32") else 5
            lstm = case.startswith("lstm")
            peers.append({p: None if lstm and p != "gru" or case == "x1" and p == "record" and len(peers) > 0
                          else torch.seconds(case, p, few) for p in PEERS})
        mine = {m: statistics.median(r[m] for r in own) for m in MODES if m in own[0]}
        theirs = {p: statistics.median(v) if (v := [r[p] for r in peers if r[p] is not None]) else None for p in PEERS}

        def ratio(a, b):
            return f"{a / b:9.3f}" if a and b else f"{'-':>9}"
        ms = [f"{mine[m] * 1e3:10.3f}ms" if m in mine else f"{'-':>12}" for m in MODES]
        ms += [f"{theirs[p] * 1e3:11.2f}ms" if theirs[p] else f"{'-':>13}" for p in PEERS]
        print(f"{case:8}" + "".join(ms) + f"{ratio(mine['record'], mine['rounds']):>12}"
              f"{ratio(mine.get('lean'), mine['rounds']):>12}{ratio(mine['record'], theirs['gru'])}"
              f"{ratio(mine['record'], theirs['record'])}", flush=True)


if __name__ == "__main__":
    main()
