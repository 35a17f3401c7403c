#include "core/debug/command.hpp"
#include "core/view/coverage.hpp"
#include "core/view/variables_view.hpp"

#include <gtest/gtest.h>

#include <algorithm>

using namespace rnnscope;

namespace {

void open_and_run(debug::Debugger& debugger, const std::string& sample) {
    const Diagnostics mistakes = debugger.open(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/" + sample);
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    ASSERT_TRUE(debug::execute(debugger, {"run.continue", "", "test"}).ok());
    debugger.wait();
}

std::string covers(const debug::Debugger& debugger, const std::string& text) {
    return to_text(view::coverage_of(debugger, text));
}

} // namespace

TEST(Coverage, OfAnInitOpIsWhatRunsWithIt) {
    debug::Debugger early, healthy;
    open_and_run(early, "seed_a_init_early.json");
    open_and_run(healthy, "seed_a_ok.json");
    EXPECT_EQ(covers(early, "init"), "init takes in 0 of 8") << "built before there were variables";
    EXPECT_EQ(covers(healthy, "init"), "init takes in 8 of 8");
    EXPECT_EQ(covers(healthy, "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel/Assign"),
              "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel/Assign takes in 1 of 8");
}

TEST(Coverage, OfAScopeIsPythonsMatch) {
    debug::Debugger debugger;
    open_and_run(debugger, "seed_a_ok.json");
    EXPECT_EQ(covers(debugger, "scope=rnn/rnn"), "scope=rnn/rnn takes in 8 of 8");
    EXPECT_EQ(covers(debugger, "scope=rnn/cell_1"), "scope=rnn/cell_1 takes in 0 of 8") << "a level is missing";
    EXPECT_EQ(covers(debugger, "scope=cell_1"), "scope=cell_1 takes in 0 of 8") << "anchored at the start";
    EXPECT_EQ(covers(debugger, "scope=.*cell_1"), "scope=.*cell_1 takes in 4 of 8");
    EXPECT_EQ(covers(debugger, "scope=.*kernel"), "scope=.*kernel takes in 4 of 8");
    EXPECT_EQ(covers(debugger, "scope=.*kernel$"), "scope=.*kernel$ takes in 0 of 8") << "names end in :0";
    EXPECT_EQ(covers(debugger, "trainable_variables"), "trainable_variables takes in 8 of 8");
    EXPECT_EQ(covers(debugger, "local_variables scope="), "local_variables scope= takes in 0 of 8");
    EXPECT_FALSE(view::coverage_of(debugger, "scope=(").problem.empty());
    EXPECT_EQ(covers(debugger, "trainable_variable"),
              "there is no op or collection \"trainable_variable\"; did you mean trainable_variables?");
    const auto choices = view::coverage_choices(debugger);
    EXPECT_NE(std::ranges::find(choices, "init"), choices.end());
    EXPECT_NE(std::ranges::find(choices, "trainable_variables"), choices.end());
}

TEST(Coverage, IsMarkedOnTheRowsOfTheVariables) {
    debug::Debugger debugger;
    open_and_run(debugger, "seed_b_scope_miss_layer1.json");
    view::VariablesOptions options;
    options.coverage = "scope=.*cell_0";
    const view::VariablesView view = view::build_variables(debugger, options);
    ASSERT_TRUE(view.coverage);
    for (const view::VariableRow& row : view.rows) {
        const bool in_layer = row.path.find("cell_0") != std::string::npos;
        if (!row.is_scope) {
            EXPECT_EQ(row.covered, in_layer) << row.path;
        } else if (in_layer) {
            EXPECT_EQ(row.covered_count, row.count) << row.path;
        }
    }
    EXPECT_NE(to_text(view).find("missed"), std::string::npos);
}

TEST(Variables, AreFilteredByStateAndByTraining) {
    debug::Debugger debugger;
    open_and_run(debugger, "seed_b_scope_miss_layer1.json");
    const view::VariablesView all = view::build_variables(debugger);
    view::VariablesOptions options;
    options.only_uninitialized = true;
    const view::VariablesView without = view::build_variables(debugger, options);
    EXPECT_EQ(without.shown, all.uninitialized);
    EXPECT_GT(without.shown, 0u);
    EXPECT_LT(without.shown, all.total);
    for (const view::VariableRow& row : without.rows) {
        const bool has_none = row.mark == view::StateMark::declared || row.mark == view::StateMark::uninitialized;
        EXPECT_TRUE(row.is_scope || has_none) << row.path;
    }
    options.only_uninitialized = false;
    options.only_trainable = true;
    EXPECT_EQ(view::build_variables(debugger, options).shown, all.trainable);
    debug::Debugger healthy;
    open_and_run(healthy, "seed_a_ok.json");
    options = {};
    options.only_uninitialized = true;
    EXPECT_EQ(to_text(view::build_variables(healthy, options)), "Every variable has a value here.\n");
}
