#include "core/tf1/api_families.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/gradients.hpp"
#include "core/tf1/graph_object.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/variable_scope.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// A list or tuple of its own items, anything else a list of one.
std::vector<Value> items_or_one(const Value& value) {
    if (value.is_none()) return {};
    const std::vector<Value>* items = items_of(value);
    return items != nullptr ? *items : std::vector<Value>{value};
}

Value gradients_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    GradientsArgs args;
    args.ys = items_or_one(a[0]);
    args.xs = items_or_one(a[1]);
    args.grad_ys = items_or_one(a[2]);
    args.name = text_or(a[3], "gradients");
    args.colocate_gradients_with_ops = a[4].truthy();
    args.gate_gradients = a[5].truthy();
    args.aggregation_method = optional_int(a[6]).value_or(0);
    args.stop_gradients = items_or_one(a[7]);
    const std::string unconnected = text_or(a[8], "none");
    if (unconnected != "none" && unconnected != "zero")
        raise("ValueError", fmt::format("Unknown value for unconnected_gradients: {}", repr(a[8])));
    args.zero_when_unconnected = unconnected == "zero";
    if (args.aggregation_method < 0 || args.aggregation_method > 2)
        raise("ValueError", fmt::format("Invalid aggregation_method specified {}.", args.aggregation_method));
    std::vector<Value> result;
    for (const Gradient& gradient : gradients(state, args)) result.push_back(gradient_value(state, gradient));
    return Value::list(std::move(result));
}

// --- python/training/training_util.py -------------------------------------------------------------------------

/// get_global_step: the one in the collection, or what is called "global_step".
Value global_step(GraphState& state) {
    const auto items = state.graph.collection("global_step");
    if (items.size() == 1) return collection_value(state, items[0]);
    if (!items.empty()) return {};
    const NodeId node = state.graph.find("global_step");
    if (!node.valid()) return {};
    if (const Variable* variable = state.graph.variable_of(node)) return VariableValue{&state, variable->id};
    return wrap(state, Output{node, 0});
}

Value create_global_step(GraphState& state) {
    if (!global_step(state).is_none()) raise("ValueError", "\"global_step\" already exists.");
    const NameScope root(state, std::nullopt);
    GetVariableArgs args;
    args.name = "global_step";
    args.shape = Shape{};
    args.dtype = DType::int64;
    args.initializer = zeros_initializer();
    args.trainable = false;
    args.collections = Value::list({"variables", "global_step"});
    return get_variable(state, std::move(args));
}

GraphState& graph_or_default(Context& context, const Value& graph) {
    return graph.is_none() ? context.default_graph() : graph_of(graph);
}

// --- python/ops/clip_ops.py -----------------------------------------------------------------------------------

std::vector<Gradient> gradient_list(GraphState& state, const Value& list) {
    const std::vector<Value>* items = items_of(list);
    if (items == nullptr) raise("TypeError", "t_list should be a sequence");
    std::vector<Gradient> result;
    for (std::size_t i = 0; i < items->size(); ++i) {
        const Value& item = (*items)[i];
        if (item.is_none() || item.object<IndexedSlicesObject>())
            result.push_back(to_gradient(state, item));
        else
            result.emplace_back(to_tensor(state, item, DType::invalid, fmt::format("t_{}", i)));
    }
    return result;
}

Output values_of(const Gradient& gradient) {
    const auto* slices = std::get_if<IndexedSlices>(&gradient);
    return slices != nullptr ? slices->values : std::get<Output>(gradient);
}

Output global_norm(GraphState& state, const Value& list, const std::string& name) {
    const NameScope scope(state, name.empty() ? "global_norm" : name);
    std::vector<Value> halves;
    for (const Gradient& gradient : gradient_list(state, list)) {
        if (is_none(gradient)) continue;
        const Output values = values_of(gradient);
        const ColocateScope beside(state, values.node);
        halves.push_back(op_value(state, "L2Loss", {wrap(state, values)}));
    }
    if (halves.empty())
        raise("ValueError", "List argument 'values' to 'Pack' Op with length 0 shorter than minimum length 1.");
    const Value packed = wrap(state, stack(state, Value::list(halves)));
    const Value half = wrap(state, reduce(state, "Sum", packed));
    const DType dtype = state.graph.info(half.as<TensorValue>()->output).dtype;
    const Value two = wrap(state, state.constant(make_tensor(Value(2.0), dtype)));
    return op_output(state, "Sqrt", {wrap(state, binary_operator(state, "*", half, two))}, {}, "global_norm");
}

Value clip_by_global_norm(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const Value norm = a[2].is_none() ? wrap(state, global_norm(state, a[0], "")) : a[2];
    const NameScope scope(state, text_or(a[3], "clip_by_global_norm"));
    const Value inverse = wrap(state, binary_operator(state, "/", Value(1.0), norm));
    const DType dtype = state.graph.info(to_tensor(state, norm)).dtype;
    const Value one = wrap(state, state.constant(make_tensor(Value(1.0), dtype)));
    const Value limit = wrap(state, binary_operator(state, "/", one, a[1]));
    const Value smaller = op_value(state, "Minimum", {inverse, limit});
    Value scale = wrap(state, binary_operator(state, "*", a[1], smaller));
    // A norm that is not finite makes everything NaN.
    const Value zero = wrap(state, binary_operator(state, "-", norm, norm));
    scale = wrap(state, binary_operator(state, "+", scale, zero));
    const std::vector<Gradient> gradients = gradient_list(state, a[0]);
    std::vector<Value> clipped;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
        if (is_none(gradients[i])) {
            clipped.emplace_back();
            continue;
        }
        const Output values = values_of(gradients[i]);
        const ColocateScope beside(state, values.node);
        const Value product = wrap(state, binary_operator(state, "*", wrap(state, values), scale));
        const Output result = op_output(state, "Identity", {product}, {}, fmt::format("{}_{}", scope.scope(), i));
        if (const auto* slices = std::get_if<IndexedSlices>(&gradients[i]))
            clipped.push_back(gradient_value(state, IndexedSlices{result, slices->indices, slices->dense_shape}));
        else
            clipped.push_back(wrap(state, result));
    }
    return Value::tuple({Value::list(std::move(clipped)), norm});
}

Value clip_by_value(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const NameScope scope(state, text_or(a[3], "clip_by_value"));
    const auto slices = a[0].object<IndexedSlicesObject>();
    const Value values =
        slices ? wrap(state, slices->slices().values) : wrap(state, to_tensor(state, a[0], DType::invalid, "t"));
    const Value below = op_value(state, "Minimum", {values, a[2]});
    const Output clipped = op_output(state, "Maximum", {below, a[1]}, {}, scope.scope());
    if (!slices) return wrap(state, clipped);
    return gradient_value(state, IndexedSlices{clipped, slices->slices().indices, slices->slices().dense_shape});
}

} // namespace

std::vector<ApiDef> train_api() {
    return {
        {"gradients",
         params("ys, xs, grad_ys=None, name='gradients', colocate_gradients_with_ops=False, gate_gradients=False, "
                "aggregation_method=None, stop_gradients=None, unconnected_gradients='none'"),
         "Gradients of the sum of ys with respect to each of xs.", gradients_function},
        {"train.get_global_step", params("graph=None"), "The global step, or None.",
         [](Context& context, const Arguments& a) { return global_step(graph_or_default(context, a[0])); }},
        {"train.create_global_step", params("graph=None"), "Makes the global step.",
         [](Context& context, const Arguments& a) { return create_global_step(graph_or_default(context, a[0])); }},
        {"train.get_or_create_global_step", params("graph=None"), "The global step, made if there is none.",
         [](Context& context, const Arguments& a) {
             GraphState& state = graph_or_default(context, a[0]);
             const Value known = global_step(state);
             return known.is_none() ? create_global_step(state) : known;
         }},
        {"global_norm", params("t_list, name=None"), "The norm of all tensors together.",
         [](Context& context, const Arguments& a) {
             GraphState& state = context.default_graph();
             return wrap(state, global_norm(state, a[0], text_or(a[1], "")));
         }},
        {"clip_by_global_norm", params("t_list, clip_norm, use_norm=None, name=None"),
         "Scales all tensors so that their common norm is at most clip_norm.", clip_by_global_norm},
        {"clip_by_value", params("t, clip_value_min, clip_value_max, name=None"), "Limits values from below and above.",
         clip_by_value},
    };
}

} // namespace rnnscope::tf1
