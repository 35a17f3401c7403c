#include "core/debug/evaluation.hpp"

#include <algorithm>

namespace rnnscope::debug {

using record::RecordedError;
using record::TickKind;

namespace {

/// A value of another evaluation: all that is left of it is how Python prints it.
class PrintedValue : public tf1::Object {
  public:
    explicit PrintedValue(std::string text) : text_(std::move(text)) {}
    std::string type_name() const override { return "recorded value"; }
    std::string repr() const override { return text_; }

  private:
    std::string text_;
};

/// Locals are kept for so many statements; a program that executes more is not read line by line.
constexpr std::size_t max_kept_locals = 20'000;

/// The first such error, but one that ended something before those that were passed over on the way to it.
template <class Is> const RecordedError* first_of(std::span<const RecordedError> errors, Is&& is) {
    const RecordedError* found = nullptr;
    for (const RecordedError& error : errors)
        if (is(error) && (found == nullptr || (found->passed && !error.passed))) found = &error;
    return found;
}

/// Surely the same: what is printed of the one is what is printed of the other.
bool is_same(const tf1::Value& a, const tf1::Value& b) {
    if (a.v.index() != b.v.index()) return false;
    if (const Tensor* tensor = a.as<Tensor>()) {
        const Tensor& other = *b.as<Tensor>();
        return tensor->same_buffer(other) && tensor->dtype() == other.dtype() && tensor->shape() == other.shape();
    }
    if (const auto* list = a.as<tf1::ListValue>()) return *list == *b.as<tf1::ListValue>();
    if (const auto* tuple = a.as<tf1::TupleValue>())
        return tuple->items == b.as<tf1::TupleValue>()->items && tuple->type_name == b.as<tf1::TupleValue>()->type_name;
    if (const auto* dict = a.as<tf1::DictValue>()) return *dict == *b.as<tf1::DictValue>();
    if (const auto* object = a.as<tf1::ObjectValue>()) return *object == *b.as<tf1::ObjectValue>();
    if (const auto* tensor = a.as<tf1::TensorValue>()) return *tensor == *b.as<tf1::TensorValue>();
    if (const auto* operation = a.as<tf1::OperationValue>()) return *operation == *b.as<tf1::OperationValue>();
    if (const auto* variable = a.as<tf1::VariableValue>()) return *variable == *b.as<tf1::VariableValue>();
    return false;
}

} // namespace

Evaluation::Evaluation(std::shared_ptr<const program::Document> document, Advance advance,
                       program::EvaluatorOptions options)
    : document_(std::move(document)), poisons_(options.session.passes_missing_values),
      evaluator_(std::make_unique<program::Evaluator>(document_->program_ptr(), std::move(options))),
      evaluated_(evaluator_.get(), [](const program::Evaluated*) {}),
      recording_(std::make_unique<record::Recording>(*evaluator_)), advance_(std::move(advance)) {
    if (!advance_)
        advance_ = [](program::Evaluator& evaluator, program::EvaluationObserver& observer, std::uint64_t most) {
            evaluator.advance(observer, most);
        };
}

Evaluation::Evaluation(record::OpenedRecording opened)
    : document_(std::move(opened.document)), poisons_(!opened.poison.empty()), evaluated_(std::move(opened.evaluated)),
      recording_(std::move(opened.recording)), is_finished_(opened.is_finished), names_(std::move(opened.names)),
      saved_poison_(std::move(opened.poison)) {}

/// Behind the end of an opened recording: where it ends inside a run, that run is still looked at.
Ahead Evaluation::ahead_of_recording() const {
    Ahead ahead;
    if (recording_->runs().empty() || recording_->runs().back().done) return ahead;
    const record::RecordedRun& run = recording_->runs().back();
    ahead.kind = Ahead::Kind::run_end;
    ahead.run = run.info.id;
    ahead.step = run.info.step;
    ahead.statement = recording_->step(run.info.step).step.statement;
    ahead.event = static_cast<std::uint32_t>(recording_->event_count(run.info.id));
    return ahead;
}

Ahead Evaluation::ahead(Position position) const {
    Ahead ahead;
    if (position < recording_->end()) {
        const record::Tick tick = recording_->tick(position.ticks);
        ahead.step = tick.step;
        ahead.statement = recording_->step(tick.step).step.statement;
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
            ahead.event = static_cast<std::uint32_t>(recording_->event_count(tick.run));
            break;
        case TickKind::event:
            ahead.kind = Ahead::Kind::event;
            ahead.node = recording_->visit(tick.run, tick.event).node;
            break;
        }
        return ahead;
    }
    if (was_opened()) return ahead_of_recording();
    using Next = program::Evaluator::Next;
    const Next next = evaluator_->next();
    if (next == Next::done) return ahead;
    ahead.statement = evaluator_->next_statement();
    if (next == Next::statement) {
        ahead.kind = Ahead::Kind::statement;
        return ahead;
    }
    ahead.kind = next == Next::run_event ? Ahead::Kind::event : Ahead::Kind::run_end;
    if (recording_->runs().empty()) return ahead;
    const record::RecordedRun& run = recording_->runs().back();
    ahead.run = run.info.id;
    ahead.step = run.info.step;
    ahead.event = static_cast<std::uint32_t>(recording_->event_count(run.info.id));
    if (next == Next::run_event)
        if (const auto visit = evaluator_->current_run()->next()) ahead.node = visit->node;
    return ahead;
}

std::pair<RunId, NodeId> Evaluation::op_behind_end() const {
    const bool is_event = !was_opened() && evaluator_->next() == program::Evaluator::Next::run_event;
    if (!is_event || recording_->runs().empty()) return {};
    const auto visit = evaluator_->current_run()->next();
    return {recording_->runs().back().info.id, visit ? visit->node : NodeId()};
}

bool Evaluation::last_event_failed() const {
    if (recording_->runs().empty() || recording_->runs().back().done) return false;
    const RunId run = recording_->runs().back().info.id;
    const std::size_t count = recording_->event_count(run);
    return count > 0 && recording_->visit(run, static_cast<std::uint32_t>(count - 1)).failed;
}

void Evaluation::advance(std::uint64_t most) {
    assert(!was_opened() && !evaluator_->done());
    if (evaluator_->next() == program::Evaluator::Next::statement && locals_.size() < max_kept_locals)
        locals_[recording_->end().ticks] = evaluator_->locals();
    advance_(*evaluator_, *recording_, most);
    while (last_event_failed() && !evaluator_->done()) evaluator_->advance(*recording_);
}

bool Evaluation::reach(Position position, std::uint64_t most) {
    while (recording_->end() <= position && !evaluated_->done()) advance(most);
    return position < recording_->end();
}

const RecordedError* Evaluation::error_stop(Position position) const {
    return first_of(recording_->errors(), [&](const RecordedError& error) { return error.first == position; });
}

const RecordedError* Evaluation::error_at(Position position) const {
    return first_of(recording_->errors(),
                    [&](const RecordedError& error) { return error.first <= position && position <= error.last; });
}

bool Evaluation::is_uninitialized_read(const RecordedError& error) const {
    if (!error.error.variable.empty()) return true;
    if (!error.error.run.valid()) return false;
    const std::size_t count = recording_->event_count(error.error.run);
    if (count == 0) return false;
    const auto accesses = recording_->event(error.error.run, static_cast<std::uint32_t>(count - 1)).accesses;
    return std::ranges::any_of(accesses,
                               [](const record::RecordedAccess& access) { return !access.write && !access.value; });
}

Evaluation::Locals Evaluation::locals(Position position) const {
    if (was_opened()) {
        const auto after = std::ranges::upper_bound(names_, position, {}, &record::VisibleNames::position);
        Locals locals;
        if (after != names_.begin())
            for (const record::NamedText& name : std::prev(after)->names)
                locals.emplace_back(name.name, std::make_shared<PrintedValue>(name.text));
        return locals;
    }
    if (position >= recording_->end()) return evaluator_->locals();
    // Inside a run nothing is assigned: the names are those of its statement.
    const auto after = locals_.upper_bound(position.ticks);
    return after == locals_.begin() ? Locals() : std::prev(after)->second;
}

std::vector<record::VisibleNames> Evaluation::visible_names() const {
    if (was_opened()) return names_;
    std::vector<record::VisibleNames> all;
    Locals before;
    const auto add = [&](std::uint64_t ticks, const Locals& locals) {
        std::vector<record::NamedText> names;
        for (std::size_t i = 0; i < locals.size(); ++i) {
            // Most values are those of the statement before, and some take long to print.
            const auto& [name, value] = locals[i];
            const bool is_known = i < before.size() && before[i].first == name && is_same(before[i].second, value);
            names.push_back({name, is_known ? all.back().names[i].text : tf1::repr(value)});
        }
        const bool is_new = all.empty() || all.back().names != names;
        if (!is_new) return;
        all.push_back({Position{ticks}, std::move(names)});
        before = locals;
    };
    for (const auto& [ticks, locals] : locals_) add(ticks, locals);
    add(recording_->end().ticks, evaluator_->locals());
    return all;
}

} // namespace rnnscope::debug
