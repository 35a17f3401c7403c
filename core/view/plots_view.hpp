#pragma once

#include "core/debug/fetched_scalars.hpp"
#include "core/view/common.hpp"

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

namespace rnnscope::view {

struct PlotOptions {
    bool log = false;             ///< the scale of values
    std::set<std::string> hidden; ///< series, by name
    friend bool operator==(const PlotOptions&, const PlotOptions&) = default;
};

/// A number that runs fetched, as a line over the number of the run.
struct PlotLine {
    struct Point {
        std::size_t run = 0;    ///< from 1
        double value = 0;       ///< as it was fetched
        double height = 0;      ///< 0 to 1 of the scale; NaN: it is not on the scale
        std::uint64_t tick = 0; ///< the position just after the run
    };
    std::string name;
    std::size_t hue = 0; ///< its place among all series, hidden ones too
    bool hidden = false;
    std::vector<Point> points; ///< by run
    std::string now;           ///< the newest number at the position; "" when there is none
    std::size_t off_scale = 0; ///< points that are not finite or, on a log scale, not above 0

    /// The point of the run, or the last before it; null: there is none.
    const Point* at(std::size_t run) const;
};

struct PlotTick {
    double height = 0; ///< 0 to 1
    std::string label;
};

struct PlotsView {
    std::string empty; ///< why there is nothing to see; "" when there is
    std::vector<PlotLine> lines;
    std::size_t first_run = 1, last_run = 1;
    std::optional<std::size_t> now; ///< the last run that is over at the position
    bool log = false;
    double low = 0, high = 1;    ///< of the scale
    std::vector<PlotTick> ticks; ///< from low to high
};
PlotsView build_plots(const debug::Debugger& debugger, const debug::FetchedScalars& scalars,
                      const PlotOptions& options);
std::string to_text(const PlotsView& view);

/// What a line is on one column of pixels: many runs can share it.
struct PlotColumn {
    std::size_t column = 0;
    double first = 0, last = 0, lowest = 0, highest = 0; ///< heights
};
/// Of the points with a height, in `columns` columns; empty columns are left out. A point off the scale ends a piece:
/// columns of another piece are in another list.
std::vector<std::vector<PlotColumn>> plot_columns(const PlotsView& view, const PlotLine& line, std::size_t columns);

/// The run with a point of a line that is shown, which is nearest to `run`; nullopt: there is none.
std::optional<std::size_t> nearest_run(const PlotsView& view, double run);

} // namespace rnnscope::view
