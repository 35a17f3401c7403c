#pragma once

#include "core/debug/debugger.hpp"
#include "core/debug/poison_mask.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace rnnscope::view {

/// One use of a cell, a layer of the network. Its time steps are the iterations of the loop that it runs in, the
/// instances of a static unroll one after the other, or the rows of an op that computes a whole sequence.
struct CellTrack {
    std::size_t cell = 0;               ///< in GraphRoles::cells
    std::vector<std::size_t> instances; ///< in the order of time; a single one in a loop
    std::string label;                  ///< "cell_0/gru_cell": what tells it from the others
    std::string path;                   ///< scope of its ops
    friend bool operator==(const CellTrack&, const CellTrack&) = default;
};
/// In the order of the cells, layers of one cell in node order.
std::vector<CellTrack> cell_tracks(const std::vector<RecognizedCell>& cells);

/// Where the time steps of a track are in a run: from (part, time step) to the event and its value. Cheap to make;
/// valid until the recording grows or the graph changes.
class CellSteps {
  public:
    CellSteps(const debug::Debugger& debugger, const CellTrack& track, RunId run);

    const RecognizedCell& cell() const { return cell_; }
    /// The application of the cell that makes time step `t`.
    const CellInstance& instance(std::size_t t) const;
    RunId run() const { return run_; }
    std::size_t size() const { return size_; } ///< time steps of which something was computed
    /// Which of them the position is in: the last that has begun. Nullopt: none has.
    std::optional<std::size_t> now(record::Position position) const;

    /// The event that made the part in time step `t`; nullopt when none did (not reached, or skipped).
    std::optional<std::uint32_t> event(std::string_view part, std::size_t t) const;
    /// [batch, units]; empty when it was not computed.
    Tensor value(std::string_view part, std::size_t t) const;
    debug::PoisonMask poison(std::string_view part, std::size_t t) const;
    /// What the cell read in time step `t`: its inputs side by side, [batch, input], and the states before.
    std::vector<Tensor> inputs(std::size_t t) const;
    Tensor previous_h(std::size_t t) const;
    Tensor previous_c(std::size_t t) const;
    /// The weight with this role as the run's time step saw it; empty when it cannot be told.
    Tensor weight(std::string_view role, std::size_t t) const;
    /// The position just after time step `t`: all of it happened.
    std::uint64_t tick_after(std::size_t t) const;
    /// Element `unit` of example `example` of the part in every time step; NaN where there is none.
    std::vector<double> over_time(std::string_view part, std::int64_t example, std::int64_t unit) const;

  private:
    bool is_sequence() const; ///< one op for all time steps
    std::size_t count_recorded() const;
    std::optional<std::uint32_t> event_of(Output output, std::size_t t) const;
    Tensor value_of(Output output, std::size_t t) const;
    Tensor row_of_sequence(const Tensor& all, std::size_t t) const;
    Tensor fed(Output output) const;

    const debug::Debugger& debugger_;
    const record::Recording& recording_;
    const Graph* graph_ = nullptr;
    const RecognizedCell& cell_;
    const CellTrack& track_;
    RunId run_;
    std::size_t size_ = 0;
};

/// The run that shows the track at the position: the one that the position is in, or else the last before it that
/// computed anything of the cell. Invalid: none did.
RunId run_of_track(const debug::Debugger& debugger, const CellTrack& track);

} // namespace rnnscope::view
