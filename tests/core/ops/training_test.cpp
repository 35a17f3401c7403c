#include "tests/core/ops/harness.hpp"

// Optimizers, which change variables.
namespace rnnscope::ops {
namespace {

using test::floats;
using test::Harness;
using test::ints;

struct Adadelta : testing::Test {
    Harness h;
    Output variable(const std::string& name, const Tensor& value) {
        const Output v = h.add("VariableV2", {}, {{"dtype", value.dtype()}, {"shape", value.shape()}}, name);
        EXPECT_EQ(h.failure(h.add("Assign", {v, h.constant(value)})), "");
        return v;
    }
    Output scalar(float x) { return h.constant(floats({}, {x})); }
    void expect(const std::string& name, const std::vector<double>& values) {
        const Tensor value = *h.session.find_variable(name)->value;
        for (std::size_t i = 0; i < values.size(); ++i)
            EXPECT_NEAR(value.number(static_cast<std::int64_t>(i)), values[i], 1e-6) << name << " " << i;
    }
};

// accum = 0.9 * 0.1 + 0.1 * 4, update = sqrt(0.2 + 0.01) / sqrt(accum + 0.01) * 2, var = 1 - 0.5 * update,
// accum_update = 0.9 * 0.2 + 0.1 * update^2
TEST_F(Adadelta, ChangesTheVariableAndBothSlots) {
    const Output var = variable("var", floats({2}, {1, 1})), accum = variable("accum", floats({2}, {0.1F, 0.1F})),
                 accum_update = variable("accum_update", floats({2}, {0.2F, 0.2F}));
    const Output step = h.add("ApplyAdadelta", {var, accum, accum_update, scalar(0.5F), scalar(0.9F), scalar(0.01F),
                                                h.constant(floats({2}, {2, 0}))});
    EXPECT_EQ(h.failure(step), "");
    expect("var", {0.35192593, 1.0});
    expect("accum", {0.49, 0.09});
    expect("accum_update", {0.348, 0.18});
}

TEST_F(Adadelta, OfRowsLeavesTheOthersAlone) {
    const Output var = variable("var", floats({3, 1}, {1, 1, 1})),
                 accum = variable("accum", floats({3, 1}, {0.1F, 0.1F, 0.1F})),
                 accum_update = variable("accum_update", floats({3, 1}, {0.2F, 0.2F, 0.2F}));
    const auto step = [&](std::int32_t row) {
        return h.add("SparseApplyAdadelta", {var, accum, accum_update, scalar(0.5F), scalar(0.9F), scalar(0.01F),
                                             h.constant(floats({1, 1}, {2})), h.constant(ints({1}, {row}))});
    };
    EXPECT_EQ(h.failure(step(2)), "");
    expect("var", {1.0, 1.0, 0.35192593});
    expect("accum", {0.1, 0.1, 0.49});
    expect("accum_update", {0.2, 0.2, 0.348});
    EXPECT_EQ(h.failure(step(3)), "InvalidArgumentError: Index 3 at offset 0 in indices is out of range");
}

} // namespace
} // namespace rnnscope::ops
