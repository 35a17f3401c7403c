#pragma once

#include "core/base/diagnostic.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::program {

/// One JSON value with its place in the text. Indices point into the JsonTree that holds it.
struct JsonNode {
    enum class Kind : std::uint8_t { null, boolean, integer, number, string, array, object };
    static constexpr std::uint32_t none = 0xffffffff;

    Kind kind = Kind::null;
    bool boolean = false;
    std::uint32_t offset = 0;     ///< byte where the value begins
    std::uint32_t key_offset = 0; ///< byte where its key begins, for members of objects
    std::uint32_t parent = none;
    std::uint32_t position = 0; ///< among its siblings
    std::uint32_t count = 0;    ///< of children
    std::uint32_t first_child = none, last_child = none, next = none;
    std::uint32_t key = none;  ///< in `strings`, for members of objects
    std::uint32_t text = none; ///< in `strings`, for strings
    std::int64_t integer = 0;
    double number = 0; ///< of integers too
};

/// A JSON text as a flat tree with positions (nlohmann_json does the lexing; version 3.11 keeps no positions, so they
/// are reconstructed here from the bytes it has consumed). Time and memory are linear in the text.
class JsonTree {
  public:
    static constexpr std::size_t max_bytes = std::size_t{16} << 20; ///< more than that belongs into a data file
    static constexpr std::size_t max_values = 500'000;
    static constexpr std::size_t max_depth = 200;

    /// Codes: json.syntax, json.number, json.duplicate-key, json.too-deep, json.too-large, json.empty. JSON syntax ends
    /// at its first mistake; duplicate keys before it are reported too. Only without mistakes is there a tree.
    static JsonTree parse(std::string_view text, const std::string& file, Diagnostics& mistakes);

    bool empty() const { return nodes_.empty(); }
    std::size_t size() const { return nodes_.size(); } ///< values, in the order of the text
    std::uint32_t root() const { return 0; }
    const JsonNode& operator[](std::uint32_t node) const { return nodes_[node]; }
    const std::string& text(std::uint32_t node) const { return strings_[nodes_[node].text]; }
    const std::string& key(std::uint32_t node) const { return strings_[nodes_[node].key]; }
    /// The member called `key`, or JsonNode::none.
    std::uint32_t member(std::uint32_t object, std::string_view key) const;

    /// Where a value (or its key) stands. `file` is filled in.
    SourcePosition position(std::uint32_t node) const;
    SourcePosition key_position(std::uint32_t node) const;
    std::string pointer(std::uint32_t node) const;

  private:
    friend class JsonTreeBuilder;
    void index_lines(std::string_view text);
    void set_line_and_column(std::size_t offset, SourcePosition& where) const;

    std::string file_;
    std::vector<JsonNode> nodes_;
    std::vector<std::string> strings_;
    std::string_view source_;
    std::vector<std::uint32_t> line_starts_;
    std::vector<std::uint32_t> characters_; ///< before every 64th byte, so that columns cost no more in long lines
};

/// A key as one step of a JSON Pointer (RFC 6901): "a/b~c" as "a~1b~0c".
std::string json_pointer_token(std::string_view key);

const char* json_kind_name(JsonNode::Kind kind); ///< "a number", "a list", "an object"

} // namespace rnnscope::program
