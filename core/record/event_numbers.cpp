#include "core/record/event_numbers.hpp"

#include <algorithm>
#include <cassert>

namespace rnnscope::record {

std::size_t EventNumberList::size() const {
    return stretches_.empty() ? numbers_.size() : stretches_.back().ordinal + stretches_.back().size();
}

std::uint32_t EventNumberList::operator[](std::size_t i) const {
    if (stretches_.empty()) return numbers_[i];
    const auto after = std::ranges::upper_bound(stretches_, i, {}, &Stretch::ordinal);
    const Stretch& stretch = *std::prev(after);
    const std::size_t at = i - stretch.ordinal;
    if (stretch.period == 0) return numbers_[stretch.begin + at];
    return stretch.first + static_cast<std::uint32_t>(at / stretch.count) * stretch.period +
           numbers_[stretch.begin + at % stretch.count];
}

void EventNumberList::add(std::uint32_t number) {
    if (!stretches_.empty()) {
        if (stretches_.back().period != 0) {
            Stretch plain;
            plain.ordinal = size();
            plain.begin = numbers_.size();
            stretches_.push_back(plain);
        }
        ++stretches_.back().count;
    }
    numbers_.push_back(number);
}

void EventNumberList::add_rounds(std::uint32_t first, std::uint32_t period, std::vector<std::uint32_t> offsets,
                                 std::uint32_t rounds) {
    assert(std::ranges::is_sorted(offsets) && (offsets.empty() || offsets.back() < period));
    if (offsets.empty() || rounds == 0) return;
    if (stretches_.empty() && !numbers_.empty()) {
        Stretch plain;
        plain.count = numbers_.size();
        stretches_.push_back(plain);
    }
    Stretch stretch;
    stretch.ordinal = size();
    // Blocks of one loop follow one another with the same round: its offsets are kept once.
    const auto is_known = [&](const Stretch& last) {
        return last.period != 0 && last.count == offsets.size() &&
               std::equal(offsets.begin(), offsets.end(), numbers_.begin() + static_cast<std::ptrdiff_t>(last.begin));
    };
    const bool same = !stretches_.empty() && is_known(stretches_.back());
    stretch.begin = same ? stretches_.back().begin : numbers_.size();
    stretch.count = offsets.size();
    stretch.first = first;
    stretch.period = period;
    stretch.rounds = rounds;
    stretches_.push_back(stretch);
    if (!same) numbers_.insert(numbers_.end(), offsets.begin(), offsets.end());
}

std::size_t EventNumbers::lower_bound(std::uint32_t event) const {
    return static_cast<std::size_t>(std::lower_bound(begin(), end(), event) - begin());
}

bool EventNumbers::contains(std::uint32_t event) const {
    const std::size_t at = lower_bound(event);
    return at < size_ && (*list_)[at] == event;
}

} // namespace rnnscope::record
