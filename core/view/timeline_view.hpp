#pragma once

#include "core/view/common.hpp"

#include <string>
#include <vector>

namespace rnnscope::view {

enum class BoxTone : std::uint8_t { plain, failed, to_change };

/// A stretch of ticks with a label.
struct TimelineBox {
    std::string label;
    std::uint64_t first = 0, last = 0; ///< ticks, inclusive
    StatementId statement;
    RunId run;
    BoxTone tone = BoxTone::plain;
    bool reached = true;
    std::uint64_t weight() const { return last - first + 1; }
};

/// A stretch of events of the run that is shown in full.
struct EventBox {
    std::string label; ///< "before the loop", "t = 0"
    std::uint32_t first = 0, last = 0;
    bool reached = true;
};

struct Pip {
    enum class Kind : std::uint8_t { declared, write, read, uninitialized_read } kind = Kind::declared;
    std::uint64_t tick = 0;
    StateMark mark = StateMark::none; ///< after it
    bool in_run = false;              ///< of the shown run: `event` is its place
    std::uint32_t event = 0;
    std::string caption; ///< "read, line 23"
};

struct PipLane {
    std::string name; ///< last segment
    std::string path;
    VariableId variable;
    std::vector<Pip> pips;
};

/// Statements, runs, time steps, ops, and the pinned variables, with the position.
struct TimelineView {
    std::vector<TimelineBox> statements, runs;
    std::uint64_t end = 0; ///< ticks recorded
    std::uint64_t now = 0;
    RunId run; ///< shown in full; invalid when nothing ran
    std::size_t events = 0, planned = 0;
    std::vector<EventBox> time_steps;
    std::vector<float> heights; ///< by event: log of the bytes that came out, 1 for the most of the run; dead: 0
    std::uint32_t now_event = 0;
    bool inside = false; ///< the position is inside of `run`
    bool failed = false; ///< the last event failed
    std::string flag;    ///< "event 47", "line 17", "end"
    std::vector<PipLane> lanes;
    struct Mark {
        std::uint64_t tick = 0;
        bool in_run = false; ///< of the shown run: `event` is its place
        std::uint32_t event = 0;
        std::string name;
    };
    std::vector<Mark> bookmarks; ///< as far as it was recorded
};
TimelineView build_timeline(const debug::Debugger& debugger);
std::string to_text(const TimelineView& view);

} // namespace rnnscope::view
