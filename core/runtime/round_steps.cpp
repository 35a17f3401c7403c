#include "core/runtime/round_steps.hpp"

#include "core/ops/simd_kernels.hpp"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <string_view>

namespace rnnscope::runtime {
namespace {

using Operands = std::span<const OperandType>;
using ops::Rounding;
using ops::simd::Kernels;
using ops::simd::PackedMatrix;

template <Rounding rounding = Rounding::fast> const Kernels& simd() {
    static const Kernels& chosen = ops::simd::kernels(rounding);
    return chosen;
}

/// The same step in both roundings.
struct RoundedStep {
    Step::Function fast, tf1_15;
    Step::Function in(Rounding rounding) const { return rounding == Rounding::fast ? fast : tf1_15; }
};

bool all_of_type(Operands operands, DType dtype) {
    return std::ranges::all_of(operands, [&](const OperandType& operand) { return operand.dtype == dtype; });
}

// --- counters and conditions
// ------------------------------------------------------------------------------------------

/// Integer arithmetic as the kernels do it: it wraps around.
template <class F> struct Wrapping {
    std::int32_t operator()(std::int32_t a, std::int32_t b) const {
        return static_cast<std::int32_t>(F{}(static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b)));
    }
};

/// `columns` elements; `rows` and `depth` are the strides of the operands, 0 for one that is repeated.
template <class In, class Out, class F> bool small_binary(const Step& step, const Cursor& at) {
    const In* a = at.in<In>(step.in[0]);
    const In* b = at.in<In>(step.in[1]);
    Out* out = at.out<Out>(step.out);
    for (std::int64_t i = 0; i < step.columns; ++i) out[i] = F{}(a[i * step.rows], b[i * step.depth]);
    return true;
}
bool small_not(const Step& step, const Cursor& at) {
    for (std::int64_t i = 0; i < step.columns; ++i) at.out<bool>(step.out)[i] = !at.in<bool>(step.in[0])[i];
    return true;
}

struct SmallOp {
    DType dtype;
    Step::Function function;
};

const std::multimap<std::string_view, SmallOp>& small_ops() {
    constexpr DType number = DType::int32, truth = DType::boolean;
    using Int = std::int32_t;
    static const std::multimap<std::string_view, SmallOp> ops{
        {"Add", {number, small_binary<Int, Int, Wrapping<std::plus<std::uint32_t>>>}},
        {"AddV2", {number, small_binary<Int, Int, Wrapping<std::plus<std::uint32_t>>>}},
        {"Sub", {number, small_binary<Int, Int, Wrapping<std::minus<std::uint32_t>>>}},
        {"Mul", {number, small_binary<Int, Int, Wrapping<std::multiplies<std::uint32_t>>>}},
        {"Less", {number, small_binary<Int, bool, std::less<Int>>}},
        {"LessEqual", {number, small_binary<Int, bool, std::less_equal<Int>>}},
        {"Greater", {number, small_binary<Int, bool, std::greater<Int>>}},
        {"GreaterEqual", {number, small_binary<Int, bool, std::greater_equal<Int>>}},
        {"Equal", {number, small_binary<Int, bool, std::equal_to<Int>>}},
        {"NotEqual", {number, small_binary<Int, bool, std::not_equal_to<Int>>}},
        {"LogicalAnd", {truth, small_binary<bool, bool, std::logical_and<bool>>}},
        {"LogicalOr", {truth, small_binary<bool, bool, std::logical_or<bool>>}},
        {"LogicalNot", {truth, small_not}},
    };
    return ops;
}

std::optional<FastStep> small_step(const Node& node, Operands inputs, Operands outputs) {
    const auto [first, last] = small_ops().equal_range(node.op);
    for (auto it = first; it != last; ++it) {
        const Shape& shape = outputs[0].shape;
        const bool fits =
            all_of_type(inputs, it->second.dtype) && std::ranges::all_of(inputs, [&](const OperandType& input) {
                return input.shape.is_scalar() || input.shape == shape;
            });
        if (!fits) continue;
        FastStep step;
        step.function = it->second.function;
        step.columns = shape.elements();
        step.rows = inputs[0].shape.is_scalar() ? 0 : 1;
        step.depth = inputs.back().shape.is_scalar() ? 0 : 1;
        for (std::uint32_t i = 0; i < inputs.size(); ++i) step.reads.push_back(i);
        return step;
    }
    return std::nullopt;
}

// --- elementwise floats
// -----------------------------------------------------------------------------------------------

template <auto Kernel, Rounding rounding> bool map(const Step& step, const Cursor& at) {
    (simd<rounding>().*Kernel)(at.in<float>(step.in[0]), at.out<float>(step.out),
                               static_cast<std::size_t>(step.columns));
    return true;
}
template <auto Kernel> constexpr RoundedStep unary{map<Kernel, Rounding::fast>, map<Kernel, Rounding::tf1_15>};

/// Where one row of one of `depth` parts of `columns` elements begins.
float* row_of_part(const Step& step, const Cursor& at, std::int64_t row, std::int64_t part) {
    return reinterpret_cast<float*>(at.out<std::byte>(step.out) + part * step.out_stride) + row * step.columns;
}
template <auto Kernel> bool map_in_parts(const Step& step, const Cursor& at) {
    const float* from = at.in<float>(step.in[0]);
    for (std::int64_t row = 0; row < step.rows; ++row)
        for (std::int64_t part = 0; part < step.depth; ++part, from += step.columns)
            (simd().*Kernel)(from, row_of_part(step, at, row, part), static_cast<std::size_t>(step.columns));
    return true;
}

template <auto Kernel> bool same_shape(const Step& step, const Cursor& at) {
    (simd().*Kernel)(at.in<float>(step.in[0]), at.in<float>(step.in[1]), at.out<float>(step.out),
                     static_cast<std::size_t>(step.columns));
    return true;
}
/// One operand, `Scalar`, is a single number.
template <auto Kernel, std::size_t Scalar> bool with_scalar(const Step& step, const Cursor& at) {
    (simd().*Kernel)(at.in<float>(step.in[1 - Scalar]), *at.in<float>(step.in[Scalar]), at.out<float>(step.out),
                     static_cast<std::size_t>(step.columns));
    return true;
}

struct BinaryForms {
    Step::Function same, first_scalar, second_scalar;
};

std::optional<FastStep> float_step(const Node& node, Operands inputs, Operands outputs, Rounding rounding) {
    struct UnaryForms {
        RoundedStep whole;
        Step::Function in_parts;
    };
    static const std::map<std::string_view, UnaryForms> unary_ops{
        {"Sigmoid", {unary<&Kernels::sigmoid>, map_in_parts<&Kernels::sigmoid>}},
        {"Tanh", {unary<&Kernels::tanh>, map_in_parts<&Kernels::tanh>}},
        {"Relu", {unary<&Kernels::relu>, map_in_parts<&Kernels::relu>}}};
    static const BinaryForms add{same_shape<&Kernels::add>, with_scalar<&Kernels::add_scalar, 0>,
                                 with_scalar<&Kernels::add_scalar, 1>};
    static const std::map<std::string_view, BinaryForms> binary_ops{
        {"Add", add},
        {"AddV2", add},
        {"Sub",
         {same_shape<&Kernels::sub>, with_scalar<&Kernels::scalar_sub, 0>, with_scalar<&Kernels::sub_scalar, 1>}},
        {"Mul",
         {same_shape<&Kernels::mul>, with_scalar<&Kernels::mul_scalar, 0>, with_scalar<&Kernels::mul_scalar, 1>}}};
    if (!all_of_type(inputs, DType::float32)) return std::nullopt;
    FastStep step;
    step.columns = outputs[0].shape.elements();
    if (const auto it = unary_ops.find(node.op); it != unary_ops.end()) {
        step.function = it->second.whole.in(rounding);
        // With the other rounding it matters where in its row an element stands.
        step.in_parts = rounding == Rounding::fast ? it->second.in_parts : nullptr;
        step.reads = {0};
        return step;
    }
    const auto it = binary_ops.find(node.op);
    if (it == binary_ops.end()) return std::nullopt;
    step.reads = {0, 1};
    step.shows_unfinite = true; // sums, differences and products
    if (inputs[0].shape == inputs[1].shape)
        step.function = it->second.same;
    else if (inputs[0].shape.is_scalar())
        step.function = it->second.first_scalar;
    else if (inputs[1].shape.is_scalar())
        step.function = it->second.second_scalar;
    else
        return std::nullopt;
    return step;
}

// --- matrices
// ---------------------------------------------------------------------------------------------------------

template <Rounding rounding> bool matrix_product(const Step& step, const Cursor& at) {
    const ops::simd::Product product{.a = at.in<float>(step.in[0]),
                                     .a_stride = static_cast<std::size_t>(step.depth),
                                     .b = static_cast<const PackedMatrix*>(step.packed)->panels(),
                                     .c = at.out<float>(step.out),
                                     .c_stride = static_cast<std::size_t>(step.columns),
                                     .rows = static_cast<std::size_t>(step.rows),
                                     .errand = at.errand};
    if constexpr (rounding == Rounding::fast)
        simd().product(product);
    else
        simd<rounding>().matmul(product.a, product.a_stride, product.b, product.c, product.c_stride, product.rows);
    return true;
}

/// Of two matrices side by side: `stride` columns of the first.
bool product_of_pair(const Step& step, const Cursor& at) {
    const auto& panels = static_cast<const PackedMatrix*>(step.packed)->panels();
    const auto first = static_cast<std::size_t>(step.stride), second = panels.depth - first;
    ops::simd::Product product{.a = at.in<float>(step.in[0]),
                               .a_stride = first,
                               .b = panels.part(0, first),
                               .c = at.out<float>(step.out),
                               .c_stride = static_cast<std::size_t>(step.columns),
                               .rows = static_cast<std::size_t>(step.rows),
                               .errand = at.errand};
    simd().product(product);
    product.a = at.in<float>(step.in[1]);
    product.a_stride = second;
    product.b = panels.part(first, second);
    product.goes_on = true;
    simd().product(product);
    return true;
}

/// The last `depth` terms.
bool rest_of_product(const Step& step, const Cursor& at) {
    const auto& panels = static_cast<const PackedMatrix*>(step.packed)->panels();
    const auto terms = static_cast<std::size_t>(step.depth), columns = static_cast<std::size_t>(step.columns);
    simd().product({.a = at.in<float>(step.in[0]),
                    .a_stride = static_cast<std::size_t>(step.stride),
                    .b = panels.part(panels.depth - terms, terms),
                    .c = at.out<float>(step.out),
                    .c_stride = columns,
                    .rows = static_cast<std::size_t>(step.rows),
                    .goes_on = true,
                    .errand = at.errand});
    return true;
}

bool bias_sum(const Step& step, const Cursor& at) {
    simd().bias_add(at.in<float>(step.in[0]), at.in<float>(step.in[1]), at.out<float>(step.out),
                    static_cast<std::size_t>(step.rows), static_cast<std::size_t>(step.columns));
    return true;
}

bool bias_in_parts(const Step& step, const Cursor& at) {
    const float* from = at.in<float>(step.in[0]);
    const float* bias = at.in<float>(step.in[1]);
    for (std::int64_t row = 0; row < step.rows; ++row)
        for (std::int64_t part = 0; part < step.depth; ++part, from += step.columns)
            simd().add(from, bias + part * step.columns, row_of_part(step, at, row, part),
                       static_cast<std::size_t>(step.columns));
    return true;
}

/// Two matrices side by side; `columns` and `depth` are the bytes of their rows.
bool side_by_side(const Step& step, const Cursor& at) {
    const auto* a = at.in<std::byte>(step.in[0]);
    const auto* b = at.in<std::byte>(step.in[1]);
    auto* out = at.out<std::byte>(step.out);
    const auto first = static_cast<std::size_t>(step.columns), second = static_cast<std::size_t>(step.depth);
    for (std::int64_t row = 0; row < step.rows; ++row) {
        std::memcpy(out, a, first);
        std::memcpy(out + first, b, second);
        out += first + second;
        a += first;
        b += second;
    }
    return true;
}

/// A matrix cut into `depth` ones of as many columns, of `columns` bytes each.
bool cut(const Step& step, const Cursor& at) {
    const auto* from = at.in<std::byte>(step.in[0]);
    auto* out = at.out<std::byte>(step.out);
    const auto bytes = static_cast<std::size_t>(step.columns);
    for (std::int64_t row = 0; row < step.rows; ++row)
        for (std::int64_t part = 0; part < step.depth; ++part, from += bytes)
            std::memcpy(out + part * step.out_stride + row * step.columns, from, bytes);
    return true;
}

/// Rows of one matrix or the other, as a vector says; `columns` are the bytes that one condition decides on.
bool chosen_rows(const Step& step, const Cursor& at) {
    const bool* condition = at.in<bool>(step.in[0]);
    auto* out = at.out<std::byte>(step.out);
    const auto bytes = static_cast<std::size_t>(step.columns);
    for (std::int64_t row = 0; row < step.rows; ++row) {
        const Operand& from = step.in[condition[row] ? 1 : 2];
        std::memcpy(out + row * step.columns, at.in<std::byte>(from) + row * step.columns, bytes);
    }
    return true;
}

bool is_last_axis(const OperandType& axis, std::size_t rank) {
    if (axis.constant == nullptr || !is_integer(axis.dtype) || !axis.shape.is_scalar()) return false;
    const std::int64_t value = axis.constant->integer(0), last = static_cast<std::int64_t>(rank) - 1;
    return value == last || value == -1;
}

bool is_matrix(const OperandType& operand) {
    return operand.dtype == DType::float32 && operand.shape.rank() == 2;
}

std::int64_t row_bytes(const OperandType& matrix) {
    return matrix.shape.dim(1) * static_cast<std::int64_t>(sizeof(float));
}

std::optional<FastStep> product_step(const Node& node, Operands inputs, Operands outputs, Rounding rounding) {
    constexpr RoundedStep product{matrix_product<Rounding::fast>, matrix_product<Rounding::tf1_15>};
    const auto* transpose_a = node.attr<bool>("transpose_a");
    const auto* transpose_b = node.attr<bool>("transpose_b");
    const bool fits = is_matrix(inputs[0]) && is_matrix(inputs[1]) && inputs[1].constant != nullptr &&
                      transpose_a != nullptr && !*transpose_a && transpose_b != nullptr;
    if (!fits || outputs[0].shape.elements() == 0) return std::nullopt;
    FastStep step;
    step.function = product.in(rounding);
    step.shows_unfinite = true; // all columns of that row
    step.packs_second = true;
    step.adds_in_parts = rounding == Rounding::fast;
    step.transposes_second = *transpose_b;
    step.rows = inputs[0].shape.dim(0);
    step.depth = step.stride = inputs[0].shape.dim(1);
    step.columns = outputs[0].shape.dim(1);
    step.reads = {0};
    return step;
}

std::optional<FastStep> bias_step(const Node& node, Operands inputs, Operands) {
    const auto* format = node.attr<std::string>("data_format");
    if (!is_matrix(inputs[0]) || inputs[1].dtype != DType::float32 || (format != nullptr && *format == "NCHW"))
        return std::nullopt;
    FastStep step;
    step.function = bias_sum;
    step.in_parts = bias_in_parts;
    step.shows_unfinite = true;
    step.rows = inputs[0].shape.dim(0);
    step.columns = inputs[0].shape.dim(1);
    step.reads = {0, 1};
    return step;
}

std::optional<FastStep> concat_step(const Node&, Operands inputs, Operands) {
    if (inputs.size() != 3 || !is_matrix(inputs[0]) || !is_matrix(inputs[1]) || !is_last_axis(inputs[2], 2))
        return std::nullopt;
    FastStep step;
    step.function = side_by_side;
    step.joins_columns = true;
    step.shows_unfinite = true;
    step.rows = inputs[0].shape.dim(0);
    step.columns = row_bytes(inputs[0]);
    step.depth = row_bytes(inputs[1]);
    step.reads = {0, 1};
    step.pins = {2};
    return step;
}

std::optional<FastStep> split_step(const Node&, Operands inputs, Operands outputs) {
    if (!is_matrix(inputs[1]) || !is_last_axis(inputs[0], 2)) return std::nullopt;
    FastStep step;
    step.function = cut;
    step.cuts_columns = true;
    step.shows_unfinite = true;
    step.rows = inputs[1].shape.dim(0);
    step.columns = row_bytes(outputs[0]);
    step.depth = static_cast<std::int64_t>(outputs.size());
    step.reads = {1};
    step.pins = {0};
    return step;
}

std::optional<FastStep> select_step(const Node&, Operands inputs, Operands outputs) {
    const OperandType& condition = inputs[0];
    const bool fits = condition.dtype == DType::boolean && condition.shape.rank() == 1 && is_matrix(inputs[1]) &&
                      is_matrix(inputs[2]) && condition.shape.dim(0) == outputs[0].shape.dim(0);
    if (!fits) return std::nullopt;
    FastStep step;
    step.function = chosen_rows;
    step.rows = outputs[0].shape.dim(0);
    step.columns = row_bytes(outputs[0]);
    step.reads = {0, 1, 2};
    return step;
}

} // namespace

FastStep product_of_two(const FastStep& product, std::int64_t terms) {
    FastStep step = product;
    step.function = product_of_pair;
    step.stride = terms;
    return step;
}

FastStep made_in_parts(const FastStep& step, const FastStep& cut) {
    FastStep made = step;
    made.function = step.in_parts;
    made.rows = cut.rows;
    made.columns = cut.columns / static_cast<std::int64_t>(sizeof(float));
    made.depth = cut.depth;
    return made;
}

SplitProduct split_product(const Step& product, const Operand& first, std::int64_t terms) {
    SplitProduct split{product, product};
    split.begin.in[0] = first;
    split.begin.depth = terms;
    split.rest.depth -= terms;
    if (product.function == product_of_pair && terms == product.stride) {
        split.rest.in[0] = product.in[1];
        split.rest.stride = split.rest.depth;
    } else {
        split.rest.in[0].offset += terms * static_cast<std::int64_t>(sizeof(float));
    }
    split.rest.function = split.rest.depth > 0 ? rest_of_product : nullptr;
    return split;
}

void begin_products(const Step& begin, const Cursor& at, std::size_t rounds, std::size_t row_bytes) {
    const auto rows = static_cast<std::size_t>(begin.rows), terms = static_cast<std::size_t>(begin.depth);
    const auto columns = static_cast<std::size_t>(begin.columns), jump = row_bytes / sizeof(float);
    ops::simd::Product product{.a = at.in<float>(begin.in[0]),
                               .a_stride = terms,
                               .a_jump = jump,
                               .b = static_cast<const PackedMatrix*>(begin.packed)->panels().part(0, terms),
                               .c = at.out<float>(begin.out),
                               .c_stride = columns,
                               .c_jump = jump,
                               .rows = rows,
                               .blocks = rounds,
                               .errand = at.errand};
    if (rows == 1) { // rows of different rounds can share a tile
        product.a_stride = product.c_stride = jump;
        product.rows = rounds;
        product.blocks = 1;
    }
    simd().product(product);
}

std::optional<FastStep> fast_step(const Node& node, Operands inputs, Operands outputs, Rounding rounding) {
    using Choose = std::optional<FastStep> (*)(const Node&, Operands, Operands);
    static const std::map<std::string_view, Choose> special{
        {"BiasAdd", bias_step}, {"ConcatV2", concat_step}, {"Split", split_step}, {"Select", select_step}};
    if (node.op == "MatMul") return product_step(node, inputs, outputs, rounding);
    if (const auto it = special.find(node.op); it != special.end()) return it->second(node, inputs, outputs);
    if (auto step = small_step(node, inputs, outputs)) return step;
    return float_step(node, inputs, outputs, rounding);
}

} // namespace rnnscope::runtime
