#include "core/import/cell_recognizer.hpp"

#include "core/import/cell_match.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rnnscope {
namespace {

constexpr std::size_t most_instances_shown = 3;

std::string size_text(std::int64_t size) {
    return size < 0 ? "?" : std::to_string(size);
}

std::string place_text(const CellInstance& instance) {
    std::string text = instance.scope.empty() ? "" : fmt::format(" \"{}\"", instance.scope);
    if (!instance.frame.empty()) text += fmt::format(" in loop \"{}\"", instance.frame);
    return text;
}

std::string instance_text(const CellInstance& instance, const Graph& graph) {
    std::string text;
    const auto add = [&](std::string_view name, Output output) {
        if (output.valid()) text += fmt::format("      {:<10} {}\n", name, graph.tensor_name(output));
    };
    for (const Output& input : instance.inputs) add("x", input);
    add("h before", instance.previous_h);
    add("c before", instance.previous_c);
    for (const CellPart& part : instance.parts) add(part.name, part.output);
    return text;
}

} // namespace

Output CellInstance::part(std::string_view name) const {
    const auto found = std::ranges::find(parts, name, &CellPart::name);
    return found == parts.end() ? Output{} : found->output;
}

std::vector<RecognizedCell> recognize_cells(const Graph& graph) {
    const Dataflow flow(graph);
    std::vector<cells::Match> matches;
    cells::match_gated(flow, matches);
    cells::match_fused(flow, matches);
    cells::match_basic(flow, matches);
    return cells::link(flow, std::move(matches));
}

std::string_view to_text(CellKind kind) {
    switch (kind) {
    case CellKind::basic_rnn:
        return "BasicRNN";
    case CellKind::gru:
        return "GRU";
    case CellKind::lstm:
        return "LSTM";
    }
    return "";
}

std::string summary(const RecognizedCell& cell) {
    const CellVariant& variant = cell.variant;
    std::string text = fmt::format("{}, {} units, input {}, {}", to_text(variant.kind), size_text(cell.units),
                                   size_text(cell.input_size), variant.activation);
    if (!variant.gate_activation.empty() && variant.gate_activation != "Sigmoid")
        text += ", gates " + variant.gate_activation;
    if (!variant.gate_order.empty()) text += ", gate order " + variant.gate_order;
    if (variant.kind == CellKind::gru) {
        text += variant.reset_after ? ", reset after the product" : ", reset before the product";
        if (!variant.update_keeps) text += ", u weighs the candidate";
    }
    if (variant.forget_bias) text += fmt::format(", forget bias {}", *variant.forget_bias);
    if (variant.peepholes) text += ", peepholes";
    if (variant.projection) text += fmt::format(", projection to {}", size_text(cell.output_size));
    if (variant.cell_clip) text += fmt::format(", cell clip {:.6g}", *variant.cell_clip);
    if (variant.product_clip) text += fmt::format(", clip of products {:.6g}", *variant.product_clip);
    if (variant.output_clip) text += fmt::format(", output clip {:.6g}", *variant.output_clip);
    if (!variant.activates_output) text += ", output not activated";
    if (!variant.fused_op.empty()) text += ", one " + variant.fused_op;
    return text;
}

std::string to_text(const std::vector<RecognizedCell>& cells, const Graph& graph) {
    std::string text;
    for (const RecognizedCell& cell : cells) {
        text += fmt::format("{}\n  {}\n", cell.name.empty() ? "(no scope)" : cell.name, summary(cell));
        for (const CellWeight& weight : cell.weights) {
            text += fmt::format("    {:<20} {} {}\n", weight.role, graph.node(weight.source.node).name,
                                to_text(parameter_shape(graph, weight.source)));
        }
        for (std::size_t i = 0; i < cell.instances.size() && i < most_instances_shown; ++i)
            text += fmt::format("    instance {}{}\n{}", i, place_text(cell.instances[i]),
                                instance_text(cell.instances[i], graph));
        if (cell.instances.size() > most_instances_shown)
            text += fmt::format("    and {} more instances\n", cell.instances.size() - most_instances_shown);
    }
    return text;
}

} // namespace rnnscope
