#include "core/tensor/half.hpp"

#include "tests/core/ops/harness.hpp"

#include <cmath>
#include <limits>

// Arithmetic of 16-bit floats: computed wider, rounded to nearest with ties to even.
namespace rnnscope::ops {
namespace {

using test::floats;
using test::Harness;
using test::ints;

Tensor halves(Shape shape, const std::vector<float>& values) {
    std::vector<Half> rounded;
    for (const float x : values) rounded.emplace_back(x);
    return Tensor::of<Half>(std::move(shape), rounded);
}

TEST(Half, RoundsToNearestAndTiesToEven) {
    const auto bits = [](float x) { return Half(x).bits(); };
    EXPECT_EQ(bits(1.0F), 0x3C00);
    EXPECT_EQ(bits(-0.0F), 0x8000);
    EXPECT_EQ(bits(1 + 0x1p-11F), 0x3C00) << "half of the last place: down to the even one";
    EXPECT_EQ(bits(1 + 0x1p-11F + 0x1p-20F), 0x3C01);
    EXPECT_EQ(bits(1 + 3 * 0x1p-11F), 0x3C02) << "half of the last place: up to the even one";
    EXPECT_EQ(bits(2047.5F), 0x6800) << "a carry into the exponent";
    EXPECT_EQ(bits(65504.0F), 0x7BFF);
    EXPECT_EQ(bits(65519.0F), 0x7BFF);
    EXPECT_EQ(bits(65520.0F), 0x7C00) << "the first number that is infinite";
    EXPECT_EQ(bits(-1e30F), 0xFC00);
    EXPECT_EQ(bits(0x1p-14F), 0x0400);
    EXPECT_EQ(bits(0x1p-24F), 0x0001) << "the smallest subnormal";
    EXPECT_EQ(bits(0x1p-25F), 0x0000);
    EXPECT_EQ(bits(1.5F * 0x1p-25F), 0x0001);
    EXPECT_EQ(bits(3 * 0x1p-25F), 0x0002);
    EXPECT_TRUE(std::isnan(static_cast<float>(Half(std::numeric_limits<float>::quiet_NaN()))));
}

TEST(Half, EveryValueComesBack) {
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const Half half = Half::from_bits(static_cast<std::uint16_t>(bits));
        const auto wide = static_cast<float>(half);
        if (!std::isnan(wide)) {
            ASSERT_EQ(Half(wide).bits(), bits);
        }
        ASSERT_EQ(std::isnan(wide), (bits & 0x7C00) == 0x7C00 && (bits & 0x3FF) != 0);
    }
    EXPECT_EQ(static_cast<double>(Half::from_bits(0x3555)), 0.333251953125);
    EXPECT_EQ(static_cast<double>(Half::from_bits(0x83FF)), -1023 * 0x1p-24);
}

TEST(Half, IsCastFromAndTo) {
    Harness h;
    const Output half =
        h.add("Cast", {h.constant(floats({4}, {0.1F, 70000.0F, -2.5F, 1e-9F}))}, {{"DstT", DType::half}});
    EXPECT_TRUE(h.value(half)->identical(halves({4}, {0.0999755859375F, INFINITY, -2.5F, 0.0F})));
    EXPECT_TRUE(h.value(h.add("Cast", {half}, {{"DstT", DType::int32}}))
                    ->identical(ints({4}, {0, std::numeric_limits<std::int32_t>::min(), -2, 0})));
    EXPECT_EQ(h.value(h.add("Cast", {half}, {{"DstT", DType::float64}}))->number(0), 0.0999755859375);
    const Output counted = h.add("Cast", {h.constant(ints({2}, {2049, -3}))}, {{"DstT", DType::half}});
    EXPECT_TRUE(h.value(counted)->identical(halves({2}, {2048, -3})));
}

TEST(Half, IsComputedWithAndRoundedOnce) {
    Harness h;
    const Output x = h.constant(halves({3}, {1.0F, 1000.0F, 60000.0F}));
    const Output y = h.constant(halves({3}, {0x1p-11F, 0.3F, 60000.0F}));
    EXPECT_TRUE(h.value(h.add("Add", {x, y}))->identical(halves({3}, {1.0F, 1000.5F, INFINITY})));
    EXPECT_TRUE(h.value(h.add("Sub", {x, y}))->identical(halves({3}, {1 - 0x1p-11F, 999.5F, 0.0F})));
    EXPECT_TRUE(h.value(h.add("Greater", {x, y}))->identical(Tensor::of_bools({3}, {true, true, false})));
    EXPECT_TRUE(h.value(h.add("Tanh", {y}))->identical(halves({3}, {0x1p-11F, std::tanh(0.300048828125F), 1.0F})));
    // A sum that would overflow on the way if it were kept in 16 bits.
    const Output numbers = h.constant(halves({1, 3}, {60000.0F, 60000.0F, -60000.0F}));
    EXPECT_TRUE(h.value(h.add("Sum", {numbers, h.constant(ints({1}, {1}))}))->identical(halves({1}, {60000.0F})));
    const Output product = h.add("MatMul", {numbers, h.constant(halves({3, 1}, {1.0F, 0.5F, 1.0F}))});
    EXPECT_TRUE(h.value(product)->identical(halves({1, 1}, {30000.0F})));
}

TEST(Half, IsMovedLikeEveryOtherType) {
    Harness h;
    const Output x = h.constant(halves({2, 2}, {1, 2, 3, 4}));
    const Output axis = h.constant(ints({}, {0}));
    EXPECT_TRUE(h.value(h.add("Reshape", {x, h.constant(ints({1}, {4}))}))->identical(halves({4}, {1, 2, 3, 4})));
    EXPECT_TRUE(h.value(h.add("ConcatV2", {x, x, axis}))->identical(halves({4, 2}, {1, 2, 3, 4, 1, 2, 3, 4})));
    EXPECT_TRUE(
        h.value(h.add("Transpose", {x, h.constant(ints({2}, {1, 0}))}))->identical(halves({2, 2}, {1, 3, 2, 4})));
    EXPECT_TRUE(h.value(h.add("GatherV2", {x, h.constant(ints({1}, {1})), axis}))->identical(halves({1, 2}, {3, 4})));
    EXPECT_TRUE(h.value(h.add("Fill", {h.constant(ints({1}, {2})), h.constant(halves({}, {0.5F}))}))
                    ->identical(halves({2}, {0.5F, 0.5F})));
}

} // namespace
} // namespace rnnscope::ops
