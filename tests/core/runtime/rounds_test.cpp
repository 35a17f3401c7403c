// Loops that are executed in rounds do the same, event by event and bit by bit, as visits one at a time.

#include "core/ops/op_def.hpp"
#include "tests/core/runtime/transcript.hpp"

#include <gtest/gtest.h>

namespace rnnscope::runtime {
namespace {

using namespace rnnscope::testing;

constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

/// A while loop with a counter and a vector, built node by node: i < limit: i + 1, body(i, x).
class LoopGraph {
  public:
    Graph graph;

    NodeId node(const std::string& name, const std::string& op, std::vector<Output> inputs, AttrMap attrs = {}) {
        auto made = ops::add_node(graph, {name, op, std::move(inputs), {}, std::move(attrs), "", {}, false});
        EXPECT_TRUE(made.ok()) << name << ": " << (made.ok() ? "" : made.error().message);
        return *made;
    }
    Output constant(const std::string& name, Tensor value) {
        const DType dtype = value.dtype();
        return {node(name, "Const", {}, {{"value", std::move(value)}, {"dtype", dtype}}), 0};
    }
    Output enter(const std::string& name, Output value, bool is_constant = false) {
        return {node(name, "Enter", {value}, {{"frame_name", "loop"}, {"is_constant", is_constant}}), 0};
    }
    struct Carried {
        NodeId merge;
        Output body, exit;
    };
    /// The Merge and, once the condition is known, the Switch of a value that goes round.
    Carried carry(const std::string& name, Output first) {
        const Output entered = enter(name + "/enter", first);
        return {node(name + "/merge", "Merge", {entered, entered}), {}, {}};
    }
    void decide(const std::string& name, Carried& carried, Output condition) {
        const NodeId decided = node(name + "/switch", "Switch", {{carried.merge, 0}, condition});
        carried.exit = {node(name + "/exit", "Exit", {{decided, 0}}), 0};
        carried.body = {node(name + "/body", "Identity", {{decided, 1}}), 0};
    }
    void close(const std::string& name, const Carried& carried, Output next) {
        graph.set_input(carried.merge, 1, {node(name + "/next", "NextIteration", {next}), 0});
    }
};

/// x = x * x + i while i < limit, as a loop.
class Rounds : public ::testing::TestWithParam<int> {
  protected:
    LoopGraph loop_;
    Output counter_, vector_;

    void SetUp() override {
        const Output limit = loop_.enter("limit/enter", loop_.constant("limit", Tensor::scalar(GetParam())), true);
        auto i = loop_.carry("i", loop_.constant("zero", Tensor::scalar(0)));
        auto x = loop_.carry("x", loop_.constant("x0", Tensor::of<float>({3}, {0.5F, -0.25F, 0.125F})));
        const Output less{loop_.node("less", "Less", {{i.merge, 0}, limit}), 0};
        const Output condition{loop_.node("cond", "LoopCond", {less}), 0};
        loop_.decide("i", i, condition);
        loop_.decide("x", x, condition);
        const Output one = loop_.enter("one/enter", loop_.constant("one", Tensor::scalar(1)), true);
        const Output half = loop_.enter("half/enter", loop_.constant("half", Tensor::scalar(0.5F)), true);
        const Output next{loop_.node("add", "Add", {i.body, one}), 0};
        const Output square{loop_.node("square", "Mul", {x.body, x.body}), 0};
        const Output moved{loop_.node("moved", "Sub", {square, half}), 0};
        loop_.close("i", i, next);
        loop_.close("x", x, {loop_.node("tanh", "Tanh", {moved}), 0});
        counter_ = i.exit;
        vector_ = x.exit;
    }
    Transcript run(int parallel, std::uint64_t most, std::vector<Tensor>& results, Keep keep = {}) {
        Session session(loop_.graph, SessionOptions{parallel, 1});
        auto run = session.start({{counter_, vector_}, {}, {}});
        EXPECT_TRUE(run.ok());
        Transcript transcript;
        transcript.wanted = keep;
        while (!(*run)->done()) (*run)->advance(transcript, most);
        EXPECT_FALSE((*run)->error().has_value());
        EXPECT_EQ((*run)->live_frames(), 0U);
        results = (*run)->results();
        return transcript;
    }
};

TEST_P(Rounds, AreWhatSingleVisitsWouldBe) {
    for (const int parallel : {1, 3, 0}) {
        SCOPED_TRACE(parallel);
        std::vector<Tensor> expected, results;
        const Transcript one_by_one = run(parallel, 1, expected);
        EXPECT_EQ(one_by_one.blocks, 0U);
        for (const std::uint64_t most : {std::uint64_t{2}, std::uint64_t{50}, all}) {
            const Transcript at_once = run(parallel, most, results);
            expect_same(loop_.graph, one_by_one, at_once);
            ASSERT_EQ(results.size(), 2U);
            EXPECT_EQ(results[0].integer(0), GetParam());
            EXPECT_TRUE(results[1].identical(expected[1]));
            if (most == all && GetParam() > 8) {
                EXPECT_GT(at_once.in_blocks, at_once.lines.size() / 2);
            }
        }
    }
}

TEST_P(Rounds, AreComputedAgainFromTheirStates) {
    std::vector<Tensor> expected, results;
    const Transcript one_by_one = run(1, 1, expected);
    for (const std::uint32_t interval : {1U, 2U, 7U}) {
        const Transcript again = run(1, all, results, {Keep::What::states, interval});
        expect_same(loop_.graph, one_by_one, again);
        EXPECT_TRUE(results[1].identical(expected[1]));
    }
    const Transcript silent = run(1, all, results, {Keep::What::nothing, 1});
    EXPECT_EQ(silent.blocks, 0U);
    EXPECT_TRUE(results[1].identical(expected[1]));
}

INSTANTIATE_TEST_SUITE_P(Limits, Rounds, ::testing::Values(0, 1, 2, 3, 4, 7, 100, 700));

} // namespace
} // namespace rnnscope::runtime
