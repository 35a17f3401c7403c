#pragma once

#include "core/record/byte_coding.hpp"
#include "core/record/chunk_file.hpp"
#include "core/runtime/round_run.hpp"

#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rnnscope::record {

/// How the rounds of a loop are stored: which visits, and where in a row their values are. Rows have no gaps here, so
/// that the same values give the same bytes. Made for one block, the same for most blocks of its loop.
///
/// Blocks that were kept as states (runtime::Keep) are computed again and stored as rows, too. That makes files as
/// large as all values are; but no value then depends on a kernel that may be another on the machine that opens the
/// file, and opened ones take no memory: rows stay in the file (StoredRounds).
struct RoundLayout {
    std::vector<runtime::BlockVisit> visits;
    std::shared_ptr<const runtime::Round> round; ///< visits without their nodes, sources, slots; no steps
    std::vector<std::uint32_t> previous;         ///< slots of which a round takes the value of the one before
    std::size_t previous_bytes = 0;              ///< of theirs, in a row
    std::size_t constants = 0;

    /// Of so many rounds: what the first takes of the one before, then slot by slot the values of all rounds.
    std::uint64_t stored_bytes(std::uint64_t rounds) const {
        return previous_bytes + rounds * static_cast<std::uint64_t>(round->row_bytes);
    }
};

/// Does the block have rows (EventBlock::round_values), and none that is beyond all measure?
bool has_storable_rows(const runtime::EventBlock& block);
/// Of a block that has them.
RoundLayout layout_of(const runtime::EventBlock& block);
void put_layout(ByteWriter& out, const RoundLayout& layout);
/// Null when it makes no sense. Nodes are below `nodes`.
std::shared_ptr<const RoundLayout> get_layout(ByteReader& in, std::size_t nodes);

/// Takes a block's rows apart into the form in which they are stored.
class RowPacker {
  public:
    RowPacker(const runtime::EventBlock& block, const RoundLayout& layout);
    std::uint64_t rounds_at_once() const { return at_once_; }
    std::string packed(std::uint64_t first, std::uint64_t rounds);

  private:
    const runtime::EventBlock& block_;
    const RoundLayout& layout_;
    std::uint64_t at_once_ = 1;
    std::vector<std::byte> row_, before_;
};

/// Rows as they were stored, put together again: some of those that were looked at last, for all blocks of a file.
class RowCache {
  public:
    explicit RowCache(std::shared_ptr<const ChunkFile> file) : file_(std::move(file)) {}
    /// The row before the first, then those of `rounds` rounds; null where the file cannot be read any more.
    std::shared_ptr<const std::vector<std::byte>> rows(const ChunkPlace& place, const RoundLayout& layout,
                                                       std::uint64_t rounds);

  private:
    static constexpr std::size_t most = 32; ///< stretches of rows, each about `rows_at_once` bytes
    using Rows = std::shared_ptr<const std::vector<std::byte>>;
    std::shared_ptr<const ChunkFile> file_;
    std::mutex mutex_;
    std::list<std::pair<std::uint64_t, Rows>> kept_; ///< by offset in the file; newest first
};

/// A block of a recording that was opened. Boxes and constants are in memory, rows are read from the file when somebody
/// looks at them; values that cannot be read any more are shown as if there were none.
class StoredRounds : public runtime::EventBlock {
  public:
    struct Stretch {
        std::uint64_t first = 0, rounds = 0;
        ChunkPlace place;
    };
    struct Content {
        std::shared_ptr<const RoundLayout> layout;
        std::shared_ptr<RowCache> rows;
        std::uint32_t frame = 0;
        std::int64_t first_iteration = 0;
        std::uint64_t rounds = 0;
        std::vector<ops::Value> constants;
        std::vector<Tensor> boxes;
        std::vector<std::pair<std::uint64_t, ops::VariableAccess>> accesses;
        std::vector<Stretch> stretches; ///< empty where rows are
    };
    explicit StoredRounds(Content content);

    void read(std::uint64_t event, runtime::BlockEvent& out) const override;
    Tensor output(std::uint64_t event, std::size_t index) const override;
    std::size_t bytes() const override;
    const runtime::RoundValues* round_values() const override { return &values_; }
    void read_rows(std::uint64_t round, std::byte* row, std::byte* before) const override;

  private:
    template <class Read> bool with_rows(std::uint64_t round, Read&& read) const;

    std::shared_ptr<const RoundLayout> layout_;
    std::shared_ptr<RowCache> rows_;
    runtime::RoundValues values_;
    std::vector<Stretch> stretches_;
};

} // namespace rnnscope::record
