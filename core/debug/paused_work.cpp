#include "core/debug/paused_work.hpp"

#include <system_error>
#include <utility>

namespace rnnscope::debug {

void Pause::here() const {
    if (work_ != nullptr) work_->step();
}

PausedWork::PausedWork(std::function<void(const Pause&)> work) : work_(std::move(work)) {}

PausedWork::~PausedWork() {
    if (!thread_.joinable()) return;
    if (!is_done_) {
        is_ended_ = true;
        hand_over(Turn::work);
    }
    thread_.join();
}

bool PausedWork::pump(std::chrono::steady_clock::time_point deadline) {
    if (is_done_) return true;
    deadline_ = deadline;
    if (!thread_.joinable()) {
        try {
            thread_ = std::thread([this] { run(); });
        } catch (const std::system_error&) { // no thread can be had: all of it at once
            work_(Pause());
            is_done_ = true;
            return true;
        }
    }
    hand_over(Turn::work);
    if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
    return is_done_;
}

void PausedWork::run() {
    {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return turn_ == Turn::work; });
    }
    try {
        work_(Pause(*this));
    } catch (const Ended&) { // the asker does not want it any more
    } catch (...) {
        failure_ = std::current_exception();
    }
    const std::lock_guard lock(mutex_);
    is_done_ = true;
    turn_ = Turn::asker;
    changed_.notify_all();
}

void PausedWork::step() {
    ++steps_;
    if (std::chrono::steady_clock::now() < deadline_) return;
    hand_over(Turn::asker);
    if (is_ended_) throw Ended();
}

void PausedWork::hand_over(Turn to) {
    std::unique_lock lock(mutex_);
    const Turn mine = turn_;
    turn_ = to;
    changed_.notify_all();
    changed_.wait(lock, [&] { return turn_ == mine; });
}

} // namespace rnnscope::debug
