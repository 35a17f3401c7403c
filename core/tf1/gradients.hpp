#pragma once

#include "core/tf1/graph_state.hpp"

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rnnscope::tf1 {

/// tf.IndexedSlices: rows of a tensor that is zero elsewhere, as gathering gives them to gradients.
struct IndexedSlices {
    Output values, indices;
    Output dense_shape; ///< invalid when it is not known
};

/// One gradient: nothing (Python's None), a tensor, or slices of one.
using Gradient = std::variant<std::monostate, Output, IndexedSlices>;
inline bool is_none(const Gradient& gradient) {
    return std::holds_alternative<std::monostate>(gradient);
}

/// tf.IndexedSlices as a value of the program.
class IndexedSlicesObject : public Object {
  public:
    IndexedSlicesObject(GraphState& state, IndexedSlices slices) : state_(state), slices_(slices) {}
    std::string type_name() const override { return "IndexedSlices"; }
    std::string repr() const override;
    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override { return {"values", "indices", "dense_shape"}; }
    GraphState& graph() const { return state_; }
    const IndexedSlices& slices() const { return slices_; }

  private:
    GraphState& state_;
    IndexedSlices slices_;
};

Value gradient_value(GraphState& state, const Gradient& gradient);
/// A tensor or IndexedSlices; anything else is converted to a tensor. None stays None.
Gradient to_gradient(GraphState& state, const Value& value);
/// ops.convert_to_tensor of a gradient: slices are summed up into a dense tensor. Not for None.
Output to_dense(GraphState& state, const Gradient& gradient, std::string_view name = "");
/// control_flow_ops.tuple: the gradients, each available when all of them are.
std::vector<Gradient> gate(GraphState& state, const std::vector<Gradient>& gradients, std::string_view name = "tuple");

/// The arguments of tf.gradients; names and defaults are TensorFlow's.
struct GradientsArgs {
    std::vector<Value> ys; ///< tensors or variables
    std::vector<Value> xs;
    std::vector<Value> grad_ys; ///< as many as ys, or none at all
    std::string name = "gradients";
    bool colocate_gradients_with_ops = false;
    bool gate_gradients = false;
    std::int64_t aggregation_method = 0; ///< ADD_N 0, EXPERIMENTAL_TREE 1, EXPERIMENTAL_ACCUMULATE_N 2
    std::vector<Value> stop_gradients;
    bool zero_when_unconnected = false;
};
/// Adds the nodes of the gradients of the sum of `ys` with respect to each of `xs` (python/ops/gradients_util.py,
/// 1.15), through loops and branches. Throws LookupError "No gradient defined for operation 'a' (op type: A)".
std::vector<Gradient> gradients(GraphState& state, const GradientsArgs& args);

} // namespace rnnscope::tf1
