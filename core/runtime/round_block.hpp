#pragma once

#include "core/runtime/round_run.hpp"

namespace rnnscope::runtime {

/// The steps of rounds, bound to values, and what they read.
struct BoundSteps {
    std::vector<StepGroup> groups;
    std::vector<std::shared_ptr<const ops::simd::PackedMatrix>> packed;
    std::vector<Tensor> lent; ///< by read of an array: RoundStates
};

/// A block of rounds whose rows are all there. `steps`: what computed them.
std::shared_ptr<const EventBlock> make_round_block(std::shared_ptr<const RoundValues> values, BoundSteps steps,
                                                   std::vector<BlockVisit> visits, std::uint32_t frame,
                                                   std::int64_t first_iteration, std::uint64_t rounds);

} // namespace rnnscope::runtime
