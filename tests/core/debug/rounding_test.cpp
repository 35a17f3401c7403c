// The rounding belongs to the program: it is set by a command, undone, and kept by what-ifs.

#include "tests/core/debug/command_test.hpp"

namespace rnnscope::debug {
namespace {

class RoundingCommands : public rnnscope::tests::CommandTest {
  protected:
    /// What the last run fetched.
    Tensor fetched() const {
        const auto& runs = debugger_.recording().runs();
        return runs.empty() || runs[runs.size() - 1].outcome.results.empty()
                   ? Tensor()
                   : runs[runs.size() - 1].outcome.results.back();
    }
};

TEST_F(RoundingCommands, SetItInTheProgramAndRunAgain) {
    open("nb17_static_rnn");
    const Tensor fast = fetched();
    EXPECT_EQ(run("rounding.tensorflow"), "\"rounding\" is \"tf1.15\" in the program now");
    const Tensor as_tensorflow = fetched();
    ASSERT_EQ(as_tensorflow.shape(), fast.shape());
    EXPECT_FALSE(as_tensorflow.identical(fast));
    EXPECT_EQ(debugger_.program().rounding, ops::Rounding::tf1_15);
    EXPECT_NE(run("rounding.tensorflow").find("already"), std::string::npos);
    run("rounding.fast");
    EXPECT_TRUE(fetched().identical(fast));
    run("edit.undo");
    EXPECT_EQ(debugger_.program().rounding, ops::Rounding::tf1_15);
    run("run.continue");
    EXPECT_TRUE(fetched().identical(as_tensorflow));
}

} // namespace
} // namespace rnnscope::debug
