#include "core/tf1/api_families.hpp"
#include "core/tf1/collections.hpp"
#include "core/tf1/graph_object.hpp"
#include "core/tf1/variable_scope.hpp"

#include <cassert>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

template <class Guard, class... Args> void hold(ScopeManager::Guards& guards, Args&&... args) {
    guards.push_back(std::make_shared<Guard>(std::forward<Args>(args)...));
}

Value name_scope(Context&, const Arguments& a) {
    const Value name = a[0].is_none() ? a[1] : a[0];
    if (!name.is_none() && !name.is<std::string>())
        raise("TypeError", fmt::format("name for name_scope must be a string."));
    if (name.is_none() && !a[2].is_none())
        raise("ValueError", "At least one of name (None) and default_name (None) must be provided.");
    return Value(std::make_shared<ScopeManager>(
        "name_scope", [name = optional_text(name)](Context& context, ScopeManager::Guards& guards) -> Value {
            auto scope = std::make_shared<NameScope>(context.default_graph(), name);
            guards.push_back(scope);
            return scope->scope();
        }));
}

Value control_dependencies(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    std::vector<NodeId> ops;
    const bool clears = a[0].is_none();
    if (!clears) {
        const std::vector<Value>* items = items_of(a[0]);
        if (items == nullptr) raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(a[0])));
        for (const Value& item : *items) {
            if (!item.is<std::string>()) {
                ops.push_back(to_operation(state, item));
                continue;
            }
            const std::string& name = *item.as<std::string>();
            const NodeId node = state.graph.find(name.substr(0, name.find(':')));
            if (!node.valid())
                raise("KeyError", fmt::format("The name {} refers to an Operation not in the graph.", repr(item)));
            ops.push_back(node);
        }
    }
    return Value(std::make_shared<ScopeManager>(
        "_ControlDependenciesController", [&state, ops, clears](Context&, ScopeManager::Guards& guards) -> Value {
            if (clears)
                guards.push_back(std::shared_ptr<ControlDependenciesScope>(
                    new ControlDependenciesScope(ControlDependenciesScope::clear(state))));
            else
                hold<ControlDependenciesScope>(guards, state, ops);
            return None{};
        }));
}

Value device(Context&, const Arguments& a) {
    return Value(std::make_shared<ScopeManager>(
        "_UserDeviceSpec", [name = optional_text(a[0])](Context& context, ScopeManager::Guards& guards) -> Value {
            hold<DeviceScope>(guards, context.default_graph(), name);
            return None{};
        }));
}

Value colocate_with(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const NodeId op = a[0].is_none() ? NodeId{} : to_operation(state, a[0]);
    if (!op.valid() && !a[1].truthy())
        raise("ValueError", "Trying to reset colocation (op is None) but ignore_existing is not True");
    return Value(std::make_shared<ScopeManager>(
        "_GeneratorContextManager",
        [&state, op, ignore = a[1].truthy()](Context&, ScopeManager::Guards& guards) -> Value {
            hold<ColocateScope>(guards, state, op, ignore);
            return None{};
        }));
}

Value init_scope(Context&, const Arguments&) {
    return Value(std::make_shared<ScopeManager>("_GeneratorContextManager",
                                                [](Context& context, ScopeManager::Guards& guards) -> Value {
                                                    hold<InitScope>(guards, context.default_graph());
                                                    return None{};
                                                }));
}

/// tf.variable_scope(...): enters when `with` does, and may be entered again.
class VariableScopeManager : public Object {
  public:
    explicit VariableScopeManager(VariableScopeArgs args) : args_(std::move(args)) {}
    ~VariableScopeManager() override {
        while (!entries_.empty()) entries_.pop_back();
    }
    std::string type_name() const override { return "variable_scope"; }
    bool enterable() const override { return true; }
    Value enter(Context& context) override {
        entries_.push_back(std::make_unique<VariableScopeEntry>(context.default_graph(), args_));
        return Value(entries_.back()->scope());
    }
    void exit(Context&) override {
        assert(!entries_.empty() && "every exit belongs to an enter");
        const std::unique_ptr<VariableScopeEntry> entry = std::move(entries_.back());
        entries_.pop_back();
        entry->leave();
    }

  private:
    VariableScopeArgs args_;
    std::vector<std::unique_ptr<VariableScopeEntry>> entries_;
};

Value variable_scope(Context&, const Arguments& a) {
    VariableScopeArgs args;
    args.name_or_scope = a[0];
    args.default_name = optional_text(a[1]);
    args.initializer = a[3];
    args.regularizer = a[4];
    args.caching_device = optional_text(a[5]);
    args.partitioner = a[6];
    args.custom_getter = a[7];
    if (a[0].is_none() && !args.default_name)
        raise("TypeError", "If default_name is None then name_or_scope is required");
    const std::optional<Reuse> reuse = to_reuse(a[8]);
    if (!reuse) raise("ValueError", "The reuse parameter must be True or False or None.");
    args.reuse = *reuse == Reuse::no ? Reuse::none : *reuse;
    args.dtype = optional_dtype(a[9]);
    args.use_resource = optional_bool(a[10]);
    args.constraint = a[11];
    if (!a[12].is<bool>())
        raise("TypeError", fmt::format("The auxiliary_name_scope must be `True` or `False`, while get {}", str(a[12])));
    args.auxiliary_name_scope = *a[12].as<bool>();
    return Value(std::make_shared<VariableScopeManager>(std::move(args)));
}

std::shared_ptr<VariableScope> self_scope(const Arguments& a) {
    auto scope = a[0].object<VariableScope>();
    assert(scope != nullptr && "methods of VariableScope are called on scopes");
    return scope;
}

/// VariableScope.global_variables() and its like: the collection under "name/".
template <OpName key> Value scope_collection(Context& context, const Arguments& a) {
    return get_collection(context.default_graph(), std::string(key.view()), Value(self_scope(a)->collection_scope()));
}

} // namespace

std::vector<ApiDef> scope_api() {
    return {
        {"name_scope", params("name, default_name=None, values=None"), "A prefix for the names of ops.", name_scope},
        {"variable_scope",
         params(
             "name_or_scope, default_name=None, values=None, initializer=None, regularizer=None, caching_device=None, "
             "partitioner=None, custom_getter=None, reuse=None, dtype=None, use_resource=None, constraint=None, "
             "auxiliary_name_scope=True"),
         "A prefix for the names of variables, and whether they are shared.", variable_scope},
        {"get_variable_scope",
         {},
         "The current variable scope.",
         [](Context& context, const Arguments&) { return Value(context.default_graph().variable_scope); }},
        {"control_dependencies", params("control_inputs"), "Ops made inside wait for the given ones.",
         control_dependencies},
        {"device", params("device_name_or_function"), "Places ops on a device.", device},
        {"colocate_with", params("op, ignore_existing=False"), "Places ops where another op is.", colocate_with},
        {"init_scope", {}, "Lifts ops out of control flow.", init_scope},
        {"VariableScope.reuse_variables", params("self"), "From now on variables are shared, not made.",
         [](Context&, const Arguments& a) -> Value {
             self_scope(a)->reuse = Reuse::yes;
             return None{};
         }},
        {"VariableScope.set_initializer", params("self, initializer"), "Sets the default initializer.",
         [](Context&, const Arguments& a) -> Value {
             self_scope(a)->initializer = a[1];
             return None{};
         }},
        {"VariableScope.set_dtype", params("self, dtype"), "Sets the default type.",
         [](Context&, const Arguments& a) -> Value {
             self_scope(a)->dtype = to_dtype(a[1]);
             return None{};
         }},
        {"VariableScope.set_use_resource", params("self, use_resource"), "Sets the kind of variables.",
         [](Context&, const Arguments& a) -> Value {
             self_scope(a)->use_resource = a[1].truthy();
             return None{};
         }},
        {"VariableScope.set_regularizer", params("self, regularizer"), "Sets the default regularizer.",
         [](Context&, const Arguments& a) -> Value {
             self_scope(a)->regularizer = a[1];
             return None{};
         }},
        {"VariableScope.global_variables", params("self"), "The global variables of the scope.",
         scope_collection<"variables">},
        {"VariableScope.local_variables", params("self"), "The local variables of the scope.",
         scope_collection<"local_variables">},
        {"VariableScope.trainable_variables", params("self"), "The trainable variables of the scope.",
         scope_collection<"trainable_variables">},
        {"VariableScope.get_collection", params("self, name"), "What a collection holds of the scope.",
         [](Context& context, const Arguments& a) {
             return get_collection(context.default_graph(), text_or(a[1], ""),
                                   Value(self_scope(a)->collection_scope()));
         }},
    };
}

} // namespace rnnscope::tf1
