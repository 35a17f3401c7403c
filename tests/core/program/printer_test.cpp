#include "test_names.hpp"

#include <fmt/format.h>

namespace rnnscope::program {
namespace {

std::string python(const std::string& statements) {
    return fmt::format("{}\n", fmt::join(program_of(statements).python.lines, "\n"));
}

std::string python_value(const std::string& json) {
    const Program program = program_of(R"({"let": "x", "value": 1}, {"let": "v", "value": )" + json + "}");
    return program.statements.size() < 2 ? "" : to_python(*std::get<AssignStatement>(program.statements[1].node).value);
}

TEST(PythonPrinter, PrintsEveryKindOfValue) {
    EXPECT_EQ(python_value("null"), "None");
    EXPECT_EQ(python_value("true"), "True");
    EXPECT_EQ(python_value("64"), "64");
    EXPECT_EQ(python_value("64.0"), "64.0");
    EXPECT_EQ(python_value("1e-5"), "1e-05");
    EXPECT_EQ(python_value(R"("say \"x\"\n")"), R"("say \"x\"\n")");
    EXPECT_EQ(python_value(R"("$$x")"), "\"$x\"");
    EXPECT_EQ(python_value(R"("$x.op.name")"), "x.op.name");
    EXPECT_EQ(python_value(R"("$x[0].h['a']")"), "x[0].h[\"a\"]");
    EXPECT_EQ(python_value(R"("$tf.GraphKeys.GLOBAL_VARIABLES")"), "tf.GraphKeys.GLOBAL_VARIABLES");
    EXPECT_EQ(python_value(R"([null, 5, "$x"])"), "[None, 5, x]");
    EXPECT_EQ(python_value(R"({"tuple": [1]})"), "(1,)");
    EXPECT_EQ(python_value(R"({"tuple": [1, 2]})"), "(1, 2)");
    EXPECT_EQ(python_value(R"({"dict": [["a", 1], ["$x", 2]]})"), "{\"a\": 1, x: 2}");
    EXPECT_EQ(python_value(R"({"dict": {"a": 1}})"), "{\"a\": 1}");
    EXPECT_EQ(python_value(R"({"*": ["$x", 0.5]})"), "x * 0.5");
    EXPECT_EQ(python_value(R"({"-": [{"+": ["$x", 1, 2]}, {"-": ["$x", 1]}]})"), "(x + 1 + 2) - (x - 1)");
    EXPECT_EQ(python_value(R"({"*": [["$x"], 3]})"), "[x] * 3");
    EXPECT_EQ(python_value(R"({"neg": "$x"})"), "-x");
    EXPECT_EQ(python_value(R"({"**": [-2, 2]})"), "(-2) ** 2");
    EXPECT_EQ(python_value(R"({"not": {"<": ["$x", 1]}})"), "not (x < 1)");
    EXPECT_EQ(python_value(R"({"index": "$x", "at": [{"slice": []}, {"slice": [null, null, -1]}, 0]})"),
              "x[:, ::-1, 0]");
    EXPECT_EQ(python_value(R"({"range": [1, "$x"]})"), "range(1, x)");
    EXPECT_EQ(python_value(R"({"call": "nn.tanh", "args": ["$x"], "kwargs": {"name": "t"}})"),
              "tf.nn.tanh(x, name=\"t\")");
    EXPECT_EQ(python_value(R"({"generate": "sin", "shape": [2, 5, 10]})"),
              "np.sin(0.1 * np.arange(100)).reshape(2, 5, 10)");
    EXPECT_EQ(python_value(R"({"generate": "arange", "shape": [4], "start": 1, "step": 0.5, "dtype": "float32"})"),
              "(1.0 + 0.5 * np.arange(4)).astype(np.float32)");
    EXPECT_EQ(python_value(R"({"generate": "zeros", "shape": [4]})"), "np.zeros((4,))");
    EXPECT_EQ(python_value(R"({"generate": "normal", "shape": [2, 3], "seed": 7})"),
              "np.random.RandomState(7).normal(0.0, 1.0, (2, 3))");
    EXPECT_EQ(python_value(R"({"array": [[1, 2], [3, 4]], "dtype": "float32"})"),
              "np.array([[1.0, 2.0], [3.0, 4.0]], dtype=np.float32)");
    EXPECT_EQ(python_value(R"({"file": "data/x.npz", "key": "x"})"), "np.load(\"data/x.npz\")[\"x\"]");
}

TEST(PythonPrinter, PrintsEveryKindOfStatement) {
    EXPECT_EQ(python(R"(
        {"def": "build", "params": ["n", {"name": "reuse", "default": false}], "comment": "Builds.", "body": [
            {"with": {"call": "variable_scope", "args": ["rnn"], "kwargs": {"reuse": "$reuse"}}, "as": "scope", "body": [
                {"let": "cells", "value": []},
                {"for": "_", "in": {"range": ["$n"]}, "body": [
                    {"call": "$cells.append", "args": [{"call": "nn.rnn_cell.GRUCell", "args": [64]}]}]}]},
            {"return": {"tuple": ["$cells", "$scope"]}}]},
        {"let": ["a", "b"], "call": "$build", "args": [2]},
        {"with": {"call": "Session"}, "as": "sess", "body": [
            {"try": [{"call": "$sess.run", "args": ["$a"]}], "except": "FailedPreconditionError", "as": "error"},
            {"try": [{"call": "$sess.run", "args": ["$b"]}], "except": "ValueError"},
            {"try": [], "as": "e"}]})"),
              R"(import tensorflow as tf


# Builds.
def build(n, reuse=False):
    with tf.variable_scope("rnn", reuse=reuse) as scope:
        cells = []
        for _ in range(n):
            cells.append(tf.nn.rnn_cell.GRUCell(64))
    return cells, scope


a, b = build(2)

with tf.Session() as sess:
    try:
        sess.run(a)
    except tf.errors.FailedPreconditionError as caught:
        error = str(caught)
    try:
        sess.run(b)
    except ValueError:
        pass
    try:
        pass
    except Exception as caught:
        e = str(caught)
)");
}

TEST(PythonPrinter, PrintsBranches) {
    EXPECT_EQ(python(R"(
        {"let": "x", "value": null},
        {"def": "f", "params": ["n"], "body": [
            {"if": {"is": ["$n", null]}, "body": [{"return": 0}]},
            {"if": {">": ["$n", 1]}, "comment": "Many.", "body": [{"return": "$n"}],
             "elif": [{"if": {"and": [{"==": ["$n", 1]}, {"not": "$x"}, {"or": ["$x", "$n"]}]}, "comment": "One.",
                       "body": [{"for": "i", "in": {"range": [2]}, "body": [{"return": "$i"}]}]},
                      {"if": {"not": {"in": ["$n", [1, 2]]}}, "body": []}],
             "else": [{"if": "$n", "body": [], "else": [{"let": "y", "value": 1}]}, {"return": "$y"}]}]},
        {"if": {"is not": ["$x", null]}, "body": [{"let": "y", "value": 1}], "else": [{"if": true, "body": []}]},
        {"let": "z", "value": 2})"),
              R"(import tensorflow as tf

x = None


def f(n):
    if n is None:
        return 0
    # Many.
    if n > 1:
        return n
    # One.
    elif n == 1 and not x and (x or n):
        for i in range(2):
            return i
    elif not (n in [1, 2]):
        pass
    else:
        if n:
            pass
        else:
            y = 1
        return y


if x is not None:
    y = 1
else:
    if True:
        pass

z = 2
)");
    const Program program = program_of(R"({"let": "a", "value": 1}, {"if": "$a", "body": [{"let": "b", "value": 1}],
        "elif": [{"if": false, "body": []}], "else": [{"let": "c", "value": 2}]})");
    std::vector<int> lines;
    for (const Statement& statement : program.statements) lines.push_back(statement.where.python_line);
    EXPECT_EQ(lines, (std::vector<int>{3, 4, 5, 6, 9}));
    EXPECT_FALSE(program.python.statement_at(8).valid()); // else:
}

TEST(PythonPrinter, ConditionalsGroupWherePythonWouldReadThemOtherwise) {
    EXPECT_EQ(python_value(R"({"if": {"is": ["$x", null]}, "then": 1, "else": 2})"), "1 if x is None else 2");
    const std::string inner = R"({"if": "$x", "then": 1, "else": 2})";
    EXPECT_EQ(python_value(R"({"if": )" + inner + R"(, "then": )" + inner + R"(, "else": )" + inner + "}"),
              "(1 if x else 2) if (1 if x else 2) else 1 if x else 2");
    EXPECT_EQ(python_value(R"({"+": [)" + inner + ", 3]}"), "(1 if x else 2) + 3");
    EXPECT_EQ(python_value(R"({"or": [)" + inner + R"(, {"not in": [1, "$x"]}]})"), "(1 if x else 2) or 1 not in x");
    EXPECT_EQ(python_value(R"({"call": "nn.tanh", "args": [)" + inner + "]}"), "tf.nn.tanh(1 if x else 2)");
}

TEST(PythonPrinter, BreaksLongLinesInsideBrackets) {
    EXPECT_EQ(python(R"(
        {"let": "cells", "value": []},
        {"let": "an_initializer", "value": null},
        {"call": "$cells.append", "args": [{"call": "nn.rnn_cell.GRUCell", "args": [64],
            "kwargs": {"kernel_initializer": "$an_initializer", "bias_initializer": "$an_initializer"}}]},
        {"let": "sess", "call": "Session"},
        {"let": ["outputs_value", "state_value"], "call": "$sess.run", "args": [["$cells", "$cells"],
            {"$cells": {"generate": "sin", "shape": [2, 5, 10]}}]})"),
              R"(import numpy as np
import tensorflow as tf

cells = []
an_initializer = None
cells.append(tf.nn.rnn_cell.GRUCell(
    64, kernel_initializer=an_initializer, bias_initializer=an_initializer))
sess = tf.Session()
outputs_value, state_value = sess.run([cells, cells], {
    cells: np.sin(0.1 * np.arange(100)).reshape(2, 5, 10)})
)");
}

TEST(PythonPrinter, KnowsTheLinesOfEveryStatement) {
    const Program program = program_of(R"(
        {"let": "n", "value": 2},
        {"for": "i", "in": {"range": ["$n"]}, "comment": "Two times", "body": [{"let": "m", "value": "$i"}]})");
    ASSERT_EQ(program.statements.size(), 3u);
    EXPECT_EQ(program.statements[0].where.python_line, 3);
    EXPECT_EQ(program.statements[1].where.python_line, 6); // after a blank line and the comment
    EXPECT_EQ(program.statements[2].where.python_line, 7);
    EXPECT_EQ(program.python.statement_at(7), program.statements[2].id);
    EXPECT_FALSE(program.python.statement_at(1).valid());
    for (const Statement& statement : program.statements) {
        const PythonText::Range range = program.python.statements[statement.id.index()];
        EXPECT_LE(1, range.first);
        EXPECT_LE(range.first, range.last);
        EXPECT_LE(range.last, static_cast<int>(program.python.lines.size()));
    }
}

TEST(PythonPrinter, SetsTheGraphSeedFirst) {
    Diagnostics mistakes;
    const auto program = read_test_program(
        R"({"format": "rnnscope/1", "graph_seed": 7, "program": [{"let": "x", "value": 1}]})", mistakes);
    ASSERT_TRUE(program) << to_text(mistakes);
    EXPECT_EQ(program->python.lines,
              (std::vector<std::string>{"import tensorflow as tf", "", "tf.set_random_seed(7)", "x = 1"}));
}

} // namespace
} // namespace rnnscope::program
