#include "core/tf1/md5.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <string>

namespace rnnscope::tf1 {

namespace {

/// RFC 1321, one block of 64 bytes.
void add_block(std::array<std::uint32_t, 4>& digest, std::string_view block) {
    static constexpr std::array<std::array<int, 4>, 4> rotations{
        {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}};
    std::array<std::uint32_t, 16> words{};
    for (std::size_t i = 0; i < 64; ++i)
        words[i / 4] |= static_cast<std::uint32_t>(static_cast<unsigned char>(block[i])) << (8 * (i % 4));
    auto [a, b, c, d] = digest;
    for (std::uint32_t i = 0; i < 64; ++i) {
        std::uint32_t mixed = 0;
        std::uint32_t word = 0;
        switch (i / 16) {
        case 0:
            mixed = (b & c) | (~b & d), word = i;
            break;
        case 1:
            mixed = (d & b) | (~d & c), word = (5 * i + 1) % 16;
            break;
        case 2:
            mixed = b ^ c ^ d, word = (3 * i + 5) % 16;
            break;
        default:
            mixed = c ^ (b | ~d), word = (7 * i) % 16;
            break;
        }
        const auto sine = static_cast<std::uint32_t>(std::floor(std::fabs(std::sin(i + 1.0)) * 4294967296.0));
        const std::uint32_t sum = mixed + a + sine + words[word];
        a = d;
        d = c;
        c = b;
        b += std::rotl(sum, rotations[i / 16][i % 4]);
    }
    digest[0] += a;
    digest[1] += b;
    digest[2] += c;
    digest[3] += d;
}

} // namespace

std::uint32_t md5_first_32_bits(std::string_view text) {
    std::string padded(text);
    padded += '\x80';
    while (padded.size() % 64 != 56) padded += '\0';
    const std::uint64_t bits = static_cast<std::uint64_t>(text.size()) * 8;
    for (int i = 0; i < 8; ++i) padded += static_cast<char>(bits >> (8 * i) & 0xFF);
    std::array<std::uint32_t, 4> digest{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
    for (std::size_t i = 0; i < padded.size(); i += 64) add_block(digest, std::string_view(padded).substr(i, 64));
    // The digest's bytes are its words in little-endian order; the hexadecimal text reads them one by one.
    const std::uint32_t first = digest[0];
    return (first & 0xFF) << 24 | (first >> 8 & 0xFF) << 16 | (first >> 16 & 0xFF) << 8 | first >> 24;
}

} // namespace rnnscope::tf1
