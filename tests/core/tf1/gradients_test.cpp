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
        std::vector<ops::OpExample> examples = op->examples;
        for (ops::OpExample& more : more_examples(op->name)) examples.push_back(std::move(more));
        for (const ops::OpExample& example : examples)
            if (check(op->name, example)) checked.insert(op->name);
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
    for (const std::string_view name : unsupported_gradients()) EXPECT_FALSE(names.contains(name)) << name;
}

TEST(Gradients, ErrorsAreTensorFlows) {
    Tf tf;
    const Value x = tf("constant", {2.0}, {{"name", "x"}});
    EXPECT_EQ(tf.error("train.AdamOptimizer", {}, {{"name", ""}}), "ValueError: Must specify the optimizer name");
    const Value optimizer = tf("train.GradientDescentOptimizer", {0.1});
    const auto error = [&](std::vector<Value> positional) {
        const auto result = call_method(tf.context, optimizer, "minimize", std::move(positional), {});
        return result.ok() ? "" : result.error().code + ": " + result.error().message;
    };
    EXPECT_EQ(error({x}), "ValueError: No variables to optimize.");
    tf("get_variable", {"v", ints({2})});
    EXPECT_EQ(error({x}), "ValueError: No gradients provided for any variable, check your graph for ops that do not "
                          "support gradients, between variables [\"<tf.Variable 'v:0' shape=(2,) dtype=float32_ref>\"] "
                          "and loss Tensor(\"x:0\", shape=(), dtype=float32).");
    EXPECT_EQ(tf.error("gradients", {x, x}, {{"grad_ys", Value::list({x, x})}}),
              "ValueError: Passed 2 grad_ys for 1 ys");
    EXPECT_EQ(tf.error("train.AdagradOptimizer", {0.1, 0.0}),
              "ValueError: initial_accumulator_value must be positive: 0.0");
}

TEST(Gradients, WhatIsNotConnectedIsNoneOrZero) {
    Tf tf;
    const Value x = tf("constant", {2.0}, {{"name", "x"}}), y = tf("square", {tf("constant", {3.0})});
    const Value none = tf("gradients", {y, x}), zeros = tf("gradients", {y, x}, {{"unconnected_gradients", "zero"}});
    EXPECT_TRUE((*items_of(none))[0].is_none());
    const Value zero = (*items_of(zeros))[0];
    EXPECT_EQ(tf.name(zero), "gradients_1/zeros_like:0");
}

TEST(Gradients, OfAProductIsTensorFlowsGraph) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(3)})}, {{"name", "x"}});
    const Value grads = tf("gradients", {tf("reduce_prod", {x, 1}), x});
    Lines lines;
    const std::string scope = "gradients/Prod_grad/";
    for (std::string line : tf.nodes()) {
        if (line.find(" " + scope) == std::string::npos) continue;
        for (std::size_t at = 0; (at = line.find(scope, at)) != std::string::npos;) line.replace(at, scope.size(), "@");
        lines.push_back(line);
    }
    const auto from = std::find(lines.begin(), lines.end(), "Tile @Tile(@Reshape_1, @floordiv)");
    ASSERT_NE(from, lines.end());
    const Lines expected{
        "Tile @Tile(@Reshape_1, @floordiv)",
        "Const @Rank()",
        "AddV2 @add_1(@Reshape, @Rank)",
        "FloorMod @mod_1(@add_1, @Rank)",
        "Const @range_1/start()",
        "Const @range_1/delta()",
        "Range @range_1(@range_1/start, @Rank, @range_1/delta)",
        "ListDiff @ListDiff(@range_1, @mod_1)",
        "Const @concat/axis()",
        "ConcatV2 @concat(@mod_1, @ListDiff, @concat/axis)",
        "Const @GatherV2/axis()",
        "GatherV2 @GatherV2(@Shape, @mod_1, @GatherV2/axis)",
        "Const @Const()",
        "Prod @Prod(@GatherV2, @Const)",
        "Const @GatherV2_1/axis()",
        "GatherV2 @GatherV2_1(@Shape, @ListDiff, @GatherV2_1/axis)",
        "Const @Const_1()",
        "Prod @Prod_1(@GatherV2_1, @Const_1)",
        "Transpose @transpose(x, @concat)",
        "Shape @Shape_2(@transpose)",
        "Pack @Reshape_2/shape(@Prod, @Prod_1)",
        "Reshape @Reshape_2(@transpose, @Reshape_2/shape)",
        "Const @Cumprod/axis()",
        "Cumprod @Cumprod(@Reshape_2, @Cumprod/axis)",
        "Const @Cumprod_1/axis()",
        "Cumprod @Cumprod_1(@Reshape_2, @Cumprod_1/axis)",
        "Mul @mul(@Cumprod, @Cumprod_1)",
        "Reshape @Reshape_3(@mul, @Shape_2)",
        "InvertPermutation @InvertPermutation(@concat)",
        "Transpose @transpose_1(@Reshape_3, @InvertPermutation)",
        "Mul @mul_1(@Tile, @transpose_1)",
        "Reshape @Reshape_4(@mul_1, @Shape)",
    };
    EXPECT_EQ(Lines(from, lines.end()), expected);
    EXPECT_EQ(tf.name((*items_of(grads))[0]), "gradients/Prod_grad/Reshape_4:0");
    EXPECT_EQ(tf.graph().node(tf.graph().find(scope + "ListDiff")).device, "/device:CPU:0");
}

TEST(Gradients, OfSlicesGatheredOffTheFirstAxisIsTensorFlowsGraph) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, ints({2, 3})}, {{"name", "x"}});
    tf("gradients", {tf("gather", {x, ints({2, 0})}, {{"axis", 1}}), x});
    Lines ops;
    for (const std::string& line : tf.nodes())
        if (line.find(" gradients/GatherV2_grad/") != std::string::npos && !line.starts_with("Const"))
            ops.push_back(line.substr(0, line.find('(')));
    const std::string scope = " gradients/GatherV2_grad/";
    Lines expected{"Cast Cast", "ExpandDims ExpandDims", "Pack strided_slice/stack_1", "StridedSlice strided_slice"};
    for (std::string& line : expected) line.insert(line.find(' '), ""), line.replace(line.find(' '), 1, scope);
    ASSERT_GE(ops.size(), expected.size());
    EXPECT_EQ(Lines(ops.begin(), ops.begin() + static_cast<std::ptrdiff_t>(expected.size())), expected);
    EXPECT_EQ(ops.back(), "Transpose" + scope + "transpose_1");
}

TEST(Gradients, PreventGradientSaysWhy) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, ints({1, 3})}), y = tf("constant", {ints({1})});
    const Value loss = tf("nn.sparse_softmax_cross_entropy_with_logits", {}, {{"labels", y}, {"logits", x}});
    const Value gradient = (*items_of(tf("gradients", {loss, x})))[0];
    EXPECT_TRUE(tf.error("gradients", {gradient, x})
                    .starts_with("LookupError: Gradient explicitly disabled. Reason: Currently there is no way to "
                                 "take the second derivative of sparse_softmax_cross_entropy_with_logits"));
}

TEST(Gradients, AreAggregatedAsAskedFor) {
    const std::string sum = "gradients/AddN", tree = "gradients/x_gradient_sum/AddN_1";
    const struct {
        std::int64_t method;
        bool is_static;
        std::string name;
    } cases[] = {{0, true, sum}, {1, true, tree}, {2, true, "gradients/AccumulateNV2"}, {2, false, tree}};
    for (const auto& test : cases) {
        Tf tf;
        const Value shape = Value::list({test.is_static ? Value(2) : Value()});
        const Value x = tf("placeholder", {DType::float32, shape}, {{"name", "x"}});
        std::vector<Value> ys;
        for (int i = 0; i < 3; ++i) ys.push_back(tf("multiply", {x, 2.0 + i}));
        const Value grads = tf("gradients", {Value::list(ys), x}, {{"aggregation_method", Value(test.method)}});
        EXPECT_EQ(tf.name((*items_of(grads))[0]), test.name + ":0");
    }
}

TEST(Sums, AccumulateNKnowsTheShape) {
    Tf tf;
    const Value x = tf("placeholder", {DType::float32, Value::list({Value(), Value(3)})}),
                y = tf("placeholder", {DType::float32, Value::list({Value(2), Value()})});
    const Value sum = tf("accumulate_n", {Value::list({x, y})});
    EXPECT_EQ(tf.nodes(2, {"N", "shape"}),
              Lines{"AccumulateNV2 AccumulateNV2(Placeholder, Placeholder_1) N=2 shape=[2,3]"});
    EXPECT_EQ(str(tf.get(sum, "shape")), "(2, 3)");
    EXPECT_EQ(tf.name(tf("accumulate_n", {Value::list({x})})), "Placeholder:0");
    EXPECT_EQ(tf.name(tf("accumulate_n", {Value::list({x})}, {{"name", "same"}})), "same:0");
    EXPECT_EQ(tf.error("accumulate_n", {Value::list({})}),
              "ValueError: inputs must be a list of at least one Tensor with the same dtype and shape");
    EXPECT_EQ(tf.error("accumulate_n", {Value::list({x, tf("constant", {1})})}),
              "ValueError: inputs must be a list of at least one Tensor with the same dtype and shape");
    EXPECT_EQ(tf.error("accumulate_n", {Value::list({x, y})}, {{"tensor_dtype", DType::float64}}),
              "TypeError: tensor_dtype is <dtype: 'float64'>, but input is of type <dtype: 'float32'>");
}

TEST(Gradients, OfGatheredRowsOfAResourceKnowItsShape) {
    Tf tf;
    const Value v = tf("get_variable", {"v", ints({3, 2})}, {{"use_resource", true}});
    const std::size_t from = tf.graph().size();
    const Value grads = tf("gradients", {tf("gather", {v, ints({2, 0})}), v});
    Lines lines;
    for (const std::string& line : tf.nodes(from))
        if (line.find(" gradients/Gather_grad/") != std::string::npos) lines.push_back(line);
    const Lines expected{
        "Const gradients/Gather_grad/Const()",
        "Const gradients/Gather_grad/Size()",
        "Const gradients/Gather_grad/ExpandDims/dim()",
        "ExpandDims gradients/Gather_grad/ExpandDims(gradients/Gather_grad/Size, gradients/Gather_grad/ExpandDims/dim)",
        "Const gradients/Gather_grad/strided_slice/stack()",
        "Const gradients/Gather_grad/strided_slice/stack_1()",
        "Const gradients/Gather_grad/strided_slice/stack_2()",
        "StridedSlice gradients/Gather_grad/strided_slice(gradients/Gather_grad/Const, "
        "gradients/Gather_grad/strided_slice/stack, gradients/Gather_grad/strided_slice/stack_1, "
        "gradients/Gather_grad/strided_slice/stack_2)",
        "Const gradients/Gather_grad/concat/axis()",
        "ConcatV2 gradients/Gather_grad/concat(gradients/Gather_grad/ExpandDims, gradients/Gather_grad/strided_slice, "
        "gradients/Gather_grad/concat/axis)",
        "Reshape gradients/Gather_grad/Reshape(gradients/Fill, gradients/Gather_grad/concat)",
        "Reshape gradients/Gather_grad/Reshape_1(Gather/indices, gradients/Gather_grad/ExpandDims)",
    };
    EXPECT_EQ(lines, expected);
    EXPECT_EQ(tf.name(tf.get((*items_of(grads))[0], "dense_shape")), "gradients/Gather_grad/Const:0");
}

} // namespace
} // namespace rnnscope::tf1
