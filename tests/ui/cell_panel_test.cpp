#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

using namespace rnnscope;
using namespace rnnscope::ui;

namespace {

/// The sample with two GRU layers, run to its end, in the Cell workspace.
void show_cell(Harness& h, const char* sample = "seed_a_ok.json") {
    ASSERT_TRUE(h.shell().open_sample(sample));
    h.settle();
    h.press(compat::function_key(5));
    ASSERT_TRUE(h.click_text("Cell", {{380, 0}, {900, 40}}));
    h.settle();
}

/// Where the maps of seed_a_ok's first layer are in a window of 1600 × 1000: time step 0 to 4 from left to right.
ImVec2 in_map(Harness& h, int map, float t, float unit) {
    ImVec2 left, right;
    EXPECT_TRUE(h.find_text("all units", right)) << "the bars begin there";
    EXPECT_TRUE(h.find_text("States over time", left));
    const float x0 = 713, x1 = 1357; // label column and bars are of fixed width
    const float top = 96, pitch = 182, height = 158;
    return {x0 + (x1 - x0) * (t + 0.5f) / 5, top + pitch * static_cast<float>(map) + height * (unit + 0.5f) / 64};
}

void hover(Harness& h, ImVec2 at) {
    compat::set_mouse(at);
    for (int i = 0; i < 4; ++i) h.frame();
}

} // namespace

TEST(CellPanel, ShowsDiagramEquationsAndStates) {
    Harness h;
    show_cell(h);
    EXPECT_TRUE(h.shows("Equations"));
    EXPECT_TRUE(h.shows("keeps"));
    EXPECT_TRUE(h.shows("States over time"));
    EXPECT_TRUE(h.shows("t = 4")) << "the end of the program shows the last time step";
    EXPECT_TRUE(h.shows("Largest of 74 products in c"));
}

TEST(CellPanel, ThePointerChoosesUnitAndTimeStepEverywhere) {
    Harness h;
    show_cell(h);
    EXPECT_TRUE(h.shows("unit 0, t = 4, example 0"));
    hover(h, in_map(h, 2, 1, 20));
    EXPECT_TRUE(h.shows("unit 20, t = 1, example 0")) << "the equations are those of the cell under the pointer";
    EXPECT_TRUE(h.shows("all units at t = 1"));
    EXPECT_EQ(h.shell().cell().step_under_pointer(), 1u);
    hover(h, {5, 500});
    EXPECT_TRUE(h.shows("unit 0, t = 4, example 0")) << "looking is not choosing";
}

TEST(CellPanel, AClickGoesToTheTimeStep) {
    Harness h;
    show_cell(h);
    const record::Position end = h.debugger().position();
    h.click(in_map(h, 0, 2, 33));
    EXPECT_LT(h.debugger().position(), end);
    EXPECT_EQ(view::build_cell(h.debugger()).now, 2u);
    EXPECT_EQ(h.shell().cell().chosen().unit, 33);
    h.press(compat::key_down); // no key of the panel: nothing happens
    EXPECT_EQ(h.shell().cell().chosen().unit, 33);
}

TEST(CellPanel, PlayGoesThroughTheTimeStepsAndStops) {
    Harness h;
    show_cell(h);
    h.click(in_map(h, 0, 0, 0));
    ASSERT_EQ(view::build_cell(h.debugger()).now, 0u);
    ASSERT_TRUE(h.shell().execute({"cell.play", "", "test"}));
    EXPECT_TRUE(h.shell().animating());
    for (int i = 0; i < 12; ++i) h.frame();
    const auto on_the_way = view::build_cell(h.debugger()).now;
    for (int i = 0; i < 200 && h.shell().cell().is_playing(); ++i) h.frame();
    EXPECT_GT(on_the_way, 0u);
    EXPECT_EQ(view::build_cell(h.debugger()).now, 4u);
    EXPECT_FALSE(h.shell().cell().is_playing());
    EXPECT_FALSE(h.shell().animating()) << "at rest nothing is drawn";
}

TEST(CellPanel, LayersExamplesAndUnitsAreCommands) {
    Harness h;
    show_cell(h);
    ASSERT_TRUE(h.shell().execute({"cell.layer", "1", "test"}));
    ASSERT_TRUE(h.shell().execute({"cell.example", "1", "test"}));
    ASSERT_TRUE(h.shell().execute({"cell.unit", "7", "test"}));
    ASSERT_TRUE(h.shell().execute({"cell.next-unit", "", "test"}));
    h.settle();
    EXPECT_TRUE(h.shows("unit 8, t = 4, example 1"));
    EXPECT_TRUE(h.shows("Largest of 128 products in c"));
    ASSERT_TRUE(h.shell().execute({"cell.products", "u", "test"}));
    h.settle();
    EXPECT_TRUE(h.shows("Largest of 128 products in u"));
    EXPECT_FALSE(h.shell().execute({"cell.unit", "many", "test"}));
}

TEST(CellPanel, AnOpThatIsSelectedBringsItsLayerUp) {
    Harness h;
    show_cell(h);
    ASSERT_TRUE(h.shell().execute({"select.node", "rnn/rnn/while/rnn/multi_rnn_cell/cell_1/gru_cell/Sigmoid", "test"}));
    h.settle();
    EXPECT_EQ(h.shell().cell().chosen().track, 1u);
}

TEST(CellPanel, BeforeAnythingRanItIsADiagramThatSaysWhatToDo) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    ASSERT_TRUE(h.shell().execute({"workspace.cell", "", "test"}));
    h.settle();
    EXPECT_TRUE(h.shows("Nothing was built yet"));
    while (h.debugger().recording().sessions() == 0) {
        ASSERT_TRUE(h.shell().execute({"step.over", "", "test"}));
        h.settle();
    }
    EXPECT_TRUE(h.shows("No run has computed this cell yet."));
    ASSERT_TRUE(h.click_text("Continue"));
    EXPECT_TRUE(h.shows("t = 4"));
}

TEST(CellPanel, AFailedRunShowsWhatItDidNotReach) {
    Harness h;
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.press(compat::function_key(5));
    ASSERT_TRUE(h.debugger().error_at_position());
    ASSERT_TRUE(h.shell().execute({"workspace.cell", "", "test"}));
    h.settle();
    EXPECT_TRUE(h.shows("No value: run 2 stopped at event 46, before this cell"));
}

TEST(CellPanel, SaysWhoseValuesItShows) {
    Harness h;
    show_cell(h);
    for (const char* time : {"2 3", "2 1"}) {
        ASSERT_TRUE(h.shell().execute({"go.time", time, "test"}));
        h.settle();
        const std::string whose = view::build_cell(h.debugger(), h.shell().cell().chosen()).whose;
        EXPECT_TRUE(whose.starts_with("run 2, t = ")) << whose;
        EXPECT_TRUE(h.shows(whose.substr(0, whose.find(" of")))) << whose;
    }
}

TEST(CellPanel, EverySizeAndScaleCanBeDrawn) {
    struct Case {
        float width, height;
        int percent;
        const char* sample;
    };
    for (const Case& c : {Case{1024, 640, 100, "nb17_static_rnn.json"}, Case{640, 400, 200, "seed_a_ok.json"},
                          Case{3840, 2160, 200, "seed_a_ok.json"}}) {
        Harness h(c.width, c.height);
        h.shell().settings().font_percent = c.percent;
        h.shell().settings().workspace = "cell";
        ASSERT_TRUE(h.shell().open_sample(c.sample));
        h.press(compat::function_key(5));
        EXPECT_TRUE(h.shows("Equations")) << c.width << " x " << c.height << " at " << c.percent;
    }
}

TEST(CellPanel, ATimeUnderThePointerIsTheSameInEveryPanel) {
    Harness h;
    show_cell(h);
    hover(h, in_map(h, 2, 1, 20));
    const view::TimeSpot spot = h.shell().lit_time();
    ASSERT_TRUE(spot.run.valid());
    EXPECT_EQ(spot.unit, 20);
    const auto event = view::event_at(h.debugger(), spot);
    ASSERT_TRUE(event);
    EXPECT_EQ(h.debugger().recording().visit(spot.run, *event).iteration, 1);

    // The timeline below the maps: its third time step is the cell's.
    ASSERT_TRUE(h.shell().execute({"workspace.debug", "", "test"}));
    ASSERT_TRUE(h.shell().execute({"panel.show", "cell", "test"}));
    h.settle();
    ImVec2 step;
    ASSERT_TRUE(h.find_text("t = 2", step, {{430, 730}, {1040, 1000}}));
    hover(h, step);
    EXPECT_FALSE(h.shell().lit_time().unit);
    EXPECT_EQ(h.shell().cell().step_under_pointer(), 2u);
    hover(h, {5, 995});
    EXPECT_FALSE(h.shell().lit_time().run.valid());
    EXPECT_FALSE(h.shell().cell().step_under_pointer());
}
