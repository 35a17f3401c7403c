#pragma once

#include "core/debug/answer.hpp"
#include "core/debug/pause.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rnnscope::debug {

/// A question that is answered at once: the answer goes on the shelf, its text is what the command says.
template <Result<Answer> (*answer)(const Debugger&, std::string_view)>
Result<std::string> ask(Debugger& debugger, std::string_view argument) {
    Result<Answer> given = answer(debugger, argument);
    if (!given) return given.error();
    given->argument = argument;
    return give(debugger, *std::move(given));
}

/// A question that may take long, as one function that can be interrupted: worked on in pieces, and answered as if it
/// were called. `doing`: what is being done, for the progress: "following it back".
Result<std::string> ask_in_pieces(Debugger& debugger, std::string_view doing, std::string_view argument,
                                  Result<Answer> (*question)(const Debugger&, std::string_view, const Pause&));

/// A question that takes long.
template <Status (*question)(Debugger&, std::string_view)>
Result<std::string> begin_question(Debugger& debugger, std::string_view argument) {
    const Status begun = question(debugger, argument);
    return begun ? Result<std::string>(std::string()) : begun.error();
}

std::optional<std::string> no_comparison(const Debugger& debugger); ///< why no other tolerance can be asked for
std::optional<std::string> no_answer(const Debugger& debugger);
std::optional<std::string> no_answer_before(const Debugger& debugger);
std::optional<std::string> no_answer_after(const Debugger& debugger);
std::optional<std::string> no_answer_places(const Debugger& debugger); ///< why its positions cannot be gone to

/// Of several answers: which one is shown. Each says it.
Result<std::string> show_answer_before(Debugger& debugger, std::string_view);
Result<std::string> show_answer_after(Debugger& debugger, std::string_view);
Result<std::string> show_answer(Debugger& debugger, std::string_view number); ///< from 1
/// "": the shown one.
Result<std::string> close_answer(Debugger& debugger, std::string_view number);
/// From position to position of the shown answer.
Result<std::string> go_next_place(Debugger& debugger, std::string_view);
Result<std::string> go_previous_place(Debugger& debugger, std::string_view);

} // namespace rnnscope::debug
