#pragma once

#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <span>
#include <vector>

/// Arithmetic of whole tensors in double, for kernels that do many steps and round once at the end of each.
namespace rnnscope::ops {

using Numbers = std::vector<double>; ///< row-major

/// Can tensors of this type be read and made by the functions below? (visit_float's types.)
bool is_dense_type(DType dtype);
Numbers numbers_of(const Tensor& tensor);
/// Rounds each number once. `shape` must have passed check_allocation.
Tensor rounded_to(DType dtype, Shape shape, std::span<const double> numbers);

/// c[m x n] += a[m x k] b[k x n]
void add_product(std::span<const double> a, std::span<const double> b, std::span<double> c, std::int64_t m,
                 std::int64_t k, std::int64_t n);
/// c[m x n] += a[m x k] b[n x k] transposed
void add_product_right_transposed(std::span<const double> a, std::span<const double> b, std::span<double> c,
                                  std::int64_t m, std::int64_t k, std::int64_t n);
/// c[m x n] += a[k x m] transposed b[k x n]
void add_product_left_transposed(std::span<const double> a, std::span<const double> b, std::span<double> c,
                                 std::int64_t m, std::int64_t k, std::int64_t n);
/// `count` rows of the bias.
Numbers repeated(std::span<const double> row, std::int64_t count);
/// a[rows x p] and b[rows x q] side by side.
Numbers side_by_side(std::span<const double> a, std::span<const double> b, std::int64_t rows);
/// Columns [from, from + count) of a[rows x columns].
Numbers columns_of(std::span<const double> a, std::int64_t rows, std::int64_t from, std::int64_t count);

} // namespace rnnscope::ops
