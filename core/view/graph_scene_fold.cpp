#include "core/ops/op_def.hpp"
#include "core/view/common.hpp"
#include "core/view/graph_scene_tree.hpp"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>

namespace rnnscope::view {
namespace {

template <std::size_t n> bool one_of(std::string_view op, const std::array<std::string_view, n>& ops) {
    return std::find(ops.begin(), ops.end(), op) != ops.end();
}

constexpr std::array<std::string_view, 4> shape_readers{"Shape", "ShapeN", "Size", "Rank"};
/// They carry values of the program through loops and conds, so what comes out of them is not fixed.
constexpr std::array<std::string_view, 12> control_flow{
    "Enter", "RefEnter", "Exit",          "RefExit",          "Switch",   "RefSwitch",
    "Merge", "RefMerge", "NextIteration", "RefNextIteration", "LoopCond", "ControlTrigger"};

bool is_index_type(DType dtype) {
    return dtype == DType::int32 || dtype == DType::int64 || dtype == DType::boolean;
}

/// By node: computes only with shapes, indices and constants, so that its value says nothing about the program's data.
std::vector<bool> shape_helpers(const Graph& graph, std::size_t nodes) {
    std::vector<bool> helper(nodes, false);
    for (std::size_t i = 0; i < nodes; ++i) {
        const Node& node = graph.node(NodeId(i));
        if (node.outputs.empty() || one_of(node.op, control_flow)) continue;
        if (node.op == "Const" || one_of(node.op, shape_readers)) {
            helper[i] = true;
            continue;
        }
        const ops::OpDef* def = ops::find_op(node.op);
        if (!def || def->is_stateful || node.inputs.empty()) continue;
        // "zeros" of a computed shape is a constant too; other arithmetic on floats is the program's own.
        const bool fixed = std::all_of(node.outputs.begin(), node.outputs.end(),
                                       [](const OutputInfo& output) { return is_index_type(output.dtype); }) ||
                           node.op == "Fill";
        helper[i] = fixed && std::all_of(node.inputs.begin(), node.inputs.end(), [&](const Output& input) {
                        return input.node.index() < i && helper[input.node.index()];
                    });
    }
    return helper;
}

/// By node: turns the wheel of a while loop: the way of the loop variables between iterations, and the condition.
std::vector<bool> loop_machinery(const Graph& graph, std::size_t nodes) {
    std::vector<bool> part(nodes, false);
    const auto is = [&](NodeId node, std::string_view op) { return graph.node(node).op == op; };
    std::vector<NodeId> condition;
    for (std::size_t i = 0; i < nodes; ++i) {
        const Node& node = graph.node(NodeId(i));
        if (node.op == "Merge" && std::any_of(node.inputs.begin(), node.inputs.end(),
                                              [&](Output o) { return is(o.node, "NextIteration"); })) {
            part[i] = true;
            for (const Output& input : node.inputs)
                if (is(input.node, "Enter") && input.node.index() < nodes) part[input.node.index()] = true;
        }
        if (node.op == "LoopCond") {
            part[i] = true;
            condition.push_back(node.id);
        }
    }
    for (std::size_t i = 0; i < nodes; ++i) {
        const Node& node = graph.node(NodeId(i));
        const bool follows = !node.inputs.empty() && node.inputs[0].node.index() < nodes;
        if (!follows) continue;
        const std::size_t before = node.inputs[0].node.index();
        if (node.op == "Switch" && part[before] && graph.node(NodeId(before)).op == "Merge") part[i] = true;
        if (node.op == "Exit" && part[before]) part[i] = true;
    }
    // What the condition is computed from, back to the loop variables, as long as nothing else uses it.
    for (std::size_t c = 0; c < condition.size(); ++c)
        for (const Output& input : graph.node(condition[c]).inputs) {
            if (input.node.index() >= nodes || part[input.node.index()]) continue;
            const std::vector<NodeId> users = graph.consumers(input.node);
            const bool own = std::all_of(users.begin(), users.end(),
                                         [&](NodeId user) { return user.index() >= nodes || part[user.index()]; });
            if (!own) continue;
            part[input.node.index()] = true;
            if (!is(input.node, "Enter")) condition.push_back(input.node);
        }
    return part;
}

/// Sets of small numbers that grow together; the smallest member stands for its set.
class Groups {
  public:
    explicit Groups(std::size_t count) : parent_(count) { std::iota(parent_.begin(), parent_.end(), 0u); }
    std::uint32_t of(std::uint32_t i) {
        while (parent_[i] != i) i = parent_[i] = parent_[parent_[i]];
        return i;
    }
    void join(std::uint32_t a, std::uint32_t b) {
        a = of(a);
        b = of(b);
        parent_[std::max(a, b)] = std::min(a, b);
    }

  private:
    std::vector<std::uint32_t> parent_;
};

} // namespace

/// Finds what stands together in one scope and makes items of it.
class SceneTree::Folder {
  public:
    Folder(SceneTree& tree, const Graph& graph)
        : tree_(tree), graph_(graph), nodes_(tree.item_of_.size()), helper_(shape_helpers(graph, nodes_)),
          machinery_(loop_machinery(graph, nodes_)), weight_(tree.items_.size(), 0),
          place_(tree.items_.size(), no_box) {
        for (const std::uint32_t item : tree_.item_of_) ++weight_[item];
    }

    void run() {
        const auto count = static_cast<std::uint32_t>(tree_.items_.size());
        for (std::uint32_t i = 0; i < count; ++i)
            if (tree_.items_[i].kind == BoxKind::scope && tree_.items_[i].children.size() > 2) fold_scope(i);
    }

  private:
    using Members = std::vector<std::uint32_t>; ///< items, in creation order

    void fold_scope(std::uint32_t scope) {
        const Members children = tree_.items_[scope].children;
        Members machinery, helpers;
        for (const std::uint32_t child : children) {
            const SceneItem& item = tree_.items_[child];
            if (item.kind != BoxKind::op && item.kind != BoxKind::constant) continue;
            if (machinery_[item.node.index()])
                machinery.push_back(child);
            else if (helper_[item.node.index()])
                helpers.push_back(child);
        }
        const bool has_loop = std::any_of(machinery.begin(), machinery.end(), [&](std::uint32_t child) {
            return graph_.node(tree_.items_[child].node).op == "LoopCond";
        });
        if (has_loop && machinery.size() >= 4 && machinery.size() < children.size())
            make(scope, machinery, "loop control");
        if (helpers.size() < 2) return;

        for (std::uint32_t i = 0; i < helpers.size(); ++i) place_[helpers[i]] = i;
        Groups groups(helpers.size());
        for (std::uint32_t i = 0; i < helpers.size(); ++i)
            for (const Output& input : graph_.node(tree_.items_[helpers[i]].node).inputs)
                if (const std::uint32_t from = place_[tree_.item_of_[input.node.index()]]; from != no_box)
                    groups.join(from, i);
        std::vector<Members> sets(helpers.size());
        for (std::uint32_t i = 0; i < helpers.size(); ++i) sets[groups.of(i)].push_back(helpers[i]);
        const auto is_used = [&](std::uint32_t set) {
            return std::any_of(sets[set].begin(), sets[set].end(), [&](std::uint32_t child) {
                const std::vector<NodeId> users = graph_.consumers(tree_.items_[child].node);
                return std::any_of(users.begin(), users.end(), [&](NodeId user) {
                    if (user.index() >= nodes_) return false;
                    const std::uint32_t place = place_[tree_.item_of_[user.index()]];
                    return place == no_box || groups.of(place) != set;
                });
            });
        };
        Members unused;
        for (std::uint32_t i = 0; i < sets.size(); ++i) {
            const Members& set = sets[i];
            if (set.empty()) continue;
            if (!is_used(i))
                unused.insert(unused.end(), set.begin(), set.end());
            else if (set.size() >= 2 && weight(set) >= 3 && set.size() < children.size())
                make(scope, set, title_of(set));
        }
        std::sort(unused.begin(), unused.end());
        if (weight(unused) >= 2 && unused.size() < children.size()) make(scope, unused, "unused");
        for (const std::uint32_t child : helpers) place_[child] = no_box;
    }

    std::size_t weight(const Members& set) const {
        return std::accumulate(set.begin(), set.end(), std::size_t{0},
                               [&](std::size_t sum, std::uint32_t item) { return sum + weight_[item]; });
    }

    /// "shape of x" by the first shape that is read.
    std::string title_of(const Members& set) const {
        for (const std::uint32_t child : set) {
            const Node& node = graph_.node(tree_.items_[child].node);
            if (one_of(node.op, shape_readers) && !node.inputs.empty())
                return "shape of " + std::string(last_segment(graph_.node(node.inputs[0].node).name));
        }
        return "constants";
    }

    void make(std::uint32_t scope, const Members& set, std::string title) {
        const auto fold = static_cast<std::uint32_t>(tree_.items_.size());
        SceneItem item;
        item.kind = BoxKind::scope;
        item.fold = true;
        item.depth = tree_.items_[scope].depth + 1;
        item.parent = scope;
        // No op has such a name. The first member comes first in every larger graph too, so the name stays.
        const std::string& around = tree_.items_[scope].path;
        item.path = around.empty() ? "" : around + "/";
        item.path.append(last_segment(tree_.items_[set[0]].path)).append("…");
        item.title = std::move(title);
        item.children = set;
        item.ops = weight(set);
        for (const std::uint32_t child : set) {
            tree_.items_[child].parent = fold;
            ++tree_.items_[child].depth;
        }
        auto& children = tree_.items_[scope].children;
        *std::find(children.begin(), children.end(), set[0]) = fold;
        std::erase_if(children, [&](std::uint32_t child) { return std::binary_search(set.begin(), set.end(), child); });
        tree_.items_.push_back(std::move(item));
    }

    SceneTree& tree_;
    const Graph& graph_;
    std::size_t nodes_;
    std::vector<bool> helper_, machinery_; ///< by node
    std::vector<std::size_t> weight_;      ///< ops by item, with the constants that stand in it as chips
    std::vector<std::uint32_t> place_;     ///< by item: its place among the helpers of the scope at hand
};

void SceneTree::fold_helpers(const Graph& graph) {
    Folder(*this, graph).run();
}

} // namespace rnnscope::view
