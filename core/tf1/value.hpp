#pragma once

#include "core/base/id.hpp"
#include "core/graph/graph.hpp"
#include "core/tensor/tensor.hpp"

#include <concepts>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rnnscope::tf1 {

class Context;
class GraphState;
class Value;

/// Python's None.
struct None {
    friend bool operator==(None, None) { return true; }
};

/// tf.Tensor: an output of one graph's node.
struct TensorValue {
    GraphState* graph = nullptr;
    Output output;
    friend bool operator==(const TensorValue&, const TensorValue&) = default;
};

/// tf.Operation.
struct OperationValue {
    GraphState* graph = nullptr;
    NodeId node;
    friend bool operator==(const OperationValue&, const OperationValue&) = default;
};

/// tf.Variable (RefVariable or ResourceVariable).
struct VariableValue {
    GraphState* graph = nullptr;
    VariableId id;
    friend bool operator==(const VariableValue&, const VariableValue&) = default;
};

/// Python's list, tuple and dict have identity: a list that is appended to is the same list for everyone who holds it.
using ListValue = std::shared_ptr<std::vector<Value>>;
struct TupleValue {
    std::shared_ptr<const std::vector<Value>> items;
    std::string type_name;           ///< "" for a plain tuple, "LSTMStateTuple" for that namedtuple
    std::vector<std::string> fields; ///< names of a namedtuple's fields
};
using DictValue = std::shared_ptr<std::vector<std::pair<Value, Value>>>; ///< insertion order

/// Everything of the TF1 API that has attributes, methods or can be entered with `with`: cells, initializers, variable
/// scopes, graphs, sessions, functions.
class Object {
  public:
    virtual ~Object() = default;
    virtual std::string type_name() const = 0; ///< Python's: "GRUCell", "VariableScope"
    virtual std::string repr() const { return "<" + type_name() + ">"; }
    /// `object.name`; raises AttributeError when there is no such attribute (None is a value).
    virtual Value attribute(Context& context, std::string_view name);
    virtual std::vector<std::string> attribute_names() const { return {}; } ///< for "did you mean"
    /// Classes whose methods it has beside its own, nearest first ("RNNCell", "Layer"): methods are ApiDefs named
    /// "Class.method" whose first parameter is "self".
    virtual std::vector<std::string> bases() const { return {}; }
    virtual bool callable() const { return false; }
    virtual bool is_class() const { return false; } ///< a Python class: calling it makes an instance
    /// `object(...)`. Throws PythonError, also when the object is a function of the program that fails.
    virtual Value call(Context& context, std::vector<Value> positional,
                       std::vector<std::pair<std::string, Value>> keywords);
    /// Context manager protocol. `enter` returns what `as` binds. `exit` runs also while an error passes through.
    virtual bool enterable() const { return false; }
    virtual Value enter(Context& context);
    virtual void exit(Context& context);
};
using ObjectValue = std::shared_ptr<Object>;

/// A value of the program that is being evaluated: what a Python expression would give.
class Value {
  public:
    using Variant = std::variant<None, bool, std::int64_t, double, std::string, DType, Shape, Tensor, TensorValue,
                                 OperationValue, VariableValue, ListValue, TupleValue, DictValue, ObjectValue>;
    Variant v;

    Value() = default;
    Value(const Value&) = default;
    Value(Value&&) = default;
    Value& operator=(const Value&) = default;
    Value& operator=(Value&&) = default;
    ~Value() { // however deep lists are nested, freeing them takes little stack
        if (holds_last<ListValue>() || holds_last<DictValue>() ||
            (is<TupleValue>() && as<TupleValue>()->items.use_count() == 1))
            free_container(std::move(v));
    }
    Value(None) {}
    Value(bool b) : v(b) {}
    Value(int i) : v(static_cast<std::int64_t>(i)) {}
    Value(std::int64_t i) : v(i) {}
    Value(double d) : v(d) {}
    Value(std::string s) : v(std::move(s)) {}
    Value(const char* s) : v(std::string(s)) {}
    Value(DType t) : v(t) {}
    Value(Shape s) : v(std::move(s)) {}
    Value(Tensor array) : v(std::move(array)) {} ///< a numpy array
    Value(TensorValue t) : v(t) {}
    Value(OperationValue o) : v(o) {}
    Value(VariableValue x) : v(x) {}
    Value(ListValue list) : v(std::move(list)) {}
    Value(TupleValue tuple) : v(std::move(tuple)) {}
    Value(DictValue dict) : v(std::move(dict)) {}
    Value(ObjectValue object) : v(std::move(object)) {}
    template <class T>
    requires std::derived_from<T, Object> Value(std::shared_ptr<T> object) : v(ObjectValue(std::move(object))) {}

    static Value list(std::vector<Value> items);
    static Value tuple(std::vector<Value> items);
    static Value dict(std::vector<std::pair<Value, Value>> items);

    bool is_none() const { return std::holds_alternative<None>(v); }
    template <class T> bool is() const { return std::holds_alternative<T>(v); }
    template <class T> const T* as() const { return std::get_if<T>(&v); }
    /// The object as a T, or null.
    template <class T> std::shared_ptr<T> object() const {
        const ObjectValue* o = as<ObjectValue>();
        return o ? std::dynamic_pointer_cast<T>(*o) : nullptr;
    }
    bool truthy() const; ///< Python's bool(value)

  private:
    template <class T> bool holds_last() const { return is<T>() && as<T>()->use_count() == 1; }
    static void free_container(Variant container);
};

bool is_callable(const Value& value);             ///< Python's callable(value)
std::string python_type_name(const Value& value); ///< "int", "list", "Tensor", "GRUCell"
/// Python's repr as 1.15 prints it: `<tf.Tensor 'x:0' shape=(?, 5, 3) dtype=float32>`.
std::string repr(const Value& value);
/// Python's str: `Tensor("x:0", shape=(?, 5, 3), dtype=float32)`, `<dtype: 'float32'>`, strings without quotes.
std::string str(const Value& value);
/// Items of a list or tuple; null for anything else.
const std::vector<Value>* items_of(const Value& value);

/// A Python exception of TensorFlow's graph construction, in the middle of what TensorFlow's Python would be doing.
/// It exists inside core/tf1 only, where it unwinds scopes as Python's `with` does; `call_api` turns it into an Error.
struct PythonError {
    std::string type; ///< "ValueError"
    std::string message;
};

} // namespace rnnscope::tf1
