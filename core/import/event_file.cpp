#include "core/import/event_file.hpp"

#include "core/import/wire.hpp"

#include <cstdint>

namespace rnnscope {
namespace {

// lib/io/record_writer.cc (1.15): uint64 length, its masked CRC, the bytes, their masked CRC.
constexpr std::size_t header_size = 12, footer_size = 4;
// util/event.proto
constexpr std::uint32_t file_version_field = 3, graph_def_field = 4, meta_graph_def_field = 9;

std::uint64_t length_of(std::string_view record) {
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < 8; ++i)
        length |= static_cast<std::uint64_t>(static_cast<unsigned char>(record[i])) << (8 * i);
    return length;
}

/// The next record's Event, or nothing at the end of what is whole.
std::optional<std::string_view> next_event(std::string_view content, std::size_t& at) {
    if (content.size() - at < header_size + footer_size) return std::nullopt;
    const std::uint64_t length = length_of(content.substr(at));
    if (length > content.size() - at - header_size - footer_size) return std::nullopt;
    const std::string_view event = content.substr(at + header_size, static_cast<std::size_t>(length));
    at += header_size + footer_size + static_cast<std::size_t>(length);
    return event;
}

} // namespace

bool is_event_file(std::string_view content) {
    std::size_t at = 0;
    const auto event = next_event(content, at);
    if (!event) return false;
    WireReader reader(*event);
    while (const auto field = reader.next())
        if (field->number == file_version_field && field->type == WireReader::Type::bytes)
            return field->bytes.starts_with("brain.Event:");
    return false;
}

std::optional<EventGraph> find_event_graph(std::string_view content) {
    std::optional<EventGraph> found;
    std::size_t at = 0;
    while (const auto event = next_event(content, at)) {
        WireReader reader(*event, static_cast<std::size_t>(event->data() - content.data()));
        while (const auto field = reader.next()) {
            const bool is_meta_graph = field->number == meta_graph_def_field;
            if ((!is_meta_graph && field->number != graph_def_field) || field->type != WireReader::Type::bytes)
                continue;
            if (found && found->is_meta_graph && !is_meta_graph) continue;
            found = EventGraph{field->bytes, is_meta_graph, field->contents};
        }
    }
    return found;
}

} // namespace rnnscope
