#include "core/import/checkpoint.hpp"
#include "core/import/crc32c.hpp"

#include "graph.pb.h"

#include <fmt/format.h>
#include <leveldb/env.h>
#include <leveldb/options.h>
#include <leveldb/table_builder.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>

namespace rnnscope {
namespace {

Error cannot_write(const std::string& file, std::string_view why) {
    return {"PermissionDeniedError", fmt::format("{} cannot be written: {}", file, why)};
}

/// Appends and keeps the checksum and the place.
class DataFile {
  public:
    explicit DataFile(const std::string& file) : out_(file, std::ios::binary | std::ios::trunc) {}

    /// Starts an entry.
    void begin() {
        start_ = at_;
        crc_ = 0;
    }
    void append(std::string_view bytes) {
        out_.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
        at_ += bytes.size();
    }
    void count(std::string_view bytes) { crc_ = crc32c(bytes, crc_); }
    std::uint32_t crc() const { return crc_; }
    std::uint64_t offset() const { return start_; }
    std::uint64_t size() const { return at_ - start_; }
    bool close() {
        out_.close();
        return !out_.fail();
    }

  private:
    std::ofstream out_;
    std::uint64_t at_ = 0, start_ = 0;
    std::uint32_t crc_ = 0;
};

template <class T> std::string little_endian(T value) {
    std::string text;
    for (std::size_t i = 0; i < sizeof value; ++i) text += static_cast<char>(value >> (8 * i) & 0xFF);
    return text;
}

std::string varint(std::uint64_t value) {
    std::string text;
    for (; value >= 0x80; value >>= 7) text += static_cast<char>((value & 0x7F) | 0x80);
    text += static_cast<char>(value);
    return text;
}

/// See read_strings in checkpoint.cpp.
void append_strings(DataFile& out, std::span<const std::string> strings) {
    std::string lengths;
    for (const std::string& s : strings) {
        lengths += varint(s.size());
        out.count(s.size() <= UINT32_MAX ? little_endian(static_cast<std::uint32_t>(s.size()))
                                         : little_endian(static_cast<std::uint64_t>(s.size())));
    }
    out.append(lengths);
    const std::string checksum = little_endian(masked_crc(out.crc()));
    out.append(checksum);
    out.count(checksum);
    for (const std::string& s : strings) {
        out.append(s);
        out.count(s);
    }
}

std::string append_tensor(DataFile& out, const Tensor& tensor) {
    out.begin();
    if (tensor.dtype() == DType::string) {
        append_strings(out, tensor.strings());
    } else {
        const std::span<const std::byte> bytes = tensor.bytes();
        const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
        out.append(text);
        out.count(text);
    }
    tensorflow::BundleEntryProto entry;
    entry.set_dtype(static_cast<tensorflow::DataType>(tensor.dtype()));
    auto* shape = entry.mutable_shape(); // there also for scalars
    for (const std::int64_t dim : tensor.shape().dims()) shape->add_dim()->set_size(dim);
    entry.set_offset(static_cast<std::int64_t>(out.offset()));
    entry.set_size(static_cast<std::int64_t>(out.size()));
    entry.set_crc32c(masked_crc(out.crc()));
    return entry.SerializeAsString();
}

std::string header() {
    tensorflow::BundleHeaderProto proto;
    proto.set_num_shards(1);
    proto.mutable_version()->set_producer(1);
    return proto.SerializeAsString();
}

/// TensorFlow's table is leveldb's, with larger blocks and without compression.
Status write_index(const std::string& file, const std::map<std::string, std::string>& entries) {
    leveldb::WritableFile* opened = nullptr;
    leveldb::Status status = leveldb::Env::Default()->NewWritableFile(file, &opened);
    if (!status.ok()) return cannot_write(file, status.ToString());
    const std::unique_ptr<leveldb::WritableFile> out(opened);
    leveldb::Options options;
    options.compression = leveldb::kNoCompression;
    options.block_size = 262144;
    options.block_restart_interval = 16;
    leveldb::TableBuilder builder(options, out.get());
    for (const auto& [key, value] : entries) builder.Add(key, value);
    status = builder.Finish();
    if (status.ok()) status = out->Close();
    return status.ok() ? Status() : cannot_write(file, status.ToString());
}

Status check(std::span<const ops::NamedTensor> tensors) {
    std::map<std::string_view, int> seen;
    for (const ops::NamedTensor& tensor : tensors) {
        if (tensor.name.empty()) return Error{"InvalidArgumentError", "a tensor without a name cannot be saved"};
        if (++seen[tensor.name] > 1)
            return Error{"InvalidArgumentError", fmt::format("Adding duplicate key: {}", tensor.name)};
        if (tensor.value.dtype() != DType::string && dtype_size(tensor.value.dtype()) == 0)
            return Error{"UnimplementedError", fmt::format("{} is a {}; values of that type cannot be saved",
                                                           tensor.name, dtype_name(tensor.value.dtype()))};
    }
    return {};
}

Status write_both(const std::string& data, const std::string& index, std::span<const ops::NamedTensor> tensors) {
    std::map<std::string, std::string> entries{{"", header()}};
    DataFile out(data);
    for (const ops::NamedTensor& tensor : tensors) entries[tensor.name] = append_tensor(out, tensor.value);
    if (!out.close()) return cannot_write(data, "the disk is full, or the folder is not writable");
    return write_index(index, entries);
}

} // namespace

Status write_checkpoint(const std::string& prefix, std::span<const ops::NamedTensor> tensors) {
    if (Status status = check(tensors); !status) return status;
    const std::string data = prefix + ".data-00000-of-00001", index = prefix + ".index";
    constexpr std::string_view unfinished = ".unfinished";
    const std::string new_data = data + std::string(unfinished), new_index = index + std::string(unfinished);
    std::error_code failure;
    if (const auto folder = std::filesystem::path(prefix).parent_path(); !folder.empty())
        std::filesystem::create_directories(folder, failure);
    Status status = write_both(new_data, new_index, tensors);
    for (const auto& [from, to] : {std::pair(new_data, data), std::pair(new_index, index)}) {
        if (!status) break;
        std::filesystem::rename(from, to, failure);
        if (failure) status = cannot_write(to, failure.message());
    }
    if (!status)
        for (const std::string& file : {new_data, new_index}) std::filesystem::remove(file, failure);
    return status;
}

} // namespace rnnscope
