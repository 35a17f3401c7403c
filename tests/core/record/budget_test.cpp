// A recording with little memory keeps states of loops, and answers as one that keeps everything.

#include "core/program/document.hpp"
#include "core/record/recording.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>

namespace rnnscope::record {
namespace {

/// A GRU over 400 time steps.
constexpr const char* program_text = R"({"format": "rnnscope/1", "title": "long", "tensorflow": "1.15", "graph_seed": 1,
  "program": [
    {"let": "x", "call": "placeholder", "args": ["$tf.float32", [1, null, 3]]},
    {"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [8]},
    {"let": ["outputs", "state"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"],
     "kwargs": {"dtype": "$tf.float32"}},
    {"let": "init", "call": "global_variables_initializer"},
    {"let": "session", "call": "Session"},
    {"call": "$session.run", "args": ["$init"]},
    {"let": "x_value", "generate": "sin", "shape": [1, 400, 3], "step": 0.1},
    {"let": "y", "call": "$session.run", "args": ["$outputs"], "kwargs": {"feed_dict": {"$x": "$x_value"}}}]})";

class BudgetTest : public testing::Test {
  protected:
    struct Recorded {
        std::unique_ptr<program::Evaluator> evaluator;
        std::unique_ptr<Recording> recording;
    };
    static Recorded record(std::optional<std::size_t> budget) {
        const auto document = program::Document::read(program_text, "long.json", "");
        EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const program::Document>>(document));
        Recorded result;
        result.evaluator = std::make_unique<program::Evaluator>(std::get<0>(document)->program_ptr());
        result.recording = std::make_unique<Recording>(*result.evaluator);
        if (budget) result.recording->set_budget(*budget);
        result.evaluator->finish(*result.recording);
        EXPECT_FALSE(result.evaluator->error().has_value());
        return result;
    }
    static bool same(const Tensor& a, const Tensor& b) { return a ? b && a.identical(b) : !b; }
    static void expect_same(const RecordedEvent& a, const RecordedEvent& b) {
        ASSERT_EQ(a.node, b.node);
        ASSERT_EQ(a.iteration, b.iteration);
        ASSERT_EQ(a.inputs.size(), b.inputs.size());
        ASSERT_EQ(a.outputs.size(), b.outputs.size());
        for (std::size_t i = 0; i < a.outputs.size(); ++i) ASSERT_TRUE(same(a.outputs[i].tensor, b.outputs[i].tensor));
        for (std::size_t i = 0; i < a.inputs.size(); ++i) ASSERT_TRUE(same(a.inputs[i].tensor, b.inputs[i].tensor));
    }
};

TEST_F(BudgetTest, LoopsBecomeStatesWhenMemoryIsShort) {
    const Recorded full = record({}), lean = record(100'000);
    EXPECT_FALSE(full.recording->keeps_states());
    EXPECT_TRUE(lean.recording->keeps_states());
    EXPECT_LT(lean.recording->bytes(), 100'000U);
    EXPECT_GT(full.recording->bytes(), 200'000U);
    ASSERT_EQ(full.recording->end(), lean.recording->end());
    const RunId run(1);
    const auto events = static_cast<std::uint32_t>(full.recording->event_count(run));
    ASSERT_EQ(events, lean.recording->event_count(run));
    // Backwards, which the states do not help with.
    for (std::uint32_t i = events; i-- > 0;) {
        expect_same(full.recording->event(run, i), lean.recording->event(run, i));
        if (HasFatalFailure()) return;
    }
}

TEST_F(BudgetTest, WhatWasKeptIsThinnedWhenAllIsTaken) {
    const Recorded full = record({}), thin = record(60'000);
    EXPECT_TRUE(thin.recording->keeps_states());
    EXPECT_LT(thin.recording->bytes(), 60'000U);
    const RunId run(1);
    const auto events = static_cast<std::uint32_t>(full.recording->event_count(run));
    ASSERT_EQ(events, thin.recording->event_count(run));
    for (std::uint32_t i = 0; i < events; ++i) {
        expect_same(full.recording->event(run, i), thin.recording->event(run, i));
        if (HasFatalFailure()) return;
    }
}

} // namespace
} // namespace rnnscope::record
