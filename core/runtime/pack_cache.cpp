#include "core/runtime/pack_cache.hpp"

#include <algorithm>

namespace rnnscope::runtime {
namespace {

constexpr std::size_t most_matrices = 32; ///< matrices of the cells of one model

} // namespace

std::shared_ptr<const ops::simd::PackedMatrix> PackCache::packed(const Tensor& matrix, bool transposed) {
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return entry.matrix.same_buffer(matrix) && entry.matrix.shape() == matrix.shape() &&
               entry.transposed == transposed;
    });
    if (found != entries_.end()) {
        std::rotate(entries_.begin(), found, found + 1);
        return entries_.front().packed;
    }
    auto made = std::make_shared<const ops::simd::PackedMatrix>(
        ops::simd::PackedMatrix::pack(matrix.values<float>().data(), static_cast<std::size_t>(matrix.shape().dim(0)),
                                      static_cast<std::size_t>(matrix.shape().dim(1)), transposed));
    entries_.insert(entries_.begin(), {matrix, transposed, std::move(made)});
    if (entries_.size() > most_matrices) entries_.pop_back();
    return entries_.front().packed;
}

} // namespace rnnscope::runtime
