#pragma once

#include "core/tf1/api.hpp"
#include "core/tf1/array_ops.hpp"

#include <algorithm>
#include <cstddef>
#include <string_view>
#include <vector>

namespace rnnscope::tf1 {

// One function per family file; api_list.cpp puts them together.
std::vector<ApiDef> graph_api();
std::vector<ApiDef> graph_methods();
std::vector<ApiDef> import_api();
std::vector<ApiDef> array_api();
std::vector<ApiDef> math_api();
std::vector<ApiDef> linalg_api();
std::vector<ApiDef> reduction_api();
std::vector<ApiDef> random_api();
std::vector<ApiDef> initializer_api();
std::vector<ApiDef> scope_api();
std::vector<ApiDef> variable_api();
std::vector<ApiDef> variable_methods();
std::vector<ApiDef> value_methods();
std::vector<ApiDef> saver_api();
std::vector<ApiDef> train_api();
std::vector<ApiDef> optimizer_api();
std::vector<ApiDef> metrics_api();
std::vector<ApiDef> cross_entropy_api();
std::vector<ApiDef> losses_api();
std::vector<ApiDef> embedding_api();
std::vector<ApiDef> layers_api();
std::vector<ApiDef> moving_average_api();

/// A string as a template argument: lets one function serve all ops that differ by name only.
template <std::size_t N> struct OpName {
    char text[N];
    consteval OpName(const char (&from)[N]) { std::copy_n(from, N, text); } // NOLINT: converting on purpose
    constexpr std::string_view view() const { return {text, N - 1}; }
};

/// gen_*.op(x, name=None)
template <OpName op> Value unary_op(Context& context, const Arguments& a) {
    return op_value(context.default_graph(), op.view(), {a[0]}, {}, text_or(a[1], ""));
}

/// gen_*.op(x, y, name=None)
template <OpName op> Value binary_op(Context& context, const Arguments& a) {
    return op_value(context.default_graph(), op.view(), {a[0], a[1]}, {}, text_or(a[2], ""));
}

} // namespace rnnscope::tf1
