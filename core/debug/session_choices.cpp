#include "core/debug/session_choices.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <system_error>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t most_files = 6;

/// "" outside of loops and conds. An Exit leaves its loop.
std::string_view loop_around(const Debugger& debugger, NodeId node) {
    const LoopFrames& loops = debugger.graph_roles().loops;
    if (node.index() >= loops.frame_of.size()) return {};
    int frame = loops.frame_of[node.index()];
    const std::string& op = debugger.graph()->node(node).op;
    if (frame >= 0 && (op == "Exit" || op == "RefExit")) frame = loops.frames[static_cast<std::size_t>(frame)].parent;
    return frame < 0 ? std::string_view() : std::string_view(loops.frames[static_cast<std::size_t>(frame)].name);
}

std::optional<std::string> has_no_value(const Graph& graph, Output output) {
    const Node& node = graph.node(output.node);
    if (node.outputs.empty()) return fmt::format("{} has no output.", node.name);
    const DType dtype = graph.info(output).dtype;
    if (dtype == DType::resource || dtype == DType::variant)
        return fmt::format("{} is a {}, which has no value to show.", graph.tensor_name(output),
                           dtype == DType::resource ? "handle" : "variant");
    return std::nullopt;
}

std::string joined_dims(const Shape& shape) {
    return fmt::format("{}", fmt::join(shape.dims(), ","));
}

/// JSON of `element` in lists as `shape` says.
std::string nested(const Shape& shape, std::string_view element) {
    std::string text(element);
    for (std::size_t axis = shape.rank(); axis-- > 0;) {
        std::string list = "[";
        for (std::int64_t i = 0; i < shape.dim(axis); ++i) list += (i > 0 ? "," : "") + text;
        text = list + "]";
    }
    return text;
}

std::vector<Proposal> values_for(DType dtype, const Shape& shape) {
    const std::string dims = joined_dims(shape);
    constexpr std::int64_t most_literals = 64;
    if (dtype == DType::string) {
        if (shape.elements() > most_literals) return {};
        return {{nested(shape, "\"\""), "empty text"}};
    }
    if (shape.is_scalar()) {
        if (dtype == DType::boolean) return {{"false", "a literal"}, {"true", "a literal"}};
        if (is_floating(dtype))
            return {{"1.0", "a literal: keep everything, where it is a keep probability"}, {"0.0", "a literal"}};
        return {{"1", "a literal"}, {"0", "a literal"}};
    }
    std::vector<Proposal> out{{fmt::format("zeros({})", dims), "every value 0"},
                              {fmt::format("ones({})", dims), "every value 1"}};
    if (is_floating(dtype)) {
        out.push_back({fmt::format("normal({};1)", dims), "normally distributed, with seed 1"});
        out.push_back({fmt::format("sin({})", dims), "a sine wave"});
    } else if (dtype != DType::boolean) {
        out.push_back({fmt::format("arange({})", dims), "0, 1, 2, …"});
    }
    return out;
}

/// Names of files beside the program that end in one of `endings`, sorted.
std::vector<std::string> files_beside(const Debugger& debugger, std::initializer_list<std::string_view> endings) {
    std::vector<std::string> out;
    std::error_code problem;
    const std::string& directory = debugger.program().directory;
    for (fs::directory_iterator it(directory.empty() ? "." : directory, problem), end; !problem && it != end;
         it.increment(problem)) {
        const std::string name = it->path().filename().string();
        if (std::ranges::any_of(endings, [&](std::string_view ending) { return name.ends_with(ending); }))
            out.push_back(name);
    }
    std::ranges::sort(out);
    if (out.size() > most_files) out.resize(most_files);
    return out;
}

std::string path_of(const Debugger& debugger, const std::string& name) {
    return (fs::path(debugger.program().directory) / name).string();
}

} // namespace

std::optional<std::string> cannot_fetch(const Debugger& debugger, Output output) {
    const Graph& graph = *debugger.graph();
    const Node& node = graph.node(output.node);
    if (auto reason = has_no_value(graph, output)) {
        if (node.outputs.empty()) *reason += " Run it as a target.";
        return reason;
    }
    if (!loop_around(debugger, node.id).empty() || !node.fetchable)
        return fmt::format("{} lives inside a loop or cond: it can have many values or none in a run, and a fetch "
                           "cannot say which. Fetch what leaves it.",
                           node.name);
    return std::nullopt;
}

std::optional<std::string> cannot_feed(const Debugger& debugger, Output output) {
    const Graph& graph = *debugger.graph();
    const Node& node = graph.node(output.node);
    if (auto reason = has_no_value(graph, output)) return reason;
    if (!loop_around(debugger, node.id).empty() || !node.feedable)
        return fmt::format("{} lives inside a loop or cond, where nothing can be fed.", node.name);
    if (graph.info(output).is_ref)
        return fmt::format("{} is the buffer of a variable: feed what reads it instead.", graph.tensor_name(output));
    return std::nullopt;
}

Output selected_tensor(const Debugger& debugger, const Selection& selection) {
    const Graph* graph = debugger.graph();
    if (graph == nullptr || selection.graph != graph->id()) return {};
    if (selection.kind == Selection::Kind::variable && selection.variable.index() < graph->variables().size()) {
        const Variable& variable = graph->variable(selection.variable);
        return variable.snapshot.valid() ? variable.snapshot : Output{variable.op, 0};
    }
    if (selection.kind != Selection::Kind::node || selection.node.index() >= graph->size()) return {};
    if (graph->node(selection.node).outputs.empty()) return {};
    return {selection.node, 0};
}

NodeId selected_target(const Debugger& debugger, const Selection& selection) {
    const Graph* graph = debugger.graph();
    if (graph == nullptr || selection.graph != graph->id()) return {};
    if (selection.kind == Selection::Kind::variable && selection.variable.index() < graph->variables().size())
        return graph->variable(selection.variable).initializer;
    if (selection.kind != Selection::Kind::node || selection.node.index() >= graph->size()) return {};
    return selection.node;
}

Needs needs_of(const Graph& graph, const std::vector<NodeId>& wanted) {
    Needs needs;
    needs.nodes.assign(graph.size(), false);
    std::vector<NodeId> waiting = wanted;
    while (!waiting.empty()) {
        const NodeId at = waiting.back();
        waiting.pop_back();
        if (needs.nodes[at.index()]) continue;
        needs.nodes[at.index()] = true;
        const Node& node = graph.node(at);
        for (const Output& input : node.inputs) waiting.push_back(input.node);
        waiting.insert(waiting.end(), node.control_inputs.begin(), node.control_inputs.end());
    }
    for (const Node& node : graph.nodes())
        if (needs.nodes[node.id.index()] && (node.op == "Placeholder" || node.op == "PlaceholderV2"))
            needs.placeholders.push_back(node.id);
    for (const Variable& variable : graph.variables())
        if (needs.nodes[variable.op.index()]) needs.variables.push_back(variable.id);
    return needs;
}

FeedProposals feed_proposals(const Debugger& debugger, Output output) {
    const Graph& graph = *debugger.graph();
    const OutputInfo& info = graph.info(output);
    FeedProposals out;
    out.tensor = graph.tensor_name(output);
    std::vector<std::int64_t> dims;
    for (const std::int64_t dim : info.shape.dims()) dims.push_back(dim < 0 ? 1 : dim);
    out.shape = Shape(std::move(dims));
    out.is_guess = !info.shape.has_rank();
    for (const InputRole& role : debugger.graph_roles().inputs)
        if (role.node == output.node && role.proposed.fully_defined()) {
            out.shape = role.proposed;
            out.is_guess = role.is_guess;
        }
    out.values = values_for(info.dtype, out.shape);
    for (const std::string& name : files_beside(debugger, {".npy", ".csv"}))
        out.values.push_back({"@" + path_of(debugger, name), "the file beside the program"});
    return out;
}

std::vector<Proposal> checkpoint_proposals(const Debugger& debugger) {
    std::vector<Proposal> out;
    constexpr std::string_view ending = ".index";
    for (std::string name : files_beside(debugger, {ending})) {
        name.resize(name.size() - ending.size());
        out.push_back({path_of(debugger, name), "the checkpoint beside the program"});
    }
    return out;
}

} // namespace rnnscope::debug
