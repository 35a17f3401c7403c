// The kernels, written once and compiled for each instruction set: the including file defines, in an unnamed namespace,
//
//   struct Vector     `lanes` floats: load, store, all(s), and the operations used below
//
// No #pragma once, and nothing from the standard library that is a template or inline: the linker would keep one of the
// copies, perhaps one that the processor cannot execute.

constexpr std::size_t panel_width = Panels::panel_columns;
constexpr std::size_t line_floats = Errand::line_floats;

// Arrays of vectors live in registers only where all indices are constants before g++ takes arrays apart; clang unrolls
// early by itself.
#ifdef __clang__
#define RNNSCOPE_UNROLL
#else
#define RNNSCOPE_UNROLL _Pragma("GCC unroll 16")
#endif

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

/// What is done with a cache line beside each term of a product.
enum class Beside : unsigned char { nothing, fetch, errand };

/// So many lines of an errand.
inline Errand part_of(Errand* errand, std::size_t lines) {
    const Errand part{errand->from, errand->to, lines};
    errand->from += lines * line_floats;
    errand->to += lines * line_floats;
    errand->lines -= lines;
    return part;
}

inline void stream_line(const Errand& errand, std::size_t line) {
    RNNSCOPE_UNROLL
    for (std::size_t i = 0; i < line_floats; i += Vector::lanes)
        Vector::load(errand.from + line * line_floats + i).stream(errand.to + line * line_floats + i);
}

template <Beside how> struct Way { static constexpr Beside beside = how; };

/// Where a tile of the product is added up: `depth` more terms, for Rows rows and Vectors vectors of columns. With each
/// of them a line at `next` is fetched, or one of the errand is done.
template <std::size_t Rows, std::size_t Vectors, Beside beside>
[[gnu::noinline]] void add_up(const float* a, std::size_t a_stride, const float* b, std::size_t b_stride,
                              std::size_t depth, float* c, std::size_t c_stride, bool begins, const Errand& next) {
    Vector sums[Rows][Vectors];
    RNNSCOPE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        RNNSCOPE_UNROLL
        for (std::size_t v = 0; v < Vectors; ++v)
            sums[r][v] = begins ? Vector::all(0.0F) : Vector::load(c + r * c_stride + v * Vector::lanes);
    }
    for (std::size_t k = 0; k < depth; ++k) {
        Vector columns[Vectors];
        RNNSCOPE_UNROLL
        for (std::size_t v = 0; v < Vectors; ++v) columns[v] = Vector::load(b + k * b_stride + v * Vector::lanes);
        if constexpr (beside == Beside::fetch) __builtin_prefetch(next.from + k * line_floats, 0, 2);
        if constexpr (beside == Beside::errand) stream_line(next, k);
        RNNSCOPE_UNROLL
        for (std::size_t r = 0; r < Rows; ++r) {
            const Vector factor = Vector::all(a[r * a_stride + k]);
            RNNSCOPE_UNROLL
            for (std::size_t v = 0; v < Vectors; ++v) sums[r][v] = Vector::fma(factor, columns[v], sums[r][v]);
        }
    }
    RNNSCOPE_UNROLL
    for (std::size_t r = 0; r < Rows; ++r) {
        RNNSCOPE_UNROLL
        for (std::size_t v = 0; v < Vectors; ++v) sums[r][v].store(c + r * c_stride + v * Vector::lanes);
    }
}

constexpr std::size_t panel_vectors = panel_width / Vector::lanes;

/// One row through several panels at once: enough sums in flight to hide the latency of the multiply-adds. Fetching is
/// for matrices larger than the caches of the core, whose own prefetching stops at the end of every page.
template <std::size_t Count, Beside beside, bool Begins>
inline void one_row(const float* a, const float* b, std::size_t panel_stride, std::size_t row_stride, std::size_t depth,
                    float* c, const Errand& errand) {
    constexpr std::size_t ahead = 16; // rows of the panels
    Vector sums[Count][panel_vectors];
    RNNSCOPE_UNROLL
    for (std::size_t p = 0; p < Count; ++p) {
        RNNSCOPE_UNROLL
        for (std::size_t v = 0; v < panel_vectors; ++v)
            sums[p][v] = Begins ? Vector::all(0.0F) : Vector::load(c + p * panel_width + v * Vector::lanes);
    }
    for (std::size_t k = 0; k < depth; ++k) {
        const Vector factor = Vector::all(a[k]);
        if constexpr (beside == Beside::errand) stream_line(errand, k);
        RNNSCOPE_UNROLL
        for (std::size_t p = 0; p < Count; ++p) {
            const float* row = b + p * panel_stride + k * row_stride;
            if constexpr (beside == Beside::fetch)
                for (std::size_t line = 0; line < panel_width; line += line_floats)
                    __builtin_prefetch(row + ahead * row_stride + line, 0, 3);
            RNNSCOPE_UNROLL
            for (std::size_t v = 0; v < panel_vectors; ++v)
                sums[p][v] = Vector::fma(factor, Vector::load(row + v * Vector::lanes), sums[p][v]);
        }
    }
    RNNSCOPE_UNROLL
    for (std::size_t p = 0; p < Count; ++p) {
        RNNSCOPE_UNROLL
        for (std::size_t v = 0; v < panel_vectors; ++v) sums[p][v].store(c + p * panel_width + v * Vector::lanes);
    }
}

/// A panel of the product for up to `tile_rows` rows, `depth` terms of it.
template <std::size_t Rows, Beside beside>
inline void panel_tile(std::size_t rows, const float* a, std::size_t a_stride, const float* b, std::size_t b_stride,
                       std::size_t depth, float* c, std::size_t c_stride, bool begins, const Errand& next) {
    if (rows >= Rows)
        add_up<Rows, panel_vectors, beside>(a, a_stride, b, b_stride, depth, c, c_stride, begins, next);
    else if constexpr (Rows > 1)
        panel_tile<Rows - 1, beside>(rows, a, a_stride, b, b_stride, depth, c, c_stride, begins, next);
}

/// All rows of one panel, which lies at `b`, to `c`. The depth is taken in pieces, so that a piece of the panel stays
/// in the first-level cache while the rows pass by; sums go on from what is stored, which changes no bit.
template <Beside beside> void panel_product(const Product& p, const float* b, std::size_t b_stride, float* c) {
    constexpr std::size_t piece = 256, lines = panel_width / line_floats;
    std::size_t k = 0;
    do {
        const std::size_t terms = p.b.depth - k < piece ? p.b.depth - k : piece;
        // The first tiles fetch the next piece: what they multiply by is there.
        const float *here = b + k * b_stride, *next = here + terms * b_stride;
        std::size_t tile = 0;
        for (std::size_t block = 0; block < p.blocks; ++block)
            for (std::size_t r = 0; r < p.rows; r += tile_rows, ++tile) {
                const auto add = [&](auto way, const Errand& errand) {
                    panel_tile<tile_rows, decltype(way)::beside>(
                        p.rows - r, p.a + block * p.a_jump + r * p.a_stride + k, p.a_stride, here, b_stride, terms,
                        c + block * p.c_jump + r * p.c_stride, p.c_stride, k == 0 && !p.goes_on, errand);
                };
                if constexpr (beside == Beside::errand)
                    if (p.errand->lines >= terms) {
                        add(Way<Beside::errand>(), part_of(p.errand, terms));
                        continue;
                    }
                if constexpr (beside == Beside::fetch)
                    add(Way<Beside::fetch>(), {tile < lines ? next + tile * terms * line_floats : here});
                else
                    add(Way<Beside::nothing>(), {});
            }
        k += terms;
    } while (k < p.b.depth);
}

/// Columns that fill no panel go through a padded one.
void last_panel(const Product& p) {
    constexpr std::size_t rows_at_once = 32;
    const std::size_t first = p.b.columns / panel_width * panel_width, bytes = (p.b.columns - first) * sizeof(float);
    alignas(64) float sums[rows_at_once * panel_width] = {};
    for (std::size_t block = 0; block < p.blocks; ++block)
        for (std::size_t r = 0; r < p.rows; r += rows_at_once) {
            float* c = p.c + block * p.c_jump + r * p.c_stride + first;
            Product part = p;
            part.a += block * p.a_jump + r * p.a_stride;
            part.c_stride = panel_width;
            part.rows = p.rows - r < rows_at_once ? p.rows - r : rows_at_once;
            part.blocks = 1;
            for (std::size_t i = 0; p.goes_on && i < part.rows; ++i)
                __builtin_memcpy(sums + i * panel_width, c + i * p.c_stride, bytes);
            panel_product<Beside::nothing>(part, p.b.last, panel_width, sums);
            for (std::size_t i = 0; i < part.rows; ++i)
                __builtin_memcpy(c + i * p.c_stride, sums + i * panel_width, bytes);
        }
}

template <std::size_t N> struct Count { static constexpr std::size_t count = N; };

/// Panels of the product of one row, as many as it takes several at once; how many.
template <Beside beside, bool Begins> std::size_t row_product(const Product& p) {
    const std::size_t whole = p.b.columns / panel_width;
    std::size_t panel = 0;
    const auto through = [&](auto panels) {
        constexpr std::size_t count = decltype(panels)::count;
        for (; panel + count <= whole; panel += count) {
            const auto add = [&](auto way, const Errand& errand) {
                one_row<count, decltype(way)::beside, Begins>(p.a, p.b.data + panel * p.b.panel_stride,
                                                              p.b.panel_stride, p.b.row_stride, p.b.depth,
                                                              p.c + panel * panel_width, errand);
            };
            if constexpr (beside == Beside::errand)
                if (p.errand->lines >= p.b.depth) {
                    add(Way<Beside::errand>(), part_of(p.errand, p.b.depth));
                    continue;
                }
            add(Way < beside == Beside::fetch ? Beside::fetch : Beside::nothing > (), {});
        }
    };
    through(Count<row_panels>());
    through(Count<row_panels / 2 + row_panels % 2>());
    return panel;
}

template <Beside beside> void whole_product(const Product& p) {
    constexpr Beside in_tiles = beside == Beside::fetch && tile_rows < 8 ? Beside::nothing : beside;
    std::size_t panel = 0;
    if (p.rows == 1 && p.blocks == 1) panel = p.goes_on ? row_product<beside, false>(p) : row_product<beside, true>(p);
    for (; panel < p.b.columns / panel_width; ++panel)
        panel_product<in_tiles>(p, p.b.data + panel * p.b.panel_stride, p.b.row_stride, p.c + panel * panel_width);
    if (p.b.last != nullptr) last_panel(p);
}

void product(const Product& p) {
    constexpr std::size_t far = std::size_t{256} << 10U; // elements: 1 MiB
    if (p.b.depth * p.b.columns > far && p.b.row_stride == panel_width)
        whole_product<Beside::fetch>(p);
    else if (p.errand != nullptr && p.errand->lines > 0)
        whole_product<Beside::errand>(p);
    else
        whole_product<Beside::nothing>(p);
}

void finish(Errand& errand) {
    const Errand rest = part_of(&errand, errand.lines);
    for (std::size_t line = 0; line < rest.lines; ++line) stream_line(rest, line);
    Vector::end_streams();
}

void matmul(const float* a, std::size_t a_stride, const Panels& b, float* c, std::size_t c_stride, std::size_t rows) {
    product({a, a_stride, 0, b, c, c_stride, 0, rows, 1, false});
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
