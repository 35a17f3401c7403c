#pragma once

#include "core/base/result.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace rnnscope {

/// Reads a leveldb table (TensorFlow's lib/io/table, the format of checkpoint indexes) from memory and hands out its
/// entries in key order. Every length in the file is checked before it is believed, every block's checksum is
/// verified, and no more is allocated at a time than one block (uncompressed: at most max_block_bytes). leveldb's own
/// reader allocates what a block handle says before it looks at the file, so it does not fit files of strangers.
///
/// `entry` may refuse, which ends the reading with its error. Both strings are valid during the call only.
/// Errors: DataLossError with TensorFlow's text ("not an sstable (bad magic number)", "block checksum mismatch", ...),
/// `file` and the byte.
constexpr std::size_t max_block_bytes = std::size_t{32} << 20;
using TableEntryFn = std::function<Status(std::string_view key, std::string_view value)>;
Status read_table(std::string_view bytes, const std::string& file, const TableEntryFn& entry);

/// A varint of protobuf and leveldb; removes it from `bytes`. False when there is none.
bool take_varint64(std::string_view& bytes, std::uint64_t& value);
std::uint32_t fixed32_at(std::string_view bytes, std::size_t at); ///< little endian; must be inside

} // namespace rnnscope
