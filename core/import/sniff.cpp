#include "core/import/event_file.hpp"
#include "core/import/graph_file.hpp"
#include "core/import/wire.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>

namespace rnnscope {
namespace {

using Kind = GraphFile::Kind;
using Encoding = GraphFile::Encoding;
using Type = WireReader::Type;

/// Which message a field of the outermost level belongs to. Names that two messages share are left out.
struct TopField {
    std::string_view name; ///< in text form; JSON also has it in lowerCamelCase
    std::string_view json;
    Kind kind;
};
constexpr std::array<TopField, 10> top_fields{
    {{"node", "node", Kind::graph_def},
     {"library", "library", Kind::graph_def},
     {"versions", "versions", Kind::graph_def},
     {"meta_info_def", "metaInfoDef", Kind::meta_graph},
     {"graph_def", "graphDef", Kind::meta_graph},
     {"saver_def", "saverDef", Kind::meta_graph},
     {"collection_def", "collectionDef", Kind::meta_graph},
     {"signature_def", "signatureDef", Kind::meta_graph},
     {"saved_model_schema_version", "savedModelSchemaVersion", Kind::saved_model},
     {"meta_graphs", "metaGraphs", Kind::saved_model}}};

std::optional<Kind> kind_of(std::string_view field) {
    const auto found =
        std::ranges::find_if(top_fields, [&](const TopField& top) { return field == top.name || field == top.json; });
    return found == top_fields.end() ? std::nullopt : std::optional(found->kind);
}

bool is_text(std::string_view content) {
    return std::ranges::none_of(content.substr(0, 4096), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return byte < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
    });
}

std::string_view identifier(std::string_view text) {
    const auto end = std::ranges::find_if(text, [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_');
    });
    return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

void skip_space(std::string_view& text, bool comments) {
    while (!text.empty()) {
        const std::size_t start = text.find_first_not_of(" \t\r\n\f");
        text.remove_prefix(std::min(start, text.size()));
        if (!comments || !text.starts_with('#')) return;
        text.remove_prefix(std::min(text.find('\n'), text.size()));
    }
}

std::optional<GraphFormat> sniff_text(std::string_view text) {
    if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
    skip_space(text, true);
    if (text.starts_with('{')) {
        text.remove_prefix(1);
        skip_space(text, false);
        if (!text.starts_with('"')) return std::nullopt;
        text.remove_prefix(1);
        const auto kind = kind_of(identifier(text));
        return kind ? std::optional(GraphFormat{*kind, Encoding::json}) : std::nullopt;
    }
    const std::string_view name = identifier(text);
    text.remove_prefix(name.size());
    skip_space(text, true);
    const auto kind = kind_of(name);
    if (!kind || text.empty() || std::string_view("{<:[").find(text[0]) == std::string_view::npos) return std::nullopt;
    return GraphFormat{*kind, Encoding::text};
}

/// A NodeDef begins with its name and its op, both text; a MetaInfoDef has a message where the op would be.
bool is_node(std::string_view message) {
    WireReader reader(message);
    bool named = false;
    while (const auto field = reader.next()) {
        if (field->number == 1) named = field->type == Type::bytes && is_text(field->bytes);
        if (field->number == 2)
            return named && field->type == Type::bytes && !field->bytes.empty() && is_text(field->bytes);
    }
    return false;
}

/// The three messages have fields of equal numbers, but not of equal types. What is cut off or damaged further on is
/// for the reader to report.
std::optional<GraphFormat> sniff_binary(std::string_view content) {
    WireReader reader(content);
    for (int fields = 0; fields < 64; ++fields) {
        const auto field = reader.next();
        if (!field) break;
        const bool is_bytes = field->type == Type::bytes;
        if (field->number > 7 || (!is_bytes && field->type != Type::varint)) return std::nullopt;
        if (field->number == 1 && !is_bytes) return GraphFormat{Kind::saved_model, Encoding::binary};
        if (field->number == 1)
            return GraphFormat{is_node(field->bytes) ? Kind::graph_def : Kind::meta_graph, Encoding::binary};
        if (field->number == 3) return GraphFormat{is_bytes ? Kind::meta_graph : Kind::graph_def, Encoding::binary};
        if (field->number >= 5) return GraphFormat{Kind::meta_graph, Encoding::binary};
    }
    // Only versions: an empty graph.
    WireReader again(content);
    const auto first = again.next();
    return first && first->number == 4 ? std::optional(GraphFormat{Kind::graph_def, Encoding::binary}) : std::nullopt;
}

} // namespace

std::optional<GraphFormat> sniff_graph(std::string_view content) {
    if (content.empty()) return std::nullopt;
    return is_text(content) ? sniff_text(content) : sniff_binary(content);
}

bool is_graph_file(const std::string& path) {
    std::error_code failure;
    const std::filesystem::path file(path);
    if (std::filesystem::is_directory(file, failure))
        return std::filesystem::exists(file / "saved_model.pb", failure) ||
               std::filesystem::exists(file / "saved_model.pbtxt", failure);
    // A binary file's first field may be longer than the beginning; a graph of JSON says what it is at once.
    std::ifstream in(path, std::ios::binary);
    std::string beginning(1 << 16, '\0');
    in.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
    beginning.resize(static_cast<std::size_t>(in.gcount()));
    if (beginning.empty()) return false;
    if (is_event_file(beginning)) return true;
    if (is_text(beginning)) return sniff_text(beginning).has_value();
    in.clear();
    in.seekg(0, std::ios::end);
    const auto size = static_cast<std::size_t>(std::max<std::streamoff>(in.tellg(), 0));
    if (size <= beginning.size()) return sniff_binary(beginning).has_value();
    // What counts is how the file begins: a tag of a first field that one of the messages has.
    return std::string_view("\x0A\x12\x1A\x22\x08\x18").find(beginning[0]) != std::string_view::npos;
}

} // namespace rnnscope
