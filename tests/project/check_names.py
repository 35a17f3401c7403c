#!/usr/bin/env python3
"""Checks that files of one layer can be compiled as one: what they define in unnamed namespaces has different names.

usage: check_names.py PROJECT_ROOT

Builds with RNNSCOPE_UNITY put files together by their number, so that a new file decides which of the others meet: a
collision may wait for a change that has nothing to do with it. Reads definitions as clang-format lays them out. Prints
every name that two files of a layer define, for functions with the same parameters; exits 1 when there is one.
"""
import collections
import pathlib
import re
import sys

UNNAMED = re.compile(r"^namespace \{\n(.*?)^\} // namespace$", re.M | re.S)
KEYWORDS = "return|else|using|namespace|static_assert|class|struct|enum|template|typedef|friend|case"
FUNCTION = re.compile(rf"^(?=\S)(?!(?:{KEYWORDS})\b)[\w:<>,&*\s\[\]]+?[\s&*](\w+)\(([^;{{}}]*)\)[^;{{}}()]*\{{", re.M)
TYPE = re.compile(r"^(?:class|struct|enum(?: class)?|union) (\w+)[^;({]*\{", re.M)
VALUE = re.compile(r"^(?:inline |static )?(?:constexpr|const|static|thread_local)\b[^;(){}=]*?\b(\w+)(?:\[[^\]]*\])?(?: = |\{|;)",
                   re.M)


def parameter_types(text):
    """Without names and defaults, as far as commas outside of <> tell."""
    types = []
    for parameter in re.split(r",(?![^<]*>)", text) if text.strip() else []:
        declared = parameter.split("=")[0].strip()
        types.append(re.sub(r"\s+", " ", re.sub(r"(?<=[\s&*])\w+$", "", declared)).strip())
    return tuple(types)


def definitions(text):
    for block in UNNAMED.findall(text):
        for match in FUNCTION.finditer(block):
            yield f"{match.group(1)}({', '.join(parameter_types(match.group(2)))})"
        for pattern in (TYPE, VALUE):
            for match in pattern.finditer(block):
                yield match.group(1)


def layers(root):
    """Files that RNNSCOPE_UNITY may put together, by layer."""
    alone = re.compile(r"core/ops/simd_\w+\.cpp$") # each has flags of its own
    for folder in sorted((root / "core").iterdir()):
        files = [f for f in sorted(folder.glob("*.cpp")) if not alone.search(f.as_posix())]
        if files:
            yield f"core/{folder.name}", files
    yield "ui", sorted((root / "ui").rglob("*.cpp"))


def collisions(root):
    for layer, files in layers(root):
        defined_in = collections.defaultdict(list)
        for file in files:
            for name in sorted(set(definitions(file.read_text(encoding="utf-8")))):
                defined_in[name].append(file.relative_to(root).as_posix())
        for name, where in sorted(defined_in.items()):
            if len(where) > 1:
                yield f"{where[0]}: {name} is also defined in {', '.join(where[1:])}"


def self_test():
    """The check must be able to fail, and to tell overloads from collisions."""
    import tempfile
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        first = "namespace {\n\nint size(const A& a) {\n    return 1;\n}\nconstexpr int most = 3;\nstruct Row {\n};\n\n} // namespace\n"
        second = "namespace {\n\nint size(const B& b) {\n    return 1;\n}\nint most() {\n    return 1;\n}\n\n} // namespace\nint size(const A& a) {\n}\n"
        third = "namespace {\n\nbool size(const A& other) {\n    return 1;\n}\n\nclass Row : Base {\n};\n\n} // namespace\n"
        (root / "ui").mkdir()
        (root / "core/base").mkdir(parents=True)
        for name, text in {"a": first, "b": second, "c": third}.items():
            (root / f"core/base/{name}.cpp").write_text(text, encoding="utf-8")
        found = [line.split(" is ")[0] for line in collisions(root)]
        assert found == ["core/base/a.cpp: Row", "core/base/a.cpp: size(const A&)"], found


def main():
    self_test()
    found = list(collisions(pathlib.Path(sys.argv[1])))
    for line in found:
        print(line)
    print(f"names: {len(found)} collisions" if found else "names: files of each layer can be compiled as one")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
