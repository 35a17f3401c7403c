#include "core/import/wire.hpp"

namespace rnnscope {

bool WireReader::read_varint(std::uint64_t& value) {
    value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
        if (at_ == message_.size()) return false;
        const auto byte = static_cast<unsigned char>(message_[at_++]);
        value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
        if (byte < 0x80) return true;
    }
    return false;
}

std::optional<WireReader::Field> WireReader::next() {
    if (problem_ != nullptr || at_ == message_.size()) return std::nullopt;
    Field field;
    field.offset = offset();
    std::uint64_t tag = 0;
    if (!read_varint(tag) || tag >> 32 != 0) return fail("no field begins there");
    field.number = static_cast<std::uint32_t>(tag >> 3);
    field.type = static_cast<Type>(tag & 7);
    if (field.number == 0) return fail("no field has the number 0");
    std::size_t length = 0;
    switch (field.type) {
    case Type::varint:
        if (!read_varint(field.value)) return fail("the number is cut off");
        return field;
    case Type::fixed64:
        length = 8;
        break;
    case Type::fixed32:
        length = 4;
        break;
    case Type::bytes: {
        std::uint64_t size = 0;
        if (!read_varint(size)) return fail("the length of the field is cut off");
        if (size > message_.size() - at_) return fail("the field is longer than what is left of the file");
        length = static_cast<std::size_t>(size);
        break;
    }
    default:
        return fail("the field is of no type that TensorFlow writes");
    }
    if (length > message_.size() - at_) return fail("the field is cut off");
    field.contents = offset();
    field.bytes = message_.substr(at_, length);
    at_ += length;
    return field;
}

} // namespace rnnscope
