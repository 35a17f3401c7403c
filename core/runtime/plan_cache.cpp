#include "core/runtime/plan_cache.hpp"

#include <algorithm>

namespace rnnscope::runtime {
namespace {

constexpr std::size_t most_plans = 16;

/// What the edges of the plan's nodes are in the graph now. A graph grows between runs, which plans that were made need
/// not know, but loops and conds also change inputs of nodes that are there.
std::uint64_t edges_of(const Graph& graph, const Plan& plan) {
    std::uint64_t hash = 0xcbf29ce484222325U; // FNV-1a, over words
    const auto add = [&](std::uint64_t word) { hash = (hash ^ word) * 0x100000001b3U; };
    for (std::uint32_t i = 0; i < plan.by_node.size(); ++i) {
        if (plan.by_node[i] == Plan::none) continue;
        const Node& node = graph.node(NodeId(i));
        for (const Output& input : node.inputs)
            add(std::uint64_t{input.node.value} << 16U | static_cast<std::uint64_t>(input.index));
        add(~std::uint64_t{0});
        for (const NodeId control : node.control_inputs) add(control.value);
        add(~std::uint64_t{1});
    }
    return hash;
}

} // namespace

Result<std::shared_ptr<CompiledPlan>> PlanCache::plan_for(const Graph& graph, const RunRequest& request,
                                                          ops::Rounding rounding) {
    const auto same_feeds = [&](const Entry& entry) {
        return std::ranges::equal(entry.feeds, request.feeds, {}, {}, &RunRequest::Feed::output);
    };
    const auto found = std::ranges::find_if(entries_, [&](const Entry& entry) {
        return entry.fetches == request.fetches && entry.targets == request.targets && same_feeds(entry);
    });
    if (found != entries_.end()) {
        std::rotate(entries_.begin(), found, found + 1);
        Entry& entry = entries_.front();
        if (entry.rewirings == graph.rewirings() || edges_of(graph, entry.plan->plan) == entry.edges) {
            entry.rewirings = graph.rewirings();
            return entry.plan;
        }
        entries_.erase(entries_.begin());
    }
    auto plan = make_plan(graph, request);
    if (!plan) return plan.error();
    plan->rounding = rounding;
    Entry entry;
    entry.fetches = request.fetches;
    for (const RunRequest::Feed& feed : request.feeds) entry.feeds.push_back(feed.output);
    entry.targets = request.targets;
    entry.plan = std::make_shared<CompiledPlan>(*std::move(plan));
    entry.edges = edges_of(graph, entry.plan->plan);
    entry.rewirings = graph.rewirings();
    entries_.insert(entries_.begin(), std::move(entry));
    if (entries_.size() > most_plans) entries_.pop_back();
    return entries_.front().plan;
}

} // namespace rnnscope::runtime
