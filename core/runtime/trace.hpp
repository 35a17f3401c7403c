#pragma once

#include "core/runtime/round.hpp"
#include "core/runtime/session.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace rnnscope::runtime {

/// Where a value of a trace comes from.
struct TraceName {
    enum class Kind : std::uint8_t {
        none,
        waiting, ///< when the trace begins: number among those that wait (Dataflow::for_each_waiting)
        output   ///< of a visit of the trace: position in Trace::outputs
    } kind = Kind::none;
    std::uint32_t index = 0;
};
inline bool has_value(const TraceName& name) {
    return name.kind != TraceName::Kind::none;
}

struct TraceVisit {
    Dataflow<ops::Value>::Task task; ///< the iteration is that of the run that was logged
    std::uint32_t frame_id = 0;
    std::uint32_t first_input = 0;  ///< in Trace::inputs and known_inputs
    std::uint32_t first_output = 0; ///< in Trace::outputs
    bool knows_inputs = false;
    bool knows_outputs = false;      ///< nothing has to be computed
    std::optional<Shape> reads;      ///< knows them only while its input has this shape: Shape, Size, Rank
    std::optional<FrameInfo> opened; ///< the frame that it opens
};

/// The visits that a run makes outside the rounds of its loops: from its beginning, or from the end of a loop's rounds,
/// to the next loop's rounds or the end of the run. A run that begins in the same state and whose outputs have values
/// where they had some makes the same visits, so that nobody has to find out which is next; and what depends on
/// constants and shapes alone is the same.
struct Trace {
    std::vector<std::uint32_t> image; ///< of the dataflow when it begins; empty: a run that begins
    std::uint32_t frame = 0;          ///< the loop that lives then, or 0
    std::uint32_t frame_id = 0;
    std::int64_t first = 0; ///< its oldest iteration, in the run that was logged

    std::vector<TraceVisit> visits;
    std::vector<TraceName> inputs;
    std::vector<ops::Value> known_inputs; ///< by input
    std::vector<ops::Value> outputs;      ///< known ones, and an empty value for each that is not
    std::vector<std::uint8_t> has_output;
    std::optional<Dataflow<TraceName>> end; ///< the dataflow then; empty: the run ends
    std::size_t live_frames = 0;            ///< of a run that ends

    int failures = 0; ///< runs that began like it and went another way
};

/// The visits of a run so far.
struct TraceLog {
    std::vector<std::uint32_t> image; ///< as in Trace, like the next two
    std::uint32_t frame = 0;
    std::int64_t first = 0;
    std::optional<Dataflow<TraceName>> start;
    std::vector<LoggedVisit> visits;
};

/// Null where it cannot be followed: loops within the loop that live on.
std::shared_ptr<Trace> compile_trace(const Plan& plan, const TraceLog& log, bool run_ends);

} // namespace rnnscope::runtime
