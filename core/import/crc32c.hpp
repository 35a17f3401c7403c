#pragma once

#include <cstdint>
#include <string_view>

namespace rnnscope {

/// CRC-32C (Castagnoli) of what `crc` is the checksum of, followed by `bytes`; 0 is the checksum of nothing.
std::uint32_t crc32c(std::string_view bytes, std::uint32_t crc = 0);

/// How leveldb and TensorFlow store a checksum (util/crc32c.h: a checksum of bytes that hold checksums is weak).
constexpr std::uint32_t masked_crc(std::uint32_t crc) {
    return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U;
}
constexpr std::uint32_t unmasked_crc(std::uint32_t masked) {
    const std::uint32_t rotated = masked - 0xA282EAD8U;
    return (rotated >> 17) | (rotated << 15);
}

} // namespace rnnscope
