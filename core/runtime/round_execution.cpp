#include "core/runtime/round_run.hpp"

#include "core/runtime/round_states.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

namespace rnnscope::runtime {
namespace {

constexpr std::size_t block_bytes = std::size_t{8} << 20U; ///< a block takes about so much at most

/// That one group of steps goes through before the next does: their rows should stay in the cache.
std::uint64_t rounds_in_group(const Round& round) {
    constexpr std::size_t cache_bytes = std::size_t{1} << 20U;
    constexpr std::size_t most_bytes = std::size_t{16} << 20U;
    const std::size_t row = std::max<std::size_t>(round.row_bytes, 1);
    return std::clamp<std::uint64_t>(cache_bytes / row, std::clamp<std::uint64_t>(most_bytes / row, 2, 8), 32);
}

/// Rows of a long recording are made in the cache and then written past it, beside the products of the rows that come
/// after them: memory is never read to be written, and hardly ever waited for.
bool is_streamed(std::size_t bytes, std::size_t bytes_at_once) {
    constexpr std::size_t least = std::size_t{4} << 20U;
    constexpr std::size_t most_at_once = std::size_t{768} << 10U;
    return bytes >= least && bytes_at_once <= most_at_once;
}

} // namespace

void RoundRun::allocate() {
    lent_ = lent_by_arrays();
    const Round& round = *values_->round;
    rounds_in_group_ = rounds_in_group(round);
    const auto fitting = [](std::size_t bytes) {
        return std::max<std::uint64_t>(block_bytes / std::max<std::size_t>(bytes, 64), 2);
    };
    constexpr std::size_t cache_bytes = std::size_t{512} << 10U; ///< rows that should stay in the cache
    constexpr std::uint64_t most_rows = 128;
    const bool in_groups = std::ranges::any_of(round.groups, [](std::uint32_t group) { return group > 0; });
    const std::uint64_t least_rows = in_groups ? rounds_in_group_ : 1;
    rows_at_once_ = std::clamp(cache_bytes / std::max<std::size_t>(round.row_bytes, 1), least_rows, most_rows);
    if (keep_.what == Keep::What::all) {
        most_rounds_ = std::min(most_rounds_, fitting(round.row_bytes));
        const std::size_t bytes = (most_rounds_ + 1) * round.row_bytes;
        values_->rows = context_.rows.allocate(bytes);
        if (is_streamed(bytes, (rows_at_once_ + 1) * round.row_bytes)) {
            kept_rows_ = std::move(values_->rows);
            rows_at_once_ = std::max(rows_at_once_ / 2, least_rows);
            values_->rows = context_.scratch.allocate(2 * (rows_at_once_ + 1) * round.row_bytes);
        } else {
            rows_at_once_ = most_rounds_;
        }
    } else {
        if (keep_.what == Keep::What::states) {
            states_ = std::make_shared<RoundStates>(values_, keep_.interval, lent_);
            most_rounds_ = std::min(most_rounds_, fitting(states_->bytes_per_round()));
            states_->allocate(context_.rows, most_rounds_);
        }
        rows_at_once_ = std::min(rows_at_once_, most_rounds_);
        values_->rows = context_.scratch.allocate((rows_at_once_ + 1) * round.row_bytes);
    }
    values_->boxes.resize((most_rounds_ + 1) * round.boxes);
}

void RoundRun::execute() {
    for (bool goes_on = true; goes_on && rounds_ < most_rounds_;) {
        if (rounds_ > 0) use_rows_again();
        const std::uint64_t first = rounds_, end = std::min(most_rounds_, first + rows_at_once_);
        goes_on = groups_.size() == 1 ? execute_in_order(end) : execute_in_groups(end);
        harvest(first);
    }
}

Cursor RoundRun::cursor(std::uint64_t round) {
    Cursor at;
    at.errand = errand_.lines > 0 ? &errand_ : nullptr;
    at.base[Cursor::previous] = reinterpret_cast<std::intptr_t>(values_->row_before(round));
    at.base[Cursor::current] = reinterpret_cast<std::intptr_t>(values_->row_before(round + 1));
    return at;
}

/// Executes rounds up to `end`; false when a step refused.
bool RoundRun::execute_in_order(std::uint64_t end) {
    for (const std::vector<Step>& steps = groups_[0].steps; rounds_ < end; ++rounds_) {
        const Cursor at = cursor(rounds_);
        for (const Step& step : steps) {
            if (step.function(step, at)) continue;
            partial_ = step.visit;
            return false;
        }
    }
    return true;
}

/// The first group says how many rounds there are; the others follow, each through all of them.
bool RoundRun::execute_in_groups(std::uint64_t end) {
    while (rounds_ < end) {
        const std::uint64_t first = rounds_, last = std::min(end, first + rounds_in_group_);
        bool stopped = false;
        for (; rounds_ < last && !stopped; rounds_ += stopped ? 0 : 1) {
            const Cursor at = cursor(rounds_);
            for (const Step& step : groups_[0].steps) {
                if (step.function(step, at)) continue;
                partial_ = step.visit;
                stopped = true;
                break;
            }
        }
        for (std::size_t group = 1; group < groups_.size(); ++group) {
            execute_group(groups_[group], first);
            if (!stopped) continue;
            const Cursor at = cursor(rounds_);
            for (const Step& step : groups_[group].steps)
                if (step.visit < partial_) step.function(step, at);
        }
        if (stopped) return false;
    }
    return true;
}

/// The next round begins with what the last one left.
void RoundRun::use_rows_again() {
    const Round& round = *values_->round;
    const std::byte* last = values_->row_before(rounds_);
    if (kept_rows_.data() != nullptr) second_half_ = !second_half_;
    // Numbers of rows wrap around: the row before the first may be anywhere.
    values_->first_row = rounds_ - (second_half_ ? rows_at_once_ + 1 : 0);
    std::byte* first = values_->row_before(rounds_);
    for (const Source& source : round.waiting) {
        if (source.kind != Source::Kind::previous || !round.slots[source.index].raw) continue;
        const Slot& slot = round.slots[source.index];
        std::memcpy(first + slot.offset, last + slot.offset, slot.bytes);
    }
}

/// The complete rounds from `first` on.
void RoundRun::execute_group(const StepGroup& group, std::uint64_t first) {
    for (const Step& begin : group.begins)
        begin_products(begin, cursor(first), rounds_ - first, values_->round->row_bytes);
    Cursor at = cursor(first);
    for (std::uint64_t round = first; round < rounds_; ++round) {
        for (const Step& step : group.rest) step.function(step, at);
        at.base[Cursor::previous] = at.base[Cursor::current];
        at.base[Cursor::current] += static_cast<std::intptr_t>(values_->round->row_bytes);
    }
}

/// What has to be taken from the rows of complete rounds before they are used again: states, and what arrays got.
void RoundRun::harvest(std::uint64_t from) {
    if (kept_rows_.data() != nullptr) stream_rows(from == 0 ? 0 : from + 1, rounds_ + 1);
    if (states_)
        for (std::uint64_t round = from; round < rounds_; ++round)
            states_->keep(round, values_->row_before(round + 1), values_->row_before(round));
    for (const RoundStep& step : values_->round->steps)
        if (step.kind == RoundStep::Kind::array_read || step.kind == RoundStep::Kind::array_write)
            change_array(step, from, rounds_);
}

/// Row 0 is the one before the first round. What is on its way gets there first.
void RoundRun::stream_rows(std::uint64_t first, std::uint64_t end) {
    const std::size_t bytes = values_->round->row_bytes; // whole cache lines
    ops::simd::kernels().finish(errand_);
    errand_ = {reinterpret_cast<const float*>(values_->row_before(first)),
               reinterpret_cast<float*>(kept_rows_.data() + first * bytes),
               (end - first) * bytes / (ops::simd::Errand::line_floats * sizeof(float))};
}

} // namespace rnnscope::runtime
