// The kernels, written once and compiled for each instruction set: the including file defines, in an unnamed namespace,
//
//   struct Vector     `lanes` floats: load, store, all(s), and the operations used below
//
// No #pragma once, and nothing from the standard library that is a template or inline: the linker would keep one of the
// copies, perhaps one that the processor cannot execute.

constexpr std::size_t panel_width = Panels::panel_columns;

/// 2^n for integers n from -126 to 127, held as floats.
inline Vector exp2_of_integer(Vector n) {
    return Vector::from_exponent(n);
}

/// exp(x) for -104 <= x <= 0, within one unit in the last place; polynomial of Cephes' expf (Moshier).
inline Vector exp_of_negative(Vector x) {
    const Vector magic = Vector::all(12582912.0F); // 1.5 * 2^23: adding it rounds to an integer
    const Vector n = Vector::fma(x, Vector::all(1.44269504088896341F), magic) - magic;
    Vector r = Vector::fma(n, Vector::all(-0.693359375F), x);
    r = Vector::fma(n, Vector::all(2.12194440e-4F), r);
    Vector p = Vector::all(1.9875691500e-4F);
    p = Vector::fma(p, r, Vector::all(1.3981999507e-3F));
    p = Vector::fma(p, r, Vector::all(8.3334519073e-3F));
    p = Vector::fma(p, r, Vector::all(4.1665795894e-2F));
    p = Vector::fma(p, r, Vector::all(1.6666665459e-1F));
    p = Vector::fma(p, r, Vector::all(5.0000001201e-1F));
    const Vector y = Vector::fma(p, r * r, r) + Vector::all(1.0F);
    // In two steps, so that denormal results are rounded once.
    const Vector half = (Vector::fma(n, Vector::all(0.5F), magic) - magic);
    return y * exp2_of_integer(half) * exp2_of_integer(n - half);
}

inline Vector sigmoid_of(Vector x) {
    const Vector size = Vector::smaller(Vector::absolute(x), Vector::all(104.0F));
    const Vector e = exp_of_negative(Vector::all(0.0F) - size);
    const Vector sum = e + Vector::all(1.0F);
    const Vector result = Vector::where_negative(x, e, Vector::all(1.0F)) / sum;
    return Vector::where_nan(x, x + x, result);
}

/// Near 0 the polynomial of Cephes' tanhf, else 1 - 2 / (exp(2 |x|) + 1) written with exp(-2 |x|).
inline Vector tanh_of(Vector x) {
    const Vector size = Vector::absolute(x);
    const Vector z = x * x;
    Vector p = Vector::all(-5.70498872745e-3F);
    p = Vector::fma(p, z, Vector::all(2.06390887954e-2F));
    p = Vector::fma(p, z, Vector::all(-5.37397155531e-2F));
    p = Vector::fma(p, z, Vector::all(1.33314422036e-1F));
    p = Vector::fma(p, z, Vector::all(-3.33332819422e-1F));
    const Vector near = Vector::fma(p * z, size, size);
    const Vector limited = Vector::smaller(size, Vector::all(20.0F));
    const Vector e = exp_of_negative(Vector::all(-2.0F) * limited);
    const Vector far = Vector::all(1.0F) - (e + e) / (e + Vector::all(1.0F));
    const Vector result = Vector::with_sign_of(Vector::where_less(size, Vector::all(0.625F), near, far), x);
    return Vector::where_nan(x, x + x, result);
}

inline Vector relu_of(Vector x) {
    return Vector::where_nan(x, x, Vector::where_negative(x, Vector::all(0.0F), x));
}

/// What is left over at the end goes through the same operations, padded.
template <Vector (*F)(Vector)> void map_one(const float* x, float* y, std::size_t n) {
    std::size_t i = 0;
    for (; i + Vector::lanes <= n; i += Vector::lanes) F(Vector::load(x + i)).store(y + i);
    if (i == n) return;
    float padded[Vector::lanes] = {};
    __builtin_memcpy(padded, x + i, (n - i) * sizeof(float));
    F(Vector::load(padded)).store(padded);
    __builtin_memcpy(y + i, padded, (n - i) * sizeof(float));
}

inline float sum_of(float a, float b) {
    return a + b;
}
inline float difference_of(float a, float b) {
    return a - b;
}
inline float reversed_difference_of(float a, float b) {
    return b - a;
}
inline float product_of(float a, float b) {
    return a * b;
}
// Plain arithmetic is rounded the same way one by one and in vectors, so that the compiler may choose.
template <float (*F)(float, float)> void map_two(const float* a, const float* b, float* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = F(a[i], b[i]);
}
template <float (*F)(float, float)> void map_scalar(const float* x, float s, float* y, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) y[i] = F(x[i], s);
}

void bias_add(const float* x, const float* bias, float* y, std::size_t rows, std::size_t columns) {
    for (std::size_t r = 0; r < rows; ++r)
        for (std::size_t c = 0; c < columns; ++c) y[r * columns + c] = x[r * columns + c] + bias[c];
}

/// Where a tile of the product is added up: `depth` more terms, for Rows rows and Vectors vectors of columns.
template <std::size_t Rows, std::size_t Vectors>
inline void add_up(const float* a, std::size_t a_stride, const float* b, std::size_t b_stride, std::size_t depth,
                   float* c, std::size_t c_stride, bool begins) {
    Vector sums[Rows][Vectors];
    for (std::size_t r = 0; r < Rows; ++r)
        for (std::size_t v = 0; v < Vectors; ++v)
            sums[r][v] = begins ? Vector::all(0.0F) : Vector::load(c + r * c_stride + v * Vector::lanes);
    for (std::size_t k = 0; k < depth; ++k) {
        Vector columns[Vectors];
        for (std::size_t v = 0; v < Vectors; ++v) columns[v] = Vector::load(b + k * b_stride + v * Vector::lanes);
        for (std::size_t r = 0; r < Rows; ++r) {
            const Vector factor = Vector::all(a[r * a_stride + k]);
            for (std::size_t v = 0; v < Vectors; ++v) sums[r][v] = Vector::fma(factor, columns[v], sums[r][v]);
        }
    }
    for (std::size_t r = 0; r < Rows; ++r)
        for (std::size_t v = 0; v < Vectors; ++v) sums[r][v].store(c + r * c_stride + v * Vector::lanes);
}

constexpr std::size_t panel_vectors = panel_width / Vector::lanes;

/// One row through several panels at once: enough sums in flight to hide the latency of the multiply-adds.
template <std::size_t Count>
inline void one_row(const float* a, const float* b, std::size_t panel_stride, std::size_t row_stride, std::size_t depth,
                    float* c) {
    Vector sums[Count][panel_vectors];
    for (std::size_t p = 0; p < Count; ++p)
        for (std::size_t v = 0; v < panel_vectors; ++v) sums[p][v] = Vector::all(0.0F);
    for (std::size_t k = 0; k < depth; ++k) {
        const Vector factor = Vector::all(a[k]);
        for (std::size_t p = 0; p < Count; ++p)
            for (std::size_t v = 0; v < panel_vectors; ++v)
                sums[p][v] = Vector::fma(
                    factor, Vector::load(b + p * panel_stride + k * row_stride + v * Vector::lanes), sums[p][v]);
    }
    for (std::size_t p = 0; p < Count; ++p)
        for (std::size_t v = 0; v < panel_vectors; ++v) sums[p][v].store(c + p * panel_width + v * Vector::lanes);
}

/// A panel of the product for up to `tile_rows` rows, `depth` terms of it.
template <std::size_t Rows>
inline void panel_tile(std::size_t rows, const float* a, std::size_t a_stride, const float* b, std::size_t b_stride,
                       std::size_t depth, float* c, std::size_t c_stride, bool begins) {
    if (rows >= Rows)
        add_up<Rows, panel_vectors>(a, a_stride, b, b_stride, depth, c, c_stride, begins);
    else if constexpr (Rows > 1)
        panel_tile<Rows - 1>(rows, a, a_stride, b, b_stride, depth, c, c_stride, begins);
}

/// All rows of one panel. The depth is taken in pieces, so that a piece of the panel stays in the first-level cache
/// while the rows pass by; sums go on from what is stored, which changes no bit.
void panel_product(const float* a, std::size_t a_stride, const float* b, std::size_t b_stride, std::size_t depth,
                   float* c, std::size_t c_stride, std::size_t rows) {
    constexpr std::size_t piece = 256;
    std::size_t k = 0;
    do {
        const std::size_t terms = depth - k < piece ? depth - k : piece;
        for (std::size_t r = 0; r < rows; r += tile_rows)
            panel_tile<tile_rows>(rows - r, a + r * a_stride + k, a_stride, b + k * b_stride, b_stride, terms,
                                  c + r * c_stride, c_stride, k == 0);
        k += terms;
    } while (k < depth);
}

void last_panel(const float* a, std::size_t a_stride, const Panels& b, float* c, std::size_t c_stride,
                std::size_t rows) {
    constexpr std::size_t rows_at_once = 32;
    const std::size_t first = b.columns / panel_width * panel_width, count = b.columns - first;
    alignas(64) float sums[rows_at_once * panel_width];
    for (std::size_t r = 0; r < rows; r += rows_at_once) {
        const std::size_t here = rows - r < rows_at_once ? rows - r : rows_at_once;
        panel_product(a + r * a_stride, a_stride, b.last, panel_width, b.depth, sums, panel_width, here);
        for (std::size_t i = 0; i < here; ++i)
            __builtin_memcpy(c + (r + i) * c_stride + first, sums + i * panel_width, count * sizeof(float));
    }
}

template <std::size_t N> struct Count { static constexpr std::size_t count = N; };

void matmul(const float* a, std::size_t a_stride, const Panels& b, float* c, std::size_t c_stride, std::size_t rows) {
    const std::size_t whole = b.columns / panel_width;
    std::size_t panel = 0;
    if (rows == 1) {
        const auto through = [&](auto panels) {
            constexpr std::size_t count = decltype(panels)::count;
            for (; panel + count <= whole; panel += count)
                one_row<count>(a, b.data + panel * b.panel_stride, b.panel_stride, b.row_stride, b.depth,
                               c + panel * panel_width);
        };
        through(Count<row_panels>());
        through(Count<row_panels / 2 + row_panels % 2>());
    }
    for (; panel < whole; ++panel)
        panel_product(a, a_stride, b.data + panel * b.panel_stride, b.row_stride, b.depth, c + panel * panel_width,
                      c_stride, rows);
    if (b.last != nullptr) last_panel(a, a_stride, b, c, c_stride, rows);
}

/// By comparing, which denormal numbers do not slow down.
bool all_finite(const float* x, std::size_t n) {
    const Vector limit = Vector::all(__builtin_inff()), one = Vector::all(1.0F);
    constexpr std::size_t groups = 4; // in flight
    Vector good[groups] = {one, one, one, one};
    const auto look = [&](const float* at, std::size_t group) {
        good[group] = Vector::where_less(Vector::absolute(Vector::load(at)), limit, good[group], Vector::all(0.0F));
    };
    std::size_t i = 0;
    for (; i + groups * Vector::lanes <= n; i += groups * Vector::lanes)
        for (std::size_t g = 0; g < groups; ++g) look(x + i + g * Vector::lanes, g);
    for (; i + Vector::lanes <= n; i += Vector::lanes) look(x + i, 0);
    if (i < n) {
        float padded[Vector::lanes] = {};
        __builtin_memcpy(padded, x + i, (n - i) * sizeof(float));
        look(padded, 0);
    }
    float all[Vector::lanes];
    (good[0] * good[1] * good[2] * good[3]).store(all);
    float product = 1.0F;
    for (std::size_t lane = 0; lane < Vector::lanes; ++lane) product *= all[lane];
    return product != 0.0F;
}

constexpr Kernels level_kernels{map_one<sigmoid_of>,
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
                                all_finite};
