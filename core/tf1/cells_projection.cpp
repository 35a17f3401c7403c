#include "core/tf1/cells_contrib.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/op_helpers.hpp"

#include <algorithm>

#include <fmt/format.h>

/// InputProjectionWrapper and OutputProjectionWrapper (contrib/rnn/python/ops/core_rnn_cell.py, 1.15).
namespace rnnscope::tf1 {

namespace {

VariableScopeArgs again(const Value& scope) {
    VariableScopeArgs args;
    args.name_or_scope = scope;
    return args;
}

/// `current` without what was there `before` and what `kept` has.
void add_new(std::vector<VariableValue>& kept, const std::vector<VariableValue>& before,
             const std::vector<VariableValue>& current) {
    for (const VariableValue& variable : current)
        if (std::ranges::find(before, variable) == before.end() && std::ranges::find(kept, variable) == kept.end())
            kept.push_back(variable);
}

} // namespace

// --- the linear map -------------------------------------------------------------------------------------------

void LazyLinear::make(GraphState& state, const std::vector<Value>& args, std::int64_t output_size) {
    std::vector<Shape> shapes;
    std::vector<Value> texts;
    for (const Value& arg : args) {
        shapes.push_back(state.graph.info(to_tensor(state, arg)).shape);
        texts.emplace_back(shapes.back());
    }
    std::int64_t columns = 0;
    for (const Shape& shape : shapes) {
        if (!shape.has_rank() || shape.rank() != 2)
            raise("ValueError", fmt::format("linear is expecting 2D arguments: {}", repr(Value::list(texts))));
        if (shape.dim(1) == Shape::unknown)
            raise("ValueError",
                  fmt::format("linear expects shape[1] to be provided for shape {}, but saw ?", to_python(shape)));
        columns += shape.dim(1);
    }
    const DType dtype = state.graph.info(to_tensor(state, args[0])).dtype;
    // Both scopes take a name, as everywhere where TensorFlow enters a scope again.
    VariableScopeEntry outer(state, again(Value(state.variable_scope)));
    kernel_ = get_variable(state, "kernel", Shape{columns, output_size}, dtype);
    {
        VariableScopeEntry inner(state, again(Value(outer.scope())));
        inner.scope()->partitioner = {};
        bias_ = get_variable(state, "bias", Shape{output_size}, dtype, constant_initializer(Value(0.0), dtype));
        inner.leave();
    }
    outer.leave();
    made_ = true;
}

Output LazyLinear::apply(GraphState& state, const Value& args, std::int64_t output_size) {
    const bool is_list = nest::is_sequence(args);
    const std::vector<Value> all = !is_list                    ? std::vector<Value>{args}
                                   : items_of(args) != nullptr ? *items_of(args)
                                                               : nest::flatten(args);
    if (args.is_none() || all.empty()) raise("ValueError", "`args` must be specified");
    if (!made_) make(state, all, output_size);
    Value x = all[0];
    if (all.size() > 1) {
        const Value one = wrap(state, int32_constant(state, 1));
        x = wrap(state, concat(state, args, one));
    }
    const Output product = matmul(state, x, Value(kernel_));
    return bias_add(state, wrap(state, product), Value(bias_));
}

// --- both wrappers --------------------------------------------------------------------------------------------

void ProjectionWrapper::init(GraphState& state, std::string_view class_name, Reuse reuse, const Value& cell) {
    Layer::Options options;
    options.reuse = reuse;
    init_layer(state, class_name, options);
    cell_ = to_cell("cell", cell);
}

Value ProjectionWrapper::zero_state(GraphState& state, const Value& batch_size, DType dtype) const {
    const NameScope scope(state, type_name() + "ZeroState");
    return cell_->zero_state(state, batch_size, dtype);
}

std::vector<VariableValue> ProjectionWrapper::trainable_weights() const {
    return trainable_;
}

std::vector<VariableValue> ProjectionWrapper::non_trainable_weights() const {
    return non_trainable_;
}

std::pair<Value, Value> ProjectionWrapper::inner_step(GraphState& state, const Value& inputs, const Value& cell_state) {
    const auto trained_before = cell_->trainable_weights(), others_before = cell_->non_trainable_weights();
    auto result = cell_->step(state, inputs, cell_state);
    add_new(trainable_, trained_before, cell_->trainable_weights());
    add_new(non_trainable_, others_before, cell_->non_trainable_weights());
    return result;
}

Value ProjectionWrapper::projected(GraphState& state, const Value& args, std::int64_t size) {
    const bool is_first = !linear_.made();
    const Value result = wrap(state, linear_.apply(state, args, size));
    if (is_first) add_new(trainable_, {}, linear_.variables());
    return activation_.truthy() ? call_function(state.context, activation_, {result}) : result;
}

InputProjectionWrapper::InputProjectionWrapper(GraphState& state, const Value& cell, std::int64_t num_proj,
                                               Value activation, Reuse reuse)
    : ProjectionWrapper(std::move(activation)), num_proj_(num_proj) {
    init(state, "InputProjectionWrapper", reuse, cell);
}

std::pair<Value, Value> InputProjectionWrapper::step_once(GraphState& state, const Value& inputs,
                                                          const Value& cell_state) {
    return inner_step(state, projected(state, inputs, num_proj_), cell_state);
}

OutputProjectionWrapper::OutputProjectionWrapper(GraphState& state, const Value& cell, std::int64_t output_size,
                                                 Value activation, Reuse reuse)
    : ProjectionWrapper(std::move(activation)), output_size_(output_size) {
    init(state, "OutputProjectionWrapper", reuse, cell);
    if (output_size < 1) raise("ValueError", fmt::format("Parameter output_size must be > 0: {}.", output_size));
}

std::pair<Value, Value> OutputProjectionWrapper::step_once(GraphState& state, const Value& inputs,
                                                           const Value& cell_state) {
    auto [output, new_state] = inner_step(state, inputs, cell_state);
    const Value result = projected(state, output, output_size_);
    return {result, new_state};
}

} // namespace rnnscope::tf1
