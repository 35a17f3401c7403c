// What Rounding::tf1_15 puts in the place of sigmoid, tanh and matmul, and the tables of both roundings. Included after
// simd_level.hpp, under the same rules. Every product is rounded before it is added: no compiler may fuse them.
//
// Sources: tf1-semantics 12.3, for products and tanh reproduced against printed values; Eigen's order of operations in
// its development branch of 2018 and 2019, with AVX: packets of eight, and blocks of four columns.

constexpr std::size_t eigen_packet = 8; ///< floats that Eigen's kernels take at once
constexpr std::size_t eigen_block = 4;  ///< rows of the left factor that its product takes at once

inline Vector multiply_add(Vector a, Vector b, Vector c) {
    return a * b + c;
}

/// NaN stays.
inline Vector clamped(Vector x, float low, float high) {
    const Vector least = Vector::all(low), most = Vector::all(high);
    const Vector above = Vector::where_less(x, least, least, x);
    return Vector::where_less(most, above, most, above);
}

template <std::size_t Terms> inline Vector horner(const float (&coefficients)[Terms], Vector x) {
    Vector sum = Vector::all(coefficients[0]);
    for (std::size_t i = 1; i < Terms; ++i) sum = multiply_add(sum, x, Vector::all(coefficients[i]));
    return sum;
}

/// Eigen's generic_fast_tanh_float: x P(x^2) / Q(x^2).
inline Vector eigen_tanh_of(Vector given) {
    constexpr float p[] = {-2.76076847742355e-16F, 2.00018790482477e-13F, -8.60467152213735e-11F, 5.12229709037114e-08F,
                           1.48572235717979e-05F,  6.37261928875436e-04F, 4.89352455891786e-03F};
    constexpr float q[] = {1.19825839466702e-06F, 1.18534705686654e-04F, 2.26843463243900e-03F, 4.89352518554385e-03F};
    const Vector x = clamped(given, -9.0F, 9.0F);
    const Vector square = x * x;
    return x * horner(p, square) / horner(q, square);
}

/// Eigen's scalar_logistic_op<float> for packets: 1/2 + x P(x^2) / Q(x^2).
inline Vector eigen_sigmoid_of(Vector given) {
    constexpr float p[] = {4.37031012579801e-11F, 1.15627324459942e-07F, 6.08574864600143e-05F, 8.51377133304701e-03F,
                           2.48287947061529e-01F};
    constexpr float q[] = {6.10247389755681e-13F, 5.76102136993427e-09F, 6.29106785017040e-06F,
                           1.70198817374094e-03F, 1.16817656904453e-01F, 9.93151921023180e-01F};
    const Vector x = clamped(given, -18.0F, 18.0F);
    const Vector square = x * x;
    return clamped(x * horner(p, square) / horner(q, square) + Vector::all(0.5F), 0.0F, 1.0F);
}

/// What does not fill a packet goes through the exponential function.
void eigen_sigmoid(const float* x, float* y, std::size_t n) {
    const std::size_t in_packets = n / eigen_packet * eigen_packet;
    map_one<eigen_sigmoid_of>(x, y, in_packets);
    for (std::size_t i = in_packets; i < n; ++i)
        y[i] = 1.0F / (1.0F + static_cast<float>(__builtin_exp(-static_cast<double>(x[i]))));
}

/// One row times a panel, one term after the other.
inline void panel_in_order(const float* a, const float* b, std::size_t row_stride, std::size_t depth, float* c) {
    Vector sums[panel_vectors];
    for (Vector& sum : sums) sum = Vector::all(0.0F);
    for (std::size_t k = 0; k < depth; ++k) {
        const Vector factor = Vector::all(a[k]);
        for (std::size_t v = 0; v < panel_vectors; ++v)
            sums[v] = multiply_add(factor, Vector::load(b + k * row_stride + v * Vector::lanes), sums[v]);
    }
    for (std::size_t v = 0; v < panel_vectors; ++v) sums[v].store(c + v * Vector::lanes);
}

/// One row times one vector of columns, in Eigen's order for columns that do not fill a packet: even and odd terms
/// apart, each in four sums that are added up after the last whole block of eight terms.
inline Vector in_groups(const float* a, const float* b, std::size_t row_stride, std::size_t depth) {
    const auto term = [&](std::size_t k) { return Vector::all(a[k]) * Vector::load(b + k * row_stride); };
    Vector sums[4][2];
    for (auto& group : sums) group[0] = group[1] = Vector::all(0.0F);
    std::size_t k = 0;
    for (; k + 8 <= depth; k += 8)
        for (std::size_t i = 0; i < 8; ++i) {
            Vector& sum = sums[i / 2][i % 2];
            sum = sum + term(k + i);
        }
    Vector even = (sums[0][0] + sums[1][0]) + (sums[2][0] + sums[3][0]);
    Vector odd = (sums[0][1] + sums[1][1]) + (sums[2][1] + sums[3][1]);
    for (; k + 2 <= depth; k += 2) {
        even = even + term(k);
        odd = odd + term(k + 1);
    }
    const Vector sum = even + odd;
    return k < depth ? sum + term(k) : sum;
}

void eigen_matmul(const float* a, std::size_t a_stride, const Panels& b, float* c, std::size_t c_stride,
                  std::size_t rows) {
    const std::size_t whole = b.columns / panel_width;
    const std::size_t left_over = b.columns - whole * panel_width;             // columns of the last panel
    const std::size_t in_packets = left_over / eigen_packet * eigen_packet;    // of these
    const std::size_t first = in_packets / Vector::lanes, end = panel_vectors; // vectors with the others
    for (std::size_t r = 0; r < rows; ++r) {
        const float* row = a + r * a_stride;
        float* to = c + r * c_stride;
        for (std::size_t panel = 0; panel < whole; ++panel)
            panel_in_order(row, b.data + panel * b.panel_stride, b.row_stride, b.depth, to + panel * panel_width);
        if (b.last == nullptr) continue;
        alignas(64) float sums[panel_width];
        panel_in_order(row, b.last, panel_width, b.depth, sums);
        __builtin_memcpy(to + whole * panel_width, sums, left_over * sizeof(float));
        if (in_packets == left_over || r >= rows / eigen_block * eigen_block) continue;
        for (std::size_t v = first; v < end && v * Vector::lanes < left_over; ++v)
            in_groups(row, b.last + v * Vector::lanes, panel_width, b.depth).store(sums + v * Vector::lanes);
        __builtin_memcpy(to + whole * panel_width + in_packets, sums + in_packets,
                         (left_over - in_packets) * sizeof(float));
    }
}

constexpr Kernels fast_kernels{map_one<sigmoid_of>,
                               map_one<tanh_of>,
                               map_one<relu_of>,
                               map_two<sum_of>,
                               map_two<difference_of>,
                               map_two<product_of>,
                               map_scalar<sum_of>,
                               map_scalar<difference_of>,
                               map_scalar<reversed_difference_of>,
                               map_scalar<product_of>,
                               bias_add,
                               matmul,
                               product,
                               finish,
                               all_finite};

constexpr Kernels with_eigens(Kernels kernels) {
    kernels.sigmoid = eigen_sigmoid;
    kernels.tanh = map_one<eigen_tanh_of>;
    kernels.matmul = eigen_matmul;
    kernels.product = nullptr;
    return kernels;
}

constexpr LevelKernels level_kernels{fast_kernels, with_eigens(fast_kernels)};
