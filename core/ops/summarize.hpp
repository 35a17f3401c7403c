#pragma once

#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <string>

namespace rnnscope::ops {

/// TensorFlow's Tensor::SummarizeValue: at most `most` values, "1 2 3...", nested brackets from rank 2 on
/// ("[1 2][3 4]"); strings bare, or quoted as Print and Assert of version 1 do not.
std::string summarize_value(const Tensor& tensor, std::int64_t most);

} // namespace rnnscope::ops
