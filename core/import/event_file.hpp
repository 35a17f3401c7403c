#pragma once

#include <optional>
#include <string_view>

namespace rnnscope {

/// The graph that a training run wrote into its event file (`events.out.tfevents...`, records of Event messages).
struct EventGraph {
    std::string_view message; ///< a MetaGraphDef, or without one a GraphDef; the last of the file
    bool is_meta_graph = false;
    std::size_t offset = 0; ///< of the message in the file
};

/// Does the content begin as an event file does?
bool is_event_file(std::string_view content);
/// Nothing when there is no graph in the file. A file that is cut off, as that of a run which was stopped, counts up to
/// its last whole record.
std::optional<EventGraph> find_event_graph(std::string_view content);

} // namespace rnnscope
