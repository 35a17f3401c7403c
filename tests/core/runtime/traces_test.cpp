// Runs that follow what an earlier one did make the same visits with the same values as visits one at a time, also when
// something is different this time.

#include "core/ops/op_def.hpp"
#include "tests/core/runtime/transcript.hpp"

#include <gtest/gtest.h>

namespace rnnscope::runtime {
namespace {

using namespace rnnscope::testing;

class Traces : public ::testing::Test {
  protected:
    Graph graph_;
    std::unique_ptr<Session> session_, twin_; ///< of runs at once and of runs one by one

    Output node(const std::string& name, const std::string& op, std::vector<Output> inputs, AttrMap attrs = {}) {
        auto made = ops::add_node(graph_, {name, op, std::move(inputs), {}, std::move(attrs), "", {}, false});
        EXPECT_TRUE(made.ok()) << name << ": " << (made.ok() ? "" : made.error().message);
        return {*made, 0};
    }
    Output constant(const std::string& name, Tensor value) {
        const DType dtype = value.dtype();
        return node(name, "Const", {}, {{"value", std::move(value)}, {"dtype", dtype}});
    }
    Output placeholder(const std::string& name, DType dtype) {
        return node(name, "Placeholder", {}, {{"dtype", dtype}, {"shape", Shape::unknown_rank()}});
    }
    /// Runs it both ways; what was heard of the run at once.
    Transcript run(const RunRequest& request) {
        if (!session_) session_ = std::make_unique<Session>(graph_, SessionOptions{1, 1});
        if (!twin_) twin_ = std::make_unique<Session>(graph_, SessionOptions{1, 1});
        Transcript at_once, one_by_one;
        const auto first = session_->start(request), second = twin_->start(request);
        EXPECT_TRUE(first.ok() && second.ok());
        (*first)->finish(at_once);
        while (!(*second)->done()) (*second)->step(one_by_one);
        expect_same(graph_, one_by_one, at_once);
        EXPECT_EQ(at_once.frames, one_by_one.frames);
        EXPECT_EQ((*first)->error().has_value(), (*second)->error().has_value());
        if ((*first)->error() && (*second)->error()) {
            EXPECT_EQ((*first)->error()->message, (*second)->error()->message);
            error_ = (*first)->error()->message;
        }
        EXPECT_TRUE(std::ranges::equal((*first)->results(), (*second)->results(), same_tensor));
        return at_once;
    }
    const Tensor& output(const Transcript& transcript, Output of) {
        for (const Transcript::Line& line : transcript.lines)
            if (line.node == of.node) return std::get<Tensor>(line.outputs[0]);
        ADD_FAILURE() << "it did not run";
        static const Tensor nothing;
        return nothing;
    }
    std::string error_;
};

TEST_F(Traces, KeepWhatFollowsFromConstants) {
    const Output sum = node("sum", "Add", {constant("a", Tensor::scalar(1.0F)), constant("b", Tensor::scalar(2.0F))});
    const Output x = placeholder("x", DType::float32);
    const Output product = node("product", "Mul", {sum, x});
    std::vector<Transcript> heard;
    for (int i = 0; i < 4; ++i) heard.push_back(run({{product}, {{x, Tensor::scalar(static_cast<float>(i))}}, {}}));
    // The second run is the one that the others follow.
    EXPECT_FALSE(output(heard[0], sum).same_buffer(output(heard[1], sum)));
    EXPECT_TRUE(output(heard[2], sum).same_buffer(output(heard[1], sum)));
    EXPECT_TRUE(output(heard[3], sum).same_buffer(output(heard[1], sum)));
    EXPECT_EQ(output(heard[3], product).number(0), 9.0);
}

TEST_F(Traces, ShapesMayChange) {
    const Output x = placeholder("x", DType::float32);
    const Output shape = node("shape", "Shape", {x});
    const Output twice = node("twice", "Add", {shape, shape});
    const auto feed = [&](std::int64_t n) { return RunRequest::Feed{x, Tensor::zeros(DType::float32, {n, 2})}; };
    for (const std::int64_t n : {3, 3, 3, 4, 3, 5, 6, 7, 8, 3, 3})
        EXPECT_EQ(output(run({{twice}, {feed(n)}, {}}), twice).integer(0), 2 * n);
}

TEST_F(Traces, BranchesMayChange) {
    const Output x = placeholder("x", DType::float32), p = placeholder("p", DType::boolean);
    const Output branch = node("branch", "Switch", {x, p});
    const Output no = node("no", "Neg", {branch}), yes = node("yes", "Tanh", {{branch.node, 1}});
    const Output joined = node("joined", "Merge", {no, yes});
    for (const bool is_true : {true, true, true, false, true, false, false, false, false, true})
        run({{joined}, {{x, Tensor::scalar(0.5F)}, {p, Tensor::scalar(is_true)}}, {}});
}

TEST_F(Traces, VariablesAreReadAndWrittenAgain) {
    const Output v = node("v", "VariableV2", {}, {{"dtype", DType::float32}, {"shape", Shape{}}});
    const Output one = constant("one", Tensor::scalar(1.0F));
    const Output assigned = node("init", "Assign", {v, one}), added = node("add", "AssignAdd", {v, one});
    const Output read = node("read", "Identity", {v});
    run({{read}, {}, {}});
    EXPECT_EQ(error_, "Attempting to use uninitialized value v");
    run({{}, {}, {assigned.node}});
    for (int i = 0; i < 5; ++i) {
        EXPECT_EQ(output(run({{read}, {}, {}}), read).number(0), 1.0 + i);
        run({{}, {}, {added.node}});
    }
    // A run that went well many times fails where it must.
    for (Session* session : {session_.get(), twin_.get()})
        for (auto& [name, storage] : session->resources().variables()) storage->value.reset();
    error_.clear();
    run({{read}, {}, {}});
    EXPECT_EQ(error_, "Attempting to use uninitialized value v");
}

TEST_F(Traces, RandomNumbersAreDrawnAgain) {
    const Output shape = constant("shape", Tensor::of<std::int32_t>({1}, {2}));
    const AttrMap seeds{{"dtype", DType::float32}, {"seed", std::int64_t{3}}, {"seed2", std::int64_t{4}}};
    const Output drawn = node("draw", "RandomUniform", {shape}, seeds);
    std::vector<Transcript> heard;
    for (int i = 0; i < 5; ++i) heard.push_back(run({{drawn}, {}, {}}));
    EXPECT_FALSE(output(heard[3], drawn).identical(output(heard[4], drawn)));
}

} // namespace
} // namespace rnnscope::runtime
