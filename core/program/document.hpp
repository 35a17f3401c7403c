#pragma once

#include "core/base/diagnostic.hpp"
#include "core/base/result.hpp"
#include "core/program/ast.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rnnscope::program {

/// The text of a program file together with what was read from it. Immutable; `patched` makes the next one.
class Document {
  public:
    /// Reads the JSON form ("format": "rnnscope/1"). Every mistake is reported, not the first. Never throws and never
    /// recurses deeper than its own limit, whatever the text is. `file` is used in positions only.
    static std::variant<std::shared_ptr<const Document>, Diagnostics> read(std::string text, std::string file,
                                                                           std::string directory,
                                                                           GraphFiles known_graphs = {},
                                                                           std::string opened_from = {});
    static std::variant<std::shared_ptr<const Document>, Diagnostics> open(const std::string& path);

    const std::string& text() const { return text_; }
    /// The file that a person opened: the program's, or the graph that the program was made for.
    const std::string& opened_from() const { return opened_from_; }
    /// Files that the program reads, as it names them, relative to its directory; each once, sorted. Checkpoints are
    /// known only as far as they are there: a string of the program that is the prefix of one.
    std::vector<std::string> named_files() const;
    bool is_graph() const { return opened_from_ != program_->file; } ///< made for a graph
    const Program& program() const { return *program_; }
    std::shared_ptr<const Program> program_ptr() const { return program_; }

    /// The document after a JSON Patch (RFC 6902, as text), pretty-printed again where the patch touched it.
    std::variant<std::shared_ptr<const Document>, Diagnostics> patched(std::string_view patch) const;

  private:
    std::string text_, opened_from_;
    std::shared_ptr<const Program> program_;
};

} // namespace rnnscope::program
