#pragma once

#include "core/tf1/graph_state.hpp"

#include <optional>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

/// An initializer object of init_ops.py: called with a shape, it makes the ops of an initial value.
class Initializer : public Object {
  public:
    bool callable() const override { return true; }
    /// initializer(shape, dtype=None, partition_info=None)
    Value call(Context& context, std::vector<Value> positional,
               std::vector<std::pair<std::string, Value>> keywords) override;
    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> bases() const override { return {"Initializer"}; }
    /// The initial value of a variable of that shape. Ops are named in the current name scope.
    virtual Output make(GraphState& state, const Shape& shape, DType dtype) const = 0;
    DType dtype = DType::float32; ///< used when a call gives none
};

Value zeros_initializer(DType dtype = DType::float32);
Value ones_initializer(DType dtype = DType::float32);
Value constant_initializer(Value value, DType dtype = DType::float32, bool verify_shape = false);
Value glorot_uniform_initializer(std::optional<std::int64_t> seed = {}, DType dtype = DType::float32);
Value random_uniform_initializer(Value minimum, Value maximum, std::optional<std::int64_t> seed = {},
                                 DType dtype = DType::float32);

Value random_normal_initializer(Value mean, Value stddev, std::optional<std::int64_t> seed = {},
                                DType dtype = DType::float32);
Value truncated_normal_initializer(Value mean, Value stddev, std::optional<std::int64_t> seed = {},
                                   DType dtype = DType::float32);
/// `class_name`: what Python calls it ("GlorotNormal" is a subclass of VarianceScaling).
Value variance_scaling_initializer(double scale, const std::string& mode, const std::string& distribution,
                                   std::optional<std::int64_t> seed = {}, DType dtype = DType::float32,
                                   const std::string& class_name = "VarianceScaling");
Value uniform_unit_scaling_initializer(double factor, std::optional<std::int64_t> seed = {},
                                       DType dtype = DType::float32);
Value orthogonal_initializer(double gain, std::optional<std::int64_t> seed = {}, DType dtype = DType::float32);
Value identity_initializer(double gain, DType dtype = DType::float32);

} // namespace rnnscope::tf1
