// A recording that hears blocks answers every question as one that hears each of their events.

#include "core/ops/kernel.hpp"
#include "core/record/recording.hpp"
#include "tests/core/record/stored_block.hpp"

#include <gtest/gtest.h>
#include <random>

namespace rnnscope::record {
namespace {

using runtime::BlockEvent;
using runtime::BlockVisit;
using tests::StoredBlock;

/// Hears each event of a block.
class Expanding : public Recording {
  public:
    using Recording::Recording;
    void on_block(std::shared_ptr<const runtime::EventBlock> block) override {
        RunObserver::on_block(std::move(block));
    }
};

constexpr std::size_t ops = 8; ///< nodes after the variable's three

class BlocksTest : public testing::TestWithParam<unsigned> {
  protected:
    BlocksTest() : random_(GetParam()) {
        storage_.name = "v";
        storage_.dtype = DType::float32;
        storage_.shape = Shape{};
        variable_ = add("v", "VariableV2");
        assign_ = add("v/Assign", "Assign");
        read_ = add("v/read", "Identity");
        Variable variable;
        variable.name = "v";
        variable.op = variable_;
        variable.dtype = DType::float32;
        variable.initializer = assign_;
        graph_.add_variable(variable);
        for (std::size_t i = 0; i < ops; ++i) add("op" + std::to_string(i), "Add");
        both([](Recording& recording) {
            recording.on_step({StepId(0), {}, StatementId(0), 0, 0});
            recording.on_session(SessionId(0), GraphId(0));
            recording.on_step_done(StepId(0));
        });
    }

    NodeId add(std::string name, std::string op) {
        Node node;
        node.name = std::move(name);
        node.op = std::move(op);
        node.outputs.push_back({DType::float32, node.op == "VariableV2", Shape{}});
        return graph_.append(std::move(node));
    }
    template <class F> void both(F&& f) {
        f(blocks_);
        f(singles_);
    }
    std::int64_t any(std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
    }
    bool maybe() { return any(0, 1) == 1; }
    Tensor next_value() { return Tensor::scalar(static_cast<float>(++values_)); }

    BlockVisit visit() {
        BlockVisit visit;
        visit.node = NodeId(static_cast<std::size_t>(any(0, ops + 2)));
        visit.iteration = static_cast<std::int32_t>(any(0, 1));
        visit.may_access_variables = visit.node == assign_ || visit.node == read_;
        visit.dead = !visit.may_access_variables && any(0, 5) == 0;
        return visit;
    }
    BlockEvent values_of(const BlockVisit& visit) {
        BlockEvent event;
        using Access = ops::VariableAccess;
        if (visit.dead) return {{std::monostate()}, {std::monostate()}, {}};
        if (visit.node == variable_) return {{}, {&storage_}, {}};
        if (visit.node == assign_) {
            value_ = next_value();
            return {{&storage_, *value_}, {&storage_}, {{&storage_, Access::Kind::write, *value_}}};
        }
        if (visit.node == read_)
            return {
                {&storage_}, {value_.value_or(Tensor())}, {{&storage_, Access::Kind::read, value_.value_or(Tensor())}}};
        event.inputs.assign(static_cast<std::size_t>(any(0, 2)), next_value());
        for (std::int64_t i = any(1, 2); i > 0; --i) event.outputs.emplace_back(next_value());
        return event;
    }

    void hear_single(std::uint32_t frame, std::int64_t iteration) {
        const BlockVisit visited = visit();
        const BlockEvent values = values_of(visited);
        for (const ops::VariableAccess& access : values.accesses)
            if (access.kind == ops::VariableAccess::Kind::write) storage_.value = access.value;
        runtime::Event event;
        event.node = visited.node;
        event.frame = frame;
        event.iteration = iteration;
        event.dead = visited.dead;
        event.inputs = values.inputs;
        event.outputs = values.outputs;
        event.accesses = values.accesses;
        both([&](Recording& recording) { recording.on_event(event); });
    }

    void hear_block(std::uint32_t frame, std::int64_t first_iteration, std::int64_t rounds) {
        std::vector<BlockVisit> visits;
        for (std::int64_t i = any(1, 6); i > 0; --i) visits.push_back(visit());
        std::vector<BlockEvent> events;
        for (std::int64_t round = 0; round < rounds; ++round)
            for (const BlockVisit& visited : visits) events.push_back(values_of(visited));
        const auto block = std::make_shared<StoredBlock>(visits, frame, first_iteration, std::move(events));
        both([&](Recording& recording) { recording.on_block(block); });
    }

    void hear_run(std::size_t index) {
        const StepId step(index + 1);
        program::RunInfo info;
        info.id = RunId(index);
        info.step = step;
        info.session = SessionId(0);
        info.graph = GraphId(0);
        both([&](Recording& recording) {
            recording.on_step({step, {}, StatementId(index), 0, 0});
            recording.on_run(info);
        });
        std::int64_t iterations[4] = {};
        for (std::int64_t piece = any(0, 12); piece > 0; --piece) {
            const auto frame = static_cast<std::uint32_t>(any(0, 3));
            std::int64_t& iteration = iterations[frame];
            if (maybe()) {
                iteration += frame != 0 && maybe();
                hear_single(frame, frame == 0 ? 0 : iteration);
            } else if (frame != 0) {
                const std::int64_t rounds = any(0, 5);
                hear_block(frame, iteration, rounds);
                iteration += rounds; // at least as new as any that was visited
            }
        }
        both([&](Recording& recording) {
            recording.on_run_done(info.id, {});
            recording.on_step_done(step);
        });
    }

    static void expect_same(const Tensor& a, const Tensor& b) {
        ASSERT_EQ(static_cast<bool>(a), static_cast<bool>(b));
        EXPECT_TRUE(!a || a.identical(b)) << to_text(a) << " and " << to_text(b);
    }
    static void expect_same(const Kept<RecordedValue>& a, const Kept<RecordedValue>& b) {
        ASSERT_EQ(a.size(), b.size());
        for (std::size_t i = 0; i < a.size(); ++i) {
            EXPECT_EQ(a[i].variable, b[i].variable);
            EXPECT_EQ(a[i].present, b[i].present);
            expect_same(a[i].tensor, b[i].tensor);
        }
    }
    static void expect_same(const RecordedVisit& a, const RecordedVisit& b) {
        EXPECT_EQ(a.node, b.node);
        EXPECT_EQ(a.frame, b.frame);
        EXPECT_EQ(a.iteration, b.iteration);
        EXPECT_EQ(a.dead, b.dead);
        EXPECT_EQ(a.failed, b.failed);
    }
    void expect_same_event(RunId run, std::uint32_t event) {
        const RecordedEvent a = blocks_.event(run, event), b = singles_.event(run, event);
        expect_same(static_cast<const RecordedVisit&>(a), b);
        expect_same(blocks_.visit(run, event), b);
        expect_same(a.inputs, b.inputs);
        expect_same(a.outputs, b.outputs);
        for (std::size_t i = 0; i <= b.outputs.size(); ++i)
            expect_same(blocks_.output(run, event, i), singles_.output(run, event, i));
        ASSERT_EQ(a.accesses.size(), b.accesses.size());
        for (std::size_t i = 0; i < a.accesses.size(); ++i) {
            EXPECT_EQ(a.accesses[i].variable, b.accesses[i].variable);
            EXPECT_EQ(a.accesses[i].write, b.accesses[i].write);
            expect_same(a.accesses[i].value, b.accesses[i].value);
        }
        EXPECT_EQ(blocks_.tick_of(run, event), singles_.tick_of(run, event));
    }
    static void expect_same(const EventNumbers& a, const EventNumbers& b, std::uint32_t count) {
        EXPECT_EQ(std::vector<std::uint32_t>(a.begin(), a.end()), std::vector<std::uint32_t>(b.begin(), b.end()));
        for (std::uint32_t event = 0; event <= count; ++event) {
            EXPECT_EQ(a.lower_bound(event), b.lower_bound(event));
            EXPECT_EQ(a.contains(event), b.contains(event));
        }
    }

    Graph graph_;
    NodeId variable_, assign_, read_;
    ops::VariableStorage storage_;
    std::optional<Tensor> value_; ///< of the variable, as it is when all is heard
    int values_ = 0;
    std::mt19937 random_;
    GraphSource source_{[] { return std::size_t{1}; }, [this](GraphId) -> const Graph& { return graph_; },
                        [] { return GraphId(0); }};
    Recording blocks_{source_};
    Expanding singles_{source_};
};

TEST_P(BlocksTest, AnswersAsIfEveryEventHadBeenHeard) {
    const std::size_t runs = static_cast<std::size_t>(any(1, 3));
    for (std::size_t i = 0; i < runs; ++i) hear_run(i);

    ASSERT_EQ(blocks_.end(), singles_.end());
    for (std::uint64_t i = 0; i < singles_.end().ticks; ++i) {
        const Tick a = blocks_.tick(i), b = singles_.tick(i);
        EXPECT_EQ(a.kind, b.kind);
        EXPECT_EQ(a.step, b.step);
        EXPECT_EQ(a.run, b.run);
        EXPECT_EQ(a.event, b.event);
    }
    for (std::size_t i = 0; i < singles_.steps().size(); ++i)
        EXPECT_EQ(blocks_.steps()[i].last_tick, singles_.steps()[i].last_tick);
    for (std::size_t i = 0; i < runs; ++i) {
        const RunId run(i);
        EXPECT_EQ(blocks_.run(run).last_tick, singles_.run(run).last_tick);
        ASSERT_EQ(blocks_.event_count(run), singles_.event_count(run));
        const auto count = static_cast<std::uint32_t>(singles_.event_count(run));
        for (std::uint32_t event = 0; event < count; ++event) expect_same_event(run, event);
        expect_same(blocks_.time_steps_of(run), singles_.time_steps_of(run), count);
        for (const Node& node : graph_.nodes())
            expect_same(blocks_.events_of(run, node.id), singles_.events_of(run, node.id), count);
        for (std::uint64_t tick = 0; tick <= singles_.end().ticks; ++tick)
            EXPECT_EQ(blocks_.events_at(run, {tick}), singles_.events_at(run, {tick}));
    }

    const auto a = blocks_.history(SessionId(0), "v"), b = singles_.history(SessionId(0), "v");
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].kind, b[i].kind);
        EXPECT_EQ(a[i].tick, b[i].tick);
        EXPECT_EQ(a[i].run, b[i].run);
        EXPECT_EQ(a[i].event, b[i].event);
        EXPECT_EQ(a[i].node, b[i].node);
        EXPECT_EQ(a[i].state, b[i].state);
        expect_same(a[i].value, b[i].value);
    }
    for (std::uint64_t tick = 0; tick <= singles_.end().ticks; ++tick) {
        expect_same(blocks_.value_at(SessionId(0), "v", {tick}), singles_.value_at(SessionId(0), "v", {tick}));
        EXPECT_EQ(blocks_.state_at(SessionId(0), graph_.variables()[0], {tick}),
                  singles_.state_at(SessionId(0), graph_.variables()[0], {tick}));
    }
}

INSTANTIATE_TEST_SUITE_P(Random, BlocksTest, testing::Range(0u, 60u));

TEST(LongBlockTest, IsKeptByReferenceAndReadOnlyWhenAsked) {
    Graph graph;
    Node node;
    node.name = "op";
    node.op = "Add";
    node.outputs.push_back({DType::float32, false, Shape{}});
    const NodeId op = graph.append(std::move(node));
    Recording recording(GraphSource{[] { return std::size_t{1}; }, [&](GraphId) -> const Graph& { return graph; },
                                    [] { return GraphId(0); }});
    recording.on_step({StepId(0), {}, StatementId(0), 0, 0});
    recording.on_session(SessionId(0), GraphId(0));
    program::RunInfo info;
    info.id = RunId(0);
    info.step = StepId(0);
    info.session = SessionId(0);
    info.graph = GraphId(0);
    recording.on_run(info);
    constexpr std::uint32_t rounds = 10'000;
    BlockEvent event;
    event.outputs.emplace_back(Tensor::scalar(1.0f));
    const auto block =
        std::make_shared<StoredBlock>(std::vector<BlockVisit>{{op, 0, false, false}, {op, 1, false, false}}, 1, 0,
                                      std::vector<BlockEvent>(2 * rounds, event));
    recording.on_block(block);
    EXPECT_EQ(recording.event_count(RunId(0)), 2 * rounds);
    EXPECT_EQ(recording.events_of(RunId(0), op).size(), 2 * rounds);
    EXPECT_EQ(recording.time_steps_of(RunId(0)).size(), rounds + 1) << "the last round begins one more";
    EXPECT_EQ(recording.tick(recording.end().ticks - 1).event, 2 * rounds - 1);
    EXPECT_EQ(recording.visit(RunId(0), rounds).iteration, rounds / 2);
    EXPECT_EQ(recording.output(RunId(0), 7, 0).number(0), 1);
    EXPECT_EQ(recording.bytes(), block->bytes());
    EXPECT_EQ(block->reads(), 0u);
    EXPECT_EQ(recording.event(RunId(0), 7).outputs[0].tensor.number(0), 1);
    EXPECT_EQ(block->reads(), 1u);
}

} // namespace
} // namespace rnnscope::record
