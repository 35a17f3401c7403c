#include "core/ops/kernel.hpp"
#include "core/ops/op_def.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/strided_slice.hpp"
#include "core/ops/summarize.hpp"

#include <algorithm>
#include <limits>
#include <unordered_map>

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

bool may_fold(const Node& node, const OpDef* def) {
    // As ExtractConstantSubgraph: nothing with state, and no control flow, whose back edges may still be missing.
    static constexpr std::string_view never[] = {"Merge",
                                                 "RefMerge",
                                                 "Enter",
                                                 "RefEnter",
                                                 "Exit",
                                                 "RefExit",
                                                 "Switch",
                                                 "RefSwitch",
                                                 "NextIteration",
                                                 "RefNextIteration",
                                                 "Placeholder",
                                                 "PlaceholderV2",
                                                 "PlaceholderWithDefault"};
    return def != nullptr && def->kernel != nullptr && !def->is_stateful && !node.inputs.empty() &&
           std::ranges::find(never, node.op) == std::end(never);
}

/// Evaluates what depends on constants alone, in post-order with a stack of its own.
class Folder {
  public:
    explicit Folder(const Graph& graph) : graph_(graph) {}

    std::optional<Tensor> evaluate(Output target) {
        if (auto known = leaf(target)) return known;
        if (!push(target.node)) return {};
        while (!stack_.empty()) {
            Frame& top = stack_.back();
            const Node& node = graph_.node(top.node);
            if (top.next_input == node.inputs.size()) {
                stack_.pop_back();
                if (!run(node)) return {};
                continue;
            }
            const Output input = node.inputs[top.next_input++];
            if (values_.contains(input)) continue;
            if (auto known = leaf(input))
                values_.emplace(input, *std::move(known));
            else if (!push(input.node))
                return {};
        }
        const auto it = values_.find(target);
        return it == values_.end() ? std::nullopt : std::optional(it->second);
    }

  private:
    struct Frame {
        NodeId node;
        std::size_t next_input = 0;
    };

    std::optional<Tensor> leaf(Output output) const {
        const Node& node = graph_.node(output.node);
        if (node.op == "Const") return *node.attr<Tensor>("value");
        return evaluate_shape_op(graph_, output);
    }

    bool push(NodeId id) {
        const Node& node = graph_.node(id);
        if (!may_fold(node, find_op(node.op))) return false;
        const bool is_cyclic = std::ranges::any_of(stack_, [&](const Frame& frame) { return frame.node == id; });
        if (is_cyclic) return false;
        stack_.push_back({id});
        return true;
    }

    bool run(const Node& node) {
        std::vector<Value> inputs, outputs(node.outputs.size());
        for (const Output& input : node.inputs) inputs.emplace_back(values_.at(input));
        ResourceContainer session, step;
        KernelState state;
        std::vector<VariableAccess> accesses;
        KernelContext ctx(graph_, node, inputs, outputs, {session, step, state, 0}, accesses);
        if (!find_op(node.op)->kernel(ctx).ok()) return false;
        for (std::size_t i = 0; i < outputs.size(); ++i)
            if (auto* tensor = std::get_if<Tensor>(&outputs[i]))
                values_.insert_or_assign(Output{node.id, static_cast<int>(i)}, std::move(*tensor));
        return true;
    }

    const Graph& graph_;
    std::vector<Frame> stack_;
    std::map<Output, Tensor> values_;
};

/// A shape from the values of a tensor that is read as one; nothing when they are none.
std::optional<Shape> shape_from_tensor(const Tensor& tensor) {
    if (tensor.dtype() != DType::int32 && tensor.dtype() != DType::int64) return {};
    std::vector<std::int64_t> dims = integers_of(tensor);
    if (tensor.shape().rank() == 0) return dims[0] == -1 ? std::optional(Shape::unknown_rank()) : std::nullopt;
    if (tensor.shape().rank() != 1 || std::ranges::any_of(dims, [](std::int64_t d) { return d < -1; })) return {};
    return Shape(std::move(dims));
}

Shape shape_of_length(const Shape& vector) {
    constexpr std::int64_t most_dims = 254; // TensorShape::MaxDimensions
    const std::int64_t length = vector.has_rank() && vector.rank() == 1 ? vector.dim(0) : Shape::unknown;
    if (length < 0 || length > most_dims) return Shape::unknown_rank();
    return Shape::unknown_dims(static_cast<std::size_t>(length));
}

Shape as_shape(const Graph& graph, Output output, int depth);

Shape sliced_shape(const Graph& graph, const Node& node, int depth) {
    const Shape unknown = shape_of_length(node.outputs[0].shape);
    const auto mask = [&](const char* key) { return *node.attr<std::int64_t>(key); };
    const std::int64_t begin_mask = mask("begin_mask"), end_mask = mask("end_mask");
    if (mask("ellipsis_mask") != 0 || mask("new_axis_mask") != 0 || mask("shrink_axis_mask") != 0) return unknown;
    if (begin_mask < 0 || begin_mask > 1 || end_mask < 0 || end_mask > 1) return unknown;
    const auto begin = evaluate_constant(graph, node.inputs[1]);
    const auto end = evaluate_constant(graph, node.inputs[2]);
    const auto stride = evaluate_constant(graph, node.inputs[3]);
    if (!begin || !end || !stride || begin->elements() != 1 || end->elements() != 1 || stride->elements() != 1)
        return unknown;
    const Shape whole = as_shape(graph, node.inputs[0], depth);
    if (!whole.has_rank()) return unknown;
    const auto range = slice_range(static_cast<std::int64_t>(whole.rank()),
                                   begin_mask != 0 ? std::nullopt : std::optional(begin->integer(0)),
                                   end_mask != 0 ? std::nullopt : std::optional(end->integer(0)), stride->integer(0));
    std::vector<std::int64_t> dims;
    for (std::int64_t k = 0; k < range.length; ++k)
        dims.push_back(whole.dim(static_cast<std::size_t>(range.begin + k * stride->integer(0))));
    return Shape(std::move(dims));
}

Shape packed_shape(const Graph& graph, const Node& node) {
    std::vector<std::int64_t> dims;
    for (const Output& input : node.inputs) {
        const auto value = evaluate_constant(graph, input);
        const bool known = value && value->shape().is_scalar() && is_integer(value->dtype()) && value->integer(0) >= 0;
        dims.push_back(known ? value->integer(0) : Shape::unknown);
    }
    return Shape(std::move(dims));
}

Shape as_shape(const Graph& graph, Output output, int depth) {
    constexpr int deepest = 200; // deeper nests of Concat and StridedSlice count as unknown
    const Node& node = graph.node(output.node);
    const Shape& vector = graph.info(output).shape;
    if (vector.has_rank() && vector.rank() == 1 && vector.dim(0) == 0) return {};
    if (depth > deepest || (vector.has_rank() && vector.rank() > 1)) return Shape::unknown_rank();
    if (node.op == "Shape") return graph.info(node.inputs[0]).shape;
    if (node.op == "ShapeN") return graph.info(node.inputs[static_cast<std::size_t>(output.index)]).shape;
    if (node.op == "Pack") return packed_shape(graph, node);
    if (node.op == "ConcatV2" || node.op == "Concat") {
        Shape whole;
        const bool axis_is_last = node.op == "ConcatV2";
        for (std::size_t i = axis_is_last ? 0 : 1; i + (axis_is_last ? 1 : 0) < node.inputs.size(); ++i)
            whole = concatenated(whole, as_shape(graph, node.inputs[i], depth + 1));
        return whole;
    }
    if (const auto value = evaluate_constant(graph, output))
        if (auto shape = shape_from_tensor(*value)) return *std::move(shape);
    if (node.op == "Cast") return as_shape(graph, node.inputs[0], depth + 1);
    if (node.op == "StridedSlice") return sliced_shape(graph, node, depth + 1);
    return shape_of_length(vector);
}

} // namespace

std::optional<Tensor> evaluate_shape_op(const Graph& graph, Output target) {
    const Node& node = graph.node(target.node);
    const int output = target.index;
    if (node.inputs.empty()) return {};
    const bool is_shape = node.op == "Shape" || node.op == "ShapeN";
    if (!is_shape && node.op != "Rank" && node.op != "Size") return {};
    const Shape& shape = graph.info(node.inputs[static_cast<std::size_t>(is_shape ? output : 0)]).shape;
    const DType dtype = node.outputs[static_cast<std::size_t>(output)].dtype;
    if (!shape.has_rank() || (node.op != "Rank" && !shape.fully_defined())) return {};
    std::vector<std::int64_t> values;
    if (is_shape)
        values.assign(shape.dims().begin(), shape.dims().end());
    else
        values.push_back(node.op == "Rank" ? static_cast<std::int64_t>(shape.rank()) : known_elements(shape));
    const Shape result = is_shape ? Shape{static_cast<std::int64_t>(values.size())} : Shape{};
    if (dtype == DType::int64) return Tensor::of<std::int64_t>(result, std::move(values));
    if (!std::ranges::all_of(values,
                             [](std::int64_t v) { return v >= 0 && v <= std::numeric_limits<std::int32_t>::max(); }))
        return {};
    return Tensor::of<std::int32_t>(result, std::vector<std::int32_t>(values.begin(), values.end()));
}

std::optional<Tensor> evaluate_constant(const Graph& graph, Output output) {
    return Folder(graph).evaluate(output);
}

Shape evaluate_as_shape(const Graph& graph, Output output) {
    return as_shape(graph, output, 0);
}

std::optional<Tensor> ShapeContext::constant_input(std::size_t i) const {
    auto value = evaluate_constant(graph_, node_.inputs[i]);
    if (value) tensors_asked_.insert_or_assign(i, *value);
    return value;
}

Shape ShapeContext::input_as_shape(std::size_t i) const {
    Shape shape = evaluate_as_shape(graph_, node_.inputs[i]);
    if (shape.has_rank()) shapes_asked_.insert_or_assign(i, shape);
    return shape;
}

std::string ShapeContext::context() const {
    std::string text = fmt::format(" for '{}' (op: '{}') with input shapes: ", node_.name, node_.op);
    for (std::size_t i = 0; i < inputs(); ++i) text += (i > 0 ? ", " : "") + debug_text(input(i));
    std::string tensors, shapes;
    for (const auto& [i, shape] : shapes_asked_)
        shapes += fmt::format("{}input[{}] = {}", shapes.empty() ? "" : ",", i, debug_text(shape));
    for (const auto& [i, tensor] : tensors_asked_) {
        if (shapes_asked_.contains(i)) continue;
        constexpr std::int64_t most_values = 256;
        tensors +=
            fmt::format("{}input[{}] = <{}>", tensors.empty() ? "" : ", ", i, summarize_value(tensor, most_values));
    }
    if (!tensors.empty()) text += " and with computed input tensors: " + tensors;
    if (!shapes.empty()) text += " and with input tensors computed as partial shapes: " + shapes;
    return text + ".";
}

} // namespace rnnscope::ops
