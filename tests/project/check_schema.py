#!/usr/bin/env python3
"""Checks that the JSON Schema of programs accepts what the reader accepts and refuses what it refuses.

usage: check_schema.py PROJECT_ROOT

Every sample is valid; of the malformed ones those are not whose mistake a schema can see. Exits 77 (skipped) without jsonschema.
"""
import json
import pathlib
import sys

try:
    import jsonschema
except ImportError:
    print("skipped: needs python3-jsonschema")
    sys.exit(77)

VALID = [
    {"if": {"is": ["$x", None]}, "body": [], "elif": [{"if": 1, "body": [], "comment": "c"}], "else": [{"let": "y", "value": 2}]},
    {"let": "y", "if": {"not in": ["$x", [1]]}, "then": 1, "else": {"if": True, "then": 2, "else": 3}},
    {"let": "y", "index": "$x", "at": ["$i", {"slice": [None, 2]}]},
]
INVALID = [
    {"if": True},
    {"if": True, "then": []},
    {"if": True, "body": [], "elif": {"if": True, "body": []}},
    {"if": True, "body": [], "elif": [{"if": True, "body": [], "else": []}]},
    {"elif": []},
    {"let": "y", "if": True, "then": 1},
    {"let": "y", "value": {"is": ["$x"]}},
]


def main():
    root = pathlib.Path(sys.argv[1])
    schema = json.loads((root / "assets" / "schema" / "program.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    program = lambda statement: {"format": "rnnscope/1", "program": [statement]}
    wrong = [f"refused: {statement}" for statement in VALID if not validator.is_valid(program(statement))]
    wrong += [f"accepted: {statement}" for statement in INVALID if validator.is_valid(program(statement))]
    files = sorted((root / "samples").glob("*/*.json"))
    samples = [file for file in files if file.parent.name != "errors"]
    wrong += [f"refused: {file}" for file in samples if not validator.is_valid(json.loads(file.read_text()))]
    malformed = [root / "samples" / "errors" / f"{name}.json"
                 for name in ("statement_if_bad", "statement_missing_key", "statement_unknown", "statement_unknown_key", "header_wrong")]
    wrong += [f"accepted: {file}" for file in malformed if validator.is_valid(json.loads(file.read_text()))]
    print("\n".join(wrong) or f"{len(samples)} samples are valid")
    return 1 if wrong or not samples else 0


if __name__ == "__main__":
    sys.exit(main())
