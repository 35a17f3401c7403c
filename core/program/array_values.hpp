#pragma once

#include "core/tf1/value.hpp"

#include <optional>
#include <string_view>
#include <vector>

namespace rnnscope::program {

/// The little of numpy that programs need around their runs. All throw PythonError with Python's or numpy's text.

/// numpy.asarray(value): numbers, strings, nested lists and arrays.
Tensor to_array(const tf1::Value& value);

/// One subscript of an array: an index, or a slice.
struct ArraySubscript {
    bool is_slice = false;
    std::int64_t index = 0;
    std::optional<std::int64_t> start, stop, step;
};
tf1::Value array_item(const Tensor& array, const std::vector<ArraySubscript>& subscripts);

/// +, -, *, /, comparisons of an array with a number or an array of the same shape; nullopt: not an operator of arrays.
std::optional<tf1::Value> array_operator(std::string_view op, const std::vector<tf1::Value>& operands);

/// shape, dtype, size; nullopt: no such attribute.
std::optional<tf1::Value> array_attribute(const Tensor& array, std::string_view name);
/// reshape, astype, tolist, sum, mean; nullopt: no such method.
std::optional<tf1::Value> array_method(const Tensor& array, std::string_view name,
                                       const std::vector<tf1::Value>& arguments);

/// The elements along the first axis: what a `for` loop or an unpacking sees.
std::vector<tf1::Value> array_items(const Tensor& array);

} // namespace rnnscope::program
