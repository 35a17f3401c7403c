#include "core/tf1/api.hpp"
#include "core/tf1/cells.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/op_helpers.hpp"

#include <fmt/format.h>

/// GRUCell, BasicRNNCell, BasicLSTMCell and LSTMCell (rnn_cell_impl.py, 1.15). Every op, also those whose result nobody
/// uses, is there because TensorFlow makes it: names and random seeds count them.
namespace rnnscope::tf1 {

namespace {

Output sigmoid(GraphState& state, Output x) {
    return op1(state, "Sigmoid", x);
}

Output tensor_of(GraphState& state, const Value& value) {
    return to_tensor(state, value);
}

/// `[x, h] * kernel + bias`
Output linear(GraphState& state, const Value& x, const Value& h, const VariableValue& kernel,
              const VariableValue& bias) {
    const Output joined = concat(state, Value::list({x, h}), Value(1));
    const Output product = matmul(state, wrap(state, joined), Value(kernel));
    return bias_add(state, wrap(state, product), Value(bias));
}

std::pair<Value, Value> memory_and_output(const Value& cell_state) {
    const std::vector<Value>* items = items_of(cell_state);
    if (items == nullptr) raise("TypeError", "Tensor objects are only iterable when eager execution is enabled.");
    if (items->size() > 2) raise("ValueError", "too many values to unpack (expected 2)");
    if (items->size() < 2) {
        raise("ValueError", fmt::format("not enough values to unpack (expected 2, got {})", items->size()));
    }
    return {(*items)[0], (*items)[1]};
}

} // namespace

Value lstm_state_tuple(Value c, Value h) {
    TupleValue tuple;
    tuple.items = std::make_shared<const std::vector<Value>>(std::vector<Value>{std::move(c), std::move(h)});
    tuple.type_name = "LSTMStateTuple";
    tuple.fields = {"c", "h"};
    return Value(std::move(tuple));
}

// --- GRUCell --------------------------------------------------------------------------------------------------

GruCell::GruCell(GraphState& state, CellOptions options)
    : num_units_(options.num_units), kernel_initializer_(initializer_object(state.context, options.kernel_initializer)),
      bias_initializer_(initializer_object(state.context, options.bias_initializer)) {
    init_layer(state, "GRUCell", options.layer);
    check_dtype();
    input_ndim_ = 2;
    activation_ = std::move(options.activation);
}

void GruCell::build(GraphState& state, const Value& input_shape) {
    const std::int64_t rows = input_depth(input_shape) + num_units_;
    const bool own_bias = bias_initializer_.is_none();
    check_dtype();
    gate_kernel_ = add_variable(state, "gates/kernel", Shape{rows, 2 * num_units_}, kernel_initializer_);
    gate_bias_ = add_variable(state, "gates/bias", Shape{2 * num_units_},
                              own_bias ? constant_initializer(Value(1.0), dtype()) : bias_initializer_);
    candidate_kernel_ = add_variable(state, "candidate/kernel", Shape{rows, num_units_}, kernel_initializer_);
    candidate_bias_ = add_variable(state, "candidate/bias", Shape{num_units_},
                                   own_bias ? zeros_initializer(dtype()) : bias_initializer_);
}

std::pair<Value, Value> GruCell::step_once(GraphState& state, const Value& inputs, const Value& cell_state) {
    check_input_dtypes(state, inputs, cell_state);
    const Output gates = sigmoid(state, linear(state, inputs, cell_state, gate_kernel_, gate_bias_));
    const std::vector<Output> parts = split(state, wrap(state, gates), Value(2), Value(1));
    const Value r = wrap(state, parts[0]);
    const Value u = wrap(state, parts[1]);
    const Value r_state = wrap(state, binary_operator(state, "*", r, cell_state));
    const Output candidate = linear(state, inputs, r_state, candidate_kernel_, candidate_bias_);
    const Value c = wrap(state, activate(state, candidate));
    const Output kept = binary_operator(state, "*", u, cell_state);
    const Output rest = binary_operator(state, "-", Value(1), u);
    const Output renewed = binary_operator(state, "*", wrap(state, rest), c);
    const Value h = wrap(state, binary_operator(state, "+", wrap(state, kept), wrap(state, renewed)));
    return {h, h};
}

// --- BasicRNNCell ---------------------------------------------------------------------------------------------

BasicRnnCell::BasicRnnCell(GraphState& state, CellOptions options) : num_units_(options.num_units) {
    init_layer(state, "BasicRNNCell", options.layer);
    check_dtype();
    input_ndim_ = 2;
    activation_ = std::move(options.activation);
}

void BasicRnnCell::build(GraphState& state, const Value& input_shape) {
    const std::int64_t rows = input_depth(input_shape) + num_units_;
    check_dtype();
    kernel_ = add_variable(state, "kernel", Shape{rows, num_units_});
    bias_ = add_variable(state, "bias", Shape{num_units_}, zeros_initializer(dtype()));
}

std::pair<Value, Value> BasicRnnCell::step_once(GraphState& state, const Value& inputs, const Value& cell_state) {
    check_input_dtypes(state, inputs, cell_state);
    const Value output = wrap(state, activate(state, linear(state, inputs, cell_state, kernel_, bias_)));
    return {output, output};
}

// --- BasicLSTMCell --------------------------------------------------------------------------------------------

BasicLstmCell::BasicLstmCell(GraphState& state, LstmOptions options) : options_(std::move(options)) {
    init_layer(state, "BasicLSTMCell", options_.layer);
    check_dtype();
    input_ndim_ = 2;
    activation_ = options_.activation;
}

Value BasicLstmCell::state_size(Context&) const {
    const std::int64_t n = options_.num_units;
    return options_.state_is_tuple ? lstm_state_tuple(n, n) : Value(2 * n);
}

void BasicLstmCell::build(GraphState& state, const Value& input_shape) {
    const std::int64_t n = options_.num_units;
    const std::int64_t rows = input_depth(input_shape) + n;
    check_dtype();
    kernel_ = add_variable(state, "kernel", Shape{rows, 4 * n});
    bias_ = add_variable(state, "bias", Shape{4 * n}, zeros_initializer(dtype()));
}

std::pair<Value, Value> BasicLstmCell::step_once(GraphState& state, const Value& inputs, const Value& cell_state) {
    check_input_dtypes(state, inputs, cell_state);
    const Value one = wrap(state, int32_constant(state, 1));
    Output c;
    Value h;
    if (options_.state_is_tuple) {
        auto [memory, output] = memory_and_output(cell_state);
        c = tensor_of(state, memory);
        h = std::move(output);
    } else {
        const std::vector<Output> parts = split(state, cell_state, Value(2), one);
        c = parts[0];
        h = wrap(state, parts[1]);
    }
    const Output gates = linear(state, inputs, h, kernel_, bias_);
    const std::vector<Output> parts =
        split(state, wrap(state, gates), Value(4), one); // input, new input, forget, output
    const Output forget_bias = to_tensor(state, Value(options_.forget_bias), state.graph.info(parts[2]).dtype, "Const");
    // math_ops.add and multiply rather than operators: Add and Mul with capitals, and Add instead of AddV2.
    const Output forget = sigmoid(state, op2(state, "Add", parts[2], forget_bias));
    const Output kept = op2(state, "Mul", c, forget);
    const Output input = sigmoid(state, parts[0]);
    const Output renewed = op2(state, "Mul", input, activate(state, parts[1]));
    const Output new_c = op2(state, "Add", kept, renewed);
    const Output shown = activate(state, new_c);
    const Output new_h = op2(state, "Mul", shown, sigmoid(state, parts[3]));
    const Value memory = wrap(state, new_c);
    const Value output = wrap(state, new_h);
    if (options_.state_is_tuple) return {output, lstm_state_tuple(memory, output)};
    return {output, wrap(state, concat(state, Value::list({memory, output}), Value(1)))};
}

// --- LSTMCell -------------------------------------------------------------------------------------------------

LstmCell::LstmCell(GraphState& state, LstmOptions options) : options_(std::move(options)) {
    init_layer(state, "LSTMCell", options_.layer);
    check_dtype();
    input_ndim_ = 2;
    activation_ = options_.activation;
    options_.initializer = initializer_object(state.context, options_.initializer);
    if (options_.num_proj == 0) options_.num_proj.reset();
}

Value LstmCell::state_size(Context&) const {
    const std::int64_t n = options_.num_units;
    const std::int64_t shown = options_.num_proj.value_or(n);
    return options_.state_is_tuple ? lstm_state_tuple(n, shown) : Value(n + shown);
}

void LstmCell::build(GraphState& state, const Value& input_shape) {
    const std::int64_t n = options_.num_units;
    const std::int64_t rows = input_depth(input_shape) + options_.num_proj.value_or(n);
    check_dtype();
    kernel_ = add_variable(state, "kernel", Shape{rows, 4 * n}, options_.initializer);
    bias_ = add_variable(state, "bias", Shape{4 * n}, zeros_initializer(dtype()));
    if (options_.use_peepholes) {
        w_f_diag_ = add_variable(state, "w_f_diag", Shape{n}, options_.initializer);
        w_i_diag_ = add_variable(state, "w_i_diag", Shape{n}, options_.initializer);
        w_o_diag_ = add_variable(state, "w_o_diag", Shape{n}, options_.initializer);
    }
    if (options_.num_proj)
        proj_kernel_ = add_variable(state, "projection/kernel", Shape{n, *options_.num_proj}, options_.initializer);
}

/// sigmoid(x + peephole * memory), without the second term where there are no peepholes.
Output LstmCell::gate(GraphState& state, const Value& x, const VariableValue& peephole, const Value& memory) const {
    if (!options_.use_peepholes) return sigmoid(state, tensor_of(state, x));
    const Value seen = wrap(state, binary_operator(state, "*", Value(peephole), memory));
    return sigmoid(state, binary_operator(state, "+", x, seen));
}

std::pair<Value, Value> LstmCell::step_once(GraphState& state, const Value& inputs, const Value& cell_state) {
    check_input_dtypes(state, inputs, cell_state);
    const std::int64_t n = options_.num_units;
    Value c_prev, m_prev;
    if (options_.state_is_tuple) {
        std::tie(c_prev, m_prev) = memory_and_output(cell_state);
    } else {
        const Output both = tensor_of(state, cell_state);
        c_prev = wrap(state, slice(state, both, {0, 0}, {-1, n}));
        m_prev = wrap(state, slice(state, both, {0, n}, {-1, options_.num_proj.value_or(n)}));
    }
    const Output matrix = linear(state, inputs, m_prev, kernel_, bias_);
    const std::vector<Output> parts =
        split(state, wrap(state, matrix), Value(4), Value(1)); // input, new input, forget, output
    const Value biased = wrap(state, binary_operator(state, "+", wrap(state, parts[2]), Value(options_.forget_bias)));
    const Output forget = gate(state, biased, w_f_diag_, c_prev);
    const Output kept = binary_operator(state, "*", wrap(state, forget), c_prev);
    const Output input = gate(state, wrap(state, parts[0]), w_i_diag_, c_prev);
    const Output renewed = binary_operator(state, "*", wrap(state, input), wrap(state, activate(state, parts[1])));
    Output c = binary_operator(state, "+", wrap(state, kept), wrap(state, renewed));
    if (options_.cell_clip) c = clip_symmetric(state, c, *options_.cell_clip);
    const Output shown = gate(state, wrap(state, parts[3]), w_o_diag_, wrap(state, c));
    Output m = binary_operator(state, "*", wrap(state, shown), wrap(state, activate(state, c)));
    if (options_.num_proj) {
        m = matmul(state, wrap(state, m), Value(proj_kernel_));
        if (options_.proj_clip) m = clip_symmetric(state, m, *options_.proj_clip);
    }
    const Value memory = wrap(state, c);
    const Value output = wrap(state, m);
    if (options_.state_is_tuple) return {output, lstm_state_tuple(memory, output)};
    return {output, wrap(state, concat(state, Value::list({memory, output}), Value(1)))};
}

} // namespace rnnscope::tf1
