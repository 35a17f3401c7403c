#include "core/record/recording.hpp"
#include "core/tf1/context.hpp"
#include "core/tf1/graph_state.hpp"

namespace rnnscope::record {

GraphSource graphs_of(const program::Evaluator& evaluator) {
    const program::Evaluator* source = &evaluator;
    return {
        .count = [source] { return source->graph_count(); },
        .graph = [source](GraphId id) -> const Graph& { return source->graph(id); },
        // Asking for the default graph changes nothing, but the context's accessor is for those who build.
        .current = [source] { return const_cast<tf1::Context&>(source->context()).default_graph().graph.id(); },
    };
}

} // namespace rnnscope::record
