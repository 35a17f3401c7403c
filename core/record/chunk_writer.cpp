#include "core/base/linked_file.hpp"
#include "core/import/crc32c.hpp"
#include "core/record/byte_coding.hpp"
#include "core/record/chunk_format.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <snappy.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace rnnscope::record {
namespace {

/// What is compressed to more than this part of itself is stored as it is: it would only take longer to read.
bool is_worth_it(std::size_t compressed, std::size_t raw) {
    return compressed < raw - raw / 16;
}

bool is_same_file(int file, const std::string& path) {
    struct stat open_file {};
    struct stat named {};
    return fstat(file, &open_file) == 0 && stat(path.c_str(), &named) == 0 && open_file.st_ino == named.st_ino &&
           open_file.st_dev == named.st_dev;
}

/// A rename is on the disk when its folder is.
void sync_folder(const std::string& path) {
    const std::string folder = std::filesystem::path(path).parent_path().string();
    const int file = ::open(folder.empty() ? "." : folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return;
    fsync(file);
    close(file);
}

} // namespace

ChunkWriter::ChunkWriter(std::string path)
    : path_(std::move(path)), target_(linked_file(path_)), beside_(target_ + ".part") {
    if (!open()) return;
    ByteWriter header;
    header.bytes() = recording_magic;
    header.fixed32(recording_version);
    header.fixed32(masked_crc(crc32c(header.bytes())));
    put(header.bytes());
}

/// Of two that save to one path at the same time the second gives up. The lock goes with the process, so that one which
/// was killed leaves a file that the next takes over.
bool ChunkWriter::open() {
    for (int attempt = 0; attempt < 3; ++attempt) {
        file_ = ::open(beside_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
        if (file_ < 0) return note(std::strerror(errno)), false;
        if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
            error_ = Error{"file.in-use", fmt::format("{} is being saved by another process", path_)};
            close(std::exchange(file_, -1));
            return false;
        }
        // The other may have been done between our two calls: then the name stands for nothing, and what we hold open
        // is the file that it saved.
        if (is_same_file(file_, beside_)) {
            if (ftruncate(file_, 0) == 0) return true;
            return note(std::strerror(errno)), false;
        }
        close(std::exchange(file_, -1));
    }
    return note("another process saves to it again and again"), false;
}

ChunkWriter::~ChunkWriter() {
    if (file_ < 0) return;
    ::unlink(beside_.c_str());
    close(file_);
}

void ChunkWriter::note(std::string_view what) {
    if (!error_) error_ = Error{"file.write", fmt::format("{} cannot be written: {}", path_, what)};
}

void ChunkWriter::put(std::string_view bytes) {
    while (!bytes.empty() && !error_) {
        const ssize_t written = ::write(file_, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return note(std::strerror(errno));
        bytes.remove_prefix(static_cast<std::size_t>(written));
        offset_ += static_cast<std::uint64_t>(written);
    }
}

void ChunkWriter::write(ChunkKind kind, std::string_view payload, std::uint64_t ticks) {
    if (error_) return;
    if (kind != ChunkKind::index) entries_.push_back({offset_, ticks});
    snappy::Compress(payload.data(), payload.size(), &compressed_);
    const bool compressed = is_worth_it(compressed_.size(), payload.size());
    const std::string_view stored = compressed ? std::string_view(compressed_) : payload;
    ByteWriter header;
    header.fixed32(static_cast<std::uint32_t>(kind) | (compressed ? coding_snappy : 0U));
    header.fixed32(number_++);
    header.fixed32(static_cast<std::uint32_t>(payload.size()));
    header.fixed32(static_cast<std::uint32_t>(stored.size()));
    header.fixed32(masked_crc(crc32c(stored)));
    header.fixed32(masked_crc(crc32c(header.bytes())));
    put(header.bytes());
    put(stored);
}

Status ChunkWriter::commit(std::uint64_t ticks) {
    const std::uint64_t index = offset_;
    ByteWriter entries;
    entries.number(ticks);
    entries.number(entries_.size());
    Entry last;
    for (const Entry& entry : entries_) {
        entries.number(entry.offset - last.offset);
        entries.number(entry.ticks - last.ticks);
        last = entry;
    }
    write(ChunkKind::index, entries.bytes(), ticks);
    ByteWriter trailer;
    trailer.fixed32(static_cast<std::uint32_t>(index));
    trailer.fixed32(static_cast<std::uint32_t>(index >> 32U));
    trailer.fixed32(masked_crc(crc32c(trailer.bytes())));
    trailer.bytes() += recording_trailer;
    put(trailer.bytes());
    if (!error_ && fsync(file_) != 0) note(std::strerror(errno));
    if (!error_ && std::rename(beside_.c_str(), target_.c_str()) != 0) note(std::strerror(errno));
    if (error_) return *error_;
    sync_folder(target_);
    close(std::exchange(file_, -1));
    return {};
}

} // namespace rnnscope::record
