#include "core/runtime/changes.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::runtime {

void Changes::begin_run(RunId run, SessionId session, GraphId graph, RunRequest& request) {
    run_ = run;
    session_ = session;
    graph_ = graph;
    event_ = 0;
    for (std::size_t i = 0; i < changes_.size(); ++i) {
        const Change& change = changes_[i];
        if (change.kind != Change::Kind::feed || change.graph != graph || change.run > run || times_[i]) continue;
        const auto fed = std::ranges::find(request.feeds, change.output, &RunRequest::Feed::output);
        if (fed != request.feeds.end())
            fed->value = change.value;
        else
            request.feeds.push_back({change.output, change.value});
        happened(i, -1);
    }
}

std::optional<std::uint64_t> Changes::wait(std::size_t i) const {
    const Change& change = changes_[i];
    const bool is_of_run = change.kind != Change::Kind::feed && change.graph == graph_ && change.run <= run_ &&
                           (change.kind != Change::Kind::variable || change.session == session_);
    if (!is_of_run || times_[i]) return std::nullopt;
    return change.run == run_ && change.event > event_ ? change.event - event_ : 0;
}

namespace {

bool decides(const Node& node) {
    static constexpr std::string_view ops[] = {"Switch",   "RefSwitch",     "Merge",          "RefMerge",
                                               "Enter",    "RefEnter",      "Exit",           "RefExit",
                                               "LoopCond", "NextIteration", "ControlTrigger", "RefNextIteration"};
    return std::ranges::find(ops, node.op) != std::end(ops);
}

bool is_opaque(DType dtype) {
    return dtype == DType::resource || dtype == DType::variant || dtype == DType::invalid;
}

} // namespace

std::optional<std::string> cannot_skip(const Node& node) {
    if (decides(node)) return fmt::format("{} decides which ops run; set its input instead", node.name);
    if (node.op == "VariableV2" || node.op == "Variable")
        return fmt::format("{} is the variable itself; set its value instead", node.name);
    for (const OutputInfo& output : node.outputs)
        if (is_opaque(output.dtype)) return fmt::format("{} gives a handle, of which there is no zero", node.name);
    return std::nullopt;
}

std::optional<std::string> cannot_set(const Graph& graph, Output output) {
    const Node& node = graph.node(output.node);
    const OutputInfo& info = graph.info(output);
    if (node.op == "Switch" || node.op == "RefSwitch")
        return fmt::format("{} decides which ops run; set its input instead", node.name);
    if (info.is_ref) return fmt::format("{} is a reference to a variable; set the variable", node.name);
    if (is_opaque(info.dtype)) return fmt::format("{} gives a handle, no value", node.name);
    return std::nullopt;
}

std::optional<std::vector<ops::Value>> skipped_outputs(const Node& node, std::span<const ops::Value> inputs) {
    std::vector<ops::Value> outputs;
    for (const OutputInfo& info : node.outputs) {
        if (info.is_ref) {
            const auto reference = std::ranges::find_if(
                inputs, [](const ops::Value& value) { return std::holds_alternative<ops::VariableStorage*>(value); });
            outputs.push_back(reference != inputs.end() ? *reference : ops::Value());
        } else if (info.shape.fully_defined()) {
            outputs.emplace_back(Tensor::zeros(info.dtype, info.shape));
        } else {
            return std::nullopt;
        }
    }
    return outputs;
}

} // namespace rnnscope::runtime
