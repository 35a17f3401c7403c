#pragma once

#include "core/ops/op_def.hpp"

#include <cstdint>
#include <string>

/// Building blocks of shape functions, after TensorFlow's InferenceContext and common_shape_fns, with its texts.
namespace rnnscope::ops {

/// "[2,?,4]", or "?" when the rank is unknown: InferenceContext::DebugString.
std::string debug_text(const Shape& shape);
std::string debug_text(std::int64_t dim); ///< "3" or "?"

inline Error invalid_argument(std::string text) {
    return {"InvalidArgumentError", std::move(text)};
}

/// The shape with what asking for a rank adds to it; "Shape must be rank 2 but is rank 3".
Result<Shape> with_rank(const Shape& shape, std::size_t rank);
Status with_rank_at_least(const Shape& shape, std::size_t rank);
Status with_rank_at_most(const Shape& shape, std::size_t rank);
/// "Dimensions must be equal, but are 8 and 7".
Result<std::int64_t> merge_dims(std::int64_t a, std::int64_t b);
/// "Shapes must be equal rank, but are 2 and 1", "Dimension 0 in both shapes must be equal, but are ...".
Result<Shape> merge_shapes(const Shape& a, const Shape& b);
/// "Dimension must be 4 but is 5".
Status dim_is(std::int64_t dim, std::int64_t value);
Shape concatenated(const Shape& a, const Shape& b);
/// Dimensions [begin, end); all of them from `begin` by default. An unknown rank stays unknown.
Shape subshape(const Shape& shape, std::size_t begin, std::size_t end = static_cast<std::size_t>(-1));
Shape with_dim(Shape shape, std::size_t i, std::int64_t value);
/// numpy's broadcasting of two static shapes.
Result<Shape> broadcast_shapes(const Shape& a, const Shape& b);
/// Product of the dimensions; unknown when one is unknown (or the rank is), as 0 when one is 0.
std::int64_t known_elements(const Shape& shape);

/// A constant vector or scalar of int32 or int64 as numbers.
std::vector<std::int64_t> integers_of(const Tensor& tensor);

/// Number of elements of Range(start, limit, delta), whose inputs are scalars of one type.
Result<std::int64_t> range_size(const Tensor& start, const Tensor& limit, const Tensor& delta);
/// The value of a Shape, ShapeN, Rank or Size, which is known as soon as the static shape of its input is.
std::optional<Tensor> evaluate_shape_op(const Graph& graph, Output output);

// Whole shape functions.
Status unchanged_shape(ShapeContext& ctx); ///< output 0 as input 0
Status scalar_shape(ShapeContext& ctx);    ///< every output a scalar
Status unknown_shape(ShapeContext& ctx);   ///< nothing is known
Status no_outputs(ShapeContext& ctx);
Status merge_both_shape(ShapeContext& ctx); ///< output 0 is what both inputs have in common
Status broadcast_shape(ShapeContext& ctx);  ///< output 0 is inputs 0 and 1 broadcast
Status reduction_shape(ShapeContext& ctx);  ///< input, reduction_indices; attr keep_dims

/// What TensorFlow calls handle data: what a resource handle stands for, as far as it is known.
struct HandleData {
    Shape shape = Shape::unknown_rank();
    DType dtype = DType::invalid;
};
/// Follows a handle through Enter, Identity, Switch, ... to the TensorArrayV3 or VarHandleOp that made it. Nothing when
/// it comes from elsewhere or TensorFlow attaches no data to it.
std::optional<HandleData> handle_data(const Graph& graph, Output handle);

/// TRY(expression): leaves the function with the error of a Status or Result.
#define RNNSCOPE_TRY(expression)                                                                                       \
    do {                                                                                                               \
        if (auto try_result = (expression); !try_result.ok()) return std::move(try_result).error();                    \
    } while (false)

} // namespace rnnscope::ops
