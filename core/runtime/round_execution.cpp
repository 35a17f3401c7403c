#include "core/runtime/round_run.hpp"

#include <algorithm>
#include <cstring>

namespace rnnscope::runtime {

void RoundRun::execute() {
    for (bool goes_on = true; goes_on && rounds_ < most_rounds_;) {
        if (rounds_ > values_->first_row) use_rows_again();
        const std::uint64_t first = rounds_, end = std::min(most_rounds_, first + rows_at_once_);
        goes_on = groups_.size() == 1 ? execute_in_order(end) : execute_in_groups(end);
        harvest(first);
    }
}

Cursor RoundRun::cursor(std::uint64_t round) const {
    Cursor at;
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
    for (const Source& source : round.waiting) {
        if (source.kind != Source::Kind::previous || !round.slots[source.index].raw) continue;
        const Slot& slot = round.slots[source.index];
        std::memcpy(values_->rows.data() + slot.offset, last + slot.offset, slot.bytes);
    }
    values_->first_row = rounds_;
}

/// The complete rounds from `first` on.
void RoundRun::execute_group(const StepGroup& group, std::uint64_t first) {
    for (const Step& begin : group.begins)
        begin_products(begin, cursor(first), rounds_ - first, values_->round->row_bytes);
    for (std::uint64_t round = first; round < rounds_; ++round) {
        const Cursor at = cursor(round);
        for (const Step& step : group.rest) step.function(step, at);
    }
}

} // namespace rnnscope::runtime
