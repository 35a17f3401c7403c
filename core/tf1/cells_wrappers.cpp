#include "core/tf1/cells.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/md5.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/tensor_array.hpp"

#include <functional>

#include <fmt/format.h>

/// DropoutWrapper, ResidualWrapper and DeviceWrapper (rnn_cell_wrapper_impl.py, 1.15).
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

/// One value of a cell under variational dropout: the same `noise`, uniform in [0, 1), in every step.
Value variational_dropout(GraphState& state, const Value& value, const Value& noise, const Value& keep_prob) {
    const Value random = wrap(state, binary_operator(state, "+", keep_prob, noise));
    const Value mask = op_value(state, "Floor", {random});
    const Value scaled = op_value(state, "RealDiv", {value, keep_prob}, {}, "div");
    const Output result = binary_operator(state, "*", scaled, mask);
    set_shape(state, result, state.graph.info(to_tensor(state, value)).shape);
    return wrap(state, result);
}

/// _default_dropout_state_filter_visitor: not the memory of an LSTM, not TensorArrays.
Value default_state_filter(const Value& state) {
    const TupleValue* tuple = state.as<TupleValue>();
    if (tuple != nullptr && tuple->type_name == "LSTMStateTuple") return lstm_state_tuple(false, true);
    return !state.object<TensorArray>();
}

/// Parts of a state that are looked at one by one.
Value with_items(const Value& like, std::vector<Value> items) {
    if (like.is<ListValue>()) return Value::list(std::move(items));
    if (like.is<DictValue>()) return nest::pack_sequence_as(like, items);
    TupleValue tuple = *like.as<TupleValue>();
    tuple.items = std::make_shared<const std::vector<Value>>(std::move(items));
    return Value(std::move(tuple));
}

std::vector<Value> parts_of(const Value& structure) {
    const std::vector<Value>* items = items_of(structure);
    return items != nullptr ? *items : nest::flatten(structure);
}

using Filter = std::function<Value(const Value&)>;

/// nest.get_traverse_shallow_structure: the structure with True where a leaf is to be dropped, and False in place of
/// what is left alone, which may be a structure.
Value shallow_structure(const Filter& filter, const Value& structure) {
    const Value wanted = filter(structure);
    const bool* all = wanted.as<bool>();
    if (!nest::is_sequence(structure)) {
        if (all == nullptr)
            raise("TypeError",
                  fmt::format("traverse_fn returned structure: {} for non-structure: {}", str(wanted), str(structure)));
        return wanted;
    }
    const std::vector<Value> parts = parts_of(structure);
    std::vector<Value> result;
    if (all != nullptr) {
        if (!*all) return false;
        for (const Value& part : parts) result.push_back(shallow_structure(filter, part));
        return with_items(structure, std::move(result));
    }
    if (!nest::is_sequence(wanted))
        raise("TypeError",
              fmt::format("traverse_fn returned a non-bool scalar: {} for input: {}", str(wanted), str(structure)));
    const std::vector<Value> choices = parts_of(wanted);
    for (std::size_t i = 0; i < parts.size() && i < choices.size(); ++i) {
        const bool* chosen = choices[i].as<bool>();
        if (chosen == nullptr)
            raise("TypeError", fmt::format("traverse_fn didn't return a depth=1 structure of bools.  saw: {}  for "
                                           "structure: {}",
                                           str(wanted), str(structure)));
        result.push_back(*chosen ? shallow_structure(filter, parts[i]) : Value(false));
    }
    return with_items(structure, std::move(result));
}

/// A leaf of a state, or a part of it that is not looked into; `noise` belongs to it, or is None.
using Dropper = std::function<Value(bool drop, const Value& value, const Value& noise)>;

Value map_up_to(const Value& shallow, const Value& values, const Value& noise, const Dropper& drop) {
    if (!nest::is_sequence(shallow)) return drop(shallow.truthy(), values, noise);
    const std::vector<Value> parts = parts_of(values), choices = parts_of(shallow);
    const std::vector<Value> noises = noise.is_none() ? std::vector<Value>(parts.size()) : parts_of(noise);
    std::vector<Value> result;
    for (std::size_t i = 0; i < parts.size() && i < choices.size() && i < noises.size(); ++i)
        result.push_back(map_up_to(choices[i], parts[i], noises[i], drop));
    return with_items(values, std::move(result));
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

DropoutWrapper::DropoutWrapper(GraphState& state, const DropoutOptions& options)
    : CellWrapper(options.cell), variational_(options.variational_recurrent), state_filter_(options.state_filter) {
    Layer::Options layer;
    if (!options.dtype.is_none()) layer.dtype = to_dtype(options.dtype);
    init_layer(state, "DropoutWrapper", layer);
    if (!state_filter_.is_none() && !is_callable(state_filter_))
        raise("TypeError", "dropout_state_filter_visitor must be callable");
    if (const std::int64_t* seed = options.seed.as<std::int64_t>()) seed_ = *seed;
    {
        const NameScope scope(state, "DropoutWrapperInit");
        input_keep_prob_ = keep_probability(state, options.input_keep_prob, "input_keep_prob");
        state_keep_prob_ = keep_probability(state, options.state_keep_prob, "state_keep_prob");
        output_keep_prob_ = keep_probability(state, options.output_keep_prob, "output_keep_prob");
    }
    if (variational_) make_masks(state, options);
}

void DropoutWrapper::make_masks(GraphState& state, const DropoutOptions& options) {
    if (options.dtype.is_none()) raise("ValueError", "When variational_recurrent=True, dtype must be provided");
    const auto noise = [&](const Value& sizes, std::string_view salt) {
        std::size_t i = 0;
        return nest::map_structure(
            [&](const Value& size) {
                // One row for all sequences of the batch.
                const Shape shape = to_shape(size);
                const Value dims = Value::list({shape.dims().begin(), shape.dims().end()});
                const Output whole = concat(state, Value::list({Value::list({Value(1)}), dims}), Value(0));
                return wrap(state,
                            random_uniform(state, wrap(state, whole), Value(0), Value(), dtype(), seed_for(salt, i++)));
            },
            sizes);
    };
    if (drops(input_keep_prob_)) {
        if (options.input_size.is_none())
            raise("ValueError", "When variational_recurrent=True and input_keep_prob < 1.0 or is unknown, input_size "
                                "must be provided");
        input_noise_ = noise(options.input_size, "input");
    }
    state_noise_ = noise(state_size(state.context), "state");
    output_noise_ = noise(output_size(state.context), "output");
}

/// _gen_seed: the first 31 bits of an MD5 over seed, kind and index.
std::optional<std::int64_t> DropoutWrapper::seed_for(std::string_view salt, std::size_t index) const {
    if (!seed_) return {};
    return md5_first_32_bits(fmt::format("{}{}_{}", *seed_, salt, index)) & 0x7FFFFFFF;
}

Value DropoutWrapper::dropped_leaf(GraphState& state, const Value& leaf, std::string_view salt, std::size_t index,
                                   const Value& keep_prob, const Value& noise) const {
    if (variational_) return variational_dropout(state, leaf, noise, keep_prob);
    const double* constant = keep_prob.as<double>();
    const Value rate =
        constant != nullptr ? Value(1.0 - *constant) : wrap(state, binary_operator(state, "-", Value(1.0), keep_prob));
    return dropout(state, leaf, rate, seed_for(salt, index));
}

/// Every leaf of `values` dropped out with its own seed.
Value DropoutWrapper::dropped(GraphState& state, const Value& values, std::string_view salt, const Value& keep_prob,
                              const Value& noise) const {
    const std::vector<Value> noises = nest::flatten(noise);
    std::size_t i = 0;
    return nest::map_structure(
        [&](const Value& leaf) {
            const std::size_t index = i++;
            return dropped_leaf(state, leaf, salt, index, keep_prob, index < noises.size() ? noises[index] : Value());
        },
        values);
}

/// What the filter spares comes back as it is, and counts for the seeds of what follows.
Value DropoutWrapper::dropped_state(GraphState& state, const Value& cell_state) const {
    const Filter filter = [&](const Value& part) {
        return state_filter_.is_none() ? default_state_filter(part)
                                       : call_function(state.context, state_filter_, {part});
    };
    std::size_t i = 0;
    return map_up_to(shallow_structure(filter, cell_state), cell_state, state_noise_,
                     [&](bool drop, const Value& part, const Value& noise) {
                         const std::size_t index = i++;
                         return drop ? dropped_leaf(state, part, "state", index, state_keep_prob_, noise) : part;
                     });
}

std::pair<Value, Value> DropoutWrapper::step(GraphState& state, const Value& inputs, const Value& cell_state,
                                             const Value& scope) {
    Value seen = inputs;
    if (drops(input_keep_prob_)) seen = dropped(state, inputs, "input", input_keep_prob_, input_noise_);
    auto [output, new_state] = cell_->step(state, seen, cell_state, scope);
    if (drops(state_keep_prob_)) new_state = dropped_state(state, new_state);
    if (drops(output_keep_prob_)) output = dropped(state, output, "output", output_keep_prob_, output_noise_);
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

// --- DeviceWrapper --------------------------------------------------------------------------------------------

DeviceWrapper::DeviceWrapper(GraphState& state, const Value& cell, std::optional<std::string> device)
    : CellWrapper(cell), device_(std::move(device)) {
    init_layer(state, "DeviceWrapper", {});
}

Value DeviceWrapper::zero_state(GraphState& state, const Value& batch_size, DType dtype) const {
    const NameScope scope(state, "DeviceWrapperZeroState");
    const DeviceScope placed(state, device_);
    return cell_->zero_state(state, batch_size, dtype);
}

std::pair<Value, Value> DeviceWrapper::step(GraphState& state, const Value& inputs, const Value& cell_state,
                                            const Value& scope) {
    const DeviceScope placed(state, device_);
    return cell_->step(state, inputs, cell_state, scope);
}

} // namespace rnnscope::tf1
