#include "core/tf1/rnn.hpp"

#include "core/tf1/control_flow.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/rnn_step.hpp"
#include "core/tf1/tensor_array.hpp"

#include <fmt/format.h>

/// tf.nn.dynamic_rnn and bidirectional_dynamic_rnn (rnn.py, 1.15). Nodes nobody uses are made all the same: names and
/// random seeds count them.
namespace rnnscope::tf1 {

namespace {

const Shape& shape_of_output(const GraphState& state, Output output) {
    return state.graph.info(output).shape;
}

Shape tail(const Shape& shape, std::size_t from) {
    if (!shape.has_rank()) return shape;
    const auto dims = shape.dims();
    return Shape(
        std::vector<std::int64_t>(dims.begin() + static_cast<std::ptrdiff_t>(std::min(from, dims.size())), dims.end()));
}

Shape joined(std::int64_t first, const Shape& rest) {
    if (!rest.has_rank()) return rest;
    std::vector<std::int64_t> dims{first};
    dims.insert(dims.end(), rest.dims().begin(), rest.dims().end());
    return Shape(std::move(dims));
}

/// _transpose_batch_time: [a, b, ...] becomes [b, a, ...].
Output transpose_batch_time(GraphState& state, Output x) {
    const Shape shape = shape_of_output(state, x);
    if (shape.has_rank() && shape.rank() < 2) return x;
    const Output rank = rank_of(state, wrap(state, x));
    const Output rest = range(state, Value(2), wrap(state, rank));
    const Value front = Value::list({Value(1), Value(0)});
    const Output order = concat(state, Value::list({front, wrap(state, rest)}), Value(0));
    const Output result = transpose(state, wrap(state, x), wrap(state, order));
    if (!shape.has_rank()) raise("TypeError", "'NoneType' object is not subscriptable");
    std::vector<std::int64_t> dims(shape.dims().begin(), shape.dims().end());
    std::swap(dims[0], dims[1]);
    set_shape(state, result, Shape(std::move(dims)));
    return result;
}

/// _best_effort_input_batch_size of time-major inputs: an int, or a scalar.
Value batch_size_of(GraphState& state, const std::vector<Output>& inputs) {
    for (const Output input : inputs) {
        const Shape& shape = shape_of_output(state, input);
        if (!shape.has_rank()) continue;
        if (shape.rank() < 2) {
            raise("ValueError",
                  fmt::format("Expected input tensor {} to have rank at least 2", str(wrap(state, input))));
        }
        if (shape.dim(1) != Shape::unknown) return shape.dim(1);
    }
    return wrap(state, strided_slice(state, wrap(state, shape_of(state, wrap(state, inputs[0]))), Value(1)));
}

/// The sequence lengths as int32, checked at run time to be one for each sequence.
Output checked_lengths(GraphState& state, Output lengths, const Value& batch_size) {
    const Output shape = shape_of(state, wrap(state, lengths));
    const Output expected = stack(state, Value::list({batch_size}));
    const Output equal = op2(state, "Equal", shape, expected);
    const Output all = reduce(state, "All", wrap(state, equal));
    const std::vector<Value> data{fmt::format("Expected shape for Tensor {} is ", state.graph.tensor_name(lengths)),
                                  wrap(state, expected), Value(" but saw shape: "), wrap(state, shape)};
    const NodeId check = assert_op(state, wrap(state, all), data);
    const ControlDependenciesScope waiting(state, {check});
    return op1(state, "Identity", lengths, "CheckSeqLen");
}

/// _dynamic_rnn_loop.
class DynamicLoop {
  public:
    DynamicLoop(GraphState& state, RnnCell& cell, const Value& inputs, Value initial_state,
                std::optional<Output> sequence_length, DType dtype)
        : state_(state), cell_(cell), inputs_(inputs), initial_state_(std::move(initial_state)),
          sequence_length_(sequence_length), dtype_(dtype), output_sizes_(cell.output_size(state.context)) {
        for (const Value& input : nest::flatten(inputs)) flat_input_.push_back(to_tensor(state, input));
    }

    /// A pair (time-major outputs, final state).
    std::pair<Value, Value> build(std::int64_t parallel_iterations, bool swap_memory);

  private:
    void check_shapes();
    void make_zero_output(const Value& batch_size);
    void make_arrays();
    Value time_step(const std::vector<Value>& loop_vars);
    Value stacked(const Value& arrays);

    GraphState& state_;
    RnnCell& cell_;
    Value inputs_, initial_state_;
    std::optional<Output> sequence_length_;
    DType dtype_;
    Value output_sizes_;
    std::vector<Output> flat_input_;
    std::vector<Shape> input_shapes_;
    std::int64_t const_time_steps_ = Shape::unknown, const_batch_size_ = Shape::unknown;
    Output time_steps_;
    Value zero_output_;
    std::vector<Value> output_arrays_;
    std::vector<std::shared_ptr<TensorArray>> input_arrays_;
};

void DynamicLoop::check_shapes() {
    for (const Output input : flat_input_) {
        const Shape& shape = shape_of_output(state_, input);
        if (shape.has_rank() && shape.rank() < 3)
            raise("ValueError", fmt::format("Shape {} must have rank at least 3", to_python(shape)));
        input_shapes_.push_back(shape);
    }
    if (!input_shapes_[0].has_rank()) raise("ValueError", "as_list() is not defined on an unknown TensorShape.");
    const_time_steps_ = input_shapes_[0].dim(0);
    const_batch_size_ = input_shapes_[0].dim(1);
    for (const Shape& shape : input_shapes_) {
        if (!tail(shape, 2).fully_defined()) {
            raise("ValueError", "Input size (depth of inputs) must be accessible via shape inference, but saw value "
                                "None.");
        }
        if (shape.dim(0) != const_time_steps_)
            raise("ValueError", "Time steps is not the same for all the elements in the input in a batch.");
        if (shape.dim(1) != const_batch_size_)
            raise("ValueError", "Batch_size is not the same for all the elements in the input.");
    }
}

void DynamicLoop::make_zero_output(const Value& batch_size) {
    zero_output_ = nest::map_structure(
        [&](const Value& size) {
            const Output shape = prefixed_shape(state_, batch_size, size);
            return wrap(state_, zeros(state_, wrap(state_, shape), state_dtype(state_, dtype_, initial_state_)));
        },
        output_sizes_);
}

void DynamicLoop::make_arrays() {
    const std::string base_name = NameScope(state_, "dynamic_rnn").scope();
    const auto make = [&](const std::string& name, Shape element_shape, DType dtype) {
        TensorArray::Options options;
        options.dtype = dtype;
        options.size = wrap(state_, time_steps_);
        options.element_shape = std::move(element_shape);
        options.tensor_array_name = base_name + name;
        return std::make_shared<TensorArray>(state_, options);
    };
    const std::vector<Value> sizes = nest::flatten(output_sizes_);
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        const Shape element = joined(const_batch_size_, to_shape(sizes[i]));
        const DType dtype = state_dtype(state_, dtype_, initial_state_);
        output_arrays_.emplace_back(make(fmt::format("output_{}", i), element, dtype));
    }
    for (std::size_t i = 0; i < flat_input_.size(); ++i) {
        const OutputInfo& info = state_.graph.info(flat_input_[i]);
        input_arrays_.push_back(make(fmt::format("input_{}", i), tail(info.shape, 1), info.dtype));
    }
    for (std::size_t i = 0; i < flat_input_.size(); ++i)
        input_arrays_[i] = input_arrays_[i]->unstack(state_, wrap(state_, flat_input_[i]));
}

/// The body of the loop: (time, output arrays, state) to (time + 1, output arrays, new state).
Value DynamicLoop::time_step(const std::vector<Value>& loop_vars) {
    const Value& time = loop_vars[0];
    const Value cell_state = state_for_cell(cell_, loop_vars[2]);
    std::vector<Value> read;
    for (const auto& array : input_arrays_) read.push_back(wrap(state_, array->read(state_, time)));
    for (std::size_t i = 0; i < read.size(); ++i)
        set_shape(state_, read[i].as<TensorValue>()->output, tail(input_shapes_[i], 1));
    const Value input = nest::pack_sequence_as(inputs_, read);
    const auto call_cell = [&] { return cell_.step(state_, input, cell_state); };
    std::pair<Value, Value> result;
    if (sequence_length_) {
        RnnStep step;
        step.time = time;
        step.sequence_length = *sequence_length_;
        step.zero_output = zero_output_;
        step.state = cell_state;
        step.call_cell = call_cell;
        step.skip_conditionals = true;
        result = rnn_step(state_, step);
    } else {
        result = call_cell();
    }
    const std::vector<Value> outputs = nest::flatten(result.first);
    const std::vector<Value> arrays = nest::flatten(loop_vars[1]);
    std::vector<Value> written;
    for (std::size_t i = 0; i < arrays.size() && i < outputs.size(); ++i)
        written.emplace_back(arrays[i].object<TensorArray>()->write(state_, time, outputs[i]));
    const Value next = wrap(state_, binary_operator(state_, "+", time, Value(1)));
    return Value::tuple({next, Value::tuple(std::move(written)), state_of_run(cell_, result.second)});
}

Value DynamicLoop::stacked(const Value& arrays) {
    std::vector<Value> outputs;
    for (const Value& array : nest::flatten(arrays))
        outputs.push_back(wrap(state_, array.object<TensorArray>()->stack(state_)));
    const std::vector<Value> sizes = nest::flatten(output_sizes_);
    for (std::size_t i = 0; i < outputs.size() && i < sizes.size(); ++i) {
        const Value prefix = Shape{const_time_steps_, const_batch_size_};
        set_shape(state_, outputs[i].as<TensorValue>()->output, static_prefixed_shape(state_, prefix, sizes[i]));
    }
    return nest::pack_sequence_as(output_sizes_, outputs);
}

std::pair<Value, Value> DynamicLoop::build(std::int64_t parallel_iterations, bool swap_memory) {
    const Output input_shape = shape_of(state_, wrap(state_, flat_input_[0]));
    time_steps_ = strided_slice(state_, wrap(state_, input_shape), Value(0));
    const Value batch_size = batch_size_of(state_, flat_input_);
    check_shapes();
    make_zero_output(batch_size);
    Output longest = time_steps_;
    if (sequence_length_) {
        reduce(state_, "Min", wrap(state_, *sequence_length_)); // TensorFlow computes it and does not use it
        longest = reduce(state_, "Max", wrap(state_, *sequence_length_));
    }
    const Value time = wrap(state_, int32_constant(state_, 0, "time"));
    make_arrays();
    // At least one step, so that the arrays learn the shape of their elements.
    const Output at_least_one = op_output(state_, "Maximum", {Value(1), wrap(state_, longest)});
    const Value bound = wrap(state_, op2(state_, "Minimum", time_steps_, at_least_one));
    WhileLoopOptions options;
    options.parallel_iterations = parallel_iterations;
    options.swap_memory = swap_memory;
    options.maximum_iterations = wrap(state_, time_steps_);
    const Value result = while_loop(
        state_,
        [&](const std::vector<Value>& vars) { return wrap(state_, binary_operator(state_, "<", vars[0], bound)); },
        [&](const std::vector<Value>& vars) { return time_step(vars); },
        Value::tuple({time, Value::tuple(output_arrays_), initial_state_}), options);
    const std::vector<Value>& final_vars = *items_of(result);
    return {stacked(final_vars[1]), final_vars[2]};
}

} // namespace

Value dynamic_rnn(GraphState& state, const RnnArgs& args) {
    const std::shared_ptr<RnnCell> cell = to_cell("cell", args.cell);
    VariableScopeEntry entry(state, rnn_scope_args(args.scope));
    set_rnn_caching(state, *entry.scope());
    std::vector<Output> flat_input;
    for (const Value& input : nest::flatten(args.inputs)) flat_input.push_back(to_tensor(state, input));
    if (!args.time_major)
        for (Output& input : flat_input) input = transpose_batch_time(state, input);
    const std::int64_t parallel = args.parallel_iterations.value_or(0) == 0 ? 32 : *args.parallel_iterations;

    std::optional<Output> lengths;
    if (!args.sequence_length.is_none()) {
        lengths = cast(state, args.sequence_length, DType::int32);
        const Shape& shape = shape_of_output(state, *lengths);
        if (shape.has_rank() && shape.rank() != 1) {
            raise("ValueError", fmt::format("sequence_length must be a vector of length batch_size, but saw shape: {}",
                                            to_python(shape)));
        }
        lengths = op1(state, "Identity", *lengths, "sequence_length");
    }
    const Value batch_size = batch_size_of(state, flat_input);
    Value initial_state = args.initial_state;
    if (initial_state.is_none()) {
        if (args.dtype == DType::invalid) raise("ValueError", "If there is no initial_state, you must give a dtype.");
        initial_state = cell->initial_state(state, batch_size, args.dtype);
    }
    if (lengths) lengths = checked_lengths(state, *lengths, batch_size);

    std::vector<Value> leaves;
    for (const Output input : flat_input) leaves.push_back(wrap(state, input));
    const Value inputs = nest::pack_sequence_as(args.inputs, leaves);
    auto [outputs, final_state] =
        DynamicLoop(state, *cell, inputs, initial_state, lengths, args.dtype).build(parallel, args.swap_memory);
    if (!args.time_major) {
        outputs = nest::map_structure(
            [&](const Value& output) {
                return wrap(state, transpose_batch_time(state, output.as<TensorValue>()->output));
            },
            outputs);
    }
    entry.leave();
    return Value::tuple({outputs, final_state});
}

Value bidirectional_dynamic_rnn(GraphState& state, const BidirectionalArgs& args) {
    to_cell("cell_fw", args.cell_fw);
    to_cell("cell_bw", args.cell_bw);
    const RnnArgs& common = args.common;
    const std::int64_t time_axis = common.time_major ? 0 : 1;
    const auto reverse = [&](const Value& input) {
        if (common.sequence_length.is_none())
            return op_value(state, "ReverseV2", {input, Value::list({Value(time_axis)})});
        return op_value(state, "ReverseSequence", {input, common.sequence_length},
                        {{"seq_dim", time_axis}, {"batch_dim", 1 - time_axis}});
    };
    const auto one_direction = [&](const Value& cell, const Value& inputs, const Value& initial_state,
                                   const VariableScopeEntry& scope) {
        RnnArgs rnn = common;
        rnn.cell = cell;
        rnn.inputs = inputs;
        rnn.initial_state = initial_state;
        rnn.scope = Value(scope.scope());
        return *items_of(dynamic_rnn(state, rnn));
    };
    VariableScopeArgs forward_args, backward_args;
    forward_args.name_or_scope = Value("fw");
    backward_args.name_or_scope = Value("bw");

    VariableScopeEntry entry(state, rnn_scope_args(common.scope, "bidirectional_rnn"));
    VariableScopeEntry forward(state, forward_args);
    const std::vector<Value> fw = one_direction(args.cell_fw, common.inputs, args.initial_state_fw, forward);
    forward.leave();
    VariableScopeEntry backward(state, backward_args);
    const Value reversed = nest::map_structure(reverse, common.inputs);
    const std::vector<Value> bw = one_direction(args.cell_bw, reversed, args.initial_state_bw, backward);
    backward.leave();
    entry.leave();
    const Value output_bw = reverse(bw[0]);
    return Value::tuple({Value::tuple({fw[0], output_bw}), Value::tuple({fw[1], bw[1]})});
}

} // namespace rnnscope::tf1
