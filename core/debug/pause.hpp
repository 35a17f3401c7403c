#pragma once

namespace rnnscope::debug {

class PausedWork;

/// Where long work can be interrupted. It says so often, at every event or node that it looks at.
class Pause {
  public:
    Pause() = default; ///< nobody interrupts
    void here() const;

  private:
    friend PausedWork;
    explicit Pause(PausedWork& work) : work_(&work) {}
    PausedWork* work_ = nullptr;
};

} // namespace rnnscope::debug
