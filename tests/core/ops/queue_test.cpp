#include "tests/core/ops/harness.hpp"

// Queues and staging areas. What TensorFlow would wait for is an error, never a wait.
namespace rnnscope::ops {
namespace {

using test::floats;
using test::Harness;
using test::ints;

AttrMap components(std::vector<DType> types) {
    return {{"component_types", attr_list(std::move(types))}};
}

struct Queues : testing::Test {
    Harness h;
    Output queue = h.add("FIFOQueueV2", {},
                         {{"component_types", attr_list(std::vector{DType::float32, DType::int32})},
                          {"shapes", attr_list(std::vector<Shape>{{2}, {}})},
                          {"capacity", 2}},
                         "q");
    std::string enqueue(float x, std::int32_t n) {
        return h.failure(h.add("QueueEnqueueV2", {queue, h.constant(floats({2}, {x, x})), h.constant(ints({}, {n}))}));
    }
    /// Runs the op once and compares all that it returns.
    void expect(Output taken, const std::vector<Tensor>& expected) {
        const auto values = h.run(taken.node);
        ASSERT_TRUE(values.ok()) << values.error().message;
        ASSERT_EQ(values->size(), expected.size());
        for (std::size_t i = 0; i < expected.size(); ++i)
            EXPECT_TRUE(std::get<Tensor>((*values)[i]).identical(expected[i])) << i;
    }
    Output dequeue() { return h.add("QueueDequeueV2", {queue}, components({DType::float32, DType::int32})); }
    Output dequeue_many(std::int32_t n) {
        return h.add("QueueDequeueManyV2", {queue, h.constant(ints({}, {n}))},
                     components({DType::float32, DType::int32}));
    }
};

TEST_F(Queues, FirstInFirstOut) {
    EXPECT_EQ(enqueue(1, 10), "");
    EXPECT_EQ(enqueue(2, 20), "");
    EXPECT_EQ(h.value(h.add("QueueSizeV2", {queue}))->integer(0), 2);
    const Output first = dequeue();
    EXPECT_EQ(h.shape(first), Shape{2});
    expect(first, {floats({2}, {1, 1}), ints({}, {10})});
    EXPECT_TRUE(h.value(dequeue())->identical(floats({2}, {2, 2})));
}

TEST_F(Queues, SayWhatTheyWouldWaitFor) {
    EXPECT_EQ(
        h.failure(dequeue()),
        "DeadlineExceededError: QueueDequeueV2 would wait for ever: FIFOQueue 'q' has 0 elements, 1 are asked for, "
        "and nothing is left in this run that could change that");
    EXPECT_EQ(enqueue(1, 10) + enqueue(2, 20), "");
    EXPECT_EQ(enqueue(3, 30), "DeadlineExceededError: QueueEnqueueV2 would wait for ever: FIFOQueue 'q' is full (2 "
                              "elements, capacity 2), and nothing is left in this run that could change that");
    EXPECT_EQ(h.value(h.add("QueueSizeV2", {queue}))->integer(0), 2) << "nothing was lost";
}

TEST_F(Queues, StackWhatIsTakenAtOnce) {
    EXPECT_EQ(h.failure(h.add("QueueEnqueueManyV2",
                              {queue, h.constant(floats({2, 2}, {1, 2, 3, 4})), h.constant(ints({2}, {5, 6}))})),
              "");
    const Output many = dequeue_many(2);
    EXPECT_EQ(h.shape(many), (Shape{2, 2}));
    expect(many, {floats({2, 2}, {1, 2, 3, 4}), ints({2}, {5, 6})});
}

TEST_F(Queues, ThatAreClosedGiveWhatTheyHave) {
    EXPECT_EQ(enqueue(1, 10), "");
    EXPECT_EQ(h.failure(h.add("QueueCloseV2", {queue})), "");
    EXPECT_TRUE(h.value(h.add("QueueIsClosedV2", {queue}))->values<bool>()[0]);
    EXPECT_EQ(enqueue(2, 20), "CancelledError: FIFOQueue 'q' is closed.");
    EXPECT_EQ(h.failure(dequeue_many(2)), "OutOfRangeError: FIFOQueue 'q' is closed and has insufficient elements "
                                          "(requested 2, current size 1)");
    EXPECT_EQ(h.failure(dequeue()), "");
}

TEST_F(Queues, RefuseOtherTypesAndShapes) {
    EXPECT_EQ(
        h.failure(h.add("QueueEnqueueV2", {queue, h.constant(floats({3}, {1, 2, 3})), h.constant(ints({}, {1}))})),
        "InvalidArgumentError: Shape mismatch in tuple component 0. Expected [2], got [3]");
    EXPECT_EQ(h.failure(h.add("QueueEnqueueV2", {queue, h.constant(ints({2}, {1, 2})), h.constant(ints({}, {1}))})),
              "InvalidArgumentError: Type mismatch in tuple component 0. Expected float, got int32");
    EXPECT_EQ(h.failure(h.add("QueueDequeueV2", {queue}, components({DType::float32}))),
              "InvalidArgumentError: Dequeue asks for other component types than the queue has");
}

TEST_F(Queues, StagingAreasAreFoundByName) {
    const AttrMap name = {{"shared_name", "area"}};
    EXPECT_EQ(h.failure(h.add("Stage", {h.constant(floats({1}, {1})), h.constant(ints({}, {2}))}, name)), "");
    const auto unstage = [&] {
        return h.add("Unstage", {},
                     {{"shared_name", "area"}, {"dtypes", attr_list(std::vector{DType::float32, DType::int32})}});
    };
    const Output taken = unstage();
    expect(taken, {floats({1}, {1}), ints({}, {2})});
    EXPECT_EQ(h.failure(unstage()),
              "DeadlineExceededError: Unstage would wait for ever: the staging area 'area' is empty, "
              "and nothing is left in this run that could change that");
}

} // namespace
} // namespace rnnscope::ops
