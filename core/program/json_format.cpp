#include "core/program/json_format.hpp"

#include <nlohmann/json.hpp>

namespace rnnscope::program {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t line_width = 110;

/// Lists of statements stand one statement a line, however short.
bool is_block_key(const Json& object, std::string_view key) {
    if (key == "elif" || key == "else") return object.contains("body"); // not those of a value
    return key == "program" || key == "body" || key == "try";
}

bool holds_block(const Json& value) {
    if (!value.is_object()) return false;
    for (const auto& [key, member] : value.items())
        if (is_block_key(value, key) && member.is_array()) return true;
    return false;
}

std::string flat(const Json& value) {
    if (value.is_array()) {
        std::string text = "[";
        for (std::size_t i = 0; i < value.size(); ++i) (text += i > 0 ? ", " : "") += flat(value[i]);
        return text + "]";
    }
    if (value.is_object()) {
        std::string text = "{";
        for (const auto& [key, member] : value.items()) {
            if (text.size() > 1) text += ", ";
            text += Json(key).dump() + ": " + flat(member);
        }
        return text + "}";
    }
    return value.dump();
}

/// `used`: columns taken on the line already, `indent` that of the line. Recursion is as deep as the JSON: limited by
/// JsonTree::max_depth.
void write(const Json& value, std::size_t indent, std::size_t used, bool block, std::string& out) {
    const bool open = block || holds_block(value);
    if (!open || !value.is_structured()) {
        const std::string line = flat(value);
        if (!value.is_structured() || value.empty() || used + line.size() <= line_width) {
            out += line;
            return;
        }
    }
    const std::size_t inner = indent + 2;
    const std::string margin = "\n" + std::string(inner, ' ');
    if (value.is_array()) {
        bool scalars = !block;
        for (const Json& item : value) scalars = scalars && !item.is_structured();
        out += '[';
        std::size_t column = line_width;
        for (std::size_t i = 0; i < value.size(); ++i) {
            if (i > 0) out += ',';
            const std::string item = scalars ? flat(value[i]) : std::string{};
            // Long lists of numbers fill their lines.
            if (scalars && column + item.size() + 3 <= line_width) {
                out += " " + item;
                column += item.size() + 2;
                continue;
            }
            out += margin;
            if (scalars)
                out += item;
            else
                write(value[i], inner, inner + 1, false, out);
            column = inner + item.size() + 1;
        }
        out += "\n" + std::string(indent, ' ') + "]";
        return;
    }
    out += '{';
    bool first = true;
    for (const auto& [key, member] : value.items()) {
        if (!first) out += ',';
        first = false;
        const std::string name = Json(key).dump() + ": ";
        out += margin + name;
        write(member, inner, inner + name.size() + 1, is_block_key(value, key) && member.is_array() && !member.empty(),
              out);
    }
    out += "\n" + std::string(indent, ' ') + "}";
}

std::string format(const Json& value) {
    std::string out;
    write(value, 0, value.is_structured() && !value.empty() ? line_width : 0, false, out);
    return out + "\n";
}

} // namespace

std::string format_json(std::string_view text) {
    return format(Json::parse(text));
}

std::string patch_json(std::string_view text, std::string_view patch, std::string& problem) {
    try {
        return format(Json::parse(text).patch(Json::parse(patch)));
    } catch (const nlohmann::json::exception& error) {
        problem = error.what();
        // "[json.exception.out_of_range.403] key 'x' not found"
        if (const std::size_t end = problem.find("] "); problem.starts_with('[') && end != std::string::npos)
            problem.erase(0, end + 2);
        return {};
    }
}

} // namespace rnnscope::program
