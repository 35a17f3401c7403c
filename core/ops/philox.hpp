#pragma once

#include <array>
#include <cstdint>

namespace rnnscope::ops {

/// TensorFlow's generator Philox4x32-10: a counter is enciphered with a key, four words at a time. Block n can be had
/// without the blocks before it.
class Philox {
  public:
    using Block = std::array<std::uint32_t, 4>;

    Philox() = default;
    /// As GuardedPhiloxRandom: the key is the op's `seed`, the upper half of the counter its `seed2`.
    Philox(std::uint64_t seed, std::uint64_t seed2)
        : key_{low(seed), high(seed)}, counter_{0, 0, low(seed2), high(seed2)} {}
    Philox(Block counter, std::array<std::uint32_t, 2> key) : key_(key), counter_(counter) {}

    /// The next four words.
    Block next() {
        const Block block = encipher(counter_, key_);
        skip(1);
        return block;
    }
    void skip(std::uint64_t blocks) {
        std::uint64_t lower = counter_[0] | (static_cast<std::uint64_t>(counter_[1]) << 32);
        lower += blocks;
        counter_[0] = low(lower);
        counter_[1] = high(lower);
        if (lower < blocks && ++counter_[2] == 0) ++counter_[3];
    }

  private:
    static std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
    static std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }

    static Block encipher(Block counter, std::array<std::uint32_t, 2> key) {
        for (int round = 0; round < 10; ++round) {
            if (round > 0) {
                key[0] += 0x9E3779B9U;
                key[1] += 0xBB67AE85U;
            }
            const std::uint64_t a = std::uint64_t{0xD2511F53U} * counter[0];
            const std::uint64_t b = std::uint64_t{0xCD9E8D57U} * counter[2];
            counter = {high(b) ^ counter[1] ^ key[0], low(b), high(a) ^ counter[3] ^ key[1], low(a)};
        }
        return counter;
    }

    std::array<std::uint32_t, 2> key_{};
    Block counter_{};
};

} // namespace rnnscope::ops
