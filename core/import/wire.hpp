#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rnnscope {

/// Walks the top level of a protobuf message field by field, without reading what the fields hold: a graph of hundreds
/// of megabytes is read one node at a time, and a damaged file is told with the byte.
class WireReader {
  public:
    enum class Type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, group_start = 3, group_end = 4, fixed32 = 5 };
    struct Field {
        std::uint32_t number = 0;
        Type type = Type::varint;
        std::uint64_t value = 0;  ///< of varint
        std::string_view bytes;   ///< of Type::bytes
        std::size_t offset = 0;   ///< of the field in the file
        std::size_t contents = 0; ///< of `bytes` in the file
    };

    /// `offset`: where in the file `message` begins.
    explicit WireReader(std::string_view message, std::size_t offset = 0) : message_(message), offset_(offset) {}

    /// The next field; nothing at the end, or where the bytes are no field (then `problem()` says why).
    std::optional<Field> next();
    const char* problem() const { return problem_; } ///< null while all is well
    std::size_t offset() const { return offset_ + at_; }

  private:
    bool read_varint(std::uint64_t& value);
    std::optional<Field> fail(const char* problem) { return problem_ = problem, std::nullopt; }

    std::string_view message_;
    std::size_t offset_ = 0, at_ = 0;
    const char* problem_ = nullptr;
};

} // namespace rnnscope
