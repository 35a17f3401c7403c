#pragma once

#include "core/tensor/tensor.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

/// Matrices of doubles, in which tests write down what a cell computes.
namespace rnnscope {

struct Matrix {
    std::size_t rows = 0, columns = 0;
    std::vector<double> values;

    Matrix() = default;
    Matrix(std::size_t r, std::size_t c) : rows(r), columns(c), values(r * c, 0.0) {}
    double& at(std::size_t r, std::size_t c) { return values[r * columns + c]; }
    double at(std::size_t r, std::size_t c) const { return values[r * columns + c]; }
};

/// A matrix as it is, a vector as one row.
inline Matrix matrix(const Tensor& tensor) {
    const auto dims = tensor.shape().dims();
    Matrix result(dims.size() == 2 ? static_cast<std::size_t>(dims[0]) : 1,
                  dims.empty() ? 1 : static_cast<std::size_t>(dims.back()));
    for (std::size_t i = 0; i < result.values.size(); ++i)
        result.values[i] = tensor.number(static_cast<std::int64_t>(i));
    return result;
}

inline Matrix product(const Matrix& a, const Matrix& b) {
    EXPECT_EQ(a.columns, b.rows);
    Matrix result(a.rows, b.columns);
    for (std::size_t i = 0; i < a.rows; ++i)
        for (std::size_t k = 0; k < std::min(a.columns, b.rows); ++k)
            for (std::size_t j = 0; j < b.columns; ++j) result.at(i, j) += a.at(i, k) * b.at(k, j);
    return result;
}

/// f(a, b) for every element; a single row or column of `b` counts for all of them.
inline Matrix each(const Matrix& a, const Matrix& b, const std::function<double(double, double)>& f) {
    Matrix result(a.rows, a.columns);
    for (std::size_t i = 0; i < a.rows; ++i)
        for (std::size_t j = 0; j < a.columns; ++j)
            result.at(i, j) = f(a.at(i, j), b.at(b.rows == 1 ? 0 : i, b.columns == 1 ? 0 : j));
    return result;
}
inline Matrix times(const Matrix& a, const Matrix& b) {
    return each(a, b, [](double x, double y) { return x * y; });
}
inline Matrix plus(const Matrix& a, const Matrix& b) {
    return each(a, b, [](double x, double y) { return x + y; });
}
inline Matrix joined(const Matrix& a, const Matrix& b) {
    if (a.values.empty()) return b;
    Matrix result(a.rows, a.columns + b.columns);
    for (std::size_t i = 0; i < result.rows; ++i)
        for (std::size_t j = 0; j < result.columns; ++j)
            result.at(i, j) = j < a.columns ? a.at(i, j) : b.at(b.rows == 1 ? 0 : i, j - a.columns);
    return result;
}
inline Matrix columns(const Matrix& a, std::size_t first, std::size_t count) {
    Matrix result(a.rows, count);
    for (std::size_t i = 0; i < a.rows; ++i)
        for (std::size_t j = 0; j < count; ++j) result.at(i, j) = a.at(i, first + j);
    return result;
}
inline Matrix row(const Matrix& a, std::size_t index) {
    Matrix result(1, a.columns);
    for (std::size_t j = 0; j < a.columns; ++j) result.at(0, j) = a.at(index, j);
    return result;
}
inline Matrix applied(const Matrix& a, const std::string& activation) {
    static const std::map<std::string, std::function<double(double)>> functions = {
        {"Tanh", [](double x) { return std::tanh(x); }},
        {"Sigmoid", [](double x) { return 1 / (1 + std::exp(-x)); }},
        {"HardSigmoid", [](double x) { return std::clamp(0.2 * x + 0.5, 0.0, 1.0); }},
        {"Relu", [](double x) { return std::max(x, 0.0); }},
        {"Elu", [](double x) { return x < 0 ? std::expm1(x) : x; }},
        {"Softsign", [](double x) { return x / (1 + std::abs(x)); }}};
    Matrix result = a;
    for (double& x : result.values) x = functions.at(activation)(x);
    return result;
}

} // namespace rnnscope
