#include "ui/panels/lessons.hpp"

#include "core/debug/command.hpp"
#include "tests/ui/harness.hpp"
#include "ui/shell/samples.hpp"
#include "ui/shell/ui_commands.hpp"

#include <gtest/gtest.h>

#include <filesystem>

using namespace rnnscope;
using namespace rnnscope::ui;

namespace {

class EveryLesson : public ::testing::TestWithParam<std::string> {};

std::vector<std::string> lesson_files() {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::directory_iterator(std::string(RNNSCOPE_SOURCE_DIR) + "/assets/lessons"))
        files.push_back(entry.path().filename().string());
    std::ranges::sort(files);
    return files;
}

INSTANTIATE_TEST_SUITE_P(Assets, EveryLesson, ::testing::ValuesIn(lesson_files()),
                         [](const auto& lesson) { return lesson.param.substr(0, lesson.param.find('.')); });

} // namespace

TEST_P(EveryLesson, NamesWhatExists) {
    const Lesson* lesson = find_lesson(GetParam());
    ASSERT_TRUE(lesson) << "every file is embedded";
    EXPECT_TRUE(find_sample(lesson->sample)) << lesson->sample;
    EXPECT_GT(lesson->minutes, 0);
    for (const LessonStep& step : lesson->steps) {
        EXPECT_TRUE(step.look_at.empty() || find_panel(step.look_at)) << step.look_at;
        for (const std::string& text : step.commands) {
            const debug::Command command = parse_command(text, "lesson");
            EXPECT_TRUE(debug::find_command(command.id) || find_ui_command(command.id)) << command.id;
        }
        for (const std::string& paragraph : step.say) EXPECT_EQ(std::ranges::count(paragraph, '`') % 2, 0) << paragraph;
    }
}

/// What is drawn outside of the lesson: shapes and letters, whatever their colour.
std::vector<float> picture_beside_lesson(Harness& h) {
    compat::set_mouse({-1, -1});
    for (int i = 0; i < 40; ++i) h.frame(); // until nothing moves
    const auto lesson = h.shell().panel_rects().find("lesson");
    std::vector<float> out;
    const ImDrawData& data = *ImGui::GetDrawData();
    for (int l = 0; l < data.CmdListsCount; ++l)
        for (const ImDrawVert& v : data.CmdLists[l]->VtxBuffer)
            if (lesson == h.shell().panel_rects().end() || !lesson->second.has(v.pos))
                out.insert(out.end(), {v.pos.x, v.pos.y, v.uv.x, v.uv.y});
    return out;
}

/// Somebody who presses only "Show me" and "Next" gets to the end, and no step is refused.
TEST_P(EveryLesson, RunsByItsButtons) {
    Harness h;
    ASSERT_TRUE(h.shell().execute({"lesson.start", GetParam(), "welcome"}));
    h.settle();
    const Lesson& lesson = *h.shell().lesson().lesson();
    for (std::size_t i = 0; i < lesson.steps.size(); ++i) {
        SCOPED_TRACE("step " + std::to_string(i));
        ASSERT_EQ(h.shell().lesson().step(), i);
        ASSERT_TRUE(h.shell().execute({"panel.show", "lesson", "key"}));
        h.settle();
        const bool to_do = !lesson.steps[i].commands.empty();
        EXPECT_EQ(h.shows("Show me"), to_do);
        if (to_do) {
            const std::vector<float> before = picture_beside_lesson(h);
            ASSERT_TRUE(h.click_text("Show me"));
            h.settle();
            EXPECT_TRUE(h.shell().lesson().step_done());
            EXPECT_NE(picture_beside_lesson(h), before) << "it shows something";
            ASSERT_TRUE(h.shell().execute({"panel.show", "lesson", "key"}));
            h.settle();
        }
        ASSERT_TRUE(h.click_text("Next"));
    }
    EXPECT_EQ(h.shell().settings().lessons_done, std::vector<std::string>{GetParam()});
    ASSERT_TRUE(h.shell().execute({"panel.show", "lesson", "key"}));
    h.settle();
    ASSERT_TRUE(h.click_text("Finish"));
    EXPECT_FALSE(h.shell().lesson().lesson());
}

TEST(Lessons, AStepIsTickedOffByHand) {
    Harness h;
    ASSERT_TRUE(h.shell().execute({"lesson.start", "tour.json", "welcome"}));
    h.settle();
    ASSERT_TRUE(h.click_text("Next"));
    ASSERT_EQ(h.shell().lesson().current()->commands, std::vector<std::string>{"run.continue"});
    EXPECT_FALSE(h.shell().lesson().step_done());
    h.press(compat::function_key(5));
    EXPECT_TRUE(h.shell().lesson().step_done());
    EXPECT_TRUE(h.debugger().error_at_position());
}

TEST(Lessons, TheTourOpensTheLineToBlame) {
    Harness h;
    ASSERT_TRUE(h.shell().execute({"lesson.start", "tour.json", "welcome"}));
    h.settle();
    for (int i = 0; i < 3; ++i) {
        if (i == 1) {
            ASSERT_TRUE(h.click_text("Show me"));
        }
        ASSERT_TRUE(h.click_text("Next"));
    }
    ASSERT_TRUE(h.debugger().current_diagnosis());
    ASSERT_TRUE(h.click_text("Show me"));
    EXPECT_EQ(h.debugger().selection(), view::select_statement(h.debugger().current_diagnosis()->fix_at));
}

TEST(Lessons, TheTourIsOfferedToNewcomers) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.click_text("Take the tour"));
    ASSERT_TRUE(h.shell().lesson().lesson());
    EXPECT_EQ(h.shell().lesson().lesson()->file, "tour.json");
    EXPECT_EQ(h.shell().settings().workspace, "teach");
}

TEST(Lessons, AMistakeIsSaidWithItsPlace) {
    const auto message = [](const char* text) {
        const auto lesson = read_lesson("x.json", text);
        return lesson ? std::string() : lesson.error().message;
    };
    EXPECT_EQ(message("["), "x.json: this is not a JSON object.");
    EXPECT_EQ(message(R"({"title": 3})"), "x.json: a lesson has a text \"title\".");
    EXPECT_EQ(message(R"({"title": "a", "about": "b", "sample": "c", "minutes": 1, "steps": [{"say": []}]})"),
              "x.json/steps/0: a step says something, in one text or in a list of texts.");
    EXPECT_EQ(message(R"({"title": "a", "about": "b", "sample": "c", "minutes": 1, "steps": [{"say": "d", "do": 1}]})"),
              "x.json/steps/0: \"do\" is a command or a list of commands.");
    EXPECT_EQ(message(R"({"title": "a", "about": "b", "sample": "c", "minutes": 1, "steps": [{"say": "d"}]})"), "");
}

TEST(Lessons, AnUnknownOneIsSaid) {
    Harness h;
    EXPECT_FALSE(h.shell().execute({"lesson.start", "nothing.json", "terminal"}));
}
