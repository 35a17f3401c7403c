#include "core/ops/philox.hpp"
#include "tests/core/ops/harness.hpp"

#include <algorithm>

namespace rnnscope::ops {
namespace {

using test::Harness;
using test::ints;

TEST(Philox, AgreesWithTheKnownAnswers) {
    using Block = Philox::Block;
    EXPECT_EQ(Philox(Block{0, 0, 0, 0}, {0, 0}).next(), (Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    constexpr std::uint32_t ones = 0xffffffff;
    EXPECT_EQ(Philox(Block{ones, ones, ones, ones}, {ones, ones}).next(),
              (Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(Philox(Block{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}).next(),
              (Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
    EXPECT_EQ(Philox(87654321, 1).next(), (Block{0xab1e98c7, 0xcdf5cfa7, 0xf1867731, 0x4c3f748e}));
}

TEST(Philox, SkippingIsDrawing) {
    Philox drawn(5, 6), skipped(5, 6);
    for (int i = 0; i < 300; ++i) drawn.next();
    skipped.skip(300);
    EXPECT_EQ(drawn.next(), skipped.next());
}

std::vector<float> draw(const char* op, std::int64_t seed, std::int64_t seed2, Shape shape) {
    Harness harness;
    const auto dims = shape.dims();
    const Output sizes = harness.constant(ints({static_cast<std::int64_t>(dims.size())}, {dims.begin(), dims.end()}));
    const auto value =
        harness.value(harness.add(op, {sizes}, {{"dtype", DType::float32}, {"seed", seed}, {"seed2", seed2}}));
    EXPECT_TRUE(value.ok());
    return {value->values<float>().begin(), value->values<float>().end()};
}

void expect_close(const std::vector<float>& actual, const std::vector<float>& expected, float tolerance) {
    ASSERT_GE(actual.size(), expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) EXPECT_NEAR(actual[i], expected[i], tolerance) << i;
}

// Printed by TensorFlow itself in public programs.
TEST(RandomOps, ReproduceWhatTensorFlowPrinted) {
    constexpr std::int64_t graph_seed = 87654321;
    expect_close(draw("RandomUniform", graph_seed, 1, {6}),
                 {0.2390374F, 0.92039955F, 0.05051243F, 0.49574447F, 0.8355223F, 0.02647042F}, 6e-8F);
    expect_close(draw("RandomStandardNormal", graph_seed, 1, {6}),
                 {-0.8113182F, 1.4845988F, 0.06532937F, -2.4427042F, 0.0992484F, 0.5912243F}, 2.5e-7F);
    expect_close(draw("RandomStandardNormal", graph_seed, 2, {4}),
                 {-0.85811085F, -0.19662298F, 0.13895047F, -1.22127688F}, 2.5e-7F);
    expect_close(draw("TruncatedNormal", graph_seed, 1, {8}),
                 {-0.8113182F, 1.4845988F, 0.06532937F, 0.0992484F, 0.6396971F, 1.6108712F, 0.16353562F, -1.5157056F},
                 2.5e-7F);
}

TEST(RandomOps, GoOnFromRunToRunAndStartAgainInAnotherSession) {
    Harness first, second;
    const auto add = [](Harness& harness) {
        const Output sizes = harness.constant(ints({1}, {3}));
        return harness.add("RandomUniform", {sizes}, {{"dtype", DType::float32}, {"seed", 1}, {"seed2", 2}});
    };
    const Output a = add(first), b = add(second);
    const Tensor one = *first.value(a), two = *first.value(a), again = *second.value(b);
    EXPECT_FALSE(one.identical(two));
    EXPECT_TRUE(one.identical(again));
    // 256 blocks for each number: the second run begins at block 3 * 256.
    Philox philox(1, 2);
    philox.skip(std::uint64_t{3} * 256);
    const float expected = static_cast<float>(philox.next()[0] & 0x7FFFFF) / 8388608.0F;
    EXPECT_EQ(two.values<float>()[0], expected);
}

TEST(RandomOps, TruncatedNormalStaysWithinTwo) {
    const auto values = draw("TruncatedNormal", 3, 4, {1000});
    EXPECT_TRUE(std::ranges::all_of(values, [](float z) { return z > -2 && z < 2; }));
}

TEST(RandomOps, UniformIntStaysWithinItsBounds) {
    Harness harness;
    const Output value = harness.add(
        "RandomUniformInt",
        {harness.constant(ints({1}, {1000})), harness.constant(ints({}, {-3})), harness.constant(ints({}, {4}))},
        {{"seed", 1}, {"seed2", 2}});
    const Tensor drawn = *harness.value(value);
    std::vector<int> counts(7, 0);
    for (const std::int32_t x : drawn.values<std::int32_t>()) {
        ASSERT_TRUE(x >= -3 && x < 4);
        ++counts[static_cast<std::size_t>(x + 3)];
    }
    EXPECT_TRUE(std::ranges::all_of(counts, [](int n) { return n > 80; }));
    const Output empty =
        harness.add("RandomUniformInt", {harness.constant(ints({1}, {1})), harness.constant(ints({}, {4})),
                                         harness.constant(ints({}, {4}))});
    EXPECT_EQ(harness.failure(empty), "InvalidArgumentError: Need minval < maxval, got 4 >= 4");
}

} // namespace
} // namespace rnnscope::ops
