#pragma once

#include "core/view/inspector_view.hpp"

namespace rnnscope::view {

/// What a graph that was opened by itself offers: placeholders, outputs, initializers, training steps, savers and
/// cells, each a link. It stands in the inspector while nothing is selected. Empty for programs.
InspectorView build_graph_overview(const debug::Debugger& debugger);

} // namespace rnnscope::view
