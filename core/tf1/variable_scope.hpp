#pragma once

#include "core/tf1/graph_state.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace rnnscope::tf1 {

/// VariableScope.reuse: what the program sees as None, False, True, tf.AUTO_REUSE.
enum class Reuse { none, no, yes, automatic };
inline bool truthy(Reuse reuse) {
    return reuse == Reuse::yes || reuse == Reuse::automatic;
}
Value auto_reuse();             ///< tf.AUTO_REUSE
Value reuse_value(Reuse reuse); ///< back to what the program sees
/// False, True, None or AUTO_REUSE; nullopt for anything else.
std::optional<Reuse> to_reuse(const Value& value);

/// tf.VariableScope: the defaults of get_variable and the prefix of its names.
class VariableScope : public Object {
  public:
    std::string name;
    Reuse reuse = Reuse::no;
    Value initializer; ///< None: the default of the dtype
    Value regularizer;
    std::optional<std::string> caching_device; ///< "" is RNN's `lambda op: op.device`: cached, on no other device
    Value partitioner;                         ///< kept and shown; partitioned variables are not made
    Value custom_getter;
    DType dtype = DType::float32;
    std::optional<bool> use_resource;
    Value constraint;
    std::string original_name_scope; ///< with trailing "/"

    std::string type_name() const override { return "VariableScope"; }
    Value attribute(Context& context, std::string_view attribute_name) override;
    std::vector<std::string> attribute_names() const override;
    std::string collection_scope() const { return name.empty() ? "" : name + "/"; }
};

/// The arguments of tf.variable_scope. Values that are None mean "not given".
struct VariableScopeArgs {
    Value name_or_scope; ///< None, a string or a VariableScope
    std::optional<std::string> default_name;
    Value initializer;
    Value regularizer;
    std::optional<std::string> caching_device;
    Value partitioner;
    Value custom_getter;
    Reuse reuse = Reuse::none;
    DType dtype = DType::invalid;
    std::optional<bool> use_resource;
    Value constraint;
    bool auxiliary_name_scope = true;
};

/// The entering and leaving of tf.variable_scope: name scope, new current VariableScope, counts of default names.
class VariableScopeEntry {
  public:
    VariableScopeEntry(GraphState& state, const VariableScopeArgs& args); ///< throws what TensorFlow raises
    ~VariableScopeEntry();                                                ///< leaves, if leave() was not called
    VariableScopeEntry(const VariableScopeEntry&) = delete;
    VariableScopeEntry& operator=(const VariableScopeEntry&) = delete;

    const std::shared_ptr<VariableScope>& scope() const { return entered_; }
    /// Throws RuntimeError "Improper nesting of variable_scope." and restores all the same.
    void leave();

  private:
    void enter_named(const VariableScopeArgs& args, const std::string& name, std::optional<std::string> old_name_scope);
    void enter_object(const VariableScopeArgs& args, const VariableScope& object);
    bool restore(); ///< false: scopes were not nested

    GraphState& state_;
    std::optional<NameScope> name_scope_;
    std::shared_ptr<VariableScope> old_, entered_;
    std::optional<std::map<std::string, int>> counts_before_; ///< set when an object was entered
    bool inside_ = false;
};

/// variable_scope._get_unique_variable_scope: "d", "d_1", ... that is free inside the current variable scope.
std::string unique_variable_scope(const GraphState& state, const std::string& prefix);

/// The arguments of tf.get_variable. Values that are None mean "not given".
struct GetVariableArgs {
    std::string name;
    std::optional<Shape> shape;
    DType dtype = DType::invalid;
    Value initializer; ///< an initializer object, a function, or a value
    Value regularizer;
    std::optional<bool> trainable;
    Value collections;
    std::optional<std::string> caching_device;
    bool validate_shape = true;
    std::optional<bool> use_resource;
    std::optional<Reuse> reuse;
    Value constraint;
};

/// tf.get_variable in the current variable scope of `state`; throws what TensorFlow raises.
VariableValue get_variable(GraphState& state, GetVariableArgs args);
/// What cells and layers ask for: a variable of known shape.
VariableValue get_variable(GraphState& state, std::string name, Shape shape, DType dtype, Value initializer = {});

} // namespace rnnscope::tf1
