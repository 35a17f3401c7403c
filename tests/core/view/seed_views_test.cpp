#include "core/debug/command.hpp"
#include "core/view/graph_scene.hpp"
#include "core/view/inspector_view.hpp"
#include "core/view/problems_view.hpp"
#include "core/view/source_view.hpp"
#include "core/view/status_view.hpp"
#include "core/view/timeline_view.hpp"
#include "core/view/variables_view.hpp"
#include "tests/core/golden_text.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <unistd.h>

using namespace rnnscope;

namespace {

void run(debug::Debugger& debugger, const std::string& id, const std::string& argument = "") {
    const auto result = debug::execute(debugger, {id, argument, "test"});
    ASSERT_TRUE(result.ok()) << result.error().message;
    debugger.wait();
}

/// Opens a sample and runs it to its first failure, or its end.
void open(debug::Debugger& debugger, const std::string& sample) {
    const Diagnostics mistakes = debugger.open(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/" + sample);
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    run(debugger, "run.continue");
}

/// What every panel shows, as one text.
std::string all_panels(const debug::Debugger& debugger) {
    return to_text(view::build_source(debugger)) + "\n" + to_text(view::build_variables(debugger)) + "\n" +
           to_text(view::build_inspector(debugger)) + "\n" + to_text(view::build_timeline(debugger)) + "\n" +
           to_text(view::build_problems(debugger)) + "\n";
}

void expect_golden(const std::string& name, const std::string& text) {
    rnnscope::testing::expect_golden("view", name, text);
}

} // namespace

TEST(SeedViews, TheInitThatWasBuiltTooEarly) {
    debug::Debugger debugger;
    open(debugger, "seed_a_init_early.json");
    run(debugger, "select.node", debugger.error_at_position()->op);
    expect_golden("seed_a_init_early", all_panels(debugger));
}

TEST(SeedViews, TheHealthyProgram) {
    debug::Debugger debugger;
    open(debugger, "seed_a_ok.json");
    run(debugger, "select.variable", "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel");
    expect_golden("seed_a_ok", all_panels(debugger));
}

TEST(SeedViews, AnOpSaysWhereItsValueComesFromAndGoesTo) {
    debug::Debugger debugger;
    open(debugger, "seed_a_ok.json");
    std::string text;
    for (const char* op : {"multi_rnn_cell/cell_0/gru_cell/Sigmoid", "multi_rnn_cell/cell_0/gru_cell/mul"}) {
        run(debugger, "select.node", std::string("rnn/rnn/while/rnn/") + op);
        text += to_text(view::build_inspector(debugger)) + "\n";
    }
    run(debugger, "select.node", "rnn/rnn/transpose_1");
    expect_golden("seed_a_ok_slices", text + to_text(view::build_inspector(debugger)));
}

TEST(SeedViews, ARecordingShowsTheFixAndOffersNone) {
    debug::Debugger debugger;
    open(debugger, "seed_b_scope_miss_layer1.json");
    const auto path =
        std::filesystem::temp_directory_path() / ("rnnscope_view_" + std::to_string(getpid()) + ".rnnrec");
    run(debugger, "recording.save", path.string());
    debug::Debugger opened;
    const Diagnostics mistakes = opened.open(path.string());
    std::filesystem::remove(path);
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    run(opened, "run.continue");
    const view::ProblemsView problems = view::build_problems(opened);
    ASSERT_EQ(problems.cards.size(), 1u);
    EXPECT_EQ(problems.cards[0].check, view::ProblemCard::Check::no_fix);
    EXPECT_EQ(problems.cards[0].check_text, "in a recording");
    EXPECT_FALSE(problems.cards[0].code.empty());
    const auto left = view::build_status(opened).left;
    EXPECT_TRUE(std::ranges::any_of(
        left, [&](const view::Link& link) { return link.text == "recording " + path.filename().string(); }));
}

TEST(SeedViews, TheLayerThatTheScopeMisses) {
    debug::Debugger debugger;
    open(debugger, "seed_b_scope_miss_layer1.json");
    expect_golden("seed_b_scope_miss_layer1", to_text(view::build_variables(debugger)));
}

TEST(SeedViews, WhatTheMissingValuesReach) {
    debug::Debugger debugger;
    debugger.set_poisons(true);
    open(debugger, "seed_b_scope_miss_layer1.json");
    run(debugger, "select.node", "rnn/rnn/while/rnn/multi_rnn_cell/cell_1/gru_cell/BiasAdd");
    std::string text = all_panels(debugger) + to_text(view::build_status(debugger)) + "\n";
    const view::SceneInput input = view::scene_input(debugger);
    view::GraphView graph;
    graph.expand_outer(input);
    text += to_text(graph.scene(input));
    expect_golden("seed_b_scope_miss_layer1_poison", text);
}

TEST(SeedViews, TheFilterSuggestsTheNearestName) {
    debug::Debugger debugger;
    open(debugger, "seed_a_ok.json");
    EXPECT_EQ(to_text(view::build_variables(debugger, {"gats", {}})),
              "No variable matches “gats”. Did you mean gates?\n");
    EXPECT_EQ(view::build_variables(debugger, {"candidate", {}}).rows.back().path,
              "rnn/rnn/multi_rnn_cell/cell_1/gru_cell/candidate/bias");
}

TEST(SeedViews, NothingOpenIsEmptyEverywhere) {
    const debug::Debugger debugger;
    EXPECT_TRUE(view::build_source(debugger).lines.empty());
    EXPECT_TRUE(view::build_variables(debugger).rows.empty());
    EXPECT_TRUE(view::build_problems(debugger).cards.empty());
    EXPECT_TRUE(view::build_timeline(debugger).statements.empty());
    EXPECT_EQ(to_text(view::build_inspector(debugger)), "Select an op or a variable.\n");
    EXPECT_EQ(view::build_status(debugger).left.front().text, "no program");
}

TEST(SeedViews, EveryPositionOfEverySampleCanBeShown) {
    for (const char* sample : {"seed_a_init_early.json", "seed_a_second_no_reuse.json", "D20_two_sessions.json",
                               "D16b_shared_cell_silent.json", "D26_resource_message.json"}) {
        debug::Debugger debugger;
        open(debugger, sample);
        const std::uint64_t end = debugger.recording().end().ticks;
        for (std::uint64_t tick = 0; tick <= end; tick += 1 + end / 40) {
            run(debugger, "go.position", std::to_string(tick));
            EXPECT_FALSE(to_text(view::build_source(debugger)).empty()) << sample << " at " << tick;
            (void)view::build_variables(debugger);
            (void)view::build_inspector(debugger);
            (void)view::build_timeline(debugger);
            (void)view::build_problems(debugger);
            (void)view::build_status(debugger);
        }
    }
}
