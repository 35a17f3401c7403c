// Samples that train: they learn, and do so in the same way every time.

#include "test_names.hpp"

#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <span>

namespace rnnscope::program {
namespace {

struct TrainingSample {
    const char* name;
    std::size_t steps;
    double from, to; ///< the loss is at least that before, and at most that after training
};

/// The scalars of every run that fetches a loss and the global norm of the gradients.
struct Progress : EvaluationObserver {
    std::vector<float> losses, norms;
    void on_event(const runtime::Event&) override {}
    void on_block(std::shared_ptr<const runtime::EventBlock>) override {}
    runtime::Keep keep() const override { return {runtime::Keep::What::nothing, 1}; }
    void on_run_done(RunId, const RunOutcome& outcome) override {
        if (outcome.results.size() != 2 || !outcome.results[0].shape().is_scalar()) return;
        losses.push_back(outcome.results[0].values<float>()[0]);
        norms.push_back(outcome.results[1].values<float>()[0]);
    }
};

class TrainingSamples : public ::testing::TestWithParam<TrainingSample> {
  protected:
    /// To the end, or until `most` steps were seen.
    static Progress train(std::size_t most) {
        const auto path =
            std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples/programs" / (std::string(GetParam().name) + ".json");
        const auto document = Document::open(path.string());
        EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const Document>>(document)) << path;
        Evaluator evaluator(std::get<0>(document)->program_ptr());
        Progress progress;
        while (!evaluator.done() && progress.losses.size() < most) evaluator.advance(progress, 1'000);
        EXPECT_FALSE(evaluator.error().has_value()) << evaluator.error()->message;
        return progress;
    }
};

TEST_P(TrainingSamples, Learn) {
    const Progress progress = train(1000);
    ASSERT_EQ(progress.losses.size(), GetParam().steps);
    EXPECT_GE(progress.losses.front(), GetParam().from);
    EXPECT_LE(progress.losses.back(), GetParam().to);
    for (const float norm : progress.norms) EXPECT_GT(norm, 0);
    // Twenty steps that are the same are followed by the same.
    const Progress again = train(20);
    ASSERT_GE(again.losses.size(), 20u);
    ASSERT_LT(again.losses.size(), progress.losses.size());
    EXPECT_TRUE(std::ranges::equal(again.losses, std::span(progress.losses).first(again.losses.size())));
    EXPECT_TRUE(std::ranges::equal(again.norms, std::span(progress.norms).first(again.norms.size())));
}

// The echo's loss begins at ln 2; the grammar's, at ln 7 without knowledge of it, cannot fall below its coins.
INSTANTIATE_TEST_SUITE_P(Samples, TrainingSamples,
                         ::testing::Values(TrainingSample{"train_echo", 60, 0.6, 0.02},
                                           TrainingSample{"train_reber", 60, 1.4, 0.62}),
                         [](const auto& test) { return std::string(test.param.name); });

} // namespace
} // namespace rnnscope::program
