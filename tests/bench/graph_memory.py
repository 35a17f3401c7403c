#!/usr/bin/env python3
"""How much memory graph files take while they are read, next to the bound: twice the file and 64 MB.

usage: graph_memory.py GRAPH_MEMORY [MEGABYTES] [FILE...]

Makes graphs of MEGABYTES (default 128) of each kind in a temporary folder, and damages some; FILEs are measured too.
Every file is read by a process of its own. Exits with 1 when one is above the bound.
"""
import base64
import pathlib
import struct
import subprocess
import sys
import tempfile

SLACK = 64 << 20


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes([value])


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def integer(number, value):
    return varint(number << 3) + varint(value)


def attr(key, value):
    return field(5, field(1, key.encode()) + field(2, value))


def constant(name, dims, values):
    """A Const of floats; `values` is the field of TensorProto that holds them."""
    shape = b"".join(field(2, integer(1, dim)) for dim in dims)
    tensor = integer(1, 1) + field(2, shape) + values
    return field(1, field(1, name.encode()) + field(2, b"Const") + attr("dtype", integer(6, 1)) +
                 attr("value", field(8, tensor)))


def small_node(i):
    """A node as training graphs have them: a name of several scopes, inputs, and some attributes."""
    scope = f"rnn/while/multi_rnn_cell/cell_0/basic_lstm_cell/gate_{i}"
    return field(1, field(1, scope.encode()) + field(2, b"Add") + field(3, b"rnn/while/multi_rnn_cell/cell_0/x") +
                 field(3, f"{scope}/y".encode()) + attr("T", integer(6, 1)))


def graphs(size):
    """(name, content) of every kind; `size` in bytes."""
    floats = size // 4
    content = struct.pack("<f", 0.1) * floats
    one = constant("weights", [floats], field(4, content))
    yield "one constant", one
    each = 1 << 18
    yield "constants of 1 MB", b"".join(constant(f"w{i}", [each], field(4, content[:4 * each]))
                                        for i in range(floats // each))
    yield "one constant, float_val", constant("weights", [floats], field(5, content))
    nodes = b"".join(small_node(i) for i in range(size // len(small_node(10000))))
    yield "small nodes", nodes
    few = b"".join(small_node(i) for i in range(100000))
    yield "100000 small nodes", few
    fill = field(5, struct.pack("<f", 0.1))
    yield "a value repeated to 256 MB", constant("ones", [1 << 26], fill)
    yield "40 times a value repeated to 64 MB", b"".join(constant(f"ones{i}", [1 << 24], fill) for i in range(40))
    yield "20000 times a value repeated to 64 KB", b"".join(constant(f"ones{i}", [1 << 14], fill)
                                                            for i in range(20000))
    yield "damaged: cut in half", one[:len(one) // 2]
    yield "damaged: a constant of 2 GB", constant("weights", [1 << 29], field(4, content))
    yield "damaged: a length of 2 GB", field(1, b"x")[:1] + varint((1 << 31) - 1) + one[8:]
    damaged = bytearray(few)
    for i in range(500, len(damaged), 1000):
        damaged[i] ^= 0x80
    yield "damaged: a bit in every 1000 bytes", bytes(damaged)
    escaped = "".join(f"\\{byte:03o}" for byte in struct.pack("<f", 0.1)) * (floats // 4)
    yield "text: one constant", ('node { name: "w" op: "Const" attr { key: "dtype" value { type: DT_FLOAT } } '
                                 'attr { key: "value" value { tensor { dtype: DT_FLOAT tensor_shape { dim { size: %d } } '
                                 'tensor_content: "%s" } } } }' % (floats // 4, escaped)).encode()
    text_node = ('node {\n  name: "rnn/while/multi_rnn_cell/cell_0/basic_lstm_cell/gate_%d"\n  op: "Add"\n'
                 '  input: "rnn/while/x"\n  input: "rnn/while/y"\n  attr {\n    key: "T"\n    value {\n'
                 '      type: DT_FLOAT\n    }\n  }\n}\n')
    yield "text: small nodes of 16 MB", "".join(text_node % i for i in range((16 << 20) // len(text_node))).encode()
    encoded = base64.b64encode(content[:size // 4]).decode()
    yield "JSON: one constant", ('{"node":[{"name":"w","op":"Const","attr":{"dtype":{"type":"DT_FLOAT"},"value":{"tensor":'
                                 '{"dtype":"DT_FLOAT","tensorShape":{"dim":[{"size":"%d"}]},"tensorContent":"%s"}}}}]}'
                                 % (size // 16, encoded)).encode()


def measure(binary, path):
    out = subprocess.run([binary, path], capture_output=True, text=True, check=True).stdout
    return (int(word) for word in out.split())


def main():
    if len(sys.argv) < 2 or not pathlib.Path(sys.argv[1]).is_file():
        sys.exit(__doc__.strip() if len(sys.argv) < 2 else f"{sys.argv[1]} is missing: build the target graph_memory")
    binary, megabytes = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 128
    too_much = 0
    print(f"{'graph':40} {'file':>8} {'growth':>8} {'bound':>8} {'nodes':>9}")

    def show(name, path):
        nonlocal too_much
        size, growth, nodes = measure(binary, path)
        bound = 2 * size + SLACK
        too_much += growth > bound
        print(f"{name:40} {size >> 20:6}MB {growth >> 20:6}MB {bound >> 20:6}MB "
              f"{nodes if nodes >= 0 else 'refused':>9}{'  too much' if growth > bound else ''}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder, "graph.pb")
        for name, content in graphs(megabytes << 20):
            path.write_bytes(content)
            show(name, path)
    for file in sys.argv[3:]:
        show("/".join(pathlib.Path(file).parts[-2:]), pathlib.Path(file))
    sys.exit(1 if too_much else 0)


if __name__ == "__main__":
    main()
