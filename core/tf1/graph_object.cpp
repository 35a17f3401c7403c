#include "core/tf1/graph_object.hpp"

#include "core/tf1/api.hpp"

#include <cassert>

namespace rnnscope::tf1 {

Value GraphObject::attribute(Context& context, std::string_view name) {
    if (name == "seed") return state_.seed ? Value(*state_.seed) : Value();
    if (name == "version") return state_.last_id();
    return Object::attribute(context, name);
}

Value graph_object(GraphState& state) {
    Value& object = state.attached["tf.Graph"];
    if (object.is_none()) object = Value(std::make_shared<GraphObject>(state));
    return object;
}

GraphState& graph_of(const Value& self) {
    const auto object = self.object<GraphObject>();
    assert(object != nullptr && "methods of Graph are called on graphs");
    return object->state();
}

Value ScopeManager::enter(Context& context) {
    Guards guards;
    Value bound;
    try {
        bound = enter_(context, guards);
    } catch (...) {
        while (!guards.empty()) guards.pop_back();
        throw;
    }
    frames_.push_back(std::move(guards));
    return bound;
}

void ScopeManager::close() {
    Guards& guards = frames_.back();
    while (!guards.empty()) guards.pop_back(); // the last one made is the first to go
    frames_.pop_back();
}

void ScopeManager::exit(Context&) {
    assert(!frames_.empty() && "every exit belongs to an enter");
    close();
}

} // namespace rnnscope::tf1
