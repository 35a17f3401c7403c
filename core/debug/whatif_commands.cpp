#include "core/debug/whatif_commands.hpp"

#include "core/debug/comparison.hpp"
#include "core/debug/evaluation.hpp"
#include "core/debug/finish_job.hpp"
#include "core/debug/program_facts.hpp"
#include "core/debug/session_choices.hpp"
#include "core/debug/symbols.hpp"
#include "core/debug/terminal_text.hpp"
#include "core/program/feed_value.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

using runtime::Change;

/// From where on a change is due that is made at the position.
void make_due_here(const Debugger& debugger, Change& change) {
    change.graph = debugger.graph()->id();
    change.session = debugger.current_session().valid() ? debugger.current_session() : SessionId(0);
    change.run = debugger.current_run();
    change.event = debugger.current_event();
    if (change.run.valid()) {
        change.session = debugger.recording().run(change.run).info.session;
        return;
    }
    std::size_t before = 0;
    for (const record::RecordedRun& run : debugger.recording().runs())
        before += run.first_tick < debugger.position().ticks ? 1 : 0;
    change.run = RunId(before);
}

struct Asked {
    Output output;
    std::string_view value;
};

/// NAME VALUE, or NAME=VALUE.
Result<Asked> name_and_value(const Debugger& debugger, std::string_view argument) {
    const std::size_t end = argument.find_first_of(" =");
    if (end == std::string_view::npos || end == 0)
        return Error{"command.argument", "say what, and which value: x:0 [1, 2]"};
    std::string_view value = argument.substr(std::min(argument.find_first_not_of(' ', end), argument.size()));
    if (value.starts_with('=')) value.remove_prefix(1);
    while (value.starts_with(' ')) value.remove_prefix(1);
    const Graph& graph = *debugger.graph();
    const std::string_view name = argument.substr(0, end);
    const Result<Output> output = graph.find_tensor(name);
    if (!output || output->node.index() >= debugger.visible_nodes()) return no_such_name(graph, name);
    return Asked{*output, value};
}

Result<Tensor> value_for(const Debugger& debugger, const Asked& asked, DType dtype, const Shape& shape) {
    const Graph& graph = *debugger.graph();
    return program::feed_value(asked.value, graph.tensor_name(asked.output), dtype, shape,
                               debugger.program().directory);
}

std::string short_value(const Tensor& value) {
    constexpr std::int64_t most = 8;
    std::string text = fmt::format("{} {}", dtype_name(value.dtype()), to_python(value.shape()));
    if (value.elements() > most) return text;
    std::string numbers = to_text(value);
    for (std::size_t at = numbers.find('\n'); at != std::string::npos; at = numbers.find('\n')) numbers[at] = ' ';
    return text + " " + numbers;
}

std::string change_text(const Graph& graph, const Change& change) {
    const Node& node = graph.node(change.output.node);
    switch (change.kind) {
    case Change::Kind::skip:
        return fmt::format("{} is skipped", node.name);
    case Change::Kind::variable:
        return fmt::format("variable {} is {}", node.name, short_value(change.value));
    case Change::Kind::feed:
        return fmt::format("{} is fed {}", graph.tensor_name(change.output), short_value(change.value));
    case Change::Kind::output:
        break;
    }
    return fmt::format("{} is {}", graph.tensor_name(change.output), short_value(change.value));
}

std::string due_text(const Change& change) {
    if (change.kind == Change::Kind::feed) return fmt::format("from run {} on, once", change.run.index() + 1);
    return fmt::format("from run {}, event {} on, once", change.run.index() + 1, change.event);
}

std::string note_change(Debugger& debugger, Change change) {
    std::string text =
        fmt::format("what if {}, {}; whatif.run shows it", change_text(*debugger.graph(), change), due_text(change));
    debugger.add_change(std::move(change));
    return text;
}

std::string time_text(const std::optional<runtime::ChangeTime>& time, const Change& change) {
    if (!time) return "never happened";
    std::string text = fmt::format("run {}", time->run.index() + 1);
    if (change.kind != Change::Kind::feed) text += fmt::format(", event {}", time->event);
    if (time->iteration >= 0) text += fmt::format(", t={}", time->iteration);
    return text;
}

std::string ending(const Evaluation& evaluation, bool is_complete) {
    if (!is_complete) return "is too long; looked at up to here";
    const auto& error = evaluation.evaluator().error();
    if (!error) return "finishes";
    return fmt::format("fails at line {}: {}: {}",
                       evaluation.document().program().statement(error->statement).where.python_line,
                       error->error_class, error->message);
}

/// The diversion run, and compared with the original.
class WhatIfInquiry : public Inquiry {
  public:
    explicit WhatIfInquiry(const Debugger& debugger)
        : original_(debugger.shared_original()),
          diversion_(divert(original_->document_ptr(), debugger.changes(), debugger.poisons())),
          finish_(*diversion_.evaluation) {
        // What the original did not come to yet is compared, too: with a copy, so that it stays where it is.
        if (original_->evaluator().done()) return;
        copy_ = divert(original_->document_ptr(), {}, debugger.poisons()).evaluation;
        finish_copy_.emplace(*copy_);
    }

    bool pump(std::chrono::steady_clock::time_point deadline) override {
        if (!finish_.pump(deadline)) return false;
        if (finish_copy_ && !finish_copy_->pump(deadline)) return false;
        diversion_.is_complete = finish_.is_complete();
        if (!comparison_) comparison_.emplace(left(), *diversion_.evaluation, ComparisonOptions{});
        return comparison_->pump(deadline);
    }

    std::string progress() const override {
        if (comparison_) return comparison_->progress() + " with the what-if";
        const bool is_first = !diversion_.evaluation->evaluator().done();
        const Evaluation& at = is_first || !copy_ ? *diversion_.evaluation : *copy_;
        return fmt::format("running the {}: {}", is_first ? "what-if" : "original",
                           counted(at.recording().end().ticks, "event"));
    }

    Result<Answer> conclude(Debugger& debugger) override {
        ComparedRecordings compared;
        compared.left = copy_ ? copy_ : original_;
        compared.right = diversion_.evaluation;
        compared.left_name = "the original";
        compared.right_name = "the what-if";
        compared.left_source.evaluation = original_;
        compared.left_source.document = original_->document_ptr();
        compared.left_source.poisons = original_->poisons();
        compared.right_source = compared.left_source;
        compared.right_source.evaluation = diversion_.evaluation;
        compared.right_source.is_diversion = true;
        compared.result = comparison_->take();
        Answer answer = new_answer(debugger, "What if", describe_changes());
        answer.source = compared.left_source;
        add_changes(answer, debugger);
        answer.sentence("the original " + ending(left(), !finish_copy_ || finish_copy_->is_complete()));
        answer.sentence("the what-if " + ending(*diversion_.evaluation, diversion_.is_complete));
        add_comparison(answer, left(), compared.result, compared.right_name);
        answer.compared = std::make_shared<const ComparedRecordings>(std::move(compared));
        debugger.set_diversion(std::move(diversion_));
        return answer;
    }

  private:
    const Evaluation& left() const { return copy_ ? *copy_ : *original_; }

    const Graph& graph_of(const Change& change) const { return diversion_.evaluation->evaluator().graph(change.graph); }

    std::string describe_changes() const {
        const auto& all = diversion_.changes->all();
        std::string text = change_text(graph_of(all.front()), all.front());
        if (all.size() > 1) text += fmt::format(" and {} more", all.size() - 1);
        return text;
    }

    void add_changes(Answer& answer, const Debugger& debugger) const {
        answer.add(AnswerRow::Kind::heading).say("what if");
        const runtime::Changes& changes = *diversion_.changes;
        for (std::size_t i = 0; i < changes.all().size(); ++i) {
            const Change& change = changes.all()[i];
            const Graph& graph = debugger.evaluator().graph(change.graph);
            answer.sentence(fmt::format("  {}: {}", change_text(graph, change), time_text(changes.time_of(i), change)));
        }
    }

    std::shared_ptr<const Evaluation> original_;
    Diversion diversion_;
    FinishJob finish_;
    std::shared_ptr<Evaluation> copy_;
    std::optional<FinishJob> finish_copy_;
    std::optional<ComparisonJob> comparison_;
};

} // namespace

Result<std::string> change_value(Debugger& debugger, std::string_view argument) {
    const Result<Asked> asked = name_and_value(debugger, argument);
    if (!asked) return asked.error();
    const Graph& graph = *debugger.graph();
    const Node& node = graph.node(asked->output.node);
    Change change;
    change.output = asked->output;
    DType dtype = graph.info(asked->output).dtype;
    Shape shape = graph.info(asked->output).shape;
    if (makes_variable(node)) {
        change.kind = Change::Kind::variable;
        if (const auto* declared = node.attr<DType>("dtype")) dtype = *declared;
        if (const auto* declared = node.attr<Shape>("shape")) shape = *declared;
    } else if (auto reason = runtime::cannot_set(graph, asked->output)) {
        return Error{"command.argument", *std::move(reason)};
    }
    const Result<Tensor> value = value_for(debugger, *asked, dtype, shape);
    if (!value) return value.error();
    change.value = *value;
    make_due_here(debugger, change);
    return note_change(debugger, std::move(change));
}

Result<std::string> change_feed(Debugger& debugger, std::string_view argument) {
    const Result<Asked> asked = name_and_value(debugger, argument);
    if (!asked) return asked.error();
    if (auto reason = cannot_feed(debugger, asked->output)) return Error{"command.argument", *std::move(reason)};
    const OutputInfo& info = debugger.graph()->info(asked->output);
    const Result<Tensor> value = value_for(debugger, *asked, info.dtype, info.shape);
    if (!value) return value.error();
    Change change;
    change.kind = Change::Kind::feed;
    change.output = asked->output;
    change.value = *value;
    make_due_here(debugger, change);
    return note_change(debugger, std::move(change));
}

Result<std::string> change_skip(Debugger& debugger, std::string_view name) {
    const Graph& graph = *debugger.graph();
    const NodeId id = graph.find(name);
    if (!id.valid() || id.index() >= debugger.visible_nodes()) return no_such_name(graph, name);
    if (auto reason = runtime::cannot_skip(graph.node(id))) return Error{"command.argument", *std::move(reason)};
    Change change;
    change.kind = Change::Kind::skip;
    change.output = {id, 0};
    make_due_here(debugger, change);
    return note_change(debugger, std::move(change));
}

std::optional<std::string> nothing_changes(const Debugger& debugger) {
    if (!debugger.is_open()) return "No program is open.";
    if (debugger.busy()) return "The program is running.";
    if (!debugger.changes().empty()) return std::nullopt;
    return "Nothing is different: say what, with whatif.set, whatif.feed or whatif.skip.";
}

std::optional<std::string> no_diversion(const Debugger& debugger) {
    if (!debugger.is_open()) return "No program is open.";
    if (debugger.busy()) return "The program is running.";
    return debugger.diversion() != nullptr ? std::nullopt : std::optional<std::string>("No what-if was run.");
}

std::optional<std::string> nothing_to_discard(const Debugger& debugger) {
    if (!debugger.is_open()) return "No program is open.";
    if (debugger.busy()) return "The program is running.";
    const bool is_nothing = debugger.changes().empty() && debugger.diversion() == nullptr;
    return is_nothing ? std::optional<std::string>("There is no what-if.") : std::nullopt;
}

Result<std::string> run_what_if(Debugger& debugger) {
    debugger.show_diversion(false);
    debugger.ask(std::make_unique<WhatIfInquiry>(debugger));
    return std::string();
}

Result<std::string> keep_what_if(Debugger& debugger) {
    if (debugger.shows_diversion()) return std::string("the what-if is shown already");
    debugger.show_diversion(true);
    return std::string("showing the what-if; whatif.switch goes back to the original");
}

Result<std::string> switch_recording(Debugger& debugger) {
    debugger.show_diversion(!debugger.shows_diversion());
    return fmt::format("showing the {}", debugger.shows_diversion() ? "what-if" : "original");
}

Result<std::string> discard_what_if(Debugger& debugger) {
    debugger.discard_diversion();
    return std::string("the what-if is gone");
}

} // namespace rnnscope::debug
