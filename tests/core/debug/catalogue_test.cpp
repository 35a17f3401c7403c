// The catalogue of failures: each scenario has a sample that shows it, and a twin that does not.

#include "core/debug/debugger.hpp"
#include "tests/core/debug/run_to_end.hpp"

#include <algorithm>
#include <filesystem>
#include <gtest/gtest.h>
#include <ostream>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

/// A scenario, and the cause or warning that its samples are to show.
struct Scenario {
    const char* id;
    const char* shows;
};

void PrintTo(const Scenario& scenario, std::ostream* out) {
    *out << scenario.id;
}

constexpr Scenario scenarios[] = {
    {"D01", "init-never-run"},
    {"D02", "init-built-too-early"},
    {"D03", "optimizer-slot"},
    {"D04", "optimizer-slot"},
    {"D05", "not-in-initialized-set"},
    {"D06", "local-not-global"},
    {"D06b", "local-not-global"},
    {"D07", "init-order"},
    {"D08", "control-flow-initializer"},
    {"D09", "partial-restore"},
    {"D10", "names-moved"},
    {"D11", "shape-changed"},
    {"D12", "init-after-restore"},
    {"D13", "already-exists"},
    {"D14", "does-not-exist"},
    {"D15", "leaked-reuse"},
    {"D16", "shape-mismatch"},
    {"D16b", "shared-weights"},
    {"D17", "shared-weights"},
    {"D18", "control-flow-initializer"},
    {"D19", "not-fetchable"},
    {"D20", "wrong-session"},
    {"D20b", "wrong-graph"},
    {"D21", "collections-lost"},
    {"D22", "several-devices"},
    {"D23", "placeholder-not-fed"},
    {"D24", "shape-mismatch"},
    {"D25", "init-never-run"},
    {"D26", "init-never-run"},
    {"D27", "table-not-initialized"},
    {"D28", "model-not-ready"},
};

/// A sample that shows a scenario, and the sample without the fault.
struct Pair {
    fs::path faulty, fixed;
};

/// The samples of a scenario that have a twin; those without are healthy themselves.
std::vector<Pair> samples_of(const std::string& id) {
    std::vector<Pair> samples;
    for (const auto& entry : fs::directory_iterator(fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs")) {
        if (!entry.path().filename().string().starts_with(id + "_")) continue;
        const auto read = program::Document::open(entry.path().string());
        const auto* document = std::get_if<std::shared_ptr<const program::Document>>(&read);
        const std::string twin = document ? (*document)->program().fixed_twin : std::string();
        if (!twin.empty()) samples.push_back({entry.path(), entry.path().parent_path() / twin});
    }
    std::ranges::sort(samples, {}, &Pair::faulty);
    return samples;
}

void finish_sample(Debugger& debugger, const fs::path& path) {
    const Diagnostics mistakes = debugger.open(path.string());
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    tests::run_to_end(debugger);
}

bool warns(const Debugger& debugger, std::string_view code) {
    const auto& warnings = debugger.preflight().warnings;
    return std::ranges::find(warnings, code, &Warning::code) != warnings.end();
}

/// Repairs by the best fix of the first failure, until there is none.
void repair(Debugger& debugger) {
    for (int round = 0; !debugger.diagnoses().empty() && round < 5; ++round) {
        const Diagnosis& diagnosis = debugger.diagnoses()[0];
        ASSERT_FALSE(diagnosis.fixes.empty()) << diagnosis.error.message;
        EXPECT_EQ(diagnosis.fixes[0].check, Fix::Check::verified) << diagnosis.fixes[0].title;
        ASSERT_TRUE(debugger.apply_fix(0, 0).ok());
        tests::run_to_end(debugger);
    }
    EXPECT_TRUE(debugger.diagnoses().empty()) << debugger.diagnoses()[0].error.message;
}

class Catalogue : public testing::TestWithParam<Scenario> {};

/// A failure is diagnosed, and its fix repairs it; what fails silently is warned of.
TEST_P(Catalogue, IsShownAndRepaired) {
    const std::string shows = GetParam().shows;
    std::size_t shown = 0;
    for (const Pair& sample : samples_of(GetParam().id)) {
        Debugger debugger;
        finish_sample(debugger, sample.faulty);
        if (HasFatalFailure()) return;
        const bool is_diagnosed = !debugger.diagnoses().empty() && debugger.diagnoses()[0].cause == shows;
        const bool is_warned_of = warns(debugger, shows);
        shown += is_diagnosed || is_warned_of ? 1 : 0;
        if (!is_diagnosed) continue;
        repair(debugger);
    }
    EXPECT_GT(shown, 0u) << "no sample of " << GetParam().id << " shows " << shows;
    EXPECT_NE(find_cause(shows), nullptr);
}

TEST_P(Catalogue, HasTwinsWithoutIt) {
    for (const Pair& sample : samples_of(GetParam().id)) {
        Debugger fixed;
        finish_sample(fixed, sample.fixed);
        if (HasFatalFailure()) return;
        EXPECT_TRUE(fixed.diagnoses().empty()) << sample.fixed;
        EXPECT_FALSE(fixed.evaluator().error()) << sample.fixed;
        EXPECT_FALSE(warns(fixed, GetParam().shows)) << sample.fixed;
    }
}

INSTANTIATE_TEST_SUITE_P(Scenarios, Catalogue, testing::ValuesIn(scenarios),
                         [](const auto& case_info) { return std::string(case_info.param.id); });

/// A new sample of the catalogue's kind belongs to a scenario.
TEST(CatalogueFolder, HoldsNoSampleWithoutAScenario) {
    for (const auto& entry : fs::directory_iterator(fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs")) {
        const std::string name = entry.path().stem().string();
        const bool is_numbered = name.size() > 3 && name[0] == 'D' && name[1] >= '0' && name[1] <= '9';
        if (!is_numbered) continue;
        // "D20c" is one more form of D20.
        const bool is_known = std::ranges::any_of(scenarios, [&](const Scenario& scenario) {
            return name.starts_with(std::string(scenario.id).substr(0, 3));
        });
        EXPECT_TRUE(is_known) << name;
    }
}

} // namespace
} // namespace rnnscope::debug
