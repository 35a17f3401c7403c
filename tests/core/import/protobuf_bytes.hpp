#pragma once

#include <cstdint>
#include <string>

/// What TensorFlow's protobuf library would write, spelt out: a test that wrote with protobuf could not write what is
/// wrong.
namespace rnnscope::testing {

inline std::string varint(std::uint64_t value) {
    std::string bytes;
    for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
    return bytes += static_cast<char>(value);
}

/// A field of text, bytes or a message.
inline std::string field(std::uint32_t field_number, const std::string& bytes) {
    return varint(field_number << 3 | 2) + varint(bytes.size()) + bytes;
}
/// A field of an integer, an enumeration or a bool.
inline std::string number(std::uint32_t field_number, std::uint64_t value) {
    return varint(field_number << 3) + varint(value);
}
inline std::string map_entry(const std::string& key, const std::string& value) {
    return field(1, key) + field(2, value);
}

/// A NodeDef; `rest`: its inputs (field 3) and attributes.
inline std::string node_def(const std::string& name, const std::string& op, const std::string& rest = "") {
    return field(1, name) + field(2, op) + rest;
}
inline std::string attr(const std::string& key, const std::string& value) {
    return field(5, map_entry(key, value));
}

} // namespace rnnscope::testing
