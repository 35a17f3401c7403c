#pragma once

#include "core/import/checkpoint.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace rnnscope {

/// The name of the variable in the key of one of its pieces (TensorFlow 1.15, core/util/saved_tensor_slice_util.cc): an
/// OrderedCode zero, the name, and numbers. Keys sort as the names do, and of one name as the numbers of its slices.
/// nullopt: this is no such key.
std::optional<std::string> name_of_piece(std::string_view key);

/// Do the slices lie within the tensor, and have as many dimensions?
bool lie_within(std::span<const CheckpointSlice> slices, const Shape& shape);

/// The value of a partitioned variable. `pieces`: its own, in the order of their keys. DataLossError where they are not
/// the slices that the variable is said to have, or leave a part of it out.
Result<Tensor> put_together(const CheckpointEntry& whole, std::span<const CheckpointEntry> pieces,
                            const std::function<Result<Tensor>(const CheckpointEntry&)>& read);

} // namespace rnnscope
