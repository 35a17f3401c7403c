#pragma once

#include "core/ops/rounding.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

/// The float32 arithmetic of recurrent cells. One binary holds it for several instruction sets; the best one that the
/// processor has is chosen at run time.
///
/// Every element of a result depends on its own operands alone: not on its position, on the number of rows, on
/// alignment or on how the work is divided. Products add up in the order of k by fused multiply-adds, starting from 0.
/// The levels compute the same operations in the same order; SSE2, which has no fused multiply-add, goes through double
/// and may differ in the last bit of one result in about 10^9.
///
/// Rounding::tf1_15 replaces sigmoid, tanh and matmul by what TensorFlow 1.15 does on a processor with AVX (Eigen
/// without fused multiply-adds; tf1-semantics 12.3). There the levels agree in every bit, and it does matter where an
/// element stands: Eigen treats what is left over beside its packets of eight in another way.
namespace rnnscope::ops::simd {

enum class Level : std::uint8_t { sse2, avx2, avx512 };
Level best_level(); ///< of this processor
std::string_view level_name(Level level);

/// A matrix in panels of `panel_columns` columns, as products read it: element (k, panel * panel_columns + j) is
/// data[panel * panel_stride + k * row_stride + j].
struct Panels {
    static constexpr std::size_t panel_columns = 32;
    const float* data = nullptr;
    std::size_t depth = 0, columns = 0;
    std::size_t panel_stride = 0, row_stride = 0;
    const float* last = nullptr; ///< a last panel with fewer columns, padded: row_stride is panel_columns there

    /// Rows `first` to `first + count` of the matrix.
    Panels part(std::size_t first, std::size_t count) const {
        Panels rows = *this;
        rows.data += first * row_stride;
        rows.depth = count;
        if (last != nullptr) rows.last += first * panel_columns;
        return rows;
    }
};

/// Cache lines that are copied past the caches, a few at a time beside other work: where that leaves memory alone, the
/// copy costs hardly anything. Both ends are aligned to lines.
struct Errand {
    static constexpr std::size_t line_floats = 16;
    const float* from = nullptr;
    float* to = nullptr;
    std::size_t lines = 0; ///< that are left
};

/// c = a @ b for `blocks` of `rows` rows each; rows and blocks lie so many elements apart. c overlaps nothing.
struct Product {
    const float* a = nullptr;
    std::size_t a_stride = 0, a_jump = 0;
    Panels b;
    float* c = nullptr;
    std::size_t c_stride = 0, c_jump = 0;
    std::size_t rows = 0, blocks = 1;
    bool goes_on = false;     ///< c = c + a @ b: c has the sums of the terms that come before these
    Errand* errand = nullptr; ///< is done on the way, as much of it as there is time for
};

/// The right-hand side of products, rearranged once and padded with zeros.
class PackedMatrix {
  public:
    /// `matrix` has rows x columns elements in row-major order; `transposed`: its transpose is what is multiplied by.
    static PackedMatrix pack(const float* matrix, std::size_t rows, std::size_t columns, bool transposed);
    const Panels& panels() const { return panels_; }

  private:
    struct Free {
        void operator()(float* data) const;
    };
    std::unique_ptr<float, Free> data_;
    Panels panels_; ///< into data_
};

/// A row-major matrix as it lies, for products that do not pay for packing. `tail` gets what has to be padded.
Panels row_major(const float* matrix, std::size_t rows, std::size_t columns, std::vector<float>& tail);

/// Pointers need no alignment; results may replace operands.
struct Kernels {
    using Unary = void (*)(const float* x, float* y, std::size_t n);
    using Binary = void (*)(const float* a, const float* b, float* y, std::size_t n);
    using WithScalar = void (*)(const float* x, float s, float* y, std::size_t n);

    Unary sigmoid; ///< within 2.5 units in the last place, also where it is denormal
    Unary tanh;    ///< within 1.5 units in the last place; keeps the sign of 0
    Unary relu;    ///< NaN stays
    Binary add, sub, mul;
    WithScalar add_scalar, sub_scalar, scalar_sub, mul_scalar; ///< x + s, x - s, s - x, x * s
    /// y[r, c] = x[r, c] + bias[c]
    void (*bias_add)(const float* x, const float* bias, float* y, std::size_t rows, std::size_t columns);
    /// c = a @ b; `a` has `rows` rows of b.depth elements, `a_stride` apart; c, which overlaps nothing, likewise.
    void (*matmul)(const float* a, std::size_t a_stride, const Panels& b, float* c, std::size_t c_stride,
                   std::size_t rows);
    /// Terms may be added up in several calls, in their order: the bits are those of one product. Null for
    /// Rounding::tf1_15, where that is not so.
    void (*product)(const Product& product);
    void (*finish)(Errand& errand); ///< the lines that are left; other threads may read the copy then
    bool (*all_finite)(const float* x, std::size_t n); ///< no NaN, no infinity
};
const Kernels& kernels(Rounding rounding = Rounding::fast); ///< of best_level()
/// Only of levels up to best_level().
const Kernels& kernels(Level level, Rounding rounding = Rounding::fast);

struct LevelKernels {
    Kernels fast, tf1_15; ///< by Rounding
};

} // namespace rnnscope::ops::simd
