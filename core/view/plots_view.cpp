#include "core/view/plots_view.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

namespace rnnscope::view {

namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

std::string tick_text(double value, double distance) {
    const int digits = std::clamp(-static_cast<int>(std::floor(std::log10(distance) + 1e-9)), 0, 12);
    if (value != 0 && (std::fabs(value) >= 1e6 || digits > 6)) return fmt::format("{:g}", value);
    const std::string text = fmt::format("{:.{}f}", std::fabs(value), digits);
    return value < 0 && text.find_first_not_of("0.") != std::string::npos ? "−" + text : text;
}

bool is_on_scale(double value, bool log) {
    return std::isfinite(value) && (!log || value > 0);
}

/// Linear: from a round number to a round number. Log: from a power of ten to a power of ten.
void choose_scale(PlotsView& view) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const PlotLine& line : view.lines)
        for (const PlotLine::Point& point : line.points) {
            if (line.hidden || !is_on_scale(point.value, view.log)) continue;
            low = std::min(low, point.value);
            high = std::max(high, point.value);
        }
    if (low > high) {
        low = view.log ? 0.1 : 0;
        high = 1;
    }
    if (view.log) {
        const double from = std::floor(std::log10(low) + 1e-9),
                     to = std::max(std::ceil(std::log10(high) - 1e-9), from + 1);
        view.low = std::pow(10.0, from);
        view.high = std::pow(10.0, to);
        const double step = std::max(1.0, std::ceil((to - from) / 6));
        for (double power = from; power <= to + 1e-9; power += step)
            view.ticks.push_back({(power - from) / (to - from), fmt::format("{:g}", std::pow(10.0, power))});
        return;
    }
    constexpr double hardly = 1e-12; // of the size: no numbers could be written between the ends
    const double size = std::max(std::fabs(low), std::fabs(high)), middle = low / 2 + high / 2;
    if (high - low <= hardly * size || size < std::numeric_limits<double>::min()) { // a flat line stands in the middle
        const double room = size < std::numeric_limits<double>::min() ? 1 : size / 2;
        low = middle - room;
        high = middle + room;
    }
    constexpr int wanted = 5; // steps, about
    const double distance = rounded_up(high / wanted - low / wanted);
    const double from = std::floor(low / distance + 1e-9), to = std::ceil(high / distance - 1e-9);
    view.low = from * distance;
    view.high = to * distance;
    const int steps = static_cast<int>(to - from);
    for (int i = 0; i <= steps; ++i)
        view.ticks.push_back({static_cast<double>(i) / steps, tick_text((from + i) * distance, distance)});
}

double height_of(const PlotsView& view, double value) {
    if (!is_on_scale(value, view.log)) return nan;
    if (!view.log) return (value - view.low) / (view.high - view.low);
    return std::log10(value / view.low) / std::log10(view.high / view.low);
}

} // namespace

const PlotLine::Point* PlotLine::at(std::size_t run) const {
    const auto next = std::ranges::upper_bound(points, run, {}, &Point::run);
    return next == points.begin() ? nullptr : &*std::prev(next);
}

PlotsView build_plots(const debug::Debugger& debugger, const debug::FetchedScalars& scalars,
                      const PlotOptions& options) {
    PlotsView view;
    view.log = options.log;
    view.first_run = SIZE_MAX;
    for (const debug::ScalarSeries& series : scalars.series()) {
        PlotLine& line = view.lines.emplace_back();
        line.name = series.name;
        line.hue = view.lines.size() - 1;
        line.hidden = options.hidden.contains(series.name);
        for (const debug::ScalarPoint& point : series.points) {
            const std::size_t run = point.run.index() + 1;
            line.points.push_back({run, point.number(), nan, point.after.ticks});
            line.off_scale += !is_on_scale(point.number(), options.log);
            view.first_run = std::min(view.first_run, run);
            view.last_run = std::max(view.last_run, run);
            if (point.after > debugger.position()) continue;
            line.now = number_text(point.number());
            view.now = std::max(view.now.value_or(0), run);
        }
    }
    if (view.lines.empty()) {
        view.first_run = 1;
        view.empty = !debugger.is_open() || debugger.recording().runs().empty()
                         ? "No run yet."
                         : "No run fetched a single number, such as a loss.";
        return view;
    }
    choose_scale(view);
    for (PlotLine& line : view.lines)
        for (PlotLine::Point& point : line.points) point.height = height_of(view, point.value);
    return view;
}

std::string to_text(const PlotsView& view) {
    if (!view.empty.empty()) return view.empty + "\n";
    std::string out = fmt::format("runs {} to {}, {} scale from {} to {}", view.first_run, view.last_run,
                                  view.log ? "log" : "linear", view.ticks.front().label, view.ticks.back().label);
    if (view.now) out += fmt::format(", at run {}", *view.now);
    out += "\n";
    for (const PlotLine& line : view.lines) {
        out += fmt::format("{}{}: {} of {}", line.hidden ? "(hidden) " : "", line.name,
                           line.now.empty() ? "nothing yet" : line.now, count_text(line.points.size(), "run"));
        if (line.off_scale > 0) out += fmt::format(", {} not on the scale", line.off_scale);
        out += "\n";
    }
    return out;
}

std::vector<std::vector<PlotColumn>> plot_columns(const PlotsView& view, const PlotLine& line, std::size_t columns) {
    std::vector<std::vector<PlotColumn>> pieces;
    bool goes_on = false;
    const double runs = static_cast<double>(std::max<std::size_t>(view.last_run - view.first_run, 1));
    for (const PlotLine::Point& point : line.points) {
        if (std::isnan(point.height)) {
            goes_on = false;
            continue;
        }
        const double along = static_cast<double>(point.run - view.first_run) / runs;
        const auto column =
            static_cast<std::size_t>(along * static_cast<double>(std::max<std::size_t>(columns, 1) - 1));
        if (!goes_on) pieces.emplace_back();
        std::vector<PlotColumn>& piece = pieces.back();
        if (piece.empty() || piece.back().column != column) {
            piece.push_back({column, point.height, point.height, point.height, point.height});
        } else {
            piece.back().last = point.height;
            piece.back().lowest = std::min(piece.back().lowest, point.height);
            piece.back().highest = std::max(piece.back().highest, point.height);
        }
        goes_on = true;
    }
    return pieces;
}

std::optional<std::size_t> nearest_run(const PlotsView& view, double run) {
    std::optional<std::size_t> nearest;
    const auto consider = [&](std::size_t candidate) {
        const auto distance = [&](std::size_t at) { return std::fabs(static_cast<double>(at) - run); };
        if (!nearest || distance(candidate) < distance(*nearest)) nearest = candidate;
    };
    for (const PlotLine& line : view.lines) {
        if (line.hidden) continue;
        const auto wanted = static_cast<std::size_t>(std::max(run, 0.0));
        const auto next = std::ranges::upper_bound(line.points, wanted, {}, &PlotLine::Point::run);
        if (next != line.points.end()) consider(next->run);
        if (next != line.points.begin()) consider(std::prev(next)->run);
    }
    return nearest;
}

} // namespace rnnscope::view
