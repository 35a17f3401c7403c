// Compiled with -mavx2 -mfma; run only where the processor has both.

#include "core/ops/simd_kernels.hpp"

#ifdef RNNSCOPE_X86

#include <cstddef>
#include <immintrin.h>

namespace rnnscope::ops::simd {
namespace {

struct Vector {
    static constexpr std::size_t lanes = 8;
    __m256 v;

    static Vector load(const float* from) { return {_mm256_loadu_ps(from)}; }
    void store(float* to) const { _mm256_storeu_ps(to, v); }
    void stream(float* to) const { _mm256_stream_ps(to, v); } ///< past the caches; `to` is aligned
    static void end_streams() { _mm_sfence(); }               ///< others may read what was streamed
    static Vector all(float s) { return {_mm256_set1_ps(s)}; }
    friend Vector operator+(Vector a, Vector b) { return {_mm256_add_ps(a.v, b.v)}; }
    friend Vector operator-(Vector a, Vector b) { return {_mm256_sub_ps(a.v, b.v)}; }
    friend Vector operator*(Vector a, Vector b) { return {_mm256_mul_ps(a.v, b.v)}; }
    friend Vector operator/(Vector a, Vector b) { return {_mm256_div_ps(a.v, b.v)}; }
    static Vector fma(Vector a, Vector b, Vector c) { return {_mm256_fmadd_ps(a.v, b.v, c.v)}; }
    static Vector smaller(Vector a, Vector b) { return {_mm256_min_ps(a.v, b.v)}; }
    static Vector absolute(Vector x) { return {_mm256_andnot_ps(_mm256_set1_ps(-0.0F), x.v)}; }
    static Vector with_sign_of(Vector size, Vector x) {
        return {_mm256_or_ps(size.v, _mm256_and_ps(_mm256_set1_ps(-0.0F), x.v))};
    }
    static Vector where_negative(Vector x, Vector yes, Vector no) { return where_less(x, all(0.0F), yes, no); }
    static Vector where_less(Vector x, Vector limit, Vector yes, Vector no) {
        return {_mm256_blendv_ps(no.v, yes.v, _mm256_cmp_ps(x.v, limit.v, _CMP_LT_OQ))};
    }
    static Vector where_nan(Vector x, Vector yes, Vector no) {
        return {_mm256_blendv_ps(no.v, yes.v, _mm256_cmp_ps(x.v, x.v, _CMP_UNORD_Q))};
    }
    static Vector from_exponent(Vector n) {
        const __m256i biased = _mm256_add_epi32(_mm256_cvttps_epi32(n.v), _mm256_set1_epi32(127));
        return {_mm256_castsi256_ps(_mm256_slli_epi32(biased, 23))};
    }
};

constexpr std::size_t tile_rows = 2;  // times 4 vectors: 8 of the 16 registers add up
constexpr std::size_t row_panels = 2; // times 4 vectors

#include "core/ops/simd_level.hpp"
#include "core/ops/simd_tf1_15.hpp"

} // namespace

extern const LevelKernels avx2_kernels;
constinit const LevelKernels avx2_kernels = level_kernels; // no code of this level runs before it is chosen

} // namespace rnnscope::ops::simd

#endif
