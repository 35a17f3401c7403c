#include "core/graph/graphdef.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace rnnscope {
namespace {

/// What is left out because it says nothing to a reader: types of indices, and switches that are hardly ever on.
constexpr std::array<std::string_view, 23> unprinted = {
    "DstT",     "Index",       "SrcT",   "Tdim",        "Tidx",          "Tmultiples", "Tperm",       "Truncate",
    "Tshape",   "data_format", "dtypes", "elem_type",   "ellipsis_mask", "index_type", "max_size",    "new_axis_mask",
    "out_type", "stack_name",  "Taxis",  "swap_memory", "summarize",     "Tindices",   "use_nesterov"};
constexpr std::int64_t longest_value = 8; ///< tensors with more elements are shown by their shape

/// The shortest text that reads back as `x`, laid out as Python's repr(float).
std::string python_float(double x) {
    if (std::isnan(x)) return "nan";
    if (std::isinf(x)) return x < 0 ? "-inf" : "inf";
    std::array<char, 40> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), x, std::chars_format::scientific).ptr;
    const std::string_view text(buffer.data(), static_cast<std::size_t>(end - buffer.data()));
    const std::size_t e = text.find('e');
    int exponent = 0;
    const std::size_t sign = text[e + 1] == '+' ? 2 : 1; // from_chars takes "-5", not "+5"
    std::from_chars(text.data() + e + sign, text.data() + text.size(), exponent);
    const std::string_view minus = text[0] == '-' ? "-" : "";
    std::string digits(1, text[minus.size()]);
    if (e > minus.size() + 2) digits += text.substr(minus.size() + 2, e - minus.size() - 2);
    if (exponent < -4 || exponent >= 16) {
        if (digits.size() > 1) digits.insert(1, ".");
        return fmt::format("{}{}e{}{:02}", minus, digits, exponent < 0 ? '-' : '+', std::abs(exponent));
    }
    if (exponent < 0)
        return fmt::format("{}0.{}{}", minus, std::string(static_cast<std::size_t>(-exponent - 1), '0'), digits);
    const std::size_t whole = static_cast<std::size_t>(exponent) + 1;
    if (digits.size() <= whole) digits.append(whole - digits.size() + 1, '0');
    return fmt::format("{}{}.{}", minus, digits.substr(0, whole), digits.substr(whole));
}

/// Python's repr of str or bytes: single quotes unless the text holds one and no double quote.
std::string python_quoted(std::string_view bytes) {
    const char quote =
        bytes.find('\'') != std::string_view::npos && bytes.find('"') == std::string_view::npos ? '"' : '\'';
    std::string text(1, quote);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == quote || c == '\\')
            text += {'\\', c};
        else if (c == '\n')
            text += "\\n";
        else if (c == '\t')
            text += "\\t";
        else if (c == '\r')
            text += "\\r";
        else if (byte < 0x20 || byte >= 0x7F)
            text += fmt::format("\\x{:02x}", byte);
        else
            text += c;
    }
    return text + quote;
}

std::string python_element(const Tensor& tensor, std::int64_t i) {
    switch (tensor.dtype()) {
    case DType::string:
        return "b" + python_quoted(tensor.strings()[static_cast<std::size_t>(i)]);
    case DType::boolean:
        return tensor.integer(i) != 0 ? "True" : "False";
    case DType::complex64:
    case DType::complex128:
    case DType::resource:
    case DType::variant:
        return "?";
    default:
        return is_floating(tensor.dtype()) ? python_float(tensor.number(i)) : std::to_string(tensor.integer(i));
    }
}

/// The values as nested Python lists. `at` walks over the elements.
std::string python_list(const Tensor& tensor, std::size_t axis, std::int64_t& at) {
    if (axis == tensor.shape().rank()) return python_element(tensor, at++);
    std::string text = "[";
    for (std::int64_t i = 0; i < tensor.shape().dim(axis); ++i) {
        if (i > 0) text += ", ";
        text += python_list(tensor, axis + 1, at); // as deep as the rank of a tensor of at most 8 elements
    }
    return text + "]";
}

std::string shape_text(const Shape& shape) {
    return shape.has_rank() ? fmt::format("[{}]", fmt::join(shape.dims(), ", ")) : "?";
}

struct AttrText {
    std::string operator()(std::monostate) const { return ""; }
    std::string operator()(const std::string& s) const { return python_quoted(s); }
    std::string operator()(std::int64_t i) const { return std::to_string(i); }
    std::string operator()(float f) const { return python_float(static_cast<double>(f)); }
    std::string operator()(bool b) const { return b ? "True" : "False"; }
    std::string operator()(DType t) const { return std::string(dtype_name(t)); }
    std::string operator()(const Shape& s) const { return shape_text(s); }
    std::string operator()(const Tensor& t) const {
        if (t.elements() > longest_value) return fmt::format("<{}>", shape_text(t.shape()));
        std::int64_t at = 0;
        return python_list(t, 0, at);
    }
    std::string operator()(const FunctionName& f) const { return f.name; }
    std::string operator()(const AttrList& list) const {
        std::string text = "[";
        for (std::size_t i = 0; i < list.entries.size(); ++i) {
            if (i > 0) text += ", ";
            const auto* type = list.entries[i].as<DType>();
            text += type != nullptr ? python_quoted(dtype_name(*type)) : std::visit(AttrText{}, list.entries[i].value);
        }
        return text + "]";
    }
};

/// Colocation is the one list that is printed without quotes.
std::string class_text(const AttrValue& value) {
    std::vector<std::string> names;
    if (const auto* list = value.as<AttrList>())
        for (const AttrValue& entry : list->entries)
            if (const auto* name = entry.as<std::string>()) names.push_back(*name);
    return fmt::format("[{}]", fmt::join(names, ", "));
}

} // namespace

std::string to_ops_text(const Graph& graph) {
    std::string text;
    for (const Node& node : graph.nodes()) {
        std::vector<std::string> inputs;
        for (const Output& input : node.inputs) inputs.push_back(graph.input_text(input));
        for (const NodeId control : node.control_inputs) inputs.push_back("^" + graph.node(control).name);
        std::vector<std::string> attrs;
        for (const auto& [key, value] : node.attrs)
            if (std::ranges::find(unprinted, key) == unprinted.end())
                attrs.push_back(fmt::format("{}={}", key,
                                            key == "_class" ? class_text(value) : std::visit(AttrText{}, value.value)));
        fmt::format_to(std::back_inserter(text), "{:4} {:<20} {}({})  {{{}}}\n", node.id.index() + 1, node.op,
                       node.name, fmt::join(inputs, ", "), fmt::join(attrs, " "));
    }
    return text;
}

} // namespace rnnscope
