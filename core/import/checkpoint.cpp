#include "core/import/checkpoint.hpp"

#include "core/graph/quiet_protobuf.hpp"
#include "core/import/checkpoint_slices.hpp"
#include "core/import/crc32c.hpp"
#include "core/import/table_reader.hpp"

#include "graph.pb.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <limits>
#include <map>
#include <optional>
#include <span>

namespace rnnscope {
namespace {

constexpr std::uint64_t spare_memory = std::uint64_t{64} << 20; ///< that reading may take beside twice the file
constexpr std::size_t longest_value = std::size_t{1} << 20;     ///< of an index entry; TensorFlow's have some 100 bytes

Error data_loss(std::string message) {
    return {"DataLossError", std::move(message)};
}
Error unimplemented(std::string message) {
    return {"UnimplementedError", std::move(message)};
}

std::optional<std::uint64_t> size_of(const std::string& file) {
    std::error_code failure;
    if (!std::filesystem::is_regular_file(file, failure)) return std::nullopt;
    const std::uintmax_t size = std::filesystem::file_size(file, failure);
    return failure ? std::nullopt : std::optional<std::uint64_t>(size);
}

/// Bytes [offset, offset + size) of a file into `out`. Not mapped: a training run may cut the file meanwhile, and that
/// must be an error, not a signal.
bool read_at(const std::string& file, std::uint64_t offset, std::size_t size, char* out) {
    std::ifstream in(file, std::ios::binary);
    in.seekg(static_cast<std::streamoff>(offset));
    return static_cast<bool>(in.read(out, static_cast<std::streamsize>(size)));
}

/// "(m.data-00000-of-00001, bytes 0 to 8, rnn/bias)"
std::string place(const std::string& file, const CheckpointEntry& entry) {
    return fmt::format("({}, bytes {} to {}, {})", file, entry.offset, entry.offset + entry.size, entry.name);
}

Status check_header(std::string_view value, const std::string& file, int& shards) {
    const QuietProtobuf quiet;
    tensorflow::BundleHeaderProto header;
    if (!header.ParseFromArray(value.data(), static_cast<int>(value.size())))
        return data_loss(
            fmt::format("Unable to read file ({}). Perhaps the file is corrupt or was produced by a newer "
                        "version of TensorFlow with format changes (unable to parse header): Entry for key "
                        " not parseable.",
                        file));
    if (header.endianness() != tensorflow::BundleHeaderProto::LITTLE)
        return unimplemented(
            fmt::format("Reading a bundle with different endianness from the reader ({}, header)", file));
    constexpr int our_version = 1; // kTensorBundleVersion
    if (header.version().min_consumer() > our_version)
        return Error{"InvalidArgumentError",
                     fmt::format("Checkpoint min consumer version {} above current version {} for TensorFlow 1.15.0.  "
                                 "Please upgrade TensorFlow. ({}, header)",
                                 header.version().min_consumer(), our_version, file)};
    for (const int bad : header.version().bad_consumers())
        if (bad == our_version)
            return Error{
                "InvalidArgumentError",
                fmt::format("Checkpoint disallows consumer version {}.  Please upgrade TensorFlow: this version "
                            "is likely buggy. ({}, header)",
                            bad, file)};
    constexpr int most_shards = 100'000; // as many as the file names have digits for
    if (header.num_shards() < 1 || header.num_shards() > most_shards)
        return data_loss(fmt::format("{} data files ({}, header)", header.num_shards(), file));
    shards = header.num_shards();
    return {};
}

Result<Shape> shape_of(const tensorflow::TensorShapeProto& proto) {
    constexpr int largest_rank = 254; // TensorShape::MaxDimensions
    std::vector<std::int64_t> dims;
    bool valid = !proto.unknown_rank() && proto.dim_size() <= largest_rank;
    std::int64_t product = 1;
    for (int i = 0; valid && i < proto.dim_size(); ++i) {
        const std::int64_t size = proto.dim(i).size();
        valid = size >= 0 && !__builtin_mul_overflow(product, std::max<std::int64_t>(size, 1), &product);
        dims.push_back(size);
    }
    if (!valid) return data_loss("Invalid tensor shape");
    return Shape(std::move(dims));
}

Result<CheckpointEntry> entry_of(std::string_view name, std::string_view value, int shards) {
    const auto bad = [&](std::string_view why) { return data_loss(fmt::format("{}: {}", why, name)); };
    const QuietProtobuf quiet;
    tensorflow::BundleEntryProto proto;
    if (value.size() > longest_value || !proto.ParseFromArray(value.data(), static_cast<int>(value.size())))
        return data_loss(fmt::format("Entry for key {} not parseable.", name));
    CheckpointEntry entry;
    entry.name = name;
    if (proto.dtype() <= 0 || proto.dtype() > static_cast<int>(DType::uint64))
        return bad(fmt::format("unknown data type {}", static_cast<int>(proto.dtype())));
    entry.dtype = static_cast<DType>(proto.dtype());
    auto shape = shape_of(proto.shape());
    if (!shape) return bad(shape.error().message);
    entry.shape = *std::move(shape);
    if (proto.shard_id() < 0 || proto.shard_id() >= shards)
        return bad(fmt::format("data file {} of {}", proto.shard_id(), shards));
    entry.shard = proto.shard_id();
    std::int64_t end = 0;
    if (proto.offset() < 0 || proto.size() < 0 || __builtin_add_overflow(proto.offset(), proto.size(), &end))
        return bad(fmt::format("impossible place: {} bytes at byte {}", proto.size(), proto.offset()));
    entry.offset = static_cast<std::uint64_t>(proto.offset());
    entry.size = static_cast<std::uint64_t>(proto.size());
    entry.checksum = unmasked_crc(proto.crc32c());
    for (const auto& proto_slice : proto.slices()) {
        CheckpointSlice& slice = entry.slices.emplace_back();
        for (const auto& extent : proto_slice.extent()) {
            slice.start.push_back(extent.start());
            slice.length.push_back(extent.has_length_case() == extent.kLength ? extent.length() : -1);
        }
    }
    if (!lie_within(entry.slices, entry.shape)) return bad("impossible slices");
    return entry;
}

/// Collects the index's entries within a bound on memory.
class IndexReader {
  public:
    IndexReader(const std::string& file, std::uint64_t size) : file_(file), most_(2 * size + spare_memory) {}

    Status add(std::string_view key, std::string_view value) {
        if (!has_header_) {
            has_header_ = true;
            if (!key.empty()) return data_loss(fmt::format("the header is missing ({})", file_));
            return check_header(value, file_, shards);
        }
        // Keys that begin with a zero byte are the pieces of partitioned variables.
        const bool is_piece = key.front() == '\0';
        const std::optional<std::string> name = is_piece ? name_of_piece(key) : std::string(key);
        if (!name) return data_loss(fmt::format("a key that names no slice ({})", file_));
        auto entry = entry_of(*name, value, shards);
        if (!entry) return Error{entry.error().code, fmt::format("{} ({})", entry.error().message, file_)};
        const std::size_t rank = entry->shape.rank();
        memory_ += sizeof(CheckpointEntry) + key.size() + 2 * sizeof(std::int64_t) * rank +
                   entry->slices.size() * (sizeof(CheckpointSlice) + 4 * sizeof(std::int64_t) * rank);
        (is_piece ? pieces : entries).push_back(*std::move(entry));
        if (memory_ > most_)
            return data_loss(fmt::format("the names of the tensors are too long for so small a file ({})", file_));
        return {};
    }
    bool has_header() const { return has_header_; }

    int shards = 0;
    std::vector<CheckpointEntry> entries, pieces;

  private:
    const std::string& file_;
    std::uint64_t most_, memory_ = 0;
    bool has_header_ = false;
};

/// Number of bytes that a value must have; the largest number when it is larger.
std::uint64_t expected_size(const CheckpointEntry& entry) {
    std::uint64_t size = 0;
    const auto elements = static_cast<std::uint64_t>(entry.shape.elements());
    return __builtin_mul_overflow(elements, dtype_size(entry.dtype), &size) ? std::numeric_limits<std::uint64_t>::max()
                                                                            : size;
}

Status check_checksum(const CheckpointEntry& entry, std::uint32_t calculated, const std::string& file) {
    if (entry.checksum == calculated) return {};
    return data_loss(fmt::format("Checksum does not match: stored {:08} vs. calculated on the restored bytes {} {}",
                                 entry.checksum, calculated, place(file, entry)));
}

std::string little_endian(std::uint64_t value, std::size_t bytes) {
    std::string text;
    for (std::size_t i = 0; i < bytes; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
    return text;
}

Result<Tensor> read_numbers(const CheckpointEntry& entry, const std::string& file) {
    std::byte* data = nullptr;
    Tensor tensor = Tensor::make_bytes(entry.dtype, entry.shape, data);
    const auto size = static_cast<std::size_t>(entry.size);
    auto* bytes = reinterpret_cast<char*>(data);
    if (size > 0 && !read_at(file, entry.offset, size, bytes))
        return data_loss(fmt::format("Read less bytes than requested {}", place(file, entry)));
    if (Status status = check_checksum(entry, crc32c({bytes, size}), file); !status) return status.error();
    // A bool that is neither 0 nor 1 is none in C++.
    if (entry.dtype == DType::boolean)
        for (std::size_t i = 0; i < size; ++i) data[i] = data[i] == std::byte{0} ? std::byte{0} : std::byte{1};
    return tensor;
}

/// Lengths as varints, the masked checksum of the lengths as 32-bit numbers (64-bit where they need it), the bytes. The
/// entry's checksum is over lengths, checksum word and bytes.
Result<Tensor> read_strings(const CheckpointEntry& entry, const std::string& file) {
    std::string bytes(static_cast<std::size_t>(entry.size), '\0');
    if (!read_at(file, entry.offset, bytes.size(), bytes.data()))
        return data_loss(fmt::format("Read less bytes than requested {}", place(file, entry)));
    std::string_view rest = bytes;
    const auto count = static_cast<std::size_t>(entry.shape.elements());
    std::uint32_t crc = 0;
    std::string_view lengths = rest;
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t length = 0;
        if (!take_varint64(rest, length))
            return data_loss(fmt::format("String lengths longer than expected offset {} {}", entry.offset + entry.size,
                                         place(file, entry)));
        crc = crc32c(little_endian(length, length <= std::numeric_limits<std::uint32_t>::max() ? 4 : 8), crc);
    }
    if (rest.size() < 4) return data_loss(fmt::format("Read less bytes than requested {}", place(file, entry)));
    const std::uint32_t stored = unmasked_crc(fixed32_at(rest, 0));
    if (stored != crc)
        return data_loss(fmt::format("The length checksum does not match: expected {:08} but actual is {:08} {}",
                                     stored, crc, place(file, entry)));
    crc = crc32c(rest.substr(0, 4), crc);
    rest.remove_prefix(4);
    std::vector<std::string> strings;
    strings.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        std::uint64_t length = 0;
        take_varint64(lengths, length);
        if (length > rest.size())
            return data_loss(fmt::format("Read less bytes than requested {}", place(file, entry)));
        strings.emplace_back(rest.substr(0, static_cast<std::size_t>(length)));
        rest.remove_prefix(static_cast<std::size_t>(length));
        crc = crc32c(strings.back(), crc);
    }
    if (Status status = check_checksum(entry, crc, file); !status) return status.error();
    return Tensor::of<std::string>(entry.shape, std::move(strings));
}

} // namespace

std::string Checkpoint::data_file(int shard) const {
    return fmt::format("{}.data-{:05}-of-{:05}", prefix_, shard, shards_);
}

Result<Checkpoint> Checkpoint::open(std::string prefix) {
    Checkpoint checkpoint;
    checkpoint.prefix_ = std::move(prefix);
    const std::string file = checkpoint.index_file();
    const auto size = size_of(file);
    if (!size) {
        if (size_of(checkpoint.prefix_))
            return unimplemented(
                fmt::format("{} is a V1 checkpoint (TensorSliceReader), or no checkpoint: there is no {}. "
                            "V1 checkpoints are not supported",
                            checkpoint.prefix_, file));
        return Error{"NotFoundError",
                     fmt::format("Unsuccessful TensorSliceReader constructor: Failed to find any matching files for {}",
                                 checkpoint.prefix_)};
    }
    std::string bytes(static_cast<std::size_t>(*size), '\0');
    if (!read_at(file, 0, bytes.size(), bytes.data()) && !bytes.empty())
        return Error{"UnavailableError", fmt::format("{} cannot be read", file)};
    IndexReader index(file, *size);
    Status status =
        read_table(bytes, file, [&](std::string_view key, std::string_view value) { return index.add(key, value); });
    if (!status) return status.error();
    if (!index.has_header()) return data_loss(fmt::format("the header is missing ({})", file));
    checkpoint.shards_ = index.shards;
    checkpoint.entries_ = std::move(index.entries);
    checkpoint.pieces_ = std::move(index.pieces);
    return checkpoint;
}

const CheckpointEntry* Checkpoint::find(std::string_view name) const {
    const auto it = std::ranges::lower_bound(entries_, name, {}, &CheckpointEntry::name);
    return it == entries_.end() || it->name != name ? nullptr : &*it;
}

Result<Tensor> Checkpoint::read(std::string_view name) const {
    const CheckpointEntry* entry = find(name);
    if (entry == nullptr) return Error{"NotFoundError", fmt::format("Key {} not found in checkpoint", name)};
    return read(*entry);
}

Result<Tensor> Checkpoint::read(const CheckpointEntry& entry) const {
    const std::string file = data_file(entry.shard);
    if (!entry.slices.empty() && entry.dtype == DType::string)
        return unimplemented(fmt::format("{} is a partitioned variable of strings, stored in {} slices; putting those "
                                         "together is not supported ({})",
                                         entry.name, entry.slices.size(), index_file()));
    if (entry.dtype == DType::resource || entry.dtype == DType::variant)
        return unimplemented(fmt::format("{} is a {}; values of that type are not supported ({})", entry.name,
                                         dtype_name(entry.dtype), index_file()));
    if (!entry.slices.empty()) {
        const std::span<const CheckpointEntry> pieces{
            std::ranges::lower_bound(pieces_, entry.name, {}, &CheckpointEntry::name),
            std::ranges::upper_bound(pieces_, entry.name, {}, &CheckpointEntry::name)};
        // Pieces that share bytes could make much of a small file.
        std::map<int, std::uint64_t> sizes;
        for (const CheckpointEntry& piece : pieces) {
            const auto size = size_of(data_file(piece.shard));
            if (!size)
                return Error{"NotFoundError", fmt::format("{}; No such file or directory", data_file(piece.shard))};
            sizes[piece.shard] = *size;
        }
        std::uint64_t room = 0;
        for (const auto& [shard, size] : sizes) room += size;
        if (!pieces.empty() && expected_size(entry) > room)
            return data_loss(fmt::format("{} is larger than the files that hold it ({})", entry.name, index_file()));
        auto value = put_together(entry, pieces, [&](const CheckpointEntry& piece) { return read(piece); });
        if (value || value.error().code != "DataLossError") return value;
        return data_loss(fmt::format("{} ({})", value.error().message, index_file()));
    }
    const bool strings = entry.dtype == DType::string;
    const std::uint64_t wanted = strings ? static_cast<std::uint64_t>(entry.shape.elements()) : expected_size(entry);
    if (strings ? entry.size < wanted : entry.size != wanted)
        return data_loss(fmt::format("Invalid size in bundle entry: key {}; stored size {}; expected size {}{} ({})",
                                     entry.name, entry.size, strings ? "is at least " : "", wanted, index_file()));
    const auto size = size_of(file);
    if (!size) return Error{"NotFoundError", fmt::format("{}; No such file or directory", file)};
    if (entry.offset > *size || entry.size > *size - entry.offset)
        return data_loss(
            fmt::format("Read less bytes than requested {}: the file ends at byte {}", place(file, entry), *size));
    if (!strings) return read_numbers(entry, file);
    // Very many very short strings take more room in memory than in the file.
    if (wanted > (2 * *size + spare_memory) / sizeof(std::string))
        return Error{"ResourceExhaustedError", fmt::format("{} strings are too many {}", wanted, place(file, entry))};
    return read_strings(entry, file);
}

} // namespace rnnscope
