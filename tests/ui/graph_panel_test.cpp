#include "core/view/graph_scene.hpp"
#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <thread>
#include <vector>

namespace rnnscope::ui {
namespace {

void run(Harness& h, const char* command, const char* argument = "") {
    ASSERT_TRUE(h.shell().execute({command, argument, "test"})) << command;
    h.settle();
}

TEST(GraphPanel, TheSearchCountsWhileOneTypesAndEnterGoesToTheNextMatch) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.settle();
    run(h, "run.continue");
    run(h, "graph.search");
    h.type("matmul");
    h.settle();
    const auto matches = view::search_nodes(*h.debugger().graph(), "matmul", h.debugger().visible_nodes());
    ASSERT_GT(matches.size(), 1u);
    EXPECT_TRUE(h.shows(view::count_text(matches.size(), "op")));
    h.press(compat::key_enter);
    EXPECT_EQ(h.debugger().selection().node, matches[0]);
    h.press(compat::key_enter);
    EXPECT_EQ(h.debugger().selection().node, matches[1]);
    EXPECT_TRUE(h.shell().graph().can_go_back());
}

/// Below the header, which says the path of the selection in any case.
bool canvas_shows(Harness& h, const std::string& text) {
    const Rect panel = h.shell().panel_rects().find("graph")->second;
    ImVec2 at;
    return h.find_text(text, at, {{panel.a.x, panel.a.y + 32}, panel.b});
}

/// The camera flies for a while.
void arrive(Harness& h) {
    for (int i = 0; i < 40; ++i) h.frame();
}

TEST(GraphPanel, WhatWasSelectedLastIsShownWhateverElseChanged) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    Shell& shell = h.shell();
    const std::string loop = "rnn/rnn/while/rnn/multi_rnn_cell/cell_1/gru_cell/";
    const std::string failed = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel/read";
    run(h, "run.continue");
    ASSERT_TRUE(canvas_shows(h, "failed, event"));

    run(h, "select.node", (loop + "MatMul_1").c_str());
    run(h, "graph.selection");
    arrive(h);
    EXPECT_TRUE(canvas_shows(h, "MatMul_1"));
    ASSERT_FALSE(canvas_shows(h, "failed, event"));
    run(h, "select.node", failed.c_str());
    arrive(h);
    EXPECT_TRUE(canvas_shows(h, "failed, event")) << "it is the failure that was seen already";

    // Away from the failure, back to it, and on to something else, before there is a frame.
    run(h, "step.back-over");
    run(h, "select.line", "10");
    ASSERT_TRUE(shell.execute({"go.failure", "", "test"}));
    ASSERT_TRUE(shell.execute({"select.node", loop + "MatMul_1", "test"}));
    arrive(h);
    EXPECT_EQ(h.debugger().graph()->node(h.debugger().selection().node).name, loop + "MatMul_1");
    EXPECT_TRUE(canvas_shows(h, "MatMul_1"));

    ASSERT_TRUE(shell.execute({"go.end", "", "test"}));
    ASSERT_TRUE(shell.execute({"select.node", failed, "test"}));
    arrive(h);
    EXPECT_TRUE(canvas_shows(h, "failed, event 46")) << "where the program ended, too";

    ASSERT_TRUE(shell.execute({"run.restart", "", "test"}));
    h.settle();
    for (const char* both : {"run.continue", "select.line 10"})
        ASSERT_TRUE(shell.execute(parse_command(both, "test"))) << both;
    while (shell.work(std::chrono::seconds(1))) {
    }
    h.settle();
    EXPECT_EQ(h.debugger().selection().kind, debug::Selection::Kind::statement) << "after the movement began";
}

TEST(GraphPanel, ASelectedScopeComesIntoSight) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    run(h, "run.continue");
    run(h, "panel.maximize", "graph");
    run(h, "graph.collapse-all");
    run(h, "select.scope", "rnn/rnn/multi_rnn_cell/cell_1/gru_cell/candidate");
    arrive(h);
    EXPECT_TRUE(canvas_shows(h, "candidate"));
}

TEST(GraphPanel, ATraceIsSwitchedOnAndOff) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.settle();
    run(h, "run.continue");
    run(h, "select.node", "rnn/rnn/while/NextIteration");
    run(h, "graph.trace-inputs");
    EXPECT_EQ(h.shell().graph().traced(), view::TraceWay::inputs);
    run(h, "graph.trace-outputs");
    EXPECT_EQ(h.shell().graph().traced(), view::TraceWay::outputs);
    run(h, "graph.trace-outputs");
    EXPECT_EQ(h.shell().graph().traced(), view::TraceWay::none);
    EXPECT_FALSE(h.shell().execute({"graph.trace-end", "", "test"})) << "nothing is traced";
}

TEST(GraphPanel, ATraceStaysUntilItsChipOrEscapeEndsIt) {
    for (const float width : {1600.0f, 900.0f}) { // in the header, and where that is too narrow over the graph
        Harness h(width, 900);
        h.settle();
        ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
        h.settle();
        run(h, "run.continue");
        const char* traced = "rnn/rnn/while/rnn/multi_rnn_cell/cell_0/gru_cell/MatMul";
        run(h, "select.node", traced);
        run(h, "graph.trace-inputs");
        ImVec2 chip;
        ASSERT_TRUE(h.find_text("inputs of", chip)) << width;
        run(h, "select.node", "rnn/rnn/while/NextIteration");
        EXPECT_EQ(h.shell().graph().traced_name(), traced) << "to look at what it has lit up";
        h.press(compat::key_escape);
        EXPECT_EQ(h.shell().graph().traced(), view::TraceWay::none);
        EXPECT_FALSE(h.shows("inputs of")) << width;
        run(h, "graph.trace-inputs");
        ASSERT_TRUE(h.find_text("inputs of", chip));
        ImVec2 name;
        ASSERT_TRUE(h.find_text("NextIteration", name, {{chip.x, chip.y - 10}, {width, chip.y + 10}})) << width;
        const float half = text_width(h.shell().look(), TextRole::mono_small, "NextIteration") / 2;
        h.click({name.x + half + 11, chip.y}); // the cross
        EXPECT_EQ(h.shell().graph().traced(), view::TraceWay::none) << width;
    }
}

TEST(GraphPanel, ATraceIsOfWhatIsSelectedWhenItIsAskedFor) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.settle();
    run(h, "run.continue");
    run(h, "panel.maximize", "source");
    Shell& shell = h.shell();
    const std::string traced = "rnn/rnn/while/NextIteration";
    ASSERT_TRUE(shell.execute({"select.node", traced, "test"}));
    ASSERT_TRUE(shell.execute({"graph.trace-inputs", "", "test"}));
    ASSERT_TRUE(shell.execute({"select.node", "rnn/rnn/while/Merge", "test"}));
    EXPECT_EQ(shell.graph().traced_name(), traced);
    h.settle();
    EXPECT_EQ(shell.graph().traced_name(), traced);
    EXPECT_TRUE(h.shows("inputs of")) << "the graph is to be seen";
    run(h, "select.line", "10");
    EXPECT_FALSE(shell.execute({"graph.trace-inputs", "", "test"})) << "a statement has no trace";
    EXPECT_EQ(shell.graph().traced_name(), traced) << "and the one that is there stays";
    ASSERT_TRUE(shell.execute({"graph.trace-end", "", "test"}));
    ASSERT_TRUE(shell.execute({"select.node", traced, "test"}));
    ASSERT_TRUE(shell.execute({"graph.trace-outputs", "", "test"}));
    EXPECT_TRUE(shell.execute({"graph.trace-end", "", "test"})) << "without a frame in between";
}

TEST(GraphPanel, ATraceStaysWithItsProgram) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.settle();
    run(h, "run.continue");
    run(h, "select.node", "rnn/rnn/while/NextIteration");
    run(h, "graph.trace-inputs");
    run(h, "run.restart");
    EXPECT_EQ(h.shell().graph().traced(), view::TraceWay::inputs) << "the same op comes again";
    for (int i = 0; i < 8 && !h.shows("not in this graph"); ++i) run(h, "step.over");
    EXPECT_TRUE(h.shows("not in this graph")) << "until then it is not there";
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.settle();
    EXPECT_EQ(h.shell().graph().traced(), view::TraceWay::none);
}

TEST(GraphPanel, AFailureStaysInSightWhenTheWindowBecomesSmall) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.settle();
    run(h, "run.continue");
    const auto shows_failure = [&] {
        const Rect& graph = h.shell().panel_rects().at("graph");
        ImVec2 at;
        return h.find_text("failed, event", at, {{graph.a.x, graph.a.y + 30}, graph.b});
    };
    EXPECT_TRUE(shows_failure());
    for (const auto& [width, height] : {std::pair{700.0f, 500.0f}, {1000.0f, 700.0f}, {1600.0f, 1000.0f}}) {
        ImGui::GetIO().DisplaySize = {width, height};
        h.settle();
        EXPECT_TRUE(shows_failure()) << width << " x " << height;
    }
    h.shell().settings().font_percent = 150;
    h.settle();
    EXPECT_TRUE(shows_failure());
}

/// Scopes still open while the camera sets out: it goes to where the op will have come.
TEST(GraphPanel, AFailureIsFoundWhileScopesOpen) {
    for (const auto& [width, height] : {std::pair{700.0f, 500.0f}, {1600.0f, 1000.0f}}) {
        Harness h(width, height);
        h.settle();
        ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
        h.settle();
        run(h, "break.toggle", "36");
        run(h, "run.continue");
        ASSERT_FALSE(h.debugger().error_at_position());
        for (int i = 0; i < 40; ++i) h.frame();
        run(h, "run.continue");
        ASSERT_TRUE(h.debugger().error_at_position());
        for (int i = 0; i < 60; ++i) h.frame();
        const Rect& graph = h.shell().panel_rects().at("graph");
        ImVec2 at;
        EXPECT_TRUE(h.find_text("failed, event", at, {{graph.a.x, graph.a.y + 30}, graph.b})) << width;
    }
}

/// However little room there is, the op that failed can be read.
TEST(GraphPanel, AFailureIsReadableInTheSmallestWindow) {
    for (const char* sample : {"D06_metrics_local.json", "D26_resource_message.json", "seed_a_init_early.json"}) {
        Harness h(700, 500);
        h.shell().settings().font_percent = 200;
        h.settle();
        ASSERT_TRUE(h.shell().open_sample(sample));
        h.press(compat::function_key(5));
        ASSERT_TRUE(h.debugger().error_at_position());
        const Rect& graph = h.shell().panel_rects().at("graph");
        EXPECT_FALSE(h.glyphs({{graph.a.x, graph.a.y + 60}, graph.b}).empty()) << sample;
    }
}

/// Frames as the window makes them: none waits for a layout, and each asks for another one until all is there.
void watch(Harness& h) {
    for (int i = 0; i < 2000; ++i) {
        h.frame();
        if (!h.debugger().busy() && i > 3 && !h.shell().animating()) return;
        std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
    FAIL() << "the graph never came to rest";
}

TEST(GraphPanel, TheBackgroundDrawsWhatAFrameWouldHaveDrawn) {
    const auto picture = [](bool background) {
        Harness h;
        h.shell().set_background(background);
        h.settle();
        EXPECT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
        watch(h);
        for (const char* command : {"run.continue", "graph.expand-all", "graph.fit", "graph.failure"}) {
            EXPECT_TRUE(h.shell().execute({command, "", "test"}));
            watch(h);
        }
        std::vector<float> drawn;
        const ImDrawData& data = *ImGui::GetDrawData();
        for (int l = 0; l < data.CmdListsCount; ++l)
            for (const ImDrawVert& v : data.CmdLists[l]->VtxBuffer) drawn.insert(drawn.end(), {v.pos.x, v.pos.y});
        return drawn;
    };
    const std::vector<float> at_once = picture(false);
    EXPECT_GT(at_once.size(), 1000u);
    const std::vector<float> later = picture(true);
    ASSERT_EQ(later.size(), at_once.size());
    // The camera came from elsewhere, so its last digits differ.
    for (std::size_t i = 0; i < later.size(); ++i) ASSERT_NEAR(later[i], at_once[i], 0.01f);
}

TEST(GraphPanel, ClosingTheWindowDuringALayoutIsNoTrouble) {
    for (int frames = 0; frames < 6; ++frames) {
        Harness h;
        h.shell().set_background(true);
        ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
        ASSERT_TRUE(h.shell().execute({"run.continue", "", "test"}));
        h.settle();
        ASSERT_TRUE(h.shell().execute({"graph.expand-all", "", "test"}));
        for (int i = 0; i < frames; ++i) h.frame();
        // Another program takes the place of the one that is being drawn.
        if (frames % 2 == 0) continue;
        ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
        h.frame();
    }
}

TEST(GraphPanel, FoldingOfEqualStepsIsKeptInTheSettings) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.settle();
    run(h, "run.continue");
    EXPECT_TRUE(h.shell().settings().fold_series);
    run(h, "graph.series");
    EXPECT_FALSE(read_settings(write_settings(h.shell().settings())).fold_series);
    run(h, "graph.series");
    EXPECT_TRUE(read_settings(write_settings(h.shell().settings())).fold_series);
}

TEST(GraphPanel, ColoursHaveALegendWithCountsAndAreKept) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_init_early.json"));
    h.settle();
    run(h, "run.continue");
    for (const char* by : {"op", "device", "health", "executions"}) {
        run(h, "graph.color", by);
        EXPECT_EQ(h.shell().settings().graph_color, by);
        EXPECT_EQ(read_settings(write_settings(h.shell().settings())).graph_color, by);
        view::GraphColors colors;
        const view::NodeColors* nodes = nullptr;
        do {
            nodes = &colors.get(h.debugger(), h.debugger().visible_nodes(), *view::color_by(by));
        } while (!colors.is_complete());
        EXPECT_TRUE(h.shows(nodes->title)) << by;
        for (const view::ColorClass& row : nodes->classes) {
            if (row.nodes == 0) continue;
            EXPECT_TRUE(h.shows(row.label)) << by;
            EXPECT_TRUE(h.shows(view::grouped(row.nodes))) << row.label;
        }
    }
    EXPECT_FALSE(h.shell().execute({"graph.color", "hue", "test"}));
}

TEST(GraphPanel, ThePaletteOffersWhatTheGraphCanBeColouredBy) {
    Harness h;
    h.settle();
    ASSERT_TRUE(h.shell().open_sample("seed_a_ok.json"));
    h.settle();
    run(h, "run.continue");
    ASSERT_TRUE(h.shell().execute({"graph.color", "", "palette"}));
    h.settle();
    h.type("health");
    h.press(compat::key_enter);
    EXPECT_EQ(h.shell().settings().graph_color, "health");
}

} // namespace
} // namespace rnnscope::ui
