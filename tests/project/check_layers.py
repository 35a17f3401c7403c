#!/usr/bin/env python3
"""Checks that arrows between layers only point down, by reading the includes.

usage: check_layers.py PROJECT_ROOT

A folder may include itself and what stands to its right in ORDER. Dear ImGui, GLFW, OpenGL and glad may be named in ui/ and
app/ only; Eigen, protobuf, nlohmann/json, leveldb and snappy never in a header (they cost every includer seconds).
Prints `file:line: reason` for every violation; exits 1 when there is one.
"""
import pathlib
import re
import sys

ORDER = ["app", "ui/shell", "ui", "core/view", "core/debug", "core/record", "core/program", "core/runtime", "core/tf1", "core/import",
         "core/ops", "core/graph", "core/tensor", "core/base"]
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]')
GRAPHICS = re.compile(r"^(imgui|GLFW|glad|GL/|EGL/|X11)")
HEAVY = re.compile(r"^(Eigen/|google/protobuf|nlohmann/|leveldb/|snappy|.*\.pb\.h$)")


def layer_of(path):
    return next((layer for layer in ORDER if path == layer or path.startswith(layer + "/")), None)


def violations(root):
    for top in ("app", "ui", "core"):
        for file in sorted((root / top).rglob("*.[ch]pp")):
            name = file.relative_to(root).as_posix()
            layer = layer_of(name)
            if layer is None:
                yield f"{name}:1: is in no known layer"
                continue
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                target = match.group(1)
                other = layer_of(target)
                if other is not None and ORDER.index(other) < ORDER.index(layer):
                    yield f"{name}:{number}: {layer} may not include {target}"
                if GRAPHICS.match(target) and layer not in ("app", "ui/shell", "ui"):
                    yield f"{name}:{number}: {layer} may not include {target}"
                if name.endswith(".hpp") and HEAVY.match(target):
                    yield f"{name}:{number}: headers may not include {target}; use it in a .cpp file"


def self_test():
    """The check must be able to fail: a tree with one violation of each kind."""
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for path, text in {"core/base/a.hpp": '#include "core/graph/graph.hpp"\n', "core/view/b.cpp": "#include <imgui.h>\n",
                           "core/ops/c.hpp": "#include <Eigen/Core>\n", "ui/d.cpp": '#include <imgui.h>\n#include "core/view/x.hpp"\n',
                           "app/e.cpp": '#include "ui/x.hpp"\n',
                           "ui/panels/f.cpp": '#include "ui/shell/x.hpp"\n', "ui/shell/g.cpp": '#include "ui/panels/x.hpp"\n'}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        found = list(violations(root))
        assert [f.split(":")[0] for f in found] == ["ui/panels/f.cpp", "core/base/a.hpp", "core/ops/c.hpp", "core/view/b.cpp"], found


def main():
    self_test()
    found = list(violations(pathlib.Path(sys.argv[1])))
    print("\n".join(found) if found else "layers: every include points down")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
