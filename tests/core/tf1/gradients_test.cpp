#include "core/tf1/gradients.hpp"

#include "core/ops/examples.hpp"
#include "core/ops/kernel.hpp"
#include "core/tf1/gradient_registry.hpp"

#include "program.hpp"

#include <cmath>
#include <map>
#include <set>

namespace rnnscope::tf1 {
namespace {

/// Runs kernels of a graph without state, one node after the other.
class Kernels {
  public:
    explicit Kernels(const Graph& graph) : graph_(graph) {}

    std::optional<Tensor> value(Output output) {
        const std::vector<ops::Value>* values = run(output.node);
        if (values == nullptr) return {};
        const auto* tensor = std::get_if<Tensor>(&(*values)[static_cast<std::size_t>(output.index)]);
        return tensor == nullptr ? std::nullopt : std::optional(*tensor);
    }

  private:
    const std::vector<ops::Value>* run(NodeId id) {
        if (const auto found = values_.find(id); found != values_.end()) return &found->second;
        const Node& node = graph_.node(id);
        const ops::OpDef* def = ops::find_op(node.op);
        if (def == nullptr || def->kernel == nullptr) return nullptr;
        std::vector<ops::Value> inputs, outputs(node.outputs.size());
        for (const Output input : node.inputs) {
            const auto made = value(input);
            if (!made) return nullptr;
            inputs.emplace_back(*made);
        }
        ops::KernelContext ctx(graph_, node, inputs, outputs, {session_, step_, states_[id], 7}, accesses_);
        if (const Status status = def->kernel(ctx); !status.ok()) {
            ADD_FAILURE() << node.name << " (" << node.op << "): " << status.error().message;
            return nullptr;
        }
        return &(values_[id] = std::move(outputs));
    }

    const Graph& graph_;
    ops::ResourceContainer session_, step_;
    std::map<NodeId, ops::KernelState> states_;
    std::vector<ops::VariableAccess> accesses_;
    std::map<NodeId, std::vector<ops::Value>> values_;
};

/// float64 in place of float32, and away from where values are equal: there is no derivative there.
Tensor as_double(const Tensor& tensor) {
    if (tensor.dtype() != DType::float32) return tensor;
    std::vector<double> values;
    for (std::int64_t i = 0; i < tensor.elements(); ++i)
        values.push_back(tensor.number(i) + 0.01 * static_cast<double>(i % 7 + 1));
    return Tensor::of<double>(tensor.shape(), std::move(values));
}

Tensor moved(const Tensor& tensor, std::int64_t at, double by) {
    std::vector<double> values(tensor.values<double>().begin(), tensor.values<double>().end());
    values[static_cast<std::size_t>(at)] += by;
    return Tensor::of<double>(tensor.shape(), std::move(values));
}

/// The op of an example on constants, and a weighted sum of what it computes.
struct Case {
    explicit Case(const std::string& type, const std::vector<Tensor>& inputs, const AttrMap& attrs) {
        for (const Tensor& input : inputs) xs.push_back(state().constant(input));
        op = state().apply_op({type, xs, attrs, "op"});
    }
    GraphState& state() { return context.default_graph(); }
    /// Outputs that are differentiated: of the cross entropies, which also give their gradients, the loss alone.
    std::vector<Output> ys() {
        std::vector<Output> result;
        const Node& node = state().graph.node(op);
        const bool is_loss = node.op.find("CrossEntropy") != std::string::npos;
        for (int i = 0; i < static_cast<int>(is_loss ? 1 : node.outputs.size()); ++i)
            if (is_floating(state().graph.info(Output{op, i}).dtype)) result.push_back(Output{op, i});
        return result;
    }
    static double weight(std::int64_t i) { return 0.5 + 0.25 * static_cast<double>(i % 5); }
    double weighted_sum() {
        Kernels kernels(state().graph);
        double sum = 0;
        for (const Output y : ys()) {
            const auto value = kernels.value(y);
            for (std::int64_t i = 0; value && i < value->elements(); ++i) sum += weight(i) * value->number(i);
        }
        return sum;
    }

    Context context;
    std::vector<Output> xs;
    NodeId op;
};

/// Rows that sum to one: softmax cross entropy has its derivative only for labels that are distributions.
Tensor as_distributions(const Tensor& tensor) {
    std::vector<double> values(tensor.values<double>().begin(), tensor.values<double>().end());
    const auto columns = static_cast<std::size_t>(tensor.shape().dim(tensor.shape().rank() - 1));
    for (std::size_t row = 0; row < values.size(); row += columns) {
        double sum = 0;
        for (std::size_t i = 0; i < columns; ++i) sum += values[row + i];
        for (std::size_t i = 0; i < columns; ++i) values[row + i] /= sum;
    }
    return Tensor::of<double>(tensor.shape(), std::move(values));
}

/// Convolutions of two images of two channels, with strides, paddings, dilations and several filters for each
/// channel.
std::vector<ops::OpExample> convolutions(std::string_view op) {
    const auto numbered = [](Shape shape) {
        std::vector<float> values;
        for (std::int64_t i = 0; i < shape.elements(); ++i) values.push_back(static_cast<float>((i * 7 + 3) % 11) - 4);
        return ops::example::floats(std::move(shape), std::move(values));
    };
    const auto sizes = [](const Shape& shape) {
        std::vector<std::int32_t> dims(shape.dims().begin(), shape.dims().end());
        return ops::example::ints({4}, std::move(dims));
    };
    std::vector<ops::OpExample> all;
    for (const char* padding : {"VALID", "SAME"})
        for (const std::int64_t stride : {1, 2})
            for (const std::int64_t dilation : {1, 2}) {
                if (stride > 1 && dilation > 1) continue;
                const Shape input{2, 5, 3, 2}, filter{3, 2, 2, 2};
                const bool is_depthwise = op.starts_with("Depthwise");
                const bool is_valid = padding[0] == 'V';
                const auto outputs = [&](std::int64_t size, std::int64_t window) {
                    const std::int64_t places = is_valid ? size - (window - 1) * dilation : size;
                    return (places + stride - 1) / stride;
                };
                const Tensor gradient = numbered({2, outputs(5, 3), outputs(3, 2), is_depthwise ? 4 : 2});
                const auto list = [](std::int64_t n) { return attr_list(std::vector<std::int64_t>{1, n, n, 1}); };
                ops::OpExample example{{numbered(input), numbered(filter), gradient},
                                       {{"T", DType::float32},
                                        {"strides", list(stride)},
                                        {"dilations", list(dilation)},
                                        {"padding", padding}},
                                       {}};
                if (op.ends_with("BackpropInput"))
                    example.inputs[0] = sizes(input);
                else if (op.ends_with("BackpropFilter"))
                    example.inputs[1] = sizes(filter);
                else
                    example.inputs.pop_back();
                all.push_back(std::move(example));
            }
    return all;
}

/// Where an op's own examples have nothing to differentiate.
std::vector<ops::OpExample> more_examples(std::string_view op) {
    using ops::example::floats;
    if (op == "Pow") return {{{floats({3}, {1.5f, 2, 0.5f}), floats({3}, {2, 0.5f, -1})}, {{"T", DType::float32}}, {}}};
    if (op == "GatherV2")
        return {{{floats({3, 2}, {1, 2, 3, 4, 5, 6}), ops::example::ints({2}, {2, 0}), ops::example::ints({}, {0})},
                 {{"Tparams", DType::float32}, {"Tindices", DType::int32}, {"Taxis", DType::int32}},
                 {}},
                {{floats({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), ops::example::ints({3}, {2, 0, 2}),
                  ops::example::ints({}, {1})},
                 {{"Tparams", DType::float32}, {"Tindices", DType::int32}, {"Taxis", DType::int32}},
                 {}}};
    // One zero: the product of all others is not what is left after dividing.
    if (op == "Prod")
        return {{{floats({2, 3}, {1, 2, -0.03f, 4, 5, 6}), ops::example::ints({1}, {1})}, {{"T", DType::float32}}, {}},
                {{floats({2, 3}, {1, 2, 3, 4, 5, 6}), ops::example::ints({2}, {0, -1})}, {{"T", DType::float32}}, {}}};
    if (op == "Elu" || op == "Selu" || op == "Softsign" || op == "Relu6")
        return {{{floats({4}, {-2, -0.5f, 0.5f, 7})}, {{"T", DType::float32}}, {}}};
    if (op == "EluGrad" || op == "SeluGrad")
        return {{{floats({2}, {3, 4}), floats({2}, {-0.4f, 2})}, {{"T", DType::float32}}, {}}};
    if (op == "BatchMatMulV2") // batches that are broadcast, and matrices that are transposed
        return {{{floats({2, 1, 1, 2}, {1, 2, 3, 4}), floats({3, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6})},
                 {{"T", DType::float32}},
                 {}},
                {{floats({1, 2, 3}, {1, 2, 3, 4, 5, 6}), floats({2, 2, 2}, {1, 2, 3, 4, 5, 6, 7, 8})},
                 {{"T", DType::float32}, {"adj_x", true}, {"adj_y", true}},
                 {}}};
    if (op == "MatrixSetDiag") // wide, in a batch
        return {{{floats({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), floats({2, 2}, {8, 9, 10, 11})},
                 {{"T", DType::float32}},
                 {}}};
    if (op == "ClipByValue") // each element has limits of its own
        return {{{floats({2, 2}, {-5, 0.5f, 5, 1.5f}), floats({2, 2}, {-1, 0, -2, 2}), floats({2, 2}, {1, 2, 3, 4})},
                 {{"T", DType::float32}},
                 {}}};
    if (op == "Tile")
        return {{{floats({1, 2}, {1, 2}), ops::example::longs({2}, {2, 3})},
                 {{"T", DType::float32}, {"Tmultiples", DType::int64}},
                 {}}};
    if (op == "SelectV2") // what is chosen from has fewer dimensions, or ones
        return {{{ops::example::bools({2, 1, 3}, {true, false, true, false, true, true}), floats({2, 1}, {1, 2}),
                  floats({1, 3}, {5, 6, 7})},
                 {{"T", DType::float32}},
                 {}}};
    if (op == "MatrixBandPart") // wide, in a batch
        return {{{floats({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}), ops::example::longs({}, {0}),
                  ops::example::longs({}, {1})},
                 {{"T", DType::float32}},
                 {}}};
    if (op == "MatrixTriangularSolve") {
        std::vector<ops::OpExample> all; // each triangle both ways, in batches
        for (const bool is_lower : {true, false})
            for (const bool is_adjoint : {true, false})
                all.push_back({{floats({2, 3, 3}, {3, 1, 2, 1, 4, 1, 2, 1, 5, 2, 1, 1, 3, 4, 1, 1, 2, 3}),
                                floats({2, 3, 2}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 8, 7, 6})},
                               {{"T", DType::float32}, {"lower", is_lower}, {"adjoint", is_adjoint}},
                               {}});
        return all;
    }
    if (op == "Qr") // more rows than columns, and a batch
        return {{{floats({3, 2}, {3, 1, 4, 2, 1, 5})}, {{"T", DType::float32}}, {}},
                {{floats({2, 2, 2}, {3, 1, 4, 2, 1, 2, 3, 5})}, {{"T", DType::float32}, {"full_matrices", true}}, {}}};
    if (op.starts_with("Conv2DBackprop") || op.starts_with("DepthwiseConv2dNative")) return convolutions(op);
    if (op == "UnsortedSegmentSum")
        return {{{floats({3, 2}, {1, 2, 3, 4, 5, 6}), ops::example::ints({3}, {1, -1, 0}), ops::example::ints({}, {2})},
                 {{"T", DType::float32}, {"Tindices", DType::int32}, {"Tnumsegments", DType::int32}},
                 {}}};
    return {};
}

/// Gradients of all float inputs against central differences; false when nothing can be differentiated here.
bool check(const std::string& type, const ops::OpExample& example) {
    AttrMap attrs = example.attrs;
    for (auto& [key, value] : attrs)
        if (const DType* dtype = value.as<DType>(); dtype != nullptr && *dtype == DType::float32)
            value = DType::float64;
    std::vector<Tensor> inputs;
    for (const Tensor& input : example.inputs) inputs.push_back(as_double(input));
    if (type == "SoftmaxCrossEntropyWithLogits") inputs[1] = as_distributions(inputs[1]);
    std::optional<Case> made;
    try {
        made.emplace(type, inputs, attrs);
    } catch (const PythonError&) {
        return false; // not for this type
    }
    Case& test = *made;
    GradientsArgs args;
    Kernels values(test.state().graph);
    for (const Output y : test.ys()) {
        const auto value = values.value(y);
        if (!value || value->dtype() != DType::float64) return false;
        std::vector<double> weights;
        for (std::int64_t i = 0; i < value->elements(); ++i) weights.push_back(Case::weight(i));
        args.ys.push_back(wrap(test.state(), y));
        args.grad_ys.push_back(
            wrap(test.state(), test.state().constant(Tensor::of<double>(value->shape(), std::move(weights)))));
    }
    if (args.ys.empty()) return false;
    for (const Output x : test.xs) args.xs.push_back(wrap(test.state(), x));
    std::vector<Gradient> grads;
    try {
        grads = gradients(test.state(), args);
    } catch (const PythonError& error) {
        if (error.type == "NotImplementedError") return false; // it says that it is not there
        ADD_FAILURE() << type << ": " << error.type << ": " << error.message;
        return false;
    }
    bool any = false;
    for (std::size_t k = 0; k < inputs.size(); ++k) {
        if (inputs[k].dtype() != DType::float64 || is_none(grads[k])) continue;
        const Output dense = to_dense(test.state(), grads[k]);
        const auto got = Kernels(test.state().graph).value(dense);
        if (!got) {
            ADD_FAILURE() << type << ": the gradient of input " << k << " cannot be computed";
            continue;
        }
        EXPECT_EQ(got->shape(), inputs[k].shape()) << type;
        if (got->shape() != inputs[k].shape()) continue;
        for (std::int64_t i = 0; i < inputs[k].elements(); ++i) {
            constexpr double step = 1e-6;
            std::vector<Tensor> above = inputs, below = inputs;
            above[k] = moved(inputs[k], i, step);
            below[k] = moved(inputs[k], i, -step);
            const double difference =
                (Case(type, above, attrs).weighted_sum() - Case(type, below, attrs).weighted_sum()) / (2 * step);
            if (std::isnan(difference)) continue;
            EXPECT_NEAR(got->number(i), difference, 1e-6 * (1 + std::abs(difference)))
                << type << ", input " << k << ", element " << i;
            any = true;
        }
    }
    return any;
}

TEST(Gradients, EveryOpAgreesWithNumericDifferentiation) {
    std::set<std::string> checked;
    for (const GradientDef& def : all_gradients()) {
        if (def.gradient == nullptr) continue;
        const ops::OpDef* op = ops::find_op(def.op);
        ASSERT_NE(op, nullptr) << def.op << " is no op";
        if (def.op == "PreventGradient") continue; // it says no
        for (const ops::OpExample& example : op->examples)
            if (check(op->name, example)) checked.insert(op->name);
        for (const ops::OpExample& example : more_examples(op->name)) {
            EXPECT_TRUE(check(op->name, example)) << op->name;
            checked.insert(op->name);
        }
    }
    // What has no derivative of its own, needs state or a loop, or has no kernel for float64.
    const std::set<std::string> others{
        "GRUBlockCell",
        "LSTMBlockCell",
        "BlockLSTM",
        "AddN",
        "Cast",
        "Ceil",
        "DynamicStitch",
        "ParallelDynamicStitch",
        "Enter",
        "Exit",
        "Floor",
        "FloorDiv",
        "Gather",
        "Merge",
        "NextIteration",
        "PlaceholderWithDefault",
        "PreventGradient",
        "ReadVariableOp",
        "RefEnter",
        "RefExit",
        "RefIdentity",
        "RefMerge",
        "RefNextIteration",
        "RefSwitch",
        "ResourceGather",
        "Round",
        "StopGradient",
        "Switch",
        "TruncateDiv",
        "TensorArrayConcatV3",
        "TensorArrayGatherV3",
        "TensorArrayReadV3",
        "TensorArrayScatterV3",
        "TensorArraySplitV3",
        "TensorArrayWriteV3",
        "Sign",
    };
    for (const GradientDef& def : all_gradients())
        if (def.gradient != nullptr && !others.contains(std::string(def.op))) {
            EXPECT_TRUE(checked.contains(std::string(def.op))) << def.op << " has no example that can be checked";
        }
}

/// Cells that are one op have kernels for float32 alone, and gradients of what the next step gets alone.
TEST(Gradients, OfBlockCellsAreSlopes) {
    struct BlockCell {
        std::string type;
        std::vector<int> outputs; ///< that have a gradient
    };
    for (const BlockCell& cell :
         {BlockCell{"GRUBlockCell", {3}}, BlockCell{"LSTMBlockCell", {1, 6}}, BlockCell{"BlockLSTM", {1, 6}}}) {
        const std::string& type = cell.type;
        for (const ops::OpExample& example : ops::find_op(type)->examples) {
            AttrMap attrs = example.attrs;
            if (type != "GRUBlockCell") attrs["cell_clip"] = -1.0F;
            const auto sum = [&](Case& test, std::vector<Value>* ys) {
                Kernels kernels(test.state().graph);
                double result = 0;
                for (const int i : cell.outputs) {
                    const auto value = kernels.value(Output{test.op, i});
                    for (std::int64_t k = 0; value && k < value->elements(); ++k) result += value->number(k);
                    if (ys != nullptr) ys->push_back(wrap(test.state(), Output{test.op, i}));
                }
                return result;
            };
            Case test(type, example.inputs, attrs);
            GradientsArgs args;
            sum(test, &args.ys);
            for (const Output x : test.xs) args.xs.push_back(wrap(test.state(), x));
            const std::vector<Gradient> grads = gradients(test.state(), args);
            for (std::size_t k = 0; k < example.inputs.size(); ++k) {
                if (!is_floating(example.inputs[k].dtype())) continue; // the number of steps
                const auto got = Kernels(test.state().graph).value(to_dense(test.state(), grads[k]));
                ASSERT_TRUE(got.has_value()) << type << ", input " << k;
                ASSERT_EQ(got->shape(), example.inputs[k].shape()) << type << ", input " << k;
                for (std::int64_t i = 0; i < got->elements(); ++i) {
                    const auto at = [&](float by) {
                        const auto old = example.inputs[k].values<float>();
                        std::vector<float> values(old.begin(), old.end());
                        values[static_cast<std::size_t>(i)] += by;
                        std::vector<Tensor> inputs = example.inputs;
                        inputs[k] = Tensor::of<float>(example.inputs[k].shape(), std::move(values));
                        Case other(type, inputs, attrs);
                        return sum(other, nullptr);
                    };
                    EXPECT_NEAR(got->number(i), (at(0.015625F) - at(-0.015625F)) / 0.03125, 1e-3)
                        << type << ", input " << k << ", element " << i;
                }
            }
        }
    }
}

TEST(Gradients, EveryOpTypeHasOneRecordAndNoneOfTheUnsupported) {
    std::set<std::string_view> names;
    for (const GradientDef& def : all_gradients()) EXPECT_TRUE(names.insert(def.op).second) << def.op;
    for (const std::string_view name : unsupported_gradients()) {
        EXPECT_FALSE(names.contains(name)) << name;
        const ops::OpDef* op = ops::find_op(name);
        ASSERT_NE(op, nullptr) << name;
        EXPECT_EQ(op->kernel, nullptr) << name << " can be run, so that its gradient could be";
    }
}

/// Every op that computes floats from floats has one, if TensorFlow has.
TEST(Gradients, AreThereForWhateverTensorFlowDifferentiates) {
    const std::set<std::string_view> none_in_tensorflow{
        "BlockLSTMGrad", "GRUBlockCellGrad", "LSTMBlockCellGrad", "Mod",
        "RandomShuffle", "ScatterUpdate",    "SoftsignGrad",      "StackPushV2",
    };
    const auto has_floats = [](const ops::OpDef& op, const std::vector<ops::ArgDef>& args) {
        return std::any_of(args.begin(), args.end(), [&](const ops::ArgDef& arg) {
            if (arg.type_attr.empty()) return is_floating(arg.dtype);
            const ops::AttrDef* attr = op.attr(arg.type_attr);
            return attr->allowed_types.empty() ||
                   std::any_of(attr->allowed_types.begin(), attr->allowed_types.end(), is_floating);
        });
    };
    for (const ops::OpDef& op : ops::all_ops()) {
        if (op.kernel == nullptr || !has_floats(op, op.inputs) || !has_floats(op, op.outputs)) continue;
        if (op.name.find("Apply") != std::string::npos) continue; // steps of optimizers
        EXPECT_NE(find_gradient(op.name) != nullptr, none_in_tensorflow.contains(op.name)) << op.name;
    }
}

} // namespace
} // namespace rnnscope::tf1
