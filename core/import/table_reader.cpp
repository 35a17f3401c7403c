#include "core/import/table_reader.hpp"

#include "core/import/crc32c.hpp"

#include <fmt/format.h>
#include <snappy.h>

#include <limits>

namespace rnnscope {

bool take_varint64(std::string_view& bytes, std::uint64_t& value) {
    value = 0;
    for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if ((byte & 0x80) == 0) return true;
    }
    return false;
}

std::uint32_t fixed32_at(std::string_view bytes, std::size_t at) {
    std::uint32_t value = 0;
    for (unsigned i = 0; i < 4; ++i)
        value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
    return value;
}

namespace {

struct Handle {
    std::uint64_t offset = 0, size = 0;
};

class TableReader {
  public:
    TableReader(std::string_view bytes, const std::string& file, const TableEntryFn& entry)
        : bytes_(bytes), file_(file), entry_(entry) {}

    Status run() {
        constexpr std::size_t footer = 48, trailer = 5;
        if (bytes_.size() < footer) return damaged(0, "file is too short to be an sstable");
        const std::size_t end = bytes_.size() - footer;
        constexpr std::string_view magic("\x57\xFB\x80\x8B\x24\x75\x47\xDB", 8);
        if (!bytes_.ends_with(magic)) return damaged(bytes_.size() - 8, "not an sstable (bad magic number)");
        limit_ = end;
        std::string_view handles = bytes_.substr(end);
        Handle metaindex, index;
        if (!take_handle(handles, metaindex) || !take_handle(handles, index)) return damaged(end, "bad block handle");
        if (index.size < 4 || limit_ < trailer) return damaged(end, "bad block handle");
        return each_in_block(index, end, [this](std::string_view, std::string_view value, std::size_t at) -> Status {
            Handle block;
            // Writers put one block behind the other; a block that is named often would cost its reading every time.
            if (!take_handle(value, block) || block.offset < next_block_) return damaged(at, "bad block handle");
            next_block_ = block.offset + 1;
            return each_in_block(block, at, [this](std::string_view key, std::string_view contents, std::size_t in) {
                return add(key, contents, in);
            });
        });
    }

  private:
    using BlockEntryFn = std::function<Status(std::string_view key, std::string_view value, std::size_t at)>;

    Error damaged(std::size_t at, std::string_view what) const {
        return {"DataLossError", fmt::format("{} ({}, byte {})", what, file_, at)};
    }

    static bool take_handle(std::string_view& bytes, Handle& handle) {
        return take_varint64(bytes, handle.offset) && take_varint64(bytes, handle.size);
    }

    Status add(std::string_view key, std::string_view value, std::size_t at) {
        if (any_ && key <= last_) return damaged(at, "keys are not in order");
        any_ = true;
        last_ = key;
        return entry_(key, value);
    }

    /// The block's contents, checked and uncompressed. `at`: where the handle stands, for messages.
    Result<std::string_view> block(const Handle& handle, std::size_t at, std::string& room) const {
        constexpr std::size_t trailer = 5; // type, checksum
        if (handle.offset > limit_ || handle.size > limit_ - handle.offset ||
            limit_ - handle.offset - handle.size < trailer)
            return damaged(at, "truncated block read");
        const auto offset = static_cast<std::size_t>(handle.offset), size = static_cast<std::size_t>(handle.size);
        const std::string_view stored = bytes_.substr(offset, size + 1);
        if (unmasked_crc(fixed32_at(bytes_, offset + size + 1)) != crc32c(stored))
            return damaged(offset, "block checksum mismatch");
        const std::string_view contents = stored.substr(0, size);
        if (stored.back() == 0) return contents;
        if (stored.back() != 1) return damaged(offset + size, "bad block type");
        std::size_t length = 0;
        if (!snappy::GetUncompressedLength(contents.data(), contents.size(), &length))
            return damaged(offset, "corrupted compressed block contents");
        if (length > max_block_bytes)
            return damaged(offset,
                           fmt::format("compressed block of {} bytes; at most {} are read", length, max_block_bytes));
        if (!snappy::Uncompress(contents.data(), contents.size(), &room))
            return damaged(offset, "corrupted compressed block contents");
        return std::string_view(room);
    }

    /// All entries of one block: shared length, own length, length of the value, own part of the key, value.
    Status each_in_block(const Handle& handle, std::size_t at, const BlockEntryFn& entry) const {
        std::string room;
        const auto contents = block(handle, at, room);
        if (!contents) return contents.error();
        const auto offset = static_cast<std::size_t>(handle.offset);
        if (contents->size() < 4) return damaged(offset, "bad block contents");
        const std::uint64_t restarts = fixed32_at(*contents, contents->size() - 4);
        if (restarts > (contents->size() - 4) / 4) return damaged(offset, "bad block contents");
        std::string_view rest = contents->substr(0, contents->size() - 4 - 4 * restarts);
        const std::size_t entries = rest.size();
        std::string key;
        while (!rest.empty()) {
            // In a compressed block the byte counts from the block's beginning in the file as if it were not.
            const std::size_t here = offset + entries - rest.size();
            std::uint64_t shared = 0, own = 0, length = 0;
            if (!take_varint64(rest, shared) || !take_varint64(rest, own) || !take_varint64(rest, length) ||
                shared > key.size() || own > rest.size() || length > rest.size() - own)
                return damaged(here, "bad entry in block");
            key.resize(static_cast<std::size_t>(shared));
            key += rest.substr(0, static_cast<std::size_t>(own));
            const std::string_view value = rest.substr(static_cast<std::size_t>(own), static_cast<std::size_t>(length));
            rest.remove_prefix(static_cast<std::size_t>(own + length));
            if (Status status = entry(key, value, here); !status) return status;
        }
        return {};
    }

    std::string_view bytes_;
    const std::string& file_;
    const TableEntryFn& entry_;
    std::size_t limit_ = 0; ///< blocks end before the footer
    std::uint64_t next_block_ = 0;
    bool any_ = false;
    std::string last_;
};

} // namespace

Status read_table(std::string_view bytes, const std::string& file, const TableEntryFn& entry) {
    return TableReader(bytes, file, entry).run();
}

} // namespace rnnscope
