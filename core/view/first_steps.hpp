#pragma once

#include "core/view/problems_view.hpp"

#include <string_view>
#include <vector>

namespace rnnscope::view {

/// The placeholders that a run of `names` (tensors and ops, separated by blanks) still lacks a value for: they have no
/// default, and no earlier run fed them, whose feeds are given again. Ascending. There must be a graph.
std::vector<Output> missing_feeds(const debug::Debugger& debugger, std::string_view names);

/// A graph that nobody has run yet: its likeliest output, what that needs, and the commands that give it, first the one
/// that can succeed first.
void add_first_steps(const debug::Debugger& debugger, ProblemsView& view);

/// Of an opened graph that ran: where what was fetched is to be seen; before that, what to fetch.
void add_next_step(const debug::Debugger& debugger, ProblemsView& view);

} // namespace rnnscope::view
