#include "core/runtime/client.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstring>
#include <limits>

namespace rnnscope::runtime {
namespace {

/// Python's repr of a str without escapes: names hold none.
std::string quoted(std::string_view text) {
    return fmt::format("'{}'", text);
}

/// str(tensor): Tensor("x:0", shape=(?, 5, 3), dtype=float32)
std::string tensor_text(const Graph& graph, Output output) {
    const OutputInfo& info = graph.info(output);
    const std::string shape = info.shape.has_rank() ? ", shape=" + to_python(info.shape) : "";
    return fmt::format("Tensor(\"{}\"{}, dtype={}{})", graph.tensor_name(output), shape, dtype_name(info.dtype),
                       info.is_ref ? "_ref" : "");
}

/// Graph.as_graph_element for a tensor name. The error codes are those of Python: ValueError, KeyError.
Result<Output> tensor_by_name(const Graph& graph, std::string_view name) {
    const std::size_t colon = name.find(':');
    int index = 0;
    const std::string_view digits = name.substr(colon + 1);
    const auto [end, problem] = std::from_chars(digits.data(), digits.data() + digits.size(), index);
    if (problem != std::errc{} || end != digits.data() + digits.size())
        return Error{"ValueError",
                     fmt::format("The name {} looks a like a Tensor name, but is not a valid one. Tensor names must be "
                                 "of the form \"<op_name>:<output_index>\".",
                                 quoted(name))};
    const std::string_view op = name.substr(0, colon);
    const NodeId node = graph.find(op);
    if (!node.valid())
        return Error{"KeyError", fmt::format("The name {} refers to a Tensor which does not exist. The operation, {}, "
                                             "does not exist in the graph.",
                                             quoted(name), quoted(op))};
    const std::size_t outputs = graph.node(node).outputs.size();
    if (index < 0 || static_cast<std::size_t>(index) >= outputs)
        return Error{"KeyError", fmt::format("The name {} refers to a Tensor which does not exist. The operation, {}, "
                                             "exists but only has {} outputs.",
                                             quoted(name), quoted(op), outputs)};
    return Output{node, index};
}

/// str(KeyError(text)) is repr(text), which takes double quotes because the text holds single ones.
Error cannot_fetch(std::string_view name, const Error& reason) {
    const std::string text = reason.code == "KeyError" ? "\"" + reason.message + "\"" : reason.message;
    return Error{"ValueError",
                 fmt::format("Fetch argument {} cannot be interpreted as a Tensor. ({})", quoted(name), text)};
}

std::uint16_t to_half(float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    const std::uint32_t sign = (bits >> 16) & 0x8000U;
    const float magnitude = std::fabs(value);
    if (std::isnan(value)) return static_cast<std::uint16_t>(sign | 0x7E00U);
    if (magnitude >= 65520.0F) return static_cast<std::uint16_t>(sign | 0x7C00U); // rounds to infinity
    if (magnitude < 0x1p-14F)                                                     // subnormal: a multiple of 2^-24
        return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(std::nearbyint(magnitude * 0x1p24F)));
    std::memcpy(&bits, &magnitude, sizeof bits);
    bits += 0xFFFU + ((bits >> 13) & 1U); // to nearest, ties to even
    return static_cast<std::uint16_t>(sign | ((bits - (112U << 23)) >> 13));
}

std::uint16_t to_bfloat16(float value) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    if (std::isnan(value)) return 0x7FC0U;
    return static_cast<std::uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

template <class T> Tensor converted(const Tensor& value) {
    T* data = nullptr;
    Tensor result = Tensor::make<T>(value.shape(), data);
    const bool from_float = is_floating(value.dtype());
    for (std::int64_t i = 0; i < value.elements(); ++i) {
        if constexpr (std::is_same_v<T, bool>)
            data[i] = value.number(i) != 0;
        else if constexpr (std::is_floating_point_v<T>)
            data[i] = from_float ? static_cast<T>(value.number(i)) : static_cast<T>(value.integer(i));
        else if (from_float) {
            // Out of range is undefined in C++; numpy gives what x86 does, the smallest int64.
            const double x = value.number(i);
            const bool fits = std::fabs(x) < 0x1p63;
            data[i] = static_cast<T>(fits ? static_cast<std::int64_t>(x) : std::numeric_limits<std::int64_t>::min());
        } else
            data[i] = static_cast<T>(value.integer(i));
    }
    return result;
}

Tensor converted_to_bits(const Tensor& value, DType dtype) {
    std::byte* data = nullptr;
    Tensor result = Tensor::make_bytes(dtype, value.shape(), data);
    for (std::int64_t i = 0; i < value.elements(); ++i) {
        const auto x = static_cast<float>(value.number(i));
        const std::uint16_t bits = dtype == DType::half ? to_half(x) : to_bfloat16(x);
        std::memcpy(data + i * 2, &bits, sizeof bits);
    }
    return result;
}

/// numpy.asarray(value, dtype).
Result<Tensor> as_dtype(const Tensor& value, DType dtype) {
    if (value.dtype() == dtype) return value;
    const auto is_number = [](DType type) { return is_floating(type) || is_integer(type) || type == DType::boolean; };
    if (value.dtype() == DType::string && is_number(dtype))
        return Error{"ValueError", fmt::format("could not convert string to float: {}",
                                               value.elements() > 0 ? quoted(value.strings()[0]) : "''")};
    if (!is_number(value.dtype()) || !is_number(dtype))
        return Error{"TypeError", fmt::format("Cannot convert a value of type {} to {}", dtype_name(value.dtype()),
                                              dtype_name(dtype))};
    switch (dtype) {
    case DType::float32:
        return converted<float>(value);
    case DType::float64:
        return converted<double>(value);
    case DType::int32:
        return converted<std::int32_t>(value);
    case DType::int64:
        return converted<std::int64_t>(value);
    case DType::int16:
        return converted<std::int16_t>(value);
    case DType::int8:
        return converted<std::int8_t>(value);
    case DType::uint8:
        return converted<std::uint8_t>(value);
    case DType::uint16:
        return converted<std::uint16_t>(value);
    case DType::uint32:
        return converted<std::uint32_t>(value);
    case DType::uint64:
        return converted<std::uint64_t>(value);
    case DType::boolean:
        return converted<bool>(value);
    default: // half, bfloat16
        return converted_to_bits(value, dtype);
    }
}

std::string numpy_class(DType dtype) {
    return fmt::format("<class 'numpy.{}'>", dtype == DType::half      ? "float16"
                                             : dtype == DType::boolean ? "bool_"
                                                                       : dtype_name(dtype));
}

/// A Python int is refused when its conversion changes it; arrays are not looked at.
Status check_python_int(const Tensor& value, const Tensor& fed) {
    if (!is_integer(value.dtype()) || !value.shape().is_scalar()) return {};
    const bool same = is_floating(fed.dtype()) ? fed.number(0) == value.number(0) : fed.integer(0) == value.integer(0);
    if (same) return {};
    return Error{"TypeError",
                 fmt::format("Type of feed value {} with type <class 'int'> is not compatible with Tensor type {}. Try "
                             "explicitly setting the type of the feed tensor to a larger type (e.g. int64).",
                             value.integer(0), numpy_class(fed.dtype()))};
}

} // namespace

Status check_fetchable(const Graph& graph, NodeId node, int minor) {
    if (graph.node(node).fetchable) return {};
    const std::string what =
        fmt::format("Operation {} has been marked as not fetchable.", quoted(graph.node(node).name));
    if (minor < 15) return Error{"ValueError", what};
    return Error{"InaccessibleTensorError",
                 what + " Typically this happens when it is defined in another function or code block. Use return "
                        "values,explicit Python locals or TensorFlow collections to access it."};
}

Result<Fetch> fetch_by_name(const Graph& graph, std::string_view name, int minor) {
    Fetch fetch;
    if (name.find(':') != std::string_view::npos) {
        auto output = tensor_by_name(graph, name);
        if (!output) return cannot_fetch(name, output.error());
        fetch.output = *output;
        fetch.operation = output->node;
    } else {
        fetch.operation = graph.find(name);
        if (!fetch.operation.valid())
            return cannot_fetch(
                name, {"KeyError", fmt::format("The name {} refers to an Operation not in the graph.", quoted(name))});
    }
    if (Status status = check_fetchable(graph, fetch.operation, minor); !status) return status.error();
    return fetch;
}

Result<Output> feed_by_name(const Graph& graph, std::string_view name) {
    const auto refuse = [](const std::string& reason) {
        return Error{"TypeError", "Cannot interpret feed_dict key as Tensor: " + reason};
    };
    if (name.find(':') == std::string_view::npos) {
        const char* what =
            graph.find(name).valid() ? "refers to an Operation" : "looks like an (invalid) Operation name";
        return refuse(
            fmt::format("The name {} {}, not a Tensor. Tensor names must be of the form \"<op_name>:<output_index>\".",
                        quoted(name), what));
    }
    auto output = tensor_by_name(graph, name);
    if (!output) return refuse(output.error().message);
    return output;
}

Result<Tensor> check_feed(const Graph& graph, Output output, const Tensor& value) {
    const OutputInfo& info = graph.info(output);
    auto fed = as_dtype(value, info.dtype);
    if (!fed) return fed.error();
    if (Status status = check_python_int(value, *fed); !status) return status.error();
    if (!info.shape.compatible(fed->shape()))
        return Error{"ValueError", fmt::format("Cannot feed value of shape {} for Tensor {}, which has shape {}",
                                               to_python(fed->shape()), quoted(graph.tensor_name(output)),
                                               quoted(to_python(info.shape)))};
    if (!graph.node(output.node).feedable)
        return Error{"ValueError", fmt::format("Tensor {} may not be fed.", tensor_text(graph, output))};
    return fed;
}

} // namespace rnnscope::runtime
