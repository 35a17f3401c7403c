// Loops that are executed in rounds do the same, event by event and bit by bit, as visits one at a time.

#include "tests/core/runtime/loop_graph.hpp"
#include "tests/core/runtime/transcript.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace rnnscope::runtime {
namespace {

using namespace rnnscope::testing;

constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();

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

/// Loops whose rounds cannot all be the same: executed both ways, they must do the same, errors included.
class OddRounds : public ::testing::Test {
  protected:
    LoopGraph loop_;
    LoopGraph::Carried i_;
    Output condition_, one_;

    /// i from 0 while i < limit.
    void begin(int limit) {
        const Output bound = loop_.enter("limit/enter", loop_.constant("limit", Tensor::scalar(limit)), true);
        i_ = loop_.carry("i", loop_.constant("zero", Tensor::scalar(0)));
        condition_ = {loop_.node("cond", "LoopCond", {{loop_.node("less", "Less", {{i_.merge, 0}, bound}), 0}}), 0};
        loop_.decide("i", i_, condition_);
        one_ = constant("one", Tensor::scalar(1));
    }
    /// A constant inside the loop.
    Output constant(const std::string& name, Tensor value) {
        return loop_.enter(name + "/enter", loop_.constant(name, std::move(value)), true);
    }
    void close_counter(Output next = {}) {
        loop_.close("i", i_, next.valid() ? next : Output{loop_.node("add", "Add", {i_.body, one_}), 0});
    }
    void expect_same_both_ways(const std::vector<Output>& fetches, bool fails = false) {
        Transcript one_by_one, at_once, lean;
        lean.wanted = {Keep::What::states, 3};
        execute(fetches, 1, one_by_one, fails);
        execute(fetches, all, at_once, fails);
        execute(fetches, all, lean, fails);
        expect_same(loop_.graph, one_by_one, at_once);
        expect_same(loop_.graph, one_by_one, lean);
        for (const Transcript* blocks : {&at_once, &lean}) expect_thinned_same(*blocks, 7);
        blocks_ = at_once.blocks;
    }
    void execute(const std::vector<Output>& fetches, std::uint64_t most, Transcript& transcript, bool fails) {
        Session session(loop_.graph, SessionOptions{1, 5});
        // Later runs find plans, rounds and traces of those before.
        for (int time = 0; time < 4; ++time) {
            auto run = session.start({fetches, {}, {}});
            ASSERT_TRUE(run.ok());
            while (!(*run)->done()) (*run)->advance(transcript, most);
            EXPECT_EQ((*run)->error().has_value(), fails);
            if (fails) {
                EXPECT_FALSE((*run)->error()->message.empty());
            }
        }
    }
    std::uint64_t blocks_ = 0;
};

TEST_F(OddRounds, RandomNumbersGoOnWhereTheyWere) {
    begin(40);
    auto x = loop_.carry("x", loop_.constant("x0", Tensor::scalar(0.0F)));
    loop_.decide("x", x, condition_);
    const Output shape = constant("shape", Tensor::of<std::int32_t>({0}, {}));
    const Output drawn{loop_.node("draw", "RandomUniform", {shape},
                                  {{"dtype", DType::float32}, {"seed", std::int64_t{3}}, {"seed2", std::int64_t{4}}}),
                       0};
    loop_.close("x", x, {loop_.node("sum", "Add", {x.body, drawn}), 0});
    close_counter();
    expect_same_both_ways({i_.exit, x.exit});
    EXPECT_GT(blocks_, 0U);
}

TEST_F(OddRounds, AnErrorHappensAtItsIteration) {
    begin(100);
    auto x = loop_.carry("x", loop_.constant("x0", Tensor::scalar(0)));
    loop_.decide("x", x, condition_);
    const Output far = constant("far", Tensor::scalar(57));
    const Output left{loop_.node("left", "Sub", {far, i_.body}), 0};
    loop_.close("x", x, {loop_.node("divided", "FloorDiv", {far, left}), 0}); // by zero in iteration 57
    close_counter();
    expect_same_both_ways({i_.exit, x.exit}, true);
    EXPECT_GT(blocks_, 0U);
}

TEST_F(OddRounds, BranchesMayAlternate) {
    begin(30);
    auto x = loop_.carry("x", loop_.constant("x0", Tensor::scalar(1.0F)));
    loop_.decide("x", x, condition_);
    const Output two = constant("two", Tensor::scalar(2)), zero = constant("nought", Tensor::scalar(0));
    const Output rest{loop_.node("rest", "FloorMod", {i_.body, two}), 0};
    const Output even{loop_.node("even", "Equal", {rest, zero}), 0};
    const NodeId branch = loop_.node("branch", "Switch", {x.body, even});
    const Output odd_way{loop_.node("odd", "Neg", {{branch, 0}}), 0};
    const Output even_way{loop_.node("twice", "Add", {{branch, 1}, {branch, 1}}), 0};
    loop_.close("x", x, {loop_.node("joined", "Merge", {odd_way, even_way}), 0});
    close_counter();
    expect_same_both_ways({i_.exit, x.exit});
}

TEST_F(OddRounds, BranchesMayChangeOnce) {
    begin(50);
    auto x = loop_.carry("x", loop_.constant("x0", Tensor::scalar(1.0F)));
    loop_.decide("x", x, condition_);
    const Output late{loop_.node("late", "Less", {constant("twenty", Tensor::scalar(20)), i_.body}), 0};
    const NodeId branch = loop_.node("branch", "Switch", {x.body, late});
    const Output early_way{loop_.node("early", "Neg", {{branch, 0}}), 0};
    const Output late_way{loop_.node("tanh", "Tanh", {{branch, 1}}), 0};
    loop_.close("x", x, {loop_.node("joined", "Merge", {early_way, late_way}), 0});
    close_counter();
    expect_same_both_ways({i_.exit, x.exit});
    EXPECT_GT(blocks_, 1U);
}

/// Values that change places are no simple rounds; they must still come out right.
TEST_F(OddRounds, ValuesMayChangePlaces) {
    begin(25);
    auto a = loop_.carry("a", loop_.constant("a0", Tensor::scalar(1.0F)));
    auto b = loop_.carry("b", loop_.constant("b0", Tensor::scalar(1.0F)));
    loop_.decide("a", a, condition_);
    loop_.decide("b", b, condition_);
    loop_.close("a", a, b.body); // Fibonacci
    loop_.close("b", b, {loop_.node("sum", "Add", {a.body, b.body}), 0});
    close_counter();
    expect_same_both_ways({i_.exit, a.exit, b.exit});
}

/// The inner loop goes i times round in iteration i of the outer one.
TEST_F(OddRounds, LoopsMayBeNested) {
    begin(12);
    auto x = loop_.carry("x", loop_.constant("x0", Tensor::scalar(0.25F)));
    loop_.decide("x", x, condition_);
    loop_.frame = "inner";
    const Output bound = loop_.enter("inner/limit", i_.body, true), step = loop_.enter("inner/one", one_, true);
    auto j = loop_.carry("j", one_);
    auto y = loop_.carry("y", x.body);
    const Output cond{
        loop_.node("inner/cond", "LoopCond", {{loop_.node("inner/less", "Less", {{j.merge, 0}, bound}), 0}}), 0};
    loop_.decide("j", j, cond);
    loop_.decide("y", y, cond);
    loop_.close("j", j, {loop_.node("inner/add", "Add", {j.body, step}), 0});
    loop_.close("y", y, {loop_.node("inner/tanh", "Tanh", {y.body}), 0});
    loop_.close("x", x, {loop_.node("sum", "Add", {y.exit, x.body}), 0});
    close_counter();
    expect_same_both_ways({i_.exit, x.exit});
    EXPECT_GT(blocks_, 0U); // of the inner loop
}

TEST_F(OddRounds, ArraysAreReadAndWritten) {
    constexpr int count = 20;
    const Output size = loop_.constant("size", Tensor::scalar(count));
    const AttrMap array{{"dtype", DType::float32}};
    const NodeId made = loop_.node("from", "TensorArrayV3", {size}, array),
                 to = loop_.node("to", "TensorArrayV3", {size}, array);
    std::vector<float> numbers;
    std::vector<std::int32_t> indices;
    for (int k = 0; k < count; ++k) {
        numbers.push_back(static_cast<float>(k) * 0.5F);
        indices.push_back(k);
    }
    const Output filled{loop_.node("fill", "TensorArrayScatterV3",
                                   {{made, 0},
                                    loop_.constant("indices", Tensor::of<std::int32_t>({count}, indices)),
                                    loop_.constant("numbers", Tensor::of<float>({count}, numbers)),
                                    {made, 1}}),
                        0};
    begin(count + 3); // three too many
    auto flow = loop_.carry("flow", {to, 1});
    loop_.decide("flow", flow, condition_);
    const Output read{
        loop_.node("read", "TensorArrayReadV3",
                   {loop_.enter("from/enter", {made, 0}, true), i_.body, loop_.enter("fill/enter", filled, true)},
                   array),
        0};
    const Output squashed{loop_.node("squashed", "Tanh", {read}), 0};
    loop_.close("flow", flow,
                {loop_.node("write", "TensorArrayWriteV3",
                            {loop_.enter("to/enter", {to, 0}, true), i_.body, squashed, flow.body}),
                 0});
    close_counter();
    expect_same_both_ways({i_.exit, flow.exit}, true);
    EXPECT_GT(blocks_, 0U);
}

TEST_F(OddRounds, NaNAndInfinityAreFoundWhereTheyAre) {
    const float nan = std::numeric_limits<float>::quiet_NaN();
    begin(40);
    auto x = loop_.carry("x", loop_.constant("x0", Tensor::of<float>({3}, {1.0F, 1.1F, 0.5F})));
    loop_.decide("x", x, condition_);
    const Output square{loop_.node("square", "Mul", {x.body, x.body}), 0}; // infinite after ten rounds
    loop_.node("nothing", "Sub", {square, square});                        // and then NaN
    loop_.close("x", x, square);
    close_counter();
    const Output seen{loop_.node("same", "Identity", {constant("bad", Tensor::of<float>({2}, {0.0F, nan}))}), 0};
    auto y = loop_.carry("y", loop_.constant("y0", Tensor::of<float>({2}, {0.0F, 1.0F})));
    loop_.decide("y", y, condition_);
    loop_.close("y", y, {loop_.node("ones", "Maximum", {seen, y.body}), 0});
    for (const auto& fetches : {std::vector<Output>{x.exit}, {i_.exit}, {x.exit, y.exit}})
        for (const Keep keep : {Keep{}, Keep{Keep::What::states, 3}}) {
            Transcript transcript;
            transcript.wanted = keep;
            execute(fetches, all, transcript, false);
            ASSERT_GT(transcript.blocks, 0U);
            for (const auto& block : transcript.heard) expect_scans(*block);
        }
}

/// Most ops pass an infinity on, so that one look finds it for all of them; squashing ends that.
TEST_F(OddRounds, InfinityIsFoundBeforeItIsSquashed) {
    begin(30);
    auto x = loop_.carry("x", loop_.constant("x0", Tensor::of<float>({2}, {0.5F, -0.25F})));
    loop_.decide("x", x, condition_);
    const Output huge = constant("huge", Tensor::scalar(3e38F)), half = constant("half", Tensor::scalar(0.5F));
    const Output product{loop_.node("product", "Mul", {x.body, huge}), 0};
    const Output sum{loop_.node("sum", "Add", {product, product}), 0}; // infinite once |x| is above 0.57
    const Output moved{loop_.node("moved", "Sub", {sum, half}), 0};
    const Output squashed{loop_.node("squashed", "Tanh", {moved}), 0};
    loop_.close("x", x, {loop_.node("next", "Add", {{loop_.node("halved", "Mul", {squashed, half}), 0}, x.body}), 0});
    close_counter();
    Transcript transcript;
    execute({x.exit}, all, transcript, false);
    ASSERT_GT(transcript.blocks, 0U);
    for (const auto& block : transcript.heard) {
        expect_scans(*block);
        EXPECT_LT(block->next_unfinite(0, {}), block->events());
    }
}

INSTANTIATE_TEST_SUITE_P(Limits, Rounds, ::testing::Values(0, 1, 2, 3, 4, 7, 100, 700));

} // namespace
} // namespace rnnscope::runtime
