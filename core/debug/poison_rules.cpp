#include "core/debug/poison_rules.hpp"

#include "core/ops/elementwise.hpp"
#include "core/ops/kernel.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace rnnscope::debug {
namespace poison_rules { // not unnamed: its short words are those of the table
namespace {

using Masks = std::vector<PoisonMask>;
using Extent = PoisonMask::Extent;

/// Which of `n` inputs are meant.
using Which = bool (*)(std::size_t i, std::size_t n);
bool nothing(std::size_t, std::size_t) {
    return false;
}
bool everything(std::size_t, std::size_t) {
    return true;
}
bool first(std::size_t i, std::size_t) {
    return i == 0;
}
bool second(std::size_t i, std::size_t) {
    return i == 1;
}
bool first_two(std::size_t i, std::size_t) {
    return i < 2;
}
bool all_but_first(std::size_t i, std::size_t) {
    return i > 0;
}
bool all_but_second(std::size_t i, std::size_t) {
    return i != 1;
}
bool all_but_last(std::size_t i, std::size_t n) {
    return i + 1 < n;
}
bool last(std::size_t i, std::size_t n) {
    return i + 1 == n;
}
bool second_half(std::size_t i, std::size_t n) {
    return i >= n / 2;
}

struct Rule;
/// Fills the masks of the outputs, which are empty; false: the rule does not apply, and all is poisoned.
using Spread = bool (*)(const Rule&, const PoisonedVisit&, Masks&);

/// How poison goes through an op.
struct Rule {
    std::string_view op;
    Spread spread;
    /// Exact whatever the values are: no product with a zero, no choice of the larger one.
    bool is_exact = false;
    Which data = everything; ///< inputs whose elements are computed with; the others say how
    Which shapes = nothing;  ///< of the others: those that decide how many elements there are
    bool adds = false;       ///< through the kernel: there are elements in the outputs that come from no input
};

std::int64_t elements_of(const Tensor& tensor) {
    return tensor ? tensor.elements() : 0;
}

// --- passed on, or not at all ---------------------------------------------------------------------------------------

bool pass(const Rule& rule, const PoisonedVisit& visit, Masks& out) {
    std::size_t to = 0;
    for (std::size_t i = 0; i < visit.masks.size() && to < out.size(); ++i)
        if (rule.data(i, visit.masks.size())) out[to++] = visit.masks[i];
    return true;
}

/// Only how many elements there are counts, not what they are.
bool look_at_shape(const Rule&, const PoisonedVisit& visit, Masks& out) {
    const bool any = std::ranges::any_of(visit.masks, [](const PoisonMask& m) { return m.extent() == Extent::shape; });
    if (any) std::ranges::fill(out, PoisonMask::all());
    return true;
}
/// The same, and as many elements as there were.
bool keep_shape(const Rule&, const PoisonedVisit& visit, Masks& out) {
    const bool any = std::ranges::any_of(visit.masks, [](const PoisonMask& m) { return m.extent() == Extent::shape; });
    if (any) std::ranges::fill(out, PoisonMask::shape());
    return true;
}
/// How many elements there are depends on values.
bool resize(const Rule&, const PoisonedVisit&, Masks& out) {
    std::ranges::fill(out, PoisonMask::shape());
    return true;
}
bool spread_to_all(const Rule&, const PoisonedVisit&, Masks&) {
    return false;
}

// --- element by element ---------------------------------------------------------------------------------------------

bool elementwise(const Rule&, const PoisonedVisit& visit, Masks& out) {
    std::vector<Shape> shapes;
    for (const Tensor& input : visit.inputs) shapes.push_back(input ? input.shape() : Shape{});
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = spread_elementwise(visit.outputs[i].shape(), shapes, visit.masks);
    return true;
}

/// Select: where the condition is poisoned, and where the chosen one is.
bool select(const Rule&, const PoisonedVisit& visit, Masks& out) {
    const Tensor& condition = visit.inputs[0];
    const std::int64_t count = visit.outputs[0].elements(), conditions = condition.elements();
    if (count == 0 || conditions == 0) return true;
    const std::int64_t row = count / conditions; // a scalar, a vector of rows, or as many as there are elements
    std::vector<bool> elements(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) {
        const std::int64_t decides = i / row;
        const std::size_t chosen = condition.integer(decides) != 0 ? 1 : 2;
        elements[static_cast<std::size_t>(i)] = visit.masks[0].at(decides) || visit.masks[chosen].at(i);
    }
    out[0] = PoisonMask::of(std::move(elements));
    return true;
}

/// SelectV2: the same with all three broadcast.
bool select_broadcast(const Rule&, const PoisonedVisit& visit, Masks& out) {
    const Tensor& condition = visit.inputs[0];
    const Shape& shape = visit.outputs[0].shape();
    std::vector<bool> elements(static_cast<std::size_t>(shape.elements()));
    for (const std::size_t chosen : {1, 2})
        ops::visit_broadcast(condition.shape(), visit.inputs[chosen].shape(), shape,
                             [&](std::int64_t i, std::int64_t decides, std::int64_t from) {
                                 if ((condition.integer(decides) != 0) != (chosen == 1)) return;
                                 elements[static_cast<std::size_t>(i)] =
                                     visit.masks[0].at(decides) || visit.masks[chosen].at(from);
                             });
    out[0] = PoisonMask::of(std::move(elements));
    return true;
}

// --- along dimensions -----------------------------------------------------------------------------------------------

/// Everything along the dimensions that are reduced goes into one element.
bool reduce(const Rule&, const PoisonedVisit& visit, Masks& out) {
    if (visit.masks[0].whole()) return false;
    const Tensor& x = visit.inputs[0];
    const auto rank = static_cast<std::int64_t>(x.shape().rank());
    std::vector<bool> reduced(x.shape().rank(), false);
    for (std::int64_t i = 0; i < visit.inputs[1].elements(); ++i) {
        const std::int64_t axis = visit.inputs[1].integer(i);
        if (axis < -rank || axis >= rank) return false;
        reduced[static_cast<std::size_t>(axis < 0 ? axis + rank : axis)] = true;
    }
    std::vector<std::int64_t> strides(x.shape().rank(), 0); // in the result
    std::int64_t stride = 1;
    for (std::size_t d = strides.size(); d-- > 0;) {
        if (reduced[d]) continue;
        strides[d] = stride;
        stride *= x.shape().dim(d);
    }
    if (stride != visit.outputs[0].elements()) return false;
    std::vector<bool> elements(static_cast<std::size_t>(stride), false);
    std::vector<std::int64_t> at(strides.size(), 0);
    for (std::int64_t i = 0, to = 0; i < x.elements(); ++i) {
        if (visit.masks[0].at(i)) elements[static_cast<std::size_t>(to)] = true;
        for (std::size_t d = strides.size(); d-- > 0;) {
            to += strides[d];
            if (++at[d] < x.shape().dim(d)) break;
            to -= strides[d] * at[d];
            at[d] = 0;
        }
    }
    out[0] = PoisonMask::of(std::move(elements));
    return true;
}

/// Rows are computed by themselves: whatever is poisoned in a row of an input poisons that row of every output.
bool by_rows(const Rule&, const PoisonedVisit& visit, Masks& out) {
    const Shape& shape = visit.inputs[0].shape();
    if (shape.rank() == 0 || shape.dim(shape.rank() - 1) == 0) return false;
    const std::int64_t rows = shape.elements() / shape.dim(shape.rank() - 1);
    if (rows == 0) return true;
    std::vector<bool> poisoned(static_cast<std::size_t>(rows), false);
    for (std::size_t i = 0; i < visit.inputs.size(); ++i) {
        const std::int64_t count = visit.inputs[i].elements();
        if (visit.masks[i].any() && count % rows != 0) return false; // a row that stands for all
        for (std::int64_t k = 0; k < count && visit.masks[i].any(); ++k)
            if (visit.masks[i].at(k)) poisoned[static_cast<std::size_t>(k / (count / rows))] = true;
    }
    for (std::size_t o = 0; o < out.size(); ++o) {
        const std::int64_t count = visit.outputs[o].elements();
        if (count % rows != 0) return false;
        std::vector<bool> elements(static_cast<std::size_t>(count));
        for (std::int64_t k = 0; k < count; ++k)
            elements[static_cast<std::size_t>(k)] = poisoned[static_cast<std::size_t>(k / (count / rows))];
        out[o] = PoisonMask::of(std::move(elements));
    }
    return true;
}

// --- through the op's own kernel ------------------------------------------------------------------------------------
// An op that moves elements, or adds them up, says itself where they go: its kernel is run with 1 for what is poisoned
// and 0 for the rest, and what is not 0 then is poisoned.

std::optional<Tensor> filled_with(DType dtype, const Shape& shape, const PoisonMask& ones) {
    if (dtype == DType::boolean) {
        std::vector<bool> values(static_cast<std::size_t>(shape.elements()));
        for (std::size_t i = 0; i < values.size(); ++i) values[i] = ones.at(static_cast<std::int64_t>(i));
        return Tensor::of_bools(shape, values);
    }
    std::optional<Tensor> result;
    ops::visit_number(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        result = Tensor::make<T>(shape, data);
        for (std::int64_t i = 0; i < result->elements(); ++i) data[i] = static_cast<T>(ones.at(i) ? 1 : 0);
    });
    return result;
}

/// Runs the kernel once. Empty: it does not run on such values.
std::vector<Tensor> run_kernel(const PoisonedVisit& visit, const std::vector<Tensor>& inputs) {
    const ops::OpDef* def = ops::find_op(visit.node.op);
    if (def == nullptr || def->kernel == nullptr) return {};
    const std::vector<ops::Value> given(inputs.begin(), inputs.end());
    std::vector<ops::Value> outputs(visit.outputs.size());
    std::vector<ops::VariableAccess> accesses;
    ops::ResourceContainer session, step;
    ops::KernelState state;
    ops::KernelContext context(visit.graph, visit.node, given, outputs, {session, step, state, 0}, accesses);
    if (!def->kernel(context)) return {};
    std::vector<Tensor> results;
    for (const ops::Value& output : outputs) {
        const auto* tensor = std::get_if<Tensor>(&output);
        if (tensor == nullptr) return {};
        results.push_back(*tensor);
    }
    return results;
}

/// Notes what is not 0.
bool note_reached(const PoisonedVisit& visit, const std::vector<Tensor>& inputs,
                  std::vector<std::vector<bool>>& reached) {
    const std::vector<Tensor> results = run_kernel(visit, inputs);
    if (results.size() != reached.size()) return false;
    for (std::size_t o = 0; o < results.size(); ++o) {
        if (results[o].elements() != static_cast<std::int64_t>(reached[o].size())) return false;
        for (std::int64_t k = 0; k < results[o].elements(); ++k)
            if (results[o].number(k) != 0) reached[o][static_cast<std::size_t>(k)] = true;
    }
    return true;
}

std::vector<std::vector<bool>> nothing_reached(const PoisonedVisit& visit) {
    std::vector<std::vector<bool>> reached;
    for (const Tensor& output : visit.outputs)
        reached.emplace_back(static_cast<std::size_t>(elements_of(output)), false);
    return reached;
}

void take(std::vector<std::vector<bool>> reached, Masks& out) {
    for (std::size_t o = 0; o < out.size(); ++o) out[o] = PoisonMask::of(std::move(reached[o]));
}

/// Elements that go elsewhere, or into sums.
bool move(const Rule& rule, const PoisonedVisit& visit, Masks& out) {
    std::vector<Tensor> inputs(visit.inputs.begin(), visit.inputs.end());
    bool all = true;
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!rule.data(i, inputs.size())) continue;
        const auto marked = filled_with(inputs[i].dtype(), inputs[i].shape(), visit.masks[i]);
        if (!marked) return false;
        inputs[i] = *marked;
        all = all && visit.masks[i].whole();
    }
    if (all && !rule.adds) return std::ranges::fill(out, PoisonMask::all()), true;
    auto reached = nothing_reached(visit);
    if (!note_reached(visit, inputs, reached)) return false;
    take(std::move(reached), out);
    return true;
}

/// Sums of products: where the kernel meets one poisoned factor, the other factors being 1.
bool multiply(const Rule& rule, const PoisonedVisit& visit, Masks& out) {
    auto reached = nothing_reached(visit);
    for (std::size_t factor = 0; factor < visit.inputs.size(); ++factor) {
        if (!rule.data(factor, visit.inputs.size()) || !visit.masks[factor].any()) continue;
        if (visit.masks[factor].whole()) return false;
        std::vector<Tensor> inputs(visit.inputs.begin(), visit.inputs.end());
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            if (!rule.data(i, inputs.size())) continue;
            const PoisonMask ones = i == factor ? visit.masks[i] : PoisonMask::all();
            const auto marked = filled_with(inputs[i].dtype(), inputs[i].shape(), ones);
            if (!marked) return false;
            inputs[i] = *marked;
        }
        if (!note_reached(visit, inputs, reached)) return false;
    }
    take(std::move(reached), out);
    return true;
}

/// Gather: the rows that are picked, and whole rows where it is not known which.
bool gather_rows(const Rule& rule, const PoisonedVisit& visit, Masks& out) {
    Rule picking = rule;
    picking.data = first;
    if (!move(picking, visit, out)) return false;
    const Tensor &params = visit.inputs[0], &indices = visit.inputs[1];
    if (!visit.masks[1].any()) return true;
    const std::int64_t given = visit.inputs.size() > 2 ? visit.inputs[2].integer(0) : 0;
    const std::int64_t axis = given < 0 ? given + static_cast<std::int64_t>(params.shape().rank()) : given;
    std::int64_t row = 1;
    for (auto d = static_cast<std::size_t>(axis) + 1; d < params.shape().rank(); ++d) row *= params.shape().dim(d);
    const std::int64_t count = visit.outputs[0].elements(), picked = indices.elements();
    if (row == 0 || picked == 0) return true;
    std::vector<bool> elements(static_cast<std::size_t>(count));
    for (std::int64_t k = 0; k < count; ++k)
        elements[static_cast<std::size_t>(k)] = out[0].at(k) || visit.masks[1].at(k / row % picked);
    out[0] = PoisonMask::of(std::move(elements));
    return true;
}

// clang-format off
constexpr Rule rules[] = {
    // op, how, exact, data, what decides shapes, adds
    {"Identity", pass, true}, {"RefIdentity", pass, true}, {"IdentityN", pass, true}, {"StopGradient", pass, true},
    {"PreventGradient", pass, true}, {"PlaceholderWithDefault", pass, true}, {"LoopCond", pass, true},
    {"Print", pass, true, first}, {"_Arg", pass, true}, {"_Retval", pass, true},

    {"Shape", look_at_shape}, {"ShapeN", look_at_shape}, {"Rank", look_at_shape}, {"Size", look_at_shape},
    {"VariableShape", look_at_shape}, {"IsVariableInitialized", look_at_shape}, {"VarIsInitializedOp", look_at_shape},
    {"ZerosLike", keep_shape}, {"OnesLike", keep_shape},

    {"DenseToDenseSetOperation", resize},
    {"Where", resize}, {"Unique", resize}, {"ListDiff", resize}, {"Range", resize}, {"LinSpace", resize},
    {"BroadcastGradientArgs", resize}, {"RandomUniform", resize}, {"RandomStandardNormal", resize},
    {"TruncatedNormal", resize}, {"RandomUniformInt", resize}, {"Multinomial", resize},
    {"OneHot", spread_to_all, false, all_but_second, second},
    {"QueueDequeueManyV2", spread_to_all, false, first, second},
    {"AudioSpectrogram", spread_to_all}, {"DecodeWav", resize}, {"Mfcc", spread_to_all},
    {"RFFT", spread_to_all, false, first, second}, {"IRFFT", spread_to_all, false, first, second},

    {"Abs", elementwise}, {"Neg", elementwise, true}, {"Sign", elementwise}, {"Exp", elementwise, true},
    {"Expm1", elementwise, true}, {"Log", elementwise}, {"Log1p", elementwise}, {"Sqrt", elementwise},
    {"Rsqrt", elementwise}, {"Square", elementwise, true}, {"Reciprocal", elementwise, true},
    {"Sigmoid", elementwise, true}, {"Tanh", elementwise, true}, {"Sin", elementwise, true}, {"Cos", elementwise, true},
    {"Floor", elementwise}, {"Ceil", elementwise}, {"Round", elementwise}, {"LogicalNot", elementwise},
    {"IsFinite", elementwise}, {"IsNan", elementwise}, {"Cast", elementwise}, {"Add", elementwise, true},
    {"AddV2", elementwise, true}, {"Sub", elementwise, true}, {"Mul", elementwise}, {"Div", elementwise},
    {"RealDiv", elementwise}, {"FloorDiv", elementwise}, {"TruncateDiv", elementwise}, {"DivNoNan", elementwise},
    {"FloorMod", elementwise}, {"Mod", elementwise}, {"Pow", elementwise}, {"SquaredDifference", elementwise, true},
    {"Maximum", elementwise}, {"Minimum", elementwise}, {"Greater", elementwise}, {"GreaterEqual", elementwise},
    {"Less", elementwise}, {"LessEqual", elementwise}, {"Equal", elementwise}, {"NotEqual", elementwise},
    {"LogicalAnd", elementwise}, {"LogicalOr", elementwise}, {"LogicalXor", elementwise},
    {"SigmoidGrad", elementwise}, {"TanhGrad", elementwise}, {"SqrtGrad", elementwise}, {"RsqrtGrad", elementwise},
    {"ReciprocalGrad", elementwise}, {"AddN", elementwise, true}, {"ClipByValue", elementwise}, {"Relu", elementwise},
    {"Relu6", elementwise}, {"Elu", elementwise}, {"Selu", elementwise}, {"Softplus", elementwise, true},
    {"Softsign", elementwise, true}, {"ReluGrad", elementwise}, {"Relu6Grad", elementwise}, {"EluGrad", elementwise},
    {"SeluGrad", elementwise}, {"SoftplusGrad", elementwise}, {"SoftsignGrad", elementwise},
    {"AccumulateNV2", elementwise, true},
    {"Select", select}, {"SelectV2", select_broadcast},

    {"Sum", reduce, true, first, second}, {"Mean", reduce, true, first, second}, {"Prod", reduce, false, first, second},
    {"Max", reduce, false, first, second}, {"Min", reduce, false, first, second}, {"All", reduce, false, first, second},
    {"Any", reduce, false, first, second}, {"ArgMax", reduce, false, first, second},
    {"ArgMin", reduce, false, first, second},
    {"Softmax", by_rows}, {"LogSoftmax", by_rows}, {"SoftmaxCrossEntropyWithLogits", by_rows},
    {"SparseSoftmaxCrossEntropyWithLogits", by_rows}, {"InTopKV2", spread_to_all},

    {"Reshape", move, true, first, second}, {"ExpandDims", move, true, first, second}, {"Squeeze", move, true},
    {"Transpose", move, true, first, second}, {"Tile", move, true, first, second}, {"ReverseV2", move, true, first},
    {"ReverseSequence", move, true, first}, {"StridedSlice", move, true, first, all_but_first},
    {"Slice", move, true, first, all_but_first}, {"Split", move, true, second, first},
    {"SplitV", move, true, first, all_but_first}, {"Concat", move, true, all_but_first, first},
    {"ConcatV2", move, true, all_but_last, last}, {"Pack", move, true}, {"Unpack", move, true},
    {"Fill", move, true, second, first}, {"DynamicStitch", move, true, second_half, everything, true},
    {"ParallelDynamicStitch", move, true, second_half, everything, true},
    {"DynamicPartition", move, true, first, second},
    {"Pad", move, true, first, all_but_first, true}, {"PadV2", move, true, all_but_second, second},
    {"StridedSliceGrad", move, true, last, everything, true}, {"Diag", move, true, everything, nothing, true},
    {"DiagPart", move, true}, {"MatrixDiag", move, true, everything, nothing, true}, {"MatrixDiagPart", move, true},
    {"MatrixSetDiag", move, true}, {"MatrixBandPart", move, true, first, nothing, true}, {"BiasAdd", move, true}, {"BiasAddGrad", move, true},
    {"UnsortedSegmentSum", move, true, first, last, true}, {"MaxPool", move},
    {"Gather", gather_rows, false, first_two}, {"GatherV2", gather_rows, false, first_two, last},

    {"MatMul", multiply}, {"BatchMatMul", multiply}, {"BatchMatMulV2", multiply}, {"Conv2D", multiply},
    {"Conv2DBackpropInput", multiply, false, all_but_first, first},
    {"Conv2DBackpropFilter", multiply, false, all_but_second, second}, {"DepthwiseConv2dNative", multiply},
    {"DepthwiseConv2dNativeBackpropInput", multiply, false, all_but_first, first},
    {"DepthwiseConv2dNativeBackpropFilter", multiply, false, all_but_second, second},
};
// clang-format on

const Rule* find_rule(std::string_view op) {
    static const auto index = [] {
        std::map<std::string_view, const Rule*> by_op;
        for (const Rule& rule : rules) by_op.emplace(rule.op, &rule);
        return by_op;
    }();
    const auto found = index.find(op);
    return found == index.end() ? nullptr : found->second;
}

/// Where an input that the rule does not compute with is poisoned: what that does to the outputs.
Extent extent_of_parameters(const Rule& rule, const PoisonedVisit& visit) {
    Extent extent = Extent::none;
    for (std::size_t i = 0; i < visit.masks.size(); ++i) {
        if (rule.data(i, visit.masks.size()) || !visit.masks[i].any()) continue;
        extent = std::max(extent, rule.shapes(i, visit.masks.size()) ? Extent::shape : Extent::all);
    }
    return extent;
}

} // namespace
} // namespace poison_rules

PoisonMask spread_elementwise(const Shape& shape, std::span<const Shape> shapes, std::span<const PoisonMask> masks) {
    std::vector<bool> elements(static_cast<std::size_t>(shape.elements()), false);
    for (std::size_t i = 0; i < masks.size(); ++i) {
        if (!masks[i].any()) continue;
        if (masks[i].whole() || shapes[i].rank() > shape.rank()) return PoisonMask::all();
        ops::visit_broadcast(shapes[i], shape, shape, [&](std::int64_t to, std::int64_t from, std::int64_t) {
            if (masks[i].at(from)) elements[static_cast<std::size_t>(to)] = true;
        });
    }
    return PoisonMask::of(std::move(elements));
}

std::vector<PoisonMask> spread_poison(const PoisonedVisit& visit) {
    using namespace poison_rules;
    Masks out(visit.outputs.size());
    if (std::ranges::none_of(visit.masks, &PoisonMask::any)) return out;
    const Rule* rule = find_rule(visit.node.op);
    const bool only_looks = rule != nullptr && (rule->spread == look_at_shape || rule->spread == keep_shape);
    const bool has_shape =
        std::ranges::any_of(visit.masks, [](const PoisonMask& m) { return m.extent() == Extent::shape; });
    if (has_shape && !only_looks && (rule == nullptr || rule->spread != pass))
        return Masks(out.size(), PoisonMask::shape());
    if (rule == nullptr) return Masks(out.size(), PoisonMask::all());
    // What some op sees only as data of no use to the rule: Print's second input changes nothing.
    if (rule->spread != pass) {
        const Extent parameters = extent_of_parameters(*rule, visit);
        if (parameters == Extent::shape) return Masks(out.size(), PoisonMask::shape());
        if (parameters == Extent::all) return Masks(out.size(), PoisonMask::all());
    }
    const bool has_values = std::ranges::all_of(visit.inputs, [](const Tensor& t) { return static_cast<bool>(t); }) &&
                            std::ranges::all_of(visit.outputs, [](const Tensor& t) { return static_cast<bool>(t); });
    if (!has_values && rule->spread != pass && !only_looks && rule->spread != resize)
        return Masks(out.size(), PoisonMask::all());
    if (!rule->spread(*rule, visit, out)) return Masks(visit.outputs.size(), PoisonMask::all());
    return out;
}

bool is_exact_poison_rule(std::string_view op) {
    const poison_rules::Rule* rule = poison_rules::find_rule(op);
    return rule != nullptr && rule->is_exact;
}

bool computes_with(std::string_view op, std::size_t input, std::size_t inputs) {
    const poison_rules::Rule* rule = poison_rules::find_rule(op);
    return rule == nullptr || rule->data(input, inputs);
}

} // namespace rnnscope::debug
