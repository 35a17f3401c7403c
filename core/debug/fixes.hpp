#pragma once

#include "core/debug/diagnosis.hpp"
#include "core/debug/program_facts.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// Builders of fixes: each makes the JSON Patch and what the card shows of it. None of them is checked here; a builder
/// that finds no way gives nothing.

/// Moves a statement behind another of the same or another block.
std::optional<Fix> move_after(const Facts& facts, StatementId moved, StatementId after, std::string title);
/// Moves statements, in their order, before another.
std::optional<Fix> move_before(const Facts& facts, const std::vector<StatementId>& moved, StatementId before,
                               std::string title);
/// Puts the statements `first` to `last` of one block into a `with`. `manager` is the JSON text of its manager. With
/// `drop_before` the statement before `first` goes.
std::optional<Fix> wrap(const Facts& facts, StatementId first, StatementId last, std::string_view manager,
                        bool drop_before, std::string title);
std::optional<Fix> remove_statement(const Facts& facts, StatementId statement, std::string title);
/// The statement beside this one in its block; invalid at the ends.
StatementId sibling(const Facts& facts, StatementId statement, int distance);
/// Adds `session.run(fetch)` before a statement. `fetch` is JSON text: "\"$init\"" or a call.
std::optional<Fix> run_before(const Facts& facts, StatementId before, std::string_view session, std::string_view fetch,
                              std::string title);
/// Replaces the JSON value at `pointer`, which lies inside `statement`.
std::optional<Fix> replace_value(const Facts& facts, StatementId statement, std::string_view pointer,
                                 std::string_view json, std::string title);
/// Sets an argument of a call, by position where it is given so, else by name.
std::optional<Fix> set_argument(const Facts& facts, StatementId statement, const Call& call, std::string_view name,
                                std::size_t position, std::string_view json, std::string title);
/// The same, and takes another named argument away.
std::optional<Fix> exchange_argument(const Facts& facts, StatementId statement, const Call& call,
                                     std::string_view removed, std::string_view name, std::string_view json,
                                     std::string title);
/// Writes the value of `value_of` (an assignment) in the place of `pointer`, `times` times as a list.
std::optional<Fix> repeat_value(const Facts& facts, StatementId statement, std::string_view pointer,
                                StatementId value_of, std::size_t times, std::string title);
/// Adds `session.run(fetch)` after a statement.
std::optional<Fix> run_after(const Facts& facts, StatementId after, std::string_view session, std::string_view fetch,
                             std::string title);
/// Feeds a value. `key` is what the feed_dict calls the placeholder: "$x" or "x:0".
std::optional<Fix> feed_value(const Facts& facts, StatementId statement, const Call& run, std::string_view key,
                              std::string_view json, std::string title);
/// Gives a run the feed that another run of the program gives to the same placeholder.
std::optional<Fix> copy_feed(const Facts& facts, StatementId statement, const Call& run, StatementId from,
                             std::string_view key, std::string title);

/// Both repairs as one. The second must not depend on where the first put something.
std::optional<Fix> both(const Facts& facts, const std::optional<Fix>& first, const std::optional<Fix>& second,
                        std::string title);

/// JSON text of `tf.global_variables_initializer()` in the place of another initializer, with its result's name kept.
std::string whole_initializer(const Facts& facts, const InitOp& op);
/// JSON text of a string.
std::string json_string(std::string_view text);
/// JSON text of the value at the pointer of the document; "" when there is none.
std::string json_at(const Facts& facts, std::string_view pointer);

} // namespace rnnscope::debug
