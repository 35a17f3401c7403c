#include "core/ops/simd_kernels.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

namespace rnnscope::ops::simd {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();

std::vector<Level> levels() {
    std::vector<Level> there{Level::sse2};
    if (best_level() >= Level::avx2) there.push_back(Level::avx2);
    if (best_level() >= Level::avx512) there.push_back(Level::avx512);
    return there;
}

class SimdKernels : public ::testing::TestWithParam<Level> {
  protected:
    const Kernels& kernels_ = kernels(GetParam());
};

std::uint32_t bits(float x) {
    std::uint32_t word = 0;
    std::memcpy(&word, &x, sizeof word);
    return word;
}

/// Distance in units in the last place; NaNs are equal to each other.
double ulps(float actual, long double expected) {
    if (std::isnan(actual) || std::isnan(expected)) return std::isnan(actual) == std::isnan(expected) ? 0 : infinity;
    const auto rounded = static_cast<float>(expected);
    if (std::isinf(actual) || std::isinf(rounded)) return bits(actual) == bits(rounded) ? 0 : infinity;
    int exponent = 0;
    std::frexp(rounded, &exponent);
    const long double unit = std::ldexp(1.0L, std::max(exponent - 24, -149));
    return static_cast<double>(std::fabs(static_cast<long double>(actual) - expected) / unit);
}

/// Floats of all sizes, special ones included.
std::vector<float> floats(std::size_t count, float largest, unsigned seed = 1) {
    std::mt19937 random(seed);
    std::uniform_real_distribution<float> even(-largest, largest), power(-40.0F, std::log2(largest));
    std::vector<float> values{0.0F, -0.0F, 1e-45F, -1e-45F, 1.2e-38F, infinity, -infinity, std::nanf("")};
    while (values.size() < count) {
        values.push_back(even(random));
        values.push_back(std::copysign(std::exp2(power(random)), even(random)));
    }
    values.resize(count);
    return values;
}

struct UnaryCase {
    const char* name;
    Kernels::Unary Kernels::*kernel;
    long double (*exact)(long double);
    double ulps;
    float largest;
};
const UnaryCase unary_cases[] = {
    {"sigmoid", &Kernels::sigmoid, [](long double x) { return 1 / (1 + std::exp(-x)); }, 2.5, 100.0F},
    {"tanh", &Kernels::tanh, [](long double x) { return std::tanh(x); }, 1.5, 12.0F},
    {"relu", &Kernels::relu, [](long double x) { return x < 0 ? 0.0L : x; }, 0, 100.0F},
};

TEST_P(SimdKernels, AreAccurate) {
    for (const UnaryCase& tested : unary_cases) {
        const std::vector<float> x = floats(400'001, tested.largest);
        std::vector<float> y(x.size());
        (kernels_.*tested.kernel)(x.data(), y.data(), x.size());
        double worst = 0;
        float at = 0;
        for (std::size_t i = 0; i < x.size(); ++i)
            if (const double error = ulps(y[i], tested.exact(x[i])); error > worst) {
                worst = error;
                at = x[i];
            }
        EXPECT_LE(worst, tested.ulps) << tested.name << " at " << at;
    }
    float zero = -0.0F;
    kernels_.tanh(&zero, &zero, 1);
    EXPECT_EQ(bits(zero), bits(-0.0F));
}

TEST_P(SimdKernels, DoNotDependOnThePlaceOfAnElement) {
    const std::vector<float> x = floats(257, 20.0F);
    for (const UnaryCase& tested : unary_cases) {
        for (const std::size_t count : {1U, 2U, 7U, 15U, 16U, 17U, 63U, 200U}) {
            std::vector<float> shifted(count + 3), y(count + 3), one(1);
            std::copy_n(x.begin(), count, shifted.begin() + 3); // not aligned
            (kernels_.*tested.kernel)(shifted.data() + 3, y.data() + 3, count);
            for (std::size_t i = 0; i < count; ++i) {
                (kernels_.*tested.kernel)(&x[i], one.data(), 1);
                ASSERT_EQ(bits(one[0]), bits(y[i + 3])) << tested.name << ", " << i << " of " << count;
            }
        }
    }
}

TEST_P(SimdKernels, AgreeWithTheBaseline) {
    const Kernels& baseline = kernels(Level::sse2);
    const std::vector<float> a = floats(10'000, 15.0F), b = floats(10'000, 15.0F, 2);
    std::vector<float> ours(a.size()), theirs(a.size());
    for (const UnaryCase& tested : unary_cases) {
        (kernels_.*tested.kernel)(a.data(), ours.data(), a.size());
        (baseline.*tested.kernel)(a.data(), theirs.data(), a.size());
        for (std::size_t i = 0; i < a.size(); ++i) ASSERT_LE(ulps(ours[i], theirs[i]), 1) << tested.name << " " << a[i];
    }
    for (auto kernel : {&Kernels::add, &Kernels::sub, &Kernels::mul}) {
        (kernels_.*kernel)(a.data(), b.data(), ours.data(), a.size());
        (baseline.*kernel)(a.data(), b.data(), theirs.data(), a.size());
        for (std::size_t i = 0; i < a.size(); ++i) ASSERT_LE(ulps(ours[i], theirs[i]), 0);
    }
    for (auto kernel : {&Kernels::add_scalar, &Kernels::sub_scalar, &Kernels::scalar_sub, &Kernels::mul_scalar}) {
        (kernels_.*kernel)(a.data(), 0.3F, ours.data(), a.size());
        (baseline.*kernel)(a.data(), 0.3F, theirs.data(), a.size());
        for (std::size_t i = 0; i < a.size(); ++i) ASSERT_LE(ulps(ours[i], theirs[i]), 0);
    }
}

TEST_P(SimdKernels, OneElementThatIsNotFiniteIsFound) {
    constexpr float above = std::numeric_limits<float>::infinity();
    for (const std::size_t count : {0U, 1U, 15U, 64U, 67U, 200U}) {
        std::vector<float> x(count, -std::numeric_limits<float>::max());
        if (count > 3) x[3] = std::numeric_limits<float>::denorm_min();
        EXPECT_TRUE(kernels_.all_finite(x.data(), count)) << count;
        for (std::size_t i = 0; i < count; ++i)
            for (const float bad : {above, -above, std::numeric_limits<float>::quiet_NaN()}) {
                const float good = std::exchange(x[i], bad);
                ASSERT_FALSE(kernels_.all_finite(x.data(), count)) << i << " of " << count;
                x[i] = good;
            }
    }
}

TEST_P(SimdKernels, ArithmeticIsWhatTheLanguageSays) {
    const std::vector<float> x = floats(100, 15.0F, 3), z = floats(100, 15.0F, 4);
    std::vector<float> y(x.size());
    const auto expect = [&](auto&& f) {
        for (std::size_t i = 0; i < x.size(); ++i) {
            const float expected = f(i);
            if (std::isnan(expected))
                EXPECT_TRUE(std::isnan(y[i]));
            else
                EXPECT_EQ(bits(y[i]), bits(expected));
        }
    };
    kernels_.sub(x.data(), z.data(), y.data(), x.size());
    expect([&](std::size_t i) { return x[i] - z[i]; });
    kernels_.scalar_sub(x.data(), 1.0F, y.data(), x.size());
    expect([&](std::size_t i) { return 1.0F - x[i]; });
    kernels_.sub_scalar(x.data(), 1.0F, y.data(), x.size());
    expect([&](std::size_t i) { return x[i] - 1.0F; });
    kernels_.bias_add(x.data(), z.data(), y.data(), 4, 25);
    expect([&](std::size_t i) { return x[i] + z[i % 25]; });
}

struct ProductSize {
    std::size_t rows, depth, columns;
};
constexpr ProductSize products[] = {{1, 74, 128},  {1, 1, 1},     {3, 5, 7},      {8, 64, 32},
                                    {32, 128, 64}, {9, 300, 100}, {33, 17, 31},   {1, 513, 1000},
                                    {70, 600, 33}, {2, 0, 5},     {17, 520, 640}, {1, 520, 640}};

TEST_P(SimdKernels, ProductsAreOneChainOfFusedMultiplyAdds) {
    for (const ProductSize& size : products) {
        const std::vector<float> a = floats(size.rows * size.depth + 8, 1.0F),
                                 b = floats(size.depth * size.columns + 8, 1.0F, 5);
        const float* left = a.data() + 8; // past the special values
        const float* right = b.data() + 8;
        const PackedMatrix packed = PackedMatrix::pack(right, size.depth, size.columns, false);
        std::vector<float> c(size.rows * size.columns, -1.0F);
        kernels_.matmul(left, size.depth, packed.panels(), c.data(), size.columns, size.rows);
        for (std::size_t r = 0; r < size.rows; ++r)
            for (std::size_t j = 0; j < size.columns; ++j) {
                float sum = 0;
                double magnitude = 0;
                for (std::size_t k = 0; k < size.depth; ++k) {
                    const float x = left[r * size.depth + k], y = right[k * size.columns + j];
                    sum = std::fma(x, y, sum);
                    magnitude += std::fabs(static_cast<double>(x) * static_cast<double>(y));
                }
                const float actual = c[r * size.columns + j];
                if (GetParam() == Level::sse2) // double rounding, rarely
                    ASSERT_NEAR(actual, sum, magnitude * 0x1p-22) << r << ", " << j;
                else
                    ASSERT_EQ(bits(actual), bits(sum)) << r << ", " << j;
            }
    }
}

/// Without the special values: which of two NaNs a sum keeps is the compiler's choice.
std::vector<float> finite(std::size_t count, unsigned seed) {
    std::vector<float> values = floats(count + 8, 2.0F, seed);
    values.erase(values.begin(), values.begin() + 8);
    return values;
}

/// However the matrix lies and however many rows there are: the same bits.
TEST_P(SimdKernels, ProductsDoNotDependOnTheForm) {
    for (const ProductSize& size : products) {
        const std::vector<float> a = finite(size.rows * size.depth, 7), b = finite(size.depth * size.columns, 8);
        std::vector<float> transposed(b.size()), tail;
        for (std::size_t k = 0; k < size.depth; ++k)
            for (std::size_t j = 0; j < size.columns; ++j) transposed[j * size.depth + k] = b[k * size.columns + j];
        const PackedMatrix packed = PackedMatrix::pack(b.data(), size.depth, size.columns, false);
        const PackedMatrix turned = PackedMatrix::pack(transposed.data(), size.columns, size.depth, true);
        std::vector<float> c(size.rows * size.columns), other(c.size());
        kernels_.matmul(a.data(), size.depth, packed.panels(), c.data(), size.columns, size.rows);
        kernels_.matmul(a.data(), size.depth, turned.panels(), other.data(), size.columns, size.rows);
        EXPECT_EQ(std::memcmp(c.data(), other.data(), c.size() * sizeof(float)), 0);
        kernels_.matmul(a.data(), size.depth, row_major(b.data(), size.depth, size.columns, tail), other.data(),
                        size.columns, size.rows);
        EXPECT_EQ(std::memcmp(c.data(), other.data(), c.size() * sizeof(float)), 0);
        for (std::size_t r = 0; r < size.rows; ++r)
            kernels_.matmul(a.data() + r * size.depth, size.depth, packed.panels(), other.data() + r * size.columns,
                            size.columns, 1);
        EXPECT_EQ(std::memcmp(c.data(), other.data(), c.size() * sizeof(float)), 0) << size.rows << " rows one by one";
    }
}

/// Terms in several calls, and many products in one.
TEST_P(SimdKernels, ProductsMayBeDoneInParts) {
    constexpr std::size_t blocks = 3, gap = 5;
    for (const ProductSize& size : products) {
        const std::size_t a_jump = size.rows * size.depth + gap, c_jump = size.rows * size.columns + gap;
        const std::vector<float> a = finite(blocks * a_jump, 9), b = finite(size.depth * size.columns, 10);
        const PackedMatrix packed = PackedMatrix::pack(b.data(), size.depth, size.columns, false);
        std::vector<float> expected(blocks * c_jump, -1.0F), actual(expected);
        for (std::size_t block = 0; block < blocks; ++block)
            kernels_.matmul(a.data() + block * a_jump, size.depth, packed.panels(), expected.data() + block * c_jump,
                            size.columns, size.rows);
        const std::size_t first = size.depth / 3;
        Product part{.a = a.data(),
                     .a_stride = size.depth,
                     .a_jump = a_jump,
                     .b = packed.panels().part(0, first),
                     .c = actual.data(),
                     .c_stride = size.columns,
                     .c_jump = c_jump,
                     .rows = size.rows,
                     .blocks = blocks};
        kernels_.product(part);
        part.a += first;
        part.b = packed.panels().part(first, size.depth - first);
        part.goes_on = true;
        kernels_.product(part);
        EXPECT_EQ(std::memcmp(expected.data(), actual.data(), actual.size() * sizeof(float)), 0) << size.rows;
    }
}

/// Lines of an errand come over whole and in their order, whatever part of them the product gets to; its own bits are
/// those of a product without one.
TEST_P(SimdKernels, ErrandsAreDoneBesideProducts) {
    constexpr std::size_t line = Errand::line_floats;
    struct alignas(line * sizeof(float)) Line {
        float values[line];
    };
    for (const ProductSize& size : products)
        for (const std::size_t lines : {std::size_t{0}, std::size_t{1}, size.depth, 3 * size.depth + 1, 4000UL}) {
            const std::vector<float> a = finite(size.rows * size.depth, 7), b = finite(size.depth * size.columns, 8);
            const std::vector<float> payload = floats(line * (lines + 1), 1e6F);
            std::vector<Line> from(lines + 1), to(lines + 1);
            std::memcpy(from.data(), payload.data(), payload.size() * sizeof(float));
            const PackedMatrix packed = PackedMatrix::pack(b.data(), size.depth, size.columns, false);
            std::vector<float> expected(size.rows * size.columns), actual(expected);
            kernels_.matmul(a.data(), size.depth, packed.panels(), expected.data(), size.columns, size.rows);
            Errand errand{from[0].values, to[0].values, lines};
            kernels_.product({.a = a.data(),
                              .a_stride = size.depth,
                              .b = packed.panels(),
                              .c = actual.data(),
                              .c_stride = size.columns,
                              .rows = size.rows,
                              .errand = &errand});
            EXPECT_EQ(std::memcmp(expected.data(), actual.data(), actual.size() * sizeof(float)), 0) << size.rows;
            const std::size_t done = lines - errand.lines;
            EXPECT_EQ(errand.from, from[done].values);
            EXPECT_EQ(errand.to, to[done].values);
            const bool has_time = size.columns >= 4 * Panels::panel_columns && size.depth <= lines;
            if (has_time && size.depth * size.columns <= (256U << 10U)) {
                EXPECT_GT(done, 0U);
            }
            kernels_.finish(errand);
            EXPECT_EQ(errand.lines, 0U);
            EXPECT_EQ(std::memcmp(from.data(), to.data(), lines * sizeof(Line)), 0);
            EXPECT_EQ(to[lines].values[0], 0.0F) << "nothing behind them";
        }
}

// --- as TensorFlow 1.15 rounds --------------------------------------------------------------------------------------

/// Written down from tf1-semantics 12.3 without vectors; `volatile` keeps products from being fused with sums.
float rounded(float x) {
    volatile float kept = x;
    return kept;
}
float horner(std::initializer_list<float> coefficients, float x) {
    float sum = *coefficients.begin();
    for (auto at = coefficients.begin() + 1; at != coefficients.end(); ++at) sum = rounded(sum * x) + *at;
    return sum;
}
float eigen_tanh(float given) {
    const float x = given < -9 ? -9 : (given > 9 ? 9 : given), square = rounded(x * x);
    const float p =
        rounded(x * horner({-2.76076847742355e-16F, 2.00018790482477e-13F, -8.60467152213735e-11F,
                            5.12229709037114e-08F, 1.48572235717979e-05F, 6.37261928875436e-04F, 4.89352455891786e-03F},
                           square));
    return p /
           horner({1.19825839466702e-06F, 1.18534705686654e-04F, 2.26843463243900e-03F, 4.89352518554385e-03F}, square);
}

TEST_P(SimdKernels, TanhIsEigens) {
    const Kernels& kernels_of_tf = kernels(GetParam(), Rounding::tf1_15);
    const std::vector<float> x = floats(100'003, 12.0F);
    std::vector<float> y(x.size());
    kernels_of_tf.tanh(x.data(), y.data(), x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
        if (std::isnan(x[i]))
            ASSERT_TRUE(std::isnan(y[i]));
        else
            ASSERT_EQ(bits(y[i]), bits(eigen_tanh(x[i]))) << x[i];
        ASSERT_TRUE(std::isnan(x[i]) || std::fabs(y[i] - std::tanh(x[i])) < 6e-7F) << x[i];
    }
}

TEST_P(SimdKernels, SigmoidIsEigensInPackets) {
    const Kernels &ours = kernels(GetParam(), Rounding::tf1_15), &baseline = kernels(Level::sse2, Rounding::tf1_15);
    for (const std::size_t count : {3U, 8U, 13U, 50'000U}) {
        std::vector<float> x = floats(count + 8, 25.0F), y(count), z(count);
        x.erase(x.begin(), x.begin() + 7); // of the special ones NaN is left
        x.pop_back();
        ours.sigmoid(x.data(), y.data(), count);
        baseline.sigmoid(x.data(), z.data(), count);
        for (std::size_t i = 0; i < count; ++i) {
            if (std::isnan(x[i])) {
                ASSERT_TRUE(std::isnan(y[i]));
                continue;
            }
            ASSERT_EQ(bits(y[i]), bits(z[i])) << x[i];
            ASSERT_NEAR(y[i], 1 / (1 + std::exp(-static_cast<double>(x[i]))), 3e-7) << x[i];
        }
    }
}

/// Eigen's order of additions for one element, by the sizes of the product and where the element stands.
float eigen_element(const float* a, const float* b, std::size_t row, std::size_t column, const ProductSize& size) {
    std::vector<float> terms(size.depth);
    for (std::size_t k = 0; k < size.depth; ++k) terms[k] = rounded(a[k] * b[k * size.columns]);
    float sum = 0;
    if (column < size.columns / 8 * 8 || row >= size.rows / 4 * 4) {
        for (const float term : terms) sum += term;
        return sum;
    }
    float groups[4][2] = {}, parts[2];
    std::size_t k = 0;
    for (; k + 8 <= size.depth; k += 8)
        for (std::size_t i = 0; i < 8; ++i) groups[i / 2][i % 2] += terms[k + i];
    for (std::size_t p = 0; p < 2; ++p) parts[p] = (groups[0][p] + groups[1][p]) + (groups[2][p] + groups[3][p]);
    for (; k + 2 <= size.depth; k += 2)
        for (std::size_t p = 0; p < 2; ++p) parts[p] += terms[k + p];
    sum = parts[0] + parts[1];
    return k < size.depth ? sum + terms[k] : sum;
}

TEST_P(SimdKernels, ProductsAreEigens) {
    constexpr ProductSize more[] = {{4, 8, 5}, {4, 3, 5}, {6, 21, 7}, {8, 40, 13}, {5, 17, 60}};
    std::vector<ProductSize> sizes(std::begin(products), std::end(products));
    sizes.insert(sizes.end(), std::begin(more), std::end(more));
    for (const ProductSize& size : sizes) {
        const std::vector<float> a = floats(size.rows * size.depth + 8, 1.0F),
                                 b = floats(size.depth * size.columns + 8, 1.0F, 5);
        const float *left = a.data() + 8, *right = b.data() + 8; // past the special values
        const PackedMatrix packed = PackedMatrix::pack(right, size.depth, size.columns, false);
        std::vector<float> c(size.rows * size.columns, -1.0F), tail;
        for (const Panels& panels : {packed.panels(), row_major(right, size.depth, size.columns, tail)}) {
            kernels(GetParam(), Rounding::tf1_15).matmul(left, size.depth, panels, c.data(), size.columns, size.rows);
            for (std::size_t r = 0; r < size.rows; ++r)
                for (std::size_t j = 0; j < size.columns; ++j)
                    ASSERT_EQ(bits(c[r * size.columns + j]),
                              bits(eigen_element(left + r * size.depth, right + j, r, j, size)))
                        << size.rows << " x " << size.depth << " x " << size.columns << ": " << r << ", " << j;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Levels, SimdKernels, ::testing::ValuesIn(levels()), [](const auto& level) {
    std::string name(level_name(level.param));
    std::erase(name, '-');
    return name;
});

} // namespace
} // namespace rnnscope::ops::simd
