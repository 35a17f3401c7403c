#!/usr/bin/env python3
"""Loading real graphs: rnnscope's time next to Python's protobuf parsing of the same file, in the same run.

usage: import_bench.py BENCH_IMPORT FILE...

CPU time, medians of interleaved repetitions. "read" is what Python does (bytes to messages), except that rnnscope also
decodes constants and attributes; "ready" is all of `rnnscope FILE` up to the first step. Needs protoc and
python3-protobuf. A FILE that is missing is said and left out.
"""
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 5
ROOT = pathlib.Path(__file__).resolve().parents[2]


def needed(arguments):
    """The benchmark and the files, or the end with what is missing."""
    if len(arguments) < 2:
        sys.exit(__doc__.strip())
    binary = pathlib.Path(arguments[0])
    if not binary.is_file():
        sys.exit(f"import_bench: {binary} is missing; configure with -DRNNSCOPE_BENCH=ON and build bench_import")
    if shutil.which("protoc") is None:
        sys.exit("import_bench: protoc is missing (Debian: protobuf-compiler)")
    try:
        import google.protobuf  # noqa: F401, PLC0415: only whether it is there
    except ImportError:
        sys.exit("import_bench: this Python has no protobuf (Debian: python3-protobuf, for /usr/bin/python3)")
    files = [pathlib.Path(file) for file in arguments[1:]]
    for file in files:
        if not file.is_file():
            print(f"import_bench: {file} is missing, left out", file=sys.stderr)
    files = [file for file in files if file.is_file()]
    if not files:
        sys.exit("import_bench: no file to measure")
    return binary, files


def messages(folder):
    proto = ROOT / "core" / "graph" / "proto"
    files = sorted(str(path) for path in proto.glob("*.proto"))
    subprocess.run(["protoc", f"-I{proto}", f"--python_out={folder}", *files], check=True)
    sys.path.insert(0, folder)
    import graph_pb2  # noqa: PLC0415: made just now
    return graph_pb2


def python_seconds(graph_pb2, path):
    message = {".meta": graph_pb2.MetaGraphDef}.get(path.suffix, graph_pb2.GraphDef)
    if path.name == "saved_model.pb":
        message = graph_pb2.SavedModel
    content = path.read_bytes()
    begin = time.process_time()
    message.FromString(content)
    return time.process_time() - begin


def rnnscope_seconds(binary, path):
    out = subprocess.run([binary, path, "--benchmark_format=json"], capture_output=True, text=True, check=True).stdout
    return {b["name"].split("/")[0]: b["cpu_time"] / 1e3 for b in json.loads(out)["benchmarks"]}


def main():
    binary, files = needed(sys.argv[1:])
    with tempfile.TemporaryDirectory() as folder:
        graph_pb2 = messages(folder)
        print(f"{'file':50} {'python':>9} {'read':>9} {'ready':>9}   read/python")
        for path in files:
            rounds = [(python_seconds(graph_pb2, path), rnnscope_seconds(binary, path)) for _ in range(ROUNDS)]
            python = statistics.median(r[0] for r in rounds)
            read, ready = (statistics.median(r[1][key] for r in rounds) for key in ("read", "ready"))
            name = "/".join(path.parts[-2:])
            print(f"{name:50} {python * 1e3:7.1f}ms {read * 1e3:7.1f}ms {ready * 1e3:7.1f}ms   {read / python:6.2f}")


if __name__ == "__main__":
    main()
