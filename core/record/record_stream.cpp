#include "core/record/record_stream.hpp"

#include "core/import/crc32c.hpp"

#include <algorithm>

namespace rnnscope::record {
namespace {

bool holds_strings(DType dtype) {
    return dtype == DType::string || dtype == DType::resource || dtype == DType::variant;
}

const void* memory_of(const Tensor& tensor) {
    if (holds_strings(tensor.dtype())) return tensor.strings().data();
    return tensor.bytes().data();
}

std::uint64_t content_hash(const Tensor& tensor) {
    std::uint32_t crc = 0;
    if (holds_strings(tensor.dtype()))
        for (const std::string& text : tensor.strings()) crc = crc32c(text, crc);
    else
        crc = crc32c({reinterpret_cast<const char*>(tensor.bytes().data()), tensor.bytes().size()});
    return crc | static_cast<std::uint64_t>(tensor.byte_size()) << 32U;
}

} // namespace

void put_tensor(ByteWriter& out, const Tensor& tensor) {
    out.byte(static_cast<std::uint8_t>(tensor.dtype()));
    out.shape(tensor.shape());
    if (!holds_strings(tensor.dtype())) return out.raw(tensor.bytes());
    for (const std::string& text : tensor.strings()) out.text(text);
}

Tensor get_tensor(ByteReader& in) {
    const auto dtype = static_cast<DType>(in.byte());
    Shape shape = in.shape();
    in.require(dtype > DType::invalid && dtype <= DType::uint64 && shape.fully_defined());
    if (!in.ok()) return {};
    const auto elements = static_cast<std::uint64_t>(shape.elements());
    if (!holds_strings(dtype)) {
        const std::size_t size = dtype_size(dtype);
        if (!in.require(size > 0 && elements <= in.left() / size && elements * size == in.left())) return {};
        const std::string_view bytes = in.raw(in.left());
        return Tensor::from_bytes(dtype, std::move(shape), std::as_bytes(std::span(bytes)));
    }
    if (!in.require(elements <= in.left())) return {};
    std::vector<std::string> texts;
    for (std::uint64_t i = 0; i < elements && in.ok(); ++i) texts.emplace_back(in.text());
    if (!in.require(in.at_end())) return {};
    if (dtype == DType::string) return Tensor::of<std::string>(std::move(shape), std::move(texts));
    // Handles come one at a time: nothing makes several in one tensor.
    if (dtype == DType::resource && texts.size() == 1) return Tensor::resource(std::move(texts[0])).reshaped(shape);
    return Tensor::zeros(dtype, std::move(shape));
}

void RecordStream::add(RecordKind kind, const ByteWriter& content) {
    if (pending_.bytes().empty()) chunk_ticks_ = ticks_;
    pending_.number(content.bytes().size() + 1);
    pending_.byte(static_cast<std::uint8_t>(kind));
    pending_.bytes() += content.bytes();
    if (pending_.bytes().size() >= most_chunk_bytes / 2) flush();
}

void RecordStream::flush() {
    std::string_view bytes = pending_.bytes();
    while (!bytes.empty()) {
        const std::string_view piece = bytes.substr(0, most_chunk_bytes);
        file_.write(ChunkKind::stream, piece, chunk_ticks_);
        bytes.remove_prefix(piece.size());
    }
    pending_.bytes().clear();
}

void RecordStream::add_rows(std::string_view rows) {
    flush();
    file_.write(ChunkKind::rows, rows, ticks_);
}

void RecordStream::define(const Tensor& tensor) {
    ByteWriter content;
    put_tensor(content, tensor);
    add(RecordKind::tensor, content);
    ++tensors_;
}

std::uint64_t RecordStream::tensor(const Tensor& tensor) {
    if (!tensor) return 0;
    const auto find = [&](const Table& table, std::uint64_t key, bool by_memory) -> std::uint64_t {
        const auto [begin, end] = table.equal_range(key);
        for (auto known = begin; known != end; ++known) {
            const Tensor& other = known->second.tensor;
            const bool same = by_memory ? other.dtype() == tensor.dtype() && other.shape() == tensor.shape()
                                        : other.identical(tensor);
            if (same) return known->second.number;
        }
        return 0;
    };
    const auto address = reinterpret_cast<std::uintptr_t>(memory_of(tensor));
    if (const std::uint64_t number = find(by_memory_, address, true)) return number;
    const std::uint64_t hash = content_hash(tensor);
    std::uint64_t number = find(by_content_, hash, false);
    if (number == 0) {
        define(tensor);
        number = tensors_;
        by_content_.emplace(hash, Known{tensor, number});
    }
    by_memory_.emplace(address, Known{tensor, number});
    return number;
}

bool RecordScan::fill() {
    std::optional<ChunkScan::Chunk> chunk = chunks_.next();
    if (!chunk || chunk->kind != ChunkKind::stream) return broken_ = true, false;
    pending_.erase(0, at_);
    at_ = 0;
    pending_ += chunk->payload;
    return true;
}

std::optional<RecordScan::Record> RecordScan::next() {
    while (!broken_) {
        ByteReader reader(std::string_view(pending_).substr(at_));
        const std::uint64_t size = reader.number();
        const bool is_there = reader.ok() && size <= reader.left();
        if (reader.ok() && size == 0) broken_ = true;
        if (!is_there || size == 0) {
            if (!broken_) fill();
            continue;
        }
        const std::string_view bytes = reader.raw(static_cast<std::size_t>(size));
        at_ = pending_.size() - reader.left();
        return Record{static_cast<RecordKind>(bytes[0]), bytes.substr(1)};
    }
    return std::nullopt;
}

std::optional<ChunkPlace> RecordScan::rows(std::uint64_t bytes) {
    if (broken_ || at_ != pending_.size()) return std::nullopt;
    const std::optional<ChunkScan::Chunk> chunk = chunks_.next();
    const bool fits = chunk && chunk->kind == ChunkKind::rows && chunk->payload.size() == bytes;
    if (!fits) return broken_ = true, std::nullopt;
    return chunk->place;
}

} // namespace rnnscope::record
