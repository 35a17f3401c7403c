#include "core/tf1/api_families.hpp"
#include "core/tf1/keras.hpp"
#include "core/tf1/op_helpers.hpp"

#include <fmt/format.h>

/// The records of tf.keras.layers' recurrent cells and layers, of tf.compat.v2.keras.layers' cells, and of the
/// activations that only Keras has.
namespace rnnscope::tf1 {

namespace {

/// keras.backend.hard_sigmoid: clip(0.2 x + 0.5, 0, 1).
Value hard_sigmoid(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const Output x = to_tensor(state, a[0]);
    const DType dtype = state.graph.info(x).dtype;
    const Output slope = state.constant(make_tensor(Value(0.2), dtype));
    const Output middle = state.constant(make_tensor(Value(0.5), dtype));
    const Output line = op2(state, "Add", op2(state, "Mul", x, slope), middle);
    const NameScope scope(state, "clip_by_value");
    const Output below = op_output(state, "Minimum", {wrap(state, line), Value(1.0)});
    return op_value(state, "Maximum", {wrap(state, below), Value(0.0)}, {}, scope.scope());
}

enum class Kind { simple_rnn, gru, lstm };

/// Reads the arguments of a class in the order of its parameters.
class Reader {
  public:
    Reader(const Arguments& arguments, std::string class_name)
        : arguments_(arguments), class_name_(std::move(class_name)) {}
    const Value& next() { return arguments_[at_++]; }
    const std::string& class_name() const { return class_name_; }
    /// An argument for which only `neutral` makes no difference here.
    void leave_out(std::string_view name, const Value& neutral) {
        const Value& value = next();
        if (repr(value) != repr(neutral) && value.truthy())
            raise("NotImplementedError", fmt::format("{}: {} is not supported", class_name_, name));
    }

  private:
    const Arguments& arguments_;
    std::string class_name_;
    std::size_t at_ = 0;
};

Layer::Options layer_options(Reader& in) {
    Layer::Options options;
    options.trainable = in.next().truthy();
    options.name = in.next();
    options.dtype = optional_dtype(in.next());
    return options;
}

/// The parameters from `units` to `implementation`; `of_layer`: with the layer's activity_regularizer.
KerasCellOptions cell_options(Context& context, Reader& in, Kind kind, bool of_layer) {
    KerasCellOptions options;
    options.units = required_int(in.next());
    options.activation = activation_function(in.next());
    if (kind != Kind::simple_rnn) options.recurrent_activation = activation_function(in.next());
    options.use_bias = in.next().truthy();
    options.kernel_initializer = initializer_object(context, in.next());
    options.recurrent_initializer = initializer_object(context, in.next());
    options.bias_initializer = initializer_object(context, in.next());
    if (kind == Kind::lstm) options.unit_forget_bias = in.next().truthy();
    for (const char* name : {"kernel_regularizer", "recurrent_regularizer", "bias_regularizer"}) in.leave_out(name, {});
    if (of_layer) in.leave_out("activity_regularizer", {});
    for (const char* name : {"kernel_constraint", "recurrent_constraint", "bias_constraint"}) in.leave_out(name, {});
    for (const char* name : {"dropout", "recurrent_dropout"}) in.leave_out(name, 0.0);
    if (kind != Kind::simple_rnn) options.one_product = required_int(in.next()) == 2;
    return options;
}

std::shared_ptr<KerasCell> make_cell(GraphState& state, Kind kind, KerasCellOptions options) {
    if (kind == Kind::lstm) return std::make_shared<KerasLstmCell>(state, std::move(options));
    if (kind == Kind::gru) return std::make_shared<KerasGruCell>(state, std::move(options));
    return std::make_shared<KerasSimpleRnnCell>(state, std::move(options));
}

std::string name_of(Kind kind) {
    return kind == Kind::lstm ? "LSTM" : kind == Kind::gru ? "GRU" : "SimpleRNN";
}

template <Kind kind> Value cell_function(Context& context, const Arguments& a) {
    Reader in(a, name_of(kind) + "Cell");
    KerasCellOptions options = cell_options(context, in, kind, false);
    if (kind == Kind::gru) options.reset_after = in.next().truthy();
    options.layer = layer_options(in);
    options.class_name = in.class_name();
    return Value(make_cell(context.default_graph(), kind, std::move(options)));
}

KerasRnnOptions rnn_options(Reader& in) {
    KerasRnnOptions options;
    options.class_name = in.class_name();
    options.return_sequences = in.next().truthy();
    options.return_state = in.next().truthy();
    options.go_backwards = in.next().truthy();
    in.leave_out("stateful", false);
    options.unroll = in.next().truthy();
    return options;
}

template <Kind kind> Value layer_function(Context& context, const Arguments& a) {
    Reader in(a, name_of(kind));
    KerasCellOptions cell = cell_options(context, in, kind, true);
    KerasRnnOptions options = rnn_options(in);
    if (kind == Kind::gru) cell.reset_after = in.next().truthy();
    options.time_major = in.next().truthy();
    options.layer = layer_options(in);
    cell.class_name = name_of(kind) + "Cell";
    cell.layer.dtype = options.layer.dtype;
    options.cell = make_cell(context.default_graph(), kind, std::move(cell)); // takes its name before the layer does
    return Value(std::make_shared<KerasRnn>(context.default_graph(), std::move(options)));
}

Value rnn_function(Context& context, const Arguments& a) {
    Reader in(a, "RNN");
    const Value& cell = in.next();
    const auto made = cell.object<KerasCell>();
    if (!made && !cell.object<RnnCell>() && items_of(cell) == nullptr)
        raise("ValueError", fmt::format("('`cell` should have a `call` method. The RNN was passed:', {})", repr(cell)));
    if (!made) raise("NotImplementedError", "RNN: only a single cell of tf.keras.layers is supported");
    KerasRnnOptions options = rnn_options(in);
    options.time_major = in.next().truthy();
    options.layer = layer_options(in);
    options.cell = made;
    return Value(std::make_shared<KerasRnn>(context.default_graph(), std::move(options)));
}

KerasCell& keras_cell_of(const Arguments& a) {
    const auto cell = a[0].object<KerasCell>();
    if (!cell) raise("TypeError", fmt::format("a cell of tf.keras.layers is needed, got a {}", python_type_name(a[0])));
    return *cell;
}

/// _generate_zero_filled_state_for_cell.
Value get_initial_state(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    Value batch = a[2];
    DType dtype = optional_dtype(a[3]);
    if (!a[1].is_none()) {
        const Value inputs = wrap(state, to_tensor(state, a[1]));
        batch = wrap(state, strided_slice(state, wrap(state, shape_of(state, inputs)), Value(0)));
        dtype = state.graph.info(inputs.as<TensorValue>()->output).dtype;
    }
    if (batch.is_none() || dtype == DType::invalid)
        raise("ValueError", fmt::format("batch_size and dtype cannot be None while constructing initial state: "
                                        "batch_size={}, dtype={}",
                                        str(batch), str(a[3])));
    return keras_cell_of(a).initial_state(state, batch, dtype);
}

/// Parameters in Keras's order; the parts that classes leave out are empty.
std::string parameters(Kind kind, bool of_layer, const char* gate = "'hard_sigmoid'", int implementation = 1,
                       const char* reset_after = "False") {
    std::string text = "units, activation='tanh', ";
    if (kind != Kind::simple_rnn) text += fmt::format("recurrent_activation={}, ", gate);
    text += "use_bias=True, kernel_initializer='glorot_uniform', recurrent_initializer='orthogonal', "
            "bias_initializer='zeros', ";
    if (kind == Kind::lstm) text += "unit_forget_bias=True, ";
    text += "kernel_regularizer=None, recurrent_regularizer=None, bias_regularizer=None, ";
    if (of_layer) text += "activity_regularizer=None, ";
    text += "kernel_constraint=None, recurrent_constraint=None, bias_constraint=None, dropout=0.0, "
            "recurrent_dropout=0.0, ";
    if (kind != Kind::simple_rnn) text += fmt::format("implementation={}, ", implementation);
    if (of_layer)
        text += "return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False, ";
    if (kind == Kind::gru) text += fmt::format("reset_after={}, ", reset_after);
    if (of_layer) text += "time_major=False, ";
    return text + "trainable=True, name=None, dtype=None";
}

} // namespace

std::vector<ApiDef> keras_api() {
    const auto v1 = [](Kind kind, bool of_layer) { return params(parameters(kind, of_layer)); };
    return {
        {"keras.layers.SimpleRNNCell", v1(Kind::simple_rnn, false), "Keras's plain recurrent cell.",
         cell_function<Kind::simple_rnn>},
        {"keras.layers.GRUCell", v1(Kind::gru, false), "Keras's gated recurrent unit: gates in the order z, r, h.",
         cell_function<Kind::gru>},
        {"keras.layers.LSTMCell", v1(Kind::lstm, false),
         "Keras's long short-term memory: gates in the order i, f, c, o.", cell_function<Kind::lstm>},
        {"compat.v2.keras.layers.GRUCell", params(parameters(Kind::gru, false, "'sigmoid'", 2, "True")),
         "Keras's gated recurrent unit with the defaults of 2.x: what CuDNN computes.", cell_function<Kind::gru>},
        {"compat.v2.keras.layers.LSTMCell", params(parameters(Kind::lstm, false, "'sigmoid'", 2)),
         "Keras's long short-term memory with the defaults of 2.x.", cell_function<Kind::lstm>},
        {"keras.layers.SimpleRNN", v1(Kind::simple_rnn, true), "Runs a SimpleRNNCell over time.",
         layer_function<Kind::simple_rnn>},
        {"keras.layers.GRU", v1(Kind::gru, true), "Runs a GRUCell of Keras over time.", layer_function<Kind::gru>},
        {"keras.layers.LSTM", v1(Kind::lstm, true), "Runs an LSTMCell of Keras over time.", layer_function<Kind::lstm>},
        {"keras.layers.RNN",
         params("cell, return_sequences=False, return_state=False, go_backwards=False, stateful=False, unroll=False, "
                "time_major=False, trainable=True, name=None, dtype=None"),
         "Runs a cell of Keras over time.", rnn_function},
        {"AbstractRNNCell.get_initial_state", params("self, inputs=None, batch_size=None, dtype=None"),
         "A state of zeros for a batch, or for the batch of some inputs.", get_initial_state},
        {"AbstractRNNCell.build", params("self, input_shape"), "Makes the cell's variables for inputs of a shape.",
         [](Context& context, const Arguments& a) {
             keras_cell_of(a).build_with(context.default_graph(), Value(to_shape(a[1])));
             return Value();
         }},
        {"AbstractRNNCell.call", params("self, inputs, states, training=None"),
         "One step without the cell's name scope and without making its variables.",
         [](Context& context, const Arguments& a) {
             keras_cell_of(a).check_has_weights();
             auto [output, states] = keras_cell_of(a).step_once(context.default_graph(), a[1], a[2]);
             return Value::tuple({output, states});
         }},
        {"keras.activations.hard_sigmoid", params("x"), "A line between 0 and 1: clip(0.2 x + 0.5, 0, 1).",
         hard_sigmoid},
        {"keras.backend.hard_sigmoid", params("x"), "A line between 0 and 1: clip(0.2 x + 0.5, 0, 1).", hard_sigmoid},
    };
}

} // namespace rnnscope::tf1
