// What the window shows of answers: columns, marks, where the position is, and two recordings side by side.

#include "core/debug/command.hpp"
#include "core/view/answers_view.hpp"
#include "core/view/comparison_view.hpp"
#include "tests/core/debug/real_model.hpp"
#include "tests/core/golden_text.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rnnscope::view {
namespace {

class AnswersViewTest : public ::testing::Test {
  protected:
    void open(const std::string& name) {
        const Diagnostics mistakes =
            debugger_.open(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/" + name + ".json");
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
        run("run.continue");
    }
    void run(const std::string& id, const std::string& argument = "") {
        const Result<std::string> said = debug::execute(debugger_, {id, argument, "test"});
        ASSERT_TRUE(said.ok()) << id << " " << argument << ": " << said.error().message;
        debugger_.wait();
    }
    /// Asks, and what the panel shows then.
    std::string asked(const std::string& id, const std::string& argument, const std::string& filter = "") {
        run(id, argument);
        return fmt::format("> {} {}{}\n{}\n", id, argument, filter.empty() ? "" : " | " + filter,
                           to_text(build_answers(debugger_, filter)));
    }
    std::string comparison(const ComparisonOptions& options = {}, std::size_t most = 14) const {
        return to_text(debugger_, build_comparison(debugger_, options), most) + "\n";
    }
    static void expect_golden(const std::string& name, const std::string& text) {
        rnnscope::testing::expect_golden("view", name, text);
    }

    debug::Debugger debugger_;
    const std::string cell_ = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/";
};

TEST_F(AnswersViewTest, OfASample) {
    open("seed_a_ok");
    const std::string kernel = cell_ + "gates/kernel";
    EXPECT_FALSE(build_answers(debugger_, "").empty.empty()) << "it says how to ask";
    std::string text = asked("ask.history", kernel); // one after the other: each shows what was asked before
    text += asked("ask.to", kernel, "gru_cell t=3");
    run("go.time", "2");
    text += asked("ask.history", kernel);
    text += asked("ask.from", kernel);
    text += asked("ask.initialized", kernel);
    text += asked("ask.right", kernel);
    text += asked("ask.history", kernel, "nothing such");
    expect_golden("answers_seed_a_ok", text);
}

TEST_F(AnswersViewTest, OfOrdersAndPoison) {
    open("D07_order_dependent_resource");
    std::string text = asked("ask.order", "1");
    debugger_.set_poisons(true);
    debugger_.wait();
    open("seed_b_scope_miss_layer1");
    text += asked("ask.poison", "");
    expect_golden("answers_faults", text);
}

TEST_F(AnswersViewTest, OfARealGraph) {
    if (!std::filesystem::exists(tests::process_model())) GTEST_SKIP() << tests::process_model() << " is not there";
    tests::open_process_model(debugger_);
    run("run.continue");
    const std::string cell = "rnn/multi_rnn_cell/cell_0/gru_cell/";
    std::string text = asked("ask.from", "Sigmoid", "cell_1");
    text += asked("ask.history", cell + "gates/kernel");
    run("go.time", "2");
    run("whatif.feed", "Placeholder ones(1,30,4)");
    run("whatif.run");
    text += comparison() + comparison({true, "cell_1 matmul"}, 8);
    const ComparisonView view = build_comparison(debugger_, {});
    ASSERT_LT(view.first, view.rows.size());
    const ComparedValues values = compared_values(debugger_, view, view.first);
    text += values.sentence + "\n";
    expect_golden("answers_gru_process_model", text);
    for (std::int64_t i = 0; i < values.left.tensor.elements(); ++i)
        EXPECT_EQ(values.difference.tensor.number(i), values.left.tensor.number(i) - values.right.tensor.number(i));
    EXPECT_EQ(values.left.range, values.right.range) << "a colour is the same number on both sides";
}

TEST_F(AnswersViewTest, SideBySide) {
    open("D12_init_after_restore");
    run("ask.compare", "D12_fixed.json");
    std::string text = comparison();
    ComparisonView view = build_comparison(debugger_, {});
    ASSERT_LT(view.first, view.rows.size());
    for (std::size_t i = 0; i < view.first; ++i) EXPECT_FALSE(comparison_row(debugger_, view, i).differs) << i;
    const ComparisonRow first = comparison_row(debugger_, view, view.first);
    EXPECT_TRUE(first.is_first && first.differs);
    EXPECT_TRUE(view.left_other.empty());
    EXPECT_FALSE(view.right_other.empty()) << "the other program is not open";
    run("go.position", std::to_string(first.left.at.ticks));
    EXPECT_TRUE(comparison_row(debugger_, view, view.first).left.is_now);
    EXPECT_EQ(row_at_position(debugger_, view), view.first);
    run("ask.tolerance", "1000");
    text += comparison({true, ""});
    EXPECT_EQ(debugger_.answers().all().size(), 1U) << "it takes the place of the one before";
    expect_golden("comparison_d12", text);
}

/// An answer about one recording says so while another is shown.
TEST_F(AnswersViewTest, OfAnotherRecording) {
    open("seed_a_ok");
    const std::string kernel = cell_ + "gates/kernel";
    run("ask.history", kernel);
    run("go.time", "1");
    run("whatif.set", kernel + " zeros(74,128)");
    run("whatif.run");
    run("whatif.keep");
    run("answer.back");
    const AnswersView view = build_answers(debugger_, "");
    EXPECT_EQ(view.other, "This is about the original: switch recordings to go there.");
    for (const AnswerLine& line : view.lines) EXPECT_FALSE(line.is_now || line.is_past);
    run("answer.forward");
    const ComparisonView sides = build_comparison(debugger_, {});
    EXPECT_EQ(sides.left_other, "the original is not shown: switch recordings to go there");
    EXPECT_EQ(sides.right_other, "");
}

} // namespace
} // namespace rnnscope::view
