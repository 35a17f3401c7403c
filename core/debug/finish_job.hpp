#pragma once

#include "core/debug/evaluation.hpp"

#include <chrono>

namespace rnnscope::debug {

/// Evaluates to the end in pieces, or to where it is too long to go on.
class FinishJob {
  public:
    /// `evaluation` has to live as long as this.
    explicit FinishJob(Evaluation& evaluation) : evaluation_(evaluation) {}
    /// True when it is through.
    bool pump(std::chrono::steady_clock::time_point deadline);
    bool is_complete() const { return is_complete_; } ///< false: it was too long

  private:
    Evaluation& evaluation_;
    Pace pace_;
    bool is_complete_ = true;
};

} // namespace rnnscope::debug
