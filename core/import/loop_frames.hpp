#pragma once

#include "core/graph/graph.hpp"

#include <string>
#include <vector>

namespace rnnscope {

/// A while loop of TensorFlow 1.x: the nodes between Enters with one frame_name and the Exits.
struct LoopFrame {
    std::string name;              ///< frame_name of its Enters
    int parent = -1;               ///< index of the frame it is nested in; -1: none
    std::vector<NodeId> enters;    ///< ascending, like all of these
    std::vector<NodeId> variables; ///< Merges that a NextIteration feeds: the loop variables
    std::vector<NodeId> exits;
    NodeId condition;                    ///< LoopCond; invalid in a broken loop
    std::vector<NodeId> nodes;           ///< in this frame itself, Enters included, those of nested frames not
    std::vector<NodeId> condition_nodes; ///< of `nodes`: what LoopCond is computed from, after the Merges
    std::vector<NodeId> body_nodes;      ///< of `nodes`: what depends on the Switches' true side
};

/// All loops of a graph in the order of their first Enter, and for each node the loop it runs in: a frame_name is one
/// loop, as in BuildControlFlowInfo of TensorFlow's executor.cc; control edges count, as there.
struct LoopFrames {
    std::vector<LoopFrame> frames;
    std::vector<int> frame_of; ///< by node: index of its frame, -1 outside of loops

    /// frame_name, or "" outside of loops.
    const std::string& name_of(NodeId node) const;
};

LoopFrames loop_frames(const Graph& graph);

} // namespace rnnscope
