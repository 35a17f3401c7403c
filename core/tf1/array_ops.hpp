#pragma once

#include "core/tf1/op_call.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// The functions of array_ops.py, math_ops.py and random_ops.py that make several nodes or decide by static shapes, as
/// functions for the rest of tf1. `name` is what Python's argument `name` would be; "" is None.
namespace rnnscope::tf1 {

/// A tensor, or a variable, which stands for its value.
bool is_tensor_value(const Value& value);

// --- array_ops.py
// -----------------------------------------------------------------------------------------------------
/// A Const when there are fewer than 1000 elements, else a Fill. `shape` is a tensor, a TensorShape or a list.
Output zeros(GraphState& state, const Value& shape, DType dtype = DType::float32, std::string_view name = "");
Output ones(GraphState& state, const Value& shape, DType dtype = DType::float32, std::string_view name = "");
/// shape(input): a Const where the static shape is known and `optimize`.
Output shape_of(GraphState& state, const Value& input, std::string_view name = "", DType out_type = DType::int32,
                bool optimize = true);
Output rank_of(GraphState& state, const Value& input, std::string_view name = "", bool optimize = true);
Output size_of(GraphState& state, const Value& input, std::string_view name = "", DType out_type = DType::int32,
               bool optimize = true);
Output reshape(GraphState& state, const Value& tensor, const Value& shape, std::string_view name = "");
/// `perm` None: reversed dimensions, Const where the rank is known.
Output transpose(GraphState& state, const Value& a, const Value& perm = {}, std::string_view name = "transpose");
/// The last two dimensions swapped.
Output matrix_transpose(GraphState& state, const Value& a, std::string_view name = "matrix_transpose");
/// linalg.adjoint: the same in a scope of its own, for numbers are real.
Output adjoint(GraphState& state, const Value& matrix, std::string_view name = "adjoint");
Output concat(GraphState& state, const Value& values, const Value& axis, std::string_view name = "concat");
Output stack(GraphState& state, const Value& values, std::int64_t axis = 0, std::string_view name = "stack");
std::vector<Output> unstack(GraphState& state, const Value& value, std::optional<std::int64_t> num = {},
                            std::int64_t axis = 0, std::string_view name = "unstack");
std::vector<Output> split(GraphState& state, const Value& value, const Value& num_or_size_splits, const Value& axis = 0,
                          std::string_view name = "split");
Output expand_dims(GraphState& state, const Value& input, const Value& axis, std::string_view name = "");
Output zeros_like(GraphState& state, const Value& tensor, DType dtype = DType::invalid, std::string_view name = "",
                  bool optimize = true);
Output ones_like(GraphState& state, const Value& tensor, DType dtype = DType::invalid, std::string_view name = "",
                 bool optimize = true);
Output boolean_mask(GraphState& state, const Value& tensor, const Value& mask, std::string_view name = "boolean_mask");
/// tensor[index]: an int, a slice (tuple of start, stop, step), None (newaxis) or a list of such.
Output strided_slice(GraphState& state, const Value& tensor, const Value& index);

// --- math_ops.py
// ------------------------------------------------------------------------------------------------------
/// Python's operators where at least one side is a tensor or a variable: "+", "-", "*", "/", "//", "%", "**", "@",
/// "<", "<=", ">", ">=". The name scope of the operator is opened before the constant side is converted ("mul/y").
Output binary_operator(GraphState& state, std::string_view op, const Value& left, const Value& right);
/// math_ops.multiply, add, ...: the generated op under its own name.
Output cast(GraphState& state, const Value& x, DType dtype, std::string_view name = "");
/// reduce_sum and its like: `op` is "Sum", "Mean", "Max", "Min", "Prod", "All", "Any". `axis` None: all, by a Const
/// of all dimensions, or a Range when the rank is unknown.
Output reduce(GraphState& state, std::string_view op, const Value& input, const Value& axis = {}, bool keepdims = false,
              std::string_view name = "");
/// range(start, limit, delta); `limit` None: from 0 to start.
Output range(GraphState& state, const Value& start, const Value& limit = {}, const Value& delta = 1,
             DType dtype = DType::invalid, std::string_view name = "range");
Output matmul(GraphState& state, const Value& a, const Value& b, bool transpose_a = false, bool transpose_b = false,
              std::string_view name = "");

// --- random_ops.py
// ----------------------------------------------------------------------------------------------------
Output random_uniform(GraphState& state, const Value& shape, const Value& minval = 0, const Value& maxval = {},
                      DType dtype = DType::float32, std::optional<std::int64_t> seed = {}, std::string_view name = "");
Output random_normal(GraphState& state, const Value& shape, const Value& mean = 0.0, const Value& stddev = 1.0,
                     DType dtype = DType::float32, std::optional<std::int64_t> seed = {}, std::string_view name = "");
Output truncated_normal(GraphState& state, const Value& shape, const Value& mean = 0.0, const Value& stddev = 1.0,
                        DType dtype = DType::float32, std::optional<std::int64_t> seed = {},
                        std::string_view name = "");

// --- nn_ops.py
// --------------------------------------------------------------------------------------------------------
Output bias_add(GraphState& state, const Value& value, const Value& bias, std::string_view name = "");

} // namespace rnnscope::tf1
