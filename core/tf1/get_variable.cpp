#include "core/tf1/initializers.hpp"
#include "core/tf1/variable_scope.hpp"
#include "core/tf1/variables.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

/// _get_single_variable, the name is taken and may not be.
[[noreturn]] void raise_already_exists(GraphState& state, const std::string& name, VariableId id) {
    const Variable& variable = state.graph.variable(id);
    const TfVersion version = state.context.version();
    const bool knows_auto_reuse = version >= TfVersion{1, 4};
    std::string text =
        fmt::format("Variable {} already exists, disallowed. Did you mean to set reuse=True{} in VarScope?", name,
                    knows_auto_reuse ? " or reuse=tf.AUTO_REUSE" : "");
    if (variable.is_resource && version >= TfVersion{1, 13}) raise("ValueError", text);
    text += " Originally defined at:\n\n";
    const std::size_t most_frames = version >= TfVersion{1, 14} ? 5 : 3;
    if (state.context.traceback) {
        const std::vector<std::string> frames = state.context.traceback(state.graph.node(variable.op).origin);
        for (std::size_t i = 0; i < frames.size() && i < most_frames; ++i) text += frames[i];
    }
    raise("ValueError", text);
}

VariableValue existing_variable(GraphState& state, const GetVariableArgs& args, VariableId id) {
    const Variable& found = state.graph.variable(id);
    if (args.shape && !args.shape->compatible(found.shape))
        raise("ValueError", fmt::format("Trying to share variable {}, but specified shape {} and found shape {}.",
                                        args.name, to_python(*args.shape), to_python(found.shape)));
    if (args.dtype != found.dtype)
        raise("ValueError",
              fmt::format("Trying to share variable {}, but specified dtype {} and found dtype {}{}.", args.name,
                          dtype_name(args.dtype), dtype_name(found.dtype), found.is_resource ? "" : "_ref"));
    return VariableValue{&state, id};
}

/// _get_default_initializer
Value default_initializer(const std::string& name, DType dtype) {
    if (is_floating(dtype)) return glorot_uniform_initializer();
    if (is_integer(dtype) || dtype == DType::boolean || dtype == DType::string) return zeros_initializer();
    raise("ValueError", fmt::format("An initializer for variable {} of {} is required", name, str(Value(dtype))));
}

void set_initial_value(GraphState& state, const GetVariableArgs& args, const Value& initializer, NewVariable& made) {
    if (!is_callable(initializer)) {
        made.initial_value = initializer;
        return;
    }
    ObjectValue callee = *initializer.as<ObjectValue>();
    Context& context = state.context;
    if (callee->is_class()) {
        const Value instance = callee->call(context, {}, {});
        const auto* made_object = instance.as<ObjectValue>();
        if (made_object == nullptr || !(*made_object)->callable())
            raise("TypeError", fmt::format("'{}' object is not callable", python_type_name(instance)));
        callee = *made_object;
    }
    if (args.shape && args.shape->fully_defined()) {
        const auto dims = args.shape->dims();
        const Value shape = Value::list(std::vector<Value>(dims.begin(), dims.end()));
        made.make_initial_value = [callee, &context, shape, dtype = args.dtype]() {
            return callee->call(context, {shape}, {{"dtype", Value(dtype)}});
        };
        made.dtype = args.dtype;
        return;
    }
    if (args.shape && state.context.version() < TfVersion{1, 13})
        raise("ValueError", fmt::format("Shape of a new variable ({}) must be fully defined, but instead was {}.",
                                        args.name, to_python(*args.shape)));
    const auto own = std::dynamic_pointer_cast<Initializer>(callee);
    if (own != nullptr || args.shape) {
        if (state.context.version() < TfVersion{1, 13})
            raise("ValueError", fmt::format("Shape of a new variable ({}) must be fully defined, but instead was {}.",
                                            args.name, "<unknown>"));
        raise("ValueError", "The initializer passed is not valid. It should be a callable with no arguments and the "
                            "shape should not be provided or an instance of `tf.keras.initializers.*' and `shape` "
                            "should be fully defined.");
    }
    made.make_initial_value = [callee, &context]() { return callee->call(context, {}, {}); };
}

void add_regularization(GraphState& state, const std::string& name, const Value& regularizer, VariableId id) {
    const ColocateScope colocated(state, state.graph.variable(id).op);
    const NameScope scope(state, name + "/Regularizer/");
    const InitScope lifted(state);
    const Value loss = (*regularizer.as<ObjectValue>())->call(state.context, {Value(VariableValue{&state, id})}, {});
    if (const auto* tensor = loss.as<TensorValue>())
        state.graph.add_to_collection("regularization_losses", tensor->output);
}

} // namespace

VariableValue get_variable(GraphState& state, GetVariableArgs args) {
    const VariableScope& scope = *state.variable_scope;
    if (args.regularizer.is_none()) args.regularizer = scope.regularizer;
    if (!args.caching_device) args.caching_device = scope.caching_device;
    if (!args.use_resource) args.use_resource = scope.use_resource;
    const Reuse reuse = args.reuse && *args.reuse != Reuse::none ? *args.reuse : scope.reuse;
    if (!scope.name.empty()) args.name = scope.name + "/" + args.name;

    // Variables are named after the variable scope only.
    const NameScope root(state, std::nullopt);
    if (args.dtype != DType::invalid && !args.initializer.is_none() && !is_callable(args.initializer)) {
        const DType found = state.graph.info(to_tensor(state, args.initializer)).dtype;
        if (found != args.dtype)
            raise("ValueError", fmt::format("Initializer type '{}' and explicit dtype '{}' don't match.",
                                            str(Value(found)), str(Value(args.dtype))));
    }
    if (args.initializer.is_none()) args.initializer = scope.initializer;
    if (args.dtype == DType::invalid) args.dtype = scope.dtype;

    if (state.variable_store.count(args.name + "/part_0") > 0)
        raise("ValueError", fmt::format("No partitioner was provided, but a partitioned version of the variable was "
                                        "found: {}/part_0. Perhaps a variable of the same name was already created "
                                        "with partitioning?",
                                        args.name));
    if (args.shape && !args.initializer.is_none() && !is_callable(args.initializer))
        raise("ValueError", "If initializer is a constant, do not specify shape.");

    if (const auto found = state.variable_store.find(args.name); found != state.variable_store.end()) {
        if (reuse == Reuse::no || reuse == Reuse::none) raise_already_exists(state, args.name, found->second);
        return existing_variable(state, args, found->second);
    }
    if (reuse == Reuse::yes)
        raise("ValueError",
              fmt::format("Variable {} does not exist, or was not created with tf.get_variable(). Did you mean to set "
                          "reuse={} in VarScope?",
                          args.name, state.context.version() >= TfVersion{1, 4} ? "tf.AUTO_REUSE" : "None"));

    const Value initializer =
        args.initializer.is_none() ? default_initializer(args.name, args.dtype) : args.initializer;
    NewVariable made;
    set_initial_value(state, args, initializer, made);
    made.name = args.name;
    made.trainable = args.trainable.value_or(true);
    made.collections = args.collections;
    made.caching_device = args.caching_device;
    made.validate_shape = args.validate_shape;
    made.use_resource = args.use_resource.value_or(false);
    const VariableValue variable = make_variable(state, std::move(made));
    state.variable_store[args.name] = variable.id;
    if (is_callable(args.regularizer)) add_regularization(state, args.name, args.regularizer, variable.id);
    return variable;
}

VariableValue get_variable(GraphState& state, std::string name, Shape shape, DType dtype, Value initializer) {
    GetVariableArgs args;
    args.name = std::move(name);
    args.shape = std::move(shape);
    args.dtype = dtype;
    args.initializer = std::move(initializer);
    return get_variable(state, std::move(args));
}

} // namespace rnnscope::tf1
