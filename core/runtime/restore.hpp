#pragma once

#include "core/import/checkpoint.hpp"
#include "core/runtime/session.hpp"

#include <string>
#include <vector>

namespace rnnscope::runtime {

/// What restoring did: op names of variables, in creation order; `unexpected` in the checkpoint's order.
struct RestoreReport {
    struct Mismatch {
        std::string variable;
        std::string reason; ///< as TensorFlow says it
    };
    std::vector<ops::NamedTensor> restored; ///< with the storage's name
    std::vector<std::string> missing;       ///< variables that the checkpoint does not have
    std::vector<std::string> unexpected;    ///< tensors of the checkpoint for which there is no variable
    std::vector<Mismatch> mismatched;       ///< of another type or shape: left as they are
};

/// Gives the session's variables the values that the checkpoint has under their op names, as tf.train.Saver's restore
/// does, but without any op: for graphs that have no save/restore_all. Values are read before any variable is changed,
/// so that a damaged file (the error) changes nothing.
Result<RestoreReport> restore_session(Session& session, const Checkpoint& checkpoint);

/// "22 of 29 variables restored; missing: a, b; of another type or shape: c (...); not used: d"
std::string to_text(const RestoreReport& report);

} // namespace rnnscope::runtime
