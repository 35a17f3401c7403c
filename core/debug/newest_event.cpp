#include "core/debug/newest_event.hpp"

namespace rnnscope::debug {

std::optional<std::uint32_t> newest_event(const record::Recording& recording, RunId run, NodeId node,
                                          record::Position position) {
    const record::EventNumbers events = recording.events_of(run, node);
    const std::size_t happened = events.lower_bound(recording.events_at(run, position));
    if (happened == 0) return std::nullopt;
    const std::uint32_t newest = events[happened - 1];
    if (happened == 1) return newest;
    const record::RecordedVisit last = recording.visit(run, newest),
                                before = recording.visit(run, events[happened - 2]);
    const bool ends_loop = last.dead && !before.dead && last.frame != 0 && last.frame == before.frame;
    return ends_loop ? events[happened - 2] : newest;
}

Tensor fed_value(const record::Recording& recording, RunId run, Output output) {
    for (const runtime::RunRequest::Feed& feed : recording.run(run).info.request.feeds)
        if (feed.output == output) return feed.value;
    return {};
}

} // namespace rnnscope::debug
