#pragma once

#include "core/tf1/graph_state.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

/// tf.Graph as a value. One graph has one such object, so that identity compares as in Python.
class GraphObject : public Object {
  public:
    explicit GraphObject(GraphState& state) : state_(state) {}
    std::string type_name() const override { return "Graph"; }
    std::string repr() const override { return "<tensorflow.python.framework.ops.Graph object>"; }
    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override { return {"seed"}; }
    GraphState& state() const { return state_; }

  private:
    GraphState& state_;
};

Value graph_object(GraphState& state);
/// The graph of a "self" argument.
GraphState& graph_of(const Value& self);

/// A context manager made of guards: `enter` builds the guards it needs and says what `as` binds. It can be entered
/// again, also while it is entered.
class ScopeManager : public Object {
  public:
    using Guards = std::vector<std::shared_ptr<void>>;
    using Enter = std::function<Value(Context&, Guards&)>;
    ScopeManager(std::string type_name, Enter enter) : type_name_(std::move(type_name)), enter_(std::move(enter)) {}
    ~ScopeManager() override {
        while (!frames_.empty()) close();
    }
    std::string type_name() const override { return type_name_; }
    bool enterable() const override { return true; }
    Value enter(Context& context) override;
    void exit(Context& context) override;

  private:
    void close();

    std::string type_name_;
    Enter enter_;
    std::vector<Guards> frames_;
};

} // namespace rnnscope::tf1
