#include "core/ops/kernel_util.hpp"
#include "core/ops/op_def.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/strided_slice.hpp"

#include <algorithm>

namespace rnnscope::ops {
namespace {

constexpr int deepest = 200; // deeper nests count as unknown; Python's own limit is of that order

std::optional<Tensor> value_of(const Graph& graph, Output output, int depth);

/// Runs the op's kernel on values of its inputs; nothing when one of them is not known.
std::optional<Tensor> computed(const Graph& graph, const Node& node, int depth) {
    const OpDef* def = find_op(node.op);
    if (def == nullptr || def->kernel == nullptr) return {};
    std::vector<Value> inputs, outputs(node.outputs.size());
    for (const Output& input : node.inputs) {
        auto value = value_of(graph, input, depth + 1);
        if (!value) return {};
        inputs.emplace_back(*std::move(value));
    }
    ResourceContainer session, step;
    KernelState state;
    std::vector<VariableAccess> accesses;
    KernelContext ctx(graph, node, inputs, outputs, {session, step, state, 0}, accesses);
    if (!def->kernel(ctx).ok()) return {};
    const Tensor* result = std::get_if<Tensor>(&outputs[0]);
    return result == nullptr ? std::nullopt : std::optional(*result);
}

std::optional<Tensor> fill_value(const Graph& graph, const Node& node, int depth) {
    // The static shape of the output counts, not the value of `dims`.
    const Shape& shape = node.outputs[0].shape;
    const auto value = value_of(graph, node.inputs[1], depth + 1);
    if (!shape.fully_defined() || !value || value->elements() != 1) return {};
    if (!check_allocation(value->dtype(), shape).ok()) return {};
    return ops::filled(*value, shape);
}

std::optional<Tensor> value_of(const Graph& graph, Output output, int depth) {
    if (depth > deepest) return {};
    const Node& node = graph.node(output.node);
    if (node.op == "Const") return *node.attr<Tensor>("value");
    if (node.op == "Shape" || node.op == "Size" || node.op == "Rank") return evaluate_shape_op(graph, output);
    if (node.op == "Fill") return fill_value(graph, node, depth);
    if (node.op == "Pack" && *node.attr<std::int64_t>("axis") != 0) return {};
    static constexpr std::string_view computable[] = {"Range", "Cast",  "Concat",  "ConcatV2",
                                                      "Pack",  "Equal", "NotEqual"};
    if (std::ranges::find(computable, node.op) == std::end(computable)) return {};
    return computed(graph, node, depth);
}

/// Python's `prev[begin:end:stride]` of a list of dimensions.
std::optional<Shape> sliced(const Graph& graph, const Node& node, int depth);

Shape shape_of(const Graph& graph, Output output, int depth) {
    const Node& node = graph.node(output.node);
    const Shape& vector = graph.info(output).shape;
    const std::int64_t length = vector.has_rank() && vector.rank() == 1 ? vector.dim(0) : Shape::unknown;
    const Shape unknown =
        length < 0 || length > 254 ? Shape::unknown_rank() : Shape::unknown_dims(static_cast<std::size_t>(length));
    if (length == 0) return {};
    if (depth > deepest) return unknown;
    if (node.op == "Shape") return graph.info(node.inputs[0]).shape;
    if (node.op == "Pack") {
        std::vector<std::int64_t> dims;
        for (const Output& input : node.inputs) {
            const auto value = value_of(graph, input, depth + 1);
            const bool known = value && value->elements() == 1 && is_integer(value->dtype()) && value->integer(0) >= 0;
            dims.push_back(known ? value->integer(0) : Shape::unknown);
        }
        return Shape(std::move(dims));
    }
    if (node.op == "ConcatV2") {
        Shape whole;
        for (std::size_t i = 0; i + 1 < node.inputs.size(); ++i)
            whole = concatenated(whole, shape_of(graph, node.inputs[i], depth + 1));
        return whole;
    }
    if (node.op == "StridedSlice")
        if (auto shape = sliced(graph, node, depth)) return *std::move(shape);
    if (node.op == "Cast") {
        const Shape before = shape_of(graph, node.inputs[0], depth + 1);
        if (!before.has_rank()) return before;
        const DType dtype = node.outputs[0].dtype;
        return dtype == DType::int32 || dtype == DType::int64 ? before : unknown;
    }
    const auto value = value_of(graph, output, depth + 1);
    if (!value || !is_integer(value->dtype()) || value->shape().rank() != 1) return unknown;
    std::vector<std::int64_t> dims = integers_of(*value);
    for (std::int64_t& dim : dims) dim = std::max(dim, Shape::unknown);
    return Shape(std::move(dims));
}

std::optional<Shape> sliced(const Graph& graph, const Node& node, int depth) {
    const auto mask = [&](const char* key) { return *node.attr<std::int64_t>(key); };
    const std::int64_t begin_mask = mask("begin_mask"), end_mask = mask("end_mask");
    if (mask("ellipsis_mask") != 0 || mask("new_axis_mask") != 0 || mask("shrink_axis_mask") != 0 || begin_mask > 1 ||
        end_mask > 1 || begin_mask < 0 || end_mask < 0)
        return {};
    const auto begin = value_of(graph, node.inputs[1], depth + 1), end = value_of(graph, node.inputs[2], depth + 1),
               stride = value_of(graph, node.inputs[3], depth + 1);
    if (!begin || !end || !stride || begin->elements() < 1 || end->elements() < 1 || stride->elements() < 1) return {};
    const Shape whole = shape_of(graph, node.inputs[0], depth + 1);
    if (!whole.has_rank() || stride->integer(0) == 0) return {};
    const auto range = slice_range(static_cast<std::int64_t>(whole.rank()),
                                   begin_mask == 1 ? std::nullopt : std::optional(begin->integer(0)),
                                   end_mask == 1 ? std::nullopt : std::optional(end->integer(0)), stride->integer(0));
    std::vector<std::int64_t> dims;
    for (std::int64_t k = 0; k < range.length; ++k)
        dims.push_back(whole.dim(static_cast<std::size_t>(range.begin + k * stride->integer(0))));
    return Shape(std::move(dims));
}

} // namespace

std::optional<Tensor> constant_value(const Graph& graph, Output output) {
    return value_of(graph, output, 0);
}

Shape constant_value_as_shape(const Graph& graph, Output output) {
    return shape_of(graph, output, 0);
}

} // namespace rnnscope::ops
