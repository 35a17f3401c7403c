// What-ifs: the same program once more, with something different.

#include "core/debug/command.hpp"
#include "core/debug/evaluation.hpp"
#include "tests/core/debug/command_test.hpp"
#include "tests/core/golden_text.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;
using runtime::Change;

/// h = x, then `steps` times h = tanh(h + v); y = h * 2. Run 1 sets v, run 2 asks for y, run 3 doubles v, run 4 asks
/// for y again.
std::string program(int steps, const std::string& x = "[0.0, 0.5, 1.0]", bool initializes = true) {
    return fmt::format(R"({{"format": "rnnscope/1", "program": [
      {{"let": "x", "call": "placeholder", "args": ["$tf.float32", [3]], "kwargs": {{"name": "x"}}}},
      {{"let": "v", "call": "Variable", "args": [[0.5, 0.25, 0.125]], "kwargs": {{"name": "v"}}}},
      {{"def": "goes_on", "params": ["t", "h"], "body": [{{"return": {{"<": ["$t", {0}]}}}}]}},
      {{"def": "step", "params": ["t", "h"], "body": [
        {{"let": "n", "call": "tanh", "args": [{{"+": ["$h", "$v"]}}], "kwargs": {{"name": "n"}}}},
        {{"return": [{{"+": ["$t", 1]}}, "$n"]}}]}},
      {{"let": ["t", "h"], "call": "while_loop", "args": ["$goes_on", "$step", [0, "$x"]]}},
      {{"let": "y", "call": "multiply", "args": ["$h", 2.0], "kwargs": {{"name": "y"}}}},
      {{"let": "double", "call": "assign", "args": ["$v", {{"+": ["$v", "$v"]}}], "kwargs": {{"name": "double"}}}},
      {{"let": "init", "call": "global_variables_initializer"}},
      {{"let": "sess", "call": "Session"}},
      {{"call": "$sess.run", "args": ["{2}"]}},
      {{"call": "$sess.run", "args": ["$y"], "kwargs": {{"feed_dict": {{"$x": {1}}}}}}},
      {{"call": "$sess.run", "args": ["$double"]}},
      {{"call": "$sess.run", "args": ["$y"], "kwargs": {{"feed_dict": {{"$x": {1}}}}}}}]}})",
                       steps, x, initializes ? "$init" : "$x:0");
}

/// Everything that was recorded, as bytes.
std::string dump(const record::Recording& recording) {
    std::string text = fmt::format("{} ticks\n", recording.end().ticks);
    const auto add = [&](const Tensor& tensor) {
        if (!tensor) {
            text += " -";
            return;
        }
        text += fmt::format(" {}{}:", dtype_name(tensor.dtype()), to_python(tensor.shape()));
        if (dtype_size(tensor.dtype()) == 0) return;
        for (const std::byte byte : tensor.bytes()) text += fmt::format("{:02x}", static_cast<unsigned>(byte));
    };
    for (const record::RecordedRun& run : recording.runs()) {
        text += fmt::format("run {} {}\n", run.info.id.index(), run.outcome.error ? run.outcome.error->message : "");
        for (const auto& feed : run.info.request.feeds) add(feed.value);
        for (std::uint32_t i = 0; i < recording.event_count(run.info.id); ++i) {
            const record::RecordedEvent event = recording.event(run.info.id, i);
            text += fmt::format("\n{} {} {} {} {} {}", event.node.value, event.slot, event.frame, event.iteration,
                                event.dead, event.failed);
            for (const auto& value : event.inputs) add(value.tensor);
            for (const auto& value : event.outputs) add(value.tensor);
            for (const auto& access : event.accesses) {
                text += fmt::format(" {}{}", access.write ? "w" : "r", access.variable);
                add(access.value);
            }
        }
        text += "\n";
    }
    return text;
}

class WhatIfTest : public tests::CommandTest {
  protected:
    /// What run `number` of the diversion fetched.
    Tensor diverted(std::size_t number) const {
        const auto& results = debugger_.diversion()->evaluation->recording().run(RunId(number - 1)).outcome.results;
        return results.empty() ? Tensor() : results[0];
    }
    Tensor original(std::size_t number) const {
        const auto& results = debugger_.original().recording().run(RunId(number - 1)).outcome.results;
        return results.empty() ? Tensor() : results[0];
    }
    /// What the run of another program fetched.
    static Tensor fetched(const std::string& text, std::size_t number) {
        Debugger other;
        EXPECT_TRUE(other.open_text(text, "t.json", ".").empty());
        other.run_on(true);
        other.wait();
        return other.recording().run(RunId(number - 1)).outcome.results.at(0);
    }
    const runtime::ChangeTime& time(std::size_t change = 0) const {
        return *debugger_.diversion()->changes->time_of(change);
    }
};

TEST_F(WhatIfTest, AValueInsideOfALoop) {
    open_text(program(5));
    const std::string before = dump(debugger_.recording());
    run("go.time", "2 2 while/n");
    const std::uint32_t event = debugger_.current_event();
    run("whatif.set", "while/n:0 [0, 0, 0]");
    run("whatif.run");
    // From there on it is a loop of two steps that begins with zeros.
    EXPECT_TRUE(diverted(2).identical(fetched(program(2, "[0.0, 0.0, 0.0]"), 2)));
    EXPECT_TRUE(diverted(4).identical(original(4))) << "once";
    EXPECT_EQ(time().run, RunId(1));
    EXPECT_EQ(time().event, event) << "the op that is about to run";
    EXPECT_EQ(time().iteration, 2);
    EXPECT_EQ(dump(debugger_.recording()), before);
    EXPECT_FALSE(debugger_.shows_diversion());
}

TEST_F(WhatIfTest, TheNextTimeThatATensorIsMade) {
    open_text(program(5));
    run("go.start");
    run("step.over");
    EXPECT_EQ(run("whatif.set", "y 1"), "the graph has no \"y\" yet");
    run("go.time", "2"); // before its first op
    run("whatif.set", "y [1, 2, 3]");
    run("go.time", "3"); // y is made again in run 4
    run("whatif.set", "y = [4, 5, 6]");
    run("whatif.run");
    EXPECT_EQ(to_text(diverted(2)), "[1. 2. 3.]");
    EXPECT_EQ(to_text(diverted(4)), "[4. 5. 6.]");
    EXPECT_EQ(time(0).run, RunId(1));
    EXPECT_EQ(time(1).run, RunId(3));
}

/// Loops go on in rounds up to the change and after it, and hear the same events as one visit at a time.
TEST_F(WhatIfTest, RoundsBeforeAndAfterAChange) {
    constexpr int steps = 100;
    open_text(program(steps));
    const auto document = std::get<0>(program::Document::read(program(steps), "t.json", "."));
    const Graph& graph = *debugger_.graph();
    const NodeId tanh = graph.find("while/n"), condition = graph.find("while/LoopCond");
    ASSERT_TRUE(tanh.valid() && condition.valid());
    const auto events = debugger_.recording().events_of(RunId(1), tanh);
    for (const std::uint32_t event : {events[1], events[50], events[51] - 3, events[98]})
        for (const Change::Kind kind : {Change::Kind::output, Change::Kind::skip, Change::Kind::variable}) {
            SCOPED_TRACE(fmt::format("event {}, kind {}", event, static_cast<int>(kind)));
            Change change;
            change.kind = kind;
            change.run = RunId(1);
            change.event = event;
            change.graph = graph.id();
            change.session = SessionId(0);
            change.output = {kind == Change::Kind::variable ? graph.find("v") : tanh, 0};
            change.value = Tensor::of<float>({3}, {3, 2, 1});
            const auto evaluate = [&](bool singly) {
                program::EvaluatorOptions options;
                options.session.changes = std::make_shared<runtime::Changes>(std::vector{change});
                Evaluation evaluation(document,
                                      singly ? Evaluation::Advance([](auto& evaluator, auto& observer, auto) {
                                          evaluator.advance(observer);
                                      })
                                             : nullptr,
                                      options);
                while (!evaluation.evaluator().done()) evaluation.advance(100'000);
                EXPECT_TRUE(options.session.changes->time_of(0));
                if (!singly && event == events[50] && kind == Change::Kind::output) {
                    const auto pieces = evaluation.recording().pieces(RunId(1));
                    const auto is_block = [](const record::EventPiece& piece) { return piece.block != nullptr; };
                    EXPECT_TRUE(is_block(evaluation.recording().piece_of(RunId(1), events[30])));
                    EXPECT_FALSE(is_block(evaluation.recording().piece_of(RunId(1), event)));
                    EXPECT_TRUE(is_block(evaluation.recording().piece_of(RunId(1), events[80])));
                    EXPECT_GT(pieces.size(), 2U);
                }
                return dump(evaluation.recording());
            };
            EXPECT_EQ(evaluate(false), evaluate(true));
        }
}

TEST_F(WhatIfTest, ALoopThatEndsEarlier) {
    open_text(program(50));
    run("go.time", "2 20 while/LoopCond");
    run("whatif.set", "while/LoopCond false");
    run("whatif.run");
    EXPECT_TRUE(diverted(2).identical(fetched(program(20), 2)));
    EXPECT_TRUE(diverted(4).identical(original(4)));
}

TEST_F(WhatIfTest, AVariable) {
    open_text(program(5));
    run("go.time", "3");
    EXPECT_EQ(run("whatif.set", "v [1, 1]"),
              "Cannot feed value of shape (2,) for Tensor 'v:0', which has shape '(3,)'");
    run("whatif.set", "v [0, 0, 0]");
    run("whatif.run");
    EXPECT_TRUE(diverted(2).identical(original(2))) << "that was before";
    EXPECT_EQ(to_text(diverted(3)), "[0. 0. 0.]");
    const auto& recording = debugger_.diversion()->evaluation->recording();
    EXPECT_EQ(to_text(recording.value_at(SessionId(0), "v", recording.end())), "[0. 0. 0.]");
    EXPECT_EQ(to_text(debugger_.recording().value_at(SessionId(0), "v", debugger_.recording().end())),
              "[1.   0.5  0.25]");
}

/// Stopped at a read of a variable without value: what if it had one, or the op gave one all the same?
TEST_F(WhatIfTest, AReadThatFails) {
    for (const char* change : {"v [0.5, 0.25, 0.125]", "v/read [0.5, 0.25, 0.125]"}) {
        open_text(R"({"format": "rnnscope/1", "program": [
          {"let": "v", "call": "Variable", "args": [[1.0, 2.0, 3.0]], "kwargs": {"name": "v"}},
          {"let": "y", "call": "multiply", "args": ["$v", 2.0], "kwargs": {"name": "y"}},
          {"let": "sess", "call": "Session"},
          {"call": "$sess.run", "args": ["$y"]}]})");
        ASSERT_EQ(debugger_.stop_reason(), StopReason::uninitialized_read);
        run("whatif.set", change);
        const std::string text = run("whatif.run");
        EXPECT_NE(text.find("the original fails at line"), std::string::npos) << text;
        EXPECT_NE(text.find("the what-if finishes"), std::string::npos) << text;
        EXPECT_EQ(to_text(diverted(1)), "[1.   0.5  0.25]");
        EXPECT_EQ(debugger_.stop_reason(), StopReason::uninitialized_read) << "the original stays where it is";
    }
}

TEST_F(WhatIfTest, AResourceVariableThatWasNeverMade) {
    open_text(R"({"format": "rnnscope/1", "program": [
      {"let": "v", "call": "Variable", "args": [[1.0, 2.0]], "kwargs": {"name": "v", "use_resource": true}},
      {"let": "y", "call": "multiply", "args": ["$v", 2.0], "kwargs": {"name": "y"}},
      {"let": "sess", "call": "Session"},
      {"call": "$sess.run", "args": ["$y"]}]})");
    run("go.time", "1");
    run("whatif.set", "v [3, 4]");
    run("whatif.run");
    EXPECT_EQ(to_text(diverted(1)), "[6. 8.]");
}

TEST_F(WhatIfTest, AFeed) {
    open_text(program(5));
    run("go.time", "2 3"); // in the middle: the whole run is fed something else
    EXPECT_EQ(run("whatif.feed", "x zeros(3)"), "what if x:0 is fed float32 (3,) [0. 0. 0.], from run 2 on, once; "
                                                "whatif.run shows it");
    run("whatif.run");
    EXPECT_TRUE(diverted(2).identical(fetched(program(5, "[0.0, 0.0, 0.0]"), 2)));
    EXPECT_TRUE(diverted(4).identical(original(4)));
    run("whatif.discard");
    // One more: what is fed is not computed.
    run("go.time", "4");
    run("whatif.feed", "mul/y 2");
    EXPECT_EQ(run("whatif.feed", "x zeros(4)"),
              "Cannot feed value of shape (4,) for Tensor 'x:0', which has shape '(3,)'");
    EXPECT_NE(run("whatif.feed", "x zero(3)").find("cannot read the value"), std::string::npos);
    EXPECT_NE(run("whatif.feed", "while/n zeros(3)").find("inside a loop"), std::string::npos);
    EXPECT_NE(run("whatif.feed", "xx zeros(3)").find("the graph has no \"xx\""), std::string::npos);
}

TEST_F(WhatIfTest, ASkippedOp) {
    open_text(program(5));
    run("go.time", "3");
    run("whatif.skip", "double"); // hands on v, as it is
    run("go.time", "4");
    run("whatif.skip", "while/n"); // its shape is known: zeros, in the first time step
    run("whatif.run");
    EXPECT_EQ(to_text(diverted(3)), "[0.5   0.25  0.125]");
    EXPECT_TRUE(diverted(4).identical(fetched(program(4, "[0.0, 0.0, 0.0]"), 2)));
    EXPECT_EQ(time(1).iteration, 0);
    EXPECT_EQ(run("whatif.skip", "while/LoopCond"), "while/LoopCond decides which ops run; set its input instead");
    EXPECT_EQ(run("whatif.skip", "v"), "v is the variable itself; set its value instead");
    EXPECT_EQ(run("whatif.set", "while/Switch true"), "while/Switch decides which ops run; set its input instead");
}

TEST_F(WhatIfTest, ASkippedOpWithoutOutputsOrStaticShape) {
    open_text(R"({"format": "rnnscope/1", "program": [
      {"let": "x", "call": "placeholder", "args": ["$tf.float32", [null]], "kwargs": {"name": "x"}},
      {"let": "v", "call": "Variable", "args": [[1.0, 2.0]], "kwargs": {"name": "v", "use_resource": true}},
      {"let": "y", "call": "multiply", "args": ["$x", 2.0], "kwargs": {"name": "y"}},
      {"let": "init", "call": "global_variables_initializer"},
      {"let": "sess", "call": "Session"},
      {"call": "$sess.run", "args": ["$y"], "kwargs": {"feed_dict": {"$x": [1.0, 2.0, 3.0]}}},
      {"call": "$sess.run", "args": ["$init"]},
      {"call": "$sess.run", "args": ["$v"]}]})");
    run("go.time", "1");
    run("whatif.skip", "y");
    run("whatif.skip", "v/Assign");
    const std::string text = run("whatif.run");
    EXPECT_EQ(to_text(diverted(1)), "[0. 0. 0.]");
    EXPECT_NE(text.find("the what-if fails at line 10: FailedPreconditionError"), std::string::npos) << text;
}

TEST_F(WhatIfTest, KeptSwitchedAndDiscarded) {
    open_text(program(5));
    const std::string before = dump(debugger_.recording());
    EXPECT_EQ(run("whatif.run"), "Nothing is different: say what, with whatif.set, whatif.feed or whatif.skip.");
    EXPECT_EQ(run("whatif.keep"), "No what-if was run.");
    EXPECT_EQ(run("whatif.discard"), "There is no what-if.");
    run("select.node", "y");
    run("go.time", "2 0 y");
    run("whatif.set", "y [1, 2, 3]");
    run("whatif.run");
    run("step.op");
    const Position here = debugger_.position();
    const std::string y = run("print.value", "y");
    run("whatif.keep");
    EXPECT_TRUE(debugger_.shows_diversion());
    EXPECT_EQ(debugger_.position(), here);
    EXPECT_EQ(run("print.value", "y"), "y: float32 (3,)\n[1. 2. 3.]");
    EXPECT_EQ(debugger_.selection().kind, Selection::Kind::node);
    run("step.op");
    run("whatif.switch");
    EXPECT_FALSE(debugger_.shows_diversion());
    EXPECT_EQ(debugger_.position(), here) << "each has its own";
    EXPECT_EQ(run("print.value", "y"), y);
    run("whatif.switch");
    EXPECT_NE(debugger_.position(), here);
    // Seen from the what-if: another change on top of it.
    run("go.time", "4 0 y");
    run("whatif.set", "y [4, 5, 6]");
    run("whatif.run");
    EXPECT_FALSE(debugger_.shows_diversion());
    EXPECT_EQ(to_text(diverted(2)), "[1. 2. 3.]");
    EXPECT_EQ(to_text(diverted(4)), "[4. 5. 6.]");
    run("whatif.keep");
    run("whatif.discard");
    EXPECT_FALSE(debugger_.shows_diversion());
    EXPECT_EQ(debugger_.diversion(), nullptr);
    EXPECT_TRUE(debugger_.changes().empty());
    EXPECT_EQ(debugger_.position(), here);
    EXPECT_EQ(dump(debugger_.recording()), before);
    EXPECT_FALSE(debugger_.modified());
}

TEST_F(WhatIfTest, ReportsAsText) {
    const auto path = fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / "seed_a_ok.json";
    ASSERT_TRUE(debugger_.open(path.string()).empty());
    run("run.continue");
    const std::string cell = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/";
    const std::string loop = "rnn/rnn/while/rnn/multi_rnn_cell/cell_0/gru_cell/";
    const std::vector<std::vector<std::pair<std::string, std::string>>> questions = {
        {{"go.time", "2 3 " + loop + "Sigmoid"}, {"whatif.set", loop + "Sigmoid zeros(2,128)"}, {"whatif.run", ""}},
        {{"go.time", "2"}, {"whatif.set", cell + "candidate/bias ones(64)"}, {"whatif.run", ""}},
        {{"go.time", "1"}, {"whatif.skip", cell + "gates/kernel/Assign"}, {"whatif.run", ""}},
        {{"go.time", "2"}, {"whatif.feed", "Placeholder ones(1,5,10)"}, {"whatif.run", ""}},
        {{"go.time", "2"}, {"whatif.feed", "Placeholder ones(1,5,9)"}},
        {{"go.end", ""}, {"whatif.set", "rnn/rnn/transpose_1 zeros(2,5,64)"}, {"whatif.run", ""}},
    };
    std::string text;
    for (const auto& commands : questions) {
        for (const auto& [id, argument] : commands)
            text += fmt::format("> {} {}\n{}\n", id, argument, run(id, argument));
        run("whatif.discard");
        text += "\n";
    }
    rnnscope::testing::expect_golden("debug", "whatif_seed_a_ok", text);
}

} // namespace
} // namespace rnnscope::debug
