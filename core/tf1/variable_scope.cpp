#include "core/tf1/variable_scope.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// variable_scope._ReuseMode
class ReuseMode : public Object {
  public:
    std::string type_name() const override { return "_ReuseMode"; }
    std::string repr() const override { return "<_ReuseMode.AUTO_REUSE: 1>"; }
};

/// VariableScope(...) of a child: what `from` says, with what was given on top of it.
std::shared_ptr<VariableScope> derived(const VariableScope& from, const VariableScopeArgs& args) {
    auto scope = std::make_shared<VariableScope>(from);
    if (!args.initializer.is_none()) scope->initializer = args.initializer;
    if (!args.regularizer.is_none()) scope->regularizer = args.regularizer;
    if (args.caching_device) scope->caching_device = args.caching_device;
    if (!args.partitioner.is_none()) scope->partitioner = args.partitioner;
    if (!args.custom_getter.is_none()) scope->custom_getter = args.custom_getter;
    if (args.dtype != DType::invalid) scope->dtype = args.dtype;
    if (args.use_resource) scope->use_resource = args.use_resource;
    scope->constraint = args.constraint; // not inherited
    return scope;
}

std::string last_component(const std::string& name) {
    const std::size_t slash = name.rfind('/');
    return slash == std::string::npos ? name : name.substr(slash + 1);
}

} // namespace

Value auto_reuse() {
    return Value(std::make_shared<ReuseMode>());
}

Value reuse_value(Reuse reuse) {
    switch (reuse) {
    case Reuse::none:
        return None{};
    case Reuse::no:
        return false;
    case Reuse::yes:
        return true;
    case Reuse::automatic:
        return auto_reuse();
    }
    return None{};
}

std::optional<Reuse> to_reuse(const Value& value) {
    if (value.is_none()) return Reuse::none;
    if (const bool* b = value.as<bool>()) return *b ? Reuse::yes : Reuse::no;
    if (value.object<ReuseMode>()) return Reuse::automatic;
    return std::nullopt;
}

Value VariableScope::attribute(Context& context, std::string_view attribute_name) {
    if (attribute_name == "name") return name;
    if (attribute_name == "reuse") return reuse_value(reuse);
    if (attribute_name == "original_name_scope") return original_name_scope;
    if (attribute_name == "initializer") return initializer;
    if (attribute_name == "regularizer") return regularizer;
    if (attribute_name == "caching_device") return caching_device ? Value(*caching_device) : Value();
    if (attribute_name == "partitioner") return partitioner;
    if (attribute_name == "custom_getter") return custom_getter;
    if (attribute_name == "dtype") return dtype;
    if (attribute_name == "use_resource") return use_resource ? Value(*use_resource) : Value();
    if (attribute_name == "constraint") return constraint;
    return Object::attribute(context, attribute_name);
}

std::vector<std::string> VariableScope::attribute_names() const {
    return {"name",        "reuse",          "original_name_scope", "initializer",
            "regularizer", "caching_device", "partitioner",         "custom_getter",
            "dtype",       "use_resource",   "constraint"};
}

std::string unique_variable_scope(const GraphState& state, const std::string& prefix) {
    const std::string& outer = state.variable_scope->name;
    const std::string name = outer.empty() ? prefix : outer + "/" + prefix;
    const auto count = [&](const std::string& key) {
        const auto it = state.variable_scopes_count.find(key);
        return it == state.variable_scopes_count.end() ? 0 : it->second;
    };
    if (count(name) == 0) return prefix;
    int i = 1;
    while (count(fmt::format("{}_{}", name, i)) > 0) ++i;
    return fmt::format("{}_{}", prefix, i);
}

VariableScopeEntry::VariableScopeEntry(GraphState& state, const VariableScopeArgs& args)
    : state_(state), old_(state.variable_scope) {
    if (args.name_or_scope.is_none() && !args.default_name)
        raise("TypeError", "If default_name is None then name_or_scope is required");
    const auto* name = args.name_or_scope.as<std::string>();
    const auto object = args.name_or_scope.object<VariableScope>();
    if (!args.name_or_scope.is_none() && name == nullptr && object == nullptr)
        raise("TypeError", "VariableScope: name_or_scope must be a string or VariableScope.");

    // The current name scope again, without a new one, when no auxiliary scope is wanted.
    if (!args.auxiliary_name_scope)
        name_scope_.emplace(state, state.name_stack.empty() ? std::nullopt : std::optional(state.name_stack + "/"));

    if (args.name_or_scope.is_none()) {
        if (truthy(args.reuse)) raise("ValueError", "reuse=True cannot be used without a name_or_scope");
        if (!name_scope_) name_scope_.emplace(state, *args.default_name);
        enter_named(args, unique_variable_scope(state, *args.default_name), name_scope_->scope());
        return;
    }
    const std::string scope_name = name != nullptr ? *name : last_component(object->name);
    if (!name_scope_ && !scope_name.empty()) name_scope_.emplace(state, scope_name);
    if (name != nullptr)
        enter_named(args, *name, name_scope_ ? std::optional(name_scope_->scope()) : std::nullopt);
    else
        enter_object(args, *object);
}

void VariableScopeEntry::enter_named(const VariableScopeArgs& args, const std::string& name,
                                     std::optional<std::string> old_name_scope) {
    entered_ = derived(*old_, args);
    entered_->name = old_->name.empty() ? name : old_->name + "/" + name;
    // Reuse is inherited, and Python's `or` turns "not given" into False.
    entered_->reuse = truthy(args.reuse) ? args.reuse : old_->reuse;
    entered_->original_name_scope = old_name_scope.value_or(name);
    ++state_.variable_scopes_count[entered_->name];
    state_.variable_scope = entered_;
    inside_ = true;
}

void VariableScopeEntry::enter_object(const VariableScopeArgs& args, const VariableScope& object) {
    entered_ = derived(object, args);
    entered_->reuse = truthy(args.reuse) ? args.reuse : object.reuse;
    ++state_.variable_scopes_count[entered_->name];
    counts_before_ = state_.variable_scopes_count;
    state_.variable_scope = entered_;
    inside_ = true;
}

bool VariableScopeEntry::restore() {
    if (!inside_) return true;
    inside_ = false;
    const bool nested = state_.variable_scope == entered_;
    if (nested) {
        if (counts_before_) {
            state_.variable_scopes_count = std::move(*counts_before_);
        } else {
            const std::string prefix = entered_->name + "/";
            for (auto& [key, count] : state_.variable_scopes_count)
                if (key.compare(0, prefix.size(), prefix) == 0) count = 0;
        }
    }
    state_.variable_scope = old_;
    name_scope_.reset();
    return nested;
}

void VariableScopeEntry::leave() {
    if (!restore()) raise("RuntimeError", "Improper nesting of variable_scope.");
}

VariableScopeEntry::~VariableScopeEntry() {
    restore();
}

} // namespace rnnscope::tf1
