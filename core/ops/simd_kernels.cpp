#include "core/ops/simd_kernels.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>
#include <cstdlib>
#include <cstring>
#include <new>

namespace rnnscope::ops::simd {

// Each is defined in a file of its own, which is compiled for its instruction set.
extern const LevelKernels sse2_kernels;
#ifdef RNNSCOPE_X86
extern const LevelKernels avx2_kernels;
extern const LevelKernels avx512_kernels;
#endif

namespace {

constexpr std::size_t alignment = 64;
constexpr std::size_t large_page = std::size_t{2} << 20U;
constexpr std::size_t width = Panels::panel_columns;

Level detect() {
#ifdef RNNSCOPE_X86
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw");
    if (avx512) return Level::avx512;
    if (avx2) return Level::avx2;
#endif
    return Level::sse2;
}

const LevelKernels& kernels_of(Level level) {
    assert(level <= best_level());
#ifdef RNNSCOPE_X86
    if (level == Level::avx512) return avx512_kernels;
    if (level == Level::avx2) return avx2_kernels;
#endif
    return sse2_kernels;
}

} // namespace

Level best_level() {
    static const Level level = detect();
    return level;
}

std::string_view level_name(Level level) {
    switch (level) {
    case Level::sse2:
        return "SSE2";
    case Level::avx2:
        return "AVX2";
    case Level::avx512:
        return "AVX-512";
    }
    return "";
}

const Kernels& kernels(Level level, Rounding rounding) {
    const LevelKernels& chosen = kernels_of(level);
    return rounding == Rounding::fast ? chosen.fast : chosen.tf1_15;
}

const Kernels& kernels(Rounding rounding) {
    static const LevelKernels& best = kernels_of(best_level());
    return rounding == Rounding::fast ? best.fast : best.tf1_15;
}

void PackedMatrix::Free::operator()(float* data) const {
    std::free(data);
}

PackedMatrix PackedMatrix::pack(const float* matrix, std::size_t rows, std::size_t columns, bool transposed) {
    const std::size_t depth = transposed ? columns : rows, made = transposed ? rows : columns;
    const std::size_t panels = (made + width - 1) / width;
    const std::size_t bytes = std::max(alignment, panels * depth * width * sizeof(float));
    const bool is_large = bytes >= 2 * large_page; // worth fewer and larger pages
    const std::size_t boundary = is_large ? large_page : alignment;
    PackedMatrix packed;
    packed.data_.reset(static_cast<float*>(std::aligned_alloc(boundary, (bytes + boundary - 1) / boundary * boundary)));
    if (!packed.data_) throw std::bad_alloc();
    if (is_large) madvise(packed.data_.get(), bytes, MADV_HUGEPAGE);
    float* to = packed.data_.get();
    packed.panels_ = {to, depth, made, depth * width, width, nullptr};
    if (made % width != 0) packed.panels_.last = to + made / width * packed.panels_.panel_stride;
    for (std::size_t panel = 0; panel < panels; ++panel) {
        const std::size_t first = panel * width, count = std::min(width, made - first);
        for (std::size_t k = 0; k < depth; ++k, to += width) {
            for (std::size_t j = 0; j < count; ++j)
                to[j] = transposed ? matrix[(first + j) * columns + k] : matrix[k * columns + first + j];
            std::fill(to + count, to + width, 0.0F);
        }
    }
    return packed;
}

Panels row_major(const float* matrix, std::size_t rows, std::size_t columns, std::vector<float>& tail) {
    Panels panels;
    panels.data = matrix;
    panels.depth = rows;
    panels.columns = columns;
    panels.panel_stride = width;
    panels.row_stride = columns;
    const std::size_t first = columns / width * width, count = columns - first;
    if (count == 0) return panels;
    tail.assign(rows * width, 0.0F);
    for (std::size_t k = 0; k < rows; ++k)
        std::memcpy(tail.data() + k * width, matrix + k * columns + first, count * sizeof(float));
    panels.last = tail.data();
    return panels;
}

} // namespace rnnscope::ops::simd
