#pragma once

#include "core/base/result.hpp"
#include "core/tf1/value.hpp"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::tf1 {

/// One parameter of a function, with TensorFlow's name. `default_value` absent: required. A name that begins with "*"
/// takes all further positional arguments as a tuple; parameters after it can be given by name only. The first
/// parameter of a method is "self".
struct Param {
    std::string name;
    std::optional<Value> default_value;
};

/// The arguments of one call, bound to parameters; positions are those of ApiDef::params.
class Arguments {
  public:
    explicit Arguments(std::vector<Value> values, std::vector<bool> given)
        : values_(std::move(values)), given_(std::move(given)) {}
    const Value& operator[](std::size_t i) const { return values_[i]; }
    bool given(std::size_t i) const { return given_[i]; } ///< false: the default was filled in
    std::size_t size() const { return values_.size(); }

  private:
    std::vector<Value> values_;
    std::vector<bool> given_;
};

/// One function of the TF1 API, a constructor or a method, after TensorFlow 1.15: the evaluator, the schema, the Python
/// printer, tooltips and tests read this record. Add a function: write a record in the family's file, nothing else.
struct ApiDef {
    std::string name; ///< without "tf.": "nn.dynamic_rnn"; methods: "GRUCell.zero_state"
    std::vector<Param> params;
    std::string doc; ///< one sentence
    Value (*call)(Context& context, const Arguments& arguments) = nullptr;
};

/// Parameters in Python's notation: "dtype, shape=None, name='x', axis=-1, *rest". Defaults are None, True, False,
/// numbers, strings, or a dtype ("float32"). The notation is ours, so a mistake in it asserts.
std::vector<Param> params(std::string_view notation);
/// Is it a class in Python (a constructor), so that errors name "__init__()"?
bool is_class(const ApiDef& api);
/// A function or class as a value: `tf.nn.tanh` given as an argument.
Value function_value(const ApiDef& api);
/// The parameters as Python would bind them; throws TypeError with Python's text.
Arguments bind(const ApiDef& api, std::vector<Value> positional, std::vector<std::pair<std::string, Value>> keywords);

/// Reading arguments: None means "not given"; anything unfit is a TypeError.
std::string text_or(const Value& value, std::string_view fallback);
std::optional<std::string> optional_text(const Value& value);
std::optional<std::int64_t> optional_int(const Value& value);
/// int(value), whose TypeError for None is Python's.
std::int64_t required_int(const Value& value);
std::optional<bool> optional_bool(const Value& value);
double number_of(const Value& value);
bool bool_or(const Value& value, bool fallback);
DType optional_dtype(const Value& value); ///< invalid when None

/// All functions, in the order of the list in api_list.cpp.
std::span<const ApiDef> all_api();
const ApiDef* find_api(std::string_view name); ///< null when unknown
/// Constants and modules reachable from `tf`: "float32", "AUTO_REUSE", "GraphKeys.GLOBAL_VARIABLES". nullopt when
/// unknown.
std::optional<Value> find_constant(std::string_view name);
std::vector<std::string> constant_names();

using Keywords = std::vector<std::pair<std::string, Value>>;

/// Binds and calls. Errors are Python's: TypeError "placeholder() got an unexpected keyword argument 'shap'",
/// "... missing 1 required positional argument: 'dtype'", and whatever TensorFlow raises. The nodes that were made
/// before the error stay in the graph, as in TensorFlow.
Result<Value> call_api(Context& context, const ApiDef& api, std::vector<Value> positional, Keywords keywords);
/// `object.method(...)`, or calling an object itself (a cell, a bound function).
Result<Value> call_method(Context& context, const Value& object, std::string_view method, std::vector<Value> positional,
                          Keywords keywords);
Result<Value> call_value(Context& context, const Value& callee, std::vector<Value> positional, Keywords keywords);
/// `value.name`: tensors (name, dtype, shape, op, graph), variables (op, initializer, ...), cells, ops, namedtuples.
Result<Value> get_attribute(Context& context, const Value& value, std::string_view name);
/// `value[index]`: lists, tuples, dicts, and tensors and variables (which adds strided_slice nodes). An index may be an
/// int, a string (dicts), or for tensors a list of ints and slices, each slice a tuple (start, stop, step) with None.
Result<Value> get_item(Context& context, const Value& value, const Value& index);
/// Python's operators on numbers, lists and tensors: "+", "-", "*", "/", "//", "%", "**", "@", "<", "<=", ">", ">=",
/// "==", "!=", "and", "or", "not", "neg". On tensors `==` compares identity, as in 1.x.
Result<Value> apply_operator(Context& context, std::string_view op, const std::vector<Value>& operands);
/// The `with` protocol.
Result<Value> enter(Context& context, const Value& manager);
Status exit(Context& context, const Value& manager);

} // namespace rnnscope::tf1
