#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"

#include "core/tf1/graph_state.hpp"

#include "test_names.hpp"
#include "tests/core/short_sample.hpp"

#include <fmt/format.h>
#include <random>
#include <stdexcept>

namespace rnnscope::program {
namespace {

/// Writes down what the evaluator tells.
class Log : public EvaluationObserver {
  public:
    explicit Log(const Program& program) : program_(program) {}
    void on_step(const Step& step) override {
        EXPECT_EQ(step.id.index(), steps_++);
        lines.push_back(fmt::format("{}{}:{}", std::string(static_cast<std::size_t>(step.depth), ' '),
                                    program_.statement(step.statement).where.python_line, step.call_depth));
    }
    void on_session(SessionId id, GraphId) override { lines.push_back(fmt::format("session {}", id.index())); }
    void on_run(const RunInfo& run) override {
        lines.push_back(fmt::format("run {} fetches {}", run.id.index(), run.request.fetches.size()));
    }
    void on_run_done(RunId id, const RunOutcome& outcome) override {
        lines.push_back(fmt::format("done {} {}", id.index(), outcome.error ? outcome.error->error_class : "ok"));
    }
    void on_error(const ProgramError& error, bool caught) override {
        lines.push_back(fmt::format("{} {}: {}", caught ? "caught" : "error", error.error_class, error.message));
    }
    void on_event(const runtime::Event&) override { ++events; }

    std::vector<std::string> lines;
    int events = 0;

  private:
    const Program& program_;
    std::size_t steps_ = 0;
};

struct Evaluated {
    std::shared_ptr<const Document> document;
    std::unique_ptr<Evaluator> evaluator;
    std::unique_ptr<Log> log;

    tf1::Value value(std::string_view name) const {
        for (const auto& [key, value] : evaluator->locals())
            if (key == name) return value;
        ADD_FAILURE() << "no name " << name;
        return {};
    }
    std::string text(std::string_view name) const { return tf1::repr(value(name)); }
    std::string error() const {
        const auto& error = evaluator->error();
        return error ? error->error_class + ": " + error->message : "";
    }
};

Evaluated started(const std::string& statements, EvaluatorOptions options = {}) {
    auto read = Document::read("{\"format\": \"rnnscope/1\", \"program\": [" + statements + "]}", "dir/test.json", ".");
    const auto* mistakes = std::get_if<Diagnostics>(&read);
    EXPECT_FALSE(mistakes) << to_text(*mistakes);
    Evaluated result;
    if (mistakes) throw std::runtime_error("the program of a test has mistakes");
    result.document = std::get<std::shared_ptr<const Document>>(read);
    result.evaluator = std::make_unique<Evaluator>(result.document->program_ptr(), options);
    result.log = std::make_unique<Log>(result.document->program());
    return result;
}

Evaluated evaluated(const std::string& statements, EvaluatorOptions options = {}) {
    Evaluated result = started(statements, options);
    result.evaluator->finish(*result.log);
    return result;
}

TEST(Evaluator, ExecutesOneStatementAtATime) {
    const Evaluated e = evaluated(R"(
        {"def": "twice", "params": ["n", {"name": "by", "default": 2}], "body": [
            {"let": "result", "value": {"*": ["$n", "$by"]}},
            {"return": "$result"}]},
        {"let": "numbers", "value": []},
        {"for": "i", "in": {"range": [2]}, "body": [
            {"let": "x", "call": "$twice", "args": ["$i"], "kwargs": {"by": 10}},
            {"call": "$numbers.append", "args": ["$x"]}]},
        {"let": ["a", "b"], "value": "$numbers"})");
    EXPECT_EQ(e.error(), "");
    EXPECT_EQ(e.text("numbers"), "[0, 10]");
    EXPECT_EQ(e.text("b"), "10");
    EXPECT_EQ(e.log->lines, (std::vector<std::string>{"4:0", "9:0", "10:0", " 11:0", "  5:1", "  6:1", " 12:0", "10:0",
                                                      " 11:0", "  5:1", "  6:1", " 12:0", "14:0"}));
}

TEST(Evaluator, NextTellsWhatComes) {
    Evaluated e = started(R"({"let": "c", "call": "constant", "args": [1.5]},
        {"let": "sess", "call": "Session"}, {"let": "v", "call": "$sess.run", "args": ["$c"]}, {"let": "w", "value": "$v"})");
    std::vector<Evaluator::Next> seen;
    while (!e.evaluator->done()) {
        if (seen.empty() || seen.back() != e.evaluator->next()) seen.push_back(e.evaluator->next());
        if (e.evaluator->next() == Evaluator::Next::run_event) {
            EXPECT_EQ(e.evaluator->next_statement(), StatementId(2));
            EXPECT_NE(e.evaluator->current_run(), nullptr);
        }
        e.evaluator->advance(*e.log);
    }
    using Next = Evaluator::Next;
    EXPECT_EQ(seen, (std::vector<Next>{Next::statement, Next::run_event, Next::run_end, Next::statement}));
    EXPECT_EQ(e.value("w").as<Tensor>()->number(0), 1.5);
    EXPECT_FALSE(e.evaluator->next_statement().valid());
}

TEST(Evaluator, ValuesFollowPython) {
    const Evaluated e = evaluated(R"(
        {"let": "l", "value": [1, 2, 3, 4]}, {"let": "shared", "value": "$l"}, {"call": "$shared.append", "args": [5]},
        {"let": "n", "call": "$len", "args": ["$l"]},
        {"let": "middle", "value": {"index": "$l", "at": [{"slice": [1, -1]}]}},
        {"let": "backwards", "value": {"index": "$l", "at": [{"slice": [null, null, -2]}]}},
        {"let": "last", "value": "$l[-1]"},
        {"let": "d", "value": {"dict": [["a", 1]]}}, {"let": "a", "value": "$d['a']"},
        {"let": "r", "value": {"range": [7, 1, -3]}},
        {"let": "x", "array": [[1, 2, 3], [4, 5, 6]]},
        {"let": "column", "value": {"index": "$x", "at": [{"slice": []}, 1]}},
        {"let": "y", "value": {"*": ["$x", 0.5]}}, {"let": "shape", "value": "$x.shape"},
        {"let": "flat", "call": "$x.reshape", "args": [-1]})");
    EXPECT_EQ(e.error(), "");
    EXPECT_EQ(e.text("n"), "5");
    EXPECT_EQ(e.text("middle"), "[2, 3, 4]");
    EXPECT_EQ(e.text("backwards"), "[5, 3, 1]");
    EXPECT_EQ(e.text("last"), "5");
    EXPECT_EQ(e.text("a"), "1");
    EXPECT_EQ(e.text("r"), "[7, 4]");
    EXPECT_EQ(e.value("column").as<Tensor>()->integer(1), 5);
    EXPECT_EQ(e.value("y").as<Tensor>()->number(5), 3.0);
    EXPECT_EQ(e.text("shape"), "(2, 3)");
    EXPECT_EQ(e.value("flat").as<Tensor>()->shape(), (Shape{6}));
}

TEST(Evaluator, ErrorsEndTheProgramUnlessCaught) {
    EXPECT_EQ(evaluated(R"({"let": ["a", "b"], "value": [1]})").error(),
              "ValueError: not enough values to unpack (expected 2, got 1)");
    EXPECT_EQ(evaluated(R"({"let": ["a", "b"], "value": [1, 2, 3]})").error(),
              "ValueError: too many values to unpack (expected 2)");
    EXPECT_EQ(evaluated(R"({"for": "i", "in": 5, "body": []})").error(), "TypeError: 'int' object is not iterable");
    const std::string t = R"({"let": "t", "call": "ones", "args": [[2]]}, )";
    EXPECT_EQ(evaluated(t + R"({"for": "i", "in": "$t", "body": []})").error(),
              "OperatorNotAllowedInGraphError: iterating over `tf.Tensor` is not allowed in Graph execution. Use Eager "
              "execution or decorate this function with @tf.function.");
    EXPECT_EQ(evaluated(t + R"({"let": "n", "call": "$len", "args": ["$t"]})").error(),
              "TypeError: len is not well defined for symbolic Tensors. (ones:0) Please call `x.shape` rather than "
              "`len(x)` for shape information.");
    EXPECT_EQ(evaluated(R"({"def": "f", "params": [], "body": [{"return": "$later"}]}, {"let": "x", "call": "$f"},
                           {"let": "later", "value": 1})")
                  .error(),
              "NameError: name 'later' is not defined");
    const Evaluated e = evaluated(R"(
        {"try": [{"let": "x", "value": 1}, {"let": ["a", "b"], "value": 5}, {"let": "x", "value": 2}], "except": "TypeError", "as": "error"},
        {"try": [{"try": [{"let": ["a", "b"], "value": [1]}], "except": "TypeError"}, {"let": "x", "value": 3}]},
        {"let": "done", "value": true})");
    EXPECT_EQ(e.error(), "");
    EXPECT_EQ(e.text("x"), "1");
    EXPECT_EQ(e.text("error"), "\"'int' object is not iterable\"");
    EXPECT_EQ(e.text("done"), "True");
}

/// Of every kind of condition the branch that Python takes.
TEST(Evaluator, ConditionsFollowPython) {
    const auto branch = [](const std::string& condition) {
        const Evaluated e = evaluated(
            R"({"let": "n", "value": 3}, {"let": "none", "value": null}, {"let": "empty", "value": []},
               {"let": "same", "value": "$empty"}, {"let": "t", "call": "constant", "args": [1.0]},
               {"let": "v", "call": "get_variable", "args": ["v", [2]]},
               {"let": "shape", "value": "$t.shape"}, {"let": "taken", "value": "neither"},
               {"if": )" +
            condition + R"(, "body": [{"let": "taken", "value": "yes"}],
                "else": [{"let": "taken", "value": "no"}]})");
        return e.error().empty() ? *e.value("taken").as<std::string>() : e.error();
    };
    for (const char* condition : {"true",
                                  "1",
                                  "0.5",
                                  "\"a\"",
                                  "[0]",
                                  "\"$v\"",
                                  "\"$shape\"",
                                  R"({"is": ["$none", null]})",
                                  R"({"is not": ["$t", null]})",
                                  R"({"is": ["$empty", "$same"]})",
                                  R"({"is not": ["$empty", []]})",
                                  R"({"==": ["$empty", []]})",
                                  R"({"!=": ["$n", 4]})",
                                  R"({"<=": ["$n", 3]})",
                                  R"({">=": ["$n", 3.0]})",
                                  R"({"not": "$empty"})",
                                  R"({"and": [1, "$n", {"<": ["$n", 4]}]})",
                                  R"({"or": [0, "", "$n"]})",
                                  R"({"in": ["$n", [1, 3]]})",
                                  R"({"not in": ["x", "abc"]})",
                                  R"({"not": {"is": ["$n", null]}})",
                                  R"({"or": [true, "$t"]})",
                                  R"({"if": "$none", "then": "$t", "else": true})",
                                  R"({"==": ["$t", "$t"]})",
                                  R"({"array": [2]})"})
        EXPECT_EQ(branch(condition), "yes") << condition;
    for (const char* condition :
         {"false", "0", "0.0", "\"\"", "[]", "null", R"({"dict": []})", R"({"tuple": []})", R"({"is": ["$n", null]})",
          R"({"is not": ["$none", null]})", R"({">": ["$n", 3]})", R"({"not": "$n"})", R"({"and": [false, "$t"]})",
          R"({"or": [0, "$none"]})", R"({"array": [0]})"})
        EXPECT_EQ(branch(condition), "no") << condition;
    const std::string not_allowed =
        "OperatorNotAllowedInGraphError: using a `tf.Tensor` as a Python `bool` is not allowed in Graph execution. Use "
        "Eager execution or decorate this function with @tf.function.";
    for (const char* condition : {R"("$t")", R"({"not": "$t"})", R"({"<": ["$t", 2]})", R"({"and": ["$t", true]})",
                                  R"({"if": "$t", "then": 1, "else": 2})"})
        EXPECT_EQ(branch(condition), not_allowed) << condition;
    EXPECT_EQ(branch(R"({"array": [1, 2]})"), "ValueError: The truth value of an array with more than one element is "
                                              "ambiguous. Use a.any() or a.all()");
    EXPECT_EQ(branch(R"({"<": ["$none", 2]})"),
              "TypeError: '<' not supported between instances of 'NoneType' and 'int'");
}

TEST(Evaluator, ResourceVariablesAreReadForTheirTruth) {
    const Evaluated e =
        evaluated(R"({"let": "v", "call": "get_variable", "args": ["v", [2]], "kwargs": {"use_resource": true}},
        {"try": [{"if": "$v", "body": []}], "except": "TypeError", "as": "error"})");
    EXPECT_EQ(e.error(), "");
    EXPECT_NE(e.text("error").find("using a `tf.Tensor` as a Python `bool`"), std::string::npos);
    EXPECT_TRUE(e.evaluator->graph(GraphId(0)).find("Read/ReadVariableOp").valid());
}

TEST(Evaluator, BeforeTensorFlow115ATensorAsABoolIsATypeError) {
    auto read = Document::read(R"({"format": "rnnscope/1", "tensorflow": "1.14", "program": [
        {"let": "t", "call": "constant", "args": [true]}, {"if": "$t", "body": []}]})",
                               "test.json", ".");
    const auto& document = std::get<std::shared_ptr<const Document>>(read);
    Evaluator evaluator(document->program_ptr());
    Log log(document->program());
    evaluator.finish(log);
    ASSERT_TRUE(evaluator.error());
    EXPECT_EQ(evaluator.error()->error_class, "TypeError");
    EXPECT_TRUE(evaluator.error()->message.starts_with("Using a `tf.Tensor` as a Python `bool` is not allowed."));
}

TEST(Evaluator, BranchesAreExecutedOneStatementAtATime) {
    const Evaluated e = evaluated(R"(
        {"def": "sign", "params": ["n"], "body": [
            {"if": {"<": ["$n", 0]}, "body": [{"let": "result", "value": -1}],
             "elif": [{"if": {"==": ["$n", 0]}, "body": [{"return": 0}]}, {"if": {"==": ["$n", 5]}, "body": []}],
             "else": [{"let": "result", "value": 1}]},
            {"return": "$result"}]},
        {"let": "signs", "value": []},
        {"for": "i", "in": [-1, 0, 5, 7], "body": [
            {"try": [{"let": "s", "call": "$sign", "args": ["$i"]}, {"call": "$signs.append", "args": ["$s"]}],
             "except": "NameError", "as": "unbound"}]})");
    EXPECT_EQ(e.error(), "");
    EXPECT_EQ(e.text("signs"), "[-1, 0, 1]");
    EXPECT_EQ(e.text("unbound"), "\"local variable 'result' referenced before assignment\"");
    EXPECT_EQ(
        e.log->lines,
        (std::vector<std::string>{
            "4:0",      "16:0",    "17:0",
            " 18:0",    "  19:0",  "   5:1",
            "    6:1",  "   13:1", "  20:0",
            "17:0",     " 18:0",   "  19:0",
            "   5:1",   "   7:1",  "    8:1",
            "  20:0",   "17:0",    " 18:0",
            "  19:0",   "   5:1",  "   7:1",
            "   9:1",   "   13:1", "caught UnboundLocalError: local variable 'result' referenced before assignment",
            "17:0",     " 18:0",   "  19:0",
            "   5:1",   "   7:1",  "   9:1",
            "    12:1", "   13:1", "  20:0"}));
}

TEST(Evaluator, SessionsRunAndKeepValues) {
    const Evaluated e = evaluated(R"(
        {"let": "v", "call": "get_variable", "args": ["v", [2]], "kwargs": {"initializer": {"call": "ones_initializer"}}},
        {"let": "init", "call": "global_variables_initializer"},
        {"let": "x", "call": "placeholder", "args": ["$tf.float32", [2]]},
        {"let": "sum", "value": {"+": ["$v", "$x"]}},
        {"with": {"call": "Session"}, "as": "sess", "body": [
            {"try": [{"call": "$sess.run", "args": ["$sum", {"$x": [1, 2]}]}], "as": "error"},
            {"call": "$sess.run", "args": ["$init"]},
            {"let": "r", "call": "$sess.run", "args": [{"dict": [["a", "$v"], ["b", {"tuple": ["$init", ["$sum"]]}]]}, {"$x": [1, 2]}]},
            {"let": "e", "call": "$sum.eval", "args": [{"$x": [3, 4]}]},
            {"let": "fed", "call": "$sess.run", "args": ["$x", {"$x": [5, 6]}]}]},
        {"call": "$sess.run", "args": ["$v"]})");
    EXPECT_EQ(e.error(), "RuntimeError: Attempted to use a closed Session.");
    const auto& r = **e.value("r").as<tf1::DictValue>();
    EXPECT_EQ(r[0].second.as<Tensor>()->number(1), 1.0);
    const auto& pair = *tf1::items_of(r[1].second);
    EXPECT_TRUE(pair[0].is_none());
    EXPECT_EQ((*tf1::items_of(pair[1]))[0].as<Tensor>()->number(1), 3.0);
    EXPECT_EQ(e.value("e").as<Tensor>()->number(1), 5.0);
    EXPECT_EQ(e.value("fed").as<Tensor>()->dtype(), DType::float32);
    EXPECT_NE(e.text("error").find("Attempting to use uninitialized value v"), std::string::npos);
    EXPECT_NE(e.text("error").find("defined at test.py:3"), std::string::npos) << e.text("error");
    EXPECT_EQ(e.evaluator->session_count(), 1u);
}

TEST(Evaluator, TheClientRefusesWhatTensorFlowRefuses) {
    const auto error = [](const std::string& run) {
        return evaluated(
                   R"({"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, 3]], "kwargs": {"name": "x"}},
            {"let": "sess", "call": "Session"}, )" +
                   run)
            .error();
    };
    EXPECT_EQ(error(R"({"call": "$sess.run", "args": [null]})"),
              "TypeError: Fetch argument None has invalid type <class 'NoneType'>");
    EXPECT_EQ(error(R"({"call": "$sess.run", "args": ["y:0"]})"),
              "ValueError: Fetch argument 'y:0' cannot be interpreted as a Tensor. (\"The name 'y:0' refers to a "
              "Tensor which does not "
              "exist. The operation, 'y', does not exist in the graph.\")");
    EXPECT_EQ(error(R"({"call": "$sess.run", "args": ["$x", {"$x": [[1, 2]]}]})"),
              "ValueError: Cannot feed value of shape (1, 2) for Tensor 'x:0', which has shape '(?, 3)'");
    EXPECT_EQ(error(R"({"call": "$sess.run", "args": ["$x", {"$x": "$x"}]})").substr(0, 60),
              "TypeError: The value of a feed cannot be a tf.Tensor object.");
    EXPECT_EQ(error(R"({"call": "$x.eval"})"), "ValueError: Cannot evaluate tensor using `eval()`: No default session "
                                               "is registered. Use `with sess.as_default()` or pass "
                                               "an explicit session to `eval(session=sess)`");
    EXPECT_EQ(error(R"({"call": "$sess.run", "args": ["$x"], "kwargs": {"feeds": 1}})"),
              "TypeError: run() got an unexpected keyword argument 'feeds'");
}

TEST(Evaluator, NodesRememberTheirStatements) {
    const Evaluated e = evaluated(
        R"({"def": "f", "params": [], "body": [{"let": "c", "call": "constant", "args": [1.0]}, {"return": "$c"}]},
        {"let": "x", "call": "$f"})");
    ASSERT_EQ(e.error(), "");
    const Graph& graph = e.evaluator->graph(GraphId(0));
    const NodeId node = graph.find("Const");
    ASSERT_TRUE(node.valid());
    EXPECT_EQ(e.evaluator->statement_of(graph.node(node)), StatementId(1));
    EXPECT_EQ(e.evaluator->origin_stack(graph.node(node).origin),
              (std::vector<StatementId>{StatementId(1), StatementId(3)}));
}

TEST(Evaluator, IsStoppedWhenItGoesOnForTooLong) {
    EvaluatorOptions few;
    few.max_steps = 100;
    EXPECT_EQ(
        evaluated(R"({"for": "i", "in": {"range": [1000]}, "body": [{"try": [{"let": "x", "value": "$i"}]}]})", few)
            .error(),
        "program.too-long: the program was stopped after 100 statements");
    EXPECT_EQ(evaluated(R"({"def": "f", "params": [], "body": [{"call": "$f"}]}, {"call": "$f"})").error(),
              "RecursionError: maximum recursion depth exceeded");
    EXPECT_EQ(evaluated(R"({"let": "r", "value": {"range": [1000000000000]}})").error(),
              "MemoryError: a range of more than 1000000 items");
    EXPECT_EQ(evaluated(R"({"let": "r", "value": {"*": [[1], 1000000000000]}})").error(),
              "MemoryError: a list of more than 1000000 items");
}

TEST(Evaluator, MutatedSamplesNeverCrash) {
    std::mt19937 random(7);
    const auto files = json_files("programs");
    int finished = 0;
    for (int round = 0; round < 150; ++round) {
        std::string text = tests::short_sample(files[random() % files.size()]);
        // Swap two references: most results still read, few still work.
        std::vector<std::size_t> references;
        for (std::size_t at = text.find("\"$"); at != std::string::npos; at = text.find("\"$", at + 1))
            references.push_back(at);
        if (references.size() < 2) continue;
        const std::size_t from = references[random() % references.size()],
                          to = references[random() % references.size()];
        const std::string value = text.substr(from, text.find('"', from + 1) - from + 1);
        text.replace(to, text.find('"', to + 1) - to + 1, value);
        auto read = Document::read(text, "mutated.json", ".");
        if (const auto* document = std::get_if<std::shared_ptr<const Document>>(&read)) {
            EvaluatorOptions options;
            options.max_steps = 2000;
            Evaluator evaluator((*document)->program_ptr(), options);
            Log log((*document)->program());
            evaluator.finish(log);
            EXPECT_TRUE(evaluator.done());
            ++finished;
        }
    }
    EXPECT_GT(finished, 30);
}

} // namespace
} // namespace rnnscope::program
