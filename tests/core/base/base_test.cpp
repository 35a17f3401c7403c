#include "core/base/diagnostic.hpp"
#include "core/base/result.hpp"
#include "core/base/suggest.hpp"

#include <gtest/gtest.h>

namespace rnnscope {
namespace {

TEST(Result, HoldsAValueOrAnError) {
    const Result<int> good(3);
    ASSERT_TRUE(good);
    EXPECT_EQ(*good, 3);
    const Result<int> bad(Error{"ValueError", "no"});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error(), (Error{"ValueError", "no"}));
    EXPECT_TRUE(Status{});
    EXPECT_FALSE(Status(Error{"a", "b"}));
}

TEST(Suggest, FindsTheNearestName) {
    const std::vector<std::string> names = {"nn.rnn_cell.GRUCell", "nn.dynamic_rnn", "num_units", "placeholder"};
    EXPECT_EQ(nearest("num_unit", names), "num_units");
    EXPECT_EQ(nearest("GRUCel", names), "nn.rnn_cell.GRUCell");
    EXPECT_EQ(nearest("nn.dynamicrnn", names), "nn.dynamic_rnn");
    EXPECT_EQ(nearest("PLACEHOLDER", names), "placeholder");
    EXPECT_EQ(nearest("completely different", names), "");
    EXPECT_EQ(nearest("", names), "");
    EXPECT_EQ(nearest(std::string(1'000'000, 'a'), names), "");
}

TEST(Diagnostic, TextStartsWithThePlaceThatEditorsJumpTo) {
    const Diagnostic d{"program.unknown-argument",
                       "unknown argument \"num_unit\"",
                       {"bad.json", 4, 36, "/program/1/args/num_unit", 0},
                       "GRUCell has num_units"};
    EXPECT_EQ(to_text(d), "bad.json:4:36: error [program.unknown-argument] unknown argument \"num_unit\"\n"
                          "  at /program/1/args/num_unit\n"
                          "  fix: GRUCell has num_units\n");
    EXPECT_EQ(to_text(Diagnostic{"file.unreadable", "cannot read x", {"x", 0, 0, "", 0}, ""}),
              "x: error [file.unreadable] cannot read x\n");
}

} // namespace
} // namespace rnnscope
