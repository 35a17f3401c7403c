#include "core/tensor/tensor.hpp"

#include <gtest/gtest.h>

#include <span>

namespace rnnscope {
namespace {

TEST(Tensor, RepeatedValuesAreThoseOfAShortField) {
    const float head[] = {1.0F, 2.0F};
    const auto repeated = [&](std::size_t count) {
        return Tensor::repeated(DType::float32, {2, 2}, std::as_bytes(std::span(head, count)));
    };
    const Tensor tensor = repeated(2), whole = Tensor::of<float>({2, 2}, {1, 2, 2, 2});
    EXPECT_EQ(tensor.byte_size(), 16U);
    EXPECT_EQ(tensor.number(0), 1);
    EXPECT_EQ(tensor.number(3), 2);
    EXPECT_EQ(tensor.integer(2), 2);
    EXPECT_TRUE(tensor.identical(repeated(2)));
    EXPECT_FALSE(tensor.identical(repeated(1)));
    EXPECT_TRUE(tensor.identical(whole));
    EXPECT_TRUE(whole.identical(tensor));
    EXPECT_EQ(to_text(tensor), to_text(whole));
    const Tensor flat = tensor.reshaped({4});
    EXPECT_TRUE(flat.identical(Tensor::of<float>({4}, {1, 2, 2, 2})));
    EXPECT_EQ(flat.values<float>().data(), tensor.values<float>().data()) << "made once";
}

TEST(Tensor, WithoutValuesToRepeatThereAreZeros) {
    EXPECT_TRUE(Tensor::repeated(DType::int64, {3}, {}).identical(Tensor::zeros(DType::int64, {3})));
    EXPECT_TRUE(Tensor::repeated(DType::int64, {0}, {}).identical(Tensor::zeros(DType::int64, {0})));
}

} // namespace
} // namespace rnnscope
