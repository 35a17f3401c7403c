#!/usr/bin/env python3
"""Executing recurrent models: rnnscope next to PyTorch and ONNX Runtime in the same run, one thread, CPU time.

usage: engine_bench.py BENCH_ENGINE [CASE...]

Rounds of all variants in turn, medians, ratios. `record` keeps every result of every op, `straight` are the same
kernels called one after the other without a graph, `train` is forward and backward, in PyTorch a loop of GRUCells with
autograd. PyTorch is Debian's python3-torch; ONNX Runtime the npm package
onnxruntime-node, found through NODE_PATH (onnx_peer.cjs). Without them their columns stay empty.
"""
import json
import pathlib
import statistics
import subprocess
import sys

ROUNDS = 5
MODES = ["visits", "rounds", "lean", "record", "train", "straight"]
PEERS = [("torch", "gru"), ("torch", "cells"), ("torch", "record"), ("torch", "train"), ("onnx", "gru")]
RATIOS = [("rec/rounds", "record", "rounds"), ("lean/rounds", "lean", "rounds"), ("rounds/str.", "rounds", "straight"),
          ("rec/gru", "record", "torch gru"), ("rec/rec", "record", "torch record"), ("rec/onnx", "record", "onnx gru"),
          ("train/train", "train", "torch train")]
ALL = ["s1", "s32", "m1", "m32", "l1", "l32", "x1", "h128x3", "h512", "lstm64", "lstm256"]
HERE = pathlib.Path(__file__).parent


class Peer:
    """A program that reads lines `CASE VARIANT REPETITIONS` and answers lists of seconds."""

    def __init__(self, *command):
        try:
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=subprocess.DEVNULL, text=True)
        except OSError:
            self.process = None

    def seconds(self, case, variant, repetitions):
        try:
            self.process.stdin.write(f"{case} {variant} {repetitions}\n")
            self.process.stdin.flush()
            return statistics.median(json.loads(self.process.stdout.readline()))
        except (AttributeError, BrokenPipeError, json.JSONDecodeError):
            return None


def ours(binary, case):
    out = subprocess.run([binary, f"--benchmark_filter=^{case}/", "--benchmark_format=json", "--benchmark_min_time=0.1"],
                         capture_output=True, text=True, check=True).stdout
    return {b["name"].split("/")[1]: b["cpu_time"] / 1e6 for b in json.loads(out)["benchmarks"]}


def repetitions(case, variant, round_number):
    """None: not in this round. A recording of x1 takes a minute, and only GRUs are there op by op."""
    if case.startswith("lstm") and variant != "gru" or case == "x1" and variant == "record" and round_number > 0:
        return None
    return 1 if case in ("x1", "l1", "l32") else 5


def measure(binary, peers, case):
    rounds = []
    for number in range(ROUNDS):
        seconds = ours(binary, case)
        for peer, variant in PEERS:
            if (count := repetitions(case, variant, number)) is not None:
                seconds[f"{peer} {variant}"] = peers[peer].seconds(case, variant, count)
        rounds.append(seconds)
    names = {name for seconds in rounds for name in seconds}
    found = {name: [r[name] for r in rounds if r.get(name) is not None] for name in names}
    return {name: statistics.median(values) for name, values in found.items() if values}


def main():
    binary, cases = sys.argv[1], sys.argv[2:] or ALL
    peers = {"torch": Peer("/usr/bin/python3", str(HERE / "torch_peer.py")),
             "onnx": Peer("node", str(HERE / "onnx_peer.cjs"))}
    columns = MODES + [f"{peer} {variant}" for peer, variant in PEERS]
    print("ms      " + "".join(f"{name:>13}" for name in columns) + "".join(f"{name:>12}" for name, _, _ in RATIOS))
    for case in cases:
        times = measure(binary, peers, case)
        line = [f"{times[name] * 1e3:13.3f}" if name in times else f"{'-':>13}" for name in columns]
        line += [f"{times[a] / times[b]:12.3f}" if a in times and b in times else f"{'-':>12}" for _, a, b in RATIOS]
        print(f"{case:8}" + "".join(line), flush=True)


if __name__ == "__main__":
    main()
