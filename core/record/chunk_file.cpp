#include "core/record/chunk_file.hpp"

#include "core/import/crc32c.hpp"
#include "core/record/byte_coding.hpp"
#include "core/record/chunk_format.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>

#include <fcntl.h>
#include <fmt/format.h>
#include <snappy.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rnnscope::record {
namespace {

std::optional<std::string> unpacked(std::string stored, const ChunkPlace& place) {
    if (masked_crc(crc32c(stored)) != place.checksum) return std::nullopt;
    if (!place.compressed) return stored;
    std::size_t size = 0;
    if (!snappy::GetUncompressedLength(stored.data(), stored.size(), &size) || size != place.raw_bytes)
        return std::nullopt;
    std::string raw;
    if (!snappy::Uncompress(stored.data(), stored.size(), &raw)) return std::nullopt;
    return raw;
}

/// The header's claims, as far as they can be true of a file of this size.
bool read_header(std::string_view bytes, ChunkScan::Chunk& chunk, std::uint32_t& number) {
    ByteReader header(bytes);
    const std::uint32_t word = header.fixed32();
    number = header.fixed32();
    chunk.place.raw_bytes = header.fixed32();
    chunk.place.stored_bytes = header.fixed32();
    chunk.place.checksum = header.fixed32();
    if (header.fixed32() != masked_crc(crc32c(bytes.substr(0, chunk_header_bytes - 4)))) return false;
    chunk.place.compressed = (word & coding_snappy) != 0;
    const std::uint32_t kind = word & ~coding_snappy;
    if (kind < 1 || kind > static_cast<std::uint32_t>(ChunkKind::index)) return false;
    chunk.kind = static_cast<ChunkKind>(kind);
    const std::uint64_t stored = chunk.place.stored_bytes, raw = chunk.place.raw_bytes;
    return chunk.place.compressed ? raw <= stored * most_expansion : raw == stored;
}

} // namespace

bool is_recording_file(const std::string& path) {
    std::error_code ignored;
    std::ifstream file(path, std::ios::binary);
    std::string begin(recording_magic.size(), '\0');
    return file.read(begin.data(), static_cast<std::streamsize>(begin.size())) && begin == recording_magic;
}

Result<std::shared_ptr<const ChunkFile>> ChunkFile::open(const std::string& path) {
    const std::shared_ptr<ChunkFile> file(new ChunkFile);
    file->file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    struct stat status {};
    if (file->file_ < 0 || fstat(file->file_, &status) != 0)
        return Error{"file.unreadable", fmt::format("cannot read the file: {}", std::strerror(errno))};
    if (!S_ISREG(status.st_mode)) return Error{"file.unreadable", "this is no file"};
    file->size_ = static_cast<std::uint64_t>(status.st_size);
    std::string header;
    if (!file->read_bytes(0, file_header_bytes, header) || !header.starts_with(recording_magic)) {
        const bool begins = header.starts_with(recording_magic) || file->size_ < file_header_bytes;
        return Error{begins ? "recording.damaged" : "recording.unknown",
                     begins ? "the file ends before its header does" : "this is no recording of rnnscope"};
    }
    ByteReader reader(std::string_view(header).substr(recording_magic.size()));
    const std::uint32_t version = reader.fixed32();
    if (reader.fixed32() != masked_crc(crc32c(std::string_view(header).substr(0, file_header_bytes - 4))))
        return Error{"recording.damaged", "the file's header is damaged"};
    if (version < oldest_recording_version || version > recording_version)
        return Error{"recording.version",
                     fmt::format("this recording has format {}, and this rnnscope reads formats {} "
                                 "to {}",
                                 version, oldest_recording_version, recording_version)};
    return std::shared_ptr<const ChunkFile>(file);
}

ChunkFile::~ChunkFile() {
    if (file_ >= 0) close(file_);
}

bool ChunkFile::read_bytes(std::uint64_t offset, std::size_t size, std::string& bytes) const {
    bytes.clear();
    if (offset > size_ || size > size_ - offset) return false;
    bytes.resize(size);
    for (std::size_t done = 0; done < size;) {
        const ssize_t read = pread(file_, bytes.data() + done, size - done, static_cast<off_t>(offset + done));
        if (read < 0 && errno == EINTR) continue;
        if (read <= 0) return false;
        done += static_cast<std::size_t>(read);
    }
    return true;
}

std::optional<std::string> ChunkFile::read(const ChunkPlace& place) const {
    std::string stored;
    if (!read_bytes(place.offset, place.stored_bytes, stored)) return std::nullopt;
    return unpacked(std::move(stored), place);
}

std::optional<ChunkScan::Chunk> ChunkScan::next() {
    if (done_ || !problem_.empty()) return std::nullopt;
    if (offset_ == file_->size()) return stop("the file ends before the recording does");
    std::string header;
    if (!file_->read_bytes(offset_, chunk_header_bytes, header)) return stop("the file ends in the middle of a chunk");
    Chunk chunk;
    std::uint32_t number = 0;
    if (!read_header(header, chunk, number) || number != number_) return stop("the file is damaged");
    chunk.place.offset = offset_ + chunk_header_bytes;
    if (chunk.place.stored_bytes > file_->size() - chunk.place.offset)
        return stop("the file ends in the middle of a chunk");
    std::optional<std::string> payload = file_->read(chunk.place);
    if (!payload) return stop("the file is damaged");
    chunk.payload = *std::move(payload);
    if (chunk.kind == ChunkKind::index) return finish(chunk);
    offsets_.push_back(offset_);
    offset_ = chunk.place.offset + chunk.place.stored_bytes;
    ++number_;
    return chunk;
}

/// The index must say what was found, and the trailer where the index is: else something was taken out or put in.
std::optional<ChunkScan::Chunk> ChunkScan::finish(const Chunk& index) {
    ByteReader reader(index.payload);
    reader.number();
    bool fits = reader.count() == offsets_.size();
    std::uint64_t at = 0;
    for (std::size_t i = 0; fits && i < offsets_.size(); ++i) {
        at += reader.number();
        reader.number();
        fits = at == offsets_[i];
    }
    if (!fits || !reader.ok() || !reader.at_end()) return stop("the file is damaged");
    const std::uint64_t end = index.place.offset + index.place.stored_bytes;
    std::string trailer;
    if (!file_->read_bytes(end, trailer_bytes, trailer)) {
        offset_ = end;
        return stop("the file ends in the middle of its last bytes");
    }
    const std::string_view word = std::string_view(trailer).substr(0, 8);
    ByteReader last(trailer);
    const std::uint64_t low = last.fixed32(), high = last.fixed32();
    if ((low | high << 32U) != offset_ || last.fixed32() != masked_crc(crc32c(word)) ||
        !trailer.ends_with(recording_trailer)) {
        offset_ = end;
        return stop("the file is damaged");
    }
    offset_ = end + trailer_bytes;
    if (offset_ != file_->size()) return stop("the file goes on behind the recording");
    done_ = true;
    return std::nullopt;
}

std::optional<std::uint64_t> ChunkScan::whole_ticks() const {
    std::string trailer, header;
    if (file_->size() < trailer_bytes || !file_->read_bytes(file_->size() - trailer_bytes, trailer_bytes, trailer))
        return std::nullopt;
    ByteReader last(trailer);
    const std::uint64_t low = last.fixed32(), high = last.fixed32(), offset = low | high << 32U;
    Chunk index;
    std::uint32_t number = 0;
    if (last.fixed32() != masked_crc(crc32c(std::string_view(trailer).substr(0, 8))) ||
        !file_->read_bytes(offset, chunk_header_bytes, header) || !read_header(header, index, number) ||
        index.kind != ChunkKind::index)
        return std::nullopt;
    index.place.offset = offset + chunk_header_bytes;
    const std::optional<std::string> payload = file_->read(index.place);
    if (!payload) return std::nullopt;
    ByteReader reader(*payload);
    const std::uint64_t ticks = reader.number();
    return reader.ok() ? std::optional(ticks) : std::nullopt;
}

} // namespace rnnscope::record
