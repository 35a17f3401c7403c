#pragma once

#include "core/debug/poison_mask.hpp"
#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// The tensor arrays and stacks of one run, with masks in place of values. Their ops find the elements by a handle, not
/// along an edge.
class PoisonStores {
  public:
    /// What the op puts in, and what it takes out: a mask for each output. nullopt: it is no op of a store.
    std::optional<std::vector<PoisonMask>> visit(std::string_view op, std::span<const Tensor> inputs,
                                                 std::span<const PoisonMask> masks, std::span<const Tensor> outputs);

  private:
    struct Array {
        std::map<std::int64_t, PoisonMask> elements;
        bool whole = false; ///< something was written, and where is poisoned
    };
    struct Visit {
        std::string_view op;
        std::span<const Tensor> inputs;
        std::span<const PoisonMask> masks;
        std::span<const Tensor> outputs;
    };
    static std::string handle_of(const Visit& visit);
    std::vector<PoisonMask> visit_stack(const Visit& visit);
    void put(const Visit& visit, std::string_view what);
    PoisonMask taken(const Visit& visit, std::string_view what) const;
    PoisonMask element(const Array& array, std::int64_t index) const;
    void write(Array& array, bool adds, std::int64_t index, PoisonMask mask);

    std::map<std::string, Array> arrays_;
    std::map<std::string, std::vector<PoisonMask>> stacks_;
};

/// Elements [from, from + count) of a tensor.
PoisonMask part_of(const PoisonMask& mask, std::int64_t from, std::int64_t count);
/// Of tensors that are laid end to end.
PoisonMask joined(std::span<const PoisonMask> masks, std::span<const std::int64_t> counts);
/// Poisoned in one or the other of two tensors of one shape.
PoisonMask either(const PoisonMask& a, const PoisonMask& b);

} // namespace rnnscope::debug
