#pragma once

#include "core/debug/pause.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>

namespace rnnscope::debug {

/// Work that is written as one function and done in pieces. The function has a thread of its own, which runs only while
/// pump() waits for it: nothing is ever touched by two threads at a time, and what comes out is what a call of the
/// function gives. What it looks at must not change between the pieces.
class PausedWork {
  public:
    explicit PausedWork(std::function<void(const Pause&)> work);
    /// Ends the work where it is: it leaves from Pause::here by an exception that nobody else sees.
    ~PausedWork();
    PausedWork(const PausedWork&) = delete;
    PausedWork& operator=(const PausedWork&) = delete;

    /// Works until about `deadline`, and for one piece at least; true when it is done. Throws what the work threw.
    bool pump(std::chrono::steady_clock::time_point deadline);
    /// How often the work came to Pause::here.
    std::uint64_t steps() const { return steps_; }

  private:
    friend Pause;
    struct Ended {};
    enum class Turn { asker, work };

    void step();
    void run();
    /// Lets the other side go on, and waits until it is this side's turn again.
    void hand_over(Turn to);

    std::function<void(const Pause&)> work_;
    std::chrono::steady_clock::time_point deadline_;
    std::uint64_t steps_ = 0;
    bool is_done_ = false, is_ended_ = false;
    std::exception_ptr failure_;

    std::mutex mutex_;
    std::condition_variable changed_;
    Turn turn_ = Turn::asker;
    std::thread thread_;
};

} // namespace rnnscope::debug
