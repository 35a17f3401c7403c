#pragma once

#include <string>
#include <vector>

namespace rnnscope::program {

inline constexpr int python_line_width = 79; // PEP 8
inline constexpr int python_indent = 4;

/// Text with the places where a line may be broken: inside brackets, between their items.
struct Doc {
    enum class Kind { text, sequence, brackets };
    Kind kind = Kind::text;
    std::string text;       ///< of text; of brackets the opening one
    std::string close;      ///< of brackets
    std::vector<Doc> parts; ///< of a sequence; of brackets the items
    bool data = false;      ///< brackets of a list or dict: as the last argument they may open on the call's line
    int width = 0;          ///< on one line

    static Doc of(std::string text) {
        Doc doc;
        doc.width = static_cast<int>(text.size());
        doc.text = std::move(text);
        return doc;
    }
    static Doc sequence(std::vector<Doc> parts) {
        Doc doc;
        doc.kind = Kind::sequence;
        for (const Doc& part : parts) doc.width += part.width;
        doc.parts = std::move(parts);
        return doc;
    }
    static Doc brackets(std::string open, std::vector<Doc> items, std::string close, bool data = false) {
        Doc doc;
        doc.kind = Kind::brackets;
        doc.width = static_cast<int>(open.size() + close.size());
        for (const Doc& item : items) doc.width += item.width;
        if (!items.empty()) doc.width += 2 * (static_cast<int>(items.size()) - 1);
        doc.text = std::move(open);
        doc.close = std::move(close);
        doc.parts = std::move(items);
        doc.data = data;
        return doc;
    }
};

/// The document on one line.
std::string flat(const Doc& doc);

/// Lays documents out on lines of at most `python_line_width`, where their brackets allow it.
class Layout {
  public:
    explicit Layout(int indent) : lines{std::string(static_cast<std::size_t>(indent), ' ')} {}

    /// Goes on at the end of the last line; lines that it begins inside of brackets are indented deeper than `indent`.
    /// `reserve`: columns that what follows on the line needs at least.
    void print(const Doc& doc, int indent, int reserve);

    std::vector<std::string> lines;

  private:
    bool fits(const Doc& doc, int reserve) const;
    void print_brackets(const Doc& doc, int indent, int reserve);
    bool first_line_fits(const Doc& doc) const;
    bool at_line_start(int indent) const { return static_cast<int>(lines.back().size()) == indent; }
    void new_line(int indent) { lines.emplace_back(static_cast<std::size_t>(indent), ' '); }
};

} // namespace rnnscope::program
