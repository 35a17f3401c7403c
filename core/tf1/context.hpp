#pragma once

#include "core/base/id.hpp"
#include "core/graph/graph.hpp"
#include "core/tf1/value.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

/// The TensorFlow whose graphs and texts are wanted. Graphs are always 1.15's; texts follow the version.
struct TfVersion {
    int major = 1;
    int minor = 15;
    friend auto operator<=>(const TfVersion&, const TfVersion&) = default;
};

/// What Python's process-wide state is for one evaluation: the graphs, the default-graph stack, the version.
/// One Context per evaluation; nothing in tf1 is global.
class Context {
  public:
    explicit Context(TfVersion version = {});
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;

    TfVersion version() const { return version_; }

    GraphState& default_graph();        ///< top of the stack
    GraphState& new_graph();            ///< tf.Graph()
    void push_graph(GraphState& graph); ///< `with graph.as_default()`
    void pop_graph();
    const std::vector<std::unique_ptr<GraphState>>& graphs() const { return graphs_; }
    void reset_default_graph();

    /// Who is asking: nodes made from now on carry this origin.
    void set_origin(OriginId origin) { origin_ = origin; }
    OriginId origin() const { return origin_; }
    /// "  File "F", line N, in FUNC\n    SOURCE\n" for an origin, innermost frame first, and "F:N" for its innermost
    /// frame: TensorFlow prints both. Set by the evaluator; without it tracebacks are empty.
    std::function<std::vector<std::string>(OriginId)> traceback;

  private:
    TfVersion version_;
    std::vector<std::unique_ptr<GraphState>> graphs_;
    std::vector<GraphState*> stack_;
    OriginId origin_;
};

} // namespace rnnscope::tf1
