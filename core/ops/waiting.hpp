#pragma once

#include <string_view>

namespace rnnscope::ops {

/// The class of the error with which a kernel says that it has to wait until another kernel has done something. It has
/// changed nothing itself: the executor lets the others go first and tries again. When none is left, this is the error
/// of the run, as TensorFlow's is when a timeout ends the wait.
inline constexpr std::string_view waiting_error = "DeadlineExceededError";

} // namespace rnnscope::ops
