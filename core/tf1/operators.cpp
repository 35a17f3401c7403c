#include "core/tf1/api.hpp"
#include "core/tf1/array_ops.hpp"
#include "core/tf1/numbers.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

/// Python's operators and subscripts. On numbers, strings and lists they are Python's; on tensors they make ops.
namespace rnnscope::tf1 {

namespace {

constexpr int deepest_comparison = 200;
constexpr std::size_t longest_list = 10'000'000;

[[noreturn]] void unsupported(std::string_view op, const Value& left, const Value& right) {
    raise("TypeError", fmt::format("unsupported operand type(s) for {}: '{}' and '{}'", op == "**" ? "** or pow()" : op,
                                   python_type_name(left), python_type_name(right)));
}

bool equal(const Value& left, const Value& right, int depth = 0) {
    if (depth > deepest_comparison) raise("RecursionError", "maximum recursion depth exceeded in comparison");
    if (is_number(left) && is_number(right)) {
        if (!left.is<double>() && !right.is<double>()) return as_integer(left) == as_integer(right);
        return as_double(left) == as_double(right);
    }
    if (left.v.index() != right.v.index()) {
        // Shapes compare with the lists that describe them.
        if (const auto* shape = left.as<Shape>(); shape != nullptr && items_of(right)) return *shape == to_shape(right);
        if (const auto* shape = right.as<Shape>(); shape != nullptr && items_of(left)) return *shape == to_shape(left);
        return false;
    }
    if (const std::vector<Value>* a = items_of(left)) {
        const std::vector<Value>& b = *items_of(right);
        return std::equal(a->begin(), a->end(), b.begin(), b.end(),
                          [&](const Value& x, const Value& y) { return equal(x, y, depth + 1); });
    }
    if (const auto* a = left.as<DictValue>()) {
        const auto& b = *right.as<DictValue>();
        return (*a)->size() == b->size() && std::all_of((*a)->begin(), (*a)->end(), [&](const auto& entry) {
                   return std::any_of(b->begin(), b->end(), [&](const auto& other) {
                       return equal(entry.first, other.first, depth + 1) &&
                              equal(entry.second, other.second, depth + 1);
                   });
               });
    }
    if (const auto* a = left.as<std::string>()) return *a == *right.as<std::string>();
    if (const auto* a = left.as<DType>()) return *a == *right.as<DType>();
    if (const auto* a = left.as<Shape>()) return *a == *right.as<Shape>();
    if (const auto* a = left.as<Tensor>()) return a->identical(*right.as<Tensor>());
    if (const auto* a = left.as<TensorValue>()) return *a == *right.as<TensorValue>();
    if (const auto* a = left.as<OperationValue>()) return *a == *right.as<OperationValue>();
    if (const auto* a = left.as<VariableValue>()) return *a == *right.as<VariableValue>();
    // AUTO_REUSE is one object in Python.
    if (const auto* a = left.as<ObjectValue>())
        return *a == *right.as<ObjectValue>() ||
               ((*a)->type_name() == "_ReuseMode" && (*right.as<ObjectValue>())->type_name() == "_ReuseMode");
    return true; // None
}

bool same_object(const Value& left, const Value& right) {
    if (const auto* a = left.as<ListValue>(), *b = right.as<ListValue>(); a && b) return *a == *b;
    if (const auto* a = left.as<DictValue>(), *b = right.as<DictValue>(); a && b) return *a == *b;
    if (const auto* a = left.as<TupleValue>(), *b = right.as<TupleValue>(); a && b) return a->items == b->items;
    return left.v.index() == right.v.index() && equal(left, right);
}

[[noreturn]] void overflow() {
    raise("OverflowError", "the result does not fit into 64 bits");
}

Value integer_arithmetic(std::string_view op, std::int64_t a, std::int64_t b) {
    std::int64_t result = 0;
    if (op == "+") return __builtin_add_overflow(a, b, &result) ? (overflow(), Value()) : Value(result);
    if (op == "-") return __builtin_sub_overflow(a, b, &result) ? (overflow(), Value()) : Value(result);
    if (op == "*") return __builtin_mul_overflow(a, b, &result) ? (overflow(), Value()) : Value(result);
    if (op == "**") {
        if (b < 0) {
            if (a == 0) raise("ZeroDivisionError", "0.0 cannot be raised to a negative power");
            return std::pow(static_cast<double>(a), static_cast<double>(b));
        }
        result = 1;
        if (a == 1 || a == -1) return b % 2 == 0 ? std::int64_t{1} : a;
        if (a == 0) return b == 0 ? std::int64_t{1} : std::int64_t{0};
        for (; b > 0; --b)
            if (__builtin_mul_overflow(result, a, &result)) overflow();
        return result;
    }
    if (b == 0) raise("ZeroDivisionError", op == "/" ? "division by zero" : "integer division or modulo by zero");
    if (op == "/") return static_cast<double>(a) / static_cast<double>(b);
    if (b == -1) return op == "//" ? integer_arithmetic("-", 0, a) : Value(0);
    const std::int64_t quotient = a / b, rest = a % b;
    const bool floors = rest != 0 && (rest < 0) != (b < 0); // Python rounds down, C++ towards zero
    return op == "//" ? Value(quotient - (floors ? 1 : 0)) : Value(rest + (floors ? b : 0));
}

Value float_arithmetic(std::string_view op, double a, double b) {
    if (op == "+") return a + b;
    if (op == "-") return a - b;
    if (op == "*") return a * b;
    if (op == "**") return std::pow(a, b);
    if (b == 0)
        raise("ZeroDivisionError", op == "/"   ? "float division by zero"
                                   : op == "%" ? "float modulo"
                                               : "float divmod()");
    if (op == "/") return a / b;
    double rest = std::fmod(a, b);
    if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
    return op == "%" ? Value(rest) : Value(std::floor((a - rest) / b + 0.5));
}

Value repeated(const Value& sequence, std::int64_t times) {
    const auto count = static_cast<std::size_t>(std::max<std::int64_t>(times, 0));
    const auto* text = sequence.as<std::string>();
    const std::size_t size = text != nullptr ? text->size() : items_of(sequence)->size();
    if (size > 0 && count > longest_list / size) raise("MemoryError", "");
    if (text != nullptr) {
        std::string result;
        for (std::size_t i = 0; i < count; ++i) result += *text;
        return result;
    }
    std::vector<Value> result;
    for (std::size_t i = 0; i < count; ++i)
        result.insert(result.end(), items_of(sequence)->begin(), items_of(sequence)->end());
    return sequence.is<ListValue>() ? Value::list(std::move(result)) : Value::tuple(std::move(result));
}

bool is_sequence(const Value& value) {
    return value.is<std::string>() || items_of(value) != nullptr;
}

Value joined(const Value& left, const Value& right) {
    if (const auto* a = left.as<std::string>(), *b = right.as<std::string>(); a && b) return *a + *b;
    std::vector<Value> items = *items_of(left);
    items.insert(items.end(), items_of(right)->begin(), items_of(right)->end());
    return left.is<ListValue>() ? Value::list(std::move(items)) : Value::tuple(std::move(items));
}

Value python_arithmetic(std::string_view op, const Value& left, const Value& right) {
    if (is_number(left) && is_number(right)) {
        if (op == "@") unsupported(op, left, right);
        return left.is<double>() || right.is<double>() ? float_arithmetic(op, as_double(left), as_double(right))
                                                       : integer_arithmetic(op, as_integer(left), as_integer(right));
    }
    if (op == "+" && is_sequence(left) && left.v.index() == right.v.index()) return joined(left, right);
    if (op == "*" && is_sequence(left) && right.is<std::int64_t>()) return repeated(left, *right.as<std::int64_t>());
    if (op == "*" && is_sequence(right) && left.is<std::int64_t>()) return repeated(right, *left.as<std::int64_t>());
    if (const auto* text = left.as<std::string>(); text != nullptr && op == "%") {
        // "cell_%d" % i
        const std::vector<Value>* many = right.is<TupleValue>() ? items_of(right) : nullptr;
        const std::vector<Value> arguments = many != nullptr ? *many : std::vector<Value>{right};
        std::string out;
        std::size_t next = 0;
        for (std::size_t i = 0; i < text->size(); ++i) {
            if ((*text)[i] != '%' || i + 1 == text->size()) {
                out += (*text)[i];
                continue;
            }
            const char kind = (*text)[++i];
            if (kind == '%') {
                out += '%';
                continue;
            }
            if (next == arguments.size()) raise("TypeError", "not enough arguments for format string");
            const Value& value = arguments[next++];
            if (kind == 'd' && !is_number(value))
                raise("TypeError", fmt::format("%d format: a number is required, not {}", python_type_name(value)));
            if (kind == 'd')
                out += std::to_string(static_cast<std::int64_t>(as_double(value)));
            else if (kind == 's')
                out += str(value);
            else if (kind == 'r')
                out += repr(value);
            else
                raise("ValueError", fmt::format("unsupported format character '{}'", kind));
        }
        if (next < arguments.size()) raise("TypeError", "not all arguments converted during string formatting");
        return out;
    }
    unsupported(op, left, right);
}

Value python_comparison(std::string_view op, const Value& left, const Value& right) {
    const auto decide = [&](auto a, auto b) -> Value {
        if (op == "<") return a < b;
        if (op == "<=") return a <= b;
        if (op == ">") return a > b;
        return a >= b;
    };
    if (is_number(left) && is_number(right)) {
        if (!left.is<double>() && !right.is<double>()) return decide(as_integer(left), as_integer(right));
        return decide(as_double(left), as_double(right));
    }
    if (const auto* a = left.as<std::string>(), *b = right.as<std::string>(); a && b) return decide(*a, *b);
    raise("TypeError", fmt::format("'{}' not supported between instances of '{}' and '{}'", op, python_type_name(left),
                                   python_type_name(right)));
}

bool contains(const Value& container, const Value& item) {
    if (const std::vector<Value>* items = items_of(container))
        return std::any_of(items->begin(), items->end(), [&](const Value& other) { return equal(other, item); });
    if (const auto* dict = container.as<DictValue>())
        return std::any_of((*dict)->begin(), (*dict)->end(),
                           [&](const auto& entry) { return equal(entry.first, item); });
    if (const auto* text = container.as<std::string>(), *part = item.as<std::string>(); text && part)
        return text->find(*part) != std::string::npos;
    raise("TypeError", fmt::format("argument of type '{}' is not iterable", python_type_name(container)));
}

GraphState& graph_for(const Value& value) {
    const auto* tensor = value.as<TensorValue>();
    return tensor != nullptr ? *tensor->graph : *value.as<VariableValue>()->graph;
}

Value unary_operator(std::string_view op, const Value& operand) {
    if (op == "not") return !operand.truthy();
    if (is_tensor_value(operand)) {
        GraphState& state = graph_for(operand);
        return op_value(state, op == "neg" ? "Neg" : "LogicalNot", {wrap(state, to_tensor(state, operand))});
    }
    if (op == "neg" && operand.is<double>()) return -*operand.as<double>();
    if (op == "neg" && is_number(operand)) return integer_arithmetic("-", 0, as_integer(operand));
    raise("TypeError",
          fmt::format("bad operand type for unary {}: '{}'", op == "neg" ? "-" : "~", python_type_name(operand)));
}

Value operator_value(std::string_view op, const std::vector<Value>& operands) {
    if (operands.size() == 1) return unary_operator(op, operands[0]);
    const Value &left = operands[0], &right = operands[1];
    if (op == "and") return left.truthy() ? right : left;
    if (op == "or") return left.truthy() ? left : right;
    if (op == "==") return equal(left, right);
    if (op == "!=") return !equal(left, right);
    if (op == "is") return same_object(left, right);
    if (op == "is not") return !same_object(left, right);
    if (op == "in") return contains(right, left);
    if (op == "not in") return !contains(right, left);
    if (is_tensor_value(left) || is_tensor_value(right)) {
        GraphState& state = graph_for(is_tensor_value(left) ? left : right);
        return wrap(state, binary_operator(state, op, left, right));
    }
    const bool compares = op == "<" || op == "<=" || op == ">" || op == ">=";
    return compares ? python_comparison(op, left, right) : python_arithmetic(op, left, right);
}

// --- subscripts
// --------------------------------------------------------------------------------------------------------

std::size_t position(std::int64_t index, std::size_t size, std::string_view what) {
    const auto length = static_cast<std::int64_t>(size);
    if (index < -length || index >= length) raise("IndexError", fmt::format("{} index out of range", what));
    return static_cast<std::size_t>(index < 0 ? index + length : index);
}

/// A slice (start, stop, step) with None, over a sequence of `size` items: the positions it takes.
std::vector<std::size_t> slice_positions(const std::vector<Value>& slice, std::size_t size) {
    const auto length = static_cast<std::int64_t>(size);
    const std::int64_t step = optional_int(slice[2]).value_or(1);
    if (step == 0) raise("ValueError", "slice step cannot be zero");
    const std::int64_t lowest = step > 0 ? 0 : -1, highest = step > 0 ? length : length - 1;
    const auto clamped = [&](const Value& value, std::int64_t fallback) {
        const auto given = optional_int(value);
        if (!given) return fallback;
        return std::clamp(*given < 0 ? *given + length : *given, lowest, highest);
    };
    const std::int64_t start = clamped(slice[0], step > 0 ? 0 : length - 1);
    const std::int64_t stop = clamped(slice[1], step > 0 ? length : -1);
    std::vector<std::size_t> positions;
    for (std::int64_t i = start; step > 0 ? i < stop : i > stop; i += step)
        positions.push_back(static_cast<std::size_t>(i));
    return positions;
}

const std::vector<Value>* as_slice(const Value& index) {
    const auto* tuple = index.as<TupleValue>();
    return tuple != nullptr && tuple->items->size() == 3 ? tuple->items.get() : nullptr;
}

Value item_of_list(const Value& sequence, const Value& index) {
    const std::vector<Value>& items = *items_of(sequence);
    const std::string what = sequence.is<ListValue>() ? "list" : "tuple";
    if (const std::vector<Value>* slice = as_slice(index)) {
        std::vector<Value> taken;
        for (const std::size_t i : slice_positions(*slice, items.size())) taken.push_back(items[i]);
        return sequence.is<ListValue>() ? Value::list(std::move(taken)) : Value::tuple(std::move(taken));
    }
    if (!index.is<std::int64_t>() && !index.is<bool>())
        raise("TypeError", fmt::format("{} indices must be integers or slices, not {}", what, python_type_name(index)));
    return items[position(as_integer(index), items.size(), what)];
}

Value item_of_shape(const Shape& shape, const Value& index) {
    if (!shape.has_rank()) return None{};
    if (const std::vector<Value>* slice = as_slice(index)) {
        std::vector<std::int64_t> dims;
        for (const std::size_t i : slice_positions(*slice, shape.rank())) dims.push_back(shape.dim(i));
        return Shape(std::move(dims));
    }
    const std::int64_t dim = shape.dim(position(optional_int(index).value_or(0), shape.rank(), "list"));
    return dim == Shape::unknown ? Value() : Value(dim);
}

Value item_of_array(const Tensor& array, const Value& index) {
    const auto* i = index.as<std::int64_t>();
    if (i == nullptr || array.shape().rank() == 0 || array.dtype() == DType::string)
        raise("IndexError", "only integers are valid indices of an array here");
    const auto dims = array.shape().dims();
    Shape inner(std::vector<std::int64_t>(dims.begin() + 1, dims.end()));
    const std::size_t bytes = dtype_size(array.dtype()) * static_cast<std::size_t>(inner.elements());
    const std::size_t row = position(*i, static_cast<std::size_t>(dims[0]), "array");
    return Tensor::from_bytes(array.dtype(), std::move(inner), array.bytes().subspan(row * bytes, bytes));
}

Value item(const Value& value, const Value& index) {
    if (items_of(value) != nullptr) return item_of_list(value, index);
    if (const auto* dict = value.as<DictValue>()) {
        for (const auto& [key, found] : **dict)
            if (equal(key, index)) return found;
        raise("KeyError", repr(index));
    }
    if (is_tensor_value(value)) {
        GraphState& state = graph_for(value);
        return wrap(state, strided_slice(state, value, index));
    }
    if (const auto* shape = value.as<Shape>()) return item_of_shape(*shape, index);
    if (const auto* array = value.as<Tensor>()) return item_of_array(*array, index);
    if (const auto* text = value.as<std::string>(); text != nullptr && index.is<std::int64_t>())
        return std::string(1, (*text)[position(*index.as<std::int64_t>(), text->size(), "string")]);
    raise("TypeError", fmt::format("'{}' object is not subscriptable", python_type_name(value)));
}

} // namespace

Result<Value> apply_operator(Context&, std::string_view op, const std::vector<Value>& operands) {
    try {
        if (operands.empty() || operands.size() > 2)
            raise("TypeError", fmt::format("operator {} takes one or two operands", op));
        return operator_value(op, operands);
    } catch (const PythonError& error) {
        return Error{error.type, error.message};
    }
}

Result<Value> get_item(Context&, const Value& value, const Value& index) {
    try {
        return item(value, index);
    } catch (const PythonError& error) {
        return Error{error.type, error.message};
    }
}

} // namespace rnnscope::tf1
