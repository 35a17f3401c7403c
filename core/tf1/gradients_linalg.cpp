#include "core/tf1/gradient_registry.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {
namespace {

/// Gradients of factors, bands and equations: python/ops/linalg_grad.py and array_grad.py, 1.15.

Value band_part(const GradientCall& call, const Value& x, const Value& below, const Value& above) {
    return call.call("MatrixBandPart", {x, below, above});
}

std::vector<Gradient> matrix_band_part_grad(GradientCall& call) {
    return {call.made(band_part(call, call.dy(), call.x(1), call.x(2)))};
}

/// Only the triangle that was read gets something.
std::vector<Gradient> matrix_triangular_solve_grad(GradientCall& call) {
    GraphState& state = call.state;
    const bool is_adjoint = call.attr<bool>("adjoint"), is_lower = call.attr<bool>("lower");
    const Value rhs =
        call.call("MatrixTriangularSolve", {call.x(0), call.dy()}, {{"lower", is_lower}, {"adjoint", !is_adjoint}});
    const Value product = call.wrapped(is_adjoint ? matmul(state, call.y(), rhs, false, true)
                                                  : matmul(state, rhs, call.y(), false, true));
    const Value minus = call.call("Neg", {product});
    const Value triangle = is_lower ? band_part(call, minus, -1, 0) : band_part(call, minus, 0, -1);
    return {call.made(triangle), call.made(rhs)};
}

void check_factors(const GradientCall& call) {
    const OutputInfo& r = call.state.graph.info(call.output(1));
    const auto refuse = [](const std::string& why) { raise("NotImplementedError", "QrGrad not implemented " + why); };
    if (r.dtype == DType::complex64 || r.dtype == DType::complex128)
        refuse(fmt::format("for dtype: {}", str(Value(r.dtype))));
    if (!r.shape.has_rank()) refuse("with dynamic shapes.");
    const std::int64_t rows = r.shape.dim(r.shape.rank() - 2), columns = r.shape.dim(r.shape.rank() - 1);
    if (rows == Shape::unknown || columns == Shape::unknown) refuse("with dynamic shapes.");
    if (rows != columns) refuse("when ncols > nrows or full_matrices is true and ncols != nrows.");
}

std::vector<Gradient> qr_grad(GradientCall& call) {
    check_factors(call);
    GraphState& state = call.state;
    const Value q = call.y(0), r = call.y(1), dq = call.dy(0), dr = call.dy(1);
    const auto adjoint_of = [&](const Value& x) { return call.wrapped(adjoint(state, x)); };
    const auto asymmetry = [&](const Value& x) { return call.binary("-", x, adjoint_of(x)); };
    /// x times the adjoint of the inverse of r
    const auto divided = [&](const Value& x) {
        const Value turned = adjoint_of(x);
        return adjoint_of(call.call("MatrixTriangularSolve", {r, turned}, {{"lower", false}, {"adjoint", false}}));
    };
    const Value qdq = call.wrapped(matmul(state, q, dq, true, false));
    const Value of_q = asymmetry(qdq);
    const Value of_r = asymmetry(call.wrapped(matmul(state, r, dr, false, true)));
    const Value triangle = band_part(call, call.binary("+", of_q, of_r), -1, 0);
    const Value inside = call.wrapped(matmul(state, q, call.binary("+", dr, divided(triangle))));
    const Value rest = call.binary("-", dq, call.wrapped(matmul(state, q, qdq)));
    return {call.made(call.binary("+", inside, divided(rest)))};
}

} // namespace

std::vector<GradientDef> linalg_gradients() {
    return {
        {"MatrixBandPart", matrix_band_part_grad},
        {"MatrixTriangularSolve", matrix_triangular_solve_grad},
        {"Qr", qr_grad},
    };
}

} // namespace rnnscope::tf1
