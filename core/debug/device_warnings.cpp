#include "core/debug/detectors.hpp"
#include "core/runtime/plan.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace rnnscope::debug {

namespace {

/// "GPU" of "/job:localhost/device:GPU:0"; "" where the device is left to TensorFlow.
std::string kind_of(const Node& node) {
    // There is only one kind of kernel for it.
    if (node.op == "SaveV2") return "CPU";
    constexpr std::string_view key = "/device:";
    const std::size_t at = node.device.find(key);
    if (at == std::string::npos) return {};
    const std::size_t begin = at + key.size();
    return node.device.substr(begin, node.device.find(':', begin) - begin);
}

/// Does the op demand to be where its variable is? An op that takes a reference as such does.
bool stays_with(const runtime::Plan& plan, const runtime::PlanNode& node, std::size_t input) {
    return plan.wants_ref[node.first_ref + input] != 0;
}

/// A run that sets variables on one device and takes their references on another.
void warn_of_run(const Facts& facts, const Graph& graph, const record::RecordedRun& run,
                 std::vector<Warning>& warnings) {
    const auto plan = runtime::make_plan(graph, run.info.request);
    if (!plan) return;
    const auto runs = [&](NodeId node) {
        return node.valid() && node.index() < plan->by_node.size() &&
               plan->by_node[node.index()] != runtime::Plan::none;
    };
    std::vector<std::string> sent;
    const Node* taker = nullptr;
    std::string from;
    for (const runtime::PlanNode& node : plan->nodes) {
        if (node.node == nullptr) continue;
        for (std::size_t i = 0; i < node.node->inputs.size(); ++i) {
            const Variable* variable = graph.variable_of(node.node->inputs[i].node);
            if (!variable || variable->is_resource || !runs(variable->initializer)) continue;
            const std::string here = kind_of(*node.node), there = kind_of(graph.node(variable->op));
            if (here.empty() || there.empty() || here == there || stays_with(*plan, node, i)) continue;
            if (!taker) taker = node.node;
            from = there;
            sent.push_back(variable->name);
        }
    }
    if (!taker) return;
    warnings.push_back(
        {"several-devices",
         fmt::format("{} on the {} takes {} from the {}, and the same run initializes {}: TensorFlow sends the values "
                     "over, and the sending waits for nothing, so the run may fail at a _Send. rnnscope computes on "
                     "one device and cannot show it.",
                     taker->name, kind_of(*taker), counted(sent.size(), "variable"), from,
                     sent.size() == 1 ? "it" : "them"),
         facts.statement_of_run(run), std::move(sent)});
}

} // namespace

void several_devices(const Facts& facts, std::vector<Warning>& warnings) {
    for (std::size_t g = 0; g < facts.evaluation().evaluator().graph_count(); ++g) {
        const Graph& graph = facts.graph(GraphId(g));
        // Plans are made only where variables are on a device that not all have.
        const bool is_placed = std::ranges::any_of(graph.variables(), [&](const Variable& variable) {
            const std::string kind = kind_of(graph.node(variable.op));
            return !kind.empty() && kind != "CPU";
        });
        if (!is_placed) continue;
        for (const record::RecordedRun& run : facts.recording().runs())
            if (run.info.graph == graph.id()) warn_of_run(facts, graph, run, warnings);
    }
}

} // namespace rnnscope::debug
