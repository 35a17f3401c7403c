#include "core/tf1/value.hpp"

#include "core/tf1/graph_state.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

Value Value::list(std::vector<Value> items) {
    return Value(std::make_shared<std::vector<Value>>(std::move(items)));
}

Value Value::tuple(std::vector<Value> items) {
    return Value(TupleValue{std::make_shared<const std::vector<Value>>(std::move(items)), {}, {}});
}

Value Value::dict(std::vector<std::pair<Value, Value>> items) {
    return Value(std::make_shared<std::vector<std::pair<Value, Value>>>(std::move(items)));
}

/// What lies in a container waits until the container itself is gone, as in CPython's trashcan.
void Value::free_container(Variant container) {
    thread_local std::vector<Variant>* waiting = nullptr;
    if (waiting != nullptr) {
        waiting->push_back(std::move(container));
        return;
    }
    std::vector<Variant> containers;
    waiting = &containers;
    containers.push_back(std::move(container));
    while (!containers.empty()) {
        [[maybe_unused]] const Variant gone = std::move(containers.back());
        containers.pop_back();
    }
    waiting = nullptr;
}

const std::vector<Value>* items_of(const Value& value) {
    if (const auto* list = value.as<ListValue>()) return list->get();
    if (const auto* tuple = value.as<TupleValue>()) return tuple->items.get();
    return nullptr;
}

bool Value::truthy() const {
    struct Truth {
        bool operator()(None) const { return false; }
        bool operator()(bool b) const { return b; }
        bool operator()(std::int64_t i) const { return i != 0; }
        bool operator()(double d) const { return d != 0; }
        bool operator()(const std::string& s) const { return !s.empty(); }
        bool operator()(DType) const { return true; }
        bool operator()(const Shape& shape) const { return shape.has_rank(); }
        bool operator()(const Tensor& array) const {
            if (array.elements() == 1 && dtype_size(array.dtype()) > 0) return array.number(0) != 0;
            if (array.elements() == 0) return false;
            raise("ValueError", "The truth value of an array with more than one element is ambiguous. Use a.any() or "
                                "a.all()");
        }
        bool operator()(const TensorValue& tensor) const {
            if (tensor.graph->context.version() >= TfVersion{1, 15})
                raise("OperatorNotAllowedInGraphError",
                      "using a `tf.Tensor` as a Python `bool` is not allowed in Graph execution. Use Eager execution "
                      "or decorate this function with @tf.function.");
            raise("TypeError", "Using a `tf.Tensor` as a Python `bool` is not allowed. Use `if t is not None:` instead "
                               "of `if t:` to test if a tensor is defined, and use TensorFlow ops such as tf.cond to "
                               "execute subgraphs conditioned on the value of a tensor.");
        }
        bool operator()(const OperationValue&) const { return true; }
        bool operator()(const VariableValue&) const { return true; }
        bool operator()(const ListValue& list) const { return !list->empty(); }
        bool operator()(const TupleValue& tuple) const { return !tuple.items->empty(); }
        bool operator()(const DictValue& dict) const { return !dict->empty(); }
        bool operator()(const ObjectValue&) const { return true; }
    };
    return std::visit(Truth{}, v);
}

bool is_callable(const Value& value) {
    const ObjectValue* object = value.as<ObjectValue>();
    return object != nullptr && *object && (*object)->callable();
}

std::string python_type_name(const Value& value) {
    struct Name {
        std::string operator()(None) const { return "NoneType"; }
        std::string operator()(bool) const { return "bool"; }
        std::string operator()(std::int64_t) const { return "int"; }
        std::string operator()(double) const { return "float"; }
        std::string operator()(const std::string&) const { return "str"; }
        std::string operator()(DType) const { return "DType"; }
        std::string operator()(const Shape&) const { return "TensorShape"; }
        std::string operator()(const Tensor&) const { return "ndarray"; }
        std::string operator()(const TensorValue&) const { return "Tensor"; }
        std::string operator()(const OperationValue&) const { return "Operation"; }
        std::string operator()(const VariableValue& x) const {
            return x.graph->graph.variable(x.id).is_resource ? "ResourceVariable" : "RefVariable";
        }
        std::string operator()(const ListValue&) const { return "list"; }
        std::string operator()(const TupleValue& t) const { return t.type_name.empty() ? "tuple" : t.type_name; }
        std::string operator()(const DictValue&) const { return "dict"; }
        std::string operator()(const ObjectValue& o) const { return o->type_name(); }
    };
    return std::visit(Name{}, value.v);
}

namespace {

std::string quoted_text(const std::string& s) {
    const char quote = s.find('\'') != std::string::npos && s.find('"') == std::string::npos ? '"' : '\'';
    std::string out(1, quote);
    for (const char c : s) {
        if (c == quote || c == '\\') out += '\\';
        if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else
            out += c;
    }
    return out + quote;
}

std::string float_text(double d) {
    std::string text = fmt::format("{}", d);
    if (text.find_first_of(".en") == std::string::npos) text += ".0";
    return text;
}

std::string dtype_text(const OutputInfo& info) {
    return std::string(dtype_name(info.dtype)) + (info.is_ref ? "_ref" : "");
}

std::string shape_repr(const Shape& shape) {
    if (!shape.has_rank()) return "TensorShape(None)";
    std::string text = "TensorShape([";
    for (std::size_t i = 0; i < shape.rank(); ++i) {
        text += i == 0 ? "" : ", ";
        text += shape.dim(i) == Shape::unknown ? "Dimension(None)" : fmt::format("Dimension({})", shape.dim(i));
    }
    return text + "])";
}

struct Leaf {
    std::string operator()(None) const { return "None"; }
    std::string operator()(bool b) const { return b ? "True" : "False"; }
    std::string operator()(std::int64_t i) const { return std::to_string(i); }
    std::string operator()(double d) const { return float_text(d); }
    std::string operator()(const std::string& s) const { return quoted_text(s); }
    std::string operator()(DType t) const { return fmt::format("tf.{}", dtype_name(t)); }
    std::string operator()(const Shape& shape) const { return shape_repr(shape); }
    std::string operator()(const Tensor& array) const {
        const std::string text = to_text(array);
        const bool is_default = array.dtype() == DType::float64 || array.dtype() == DType::int64 ||
                                array.dtype() == DType::boolean || array.dtype() == DType::string;
        return is_default ? fmt::format("array({})", text)
                          : fmt::format("array({}, dtype={})", text, dtype_name(array.dtype()));
    }
    std::string operator()(const TensorValue& t) const {
        const OutputInfo& info = t.graph->graph.info(t.output);
        return fmt::format("<tf.Tensor '{}' shape={} dtype={}>", t.graph->graph.tensor_name(t.output),
                           to_python(info.shape), dtype_text(info));
    }
    std::string operator()(const OperationValue& o) const {
        const Node& node = o.graph->graph.node(o.node);
        return fmt::format("<tf.Operation '{}' type={}>", node.name, node.op);
    }
    std::string operator()(const VariableValue& x) const {
        const Variable& variable = x.graph->graph.variable(x.id);
        return fmt::format("<tf.Variable '{}:0' shape={} dtype={}{}>", variable.name, to_python(variable.shape),
                           dtype_name(variable.dtype), variable.is_resource ? "" : "_ref");
    }
    std::string operator()(const ListValue&) const { return {}; }
    std::string operator()(const TupleValue&) const { return {}; }
    std::string operator()(const DictValue&) const { return {}; }
    std::string operator()(const ObjectValue& o) const { return o->repr(); }
};

struct Piece {
    const Value* value = nullptr; ///< null: `text` stands alone
    std::string text;
};

/// Pushes what a container consists of, last first.
void push_parts(std::vector<Piece>& work, const Value& value) {
    std::vector<Piece> parts;
    const auto add_items = [&](const std::vector<Value>& items, const std::vector<std::string>& fields) {
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0) parts.push_back({nullptr, ", "});
            if (!fields.empty()) parts.push_back({nullptr, fields[i] + "="});
            parts.push_back({&items[i], {}});
        }
    };
    if (const auto* list = value.as<ListValue>()) {
        parts.push_back({nullptr, "["});
        add_items(**list, {});
        parts.push_back({nullptr, "]"});
    } else if (const auto* tuple = value.as<TupleValue>()) {
        parts.push_back({nullptr, tuple->type_name + "("});
        add_items(*tuple->items, tuple->fields);
        parts.push_back({nullptr, tuple->fields.empty() && tuple->items->size() == 1 ? ",)" : ")"});
    } else if (const auto* dict = value.as<DictValue>()) {
        parts.push_back({nullptr, "{"});
        for (std::size_t i = 0; i < (*dict)->size(); ++i) {
            if (i > 0) parts.push_back({nullptr, ", "});
            parts.push_back({&(**dict)[i].first, {}});
            parts.push_back({nullptr, ": "});
            parts.push_back({&(**dict)[i].second, {}});
        }
        parts.push_back({nullptr, "}"});
    }
    work.insert(work.end(), std::make_move_iterator(parts.rbegin()), std::make_move_iterator(parts.rend()));
}

void append_repr(std::string& out, const Value& root) {
    constexpr std::size_t longest = 1 << 20; // a list may contain itself; nobody reads more than this
    std::vector<Piece> work;
    work.push_back({&root, {}});
    while (!work.empty() && out.size() < longest) {
        const Piece piece = std::move(work.back());
        work.pop_back();
        if (piece.value == nullptr)
            out += piece.text;
        else if (piece.value->is<ListValue>() || piece.value->is<TupleValue>() || piece.value->is<DictValue>())
            push_parts(work, *piece.value);
        else
            out += std::visit(Leaf{}, piece.value->v);
    }
}

} // namespace

std::string repr(const Value& value) {
    std::string out;
    append_repr(out, value);
    return out;
}

std::string str(const Value& value) {
    if (const auto* s = value.as<std::string>()) return *s;
    if (const auto* t = value.as<DType>()) return fmt::format("<dtype: '{}'>", dtype_name(*t));
    if (const auto* shape = value.as<Shape>()) return to_python(*shape);
    if (const auto* array = value.as<Tensor>()) return to_text(*array);
    if (const auto* t = value.as<TensorValue>()) {
        const OutputInfo& info = t->graph->graph.info(t->output);
        const std::string shape = info.shape.has_rank() ? fmt::format(", shape={}", to_python(info.shape)) : "";
        return fmt::format("Tensor(\"{}\"{}, dtype={})", t->graph->graph.tensor_name(t->output), shape,
                           dtype_text(info));
    }
    return repr(value);
}

Value Object::attribute(Context&, std::string_view name) {
    raise("AttributeError", fmt::format("'{}' object has no attribute '{}'", type_name(), name));
}

Value Object::call(Context&, std::vector<Value>, std::vector<std::pair<std::string, Value>>) {
    raise("TypeError", fmt::format("'{}' object is not callable", type_name()));
}

Value Object::enter(Context&) {
    raise("AttributeError", "__enter__");
}

void Object::exit(Context&) {
    raise("AttributeError", "__exit__");
}

} // namespace rnnscope::tf1
