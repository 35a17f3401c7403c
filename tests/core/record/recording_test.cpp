#include "core/ops/kernel.hpp"
#include "core/record/recording.hpp"

#include <gtest/gtest.h>

namespace rnnscope::record {
namespace {

/// A graph with one variable `v`, its Assign and its read, and a recording that is fed by hand.
class RecordingTest : public testing::Test {
  protected:
    RecordingTest() {
        storage_.name = "v";
        storage_.dtype = DType::float32;
        storage_.shape = Shape{2};
    }

    NodeId add(std::string name, std::string op, std::vector<Output> inputs = {}) {
        Node node;
        node.name = std::move(name);
        node.op = std::move(op);
        node.inputs = std::move(inputs);
        node.outputs.push_back({DType::float32, node.op == "VariableV2", Shape{2}});
        return graph_.append(std::move(node));
    }

    void build_variable() {
        variable_ = add("v", "VariableV2");
        value_ = add("v/initial", "Const");
        assign_ = add("v/Assign", "Assign", {{variable_, 0}, {value_, 0}});
        read_ = add("v/read", "Identity", {{variable_, 0}});
        Variable variable;
        variable.name = "v";
        variable.op = variable_;
        variable.dtype = DType::float32;
        variable.shape = Shape{2};
        variable.initializer = assign_;
        graph_.add_variable(variable);
    }

    StepId step(int depth = 0) {
        const StepId id(steps_++);
        recording_.on_step({id, {}, StatementId(id.index()), depth, 0});
        return id;
    }

    RunId begin_run(StepId step) {
        const RunId id(runs_++);
        program::RunInfo info;
        info.id = id;
        info.step = step;
        info.session = SessionId(0);
        info.graph = GraphId(0);
        recording_.on_run(info);
        return id;
    }

    void write(Tensor value) {
        storage_.value = value;
        const ops::Value inputs[] = {&storage_, value};
        const ops::Value outputs[] = {&storage_};
        const ops::VariableAccess access{&storage_, ops::VariableAccess::Kind::write, value};
        runtime::Event event;
        event.node = assign_;
        event.inputs = inputs;
        event.outputs = outputs;
        event.accesses = {&access, 1};
        recording_.on_event(event);
    }

    void read(const runtime::RunError* error = nullptr) {
        const ops::Value inputs[] = {&storage_};
        const ops::VariableAccess access{&storage_, ops::VariableAccess::Kind::read, storage_.value.value_or(Tensor())};
        runtime::Event event;
        event.node = read_;
        event.inputs = inputs;
        event.accesses = {&access, 1};
        event.error = error;
        recording_.on_event(event);
    }

    const Variable& v() const { return graph_.variable(VariableId(0)); }
    InitState state(std::uint64_t position) const { return recording_.state_at(SessionId(0), v(), {position}); }

    Graph graph_;
    NodeId variable_, value_, assign_, read_;
    ops::VariableStorage storage_;
    std::size_t steps_ = 0, runs_ = 0;
    Recording recording_{GraphSource{[] { return std::size_t{1}; }, [this](GraphId) -> const Graph& { return graph_; },
                                     [] { return GraphId(0); }}};
};

TEST_F(RecordingTest, StatesOfAVariableFollowThePosition) {
    const StepId build = step();
    build_variable();
    recording_.on_step_done(build); // ticks: 0
    const StepId session = step();
    recording_.on_session(SessionId(0), GraphId(0));
    recording_.on_step_done(session);           // 1
    const StepId first = step();                // 2
    const RunId run = begin_run(first);         // 3
    write(Tensor::of<float>(Shape{2}, {1, 2})); // 4
    write(Tensor::of<float>(Shape{2}, {3, 4})); // 5
    recording_.on_run_done(run, {});            // 6
    recording_.on_step_done(first);

    EXPECT_EQ(recording_.end().ticks, 7u);
    EXPECT_EQ(state(0), InitState::absent);
    EXPECT_EQ(state(1), InitState::declared);
    EXPECT_EQ(state(4), InitState::declared);
    EXPECT_EQ(state(5), InitState::initialized);
    EXPECT_EQ(state(6), InitState::updated);
    EXPECT_FALSE(recording_.value_at(SessionId(0), "v", {4}));
    EXPECT_EQ(recording_.value_at(SessionId(0), "v", {5}).number(1), 2);
    EXPECT_EQ(recording_.value_at(SessionId(0), "v", {7}).number(1), 4);
    EXPECT_EQ(recording_.nodes_at(GraphId(0), {0}), 0u);
    EXPECT_EQ(recording_.nodes_at(GraphId(0), {1}), 4u);
    EXPECT_EQ(recording_.step(build).nodes_before, 0u);
    EXPECT_EQ(recording_.step(build).nodes_after, 4u);
    EXPECT_EQ(recording_.step(first).last_tick, 6u);
    EXPECT_EQ(recording_.tick_of(run, 1), 5u);
    EXPECT_EQ(recording_.events_of(run, assign_).size(), 2u);
    // The input of a write is the variable as it was before.
    EXPECT_EQ(recording_.event(run, 1).inputs[0].tensor.number(0), 1);
    EXPECT_EQ(recording_.event(run, 1).outputs[0].tensor.number(0), 3);
    EXPECT_EQ(recording_.bytes(), 16u) << "two tensors of two floats, each counted once";
}

TEST_F(RecordingTest, AnUninitializedReadIsAnEntryOfTheHistoryAndAnError) {
    const StepId build = step();
    build_variable();
    recording_.on_session(SessionId(0), GraphId(0));
    recording_.on_step_done(build);
    const StepId running = step();
    const RunId run = begin_run(running);
    const runtime::RunError error{"FailedPreconditionError", "Attempting to use uninitialized value v", read_, "v/read",
                                  "v"};
    read(&error); // tick 3
    program::ProgramError program_error;
    program_error.run = run;
    program_error.step = running;
    program_error.variable = "v";
    recording_.on_run_done(run, {program_error, {}}); // tick 4
    recording_.on_error(program_error, true);

    EXPECT_FALSE(recording_.read_uninitialized(SessionId(0), "v", {3}));
    EXPECT_TRUE(recording_.read_uninitialized(SessionId(0), "v", {4}));
    EXPECT_EQ(state(4), InitState::declared);
    ASSERT_EQ(recording_.errors().size(), 1u);
    EXPECT_EQ(recording_.errors()[0].first.ticks, 4u) << "just after the failing event";
    EXPECT_EQ(recording_.errors()[0].last.ticks, 5u);
    EXPECT_TRUE(recording_.errors()[0].caught);
    EXPECT_TRUE(recording_.event(run, 0).failed);
    const auto history = recording_.history(SessionId(0), "v");
    ASSERT_EQ(history.size(), 2u);
    EXPECT_EQ(history[0].kind, HistoryEntry::Kind::declared);
    EXPECT_EQ(history[1].kind, HistoryEntry::Kind::uninitialized_read);
    EXPECT_EQ(history[1].node, read_);
}

TEST_F(RecordingTest, AnAssignThatRestoreFeedsRestores) {
    const StepId build = step();
    build_variable();
    const NodeId restore = add("save/RestoreV2", "RestoreV2");
    graph_.set_input(assign_, 1, {restore, 0});
    recording_.on_session(SessionId(0), GraphId(0));
    recording_.on_step_done(build);
    begin_run(step());
    write(Tensor::of<float>(Shape{2}, {1, 2}));
    EXPECT_EQ(recording_.state_at(SessionId(0), v(), recording_.end()), InitState::restored);
    graph_.set_input(assign_, 1, {value_, 0});
    write(Tensor::of<float>(Shape{2}, {0, 0}));
    EXPECT_EQ(recording_.state_at(SessionId(0), v(), recording_.end()), InitState::updated);
    const NodeId reshape = add("save/Reshape", "Reshape", {{add("save/Identity", "Identity", {{restore, 0}}), 0}});
    graph_.set_input(assign_, 1, {reshape, 0});
    write(Tensor::of<float>(Shape{2}, {1, 2}));
    EXPECT_EQ(recording_.state_at(SessionId(0), v(), recording_.end()), InitState::restored) << "through both";
}

TEST_F(RecordingTest, WhatIsRestoredWithoutAnOpIsRestored) {
    const StepId build = step();
    build_variable();
    recording_.on_step_done(build);
    const Position before = recording_.end();
    const StepId opens = step();
    recording_.on_session(SessionId(0), GraphId(0));
    const ops::NamedTensor restored[] = {{"v", Tensor::of<float>(Shape{2}, {3, 4})}};
    recording_.on_restored(SessionId(0), restored);
    recording_.on_step_done(opens);
    EXPECT_EQ(recording_.state_at(SessionId(0), v(), before), InitState::declared);
    EXPECT_EQ(recording_.state_at(SessionId(0), v(), recording_.end()), InitState::restored);
    EXPECT_EQ(recording_.value_at(SessionId(0), "v", recording_.end()).number(1), 4);
    begin_run(step());
    write(Tensor::of<float>(Shape{2}, {0, 0}));
    EXPECT_EQ(recording_.state_at(SessionId(0), v(), recording_.end()), InitState::updated);
}

TEST_F(RecordingTest, SpansInsideEventsStayValidWhileItGrows) {
    const StepId build = step();
    build_variable();
    recording_.on_session(SessionId(0), GraphId(0));
    recording_.on_step_done(build);
    const RunId run = begin_run(step());
    write(Tensor::of<float>(Shape{2}, {1, 2}));
    const auto inputs = recording_.event(run, 0).inputs;
    for (int i = 0; i < 5000; ++i) write(Tensor::of<float>(Shape{2}, {0, 0}));
    ASSERT_EQ(inputs.size(), 2u);
    EXPECT_EQ(inputs[1].tensor.number(1), 2);
    EXPECT_EQ(recording_.event(run, 0).inputs.data(), inputs.data());
}

} // namespace
} // namespace rnnscope::record
