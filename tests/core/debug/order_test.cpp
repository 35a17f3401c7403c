// What other orders of a run would do: against every order of small graphs, on TensorFlow's golden graphs, as text.

#include "core/debug/command.hpp"
#include "core/debug/order.hpp"
#include "core/graph/graphdef.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/runtime/plan.hpp"
#include "tests/core/debug/every_order.hpp"
#include "tests/core/golden_text.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <sstream>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;
using Verdict = OrderedRead::Verdict;

// --- every order of a small graph ------------------------------------------------------------------------------------

OrderReport explore(const RandomRun& run) {
    const Result<runtime::Plan> plan = runtime::make_plan(run.graph, run.request);
    EXPECT_TRUE(plan.ok()) << plan.error().message;
    return explore_orders(run.graph, run.request, *plan,
                          [&](const Variable& variable) { return run.initialized.contains(variable.op); });
}

class OrderProperty : public ::testing::Test {
  protected:
    /// What kinds of answers there were: a test that saw none of a kind tested nothing.
    std::map<std::string, int> seen_;
};

TEST_F(OrderProperty, WithoutBranchesTheVerdictIsThatOfEveryOrder) {
    for (std::uint32_t seed = 0; seed < 400; ++seed) {
        const RandomRun run(seed, false);
        if (run.request.targets.empty() && run.request.fetches.empty()) continue;
        SCOPED_TRACE(seed);
        EveryOrder every(run);
        std::map<std::pair<std::string, std::string>, Verdict> expected, actual;
        std::size_t safe = 0;
        for (const auto& [read, outcome] : every.explore()) {
            if (!outcome.fails && outcome.works)
                ++safe;
            else
                expected[read] =
                    outcome.fails ? outcome.works ? Verdict::sometimes : Verdict::always : Verdict::unreached;
        }
        const OrderReport report = explore(run);
        for (const OrderedRead& read : report.reads) {
            actual[{read.op, read.variable_name}] = read.verdict;
            EXPECT_TRUE(read.fails.is_sure() && read.works.is_sure());
            EXPECT_EQ(read.fails.ops.empty(), read.verdict == Verdict::unreached);
            EXPECT_EQ(read.works.ops.empty(), read.verdict != Verdict::sometimes);
            if (!read.fails.ops.empty()) {
                EXPECT_EQ(read.fails.ops.back(), read.op);
                EXPECT_TRUE(every.is_order(read.fails.ops, read.variable_name)) << fmt::format("{}", read.fails.ops);
            }
            if (!read.works.ops.empty()) {
                EXPECT_EQ(read.works.ops.back(), read.op);
                EXPECT_TRUE(every.is_order(read.works.ops, "")) << fmt::format("{}", read.works.ops);
            }
            ++seen_[read.verdict == Verdict::sometimes ? "sometimes"
                    : read.verdict == Verdict::always  ? "always"
                                                       : "unreached"];
        }
        EXPECT_EQ(actual, expected);
        EXPECT_EQ(report.safe, safe);
        seen_["safe"] += static_cast<int>(safe);
        EXPECT_TRUE(report.not_decided.empty());
    }
    for (const char* kind : {"sometimes", "always", "unreached", "safe"}) EXPECT_GT(seen_[kind], 20) << kind;
}

TEST_F(OrderProperty, WithBranchesNothingIsClaimedThatIsNotSo) {
    for (std::uint32_t seed = 0; seed < 100; ++seed) {
        const RandomRun run(seed, true);
        if (run.request.targets.empty() && run.request.fetches.empty()) continue;
        SCOPED_TRACE(seed);
        EveryOrder every(run);
        const EveryOrder::Outcomes outcomes = every.explore();
        std::map<std::pair<std::string, std::string>, const OrderedRead*> listed;
        const OrderReport report = explore(run);
        for (const OrderedRead& read : report.reads) listed[{read.op, read.variable_name}] = &read;
        for (const auto& [read, outcome] : outcomes) {
            const auto found = listed.find(read);
            if (found == listed.end()) {
                EXPECT_FALSE(outcome.fails) << read.first << " is said to be safe";
                ++seen_["safe"];
                continue;
            }
            const OrderedRead& said = *found->second;
            const bool can_fail = said.verdict != Verdict::unreached, can_work = said.verdict == Verdict::sometimes;
            EXPECT_TRUE(can_fail || !outcome.fails) << read.first;
            EXPECT_TRUE(can_work || !outcome.works) << read.first;
            if (can_fail && said.fails.is_sure()) {
                EXPECT_TRUE(outcome.fails) << read.first;
                EXPECT_TRUE(every.is_order(said.fails.ops, said.variable_name)) << fmt::format("{}", said.fails.ops);
                ++seen_["fails"];
            }
            if (can_work && said.works.is_sure()) {
                EXPECT_TRUE(outcome.works) << read.first;
                EXPECT_TRUE(every.is_order(said.works.ops, "")) << fmt::format("{}", said.works.ops);
                ++seen_["works"];
            }
            if (!said.fails.is_sure()) ++seen_["unsure"];
        }
    }
    for (const char* kind : {"safe", "fails", "works", "unsure"}) EXPECT_GT(seen_[kind], 20) << kind;
}

// --- TensorFlow's own graphs ----------------------------------------------------------------------------------------

std::string read_text(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

/// One run of a golden program's initializer, in a session without values.
Result<OrderReport> of_golden(const std::string& name, const std::string& target) {
    const fs::path path = fs::path(RNNSCOPE_SHARED_DIR) / "golden" / "programs" / (name + ".graphdef.json");
    const auto nodes = parse_graphdef_json(read_text(path));
    if (!nodes) return nodes.error();
    Graph graph;
    if (const Diagnostics mistakes = import_graphdef(graph, *nodes); !mistakes.empty())
        return Error{"test", to_text(mistakes)};
    runtime::RunRequest request;
    request.targets = {graph.find(target)};
    const Result<runtime::Plan> plan = runtime::make_plan(graph, request);
    if (!plan) return plan.error();
    return explore_orders(graph, request, *plan, [](const Variable&) { return false; });
}

TEST(OrderGolden, OneInitializerReadsAnother) {
    if (!fs::exists(fs::path(RNNSCOPE_SHARED_DIR) / "golden" / "programs"))
        GTEST_SKIP() << "the golden programs are not there";
    const auto resource = of_golden("D07_order_dependent_resource", "init");
    ASSERT_TRUE(resource.ok()) << resource.error().message;
    ASSERT_EQ(resource->reads.size(), 1u);
    const OrderedRead& read = resource->reads[0];
    EXPECT_EQ(read.op, "ReadVariableOp");
    EXPECT_EQ(read.variable_name, "W");
    EXPECT_EQ(read.verdict, Verdict::sometimes);
    EXPECT_EQ(read.fails.ops, (std::vector<std::string>{"W", "ReadVariableOp"}));
    ASSERT_GE(read.works.ops.size(), 3u);
    EXPECT_EQ(read.works.ops[read.works.ops.size() - 2], "W/Assign");
    EXPECT_TRUE(read.fails.is_sure() && read.works.is_sure());

    const auto alone = of_golden("D07_order_dependent_resource", "V/Assign");
    ASSERT_TRUE(alone.ok()) << alone.error().message;
    ASSERT_EQ(alone->reads.size(), 1u);
    EXPECT_EQ(alone->reads[0].verdict, Verdict::always) << "nothing sets W";

    const auto guarded = of_golden("D07_order_dependent_ref", "init");
    ASSERT_TRUE(guarded.ok()) << guarded.error().message;
    EXPECT_TRUE(guarded->reads.empty()) << "the guard reads W only when it has a value";
    EXPECT_EQ(guarded->safe, 1u);
    EXPECT_TRUE(guarded->not_decided.empty());
}

// --- as text --------------------------------------------------------------------------------------------------------

class OrderText : public ::testing::Test {
  protected:
    std::string run(const std::string& id, const std::string& argument = "") {
        const Result<std::string> said = execute(debugger_, {id, argument, "terminal"});
        debugger_.wait();
        return said ? *said : said.error().message;
    }
    void open(const std::string& name) {
        const auto path = fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (name + ".json");
        const Diagnostics mistakes = debugger_.open(path.string());
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
        while (!debugger_.at_end()) run("run.continue");
    }
    std::string asked(const std::string& argument) {
        return fmt::format("> ask.order {}\n{}\n\n", argument, run("ask.order", argument));
    }
    Debugger debugger_;
};

TEST_F(OrderText, OfSamples) {
    const std::pair<const char*, std::vector<std::string>> questions[] = {
        {"D07_order_dependent_resource", {"", "1", "2", "3", "init", "W V/Assign", "9", "innit"}},
        {"D07_order_dependent_ref", {"1", "init"}},
        {"D07_fixed", {"1"}},
        {"seed_a_noinit", {"1"}},
        {"seed_a_ok", {"1", "2"}},
    };
    std::string text;
    for (const auto& [name, arguments] : questions) {
        text += fmt::format("# {}\n", name);
        open(name);
        for (const std::string& argument : arguments) text += asked(argument);
    }
    rnnscope::testing::expect_golden("debug", "orders_samples", text);
}

/// The initial value is a constant, so W is set before V reads it: here.
const char* const lucky = R"({"format": "rnnscope/1", "program": [
    {"let": "W", "call": "get_variable", "args": ["W", [2]],
     "kwargs": {"use_resource": true, "initializer": {"call": "zeros_initializer"}}},
    {"let": "V", "call": "Variable", "args": [{"+": ["$W", 1.0]}], "kwargs": {"name": "V", "use_resource": true}},
    {"let": "init", "call": "global_variables_initializer"},
    {"with": {"call": "Session"}, "as": "sess", "body": [
        {"for": "i", "in": {"range": [3]}, "body": [{"call": "$sess.run", "args": ["$init"]}]}]}]})";

TEST_F(OrderText, WhatWorksByLuckIsAWarning) {
    const Diagnostics mistakes = debugger_.open_text(lucky, "lucky.json", ".");
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    run("run.continue");
    ASSERT_EQ(debugger_.stop_reason(), StopReason::finished);
    const Debugger::PreflightReport& report = debugger_.preflight();
    EXPECT_TRUE(report.reads.empty());
    ASSERT_EQ(report.warnings.size(), 1u) << "once, though the run is in a loop";
    EXPECT_EQ(report.warnings[0].code, "order-dependent");
    EXPECT_EQ(report.warnings[0].variables, std::vector<std::string>{"W"});
    std::string text = run("print.preflight") + "\n\n";
    for (const char* argument : {"1", "2", "init"}) text += asked(argument);
    rnnscope::testing::expect_golden("debug", "orders_lucky", text);
}

/// Reads in a branch and in the body of a loop: whether they happen at all is for the run to say.
const char* const undecided = R"({"format": "rnnscope/1", "program": [
    {"let": "W", "call": "get_variable", "args": ["W", [2]],
     "kwargs": {"use_resource": true, "initializer": {"call": "zeros_initializer"}}},
    {"let": "flag", "call": "placeholder", "args": ["$tf.bool", []], "kwargs": {"name": "flag"}},
    {"def": "yes", "params": [], "body": [{"return": {"+": ["$W", 1.0]}}]},
    {"def": "no", "params": [], "body": [{"return": {"call": "zeros", "args": [[2]]}}]},
    {"let": "chosen", "call": "cond", "args": ["$flag", "$yes", "$no"]},
    {"def": "goes_on", "params": ["t", "h"], "body": [{"return": {"<": ["$t", 3]}}]},
    {"def": "step", "params": ["t", "h"], "body": [{"return": [{"+": ["$t", 1]}, {"+": ["$h", "$W"]}]}]},
    {"let": ["t", "h"], "call": "while_loop", "args": ["$goes_on", "$step", [0, {"call": "zeros", "args": [[2]]}]]},
    {"let": "init", "call": "global_variables_initializer"},
    {"let": "sess", "call": "Session"}]})";

TEST_F(OrderText, WhatOnlyTheRunDecides) {
    const Diagnostics mistakes = debugger_.open_text(undecided, "undecided.json", ".");
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    run("run.continue");
    std::string text;
    for (const char* argument : {"init cond/Merge", "cond/Merge", "init while/Exit_1", "init while/Exit"})
        text += asked(argument);
    rnnscope::testing::expect_golden("debug", "orders_undecided", text);
}

/// A GRU that is trained, and a read inside of nested loops.
TEST_F(OrderText, OfRealGraphs) {
    const std::pair<const char*, std::vector<std::string>> graphs[] = {
        {"gru-process-model/GRU.ckpt.meta", {"init", "Sigmoid", "Adam", "init Sigmoid"}},
        {"tf-control-flow-small/loops_and_resource_vars.pbtxt",
         {"while/Exit", "loop_var/Assign while/Exit", "loop_var/Assign while/Exit_1", "while/while/Exit_1"}},
    };
    std::string text;
    for (const auto& [file, questions] : graphs) {
        const fs::path path = fs::path(RNNSCOPE_SHARED_DIR) / "data" / "tf1" / file;
        if (!fs::exists(path)) GTEST_SKIP() << path << " is not there";
        const Diagnostics mistakes = debugger_.open(path.string());
        ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
        run("run.continue");
        text += fmt::format("# {}\n", file);
        for (const std::string& argument : questions) text += asked(argument);
    }
    rnnscope::testing::expect_golden("debug", "orders_real_graphs", text);
}

} // namespace
} // namespace rnnscope::debug
