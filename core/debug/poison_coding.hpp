#pragma once

#include "core/debug/poison_replay.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rnnscope::debug {

/// What is known of poison, as bytes (record/byte_coding.hpp). What is only needed to follow more runs is left out. The
/// same state gives the same bytes.
std::string encoded_poison(const PoisonState& state);

/// Of a file that is not trusted: nothing where it speaks of runs, events, nodes or sessions that the recording does
/// not have, of times out of order, or is no such text.
std::optional<PoisonState> decoded_poison(std::string_view bytes, const Evaluation& evaluation);

} // namespace rnnscope::debug
