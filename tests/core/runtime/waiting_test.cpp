// Ops that wait for others within a run: TensorFlow's kernels sleep, here the executor comes back to them.

#include "core/import/graph_file.hpp"
#include "core/ops/op_def.hpp"
#include "tests/core/runtime/golden_run.hpp"

namespace rnnscope::runtime {
namespace {

using namespace rnnscope::testing;

class Waiting : public ::testing::Test {
  protected:
    Graph graph_;

    Output add(const std::string& op, const std::string& name, std::vector<Output> inputs, AttrMap attrs = {},
               std::vector<NodeId> controls = {}) {
        ops::NodeSpec spec{name, op, std::move(inputs), std::move(controls), std::move(attrs), "", {}};
        const auto id = ops::add_node(graph_, std::move(spec));
        EXPECT_TRUE(id.ok()) << id.error().message;
        return id.ok() ? Output{*id, 0} : Output{};
    }
    Output constant(const std::string& name, float x) {
        return add("Const", name, {}, {{"dtype", DType::float32}, {"value", Tensor::scalar(x)}});
    }
    Output queue(std::int64_t capacity) {
        return add("FIFOQueueV2", "queue", {},
                   {{"component_types", attr_list(std::vector{DType::float32})}, {"capacity", capacity}});
    }
    Output dequeue(const std::string& name, Output queue, std::vector<NodeId> controls = {}) {
        return add("QueueDequeueV2", name, {queue}, {{"component_types", attr_list(std::vector{DType::float32})}},
                   std::move(controls));
    }
    NodeId enqueue(const std::string& name, Output queue, Output value) {
        return add("QueueEnqueueV2", name, {queue, value}).node;
    }
    /// Runs it and counts the visits of each node.
    std::unique_ptr<runtime::Run> run(Session& session, std::vector<Output> fetches, std::vector<NodeId> targets) {
        RunRequest request{std::move(fetches), {}, std::move(targets)};
        auto run = session.start(std::move(request));
        EXPECT_TRUE(run.ok());
        Watcher watcher(graph_);
        (*run)->finish(watcher);
        visits_.clear();
        order_.clear();
        for (const Watcher::Seen& event : watcher.events) {
            ++visits_[event.name];
            order_.push_back(event.name);
        }
        return *std::move(run);
    }
    std::map<std::string, int> visits_;
    std::vector<std::string> order_;
};

TEST_F(Waiting, ADequeueIsVisitedAfterTheEnqueueThatItNeeds) {
    const Output q = queue(-1), taken = dequeue("taken", q);
    const NodeId put = enqueue("put", q, add("Neg", "minus_x", {constant("x", 3)}));
    Session session(graph_);
    const auto done = run(session, {taken}, {put});
    ASSERT_FALSE(done->error().has_value()) << done->error()->message;
    EXPECT_EQ(done->results()[0].number(0), -3);
    EXPECT_EQ(visits_["taken"], 1) << "a try that has to wait is no visit";
    EXPECT_LT(std::ranges::find(order_, "put"), std::ranges::find(order_, "taken"));
}

TEST_F(Waiting, AnEnqueueWaitsForAPlace) {
    const Output q = queue(1);
    const NodeId first = enqueue("first", q, constant("x", 1)), second = enqueue("second", q, constant("y", 2));
    const Output taken = dequeue("taken", q, {first});
    Session session(graph_);
    const auto done = run(session, {taken}, {first, second});
    ASSERT_FALSE(done->error().has_value()) << done->error()->message;
    EXPECT_EQ(done->results()[0].number(0), 1);
    EXPECT_EQ(run(session, {dequeue("later", q)}, {})->results()[0].number(0), 2);
}

TEST_F(Waiting, ForEverIsAnError) {
    const Output q = queue(-1), a = dequeue("a", q), b = dequeue("b", q);
    const NodeId put = enqueue("put", q, constant("x", 1));
    Session session(graph_);
    const auto done = run(session, {a, b}, {put});
    ASSERT_TRUE(done->error().has_value());
    EXPECT_EQ(done->error()->error_class, "DeadlineExceededError");
    EXPECT_EQ(done->error()->op, "b");
    EXPECT_EQ(
        done->error()->message,
        "QueueDequeueV2 would wait for ever: FIFOQueue 'queue' has 0 elements, 1 are asked for, and nothing is left "
        "in this run that could change that");
}

TEST_F(Waiting, AQueueInALoopIsFilledAndEmptiedByEachIteration) {
    const std::filesystem::path file =
        std::filesystem::path(RNNSCOPE_SHARED_DIR) / "data/tf1/tf-control-flow-small/loops_and_queues.pbtxt";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "the graph is not here: " << file;
    const LoadedGraph loaded = load_graph_file(file.string());
    ASSERT_TRUE(std::holds_alternative<std::shared_ptr<const GraphFile>>(loaded));
    const Diagnostics problems = import_graph(graph_, *std::get<std::shared_ptr<const GraphFile>>(loaded));
    ASSERT_TRUE(problems.empty()) << to_text(problems);
    for (const int parallel : {1, 4}) {
        Session session(graph_, {parallel, 0});
        const auto done = run(session, {*graph_.find_tensor("while/Exit:0")},
                              {graph_.find("while/fifo_queue_enqueue"), graph_.find("while/while/Exit_1")});
        ASSERT_FALSE(done->error().has_value()) << done->error()->message;
        EXPECT_EQ(done->live_frames(), 0U);
        const int rounds = static_cast<int>(done->results()[0].integer(0));
        EXPECT_GT(rounds, 1);
        EXPECT_EQ(visits_["while/fifo_queue_enqueue"], visits_["while/fifo_queue_Dequeue"]);
    }
}

} // namespace
} // namespace rnnscope::runtime
