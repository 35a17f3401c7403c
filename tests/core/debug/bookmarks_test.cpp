#include "core/debug/command.hpp"

#include <gtest/gtest.h>

using namespace rnnscope;
using namespace rnnscope::debug;

namespace {

class BookmarksTest : public ::testing::Test {
  protected:
    void SetUp() override {
        const Diagnostics mistakes =
            debugger_.open(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/seed_a_ok.json");
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    }
    std::string run(const std::string& id, const std::string& argument = "") {
        const auto result = execute(debugger_, {id, argument, "terminal"});
        debugger_.wait();
        return result ? *result : result.error().code;
    }

    Debugger debugger_;
};

} // namespace

TEST_F(BookmarksTest, AreCalledAfterTheirPositionOrAsSaid) {
    EXPECT_EQ(run("bookmark.toggle"), "bookmark line 7");
    run("run.continue");
    EXPECT_EQ(run("bookmark.toggle"), "bookmark end");
    run("go.time", "2 3");
    EXPECT_EQ(run("bookmark.toggle"), "bookmark run 2, event 299");
    run("step.op");
    EXPECT_EQ(run("bookmark.toggle", "here it saturates"), "bookmark here it saturates");
    ASSERT_EQ(debugger_.bookmarks().size(), 4u);
    EXPECT_TRUE(std::ranges::is_sorted(debugger_.bookmarks(), {}, &Bookmark::at));
    EXPECT_EQ(run("bookmark.toggle"), "the bookmark is gone");
    EXPECT_EQ(debugger_.bookmarks().size(), 3u);
}

TEST_F(BookmarksTest, AreVisitedInTurnFromAnywhere) {
    EXPECT_EQ(run("bookmark.next"), "command.blocked");
    run("bookmark.toggle");
    const Position start = debugger_.position();
    run("run.continue");
    run("go.time", "2 3");
    run("bookmark.toggle");
    const Position loop = debugger_.position();
    EXPECT_EQ(debugger_.bookmark_here()->at, loop);
    run("bookmark.next");
    EXPECT_EQ(debugger_.position(), start) << "after the last the first";
    run("bookmark.next");
    EXPECT_EQ(debugger_.position(), loop);
    run("go.end");
    EXPECT_FALSE(debugger_.bookmark_here());
    run("bookmark.previous");
    EXPECT_EQ(debugger_.position(), loop);
    run("bookmark.previous");
    run("bookmark.previous");
    EXPECT_EQ(debugger_.position(), loop) << "before the first the last";
    EXPECT_NE(run("print.bookmarks").find("-> run 2, event 299  at "), std::string::npos);
}

TEST_F(BookmarksTest, StayThroughARestartAndAreUndone) {
    run("run.continue");
    run("go.time", "2 3");
    run("bookmark.toggle");
    const Position loop = debugger_.position();
    run("run.restart");
    ASSERT_EQ(debugger_.bookmarks().size(), 1u);
    EXPECT_EQ(run("bookmark.next"), "bookmark.not-reached");
    run("run.continue");
    run("bookmark.next");
    EXPECT_EQ(debugger_.position(), loop);
    EXPECT_EQ(debugger_.undo_label(), "Set bookmark");
    run("edit.undo");
    EXPECT_TRUE(debugger_.bookmarks().empty());
    run("edit.redo");
    EXPECT_EQ(debugger_.bookmarks().size(), 1u);
}

TEST_F(BookmarksTest, GoWithTheProgram) {
    run("bookmark.toggle");
    ASSERT_TRUE(debugger_.edit(R"([{"op": "replace", "path": "/graph_seed", "value": 7}])", "Another seed"));
    debugger_.wait();
    EXPECT_TRUE(debugger_.bookmarks().empty()) << "times are others then";
    run("edit.undo");
    EXPECT_EQ(debugger_.bookmarks().size(), 1u);
}
