#include "core/tf1/api.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/keras.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/rnn_step.hpp"
#include "core/tf1/tensor_array.hpp"

#include <algorithm>

#include <fmt/format.h>

/// tf.keras.layers.RNN (python/keras/layers/recurrent.py) over keras.backend.rnn (python/keras/backend.py), 1.15, for
/// inputs that are one tensor, without a mask and without constants.
namespace rnnscope::tf1 {

namespace {

const Shape& shape_of_value(const GraphState& state, const Value& tensor) {
    return state.graph.info(tensor.as<TensorValue>()->output).shape;
}

Value swap_batch_and_time(GraphState& state, const Value& tensor) {
    std::vector<Value> axes{Value(1), Value(0)};
    for (std::size_t i = 2; i < shape_of_value(state, tensor).rank(); ++i)
        axes.emplace_back(static_cast<std::int64_t>(i));
    return wrap(state, transpose(state, tensor, Value::list(std::move(axes))));
}

Value joined(std::vector<Value> first, const Value& rest) {
    const std::vector<Value>& items = *items_of(rest);
    first.insert(first.end(), items.begin(), items.end());
    return Value::tuple(std::move(first));
}

constexpr const char* unknown_time =
    "Cannot unroll a RNN if the time dimension is undefined. \n- If using a Sequential model, specify the time "
    "dimension "
    "by passing an `input_shape` or `batch_input_shape` argument to your first layer. If your first layer is an "
    "Embedding, you can also use the `input_length` argument.\n- If using the functional API, specify the time "
    "dimension "
    "by passing a `shape` or `batch_shape` argument to your Input layer.";

/// What K.rnn returns; `outputs` are time-major.
struct Course {
    Value last_output, outputs, states;
};

/// K.rnn(unroll=True): one copy of the cell's ops for each step.
Course unrolled(GraphState& state, KerasCell& cell, const Value& inputs, Value states, bool go_backwards) {
    std::vector<Output> steps = unstack(state, inputs);
    if (go_backwards) std::reverse(steps.begin(), steps.end());
    std::vector<Value> outputs;
    for (const Output step : steps) {
        auto [output, new_states] = cell.step_once(state, wrap(state, step), states);
        outputs.push_back(output);
        states = new_states;
    }
    if (outputs.empty()) raise("IndexError", "list index out of range");
    const Value last = outputs.back();
    return {last, wrap(state, stack(state, Value::list(std::move(outputs)))), states};
}

/// K.rnn with a loop. The first step is computed before it, too, only to know the outputs' dtype and shape.
Course looped(GraphState& state, KerasCell& cell, const Value& inputs, const Value& time_steps, const Value& states,
              bool go_backwards) {
    const auto array_of = [&](DType dtype, Shape element_shape, const char* name) {
        TensorArray::Options options;
        options.dtype = dtype;
        options.size = time_steps;
        options.element_shape = std::move(element_shape);
        options.tensor_array_name = name;
        return std::make_shared<TensorArray>(state, options);
    };
    const DType input_dtype = state.graph.info(inputs.as<TensorValue>()->output).dtype;
    std::shared_ptr<TensorArray> read_from = array_of(input_dtype, Shape::unknown_rank(), "input_ta_0");
    read_from = read_from->unstack(state, go_backwards ? op_value(state, "ReverseV2", {inputs, Value::list({Value(0)})})
                                                       : inputs);
    const Value first_input = wrap(state, strided_slice(state, inputs, Value(0)));
    const Value first_states = Value::tuple(*items_of(states));
    const Value first_output = cell.step_once(state, first_input, first_states).first;
    const OutputInfo element = state.graph.info(first_output.as<TensorValue>()->output);
    const Value arrays = Value::tuple({Value(array_of(element.dtype, element.shape, "output_ta_0"))});
    const Value time = wrap(state, int32_constant(state, 0, "time"));

    const auto body = [&](const std::vector<Value>& vars) -> Value {
        const Value input = wrap(state, read_from->read(state, vars[0]));
        const Value before = Value::tuple({vars.begin() + 2, vars.end()});
        const auto [output, after] = cell.step_once(state, input, before);
        const std::vector<Value> old_states = nest::flatten(before), new_states = nest::flatten(after);
        for (std::size_t i = 0; i < old_states.size() && i < new_states.size(); ++i)
            set_shape(state, new_states[i].as<TensorValue>()->output, shape_of_value(state, old_states[i]));
        const auto array = (*items_of(vars[1]))[0].object<TensorArray>();
        const Value written = Value::tuple({Value(array->write(state, vars[0], output))});
        const Value next = wrap(state, binary_operator(state, "+", vars[0], Value(1)));
        return joined({next, written}, Value::list(new_states));
    };
    WhileLoopOptions options;
    options.parallel_iterations = 32;
    options.swap_memory = true;
    const Value result = while_loop(
        state,
        [&](const std::vector<Value>& vars) { return wrap(state, binary_operator(state, "<", vars[0], time_steps)); },
        body, joined({time, arrays}, states), options);
    const std::vector<Value>& final_vars = *items_of(result);
    const auto written = (*items_of(final_vars[1]))[0].object<TensorArray>();
    const Value outputs = wrap(state, written->stack(state));
    const Value last = wrap(state, strided_slice(state, outputs, Value(-1)));
    return {last, outputs, Value::list({final_vars.begin() + 2, final_vars.end()})};
}

} // namespace

KerasRnn::KerasRnn(GraphState& state, KerasRnnOptions options) : options_(std::move(options)) {
    init_keras_layer(state, options_.class_name, options_.layer);
    if (options_.class_name != "RNN") input_ndim_ = 3;
}

std::vector<VariableValue> KerasRnn::trainable_weights() const {
    return trainable_ ? options_.cell->trainable_weights() : std::vector<VariableValue>{};
}

std::vector<VariableValue> KerasRnn::non_trainable_weights() const {
    return trainable_ ? options_.cell->non_trainable_weights() : options_.cell->trainable_weights();
}

Value KerasRnn::call(Context& context, std::vector<Value> positional,
                     std::vector<std::pair<std::string, Value>> keywords) {
    if (positional.size() > 2)
        raise("NotImplementedError", fmt::format("{}: constants are not supported", type_name()));
    std::optional<Value> given_inputs, given_state;
    if (!positional.empty()) given_inputs = std::move(positional[0]);
    if (positional.size() > 1) given_state = std::move(positional[1]);
    for (auto& [key, value] : keywords) {
        std::optional<Value>* const named = key == "inputs"          ? &given_inputs
                                            : key == "initial_state" ? &given_state
                                                                     : nullptr;
        if (named != nullptr && *named)
            raise("TypeError", fmt::format("__call__() got multiple values for argument '{}'", key));
        if (named != nullptr)
            *named = std::move(value);
        else if ((key == "mask" || key == "constants") && !value.is_none())
            raise("NotImplementedError", fmt::format("{}: {} is not supported", type_name(), key));
        else if (key != "training" && key != "mask" && key != "constants") // without dropout, training is unused
            raise("TypeError", fmt::format("call() got an unexpected keyword argument '{}'", key));
    }
    if (!given_inputs) raise("TypeError", "__call__() missing 1 required positional argument: 'inputs'");
    Value inputs = std::move(*given_inputs), initial_state = given_state ? std::move(*given_state) : Value();
    if (const auto* list = inputs.as<ListValue>(); list != nullptr && !items_of(inputs)->empty()) {
        const std::vector<Value> items = *items_of(inputs);
        inputs = items[0];
        if (items.size() > 1) initial_state = Value::list({items.begin() + 1, items.end()});
    }
    if (!initial_state.is_none() && items_of(initial_state) == nullptr) initial_state = Value::list({initial_state});
    return apply(context.default_graph(), inputs, {initial_state});
}

void KerasRnn::build(GraphState& state, const Value& input_shape) {
    const Shape shape = to_shape(input_shape);
    if (!shape.has_rank() || shape.rank() < 3)
        raise("NotImplementedError", fmt::format("{}: inputs need a batch, time and a depth", type_name()));
    std::vector<std::int64_t> dims(shape.dims().begin(), shape.dims().end());
    std::vector<std::int64_t> step = dims;
    step.erase(step.begin() + (options_.time_major ? 0 : 1));
    dims[0] = dims[1] = Shape::unknown;
    input_spec_ = Shape(std::move(dims));
    input_ndim_ = shape.rank();
    if (!options_.cell->built()) options_.cell->build_with(state, Value(Shape(std::move(step))));
}

/// RNN.build: _validate_state_spec of the states that the first call was given.
void KerasRnn::check_first_states(GraphState& state, const Value& states) const {
    const Value sizes = options_.cell->state_size(state.context);
    const std::vector<Value> wanted = nest::flatten(sizes), given = nest::flatten(states);
    std::string specs;
    bool fits = wanted.size() == given.size();
    for (std::size_t i = 0; i < given.size(); ++i) {
        const auto* tensor = given[i].as<TensorValue>();
        const auto* variable = given[i].as<VariableValue>();
        if (tensor == nullptr && variable == nullptr) return; // found out where it is used
        const Shape& shape =
            tensor != nullptr ? state.graph.info(tensor->output).shape : state.graph.variable(variable->id).shape;
        const std::string ndim = shape.has_rank() ? std::to_string(shape.rank()) : "None";
        const std::string text = shape.has_rank() ? str(Value(shape)) : "None";
        specs += fmt::format("{}InputSpec(shape={}, ndim={})", i > 0 ? ", " : "", text, ndim);
        if (!fits || !shape.has_rank() || shape.rank() == 0) continue;
        const std::vector<std::int64_t> rest(shape.dims().begin() + 1, shape.dims().end());
        fits = Shape(rest).compatible(to_shape(wanted[i]));
    }
    if (fits) return;
    const Value listed = nest::is_sequence(sizes) ? sizes : Value::list({sizes});
    raise("ValueError", fmt::format("An `initial_state` was passed that is not compatible with `cell.state_size`. "
                                    "Received `state_spec`=[{}]; however `cell.state_size` is {}",
                                    specs, tf1::repr(listed)));
}

Value KerasRnn::run(GraphState& state, const Value& given, const std::vector<Value>& arguments) {
    Value inputs = given.is<TensorValue>() ? given : wrap(state, to_tensor(state, given));
    const Shape shape = shape_of_value(state, inputs);
    if (!shape.compatible(input_spec_)) {
        std::string expected;
        for (const std::int64_t dim : input_spec_.dims())
            expected += (expected.empty() ? "" : ", ") + (dim < 0 ? std::string("None") : std::to_string(dim));
        raise("ValueError", fmt::format("Input 0 is incompatible with layer {}: expected shape=({}), found shape={}",
                                        layer_name(), expected, as_python_list(shape)));
    }
    const std::size_t batch_axis = options_.time_major ? 1 : 0;
    Value states = arguments[0];
    if (!has_run_ && !states.is_none()) check_first_states(state, states);
    has_run_ = true;
    if (states.is_none()) {
        const Value dims = wrap(state, shape_of(state, inputs));
        const Value batch = wrap(state, strided_slice(state, dims, Value(static_cast<std::int64_t>(batch_axis))));
        const DType dtype = state.graph.info(inputs.as<TensorValue>()->output).dtype;
        states = state_for_cell(*options_.cell, options_.cell->initial_state(state, batch, dtype));
    }
    const std::size_t wanted = nest::flatten(options_.cell->state_size(state.context)).size();
    if (items_of(states)->size() != wanted)
        raise("ValueError",
              fmt::format("Layer has {} states but was passed {} initial states.", wanted, items_of(states)->size()));
    const std::int64_t steps = shape.dim(1 - batch_axis);
    if (options_.unroll && steps == Shape::unknown) raise("ValueError", unknown_time);

    if (!options_.time_major) inputs = swap_batch_and_time(state, inputs);
    const Value dims = wrap(state, shape_of(state, inputs));
    const Value time_steps = wrap(state, strided_slice(state, dims, Value(0)));
    Course course = options_.unroll ? unrolled(state, *options_.cell, inputs, Value::tuple(*items_of(states)),
                                               options_.go_backwards)
                                    : looped(state, *options_.cell, inputs, time_steps, states, options_.go_backwards);
    std::vector<std::int64_t> known{steps, shape.dim(batch_axis)};
    const Shape& stacked = shape_of_value(state, course.outputs);
    if (!stacked.has_rank()) raise("ValueError", "as_list() is not defined on an unknown TensorShape.");
    for (std::size_t i = 2; i < stacked.rank(); ++i) known.push_back(stacked.dim(i));
    set_shape(state, course.outputs.as<TensorValue>()->output, Shape(std::move(known)));
    if (!options_.time_major) course.outputs = swap_batch_and_time(state, course.outputs);
    const Value& output = options_.return_sequences ? course.outputs : course.last_output;
    if (!options_.return_state) return output;
    std::vector<Value> all{output};
    for (const Value& item : *items_of(course.states)) all.push_back(item);
    return Value::list(std::move(all));
}

Value KerasRnn::attribute(Context& context, std::string_view name) {
    if (name == "cell") return Value(options_.cell);
    if (name == "return_sequences") return options_.return_sequences;
    if (name == "return_state") return options_.return_state;
    if (name == "units") return options_.cell->attribute(context, name);
    return Layer::attribute(context, name);
}

std::vector<std::string> KerasRnn::attribute_names() const {
    std::vector<std::string> names = Layer::attribute_names();
    names.insert(names.end(), {"cell", "return_sequences", "return_state", "units"});
    return names;
}

} // namespace rnnscope::tf1
