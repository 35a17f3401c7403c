#pragma once

#include "core/base/diagnostic.hpp"
#include "core/program/document.hpp"
#include "core/program/evaluated.hpp"
#include "core/record/chunk_file.hpp"
#include "core/record/recording.hpp"

#include <memory>
#include <string>
#include <variant>
#include <vector>

namespace rnnscope::record {

/// A name that a statement can use, and its value as Python's repr prints it.
struct NamedText {
    std::string name, text;
    friend bool operator==(const NamedText&, const NamedText&) = default;
};
/// All of them at a position, innermost first.
struct VisibleNames {
    Position position;
    std::vector<NamedText> names;
};

/// What a file holds: what happened, and what it happened to. It is opened without the program's files, and on any
/// machine.
struct SavedParts {
    const Recording& recording;
    const program::Document& document;
    const program::Evaluated& evaluated;
    bool is_finished = false;             ///< the program is done: nothing more comes
    std::vector<VisibleNames> names = {}; ///< where they changed, in the order of time
    /// What was derived from missing values, as debug::encoded_poison says it; "" where runs stop at those.
    std::string poison = {};
};

/// Writes the recording so that `path` is either what it was or all of it, whatever happens meanwhile. The same
/// recording gives the same bytes. Values that blocks of a loop compute again are computed here (stored_rounds.hpp).
/// Memory: about one chunk, and a note for each tensor. Errors: "file.write", "file.in-use".
Status save_recording(const SavedParts& parts, const std::string& path);

struct OpenedRecording {
    std::shared_ptr<const program::Document> document;
    std::shared_ptr<const program::Evaluated> evaluated;
    std::unique_ptr<Recording> recording;
    std::vector<VisibleNames> names;
    std::string poison;       ///< as it was saved, by whoever that was; "": nothing is known of it
    bool is_finished = false; ///< the program was done, and all of it is there
    Diagnostics damage;       ///< where the file is cut or damaged: up to which byte and position it was read
};

/// Reads a file that is not trusted. What is whole of it is opened, up to the last whole chunk; refused are files
/// without the program and its graphs, and those of another format ("file.unreadable", "recording.unknown",
/// "recording.version", "recording.damaged", or what is wrong with the program). The rows of loops stay in the file,
/// which must not be written to; it may be replaced. Memory: a small multiple of the rest of the file, decompressed.
std::variant<OpenedRecording, Diagnostics> open_recording(const std::string& path);

} // namespace rnnscope::record
