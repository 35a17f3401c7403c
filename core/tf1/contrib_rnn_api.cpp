#include "core/tf1/cells_contrib.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/rnn.hpp"

#include <fmt/format.h>

/// The records of tf.contrib.rnn.*.
namespace rnnscope::tf1 {

namespace {

Reuse reuse_of(const Value& value) {
    const std::optional<Reuse> reuse = to_reuse(value);
    if (!reuse) raise("ValueError", "The reuse parameter must be True or False or None.");
    return *reuse;
}

std::int64_t required_int(const Value& value) {
    const std::optional<std::int64_t> number = optional_int(value);
    if (!number) raise("TypeError", "int() argument must be a string, a bytes-like object or a number, not 'NoneType'");
    return *number;
}

Value make_input_projection(Context& context, const Arguments& a) {
    return Value(std::make_shared<InputProjectionWrapper>(context.default_graph(), a[0], required_int(a[1]), a[2],
                                                          reuse_of(a[4])));
}

Value make_output_projection(Context& context, const Arguments& a) {
    return Value(std::make_shared<OutputProjectionWrapper>(context.default_graph(), a[0], required_int(a[1]), a[2],
                                                           reuse_of(a[3])));
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
    };
    for (ApiDef& other : other_names()) api.push_back(std::move(other));
    return api;
}

} // namespace rnnscope::tf1
