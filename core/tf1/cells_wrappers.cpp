#include "core/tf1/cells.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/md5.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/tensor_array.hpp"

#include <functional>

#include <fmt/format.h>

/// DropoutWrapper and ResidualWrapper (rnn_cell_wrapper_impl.py, 1.15).
namespace rnnscope::tf1 {

namespace {

/// A keep probability: a float where it is constant, else the tensor. Throws ValueError outside of [0, 1].
Value keep_probability(GraphState& state, const Value& given, std::string_view name) {
    const Output tensor = to_tensor(state, given);
    const std::optional<Tensor> constant = ops::constant_value(state.graph, tensor);
    if (!constant || constant->elements() != 1) return wrap(state, tensor);
    const double value = constant->number(0);
    if (value < 0 || value > 1) {
        raise("ValueError",
              fmt::format("Parameter {} must be between 0 and 1: {}", name, static_cast<std::int64_t>(value)));
    }
    return value;
}

bool drops(const Value& keep_prob) {
    const double* constant = keep_prob.as<double>();
    return constant == nullptr || *constant < 1;
}

/// nn_ops.dropout_v2.
Value dropout(GraphState& state, const Value& values, const Value& rate_value, std::optional<std::int64_t> seed) {
    const NameScope scope(state, "dropout");
    const Output x = to_tensor(state, values, DType::invalid, "x");
    const DType dtype = state.graph.info(x).dtype;
    if (const double* rate = rate_value.as<double>()) {
        if (!(*rate >= 0 && *rate < 1)) {
            raise("ValueError",
                  fmt::format("rate must be a scalar tensor or a float in the range [0, 1), got {:g}", *rate));
        }
        if (*rate == 0) return values;
    }
    const Value rate = wrap(state, to_tensor(state, rate_value, dtype, "rate"));
    const Output shape = shape_of(state, wrap(state, x));
    const Value random = wrap(state, random_uniform(state, wrap(state, shape), Value(0), Value(), dtype, seed));
    const Value keep_prob = wrap(state, binary_operator(state, "-", Value(1), rate));
    const Value scale = wrap(state, binary_operator(state, "/", Value(1), keep_prob));
    const Value mask = wrap(state, binary_operator(state, ">=", random, rate));
    const Value scaled = wrap(state, binary_operator(state, "*", wrap(state, x), scale));
    const Value kept = wrap(state, cast(state, mask, dtype));
    const Output result = binary_operator(state, "*", scaled, kept);
    set_shape(state, result, state.graph.info(x).shape);
    return wrap(state, result);
}

/// _default_dropout_state_filter_visitor over the leaves of a state: not the memory of an LSTM, not TensorArrays.
void collect_state_mask(const Value& state, bool drop, std::vector<bool>& mask) {
    if (!nest::is_sequence(state)) {
        mask.push_back(drop && !state.object<TensorArray>());
        return;
    }
    const TupleValue* tuple = state.as<TupleValue>();
    const bool lstm = tuple != nullptr && tuple->type_name == "LSTMStateTuple";
    const std::vector<Value>* items = items_of(state);
    const std::vector<Value> children = items != nullptr ? *items : nest::flatten(state);
    for (std::size_t i = 0; i < children.size(); ++i) collect_state_mask(children[i], drop && !(lstm && i == 0), mask);
}

} // namespace

// --- all wrappers ---------------------------------------------------------------------------------------------

CellWrapper::CellWrapper(const Value& cell) : cell_(to_cell("cell", cell)) {}

Value CellWrapper::zero_state(GraphState& state, const Value& batch_size, DType dtype) const {
    const NameScope scope(state, type_name() + "ZeroState");
    return cell_->zero_state(state, batch_size, dtype);
}

std::pair<Value, Value> CellWrapper::step_once(GraphState& state, const Value& inputs, const Value& cell_state) {
    return step(state, inputs, cell_state);
}

Value CellWrapper::attribute(Context& context, std::string_view name) {
    if (name == "cell" || name == "wrapped_cell") return Value(cell_);
    return RnnCell::attribute(context, name);
}

// --- DropoutWrapper -------------------------------------------------------------------------------------------

DropoutWrapper::DropoutWrapper(GraphState& state, const DropoutOptions& options) : CellWrapper(options.cell) {
    init_layer(state, "DropoutWrapper", {});
    if (const std::int64_t* seed = options.seed.as<std::int64_t>()) seed_ = *seed;
    const NameScope scope(state, "DropoutWrapperInit");
    input_keep_prob_ = keep_probability(state, options.input_keep_prob, "input_keep_prob");
    state_keep_prob_ = keep_probability(state, options.state_keep_prob, "state_keep_prob");
    output_keep_prob_ = keep_probability(state, options.output_keep_prob, "output_keep_prob");
}

/// Every leaf of `values` dropped out with its own seed; leaves of a state that the filter spares come back as they
/// are.
Value DropoutWrapper::dropped(GraphState& state, const Value& values, std::string_view salt,
                              const Value& keep_prob) const {
    std::vector<bool> mask;
    if (salt == "state")
        collect_state_mask(values, true, mask);
    else
        mask.assign(nest::flatten(values).size(), true);
    std::size_t i = 0;
    return nest::map_structure(
        [&](const Value& leaf) {
            const std::size_t index = i++;
            if (!mask[index]) return leaf;
            std::optional<std::int64_t> seed;
            // DropoutWrapper._gen_seed: the first 31 bits of an MD5 over seed, kind and index.
            if (seed_) seed = md5_first_32_bits(fmt::format("{}{}_{}", *seed_, salt, index)) & 0x7FFFFFFF;
            const double* constant = keep_prob.as<double>();
            const Value rate = constant != nullptr ? Value(1.0 - *constant)
                                                   : wrap(state, binary_operator(state, "-", Value(1.0), keep_prob));
            return dropout(state, leaf, rate, seed);
        },
        values);
}

std::pair<Value, Value> DropoutWrapper::step(GraphState& state, const Value& inputs, const Value& cell_state,
                                             const Value& scope) {
    const Value seen = drops(input_keep_prob_) ? dropped(state, inputs, "input", input_keep_prob_) : inputs;
    auto [output, new_state] = cell_->step(state, seen, cell_state, scope);
    if (drops(state_keep_prob_)) new_state = dropped(state, new_state, "state", state_keep_prob_);
    if (drops(output_keep_prob_)) output = dropped(state, output, "output", output_keep_prob_);
    return {output, new_state};
}

// --- ResidualWrapper ------------------------------------------------------------------------------------------

ResidualWrapper::ResidualWrapper(GraphState& state, const Value& cell, Value residual_fn)
    : CellWrapper(cell), residual_fn_(std::move(residual_fn)) {
    init_layer(state, "ResidualWrapper", {});
}

std::pair<Value, Value> ResidualWrapper::step(GraphState& state, const Value& inputs, const Value& cell_state,
                                              const Value& scope) {
    auto [output, new_state] = cell_->step(state, inputs, cell_state, scope);
    if (!residual_fn_.is_none()) return {call_function(state.context, residual_fn_, {inputs, output}), new_state};
    nest::assert_same_structure(inputs, output);
    const std::vector<Value> in = nest::flatten(inputs);
    const std::vector<Value> out = nest::flatten(output);
    std::vector<Value> sums;
    for (std::size_t i = 0; i < in.size(); ++i) {
        const Shape& a = state.graph.info(to_tensor(state, in[i])).shape;
        const Shape& b = state.graph.info(to_tensor(state, out[i])).shape;
        if (!a.compatible(b))
            raise("ValueError", fmt::format("Shapes {} and {} are incompatible", to_python(a), to_python(b)));
    }
    for (std::size_t i = 0; i < in.size(); ++i) sums.push_back(wrap(state, binary_operator(state, "+", in[i], out[i])));
    return {nest::pack_sequence_as(inputs, sums), new_state};
}

} // namespace rnnscope::tf1
