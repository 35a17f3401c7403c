#include "core/tf1/cells_contrib.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/op_helpers.hpp"

#include <fmt/format.h>

/// The cells that are one op, GRUBlockCell, GRUBlockCellV2 and LSTMBlockCell (contrib/rnn/python/ops/gru_ops.py and
/// lstm_ops.py, 1.15), and CuDNN's GRU made of single ops (contrib/cudnn_rnn/python/ops/cudnn_rnn_ops.py).
namespace rnnscope::tf1 {

namespace {

const Shape& shape_of_tensor(GraphState& state, const Value& value) {
    return state.graph.info(to_tensor(state, value)).shape;
}

Shape matrix_shape(const Value& input_shape) {
    const Shape* shape = input_shape.as<Shape>();
    return shape != nullptr && shape->has_rank() && shape->rank() == 2 ? *shape : Shape{Shape::unknown, Shape::unknown};
}

Output linear(GraphState& state, const Value& x, const VariableValue& kernel, const VariableValue& bias) {
    return bias_add(state, wrap(state, matmul(state, x, Value(kernel))), Value(bias));
}

} // namespace

// --- GRUBlockCell ---------------------------------------------------------------------------------------------

GruBlockCell::GruBlockCell(GraphState& state, std::optional<std::int64_t> num_units,
                           std::optional<std::int64_t> cell_size, Layer::Options options, bool is_v2)
    : is_v2_(is_v2) {
    init_layer(state, type_name(), options);
    if (num_units.has_value() == cell_size.has_value())
        raise("ValueError", "Exactly one of num_units or cell_size must be provided.");
    cell_size_ = num_units ? *num_units : *cell_size;
    input_ndim_ = 2;
}

void GruBlockCell::build(GraphState& state, const Value& input_shape) {
    const std::int64_t inputs = matrix_shape(input_shape).dim(1), cells = cell_size_;
    if (inputs == Shape::unknown) raise("ValueError", "Expecting input_size to be set.");
    const auto name = [&](const char* own, const char* v2) { return std::string(is_v2_ ? v2 : own); };
    w_ru_ = add_variable(state, name("w_ru", "gates/kernel"), Shape{inputs + cells, cells * 2});
    b_ru_ = add_variable(state, name("b_ru", "gates/bias"), Shape{cells * 2}, constant_initializer(Value(1.0)));
    w_c_ = add_variable(state, name("w_c", "candidate/kernel"), Shape{inputs + cells, cells});
    b_c_ = add_variable(state, name("b_c", "candidate/bias"), Shape{cells}, constant_initializer(Value(0.0)));
}

std::pair<Value, Value> GruBlockCell::step_once(GraphState& state, const Value& inputs, const Value& h_prev) {
    const Shape& shape = shape_of_tensor(state, h_prev);
    if (shape.has_rank() && shape.rank() != 2)
        raise("ValueError", fmt::format("Shape {} must have rank 2", to_python(shape)));
    const std::int64_t columns = shape.has_rank() ? shape.dim(1) : Shape::unknown;
    if (columns != Shape::unknown && columns != cell_size_)
        raise("ValueError", fmt::format("Shape of h_prev[1] incorrect: cell_size {} vs {}", cell_size_, columns));
    const NodeId node =
        call_op(state, "GRUBlockCell", {inputs, h_prev, Value(w_ru_), Value(w_c_), Value(b_ru_), Value(b_c_)});
    const Value h = wrap(state, Output{node, 3});
    return {h, h};
}

// --- LSTMBlockCell --------------------------------------------------------------------------------------------

LstmBlockCell::LstmBlockCell(GraphState& state, LstmBlockOptions options) : options_(std::move(options)) {
    init_layer(state, type_name(), options_.layer);
    input_ndim_ = 2;
}

Value LstmBlockCell::state_size(Context&) const {
    return lstm_state_tuple(options_.num_units, options_.num_units);
}

void LstmBlockCell::build(GraphState& state, const Value& input_shape) {
    const Shape shape = matrix_shape(input_shape);
    const std::int64_t inputs = shape.dim(1), cells = options_.num_units;
    if (inputs == Shape::unknown || inputs == 0)
        raise("ValueError", fmt::format("Expecting inputs_shape[1] to be set: {}", to_python(shape)));
    kernel_ = add_variable(state, "kernel", Shape{inputs + cells, cells * 4});
    bias_ = add_variable(state, "bias", Shape{cells * 4}, constant_initializer(Value(0.0)));
    if (!options_.use_peephole) return;
    w_i_diag_ = add_variable(state, "w_i_diag", Shape{cells});
    w_f_diag_ = add_variable(state, "w_f_diag", Shape{cells});
    w_o_diag_ = add_variable(state, "w_o_diag", Shape{cells});
}

std::pair<Value, Value> LstmBlockCell::step_once(GraphState& state, const Value& inputs, const Value& cell_state) {
    const std::vector<Value>* parts = items_of(cell_state);
    if (parts == nullptr)
        raise("TypeError", fmt::format("object of type '{}' has no len()", python_type_name(cell_state)));
    if (parts->size() != 2) raise("ValueError", "Expecting state to be a tuple with length 2.");
    Value wci(w_i_diag_), wcf(w_f_diag_), wco(w_o_diag_);
    if (!options_.use_peephole) wci = wcf = wco = wrap(state, zeros(state, Shape{options_.num_units}, dtype()));
    const NodeId node =
        call_op(state, "LSTMBlockCell", {inputs, (*parts)[0], (*parts)[1], Value(kernel_), wci, wcf, wco, Value(bias_)},
                {{"forget_bias", static_cast<float>(options_.forget_bias)},
                 {"cell_clip", static_cast<float>(options_.cell_clip.value_or(-1))},
                 {"use_peephole", options_.use_peephole}});
    const Value h = wrap(state, Output{node, 6});
    return {h, lstm_state_tuple(wrap(state, Output{node, 1}), h)};
}

// --- CudnnCompatibleGRUCell -----------------------------------------------------------------------------------

CudnnCompatibleGruCell::CudnnCompatibleGruCell(GraphState& state, std::int64_t num_units, Value kernel_initializer,
                                               Layer::Options options)
    : num_units_(num_units), kernel_initializer_(std::move(kernel_initializer)) {
    init_layer(state, "CudnnCompatibleGRUCell", options);
    input_ndim_ = 2;
}

void CudnnCompatibleGruCell::build(GraphState& state, const Value& input_shape) {
    const Shape shape = matrix_shape(input_shape);
    const std::int64_t inputs = shape.dim(1), units = num_units_;
    if (inputs == Shape::unknown)
        raise("ValueError", fmt::format("Expected inputs.shape[-1] to be known, saw shape: {}", to_python(shape)));
    const std::string x = "candidate/input_projection/", h = "candidate/hidden_projection/";
    gate_kernel_ = add_variable(state, "gates/kernel", Shape{inputs + units, 2 * units}, kernel_initializer_);
    gate_bias_ = add_variable(state, "gates/bias", Shape{2 * units}, constant_initializer(Value(1.0), dtype()));
    input_kernel_ = add_variable(state, x + "kernel", Shape{inputs, units}, kernel_initializer_);
    hidden_kernel_ = add_variable(state, h + "kernel", Shape{units, units}, kernel_initializer_);
    input_bias_ = add_variable(state, x + "bias", Shape{units}, zeros_initializer(dtype()));
    hidden_bias_ = add_variable(state, h + "bias", Shape{units}, zeros_initializer(dtype()));
}

std::pair<Value, Value> CudnnCompatibleGruCell::step_once(GraphState& state, const Value& inputs,
                                                          const Value& cell_state) {
    const auto binary = [&](std::string_view op, const Value& a, const Value& b) {
        return wrap(state, binary_operator(state, op, a, b));
    };
    const Value both = wrap(state, concat(state, Value::list({inputs, cell_state}), Value(1)));
    const Output gates = op1(state, "Sigmoid", linear(state, both, gate_kernel_, gate_bias_));
    const std::vector<Output> parts = split(state, wrap(state, gates), Value(2), Value(1));
    const Value r = wrap(state, parts[0]), u = wrap(state, parts[1]);
    const Value from_x = wrap(state, linear(state, inputs, input_kernel_, input_bias_));
    const Value from_h = wrap(state, linear(state, cell_state, hidden_kernel_, hidden_bias_));
    const Value reset = binary("*", r, from_h);
    const Value c = wrap(state, op1(state, "Tanh", to_tensor(state, binary("+", from_x, reset))));
    const Value rest = binary("-", Value(1), u);
    const Value renewed = binary("*", rest, c);
    const Value kept = binary("*", u, cell_state);
    const Value h = binary("+", renewed, kept);
    return {h, h};
}

} // namespace rnnscope::tf1
