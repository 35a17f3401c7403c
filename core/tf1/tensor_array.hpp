#pragma once

#include "core/tf1/graph_state.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

/// tf.TensorArray in graph mode (tensor_array_ops._GraphTensorArray, 1.15): a handle, and a flow that orders its uses.
/// Every write returns a new object with another flow; all of them share the element shape and the colocation.
class TensorArray : public Object, public std::enable_shared_from_this<TensorArray> {
  public:
    struct Options {
        DType dtype = DType::invalid;
        Value size; ///< int or int32 scalar; required without `handle`
        bool dynamic_size = false;
        bool clear_after_read = true;
        std::string tensor_array_name;
        std::optional<Output> handle, flow;
        bool infer_shape = true;
        Shape element_shape = Shape::unknown_rank();
        bool colocate_with_first_write_call = true;
        std::string name;
    };
    TensorArray(GraphState& state, const Options& options);

    Output flow() const { return flow_; }
    Output handle() const { return handle_; }
    DType dtype() const { return dtype_; }
    const Shape& element_shape() const { return *element_shape_; }
    GraphState& graph() const { return *state_; }

    /// build_ta_with_new_flow; takes a name "TensorArray" of the current name scope, as TensorFlow does.
    std::shared_ptr<TensorArray> with_flow(GraphState& state, Output flow) const;
    Output read(GraphState& state, const Value& index, std::string_view name = "") const;
    std::shared_ptr<TensorArray> write(GraphState& state, const Value& index, const Value& value,
                                       std::string_view name = "");
    std::shared_ptr<TensorArray> unstack(GraphState& state, const Value& value, std::string_view name = "");
    std::shared_ptr<TensorArray> scatter(GraphState& state, const Value& indices, const Value& value,
                                         std::string_view name = "");
    std::shared_ptr<TensorArray> split(GraphState& state, const Value& value, const Value& lengths,
                                       std::string_view name = "");
    std::shared_ptr<TensorArray> identity(GraphState& state) const;
    Output stack(GraphState& state, std::string_view name = "") const;
    Output gather(GraphState& state, const Value& indices, std::string_view name = "") const;
    Output concat(GraphState& state, std::string_view name = "") const;
    Output size(GraphState& state, std::string_view name = "") const;
    NodeId close(GraphState& state, std::string_view name = "") const;
    /// Only the flow differs: the array of gradients of `source` ("gradients").
    std::shared_ptr<TensorArray> grad(GraphState& state, std::string_view source, std::optional<Output> flow = {},
                                      std::string_view name = "") const;

    std::string type_name() const override { return "TensorArray"; }
    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override;

  private:
    void check_element_shape(const Shape& shape);
    void check_dtype(Output value) const;
    /// `with self._maybe_colocate_with(value)`: with the first tensor that was written.
    std::unique_ptr<ColocateScope> colocate(GraphState& state, Output value);

    GraphState* state_;
    DType dtype_;
    Output handle_, flow_;
    bool dynamic_size_, infer_shape_, colocates_;
    std::shared_ptr<Shape> element_shape_;
    std::shared_ptr<std::optional<Output>> colocate_with_; ///< shared by all flows of one array
};

} // namespace rnnscope::tf1
