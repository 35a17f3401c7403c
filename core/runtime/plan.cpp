#include "core/runtime/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace rnnscope::runtime {
namespace {

constexpr std::uint32_t none = Plan::none;

Error invalid(std::string message) {
    return Error{"InvalidArgumentError", std::move(message)};
}

PlanKind kind_of(const Node& node) {
    if (node.op == "Merge" || node.op == "RefMerge") return PlanKind::merge;
    if (node.op == "Enter" || node.op == "RefEnter") return PlanKind::enter;
    if (node.op == "Exit" || node.op == "RefExit") return PlanKind::exit;
    if (node.op == "NextIteration" || node.op == "RefNextIteration") return PlanKind::next_iteration;
    if (node.op == "ControlTrigger") return PlanKind::control_trigger;
    return PlanKind::plain;
}

bool is_placeholder(const Node& node) {
    return node.op == "Placeholder" || node.op == "PlaceholderV2";
}

/// How many tensors an argument stands for on this node.
std::size_t argument_count(const ops::ArgDef& arg, const Node& node) {
    if (!arg.number_attr.empty()) {
        const auto* count = node.attr<std::int64_t>(arg.number_attr);
        return count == nullptr ? 0 : static_cast<std::size_t>(std::max<std::int64_t>(0, *count));
    }
    if (!arg.type_list_attr.empty()) {
        const auto* types = node.attr<AttrList>(arg.type_list_attr);
        return types == nullptr ? 0 : types->entries.size();
    }
    return 1;
}

class Builder {
  public:
    Builder(const Graph& graph, const RunRequest& request) : graph_(graph), request_(request) {}

    Result<Plan> build() {
        if (Status status = check_request(); !status) return status.error();
        prune();
        add_nodes();
        add_edges();
        if (Status status = sort(); !status) return status.error();
        if (Status status = find_frames(); !status) return status.error();
        place_in_frames();
        return std::move(plan_);
    }

  private:
    Status check_request();
    void prune();
    void add_nodes();
    void add_edges();
    Status sort();
    Status find_frames();
    void place_in_frames();

    /// The feed that replaces this output, or -1.
    std::int32_t feed_of(Output output) const {
        for (std::int32_t feed = first_feed_[output.node.index()]; feed >= 0;
             feed = next_feed_[static_cast<std::size_t>(feed)])
            if (request_.feeds[static_cast<std::size_t>(feed)].output == output) return feed;
        return -1;
    }
    /// The feed that also takes over the control edges of a node, or -1: only placeholders are replaced that far.
    std::int32_t control_feed_of(NodeId node) const {
        return is_placeholder(graph_.node(node)) ? first_feed_[node.index()] : -1;
    }
    void reach(Output output) {
        const std::int32_t feed = feed_of(output);
        if (feed >= 0)
            feed_used_[static_cast<std::size_t>(feed)] = true;
        else
            reach(output.node);
    }
    void reach(NodeId node) {
        if (kept_[node.index()]) return;
        kept_[node.index()] = true;
        to_visit_.push_back(node);
    }
    std::uint32_t source_of(Output output) const {
        const std::int32_t feed = feed_of(output);
        return feed >= 0 ? arg_position_[static_cast<std::size_t>(feed)] : plan_.by_node[output.node.index()];
    }
    std::uint32_t source_of_control(NodeId node) const {
        const std::int32_t feed = control_feed_of(node);
        return feed >= 0 ? arg_position_[static_cast<std::size_t>(feed)] : plan_.by_node[node.index()];
    }
    /// Calls visit(source, output, input) for each edge into the node at `position`: data, then control.
    template <class Visit> void for_each_edge_into(std::uint32_t position, Visit&& visit) const {
        const PlanNode& node = plan_.nodes[position];
        if (node.kind == PlanKind::retval) {
            const Output fetched = plan_.fetches[static_cast<std::size_t>(node.slot)];
            visit(plan_.by_node[fetched.node.index()], fetched.index, 0);
        }
        if (node.node == nullptr) return;
        for (std::size_t i = 0; i < node.node->inputs.size(); ++i) {
            const Output input = node.node->inputs[i];
            const bool fed = feed_of(input) >= 0;
            visit(source_of(input), fed ? 0 : input.index, static_cast<std::int32_t>(i));
        }
        for (const NodeId control : node.node->control_inputs) visit(source_of_control(control), -1, -1);
    }
    bool is_back_edge(const PlanNode& source, const PlanNode& target) const {
        return target.kind == PlanKind::merge && source.kind == PlanKind::next_iteration;
    }
    Error cycle(const std::vector<std::uint32_t>& waiting) const;
    Result<std::uint32_t> frame_after(std::uint32_t position);
    std::uint32_t child_frame(std::uint32_t parent, const std::string& name);
    std::string dressed_name(std::uint32_t position) const;

    const Graph& graph_;
    const RunRequest& request_;
    Plan plan_;
    std::vector<std::int32_t> first_feed_, next_feed_; ///< feeds by node, chained
    std::vector<bool> feed_used_, kept_;
    std::vector<NodeId> to_visit_;
    std::vector<std::uint32_t> arg_position_; ///< by feed
    std::vector<std::uint32_t> order_;        ///< positions, sources before targets
};

Status Builder::check_request() {
    first_feed_.assign(graph_.size(), -1);
    next_feed_.assign(request_.feeds.size(), -1);
    for (std::size_t i = 0; i < request_.feeds.size(); ++i) {
        const Output output = request_.feeds[i].output;
        if (feed_of(output) >= 0)
            return invalid(fmt::format("Endpoint \"{}\" fed more than once.", graph_.tensor_name(output)));
        next_feed_[i] = first_feed_[output.node.index()];
        first_feed_[output.node.index()] = static_cast<std::int32_t>(i);
    }
    for (const Output fetch : request_.fetches)
        if (feed_of(fetch) >= 0) return invalid(fmt::format("{} is both fed and fetched.", graph_.tensor_name(fetch)));
    if (request_.fetches.empty() && request_.targets.empty())
        return invalid("Must specify at least one target to fetch or execute.");
    return {};
}

void Builder::prune() {
    kept_.assign(graph_.size(), false);
    feed_used_.assign(request_.feeds.size(), false);
    for (const Output fetch : request_.fetches) reach(fetch);
    for (const NodeId target : request_.targets) reach(target);
    while (!to_visit_.empty()) {
        const Node& node = graph_.node(to_visit_.back());
        to_visit_.pop_back();
        for (const Output input : node.inputs) reach(input);
        for (const NodeId control : node.control_inputs) {
            const std::int32_t feed = control_feed_of(control);
            if (feed >= 0)
                feed_used_[static_cast<std::size_t>(feed)] = true;
            else
                reach(control);
        }
    }
}

void Builder::add_nodes() {
    plan_.by_node.assign(graph_.size(), none);
    for (const Node& node : graph_.nodes()) {
        if (!kept_[node.id.index()]) continue;
        plan_.by_node[node.id.index()] = static_cast<std::uint32_t>(plan_.nodes.size());
        PlanNode entry;
        entry.node = &node;
        entry.def = ops::find_op(node.op);
        entry.kind = kind_of(node);
        entry.may_skip_outputs = node.op == "Switch" || node.op == "RefSwitch";
        entry.is_loop_cond = node.op == "LoopCond";
        entry.allows_uninitialized = entry.def != nullptr && entry.def->allows_uninitialized_input;
        entry.inputs = static_cast<std::uint32_t>(node.inputs.size());
        entry.outputs = static_cast<std::uint32_t>(node.outputs.size());
        entry.first_ref = static_cast<std::uint32_t>(plan_.wants_ref.size());
        if (entry.def != nullptr)
            for (const ops::ArgDef& arg : entry.def->inputs)
                plan_.wants_ref.insert(plan_.wants_ref.end(), argument_count(arg, node), arg.is_ref ? 1 : 0);
        plan_.wants_ref.resize(entry.first_ref + entry.inputs, 0);
        if (entry.kind == PlanKind::enter) {
            const auto* is_constant = node.attr<bool>("is_constant");
            const auto* parallel = node.attr<std::int64_t>("parallel_iterations");
            entry.is_constant = is_constant != nullptr && *is_constant;
            entry.parallel_iterations = parallel == nullptr ? 1 : std::max<std::int64_t>(1, *parallel);
        }
        plan_.nodes.push_back(entry);
    }
    arg_position_.assign(request_.feeds.size(), none);
    for (std::size_t i = 0; i < request_.feeds.size(); ++i) {
        if (!feed_used_[i]) continue;
        arg_position_[i] = static_cast<std::uint32_t>(plan_.nodes.size());
        PlanNode entry;
        entry.kind = PlanKind::arg;
        entry.slot = static_cast<std::int32_t>(i);
        entry.outputs = 1;
        plan_.nodes.push_back(entry);
    }
    for (const Output fetch : request_.fetches) {
        const auto found = std::ranges::find(plan_.fetches, fetch);
        plan_.fetch_of.push_back(static_cast<std::size_t>(found - plan_.fetches.begin()));
        if (found != plan_.fetches.end()) continue;
        PlanNode entry;
        entry.kind = PlanKind::retval;
        entry.slot = static_cast<std::int32_t>(plan_.fetches.size());
        entry.inputs = 1;
        entry.first_ref = static_cast<std::uint32_t>(plan_.wants_ref.size());
        plan_.wants_ref.push_back(0);
        plan_.fetches.push_back(fetch);
        plan_.nodes.push_back(entry);
    }
    for (const PlanNode& node : plan_.nodes) {
        plan_.most_inputs = std::max(plan_.most_inputs, node.inputs);
        plan_.most_outputs = std::max(plan_.most_outputs, node.outputs);
    }
}

void Builder::add_edges() {
    const auto count = static_cast<std::uint32_t>(plan_.nodes.size());
    std::vector<std::uint32_t> next(count + 1, 0);
    for (std::uint32_t target = 0; target < count; ++target)
        for_each_edge_into(target, [&](std::uint32_t source, std::int32_t, std::int32_t) { ++next[source + 1]; });
    for (std::uint32_t i = 0; i < count; ++i) next[i + 1] += next[i];
    plan_.edges.resize(next[count]);
    for (std::uint32_t i = 0; i < count; ++i) {
        plan_.nodes[i].first_edge = next[i];
        plan_.nodes[i].last_edge = next[i + 1];
    }
    for (std::uint32_t target = 0; target < count; ++target)
        for_each_edge_into(target, [&](std::uint32_t source, std::int32_t output, std::int32_t input) {
            plan_.edges[next[source]++] = {target, output, input};
        });
}

Status Builder::sort() {
    std::vector<std::uint32_t> waiting(plan_.nodes.size(), 0);
    for (const PlanNode& node : plan_.nodes)
        for (const PlanEdge& edge : plan_.edges_of(node))
            if (!is_back_edge(node, plan_.nodes[edge.target])) ++waiting[edge.target];
    order_.reserve(plan_.nodes.size());
    for (std::uint32_t i = 0; i < waiting.size(); ++i)
        if (waiting[i] == 0) order_.push_back(i);
    for (std::size_t at = 0; at < order_.size(); ++at) {
        const PlanNode& node = plan_.nodes[order_[at]];
        for (const PlanEdge& edge : plan_.edges_of(node))
            if (!is_back_edge(node, plan_.nodes[edge.target]) && --waiting[edge.target] == 0)
                order_.push_back(edge.target);
    }
    if (order_.size() < plan_.nodes.size()) return cycle(waiting);
    return {};
}

/// Names one of the cycles among the nodes that still wait.
Error Builder::cycle(const std::vector<std::uint32_t>& waiting) const {
    // Every waiting node has a waiting source, so that walking backwards must come round.
    auto at = static_cast<std::uint32_t>(std::ranges::find_if(waiting, [](std::uint32_t n) { return n > 0; }) -
                                         waiting.begin());
    std::vector<bool> seen(plan_.nodes.size(), false);
    std::vector<std::uint32_t> path;
    while (!seen[at]) {
        seen[at] = true;
        path.push_back(at);
        std::uint32_t source = none;
        for_each_edge_into(at, [&](std::uint32_t from, std::int32_t, std::int32_t) {
            if (source == none && waiting[from] > 0 && !is_back_edge(plan_.nodes[from], plan_.nodes[at])) source = from;
        });
        assert(source != none);
        at = source;
    }
    std::vector<std::string_view> names;
    names.push_back(plan_.nodes[at].node->name);
    for (auto it = path.rbegin(); it != path.rend(); ++it) {
        names.push_back(plan_.nodes[*it].node->name);
        if (*it == at) break;
    }
    constexpr std::size_t shown = 12;
    if (names.size() > shown) {
        names.erase(names.begin() + shown / 2, names.end() - shown / 2);
        names.insert(names.begin() + shown / 2, "...");
    }
    return Error{"graph.cycle",
                 fmt::format("the graph has a cycle that is not a while loop, so none of its ops can ever run: {}",
                             fmt::join(names, " -> "))};
}

std::string Builder::dressed_name(std::uint32_t position) const {
    const PlanNode& node = plan_.nodes[position];
    if (node.node != nullptr) return fmt::format("{{{{node {}}}}}", node.node->name);
    const Output output = node.kind == PlanKind::arg ? request_.feeds[static_cast<std::size_t>(node.slot)].output
                                                     : plan_.fetches[static_cast<std::size_t>(node.slot)];
    return fmt::format("{{{{node {}_{}_{}_{}}}}}", node.kind == PlanKind::arg ? "_arg" : "_retval",
                       graph_.node(output.node).name, output.index, node.slot);
}

std::uint32_t Builder::child_frame(std::uint32_t parent, const std::string& name) {
    // Loops are few; a search keeps their numbers in order of appearance.
    for (std::uint32_t i = 1; i < plan_.frames.size(); ++i)
        if (plan_.frames[i].parent == parent && plan_.frames[i].name == name) return i;
    plan_.frames.push_back({name, parent, 0, 0, {}});
    return static_cast<std::uint32_t>(plan_.frames.size() - 1);
}

/// The frame in which the outputs of a node live.
Result<std::uint32_t> Builder::frame_after(std::uint32_t position) {
    PlanNode& node = plan_.nodes[position];
    switch (node.kind) {
    case PlanKind::enter: {
        const auto* name = node.node->attr<std::string>("frame_name");
        if (name == nullptr) return invalid(fmt::format("{} has no frame_name.", dressed_name(position)));
        node.child = child_frame(node.frame, *name);
        ++plan_.frames[node.child].enters;
        return node.child;
    }
    case PlanKind::exit:
        if (node.frame == 0)
            return invalid(fmt::format("{} leaves a while loop that it is not in.", dressed_name(position)));
        return plan_.frames[node.frame].parent;
    case PlanKind::next_iteration:
        if (node.frame == 0) return invalid(fmt::format("{} is not in a while loop.", dressed_name(position)));
        return node.frame;
    default:
        return node.frame;
    }
}

Status Builder::find_frames() {
    plan_.frames.push_back({}); // the root
    std::vector<std::uint32_t> reached_from(plan_.nodes.size(), none);
    std::vector<std::uint32_t> after(plan_.nodes.size(), 0);
    const auto mixed = [&](std::uint32_t target, std::uint32_t source) {
        const std::uint32_t other = reached_from[target];
        return invalid(fmt::format(
            "{} has inputs from different frames. The input {} is in frame '{}'. The input {} is in frame '{}'.",
            dressed_name(target), dressed_name(source), plan_.frames[after[source]].name, dressed_name(other),
            plan_.frames[after[other]].name));
    };
    for (const std::uint32_t position : order_) {
        auto frame = frame_after(position);
        if (!frame) return frame.error();
        after[position] = *frame;
        for (const PlanEdge& edge : plan_.edges_of(plan_.nodes[position])) {
            PlanNode& target = plan_.nodes[edge.target];
            if (is_back_edge(plan_.nodes[position], target)) continue;
            if (reached_from[edge.target] == none) {
                reached_from[edge.target] = position;
                target.frame = *frame;
            } else if (target.frame != *frame) {
                return mixed(edge.target, position);
            }
        }
    }
    for (const std::uint32_t position : order_) {
        if (plan_.nodes[position].kind != PlanKind::next_iteration) continue;
        for (const PlanEdge& edge : plan_.edges_of(plan_.nodes[position])) {
            if (plan_.nodes[edge.target].frame == after[position]) continue;
            if (reached_from[edge.target] != none) return mixed(edge.target, position);
            return invalid(fmt::format("{} is not in a while loop.", dressed_name(edge.target)));
        }
    }
    return {};
}

void Builder::place_in_frames() {
    std::vector<std::uint32_t> data(plan_.nodes.size(), 0), control(plan_.nodes.size(), 0);
    for (const PlanEdge& edge : plan_.edges) ++(edge.input < 0 ? control : data)[edge.target];
    for (std::uint32_t i = 0; i < plan_.nodes.size(); ++i) {
        PlanNode& node = plan_.nodes[i];
        PlanFrame& frame = plan_.frames[node.frame];
        node.local = static_cast<std::uint32_t>(frame.pending.size());
        node.first_input = frame.inputs;
        frame.inputs += node.inputs;
        // A merge counts control edges by two; its lowest bit says that no live value has come yet.
        frame.pending.push_back(node.kind == PlanKind::merge ? 1 + 2 * control[i] : data[i] + control[i]);
        if (data[i] + control[i] == 0) plan_.roots.push_back(i);
    }
}

} // namespace

bool is_pure(const PlanNode& node) {
    if (node.def == nullptr || node.def->kernel == nullptr || node.def->is_stateful || node.allows_uninitialized)
        return false;
    return !node.node->inputs.empty() || node.node->op == "Const";
}

Result<Plan> make_plan(const Graph& graph, const RunRequest& request) {
    return Builder(graph, request).build();
}

} // namespace rnnscope::runtime
