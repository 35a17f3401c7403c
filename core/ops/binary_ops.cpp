#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"

namespace rnnscope::ops {
namespace {

constexpr auto arithmetic_types =
    "T: {bfloat16, half, float, double, uint8, int8, uint16, int16, int32, int64, complex64, complex128}";
constexpr auto order_types = "T: realnumbertype";
constexpr auto equality_types =
    "T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, quint8, "
    "qint8, qint32, string, bool, complex128}";

OpBuilder binary(std::string_view name, std::string_view types, std::string_view summary) {
    return OpBuilder(name).input("x: T").input("y: T").output("z: T").attr(types).summary(summary).shape(
        broadcast_shape);
}

OpBuilder comparison(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("x: T")
        .input("y: T")
        .output("z: bool")
        .attr(order_types)
        .summary(summary)
        .shape(broadcast_shape);
}

OpBuilder equality(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("x: T")
        .input("y: T")
        .output("z: bool")
        .attr(equality_types)
        .summary(summary)
        .shape(broadcast_shape);
}

OpBuilder logical(std::string_view name, std::string_view summary) {
    return OpBuilder(name).input("x: bool").input("y: bool").output("z: bool").summary(summary).shape(broadcast_shape);
}

/// A gradient that needs the forward result `y` and the incoming gradient `dy`.
OpBuilder gradient(std::string_view name, std::string_view summary) {
    return OpBuilder(name)
        .input("y: T")
        .input("dy: T")
        .output("z: T")
        .attr("T: {bfloat16, half, float, double, complex64, complex128}")
        .summary(summary)
        .shape(unchanged_shape);
}

} // namespace

void add_binary_ops(OpRecords& ops) {
    ops.push_back(binary(
        "Add", "T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, complex128, string}",
        "The sum, elementwise."));
    ops.push_back(binary("AddV2",
                         "T: {bfloat16, half, float, double, uint8, int8, int16, int32, int64, complex64, complex128}",
                         "The sum, elementwise."));
    ops.push_back(binary("Sub", arithmetic_types, "The difference, elementwise."));
    ops.push_back(binary("Mul", arithmetic_types, "The product, elementwise."));
    ops.push_back(binary("Div", arithmetic_types, "The quotient, elementwise; integers are truncated."));
    ops.push_back(binary("RealDiv", arithmetic_types, "The quotient of real numbers, elementwise."));
    ops.push_back(binary("FloorDiv", arithmetic_types, "The quotient rounded down, elementwise."));
    ops.push_back(binary("TruncateDiv", arithmetic_types, "The quotient rounded towards zero, elementwise."));
    ops.push_back(binary("DivNoNan", "T: {half, float, double, complex64, complex128}",
                         "The quotient, 0 where the divisor is 0, elementwise."));
    ops.push_back(binary("FloorMod", "T: {int32, int64, bfloat16, half, float, double}",
                         "Remainder of the division that rounds down, elementwise."));
    ops.push_back(binary("Mod", "T: {int32, int64, half, half, bfloat16, float, double}",
                         "Remainder of the division that rounds towards zero, elementwise."));
    ops.push_back(binary("Pow", "T: {bfloat16, float, half, double, int32, int64, complex64, complex128}",
                         "Power, elementwise."));
    ops.push_back(binary("SquaredDifference", "T: {bfloat16, half, float, double, int32, int64, complex64, complex128}",
                         "Square of the difference, elementwise."));
    ops.push_back(
        binary("Maximum", "T: {bfloat16, half, float, double, int32, int64}", "The larger one, elementwise."));
    ops.push_back(
        binary("Minimum", "T: {bfloat16, half, float, double, int32, int64}", "The smaller one, elementwise."));
    ops.push_back(comparison("Greater", "x > y, elementwise."));
    ops.push_back(comparison("GreaterEqual", "x >= y, elementwise."));
    ops.push_back(comparison("Less", "x < y, elementwise."));
    ops.push_back(comparison("LessEqual", "x <= y, elementwise."));
    ops.push_back(equality("Equal", "x == y, elementwise."));
    ops.push_back(equality("NotEqual", "x != y, elementwise."));
    ops.push_back(logical("LogicalAnd", "And, elementwise."));
    ops.push_back(logical("LogicalOr", "Or, elementwise."));
    ops.push_back(gradient("SigmoidGrad", "Gradient of Sigmoid: dy * y * (1 - y)."));
    ops.push_back(gradient("TanhGrad", "Gradient of Tanh: dy * (1 - y * y)."));
    ops.push_back(gradient("SqrtGrad", "Gradient of Sqrt: dy / 2 / y."));
    ops.push_back(gradient("RsqrtGrad", "Gradient of Rsqrt: -dy / 2 * y * y * y."));
    ops.push_back(gradient("ReciprocalGrad", "Gradient of Reciprocal: -dy * y * y."));
}

} // namespace rnnscope::ops
