#include "core/tf1/api_families.hpp"

namespace rnnscope::tf1 {
namespace {

Value qr_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const NodeId node = call_op(state, "Qr", {a[0]}, {{"full_matrices", a[1].truthy()}}, text_or(a[2], ""));
    return Value::tuple({wrap(state, {node, 0}), wrap(state, {node, 1})});
}

Value band_part_function(Context& context, const Arguments& a) {
    return op_value(context.default_graph(), "MatrixBandPart", {a[0], a[1], a[2]}, {}, text_or(a[3], ""));
}

Value triangular_solve_function(Context& context, const Arguments& a) {
    return op_value(context.default_graph(), "MatrixTriangularSolve", {a[0], a[1]},
                    {{"lower", a[2].truthy()}, {"adjoint", a[3].truthy()}}, text_or(a[4], ""));
}

Value matrix_transpose_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph(); // the conjugate of a real matrix is itself
    return wrap(state, matrix_transpose(state, a[0], text_or(a[1], "matrix_transpose")));
}

Value adjoint_function(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    return wrap(state, adjoint(state, a[0], text_or(a[1], "adjoint")));
}

} // namespace

std::vector<ApiDef> linalg_api() {
    const std::vector<Param> qr = params("input, full_matrices=False, name=None"),
                             band = params("input, num_lower, num_upper, name=None"),
                             solve = params("matrix, rhs, lower=True, adjoint=False, name=None"),
                             turn = params("a, name='matrix_transpose', conjugate=False");
    return {
        {"qr", qr, "Orthogonal and upper triangular factor of matrices.", qr_function},
        {"linalg.qr", qr, "Orthogonal and upper triangular factor of matrices.", qr_function},
        {"matrix_band_part", band, "Matrices with zeros outside of a band around the diagonal.", band_part_function},
        {"linalg.band_part", band, "Matrices with zeros outside of a band around the diagonal.", band_part_function},
        {"matrix_triangular_solve", solve, "Solves equations whose matrices are triangular.",
         triangular_solve_function},
        {"linalg.triangular_solve", solve, "Solves equations whose matrices are triangular.",
         triangular_solve_function},
        {"matrix_transpose", turn, "Swaps the last two dimensions.", matrix_transpose_function},
        {"linalg.transpose", turn, "Swaps the last two dimensions.", matrix_transpose_function},
        {"linalg.adjoint", params("matrix, name=None"), "Swaps the last two dimensions, and conjugates.",
         adjoint_function},
    };
}

} // namespace rnnscope::tf1
