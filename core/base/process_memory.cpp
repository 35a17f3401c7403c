#include "core/base/process_memory.hpp"

#if __has_include(<malloc.h>)
#include <malloc.h>
#endif

namespace rnnscope {

void keep_freed_memory() {
#ifdef M_TRIM_THRESHOLD
    constexpr int mib = 1 << 20;
    // What is larger than the first goes to the system and back; the heap grows by the last, and shrinks when more than
    // the second is free at its end.
    mallopt(M_MMAP_THRESHOLD, 32 * mib);
    mallopt(M_TRIM_THRESHOLD, 256 * mib);
    mallopt(M_TOP_PAD, 16 * mib);
#endif
}

} // namespace rnnscope
