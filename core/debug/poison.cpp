#include "core/debug/poison.hpp"

#include "core/debug/evaluation.hpp"
#include "core/debug/poison_coding.hpp"
#include "core/debug/poison_replay.hpp"

#include <algorithm>

namespace rnnscope::debug {

namespace {

constexpr int events_between_looks = 64; ///< at the clock

} // namespace

/// Runs one after the other; those that poison cannot reach are left out.
class Poison::Impl {
  public:
    explicit Impl(const Evaluation& evaluation) : evaluation_(evaluation) {
        if (!evaluation.was_opened()) return;
        if (auto saved = decoded_poison(evaluation.saved_poison(), evaluation))
            state_ = *std::move(saved);
        else
            state_.is_complete = false;
        seen_ = evaluation.recording().end();
    }

    bool catch_up(std::chrono::steady_clock::time_point deadline) {
        if (evaluation_.was_opened()) return true;
        const auto runs = evaluation_.recording().runs();
        state_.marks.resize(runs.size());
        state_.fetches.resize(runs.size());
        for (; next_run_ < runs.size(); ++next_run_) {
            const record::RecordedRun& run = runs[next_run_];
            if (!replay_ && is_reached(run)) replay_ = PoisonReplay::start(evaluation_, run.info.id, state_);
            while (replay_ && replay_->has_next()) {
                for (int i = 0; i < events_between_looks && replay_->has_next(); ++i) replay_->step();
                if (std::chrono::steady_clock::now() >= deadline) break;
            }
            if (replay_ && replay_->has_next()) return false;
            if (!run.done) break;
            replay_.reset();
        }
        seen_ = evaluation_.recording().end();
        return true;
    }
    bool is_caught_up() const { return seen_ == evaluation_.recording().end(); }
    const Evaluation& evaluation() const { return evaluation_; }

    PoisonState state_;

  private:
    bool is_reached(const record::RecordedRun& run) const {
        for (const auto& [key, changes] : state_.variables)
            if (key.first == run.info.session.index() && changes.back().mask.any()) return true;
        if (!state_.saved.empty()) return true;
        for (const auto& [key, mask] : state_.queues)
            if (key.first == run.info.session.index() && mask.any()) return true;
        return std::ranges::any_of(evaluation_.recording().errors(), [&](const record::RecordedError& error) {
            return error.passed && error.error.run == run.info.id;
        });
    }

    const Evaluation& evaluation_;
    std::size_t next_run_ = 0;
    std::unique_ptr<PoisonReplay> replay_; ///< of that run; null: nothing to follow in it so far
    Position seen_;
};

Poison::Poison(const Evaluation& evaluation) : impl_(std::make_unique<Impl>(evaluation)) {}
Poison::~Poison() = default;

bool Poison::catch_up(std::chrono::steady_clock::time_point deadline) {
    return impl_->catch_up(deadline);
}
bool Poison::is_caught_up() const {
    return impl_->is_caught_up();
}
std::span<const Poison::Read> Poison::reads() const {
    return impl_->state_.reads;
}
std::span<const Poison::Mark> Poison::marks(RunId run) const {
    if (!run.valid() || run.index() >= impl_->state_.marks.size()) return {};
    return impl_->state_.marks[run.index()];
}

const Poison::Mark* Poison::mark(RunId run, std::uint32_t event) const {
    const std::span<const Mark> all = marks(run);
    const auto found = std::ranges::lower_bound(all, event, {}, &Mark::event);
    return found == all.end() || found->event != event ? nullptr : &*found;
}

PoisonMask Poison::output(RunId run, std::uint32_t event, std::size_t output) const {
    const Mark* found = mark(run, event);
    return found == nullptr || output >= found->outputs.size() ? PoisonMask() : found->outputs[output];
}

PoisonMask Poison::fetch(RunId run, std::size_t fetch) const {
    if (!run.valid() || run.index() >= impl_->state_.fetches.size()) return {};
    const auto& requested = impl_->evaluation().recording().run(run).info.request.fetches;
    const auto& masks = impl_->state_.fetches[run.index()];
    if (fetch >= requested.size()) return {};
    const auto found = masks.find(requested[fetch]);
    return found == masks.end() ? PoisonMask() : found->second;
}

PoisonMask Poison::variable_at(SessionId session, std::string_view storage, Position position) const {
    if (!session.valid()) return {};
    const auto found = impl_->state_.variables.find({session.value, std::string(storage)});
    if (found == impl_->state_.variables.end()) return {};
    const std::vector<VariableChange>& changes = found->second;
    const auto after = std::ranges::lower_bound(changes, position.ticks, {}, &VariableChange::tick);
    return after == changes.begin() ? PoisonMask() : std::prev(after)->mask;
}

const Poison::Variables& Poison::variables() const {
    return impl_->state_.variables;
}
bool Poison::is_complete() const {
    return impl_->state_.is_complete;
}
std::string Poison::encoded() const {
    return encoded_poison(impl_->state_);
}

} // namespace rnnscope::debug
