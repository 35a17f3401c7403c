#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <unistd.h>

using namespace rnnscope;
using namespace rnnscope::ui;

namespace {

void open_at_end(Harness& h, const char* sample = "seed_a_ok.json") {
    ASSERT_TRUE(h.shell().open_sample(sample));
    h.settle();
    h.press(compat::function_key(5));
}

void execute(Harness& h, const std::string& id, const std::string& argument = "") {
    const Status status = h.shell().execute({id, argument, "test"});
    EXPECT_TRUE(status) << status.error().message;
    h.settle();
}

const Harness::Region inspector{{1200, 40}, {1600, 720}}, variables{{0, 560}, {430, 980}};

} // namespace

TEST(ValuePanel, FormsAreOneClickAway) {
    Harness h;
    open_at_end(h);
    execute(h, "select.node", "rnn/rnn/while/rnn/multi_rnn_cell/cell_0/gru_cell/add");
    ASSERT_TRUE(h.click_text("Over time", inspector));
    EXPECT_EQ(h.shell().inspector().value().options().form, view::ValueForm::over_time);
    EXPECT_TRUE(h.shows("[0, 0]"));
    ASSERT_TRUE(h.click_text("Change", inspector));
    ASSERT_TRUE(h.click_text("Numbers", inspector));
    EXPECT_TRUE(h.shows("zeros"));
    ASSERT_TRUE(h.click_text("Histogram", inspector));
    EXPECT_EQ(h.shell().inspector().value().options().form, view::ValueForm::histogram);
}

TEST(ValuePanel, SlicesFollowTheSteppers) {
    Harness h;
    open_at_end(h);
    execute(h, "select.node", "rnn/rnn/transpose_1");
    ImVec2 at;
    ASSERT_TRUE(h.find_text("0 of 2", at, inspector));
    EXPECT_TRUE(h.shows("[0, :, :]"));
    ImVec2 more = at;
    more.x += 38; // the arrow after the text
    h.click(more);
    EXPECT_EQ(h.shell().inspector().value().options().at, std::vector<std::int64_t>{1});
    EXPECT_TRUE(h.shows("[1, :, :]"));
    execute(h, "value.element", "2 7");
    EXPECT_EQ(h.shell().inspector().value().options().column, 7);
    EXPECT_TRUE(h.shows("There is one value so far.")) << "it was computed once";
    execute(h, "value.form", "map");
    execute(h, "select.node", "rnn/rnn/transpose");
    EXPECT_TRUE(h.shows("[0, :, :]")) << "another tensor begins at its first slice";
}

TEST(ValuePanel, CopiesAndExports) {
    Harness h;
    open_at_end(h);
    execute(h, "select.variable", "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/bias");
    execute(h, "value.copy");
    const std::string text = ImGui::GetClipboardText();
    EXPECT_TRUE(text.starts_with("np.array([0, 0, ")) << text.substr(0, 40);
    const auto path = std::filesystem::temp_directory_path() / ("rnnscope_ui_" + std::to_string(getpid()) + ".npy");
    execute(h, "value.export", path.string());
    EXPECT_TRUE(std::filesystem::exists(path));
    std::filesystem::remove(path);
}

TEST(ValuePanel, ItsDiskAsksForTheFile) {
    Harness h;
    open_at_end(h);
    execute(h, "select.variable", "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/bias");
    ASSERT_TRUE(h.shell().execute({"value.export", "", "panel:inspector"}));
    h.settle();
    EXPECT_TRUE(h.shows("Export value"));
    EXPECT_TRUE(h.shows("bias.npy")) << "what it could be called";
    const auto path = std::filesystem::temp_directory_path() / ("rnnscope_disk_" + std::to_string(getpid()) + ".csv");
    h.type(path.string());
    h.press(compat::key_enter);
    EXPECT_TRUE(std::filesystem::exists(path));
    std::filesystem::remove(path);
}

TEST(VariablesPanel, FiltersByAClick) {
    Harness h;
    open_at_end(h, "seed_b_scope_miss_layer1.json");
    ASSERT_TRUE(h.click_text("uninitialized", variables));
    EXPECT_TRUE(h.shell().variables().options().only_uninitialized);
    ImVec2 ignored;
    EXPECT_FALSE(h.find_text("cell_0", ignored, variables));
    ASSERT_TRUE(h.click_text("uninitialized", variables));
    EXPECT_FALSE(h.shell().variables().options().only_uninitialized);
    ASSERT_TRUE(h.click_text("trainable", variables));
    EXPECT_TRUE(h.shell().variables().options().only_trainable);
}

TEST(VariablesPanel, ShowsWhatAScopeTakesIn) {
    Harness h;
    open_at_end(h);
    execute(h, "variables.coverage", "scope=.*cell_1");
    EXPECT_TRUE(h.shows("takes in 4 of 8"));
    EXPECT_TRUE(h.shows("0 of 4")) << "the scope of the other layer";
    EXPECT_FALSE(h.shell().execute({"variables.coverage", "scope=(", "test"}));
    h.press(compat::key_escape); // the notice about it
    execute(h, "variables.coverage", "none");
    ASSERT_TRUE(h.click_text("covered by", variables));
    ASSERT_TRUE(h.click_text("trainable_variables"));
    EXPECT_TRUE(h.shows("takes in 8 of 8"));
}
