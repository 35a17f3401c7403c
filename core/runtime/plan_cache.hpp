#pragma once

#include "core/runtime/round.hpp"

#include <cstdint>
#include <memory>
#include <vector>

namespace rnnscope::runtime {

/// The plans of the last runs of a session: programs run the same fetches again and again.
class PlanCache {
  public:
    /// As make_plan(), or what that gave before for the same fetches, fed tensors and targets, if no node that counts
    /// has changed since. A session has one rounding.
    Result<std::shared_ptr<CompiledPlan>> plan_for(const Graph& graph, const RunRequest& request,
                                                   ops::Rounding rounding);

  private:
    struct Entry {
        std::vector<Output> fetches, feeds;
        std::vector<NodeId> targets;
        std::uint64_t edges = 0;     ///< fingerprint
        std::uint64_t rewirings = 0; ///< of the graph, when the edges were what they are here
        std::shared_ptr<CompiledPlan> plan;
    };
    std::vector<Entry> entries_; ///< last used first
};

} // namespace rnnscope::runtime
