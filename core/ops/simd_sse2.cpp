// The baseline: SSE2 on x86-64, plain C++ elsewhere. There is no fused multiply-add: the exact product and the sum are
// computed in double and rounded to float once more, which differs from a fused one only when the double lies exactly
// between two floats.

#include "core/ops/simd_kernels.hpp"

#include <cstddef>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace rnnscope::ops::simd {
namespace {

using FourFloats = float __attribute__((vector_size(16)));

#ifdef __SSE2__
void store_past_caches(float* to, FourFloats v) {
    _mm_stream_ps(to, v);
}
void end_stores_past_caches() {
    _mm_sfence();
}
#else
void store_past_caches(float* to, FourFloats v) {
    __builtin_memcpy(to, &v, sizeof v);
}
void end_stores_past_caches() {}
#endif

/// Vectors by the compiler's extension, which every target has.
struct Vector {
    static constexpr std::size_t lanes = 4;
    using Floats = FourFloats;
    using Ints = int __attribute__((vector_size(16)));
    using Doubles = double __attribute__((vector_size(32)));
    Floats v;

    static Vector load(const float* from) {
        Vector x;
        __builtin_memcpy(&x.v, from, sizeof x.v);
        return x;
    }
    void store(float* to) const { __builtin_memcpy(to, &v, sizeof v); }
    void stream(float* to) const { store_past_caches(to, v); } ///< past the caches; `to` is aligned
    static void end_streams() { end_stores_past_caches(); }    ///< others may read what was streamed
    static Vector all(float s) { return {Floats{s, s, s, s}}; }
    friend Vector operator+(Vector a, Vector b) { return {a.v + b.v}; }
    friend Vector operator-(Vector a, Vector b) { return {a.v - b.v}; }
    friend Vector operator*(Vector a, Vector b) { return {a.v * b.v}; }
    friend Vector operator/(Vector a, Vector b) { return {a.v / b.v}; }
    static Vector fma(Vector a, Vector b, Vector c) {
        Vector result;
        for (std::size_t i = 0; i < lanes; ++i)
            result.v[i] = static_cast<float>(static_cast<double>(a.v[i]) * static_cast<double>(b.v[i]) +
                                             static_cast<double>(c.v[i]));
        return result;
    }
    static Vector choose(Ints mask, Vector yes, Vector no) {
        return {
            reinterpret_cast<Floats>((reinterpret_cast<Ints>(yes.v) & mask) | (reinterpret_cast<Ints>(no.v) & ~mask))};
    }
    static Vector smaller(Vector a, Vector b) { return choose(a.v < b.v, a, b); }
    static Vector absolute(Vector x) { return {reinterpret_cast<Floats>(reinterpret_cast<Ints>(x.v) & 0x7FFFFFFF)}; }
    static Vector with_sign_of(Vector size, Vector x) {
        return {reinterpret_cast<Floats>(reinterpret_cast<Ints>(size.v) |
                                         (reinterpret_cast<Ints>(x.v) & static_cast<int>(0x80000000U)))};
    }
    static Vector where_negative(Vector x, Vector yes, Vector no) { return choose(x.v < all(0.0F).v, yes, no); }
    static Vector where_less(Vector x, Vector limit, Vector yes, Vector no) { return choose(x.v < limit.v, yes, no); }
    static Vector where_nan(Vector x, Vector yes, Vector no) { return choose(x.v != x.v, yes, no); }
    static Vector from_exponent(Vector n) {
        return {reinterpret_cast<Floats>((__builtin_convertvector(n.v, Ints) + 127) << 23)};
    }
};

constexpr std::size_t tile_rows = 1;
constexpr std::size_t row_panels = 1;

#include "core/ops/simd_level.hpp"
#include "core/ops/simd_tf1_15.hpp"

} // namespace

extern const LevelKernels sse2_kernels;
constinit const LevelKernels sse2_kernels = level_kernels; // no code of this level runs before it is chosen

} // namespace rnnscope::ops::simd
