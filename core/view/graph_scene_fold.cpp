#include "core/ops/op_def.hpp"
#include "core/view/common.hpp"
#include "core/view/graph_scene_tree.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <string_view>

#include <fmt/format.h>

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
std::vector<bool> shape_helpers(const GraphSnapshot& graph, std::size_t nodes) {
    std::vector<bool> helper(nodes, false);
    for (std::size_t i = 0; i < nodes; ++i) {
        const GraphSnapshot::Node node = graph.node(NodeId(i));
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
std::vector<bool> loop_machinery(const GraphSnapshot& graph, std::size_t nodes) {
    std::vector<bool> part(nodes, false);
    const auto is = [&](NodeId node, std::string_view op) { return graph.node(node).op == op; };
    std::vector<NodeId> condition;
    for (std::size_t i = 0; i < nodes; ++i) {
        const GraphSnapshot::Node node = graph.node(NodeId(i));
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
        const GraphSnapshot::Node node = graph.node(NodeId(i));
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
            const std::span<const NodeId> users = graph.consumers(input.node);
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

/// No op has such a name.
std::string fold_path(std::string_view around, std::string_view first) {
    std::string path(around);
    if (!path.empty()) path += '/';
    return path.append(last_segment(first)).append("…");
}

/// "cell / lstm" of "cell_12 / lstm": without the numbers that end its parts.
std::string unnumbered(std::string_view title) {
    std::string name;
    while (!title.empty()) {
        const std::size_t end = std::min(title.find(" / "), title.size());
        std::string_view part = title.substr(0, end);
        part = part.substr(0, part.find_last_not_of("0123456789") + 1);
        if (part.ends_with('_')) part.remove_suffix(1);
        name.append(part);
        if (end < title.size()) name += " / ";
        title.remove_prefix(std::min(end + 3, title.size()));
    }
    return name;
}

} // namespace

/// Finds what stands together in one scope and makes items of it.
class SceneTree::Folder {
  public:
    Folder(SceneTree& tree, const GraphSnapshot& graph)
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
                const std::span<const NodeId> users = graph_.consumers(tree_.items_[child].node);
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
            const GraphSnapshot::Node node = graph_.node(tree_.items_[child].node);
            if (one_of(node.op, shape_readers) && !node.inputs.empty())
                return "shape of " + std::string(last_segment(graph_.node(node.inputs[0].node).name));
        }
        return "constants";
    }

    void make(std::uint32_t scope, const Members& set, std::string title) {
        // The first member comes first in every larger graph too, so the name stays.
        const std::uint32_t fold = tree_.add_fold(
            scope, set, fold_path(tree_.items_[scope].path, tree_.items_[set[0]].path), std::move(title));
        tree_.items_[fold].ops = weight(set);
        auto& children = tree_.items_[scope].children;
        *std::find(children.begin(), children.end(), set[0]) = fold;
        std::erase_if(children, [&](std::uint32_t child) { return std::binary_search(set.begin(), set.end(), child); });
    }

    SceneTree& tree_;
    const GraphSnapshot& graph_;
    std::size_t nodes_;
    std::vector<bool> helper_, machinery_; ///< by node
    std::vector<std::size_t> weight_;      ///< ops by item, with the constants that stand in it as chips
    std::vector<std::uint32_t> place_;     ///< by item: its place among the helpers of the scope at hand
};

/// Finds runs of equal steps among the children of a scope, in creation order: one scope after another, or, where the
/// steps have no scopes of their own, the same few ops again and again.
class SceneTree::SeriesFolder {
  public:
    SeriesFolder(SceneTree& tree, const GraphSnapshot& graph)
        : tree_(tree), graph_(graph), signs_(tree.items_.size(), 0) {
        // Children come after their parents.
        for (std::size_t i = signs_.size(); i-- > 0;) signs_[i] = sign(tree_.items_[i]);
    }

    void run() {
        const auto count = static_cast<std::uint32_t>(signs_.size());
        for (std::uint32_t i = 0; i < count; ++i)
            if (tree_.items_[i].children.size() >= least_steps) fold_scope(i);
    }

  private:
    static constexpr std::size_t least_steps = 5, most_children = 256; ///< of a series; of a step
    struct Run {
        std::size_t begin = 0, period = 0, steps = 0;
        std::size_t end() const { return begin + period * steps; }
    };

    /// Equal for items of equal structure, names without numbers included. 0: never part of a step.
    std::uint64_t sign(const SceneItem& item) const {
        std::uint64_t hash = std::hash<std::string>{}(unnumbered(item.title));
        const auto mix = [&](std::uint64_t value) { hash = (hash ^ value) * 1099511628211u; };
        if (item.kind == BoxKind::scope) {
            // Steps share their variables. Scopes with some of their own are layers, and those are to be seen.
            if (!item.variables.empty()) return 0;
            for (const std::uint32_t child : item.children) {
                if (signs_[child] == 0) return 0;
                mix(signs_[child]);
            }
        } else {
            const GraphSnapshot::Node node = graph_.node(item.node);
            if (item.kind == BoxKind::variable || item.kind == BoxKind::placeholder || one_of(node.op, control_flow))
                return 0;
            mix(std::hash<std::string_view>{}(node.op));
            mix(node.inputs.size());
            mix(item.chips.size());
        }
        return hash == 0 ? 1 : hash;
    }

    /// The run that starts at a child: with the shortest step that repeats often enough. No period: there is none.
    Run run_at(const std::vector<std::uint32_t>& children, std::size_t begin) const {
        const std::size_t room = children.size() - begin;
        for (std::size_t period = 1; period <= std::min(most_children, room / least_steps); ++period) {
            std::size_t end = begin;
            while (end + period < children.size() && signs_[children[end]] != 0 &&
                   signs_[children[end]] == signs_[children[end + period]])
                ++end;
            const std::size_t steps = (end - begin) / period + 1;
            if (steps >= least_steps) return {begin, period, steps};
        }
        return {};
    }

    void fold_scope(std::uint32_t scope) {
        const std::vector<std::uint32_t> children = tree_.items_[scope].children;
        std::vector<std::uint32_t> kept;
        for (std::size_t i = 0; i < children.size();) {
            const Run run = run_at(children, i);
            if (run.period == 0) {
                kept.push_back(children[i++]);
                continue;
            }
            // Single ops are no steps, however many there are.
            if (run.period == 1 && tree_.items_[children[i]].ops < 2)
                kept.insert(kept.end(), children.begin() + static_cast<std::ptrdiff_t>(i),
                            children.begin() + static_cast<std::ptrdiff_t>(run.end()));
            else
                kept.push_back(make_series(scope, children, run));
            i = run.end();
        }
        tree_.items_[scope].children = std::move(kept);
    }

    std::uint32_t make_series(std::uint32_t scope, const std::vector<std::uint32_t>& children, const Run& run) {
        const SceneItem& first = tree_.items_[children[run.begin]];
        const std::string path = first.path + "…"; // as of a fold, and unique
        std::string title = unnumbered(first.title);
        if (title.empty()) title = "steps";
        const std::uint32_t series = tree_.add_fold(scope, {}, path, std::move(title));
        std::vector<std::uint32_t> steps;
        for (std::size_t s = 0; s < run.steps; ++s) {
            const auto begin = children.begin() + static_cast<std::ptrdiff_t>(run.begin + s * run.period);
            std::vector<std::uint32_t> members(begin, begin + static_cast<std::ptrdiff_t>(run.period));
            if (run.period == 1) {
                tree_.items_[members[0]].parent = series;
                steps.push_back(members[0]);
                continue;
            }
            steps.push_back(tree_.add_fold(series, members, fmt::format("{}/{}", path, s), fmt::format("step {}", s)));
            SceneItem& step = tree_.items_[steps.back()];
            for (const std::uint32_t member : members) step.ops += tree_.items_[member].ops;
        }
        SceneItem& item = tree_.items_[series];
        item.repeats = static_cast<std::uint32_t>(run.steps);
        for (const std::uint32_t step : steps) item.ops += tree_.items_[step].ops;
        item.children = std::move(steps);
        return series;
    }

    SceneTree& tree_;
    const GraphSnapshot& graph_;
    std::vector<std::uint64_t> signs_; ///< by item
};

std::uint32_t SceneTree::add_fold(std::uint32_t around, std::vector<std::uint32_t> members, std::string path,
                                  std::string title) {
    const auto fold = static_cast<std::uint32_t>(items_.size());
    SceneItem item;
    item.kind = BoxKind::scope;
    item.fold = true;
    item.parent = around;
    item.path = std::move(path);
    item.title = std::move(title);
    for (const std::uint32_t child : members) items_[child].parent = fold;
    item.children = std::move(members);
    items_.push_back(std::move(item));
    return fold;
}

void SceneTree::fold_series(const GraphSnapshot& graph) {
    SeriesFolder(*this, graph).run();
}

void SceneTree::fold_helpers(const GraphSnapshot& graph) {
    Folder(*this, graph).run();
}

} // namespace rnnscope::view
