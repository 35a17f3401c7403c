#pragma once

#include "core/view/cell_steps.hpp"
#include "core/view/value_detail.hpp"

#include <cstdint>
#include <optional>

namespace rnnscope::view {

/// A time in a run that the pointer is over in one panel, for the others to show the same one.
struct TimeSpot {
    RunId run;              ///< invalid: none
    std::uint64_t tick = 0; ///< of an event of it
    std::optional<std::int64_t> unit;
    std::int64_t units = -1; ///< how many there are, where there is a unit
    friend bool operator==(const TimeSpot&, const TimeSpot&) = default;
};

/// The event of the spot; nullopt: it is none of the run, or not recorded yet.
std::optional<std::uint32_t> event_at(const debug::Debugger& debugger, const TimeSpot& spot);

/// The time step of a cell that the spot is in: in its loop that of the same iteration, else the last that has begun.
std::optional<std::size_t> cell_step_at(const debug::Debugger& debugger, const CellSteps& steps, const TimeSpot& spot);

/// The value of the line that belongs to the spot: in a loop that of the same iteration, else the newest at it.
std::optional<std::size_t> line_index_at(const debug::Debugger& debugger, const ValueDetail& detail,
                                         const TimeSpot& spot);
/// The spot of a value of the line; its run is invalid when no run made it.
TimeSpot spot_of_line(const debug::Debugger& debugger, const ValueDetail& detail, std::size_t index);

} // namespace rnnscope::view
