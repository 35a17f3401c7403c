#pragma once

#include <ctime>

namespace rnnscope::bench {

inline double seconds_of(clockid_t clock) {
    timespec now{};
    clock_gettime(clock, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

/// CPU time of this thread.
inline double cpu_seconds() {
    return seconds_of(CLOCK_THREAD_CPUTIME_ID);
}

/// CPU time of all threads of this process.
inline double process_seconds() {
    return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

inline double wall_seconds() {
    return seconds_of(CLOCK_MONOTONIC);
}

} // namespace rnnscope::bench
