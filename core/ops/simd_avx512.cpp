// Compiled with -mavx512f and its usual companions; run only where the processor has them.

#include "core/ops/simd_kernels.hpp"

#ifdef RNNSCOPE_X86

#include <cstddef>
#include <immintrin.h>

namespace rnnscope::ops::simd {
namespace {

struct Vector {
    static constexpr std::size_t lanes = 16;
    __m512 v;

    static Vector load(const float* from) { return {_mm512_loadu_ps(from)}; }
    void store(float* to) const { _mm512_storeu_ps(to, v); }
    void stream(float* to) const { _mm512_stream_ps(to, v); } ///< past the caches; `to` is aligned
    static void end_streams() { _mm_sfence(); }               ///< others may read what was streamed
    static Vector all(float s) { return {_mm512_set1_ps(s)}; }
    friend Vector operator+(Vector a, Vector b) { return {_mm512_add_ps(a.v, b.v)}; }
    friend Vector operator-(Vector a, Vector b) { return {_mm512_sub_ps(a.v, b.v)}; }
    friend Vector operator*(Vector a, Vector b) { return {_mm512_mul_ps(a.v, b.v)}; }
    friend Vector operator/(Vector a, Vector b) { return {_mm512_div_ps(a.v, b.v)}; }
    static Vector fma(Vector a, Vector b, Vector c) { return {_mm512_fmadd_ps(a.v, b.v, c.v)}; }
    static Vector smaller(Vector a, Vector b) { return {_mm512_min_ps(a.v, b.v)}; }
    static Vector absolute(Vector x) { return {_mm512_abs_ps(x.v)}; }
    static Vector with_sign_of(Vector size, Vector x) {
        return {_mm512_or_ps(size.v, _mm512_and_ps(_mm512_set1_ps(-0.0F), x.v))};
    }
    static Vector where_negative(Vector x, Vector yes, Vector no) { return where_less(x, all(0.0F), yes, no); }
    static Vector where_less(Vector x, Vector limit, Vector yes, Vector no) {
        return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(x.v, limit.v, _CMP_LT_OQ), no.v, yes.v)};
    }
    static Vector where_nan(Vector x, Vector yes, Vector no) {
        return {_mm512_mask_blend_ps(_mm512_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q), no.v, yes.v)};
    }
    static Vector from_exponent(Vector n) {
        const __m512i biased = _mm512_add_epi32(_mm512_cvttps_epi32(n.v), _mm512_set1_epi32(127));
        return {_mm512_castsi512_ps(_mm512_slli_epi32(biased, 23))};
    }
};

constexpr std::size_t tile_rows = 8;  // times 2 vectors: 16 of the 32 registers add up
constexpr std::size_t row_panels = 4; // times 2 vectors

#include "core/ops/simd_level.hpp"
#include "core/ops/simd_tf1_15.hpp"

} // namespace

extern const LevelKernels avx512_kernels;
constinit const LevelKernels avx512_kernels = level_kernels; // no code of this level runs before it is chosen

} // namespace rnnscope::ops::simd

#endif
