#!/usr/bin/env python3
"""Checks real graphs from the command line: reads found before anything is initialized, none once it is restored.

usage: real_graphs.py RNNSCOPE SHARED

For every model: `check FILE --fetch OUTPUT` names exactly the variables that OUTPUT needs (found here by walking the
graph's JSON backwards), and with --restore (or --init all, where no checkpoint is) none. Without SHARED there is nothing
to check: says so and exits 77 (skipped).
"""
import json
import pathlib
import subprocess
import sys

MODELS = [  # file, output, checkpoint
    ("gru-process-model/GRU.ckpt.meta", "Sigmoid", "GRU.ckpt"),
    ("char-rnn-lstm-unrolled/model-85340.meta", "evaluation/softmax/Softmax", "model-85340"),
    ("seq2seq-letters-lstm/best_model.ckpt.meta", "predictions", "best_model.ckpt"),
    ("sentiment-lstm-training-run/model.ckpt-10006.meta", "Softmax", "model.ckpt-10006"),
    ("sentiment-lstm-training-run/graph.pbtxt", "Softmax", "model.ckpt-0"),
    ("handson-basicrnn/my_time_series_model.meta", "dense/BiasAdd", "my_time_series_model"),
    ("g2p-gru-attention/model_epoch_14_gs_27956.meta", "ArgMax", None),
    ("mcfa-train-pbtxt-2301/MCFA.pb", "Softmax_2", None),
    ("notebook-static-rnn/d9bef07_cell23_42n.pbtxt", "rnn/basic_rnn_cell/Tanh_1", None),
    ("notebook-static-rnn/6496cc6_cell19_36n.pbtxt", "RNN/BasicRNNCell_1/Tanh", None),
]
VARIABLES = ("Variable", "VariableV2", "VarHandleOp")
SKIPPED = 77


def call(binary, *args):
    return subprocess.run([binary, *map(str, args)], capture_output=True, text=True, timeout=300, check=False)


def needed_variables(nodes, output):
    """Variables that a run of `output` reads: all above it, except where an op only writes (Assign's reference)."""
    by_name = {node["name"]: node for node in nodes}
    waiting, seen, found = [output], set(), set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        node = by_name[name]
        if node["op"] in VARIABLES:
            found.add(name)
        writes = node["op"] in ("Assign", "AssignVariableOp")
        for i, text in enumerate(node.get("input", [])):
            if not (writes and i == 0):
                waiting.append(text.lstrip("^").split(":")[0])
    return found


def check(binary, folder, model):
    name, output, checkpoint = model
    file = folder / name
    nodes = json.loads(call(binary, "graph", file, "--format", "json").stdout)["node"]
    before = json.loads(call(binary, "check", file, "--fetch", output, "--json").stdout)
    reads = [read["variable"] for read in before["uninitialized_reads"]]
    expected = needed_variables(nodes, output)
    problems = []
    if set(reads) != expected:
        problems.append(f"reads {sorted(set(reads) - expected)} too many, {sorted(expected - set(reads))} too few")
    ready = ("--restore", file.parent / checkpoint) if checkpoint else ("--init", "all")
    after = call(binary, "check", file, "--fetch", output, *ready, "--json")
    left = json.loads(after.stdout)["uninitialized_reads"]
    if left:
        problems.append(f"with {ready[0]} there are still {len(left)} reads")
    print(f"{name}: {len(nodes)} nodes, {len(reads)} reads before, {len(left)} with {ready[0]}"
          + "".join(f"\n  FAILED: {p}" for p in problems))
    return not problems


def main():
    binary, folder = sys.argv[1], pathlib.Path(sys.argv[2]) / "data" / "tf1"
    if not folder.is_dir():
        print(f"skipped: the real models are not at {folder}")
        return SKIPPED
    return 0 if all([check(binary, folder, model) for model in MODELS]) else 1


if __name__ == "__main__":
    sys.exit(main())
