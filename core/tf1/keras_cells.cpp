#include "core/tf1/api.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/keras.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/op_helpers.hpp"

#include <fmt/format.h>

#include <limits>

namespace rnnscope::tf1 {

namespace {

/// weights[:, k u : (k + count) u], or of a vector its part, for gates of `units` columns each. Python's code leaves
/// out the begin of the first and the end of the last.
Value columns(GraphState& state, const Value& weights, std::int64_t first, std::int64_t count, std::int64_t gates,
              std::int64_t units) {
    const Value begin = first == 0 ? Value() : Value(first * units);
    const Value end = first + count == gates ? Value() : Value((first + count) * units);
    const Value part = Value::tuple({begin, end, {}});
    const Output whole = weights.is<TensorValue>() ? weights.as<TensorValue>()->output : Output{};
    const VariableValue* variable = weights.as<VariableValue>();
    const Shape& shape = variable != nullptr ? state.graph.variable(variable->id).shape : state.graph.info(whole).shape;
    if (shape.rank() == 1) return wrap(state, strided_slice(state, weights, part));
    return wrap(state, strided_slice(state, weights, Value::list({Value::tuple({{}, {}, {}}), part})));
}

Value dot(GraphState& state, const Value& x, const Value& kernel) {
    return wrap(state, matmul(state, x, kernel));
}

Value plus(GraphState& state, const Value& a, const Value& b) {
    return wrap(state, binary_operator(state, "+", a, b));
}

Value times(GraphState& state, const Value& a, const Value& b) {
    return wrap(state, binary_operator(state, "*", a, b));
}

Output as_output(const Value& value) {
    return value.as<TensorValue>()->output;
}

/// `states[index]`; of a tensor, which is no list of states, that is a row.
Value state_at(GraphState& state, const Value& states, std::int64_t index) {
    Result<Value> item = get_item(state.context, states, Value(index));
    if (!item) raise(item.error().code, item.error().message);
    return std::move(*item);
}

/// What add_weight takes where there is no initializer.
Value or_default(GraphState& state, const Value& initializer) {
    return initializer.is_none() ? initializer_object(state.context, "glorot_uniform") : initializer;
}

Output called(GraphState& state, const Value& function, Output x) {
    if (function.is_none()) return x;
    return to_tensor(state, call_function(state.context, function, {wrap(state, x)}));
}

} // namespace

// --- KerasCell ------------------------------------------------------------------------------------------------

KerasCell::KerasCell(GraphState& state, KerasCellOptions options) : options_(std::move(options)) {
    init_keras_layer(state, options_.class_name, options_.layer);
}

Value KerasCell::zero_state(GraphState&, const Value&, DType) const {
    raise("AttributeError", fmt::format("'{}' object has no attribute 'zero_state'", type_name()));
}

/// _generate_zero_filled_state.
Value KerasCell::initial_state(GraphState& state, const Value& batch_size, DType dtype) const {
    return nest::map_structure(
        [&](const Value& units) {
            return wrap(state, zeros(state, Value::list({batch_size, units}), dtype));
        },
        state_size(state.context));
}

std::pair<Value, Value> KerasCell::step(GraphState& state, const Value& inputs, const Value& states, const Value&) {
    const std::vector<Value> pair = *items_of(apply(state, inputs, {states}));
    return {pair[0], pair[1]};
}

Value KerasCell::call(Context& context, std::vector<Value> positional,
                      std::vector<std::pair<std::string, Value>> keywords) {
    static constexpr std::string_view names[] = {"inputs", "states", "training"}; // without dropout, training is unused
    std::vector<Value> given(std::size(names));
    std::vector<bool> is_given(std::size(names));
    if (positional.size() > std::size(names)) {
        raise("TypeError",
              fmt::format("call() takes from 3 to 4 positional arguments but {} were given", positional.size() + 1));
    }
    for (std::size_t i = 0; i < positional.size(); ++i) given[i] = std::move(positional[i]), is_given[i] = true;
    for (auto& [key, value] : keywords) {
        const auto* name = std::find(std::begin(names), std::end(names), key);
        if (name == std::end(names))
            raise("TypeError", fmt::format("call() got an unexpected keyword argument '{}'", key));
        const auto i = static_cast<std::size_t>(name - names);
        if (is_given[i]) raise("TypeError", fmt::format("call() got multiple values for argument '{}'", key));
        given[i] = std::move(value);
        is_given[i] = true;
    }
    if (!is_given[0]) raise("TypeError", "__call__() missing 1 required positional argument: 'inputs'");
    if (!is_given[1]) raise("TypeError", "call() missing 1 required positional argument: 'states'");
    return apply(context.default_graph(), given[0], {given[1]});
}

void KerasCell::make_weights(GraphState& state, const Value& input_shape, std::int64_t gates) {
    const Shape shape = to_shape(input_shape);
    const std::int64_t depth = shape.has_rank() && shape.rank() > 0 ? shape.dim(shape.rank() - 1) : Shape::unknown;
    // The default initializer's arithmetic with a dimension that is None.
    if (depth == Shape::unknown) raise("TypeError", "unsupported operand type(s) for +: 'NoneType' and 'int'");
    const auto weight = [&](const char* name, const Value& initializer, const std::vector<std::int64_t>& dims) {
        return add_weight(state, name, [&] { return initial_value(state, or_default(state, initializer), dims); });
    };
    if (options_.units > std::numeric_limits<std::int64_t>::max() / gates)
        raise("OverflowError", "Python int too large to convert to C long");
    const std::int64_t width = gates * options_.units;
    kernel_ = weight("kernel", options_.kernel_initializer, {depth, width});
    recurrent_kernel_ = weight("recurrent_kernel", options_.recurrent_initializer, {options_.units, width});
    if (!options_.use_bias) return;
    const std::vector<std::int64_t> dims =
        options_.reset_after ? std::vector<std::int64_t>{2, width} : std::vector<std::int64_t>{width};
    bias_ = add_weight(state, "bias", [&] { return initial_bias(state, dims); });
}

Value KerasCell::initial_bias(GraphState& state, const std::vector<std::int64_t>& shape) const {
    return initial_value(state, or_default(state, options_.bias_initializer), shape);
}

Output KerasCell::recurrent(GraphState& state, Output x) const {
    return called(state, options_.recurrent_activation, x);
}

Output KerasCell::activate(GraphState& state, Output x) const {
    return called(state, options_.activation, x);
}

Value KerasCell::attribute(Context& context, std::string_view name) {
    if (name == "units") return options_.units;
    if (name == "use_bias") return options_.use_bias;
    if (name == "activation") return options_.activation;
    if (name == "recurrent_activation") return options_.recurrent_activation;
    if (name == "kernel" && built()) return kernel_;
    if (name == "recurrent_kernel" && built()) return recurrent_kernel_;
    if (name == "bias" && built()) return options_.use_bias ? Value(bias_) : Value();
    return RnnCell::attribute(context, name);
}

std::vector<std::string> KerasCell::attribute_names() const {
    std::vector<std::string> names = RnnCell::attribute_names();
    names.insert(names.end(),
                 {"units", "use_bias", "activation", "recurrent_activation", "kernel", "recurrent_kernel", "bias"});
    return names;
}

// --- SimpleRNNCell --------------------------------------------------------------------------------------------

std::pair<Value, Value> KerasSimpleRnnCell::step_once(GraphState& state, const Value& inputs, const Value& states) {
    const Value before = state_at(state, states, 0);
    Value x = dot(state, inputs, kernel_);
    if (options_.use_bias) x = wrap(state, bias_add(state, x, bias_));
    const Value sum = plus(state, x, dot(state, before, recurrent_kernel_));
    const Value output = wrap(state, activate(state, as_output(sum)));
    return {output, Value::list({output})};
}

// --- GRUCell --------------------------------------------------------------------------------------------------

/// implementation=1.
KerasGruCell::Gates KerasGruCell::by_gate(GraphState& state, const Value& inputs, const Value& h,
                                          const Value& input_bias, const Value& recurrent_bias) const {
    const std::int64_t units = options_.units;
    const auto part = [&](const Value& weights, std::int64_t gate) {
        return columns(state, weights, gate, 1, 3, units);
    };
    const auto biased = [&](const Value& x, const Value& bias, std::int64_t gate) {
        return bias.is_none() ? x : wrap(state, bias_add(state, x, part(bias, gate)));
    };
    Value x[3];
    for (std::int64_t gate = 0; gate < 3; ++gate) x[gate] = dot(state, inputs, part(kernel_, gate));
    for (std::int64_t gate = 0; gate < 3; ++gate) x[gate] = biased(x[gate], input_bias, gate);
    Value of_h[2];
    for (std::int64_t gate = 0; gate < 2; ++gate) of_h[gate] = dot(state, h, part(recurrent_kernel_, gate));
    for (std::int64_t gate = 0; gate < 2; ++gate) of_h[gate] = biased(of_h[gate], recurrent_bias, gate);
    const Output z = recurrent(state, as_output(plus(state, x[0], of_h[0])));
    const Value r = wrap(state, recurrent(state, as_output(plus(state, x[1], of_h[1]))));
    Value reset;
    if (options_.reset_after) {
        reset = times(state, r, biased(dot(state, h, part(recurrent_kernel_, 2)), recurrent_bias, 2));
    } else {
        const Value r_h = times(state, r, h);
        reset = dot(state, r_h, part(recurrent_kernel_, 2));
    }
    return {z, activate(state, as_output(plus(state, x[2], reset)))};
}

/// implementation=2.
KerasGruCell::Gates KerasGruCell::by_product(GraphState& state, const Value& inputs, const Value& h,
                                             const Value& input_bias, const Value& recurrent_bias) const {
    const std::int64_t units = options_.units;
    const auto biased = [&](const Value& x, const Value& bias) {
        return bias.is_none() ? x : wrap(state, bias_add(state, x, bias));
    };
    const auto part = [&](const Value& matrix, std::int64_t gate) { return columns(state, matrix, gate, 1, 3, units); };
    const Value of_x = biased(dot(state, inputs, kernel_), input_bias);
    const Value x[] = {part(of_x, 0), part(of_x, 1), part(of_x, 2)};
    Value of_h;
    if (options_.reset_after) {
        of_h = biased(dot(state, h, recurrent_kernel_), recurrent_bias);
    } else {
        of_h = dot(state, h, columns(state, recurrent_kernel_, 0, 2, 3, units));
    }
    const Value of_h_z = part(of_h, 0), of_h_r = part(of_h, 1);
    const Output z = recurrent(state, as_output(plus(state, x[0], of_h_z)));
    const Value r = wrap(state, recurrent(state, as_output(plus(state, x[1], of_h_r))));
    Value reset;
    if (options_.reset_after) {
        reset = times(state, r, part(of_h, 2));
    } else {
        const Value r_h = times(state, r, h);
        reset = dot(state, r_h, part(recurrent_kernel_, 2));
    }
    return {z, activate(state, as_output(plus(state, x[2], reset)))};
}

std::pair<Value, Value> KerasGruCell::step_once(GraphState& state, const Value& inputs, const Value& states) {
    const Value before = state_at(state, states, 0);
    Value input_bias, recurrent_bias;
    if (options_.use_bias && options_.reset_after) {
        const std::vector<Output> rows = unstack(state, bias_);
        input_bias = wrap(state, rows[0]);
        recurrent_bias = wrap(state, rows[1]);
    } else if (options_.use_bias) {
        input_bias = bias_;
    }
    const Gates gates = options_.one_product ? by_product(state, inputs, before, input_bias, recurrent_bias)
                                             : by_gate(state, inputs, before, input_bias, recurrent_bias);
    const Value z = wrap(state, gates.z);
    const Value kept = times(state, z, before);
    const Value rest = wrap(state, binary_operator(state, "-", Value(1), z));
    const Value renewed = times(state, rest, wrap(state, gates.candidate));
    const Value h = plus(state, kept, renewed);
    return {h, Value::list({h})};
}

// --- LSTMCell -------------------------------------------------------------------------------------------------

Value KerasLstmCell::initial_bias(GraphState& state, const std::vector<std::int64_t>& shape) const {
    if (!options_.unit_forget_bias) return KerasCell::initial_bias(state, shape);
    const std::int64_t units = options_.units;
    const Value input = initial_value(state, options_.bias_initializer, {units});
    const Value forget = initial_value(state, ones_initializer(), {units});
    const Value others = initial_value(state, options_.bias_initializer, {2 * units});
    return wrap(state, concat(state, Value::list({input, forget, others}), Value(0)));
}

/// implementation=1.
KerasLstmCell::Memory KerasLstmCell::by_gate(GraphState& state, const Value& inputs, const Value& h,
                                             const Value& c) const {
    Value x[4];
    const std::vector<Output> kernels = split(state, kernel_, Value(4), Value(1));
    for (std::size_t gate = 0; gate < 4; ++gate) x[gate] = dot(state, inputs, wrap(state, kernels[gate]));
    if (options_.use_bias) {
        const std::vector<Output> biases = split(state, bias_, Value(4), Value(0));
        for (std::size_t gate = 0; gate < 4; ++gate)
            x[gate] = wrap(state, bias_add(state, x[gate], wrap(state, biases[gate])));
    }
    const auto sum = [&](std::int64_t gate) {
        const Value kernel = columns(state, recurrent_kernel_, gate, 1, 4, options_.units);
        return as_output(plus(state, x[gate], dot(state, h, kernel)));
    };
    const Value i = wrap(state, recurrent(state, sum(0)));
    const Value f = wrap(state, recurrent(state, sum(1)));
    const Value kept = times(state, f, c);
    const Value renewed = times(state, i, wrap(state, activate(state, sum(2))));
    const Output memory = as_output(plus(state, kept, renewed));
    return {memory, recurrent(state, sum(3))};
}

/// implementation=2.
KerasLstmCell::Memory KerasLstmCell::by_product(GraphState& state, const Value& inputs, const Value& h,
                                                const Value& c) const {
    const Value of_x = dot(state, inputs, kernel_);
    Value sums = plus(state, of_x, dot(state, h, recurrent_kernel_));
    if (options_.use_bias) sums = wrap(state, bias_add(state, sums, bias_));
    const std::vector<Output> parts = split(state, sums, Value(4), Value(1));
    const Value i = wrap(state, recurrent(state, parts[0]));
    const Value f = wrap(state, recurrent(state, parts[1]));
    const Value kept = times(state, f, c);
    const Value renewed = times(state, i, wrap(state, activate(state, parts[2])));
    const Output memory = as_output(plus(state, kept, renewed));
    return {memory, recurrent(state, parts[3])};
}

std::pair<Value, Value> KerasLstmCell::step_once(GraphState& state, const Value& inputs, const Value& states) {
    const Value h = state_at(state, states, 0), c = state_at(state, states, 1);
    const Memory memory = options_.one_product ? by_product(state, inputs, h, c) : by_gate(state, inputs, h, c);
    const Value new_c = wrap(state, memory.c);
    const Value new_h = times(state, wrap(state, memory.o), wrap(state, activate(state, memory.c)));
    return {new_h, Value::list({new_h, new_c})};
}

} // namespace rnnscope::tf1
