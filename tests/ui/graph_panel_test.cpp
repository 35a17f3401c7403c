#include "core/view/graph_scene.hpp"
#include "tests/ui/harness.hpp"

#include <gtest/gtest.h>

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
}

} // namespace
} // namespace rnnscope::ui
