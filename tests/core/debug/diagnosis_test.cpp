// Every failing sample: the causes that are named, and that the best fixes make it succeed.

#include "core/debug/debugger.hpp"
#include "tests/core/debug/run_to_end.hpp"

#include <filesystem>
#include <gtest/gtest.h>
#include <map>

namespace rnnscope::debug {
namespace {

using tests::run_to_end;

std::filesystem::path sample(const std::string& name) {
    return std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (name + ".json");
}

/// Causes of the failures of a sample, in order.
const std::map<std::string, std::vector<std::string>>& expected_causes() {
    static const std::map<std::string, std::vector<std::string>> causes = {
        {"seed_a_noinit", {"init-never-run"}},
        {"seed_b_noinit", {"init-never-run"}},
        {"seed_c_noinit", {"init-never-run"}},
        {"seed_a_init_early", {"init-built-too-early"}},
        {"seed_b_init_early", {"init-built-too-early"}},
        {"seed_c_init_early", {"init-built-too-early"}},
        {"seed_b_scope_miss_all", {"not-in-initialized-set"}},
        {"seed_b_scope_miss_layer1", {"not-in-initialized-set"}},
        {"seed_b_scope_gru", {"not-in-initialized-set"}},
        {"seed_c_scope_miss", {"not-in-initialized-set"}},
        {"seed_a_second_no_reuse", {"already-exists"}},
        {"seed_b_second_no_reuse", {"already-exists"}},
        {"seed_c_second_no_reuse", {"already-exists"}},
        {"seed_a_first_reuse_true", {"does-not-exist"}},
        {"seed_b_first_reuse_true", {"does-not-exist"}},
        {"seed_c_first_reuse_true", {"does-not-exist"}},
        {"D01_never_init", {"init-never-run", "wrong-session"}},
        {"D02_init_before_cell_call", {"init-built-too-early"}},
        {"D03_optimizer_after_init", {"optimizer-slot"}},
        {"D04_slots_listed_by_hand", {"optimizer-slot"}},
        {"D08_variable_waits_for_a_step", {"control-flow-initializer"}},
        {"D09_restored_in_part", {"partial-restore"}},
        {"D10_names_moved", {"names-moved"}},
        {"D27_table_not_filled", {"table-not-initialized"}},
        {"D28_model_not_ready", {"model-not-ready"}},
        {"D11_shape_changed", {"shape-changed"}},
        {"D05_scope_misses_sibling", {"not-in-initialized-set"}},
        {"D07_order_dependent_resource", {"init-order"}},
        {"D13_built_twice", {"already-exists"}},
        {"D14_reuse_before_exists", {"does-not-exist"}},
        {"D16_shared_cell_depth_mismatch", {"shape-mismatch"}},
        {"D19_fetch_inside_loop", {"not-fetchable", "shape-mismatch"}},
        {"D20_two_sessions", {"wrong-session"}},
        {"D21_import_graphdef", {"collections-lost"}},
        {"D24_batch_baked", {"shape-mismatch"}},
        {"D25_save_too_early", {"init-never-run"}},
        {"D26_resource_message", {"init-never-run"}},
        {"D06_metrics_local", {"local-not-global"}},
        {"D06b_local_state", {"local-not-global"}},
        {"D15_leaky_reuse_adam", {"leaked-reuse"}},
        {"D15b_leaked_reuse", {"leaked-reuse"}},
        {"D18_variable_in_loop", {"control-flow-initializer"}},
        {"D20b_two_graphs", {"wrong-graph"}},
        {"D20c_session_without_graph", {"wrong-graph"}},
        {"D20d_layer_in_other_graph", {"wrong-graph"}},
        {"D23_initializer_needs_feed", {"placeholder-not-fed", "failed-init"}},
        {"dtype_of_reused_variable", {"dtype-mismatch"}},
        {"optimizer_not_in_checkpoint", {"not-in-checkpoint"}},
        {"state_not_fed", {"placeholder-not-fed"}},
        {"keras_gru_init_early", {"init-built-too-early"}},
    };
    return causes;
}

class Samples : public testing::TestWithParam<std::string> {};

void expect_causes(const Debugger& debugger, const std::vector<std::string>& wanted) {
    ASSERT_GE(debugger.diagnoses().size(), wanted.size());
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const Diagnosis& diagnosis = debugger.diagnoses()[i];
        EXPECT_EQ(diagnosis.cause, wanted[i]) << diagnosis.error.message;
        EXPECT_FALSE(diagnosis.summary.empty());
        EXPECT_FALSE(diagnosis.headline.empty() || diagnosis.headline.ends_with('.'));
        EXPECT_TRUE(diagnosis.failed_at.valid());
        EXPECT_TRUE(diagnosis.fix_at.valid());
        ASSERT_FALSE(diagnosis.fixes.empty());
        EXPECT_EQ(diagnosis.fixes[0].check, Fix::Check::verified) << diagnosis.fixes[0].title;
        EXPECT_FALSE(diagnosis.fixes[0].new_line.empty());
    }
}

TEST_P(Samples, NamesTheCausesAndTheBestFixesMakeItSucceed) {
    Debugger debugger;
    const Diagnostics mistakes = debugger.open(sample(GetParam()).string());
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    run_to_end(debugger);
    expect_causes(debugger, expected_causes().at(GetParam()));
    if (HasFatalFailure()) return;
    std::string done;
    for (int round = 0; !debugger.diagnoses().empty() && round < 5; ++round) {
        ASSERT_FALSE(debugger.diagnoses()[0].fixes.empty()) << done << debugger.diagnoses()[0].error.message;
        done += debugger.diagnoses()[0].fixes[0].title + "\n";
        const Status applied = debugger.apply_fix(0, 0);
        ASSERT_TRUE(applied.ok()) << done << applied.error().message;
        run_to_end(debugger);
    }
    EXPECT_TRUE(debugger.diagnoses().empty()) << done << debugger.diagnoses()[0].error.message;
    EXPECT_FALSE(debugger.evaluator().error()) << done;
    EXPECT_TRUE(debugger.modified());
    while (debugger.can_undo()) {
        debugger.undo();
        while (!debugger.pump(std::chrono::seconds(1))) { // nobody waits for what is checked meanwhile
        }
    }
    EXPECT_FALSE(debugger.modified());
}

std::vector<std::string> failing_samples() {
    std::vector<std::string> names;
    for (const auto& [name, causes] : expected_causes())
        if (std::filesystem::exists(sample(name))) names.push_back(name);
    return names;
}

INSTANTIATE_TEST_SUITE_P(Programs, Samples, testing::ValuesIn(failing_samples()),
                         [](const auto& case_info) { return case_info.param; });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(Samples);

TEST(Warnings, SharedCellsAreSeenThoughNothingFails) {
    Debugger debugger;
    if (!std::filesystem::exists(sample("D16b_shared_cell_silent"))) GTEST_SKIP() << "the sample is not there";
    ASSERT_TRUE(debugger.open(sample("D16b_shared_cell_silent").string()).empty());
    ASSERT_EQ(debugger.preflight().warnings.size(), 1u);
    const Warning& warning = debugger.preflight().warnings[0];
    EXPECT_EQ(warning.code, "shared-weights");
    EXPECT_EQ(warning.summary, "cell_0, cell_1 and cell_2 are one cell object and share one set of weights.");
    EXPECT_EQ(warning.variables.size(), 4u);
    EXPECT_TRUE(debugger.preflight().reads.empty());
}

TEST(Warnings, OneCellForBothDirectionsIsSeen) {
    Debugger debugger;
    ASSERT_TRUE(debugger.open(sample("D17_one_cell_two_directions").string()).empty());
    ASSERT_EQ(debugger.preflight().warnings.size(), 1u);
    const Warning& warning = debugger.preflight().warnings[0];
    EXPECT_EQ(warning.code, "shared-weights");
    EXPECT_EQ(warning.summary,
              "fw and bw are one cell object and share one set of weights: both directions use the same kernels.");
    EXPECT_EQ(warning.variables.size(), 4u);
}

TEST(Warnings, AValueThatIsSentTooEarlyIsSeen) {
    Debugger debugger;
    ASSERT_TRUE(debugger.open(sample("D22_saved_across_devices").string()).empty());
    ASSERT_EQ(debugger.preflight().warnings.size(), 1u);
    const Warning& warning = debugger.preflight().warnings[0];
    EXPECT_EQ(warning.code, "several-devices");
    EXPECT_EQ(warning.variables.size(), 4u);
    EXPECT_TRUE(warning.summary.ends_with("rnnscope computes on one device and cannot show it.")) << warning.summary;
}

/// On one device, or where the variables were set before, nothing is sent too early.
TEST(Warnings, OneDeviceSendsNothing) {
    const std::string path = sample("D22_saved_across_devices").string();
    auto read = program::Document::open(path);
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const program::Document>>(read));
    std::string text(std::get<std::shared_ptr<const program::Document>>(read)->text());
    const std::size_t at = text.find("/gpu:0");
    ASSERT_NE(at, std::string::npos);
    text.replace(at, 6, "/cpu:0");
    Debugger debugger;
    ASSERT_TRUE(debugger.open_text(text, "cpu.json", ".").empty());
    EXPECT_TRUE(debugger.preflight().warnings.empty());
}

TEST(Warnings, ASecondCopyIsSeen) {
    Debugger debugger;
    ASSERT_TRUE(debugger.open(sample("duplicate_copy").string()).empty());
    ASSERT_EQ(debugger.preflight().warnings.size(), 1u);
    const Warning& warning = debugger.preflight().warnings[0];
    EXPECT_EQ(warning.code, "duplicate-copy");
    EXPECT_EQ(warning.summary, "encoder_1 is a second copy of encoder: 4 variables of its own, not shared.");
    EXPECT_TRUE(warning.statement.valid());
}

TEST(Warnings, AFilterThatTakesTooMuchIsSeen) {
    Debugger debugger;
    ASSERT_TRUE(debugger.open(sample("prefix_too_wide").string()).empty());
    ASSERT_EQ(debugger.preflight().warnings.size(), 1u);
    const Warning& warning = debugger.preflight().warnings[0];
    EXPECT_EQ(warning.code, "scope-prefix-too-wide");
    EXPECT_EQ(warning.variables, std::vector<std::string>{"rnn_out/W"});
}

TEST(Warnings, AnInitializerAfterARestoreIsSeen) {
    Debugger debugger;
    ASSERT_TRUE(debugger.open(sample("D12_init_after_restore").string()).empty());
    ASSERT_EQ(debugger.preflight().warnings.size(), 1u);
    const Warning& warning = debugger.preflight().warnings[0];
    EXPECT_EQ(warning.code, "init-after-restore");
    EXPECT_EQ(warning.variables.size(), 4u);
    EXPECT_TRUE(debugger.preflight().reads.empty());
}

/// Two layers of one network with the same shape are no copies of each other.
TEST(Warnings, StackedLayersAreNoCopies) {
    Debugger debugger;
    const std::string text = R"({"format": "rnnscope/1", "program": [
        {"let": "x", "call": "placeholder", "args": ["$tf.float32", [null, 5, 4]]},
        {"for": "i", "in": {"range": [2]}, "body": [
            {"with": {"call": "variable_scope", "args": [null], "kwargs": {"default_name": "layer"}}, "body": [
                {"let": "cell", "call": "nn.rnn_cell.GRUCell", "args": [4]},
                {"let": ["x", "h"], "call": "nn.dynamic_rnn", "args": ["$cell", "$x"],
                 "kwargs": {"dtype": "$tf.float32"}}]}]}]})";
    const Diagnostics mistakes = debugger.open_text(text, "stacked.json", ".");
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    const auto& warnings = debugger.preflight().warnings;
    EXPECT_TRUE(warnings.empty()) << warnings[0].summary;
}

/// Every program that is meant to be right: no warning, no read without a value.
TEST(Warnings, HealthyProgramsHaveNone) {
    std::size_t healthy = 0;
    for (const char* folder : {"programs", "graphs"}) {
        for (const auto& entry :
             std::filesystem::directory_iterator(std::filesystem::path(RNNSCOPE_SOURCE_DIR) / "samples" / folder)) {
            const std::string name = entry.path().stem().string();
            const bool is_healthy =
                folder == std::string_view("graphs") || name.ends_with("_ok") || name.ends_with("fixed");
            if (!is_healthy || entry.path().extension() != ".json") continue;
            ++healthy;
            Debugger debugger;
            const Diagnostics mistakes = debugger.open(entry.path().string());
            ASSERT_TRUE(mistakes.empty()) << name << to_text(mistakes);
            const auto& report = debugger.preflight();
            EXPECT_TRUE(report.warnings.empty()) << name << ": " << report.warnings[0].summary;
            EXPECT_TRUE(report.reads.empty()) << name;
            run_to_end(debugger);
            EXPECT_TRUE(debugger.diagnoses().empty()) << name;
        }
    }
    EXPECT_GE(healthy, 30u);
}

} // namespace
} // namespace rnnscope::debug
