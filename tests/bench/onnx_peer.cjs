// ONNX Runtime on the models of model.hpp: its fused GRU and LSTM ops, one thread. Reads lines `CASE VARIANT REPETITIONS`
// (the variant is always `gru`), answers a JSON list of CPU seconds.
//
// Needs the package onnxruntime-node: npm install --ignore-scripts onnxruntime-node, and NODE_PATH set to the folder
// node_modules that this made. The models are written here, in the format of onnx.proto3.
'use strict';
const ort = require('onnxruntime-node');

const cases = {
    s1: [10, 64, 2, 1, 100], s32: [10, 64, 2, 32, 100], m1: [10, 256, 2, 1, 100], m32: [10, 256, 2, 32, 100],
    l1: [10, 1024, 2, 1, 50], l32: [10, 1024, 2, 32, 50], x1: [10, 64, 2, 1, 10000], h128x3: [10, 128, 3, 1, 100],
    h512: [10, 512, 2, 1, 100], lstm64: [10, 64, 2, 1, 100], lstm256: [10, 256, 2, 1, 100]};

// --- protobuf's wire format: pairs of [field number, value] ---

function varint(value) {
    const bytes = [];
    for (; value > 127; value = Math.floor(value / 128)) bytes.push(value % 128 + 128);
    return Buffer.from([...bytes, value]);
}
function message(fields) {
    return Buffer.concat(fields.flatMap(([number, value]) => {
        if (typeof value === 'number') return [varint(number * 8), varint(value)];
        const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value);
        return [varint(number * 8 + 2), varint(bytes.length), bytes];
    }));
}

// --- onnx.proto3 ---

function tensor(name, dims, values) {
    const type = values instanceof Float32Array ? 1 : 7; // FLOAT, INT64
    return message([...dims.map(dim => [1, dim]), [2, type], [8, name], [9, Buffer.from(values.buffer)]]);
}
function valueInfo(name, dims) {
    const shape = message(dims.map(dim => [1, message([[1, dim]])]));
    return message([[1, name], [2, message([[1, message([[1, 1], [2, shape]])]])]]);
}
function node(op, inputs, outputs, hidden) {
    const fields = [...inputs.map(name => [1, name]), ...outputs.map(name => [2, name]), [4, op]];
    if (hidden) fields.push([5, message([[1, 'hidden_size'], [3, hidden], [20, 2]])]);
    return message(fields);
}

function weights(count, scale) {
    return Float32Array.from({length: count}, (_, i) => scale * Math.sin(i * 0.7));
}

/// Stacked cells over a whole sequence [steps, batch, inputs]; a gate's candidate is reset before its product, as in
/// TensorFlow's GRUCell (linear_before_reset is 0).
function model(name) {
    const [inputs, hidden, layers, batch, steps] = cases[name];
    const [op, gates] = name.startsWith('lstm') ? ['LSTM', 4] : ['GRU', 3];
    const nodes = [], tensors = [tensor('axis', [1], new BigInt64Array([1n]))];
    let from = 'x', width = inputs;
    for (let layer = 0; layer < layers; ++layer) {
        const scale = 1 / Math.sqrt(width + hidden);
        tensors.push(tensor('w' + layer, [1, gates * hidden, width], weights(gates * hidden * width, scale)),
                     tensor('r' + layer, [1, gates * hidden, hidden], weights(gates * hidden * hidden, scale)),
                     tensor('b' + layer, [1, 2 * gates * hidden], weights(2 * gates * hidden, 0.1)));
        nodes.push(node(op, [from, 'w' + layer, 'r' + layer, 'b' + layer], ['all' + layer], hidden),
                   node('Squeeze', ['all' + layer, 'axis'], ['y' + layer]));
        from = 'y' + layer;
        width = hidden;
    }
    const graph = message([...nodes.map(n => [1, n]), [2, name], ...tensors.map(t => [5, t]),
                           [11, valueInfo('x', [steps, batch, inputs])], [12, valueInfo(from, [steps, batch, hidden])]]);
    return message([[1, 8], [8, message([[1, ''], [2, 14]])], [7, graph]]);
}

function feed(name) {
    const [inputs, , , batch, steps] = cases[name];
    const values = Float32Array.from({length: steps * batch * inputs}, (_, i) => Math.sin(0.1 * i));
    return {x: new ort.Tensor('float32', values, [steps, batch, inputs])};
}

async function main() {
    const ready = {};
    for await (const line of require('readline').createInterface({input: process.stdin})) {
        const [name, , repetitions] = line.trim().split(/\s+/);
        if (!ready[name]) {
            const options = {intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential'};
            ready[name] = [await ort.InferenceSession.create(model(name), options), feed(name)];
            await ready[name][0].run(ready[name][1]);
        }
        const seconds = [];
        for (let i = 0; i < Number(repetitions); ++i) {
            const before = process.cpuUsage();
            await ready[name][0].run(ready[name][1]);
            const used = process.cpuUsage(before);
            seconds.push((used.user + used.system) / 1e6);
        }
        console.log(JSON.stringify(seconds));
    }
}

main();
