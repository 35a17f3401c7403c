#pragma once

#include "core/base/id.hpp"
#include "core/tensor/shape.hpp"

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace rnnscope::record {

/// Makes bytes of values: integers seven bits a byte, least first (protobuf's varint), texts with their length. The
/// same values give the same bytes.
class ByteWriter {
  public:
    void byte(std::uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
    void flag(bool value) { byte(value ? 1 : 0); }
    void number(std::uint64_t value) {
        for (; value >= 0x80; value >>= 7U) byte(static_cast<std::uint8_t>(value | 0x80U));
        byte(static_cast<std::uint8_t>(value));
    }
    void integer(std::int64_t value) { ///< small ones of either sign take few bytes
        number((static_cast<std::uint64_t>(value) << 1U) ^ static_cast<std::uint64_t>(value >> 63));
    }
    void fixed32(std::uint32_t value) {
        for (int i = 0; i < 4; ++i) byte(static_cast<std::uint8_t>(value >> (8U * static_cast<unsigned>(i))));
    }
    void text(std::string_view value) {
        number(value.size());
        bytes_.append(value);
    }
    void raw(std::span<const std::byte> value) {
        bytes_.append(reinterpret_cast<const char*>(value.data()), value.size());
    }
    template <class Tag> void id(Id<Tag> value) { number(value.valid() ? value.value + std::uint64_t{1} : 0); }
    void shape(const Shape& value) {
        number(value.has_rank() ? value.rank() + 1 : 0);
        for (const std::int64_t dim : value.dims()) integer(dim);
    }

    const std::string& bytes() const { return bytes_; }
    std::string& bytes() { return bytes_; }

  private:
    std::string bytes_;
};

/// Reads them back. Bytes are untrusted: whatever does not fit makes `ok()` false for ever, and zeros come from then
/// on.
class ByteReader {
  public:
    explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}
    bool ok() const { return ok_; }
    bool at_end() const { return at_ == bytes_.size(); }
    std::size_t left() const { return bytes_.size() - at_; }
    bool fail() { return ok_ = false; }
    /// Notes that the bytes are wrong unless `condition`.
    bool require(bool condition) { return condition ? ok_ : fail(); }

    std::uint8_t byte() {
        if (!require(at_ < bytes_.size()) || !ok_) return 0;
        return static_cast<std::uint8_t>(bytes_[at_++]);
    }
    bool flag() {
        const std::uint8_t value = byte();
        require(value < 2);
        return value == 1;
    }
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const std::uint8_t next = byte();
            value |= static_cast<std::uint64_t>(next & 0x7FU) << shift;
            if (next < 0x80) return ok_ ? value : 0;
        }
        fail();
        return 0;
    }
    std::uint64_t number_up_to(std::uint64_t most) {
        const std::uint64_t value = number();
        return require(value <= most) ? value : 0;
    }
    std::uint32_t number32() {
        return static_cast<std::uint32_t>(number_up_to(std::numeric_limits<std::uint32_t>::max()));
    }
    std::int64_t integer() {
        const std::uint64_t value = number();
        return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
    }
    std::uint32_t fixed32() {
        std::uint32_t value = 0;
        for (unsigned i = 0; i < 4; ++i) value |= static_cast<std::uint32_t>(byte()) << (8 * i);
        return value;
    }
    /// Of things that take at least one byte each: more than there are bytes are refused before room is made for them.
    std::size_t count() { return static_cast<std::size_t>(number_up_to(left())); }
    std::string_view raw(std::size_t size) {
        if (!require(size <= left())) return {};
        at_ += size;
        return bytes_.substr(at_ - size, size);
    }
    std::string_view text() { return raw(static_cast<std::size_t>(number_up_to(left()))); }
    /// Of one of `limit` things.
    template <class AnyId> AnyId id(std::size_t limit) {
        const std::uint64_t value = number_up_to(limit);
        return require(value > 0) ? AnyId(static_cast<std::size_t>(value - 1)) : AnyId();
    }
    template <class AnyId> AnyId id_or_none(std::size_t limit) {
        const std::uint64_t value = number_up_to(limit);
        return value > 0 ? AnyId(static_cast<std::size_t>(value - 1)) : AnyId();
    }
    Shape shape() {
        const std::uint64_t rank = number_up_to(left() + 1);
        if (rank == 0) return Shape::unknown_rank();
        std::vector<std::int64_t> dims;
        for (std::uint64_t i = 1; i < rank && ok_; ++i) {
            dims.push_back(integer());
            require(dims.back() >= Shape::unknown);
        }
        return ok_ ? Shape(std::move(dims)) : Shape::unknown_rank();
    }

  private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

} // namespace rnnscope::record
