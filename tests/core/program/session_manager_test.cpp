// tf.train.SessionManager as programs use it: sessions that are initialized and asked whether they are ready.

#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rnnscope::program {
namespace {

struct RunListener : EvaluationObserver {
    void on_event(const runtime::Event&) override {}
    void on_run(const RunInfo& info) override { steps.push_back(info.step); }
    std::vector<StepId> steps; ///< of each run
};

class ManagerProgram : public ::testing::Test {
  protected:
    /// Two global variables and a local one, of which `init` sets the first; then the manager and one call of it.
    void evaluate(const std::string& manager, const std::string& call) {
        const std::string text = fmt::format(R"({{"format": "rnnscope/1", "program": [
            {{"let": "a", "call": "get_variable", "args": ["a", [2]]}},
            {{"let": "b", "call": "get_variable", "args": ["b", []]}},
            {{"let": "c", "call": "Variable", "args": [0.5],
              "kwargs": {{"name": "c", "collections": ["$tf.GraphKeys.LOCAL_VARIABLES"]}}}},
            {{"let": "first", "call": "variables_initializer", "args": [["$a"]], "kwargs": {{"name": "first"}}}},
            {{"let": "all", "call": "global_variables_initializer"}},
            {{"let": "local", "call": "local_variables_initializer"}},
            {{"let": "missing", "call": "report_uninitialized_variables"}},
            {{"let": "missing_global", "call": "report_uninitialized_variables", "args": [["$a", "$b"]]}},
            {{"let": "manager", "call": "train.SessionManager", "kwargs": {}}},
            {{"let": "sess", "call": {}}},
            {{"let": "value", "call": "$sess.run", "args": ["$c"]}}]}})",
                                             manager, call);
        auto read = Document::read(text, "test.json", ".");
        if (const auto* mistakes = std::get_if<Diagnostics>(&read)) FAIL() << to_text(*mistakes);
        document_ = std::get<std::shared_ptr<const Document>>(read);
        evaluator_ = std::make_unique<Evaluator>(document_->program_ptr());
        evaluator_->finish(heard_);
    }
    std::string error() const {
        return evaluator_->error() ? evaluator_->error()->error_class + ": " + evaluator_->error()->text : "";
    }

    static constexpr const char* all_checks =
        R"({"local_init_op": "$local", "ready_op": "$missing", "ready_for_local_init_op": "$missing_global"})";
    std::shared_ptr<const Document> document_;
    std::unique_ptr<Evaluator> evaluator_;
    RunListener heard_;
};

TEST_F(ManagerProgram, GivesASessionThatIsReady) {
    evaluate(all_checks, R"("$manager.prepare_session", "args": ["", "$all"])");
    EXPECT_EQ(error(), "");
    // Initialize, ask, initialize local variables, ask again: four runs of one statement, then the program's own.
    ASSERT_EQ(heard_.steps.size(), 5u);
    for (std::size_t i = 1; i < 4; ++i) EXPECT_EQ(heard_.steps[i], heard_.steps[0]);
    EXPECT_NE(heard_.steps[4], heard_.steps[0]);
}

TEST_F(ManagerProgram, LeavesOutWhatItWasNotGiven) {
    evaluate("{}", R"("$manager.prepare_session", "args": ["", "$local"])");
    EXPECT_EQ(error(), "");
    EXPECT_EQ(heard_.steps.size(), 2u);
}

TEST_F(ManagerProgram, RefusesBeforeTheLocalInitializer) {
    evaluate(all_checks, R"("$manager.prepare_session", "args": ["", "$first"])");
    EXPECT_EQ(error(), "RuntimeError: Init operations did not make model ready for local_init.  Init op: first, init "
                       "fn: None, error: Variables not initialized: b");
    EXPECT_EQ(heard_.steps.size(), 2u);
}

TEST_F(ManagerProgram, RefusesAtTheEnd) {
    evaluate(R"({"ready_op": "$missing"})", R"("$manager.prepare_session", "args": ["", "$first"])");
    EXPECT_EQ(error(), "RuntimeError: Init operations did not make model ready.  Init op: first, init fn: None, "
                       "local_init_op: None, error: Variables not initialized: b, c");
}

TEST_F(ManagerProgram, NeedsAnInitializer) {
    evaluate("{}", R"("$manager.prepare_session", "args": [""])");
    EXPECT_EQ(error(), "RuntimeError: Model is not initialized and no init_op or init_fn or local_init_op was given");
}

TEST_F(ManagerProgram, WaitsForNobody) {
    evaluate(all_checks, R"("$manager.wait_for_session", "args": [""])");
    EXPECT_EQ(error(), "DeadlineExceededError: wait_for_session would wait for ever.  Ready_for_local_init_op: "
                       "Variables not initialized: a, b");
    evaluate(all_checks, R"("$manager.wait_for_session", "args": [""], "kwargs": {"max_wait_secs": 60})");
    EXPECT_EQ(error(), "DeadlineExceededError: Session was not ready after waiting 60 secs.");
}

TEST_F(ManagerProgram, SaysWhatItCannot) {
    evaluate(R"({"ready_for_local_init_op": "$missing"})", R"("$manager.prepare_session", "args": ["", "$all"])");
    EXPECT_TRUE(error().starts_with("ValueError: If you pass a ready_for_local_init_op you must also pass")) << error();
}

} // namespace
} // namespace rnnscope::program
