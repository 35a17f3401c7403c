#pragma once

#include "core/ops/op_def.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace rnnscope::testing {

/// A while loop, built node by node: i < limit: i + 1, body(i, x).
class LoopGraph {
  public:
    Graph graph;
    std::string frame = "loop"; ///< that enter() goes into

    NodeId node(const std::string& name, const std::string& op, std::vector<Output> inputs, AttrMap attrs = {}) {
        auto made = ops::add_node(graph, {name, op, std::move(inputs), {}, std::move(attrs), "", {}, false});
        EXPECT_TRUE(made.ok()) << name << ": " << (made.ok() ? "" : made.error().message);
        return *made;
    }
    Output constant(const std::string& name, Tensor value) {
        const DType dtype = value.dtype();
        return {node(name, "Const", {}, {{"value", std::move(value)}, {"dtype", dtype}}), 0};
    }
    Output enter(const std::string& name, Output value, bool is_constant = false) {
        return {node(name, "Enter", {value}, {{"frame_name", frame}, {"is_constant", is_constant}}), 0};
    }
    struct Carried {
        NodeId merge;
        Output body, exit;
    };
    /// The Merge and, once the condition is known, the Switch of a value that goes round.
    Carried carry(const std::string& name, Output first) {
        const Output entered = enter(name + "/enter", first);
        return {node(name + "/merge", "Merge", {entered, entered}), {}, {}};
    }
    void decide(const std::string& name, Carried& carried, Output condition) {
        const NodeId decided = node(name + "/switch", "Switch", {{carried.merge, 0}, condition});
        carried.exit = {node(name + "/exit", "Exit", {{decided, 0}}), 0};
        carried.body = {node(name + "/body", "Identity", {{decided, 1}}), 0};
    }
    void close(const std::string& name, const Carried& carried, Output next) {
        graph.set_input(carried.merge, 1, {node(name + "/next", "NextIteration", {next}), 0});
    }
};

} // namespace rnnscope::testing
