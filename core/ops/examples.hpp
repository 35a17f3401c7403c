#pragma once

#include "core/ops/op_def.hpp"

#include <string>
#include <vector>

/// Short spellings of tensors for the examples of ops.
namespace rnnscope::ops::example {

inline Tensor floats(Shape shape, std::vector<float> values) {
    return Tensor::of<float>(std::move(shape), std::move(values));
}
inline Tensor ints(Shape shape, std::vector<std::int32_t> values) {
    return Tensor::of<std::int32_t>(std::move(shape), std::move(values));
}
inline Tensor longs(Shape shape, std::vector<std::int64_t> values) {
    return Tensor::of<std::int64_t>(std::move(shape), std::move(values));
}
inline Tensor bools(Shape shape, const std::vector<bool>& values) {
    return Tensor::of_bools(std::move(shape), values);
}
inline Tensor strings(Shape shape, std::vector<std::string> values) {
    return Tensor::of<std::string>(std::move(shape), std::move(values));
}

} // namespace rnnscope::ops::example
