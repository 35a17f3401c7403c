#include "core/view/page_view.hpp"

#include "tests/core/view/sample_test.hpp"

#include <gtest/gtest.h>

#include <cctype>

namespace rnnscope::view {
namespace {

class PageViewTest : public SampleTest {};

TEST_F(PageViewTest, SetsACauseInGeneral) {
    const debug::CauseDef* cause = debug::find_cause("shared-weights");
    ASSERT_NE(cause, nullptr);
    EXPECT_EQ(to_text(cause_page(debugger_, *cause)),
              "Several layers share one set of weights  [shared-weights]\n"
              "\n"
              "`[cell]` * 3 repeats one object. When the input has as many features as the cell has units nothing "
              "fails: the three layers use, and train, the same kernel. The model has a third of the weights that it "
              "seems to have.\n"
              "\n"
              "# What to do\n"
              "\n"
              "Build one cell for each layer, unless sharing is what you want.\n"
              "\n"
              "as it fails:\n"
              "stacked = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(4)] * 3)\n"
              "\n"
              "as it works:\n"
              "stacked = tf.nn.rnn_cell.MultiRNNCell([tf.nn.rnn_cell.GRUCell(4) for _ in range(3)])\n");
}

TEST_F(PageViewTest, BeginsWithTheFailureThatHasTheCause) {
    open("seed_a_init_early.json");
    const PageView page = cause_page(debugger_, *debug::find_cause("init-built-too-early"));
    const std::string text = to_text(page);
    EXPECT_NE(text.find("# In this program\n\ninit was built at [line 29]"), std::string::npos) << text;
    EXPECT_NE(text.find("- failed at [line 36]; to change at [line 29]\n"), std::string::npos) << text;
    EXPECT_LT(text.find("# In general"), text.find("# What to do"));
    EXPECT_NE(text.find("`tf.global_variables_initializer()` looks"), std::string::npos) << text;
    const std::string other = to_text(cause_page(debugger_, *debug::find_cause("shared-weights")));
    EXPECT_EQ(other.find("In this program"), std::string::npos);
}

/// Whatever is explained ends up on the page, and nothing is lost between words and code.
TEST_F(PageViewTest, KeepsEveryWordOfEveryCause) {
    const auto letters = [](std::string_view text) {
        std::string out;
        for (const char c : text)
            if (std::isspace(static_cast<unsigned char>(c)) == 0) out += c;
        return out;
    };
    for (const debug::CauseDef& cause : debug::all_causes()) {
        std::string set;
        for (const PageBlock& block : cause_page(debugger_, cause).blocks)
            for (const PageSpan& span : block.spans) set += span.text;
        for (const std::string_view part : {cause.explanation, cause.remedy, cause.example})
            EXPECT_NE(letters(set).find(letters(part)), std::string::npos) << cause.code << ": " << part;
    }
}

TEST_F(PageViewTest, ListsWhatACommandSaidWithLinks) {
    open("seed_a_init_early.json");
    const std::string said =
        "declared     rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/bias  float32 [128]\n\nno/such, (x)";
    const PageView page = text_page(debugger_, "Print variables", said);
    EXPECT_EQ(page.text, said);
    EXPECT_EQ(to_text(page), "Print variables\n"
                             "declared     [rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/bias]  float32 [128]\n"
                             "\n"
                             "no/such, (x)\n");
}

/// "init" is an op, and a word of every program.
TEST_F(PageViewTest, AWordThatAnOpHappensToBeCalledIsALinkOnlyWhereARowIsAboutIt) {
    open("seed_a_init_early.json");
    const std::string said = "init  NoOp\n  line 34: runs init too early\n    init = tf.global_variables_initializer()";
    EXPECT_EQ(to_text(text_page(debugger_, "Print ops", said)), "Print ops\n"
                                                                "[init]  NoOp\n"
                                                                "  line 34: runs init too early\n"
                                                                "    init = tf.global_variables_initializer()\n");
}

} // namespace
} // namespace rnnscope::view
