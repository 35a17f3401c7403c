#include "core/ops/op_def.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

Error value_error(std::string text) {
    return {"ValueError", std::move(text)};
}
Error type_error(std::string text) {
    return {"TypeError", std::move(text)};
}

std::string joined_names(std::span<const DType> types) {
    std::string text;
    for (const DType type : types) {
        if (!text.empty()) text += ", ";
        text += dtype_name(type);
    }
    return text;
}

bool has_type(const AttrValue& value, std::string_view type) {
    if (type.starts_with("list(")) {
        const AttrList* list = value.as<AttrList>();
        const std::string_view element = type.substr(5, type.size() - 6);
        return list != nullptr &&
               std::ranges::all_of(list->entries, [&](const AttrValue& entry) { return has_type(entry, element); });
    }
    if (type == "type") return value.as<DType>() != nullptr;
    if (type == "int") return value.as<std::int64_t>() != nullptr;
    if (type == "float") return value.as<float>() != nullptr;
    if (type == "bool") return value.as<bool>() != nullptr;
    if (type == "string") return value.as<std::string>() != nullptr;
    if (type == "shape") return value.as<Shape>() != nullptr;
    if (type == "tensor") return value.as<Tensor>() != nullptr;
    return type == "func" && value.as<FunctionName>() != nullptr;
}

/// Adds one node: checks the arguments in Python's order (op_def_library), completes the attributes, infers.
class NodeMaker {
  public:
    NodeMaker(const Graph& graph, const OpDef& def, NodeSpec& spec) : graph_(graph), def_(def), spec_(spec) {}

    Result<Node> make();

  private:
    const OutputInfo& info(std::size_t i) const { return graph_.info(spec_.inputs[i]); }
    template <class T> const T* attr(std::string_view key) const {
        const auto it = spec_.attrs.find(key);
        return it == spec_.attrs.end() ? nullptr : it->second.as<T>();
    }
    Result<std::size_t> length_of(const ArgDef& arg, std::size_t arg_index) const;
    Status match(const ArgDef& arg, std::size_t begin, std::size_t end);
    Status match_single(const ArgDef& arg, std::size_t i);
    Status match_numbered(const ArgDef& arg, std::size_t begin, std::size_t end);
    Status check_allowed(const AttrDef& attr, std::string_view parameter, DType type) const;
    Status match_inputs();
    Status complete_attrs();
    Status check_attr(const AttrDef& attr, const AttrValue& value) const;
    Result<std::vector<OutputInfo>> make_outputs() const;

    const Graph& graph_;
    const OpDef& def_;
    NodeSpec& spec_;
    std::map<std::string, std::string, std::less<>> inferred_from_; ///< attribute -> argument that decided it
};

/// How many inputs an argument takes. Where an attribute does not say so, the arguments that share it divide what the
/// others leave.
Result<std::size_t> NodeMaker::length_of(const ArgDef& arg, std::size_t arg_index) const {
    if (arg.number_attr.empty() && arg.type_list_attr.empty()) return std::size_t{1};
    const auto known = [this](const ArgDef& a) -> std::optional<std::size_t> {
        if (!a.type_list_attr.empty()) {
            const auto* types = attr<AttrList>(a.type_list_attr);
            return types == nullptr ? std::nullopt : std::optional(types->entries.size());
        }
        if (a.number_attr.empty()) return 1;
        const auto* number = attr<std::int64_t>(a.number_attr);
        return number == nullptr || *number < 0 ? std::nullopt : std::optional(static_cast<std::size_t>(*number));
    };
    if (const auto length = known(arg)) return *length;
    std::size_t taken = 0, sharing = 0;
    for (std::size_t i = 0; i < def_.inputs.size(); ++i) {
        if (const auto length = known(def_.inputs[i]))
            taken += *length;
        else if (i == arg_index || (!arg.number_attr.empty() && def_.inputs[i].number_attr == arg.number_attr))
            ++sharing;
        else
            return value_error(fmt::format("the lengths of arguments '{}' and '{}' of Op '{}' must be given", arg.name,
                                           def_.inputs[i].name, def_.name));
    }
    return spec_.inputs.size() < taken ? 0 : (spec_.inputs.size() - taken) / sharing;
}

Status NodeMaker::check_allowed(const AttrDef& attr, std::string_view parameter, DType type) const {
    if (attr.allowed_types.empty() || std::ranges::find(attr.allowed_types, type) != attr.allowed_types.end())
        return {};
    return type_error(fmt::format("Value passed to parameter '{}' has DataType {} not in list of allowed values: {}",
                                  parameter, dtype_name(type), joined_names(attr.allowed_types)));
}

Status NodeMaker::match_single(const ArgDef& arg, std::size_t i) {
    const DType type = info(i).dtype;
    const auto prefix = [&] {
        return fmt::format("Input '{}' of '{}' Op has type {} that does not match", arg.name, def_.name,
                           dtype_name(type));
    };
    if (arg.type_attr.empty()) {
        if (type != arg.dtype)
            return type_error(fmt::format("{} expected type of {}.", prefix(), dtype_name(arg.dtype)));
        return {};
    }
    if (const DType* expected = attr<DType>(arg.type_attr)) {
        if (type == *expected) return {};
        const auto from = inferred_from_.find(arg.type_attr);
        if (from == inferred_from_.end())
            return type_error(fmt::format("{} expected type of {}.", prefix(), dtype_name(*expected)));
        return type_error(fmt::format("{} type {} of argument '{}'.", prefix(), dtype_name(*expected), from->second));
    }
    RNNSCOPE_TRY(check_allowed(*def_.attr(arg.type_attr), arg.name, type));
    spec_.attrs.emplace(arg.type_attr, type);
    inferred_from_.emplace(arg.type_attr, arg.name);
    return {};
}

Status NodeMaker::match_numbered(const ArgDef& arg, std::size_t begin, std::size_t end) {
    const std::size_t length = end - begin;
    if (attr<std::int64_t>(arg.number_attr) == nullptr) {
        const AttrDef& number = *def_.attr(arg.number_attr);
        if (number.minimum && static_cast<std::int64_t>(length) < *number.minimum)
            return value_error(
                fmt::format("List argument '{}' to '{}' Op with length {} shorter than minimum length {}.", arg.name,
                            def_.name, length, *number.minimum));
        spec_.attrs.emplace(arg.number_attr, static_cast<std::int64_t>(length));
        inferred_from_.emplace(arg.number_attr, arg.name);
    }
    const DType* known = arg.type_attr.empty() ? &arg.dtype : attr<DType>(arg.type_attr);
    const DType expected = known != nullptr ? *known : (length > 0 ? info(begin).dtype : DType::invalid);
    std::vector<DType> types;
    for (std::size_t i = begin; i < end; ++i) types.push_back(info(i).dtype);
    if (std::ranges::any_of(types, [&](DType type) { return type != expected; })) {
        std::string text = fmt::format("Tensors in list passed to '{}' of '{}' Op have types [{}]", arg.name, def_.name,
                                       joined_names(types));
        if (arg.type_attr.empty())
            text += fmt::format(" that do not match expected type {}.", dtype_name(expected));
        else if (known != nullptr)
            text += fmt::format(" that do not match type {} inferred from earlier arguments.", dtype_name(expected));
        else
            text += " that don't all match.";
        return type_error(std::move(text));
    }
    if (known == nullptr && length > 0) {
        RNNSCOPE_TRY(check_allowed(*def_.attr(arg.type_attr), arg.name, expected));
        spec_.attrs.emplace(arg.type_attr, expected);
        inferred_from_.emplace(arg.type_attr, arg.name);
    }
    return {};
}

Status NodeMaker::match(const ArgDef& arg, std::size_t begin, std::size_t end) {
    if (!arg.type_list_attr.empty()) {
        std::vector<DType> types;
        for (std::size_t i = begin; i < end; ++i) types.push_back(info(i).dtype);
        if (const AttrList* expected = attr<AttrList>(arg.type_list_attr)) {
            if (*expected == attr_list(types)) return {};
            return type_error(fmt::format("Tensors in list passed to '{}' of '{}' Op have types [{}] that are invalid.",
                                          arg.name, def_.name, joined_names(types)));
        }
        spec_.attrs.emplace(arg.type_list_attr, attr_list(types));
    } else if (!arg.number_attr.empty()) {
        RNNSCOPE_TRY(match_numbered(arg, begin, end));
    } else {
        RNNSCOPE_TRY(match_single(arg, begin));
    }
    for (std::size_t i = begin; arg.is_ref && i < end; ++i)
        if (!info(i).is_ref)
            return type_error(fmt::format("'{}' Op requires that input '{}' be a mutable tensor (e.g.: a tf.Variable)",
                                          def_.name, arg.name));
    return {};
}

Status NodeMaker::match_inputs() {
    std::size_t begin = 0;
    for (std::size_t i = 0; i < def_.inputs.size(); ++i) {
        const auto length = length_of(def_.inputs[i], i);
        if (!length) return length.error();
        if (*length > spec_.inputs.size() - begin)
            return value_error(fmt::format("Op '{}' ('{}') has {} inputs, too few for argument '{}'", spec_.name,
                                           def_.name, spec_.inputs.size(), def_.inputs[i].name));
        RNNSCOPE_TRY(match(def_.inputs[i], begin, begin + *length));
        begin += *length;
    }
    if (begin != spec_.inputs.size())
        return value_error(
            fmt::format("Op '{}' ('{}') takes {} inputs, not {}", spec_.name, def_.name, begin, spec_.inputs.size()));
    return {};
}

Status NodeMaker::check_attr(const AttrDef& attr, const AttrValue& value) const {
    if (!has_type(value, attr.type))
        return type_error(
            fmt::format("Attribute '{}' of '{}' Op must be of type '{}'", attr.name, def_.name, attr.type));
    const auto check_length = [&](std::int64_t number, const char* what) -> Status {
        if (!attr.minimum || number >= *attr.minimum) return {};
        return value_error(fmt::format("Attr '{}' of '{}' Op passed {}{} less than minimum {}.", attr.name, def_.name,
                                       what, number, *attr.minimum));
    };
    if (const auto* number = value.as<std::int64_t>()) return check_length(*number, "");
    if (const auto* list = value.as<AttrList>()) {
        for (const AttrValue& entry : list->entries)
            if (const DType* type = entry.as<DType>()) RNNSCOPE_TRY(check_allowed(attr, attr.name, *type));
        return check_length(static_cast<std::int64_t>(list->entries.size()), "list of length ");
    }
    if (const DType* type = value.as<DType>()) return check_allowed(attr, attr.name, *type);
    const auto* text = value.as<std::string>();
    if (text != nullptr && !attr.allowed_strings.empty() &&
        std::ranges::find(attr.allowed_strings, *text) == attr.allowed_strings.end()) {
        std::string allowed;
        for (const std::string& s : attr.allowed_strings)
            allowed += fmt::format("{}\"{}\"", allowed.empty() ? "" : "\", \"", s);
        return value_error(
            fmt::format("Attr '{}' of '{}' Op passed string '{}' not in: {}.", attr.name, def_.name, *text, allowed));
    }
    return {};
}

Status NodeMaker::complete_attrs() {
    for (const AttrDef& attr : def_.attrs) {
        const auto it = spec_.attrs.find(attr.name);
        if (it != spec_.attrs.end()) {
            // A list that holds nothing has no kind, whichever way it was written.
            if (attr.type.starts_with("list(") && it->second.as<std::monostate>() != nullptr) it->second = AttrList{};
            RNNSCOPE_TRY(check_attr(attr, it->second));
        } else if (attr.default_value) {
            spec_.attrs.emplace(attr.name, *attr.default_value);
        } else {
            return type_error(fmt::format("No argument for attr {} found in '{}' Op", attr.name, def_.name));
        }
    }
    for (const auto& [key, value] : spec_.attrs)
        if (!spec_.keeps_unknown_attrs && !key.starts_with('_') && def_.attr(key) == nullptr)
            return value_error(fmt::format("NodeDef mentions attr '{}' not in Op<name={}>; NodeDef: {{{{node {}}}}}",
                                           key, def_.name, spec_.name));
    return {};
}

Result<std::vector<OutputInfo>> NodeMaker::make_outputs() const {
    constexpr std::int64_t most_outputs = 1 << 20; // a number in a file must not be able to exhaust the memory
    std::vector<OutputInfo> outputs;
    for (const ArgDef& arg : def_.outputs) {
        if (!arg.type_list_attr.empty()) {
            for (const AttrValue& type : attr<AttrList>(arg.type_list_attr)->entries)
                outputs.push_back({*type.as<DType>(), arg.is_ref, Shape::unknown_rank()});
            continue;
        }
        const DType type = arg.type_attr.empty() ? arg.dtype : *attr<DType>(arg.type_attr);
        const std::int64_t count = arg.number_attr.empty() ? 1 : *attr<std::int64_t>(arg.number_attr);
        if (count < 0 || count > most_outputs)
            return value_error(fmt::format("Op '{}' ('{}') cannot have {} outputs", spec_.name, def_.name, count));
        for (std::int64_t i = 0; i < count; ++i) outputs.push_back({type, arg.is_ref, Shape::unknown_rank()});
    }
    return outputs;
}

/// The node that the specification asks for, with the given outputs.
Node node_of(NodeSpec& spec, std::vector<OutputInfo> outputs) {
    Node node;
    node.outputs = std::move(outputs);
    node.name = std::move(spec.name);
    node.op = std::move(spec.op);
    node.device = std::move(spec.device);
    node.inputs = std::move(spec.inputs);
    node.control_inputs = std::move(spec.control_inputs);
    node.attrs = std::move(spec.attrs);
    node.origin = spec.origin;
    return node;
}

Result<Node> NodeMaker::make() {
    RNNSCOPE_TRY(match_inputs());
    RNNSCOPE_TRY(complete_attrs());
    auto outputs = make_outputs();
    if (!outputs) return outputs.error();
    Node node = node_of(spec_, *std::move(outputs));
    if (def_.shape != nullptr) {
        ShapeContext ctx(graph_, node, node.outputs);
        if (Status status = def_.shape(ctx); !status.ok()) return value_error(status.error().message + ctx.context());
    }
    return node;
}

} // namespace

Result<NodeId> add_node(Graph& graph, NodeSpec spec) {
    const OpDef* def = find_op(spec.op);
    if (def == nullptr)
        return Error{"op.unknown", fmt::format("op type '{}' of '{}' is not registered", spec.op, spec.name)};
    auto node = NodeMaker(graph, *def, spec).make();
    if (!node) return node.error();
    return graph.append(*std::move(node));
}

NodeId add_foreign_node(Graph& graph, NodeSpec spec, std::vector<OutputInfo> outputs) {
    return graph.append(node_of(spec, std::move(outputs)));
}

std::optional<OutputInfo> expected_input(const OpDef& def, const AttrMap& attrs, std::size_t slot) {
    const auto value = [&](const std::string& key) -> const AttrValue* {
        if (const auto it = attrs.find(key); it != attrs.end()) return &it->second;
        const AttrDef* attr = def.attr(key);
        return attr != nullptr && attr->default_value ? &*attr->default_value : nullptr;
    };
    std::size_t begin = 0;
    for (const ArgDef& arg : def.inputs) {
        std::size_t length = 1;
        const AttrList* types = nullptr;
        if (!arg.type_list_attr.empty()) {
            const AttrValue* list = value(arg.type_list_attr);
            types = list != nullptr ? list->as<AttrList>() : nullptr;
            length = types != nullptr ? types->entries.size() : 0;
        } else if (!arg.number_attr.empty()) {
            const AttrValue* number = value(arg.number_attr);
            const auto* count = number != nullptr ? number->as<std::int64_t>() : nullptr;
            length = count != nullptr && *count > 0 ? static_cast<std::size_t>(*count) : 0;
        }
        if (slot - begin >= length) {
            begin += length;
            continue;
        }
        const DType* type = &arg.dtype;
        if (types != nullptr) type = types->entries[slot - begin].as<DType>();
        if (!arg.type_attr.empty()) {
            const AttrValue* attr = value(arg.type_attr);
            type = attr != nullptr ? attr->as<DType>() : nullptr;
        }
        return OutputInfo{type != nullptr ? *type : DType::invalid, arg.is_ref, Shape::unknown_rank()};
    }
    return std::nullopt;
}

void refresh_shapes(Graph& graph, NodeId id) {
    const Node& node = graph.node(id);
    const OpDef* def = find_op(node.op);
    if (def == nullptr || def->shape == nullptr) return;
    std::vector<OutputInfo> outputs = node.outputs;
    ShapeContext ctx(graph, node, outputs);
    if (!def->shape(ctx).ok()) return;
    for (std::size_t i = 0; i < outputs.size(); ++i)
        if (auto merged = outputs[i].shape.merged(node.outputs[i].shape))
            graph.set_output_shape({id, static_cast<int>(i)}, *std::move(merged));
}

} // namespace rnnscope::ops
