#include "core/debug/answer.hpp"

#include "core/debug/evaluation.hpp"
#include "core/debug/questions.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

Selection selection_of(const Graph& graph, NodeId node) {
    Selection selection;
    if (!node.valid()) return selection;
    selection.graph = graph.id();
    if (const Variable* variable = graph.variable_of(node)) {
        selection.kind = Selection::Kind::variable;
        selection.variable = variable->id;
    } else {
        selection.kind = Selection::Kind::node;
        selection.node = node;
    }
    return selection;
}

} // namespace

AnswerRow& AnswerRow::say(std::string text, AnswerColumn column) {
    parts.push_back({std::move(text), column});
    return *this;
}

AnswerRow& AnswerRow::glue(std::string text) {
    AnswerPart part{std::move(text)};
    part.is_glue = true;
    parts.push_back(std::move(part));
    return *this;
}

AnswerRow& AnswerRow::name(const Graph& graph, NodeId node, AnswerColumn column) {
    parts.push_back({graph.node(node).name, column, selection_of(graph, node)});
    return *this;
}

AnswerRow& AnswerRow::name(const Graph& graph, std::string text, AnswerColumn column) {
    const Result<Output> output = graph.find_tensor(text);
    const NodeId node = output ? output->node : graph.find(text);
    parts.push_back({std::move(text), column, selection_of(graph, node)});
    return *this;
}

AnswerRow& AnswerRow::line(const Debugger& debugger, StatementId statement) {
    Selection selection;
    selection.kind = Selection::Kind::statement;
    selection.statement = statement;
    const int line = debugger.program().statement(statement).where.python_line;
    parts.push_back({fmt::format("{}", line), AnswerColumn::line, selection});
    return *this;
}

AnswerRow& AnswerRow::place(const Debugger& debugger, const Happening& happening) {
    if (happening.run.valid()) {
        glue("run ").say(fmt::format("{}", happening.run.index() + 1), AnswerColumn::run);
        glue(", event ").say(fmt::format("{}", happening.event), AnswerColumn::event).glue(", ");
    }
    if (happening.iteration >= 0) glue("t=").say(fmt::format("{}", happening.iteration), AnswerColumn::step).glue(", ");
    if (happening.statement.valid()) glue("line ").line(debugger, happening.statement).glue(", ");
    glue("at ");
    parts.push_back({fmt::format("{}", happening.after.ticks), AnswerColumn::at, {}, happening.after});
    at = happening.after;
    return *this;
}

AnswerRow& AnswerRow::run_place(const Debugger& debugger, RunId run, Position after) {
    const StatementId statement = debugger.recording().step(debugger.recording().run(run).info.step).step.statement;
    glue("run ").say(fmt::format("{}", run.index() + 1), AnswerColumn::run);
    glue(", line ").line(debugger, statement).glue(", at ");
    parts.push_back({fmt::format("{}", after.ticks), AnswerColumn::at, {}, after});
    at = after;
    return *this;
}

std::string to_text(const AnswerRow& row) {
    std::string text;
    for (const AnswerPart& part : row.parts) text += part.text;
    return text;
}

AnswerRow& Answer::add(AnswerRow::Kind kind, AnswerRow::Mark mark) {
    AnswerRow row;
    row.kind = kind;
    row.mark = mark;
    return rows.emplace_back(std::move(row));
}

std::string to_text(const Answer& answer) {
    std::string text;
    for (const AnswerRow& row : answer.rows) {
        if (row.shown == AnswerRow::Shown::in_window) continue;
        if (!text.empty()) text += "\n";
        text += to_text(row);
    }
    return text;
}

Answer new_answer(const Debugger& debugger, std::string title, std::string subject) {
    Answer answer;
    answer.title = std::move(title);
    answer.subject = std::move(subject);
    answer.source.evaluation = debugger.shared_evaluation();
    answer.source.document = debugger.evaluation().document_ptr();
    answer.source.is_diversion = debugger.shows_diversion();
    answer.source.poisons = debugger.evaluation().poisons();
    return answer;
}

bool is_of_what_is_shown(const Debugger& debugger, const Answer::Source& source) {
    if (!debugger.is_open()) return false;
    const std::shared_ptr<const Evaluation> evaluation = source.evaluation.lock();
    if (evaluation && evaluation == debugger.shared_evaluation()) return true;
    return !source.is_diversion && !debugger.shows_diversion() && source.poisons == debugger.evaluation().poisons() &&
           source.document == debugger.evaluation().document_ptr();
}

std::string give(Debugger& debugger, Answer answer) {
    std::string text = to_text(answer);
    debugger.answers().add(std::make_shared<const Answer>(std::move(answer)));
    return text;
}

AnswerRow::Mark mark_of(record::InitState state) {
    using record::InitState;
    switch (state) {
    case InitState::absent:
        return AnswerRow::Mark::none;
    case InitState::declared:
        return AnswerRow::Mark::declared;
    case InitState::initialized:
        return AnswerRow::Mark::initialized;
    case InitState::updated:
        return AnswerRow::Mark::updated;
    case InitState::restored:
        return AnswerRow::Mark::restored;
    case InitState::poisoned:
        return AnswerRow::Mark::poisoned;
    default:
        return AnswerRow::Mark::none;
    }
}

void AnswerShelf::add(std::shared_ptr<const Answer> answer) {
    // The same question asked anew takes the place of its old answer.
    const auto same = std::ranges::find_if(all_, [&](const auto& other) {
        return other->title == answer->title && other->subject == answer->subject &&
               other->argument == answer->argument;
    });
    if (same != all_.end()) all_.erase(same);
    if (all_.size() == most) all_.erase(all_.begin());
    all_.push_back(std::move(answer));
    index_ = all_.size() - 1;
    ++revision_;
}

bool AnswerShelf::can_go(int by) const {
    const auto to = static_cast<std::ptrdiff_t>(index_) + by;
    return !all_.empty() && to >= 0 && to < static_cast<std::ptrdiff_t>(all_.size());
}

void AnswerShelf::go(int by) {
    if (can_go(by)) show(static_cast<std::size_t>(static_cast<std::ptrdiff_t>(index_) + by));
}

std::shared_ptr<const Answer> AnswerShelf::comparison() const {
    if (index_ < all_.size() && all_[index_]->compared) return all_[index_];
    for (std::size_t i = all_.size(); i-- > 0;)
        if (all_[i]->compared) return all_[i];
    return nullptr;
}

void AnswerShelf::show(std::size_t index) {
    if (index >= all_.size() || index == index_) return;
    index_ = index;
    ++revision_;
}

void AnswerShelf::close(std::size_t index) {
    if (index >= all_.size()) return;
    all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(index));
    if (index_ > index || (index_ == all_.size() && index_ > 0)) --index_;
    ++revision_;
}

void AnswerShelf::clear() {
    all_.clear();
    index_ = 0;
    ++revision_;
}

std::optional<Position> next_place(const Answer& answer, Position from, bool forward) {
    std::optional<Position> found;
    for (const AnswerRow& row : answer.rows) {
        if (!row.at || row.shown == AnswerRow::Shown::in_terminal) continue;
        const bool fits = forward ? *row.at > from : *row.at < from;
        const bool is_nearer = !found || (forward ? *row.at < *found : *row.at > *found);
        if (fits && is_nearer) found = row.at;
    }
    return found;
}

} // namespace rnnscope::debug
