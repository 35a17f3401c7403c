#include "tests/core/ops/harness.hpp"

// Ops that work on variables, arrays and stacks.
namespace rnnscope::ops {
namespace {

using test::floats;
using test::Harness;
using test::ints;

TEST(Variables, AreAssignedAndUpdated) {
    Harness h;
    const Output v = h.add("VariableV2", {}, {{"dtype", DType::float32}, {"shape", Shape{2}}}, "v");
    EXPECT_TRUE(h.graph.info(v).is_ref);
    const Output ready = h.add("IsVariableInitialized", {v});
    EXPECT_FALSE(h.value(ready)->values<bool>()[0]);
    EXPECT_EQ(h.failure(h.add("AssignAdd", {v, h.constant(floats({2}, {1, 1}))})),
              "FailedPreconditionError: Attempting to use uninitialized parameters: v");
    const Output assign = h.add("Assign", {v, h.constant(floats({2}, {1, 2}))});
    EXPECT_EQ(h.failure(assign), "");
    EXPECT_TRUE(h.value(ready)->values<bool>()[0]);
    EXPECT_EQ(h.failure(h.add("AssignAdd", {v, h.constant(floats({2}, {10, 20}))})), "");
    EXPECT_EQ(h.failure(h.add("AssignSub", {v, h.constant(floats({2}, {1, 1}))})), "");
    EXPECT_TRUE(h.session.find_variable("v")->value->identical(floats({2}, {10, 21})));
    ASSERT_EQ(h.accesses.size(), 3U) << "every write is recorded";
    EXPECT_TRUE(h.accesses[1].value.identical(floats({2}, {11, 22})));
    EXPECT_EQ(h.session.find_variable("v")->owner, v.node);
}

TEST(Variables, RefuseOtherShapes) {
    Harness h;
    const Output v = h.add("VariableV2", {}, {{"dtype", DType::float32}, {"shape", Shape{2}}}, "v");
    const Output wrong = h.add("Fill", {h.placeholder({1}, DType::int32), h.constant(floats({}, {1}))});
    const Output assign = h.add("Assign", {v, wrong});
    // The static shape is not known, so the mistake shows at run time.
    KernelState state;
    std::vector<Value> outputs(1), inputs = {&h.session.variable("v",
                                                                 [] {
                                                                     VariableStorage made;
                                                                     made.dtype = DType::float32;
                                                                     made.shape = Shape{2};
                                                                     return made;
                                                                 }),
                                             floats({3}, {1, 2, 3})};
    KernelContext ctx(h.graph, h.graph.node(assign.node), inputs, outputs, {h.session, h.step, state, 0}, h.accesses);
    const Status status = find_op("Assign")->kernel(ctx);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.error().message, "Assign requires shapes of both tensors to match. lhs shape= [2] rhs shape= [3]");
}

TEST(Variables, OfResources) {
    Harness h;
    const AttrMap attrs = {{"dtype", DType::float32}, {"shape", Shape{2}}, {"shared_name", "w"}};
    const Output handle = h.add("VarHandleOp", {}, attrs, "w");
    const Output read = h.add("ReadVariableOp", {handle}, {{"dtype", DType::float32}});
    EXPECT_EQ(h.shape(read), Shape{2});
    const std::string start = "FailedPreconditionError: Error while reading resource variable w from Container: "
                              "localhost. This could mean that the variable was uninitialized. Not found: ";
    EXPECT_EQ(h.failure(read), start + "Container localhost does not exist. (Could not find resource: localhost/w)");
    h.session.touch();
    EXPECT_EQ(h.failure(read), start + "Resource localhost/w/N10tensorflow3VarE does not exist.");
    EXPECT_FALSE(h.value(h.add("VarIsInitializedOp", {handle}))->values<bool>()[0]);
    const auto run = [&](const char* op, Tensor value) {
        return h.run(*h.try_add(op, {handle, h.constant(std::move(value))}));
    };
    EXPECT_EQ(run("AssignAddVariableOp", floats({2}, {1, 1})).error().code, "NotFoundError");
    EXPECT_TRUE(run("AssignVariableOp", floats({2}, {1, 2})).ok());
    EXPECT_TRUE(run("AssignAddVariableOp", floats({2}, {1, 1})).ok());
    EXPECT_TRUE(h.value(read)->identical(floats({2}, {2, 3})));
    EXPECT_TRUE(h.value(h.add("VarIsInitializedOp", {handle}))->values<bool>()[0]);
    EXPECT_EQ(h.session.find_variable("w")->owner, handle.node);
}

TEST(Variables, RowsAreScattered) {
    Harness h;
    const Output v = h.add("VariableV2", {}, {{"dtype", DType::float32}, {"shape", Shape{3, 2}}}, "v");
    ASSERT_EQ(h.failure(h.add("Assign", {v, h.constant(floats({3, 2}, {0, 0, 0, 0, 0, 0}))})), "");
    const auto scatter = [&](std::int32_t row) {
        return h.failure(h.add("ScatterUpdate", {v, h.constant(ints({1}, {row})), h.constant(floats({1, 2}, {1, 2}))}));
    };
    EXPECT_EQ(scatter(2), "");
    EXPECT_TRUE(h.session.find_variable("v")->value->identical(floats({3, 2}, {0, 0, 0, 0, 1, 2})));
    EXPECT_EQ(scatter(3), "InvalidArgumentError: indices[0] = 3 is not in [0, 3)");
}

TEST(Training, StepsOfTheOptimizers) {
    Harness h;
    const auto variable = [&](const char* name, float value) {
        const Output v = h.add("VariableV2", {}, {{"dtype", DType::float32}, {"shape", Shape{1}}}, name);
        EXPECT_EQ(h.failure(h.add("Assign", {v, h.constant(floats({1}, {value}))})), "");
        return v;
    };
    const auto number = [&](float x) { return h.constant(floats({}, {x})); };
    const auto now = [&](const char* name) { return h.session.find_variable(name)->value->values<float>()[0]; };
    const Output w = variable("w", 1), grad = h.constant(floats({1}, {0.5F}));
    EXPECT_EQ(h.failure(h.add("ApplyGradientDescent", {w, number(0.1F), grad})), "");
    EXPECT_NEAR(now("w"), 0.95, 1e-6);
    const Output m = variable("m", 0), v = variable("v", 0);
    EXPECT_EQ(h.failure(h.add("ApplyAdam", {w, m, v, number(0.9F), number(0.999F), number(0.001F), number(0.9F),
                                            number(0.999F), number(1e-8F), grad})),
              "");
    EXPECT_NEAR(now("w"), 0.949, 1e-6); // Adam's first step is the learning rate
    EXPECT_NEAR(now("m"), 0.05, 1e-6);
    EXPECT_NEAR(now("v"), 0.00025, 1e-8);
}

class Arrays : public testing::Test {
  protected:
    Output make(AttrMap attrs, std::int32_t size = 2) {
        attrs.emplace("dtype", DType::float32);
        attrs.emplace("tensor_array_name", "a");
        return h.add("TensorArrayV3", {h.constant(ints({}, {size}))}, attrs);
    }
    std::string write(Output array, std::int32_t index, Tensor value) {
        return h.failure(h.add("TensorArrayWriteV3",
                               {array, h.constant(ints({}, {index})), h.constant(std::move(value)), {array.node, 1}}));
    }
    Output read(Output array, std::int32_t index) {
        return h.add("TensorArrayReadV3", {array, h.constant(ints({}, {index})), {array.node, 1}},
                     {{"dtype", DType::float32}});
    }
    Output gather(Output array, std::vector<std::int32_t> indices) {
        const Shape shape{static_cast<std::int64_t>(indices.size())};
        return h.add("TensorArrayGatherV3", {array, h.constant(ints(shape, std::move(indices))), {array.node, 1}},
                     {{"dtype", DType::float32}});
    }
    Harness h;
};

TEST_F(Arrays, WriteOnceReadOnce) {
    const Output a = make({});
    EXPECT_EQ(write(a, 0, floats({1}, {5})), "");
    EXPECT_EQ(
        write(a, 0, floats({1}, {5})),
        "InvalidArgumentError: TensorArray a_0: Could not write to TensorArray index 0 because it has already been "
        "written to.");
    EXPECT_EQ(write(a, 2, floats({1}, {5})),
              "InvalidArgumentError: TensorArray a_0: Tried to write to index 2 but array is "
              "not resizeable and size is: 2");
    EXPECT_TRUE(h.value(read(a, 0))->identical(floats({1}, {5})));
    EXPECT_EQ(
        h.failure(read(a, 0)),
        "InvalidArgumentError: TensorArray a_0: Could not read index 0 twice because it was cleared after a previous "
        "read (perhaps try setting clear_after_read = false?).");
    EXPECT_EQ(
        write(a, 0, floats({1}, {5})),
        "InvalidArgumentError: TensorArray a_0: Could not write to TensorArray index 0 because it has already been "
        "read.");
    EXPECT_EQ(h.failure(read(a, 7)), "InvalidArgumentError: Tried to read from index 7 but array size is: 2");
}

TEST_F(Arrays, UnwrittenElementsAreZeroOnceTheirShapeIsKnown) {
    const Output open = make({{"element_shape", Shape{Shape::unknown, 2}}});
    EXPECT_TRUE(h.failure(read(open, 1))
                    .starts_with("InvalidArgumentError: TensorArray a_0: Could not read from TensorArray "
                                 "index 1.  Furthermore, the element shape is not fully defined: [?,2]"));
    const Output same = make({{"element_shape", Shape{Shape::unknown, 2}}, {"identical_element_shapes", true}});
    EXPECT_EQ(write(same, 0, floats({1, 2}, {1, 2})), "");
    EXPECT_TRUE(h.value(gather(same, {0, 1}))->identical(floats({2, 1, 2}, {1, 2, 0, 0})));
}

TEST_F(Arrays, GrowWhenTheyMay) {
    const Output a = make({{"dynamic_size", true}}, 0);
    EXPECT_EQ(write(a, 3, floats({}, {1})), "");
    const Output size = h.add("TensorArraySizeV3", {a, {a.node, 1}});
    EXPECT_EQ(h.value(size)->integer(0), 4);
    EXPECT_EQ(write(a, 2147483647, floats({}, {1})).substr(0, 22), "ResourceExhaustedError");
}

TEST_F(Arrays, ScatterGatherSplitConcat) {
    const Output a = make({{"clear_after_read", false}});
    const Output rows = h.constant(floats({2, 2}, {1, 2, 3, 4}));
    EXPECT_EQ(h.failure(h.add("TensorArrayScatterV3", {a, h.constant(ints({2}, {1, 0})), rows, {a.node, 1}})), "");
    EXPECT_TRUE(h.value(gather(a, {0, 1}))->identical(floats({2, 2}, {3, 4, 1, 2})));
    const Output joined = h.add("TensorArrayConcatV3", {a, {a.node, 1}}, {{"dtype", DType::float32}});
    EXPECT_TRUE(h.value(joined)->identical(floats({4}, {3, 4, 1, 2})));
    const Output b = make({});
    const Output lengths = h.constant(Tensor::of<std::int64_t>({2}, {3, 1}));
    EXPECT_EQ(h.failure(h.add("TensorArraySplitV3", {b, h.constant(floats({4}, {1, 2, 3, 4})), lengths, {b.node, 1}})),
              "");
    EXPECT_TRUE(h.value(read(b, 0))->identical(floats({3}, {1, 2, 3})));
}

TEST_F(Arrays, GradientsAddUp) {
    const Output a = make({});
    const auto gradient = [&] { return h.add("TensorArrayGradV3", {a, {a.node, 1}}, {{"source", "gradients"}}); };
    const Output first = gradient(), second = gradient();
    EXPECT_EQ(write(first, 0, floats({1}, {5})), "");
    EXPECT_EQ(write(second, 0, floats({1}, {2})), "") << "both are handles of one array";
    EXPECT_TRUE(h.value(read(first, 0))->identical(floats({1}, {7})));
}

TEST(Stacks, LastInFirstOut) {
    Harness h;
    const Output stack =
        h.add("StackV2", {h.constant(ints({}, {2}))}, {{"elem_type", DType::float32}, {"stack_name", "s"}});
    const auto push = [&](float x) { return h.failure(h.add("StackPushV2", {stack, h.constant(floats({}, {x}))})); };
    const auto pop = [&] { return h.add("StackPopV2", {stack}, {{"elem_type", DType::float32}}); };
    EXPECT_EQ(push(1), "");
    EXPECT_EQ(push(2), "");
    EXPECT_EQ(push(3), "InvalidArgumentError: Stack[s_0] overflowed its max_size (2)");
    EXPECT_EQ(h.value(pop())->number(0), 2);
    EXPECT_EQ(h.value(pop())->number(0), 1);
    EXPECT_EQ(h.failure(pop()), "InvalidArgumentError: Stack[s_0] is empty when calling Pop().");
    EXPECT_EQ(h.failure(h.add("StackCloseV2", {stack})), "");
    EXPECT_EQ(push(1), "InvalidArgumentError: Stack[s_0] has already been closed.");
}

TEST(Stacks, OfBefore14HaveReferencesAsHandles) {
    Harness h;
    const Output stack = h.add("Stack", {}, {{"elem_type", DType::float32}, {"stack_name", "s"}});
    EXPECT_TRUE(h.graph.info(stack).is_ref);
    EXPECT_EQ(h.shape(stack), Shape{2});
    const Output entered = h.add("RefEnter", {stack}, {{"frame_name", "loop"}, {"is_constant", true}});
    const auto push = [&](float x) { return h.failure(h.add("StackPush", {entered, h.constant(floats({}, {x}))})); };
    const auto pop = [&] { return h.add("StackPop", {entered}, {{"elem_type", DType::float32}}); };
    EXPECT_EQ(push(1), "");
    EXPECT_EQ(push(2), "");
    EXPECT_EQ(h.value(pop())->number(0), 2);
    EXPECT_EQ(h.value(pop())->number(0), 1);
    EXPECT_EQ(h.failure(pop()), "InvalidArgumentError: Stack[s_0] is empty when calling Pop().");
    EXPECT_EQ(h.failure(h.add("StackClose", {stack})), "");
    EXPECT_EQ(push(1), "InvalidArgumentError: Stack[s_0] has already been closed.");
    EXPECT_TRUE(h.accesses.empty()) << "a stack is no variable";
}

} // namespace
} // namespace rnnscope::ops
