#include "core/tf1/api_families.hpp"
#include "core/tf1/checks.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/losses.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/sums.hpp"

#include <array>

#include <fmt/format.h>

/// tf.losses: python/ops/losses/losses_impl.py and util.py, 1.15.
namespace rnnscope::tf1 {

namespace {

/// tf.losses.Reduction.
struct Reduction {
    static constexpr std::string_view none = "none", sum = "weighted_sum", mean = "weighted_mean",
                                      over_batch = "weighted_sum_over_batch_size",
                                      by_nonzero = "weighted_sum_by_nonzero_weights";
};

void check_reduction(std::string_view key) {
    for (const std::string_view known :
         {Reduction::none, Reduction::sum, Reduction::mean, Reduction::over_batch, Reduction::by_nonzero})
        if (key == known) return;
    raise("ValueError", fmt::format("Invalid Reduction Key {}.", key));
}

Value safe_mean(GraphState& state, const Value& loss, const Value& count) {
    const Value total = wrap(state, reduce(state, "Sum", loss));
    return op_value(state, "DivNoNan", {total, count}, {}, "value");
}

/// tensor's dimensions but the first.
Value dimensions_of_examples(GraphState& state, const Value& tensor) {
    const Value rank = wrap(state, rank_of(state, tensor));
    return wrap(state, range(state, Value(1), rank));
}

/// How many elements have a weight that is not zero: in all, or in each example of a batch.
Value num_present(GraphState& state, const Value& losses, const Value& given, bool per_batch = false) {
    const NameScope scope(state, "num_present");
    const Value weights = wrap(state, cast(state, given, DType::float32));
    const Value is_zero = op_value(state, "Equal", {weights, Value(0.0)});
    const Value zeros = wrap(state, zeros_like(state, weights));
    const Value ones = wrap(state, ones_like(state, weights));
    const Value present = op_value(state, "Select", {is_zero, zeros, ones});
    const Value everywhere = wrap(state, broadcast_weights(state, present, losses));
    const Value axes = per_batch ? dimensions_of_examples(state, everywhere) : Value();
    return wrap(state, reduce(state, "Sum", everywhere, axes, per_batch, scope.scope()));
}

Value num_elements(GraphState& state, const Value& losses) {
    const NameScope scope(state, "num_elements");
    const Value count = wrap(state, size_of(state, losses, scope.scope()));
    return wrap(state, cast(state, count, state.graph.info(losses.as<TensorValue>()->output).dtype));
}

Value reduced_loss(GraphState& state, std::string_view reduction, const Value& losses, const Value& weights) {
    const Value weighted = op_value(state, "Mul", {losses, weights});
    if (reduction == Reduction::none) return weighted;
    const Value total = wrap(state, reduce(state, "Sum", weighted));
    if (reduction == Reduction::mean) {
        const Value ones = wrap(state, ones_like(state, losses));
        const Value all = wrap(state, binary_operator(state, "*", ones, weights));
        return safe_mean(state, total, wrap(state, reduce(state, "Sum", all)));
    }
    if (reduction == Reduction::by_nonzero) return safe_mean(state, total, num_present(state, losses, weights));
    if (reduction == Reduction::over_batch) return safe_mean(state, total, num_elements(state, losses));
    return total;
}

void add_loss(GraphState& state, const Value& loss, const Value& collection) {
    if (collection.truthy()) add_to_collection(state, text_or(collection, ""), loss);
}

/// What every loss ends with.
struct Weighting {
    Value weights, collection, reduction;
};

Value compute_weighted_loss(GraphState& state, const Value& losses_value, const Weighting& weighting,
                            const std::string& scope_name) {
    const std::string reduction = text_or(weighting.reduction, "None");
    check_reduction(reduction);
    const NameScope scope(state, scope_name);
    const ControlDependenciesScope checked(state, {assert_broadcastable(state, weighting.weights, losses_value)});
    const Value given = wrap(state, to_tensor(state, losses_value));
    const DType dtype = state.graph.info(given.as<TensorValue>()->output).dtype;
    const Value losses = wrap(state, cast(state, given, DType::float32));
    const Value weights = wrap(state, cast(state, weighting.weights, DType::float32));
    const Value loss = wrap(state, cast(state, reduced_loss(state, reduction, losses, weights), dtype));
    add_loss(state, loss, weighting.collection);
    return loss;
}

void must_be_given(const Value& value, const char* name) {
    if (value.is_none()) raise("ValueError", fmt::format("{} must not be None.", name));
}

/// Where the arguments of a loss stand, after its labels and predictions.
struct LossForm {
    const char* scope;                       ///< the default name
    std::size_t scope_at = 3;                ///< loss_collection and reduction follow
    const char* predictions = "predictions"; ///< what they are called
    std::size_t weights_at = 2;
};

/// Losses of labels and predictions that have one shape; `losses(predictions, labels)` is the loss of each element.
template <class Losses>
Value elementwise_loss(Context& context, const Arguments& a, const LossForm& form, const Losses& losses) {
    GraphState& state = context.default_graph();
    must_be_given(a[0], "labels");
    must_be_given(a[1], form.predictions);
    const NameScope scope(state, text_or(a[form.scope_at], form.scope));
    const Output predictions = cast(state, a[1], DType::float32), labels = cast(state, a[0], DType::float32);
    assert_compatible(state, predictions, labels);
    const Value each = losses(state, wrap(state, predictions), wrap(state, labels));
    return compute_weighted_loss(state, each, {a[form.weights_at], a[form.scope_at + 1], a[form.scope_at + 2]},
                                 scope.scope());
}

Value mean_squared_error(Context& context, const Arguments& a) {
    return elementwise_loss(context, a, {"mean_squared_error"}, [](GraphState& state, const Value& x, const Value& y) {
        return op_value(state, "SquaredDifference", {x, y});
    });
}

Value absolute_difference(Context& context, const Arguments& a) {
    return elementwise_loss(context, a, {"absolute_difference"}, [](GraphState& state, const Value& x, const Value& y) {
        return op_value(state, "Abs", {op_value(state, "Sub", {x, y})});
    });
}

/// Quadratic up to `delta`, then a line. Arguments: labels, predictions, weights, delta, scope, loss_collection,
/// reduction.
Value huber_loss(Context& context, const Arguments& a) {
    const auto losses = [&](GraphState& state, const Value& x, const Value& y) {
        const Value error = op_value(state, "Abs", {op_value(state, "Sub", {x, y})});
        const Value quadratic = op_value(state, "Minimum", {error, a[3]});
        const Value linear = op_value(state, "Sub", {error, quadratic});
        const Value half = wrap(state, to_tensor(state, Value(0.5), DType::float32));
        const Value parabola = op_value(state, "Mul", {half, op_value(state, "Mul", {quadratic, quadratic})});
        return op_value(state, "Add", {parabola, op_value(state, "Mul", {a[3], linear})});
    };
    return elementwise_loss(context, a, {"huber_loss", 4}, losses);
}

/// Arguments: labels, predictions, weights, epsilon, scope, loss_collection, reduction.
Value log_loss(Context& context, const Arguments& a) {
    const auto losses = [&](GraphState& state, const Value& x, const Value& y) {
        const auto binary = [&](std::string_view op, const Value& left, const Value& right) {
            return wrap(state, binary_operator(state, op, left, right));
        };
        const Value log = op_value(state, "Log", {binary("+", x, a[3])});
        const Value of_ones = op_value(state, "Neg", {op_value(state, "Mul", {y, log})});
        const Value zeros = binary("-", Value(1), y);
        const Value rest = op_value(state, "Log", {binary("+", binary("-", Value(1), x), a[3])});
        return binary("-", of_ones, op_value(state, "Mul", {zeros, rest}));
    };
    return elementwise_loss(context, a, {"log_loss", 4}, losses);
}

/// Labels of 0 and 1 stand for -1 and 1. Arguments: labels, logits, weights, scope, loss_collection, reduction.
Value hinge_loss(Context& context, const Arguments& a) {
    const auto losses = [](GraphState& state, const Value& logits, const Value& labels) {
        const Value ones = wrap(state, ones_like(state, labels));
        const Value twice = wrap(state, binary_operator(state, "*", Value(2), labels));
        const Value signs = op_value(state, "Sub", {twice, ones});
        const Value margin = op_value(state, "Sub", {ones, op_value(state, "Mul", {signs, logits})});
        return op_value(state, "Relu", {margin});
    };
    return elementwise_loss(context, a, {"hinge_loss", 3, "logits"}, losses);
}

/// Of vectors of length 1. Arguments: labels, predictions, axis, weights, scope, loss_collection, reduction, dim.
Value cosine_distance(Context& context, const Arguments& a) {
    const Value axis = a[2].is_none() ? a[7] : a[2];
    if (!a[2].is_none() && !a[7].is_none()) raise("ValueError", "Cannot specify both 'dim' and 'axis'");
    if (axis.is_none()) raise("ValueError", "You must specify 'axis'.");
    const auto losses = [&](GraphState& state, const Value& x, const Value& y) {
        const Value products = op_value(state, "Mul", {x, y});
        const Value sum = wrap(state, reduce(state, "Sum", products, Value::list({axis}), true));
        return wrap(state, binary_operator(state, "-", Value(1), sum));
    };
    return elementwise_loss(context, a, {"cosine_distance_loss", 4, "predictions", 3}, losses);
}

/// Of the differences between elements of one example. Arguments: labels, predictions, weights, scope,
/// loss_collection.
Value mean_pairwise_squared_error(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    must_be_given(a[0], "labels");
    must_be_given(a[1], "predictions");
    const auto binary = [&](std::string_view op, const Value& left, const Value& right) {
        return wrap(state, binary_operator(state, op, left, right));
    };
    const auto sum_of_examples = [&](const Value& each, const Value& axes) {
        return wrap(state, reduce(state, "Sum", each, axes, true));
    };
    const NameScope scope(state, text_or(a[3], "mean_pairwise_squared_error"));
    const Value weights = wrap(state, cast(state, a[2], DType::float32));
    const Output labels = cast(state, a[0], DType::float32);
    const ControlDependenciesScope checked(state, {assert_broadcastable(state, weights, wrap(state, labels))});
    const Output predictions = cast(state, a[1], DType::float32);
    assert_compatible(state, predictions, labels);
    const Value difference = op_value(state, "Sub", {wrap(state, predictions), wrap(state, labels)});
    const Value axes = dimensions_of_examples(state, difference);
    const Value squares = sum_of_examples(op_value(state, "Square", {difference}), axes);
    const Value present = num_present(state, difference, weights, true);
    // Twice what stands over the number of others, or over that of pairs.
    const auto twice_over = [&](const Value& sum, const Value& count) {
        const Value divisor = op_value(state, "Maximum", {count, Value(0)});
        return binary("*", Value(2.0), op_value(state, "DivNoNan", {sum, divisor}, {}, "value"));
    };
    const Value first = twice_over(squares, binary("-", present, Value(1)));
    const Value sum = sum_of_examples(difference, axes);
    const Value square_of_sum = op_value(state, "Square", {sum});
    const Value others = binary("-", present, Value(1));
    const Value second = twice_over(square_of_sum, op_value(state, "Mul", {present, others}));
    const Value weighted = op_value(state, "Mul", {binary("-", first, second), weights});
    const Value loss = wrap(state, reduce(state, "Sum", weighted));
    const Value any = binary(">", wrap(state, reduce(state, "Sum", present)), Value(0));
    const Value zero = wrap(state, zeros_like(state, loss));
    const Value mean = op_value(state, "Select", {any, loss, zero}, {}, "value");
    add_loss(state, mean, a[4]);
    return mean;
}

/// Labels (argument 0) in the type of the logits (argument 1).
std::array<Value, 2> labels_and_logits(GraphState& state, const Arguments& a) {
    const Output logits = to_tensor(state, a[1]);
    const Output labels = cast(state, a[0], state.graph.info(logits).dtype);
    assert_compatible(state, logits, labels);
    return {wrap(state, labels), wrap(state, logits)};
}

/// Arguments: labels, logits, weights, label_smoothing, scope, loss_collection, reduction.
Value sigmoid_loss(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    must_be_given(a[0], "multi_class_labels");
    must_be_given(a[1], "logits");
    const NameScope scope(state, text_or(a[4], "sigmoid_cross_entropy_loss"));
    auto [labels, logits] = labels_and_logits(state, a);
    if (const double smoothing = number_of(a[3]); smoothing > 0) {
        const Value scaled = wrap(state, binary_operator(state, "*", labels, Value(1 - smoothing)));
        labels = wrap(state, binary_operator(state, "+", scaled, Value(0.5 * smoothing)));
    }
    const Value losses = wrap(state, sigmoid_cross_entropy(state, labels, logits, "xentropy"));
    return compute_weighted_loss(state, losses, {a[2], a[5], a[6]}, scope.scope());
}

/// The same arguments.
Value softmax_loss(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    must_be_given(a[0], "onehot_labels");
    must_be_given(a[1], "logits");
    const NameScope scope(state, text_or(a[4], "softmax_cross_entropy_loss"));
    auto [labels, logits] = labels_and_logits(state, a);
    if (const double smoothing = number_of(a[3]); smoothing > 0) {
        const Value shape = wrap(state, shape_of(state, labels));
        const Value last = wrap(state, strided_slice(state, shape, Value(-1)));
        const DType dtype = state.graph.info(logits.as<TensorValue>()->output).dtype;
        const Value classes = wrap(state, cast(state, last, dtype));
        const Value share = wrap(state, binary_operator(state, "/", Value(smoothing), classes));
        const Value scaled = wrap(state, binary_operator(state, "*", labels, Value(1.0 - smoothing)));
        labels = wrap(state, binary_operator(state, "+", scaled, share));
    }
    labels = op_value(state, "StopGradient", {labels}, {}, "labels_stop_gradient");
    const Value losses = wrap(state, softmax_cross_entropy(state, labels, logits, -1, "xentropy"));
    return compute_weighted_loss(state, losses, {a[2], a[5], a[6]}, scope.scope());
}

/// losses_impl._remove_squeezable_dimensions of weights: a last dimension that the labels do not have goes.
Value squeezed_weights(GraphState& state, const Value& given, Output labels) {
    const Value weights = wrap(state, to_tensor(state, given));
    const Shape shape = state.graph.info(weights.as<TensorValue>()->output).shape;
    const Shape labels_shape = state.graph.info(labels).shape;
    const auto squeeze = [&] {
        return op_value(state, "Squeeze", {weights}, {{"squeeze_dims", attr_list(std::vector<std::int64_t>{-1})}});
    };
    if (labels_shape.has_rank() && shape.has_rank())
        return shape.rank() == labels_shape.rank() + 1 ? squeeze() : weights;
    const Value weights_rank = wrap(state, rank_of(state, weights));
    const Value labels_rank = wrap(state, rank_of(state, wrap(state, labels)));
    const Value difference = wrap(state, binary_operator(state, "-", weights_rank, labels_rank));
    const auto may_be_one = [&] {
        const std::int64_t last = shape.dim(shape.rank() - 1);
        return last == 1 || last == Shape::unknown;
    };
    if (shape.has_rank() && (shape.rank() == 0 || !may_be_one())) return weights;
    return cond(state, op_value(state, "Equal", {Value(1), difference}), squeeze, [&] { return weights; });
}

/// Arguments: labels, logits, weights, scope, loss_collection, reduction.
Value sparse_softmax_loss(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    must_be_given(a[0], "labels");
    must_be_given(a[1], "logits");
    const NameScope scope(state, text_or(a[3], "sparse_softmax_cross_entropy_loss"));
    const LabelsAndPredictions pair = remove_squeezable_dimensions(state, a[0], a[1], 1);
    const Value weights = a[2].is_none() ? a[2] : squeezed_weights(state, a[2], pair.labels);
    const Value losses = wrap(state, sparse_softmax_cross_entropy(state, wrap(state, pair.labels),
                                                                  wrap(state, pair.predictions), "xentropy"));
    return compute_weighted_loss(state, losses, {weights, a[4], a[5]}, scope.scope());
}

Value weighted_loss(Context& context, const Arguments& a) {
    return compute_weighted_loss(context.default_graph(), a[0], {a[1], a[3], a[4]}, text_or(a[2], "weighted_loss"));
}

Value get_total_loss(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    std::vector<Value> losses = *items_of(get_collection(state, "losses", a[2]));
    if (a[0].truthy()) {
        const Value more = get_collection(state, "regularization_losses", a[2]);
        losses.insert(losses.end(), items_of(more)->begin(), items_of(more)->end());
    }
    return add_n(state, Value::list(std::move(losses)), text_or(a[1], ""));
}

Value get_regularization_loss(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const Value losses = get_collection(state, "regularization_losses", a[0]);
    if (!losses.truthy()) return wrap(state, state.constant(make_tensor(Value(0.0))));
    return add_n(state, losses, text_or(a[1], ""));
}

} // namespace

std::vector<ApiDef> losses_api() {
    const std::string end = ", scope=None, loss_collection='losses', reduction='weighted_sum_by_nonzero_weights'";
    const std::vector<Param> elementwise = params("labels, predictions, weights=1.0" + end);
    return {
        {"losses.mean_squared_error", elementwise, "The weighted mean of squared differences.", mean_squared_error},
        {"losses.absolute_difference", elementwise, "The weighted mean of absolute differences.", absolute_difference},
        {"losses.huber_loss", params("labels, predictions, weights=1.0, delta=1.0" + end),
         "The weighted mean of differences, squared where they are small.", huber_loss},
        {"losses.log_loss", params("labels, predictions, weights=1.0, epsilon=1.0e-7" + end),
         "The weighted mean of cross entropies of probabilities.", log_loss},
        {"losses.hinge_loss", params("labels, logits, weights=1.0" + end),
         "The weighted mean of what margins lack of 1.", hinge_loss},
        {"losses.cosine_distance", params("labels, predictions, axis=None, weights=1.0" + end + ", dim=None"),
         "The weighted mean of 1 - cosine, of vectors of length 1.", cosine_distance},
        {"losses.mean_pairwise_squared_error",
         params("labels, predictions, weights=1.0, scope=None, loss_collection='losses'"),
         "The mean of squared differences between pairs of an example's elements.", mean_pairwise_squared_error},
        {"losses.sigmoid_cross_entropy", params("multi_class_labels, logits, weights=1.0, label_smoothing=0" + end),
         "The weighted mean of sigmoid cross entropies.", sigmoid_loss},
        {"losses.softmax_cross_entropy", params("onehot_labels, logits, weights=1.0, label_smoothing=0" + end),
         "The weighted mean of softmax cross entropies.", softmax_loss},
        {"losses.sparse_softmax_cross_entropy", params("labels, logits, weights=1.0" + end),
         "The weighted mean of softmax cross entropies with classes.", sparse_softmax_loss},
        {"losses.compute_weighted_loss", params("losses, weights=1.0" + end),
         "A loss of each element as one number, which joins the collection of losses.", weighted_loss},
        {"losses.add_loss", params("loss, loss_collection='losses'"), "Adds a loss to the collection of losses.",
         [](Context& context, const Arguments& a) -> Value {
             add_loss(context.default_graph(), a[0], a[1]);
             return None{};
         }},
        {"losses.get_losses", params("scope=None, loss_collection='losses'"), "The losses so far.",
         [](Context& context, const Arguments& a) {
             return get_collection(context.default_graph(), text_or(a[1], ""), a[0]);
         }},
        {"losses.get_regularization_losses", params("scope=None"), "The losses that regularizers made.",
         [](Context& context, const Arguments& a) {
             return get_collection(context.default_graph(), "regularization_losses", a[0]);
         }},
        {"losses.get_regularization_loss", params("scope=None, name='total_regularization_loss'"),
         "The sum of the losses that regularizers made.", get_regularization_loss},
        {"losses.get_total_loss", params("add_regularization_losses=True, name='total_loss', scope=None"),
         "The sum of all losses.", get_total_loss},
    };
}

} // namespace rnnscope::tf1
