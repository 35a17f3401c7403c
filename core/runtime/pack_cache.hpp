#pragma once

#include "core/ops/simd_kernels.hpp"
#include "core/tensor/tensor.hpp"

#include <memory>
#include <vector>

namespace rnnscope::runtime {

/// Matrices in the form that products want, for as long as the values they were made from are in use.
class PackCache {
  public:
    /// `matrix` has rank 2 and type float32.
    std::shared_ptr<const ops::simd::PackedMatrix> packed(const Tensor& matrix, bool transposed);

  private:
    struct Entry {
        Tensor matrix; ///< keeps the values, so that the same buffer means the same values
        bool transposed = false;
        std::shared_ptr<const ops::simd::PackedMatrix> packed;
    };
    std::vector<Entry> entries_; ///< last used first
};

} // namespace rnnscope::runtime
