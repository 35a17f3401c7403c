#include "core/tensor/shape.hpp"

#include <gtest/gtest.h>
#include <limits>

namespace rnnscope {
namespace {

TEST(Shape, MergesWhatIsKnown) {
    const Shape partial{Shape::unknown, 3}, full{2, 3};
    EXPECT_EQ(partial.merged(full), full);
    EXPECT_EQ(Shape::unknown_rank().merged(partial), partial);
    EXPECT_FALSE(partial.compatible(Shape{2, 4}));
    EXPECT_FALSE(partial.compatible(Shape{2}));
    EXPECT_TRUE(full.fully_defined());
    EXPECT_FALSE(partial.fully_defined());
}

TEST(Shape, CountsElementsWithoutOverflow) {
    EXPECT_EQ(Shape{}.elements(), 1);
    EXPECT_EQ((Shape{2, 3, 4}.elements()), 24);
    constexpr std::int64_t large = std::int64_t{1} << 40;
    EXPECT_EQ((Shape{large, large}.elements()), std::numeric_limits<std::int64_t>::max());
    EXPECT_EQ((Shape{large, large, 0}.elements()), 0);
}

TEST(Shape, PrintsAsTensorFlowDoes) {
    EXPECT_EQ(to_text(Shape{2, Shape::unknown}), "[2,?]");
    EXPECT_EQ(to_text(Shape::unknown_rank()), "<unknown>");
    EXPECT_EQ(to_python(Shape{5}), "(5,)");
    EXPECT_EQ(to_python(Shape{Shape::unknown, 5, 3}), "(?, 5, 3)");
}

} // namespace
} // namespace rnnscope
