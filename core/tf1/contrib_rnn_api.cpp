#include "core/tf1/cells_contrib.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/rnn.hpp"

#include <fmt/format.h>

/// The records of tf.contrib.rnn.* and tf.contrib.cudnn_rnn.*.
namespace rnnscope::tf1 {

namespace {

Reuse reuse_of(const Value& value) {
    const std::optional<Reuse> reuse = to_reuse(value);
    if (!reuse) raise("ValueError", "The reuse parameter must be True or False or None.");
    return *reuse;
}

Value make_input_projection(Context& context, const Arguments& a) {
    return Value(std::make_shared<InputProjectionWrapper>(context.default_graph(), a[0], required_int(a[1]), a[2],
                                                          reuse_of(a[4])));
}

Value make_output_projection(Context& context, const Arguments& a) {
    return Value(std::make_shared<OutputProjectionWrapper>(context.default_graph(), a[0], required_int(a[1]), a[2],
                                                           reuse_of(a[3])));
}

Layer::Options layer_options(const Value& reuse, const Value& name) {
    Layer::Options options;
    options.reuse = reuse_of(reuse);
    options.name = name;
    return options;
}

Value make_gru_block(Context& context, const Arguments& a, bool is_v2) {
    return Value(std::make_shared<GruBlockCell>(context.default_graph(), optional_int(a[0]), optional_int(a[1]),
                                                layer_options(a[2], a[3]), is_v2));
}

Value make_lstm_block(Context& context, const Arguments& a) {
    LstmBlockOptions options;
    options.num_units = required_int(a[0]);
    options.forget_bias = number_of(a[1]);
    if (!a[2].is_none()) options.cell_clip = number_of(a[2]);
    options.use_peephole = a[3].truthy();
    options.layer = layer_options(a[5], a[6]);
    options.layer.dtype = optional_dtype(a[4]);
    return Value(std::make_shared<LstmBlockCell>(context.default_graph(), std::move(options)));
}

Value make_cudnn_lstm(Context& context, const Arguments& a) {
    LstmBlockOptions options;
    options.num_units = required_int(a[0]);
    options.forget_bias = 0;
    options.class_name = "CudnnCompatibleLSTMCell";
    options.layer = layer_options(a[1], "cudnn_compatible_lstm_cell");
    return Value(std::make_shared<LstmBlockCell>(context.default_graph(), std::move(options)));
}

Value make_cudnn_gru(Context& context, const Arguments& a) {
    return Value(std::make_shared<CudnnCompatibleGruCell>(context.default_graph(), required_int(a[0]), a[2],
                                                          layer_options(a[1], Value())));
}

/// contrib/rnn/__init__.py: what is exported again from tf.nn.rnn_cell and tf.nn.
std::vector<ApiDef> other_names() {
    std::vector<ApiDef> result;
    for (auto* family : {rnn_cell_api, rnn_api}) {
        for (ApiDef& api : family()) {
            constexpr std::string_view cells = "nn.rnn_cell.";
            const bool is_cell = api.name.starts_with(cells);
            if (!is_cell && !api.name.starts_with("nn.static_")) continue;
            api.name = "contrib.rnn." + api.name.substr(is_cell ? cells.size() : 3);
            result.push_back(std::move(api));
        }
    }
    return result;
}

} // namespace

std::vector<ApiDef> contrib_rnn_api() {
    std::vector<ApiDef> api{
        {"contrib.rnn.InputProjectionWrapper", params("cell, num_proj, activation=None, input_size=None, reuse=None"),
         "Puts a linear map of the inputs before a cell.", make_input_projection},
        {"contrib.rnn.OutputProjectionWrapper", params("cell, output_size, activation=None, reuse=None"),
         "Puts a linear map of the outputs behind a cell.", make_output_projection},
        {"contrib.rnn.GRUBlockCell", params("num_units=None, cell_size=None, reuse=None, name='gru_cell'"),
         "A gated recurrent unit as one op.",
         [](Context& c, const Arguments& a) { return make_gru_block(c, a, false); }},
        {"contrib.rnn.GRUBlockCellV2", params("num_units=None, cell_size=None, reuse=None, name='gru_cell'"),
         "A gated recurrent unit as one op, with the variables of GRUCell.",
         [](Context& c, const Arguments& a) { return make_gru_block(c, a, true); }},
        {"contrib.rnn.LSTMBlockCell",
         params("num_units, forget_bias=1.0, cell_clip=None, use_peephole=False, dtype=None, reuse=None, "
                "name='lstm_cell'"),
         "Long short-term memory as one op.", make_lstm_block},
        {"contrib.cudnn_rnn.CudnnCompatibleLSTMCell", params("num_units, reuse=None"),
         "The LSTM that CuDNN computes, as one op.", make_cudnn_lstm},
        {"contrib.cudnn_rnn.CudnnCompatibleGRUCell", params("num_units, reuse=None, kernel_initializer=None"),
         "The GRU that CuDNN computes: its reset gate multiplies a product.", make_cudnn_gru},
    };
    for (ApiDef& other : other_names()) api.push_back(std::move(other));
    return api;
}

} // namespace rnnscope::tf1
