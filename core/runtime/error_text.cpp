#include "core/runtime/error_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rnnscope::runtime {
namespace {

/// absl's CEscape: what SummarizeAttrValue prints between quotes.
std::string c_escaped(std::string_view bytes) {
    std::string text;
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        switch (c) {
        case '\n':
            text += "\\n";
            break;
        case '\r':
            text += "\\r";
            break;
        case '\t':
            text += "\\t";
            break;
        case '"':
        case '\'':
        case '\\':
            text += {'\\', c};
            break;
        default:
            if (byte < 0x20 || byte >= 0x7F)
                text += fmt::format("\\{:03o}", byte);
            else
                text += c;
        }
    }
    return text;
}

std::string summary(std::string_view bytes) {
    constexpr std::size_t longest = 80, kept = 10;
    const std::string text = c_escaped(bytes);
    if (bytes.size() < longest) return "\"" + text + "\"";
    return fmt::format("\"{}...{}\"", text.substr(0, kept), text.substr(text.size() - kept));
}

std::string summary(const Tensor& tensor) {
    constexpr std::int64_t shown = 3;
    std::vector<std::string> values;
    for (std::int64_t i = 0; i < std::min(shown, tensor.elements()); ++i) {
        if (tensor.dtype() == DType::string)
            values.push_back(tensor.strings()[static_cast<std::size_t>(i)]);
        else if (is_floating(tensor.dtype()))
            values.push_back(fmt::format("{:g}", tensor.number(i)));
        else
            values.push_back(std::to_string(tensor.integer(i)));
    }
    return fmt::format("Tensor<type: {} shape: {} values: {}{}>", dtype_cpp_name(tensor.dtype()),
                       to_text(tensor.shape()), fmt::join(values, " "), tensor.elements() > shown ? "..." : "");
}

/// SummarizeAttrValue of node_def_util.cc.
struct AttrSummary {
    std::string operator()(std::monostate) const { return "<Unknown AttrValue type>"; }
    std::string operator()(const std::string& s) const { return summary(s); }
    std::string operator()(std::int64_t i) const { return std::to_string(i); }
    std::string operator()(float f) const { return fmt::format("{:g}", f); }
    std::string operator()(bool b) const { return b ? "true" : "false"; }
    std::string operator()(DType t) const { return std::string(dtype_enum_name(t)); }
    std::string operator()(const Shape& s) const { return to_text(s); }
    std::string operator()(const Tensor& t) const { return summary(t); }
    std::string operator()(const FunctionName& f) const { return f.name + "[]"; }
    std::string operator()(const AttrList& list) const {
        constexpr std::size_t longest = 15, head = 5, tail = 5;
        std::vector<std::string> pieces;
        for (const AttrValue& entry : list.entries) pieces.push_back(std::visit(AttrSummary{}, entry.value));
        if (pieces.size() >= longest) {
            pieces.erase(pieces.begin() + head, pieces.end() - tail);
            pieces.insert(pieces.begin() + head, "...");
        }
        return fmt::format("[{}]", fmt::join(pieces, ", "));
    }
};

std::string device_name(int minor) {
    return fmt::format("/job:localhost/replica:0/task:0/{}", minor <= 3 ? "cpu:0" : "device:CPU:0");
}

/// " = Identity[T=DT_FLOAT, ...](X)": what versions up to 1.12 say of a node after its name.
std::string definition(const Graph& graph, const Node& node, int minor) {
    std::vector<std::string> attrs, inputs;
    for (const auto& [key, value] : node.attrs)
        attrs.push_back(fmt::format("{}={}", key, std::visit(AttrSummary{}, value.value)));
    attrs.push_back(fmt::format("_device=\"{}\"", device_name(minor)));
    for (const Output& input : node.inputs) inputs.push_back(graph.input_text(input));
    std::vector<std::string> controls;
    for (const NodeId control : node.control_inputs) controls.push_back("^" + graph.node(control).name);
    std::ranges::sort(controls);
    inputs.insert(inputs.end(), controls.begin(), controls.end());
    return fmt::format(" = {}[{}]({})", node.op, fmt::join(attrs, ", "), fmt::join(inputs, ", "));
}

/// The same for the node that hands out a fetched variable: `_retval_<op>_<output>_<fetch>`.
std::string retval_definition(const Graph& graph, std::string_view name, int minor) {
    constexpr std::string_view prefix = "_retval_";
    const std::size_t last = name.rfind('_');
    const std::size_t before =
        last == std::string_view::npos || last == 0 ? std::string_view::npos : name.rfind('_', last - 1);
    if (!name.starts_with(prefix) || before == std::string_view::npos || before < prefix.size()) return "";
    const std::string_view op = name.substr(prefix.size(), before - prefix.size());
    const std::string_view output = name.substr(before + 1, last - before - 1);
    const auto source = graph.find_tensor(fmt::format("{}:{}", op, output));
    if (!source) return "";
    return fmt::format(" = _Retval[T={}, index={}, _device=\"{}\"]({})", dtype_enum_name(graph.info(*source).dtype),
                       name.substr(last + 1), device_name(minor), graph.input_text(*source));
}

/// 1.14 and later also name the ops that feed the failed one, where they were defined on other lines.
std::string input_operations(const Graph& graph, const Node& node, const DefinedAt& defined_at) {
    std::vector<std::string> printed = {defined_at(node)};
    std::vector<std::string> lines;
    const auto add = [&](NodeId id) {
        const Node& input = graph.node(id);
        const std::string where = defined_at(input);
        if (where.empty() || std::ranges::find(printed, where) != printed.end()) return;
        lines.push_back(fmt::format(" {} (defined at {})", input.name, where));
        printed.push_back(where);
    };
    for (const Output& input : node.inputs) add(input.node);
    for (const NodeId control : node.control_inputs) add(control);
    if (lines.empty()) return "";
    return fmt::format("\n\nErrors may have originated from an input operation.\nInput Source operations connected to "
                       "node {}:\n{}",
                       node.name, fmt::join(lines, "\t\n"));
}

} // namespace

std::string error_text(const Graph& graph, const RunError& error, int minor, const DefinedAt& defined_at) {
    if (error.op.empty()) return error.message;
    const Node* node = error.node.valid() ? &graph.node(error.node) : nullptr;
    const std::string after = minor > 12        ? ""
                              : node != nullptr ? definition(graph, *node, minor)
                                                : retval_definition(graph, error.op, minor);
    if (minor <= 10) return fmt::format("{}\n\t [[Node: {}{}]]", error.message, error.op, after);
    // 1.12 was the first to put the place where it was defined; names that the program does not know keep their tag.
    const std::string where = node != nullptr && minor >= 12 ? defined_at(*node) : "";
    if (where.empty()) return fmt::format("{}\n\t [[{{{{node {}}}}}{}]]", error.message, error.op, after);
    std::string text = fmt::format("{}\n\t [[node {} (defined at {}) {}]]", error.message, error.op, where, after);
    if (minor >= 14) text += input_operations(graph, *node, defined_at);
    return text;
}

} // namespace rnnscope::runtime
