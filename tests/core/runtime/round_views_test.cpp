// Values that only lie side by side what others hold take no memory in rounds; whoever looks sees them all the same.

#include "core/runtime/round_run.hpp"
#include "tests/core/runtime/loop_graph.hpp"
#include "tests/core/runtime/transcript.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <map>

namespace rnnscope::runtime {
namespace {

using namespace rnnscope::testing;

struct ViewCase {
    std::string name;
    int rows = 1, hidden = 8, limit = 20;
    std::string maker = "Sigmoid"; ///< of what is split
    std::string also_reads = "";   ///< a value that a Tanh reads, too
    std::vector<std::string> in_parts{"joined", "rejoined", "gates"};
    float first = 0.5F; ///< of the state's numbers
};
void PrintTo(const ViewCase& view, std::ostream* out) {
    *out << view.name;
}

/// A GRU, but for its 1 - u: r, u = sigmoid([x, h] w + b); h = u h + tanh([x, r h] v).
class RoundViews : public ::testing::TestWithParam<ViewCase> {
  protected:
    LoopGraph loop_;
    std::vector<Output> fetches_;
    std::map<std::string, Output> values_;

    Output constant(const std::string& name, Tensor value) {
        return loop_.enter(name + "/enter", loop_.constant(name, std::move(value)), true);
    }
    Tensor wave(std::int64_t rows, std::int64_t columns, float scale) const {
        std::vector<float> values;
        for (std::int64_t i = 0; i < rows * columns; ++i)
            values.push_back(scale * std::sin(static_cast<float>(i) * 0.7F));
        return Tensor::of<float>({rows, columns}, std::move(values));
    }
    Output op(const std::string& name, const std::string& type, std::vector<Output> inputs, AttrMap attrs = {}) {
        return values_[name] = {loop_.node(name, type, std::move(inputs), std::move(attrs)), 0};
    }
    Output product(const std::string& name, Output a, std::int64_t depth, std::int64_t columns) {
        const Output weights = constant(name + "/weights", wave(depth, columns, 0.4F));
        return op(name, "MatMul", {a, weights}, {{"transpose_a", false}, {"transpose_b", false}});
    }
    LoopGraph::Carried carry(const std::string& name, Output condition, Tensor first) {
        auto carried = loop_.carry(name, loop_.constant(name + "0", std::move(first)));
        loop_.decide(name, carried, condition);
        fetches_.push_back(carried.exit);
        return carried;
    }
    void SetUp() override {
        const ViewCase& view = GetParam();
        const std::int64_t rows = view.rows, hidden = view.hidden, inputs = 3;
        const Output limit = constant("limit", Tensor::scalar(view.limit)), axis = constant("axis", Tensor::scalar(1));
        auto i = loop_.carry("i", loop_.constant("zero", Tensor::scalar(0)));
        const Output condition{loop_.node("cond", "LoopCond", {{loop_.node("less", "Less", {{i.merge, 0}, limit}), 0}}),
                               0};
        loop_.decide("i", i, condition);
        loop_.close("i", i, op("add", "Add", {i.body, constant("one", Tensor::scalar(1))}));
        const auto x = carry("x", condition, wave(rows, inputs, 1)),
                   h = carry("h", condition, wave(rows, hidden, view.first));
        const Output moved = op("moved", "Sub", {x.body, constant("tenth", Tensor::scalar(0.1F))});
        loop_.close("x", x, moved);
        const Output joined = op("joined", "ConcatV2", {moved, h.body, axis});
        const Output sum =
            op("sum", "BiasAdd",
               {product("product", joined, inputs + hidden, 2 * hidden),
                constant("bias", Tensor::of<float>({2 * hidden}, std::vector<float>(2 * hidden, 0.3F)))});
        const Output gates = view.maker == "BiasAdd" ? (values_["gates"] = sum) : op("gates", view.maker, {sum});
        const NodeId split = loop_.node("split", "Split", {axis, gates}, {{"num_split", std::int64_t{2}}});
        const Output reset = op("reset", "Mul", {{split, 0}, h.body});
        const Output rejoined = op("rejoined", "ConcatV2", {moved, reset, axis});
        const Output candidate = op("candidate", "Tanh", {product("product_1", rejoined, inputs + hidden, hidden)});
        const Output next = op("next", "Add", {op("kept", "Mul", {{split, 1}, h.body}), candidate});
        loop_.close("h", h, op("squashed", "Tanh", {next}));
        if (!view.also_reads.empty()) {
            const std::int64_t columns = view.also_reads == "gates" ? 2 * hidden : inputs + hidden;
            const auto other = carry("other", condition, wave(rows, columns, 1));
            loop_.close("other", other, op("also", "Tanh", {values_.at(view.also_reads)}));
        }
    }
    Transcript run(std::uint64_t most, Keep keep) {
        Session session(loop_.graph, SessionOptions{1, 1});
        auto run = session.start({fetches_, {}, {}});
        EXPECT_TRUE(run.ok());
        Transcript transcript;
        transcript.wanted = keep;
        while (!(*run)->done()) (*run)->advance(transcript, most);
        EXPECT_FALSE((*run)->error().has_value());
        return transcript;
    }
    std::vector<std::string> in_parts(const EventBlock& block) const {
        const Round& round = *block.round_values()->round;
        std::vector<std::string> names;
        for (std::size_t i = 0; i < round.visits.size(); ++i)
            for (const Source& output : round.outputs(round.visits[i])) {
                const bool is_own = output.kind == Source::Kind::current && round.slots[output.index].visit == i;
                if (is_own && !round.slots[output.index].parts.empty())
                    names.push_back(loop_.graph.node(block.visits()[i].node).name);
            }
        return names;
    }
};

TEST_P(RoundViews, AreSeenAsIfTheyWereThere) {
    constexpr std::uint64_t all = std::numeric_limits<std::uint64_t>::max();
    const Transcript one_by_one = run(1, {});
    for (const Keep keep : {Keep{Keep::What::all, 1}, Keep{Keep::What::states, 1}, Keep{Keep::What::states, 5}}) {
        const Transcript at_once = run(all, keep);
        expect_same(loop_.graph, one_by_one, at_once);
        expect_thinned_same(at_once, 7);
        ASSERT_FALSE(at_once.heard.empty());
        auto found = in_parts(*at_once.heard.front()), expected = GetParam().in_parts;
        if (GetParam().maker == "BiasAdd") std::ranges::replace(expected, std::string("gates"), std::string("sum"));
        std::ranges::sort(found);
        std::ranges::sort(expected);
        EXPECT_EQ(found, expected);
        if (GetParam().limit > 100) continue; // looking at every event takes its time
        for (const auto& block : at_once.heard) expect_scans(*block);
    }
}

INSTANTIATE_TEST_SUITE_P(
    Cases, RoundViews,
    ::testing::Values(
        ViewCase{.name = "one_row"}, ViewCase{.name = "rows", .rows = 3, .hidden = 5},
        ViewCase{.name = "lines", .rows = 2, .hidden = 32},
        ViewCase{.name = "sum_is_split", .rows = 3, .maker = "BiasAdd"},
        ViewCase{.name = "tanh_is_split", .rows = 2, .maker = "Tanh"},
        ViewCase{.name = "relu_is_split", .rows = 2, .maker = "Relu"},
        ViewCase{.name = "boxes", .rows = 2, .maker = "Softplus", .in_parts = {}},
        ViewCase{.name = "joined_is_read", .rows = 2, .also_reads = "joined", .in_parts = {"rejoined", "gates"}},
        ViewCase{.name = "gates_are_read", .rows = 2, .also_reads = "gates", .in_parts = {"joined", "rejoined"}},
        ViewCase{.name = "not_finite", .rows = 2, .limit = 30, .first = 2e38F},
        ViewCase{.name = "streamed", .rows = 40, .hidden = 32, .limit = 300},
        ViewCase{.name = "streamed_rows", .rows = 1, .hidden = 64, .limit = 3001}),
    [](const auto& test) { return test.param.name; });

} // namespace
} // namespace rnnscope::runtime
