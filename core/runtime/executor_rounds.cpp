#include "core/runtime/changes.hpp"
#include "core/runtime/executor.hpp"

#include <algorithm>

namespace rnnscope::runtime {
namespace {

constexpr int most_failures = 4;
constexpr std::size_t longest_round = 100'000; ///< visits
constexpr std::uint64_t growth = 4; ///< of a loop's blocks: short loops take little memory, long ones few blocks

} // namespace

void Executor::advance(RunObserver& observer, std::uint64_t most) {
    if (may_begin_trace_ && begin_trace(observer, most)) return;
    if (most > 1 && started_ && is_round_start()) {
        const std::uint64_t room = this->room();
        if (room == 0)
            watch_ = {};
        else if (run_rounds(observer, most, room))
            return;
    }
    step(observer);
}

/// Is a loop about to test its condition?
bool Executor::is_round_start() const {
    const Task& front = dataflow_.front();
    const PlanNode& node = plan_.nodes[front.node];
    return node.is_loop_cond && !front.dead && loops_[node.frame].failures < most_failures;
}

void Executor::watch(const Task& task) {
    const bool is_of_loop = task.frame == watch_.frame && dataflow_.frame(task.frame).id == watch_.frame_id;
    if (!is_of_loop || error_ || watch_.log.size() >= longest_round) {
        watch_ = {};
        return;
    }
    watch_.log.push_back({task, inputs_, outputs_});
}

void Executor::start_watch(std::uint32_t frame, std::vector<std::uint32_t> image) {
    watch_.is_on = true;
    watch_.frame = frame;
    watch_.frame_id = dataflow_.frame(frame).id;
    watch_.image = std::move(image);
    watch_.log.clear();
    log_.reset(); // the next run goes through this loop in rounds
}

/// The compiled round that begins here, or null; then the visits that follow are watched, to compile one from them.
std::shared_ptr<const Round> Executor::round_for(std::uint32_t frame, std::vector<std::uint32_t> image) {
    const std::uint32_t kind = dataflow_.frame(frame).kind;
    std::shared_ptr<const Round>& round = compiled_->rounds[kind];
    if (image.empty()) {
        watch_ = {};
        return nullptr;
    }
    if (round && round->image == image) return round;
    const bool repeats = watch_.is_on && watch_.frame_id == dataflow_.frame(frame).id && watch_.image == image;
    if (!repeats) {
        start_watch(frame, std::move(image));
        return nullptr;
    }
    round = compile_round(plan_, dataflow_, frame, watch_.log);
    watch_ = {};
    if (round) return round;
    round = std::make_shared<const Round>(); // without visits: the plan remembers that there is none
    loops_[kind].failures = most_failures;
    return nullptr;
}

bool Executor::run_rounds(RunObserver& observer, std::uint64_t most, std::uint64_t room) {
    const std::uint32_t frame = dataflow_.front().frame;
    const std::uint32_t kind = dataflow_.frame(frame).kind;
    Loop& loop = loops_[kind];
    if (const auto& known = compiled_->rounds[kind]; known && known->visits.empty()) {
        loop.failures = most_failures; // an earlier run has found that it cannot be compiled
        log_.reset();
        return false;
    }
    const auto round = round_for(frame, dataflow_.image(frame));
    if (!round) return false;
    // The last round may end after any of its visits.
    if (room / round->visits.size() < 2) {
        watch_ = {};
        return false;
    }
    const Keep keep = observer.keep();
    const std::uint64_t rounds =
        std::min({loop.next_rounds, most / round->visits.size() + 1, room / round->visits.size() - 1});
    const auto run = RoundRun::bind(
        {plan_, dataflow_, frame, step_, kernel_caller_, env_.rows, env_.scratch, env_.packs}, round, keep, rounds);
    if (!run) {
        ++loop.failures;
        compiled_->rounds[kind] = nullptr;
        start_watch(frame, dataflow_.image(frame));
        return false;
    }
    watch_ = {};
    if (log_) end_log();
    run->execute();
    const std::shared_ptr<const EventBlock> block = run->commit_rounds();
    loop.failures = run->rounds() > 0 ? 0 : loop.failures + 1;
    loop.next_rounds = std::max(loop.next_rounds, run->rounds() * growth);
    if (block) observer.on_block(block);
    if (block && env_.options.changes) env_.options.changes->pass(block->events());
    finish_partial_round(*run, observer);
    may_begin_trace_ = run->partial_visits() > 0;
    return run->rounds() > 0 || run->partial_visits() > 0;
}

/// The dataflow goes on from what the round computed before it had to stop.
void Executor::finish_partial_round(RoundRun& run, RunObserver& observer) {
    for (std::uint32_t i = 0; i < run.partial_visits(); ++i) {
        const Task task = dataflow_.take(inputs_);
        const Run::Next visit = visit_of(task);
        outputs_ = run.partial_outputs(i);
        accesses_ = run.partial_accesses(i);
        run.commit_partial(i);
        propagate(task, observer);
        report(visit, inputs_, outputs_, observer);
    }
}

} // namespace rnnscope::runtime
