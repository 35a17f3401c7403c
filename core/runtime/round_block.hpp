#pragma once

#include "core/runtime/round_run.hpp"

namespace rnnscope::runtime {

/// A block of rounds whose rows are all there. `steps`: what computed them.
std::shared_ptr<const EventBlock> make_round_block(std::shared_ptr<const RoundValues> values,
                                                   std::shared_ptr<const BoundSteps> steps,
                                                   std::vector<BlockVisit> visits, std::uint32_t frame,
                                                   std::int64_t first_iteration, std::uint64_t rounds);

} // namespace rnnscope::runtime
