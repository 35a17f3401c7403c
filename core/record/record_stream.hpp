#pragma once

#include "core/record/byte_coding.hpp"
#include "core/record/chunk_file.hpp"
#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rnnscope::record {

/// What a recording's file says, record by record: first what does not change with time (the program, its graphs), then
/// what happened, in that order. A record is its length, its kind, and its content; recording_writer.cpp says what is
/// in each. A tensor is defined once, before the first record that names it by its number.
enum class RecordKind : std::uint8_t {
    program = 1,
    origin,
    node,
    variable,
    collection,
    graph, ///< behind its nodes, variables and collections
    session,
    begin, ///< what follows happened
    tensor,
    graph_size,
    history,
    locals,
    step,
    run,
    event,
    layout, ///< of rounds: the same for many blocks
    block,
    rounds, ///< of the last block; where they have rows, those are the next chunk
    run_end,
    error,
    end,   ///< of what was recorded; the program may go on
    poison ///< before the end
};

/// Writes records into the chunks of a file.
class RecordStream {
  public:
    explicit RecordStream(ChunkWriter& file) : file_(file) {}

    void add(RecordKind kind, const ByteWriter& content);
    /// A chunk of its own behind the records so far.
    void add_rows(std::string_view rows);
    /// The number of the tensor, from 1; 0 for none. Defines those that are new: equal ones are one.
    std::uint64_t tensor(const Tensor& tensor);
    void set_time(std::uint64_t ticks) { ticks_ = ticks; } ///< of what comes
    void flush();

  private:
    struct Known {
        Tensor tensor; ///< keeps its memory from being used for another
        std::uint64_t number = 0;
    };
    using Table = std::unordered_multimap<std::uint64_t, Known>;
    void define(const Tensor& tensor);

    ChunkWriter& file_;
    ByteWriter pending_;
    std::uint64_t ticks_ = 0, chunk_ticks_ = 0, tensors_ = 0;
    Table by_memory_, by_content_;
};

/// Reads them back from the chunks of a file, as far as they are whole.
class RecordScan {
  public:
    struct Record {
        RecordKind kind = RecordKind::end;
        std::string_view content; ///< until next() is called again
    };
    explicit RecordScan(std::shared_ptr<const ChunkFile> file) : chunks_(std::move(file)) {}

    std::optional<Record> next(); ///< nothing at the end, and where the file is damaged
    /// The rows that a record announced; nothing where the file has others, or none.
    std::optional<ChunkPlace> rows(std::uint64_t bytes);
    const ChunkScan& chunks() const { return chunks_; }
    bool is_at_end() const { return at_ == pending_.size(); } ///< no half record is left

  private:
    bool fill();

    ChunkScan chunks_;
    std::string pending_;
    std::size_t at_ = 0;
    bool broken_ = false;
};

void put_tensor(ByteWriter& out, const Tensor& tensor);
Tensor get_tensor(ByteReader& in); ///< to the end of the bytes

} // namespace rnnscope::record
