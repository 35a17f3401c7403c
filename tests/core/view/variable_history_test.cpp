#include "core/view/variable_history.hpp"

#include "core/view/answers_view.hpp"
#include "tests/core/view/sample_test.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace rnnscope::view {
namespace {

class VariableHistoryTest : public SampleTest {};

class HistoryInPanels : public VariableHistoryTest, public testing::WithParamInterface<const char*> {};

/// Inspector and Answers tell one history: the same lines, the same words, the same times.
TEST_P(HistoryInPanels, IsTheSame) {
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

INSTANTIATE_TEST_SUITE_P(Samples, HistoryInPanels,
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
    for (const HistoryRow& row : variable_history(debugger_, graph.variables()[0], 100).rows)
        text += row.where.text + ": " + row.text + "\n";
    EXPECT_EQ(text, "line 18: declared\n"
                    "line 34: not written by init, run 1\n"
                    "line 36: read too early by kernel/read, run 2, event 46\n");
}

/// A variable that is written `times` times, in a run each.
std::string written_often(int times) {
    return R"({"format": "rnnscope/1", "title": "t", "tensorflow": "1.15", "program": [
        {"let": "w", "call": "get_variable", "args": ["w", [2]], "kwargs": {"initializer": {"call": "ones_initializer"}}},
        {"let": "less", "call": "assign_sub", "args": ["$w", [1.0, 2.0]]},
        {"let": "init", "call": "global_variables_initializer"},
        {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": ["$init"]},
        {"for": "i", "in": {"range": [)" +
           std::to_string(times) + R"(]}, "body": [{"call": "$sess.run", "args": ["$less"]}]}]})";
}

TEST_F(VariableHistoryTest, IsOfTheNewestRowsAndCountsTheOthers) {
    const Diagnostics mistakes = debugger_.open_text(written_often(300), "t.json", ".");
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    ASSERT_TRUE(debug::execute(debugger_, {"run.continue", "", "test"}));
    debugger_.wait();
    const Variable& variable = debugger_.graph()->variables()[0];
    const VariableHistory all = variable_history(debugger_, variable, 10'000);
    EXPECT_EQ(all.before, 0u);
    ASSERT_GE(all.rows.size(), 302u) << "declared, initialized, and every run";
    ValueSummaries summaries;
    const VariableHistory newest = variable_history(debugger_, variable, 20, &summaries);
    EXPECT_EQ(newest.before + 20, all.rows.size());
    ASSERT_EQ(newest.rows.size(), 20u);
    for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(newest.rows[i].text, all.rows[newest.before + i].text);
    const std::size_t writes = static_cast<std::size_t>(std::ranges::count_if(
        newest.rows, [](const HistoryRow& row) { return row.text.find(" from ") != std::string::npos; }));
    EXPECT_GT(writes, 5u);
    EXPECT_EQ(summaries.looked_at(), writes) << "the values of those rows, and no others";
    ASSERT_TRUE(debug::execute(debugger_, {"go.position", std::to_string(newest.rows[10].tick + 1), "test"}));
    const VariableHistory before = variable_history(debugger_, variable, 20, &summaries);
    EXPECT_EQ(summaries.looked_at(), writes) << "no value again at another position";
    for (const HistoryRow& row : before.rows) EXPECT_EQ(row.is_past, row.tick <= newest.rows[10].tick);
    EXPECT_FALSE(before.rows.back().is_past);
    ASSERT_TRUE(debug::execute(debugger_, {"select.variable", variable.name, "test"}));
    EXPECT_EQ(build_inspector(debugger_).history_title,
              "History of w, the last 200 of " + std::to_string(all.rows.size()));
}

/// What fetches a variable gets it without an op that reads it.
TEST_F(VariableHistoryTest, AFetchIsNoCheckpoint) {
    const Diagnostics mistakes =
        debugger_.open_text(R"({"format": "rnnscope/1", "title": "t", "tensorflow": "1.15", "program": [
        {"let": "w", "call": "get_variable", "args": ["w", [2]], "kwargs": {"initializer": {"call": "ones_initializer"}}},
        {"let": "less", "call": "assign_sub", "args": ["$w", [1.0, 2.0]]},
        {"let": "sess", "call": "Session"},
        {"call": "$sess.run", "args": [{"call": "global_variables_initializer"}]},
        {"call": "$sess.run", "args": ["$less"]}]})",
                            "t.json", ".");
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    ASSERT_TRUE(debug::execute(debugger_, {"run.continue", "", "test"}));
    debugger_.wait();
    std::string text;
    for (const HistoryRow& row : variable_history(debugger_, debugger_.graph()->variables()[0], 100).rows)
        text += row.text + "\n";
    EXPECT_NE(text.find("read by the fetch, run 2"), std::string::npos) << text;
    EXPECT_EQ(text.find("checkpoint"), std::string::npos) << text;
}

} // namespace
} // namespace rnnscope::view
