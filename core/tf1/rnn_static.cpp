#include "core/tf1/control_flow.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/rnn.hpp"
#include "core/tf1/rnn_step.hpp"

#include <fmt/format.h>

/// tf.nn.static_rnn and static_bidirectional_rnn (rnn.py, 1.15): one cell call for each input, no loop.
namespace rnnscope::tf1 {

namespace {

/// `shape.with_rank_at_least(2)` and its dimensions.
Shape at_least_two(const Shape& shape) {
    if (!shape.has_rank()) raise("TypeError", "'NoneType' object is not subscriptable");
    if (shape.rank() < 2) raise("ValueError", fmt::format("Shape {} must have rank at least 2", to_python(shape)));
    return shape;
}

/// The batch size as far as the inputs' shapes tell it; Shape::unknown otherwise.
std::int64_t static_batch_size(GraphState& state, const std::vector<Output>& inputs) {
    const Shape& first = state.graph.info(inputs[0]).shape;
    if (first.has_rank() && first.rank() == 1) return first.dim(0);
    const std::int64_t batch = at_least_two(first).dim(0);
    for (const Output input : inputs) {
        const Shape shape = at_least_two(state.graph.info(input).shape);
        if (batch != Shape::unknown && shape.dim(0) != Shape::unknown && shape.dim(0) != batch)
            raise("ValueError", fmt::format("Dimensions {} and {} are not compatible", batch, shape.dim(0)));
        for (std::size_t i = 1; i < shape.rank(); ++i) {
            if (shape.dim(i) != Shape::unknown) continue;
            raise("ValueError", fmt::format("Input size (dimension {} of inputs) must be accessible via shape "
                                            "inference, but saw value None.",
                                            i - 1));
        }
    }
    return batch;
}

Value zero_output(GraphState& state, const Value& sizes, const Value& batch_size, std::int64_t fixed_batch,
                  DType dtype) {
    return nest::map_structure(
        [&](const Value& size) {
            const Output shape = prefixed_shape(state, batch_size, size);
            const Output output = zeros(state, wrap(state, shape), dtype);
            const Value prefix = fixed_batch == Shape::unknown ? Value() : Value(fixed_batch);
            set_shape(state, output, static_prefixed_shape(state, prefix, size));
            return wrap(state, output);
        },
        sizes);
}

/// What both functions say of their inputs before anything else.
const std::vector<Value>& list_of_inputs(const Value& inputs) {
    if (!nest::is_sequence(inputs)) raise("TypeError", "inputs must be a sequence");
    const std::vector<Value>* items = items_of(inputs);
    if (items == nullptr || items->empty()) raise("ValueError", "inputs must not be empty");
    return *items;
}

/// _reverse_seq: the steps from last to first, or each sequence of the batch up to its length.
std::vector<Value> reversed_steps(GraphState& state, const std::vector<Value>& steps, const Value& lengths) {
    if (lengths.is_none()) return {steps.rbegin(), steps.rend()};
    std::vector<std::vector<Value>> flat, result(steps.size());
    std::size_t leaves = nest::flatten(steps[0]).size();
    for (const Value& step : steps) {
        flat.push_back(nest::flatten(step));
        leaves = std::min(leaves, flat.back().size());
    }
    for (std::size_t leaf = 0; leaf < leaves; ++leaf) {
        std::vector<Value> over_time;
        for (const std::vector<Value>& step : flat) over_time.push_back(step[leaf]);
        const Value joined = wrap(state, stack(state, Value::list(std::move(over_time))));
        const Value reversed = op_value(state, "ReverseSequence", {joined, lengths},
                                        {{"seq_dim", std::int64_t{0}}, {"batch_dim", std::int64_t{1}}});
        const std::vector<Output> parts = unstack(state, reversed);
        for (std::size_t i = 0; i < parts.size() && i < result.size(); ++i) result[i].push_back(wrap(state, parts[i]));
    }
    std::vector<Value> packed;
    for (std::size_t i = 0; i < steps.size(); ++i) packed.push_back(nest::pack_sequence_as(steps[i], result[i]));
    return packed;
}

} // namespace

Value static_rnn(GraphState& state, const RnnArgs& args) {
    const std::shared_ptr<RnnCell> cell = to_cell("cell", args.cell);
    const std::vector<Value>& inputs = list_of_inputs(args.inputs);

    VariableScopeEntry entry(state, rnn_scope_args(args.scope));
    set_rnn_caching(state, *entry.scope());
    std::vector<Output> flat;
    for (const Value& input : nest::flatten(args.inputs)) {
        shape_attribute(state, input, "get_shape"); // nothing is converted here, unlike in dynamic_rnn
        flat.push_back(to_tensor(state, input));
    }
    const std::int64_t fixed_batch = static_batch_size(state, flat);
    Value batch_size = fixed_batch;
    if (fixed_batch == Shape::unknown || fixed_batch == 0)
        batch_size = wrap(state, strided_slice(state, wrap(state, shape_of(state, wrap(state, flat[0]))), Value(0)));

    Value cell_state = args.initial_state;
    if (cell_state.is_none()) {
        if (args.dtype == DType::invalid)
            raise("ValueError", "If no initial_state is provided, dtype must be specified");
        cell_state = cell->initial_state(state, batch_size, args.dtype);
    }
    RnnStep step;
    const bool has_lengths = !args.sequence_length.is_none();
    if (has_lengths) {
        const Output lengths = to_tensor(state, args.sequence_length, DType::invalid, "sequence_length");
        const Shape& shape = state.graph.info(lengths).shape;
        if (shape.has_rank() && shape.rank() != 1)
            raise("ValueError", "sequence_length must be a vector of length batch_size");
        const DType dtype = state_dtype(state, args.dtype, cell_state);
        step.zero_output = zero_output(state, cell->output_size(state.context), batch_size, fixed_batch, dtype);
        step.sequence_length = cast(state, wrap(state, lengths), DType::int32);
        step.min_sequence_length = reduce(state, "Min", wrap(state, step.sequence_length));
        step.max_sequence_length = reduce(state, "Max", wrap(state, step.sequence_length));
    }

    cell_state = state_for_cell(*cell, cell_state);
    std::vector<Value> outputs;
    for (std::size_t time = 0; time < inputs.size(); ++time) {
        if (time > 0) entry.scope()->reuse = Reuse::yes;
        const auto call_cell = [&] { return cell->step(state, inputs[time], cell_state); };
        std::pair<Value, Value> result;
        if (has_lengths) {
            step.time = Value(static_cast<std::int64_t>(time));
            step.state = cell_state;
            step.call_cell = call_cell;
            result = rnn_step(state, step);
        } else {
            result = call_cell();
        }
        outputs.push_back(result.first);
        cell_state = result.second;
    }
    entry.leave();
    return Value::tuple({Value::list(std::move(outputs)), state_of_run(*cell, cell_state)});
}

Value static_bidirectional_rnn(GraphState& state, const BidirectionalArgs& args) {
    to_cell("cell_fw", args.cell_fw);
    to_cell("cell_bw", args.cell_bw);
    const std::vector<Value>& inputs = list_of_inputs(args.common.inputs);
    const Value& lengths = args.common.sequence_length;
    const auto one_direction = [&](const char* name, const Value& cell, const Value& initial_state, bool backwards) {
        VariableScopeArgs scope_args;
        scope_args.name_or_scope = Value(name);
        VariableScopeEntry scope(state, scope_args);
        RnnArgs rnn = args.common;
        rnn.cell = cell;
        if (backwards) rnn.inputs = Value::list(reversed_steps(state, inputs, lengths));
        rnn.initial_state = initial_state;
        rnn.scope = Value(scope.scope());
        const std::vector<Value> result = *items_of(static_rnn(state, rnn));
        scope.leave();
        return result;
    };
    VariableScopeEntry entry(state, rnn_scope_args(args.common.scope, "bidirectional_rnn"));
    const std::vector<Value> fw = one_direction("fw", args.cell_fw, args.initial_state_fw, false);
    const std::vector<Value> bw = one_direction("bw", args.cell_bw, args.initial_state_bw, true);
    entry.leave();

    const std::vector<Value> forward = nest::flatten(fw[0]);
    const std::vector<Value> backward = nest::flatten(Value::list(reversed_steps(state, *items_of(bw[0]), lengths)));
    std::vector<Value> joined;
    for (std::size_t i = 0; i < forward.size() && i < backward.size(); ++i)
        joined.push_back(wrap(state, concat(state, Value::list({forward[i], backward[i]}), Value(1))));
    return Value::tuple({nest::pack_sequence_as(fw[0], joined), fw[1], bw[1]});
}

} // namespace rnnscope::tf1
