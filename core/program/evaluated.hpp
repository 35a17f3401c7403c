#pragma once

#include "core/base/id.hpp"
#include "core/graph/graph.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace rnnscope::program {

/// An error of the program under evaluation: a Python exception with its place.
struct ProgramError {
    std::string error_class; ///< "ValueError", "FailedPreconditionError"
    std::string message;     ///< first line
    std::string text;        ///< whole text for the wanted version
    std::string op, variable;
    GraphId graph;
    NodeId node;           ///< the client graph's node, if there is one
    StatementId statement; ///< innermost
    StepId step;
    RunId run; ///< invalid: not inside a run ("build-error")
};

/// What an evaluation made of its program: of one that goes on (Evaluator), or of one that was recorded elsewhere.
class Evaluated {
  public:
    virtual ~Evaluated() = default;
    virtual bool done() const = 0;                                ///< nothing more comes
    virtual const std::optional<ProgramError>& error() const = 0; ///< the error that ended the program
    virtual const Graph& graph(GraphId id) const = 0;
    virtual std::size_t graph_count() const = 0;
    /// The statements that were active when a node was made, innermost first: the one that made it, then the calls it
    /// stands in.
    virtual std::vector<StatementId> origin_stack(OriginId origin) const = 0;
    /// The innermost of them; invalid when unknown.
    StatementId statement_of(const Node& node) const {
        const std::vector<StatementId> stack = origin_stack(node.origin);
        return stack.empty() ? StatementId{} : stack.front();
    }
};

} // namespace rnnscope::program
