// Every op type of the graph files is known (real_files_test.cpp), and what is only shown is said to be.

#include "tests/core/import/op_coverage.hpp"

#include <gtest/gtest.h>

namespace rnnscope {
namespace {

TEST(OpCoverage, OpsThatAreOnlyShownHaveNoKernel) {
    for (const std::string& op : shown_only()) {
        ASSERT_NE(ops::find_op(op), nullptr) << op;
        EXPECT_EQ(ops::find_op(op)->kernel, nullptr) << op << " can be computed by now: take it off the list";
    }
}

} // namespace
} // namespace rnnscope
