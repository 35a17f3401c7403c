#pragma once

#include "core/graph/graph.hpp"
#include "core/ops/rounding.hpp"
#include "core/ops/simd_kernels.hpp"
#include "core/tensor/tensor.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace rnnscope::runtime {

/// Where an operand of a step lies: in the row of this round, in that of the round before, or at a fixed address.
struct Operand {
    std::uint32_t space = 0; ///< index into Cursor::base
    std::int64_t offset = 0; ///< bytes
};

struct Cursor {
    static constexpr std::uint32_t fixed = 0, current = 1, previous = 2;
    std::array<std::intptr_t, 3> base{}; ///< of `fixed`: 0
    ops::simd::Errand* errand = nullptr; ///< for steps that take long enough

    template <class T> const T* in(const Operand& operand) const {
        return reinterpret_cast<const T*>(base[operand.space] + operand.offset);
    }
    template <class T> T* out(const Operand& operand) const {
        return reinterpret_cast<T*>(base[operand.space] + operand.offset);
    }
};

/// One step, ready to be executed: a kernel and where its operands are. False: it must not be done this way now, and
/// nothing was done.
struct Step {
    using Function = bool (*)(const Step&, const Cursor&);
    Function function = nullptr;
    void* data = nullptr;         ///< what else the function needs and changes
    const void* packed = nullptr; ///< a matrix: FastStep::packs_second
    std::array<Operand, 3> in;
    Operand out;
    std::int64_t rows = 0, columns = 0, depth = 0;
    std::int64_t stride = 0;     ///< of products: elements from one row of the first operand to the next
    std::int64_t out_stride = 0; ///< bytes from one output to the next, where there are several
    std::uint32_t visit = 0;
};

/// A step before its operands are known.
struct FastStep {
    Step::Function function = nullptr;
    std::int64_t rows = 0, columns = 0, depth = 0, stride = 0;
    bool packs_second = false;         ///< the second input is a constant matrix: Step::packed
    bool joins_columns = false;        ///< the columns of its first input, then those of the second
    bool transposes_second = false;    ///< of the transposed matrix
    bool adds_in_parts = false;        ///< a product: simd::Kernels::product may begin it
    bool cuts_columns = false;         ///< the columns of its input in as many matrices as it has outputs
    Step::Function in_parts = nullptr; ///< makes the columns in matrices of equal size: see made_in_parts()
    bool shows_unfinite = false;       ///< a NaN or an infinity in what it reads gives one in what it makes
    std::vector<std::uint32_t> reads;  ///< inputs that the function reads, in the order of Step::in (at most 3)
    std::vector<std::uint32_t> pins;   ///< constant inputs by whose value it was chosen
};

/// A product whose operand is two matrices side by side: `terms` columns of the first, the others of the second.
FastStep product_of_two(const FastStep& product, std::int64_t terms);
/// Of a step that may be made in parts: what `cut` would make of its result.
FastStep made_in_parts(const FastStep& step, const FastStep& cut);

/// Products may be begun for many rounds at once, where the first columns of what they multiply are known before: the
/// weights of those are then read once for all the rounds. Terms add up in the same order, to the same bits.
struct SplitProduct {
    Step begin; ///< for begin_products
    Step rest;  ///< the step that is left for each round; no function: nothing is
};
/// `first`: where the first `terms` columns of its operand are, which may be all.
SplitProduct split_product(const Step& product, const Operand& first, std::int64_t terms);
/// `rounds` of them, the first at `at`, the others `row_bytes` apart.
void begin_products(const Step& begin, const Cursor& at, std::size_t rounds, std::size_t row_bytes);

/// What is known of an operand when steps are chosen.
struct OperandType {
    DType dtype = DType::invalid;
    Shape shape;
    const Tensor* constant = nullptr; ///< its value if it is the same in all rounds
};

/// A step for ops whose output is a function of inputs of fixed shapes; nothing when there is none. Its results have
/// the same bits as the op's kernel.
std::optional<FastStep> fast_step(const Node& node, std::span<const OperandType> inputs,
                                  std::span<const OperandType> outputs, ops::Rounding rounding);

} // namespace rnnscope::runtime
