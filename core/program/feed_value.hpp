#pragma once

#include "core/base/result.hpp"
#include "core/tensor/tensor.hpp"

#include <string>
#include <string_view>

namespace rnnscope::program {

/// A value as a feed has it (GraphSession::feeds), for a tensor of this type and static shape: read, converted and
/// checked as if a program in `directory` fed it to a placeholder. Fails with the texts of the reader or of TensorFlow,
/// which calls the tensor `name`.
Result<Tensor> feed_value(std::string_view text, const std::string& name, DType dtype, const Shape& shape,
                          const std::string& directory);

} // namespace rnnscope::program
