#include "core/view/time_spot.hpp"

#include <algorithm>

namespace rnnscope::view {

std::optional<std::uint32_t> event_at(const debug::Debugger& debugger, const TimeSpot& spot) {
    if (!spot.run.valid() || !debugger.is_open() || spot.tick >= debugger.recording().end().ticks) return std::nullopt;
    const record::Tick tick = debugger.recording().tick(spot.tick);
    if (tick.kind != record::TickKind::event || tick.run != spot.run) return std::nullopt;
    return tick.event;
}

std::optional<std::size_t> cell_step_at(const debug::Debugger& debugger, const CellSteps& steps, const TimeSpot& spot) {
    const auto event = event_at(debugger, spot);
    if (!event || spot.run != steps.run() || steps.size() == 0) return std::nullopt;
    const record::RecordedVisit visit = debugger.recording().visit(spot.run, *event);
    const auto own = steps.event("h", 0);
    const bool is_in_loop = own && visit.frame != 0 && debugger.recording().visit(spot.run, *own).frame == visit.frame;
    if (!is_in_loop) return steps.now({spot.tick + 1});
    const auto step = static_cast<std::size_t>(visit.iteration);
    return step < steps.size() ? std::optional(step) : std::nullopt; // the last round only finds that it is over
}

TimeSpot spot_of_line(const debug::Debugger& debugger, const ValueDetail& detail, std::size_t index) {
    TimeSpot spot;
    if (index >= detail.line_ticks.size() || detail.line_ticks[index] == 0) return spot;
    const record::Tick tick = debugger.recording().tick(detail.line_ticks[index] - 1);
    if (tick.kind != record::TickKind::event) return spot;
    spot.run = tick.run;
    spot.tick = detail.line_ticks[index] - 1;
    spot.unit = detail.column;
    spot.units = detail.shown.columns;
    return spot;
}

std::optional<std::size_t> line_index_at(const debug::Debugger& debugger, const ValueDetail& detail,
                                         const TimeSpot& spot) {
    const auto event = event_at(debugger, spot);
    if (!event || detail.line_ticks.empty()) return std::nullopt;
    const record::Recording& recording = debugger.recording();
    const auto after = std::ranges::upper_bound(detail.line_ticks, spot.tick + 1);
    const auto newest = static_cast<std::size_t>(after - detail.line_ticks.begin()); // one past it
    const record::RecordedVisit visit = recording.visit(spot.run, *event);
    // The value of the same iteration comes before or after the event, but not far.
    for (std::size_t i = newest > 0 ? newest - 1 : 0; i < std::min(newest + 1, detail.line_ticks.size()); ++i) {
        const record::Tick tick = recording.tick(detail.line_ticks[i] - 1);
        if (tick.kind != record::TickKind::event || tick.run != spot.run || visit.frame == 0) continue;
        const record::RecordedVisit other = recording.visit(tick.run, tick.event);
        if (other.frame == visit.frame && other.iteration == visit.iteration) return i;
    }
    if (newest == 0) return std::nullopt;
    const TimeSpot found = spot_of_line(debugger, detail, newest - 1);
    return found.run == spot.run || !found.run.valid() ? std::optional(newest - 1) : std::nullopt;
}

} // namespace rnnscope::view
