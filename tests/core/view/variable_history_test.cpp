#include "core/view/variable_history.hpp"

#include "core/view/answers_view.hpp"
#include "tests/core/view/sample_test.hpp"

#include <gtest/gtest.h>

namespace rnnscope::view {
namespace {

class VariableHistoryTest : public SampleTest {};

class VariableHistory : public VariableHistoryTest, public testing::WithParamInterface<const char*> {};

/// Inspector and Answers tell one history: the same lines, the same words, the same times.
TEST_P(VariableHistory, IsTheSameInEveryPanel) {
    open(GetParam());
    const Graph& graph = *debugger_.graph();
    ASSERT_FALSE(graph.variables().empty());
    for (const Variable& variable : graph.variables()) {
        ASSERT_TRUE(debug::execute(debugger_, {"select.variable", variable.name, "test"}));
        ASSERT_TRUE(debug::execute(debugger_, {"ask.history", variable.name, "test"}));
        const InspectorView inspector = build_inspector(debugger_);
        const AnswersView answers = build_answers(debugger_, "");
        std::size_t row = 0;
        for (const AnswerLine& line : answers.lines) {
            if (line.row->kind != debug::AnswerRow::Kind::entry) continue;
            ASSERT_LT(row, inspector.history.size()) << variable.name;
            const HistoryRow& told = inspector.history[row++];
            EXPECT_EQ(told.mark, line.mark);
            EXPECT_EQ(record::Position{told.tick + 1}, line.row->at);
            EXPECT_EQ(told.is_past, line.is_past);
            EXPECT_EQ(told.where.text, "line " + cell_text(*line.row, debug::AnswerColumn::line));
            EXPECT_TRUE(told.text.starts_with(cell_text(*line.row, debug::AnswerColumn::what)));
            for (const auto column : {debug::AnswerColumn::event, debug::AnswerColumn::value})
                EXPECT_NE(told.text.find(cell_text(*line.row, column)), std::string::npos) << told.text;
        }
        EXPECT_EQ(row, inspector.history.size());
        EXPECT_GT(row, 0u);
    }
}

INSTANTIATE_TEST_SUITE_P(Samples, VariableHistory,
                         testing::Values("seed_a_init_early.json", "seed_b_scope_miss_layer1.json",
                                         "D12_init_after_restore.json", "training_loop.json"),
                         [](const auto& sample) {
                             const std::string file = sample.param;
                             return file.substr(0, file.find('.'));
                         });

TEST_F(VariableHistoryTest, TellsOfAnInitOpThatLeavesTheVariableOut) {
    open("seed_a_init_early.json");
    const Graph& graph = *debugger_.graph();
    std::string text;
    for (const HistoryRow& row : variable_history(debugger_, graph.variables()[0]))
        text += row.where.text + ": " + row.text + "\n";
    EXPECT_EQ(text, "line 18: declared\n"
                    "line 34: not written by init, run 1\n"
                    "line 36: read too early by kernel/read, run 2, event 46\n");
}

} // namespace
} // namespace rnnscope::view
