#include "core/ops/dense.hpp"

#include "core/ops/kernel_util.hpp"

namespace rnnscope::ops {
namespace {

std::size_t at(std::int64_t i) {
    return static_cast<std::size_t>(i);
}

} // namespace

bool is_dense_type(DType dtype) {
    return visit_float(dtype, [](auto) {});
}

Numbers numbers_of(const Tensor& tensor) {
    Numbers numbers;
    numbers.reserve(at(tensor.elements()));
    visit_float(tensor.dtype(), [&](auto zero) {
        for (const auto x : tensor.values<decltype(zero)>()) numbers.push_back(static_cast<double>(x));
    });
    return numbers;
}

Tensor rounded_to(DType dtype, Shape shape, std::span<const double> numbers) {
    Tensor result;
    visit_float(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        result = Tensor::make<T>(std::move(shape), data);
        assert(static_cast<std::size_t>(result.elements()) == numbers.size());
        for (std::size_t i = 0; i < numbers.size(); ++i) data[i] = static_cast<T>(numbers[i]);
    });
    return result;
}

void add_product(std::span<const double> a, std::span<const double> b, std::span<double> c, std::int64_t m,
                 std::int64_t k, std::int64_t n) {
    for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t l = 0; l < k; ++l) {
            const double factor = a[at(i * k + l)];
            const double* from = b.data() + l * n;
            double* to = c.data() + i * n;
            for (std::int64_t j = 0; j < n; ++j) to[j] += factor * from[j];
        }
}

void add_product_right_transposed(std::span<const double> a, std::span<const double> b, std::span<double> c,
                                  std::int64_t m, std::int64_t k, std::int64_t n) {
    for (std::int64_t i = 0; i < m; ++i)
        for (std::int64_t j = 0; j < n; ++j) {
            double sum = 0;
            for (std::int64_t l = 0; l < k; ++l) sum += a[at(i * k + l)] * b[at(j * k + l)];
            c[at(i * n + j)] += sum;
        }
}

void add_product_left_transposed(std::span<const double> a, std::span<const double> b, std::span<double> c,
                                 std::int64_t m, std::int64_t k, std::int64_t n) {
    for (std::int64_t l = 0; l < k; ++l)
        for (std::int64_t i = 0; i < m; ++i) {
            const double factor = a[at(l * m + i)];
            for (std::int64_t j = 0; j < n; ++j) c[at(i * n + j)] += factor * b[at(l * n + j)];
        }
}

Numbers repeated(std::span<const double> row, std::int64_t count) {
    Numbers result;
    result.reserve(row.size() * at(count));
    for (std::int64_t i = 0; i < count; ++i) result.insert(result.end(), row.begin(), row.end());
    return result;
}

Numbers side_by_side(std::span<const double> a, std::span<const double> b, std::int64_t rows) {
    Numbers result;
    if (rows == 0) return result;
    const std::size_t p = a.size() / at(rows), q = b.size() / at(rows);
    result.reserve(a.size() + b.size());
    for (std::size_t r = 0; r < at(rows); ++r) {
        const auto left = a.subspan(r * p, p), right = b.subspan(r * q, q);
        result.insert(result.end(), left.begin(), left.end());
        result.insert(result.end(), right.begin(), right.end());
    }
    return result;
}

Numbers columns_of(std::span<const double> a, std::int64_t rows, std::int64_t from, std::int64_t count) {
    Numbers result;
    if (rows == 0) return result;
    const std::size_t columns = a.size() / at(rows);
    for (std::size_t r = 0; r < at(rows); ++r) {
        const auto part = a.subspan(r * columns + at(from), at(count));
        result.insert(result.end(), part.begin(), part.end());
    }
    return result;
}

} // namespace rnnscope::ops
