#include "core/tf1/context.hpp"

#include "core/tf1/graph_state.hpp"

namespace rnnscope::tf1 {

Context::Context(TfVersion version) : version_(version) {
    stack_.push_back(&new_graph());
}

Context::~Context() = default;

GraphState& Context::default_graph() {
    return *stack_.back();
}

GraphState& Context::new_graph() {
    graphs_.push_back(std::make_unique<GraphState>(*this, GraphId(graphs_.size())));
    return *graphs_.back();
}

void Context::push_graph(GraphState& graph) {
    stack_.push_back(&graph);
}

void Context::pop_graph() {
    assert(stack_.size() > 1 && "every pop belongs to a push");
    stack_.pop_back();
}

void Context::reset_default_graph() {
    if (stack_.size() > 1)
        raise("AssertionError", "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared "
                                "graph, exit the nesting and create a new graph.");
    stack_.back() = &new_graph();
}

} // namespace rnnscope::tf1
