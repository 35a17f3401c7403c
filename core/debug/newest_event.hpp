#pragma once

#include "core/record/recording.hpp"

#include <cstdint>
#include <optional>

namespace rnnscope::debug {

/// The newest event of the node in a run before the position that says something: of an op in a loop, whose last visit
/// only finds that the loop has ended, the one before. nullopt: there is none yet.
std::optional<std::uint32_t> newest_event(const record::Recording& recording, RunId run, NodeId node,
                                          record::Position position);

/// What the run was fed for the output, whose op then does not run; empty: it was not.
Tensor fed_value(const record::Recording& recording, RunId run, Output output);

} // namespace rnnscope::debug
