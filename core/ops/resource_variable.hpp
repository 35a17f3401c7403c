#pragma once

#include "core/ops/kernel.hpp"

/// Resource variables behind handles, for the kernels of all families that work on them.
namespace rnnscope::ops {

/// The variable behind the handle that is input `i`, which must have a value. Refuses in the words of ResourceMgr:
/// NotFoundError "Resource localhost/v/N10tensorflow3VarE does not exist."
Result<VariableStorage*> initialized_variable(KernelContext& ctx, std::size_t i);

/// What to do with rows of a variable.
enum class ScatterKind { update, add, subtract };
/// The value of a variable with the rows that `indices` names replaced by, or changed by, those of `updates` (or by a
/// scalar). Of a row that is named several times the last replacement counts, and all changes.
Result<Tensor> scattered(const KernelContext& ctx, ScatterKind kind, const Tensor& before, const Tensor& indices,
                         const Tensor& updates);

} // namespace rnnscope::ops
