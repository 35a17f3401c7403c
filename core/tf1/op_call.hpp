#pragma once

#include "core/tf1/graph_state.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::tf1 {

/// op_def_library.apply_op, which every generated function `gen_*.op(...)` calls: opens the name scope, converts the
/// arguments there with the op's argument names ("mul/y"), checks their types against each other, and makes the op.
/// An argument that the op takes as a list is a list Value; an argument that it takes by reference is a ref variable.
/// Throws TypeError and ValueError with TensorFlow's text.
NodeId call_op(GraphState& state, std::string_view op, const std::vector<Value>& arguments, AttrMap attrs = {},
               std::string_view name = "");
/// The first output of it.
Output op_output(GraphState& state, std::string_view op, const std::vector<Value>& arguments, AttrMap attrs = {},
                 std::string_view name = "");
/// The same as a value of the program.
Value op_value(GraphState& state, std::string_view op, const std::vector<Value>& arguments, AttrMap attrs = {},
               std::string_view name = "");

/// Wraps outputs for `arguments`.
inline Value wrap(GraphState& state, Output output) {
    return Value(TensorValue{&state, output});
}

} // namespace rnnscope::tf1
