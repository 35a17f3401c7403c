#include "core/tensor/tensor.hpp"

#include <cmath>
#include <numeric>

#include <gtest/gtest.h>

// The expected texts are those of numpy 1.x.
namespace rnnscope {
namespace {

std::string print(Shape shape, std::vector<float> values) {
    return to_text(Tensor::of<float>(std::move(shape), std::move(values)));
}

TEST(Print, AlignsNumbers) {
    EXPECT_EQ(print({2, 2}, {1, 2.5F, 3, 4}), "[[1.  2.5]\n [3.  4. ]]");
    EXPECT_EQ(print({3}, {-1, 10, 0.5F}), "[-1.  10.   0.5]");
    EXPECT_EQ(print({2}, {0.1F, 0.25F}), "[0.1  0.25]");
    EXPECT_EQ(to_text(Tensor::of<std::int32_t>({2, 2}, {1, -20, 3, 4})), "[[  1 -20]\n [  3   4]]");
    EXPECT_EQ(to_text(Tensor::of_bools({2}, {true, false})), "[ True False]");
}

TEST(Print, UsesExponentsForWideRanges) {
    EXPECT_EQ(print({2}, {1e10F, 1}), "[1.e+10 1.e+00]");
    EXPECT_EQ(print({2}, {1.5e-5F, 1}), "[1.5e-05 1.0e+00]");
}

TEST(Print, ScalarsAndEmptyArrays) {
    EXPECT_EQ(print({}, {0.5F}), "0.5");
    EXPECT_EQ(print({}, {3}), "3.0");
    EXPECT_EQ(print({}, {0.1F}), "0.1");
    EXPECT_EQ(print({}, {1e-5F}), "1e-05");
    EXPECT_EQ(print({0}, {}), "[]");
    EXPECT_EQ(print({0, 3}, {}), "[]");
    EXPECT_EQ(to_text(Tensor::scalar(std::int32_t{7})), "7");
    EXPECT_EQ(to_text(Tensor()), "");
}

TEST(Print, SpecialNumbers) {
    EXPECT_EQ(print({3}, {NAN, 1, -INFINITY}), "[ nan   1. -inf]");
}

TEST(Print, SeparatesMatrices) {
    EXPECT_EQ(print({2, 1, 2}, {1, 2, 3, 4}), "[[[1. 2.]]\n\n [[3. 4.]]]");
}

TEST(Print, Summarises) {
    std::vector<float> values(1001);
    std::iota(values.begin(), values.end(), 0.0F);
    EXPECT_EQ(print({1001}, values), "[   0.    1.    2. ...  998.  999. 1000.]");
}

TEST(Print, WrapsLongRows) {
    std::vector<std::int32_t> values(40);
    std::iota(values.begin(), values.end(), 0);
    EXPECT_EQ(to_text(Tensor::of<std::int32_t>({40}, std::move(values))),
              "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n"
              " 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39]");
}

TEST(Print, Strings) {
    EXPECT_EQ(to_text(Tensor::of<std::string>({2}, {"a", "bcd"})), "[b'a' b'bcd']");
}

} // namespace
} // namespace rnnscope
