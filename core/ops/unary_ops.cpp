#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

namespace rnnscope::ops {
namespace {

constexpr auto floats_and_complex = "T: {bfloat16, half, float, double, complex64, complex128}";

OpBuilder unary(std::string_view name, std::string_view types, std::string_view summary) {
    return OpBuilder(name).input("x: T").output("y: T").attr(types).summary(summary).shape(unchanged_shape);
}

} // namespace

void add_unary_ops(OpRecords& ops) {
    ops.push_back(
        unary("Abs", "T: {bfloat16, half, float, double, int8, int16, int32, int64}", "Absolute value, elementwise."));
    ops.push_back(unary("Neg", "T: {bfloat16, half, float, double, int8, int16, int32, int64, complex64, complex128}",
                        "The negative, elementwise."));
    ops.push_back(unary("Sign", "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                        "-1, 0 or 1, elementwise."));
    ops.push_back(unary("Exp", floats_and_complex, "Exponential, elementwise."));
    ops.push_back(unary("Expm1", floats_and_complex, "exp(x) - 1, elementwise."));
    ops.push_back(unary("Log", floats_and_complex, "Natural logarithm, elementwise."));
    ops.push_back(unary("Log1p", floats_and_complex, "log(1 + x), elementwise."));
    ops.push_back(unary("Sqrt", floats_and_complex, "Square root, elementwise."));
    ops.push_back(unary("Rsqrt", floats_and_complex, "1 / sqrt(x), elementwise."));
    ops.push_back(unary("Square", "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                        "The square, elementwise."));
    ops.push_back(unary("Reciprocal", "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                        "1 / x, elementwise."));
    ops.push_back(unary("Sigmoid", floats_and_complex, "1 / (1 + exp(-x)), elementwise."));
    ops.push_back(unary("Tanh", floats_and_complex, "Hyperbolic tangent, elementwise."));
    ops.push_back(unary("Sin", floats_and_complex, "Sine, elementwise."));
    ops.push_back(unary("Cos", floats_and_complex, "Cosine, elementwise."));
    ops.push_back(unary("Floor", "T: {bfloat16, half, float, double}", "Rounds down, elementwise."));
    ops.push_back(unary("Ceil", "T: {bfloat16, half, float, double}", "Rounds up, elementwise."));
    ops.push_back(unary("Round", "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                        "Rounds to the nearest integer, halves to even, elementwise."));
    ops.push_back(
        OpBuilder("LogicalNot").input("x: bool").output("y: bool").summary("Not, elementwise.").shape(unchanged_shape));
    ops.push_back(OpBuilder("IsFinite")
                      .input("x: T")
                      .output("y: bool")
                      .attr("T: {bfloat16, half, float, double}")
                      .summary("Neither infinite nor NaN, elementwise.")
                      .shape(unchanged_shape));
    ops.push_back(OpBuilder("IsNan")
                      .input("x: T")
                      .output("y: bool")
                      .attr("T: {bfloat16, half, float, double}")
                      .summary("Is it NaN, elementwise.")
                      .shape(unchanged_shape));
    ops.push_back(OpBuilder("Cast")
                      .input("x: SrcT")
                      .output("y: DstT")
                      .attr("SrcT: type")
                      .attr("DstT: type")
                      .attr("Truncate: bool = false")
                      .summary("The same numbers in another type.")
                      .shape(unchanged_shape));
}

} // namespace rnnscope::ops
