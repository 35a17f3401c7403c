#pragma once

#include "core/graph/graph.hpp"
#include "core/runtime/session.hpp"

#include <functional>
#include <string>

namespace rnnscope::runtime {

/// Where an op was defined, as TensorFlow prints it: "file.py:12"; "" when unknown.
using DefinedAt = std::function<std::string(const Node&)>;

/// The whole text that 1.`minor` prints for the error, `str(exception)` without the Python traceback
/// (tf1-semantics 5.5): message, "[[node ...]]" dress, and from 1.14 "Errors may have originated from ...".
std::string error_text(const Graph& graph, const RunError& error, int minor, const DefinedAt& defined_at);

} // namespace rnnscope::runtime
