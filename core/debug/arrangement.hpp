#pragma once

#include "core/debug/debugger.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rnnscope::debug {

/// What the user arranged or edited, and undo takes back.
struct Arrangement {
    std::shared_ptr<const program::Document> document;
    std::vector<Breakpoint> breakpoints;
    std::vector<Bookmark> bookmarks;
};

/// Undo and redo of arrangements; each step remembers what it is called.
class UndoHistory {
  public:
    void push(std::string label, Arrangement before);
    bool can_undo() const { return !undo_.empty(); }
    bool can_redo() const { return !redo_.empty(); }
    std::string undo_label() const { return undo_.empty() ? std::string() : undo_.back().label; }
    std::string redo_label() const { return redo_.empty() ? std::string() : redo_.back().label; }
    /// The arrangement to go back to; `now` is kept for redo. Only when can_undo().
    Arrangement undo(Arrangement now);
    Arrangement redo(Arrangement now);

  private:
    struct Entry {
        std::string label;
        Arrangement arrangement;
    };
    std::vector<Entry> undo_, redo_;
};

/// Where the selection was, as in a browser.
class SelectionHistory {
  public:
    const Selection& current() const { return entries_[at_]; }
    void select(Selection selection);
    bool can_go(int by) const;
    void go(int by);

  private:
    std::vector<Selection> entries_{Selection{}};
    std::size_t at_ = 0;
};

/// Breakpoints of one program on another version of it: a statement is found again by its line of Python.
std::vector<Breakpoint> carried_over(const std::vector<Breakpoint>& breakpoints, const program::Program& from,
                                     const program::Program& to);

/// The statement of `to` that says the same as `statement` of `from`; invalid when there is none.
StatementId same_statement(StatementId statement, const program::Program& from, const program::Program& to);
using program::python_line;

/// Would the program find the files that it names, if it stood at `path`? Errors: "file.elsewhere", and "file.in-use"
/// where it would take the place of one of them.
Status finds_its_files(const program::Document& document, const std::string& path);

/// Writes a file so that it is either the old or the new one, whatever happens meanwhile; what is no file, a pipe for
/// example, is just written to.
Status write_file_atomically(const std::string& path, const std::string& text);

} // namespace rnnscope::debug
