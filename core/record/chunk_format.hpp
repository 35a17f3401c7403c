#pragma once

#include "core/record/chunk_file.hpp"

namespace rnnscope::record {

// What writer and reader of chunk_file.hpp must agree on.
constexpr std::string_view recording_magic = "\x8Frnnrec\n"; ///< no text in any encoding
constexpr std::string_view recording_trailer = "rnnrec.\n";
constexpr std::size_t file_header_bytes = 16, chunk_header_bytes = 24, trailer_bytes = 20;
constexpr std::uint32_t coding_snappy = 0x100; ///< in a chunk's first word, beside its kind
/// Snappy's copies make at most 64 bytes of three: a chunk that claims more lies.
constexpr std::uint64_t most_expansion = 22;

} // namespace rnnscope::record
