#pragma once

#include "core/base/result.hpp"
#include "core/debug/debugger.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// A value as it is at the position, and the one before it of the same op: of the time step, run or write before.
struct ValueHere {
    std::string name; ///< "a:0", or of a variable its name
    Tensor value;
    Tensor before; ///< empty: there is none
};
/// Of the op, tensor ("a:1") or variable, or of what is selected when `name` is empty. An error says why there is none.
Result<ValueHere> value_here(const Debugger& debugger, std::string_view name);

/// Floats, integers and bool; not strings, handles and complex numbers.
bool has_numbers(const Tensor& tensor);
/// The shortest decimal that reads back as the same number; "nan", "-inf", "True".
std::string number_as_text(const Tensor& tensor, std::int64_t i);

/// numpy's file format 1.0 (numpy/lib/format.py). Half, float, integer, bool and complex types; bfloat16 becomes
/// float32. Error "value.type": strings and handles have no such form.
Result<std::string> npy_bytes(const Tensor& tensor);
/// One line for each row (the last dimension), numbers with as many digits as bring them back. More than two
/// dimensions: the indices of the row come first, and a line of names on top.
Result<std::string> csv_text(const Tensor& tensor);
/// Python: "np.array([[1., 2.]], dtype=np.float32)".
Result<std::string> numpy_text(const Tensor& tensor);
/// A heat map as on a light screen, symmetric about zero; cells of one to sixteen pixels. Error "value.type": no
/// numbers; "value.size": more than 16 million cells.
Result<std::string> png_bytes(const Tensor& tensor);

/// The form follows from the file's ending. Written beside and put in place when it is whole.
Result<std::string> export_value(const Debugger& debugger, std::string_view argument);

} // namespace rnnscope::debug
