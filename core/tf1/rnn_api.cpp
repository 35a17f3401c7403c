#include "core/tf1/array_ops.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/rnn.hpp"

#include <fmt/format.h>

/// The records of tf.nn.rnn_cell.* and of the functions that call cells.
namespace rnnscope::tf1 {

namespace {

DType dtype_or_invalid(const Value& value) {
    return value.is_none() ? DType::invalid : to_dtype(value);
}

std::int64_t to_integer(const Value& value, std::string_view what) {
    const std::int64_t* number = value.as<std::int64_t>();
    if (number == nullptr)
        raise("TypeError", fmt::format("{} must be an integer, got {}", what, python_type_name(value)));
    return *number;
}

std::optional<double> number_or_none(const Value& value) {
    if (const double* number = value.as<double>()) return *number;
    if (const std::int64_t* number = value.as<std::int64_t>()) return static_cast<double>(*number);
    return {};
}

Layer::Options layer_options(const Value& reuse, const Value& name, const Value& dtype, const Value& trainable) {
    Layer::Options options;
    const std::optional<Reuse> wanted = to_reuse(reuse);
    if (!wanted) raise("ValueError", "The reuse parameter must be True or False or None.");
    options.reuse = *wanted;
    options.name = name;
    options.dtype = dtype_or_invalid(dtype);
    options.trainable = trainable.truthy();
    return options;
}

Value make_gru(Context& context, const Arguments& a) {
    CellOptions options;
    options.num_units = to_integer(a[0], "num_units");
    options.activation = a[1];
    options.kernel_initializer = a[3];
    options.bias_initializer = a[4];
    options.layer = layer_options(a[2], a[5], a[6], a[7]);
    return Value(std::make_shared<GruCell>(context.default_graph(), std::move(options)));
}

Value make_basic_rnn(Context& context, const Arguments& a) {
    CellOptions options;
    options.num_units = to_integer(a[0], "num_units");
    options.activation = a[1];
    options.layer = layer_options(a[2], a[3], a[4], a[5]);
    return Value(std::make_shared<BasicRnnCell>(context.default_graph(), std::move(options)));
}

Value make_basic_lstm(Context& context, const Arguments& a) {
    LstmOptions options;
    options.num_units = to_integer(a[0], "num_units");
    options.forget_bias = number_or_none(a[1]).value_or(1.0);
    options.state_is_tuple = a[2].truthy();
    options.activation = a[3];
    options.layer = layer_options(a[4], a[5], a[6], a[7]);
    return Value(std::make_shared<BasicLstmCell>(context.default_graph(), std::move(options)));
}

Value make_lstm(Context& context, const Arguments& a) {
    LstmOptions options;
    options.num_units = to_integer(a[0], "num_units");
    options.use_peepholes = a[1].truthy();
    options.cell_clip = number_or_none(a[2]);
    options.initializer = a[3];
    if (!a[4].is_none()) options.num_proj = to_integer(a[4], "num_proj");
    options.proj_clip = number_or_none(a[5]);
    options.forget_bias = number_or_none(a[8]).value_or(1.0);
    options.state_is_tuple = a[9].truthy();
    options.activation = a[10];
    options.layer = layer_options(a[11], a[12], a[13], a[14]);
    return Value(std::make_shared<LstmCell>(context.default_graph(), std::move(options)));
}

Value make_dropout(Context& context, const Arguments& a) {
    DropoutOptions options;
    options.cell = a[0];
    options.input_keep_prob = a[1];
    options.output_keep_prob = a[2];
    options.state_keep_prob = a[3];
    options.variational_recurrent = a[4].truthy();
    options.input_size = a[5];
    options.dtype = a[6];
    options.seed = a[7];
    options.state_filter = a[8];
    return Value(std::make_shared<DropoutWrapper>(context.default_graph(), options));
}

RnnCell& self_of(const Arguments& a) {
    const auto cell = a[0].object<RnnCell>();
    if (!cell)
        raise("TypeError",
              fmt::format("descriptor requires a 'RNNCell' object but received a '{}'", python_type_name(a[0])));
    return *cell;
}

Value call_get_initial_state(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    Value batch = a[2];
    DType dtype = dtype_or_invalid(a[3]);
    if (!a[1].is_none()) {
        const Output inputs = to_tensor(state, a[1], DType::invalid, "inputs");
        const OutputInfo& info = state.graph.info(inputs);
        const std::int64_t known = info.shape.dim_or_unknown(0);
        if (const std::int64_t* given = batch.as<std::int64_t>(); given != nullptr && *given != known) {
            raise("ValueError",
                  fmt::format("batch size from input tensor is different from the input param. Input tensor batch: {}, "
                              "batch_size: {}",
                              known == Shape::unknown ? std::string("None") : std::to_string(known), *given));
        }
        if (dtype != DType::invalid && dtype != info.dtype) {
            raise("ValueError", fmt::format("dtype from input tensor is different from the input param. Input tensor "
                                            "dtype: <dtype: '{}'>, dtype: <dtype: '{}'>",
                                            dtype_name(info.dtype), dtype_name(dtype)));
        }
        dtype = info.dtype;
        batch = known > 0
                    ? Value(known)
                    : wrap(state, strided_slice(state, wrap(state, shape_of(state, wrap(state, inputs))), Value(0)));
    }
    if (batch.is_none() || dtype == DType::invalid) {
        raise("ValueError", fmt::format("batch_size and dtype cannot be None while constructing initial state: "
                                        "batch_size={}, dtype={}",
                                        str(batch), str(a[3])));
    }
    return self_of(a).zero_state(state, batch, dtype);
}

RnnArgs common_args(const Value& sequence_length, const Value& dtype, const Value& scope) {
    RnnArgs args;
    args.sequence_length = sequence_length;
    args.dtype = dtype_or_invalid(dtype);
    args.scope = scope;
    return args;
}

Value call_dynamic_rnn(Context& context, const Arguments& a) {
    RnnArgs args = common_args(a[2], a[4], a[8]);
    args.cell = a[0];
    args.inputs = a[1];
    args.initial_state = a[3];
    if (!a[5].is_none()) args.parallel_iterations = to_integer(a[5], "parallel_iterations");
    args.swap_memory = a[6].truthy();
    args.time_major = a[7].truthy();
    return dynamic_rnn(context.default_graph(), args);
}

Value call_raw_rnn(Context& context, const Arguments& a) {
    RawRnnArgs args;
    args.cell = a[0];
    args.loop_fn = a[1];
    if (!a[2].is_none()) args.parallel_iterations = to_integer(a[2], "parallel_iterations");
    args.swap_memory = a[3].truthy();
    args.scope = a[4];
    return raw_rnn(context.default_graph(), args);
}

Value call_static_rnn(Context& context, const Arguments& a) {
    RnnArgs args = common_args(a[4], a[3], a[5]);
    args.cell = a[0];
    args.inputs = a[1];
    args.initial_state = a[2];
    return static_rnn(context.default_graph(), args);
}

Value call_bidirectional(Context& context, const Arguments& a) {
    BidirectionalArgs args;
    args.cell_fw = a[0];
    args.cell_bw = a[1];
    args.common = common_args(a[3], a[6], a[10]);
    args.common.inputs = a[2];
    args.initial_state_fw = a[4];
    args.initial_state_bw = a[5];
    if (!a[7].is_none()) args.common.parallel_iterations = to_integer(a[7], "parallel_iterations");
    args.common.swap_memory = a[8].truthy();
    args.common.time_major = a[9].truthy();
    return bidirectional_dynamic_rnn(context.default_graph(), args);
}

Value call_static_bidirectional(Context& context, const Arguments& a) {
    BidirectionalArgs args;
    args.cell_fw = a[0];
    args.cell_bw = a[1];
    args.common = common_args(a[6], a[5], a[7]);
    args.common.inputs = a[2];
    args.initial_state_fw = a[3];
    args.initial_state_bw = a[4];
    return static_bidirectional_rnn(context.default_graph(), args);
}

const Param activation_param{"activation", Value()};
const Param reuse_param{"reuse", Value()};
const Param name_param{"name", Value()};
const Param dtype_param{"dtype", Value()};
const Param trainable_param{"trainable", Value(true)};

std::vector<ApiDef> cell_methods() {
    return {
        {"RNNCell.zero_state",
         {{"self", {}}, {"batch_size", {}}, {"dtype", {}}},
         "A state of zeros for a batch.",
         [](Context& c, const Arguments& a) { return self_of(a).zero_state(c.default_graph(), a[1], to_dtype(a[2])); }},
        {"RNNCell.get_initial_state",
         {{"self", {}}, {"inputs", Value()}, {"batch_size", Value()}, {"dtype", Value()}},
         "A state of zeros for a batch, or for the batch of some inputs.",
         call_get_initial_state},
        {"RNNCell.build",
         {{"self", {}}, {"inputs_shape", {}}},
         "Makes the cell's variables for inputs of a shape.",
         [](Context& c, const Arguments& a) {
             self_of(a).build_with(c.default_graph(), Value(to_shape(a[1])));
             return Value();
         }},
        {"RNNCell.call",
         {{"self", {}}, {"inputs", {}}, {"state", {}}},
         "One step without entering the cell's scope.",
         [](Context& c, const Arguments& a) {
             self_of(a).check_has_weights();
             auto [output, state] = self_of(a).step_once(c.default_graph(), a[1], a[2]);
             return Value::tuple({output, state});
         }},
    };
}

} // namespace

std::vector<ApiDef> rnn_cell_api() {
    std::vector<ApiDef> api{
        {"nn.rnn_cell.GRUCell",
         {{"num_units", {}},
          activation_param,
          reuse_param,
          {"kernel_initializer", Value()},
          {"bias_initializer", Value()},
          name_param,
          dtype_param,
          trainable_param},
         "Gated recurrent unit.",
         make_gru},
        {"nn.rnn_cell.BasicRNNCell",
         {{"num_units", {}}, activation_param, reuse_param, name_param, dtype_param, trainable_param},
         "The plain recurrent cell: tanh of a linear map of input and state.",
         make_basic_rnn},
        {"nn.rnn_cell.BasicLSTMCell",
         {{"num_units", {}},
          {"forget_bias", Value(1.0)},
          {"state_is_tuple", Value(true)},
          activation_param,
          reuse_param,
          name_param,
          dtype_param,
          trainable_param},
         "Long short-term memory without peepholes, clipping and projection.",
         make_basic_lstm},
        {"nn.rnn_cell.LSTMCell",
         {{"num_units", {}},
          {"use_peepholes", Value(false)},
          {"cell_clip", Value()},
          {"initializer", Value()},
          {"num_proj", Value()},
          {"proj_clip", Value()},
          {"num_unit_shards", Value()},
          {"num_proj_shards", Value()},
          {"forget_bias", Value(1.0)},
          {"state_is_tuple", Value(true)},
          activation_param,
          reuse_param,
          name_param,
          dtype_param,
          trainable_param},
         "Long short-term memory.",
         make_lstm},
        {"nn.rnn_cell.LSTMStateTuple",
         {{"c", {}}, {"h", {}}},
         "The state of an LSTM cell: its memory and its output.",
         [](Context&, const Arguments& a) { return lstm_state_tuple(a[0], a[1]); }},
        {"nn.rnn_cell.MultiRNNCell",
         {{"cells", {}}, {"state_is_tuple", Value(true)}},
         "Cells on top of each other.",
         [](Context& c, const Arguments& a) {
             return Value(std::make_shared<MultiRnnCell>(c.default_graph(), a[0], a[1].truthy()));
         }},
        {"nn.rnn_cell.DropoutWrapper",
         {{"cell", {}},
          {"input_keep_prob", Value(1.0)},
          {"output_keep_prob", Value(1.0)},
          {"state_keep_prob", Value(1.0)},
          {"variational_recurrent", Value(false)},
          {"input_size", Value()},
          dtype_param,
          {"seed", Value()},
          {"dropout_state_filter_visitor", Value()}},
         "Drops out inputs, outputs and state of a cell.",
         make_dropout},
        {"nn.rnn_cell.ResidualWrapper",
         {{"cell", {}}, {"residual_fn", Value()}},
         "Adds a cell's inputs to its outputs.",
         [](Context& c, const Arguments& a) {
             return Value(std::make_shared<ResidualWrapper>(c.default_graph(), a[0], a[1]));
         }},
        {"nn.rnn_cell.DeviceWrapper",
         {{"cell", {}}, {"device", {}}},
         "Runs a cell on a device.",
         [](Context& c, const Arguments& a) {
             return Value(std::make_shared<DeviceWrapper>(c.default_graph(), a[0], optional_text(a[1])));
         }},
    };
    for (ApiDef& method : cell_methods()) api.push_back(std::move(method));
    return api;
}

std::vector<ApiDef> rnn_api() {
    return {
        {"nn.dynamic_rnn",
         {{"cell", {}},
          {"inputs", {}},
          {"sequence_length", Value()},
          {"initial_state", Value()},
          {"dtype", Value()},
          {"parallel_iterations", Value()},
          {"swap_memory", Value(false)},
          {"time_major", Value(false)},
          {"scope", Value()}},
         "Runs a cell over time in a while loop.",
         call_dynamic_rnn},
        {"nn.raw_rnn",
         {{"cell", {}},
          {"loop_fn", {}},
          {"parallel_iterations", Value()},
          {"swap_memory", Value(false)},
          {"scope", Value()}},
         "Runs a cell in a loop whose inputs, states and outputs a function chooses.",
         call_raw_rnn},
        {"nn.static_rnn",
         {{"cell", {}},
          {"inputs", {}},
          {"initial_state", Value()},
          {"dtype", Value()},
          {"sequence_length", Value()},
          {"scope", Value()}},
         "Runs a cell over a list of inputs, one copy of its ops for each.",
         call_static_rnn},
        {"nn.bidirectional_dynamic_rnn",
         {{"cell_fw", {}},
          {"cell_bw", {}},
          {"inputs", {}},
          {"sequence_length", Value()},
          {"initial_state_fw", Value()},
          {"initial_state_bw", Value()},
          {"dtype", Value()},
          {"parallel_iterations", Value()},
          {"swap_memory", Value(false)},
          {"time_major", Value(false)},
          {"scope", Value()}},
         "Runs one cell forwards and another backwards over time.",
         call_bidirectional},
        {"nn.static_bidirectional_rnn",
         {{"cell_fw", {}},
          {"cell_bw", {}},
          {"inputs", {}},
          {"initial_state_fw", Value()},
          {"initial_state_bw", Value()},
          {"dtype", Value()},
          {"sequence_length", Value()},
          {"scope", Value()}},
         "Runs one cell forwards and another backwards over a list of inputs.",
         call_static_bidirectional},
    };
}

} // namespace rnnscope::tf1
