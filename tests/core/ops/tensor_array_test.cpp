// Elements that lie side by side in one tensor are the same elements, by every way of writing and reading.

#include "core/ops/tensor_array.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace rnnscope::ops {
namespace {

Tensor row(float first) {
    return Tensor::of<float>({2}, {first, first + 1});
}
Tensor three_rows() {
    return Tensor::of<float>({3, 2}, {0, 1, 10, 11, 20, 21});
}

TensorArray array(bool clears = true) {
    TensorArray::Options options;
    options.name = "a";
    options.dtype = DType::float32;
    options.clear_after_read = clears;
    return {options, 3};
}

TEST(TensorArray, RowsAreElements) {
    TensorArray a = array();
    ASSERT_TRUE(a.write_rows(three_rows()));
    EXPECT_FALSE(a.is_untouched(1));
    ASSERT_NE(a.peek(1, DType::float32, {2}), nullptr);
    EXPECT_EQ(a.peek(1, DType::float32, {1}), nullptr);
    EXPECT_EQ(a.write(1, row(0)).error().message,
              "TensorArray a: Could not write to TensorArray index 1 because it has already been written to.");
    EXPECT_TRUE(a.read(1)->identical(row(10)));
    EXPECT_EQ(a.read(1).error().message,
              "TensorArray a: Could not read index 1 twice because it was cleared after a previous read (perhaps try "
              "setting clear_after_read = false?).");
    EXPECT_EQ(a.peek(1, DType::float32, {2}), nullptr);
    EXPECT_FALSE(a.read_rows()); // not all of them
    EXPECT_TRUE(a.read(2)->identical(row(20)));
}

TEST(TensorArray, RowsAreTakenTogether) {
    for (const bool clears : {true, false}) {
        TensorArray a = array(clears);
        ASSERT_TRUE(a.write_rows(three_rows()));
        EXPECT_TRUE(a.read_rows().identical(three_rows()));
        EXPECT_EQ(a.read(0).ok(), !clears);
    }
}

TEST(TensorArray, RowsAreWrittenOneByOne) {
    TensorArray a = array();
    for (const std::int64_t i : {2, 0}) {
        std::byte* to = a.write_in_place(i, DType::float32, {2});
        ASSERT_NE(to, nullptr);
        std::memcpy(to, row(static_cast<float>(10 * i)).bytes().data(), 2 * sizeof(float));
    }
    EXPECT_FALSE(a.read_rows()); // one is missing
    ASSERT_TRUE(a.write(1, row(10)).ok());
    EXPECT_TRUE(a.read_rows().identical(three_rows()));
}

TEST(TensorArray, ElementsOfTheirOwnAreNoRows) {
    TensorArray a = array();
    ASSERT_TRUE(a.write(0, row(0)).ok());
    EXPECT_FALSE(a.write_rows(three_rows()));
    std::byte* to = a.write_in_place(1, DType::float32, {2});
    ASSERT_NE(to, nullptr);
    std::memcpy(to, row(10).bytes().data(), 2 * sizeof(float));
    ASSERT_TRUE(a.write(2, Tensor::scalar(5.0F)).ok()); // nobody said that all have one shape
    EXPECT_FALSE(a.read_rows());
    EXPECT_TRUE(a.read(0)->identical(row(0)));
    EXPECT_TRUE(a.read(1)->identical(row(10)));
    EXPECT_TRUE(a.read(2)->identical(Tensor::scalar(5.0F)));
}

TEST(TensorArray, RowsThatWriteWouldRefuse) {
    TensorArray a = array();
    EXPECT_FALSE(a.write_rows(Tensor::of<float>({4, 1}, {0, 1, 2, 3})));           // too many
    EXPECT_FALSE(a.write_rows(Tensor::of<double>({3}, {0, 1, 2})));                // another type
    EXPECT_FALSE(a.write_rows(Tensor::of<std::string>({3}, {"", "x", "longer"}))); // no rows of bytes
    EXPECT_TRUE(a.is_untouched(0));
}

} // namespace
} // namespace rnnscope::ops
