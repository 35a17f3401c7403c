#include "tests/core/runtime/golden_run.hpp"
#include "tests/core/runtime/small_graph.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace rnnscope::runtime {
namespace {

using nlohmann::json;
using namespace rnnscope::testing;

/// A golden graph, a session, and what is asked of it, by name.
class ExecutorTest : public ::testing::Test {
  protected:
    Graph graph_;
    std::unique_ptr<Session> session_;

    void open(const std::string& golden, int parallel = 1) {
        if (graph_.size() == 0) load_golden(graph_, golden);
        session_ = std::make_unique<Session>(graph_, SessionOptions{parallel, 7});
    }
    Output tensor(const std::string& name) const {
        const auto output = graph_.find_tensor(name);
        EXPECT_TRUE(output.ok()) << name;
        return *output;
    }
    std::unique_ptr<runtime::Run> start(const std::vector<std::string>& fetches,
                                        const std::vector<std::string>& targets = {},
                                        const std::map<std::string, Tensor>& feeds = {}) {
        RunRequest request;
        for (const std::string& name : fetches) request.fetches.push_back(tensor(name));
        for (const std::string& name : targets) request.targets.push_back(graph_.find(name));
        for (const auto& [name, value] : feeds) request.feeds.push_back({tensor(name), value});
        auto run = session_->start(std::move(request));
        EXPECT_TRUE(run.ok()) << (run.ok() ? "" : run.error().message);
        return run.ok() ? *std::move(run) : nullptr;
    }
    std::vector<Tensor> fetch(const std::vector<std::string>& fetches, const std::vector<std::string>& targets = {},
                              const std::map<std::string, Tensor>& feeds = {}) {
        const auto run = start(fetches, targets, feeds);
        Watcher watcher(graph_);
        run->finish(watcher);
        EXPECT_FALSE(run->error().has_value()) << run->error()->op << ": " << run->error()->message;
        EXPECT_EQ(run->live_frames(), 0U);
        return run->error() ? std::vector<Tensor>{} : run->results();
    }
    RunError failure(const std::vector<std::string>& fetches, const std::map<std::string, Tensor>& feeds = {}) {
        const auto run = start(fetches, {}, feeds);
        Watcher watcher(graph_);
        run->finish(watcher);
        EXPECT_TRUE(run->error().has_value());
        if (!run->error()) return {};
        EXPECT_TRUE(watcher.events.back().failed);
        return *run->error();
    }
    void initialize_all() {
        std::vector<std::string> initializers;
        for (const Variable& variable : graph_.variables())
            initializers.push_back(graph_.node(variable.initializer).name);
        fetch({}, initializers);
    }
    /// The one element that a fetch gives; NaN when the run fails.
    double number(const std::string& name, const std::map<std::string, Tensor>& feeds = {}) {
        const auto results = fetch({name}, {}, feeds);
        return results.empty() ? std::numeric_limits<double>::quiet_NaN() : results[0].number(0);
    }
    /// Why the test cannot run here; "" when it can.
    std::string obstacle(const std::string& golden) {
        if (!std::filesystem::exists(golden_folder())) return "the golden graphs are not here";
        open(golden);
        std::string ops;
        for (const std::string& op : ops_without_kernel(graph_)) ops += " " + op;
        return ops.empty() ? "" : "these ops have no kernel yet:" + ops;
    }
};

#define OPEN_OR_SKIP(golden)                                                                                           \
    if (const std::string reason = obstacle(golden); !reason.empty()) GTEST_SKIP() << reason

TEST_F(ExecutorTest, TheSeedModelGivesItsGoldenValuesForAnyNumberOfParallelIterations) {
    OPEN_OR_SKIP("gru2_seed_gs42");
    const json golden = json::parse(read_text(golden_folder() / "gru2_seed_gs42.values.json"));
    std::vector<double> numbers;
    flatten(golden.at("x"), numbers);
    const Tensor x = Tensor::of<float>({2, 5, 3}, std::vector<float>(numbers.begin(), numbers.end()));
    std::vector<Tensor> first;
    for (const int parallel : {1, 2, 3, 32, 0}) {
        SCOPED_TRACE(parallel);
        open("gru2_seed_gs42", parallel);
        initialize_all();
        for (const auto& [name, value] : golden.at("vars").items()) {
            SCOPED_TRACE(name);
            std::vector<double> expected;
            flatten(value, expected);
            const Variable* variable = graph_.variable_of(graph_.find(name));
            ASSERT_TRUE(variable != nullptr && session_->is_initialized(*variable));
            const Tensor& actual = *session_->storage(*variable)->value;
            ASSERT_EQ(actual.elements(), static_cast<std::int64_t>(expected.size()));
            for (std::size_t i = 0; i < expected.size(); ++i)
                ASSERT_EQ(actual.number(static_cast<std::int64_t>(i)), expected[i]) << i;
        }
        const auto results =
            fetch({"rnn/rnn/transpose_1:0", "rnn/rnn/while/Exit_3:0", "rnn/rnn/while/Exit_4:0"}, {}, {{"x:0", x}});
        ASSERT_EQ(results.size(), 3U);
        std::vector<double> expected, actual;
        flatten(golden.at("output"), expected);
        flatten(golden.at("final_state"), expected);
        for (const Tensor& result : results)
            for (std::int64_t i = 0; i < result.elements(); ++i) actual.push_back(result.number(i));
        ASSERT_EQ(actual.size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(actual[i], expected[i], 2e-6) << i;
        if (first.empty()) first = results;
        for (std::size_t i = 0; i < results.size(); ++i) EXPECT_TRUE(results[i].identical(first[i])) << i;
    }
}

TEST_F(ExecutorTest, TrainingGraphsGiveTheSameForAnyNumberOfParallelIterations) {
    OPEN_OR_SKIP("gru1_train_full_sgd");
    std::vector<float> x(30), y(20);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<float>(i) / 10 - 1;
    for (std::size_t i = 0; i < y.size(); ++i) y[i] = static_cast<float>(i % 3) / 3;
    const std::map<std::string, Tensor> feeds = {{"x:0", Tensor::of<float>({2, 5, 3}, x)},
                                                 {"y:0", Tensor::of<float>({2, 5, 2}, y)},
                                                 {"len:0", Tensor::of<std::int32_t>({2}, {5, 3})}};
    std::vector<Tensor> first;
    for (const int parallel : {1, 2, 3, 32}) {
        SCOPED_TRACE(parallel);
        open("gru1_train_full_sgd", parallel);
        initialize_all();
        std::vector<Tensor> seen;
        for (int step = 0; step < 3; ++step) {
            const auto results = fetch({"loss:0"}, {"GradientDescent"}, feeds);
            ASSERT_EQ(results.size(), 1U);
            seen.push_back(results[0]);
        }
        EXPECT_LT(seen[2].number(0), seen[0].number(0));
        for (const Variable& variable : graph_.variables()) seen.push_back(*session_->storage(variable)->value);
        if (first.empty()) first = seen;
        for (std::size_t i = 0; i < seen.size(); ++i) EXPECT_TRUE(seen[i].identical(first[i])) << i;
    }
}

TEST_F(ExecutorTest, ReadsOfAWhileLoopFailOutsideForReferencesAndInsideForResources) {
    OPEN_OR_SKIP("while_var");
    const RunError outside = failure({"while/Exit_1:0"});
    EXPECT_EQ(outside.op, "v/read");
    EXPECT_EQ(outside.variable, "v");
    EXPECT_EQ(outside.error_class, "FailedPreconditionError");
    EXPECT_EQ(outside.message, "Attempting to use uninitialized value v");

    fetch({}, {"v/Assign"});
    const RunError inside = failure({"while/Exit_1:0"});
    EXPECT_EQ(inside.op, "while/mul/ReadVariableOp");
    EXPECT_EQ(inside.variable, "r");
    EXPECT_EQ(inside.message, "Error while reading resource variable r from Container: localhost. This could mean that "
                              "the variable was uninitialized. Not found: Resource localhost/r/N10tensorflow3VarE does "
                              "not exist.");
    fetch({}, {"r/Assign"});
    EXPECT_EQ(number("while/Exit_1:0"), 3.0); // three times 0 + v * r with v = r = 1
}

TEST_F(ExecutorTest, TheReadRunsThoughTheBranchIsNotTaken) {
    OPEN_OR_SKIP("cond_var");
    const RunError error = failure({"cond/Merge:0"}, {{"p:0", Tensor::scalar(false)}});
    EXPECT_EQ(error.op, "v/read");
    fetch({}, {"v/Assign"});
    EXPECT_EQ(number("cond/Merge:0", {{"p:0", Tensor::scalar(false)}}), 0.0);
    EXPECT_EQ(number("cond/Merge:0", {{"p:0", Tensor::scalar(true)}}), 2.0);
}

TEST_F(ExecutorTest, DeadBranchesAreVisitedAndCannotBeFetched) {
    OPEN_OR_SKIP("cond_var");
    fetch({}, {"v/Assign"});
    const auto run = start({"cond/add:0"}, {}, {{"p:0", Tensor::scalar(false)}});
    Watcher watcher(graph_);
    run->finish(watcher);
    ASSERT_TRUE(run->error().has_value());
    EXPECT_EQ(run->error()->error_class, "InvalidArgumentError");
    EXPECT_EQ(run->error()->message, "Retval[0] does not have value");
    EXPECT_TRUE(watcher.events.back().failed);
    const auto dead = std::ranges::count_if(watcher.events, [](const auto& event) { return event.dead; });
    EXPECT_EQ(dead, 4); // switch_t, add/y, add, and the node that fetches
}

TEST_F(ExecutorTest, FeedingTheReadHidesTheVariable) {
    OPEN_OR_SKIP("cond_var");
    EXPECT_EQ(number("cond/Merge:0", {{"p:0", Tensor::scalar(true)}, {"v/read:0", Tensor::scalar(5.0F)}}), 6.0);
}

TEST_F(ExecutorTest, AFetchedVariableIsReadByTheNodeThatFetchesIt) {
    OPEN_OR_SKIP("cond_var");
    const RunError error = failure({"v:0"});
    EXPECT_EQ(error.op, "_retval_v_0_0");
    EXPECT_EQ(error.variable, "v");
    EXPECT_FALSE(error.node.valid());
    fetch({}, {"v/Assign"});
    EXPECT_EQ(fetch({"v:0", "v:0"}).size(), 2U);
}

TEST_F(ExecutorTest, WritesBeforeAFailureStay) {
    OPEN_OR_SKIP("while_var");
    fetch({}, {"v/Assign"});
    const auto run = start({"while/Exit_1:0"}, {"v/Assign"}, {{"v/initial_value:0", Tensor::scalar(5.0F)}});
    Watcher watcher(graph_);
    run->finish(watcher);
    ASSERT_TRUE(run->error().has_value());
    EXPECT_EQ(run->error()->op, "while/mul/ReadVariableOp"); // r is not initialized
    EXPECT_EQ(number("v:0"), 5.0);
}

TEST_F(ExecutorTest, EventsAreInQueueOrderAndSayFrameAndIteration) {
    OPEN_OR_SKIP("while_var");
    fetch({}, {"v/Assign", "r/Assign"});
    const auto run = start({"while/Exit_1:0"});
    Watcher watcher(graph_);
    std::vector<std::string> announced;
    while (!run->done()) {
        const auto next = run->next();
        ASSERT_TRUE(next.has_value());
        announced.push_back(next->node.valid() ? graph_.node(next->node).name : "_retval");
        run->step(watcher);
        EXPECT_EQ(watcher.events.back().name, announced.back());
        EXPECT_EQ(watcher.events.back().frame, next->frame);
        EXPECT_EQ(watcher.events.back().iteration, next->iteration);
        EXPECT_EQ(watcher.events.back().dead, next->dead);
    }
    EXPECT_FALSE(run->next().has_value());
    // Nodes that wait for nothing, in creation order.
    EXPECT_EQ(std::vector<std::string>(announced.begin(), announced.begin() + 4),
              (std::vector<std::string>{"v", "r", "Const", "Const_1"}));
    EXPECT_EQ(std::ranges::count(announced, "_retval"), 1);
    ASSERT_EQ(watcher.frames.size(), 2U);
    EXPECT_EQ(watcher.frames[0].name, "");
    EXPECT_EQ(watcher.frames[1].name, "while/while_context");
    EXPECT_EQ(watcher.frames[1].id, 1U);
    const auto visits = [&](const std::string& name, bool dead) {
        std::vector<std::int64_t> iterations;
        for (const auto& event : watcher.events)
            if (event.name == name && event.dead == dead) iterations.push_back(event.iteration);
        return iterations;
    };
    EXPECT_EQ(visits("while/LoopCond", false), (std::vector<std::int64_t>{0, 1, 2, 3}));
    EXPECT_EQ(visits("while/mul", false), (std::vector<std::int64_t>{0, 1, 2}));
    EXPECT_EQ(visits("while/mul", true), (std::vector<std::int64_t>{3})); // once dead, after the loop has ended
    EXPECT_EQ(visits("while/Exit_1", false), (std::vector<std::int64_t>{3}));
    for (const auto& event : watcher.events)
        EXPECT_EQ(event.reads > 0, event.name == "v/read" || (event.name == "while/mul/ReadVariableOp" && !event.dead))
            << event.name;
}

TEST_F(ExecutorTest, SessionsDoNotShareValuesAndOutliveGraphGrowth) {
    OPEN_OR_SKIP("cond_var");
    fetch({}, {"v/Assign"});
    Session other(graph_);
    const Variable& v = *graph_.variable_of(graph_.find("v"));
    EXPECT_TRUE(session_->is_initialized(v));
    EXPECT_FALSE(other.is_initialized(v));
    auto twice = ops::add_node(graph_, {"twice", "AddV2", {tensor("v/read:0"), tensor("v/read:0")}, {}, {}, "", {}});
    ASSERT_TRUE(twice.ok());
    EXPECT_EQ(number("twice:0"), 2.0);
}

TEST(Executor, AnOpWithoutKernelFailsWhenItIsReached) {
    Graph graph;
    const NodeId odd = add(graph, "odd", "NoSuchOp");
    Session session(graph);
    auto run = session.start({{{odd, 0}}, {}, {}});
    ASSERT_TRUE(run.ok());
    Watcher watcher(graph);
    (*run)->finish(watcher);
    ASSERT_TRUE((*run)->error().has_value());
    EXPECT_EQ((*run)->error()->error_class, "NotFoundError");
    EXPECT_EQ((*run)->error()->message, "op type NoSuchOp has no kernel");
    EXPECT_EQ((*run)->error()->op, "odd");
}

TEST(Executor, AVariableWithoutElementsIsNeverUninitialized) {
    if (ops::find_op("VariableV2")->kernel == nullptr) GTEST_SKIP() << "VariableV2 has no kernel yet";
    Graph graph;
    const auto v =
        ops::add_node(graph, {"v", "VariableV2", {}, {}, {{"shape", Shape{0, 3}}, {"dtype", DType::float32}}, "", {}});
    ASSERT_TRUE(v.ok());
    Session session(graph);
    auto run = session.start({{{*v, 0}}, {}, {}});
    ASSERT_TRUE(run.ok());
    Watcher watcher(graph);
    (*run)->finish(watcher);
    ASSERT_FALSE((*run)->error().has_value()) << (*run)->error()->message;
    EXPECT_EQ((*run)->results()[0].shape(), (Shape{0, 3}));
}

} // namespace
} // namespace rnnscope::runtime
