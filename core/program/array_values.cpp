#include "core/program/array_values.hpp"

#include "core/program/generate.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace rnnscope::program {

using tf1::PythonError;
using tf1::Value;

namespace {

/// The elements with these row-major indices, as an array of this shape.
Tensor gathered(const Tensor& array, Shape shape, const std::vector<std::int64_t>& elements) {
    if (array.dtype() == DType::string) {
        std::vector<std::string> values;
        for (const std::int64_t i : elements) values.push_back(array.strings()[static_cast<std::size_t>(i)]);
        return Tensor::of<std::string>(std::move(shape), std::move(values));
    }
    const std::size_t size = dtype_size(array.dtype());
    std::byte* out = nullptr;
    Tensor result = Tensor::make_bytes(array.dtype(), std::move(shape), out);
    const std::byte* in = array.bytes().data();
    for (const std::int64_t i : elements) {
        std::memcpy(out, in + static_cast<std::size_t>(i) * size, size);
        out += size;
    }
    return result;
}

/// A scalar array as Python shows it: numpy's float32(1.5) stays an array of rank 0 here.
struct Axis {
    std::vector<std::int64_t> positions;
    bool kept = true; ///< an index takes its axis away
};

Axis axis_of(const ArraySubscript& subscript, std::int64_t size, std::size_t axis) {
    Axis result;
    if (!subscript.is_slice) {
        const std::int64_t index = subscript.index < 0 ? subscript.index + size : subscript.index;
        if (index < 0 || index >= size)
            throw PythonError{"IndexError", fmt::format("index {} is out of bounds for axis {} with size {}",
                                                        subscript.index, axis, size)};
        result.positions = {index};
        result.kept = false;
        return result;
    }
    const std::int64_t step = subscript.step.value_or(1);
    if (step == 0) throw PythonError{"ValueError", "slice step cannot be zero"};
    const std::int64_t low = step > 0 ? 0 : -1, high = step > 0 ? size : size - 1;
    const auto bound = [&](std::int64_t value) { return std::clamp(value < 0 ? value + size : value, low, high); };
    const std::int64_t start = subscript.start ? bound(*subscript.start) : (step > 0 ? low : high);
    const std::int64_t stop = subscript.stop ? bound(*subscript.stop) : (step > 0 ? high : low);
    for (std::int64_t i = start; step > 0 ? i < stop : i > stop;) {
        result.positions.push_back(i);
        if (step > 0 ? step >= stop - i : step <= stop - i) break; // the next one is past the end, or overflows
        i += step;
    }
    return result;
}

void collect(const Value& value, std::vector<std::int64_t>& shape, std::size_t depth, std::vector<Value>& leaves) {
    if (depth > 32) throw PythonError{"ValueError", "setting an array element with a sequence."};
    const auto* items = tf1::items_of(value);
    if (!items) {
        leaves.push_back(value);
        return;
    }
    if (shape.size() == depth) shape.push_back(static_cast<std::int64_t>(items->size()));
    if (shape[depth] != static_cast<std::int64_t>(items->size()))
        throw PythonError{"ValueError", "setting an array element with a sequence."};
    for (const Value& item : *items) {
        if ((tf1::items_of(item) != nullptr) != (tf1::items_of(items->front()) != nullptr))
            throw PythonError{"ValueError", "setting an array element with a sequence."};
        collect(item, shape, depth + 1, leaves);
    }
}

std::optional<double> as_number(const Value& value) {
    if (const bool* b = value.as<bool>()) return *b ? 1.0 : 0.0;
    if (const std::int64_t* i = value.as<std::int64_t>()) return static_cast<double>(*i);
    if (const double* d = value.as<double>()) return *d;
    return std::nullopt;
}

} // namespace

Tensor to_array(const Value& value) {
    if (const Tensor* array = value.as<Tensor>()) return *array;
    std::vector<std::int64_t> shape;
    std::vector<Value> leaves;
    collect(value, shape, 0, leaves);
    if (!leaves.empty() && leaves[0].is<Tensor>()) {
        // A list of arrays is stacked.
        const Tensor& first = *leaves[0].as<Tensor>();
        std::vector<double> numbers;
        for (const Value& leaf : leaves) {
            const Tensor* part = leaf.as<Tensor>();
            if (!part || part->shape() != first.shape() || part->dtype() == DType::string)
                throw PythonError{"ValueError", "setting an array element with a sequence."};
            for (std::int64_t i = 0; i < part->elements(); ++i) numbers.push_back(part->number(i));
        }
        for (const std::int64_t dim : first.shape().dims()) shape.push_back(dim);
        return converted(Tensor::of<double>(Shape(shape), std::move(numbers)), first.dtype());
    }
    const auto all = [&](auto&& is) { return !leaves.empty() && std::all_of(leaves.begin(), leaves.end(), is); };
    if (all([](const Value& v) { return v.is<std::string>(); })) {
        std::vector<std::string> texts;
        for (const Value& leaf : leaves) texts.push_back(*leaf.as<std::string>());
        return Tensor::of<std::string>(Shape(shape), std::move(texts));
    }
    std::vector<double> numbers;
    for (const Value& leaf : leaves) {
        const std::optional<double> number = as_number(leaf);
        if (!number)
            throw PythonError{"TypeError",
                              fmt::format("must be a number or an array, not {}", tf1::python_type_name(leaf))};
        numbers.push_back(*number);
    }
    if (all([](const Value& v) { return v.is<std::int64_t>(); })) {
        std::vector<std::int64_t> integers;
        for (const Value& leaf : leaves) integers.push_back(*leaf.as<std::int64_t>());
        return Tensor::of<std::int64_t>(Shape(shape), std::move(integers));
    }
    const Tensor result = Tensor::of<double>(Shape(shape), std::move(numbers));
    if (all([](const Value& v) { return v.is<bool>(); })) return converted(result, DType::boolean);
    return result;
}

Value array_item(const Tensor& array, const std::vector<ArraySubscript>& subscripts) {
    const std::size_t rank = array.shape().rank();
    if (subscripts.size() > rank)
        throw PythonError{"IndexError", rank == 0 ? "invalid index to scalar variable." : "too many indices for array"};
    std::vector<std::int64_t> shape;
    std::vector<std::int64_t> elements{0};
    for (std::size_t i = 0; i < rank; ++i) {
        const std::int64_t size = array.shape().dim(i);
        ArraySubscript whole;
        whole.is_slice = true;
        const Axis axis = axis_of(i < subscripts.size() ? subscripts[i] : whole, size, i);
        if (axis.kept) shape.push_back(static_cast<std::int64_t>(axis.positions.size()));
        std::vector<std::int64_t> next;
        next.reserve(elements.size() * axis.positions.size());
        for (const std::int64_t base : elements)
            for (const std::int64_t position : axis.positions) next.push_back(base * size + position);
        elements = std::move(next);
    }
    return Value(gathered(array, Shape(shape), elements));
}

std::optional<Value> array_operator(std::string_view op, const std::vector<Value>& operands) {
    const bool arrays = std::any_of(operands.begin(), operands.end(), [](const Value& v) { return v.is<Tensor>(); });
    const bool plain = std::all_of(operands.begin(), operands.end(),
                                   [](const Value& v) { return v.is<Tensor>() || as_number(v).has_value(); });
    if (!arrays || !plain || operands.empty() || operands.size() > 2) return std::nullopt;
    if (op == "neg") return array_operator("-", {Value(0), operands[0]});
    if (operands.size() != 2) return std::nullopt;
    const Tensor left = to_array(operands[0]), right = to_array(operands[1]);
    if (left.dtype() == DType::string || right.dtype() == DType::string) return std::nullopt;
    using Function = double (*)(double, double);
    static constexpr std::pair<std::string_view, Function> functions[] = {
        {"+", [](double a, double b) { return a + b; }},
        {"-", [](double a, double b) { return a - b; }},
        {"*", [](double a, double b) { return a * b; }},
        {"/", [](double a, double b) { return a / b; }},
        {"**", [](double a, double b) { return std::pow(a, b); }},
        {"<", [](double a, double b) { return a < b ? 1.0 : 0.0; }},
        {"<=", [](double a, double b) { return a <= b ? 1.0 : 0.0; }},
        {">", [](double a, double b) { return a > b ? 1.0 : 0.0; }},
        {">=", [](double a, double b) { return a >= b ? 1.0 : 0.0; }},
        {"==", [](double a, double b) { return a == b ? 1.0 : 0.0; }},
        {"!=", [](double a, double b) { return a != b ? 1.0 : 0.0; }},
    };
    const auto* at =
        std::find_if(std::begin(functions), std::end(functions), [&](const auto& f) { return f.first == op; });
    if (at == std::end(functions)) return std::nullopt;
    const bool scalar_left = left.elements() == 1 && left.shape().rank() == 0;
    const bool scalar_right = right.elements() == 1 && right.shape().rank() == 0;
    if (!scalar_left && !scalar_right && left.shape() != right.shape())
        throw PythonError{"ValueError", fmt::format("operands could not be broadcast together with shapes {} {} ",
                                                    to_python(left.shape()), to_python(right.shape()))};
    const Tensor& shaped = scalar_left ? right : left;
    double* values = nullptr;
    const Tensor result = Tensor::make<double>(shaped.shape(), values);
    for (std::int64_t i = 0; i < result.elements(); ++i)
        values[i] = at->second(left.number(scalar_left ? 0 : i), right.number(scalar_right ? 0 : i));
    const bool comparison = std::string_view("< <= > >= == !=").find(op) != std::string_view::npos;
    if (comparison) return Value(converted(result, DType::boolean));
    // A Python number does not widen an array's type.
    const DType left_type = operands[0].is<Tensor>() ? left.dtype() : right.dtype();
    const DType right_type = operands[1].is<Tensor>() ? right.dtype() : left.dtype();
    const bool fraction = op == "/" || operands[0].is<double>() || operands[1].is<double>();
    DType dtype = left_type == right_type ? left_type : DType::float64;
    if (fraction && !is_floating(dtype)) dtype = DType::float64;
    return Value(converted(result, dtype));
}

std::optional<Value> array_attribute(const Tensor& array, std::string_view name) {
    if (name == "shape") {
        std::vector<Value> dims;
        for (const std::int64_t dim : array.shape().dims()) dims.emplace_back(dim);
        return Value::tuple(std::move(dims));
    }
    if (name == "dtype") return Value(array.dtype());
    if (name == "size") return Value(array.elements());
    return std::nullopt;
}

std::optional<Value> array_method(const Tensor& array, std::string_view name, const std::vector<Value>& arguments) {
    if (name == "reshape") {
        std::vector<Value> dims = arguments;
        if (dims.size() == 1 && tf1::items_of(dims[0])) dims = std::vector<Value>(*tf1::items_of(dims[0]));
        std::vector<std::int64_t> shape;
        std::int64_t known = 1;
        std::optional<std::size_t> open;
        for (const Value& dim : dims) {
            const std::int64_t* size = dim.as<std::int64_t>();
            if (!size)
                throw PythonError{"TypeError", fmt::format("'{}' object cannot be interpreted as an integer",
                                                           tf1::python_type_name(dim))};
            if (*size < 0)
                open = shape.size();
            else if (*size > 0 && known > (std::int64_t{1} << 40) / *size)
                known = -1;
            else if (known >= 0)
                known *= *size;
            shape.push_back(*size);
        }
        if (open && known > 0) shape[*open] = array.elements() / known;
        const bool negative = std::any_of(shape.begin(), shape.end(), [](std::int64_t d) { return d < 0; });
        if (known < 0 || negative || Shape(shape).elements() != array.elements())
            throw PythonError{"ValueError", fmt::format("cannot reshape array of size {} into shape {}",
                                                        array.elements(), to_python(Shape(shape)))};
        return Value(array.reshaped(Shape(shape)));
    }
    if (name == "astype") {
        const DType* dtype = arguments.size() == 1 ? arguments[0].as<DType>() : nullptr;
        const std::string* text = arguments.size() == 1 ? arguments[0].as<std::string>() : nullptr;
        const DType wanted = dtype ? *dtype : text ? dtype_from_name(*text) : DType::invalid;
        if (wanted == DType::invalid || array.dtype() == DType::string)
            throw PythonError{"TypeError", "data type not understood"};
        return Value(converted(array, wanted));
    }
    if (name == "sum" || name == "mean") {
        double sum = 0;
        for (std::int64_t i = 0; i < array.elements(); ++i) sum += array.number(i);
        if (name == "mean")
            sum /= static_cast<double>(array.elements());
        else if (is_integer(array.dtype()))
            return Value(static_cast<std::int64_t>(sum));
        return Value(sum);
    }
    return std::nullopt;
}

std::vector<Value> array_items(const Tensor& array) {
    if (array.shape().rank() == 0) throw PythonError{"TypeError", "iteration over a 0-d array"};
    std::vector<Value> items;
    for (std::int64_t i = 0; i < array.shape().dim(0); ++i) {
        ArraySubscript subscript;
        subscript.index = i;
        items.push_back(array_item(array, {subscript}));
    }
    return items;
}

} // namespace rnnscope::program
