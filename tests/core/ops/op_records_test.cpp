#include "core/ops/kernel_util.hpp"
#include "tests/core/ops/harness.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

// Checks that hold for every op, from the records alone.
namespace rnnscope::ops {
namespace {

using test::Harness;

class EveryOp : public testing::TestWithParam<std::string> {
  protected:
    const OpDef& def() const { return *find_op(GetParam()); }
};

std::vector<std::string> names() {
    std::vector<std::string> result;
    for (const OpDef& op : all_ops()) result.push_back(op.name);
    return result;
}

/// Ops that work on state made by other ops, or that always fail, are tested by themselves.
bool needs_state(const OpDef& def) {
    const bool needs_checkpoints = def.name == "SaveV2" || def.name == "RestoreV2" || def.name == "MergeV2Checkpoints";
    const bool needs_other_op = def.name == "Placeholder" || def.name == "PlaceholderV2" || def.name == "Unstage";
    return needs_other_op || needs_checkpoints || std::ranges::any_of(def.inputs, [](const ArgDef& arg) {
               return arg.is_ref || arg.dtype == DType::resource;
           });
}

void expect_equal(const Tensor& actual, const Tensor& expected) {
    ASSERT_EQ(actual.dtype(), expected.dtype());
    ASSERT_EQ(to_text(actual.shape()), to_text(expected.shape()));
    if (!is_floating(expected.dtype())) {
        EXPECT_TRUE(actual.identical(expected));
        return;
    }
    for (std::int64_t i = 0; i < expected.elements(); ++i) EXPECT_NEAR(actual.number(i), expected.number(i), 2e-6) << i;
}

TEST_P(EveryOp, HasASummary) {
    EXPECT_FALSE(def().summary.empty());
    EXPECT_TRUE(def().summary.ends_with('.') || def().summary.ends_with('?')) << def().summary;
}

TEST_P(EveryOp, WithAKernelHasAnExample) {
    if (def().kernel != nullptr && !needs_state(def())) {
        EXPECT_FALSE(def().examples.empty());
    }
}

TEST_P(EveryOp, HasAShapeFunction) {
    EXPECT_NE(def().shape, nullptr);
}

TEST_P(EveryOp, ArgumentsNameAttributes) {
    for (const auto* args : {&def().inputs, &def().outputs})
        for (const ArgDef& arg : *args)
            for (const std::string& attr : {arg.type_attr, arg.number_attr, arg.type_list_attr})
                if (!attr.empty()) {
                    EXPECT_NE(def().attr(attr), nullptr) << attr;
                }
}

/// `values_known`: the inputs are constants; else placeholders of unknown shape, which must not hurt either.
Output build(Harness& harness, const OpDef& def, const OpExample& example, bool values_known) {
    std::vector<Output> inputs;
    for (const Tensor& input : example.inputs)
        inputs.push_back(values_known ? harness.constant(input)
                                      : harness.placeholder(Shape::unknown_rank(), input.dtype()));
    return harness.add(def.name, inputs, example.attrs);
}

TEST_P(EveryOp, ComputesItsExamplesWithTheShapesItPromised) {
    if (def().kernel == nullptr || needs_state(def())) return;
    for (const OpExample& example : def().examples) {
        Harness harness;
        const Output output = build(harness, def(), example, true);
        ASSERT_TRUE(output.valid());
        const auto values = harness.run(output.node);
        ASSERT_TRUE(values.ok()) << values.error().message;
        const Node& node = harness.graph.node(output.node);
        for (std::size_t i = 0; i < values->size(); ++i) {
            const auto* tensor = std::get_if<Tensor>(&(*values)[i]);
            if (tensor == nullptr) continue; // a dead output or a reference
            EXPECT_EQ(tensor->dtype(), node.outputs[i].dtype);
            const bool is_handle = tensor->dtype() == DType::resource; // its static shape is a relic
            if (!is_handle) {
                EXPECT_TRUE(node.outputs[i].shape.compatible(tensor->shape()))
                    << to_text(node.outputs[i].shape) << " promised, " << to_text(tensor->shape()) << " computed";
            }
            if (i < example.expected.size()) expect_equal(*tensor, example.expected[i]);
        }
    }
}

/// The tensor in another floating type.
Tensor in_type(const Tensor& tensor, DType to) {
    Tensor result;
    visit_float(to, [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        result = Tensor::make<T>(tensor.shape(), data);
        for (std::int64_t i = 0; i < tensor.elements(); ++i) data[i] = static_cast<T>(tensor.number(i));
    });
    return result;
}

bool allows(const OpDef& def, const std::string& attr_name, DType type) {
    const AttrDef* attr = def.attr(attr_name);
    return attr != nullptr &&
           (attr->allowed_types.empty() || std::ranges::find(attr->allowed_types, type) != attr->allowed_types.end());
}

/// The example with all float32 that may be of another type in that type; nothing when there is no such float32.
std::optional<OpExample> example_in_type(const OpDef& def, const OpExample& example, DType to) {
    OpExample result = example;
    bool changed = false;
    std::size_t at = 0;
    const auto is_list_arg = [](const ArgDef& arg) { return !arg.number_attr.empty() || !arg.type_list_attr.empty(); };
    const auto lists = static_cast<std::size_t>(std::ranges::count_if(def.inputs, is_list_arg));
    for (const ArgDef& arg : def.inputs) {
        const std::size_t count = is_list_arg(arg) ? (example.inputs.size() - (def.inputs.size() - lists)) / lists : 1;
        for (std::size_t i = 0; i < count; ++i, ++at) {
            if (example.inputs[at].dtype() != DType::float32 || !allows(def, arg.type_attr, to)) continue;
            result.inputs[at] = in_type(example.inputs[at], to);
            changed = true;
        }
    }
    for (auto& [key, value] : result.attrs)
        if (const auto* type = value.as<DType>(); type != nullptr && *type == DType::float32 && allows(def, key, to)) {
            value = to;
            changed = true;
        }
    if (const auto it = result.attrs.find("value"); changed && it != result.attrs.end())
        if (const auto* tensor = it->second.as<Tensor>(); tensor != nullptr) it->second = in_type(*tensor, to);
    return changed ? std::optional(result) : std::nullopt;
}

void expect_examples_in_type(const OpDef& def, DType to, double tolerance) {
    for (const OpExample& example : def.examples) {
        const auto converted = example_in_type(def, example, to);
        if (!converted) continue;
        Harness harness;
        const Output output = build(harness, def, *converted, true);
        ASSERT_TRUE(output.valid());
        const auto values = harness.run(output.node);
        ASSERT_TRUE(values.ok()) << values.error().message;
        for (std::size_t i = 0; i < std::min(values->size(), example.expected.size()); ++i) {
            const auto* tensor = std::get_if<Tensor>(&(*values)[i]);
            if (tensor == nullptr || !is_floating(tensor->dtype()) || !is_floating(example.expected[i].dtype()))
                continue;
            ASSERT_EQ(to_text(tensor->shape()), to_text(example.expected[i].shape()));
            EXPECT_EQ(tensor->dtype(), harness.graph.node(output.node).outputs[i].dtype);
            for (std::int64_t e = 0; e < tensor->elements(); ++e) {
                const double expected = example.expected[i].number(e);
                EXPECT_NEAR(tensor->number(e), expected, tolerance * std::max(1.0, std::abs(expected))) << e;
            }
        }
    }
}

TEST_P(EveryOp, ComputesItsExamplesInDoublePrecisionToo) {
    if (def().kernel == nullptr || needs_state(def())) return;
    expect_examples_in_type(def(), DType::float64, 2e-6);
}

// TensorFlow draws halves in a way of their own, which is not done here.
TEST_P(EveryOp, ComputesItsExamplesInHalfPrecisionToo) {
    if (def().kernel == nullptr || needs_state(def()) || def().attr("seed") != nullptr) return;
    expect_examples_in_type(def(), DType::half, 5e-3);
}

TEST_P(EveryOp, InfersShapesFromNothing) {
    if (needs_state(def())) return;
    for (const OpExample& example : def().examples) {
        Harness harness;
        const Output output = build(harness, def(), example, false);
        ASSERT_TRUE(output.valid());
        const Node& node = harness.graph.node(output.node);
        for (std::size_t i = 0; i < std::min(node.outputs.size(), example.expected.size()); ++i)
            EXPECT_TRUE(node.outputs[i].shape.compatible(example.expected[i].shape()));
    }
}

// A file can say any size. Shape functions must refuse or compute it, without overflow.
TEST_P(EveryOp, SurvivesHugeDimensions) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    for (const OpExample& example : def().examples)
        for (const std::int64_t size : {most, most / 2 + 1, std::int64_t{1} << 40})
            for (std::size_t changed = 0; changed <= example.inputs.size(); ++changed) { // the last round: all of them
                Harness harness;
                std::vector<Output> inputs;
                for (std::size_t i = 0; i < example.inputs.size(); ++i) {
                    const Tensor& input = example.inputs[i];
                    const bool is_huge = i == changed || changed == example.inputs.size();
                    if (!is_huge && input.dtype() != DType::resource) {
                        inputs.push_back(harness.constant(input));
                        continue;
                    }
                    const Shape shape(std::vector<std::int64_t>(input.shape().rank(), size));
                    inputs.push_back(harness.placeholder(shape, input.dtype()));
                }
                const auto added = harness.try_add(def().name, inputs, example.attrs);
                if (!added) {
                    EXPECT_FALSE(added.error().message.empty());
                }
            }
}

// Kernels get whatever a feed delivers: wrong ranks and sizes must be refused or computed, never crash.
TEST_P(EveryOp, SurvivesInputsOfOtherShapes) {
    if (def().kernel == nullptr || needs_state(def())) return;
    const std::vector<Shape> shapes = {{}, {0}, {1}, {3}, {2, 0}, {2, 3}, {1, 2, 2}};
    for (const OpExample& example : def().examples)
        for (std::size_t changed = 0; changed < example.inputs.size(); ++changed)
            for (const Shape& shape : shapes) {
                Harness harness;
                const Output output = build(harness, def(), example, false);
                std::vector<Value> inputs(example.inputs.begin(), example.inputs.end());
                inputs[changed] = Tensor::zeros(example.inputs[changed].dtype(), shape);
                const Node& node = harness.graph.node(output.node);
                std::vector<Value> outputs(node.outputs.size());
                KernelState state;
                KernelContext ctx(harness.graph, node, inputs, outputs, {harness.session, harness.step, state, 7},
                                  harness.accesses);
                const Status status = def().kernel(ctx);
                if (!status.ok()) {
                    EXPECT_FALSE(status.error().message.empty());
                }
            }
}

INSTANTIATE_TEST_SUITE_P(Ops, EveryOp, testing::ValuesIn(names()), [](const auto& name) { return name.param; });

TEST(OpRecords, AreFoundByName) {
    ASSERT_NE(find_op("MatMul"), nullptr);
    EXPECT_EQ(find_op("MatMul")->name, "MatMul");
    EXPECT_EQ(find_op("Matmul"), nullptr);
}

TEST(OpBuilder, ReadsTheNotation) {
    const OpDef op = OpBuilder("X")
                         .input("values: N * T")
                         .input("ref: Ref(T)")
                         .input("rest: U")
                         .output("out: int32")
                         .attr("N: int >= 2")
                         .attr("T: {float, int32} = DT_FLOAT")
                         .attr("U: list(type) >= 1")
                         .attr("mode: {'a', 'b'} = 'b'")
                         .attr("shape: shape = { unknown_rank: true }")
                         .attr("dims: list(int) = [1, -2]");
    EXPECT_EQ(op.inputs[0].number_attr, "N");
    EXPECT_EQ(op.inputs[0].type_attr, "T");
    EXPECT_TRUE(op.inputs[1].is_ref);
    EXPECT_EQ(op.inputs[2].type_list_attr, "U");
    EXPECT_EQ(op.outputs[0].dtype, DType::int32);
    EXPECT_EQ(op.attr("N")->minimum, 2);
    EXPECT_EQ(op.attr("T")->allowed_types, (std::vector{DType::float32, DType::int32}));
    EXPECT_EQ(*op.attr("T")->default_value, AttrValue(DType::float32));
    EXPECT_EQ(*op.attr("mode")->default_value, AttrValue("b"));
    EXPECT_EQ(*op.attr("shape")->default_value, AttrValue(Shape::unknown_rank()));
    EXPECT_EQ(*op.attr("dims")->default_value, AttrValue(attr_list(std::vector<std::int64_t>{1, -2})));
    EXPECT_EQ(op.attr("nothing"), nullptr);
}

} // namespace
} // namespace rnnscope::ops
