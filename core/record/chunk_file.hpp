#pragma once

#include "core/base/diagnostic.hpp"
#include "core/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::record {

/// The file that recordings are kept in:
///
///     magic "\x8Frnnrec\n" | version | checksum of both            16 bytes
///     chunk: kind, coding, number | raw size | stored size | checksum of the payload | checksum of this header
///            payload, as it is or compressed with snappy
///     ... chunks in the order of time ...
///     chunk of kind `index`: where the others are, and what time each begins with
///     offset of the index | its checksum | "rnnrec.\n"              20 bytes
///
/// Integers are little-endian, checksums masked CRC-32C as in leveldb's tables. All but `rows` make up one stream of
/// records (recording_stream.hpp), cut anywhere; `rows` hold values of a loop's rounds (stored_rounds.hpp).
enum class ChunkKind : std::uint8_t { stream = 1, rows = 2, index = 3 };

/// 2: with poison. Files of all versions from the oldest on are read.
constexpr std::uint32_t recording_version = 2, oldest_recording_version = 1;
/// No chunk is larger before compression, unless a single row of a loop is.
constexpr std::size_t most_chunk_bytes = std::size_t{1} << 20U;

/// Where a chunk's payload is, and how.
struct ChunkPlace {
    std::uint64_t offset = 0; ///< of the payload in the file
    std::uint32_t raw_bytes = 0, stored_bytes = 0, checksum = 0;
    bool compressed = false;
};

/// Writes such a file beside the one that it is to replace, which is whole and the old one until `commit`.
class ChunkWriter {
  public:
    explicit ChunkWriter(std::string path);
    ~ChunkWriter(); ///< without commit() nothing was done
    ChunkWriter(const ChunkWriter&) = delete;
    ChunkWriter& operator=(const ChunkWriter&) = delete;

    /// `ticks`: the time that the chunk begins with.
    void write(ChunkKind kind, std::string_view payload, std::uint64_t ticks);
    /// Index and trailer; then the file is on the disk, and takes the place of the old one. Errors: "file.write",
    /// also for everything that went wrong before, and "file.in-use" where another process saves to the same path.
    Status commit(std::uint64_t ticks);

  private:
    void put(std::string_view bytes);
    void note(std::string_view what);
    bool open();

    struct Entry {
        std::uint64_t offset = 0, ticks = 0;
    };
    std::string path_;            ///< as it was given
    std::string target_, beside_; ///< the file that it stands for; that is written next to it
    std::string compressed_;
    int file_ = -1;
    std::uint64_t offset_ = 0;
    std::uint32_t number_ = 0;
    std::vector<Entry> entries_;
    std::optional<Error> error_; ///< the first
};

/// A file that is open for reading, and stays so: replacing it does not change what is read.
class ChunkFile {
  public:
    /// Errors: "file.unreadable", "recording.unknown" (no recording), "recording.version", "recording.damaged".
    static Result<std::shared_ptr<const ChunkFile>> open(const std::string& path);
    ~ChunkFile();
    ChunkFile(const ChunkFile&) = delete;
    ChunkFile& operator=(const ChunkFile&) = delete;

    std::uint64_t size() const { return size_; }
    /// The payload of a chunk, decompressed; empty when it is not what it was (a disk that fails, or another process
    /// that writes into the file).
    std::optional<std::string> read(const ChunkPlace& place) const;
    /// All bytes, or nothing.
    bool read_bytes(std::uint64_t offset, std::size_t size, std::string& bytes) const;

  private:
    ChunkFile() = default;
    int file_ = -1;
    std::uint64_t size_ = 0;
};

/// Goes through a file's chunks in their order, as far as they are whole.
class ChunkScan {
  public:
    struct Chunk {
        ChunkKind kind = ChunkKind::stream;
        ChunkPlace place;
        std::string payload; ///< decompressed
    };
    explicit ChunkScan(std::shared_ptr<const ChunkFile> file) : file_(std::move(file)) {}

    /// The next chunk; nothing behind the index, and where the file is cut or damaged: then `problem()` says so.
    std::optional<Chunk> next();
    std::uint64_t offset() const { return offset_; }        ///< in the file, of what comes next, or of the damage
    const std::string& problem() const { return problem_; } ///< "the file ends in the middle of a chunk"
    /// How long the recording was, as the file's end says it; nothing when that is not there.
    std::optional<std::uint64_t> whole_ticks() const;

  private:
    std::optional<Chunk> stop(std::string problem) { return problem_ = std::move(problem), std::nullopt; }
    std::optional<Chunk> finish(const Chunk& index);

    std::shared_ptr<const ChunkFile> file_;
    std::uint64_t offset_ = 16;
    std::uint32_t number_ = 0;
    std::vector<std::uint64_t> offsets_; ///< of the chunks so far
    bool done_ = false;
    std::string problem_;
};

/// Does the content of the file begin as a recording's does? Reads eight bytes.
bool is_recording_file(const std::string& path);

} // namespace rnnscope::record
