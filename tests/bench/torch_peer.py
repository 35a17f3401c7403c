#!/usr/bin/env python3
"""PyTorch on the models of engine_bench.cpp. Reads lines `CASE VARIANT REPETITIONS`, answers a JSON list of CPU seconds.

Variants: `gru` (nn.GRU, fused), `cells` (a loop of nn.GRUCell), `record` (the same ops as TensorFlow's GRUCell, every
result kept by a TorchDispatchMode), `train` (a loop of GRUCells with autograd: forward, backward).
"""
import json
import sys
import time

import torch
from torch.utils._python_dispatch import TorchDispatchMode

torch.set_num_threads(1)
CASES = {"s1": (10, 64, 2, 1, 100), "s32": (10, 64, 2, 32, 100), "m1": (10, 256, 2, 1, 100), "m32": (10, 256, 2, 32, 100),
         "l1": (10, 1024, 2, 1, 50), "l32": (10, 1024, 2, 32, 50), "x1": (10, 64, 2, 1, 10000),
         "h128x3": (10, 128, 3, 1, 100), "h512": (10, 512, 2, 1, 100), "lstm64": (10, 64, 2, 1, 100),
         "lstm256": (10, 256, 2, 1, 100)}


class Recorder(TorchDispatchMode):
    def __init__(self):
        super().__init__()
        self.kept = []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        self.kept.append((function, args, result.clone() if isinstance(result, torch.Tensor) else result))
        return result


def tensorflow_gru(x, layers, hidden):
    """tf.nn.rnn_cell.GRUCell, op by op: reset before the candidate's product."""
    states = [torch.zeros(x.shape[1], hidden) for _ in layers]
    outputs = []
    for step in x:
        for i, (gates, gates_bias, candidate, candidate_bias) in enumerate(layers):
            value = torch.sigmoid(torch.cat([step, states[i]], 1) @ gates + gates_bias)
            r, u = torch.split(value, hidden, 1)
            c = torch.tanh(torch.cat([step, r * states[i]], 1) @ candidate + candidate_bias)
            states[i] = step = u * states[i] + (1 - u) * c
        outputs.append(step)
    return outputs


def work(case, variant):
    inputs, hidden, layers, batch, steps = CASES[case]
    x = torch.sin(torch.arange(steps * batch * inputs) * 0.1).reshape(steps, batch, inputs)
    sizes = [inputs] + [hidden] * (layers - 1)
    if variant == "gru":
        model = (torch.nn.LSTM if case.startswith("lstm") else torch.nn.GRU)(inputs, hidden, layers)
        return lambda: model(x)
    if variant == "record":
        weights = [(torch.randn(n + hidden, 2 * hidden) * 0.1, torch.ones(2 * hidden),
                    torch.randn(n + hidden, hidden) * 0.1, torch.zeros(hidden)) for n in sizes]

        def record():
            with Recorder():
                tensorflow_gru(x, weights, hidden)
        return record
    cells = [torch.nn.GRUCell(n, hidden) for n in sizes]

    def loop():
        states = [torch.zeros(batch, hidden) for _ in cells]
        total = 0
        for step in x:
            for i, cell in enumerate(cells):
                states[i] = step = cell(step, states[i])
            if variant == "train":
                total = total + step.square().sum()
        return total
    if variant == "cells":
        return loop

    def train():
        for cell in cells:
            cell.zero_grad()
        loop().backward()
    return train


def main():
    ready = {}
    for line in sys.stdin:
        case, variant, repetitions = line.split()
        if (case, variant) not in ready:
            ready[case, variant] = work(case, variant)
            with torch.set_grad_enabled(variant == "train"):
                ready[case, variant]()
        seconds = []
        with torch.set_grad_enabled(variant == "train"):
            for _ in range(int(repetitions)):
                begin = time.process_time()
                ready[case, variant]()
                seconds.append(time.process_time() - begin)
        print(json.dumps(seconds), flush=True)


if __name__ == "__main__":
    main()
