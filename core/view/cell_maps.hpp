#pragma once

#include "core/view/cell_view.hpp"

#include <chrono>
#include <optional>
#include <vector>

namespace rnnscope::view {

/// One quantity of a cell over time: units (rows) × columns. A column is a time step, or several of them where there
/// are many; then each cell shows its value that is farthest from the middle, and a NaN wins.
struct CellMap {
    char letter = 'h';
    std::string word;
    CellScale scale = CellScale::state;
    bool bounded = false;
    std::int64_t units = 0;
    enum Flag : std::uint8_t { computed = 1, saturated = 2, poisoned = 4 };
    std::vector<float> values;       ///< by column, then by unit
    std::vector<std::uint8_t> flags; ///< likewise
    std::vector<float> saturation;   ///< by column: share of saturated units
    double middle = 0, range = 1;    ///< the scale runs from middle − range to middle + range
    std::vector<double> of_unit;     ///< the unit that is shown in every time step; NaN: none

    std::size_t at(std::size_t column, std::int64_t unit) const {
        return column * static_cast<std::size_t>(units) + static_cast<std::size_t>(unit);
    }
};

/// All maps of a track in a run. Filled within a budget, a few columns at a time, and kept until something else is
/// asked for; when the recording grows, only what is new is added.
class CellMaps {
  public:
    static constexpr std::size_t most_columns = 2048;

    /// Begins anew where track, run, example or number of steps differ from before.
    void want(const debug::Debugger& debugger, const CellView& view);
    /// Works for about `budget`; true when nothing is left to do.
    bool work(const debug::Debugger& debugger, std::chrono::microseconds budget);
    bool is_complete() const { return next_ >= columns_; }

    const std::vector<CellMap>& maps() const { return maps_; }
    std::size_t steps() const { return steps_; }
    std::size_t columns() const { return columns_; }
    std::size_t filled() const { return next_; } ///< columns that are there
    std::size_t first_step(std::size_t column) const { return column * steps_ / std::max<std::size_t>(columns_, 1); }
    std::size_t end_step(std::size_t column) const { return std::max(first_step(column) + 1, first_step(column + 1)); }
    std::size_t column_of(std::size_t step) const;
    std::size_t generation() const { return generation_; } ///< another one: something looks different

  private:
    struct Key {
        std::shared_ptr<const program::Program> program;
        CellTrack track;
        RunId run;
        std::int64_t example = 0;
        std::size_t steps = 0;
        std::uint32_t events = 0; ///< of the run: the last step may be half done
        bool poison = false, is_diversion = false;
        friend bool operator==(const Key&, const Key&) = default;
    };
    void add_column(const CellSteps& steps, std::size_t column);
    void add_step(const CellSteps& steps, std::size_t column, std::size_t t, CellMap& map);
    void choose_ranges();

    std::optional<Key> key_;
    std::optional<std::int64_t> unit_; ///< whose lines are there
    std::vector<CellMap> maps_;
    std::size_t steps_ = 0, columns_ = 0, next_ = 0, generation_ = 0;
};
std::string to_text(const CellMaps& maps);

} // namespace rnnscope::view
