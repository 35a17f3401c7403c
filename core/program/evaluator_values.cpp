#include "core/program/array_values.hpp"
#include "core/program/evaluator_impl.hpp"
#include "core/program/generate.hpp"
#include "core/program/names.hpp"
#include "core/tf1/graph_def.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::program {

using tf1::PythonError;
using tf1::Value;

namespace {

constexpr std::int64_t max_items = 1'000'000; ///< of a list that a program makes

template <class T> T taken(Result<T> result) {
    if (!result) throw PythonError{result.error().code, result.error().message};
    return std::move(*result);
}

/// "nn.tanh" for `tf.nn.tanh`; "" when the expression does not begin with tf.
std::string tensorflow_path(const Expr& expr) {
    std::vector<std::string_view> names;
    const Expr* at = &expr;
    while (const auto* attribute = std::get_if<AttributeExpr>(&at->node)) {
        names.push_back(attribute->name);
        at = attribute->object.get();
    }
    const auto* root = std::get_if<NameExpr>(&at->node);
    if (!root || root->name != "tf" || names.empty()) return {};
    return fmt::format("{}", fmt::join(names.rbegin(), names.rend(), "."));
}

const std::vector<Value>* list_items(const Value& value) {
    const auto* list = value.as<tf1::ListValue>();
    return list ? list->get() : nullptr;
}

/// Repeating and joining doubles; a loop of it would eat all memory.
void check_growth(std::string_view op, const std::vector<Value>& operands) {
    if (operands.size() != 2 || (op != "*" && op != "+")) return;
    const auto size = [](const Value& value) -> std::int64_t {
        if (const auto* items = tf1::items_of(value)) return static_cast<std::int64_t>(items->size());
        if (const auto* text = value.as<std::string>()) return static_cast<std::int64_t>(text->size());
        return -1;
    };
    for (int i = 0; i < 2; ++i) {
        const std::int64_t items = size(operands[static_cast<std::size_t>(i)]);
        if (items <= 0) continue;
        const Value& other = operands[static_cast<std::size_t>(1 - i)];
        const std::int64_t* times = other.as<std::int64_t>();
        const bool too_many = op == "*" ? times && *times > max_items / items
                                        : items + std::max<std::int64_t>(size(other), 0) > max_items;
        if (too_many) throw PythonError{"MemoryError", fmt::format("a list of more than {} items", max_items)};
    }
}

std::int64_t as_integer(const Value& value) {
    if (const std::int64_t* integer = value.as<std::int64_t>()) return *integer;
    if (const bool* boolean = value.as<bool>()) return *boolean ? 1 : 0;
    throw PythonError{"TypeError",
                      fmt::format("'{}' object cannot be interpreted as an integer", tf1::python_type_name(value))};
}

} // namespace

// --- names and simple values ----------------------------------------------------------------------------------------

Value Evaluator::Impl::evaluate(const ExprPtr& expr) {
    struct {
        Impl& machine;
        Value operator()(const Literal& literal) const {
            struct {
                Value operator()(std::monostate) const { return {}; }
                Value operator()(bool value) const { return Value(value); }
                Value operator()(std::int64_t value) const { return Value(value); }
                Value operator()(double value) const { return Value(value); }
                Value operator()(const std::string& value) const { return Value(value); }
            } convert;
            return std::visit(convert, literal.value);
        }
        Value operator()(const NameExpr& name) const { return machine.evaluate_name(name.name); }
        Value operator()(const AttributeExpr& attribute) const { return machine.evaluate_attribute(attribute); }
        Value operator()(const IndexExpr& index) const { return machine.evaluate_index(index); }
        Value operator()(const ListExpr& list) const { return Value::list(machine.evaluate_all(list.items)); }
        Value operator()(const TupleExpr& tuple) const { return Value::tuple(machine.evaluate_all(tuple.items)); }
        Value operator()(const DictExpr& dict) const {
            std::vector<std::pair<Value, Value>> items;
            for (const auto& [key, value] : dict.items) {
                Value name = machine.evaluate(key);
                items.emplace_back(std::move(name), machine.evaluate(value));
            }
            return Value::dict(std::move(items));
        }
        Value operator()(const CallExpr& call) const {
            CallOutcome outcome = machine.evaluate_call(call);
            if (auto* value = std::get_if<Value>(&outcome)) return std::move(*value);
            if (std::holds_alternative<SessionRun>(outcome))
                throw PythonError{"program.nested-run",
                                  "a session runs in a statement of its own: give its result a name first"};
            throw PythonError{
                "program.nested-call",
                "a function of the program is called in a statement of its own: give its result a name first"};
        }
        Value operator()(const OperatorExpr& expr) const { return machine.evaluate_operator(expr); }
        Value operator()(const ConditionalExpr& expr) const {
            return machine.evaluate(machine.truth(machine.evaluate(expr.condition)) ? expr.value : expr.otherwise);
        }
        Value operator()(const GenerateExpr& data) const { return Value(generate(data)); }
        Value operator()(const ArrayExpr& array) const { return Value(array.value); }
        Value operator()(const FileExpr& file) const {
            if (file.graph) return Value(std::make_shared<tf1::GraphDefObject>(file.graph));
            return Value(taken(read_data_file(machine.program_->directory, file)));
        }
    } visitor{*this};
    return std::visit(visitor, expr->node);
}

std::vector<Value> Evaluator::Impl::evaluate_all(const std::vector<ExprPtr>& items) {
    std::vector<Value> values;
    values.reserve(items.size());
    for (const ExprPtr& item : items) values.push_back(evaluate(item));
    return values;
}

Value Evaluator::Impl::evaluate_name(const std::string& name) const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame)
        if (frame->kind == Frame::Kind::function) {
            if (const auto at = frame->locals.find(name); at != frame->locals.end()) return at->second;
            if (frame->own_names && frame->own_names->contains(name))
                throw PythonError{"UnboundLocalError",
                                  fmt::format("local variable '{}' referenced before assignment", name)};
            break; // functions see their own names and the module's
        }
    if (const auto at = globals_.find(name); at != globals_.end()) return at->second;
    throw PythonError{"NameError", fmt::format("name '{}' is not defined", name)};
}

void Evaluator::Impl::assign(const std::string& name, Value value) {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame)
        if (frame->kind == Frame::Kind::function) {
            frame->locals[name] = std::move(value);
            return;
        }
    globals_[name] = std::move(value);
}

void Evaluator::Impl::assign_all(const std::vector<std::string>& targets, Value value) {
    if (targets.size() == 1) return assign(targets[0], std::move(value));
    std::vector<Value> items = iterate(value);
    if (items.size() < targets.size())
        throw PythonError{"ValueError", fmt::format("not enough values to unpack (expected {}, got {})", targets.size(),
                                                    items.size())};
    if (items.size() > targets.size())
        throw PythonError{"ValueError", fmt::format("too many values to unpack (expected {})", targets.size())};
    for (std::size_t i = 0; i < targets.size(); ++i) assign(targets[i], std::move(items[i]));
}

Value Evaluator::Impl::evaluate_attribute(const AttributeExpr& attribute) {
    const Expr whole{attribute, {}};
    if (const std::string path = tensorflow_path(whole); !path.empty()) return evaluate_tensorflow_name(path);
    const Value object = evaluate(attribute.object);
    if (const Tensor* array = object.as<Tensor>())
        if (std::optional<Value> value = array_attribute(*array, attribute.name)) return std::move(*value);
    return taken(tf1::get_attribute(*context_, object, attribute.name));
}

Value Evaluator::Impl::evaluate_tensorflow_name(const std::string& path) {
    // "GraphKeys.GLOBAL_VARIABLES" is a constant, "float32.name" an attribute of one.
    std::size_t length = path.size();
    while (true) {
        const std::string_view prefix = std::string_view(path).substr(0, length);
        std::optional<Value> value = tf1::find_constant(prefix);
        if (value) {
            while (length < path.size()) {
                const std::size_t end = std::min(path.find('.', length + 1), path.size());
                value = taken(
                    tf1::get_attribute(*context_, *value, std::string_view(path).substr(length + 1, end - length - 1)));
                length = end;
            }
            return std::move(*value);
        }
        length = path.rfind('.', length - 1);
        if (length == std::string::npos || length == 0)
            throw PythonError{"AttributeError", fmt::format("module 'tensorflow' has no attribute '{}'", path)};
    }
}

Value Evaluator::Impl::evaluate_index(const IndexExpr& index) {
    const Value object = evaluate(index.object);
    const auto part = [&](const ExprPtr& expr) { return expr ? evaluate(expr) : Value(); };
    if (const Tensor* array = object.as<Tensor>()) {
        std::vector<ArraySubscript> subscripts;
        const auto bound = [&](const ExprPtr& expr) -> std::optional<std::int64_t> {
            const Value value = part(expr);
            return value.is_none() ? std::nullopt : std::optional(as_integer(value));
        };
        for (const Subscript& subscript : index.subscripts) {
            ArraySubscript item;
            item.is_slice = subscript.index == nullptr;
            if (item.is_slice) {
                item.start = bound(subscript.start);
                item.stop = bound(subscript.stop);
                item.step = bound(subscript.step);
            } else
                item.index = as_integer(evaluate(subscript.index));
            subscripts.push_back(item);
        }
        return array_item(*array, subscripts);
    }
    std::vector<Value> items;
    bool slices = false;
    for (const Subscript& subscript : index.subscripts) {
        if (subscript.index) {
            items.push_back(evaluate(subscript.index));
            continue;
        }
        slices = true;
        std::vector<Value> bounds{part(subscript.start), part(subscript.stop), part(subscript.step)};
        items.push_back(Value::tuple(std::move(bounds)));
    }
    if (const auto* list = tf1::items_of(object); list && slices && items.size() == 1) {
        // Slices of Python's lists and tuples.
        const std::vector<Value>& bounds = *tf1::items_of(items[0]);
        ArraySubscript slice;
        slice.is_slice = true;
        if (!bounds[0].is_none()) slice.start = as_integer(bounds[0]);
        if (!bounds[1].is_none()) slice.stop = as_integer(bounds[1]);
        if (!bounds[2].is_none()) slice.step = as_integer(bounds[2]);
        std::vector<std::int64_t> positions(list->size());
        for (std::size_t i = 0; i < positions.size(); ++i) positions[i] = static_cast<std::int64_t>(i);
        const Tensor all = Tensor::of<std::int64_t>(Shape{static_cast<std::int64_t>(positions.size())}, positions);
        const Value chosen = array_item(all, {slice});
        std::vector<Value> result;
        for (std::int64_t i = 0; i < chosen.as<Tensor>()->elements(); ++i)
            result.push_back((*list)[static_cast<std::size_t>(chosen.as<Tensor>()->integer(i))]);
        return list_items(object) ? Value::list(std::move(result)) : Value::tuple(std::move(result));
    }
    const bool single = items.size() == 1 && !slices;
    return taken(tf1::get_item(*context_, object, single ? items[0] : Value::list(std::move(items))));
}

/// Python's bool(value). A resource variable reads its value for it; that is a tensor, and refuses.
bool Evaluator::Impl::truth(const Value& value) {
    const auto* variable = value.as<tf1::VariableValue>();
    if (variable && variable->graph->graph.variable(variable->id).is_resource)
        return taken(tf1::call_method(*context_, value, "read_value", {}, {})).truthy();
    return value.truthy();
}

Value Evaluator::Impl::evaluate_operator(const OperatorExpr& expr) {
    if (expr.op == "and" || expr.op == "or") {
        Value first = evaluate(expr.operands[0]);
        return truth(first) == (expr.op == "or") ? first : evaluate(expr.operands[1]);
    }
    if (expr.op == "not") return Value(!truth(evaluate(expr.operands[0])));
    std::vector<Value> operands = evaluate_all(expr.operands);
    if (std::optional<Value> value = array_operator(expr.op, operands)) return std::move(*value);
    check_growth(expr.op, operands);
    return taken(tf1::apply_operator(*context_, expr.op, operands));
}

std::vector<Value> Evaluator::Impl::iterate(const Value& value) {
    if (const auto* items = tf1::items_of(value)) return *items;
    if (const Tensor* array = value.as<Tensor>()) return array_items(*array);
    if (const auto* dict = value.as<tf1::DictValue>()) {
        std::vector<Value> keys;
        for (const auto& [key, item] : **dict) keys.push_back(key);
        return keys;
    }
    if (const auto* text = value.as<std::string>()) {
        std::vector<Value> characters;
        for (const char c : *text) characters.emplace_back(std::string(1, c));
        return characters;
    }
    if (value.is<tf1::TensorValue>() && program_->tf_minor >= 15)
        throw PythonError{"OperatorNotAllowedInGraphError",
                          "iterating over `tf.Tensor` is not allowed in Graph execution. Use Eager execution or "
                          "decorate this function with @tf.function."};
    if (value.is<tf1::TensorValue>())
        throw PythonError{"TypeError",
                          program_->tf_minor >= 14
                              ? "Tensor objects are only iterable when eager execution is enabled. To iterate "
                                "over this tensor use tf.map_fn."
                              : "Tensor objects are not iterable when eager execution is not enabled. To "
                                "iterate over this tensor use tf.map_fn."};
    throw PythonError{"TypeError", fmt::format("'{}' object is not iterable",
                                               value.is_none() ? "NoneType" : tf1::python_type_name(value))};
}

// --- calls ----------------------------------------------------------------------------------------------------------

Evaluator::Impl::CallOutcome Evaluator::Impl::evaluate_call(const CallExpr& call) {
    const std::string path = tensorflow_path(*call.callee);
    const auto* attribute = std::get_if<AttributeExpr>(&call.callee->node);
    const auto* name = std::get_if<NameExpr>(&call.callee->node);
    // Python evaluates the callee before the arguments.
    Value callee;
    const bool builtin = name && is_builtin(name->name) && !is_defined(name->name);
    if (path.empty() && attribute)
        callee = evaluate(attribute->object);
    else if (path.empty() && !builtin)
        callee = evaluate(call.callee);

    std::vector<Value> positional = evaluate_all(call.args);
    tf1::Keywords keywords;
    for (const Keyword& keyword : call.keywords) keywords.emplace_back(keyword.name, evaluate(keyword.value));

    if (!path.empty()) return call_tensorflow(path, std::move(positional), std::move(keywords));
    if (builtin) {
        if (!keywords.empty())
            throw PythonError{"TypeError", fmt::format("{}() takes no keyword arguments", name->name)};
        return call_builtin(name->name, positional);
    }
    if (attribute) return call_method(callee, attribute->name, std::move(positional), std::move(keywords));
    if (const auto function = callee.object<FunctionObject>())
        return FunctionCall{function, bind(*function, std::move(positional), std::move(keywords))};
    return taken(tf1::call_value(*context_, callee, std::move(positional), std::move(keywords)));
}

Evaluator::Impl::CallOutcome Evaluator::Impl::call_tensorflow(const std::string& name, std::vector<Value> positional,
                                                              tf1::Keywords keywords) {
    for (const tf1::ApiDef& api : session_api()) {
        if (api.name != name) continue;
        if (name == "get_default_session")
            return default_sessions_->empty() ? Value() : Value(default_sessions_->back());
        if (name == "train.SessionManager") return make_session_manager(std::move(positional), std::move(keywords));
        if (name.starts_with("train."))
            return call_checkpoint_function(name, std::move(positional), std::move(keywords));
        return make_session(api, std::move(positional), std::move(keywords));
    }
    if (const tf1::ApiDef* api = tf1::find_api(name))
        return taken(tf1::call_api(*context_, *api, std::move(positional), std::move(keywords)));
    return taken(
        tf1::call_value(*context_, evaluate_tensorflow_name(name), std::move(positional), std::move(keywords)));
}

Evaluator::Impl::CallOutcome Evaluator::Impl::call_method(const Value& object, const std::string& method,
                                                          std::vector<Value> positional, tf1::Keywords keywords) {
    if (std::optional<CallOutcome> outcome = call_session_method(object, method, positional, keywords))
        return std::move(*outcome);
    if (keywords.empty())
        if (std::optional<Value> value = call_container_method(object, method, positional)) return std::move(*value);
    return taken(tf1::call_method(*context_, object, method, std::move(positional), std::move(keywords)));
}

/// Lists, dicts and arrays; nullopt: not a method of theirs.
std::optional<Value> Evaluator::Impl::call_container_method(const Value& object, const std::string& method,
                                                            const std::vector<Value>& positional) {
    const auto exactly = [&](std::size_t count) {
        if (positional.size() != count)
            throw PythonError{"TypeError", fmt::format("{}() takes exactly {} argument{} ({} given)", method, count,
                                                       count == 1 ? "" : "s", positional.size())};
    };
    if (const Tensor* array = object.as<Tensor>()) return array_method(*array, method, positional);
    if (const auto* list = object.as<tf1::ListValue>()) {
        if (method == "append") {
            exactly(1);
            (*list)->push_back(positional[0]);
            return Value();
        }
        if (method == "extend") {
            exactly(1);
            std::vector<Value> items = iterate(positional[0]);
            check_growth("+", {object, Value::list(items)});
            (*list)->insert((*list)->end(), items.begin(), items.end());
            return Value();
        }
    }
    if (const auto* dict = object.as<tf1::DictValue>()) {
        const bool keys = method == "keys", values = method == "values";
        if (keys || values || method == "items") {
            exactly(0);
            std::vector<Value> items;
            for (const auto& [key, value] : **dict)
                items.push_back(keys ? key : values ? value : Value::tuple({key, value}));
            return Value::list(std::move(items));
        }
    }
    return std::nullopt;
}

Value Evaluator::Impl::call_builtin(const std::string& name, const std::vector<Value>& arguments) {
    if (name == "len") {
        if (arguments.size() != 1)
            throw PythonError{"TypeError",
                              fmt::format("len() takes exactly one argument ({} given)", arguments.size())};
        const Value& value = arguments[0];
        if (const auto* items = tf1::items_of(value)) return Value(static_cast<std::int64_t>(items->size()));
        if (const auto* dict = value.as<tf1::DictValue>()) return Value(static_cast<std::int64_t>((*dict)->size()));
        if (const auto* text = value.as<std::string>()) return Value(static_cast<std::int64_t>(text->size()));
        if (const Tensor* array = value.as<Tensor>(); array && array->shape().rank() > 0)
            return Value(array->shape().dim(0));
        if (const auto* tensor = value.as<tf1::TensorValue>(); tensor && program_->tf_minor >= 14)
            throw PythonError{"TypeError", fmt::format("len is not well defined for symbolic Tensors. ({}) Please call "
                                                       "`x.shape` rather than `len(x)` for shape information.",
                                                       tensor->graph->graph.tensor_name(tensor->output))};
        throw PythonError{"TypeError", fmt::format("object of type '{}' has no len()", tf1::python_type_name(value))};
    }
    if (arguments.empty() || arguments.size() > 3)
        throw PythonError{"TypeError", fmt::format("range expected 1 to 3 arguments, got {}", arguments.size())};
    std::int64_t start = 0, stop = as_integer(arguments[0]), step = 1;
    if (arguments.size() > 1) {
        start = stop;
        stop = as_integer(arguments[1]);
    }
    if (arguments.size() > 2) step = as_integer(arguments[2]);
    if (step == 0) throw PythonError{"ValueError", "range() arg 3 must not be zero"};
    std::vector<Value> items;
    for (std::int64_t i = start; step > 0 ? i < stop : i > stop;) {
        if (static_cast<std::int64_t>(items.size()) == max_items)
            throw PythonError{"MemoryError", fmt::format("a range of more than {} items", max_items)};
        items.emplace_back(i);
        if (__builtin_add_overflow(i, step, &i)) break;
    }
    return Value::list(std::move(items));
}

Evaluator::Impl::Names Evaluator::Impl::bind(const FunctionObject& function, std::vector<Value> positional,
                                             tf1::Keywords keywords) {
    const FunctionStatement& def = function.function;
    if (positional.size() > def.parameters.size())
        throw PythonError{"TypeError", fmt::format("{}() takes {} positional argument{} but {} {} given", def.name,
                                                   def.parameters.size(), def.parameters.size() == 1 ? "" : "s",
                                                   positional.size(), positional.size() == 1 ? "was" : "were")};
    Names names;
    for (std::size_t i = 0; i < positional.size(); ++i) names[def.parameters[i].name] = std::move(positional[i]);
    for (auto& [name, value] : keywords) {
        const bool known = std::any_of(def.parameters.begin(), def.parameters.end(),
                                       [&, &key = name](const Parameter& p) { return p.name == key; });
        if (!known)
            throw PythonError{"TypeError", fmt::format("{}() got an unexpected keyword argument '{}'", def.name, name)};
        if (!names.emplace(name, std::move(value)).second)
            throw PythonError{"TypeError", fmt::format("{}() got multiple values for argument '{}'", def.name, name)};
    }
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < def.parameters.size(); ++i) {
        const std::string& name = def.parameters[i].name;
        if (names.contains(name)) continue;
        if (function.defaults[i])
            names[name] = *function.defaults[i];
        else
            missing.push_back("'" + name + "'");
    }
    if (!missing.empty())
        throw PythonError{"TypeError",
                          fmt::format("{}() missing {} required positional argument{}: {}", def.name, missing.size(),
                                      missing.size() == 1 ? "" : "s", fmt::join(missing, ", "))};
    return names;
}

bool Evaluator::Impl::is_defined(const std::string& name) const {
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame)
        if (frame->kind == Frame::Kind::function) {
            if (frame->locals.contains(name)) return true;
            break;
        }
    return globals_.contains(name);
}

} // namespace rnnscope::program
