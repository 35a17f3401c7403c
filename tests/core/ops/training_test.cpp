#include "tests/core/ops/harness.hpp"

#include <algorithm>

// Optimizers, which change variables.
namespace rnnscope::ops {
namespace {

using test::floats;
using test::Harness;
using test::ints;

/// What one step makes of the number 1 and of its slots, with a gradient of 2.
struct Step {
    const char* name;
    std::vector<float> slots, before, after; ///< initial values, and the scalars before and after the gradient
    std::vector<double> expected;            ///< the variable, then its slots
    bool has_sparse = true;
    AttrMap attrs;
};

std::vector<Step> steps() {
    return {
        {"GradientDescent", {}, {0.1F}, {}, {0.8}, false, {}},
        {"Momentum", {0.5F}, {0.1F}, {0.9F}, {0.755, 2.45}, true, {}},
        {"Momentum", {0.5F}, {0.1F}, {0.9F}, {0.5795, 2.45}, true, {{"use_nesterov", true}}},
        {"Adam", {0.5F, 0.25F}, {0.9F, 0.99F, 0.1F, 0.9F, 0.99F, 0.01F}, {}, {0.8809939, 0.65, 0.2875}, false, {}},
        {"RMSProp", {1, 0.5F}, {0.1F, 0.9F, 0.8F, 0.01F}, {}, {0.4252592, 1.3, 0.5747408}, true, {}},
        {"CenteredRMSProp",
         {0.2F, 1, 0.5F},
         {0.1F, 0.9F, 0.8F, 0.01F},
         {},
         {0.4147513, 0.38, 1.3, 0.5852487},
         true,
         {}},
        {"Adagrad", {0.1F}, {0.1F}, {}, {0.9012270, 4.1}, true, {}},
        {"Adagrad", {4.1F}, {0.1F}, {}, {0.9012270, 4.1}, true, {{"update_slots", false}}},
        {"Adadelta", {0.1F, 0.2F}, {0.5F, 0.9F, 0.01F}, {}, {0.35192593, 0.49, 0.348}, true, {}},
    };
}

/// One op of a step, on variables of three numbers of which the last is changed (all of them when it is dense).
struct Trainer {
    Harness h;
    bool is_resource, is_sparse;

    Output variable(const std::string& name, float value, std::int64_t rows = 3) {
        const Tensor tensor = floats({rows, 1}, std::vector<float>(static_cast<std::size_t>(rows), value));
        const Output v = h.add(is_resource ? "VarHandleOp" : "VariableV2", {},
                               {{"dtype", DType::float32}, {"shape", tensor.shape()}}, name);
        EXPECT_EQ(h.failure(h.add(is_resource ? "AssignVariableOp" : "Assign", {v, h.constant(tensor)})), "");
        return v;
    }
    Result<NodeId> add(const Step& step, std::int32_t row = 2, std::int64_t rows_of_slots = 3) {
        const std::string op = std::string(is_resource ? "Resource" : "") + (is_sparse ? "Sparse" : "") + "Apply";
        std::vector<Output> inputs{variable("v0", 1)};
        for (std::size_t i = 0; i < step.slots.size(); ++i)
            inputs.push_back(variable(fmt::format("v{}", i + 1), step.slots[i], rows_of_slots));
        for (const float x : step.before) inputs.push_back(h.constant(floats({}, {x})));
        inputs.push_back(h.constant(is_sparse ? floats({1, 1}, {2}) : floats({3, 1}, {2, 2, 2})));
        if (is_sparse) inputs.push_back(h.constant(ints({1}, {row})));
        for (const float x : step.after) inputs.push_back(h.constant(floats({}, {x})));
        return h.try_add(op + step.name, inputs, step.attrs);
    }
    double value(std::size_t variable, std::int64_t i) {
        return h.session.find_variable(fmt::format("v{}", variable))->value->number(i);
    }
};

TEST(TrainingOps, OfReferencesAndResourcesAndOfRowsComputeTheSameStep) {
    for (const Step& step : steps())
        for (const bool is_resource : {false, true})
            for (const bool is_sparse : {false, true}) {
                if (is_sparse && !step.has_sparse) continue;
                Trainer trainer{.h = {}, .is_resource = is_resource, .is_sparse = is_sparse};
                const auto op = trainer.add(step);
                ASSERT_TRUE(op.ok()) << step.name << ": " << op.error().message;
                EXPECT_EQ(trainer.h.failure({*op, 0}), "") << step.name;
                EXPECT_EQ(trainer.h.graph.node(*op).outputs.size(), is_resource ? 0u : 1u);
                EXPECT_EQ(find_op(trainer.h.graph.node(*op).op)->is_stateful, is_resource);
                for (std::size_t s = 0; s < step.expected.size(); ++s) {
                    EXPECT_NEAR(trainer.value(s, 2), step.expected[s], 1e-6) << step.name << " " << s;
                    const double before = s == 0 ? 1 : step.slots[s - 1];
                    EXPECT_NEAR(trainer.value(s, 0), is_sparse ? before : step.expected[s], 1e-6) << step.name;
                }
            }
}

TEST(TrainingOps, RefuseWhatDoesNotFit) {
    for (const bool is_resource : {false, true})
        for (const Step& step : steps()) {
            Trainer dense{.h = {}, .is_resource = is_resource, .is_sparse = false};
            if (!step.slots.empty()) {
                EXPECT_FALSE(dense.add(step, 2, 4).ok()) << step.name;
            }
            if (!step.has_sparse) continue;
            Trainer rows{.h = {}, .is_resource = is_resource, .is_sparse = true};
            const auto op = rows.add(step, 3);
            ASSERT_TRUE(op.ok()) << step.name;
            EXPECT_EQ(rows.h.failure({*op, 0}), "InvalidArgumentError: Index 3 at offset 0 in indices is out of range")
                << step.name;
            EXPECT_EQ(rows.value(0, 2), 1);
        }
}

TEST(TrainingOps, OfUninitializedVariablesSayWhich) {
    Harness h;
    const auto scalar = [&](float x) { return h.constant(floats({}, {x})); };
    const AttrMap attrs{{"dtype", DType::float32}, {"shape", Shape{}}};
    const Output v = h.add("VariableV2", {}, attrs, "v"), r = h.add("VarHandleOp", {}, attrs, "r");
    EXPECT_EQ(h.failure(h.add("ApplyGradientDescent", {v, scalar(0.1F), scalar(1)})),
              "FailedPreconditionError: Attempting to use uninitialized variables: v");
    EXPECT_EQ(h.failure(h.add("ResourceApplyGradientDescent", {r, scalar(0.1F), scalar(1)})),
              "NotFoundError: Resource localhost/r/N10tensorflow3VarE does not exist.");
}

// What becomes of a variable depends on all of them: whoever follows values must see that they were read.
TEST(TrainingOps, OfResourcesReadWhatTheyChange) {
    for (const Step& step : steps()) {
        Trainer trainer{.h = {}, .is_resource = true, .is_sparse = false};
        const auto op = trainer.add(step);
        ASSERT_TRUE(op.ok());
        trainer.h.accesses.clear();
        EXPECT_EQ(trainer.h.failure({*op, 0}), "");
        const auto count = [&](VariableAccess::Kind kind) {
            return std::ranges::count(trainer.h.accesses, kind, &VariableAccess::kind);
        };
        EXPECT_EQ(count(VariableAccess::Kind::read), static_cast<std::ptrdiff_t>(step.expected.size())) << step.name;
        EXPECT_EQ(count(VariableAccess::Kind::write), static_cast<std::ptrdiff_t>(step.expected.size())) << step.name;
    }
}

TEST(ResourceScatter, ChangesRows) {
    const struct {
        const char* op;
        std::vector<double> expected; ///< of 1, 1, 1 with 5 and 7 for rows 2 and 2
    } cases[] = {
        {"ResourceScatterAdd", {1, 1, 13}}, {"ResourceScatterSub", {1, 1, -11}}, {"ResourceScatterUpdate", {1, 1, 7}}};
    for (const auto& test : cases) {
        Trainer trainer{.h = {}, .is_resource = true, .is_sparse = true};
        Harness& h = trainer.h;
        const Output v = trainer.variable("v0", 1);
        const auto scatter = [&](std::int32_t row) {
            return h.add(test.op, {v, h.constant(ints({2}, {2, row})), h.constant(floats({2, 1}, {5, 7}))});
        };
        EXPECT_EQ(h.failure(scatter(2)), "");
        for (std::int64_t i = 0; i < 3; ++i) EXPECT_EQ(trainer.value(0, i), test.expected[static_cast<std::size_t>(i)]);
        EXPECT_EQ(h.failure(scatter(-1)), "InvalidArgumentError: indices[1] = -1 is not in [0, 3)");
        EXPECT_FALSE(
            h.try_add(test.op, {v, h.constant(ints({2}, {0, 1})), h.constant(floats({2, 2}, {5, 7, 5, 7}))}).ok());
    }
}

} // namespace
} // namespace rnnscope::ops
