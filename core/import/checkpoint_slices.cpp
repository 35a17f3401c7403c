#include "core/import/checkpoint_slices.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace rnnscope {

namespace {

/// As its key has them: the first dimension first, of each the start before the length.
std::vector<std::int64_t> numbers_of(const CheckpointSlice& slice) {
    std::vector<std::int64_t> numbers;
    for (std::size_t i = 0; i < slice.start.size(); ++i) {
        numbers.push_back(slice.start[i]);
        numbers.push_back(slice.length[i]);
    }
    return numbers;
}

Shape shape_of_slice(const CheckpointSlice& slice, const Shape& whole) {
    std::vector<std::int64_t> dims;
    for (std::size_t i = 0; i < slice.length.size(); ++i)
        dims.push_back(slice.length[i] < 0 ? whole.dim(i) : slice.length[i]);
    return Shape(std::move(dims));
}

/// Copies row by row; a row is what lies together in both.
void copy_piece(const Tensor& piece, const CheckpointSlice& slice, const Shape& whole, std::byte* to) {
    const std::size_t size = dtype_size(piece.dtype()), rank = whole.rank();
    const Shape& shape = piece.shape();
    const std::int64_t row = rank == 0 ? 1 : shape.dim(rank - 1);
    const std::int64_t rows = row == 0 ? 0 : piece.elements() / row;
    const std::byte* from = piece.bytes().data();
    for (std::int64_t i = 0; i < rows; ++i) {
        // The place of the row's first element in the whole, from its place in the piece.
        std::int64_t at = rank == 0 ? 0 : slice.start[rank - 1], left = i, stride = rank == 0 ? 1 : whole.dim(rank - 1);
        for (std::size_t d = rank; d-- > 1;) {
            at += (left % shape.dim(d - 1) + slice.start[d - 1]) * stride;
            left /= shape.dim(d - 1);
            stride *= whole.dim(d - 1);
        }
        std::memcpy(to + static_cast<std::size_t>(at) * size, from + static_cast<std::size_t>(i * row) * size,
                    static_cast<std::size_t>(row) * size);
    }
}

} // namespace

std::optional<std::string> name_of_piece(std::string_view key) {
    if (!key.starts_with('\0')) return std::nullopt;
    std::string name;
    for (std::size_t i = 1; i + 1 < key.size(); ++i) {
        // A zero byte is written as "\0\xff", a byte 0xff as "\xff\0"; the end is "\0\1".
        const char byte = key[i], next = key[i + 1];
        if (byte == '\0' && next == '\1') return name;
        const bool is_escape = (byte == '\0' && next == '\xff') || (byte == '\xff' && next == '\0');
        if (is_escape)
            ++i;
        else if (byte == '\0' || byte == '\xff')
            return std::nullopt;
        name += byte;
    }
    return std::nullopt;
}

bool lie_within(std::span<const CheckpointSlice> slices, const Shape& shape) {
    return std::ranges::all_of(slices, [&](const CheckpointSlice& slice) {
        if (slice.start.size() != shape.rank()) return false;
        for (std::size_t i = 0; i < slice.start.size(); ++i) {
            const std::int64_t start = slice.start[i], length = slice.length[i], dim = shape.dim(i);
            const bool is_all = start == 0 && length == -1;
            if (!is_all && (start < 0 || length < 0 || start > dim || length > dim - start)) return false;
        }
        return true;
    });
}

Result<Tensor> put_together(const CheckpointEntry& whole, std::span<const CheckpointEntry> pieces,
                            const std::function<Result<Tensor>(const CheckpointEntry&)>& read) {
    const auto bad = [&](std::string_view why) {
        return Error{"DataLossError",
                     fmt::format("{} is stored in {} slices, {}", whole.name, whole.slices.size(), why)};
    };
    if (pieces.size() != whole.slices.size()) return bad(fmt::format("but {} are there", pieces.size()));
    std::vector<CheckpointSlice> slices = whole.slices;
    std::ranges::sort(slices, {}, numbers_of);
    std::int64_t elements = 0;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
        const CheckpointEntry& piece = pieces[i];
        if (piece.dtype != whole.dtype || piece.shape != shape_of_slice(slices[i], whole.shape) ||
            !piece.slices.empty())
            return bad(fmt::format("and one of them is {} {}", dtype_name(piece.dtype), to_python(piece.shape)));
        if (__builtin_add_overflow(elements, piece.shape.elements(), &elements)) return bad("which are too many");
    }
    if (elements != whole.shape.elements()) return bad("which are not all of it, or more");
    std::vector<Tensor> values;
    for (const CheckpointEntry& piece : pieces) {
        Result<Tensor> value = read(piece);
        if (!value) return value.error();
        values.push_back(*std::move(value));
    }
    std::byte* data = nullptr;
    Tensor tensor = Tensor::make_bytes(whole.dtype, whole.shape, data);
    // Slices that lie over each other leave elements out: those are zeros.
    if (elements > 0) std::memset(data, 0, static_cast<std::size_t>(elements) * dtype_size(whole.dtype));
    for (std::size_t i = 0; i < values.size(); ++i) copy_piece(values[i], slices[i], whole.shape, data);
    return tensor;
}

} // namespace rnnscope
