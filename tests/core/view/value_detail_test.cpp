#include "core/debug/command.hpp"
#include "core/view/value_detail.hpp"
#include "tests/core/golden_text.hpp"

#include <gtest/gtest.h>

using namespace rnnscope;

namespace {

void open_and_run(debug::Debugger& debugger) {
    const Diagnostics mistakes = debugger.open(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/seed_a_ok.json");
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    ASSERT_TRUE(debug::execute(debugger, {"run.continue", "", "test"}).ok());
    debugger.wait();
}

const std::string outputs = "rnn/rnn/transpose_1:0"; // [2, 5, 64]
const std::string state = "rnn/rnn/while/rnn/multi_rnn_cell/cell_0/gru_cell/add:0";
const std::string kernel = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel";

} // namespace

TEST(ValueDetail, ASliceHoldsTheLeadingAxes) {
    debug::Debugger debugger;
    open_and_run(debugger);
    view::ValueOptions options;
    options.at = {1};
    const view::ValueDetail second = view::build_value(debugger, outputs, options);
    EXPECT_EQ(second.leading, std::vector<std::int64_t>{2});
    EXPECT_EQ(second.slice, "[1, :, :]");
    EXPECT_EQ(second.shown.rows, 5);
    EXPECT_EQ(second.shown.columns, 64);
    options.at = {0};
    const view::ValueDetail first = view::build_value(debugger, outputs, options);
    EXPECT_NE(first.shown.cell(4, 3), second.shown.cell(4, 3));
    const auto whole = debugger.recording().output(
        RunId(std::size_t{1}),
        debugger.recording().events_of(RunId(std::size_t{1}), debugger.graph()->find("rnn/rnn/transpose_1"))[0], 0);
    EXPECT_EQ(second.shown.cell(4, 3), whole.number(5 * 64 + 4 * 64 + 3));
    options.at = {99};
    EXPECT_EQ(view::build_value(debugger, outputs, options).slice, "[1, :, :]") << "kept within the shape";
}

TEST(ValueDetail, AnElementIsFollowedOverTime) {
    debug::Debugger debugger;
    open_and_run(debugger);
    view::ValueOptions options;
    options.form = view::ValueForm::over_time;
    options.row = 1;
    options.column = 7;
    const view::ValueDetail detail = view::build_value(debugger, state, options);
    ASSERT_EQ(detail.line.size(), 5u);
    EXPECT_EQ(detail.line_at, 4u);
    EXPECT_EQ(detail.line[4], detail.shown.cell(1, 7));
    EXPECT_EQ(detail.element, "[1, 7]");
    // Its times are positions just after the values.
    ASSERT_TRUE(debug::execute(debugger, {"go.position", std::to_string(detail.line_ticks[2]), "test"}).ok());
    debugger.wait();
    const view::ValueDetail there = view::build_value(debugger, state, options);
    EXPECT_EQ(there.line_at, 2u);
    EXPECT_EQ(there.shown.cell(1, 7), detail.line[2]);
}

TEST(ValueDetail, AChangeIsTheDifferenceToTheTimeStepBefore) {
    debug::Debugger debugger;
    open_and_run(debugger);
    view::ValueOptions options;
    const double now = view::build_value(debugger, state, options).shown.cell(0, 5);
    options.form = view::ValueForm::over_time;
    options.column = 5;
    const std::vector<double> line = view::build_value(debugger, state, options).line;
    options.form = view::ValueForm::change;
    const view::ValueDetail change = view::build_value(debugger, state, options);
    EXPECT_TRUE(change.missing.empty());
    EXPECT_NEAR(change.shown.cell(0, 5), now - line[3], 1e-12);
    EXPECT_EQ(view::build_value(debugger, kernel, options).missing,
              "It was written once: there is nothing to compare with.");
}

TEST(ValueDetail, EveryFormHasAText) {
    debug::Debugger debugger;
    open_and_run(debugger);
    std::string text;
    for (const std::string& name : {kernel, outputs, state, std::string("init"), std::string("nothing")})
        for (std::size_t i = 0; i < view::value_forms; ++i) {
            view::ValueOptions options;
            options.form = static_cast<view::ValueForm>(i);
            EXPECT_EQ(view::value_form(view::value_form_name(options.form)), options.form);
            text += to_text(view::build_value(debugger, name, options));
        }
    rnnscope::testing::expect_golden("view", "value_detail", text);
}
