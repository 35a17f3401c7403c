// A movement over a recording of blocks stops where one over single events does.

#include "core/debug/movement.hpp"
#include "tests/core/debug/block_maker.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <sstream>

namespace rnnscope::debug {
namespace {

/// A sample; after a blank, how many time steps it gets instead of five; then perhaps "nan", which its inputs become
/// from time step 18 on.
std::shared_ptr<const program::Document> read(const std::string& what) {
    const std::string name = what.substr(0, what.find(' '));
    const auto path = std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (name + ".json");
    std::ifstream file(path);
    std::stringstream text;
    text << file.rdbuf();
    std::string program = text.str();
    if (what.size() > name.size()) {
        const std::string shape = "\"shape\": [2, 5, 10]";
        const std::size_t at = program.find(shape);
        EXPECT_NE(at, std::string::npos) << name;
        program.replace(at, shape.size(), fmt::format("\"shape\": [2, {}, 10]", std::atoi(&what[name.size() + 1])));
    }
    if (what.ends_with(" nan")) {
        const std::string step = "\"step\": 0.1";
        const std::size_t at = program.find(step);
        EXPECT_NE(at, std::string::npos) << name;
        program.replace(at, step.size(), "\"step\": 1e306"); // sin(infinity)
    }
    return std::get<0>(program::Document::read(std::move(program), path.string(), path.parent_path().string()));
}

/// An evaluation with a position in it.
struct Driven {
    Evaluation evaluation;
    Position position;
    StopReason reason = StopReason::none;

    void drive(Movement movement, std::span<const Breakpoint> breakpoints) {
        while (
            !movement.pump(evaluation, breakpoints, position, reason, std::chrono::steady_clock::time_point::max())) {
        }
    }
};

class MovementTest : public testing::TestWithParam<const char*> {
  protected:
    template <class Make> void drive(Make&& make) {
        for (Driven* driven : {&singles_, &blocks_, &executor_}) driven->drive(make(*driven), breakpoints_);
        ASSERT_EQ(singles_.position, executor_.position);
        ASSERT_EQ(singles_.reason, executor_.reason);
        ASSERT_EQ(singles_.position, blocks_.position);
        ASSERT_EQ(singles_.reason, blocks_.reason);
        const Ahead a = singles_.evaluation.ahead(singles_.position), b = blocks_.evaluation.ahead(blocks_.position);
        ASSERT_EQ(a.kind, b.kind);
        ASSERT_EQ(a.statement, b.statement);
        ASSERT_EQ(a.run, b.run);
        ASSERT_EQ(a.event, b.event);
        ASSERT_EQ(a.node, b.node);
    }
    static std::size_t blocks(const Driven& driven) {
        std::size_t count = 0;
        for (const record::RecordedRun& run : driven.evaluation.recording().runs())
            for (const record::EventPiece& piece : driven.evaluation.recording().pieces(run.info.id))
                if (piece.block != nullptr) ++count;
        return count;
    }

    template <class Any> Breakpoint random_breakpoint(Any&& any) const {
        static constexpr std::string_view conditions[] = {
            "nan", "bad", "outside -0.1 0.1", "outside 0 100000", "equals 0", "saturated 0.4", "changed 0.05"};
        const Graph& graph = singles_.evaluation.evaluator().graph(GraphId(0));
        std::vector<std::string> in_loops;
        for (const Node& node : graph.nodes())
            if (node.name.find("/while/") != std::string::npos) in_loops.push_back(node.name);
        Breakpoint breakpoint;
        breakpoint.kind = static_cast<Breakpoint::Kind>(any(5));
        breakpoint.name = in_loops[any(in_loops.size())];
        if (breakpoint.kind == Breakpoint::Kind::statement)
            breakpoint.statement = StatementId(any(document_->program().statements.size()));
        if (breakpoint.kind == Breakpoint::Kind::variable) {
            breakpoint.name = graph.variables()[any(graph.variables().size())].name;
            breakpoint.access = static_cast<Breakpoint::Access>(any(3));
        }
        const std::size_t end_of_scope = breakpoint.name.find('/', breakpoint.name.find("/while/") + 7);
        if (breakpoint.kind == Breakpoint::Kind::scope && end_of_scope != std::string::npos)
            breakpoint.name.resize(end_of_scope);
        if (breakpoint.kind == Breakpoint::Kind::scope && any(3) == 0) breakpoint.name.clear(); // any op
        if (any(2) == 0 || breakpoint.name.empty())
            breakpoint.condition = *parse_condition(conditions[any(std::size(conditions))]);
        return breakpoint;
    }
    static std::string bits(const Tensor& tensor) {
        if (tensor.dtype() == DType::string || tensor.dtype() == DType::resource)
            return tensor.elements() > 0 ? tensor.strings()[0] : std::string();
        const auto bytes = tensor.bytes();
        return std::to_string(
            std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()}));
    }
    /// All that can be seen of the program's state at a position.
    static std::string state_of(const Driven& driven) {
        const record::Recording& recording = driven.evaluation.recording();
        std::string text;
        for (std::size_t s = 0; s < recording.sessions(); ++s)
            for (const Variable& variable :
                 driven.evaluation.evaluator().graph(recording.graph_of(SessionId(s))).variables()) {
                text += init_state_name(recording.state_at(SessionId(s), variable, driven.position));
                const Tensor value = recording.value_at(SessionId(s), variable.name, driven.position);
                text += value ? bits(value) : "-";
            }
        const Ahead ahead = driven.evaluation.ahead(driven.position);
        if (ahead.kind == Ahead::Kind::event && driven.position < recording.end())
            for (const record::RecordedValue& input : recording.event(ahead.run, ahead.event).inputs)
                text += input.tensor ? bits(input.tensor) : "-";
        return text;
    }

    std::shared_ptr<const program::Document> document_ = read(GetParam());
    Driven singles_{
        Evaluation(document_, [](auto& evaluator, auto& observer, auto) { evaluator.advance(observer); }), {}, {}};
    Driven blocks_{Evaluation(document_, tests::BlockMaker::advance), {}, {}};
    Driven executor_{Evaluation(document_), {}, {}}; ///< whatever it computes at once
    std::vector<Breakpoint> breakpoints_;
};

TEST_P(MovementTest, StopsAtTheSamePositions) {
    std::mt19937 random(7);
    const auto any = [&](std::size_t count) { return random() % count; };
    drive([](Driven& d) { return Movement::finish(d.evaluation, d.position); });
    ASSERT_GT(blocks(blocks_), 0u) << "nothing repeats: the test compares nothing";
    const bool is_long = std::string(GetParam()).find(' ') != std::string::npos;
    ASSERT_TRUE(!is_long || blocks(executor_) > 0) << "the executor computes long loops at once";
    for (int move = 0; move < 200; ++move) {
        if (any(6) == 0) breakpoints_.clear();
        if (any(4) == 0) breakpoints_.push_back(random_breakpoint(any));
        const bool forward = any(2) == 0;
        const auto granularity = static_cast<Granularity>(any(6));
        const Position target{any(singles_.evaluation.recording().end().ticks + 1)};
        const std::size_t what = any(4);
        SCOPED_TRACE(fmt::format("move {}: what {}, granularity {}, forward {}", move, what,
                                 static_cast<int>(granularity), forward));
        drive([&](Driven& d) {
            if (what == 0) return Movement::to(d.position, target);
            if (what == 1) return Movement::run_on(d.evaluation, d.position, forward);
            return Movement::by(d.evaluation, d.position, granularity, forward);
        });
        if (HasFatalFailure()) return;
    }
}

TEST_P(MovementTest, BackwardsMeetsTheStopsOfForwards) {
    std::mt19937 random(11);
    const auto any = [&](std::size_t count) { return random() % count; };
    drive([](Driven& d) { return Movement::finish(d.evaluation, d.position); });
    for (int round = 0; round < 5; ++round) {
        breakpoints_.clear();
        for (int i = 0; i < 3; ++i) breakpoints_.push_back(random_breakpoint(any));
        std::map<std::uint64_t, std::string> seen; // by position
        drive([](Driven& d) { return Movement::to(d.position, {}); });
        while (!blocks_.evaluation.is_end(blocks_.position)) {
            drive([](Driven& d) { return Movement::run_on(d.evaluation, d.position, true); });
            if (HasFatalFailure()) return;
            seen[blocks_.position.ticks] = state_of(blocks_);
            EXPECT_EQ(state_of(singles_), state_of(blocks_));
        }
        // The end stops forwards whatever is there, and the start backwards.
        auto next = seen.rbegin();
        while (blocks_.position.ticks != 0) {
            drive([](Driven& d) { return Movement::run_on(d.evaluation, d.position, false); });
            if (HasFatalFailure()) return;
            ++next;
            ASSERT_EQ(blocks_.position.ticks, next == seen.rend() ? 0 : next->first);
            if (next != seen.rend()) {
                EXPECT_EQ(state_of(blocks_), next->second);
            }
        }
        for (int step = 0; step < 20; ++step) { // a walk meets nothing else
            const bool forward = any(2) == 0;
            drive([&](Driven& d) { return Movement::run_on(d.evaluation, d.position, forward); });
            if (HasFatalFailure()) return;
            if (blocks_.position.ticks != 0) {
                ASSERT_EQ(seen.at(blocks_.position.ticks), state_of(blocks_));
            }
        }
    }
}

TEST_P(MovementTest, StopsAtTheSamePositionsWhileItEvaluates) {
    Breakpoint op, scope;
    op.kind = Breakpoint::Kind::op;
    op.name = "rnn/rnn/while/LoopCond";
    scope.kind = Breakpoint::Kind::scope;
    scope.name = "rnn/rnn/while/rnn";
    breakpoints_ = {op, scope};
    std::size_t stops = 0;
    while (!singles_.evaluation.is_end(singles_.position)) {
        drive([](Driven& d) { return Movement::run_on(d.evaluation, d.position, true); });
        if (HasFatalFailure()) return;
        ++stops;
    }
    EXPECT_TRUE(blocks_.evaluation.is_end(blocks_.position));
    EXPECT_GT(stops, 4u);
    EXPECT_GT(blocks(blocks_), 0u);
}

class FailureTest : public MovementTest {};

TEST_P(FailureTest, StopsAtTheSameFailures) {
    for (const bool forward : {true, false, true}) {
        const auto is_over = [&] {
            return forward ? singles_.evaluation.is_end(singles_.position) : singles_.position.ticks == 0;
        };
        while (!is_over()) {
            drive([&](Driven& d) { return Movement::run_on(d.evaluation, d.position, forward); });
            if (HasFatalFailure()) return;
            EXPECT_EQ(state_of(singles_), state_of(blocks_));
            EXPECT_EQ(state_of(singles_), state_of(executor_));
        }
    }
    const auto errors = singles_.evaluation.recording().errors();
    ASSERT_EQ(errors.size(), executor_.evaluation.recording().errors().size());
    for (std::size_t i = 0; i < errors.size(); ++i) {
        EXPECT_EQ(errors[i].first, executor_.evaluation.recording().errors()[i].first);
        EXPECT_EQ(errors[i].last, executor_.evaluation.recording().errors()[i].last);
        EXPECT_EQ(errors[i].error.text, executor_.evaluation.recording().errors()[i].error.text);
    }
}

INSTANTIATE_TEST_SUITE_P(Failing, FailureTest,
                         testing::Values("D01_never_init", "D02_init_before_cell_call", "D12_init_after_restore",
                                         "D16_shared_cell_depth_mismatch", "D18_variable_in_loop",
                                         "D19_fetch_inside_loop", "D20_two_sessions", "D26_resource_message",
                                         "seed_a_init_early", "seed_b_scope_miss_layer1", "seed_c_second_no_reuse",
                                         "state_not_fed"));
INSTANTIATE_TEST_SUITE_P(Samples, MovementTest,
                         testing::Values("seed_a_ok", "seed_b_ok", "seed_c_ok", "seed_a_ok 40", "seed_a_ok 40 nan"));

} // namespace
} // namespace rnnscope::debug
