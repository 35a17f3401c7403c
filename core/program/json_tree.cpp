#include "core/program/json_tree.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace rnnscope::program {
namespace {

constexpr std::size_t characters_stride = 64;

bool begins_character(char byte) {
    return (static_cast<unsigned char>(byte) & 0xc0U) != 0x80U;
}

/// Walks the text for nlohmann_json and tells how far it has come.
class CountingIterator {
  public:
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    CountingIterator(const char* at, const char** furthest) : at_(at), furthest_(furthest) {}
    reference operator*() const { return *at_; }
    CountingIterator& operator++() {
        *furthest_ = ++at_;
        return *this;
    }
    CountingIterator operator++(int) {
        CountingIterator before = *this;
        ++*this;
        return before;
    }
    friend bool operator==(const CountingIterator& a, const CountingIterator& b) { return a.at_ == b.at_; }
    friend bool operator!=(const CountingIterator& a, const CountingIterator& b) { return !(a == b); }

  private:
    const char* at_;
    const char** furthest_;
};

/// What probably went wrong at `offset`, as a remedy; "" when nothing typical stands there.
std::string syntax_remedy(std::string_view text, std::size_t offset) {
    const auto rest = [&](std::size_t at) { return at < text.size() ? text.substr(at) : std::string_view{}; };
    if (offset >= text.size()) return "the file ends too early: close what was opened with } or ]";
    std::size_t before = std::min(offset, text.size());
    while (before > 0 && std::string_view(" \t\r\n").find(text[before - 1]) != std::string_view::npos) --before;
    const char last = before > 0 ? text[before - 1] : '\0';
    const char here = text[offset];
    if ((here == '}' || here == ']') && last == ',') return "remove the comma before it";
    if (here == '\'') return "JSON strings stand in double quotes";
    if (here == '/' || here == '#') return "JSON has no comments; statements take a \"comment\" key";
    for (std::size_t back = 0; back < 8 && back <= offset; ++back) {
        const std::string_view word = rest(offset - back);
        if (word.starts_with("True")) return "write true";
        if (word.starts_with("False")) return "write false";
        if (word.starts_with("None")) return "write null";
        if (word.starts_with("NaN") || word.starts_with("Infinity")) return "JSON has no NaN and no Infinity";
    }
    if (here == '"' && (last == '"' || last == '}' || last == ']')) return "a comma is missing before it";
    return {};
}

/// nlohmann_json's sentence without its prefix, safe to print.
std::string syntax_message(std::string_view what) {
    if (const std::size_t at = what.find("parse error"); at != std::string_view::npos) {
        if (const std::size_t colon = what.find(": ", at); colon != std::string_view::npos)
            what.remove_prefix(colon + 2);
    } else if (const std::size_t bracket = what.find("] "); bracket != std::string_view::npos) {
        what.remove_prefix(bracket + 2);
    }
    constexpr std::string_view context = "syntax error ";
    if (what.starts_with(context)) what.remove_prefix(context.size());
    std::string message;
    for (const char c : what.substr(0, 200)) message += c >= ' ' && c < 0x7f ? c : '?';
    if (what.size() > 200) message += "...";
    return message;
}

} // namespace

/// Receives nlohmann_json's events.
class JsonTreeBuilder {
  public:
    JsonTreeBuilder(std::string_view text, JsonTree& tree, Diagnostics& mistakes)
        : text_(text), tree_(tree), mistakes_(mistakes), furthest_(text.data()) {
        if (text.starts_with("\xef\xbb\xbf")) end_ = 3;
    }

    bool run() {
        const char* first = text_.data();
        const char* last = first + text_.size();
        return nlohmann::json::sax_parse(CountingIterator(first, &furthest_), CountingIterator(last, &furthest_), this);
    }

    bool null() { return add(JsonNode::Kind::null); }
    bool boolean(bool value) {
        return add(JsonNode::Kind::boolean, [&](JsonNode& node) { node.boolean = value; });
    }
    bool number_integer(std::int64_t value) {
        return add(JsonNode::Kind::integer, [&](JsonNode& node) {
            node.integer = value;
            node.number = static_cast<double>(value);
        });
    }
    bool number_unsigned(std::uint64_t value) {
        if (value <= static_cast<std::uint64_t>(INT64_MAX)) return number_integer(static_cast<std::int64_t>(value));
        return number_too_large();
    }
    bool number_float(double value, const std::string& spelled) {
        // An integer too long for 64 bits arrives here as well; rounding it silently would change the program.
        if (spelled.find_first_of(".eE") == std::string::npos) return number_too_large();
        return add(JsonNode::Kind::number, [&](JsonNode& node) { node.number = value; });
    }
    bool string(std::string& value) {
        return add(JsonNode::Kind::string, [&](JsonNode& node) { node.text = keep(std::move(value)); });
    }
    bool binary(std::vector<std::uint8_t>&) { return false; }
    bool start_object(std::size_t) { return open(JsonNode::Kind::object); }
    bool start_array(std::size_t) { return open(JsonNode::Kind::array); }
    bool end_object() { return close(); }
    bool end_array() { return close(); }
    bool key(std::string& value) {
        key_offset_ = token_start();
        end_ = consumed();
        Open& object = open_.back();
        if (!object.keys.insert(value).second) complain_about_key(value);
        key_ = keep(std::move(value));
        return true;
    }
    bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) {
        const std::string what = error.what();
        const bool range = error.id == 406;
        std::size_t at = consumed() > 0 ? consumed() - 1 : 0;
        if (what.find("unexpected end of input") != std::string::npos) at = text_.size();
        if (range) at = token_start();
        Diagnostic mistake;
        mistake.code = range ? "json.number" : text_.empty() ? "json.empty" : "json.syntax";
        mistake.message = range           ? "the number is too large"
                          : text_.empty() ? "the file is empty"
                                          : syntax_message(what);
        if (mistake.code == "json.syntax") mistake.remedy = syntax_remedy(text_, at);
        if (range) mistake.remedy = "write a number a double can hold";
        mistake.where.file = tree_.file_;
        tree_.set_line_and_column(at, mistake.where);
        mistakes_.push_back(std::move(mistake));
        return false;
    }

  private:
    struct Open {
        std::uint32_t node;
        std::set<std::string> keys;
    };

    std::size_t consumed() const { return static_cast<std::size_t>(furthest_ - text_.data()); }
    std::size_t token_start() const {
        std::size_t at = end_;
        while (at < text_.size() && std::string_view(" \t\r\n,:").find(text_[at]) != std::string_view::npos) ++at;
        return at;
    }
    std::uint32_t keep(std::string value) {
        tree_.strings_.push_back(std::move(value));
        return static_cast<std::uint32_t>(tree_.strings_.size() - 1);
    }
    template <class Fill> bool add(JsonNode::Kind kind, Fill fill) {
        const std::size_t start = token_start();
        end_ = consumed();
        if (kind == JsonNode::Kind::integer || kind == JsonNode::Kind::number) {
            // The lexer has looked at the character after the number.
            end_ = start;
            while (end_ < text_.size() &&
                   std::string_view("+-.0123456789eE").find(text_[end_]) != std::string_view::npos)
                ++end_;
        }
        if (tree_.nodes_.size() == JsonTree::max_values)
            return refuse("json.too-large", fmt::format("the file has more than {} values", JsonTree::max_values),
                          start, "keep large data in a .npy file and refer to it with {\"file\": \"x.npy\"}");
        JsonNode node;
        node.kind = kind;
        node.offset = static_cast<std::uint32_t>(start);
        const auto index = static_cast<std::uint32_t>(tree_.nodes_.size());
        if (!open_.empty()) {
            node.parent = open_.back().node;
            JsonNode& parent = tree_.nodes_[node.parent];
            node.position = parent.count++;
            if (parent.kind == JsonNode::Kind::object) {
                node.key = key_;
                node.key_offset = static_cast<std::uint32_t>(key_offset_);
            }
            if (parent.first_child == JsonNode::none) parent.first_child = index;
            if (parent.last_child != JsonNode::none) tree_.nodes_[parent.last_child].next = index;
            parent.last_child = index;
        }
        fill(node);
        tree_.nodes_.push_back(node);
        return true;
    }
    bool add(JsonNode::Kind kind) {
        return add(kind, [](JsonNode&) {});
    }
    bool open(JsonNode::Kind kind) {
        if (open_.size() == JsonTree::max_depth)
            return refuse("json.too-deep",
                          fmt::format("lists and objects are nested deeper than {}", JsonTree::max_depth),
                          token_start(), "give inner values names with \"let\"");
        if (!add(kind)) return false;
        open_.push_back({static_cast<std::uint32_t>(tree_.nodes_.size() - 1), {}});
        return true;
    }
    bool close() {
        end_ = consumed();
        open_.pop_back();
        return true;
    }
    bool number_too_large() {
        return refuse("json.number", "the number does not fit into 64 bits", token_start(),
                      "write it with a point or an exponent if a rounded value will do");
    }
    void complain_about_key(const std::string& name) {
        if (mistakes_.size() >= 100) return;
        Diagnostic mistake{"json.duplicate-key",
                           fmt::format("the key \"{}\" stands here twice", name.substr(0, 80)),
                           {},
                           "keep one of the two"};
        mistake.where.file = tree_.file_;
        mistake.where.pointer = tree_.pointer(open_.back().node);
        tree_.set_line_and_column(key_offset_, mistake.where);
        mistakes_.push_back(std::move(mistake));
    }
    bool refuse(std::string code, std::string message, std::size_t offset, std::string remedy) {
        Diagnostic mistake{std::move(code), std::move(message), {}, std::move(remedy)};
        mistake.where.file = tree_.file_;
        tree_.set_line_and_column(offset, mistake.where);
        mistakes_.push_back(std::move(mistake));
        return false;
    }

    std::string_view text_;
    JsonTree& tree_;
    Diagnostics& mistakes_;
    const char* furthest_;
    std::size_t end_ = 0; ///< byte after the last token
    std::size_t key_offset_ = 0;
    std::uint32_t key_ = JsonNode::none;
    std::vector<Open> open_;
};

JsonTree JsonTree::parse(std::string_view text, const std::string& file, Diagnostics& mistakes) {
    JsonTree tree;
    tree.file_ = file;
    if (text.size() > max_bytes) {
        mistakes.push_back({"json.too-large",
                            fmt::format("the file is larger than {} MiB", max_bytes >> 20),
                            {file, 0, 0, {}, 0},
                            "keep large data in a .npy file and refer to it with {\"file\": \"x.npy\"}"});
        return tree;
    }
    tree.index_lines(text);
    const std::size_t before = mistakes.size();
    // nlohmann_json takes a NUL for the end of the text and would not see what follows.
    if (const std::size_t nul = text.find('\0'); nul != std::string_view::npos) {
        Diagnostic mistake{
            "json.syntax", "the file has a NUL byte: it is no text", {}, "write \\u0000 inside of strings"};
        mistake.where.file = file;
        tree.set_line_and_column(nul, mistake.where);
        mistakes.push_back(std::move(mistake));
        return tree;
    }
    JsonTreeBuilder builder(text, tree, mistakes);
    const bool complete = builder.run();
    if (!complete || mistakes.size() != before) tree.nodes_.clear();
    return tree;
}

void JsonTree::index_lines(std::string_view text) {
    source_ = text;
    line_starts_ = {0};
    std::uint32_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (i % characters_stride == 0) characters_.push_back(characters);
        if (begins_character(text[i])) ++characters;
        if (text[i] == '\n') line_starts_.push_back(static_cast<std::uint32_t>(i + 1));
    }
}

void JsonTree::set_line_and_column(std::size_t offset, SourcePosition& where) const {
    offset = std::min(offset, source_.size());
    const auto line = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset) - 1;
    const auto characters_before = [&](std::size_t at) {
        if (characters_.empty()) return std::size_t{0};
        const std::size_t block = std::min(at / characters_stride, characters_.size() - 1);
        std::size_t count = characters_[block];
        for (std::size_t i = block * characters_stride; i < at; ++i) count += begins_character(source_[i]) ? 1 : 0;
        return count;
    };
    where.line = static_cast<int>(line - line_starts_.begin()) + 1;
    where.column = static_cast<int>(characters_before(offset) - characters_before(*line)) + 1;
}

std::uint32_t JsonTree::member(std::uint32_t object, std::string_view name) const {
    if (nodes_[object].kind != JsonNode::Kind::object) return JsonNode::none;
    for (std::uint32_t child = nodes_[object].first_child; child != JsonNode::none; child = nodes_[child].next)
        if (key(child) == name) return child;
    return JsonNode::none;
}

SourcePosition JsonTree::position(std::uint32_t node) const {
    SourcePosition where;
    where.file = file_;
    where.pointer = pointer(node);
    set_line_and_column(nodes_[node].offset, where);
    return where;
}

SourcePosition JsonTree::key_position(std::uint32_t node) const {
    SourcePosition where = position(node);
    if (nodes_[node].key != JsonNode::none) set_line_and_column(nodes_[node].key_offset, where);
    return where;
}

std::string JsonTree::pointer(std::uint32_t node) const {
    std::vector<std::uint32_t> path;
    for (std::uint32_t at = node; nodes_[at].parent != JsonNode::none; at = nodes_[at].parent) path.push_back(at);
    std::string pointer;
    for (auto at = path.rbegin(); at != path.rend(); ++at) {
        pointer += '/';
        if (nodes_[*at].key == JsonNode::none) {
            pointer += std::to_string(nodes_[*at].position);
            continue;
        }
        pointer += json_pointer_token(key(*at));
    }
    return pointer;
}

std::string json_pointer_token(std::string_view key) {
    std::string token;
    for (const char c : key) token += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
    return token;
}

const char* json_kind_name(JsonNode::Kind kind) {
    switch (kind) {
    case JsonNode::Kind::null:
        return "null";
    case JsonNode::Kind::boolean:
        return "true or false";
    case JsonNode::Kind::integer:
        return "a whole number";
    case JsonNode::Kind::number:
        return "a number";
    case JsonNode::Kind::string:
        return "a string";
    case JsonNode::Kind::array:
        return "a list";
    case JsonNode::Kind::object:
        return "an object";
    }
    return "";
}

} // namespace rnnscope::program
