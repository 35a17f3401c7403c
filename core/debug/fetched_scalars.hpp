#pragma once

#include "core/debug/answer.hpp"
#include "core/debug/debugger.hpp"

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// What one Session.run fetched.
struct ScalarPoint {
    RunId run;
    Tensor value;   ///< of one element
    Position after; ///< just after the run
    double number() const { return value.number(0); }
};

/// A number that runs fetch again and again: a loss, the norm of a gradient, an accuracy.
struct ScalarSeries {
    GraphId graph;
    Output fetch;
    std::string name;                ///< "loss:0"; with several graphs "loss:0 of graph 2"
    std::vector<ScalarPoint> points; ///< oldest first, one for each run that fetched it
};

/// All numbers that were fetched, by run, whatever the position: in order of the first run that fetched them. Grows
/// with the recording; what is there stays.
class FetchedScalars {
  public:
    /// Looks at the runs that ended since the last time, or at all where another evaluation is looked at.
    void update(const Debugger& debugger);
    std::span<const ScalarSeries> series() const { return series_; }
    std::uint64_t version() const { return version_; } ///< another one: something was added, or all is new

  private:
    void add(const Debugger& debugger, const record::RecordedRun& run);

    std::weak_ptr<const Evaluation> evaluation_;
    std::size_t runs_ = 0; ///< that were looked at
    std::vector<ScalarSeries> series_;
    std::uint64_t version_ = 0;
};

/// Each series with its extremes, and its runs with their lines and positions.
Answer answer_scalars(const Debugger& debugger);
/// A line for each run that fetched a number: run, line of the program, and the numbers, with as many digits as bring
/// them back; "" where the run did not fetch it.
std::string scalars_csv(const Debugger& debugger);
/// To a file. Error "value.none": nothing was fetched.
Result<std::string> export_scalars(const Debugger& debugger, std::string_view path);

} // namespace rnnscope::debug
