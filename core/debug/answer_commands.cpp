#include "core/debug/answer_commands.hpp"

#include "core/debug/command_argument.hpp"
#include "core/debug/paused_work.hpp"
#include "core/debug/program_facts.hpp"

#include <fmt/format.h>
#include <memory>
#include <utility>

namespace rnnscope::debug {

namespace {

using Blocked = std::optional<std::string>;
using Text = Result<std::string>;

Blocked nothing_idle(const Debugger& debugger) {
    if (!debugger.is_open()) return "No program is open.";
    return debugger.busy() ? Blocked("The program is running.") : Blocked();
}

Result<std::size_t> answer_index(const Debugger& debugger, std::string_view number) {
    const auto index = whole_number(number);
    const std::size_t count = debugger.answers().all().size();
    if (!index || *index == 0 || *index > count)
        return bad_argument(fmt::format("there is no answer {}; {} so far", number, counted(count, "answer")));
    return static_cast<std::size_t>(*index - 1);
}

Text go_place(Debugger& debugger, bool forward) {
    const std::optional<Position> place = next_place(*debugger.answers().shown(), debugger.position(), forward);
    if (!place)
        return Error{"command.blocked",
                     forward ? "The answer names no place after this." : "The answer names no place before this."};
    debugger.go(*place);
    return std::string();
}

/// Holds no more of the debugger than the question looks at: nothing changes before there is an answer.
class QuestionInquiry : public Inquiry {
  public:
    using Question = Result<Answer> (*)(const Debugger&, std::string_view, const Pause&);
    QuestionInquiry(const Debugger& debugger, std::string_view doing, std::string_view argument, Question question)
        : doing_(doing), argument_(argument),
          work_([this, &debugger, question](const Pause& pause) { answer_ = question(debugger, argument_, pause); }) {}

    bool pump(std::chrono::steady_clock::time_point deadline) override { return work_.pump(deadline); }
    std::string progress() const override {
        return fmt::format("{}: {} so far", doing_, counted(static_cast<std::size_t>(work_.steps()), "step"));
    }
    Result<Answer> conclude(Debugger&) override {
        if (*answer_) (*answer_)->argument = argument_;
        return *std::move(answer_);
    }

  private:
    std::string doing_, argument_;
    std::optional<Result<Answer>> answer_;
    PausedWork work_; ///< goes first: it writes the answer
};

} // namespace

Text ask_in_pieces(Debugger& debugger, std::string_view doing, std::string_view argument,
                   Result<Answer> (*question)(const Debugger&, std::string_view, const Pause&)) {
    debugger.ask(std::make_unique<QuestionInquiry>(debugger, doing, argument, question));
    return std::string();
}

Blocked no_answer(const Debugger& debugger) {
    return debugger.answers().shown() != nullptr ? Blocked() : Blocked("No question was answered.");
}

Blocked no_comparison(const Debugger& debugger) {
    if (Blocked reason = nothing_idle(debugger)) return reason;
    return debugger.answers().comparison() ? Blocked() : Blocked("Nothing was compared.");
}

Blocked no_answer_before(const Debugger& debugger) {
    return debugger.answers().can_go(-1) ? Blocked() : Blocked("No answer was given before.");
}

Blocked no_answer_after(const Debugger& debugger) {
    return debugger.answers().can_go(+1) ? Blocked() : Blocked("No answer was given after this.");
}

Blocked no_answer_places(const Debugger& debugger) {
    if (Blocked reason = nothing_idle(debugger)) return reason;
    if (Blocked reason = no_answer(debugger)) return reason;
    const bool is_here = is_of_what_is_shown(debugger, debugger.answers().shown()->source);
    return is_here ? Blocked() : Blocked("The answer is about another recording.");
}

Text show_answer_before(Debugger& debugger, std::string_view) {
    debugger.answers().go(-1);
    return to_text(*debugger.answers().shown());
}

Text show_answer_after(Debugger& debugger, std::string_view) {
    debugger.answers().go(+1);
    return to_text(*debugger.answers().shown());
}

Text show_answer(Debugger& debugger, std::string_view number) {
    const Result<std::size_t> index = answer_index(debugger, number);
    if (!index) return index.error();
    debugger.answers().show(*index);
    return to_text(*debugger.answers().shown());
}

Text close_answer(Debugger& debugger, std::string_view number) {
    const Result<std::size_t> index =
        number.empty() ? Result<std::size_t>(debugger.answers().index()) : answer_index(debugger, number);
    if (!index) return index.error();
    debugger.answers().close(*index);
    return std::string();
}

Text go_next_place(Debugger& debugger, std::string_view) {
    return go_place(debugger, true);
}

Text go_previous_place(Debugger& debugger, std::string_view) {
    return go_place(debugger, false);
}

} // namespace rnnscope::debug
