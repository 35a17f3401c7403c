// Answers as rows of links, the shelf that keeps them, and questions that take long.

#include "core/debug/answer.hpp"
#include "core/debug/command.hpp"
#include "core/debug/comparison.hpp"
#include "core/debug/evaluation.hpp"
#include "tests/core/debug/command_test.hpp"

#include <algorithm>
#include <gtest/gtest.h>

namespace rnnscope::debug {
namespace {

class AnswerTest : public tests::CommandTest {
  protected:
    /// What the part selects; its own words where it selects nothing that has a name.
    std::string name_of(const AnswerPart& part) const {
        if (part.target.kind == Selection::Kind::node) return debugger_.graph()->node(part.target.node).name;
        if (part.target.kind == Selection::Kind::variable)
            return debugger_.graph()->variable(part.target.variable).name;
        return part.text.substr(0, part.text.find(':'));
    }
    const Answer& shown() const { return *debugger_.answers().shown(); }

    const std::string kernel_ = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel";
};

/// What is said of a position leads there: an event of this op, in this run.
TEST_F(AnswerTest, EveryPlaceIsTheOneThatItNames) {
    open("seed_a_ok");
    for (const char* id : {"ask.history", "ask.from", "ask.to"}) {
        run(id, kernel_);
        std::size_t places = 0;
        for (const AnswerRow& row : shown().rows) {
            std::string event;
            for (const AnswerPart& part : row.parts) {
                if (part.at) {
                    EXPECT_EQ(part.text, std::to_string(part.at->ticks));
                    EXPECT_EQ(part.at, row.at);
                }
                if (part.column == AnswerColumn::event) event = part.text;
                EXPECT_EQ(part.text.substr(0, part.text.find(':')), name_of(part)) << part.text;
            }
            if (!row.at || event.empty()) continue;
            ++places;
            const record::Tick tick = debugger_.recording().tick(row.at->ticks - 1);
            EXPECT_EQ(tick.kind, record::TickKind::event);
            EXPECT_EQ(std::to_string(tick.event), event) << to_text(row);
        }
        EXPECT_GT(places, 1U) << id;
    }
}

TEST_F(AnswerTest, TheShelfKeepsThem) {
    open("seed_a_ok");
    EXPECT_EQ(run("answer.back"), "No answer was given before.");
    EXPECT_EQ(run("answer.next"), "No question was answered.");
    const std::string history = run("ask.history", kernel_), from = run("ask.from", kernel_);
    ASSERT_EQ(debugger_.answers().all().size(), 2U);
    EXPECT_EQ(run("answer.back"), history);
    EXPECT_EQ(run("answer.back"), "No answer was given before.");
    EXPECT_EQ(run("answer.forward"), from);
    EXPECT_EQ(run("answer.show", "1"), history);
    EXPECT_EQ(run("answer.show", "3"), "there is no answer 3; 2 answers so far");
    run("ask.history", kernel_);
    EXPECT_EQ(debugger_.answers().all().size(), 2U) << "asked anew it takes the place of the old one";
    EXPECT_EQ(shown().title, "History");
    run("answer.close", "1");
    EXPECT_EQ(debugger_.answers().all().size(), 1U);
    EXPECT_EQ(shown().title, "History");
    run("answer.close");
    EXPECT_EQ(debugger_.answers().shown(), nullptr);
    for (std::size_t i = 0; i < AnswerShelf::most + 5; ++i)
        run("ask.right", kernel_ + " if equals " + std::to_string(i));
    EXPECT_EQ(debugger_.answers().all().size(), AnswerShelf::most);
    open("seed_b_ok");
    EXPECT_TRUE(debugger_.answers().all().empty()) << "they are about what was open";
}

TEST_F(AnswerTest, FromPlaceToPlace) {
    open("seed_a_ok");
    run("ask.history", kernel_);
    std::vector<Position> places;
    for (const AnswerRow& row : shown().rows)
        if (row.at) places.push_back(*row.at);
    ASSERT_GT(places.size(), 2U);
    run("go.start");
    for (const Position place : places) {
        run("answer.next");
        EXPECT_EQ(debugger_.position(), place);
    }
    EXPECT_EQ(run("answer.next"), "The answer names no place after this.");
    run("answer.previous");
    EXPECT_EQ(debugger_.position(), places[places.size() - 2]);
    // The same program from the start has the same places.
    run("run.restart");
    EXPECT_TRUE(is_of_what_is_shown(debugger_, shown().source));
    run("answer.next");
    EXPECT_EQ(debugger_.position(), places.front());
}

TEST_F(AnswerTest, LongQuestionsAreAnsweredInPieces) {
    open("seed_a_ok");
    run("go.time", "1");
    run("whatif.set", kernel_ + " zeros(74,128)");
    const Result<std::string> begun = begin(debugger_, {"whatif.run", "", "test"});
    ASSERT_TRUE(begun.ok());
    EXPECT_EQ(*begun, "");
    ASSERT_NE(debugger_.inquiry(), nullptr);
    EXPECT_TRUE(debugger_.busy());
    EXPECT_FALSE(debugger_.inquiry()->progress().empty());
    EXPECT_FALSE(debugger_.take_outcome());
    const Position before = debugger_.position();
    int pieces = 1;
    while (!debugger_.pump(std::chrono::microseconds(1))) ++pieces;
    EXPECT_GT(pieces, 3);
    EXPECT_EQ(debugger_.position(), before);
    const auto outcome = debugger_.take_outcome();
    ASSERT_TRUE(outcome && outcome->ok());
    EXPECT_EQ(**outcome, to_text(shown()));
    EXPECT_EQ(**outcome, run("whatif.run")) << "at once it is the same";
    EXPECT_FALSE(debugger_.take_outcome());
}

TEST_F(AnswerTest, ALongQuestionCanBeGivenUp) {
    open("seed_a_ok");
    run("go.time", "1");
    run("whatif.set", kernel_ + " zeros(74,128)");
    ASSERT_TRUE(begin(debugger_, {"whatif.run", "", "test"}).ok());
    debugger_.pump(std::chrono::microseconds(1));
    debugger_.cancel();
    EXPECT_FALSE(debugger_.busy());
    EXPECT_EQ(debugger_.answers().shown(), nullptr);
    EXPECT_EQ(debugger_.diversion(), nullptr);
    EXPECT_FALSE(debugger_.take_outcome());
}

struct Asked {
    const char *sample, *id, *argument;
};

/// Questions that look at many events are one function each, which is interrupted.
TEST_F(AnswerTest, QuestionsSayTheSameInPieces) {
    debugger_.set_poisons(true);
    for (const Asked& asked :
         {Asked{"seed_a_ok", "ask.from", "rnn/rnn/transpose_1"}, Asked{"seed_a_ok", "ask.to", kernel_.c_str()},
          Asked{"seed_a_ok", "ask.right", "rnn/rnn/while/Identity if outside -9 9"},
          Asked{"seed_a_ok", "ask.order", "1"}, Asked{"seed_b_noinit", "ask.poison", ""},
          Asked{"D01_never_init", "ask.order", "1"}}) {
        SCOPED_TRACE(std::string(asked.sample) + " " + asked.id);
        open(asked.sample);
        const Command command{asked.id, asked.argument, "test"};
        const std::string at_once = run(asked.id, asked.argument);
        const std::size_t rows = shown().rows.size();
        EXPECT_GT(rows, 0U);
        const std::uint64_t revision = debugger_.answers().revision();
        const Position before = debugger_.position();

        ASSERT_TRUE(begin(debugger_, command).ok());
        ASSERT_NE(debugger_.inquiry(), nullptr);
        for (int piece = 0; piece < 3; ++piece) ASSERT_FALSE(debugger_.pump(std::chrono::microseconds(0)));
        EXPECT_TRUE(debugger_.inquiry()->progress().ends_with("steps so far")) << debugger_.inquiry()->progress();
        EXPECT_EQ(begin(debugger_, command).error().message, "The program is running.");
        debugger_.cancel();
        EXPECT_FALSE(debugger_.busy());
        EXPECT_EQ(debugger_.answers().revision(), revision) << "a question that is given up leaves no answer";
        EXPECT_FALSE(debugger_.take_outcome());

        ASSERT_TRUE(begin(debugger_, command).ok());
        int pieces = 1;
        while (!debugger_.pump(std::chrono::microseconds(0))) ++pieces;
        EXPECT_GT(pieces, 3);
        const auto outcome = debugger_.take_outcome();
        ASSERT_TRUE(outcome && outcome->ok());
        EXPECT_EQ(**outcome, at_once);
        EXPECT_EQ(shown().rows.size(), rows);
        EXPECT_EQ(shown().argument, asked.argument);
        EXPECT_EQ(debugger_.position(), before);
    }
}

TEST_F(AnswerTest, WhatCannotBeAskedIsSaidWhenItIsLookedAt) {
    open("seed_a_ok");
    ASSERT_TRUE(begin(debugger_, {"ask.from", "nothing/such", "test"}).ok());
    while (!debugger_.pump(std::chrono::seconds(1))) {
    }
    const auto outcome = debugger_.take_outcome();
    ASSERT_TRUE(outcome && !outcome->ok());
    EXPECT_NE(outcome->error().message.find("nothing/such"), std::string::npos);
    EXPECT_EQ(debugger_.answers().shown(), nullptr);
    ASSERT_TRUE(begin(debugger_, {"ask.compare", "nowhere.json", "test"}).ok());
    EXPECT_NE(run("ask.compare", "nowhere.json").find("The program is running."), std::string::npos);
    while (!debugger_.pump(std::chrono::seconds(1))) {
    }
    EXPECT_FALSE(debugger_.take_outcome()->ok());
}

/// The other side is opened elsewhere: giving up does not wait for it, and another question can be asked at once.
TEST_F(AnswerTest, AComparisonCanBeGivenUpWhileTheOtherSideIsOpened) {
    open("seed_a_ok");
    const std::string compared = run("ask.compare", "seed_a_init_early.json");
    for (int after = 0; after < 4; ++after) {
        ASSERT_TRUE(begin(debugger_, {"ask.compare", "seed_a_init_early.json", "test"}).ok());
        EXPECT_FALSE(debugger_.inquiry()->progress().empty());
        for (int piece = 0; piece < after; ++piece) debugger_.pump(std::chrono::microseconds(100));
        debugger_.cancel();
        EXPECT_FALSE(debugger_.busy());
    }
    EXPECT_EQ(run("ask.compare", "seed_a_init_early.json"), compared);
}

/// Sides of a comparison belong to different recordings.
TEST_F(AnswerTest, AnAnswerKnowsItsRecording) {
    open("seed_a_ok");
    run("go.time", "1");
    run("whatif.set", kernel_ + " zeros(74,128)");
    run("whatif.run");
    const ComparedRecordings* compared = shown().compared.get();
    ASSERT_NE(compared, nullptr);
    const auto is_here = [&](const Answer::Source& source) { return is_of_what_is_shown(debugger_, source); };
    EXPECT_TRUE(is_here(shown().source));
    run("whatif.keep");
    EXPECT_FALSE(is_here(shown().source));
    EXPECT_EQ(run("answer.next"), "The answer is about another recording.");
    run("ask.history", kernel_);
    EXPECT_TRUE(is_here(shown().source));
    run("whatif.switch");
    EXPECT_FALSE(is_here(shown().source));
}

} // namespace
} // namespace rnnscope::debug
