#include "core/tf1/layer.hpp"

#include "core/tf1/api.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/variables.hpp"

#include <algorithm>
#include <cctype>
#include <map>

#include <fmt/format.h>

namespace rnnscope::tf1 {

Value activation_function(const Value& activation) {
    const auto* name = activation.as<std::string>();
    if (name == nullptr) return activation;
    if (*name == "linear") return {};
    const ApiDef* function = find_api("nn." + *name);
    if (function == nullptr) function = find_api("keras.activations." + *name);
    if (function == nullptr) raise("ValueError", fmt::format("Unknown activation function:{}", *name));
    return function_value(*function);
}

Value initializer_object(Context& context, const Value& given) {
    // Of initializers.py, not of the public module.
    static const std::map<std::string_view, std::string> more_names{
        {"zero", "zeros"}, {"one", "ones"}, {"GlorotUniform", "glorot_uniform"}, {"GlorotNormal", "glorot_normal"}};
    const std::string* name = given.as<std::string>();
    if (name == nullptr) {
        if (!given.is_none() && !is_callable(given))
            raise("ValueError", "Could not interpret initializer identifier: " + str(given));
        return given;
    }
    const auto alias = more_names.find(*name);
    const ApiDef* api = find_api("keras.initializers." + (alias != more_names.end() ? alias->second : *name));
    if (api == nullptr) raise("ValueError", "Unknown initializer:" + *name);
    Result<Value> made = call_api(context, *api, {}, {});
    if (!made) raise(made.error().code, made.error().message);
    return std::move(*made);
}

std::string as_python_list(const Shape& shape) {
    std::string text;
    for (const std::int64_t dim : shape.dims())
        text += fmt::format("{}{}", text.empty() ? "" : ", ", dim == Shape::unknown ? "None" : std::to_string(dim));
    return "[" + text + "]";
}

namespace {

/// backend.unique_object_name: numbers from 1 in each graph, or from 0, which is not written.
std::string unique_layer_name(GraphState& state, const std::string& base, bool zero_based) {
    Value& count = state.attached["layer_count/" + base];
    const std::int64_t* old = count.as<std::int64_t>();
    const std::int64_t made_before = old != nullptr ? *old : 0;
    count = Value(made_before + 1);
    if (zero_based && made_before == 0) return base;
    return fmt::format("{}_{}", base, zero_based ? made_before : made_before + 1);
}

/// `x.shape` of an input; None for what has none.
Value shape_value(const GraphState& state, const Value& input) {
    if (const TensorValue* tensor = input.as<TensorValue>()) return state.graph.info(tensor->output).shape;
    if (const VariableValue* variable = input.as<VariableValue>()) return state.graph.variable(variable->id).shape;
    return {};
}

Value variables_value(const std::vector<VariableValue>& variables) {
    std::vector<Value> items(variables.begin(), variables.end());
    return Value::list(std::move(items));
}

} // namespace

std::string to_snake_case(std::string_view name) {
    // re.sub('(.)([A-Z][a-z0-9]+)', r'\1_\2'), then re.sub('([a-z])([A-Z])', r'\1_\2'), lower case.
    const auto upper = [](char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; };
    const auto tail = [](char c) {
        return std::islower(static_cast<unsigned char>(c)) || std::isdigit(static_cast<unsigned char>(c));
    };
    std::string first;
    std::size_t consumed = 0; // matches do not overlap
    for (std::size_t i = 0; i < name.size(); ++i) {
        const bool starts_word = upper(name[i]) && i + 1 < name.size() && tail(name[i + 1]) && i > consumed;
        if (starts_word) {
            first += '_';
            std::size_t end = i + 1;
            while (end < name.size() && tail(name[end])) ++end;
            consumed = end;
        }
        first += name[i];
    }
    std::string result;
    for (std::size_t i = 0; i < first.size(); ++i) {
        if (i > 0 && upper(first[i]) && std::islower(static_cast<unsigned char>(first[i - 1]))) result += '_';
        result += static_cast<char>(std::tolower(static_cast<unsigned char>(first[i])));
    }
    return result;
}

Value call_function(Context& context, const Value& function, std::vector<Value> arguments) {
    Result<Value> result = call_value(context, function, std::move(arguments), {});
    if (!result) raise(result.error().code, result.error().message);
    return std::move(*result);
}

void Layer::init_layer(GraphState& state, std::string_view class_name, const Options& options) {
    const std::string* given = options.name.as<std::string>();
    if (given != nullptr && !given->empty()) {
        name_ = base_name_ = *given;
    } else {
        base_name_ = to_snake_case(class_name);
        name_ = unique_layer_name(state, base_name_, is_keras_);
    }
    dtype_ = options.dtype;
    trainable_ = options.trainable;
    reuse_ = options.reuse;
    if (!options.scope.is_none()) {
        VariableScopeArgs args;
        args.name_or_scope = options.scope;
        scope_ = VariableScopeEntry(state, args).scope();
    }
}

void Layer::init_keras_layer(GraphState& state, std::string_view class_name, const Options& options) {
    is_keras_ = true;
    init_layer(state, class_name, options);
}

void Layer::set_scope(GraphState& state, const Value& scope) {
    if (scope_) return;
    VariableScopeArgs args;
    args.name_or_scope = scope;
    if (truthy(reuse_)) {
        if (scope.is_none()) args.name_or_scope = Value(base_name_);
    } else {
        args.default_name = base_name_;
    }
    scope_ = VariableScopeEntry(state, args).scope();
}

void Layer::check_inputs(GraphState& state, const Value& inputs) const {
    if (!input_ndim_) return;
    const std::vector<Value> leaves = nest::flatten(inputs);
    if (leaves.size() != 1) {
        raise("ValueError", fmt::format("Layer {} expects 1 inputs, but it received {} input tensors. Inputs received: "
                                        "{}",
                                        name_, leaves.size(), tf1::repr(inputs)));
    }
    const Value shape_of_input = shape_value(state, leaves[0]);
    if (shape_of_input.is_none())
        raise("AttributeError", fmt::format("'{}' object has no attribute 'shape'", python_type_name(leaves[0])));
    const Shape& shape = *shape_of_input.as<Shape>();
    const std::string start = fmt::format("Input 0 of layer {} is incompatible with the layer: ", name_);
    if (!shape.has_rank()) raise("ValueError", start + "its rank is undefined, but the layer requires a defined rank.");
    if (shape.rank() != *input_ndim_) {
        raise("ValueError", fmt::format("{}expected ndim={}, found ndim={}. Full shape received: {}", start,
                                        *input_ndim_, shape.rank(), as_python_list(shape)));
    }
}

void Layer::build_once(GraphState& state, const Value& inputs) {
    if (built_) return;
    if (dtype_ == DType::invalid) {
        for (const Value& leaf : nest::flatten(inputs)) {
            if (const TensorValue* tensor = leaf.as<TensorValue>())
                dtype_ = state.graph.info(tensor->output).dtype;
            else if (const VariableValue* variable = leaf.as<VariableValue>())
                dtype_ = state.graph.variable(variable->id).dtype;
            break;
        }
    }
    build(state, nest::map_structure([&](const Value& leaf) { return shape_value(state, leaf); }, inputs));
    built_ = true;
}

Value Layer::apply(GraphState& state, Value inputs, const std::vector<Value>& arguments, const Value& scope) {
    std::optional<VariableScopeEntry> entry;
    if (!is_keras_) {
        set_scope(state, scope);
        VariableScopeArgs args;
        args.name_or_scope = Value(scope_);
        args.reuse = built_ ? Reuse::yes : reuse_;
        args.auxiliary_name_scope = false;
        entry.emplace(state, args);
        current_scope_ = entry->scope();
    }
    inputs = nest::map_structure(
        [&](const Value& leaf) {
            return leaf.is<TensorValue>() || leaf.is<VariableValue>() || leaf.is_none() || leaf.is<ObjectValue>()
                       ? leaf
                       : tensor_value(state, to_tensor(state, leaf));
        },
        inputs);
    check_inputs(state, inputs);
    Value outputs;
    {
        const NameScope ops_scope(state, is_keras_ ? name_ : current_scope_->original_name_scope);
        build_once(state, inputs);
        outputs = run(state, inputs, arguments);
    }
    if (entry) entry->leave();
    return outputs;
}

void Layer::build_with(GraphState& state, const Value& input_shape) {
    build(state, input_shape);
    built_ = true;
}

VariableValue Layer::add_variable(GraphState& state, const std::string& name, Shape shape, Value initializer,
                                  bool trainable) {
    set_scope(state, Value());
    VariableScopeArgs args;
    args.name_or_scope = Value(scope_);
    args.reuse = built_ ? Reuse::yes : reuse_;
    args.auxiliary_name_scope = false;
    VariableScopeEntry entry(state, args);
    current_scope_ = entry.scope();
    GetVariableArgs variable;
    {
        const NameScope ops_scope(state, current_scope_->original_name_scope);
        variable.name = name;
        variable.shape = std::move(shape);
        variable.dtype = dtype_ == DType::invalid ? DType::float32 : dtype_;
        variable.initializer = initializer.is_none() ? current_scope_->initializer : std::move(initializer);
        variable.trainable = trainable && trainable_;
        if (current_scope_->use_resource.value_or(false)) variable.use_resource = true;
        const VariableValue made = get_variable(state, std::move(variable));
        (trainable && trainable_ ? trainable_weights_ : non_trainable_weights_).push_back(made);
        return made;
    }
}

VariableValue Layer::add_weight(GraphState& state, const std::string& name, std::function<Value()> initial_value) {
    if (dtype_ == DType::invalid) dtype_ = DType::float32;
    NewVariable variable;
    variable.make_initial_value = std::move(initial_value);
    variable.name = name;
    variable.dtype = dtype_;
    variable.trainable = true;
    variable.use_resource = true;
    const VariableValue made = make_variable(state, std::move(variable));
    trainable_weights_.push_back(made);
    return made;
}

Value Layer::initial_value(GraphState& state, const Value& initializer, const std::vector<std::int64_t>& shape) const {
    const Value dims = Value::tuple({shape.begin(), shape.end()});
    Result<Value> made = call_value(state.context, initializer, {dims}, {{"dtype", Value(dtype_)}});
    if (!made) raise(made.error().code, made.error().message);
    return std::move(*made);
}

std::vector<VariableValue> Layer::trainable_weights() const {
    return trainable_ ? trainable_weights_ : std::vector<VariableValue>{};
}

std::vector<VariableValue> Layer::non_trainable_weights() const {
    if (trainable_) return non_trainable_weights_;
    std::vector<VariableValue> all = trainable_weights_;
    all.insert(all.end(), non_trainable_weights_.begin(), non_trainable_weights_.end());
    return all;
}

Value Layer::attribute(Context& context, std::string_view name) {
    if (name == "name") return name_;
    if (name == "dtype") return dtype_ == DType::invalid ? Value() : Value(dtype_);
    if (name == "built") return built_;
    if (name == "trainable") return trainable_;
    if (name == "trainable_variables" || name == "trainable_weights") return variables_value(trainable_weights());
    if (name == "non_trainable_variables" || name == "non_trainable_weights")
        return variables_value(non_trainable_weights());
    if (name == "variables" || name == "weights") {
        std::vector<VariableValue> all = trainable_weights();
        const std::vector<VariableValue> rest = non_trainable_weights();
        all.insert(all.end(), rest.begin(), rest.end());
        return variables_value(all);
    }
    if (name == "scope_name") {
        if (scope_) return scope_->name;
        raise("ValueError", fmt::format("No name available for layer scope because the layer \"{}\" has not been used "
                                        "yet. The scope name  is determined the first time the layer instance is "
                                        "called. You must therefore call the layer before querying `scope_name`.",
                                        name_));
    }
    return Object::attribute(context, name);
}

std::vector<std::string> Layer::attribute_names() const {
    return {"name",
            "dtype",
            "built",
            "trainable",
            "trainable_variables",
            "trainable_weights",
            "variables",
            "weights",
            "scope_name",
            "non_trainable_variables",
            "non_trainable_weights"};
}

} // namespace rnnscope::tf1
