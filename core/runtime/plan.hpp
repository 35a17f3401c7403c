#pragma once

#include "core/base/result.hpp"
#include "core/graph/graph.hpp"
#include "core/ops/op_def.hpp"
#include "core/ops/rounding.hpp"
#include "core/runtime/session.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace rnnscope::runtime {

/// What the executor does with a node beyond running its kernel.
enum class PlanKind : std::uint8_t { plain, merge, enter, exit, next_iteration, control_trigger, arg, retval };

/// One node of a plan. Numbers are positions in the plan's own tables.
struct PlanNode {
    const Node* node = nullptr;      ///< null for arg and retval
    const ops::OpDef* def = nullptr; ///< null for arg and retval, and for ops that are not registered
    PlanKind kind = PlanKind::plain;
    bool is_constant = false;             ///< Enter: the value is the same in all iterations
    bool allows_uninitialized = false;    ///< may receive a reference to a variable without value
    bool may_skip_outputs = false;        ///< Switch: outputs may stay without a value
    bool is_loop_cond = false;            ///< LoopCond: decides whether a loop goes on
    std::int32_t slot = -1;               ///< arg: which feed; retval: which fetch
    std::uint32_t frame = 0;              ///< static frame in which it is visited
    std::uint32_t child = 0;              ///< Enter: the static frame it opens
    std::int64_t parallel_iterations = 1; ///< Enter
    std::uint32_t local = 0;              ///< position among the nodes of its frame
    std::uint32_t first_input = 0;        ///< position among the inputs of its frame
    std::uint32_t inputs = 0;
    std::uint32_t outputs = 0;
    std::uint32_t first_ref = 0; ///< its inputs in Plan::wants_ref
    std::uint32_t first_edge = 0, last_edge = 0;
};

/// From an output (or control, -1) of a node to an input (or control, -1) of another.
struct PlanEdge {
    std::uint32_t target = 0;
    std::int32_t output = -1;
    std::int32_t input = -1;
};

/// A while loop as the graph has it; the root is number 0.
struct PlanFrame {
    std::string name; ///< frame_name
    std::uint32_t parent = 0;
    std::uint32_t enters = 0;           ///< how many values must arrive before it can be complete
    std::uint32_t inputs = 0;           ///< of all its nodes
    std::vector<std::uint32_t> pending; ///< by local position: what a node waits for (tf1-semantics 7.1)
};

/// What one run executes: the pruned graph with feeds and fetches as nodes of their own, in flat tables. Nodes are in
/// creation order, then feeds, then fetches; the edges of a node are in the order of their targets.
struct Plan {
    std::vector<PlanNode> nodes;
    std::vector<PlanEdge> edges;
    std::vector<PlanFrame> frames;
    std::vector<std::uint8_t> wants_ref; ///< by input: does the op take the reference itself?
    std::vector<std::uint32_t> roots;    ///< nodes that wait for nothing
    std::vector<Output> fetches;         ///< distinct, in order of first mention
    std::vector<std::size_t> fetch_of;   ///< by requested fetch: which of `fetches`
    std::vector<std::uint32_t> by_node;  ///< by NodeId: position in `nodes`, or `none`
    std::uint32_t most_inputs = 0, most_outputs = 0;
    ops::Rounding rounding = ops::Rounding::fast; ///< of all its kernels and steps

    static constexpr std::uint32_t none = 0xFFFFFFFFU;

    std::span<const PlanEdge> edges_of(const PlanNode& node) const {
        return {edges.data() + node.first_edge, edges.data() + node.last_edge};
    }
};

/// Does the op give the same for the same inputs, whenever it runs?
bool is_pure(const PlanNode& node);

/// Rewrites and prunes as TensorFlow does (tf1-semantics 6.1), then finds the frames. Fails with TensorFlow's texts,
/// and with "graph.cycle" for a cycle that is not a while loop.
Result<Plan> make_plan(const Graph& graph, const RunRequest& request);

} // namespace rnnscope::runtime
