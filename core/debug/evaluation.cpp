#include "core/debug/evaluation.hpp"

#include <algorithm>

namespace rnnscope::debug {

using record::RecordedError;
using record::TickKind;

namespace {
/// Locals are kept for so many statements; a program that executes more is not read line by line.
constexpr std::size_t max_kept_locals = 20'000;

/// The first such error, but one that ended something before those that were passed over on the way to it.
template <class Is> const RecordedError* first_of(std::span<const RecordedError> errors, Is&& is) {
    const RecordedError* found = nullptr;
    for (const RecordedError& error : errors)
        if (is(error) && (found == nullptr || (found->passed && !error.passed))) found = &error;
    return found;
}
} // namespace

Evaluation::Evaluation(std::shared_ptr<const program::Document> document, Advance advance,
                       program::EvaluatorOptions options)
    : document_(std::move(document)), poisons_(options.session.passes_missing_values),
      evaluator_(document_->program_ptr(), std::move(options)), recording_(evaluator_), advance_(std::move(advance)) {
    if (!advance_)
        advance_ = [](program::Evaluator& evaluator, program::EvaluationObserver& observer, std::uint64_t most) {
            evaluator.advance(observer, most);
        };
}

Ahead Evaluation::ahead(Position position) const {
    Ahead ahead;
    if (position < recording_.end()) {
        const record::Tick tick = recording_.tick(position.ticks);
        ahead.step = tick.step;
        ahead.statement = recording_.step(tick.step).step.statement;
        ahead.run = tick.run;
        ahead.event = tick.event;
        switch (tick.kind) {
        case TickKind::statement:
            ahead.kind = Ahead::Kind::statement;
            break;
        case TickKind::run_begin:
            ahead.kind = Ahead::Kind::run_begin;
            break;
        case TickKind::run_end:
            ahead.kind = Ahead::Kind::run_end;
            ahead.event = static_cast<std::uint32_t>(recording_.event_count(tick.run));
            break;
        case TickKind::event:
            ahead.kind = Ahead::Kind::event;
            ahead.node = recording_.visit(tick.run, tick.event).node;
            break;
        }
        return ahead;
    }
    using Next = program::Evaluator::Next;
    const Next next = evaluator_.next();
    if (next == Next::done) return ahead;
    ahead.statement = evaluator_.next_statement();
    if (next == Next::statement) {
        ahead.kind = Ahead::Kind::statement;
        return ahead;
    }
    ahead.kind = next == Next::run_event ? Ahead::Kind::event : Ahead::Kind::run_end;
    if (recording_.runs().empty()) return ahead;
    const record::RecordedRun& run = recording_.runs().back();
    ahead.run = run.info.id;
    ahead.step = run.info.step;
    ahead.event = static_cast<std::uint32_t>(recording_.event_count(run.info.id));
    if (next == Next::run_event)
        if (const auto visit = evaluator_.current_run()->next()) ahead.node = visit->node;
    return ahead;
}

bool Evaluation::last_event_failed() const {
    if (recording_.runs().empty() || recording_.runs().back().done) return false;
    const RunId run = recording_.runs().back().info.id;
    const std::size_t count = recording_.event_count(run);
    return count > 0 && recording_.visit(run, static_cast<std::uint32_t>(count - 1)).failed;
}

void Evaluation::advance(std::uint64_t most) {
    assert(!evaluator_.done());
    if (evaluator_.next() == program::Evaluator::Next::statement && locals_.size() < max_kept_locals)
        locals_[recording_.end().ticks] = evaluator_.locals();
    advance_(evaluator_, recording_, most);
    while (last_event_failed() && !evaluator_.done()) evaluator_.advance(recording_);
}

bool Evaluation::reach(Position position, std::uint64_t most) {
    while (recording_.end() <= position && !evaluator_.done()) advance(most);
    return position < recording_.end();
}

const RecordedError* Evaluation::error_stop(Position position) const {
    return first_of(recording_.errors(), [&](const RecordedError& error) { return error.first == position; });
}

const RecordedError* Evaluation::error_at(Position position) const {
    return first_of(recording_.errors(),
                    [&](const RecordedError& error) { return error.first <= position && position <= error.last; });
}

bool Evaluation::is_uninitialized_read(const RecordedError& error) const {
    if (!error.error.variable.empty()) return true;
    if (!error.error.run.valid()) return false;
    const std::size_t count = recording_.event_count(error.error.run);
    if (count == 0) return false;
    const auto accesses = recording_.event(error.error.run, static_cast<std::uint32_t>(count - 1)).accesses;
    return std::ranges::any_of(accesses,
                               [](const record::RecordedAccess& access) { return !access.write && !access.value; });
}

Evaluation::Locals Evaluation::locals(Position position) const {
    if (position >= recording_.end()) return evaluator_.locals();
    // Inside a run nothing is assigned: the names are those of its statement.
    const auto after = locals_.upper_bound(position.ticks);
    return after == locals_.begin() ? Locals() : std::prev(after)->second;
}

} // namespace rnnscope::debug
