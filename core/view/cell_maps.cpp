#include "core/view/cell_maps.hpp"

#include "core/debug/poison.hpp"
#include "core/view/common.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rnnscope::view {

namespace {

constexpr std::size_t most_exact_lines = 50000; ///< time steps whose lines are read one by one

/// Is `a` more worth showing than `b`?
bool stands_out(double a, double b, double middle) {
    if (std::isnan(b)) return false;
    return std::isnan(a) || std::fabs(a - middle) > std::fabs(b - middle);
}

} // namespace

void CellMaps::want(const debug::Debugger& debugger, const CellView& view) {
    if (!view.empty.empty() || !view.run.valid()) {
        if (key_) ++generation_;
        key_.reset();
        maps_.clear();
        steps_ = columns_ = next_ = 0;
        return;
    }
    Key key;
    key.program = debugger.document().program_ptr();
    key.track = view.tracks[view.track];
    key.run = view.run;
    key.example = view.example;
    key.steps = view.steps;
    key.events = static_cast<std::uint32_t>(debugger.recording().event_count(view.run));
    key.poison = debugger.poison() != nullptr && debugger.poison()->is_caught_up();
    key.is_diversion = debugger.shows_diversion();
    if (!key_ || !(*key_ == key)) {
        key_ = key;
        ++generation_;
        unit_.reset();
        maps_.clear();
        steps_ = view.steps;
        columns_ = std::min(steps_, most_columns);
        next_ = 0;
        for (const CellQuantity& quantity : view.quantities) {
            CellMap map;
            map.letter = quantity.letter;
            map.word = quantity.word;
            map.scale = quantity.scale;
            map.bounded = quantity.bounded;
            map.middle = quantity.scale == CellScale::gate ? 0.5 : 0;
            map.units = std::max<std::int64_t>(quantity.letter == 'h' ? view.output_size : view.units, 0);
            const std::size_t cells = columns_ * static_cast<std::size_t>(map.units);
            map.values.assign(cells, 0);
            map.flags.assign(cells, 0);
            map.saturation.assign(columns_, 0);
            maps_.push_back(std::move(map));
        }
    }
    if (unit_ == view.unit) return;
    unit_ = view.unit;
    const CellSteps steps(debugger, key.track, key.run);
    for (CellMap& map : maps_) {
        map.of_unit.clear();
        if (steps_ <= most_exact_lines && view.unit < map.units)
            map.of_unit = steps.over_time(std::string(1, map.letter), view.example, view.unit);
    }
}

bool CellMaps::work(const debug::Debugger& debugger, std::chrono::microseconds budget) {
    if (!key_ || is_complete()) return true;
    const auto deadline = std::chrono::steady_clock::now() + budget;
    const CellSteps steps(debugger, key_->track, key_->run);
    do {
        add_column(steps, next_++);
    } while (!is_complete() && std::chrono::steady_clock::now() < deadline);
    choose_ranges();
    ++generation_;
    return is_complete();
}

void CellMaps::add_column(const CellSteps& steps, std::size_t column) {
    for (CellMap& map : maps_) {
        for (std::size_t t = first_step(column); t < end_step(column); ++t) add_step(steps, column, t, map);
        std::int64_t saturated = 0;
        for (std::int64_t unit = 0; unit < map.units; ++unit) {
            std::uint8_t& flags = map.flags[map.at(column, unit)];
            if ((flags & CellMap::computed) == 0) continue;
            if (!is_saturated(map.scale, map.bounded, map.values[map.at(column, unit)])) continue;
            flags |= CellMap::saturated;
            ++saturated;
        }
        if (map.units > 0) map.saturation[column] = static_cast<float>(saturated) / static_cast<float>(map.units);
    }
}

void CellMaps::add_step(const CellSteps& steps, std::size_t column, std::size_t t, CellMap& map) {
    const std::string part(1, map.letter);
    const Tensor value = steps.value(part, t);
    if (!value || !is_floating(value.dtype()) || value.shape().rank() != 2 || key_->example >= value.shape().dim(0))
        return;
    const debug::PoisonMask poison = steps.poison(part, t);
    const std::int64_t width = std::min(map.units, value.shape().dim(1)), first = key_->example * value.shape().dim(1);
    for (std::int64_t unit = 0; unit < width; ++unit) {
        const std::size_t at = map.at(column, unit);
        const double number = value.number(first + unit);
        if ((map.flags[at] & CellMap::computed) == 0 || stands_out(number, map.values[at], map.middle))
            map.values[at] = static_cast<float>(number);
        map.flags[at] |= CellMap::computed;
        if (poison.at(first + unit)) map.flags[at] |= CellMap::poisoned;
    }
}

/// As wide as 99 of 100 values need, in round numbers; gates at most up to their ends.
void CellMaps::choose_ranges() {
    for (CellMap& map : maps_) {
        const std::size_t stride = std::max<std::size_t>(1, map.values.size() >> 14);
        std::vector<double> distances;
        for (std::size_t i = 0; i < map.values.size(); i += stride)
            if ((map.flags[i] & CellMap::computed) != 0 && std::isfinite(map.values[i]))
                distances.push_back(std::fabs(map.values[i] - map.middle));
        if (distances.empty()) continue;
        const auto at = distances.begin() + static_cast<std::ptrdiff_t>((distances.size() - 1) * 99 / 100);
        std::nth_element(distances.begin(), at, distances.end());
        map.range = rounded_up(*at);
        if (map.scale == CellScale::gate) map.range = std::min(map.range, 0.5);
    }
}

std::size_t CellMaps::column_of(std::size_t step) const {
    if (steps_ == 0) return 0;
    std::size_t column = std::min(step * columns_ / steps_, columns_ - 1);
    while (column + 1 < columns_ && first_step(column + 1) <= step) ++column;
    return column;
}

std::string to_text(const CellMaps& maps) {
    std::string out =
        fmt::format("{} in {}\n", count_text(maps.steps(), "time step"), count_text(maps.columns(), "column"));
    for (const CellMap& map : maps.maps()) {
        std::size_t computed = 0, saturated = 0, poisoned = 0;
        for (const std::uint8_t flags : map.flags) {
            computed += (flags & CellMap::computed) != 0;
            saturated += (flags & CellMap::saturated) != 0;
            poisoned += (flags & CellMap::poisoned) != 0;
        }
        out += fmt::format("{} {:<10} {} units, {} of {} computed, {} saturated, {} poisoned, {} ± {}\n", map.letter,
                           map.word, map.units, computed, map.flags.size(), saturated, poisoned,
                           number_text(map.middle, 2), number_text(map.range, 2));
        out += "  of the unit:";
        for (std::size_t t = 0; t < std::min<std::size_t>(map.of_unit.size(), 8); ++t)
            out += std::isnan(map.of_unit[t]) ? " —" : " " + number_text(map.of_unit[t], 4, true);
        out += map.of_unit.size() > 8 ? " …\n" : "\n";
    }
    return out;
}

} // namespace rnnscope::view
