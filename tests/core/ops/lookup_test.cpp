#include "tests/core/ops/harness.hpp"

// Tables: filled once, asked often. Texts are those of TensorFlow 1.15 (core/kernels/initializable_lookup_table.cc).
namespace rnnscope::ops {
namespace {

using test::Harness;
using test::ints;

Tensor words(std::vector<std::string> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return Tensor::of<std::string>({count}, std::move(values));
}

Tensor numbers(std::vector<std::int64_t> values) {
    const auto count = static_cast<std::int64_t>(values.size());
    return Tensor::of<std::int64_t>({count}, std::move(values));
}

struct Tables : testing::Test {
    Harness h;
    Output table = h.add("HashTableV2", {}, {{"key_dtype", DType::string}, {"value_dtype", DType::int64}}, "table");
    Output otherwise = h.constant(Tensor::scalar<std::int64_t>(-1));

    std::string fill(Tensor keys, Tensor values, const char* op = "LookupTableImportV2") {
        return h.failure(h.add(op, {table, h.constant(std::move(keys)), h.constant(std::move(values))}));
    }
    Output find(Tensor keys) { return h.add("LookupTableFindV2", {table, h.constant(std::move(keys)), otherwise}); }
};

TEST_F(Tables, AreEmptyUntilTheyAreFilled) {
    EXPECT_EQ(h.failure(find(words({"a"}))), "FailedPreconditionError: Table not initialized.");
    EXPECT_EQ(fill(words({"a", "b"}), numbers({10, 20})), "");
    EXPECT_TRUE(h.value(find(words({"b", "c", "a"})))->identical(numbers({20, -1, 10})));
    EXPECT_EQ(h.value(h.add("LookupTableSizeV2", {table}))->integer(0), 2);
}

TEST_F(Tables, AreFilledWithOneContentOnly) {
    EXPECT_EQ(fill(words({"a"}), numbers({1})), "");
    EXPECT_EQ(fill(words({"a"}), numbers({1}), "InitializeTableV2"), "") << "the same again is no mistake";
    EXPECT_EQ(fill(words({"a"}), numbers({2})),
              "FailedPreconditionError: Table was already initialized with different data.");
    EXPECT_TRUE(h.value(find(words({"a"})))->identical(numbers({1})));
}

TEST_F(Tables, RefuseAKeyWithTwoValues) {
    EXPECT_EQ(
        fill(words({"a", "a"}), numbers({1, 2})),
        "InvalidArgumentError: HashTable has different value for same key. Key a has 1 and trying to add value 2");
    EXPECT_EQ(h.failure(find(words({"a"}))), "FailedPreconditionError: Table not initialized.");
    EXPECT_EQ(fill(words({"a", "a"}), numbers({1, 1})), "");
}

TEST_F(Tables, RefuseOtherTypesAndShapes) {
    EXPECT_EQ(fill(numbers({1}), numbers({1})), "InvalidArgumentError: Key must be type string but got int64");
    EXPECT_EQ(fill(words({"a"}), words({"b"})), "InvalidArgumentError: Value must be type int64 but got string");
    EXPECT_EQ(fill(words({"a"}), numbers({1, 2})), "InvalidArgumentError: Expected shape [1] for value, got [2]");
    EXPECT_EQ(fill(words({"a"}), numbers({1})), "");
    EXPECT_EQ(h.failure(find(ints({1}, {1}))), "InvalidArgumentError: Key must be type string but got int32");
    otherwise = h.constant(Tensor::scalar(1.5F));
    EXPECT_EQ(h.failure(find(words({"a"}))), "InvalidArgumentError: Value must be type int64 but got float");
}

TEST_F(Tables, HaveNoFractionsAsKeys) {
    table = h.add("HashTableV2", {}, {{"key_dtype", DType::float32}, {"value_dtype", DType::int64}}, "fractions");
    EXPECT_NE(h.failure(table), "");
}

TEST_F(Tables, AreNoQueues) {
    const Output queue =
        h.add("FIFOQueueV2", {}, {{"component_types", attr_list(std::vector{DType::float32})}}, "queue");
    EXPECT_NE(h.failure(h.add("LookupTableSizeV2", {queue})), "");
    EXPECT_NE(h.failure(h.add("QueueSizeV2", {table})), "");
}

TEST_F(Tables, TakeNumbersAsKeys) {
    table = h.add("HashTableV2", {}, {{"key_dtype", DType::int64}, {"value_dtype", DType::string}}, "names");
    otherwise = h.constant(Tensor::scalar<std::string>("?"));
    EXPECT_EQ(fill(numbers({-7, 7}), words({"minus", "plus"})), "");
    EXPECT_TRUE(h.value(find(numbers({7, 0, -7})))->identical(words({"plus", "?", "minus"})));
}

} // namespace
} // namespace rnnscope::ops
