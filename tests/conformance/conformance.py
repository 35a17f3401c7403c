#!/usr/bin/env python3
"""Compares what rnnscope builds and runs with the golden graphs and outcomes of TensorFlow 1.15.

usage: conformance.py programs|graphs RNNSCOPE PROJECT_ROOT SHARED

programs: every sample in samples/programs that has a golden outcome, through SHARED/check/program_check.py.
graphs:   every sample in samples/graphs against SHARED/golden/<name>.graphdef.json, through SHARED/check/graph_diff.py.
Without SHARED there is nothing to compare with: says so and exits 77 (skipped). The cases that must be there are listed
here, so that a sample cannot get lost unnoticed.
"""
import pathlib
import subprocess
import sys
import tempfile

PROGRAMS = """
seed_a_ok seed_a_noinit seed_a_init_early seed_a_second_no_reuse seed_a_first_reuse_true seed_a_auto_reuse
seed_b_ok seed_b_noinit seed_b_init_early seed_b_scope_miss_all seed_b_scope_miss_layer1 seed_b_scope_gru
seed_b_second_no_reuse seed_b_first_reuse_true seed_b_auto_reuse
seed_c_ok seed_c_noinit seed_c_init_early seed_c_init_between seed_c_scope_miss seed_c_second_no_reuse
seed_c_first_reuse_true seed_c_auto_reuse
D01_never_init D02_init_before_cell_call D03_optimizer_after_init D05_scope_misses_sibling D06_metrics_local D07_order_dependent_ref D07_order_dependent_resource D12_init_after_restore
D13_built_twice D14_reuse_before_exists D15_leaky_reuse_adam D16_shared_cell_depth_mismatch D16b_shared_cell_silent D19_fetch_inside_loop
D20_two_sessions D21_import_graphdef D24_batch_baked D25_save_too_early D26_resource_message
X01_static_batch_train nb17_static_rnn
""".split()
GRAPHS = """
gru1_static gru1_seqlen gru1_timemajor gru1_resource basicrnn static_gru gru2_seed gru2_seed_gs42
lstm basiclstm bidir residualwrapper dropoutwrapper cond_var while_var gru1_train_adam gru1_train_full_sgd lstm2_train_full_adam
""".split()
SKIPPED = 77


def check_programs(binary, root, shared):
    golden = shared / "golden" / "programs"
    extra = sorted(p.stem for p in (root / "samples" / "programs").glob("*.json")
                   if (golden / (p.stem + ".expect.json")).exists() and p.stem not in PROGRAMS)
    command = [sys.executable, shared / "check" / "program_check.py", binary, root / "samples" / "programs", golden]
    return subprocess.run(command + PROGRAMS + extra, check=False).returncode


def check_graphs(binary, root, shared):
    folder = root / "samples" / "graphs"
    names = GRAPHS + sorted(p.stem for p in folder.glob("*.json") if p.stem not in GRAPHS)
    failed = []
    with tempfile.TemporaryDirectory() as out:
        for name in names:
            expected = shared / "golden" / (name + ".graphdef.json")
            if not expected.exists():
                continue
            actual = pathlib.Path(out) / (name + ".json")
            subprocess.run([binary, "graph", folder / (name + ".json"), "--format", "json", "-o", actual], check=False)
            print(f"{name}: ", end="", flush=True)
            diff = [sys.executable, shared / "check" / "graph_diff.py", expected, actual]
            if subprocess.run(diff, check=False).returncode != 0:
                failed.append(name)
    print(f"{len(names) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


def main():
    what, binary, root, shared = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), pathlib.Path(sys.argv[4])
    if not (shared / "golden").is_dir():
        print(f"skipped: the golden graphs are not at {shared}")
        return SKIPPED
    return check_programs(binary, root, shared) if what == "programs" else check_graphs(binary, root, shared)


if __name__ == "__main__":
    sys.exit(main())
