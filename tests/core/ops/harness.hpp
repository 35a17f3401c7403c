#pragma once

#include "core/ops/kernel.hpp"
#include "core/ops/op_def.hpp"

#include <map>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace rnnscope::ops::test {

/// A graph whose nodes can be run one by one: no frames, no dead values. Enough to test ops without an executor.
class Harness {
  public:
    Graph graph;
    ResourceContainer session, step;
    std::vector<VariableAccess> accesses;

    Result<NodeId> try_add(std::string op, std::vector<Output> inputs, AttrMap attrs = {}, std::string name = {}) {
        NodeSpec spec;
        spec.name = name.empty() ? fmt::format("{}_{}", op, graph.size()) : std::move(name);
        spec.op = std::move(op);
        spec.inputs = std::move(inputs);
        spec.attrs = std::move(attrs);
        return add_node(graph, std::move(spec));
    }
    Output add(std::string op, std::vector<Output> inputs = {}, AttrMap attrs = {}, std::string name = {}) {
        const auto id = try_add(std::move(op), std::move(inputs), std::move(attrs), std::move(name));
        EXPECT_TRUE(id.ok()) << id.error().message;
        return id.ok() ? Output{*id, 0} : Output{};
    }
    Output constant(Tensor value) { return add("Const", {}, {{"dtype", value.dtype()}, {"value", value}}); }
    Output placeholder(Shape shape, DType dtype = DType::float32) {
        return add("Placeholder", {}, {{"dtype", dtype}, {"shape", std::move(shape)}});
    }
    const Shape& shape(Output output) const { return graph.info(output).shape; }

    /// Runs the node and, before it, everything it needs that has not run yet. Variables are dereferenced.
    Result<std::vector<Value>> run(NodeId id) {
        const Node& node = graph.node(id);
        const OpDef& def = *find_op(node.op);
        std::vector<bool> wants_ref;
        for (const ArgDef& arg : def.inputs) wants_ref.push_back(arg.is_ref);
        std::vector<Value> inputs, outputs(node.outputs.size());
        for (std::size_t i = 0; i < node.inputs.size(); ++i) {
            const Output input = node.inputs[i];
            if (!values_.contains(input.node)) {
                auto made = run(input.node);
                if (!made) return made.error();
            }
            Value value = values_.at(input.node)[static_cast<std::size_t>(input.index)];
            if (auto* ref = std::get_if<VariableStorage*>(&value);
                ref != nullptr && !(i < wants_ref.size() && wants_ref[i]))
                value = (*ref)->value.value_or(Tensor());
            inputs.push_back(std::move(value));
        }
        KernelContext ctx(graph, node, inputs, outputs, {session, step, states_[id], 7}, accesses);
        if (Status status = def.kernel(ctx); !status.ok()) return status.error();
        values_[id] = outputs;
        return outputs;
    }
    Result<Tensor> value(Output output) {
        auto values = run(output.node);
        if (!values) return values.error();
        return std::get<Tensor>((*values)[static_cast<std::size_t>(output.index)]);
    }
    std::string failure(Output output) {
        const auto values = run(output.node);
        return values.ok() ? "" : values.error().code + ": " + values.error().message;
    }

  private:
    std::map<NodeId, std::vector<Value>> values_;
    std::map<NodeId, KernelState> states_;
};

inline Tensor floats(Shape shape, std::vector<float> values) {
    return Tensor::of<float>(std::move(shape), std::move(values));
}
inline Tensor ints(Shape shape, std::vector<std::int32_t> values) {
    return Tensor::of<std::int32_t>(std::move(shape), std::move(values));
}

} // namespace rnnscope::ops::test
