#include "core/ops/summarize.hpp"

#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

/// strings::FloatToBuffer and DoubleToBuffer: few digits when they read back the same, else all of them.
template <class Float> std::string float_text(Float value, int few, int all) {
    if (value != value) return "nan";
    std::string text = fmt::format("{:.{}g}", value, few);
    if (static_cast<Float>(std::strtod(text.c_str(), nullptr)) != value) text = fmt::format("{:.{}g}", value, all);
    return text;
}

std::string c_escaped(const std::string& bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto code = static_cast<unsigned char>(c);
        if (c == '\n')
            text += "\\n";
        else if (c == '\r')
            text += "\\r";
        else if (c == '\t')
            text += "\\t";
        else if (c == '"' || c == '\'' || c == '\\')
            text += std::string("\\") + c;
        else if (code < 0x20 || code >= 0x7f)
            text += fmt::format("\\{:03o}", code);
        else
            text += c;
    }
    return text;
}

std::string element_text(const Tensor& tensor, std::int64_t i) {
    switch (tensor.dtype()) {
    case DType::float32:
        return float_text(tensor.values<float>()[static_cast<std::size_t>(i)], 6, 9);
    case DType::float64:
        return float_text(tensor.number(i), 15, 17);
    case DType::half:
    case DType::bfloat16:
        return float_text(static_cast<float>(tensor.number(i)), 6, 9);
    case DType::string:
        return c_escaped(tensor.strings()[static_cast<std::size_t>(i)]);
    case DType::uint64:
        return std::to_string(static_cast<std::uint64_t>(tensor.integer(i)));
    default:
        return std::to_string(tensor.integer(i));
    }
}

/// One dimension after the other, as PrintOneDim of tensor.cc. The depth is that of the shape: at most 254.
void print_dim(const Tensor& tensor, std::size_t dim, std::int64_t limit, std::int64_t& next, std::string& text) {
    if (next >= limit) return;
    const std::int64_t count = tensor.shape().dim(dim);
    if (dim + 1 == tensor.shape().rank()) {
        for (std::int64_t i = 0; i < count; ++i) {
            if (next >= limit) {
                if (dim != 0) text += "...";
                return;
            }
            if (i > 0) text += " ";
            text += element_text(tensor, next++);
        }
        return;
    }
    for (std::int64_t i = 0; i < count && next < limit; ++i) {
        text += "[";
        print_dim(tensor, dim + 1, limit, next, text);
        text += "]";
    }
}

} // namespace

std::string summarize_value(const Tensor& tensor, std::int64_t most) {
    if (tensor.dtype() == DType::resource || tensor.dtype() == DType::variant || !tensor) return "";
    const std::int64_t elements = tensor.elements();
    const std::int64_t limit = most < 0 || most > elements ? elements : most;
    std::string text;
    if (tensor.shape().rank() == 0) {
        if (limit > 0) text = element_text(tensor, 0);
    } else if (elements > 0) {
        std::int64_t next = 0;
        print_dim(tensor, 0, limit, next, text);
    }
    return elements > limit ? text + "..." : text;
}

} // namespace rnnscope::ops
