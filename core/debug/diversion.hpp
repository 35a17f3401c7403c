#pragma once

#include "core/program/document.hpp"
#include "core/runtime/changes.hpp"

#include <memory>
#include <vector>

namespace rnnscope::debug {

class Evaluation;

/// A what-if: the program evaluated once more, with changes. Everything is deterministic, so up to the first change the
/// two are the same, event by event; files that it saves are in memory.
struct Diversion {
    std::shared_ptr<const runtime::Changes> changes; ///< and when each happened
    std::shared_ptr<Evaluation> evaluation;          ///< of divert: at its start
    bool is_complete = true;                         ///< false: the program is too long, and was stopped
};
/// At its beginning still. `passes_missing_values`: as in runtime::SessionOptions.
Diversion divert(std::shared_ptr<const program::Document> document, std::vector<runtime::Change> changes,
                 bool passes_missing_values);

} // namespace rnnscope::debug
