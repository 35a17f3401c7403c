#include "core/import/loop_frames.hpp"

#include <algorithm>
#include <map>

namespace rnnscope {
namespace {

bool is_enter(const Node& node) {
    return node.op == "Enter" || node.op == "RefEnter";
}
bool is_exit(const Node& node) {
    return node.op == "Exit" || node.op == "RefExit";
}
bool is_merge(const Node& node) {
    return node.op == "Merge" || node.op == "RefMerge";
}
bool is_next_iteration(const Node& node) {
    return node.op == "NextIteration" || node.op == "RefNextIteration";
}

class Builder {
  public:
    explicit Builder(const Graph& graph) : graph_(graph), users_(graph.size()) {
        result_.frame_of.assign(graph.size(), -1);
        for (const Node& node : graph.nodes()) {
            for (const Output& input : node.inputs) users_[input.node.index()].push_back(node.id);
            for (const NodeId control : node.control_inputs) users_[control.index()].push_back(node.id);
        }
    }

    LoopFrames run() {
        for (const Node& node : graph_.nodes())
            if (is_enter(node)) {
                result_.frame_of[node.id.index()] = frame_named(node);
                waiting_.push_back(node.id);
            }
        spread();
        sort_by_first_enter();
        for (const Node& node : graph_.nodes()) list(node);
        for (LoopFrame& frame : result_.frames) split(frame);
        return std::move(result_);
    }

  private:
    int frame_named(const Node& enter) {
        const auto* name = enter.attr<std::string>("frame_name");
        const auto [found, is_new] =
            by_name_.try_emplace(name == nullptr ? "" : *name, static_cast<int>(result_.frames.size()));
        if (is_new) {
            result_.frames.emplace_back();
            result_.frames.back().name = found->first;
        }
        return found->second;
    }

    /// Carries frames to the users of what is in them. A node belongs to the deepest frame that reaches it: constants
    /// of a loop whose control inputs a tool has removed reach it from outside, and the loop still is where it runs.
    void spread() {
        std::size_t visits = 0;
        // Sound graphs need one visit of each node for each level of nesting; broken ones must end, too.
        const std::size_t most = 64 * graph_.size();
        for (; !waiting_.empty() && visits < most; ++visits) {
            const NodeId at = waiting_.back();
            waiting_.pop_back();
            const int own = result_.frame_of[at.index()];
            const int inside = is_exit(graph_.node(at)) ? frame(own).parent : own;
            if (inside < 0) continue;
            for (const NodeId user : users_[at.index()]) {
                int& of_user = result_.frame_of[user.index()];
                if (is_enter(graph_.node(user))) {
                    nest(of_user, inside);
                } else if (depth(inside) > depth(of_user)) {
                    of_user = inside;
                    waiting_.push_back(user);
                }
            }
        }
    }

    LoopFrame& frame(int index) { return result_.frames[static_cast<std::size_t>(index)]; }

    int depth(int index) {
        int result = 0;
        for (; index >= 0; index = frame(index).parent) ++result;
        return result;
    }

    /// The frame is inside of `parent`, if that was not known: then all that it reaches is to be looked at again.
    void nest(int index, int parent) {
        for (int at = parent; at >= 0; at = frame(at).parent)
            if (at == index) return;
        if (depth(parent) <= depth(frame(index).parent)) return;
        frame(index).parent = parent;
        for (const Node& node : graph_.nodes())
            if (result_.frame_of[node.id.index()] == index) waiting_.push_back(node.id);
    }

    void sort_by_first_enter() {
        std::vector<int> order; // old indices
        std::vector<int> place(result_.frames.size(), -1);
        for (const Node& node : graph_.nodes())
            if (const int frame = result_.frame_of[node.id.index()]; is_enter(node) && frame >= 0)
                if (int& at = place[static_cast<std::size_t>(frame)]; at < 0) {
                    at = static_cast<int>(order.size());
                    order.push_back(frame);
                }
        std::vector<LoopFrame> sorted;
        for (const int old : order) {
            sorted.push_back(std::move(result_.frames[static_cast<std::size_t>(old)]));
            if (int& parent = sorted.back().parent; parent >= 0) parent = place[static_cast<std::size_t>(parent)];
        }
        result_.frames = std::move(sorted);
        for (int& frame : result_.frame_of)
            if (frame >= 0) frame = place[static_cast<std::size_t>(frame)];
    }

    void list(const Node& node) {
        const int index = result_.frame_of[node.id.index()];
        if (index < 0) return;
        LoopFrame& frame = result_.frames[static_cast<std::size_t>(index)];
        frame.nodes.push_back(node.id);
        if (is_enter(node)) frame.enters.push_back(node.id);
        if (is_exit(node)) frame.exits.push_back(node.id);
        if (node.op == "LoopCond" && !frame.condition.valid()) frame.condition = node.id;
        if (is_merge(node) && std::ranges::any_of(node.inputs, [&](const Output& input) {
                return is_next_iteration(graph_.node(input.node));
            }))
            frame.variables.push_back(node.id);
    }

    /// The condition is what lies between the Merges and LoopCond, the body everything after the Switches. Enters of
    /// constants and the loop's own nodes belong to neither.
    void split(LoopFrame& frame) {
        const auto index = static_cast<int>(&frame - result_.frames.data());
        const auto in_frame = [&](NodeId id) { return result_.frame_of[id.index()] == index; };
        std::vector<bool> seen(graph_.size(), false);
        std::vector<NodeId> waiting;
        if (frame.condition.valid()) waiting.push_back(frame.condition);
        while (!waiting.empty()) {
            const NodeId at = waiting.back();
            waiting.pop_back();
            const Node& node = graph_.node(at);
            if (seen[at.index()] || !in_frame(at) || is_merge(node) || is_enter(node)) continue;
            seen[at.index()] = true;
            frame.condition_nodes.push_back(at);
            for (const Output& input : node.inputs) waiting.push_back(input.node);
        }
        for (const NodeId id : frame.nodes) {
            const Node& node = graph_.node(id);
            if (node.op != "Switch" && node.op != "RefSwitch") continue;
            if (node.inputs.size() == 2 && node.inputs[1].node == frame.condition) waiting.push_back(id);
        }
        while (!waiting.empty()) {
            const NodeId at = waiting.back();
            waiting.pop_back();
            for (const NodeId user : users_[at.index()]) {
                const Node& node = graph_.node(user);
                if (seen[user.index()] || !in_frame(user) || is_merge_of_loop(node) || is_exit(node)) continue;
                seen[user.index()] = true;
                frame.body_nodes.push_back(user);
                waiting.push_back(user);
            }
        }
        std::ranges::sort(frame.condition_nodes);
        std::ranges::sort(frame.body_nodes);
    }

    bool is_merge_of_loop(const Node& node) const {
        return is_merge(node) && std::ranges::any_of(node.inputs, [&](const Output& input) {
                   return is_next_iteration(graph_.node(input.node));
               });
    }

    const Graph& graph_;
    std::vector<std::vector<NodeId>> users_;
    std::map<std::string, int> by_name_; ///< frame_name: index
    std::vector<NodeId> waiting_;
    LoopFrames result_;
};

} // namespace

const std::string& LoopFrames::name_of(NodeId node) const {
    static const std::string none;
    const int frame = frame_of[node.index()];
    return frame < 0 ? none : frames[static_cast<std::size_t>(frame)].name;
}

LoopFrames loop_frames(const Graph& graph) {
    return Builder(graph).run();
}

} // namespace rnnscope
