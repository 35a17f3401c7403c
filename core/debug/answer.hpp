#pragma once

#include "core/debug/debugger.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

struct ComparedRecordings;
struct Happening;

/// In which column of a list a part of a row stands. `what` is the row's main text.
enum class AnswerColumn : std::uint8_t { lead, what, by, value, session, run, event, step, line, at };
constexpr std::size_t answer_columns = 10;

/// A piece of a row: words, a name that can be selected, or a position that can be gone to.
struct AnswerPart {
    std::string text; ///< what ends in a space goes together with the next part, else a comma is between them
    AnswerColumn column = AnswerColumn::what;
    Selection target = {};           ///< kind none: no name
    std::optional<Position> at = {}; ///< to go to
    bool is_glue = false;            ///< what makes a sentence of the parts: left out where they stand in columns
};

/// A line of an answer. All its parts one after another are its text in the terminal.
struct AnswerRow {
    /// A sentence reads from left to right; the parts of an entry stand in columns.
    enum class Kind : std::uint8_t { title, heading, sentence, entry } kind = Kind::entry;
    enum class Mark : std::uint8_t {
        none,
        declared,
        initialized,
        updated,
        restored,
        uninitialized, ///< read while uninitialized
        poisoned,
        fails,
        works
    } mark = Mark::none;
    /// The terminal shows the beginning or the end of a long list, with a sentence about the rest.
    enum class Shown : std::uint8_t { everywhere, in_terminal, in_window } shown = Shown::everywhere;
    int indent = 0;
    std::vector<AnswerPart> parts;
    std::optional<Position> at; ///< where the row is about

    AnswerRow& say(std::string text, AnswerColumn column = AnswerColumn::what);
    AnswerRow& glue(std::string text);
    /// Of an op or a variable of the graph.
    AnswerRow& name(const Graph& graph, NodeId node, AnswerColumn column = AnswerColumn::what);
    /// Of what `text` names in the graph, whatever that is; plain text where it is nothing.
    AnswerRow& name(const Graph& graph, std::string text, AnswerColumn column = AnswerColumn::what);
    /// "run 2, event 230, t=3, line 36, at 812": the position is the one just after it.
    AnswerRow& place(const Debugger& debugger, const Happening& happening);
    /// "run 2, line 36, at 812", of what a run does without an event.
    AnswerRow& run_place(const Debugger& debugger, RunId run, Position after);
    AnswerRow& line(const Debugger& debugger, StatementId statement);
};
/// As the terminal prints it.
std::string to_text(const AnswerRow& row);

/// What a question found: lines of links, from which the terminal's text and the window's list both come.
struct Answer {
    std::string title;     ///< "History"
    std::string subject;   ///< what it is about: a name, "run 2", a file
    std::string argument;  ///< of the command that asked
    std::string by = "by"; ///< what that column is called; "" when its rows say it
    std::vector<AnswerRow> rows;
    std::shared_ptr<const ComparedRecordings> compared; ///< of a comparison: the recordings, side by side

    /// What the positions are positions of.
    struct Source {
        std::weak_ptr<const Evaluation> evaluation;
        std::shared_ptr<const program::Document> document;
        bool is_diversion = false, poisons = false;
    } source;

    AnswerRow& add(AnswerRow::Kind kind, AnswerRow::Mark mark = AnswerRow::Mark::none);
    /// A sentence of words alone.
    AnswerRow& sentence(std::string text) { return add(AnswerRow::Kind::sentence).say(std::move(text)); }
};
std::string to_text(const Answer& answer);
/// An answer about what is looked at.
Answer new_answer(const Debugger& debugger, std::string title, std::string subject);
/// Can the answer's positions be gone to, as things are? A program evaluated anew has the same ones.
bool is_of_what_is_shown(const Debugger& debugger, const Answer::Source& source);
/// Puts it on the shelf; its text.
std::string give(Debugger& debugger, Answer answer);

AnswerRow::Mark mark_of(record::InitState state);

/// A question that takes long. Finished in pieces, and then concluded.
class Inquiry {
  public:
    virtual ~Inquiry() = default;
    /// True when it is through.
    virtual bool pump(std::chrono::steady_clock::time_point deadline) = 0;
    /// What it is at: "comparing run 2, event 4 100 of 36 000".
    virtual std::string progress() const = 0;
    /// Once, when it is through and the debugger no longer busy.
    virtual Result<Answer> conclude(Debugger& debugger) = 0;
    /// What still works for an inquiry that was given up. Its destructor waits until that is over.
    class Leaving {
      public:
        virtual ~Leaving() = default;
        virtual bool is_over() const = 0;
    };
    /// It is given up: what cannot be stopped at once, if there is anything.
    virtual std::shared_ptr<Leaving> leave() { return nullptr; }
};

/// The answers that were given, oldest first, and the one that is shown.
class AnswerShelf {
  public:
    static constexpr std::size_t most = 20; ///< then the oldest goes

    void add(std::shared_ptr<const Answer> answer);
    /// Shows what came before or after the one that is shown.
    bool can_go(int by) const;
    void go(int by);
    void show(std::size_t index);
    void close(std::size_t index);
    void clear();

    std::span<const std::shared_ptr<const Answer>> all() const { return all_; }
    std::size_t index() const { return index_; } ///< of the one that is shown
    const Answer* shown() const { return index_ < all_.size() ? all_[index_].get() : nullptr; }
    /// The shown one if it compares, else the last that does; null: none.
    std::shared_ptr<const Answer> comparison() const;
    /// Another one after every change.
    std::uint64_t revision() const { return revision_; }

  private:
    std::vector<std::shared_ptr<const Answer>> all_;
    std::size_t index_ = 0;
    std::uint64_t revision_ = 0;
};

/// The row of the answer whose place comes next after the position, or before it; nullopt: there is none.
std::optional<Position> next_place(const Answer& answer, Position from, bool forward);

} // namespace rnnscope::debug
