#!/usr/bin/env python3
"""The command line as a user meets it: exit statuses, streams, JSON that fits its schema, fixes that work.

usage: cli_test.py RNNSCOPE PROJECT_ROOT
"""
import functools
import json
import pathlib
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree

import jsonschema

BINARY, ROOT = sys.argv[1], pathlib.Path(sys.argv[2])
BAD_FILES = sorted((ROOT / "samples" / "errors").glob("*.json"))


def call(*args, stdin=None):
    done = subprocess.run([BINARY, *map(str, args)], capture_output=True, text=True, input=stdin, timeout=120, check=False)
    return done.returncode, done.stdout, done.stderr


@functools.cache
def run_of(sample):
    """What `run --json` says of a sample: status, stdout, stderr. Three tests ask, and starting takes longest."""
    return call("run", sample, "--json")


def shortened(programs, folder):
    """The programs, those that train as files in the folder with two steps each: that they learn is tested elsewhere."""
    for program in programs:
        if program.stem.startswith("train"):
            text = program.read_text(encoding="utf-8")
            short = text.replace('"steps", "value": 60', '"steps", "value": 2').replace('"range": [30]', '"range": [2]')
            assert short != text, program
            program = pathlib.Path(folder) / program.name
            program.write_text(short, encoding="utf-8")
        yield program


def schema(name):
    return json.loads((ROOT / "assets" / "schema" / name).read_text(encoding="utf-8"))


def apply_patch(document, patch):
    """JSON Patch (RFC 6902), the operations that fixes use: an implementation that is not the program's own."""
    def find(pointer):
        parts = [p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:]]
        at = document
        for part in parts[:-1]:
            at = at[int(part)] if isinstance(at, list) else at[part]
        return at, parts[-1]

    def take(pointer):
        at, last = find(pointer)
        return at.pop(int(last)) if isinstance(at, list) else at.pop(last)

    def put(pointer, value):
        at, last = find(pointer)
        if isinstance(at, list):
            at.insert(len(at) if last == "-" else int(last), value)
        else:
            at[last] = value

    for change in patch:
        if change["op"] == "move":
            put(change["path"], take(change["from"]))
        elif change["op"] == "remove":
            take(change["path"])
        elif change["op"] == "replace":
            take(change["path"])
            put(change["path"], change["value"])
        elif change["op"] == "add":
            put(change["path"], change["value"])
        else:
            raise AssertionError(f"unexpected operation {change['op']}")
    return document


class Samples(unittest.TestCase):
    def test_output_fits_the_schema_and_is_the_same_twice(self):
        self.assertGreater(len(PROGRAMS), 35)
        run_schema, check_schema = schema("run.schema.json"), schema("check.schema.json")
        for sample in PROGRAMS:
            with self.subTest(sample.stem):
                status, out, _ = run_of(sample)
                result = json.loads(out)
                jsonschema.validate(result, run_schema)
                failed = "error" in result or any(r["outcome"] == "error" for r in result["runs"])
                self.assertEqual(status, 1 if failed else 0)
                self.assertEqual(call("run", sample, "--json")[1], out)
                status, out, _ = call("check", sample, "--json")
                checked = json.loads(out)
                jsonschema.validate(checked, check_schema)
                self.assertEqual(checked["uninitialized_reads"], result["uninitialized_reads"])
                self.assertEqual(status, 1 if checked["uninitialized_reads"] or checked["warnings"] else 0)

    def test_the_offered_fix_repairs_the_file(self):
        """Not through our own reader's idea of a patch: the patched file is written and run as a new program."""
        repaired = 0
        for sample in PROGRAMS:
            result = json.loads(run_of(sample)[1])
            errors = [r["error"] for r in result["runs"] if "error" in r]
            if not errors and "error" in result:
                errors = [result["error"]]
            if not errors:
                continue
            with self.subTest(sample.stem):
                document = json.loads(sample.read_text(encoding="utf-8"))
                for _ in range(len(errors)):  # a fix may repair several failures, or one of several
                    fixes = errors[0]["diagnosis"]["fixes"]
                    self.assertTrue(fixes, "no fix is offered")
                    document = apply_patch(document, fixes[0]["patch"])
                    with tempfile.TemporaryDirectory() as folder:
                        path = pathlib.Path(folder) / sample.name
                        path.write_text(json.dumps(document), encoding="utf-8")
                        status, out, err = call("run", path, "--json")
                    after = json.loads(out)
                    errors = [r["error"] for r in after["runs"] if "error" in r] + ([after["error"]] if "error" in after else [])
                    if not errors:
                        break
                self.assertEqual((status, after["outcome"]), (0, "ok"), out[:2000] + err)
                repaired += 1
        self.assertGreater(repaired, 20)

    def test_poison_goes_on_and_tells_what_is_derived(self):
        sample = ROOT / "samples" / "programs" / "seed_b_scope_miss_layer1.json"
        status, out, _ = call("run", sample, "--poison", "--json")
        result = json.loads(out)
        jsonschema.validate(result, schema("run.schema.json"))
        self.assertEqual((status, result["outcome"], len(result["poison"]["missing"])), (1, "ok", 4))
        self.assertEqual([(f["poisoned"], f["elements"]) for f in result["poison"]["fetches"]], [(640, 640), (0, 128), (128, 128)])
        states = [list(v["state"].values()) for v in result["variables"]]
        self.assertEqual(states, [["initialized"]] * 4 + [["poisoned"]] * 4)
        status, out, _ = call("run", ROOT / "samples" / "programs" / "seed_a_ok.json", "--poison")
        self.assertEqual(status, 0)
        self.assertIn("no run has read a missing value", out)

    def test_rounding_is_the_programs_or_the_command_lines(self):
        sample = ROOT / "samples" / "programs" / "nb17_static_rnn.json"

        def values(*arguments):
            status, out, err = call("run", *arguments, "--json")
            self.assertEqual((status, err), (0, ""))
            return [fetch["values"] for fetch in json.loads(out)["runs"][-1]["fetches"]]
        as_tensorflow = values(sample, "--rounding", "tf1.15")
        self.assertEqual([f"{v:.7f}" for v in as_tensorflow[0][:3]], ["0.3074133", "-0.3288431", "-0.6542847"])
        self.assertNotEqual(as_tensorflow, values(sample))
        self.assertEqual(values(sample), values(sample, "--rounding", "fast"))
        with tempfile.TemporaryDirectory() as folder:
            program, recording = pathlib.Path(folder) / "program.json", pathlib.Path(folder) / "what.rnnrec"
            text = json.loads(sample.read_text(encoding="utf-8"))
            program.write_text(json.dumps({**text, "rounding": "tf1.15"}), encoding="utf-8")
            self.assertEqual(values(program), as_tensorflow)
            self.assertEqual(values(program, "--record", recording), as_tensorflow)
            self.assertEqual(values(recording), as_tensorflow)
        self.assertEqual(call("run", sample, "--rounding", "exact")[0], 2)

    def test_text_output_names_the_cause(self):
        status, out, _ = call("run", ROOT / "samples" / "programs" / "seed_a_init_early.json")
        self.assertEqual(status, 1)
        self.assertIn("init-built-too-early", out)
        self.assertIn("rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel/read", out)

    def test_python_compiles(self):
        for sample in PROGRAMS:
            with self.subTest(sample.stem):
                status, out, _ = call("python", sample)
                self.assertEqual(status, 0)
                compile(out, sample.stem, "exec")

    def test_graph_formats(self):
        sample = ROOT / "samples" / "programs" / "seed_a_ok.json"
        for form in ("summary", "ops", "json", "pbtxt", "dot"):
            status, out, _ = call("graph", sample, "--format", form)
            self.assertEqual(status, 0)
            self.assertIn("gates/kernel", out)
        status, out, _ = call("graph", sample, "--format", "svg")
        self.assertEqual(status, 0)
        self.assertIn("multi_rnn_cell", out)
        self.assertEqual(xml.etree.ElementTree.fromstring(out).tag, "{http://www.w3.org/2000/svg}svg")
        missing = 'stroke="#08785C"'
        self.assertNotIn(missing, out)
        failing = ROOT / "samples" / "programs" / "seed_a_init_early.json"
        status, out, _ = call("graph", failing, "--format", "svg")
        self.assertEqual(status, 0)
        self.assertEqual(out.count(missing), 3)
        self.assertIn(">read</text>", out)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "graph.json"
            self.assertEqual(call("graph", sample, "--format", "json", "-o", path)[:2], (0, ""))
            self.assertEqual(len(json.loads(path.read_text())["node"]), 229)


class GraphFiles(unittest.TestCase):
    """A graph that a program built, as a file: it is run and checked like a program."""

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        sample = ROOT / "samples" / "programs" / "D01_never_init.json"
        self.files = []
        for form in ("json", "pbtxt"):
            self.files.append(pathlib.Path(self.folder.name) / f"graph.{form}")
            self.assertIn(call("graph", sample, "--format", form, "-o", self.files[-1])[0], (0, 1))

    def test_check_lists_the_reads_that_a_fetch_reaches(self):
        for file in self.files:
            status, out, _ = call("check", file, "--fetch", "rnn/transpose_1", "--json")
            reads = json.loads(out)["uninitialized_reads"]
            self.assertEqual(status, 1)
            self.assertEqual([r["variable"] for r in reads],
                             [f"rnn/gru_cell/{p}" for p in ("gates/kernel", "gates/bias", "candidate/kernel", "candidate/bias")])
            status, out, _ = call("check", file, "--fetch", "rnn/transpose_1", "--init", "rnn/gru_cell/gates", "--json")
            self.assertEqual([r["variable"] for r in json.loads(out)["uninitialized_reads"]],
                             ["rnn/gru_cell/candidate/kernel", "rnn/gru_cell/candidate/bias"])
            self.assertEqual(call("check", file, "--fetch", "rnn/transpose_1", "--init", "all")[0], 0)

    def test_run_with_feeds_gives_the_values_of_the_program(self):
        feed = "x=sin(2,5,3;step=0.1)"
        outcomes = []
        for file in self.files:
            status, out, err = call("run", file, "--init", "all", "--feed", feed, "--fetch", "rnn/transpose_1", "--json")
            self.assertEqual(status, 0, out + err)
            result = json.loads(out)
            jsonschema.validate(result, schema("run.schema.json"))
            outcomes.append(result["runs"][-1]["fetches"][0])
        self.assertEqual(outcomes[0]["shape"], [2, 5, 4])
        self.assertEqual(outcomes[0], outcomes[1])

    def test_without_options_a_graph_is_shown_not_run(self):
        status, out, _ = call("run", self.files[0], "--json")
        self.assertEqual((status, json.loads(out)["runs"]), (0, []))
        self.assertIn("import_graph_def", call("python", self.files[0])[1])
        self.assertEqual(call("graph", self.files[1], "--format", "json")[1], self.files[0].read_text(encoding="utf-8"))

    def test_wrong_options_are_wrong_usage(self):
        status, _, err = call("run", self.files[0], "--fetch", "rnn/transpos_1")
        self.assertEqual(status, 2)
        self.assertIn('did you mean "rnn/transpose_1"?', err)
        self.assertEqual(call("run", PROGRAMS[0], "--fetch", "y")[0], 2)
        damaged = self.files[1].with_name("damaged.pbtxt")
        damaged.write_text("node { name: }", encoding="utf-8")
        status, _, err = call("run", damaged)
        self.assertEqual(status, 3)
        self.assertIn("damaged.pbtxt:1:14: error [graph.text]", err)


class Usage(unittest.TestCase):
    def test_exit_statuses(self):
        self.assertEqual(call("run", "/nowhere/to/be/found.json")[0], 3)
        self.assertEqual(call("run")[0], 2)
        self.assertEqual(call("run", "a.json", "--unknown")[0], 2)
        self.assertEqual(call("explain", "no-such-cause")[0], 2)
        self.assertEqual(call("explain")[0], 2)
        self.assertEqual(call("--help")[0], 0)
        self.assertEqual(call("run", ROOT / "samples/programs/seed_a_ok.json", "--fetch", "x")[0], 2)

    def test_unreadable_files_are_reported_in_both_forms(self):
        self.assertGreaterEqual(len(BAD_FILES), 30)
        for path in BAD_FILES:
            with self.subTest(path.stem):
                status, out, err = call("run", path, "--json")
                self.assertEqual(status, 3)
                self.assertTrue(json.loads(out)["diagnostics"])
                self.assertIn(path.name, err)
                self.assertEqual(call("run", path)[0], 3)

    def test_explain(self):
        status, out, _ = call("explain", "init-built-too-early")
        self.assertEqual(status, 0)
        self.assertIn("Cells create their variables when they are first called", out)
        text = "Attempting to use uninitialized value v\n\t [[node v/read (defined at a.py:3) ]]"
        status, out, _ = call("explain", "--text", text)
        self.assertEqual(status, 0)
        self.assertIn("v/read", out)
        self.assertEqual(call("explain", "--text", "hello")[0], 1)

    def test_debugger_in_the_terminal(self):
        sample = ROOT / "samples" / "programs" / "seed_a_init_early.json"
        status, out, err = call("debug", sample, "-x", "run.continue")
        self.assertEqual((status, err), (0, ""))
        self.assertIn("gates/kernel/read", out)
        status, out, _ = call("debug", sample, stdin="run.continue\nno.such.command\nquit\n")
        self.assertEqual(status, 0)
        self.assertEqual(call("debug", sample, "-x", "no.such.command")[0], 2)
        self.assertIn("run.continue", call("debug", sample, "-x", "help")[1])
        self.assertIn("gates/kernel/read", call("debug", sample, "-x", "continue")[1])

    def test_a_recording_opens_without_its_program(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            program, recording = folder / "program.json", folder / "what.rnnrec"
            program.write_bytes((ROOT / "samples" / "programs" / "seed_a_ok.json").read_bytes())
            status, out, err = call("run", program, "--record", recording)
            self.assertEqual((status, err), (0, ""))
            program.unlink()
            self.assertEqual(call("run", recording), (0, out, ""))
            commands = ["-x", "go.end", "-x", "step.back-op", "-x", "print.where", "-x", "print.locals"]
            status, out, err = call("debug", recording, *commands)
            self.assertEqual((status, err), (0, ""))
            self.assertIn("run 2, event", out)
            status, out, err = call("debug", recording, "-x", "go.end", "-x", "step.into")
            self.assertIn("The recording ends here.", err)
            recording.write_bytes(recording.read_bytes()[:-30])
            status, out, err = call("debug", recording, "-x", "go.end")
            self.assertEqual(status, 0)
            self.assertIn("[recording.damaged]", err)
            self.assertEqual(call("run", recording, "--record", folder / "no" / "such" / "folder")[0], 3)

    def test_work_on_a_graph_is_a_program_that_runs_again(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            graph, saved = folder / "model.pbtxt", folder / "work.json"
            program = ROOT / "samples" / "programs" / "seed_a_noinit.json"
            self.assertEqual(call("graph", program, "--format", "pbtxt", "-o", graph)[0], 0)
            fetch, feed = "rnn/rnn/transpose_1:0", "Placeholder:0=sin(2,5,10)"
            status, out, err = call("debug", graph, "-x", "session.init all", "-x", f"session.run {fetch}",
                                    "-x", f"session.feed {feed}", "-x", f"file.save-as {saved}")
            self.assertEqual((status, err), (0, ""), out)
            self.assertIn(f"saved {saved}", out)
            together = ("-x", "session.init all", "-x", f"session.run {fetch} {feed}")
            status, out, err = call("debug", graph, *together, "-x", f"file.save-as {folder / 'together.json'}")
            self.assertEqual((status, err), (0, ""), out)
            self.assertEqual((folder / "together.json").read_text(), saved.read_text())
            status, out, err = call("debug", graph, *together, "-x", "edit.undo")
            self.assertIn(f"undone: Feed and run {fetch}", out)
            status, out, err = call("debug", graph, "-x", f"session.run {fetch} Placeholder=what")
            self.assertIn('cannot read the value "what"', err)
            status, out, _ = call("run", saved, "--json")
            self.assertEqual(status, 0)
            again = json.loads(out)["runs"][-1]
            status, out, _ = call("run", graph, "--init", "all", "--fetch", fetch, "--feed", feed, "--json")
            self.assertEqual(status, 0)
            self.assertEqual(again["fetches"], json.loads(out)["runs"][-1]["fetches"])
            self.assertEqual(again["fetches"][0]["name"], fetch)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as short_programs:
        PROGRAMS = list(shortened(sorted((ROOT / "samples" / "programs").glob("*.json")), short_programs))
        unittest.main(argv=sys.argv[:1], verbosity=1)
