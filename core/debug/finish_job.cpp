#include "core/debug/finish_job.hpp"

namespace rnnscope::debug {

bool FinishJob::pump(std::chrono::steady_clock::time_point deadline) {
    constexpr std::uint64_t most_ticks = 2'000'000; // some 10,000 time steps of a recurrent layer
    constexpr int pieces_per_look = 16;
    for (int piece = 1; is_complete_ && !evaluation_.evaluator().done(); ++piece) {
        const std::uint64_t before = evaluation_.recording().end().ticks;
        evaluation_.advance(pace_.most());
        const std::uint64_t after = evaluation_.recording().end().ticks;
        if (after >= most_ticks) is_complete_ = evaluation_.evaluator().done();
        const bool was_long = after - before > pieces_per_look;
        const bool over = (was_long || piece % pieces_per_look == 0) && std::chrono::steady_clock::now() >= deadline;
        if (was_long) pace_.learn(!over);
        if (over) return false;
    }
    return true;
}

} // namespace rnnscope::debug
