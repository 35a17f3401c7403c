#include "core/import/graph_file.hpp"

#include "core/graph/quiet_protobuf.hpp"
#include "core/import/event_file.hpp"
#include "core/import/graph_reader.hpp"

#include "graph.pb.h"

#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <limits>

namespace rnnscope {
namespace {

/// protobuf counts bytes in an int.
constexpr std::uintmax_t most_bytes = std::numeric_limits<int>::max();

Diagnostics one(std::string code, std::string message, const std::string& path, std::string remedy = "") {
    return {{std::move(code), std::move(message), {path, 0, 0, {}, 0}, std::move(remedy)}};
}

/// Collects what protobuf's text parser says: mistakes, and as notes the fields that it skipped.
class TextProblems : public google::protobuf::io::ErrorCollector {
  public:
    TextProblems(const std::string& path, Diagnostics& problems, Diagnostics& notes)
        : path_(path), problems_(problems), notes_(notes) {}
    void AddError(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
        add(problems_, "graph.text", line, column, message);
    }
    void AddWarning(int line, google::protobuf::io::ColumnNumber column, const std::string& message) override {
        add(notes_, "graph.unknown-field", line, column, message);
    }

  private:
    void add(Diagnostics& list, const char* code, int line, int column, std::string message) const {
        if (list.size() >= most) return;
        while (message.ends_with('.')) message.pop_back();
        list.push_back({code, std::move(message), {path_, line + 1, column + 1, {}, 0}, ""});
    }

    static constexpr std::size_t most = 20;
    const std::string& path_;
    Diagnostics& problems_;
    Diagnostics& notes_;
};

std::unique_ptr<google::protobuf::Message> new_message(GraphFile::Kind kind) {
    switch (kind) {
    case GraphFile::Kind::graph_def:
        return std::make_unique<tensorflow::GraphDef>();
    case GraphFile::Kind::meta_graph:
        return std::make_unique<tensorflow::MetaGraphDef>();
    case GraphFile::Kind::saved_model:
        return std::make_unique<tensorflow::SavedModel>();
    }
    return nullptr;
}

/// The binary form of a graph in text form; empty after a report. The text comes in pieces, because protobuf copies
/// every literal of it, and the values of a constant are one.
std::string binary_of_text(google::protobuf::io::ZeroCopyInputStream& text, GraphFile& file, Diagnostics& problems) {
    const auto message = new_message(file.kind);
    google::protobuf::TextFormat::Parser parser;
    TextProblems collector(file.path, problems, file.notes);
    parser.RecordErrorsTo(&collector);
    parser.AllowUnknownField(true);
    parser.SetRecursionLimit(100); // as for the binary form
    if (parser.Parse(&text, message.get())) return message->SerializeAsString();
    if (problems.empty()) problems = one("graph.text", "the text is no graph", file.path);
    return {};
}

/// The same for JSON.
std::string binary_of_json(const std::string& content, GraphFile& file, Diagnostics& problems) {
    const auto message = new_message(file.kind);
    google::protobuf::util::JsonParseOptions options;
    options.ignore_unknown_fields = true;
    const auto status = google::protobuf::util::JsonStringToMessage(content, message.get(), options);
    if (status.ok()) return message->SerializeAsString();
    problems = one("graph.json", fmt::format("the JSON is no graph: {}", std::string(status.message())), file.path);
    return {};
}

/// A file that is no graph, but one that lies beside graphs.
std::string what_else(std::string_view content, const std::string& path) {
    constexpr std::string_view table_magic("\x57\xfb\x80\x8b\x24\x75\x47\xdb", 8);
    if (content.ends_with(table_magic))
        return "this is the index of a checkpoint; open its .meta, or a graph and restore from it";
    if (path.find(".data-") != std::string::npos) return "this holds the values of a checkpoint; open its .meta";
    if (content.starts_with("model_checkpoint_path"))
        return "this only names checkpoints; open the .meta of one of them";
    return "rnnscope reads GraphDef, MetaGraphDef and SavedModel in binary, text and JSON form";
}

LoadedGraph read_event_file(std::string_view content, const std::string& path) {
    const auto graph = find_event_graph(content);
    if (!graph)
        return one("graph.unknown", "the event file holds no graph", path,
                   "a FileWriter writes one when it is given the graph");
    auto file = std::make_shared<GraphFile>();
    file->encoding = GraphFile::Encoding::events;
    file->kind = graph->is_meta_graph ? GraphFile::Kind::meta_graph : GraphFile::Kind::graph_def;
    file->path = path;
    Diagnostics problems;
    GraphReader(*file, problems, true).read(graph->message, graph->offset);
    if (!problems.empty()) return problems;
    return file;
}

std::shared_ptr<GraphFile> new_file(GraphFormat format, const std::string& path) {
    auto file = std::make_shared<GraphFile>();
    file->kind = format.kind;
    file->encoding = format.encoding;
    file->path = path;
    return file;
}

LoadedGraph read_binary(std::shared_ptr<GraphFile> file, std::string_view bytes, bool has_offsets,
                        Diagnostics problems) {
    if (problems.empty()) GraphReader(*file, problems, has_offsets).read(bytes);
    if (!problems.empty()) return problems;
    return file;
}

LoadedGraph read_text(google::protobuf::io::ZeroCopyInputStream& text, GraphFormat format, const std::string& path) {
    const auto file = new_file(format, path);
    Diagnostics problems;
    const std::string binary = binary_of_text(text, *file, problems);
    return read_binary(file, binary, false, std::move(problems));
}

} // namespace

LoadedGraph read_graph_file(std::string content, const std::string& path) {
    const QuietProtobuf quiet;
    if (is_event_file(content)) return read_event_file(content, path);
    const auto format = sniff_graph(content);
    if (!format) return one("graph.unknown", "the file is no graph", path, what_else(content, path));
    if (format->encoding == GraphFile::Encoding::text) {
        google::protobuf::io::ArrayInputStream text(content.data(), static_cast<int>(content.size()));
        return read_text(text, *format, path);
    }
    const auto file = new_file(*format, path);
    Diagnostics problems;
    const bool is_binary = file->encoding == GraphFile::Encoding::binary;
    if (!is_binary) content = binary_of_json(content, *file, problems);
    return read_binary(file, content, is_binary, std::move(problems));
}

LoadedGraph load_graph_file(const std::string& path) {
    std::error_code failure;
    std::filesystem::path file(path);
    if (std::filesystem::is_directory(file, failure)) {
        const char* name =
            std::filesystem::exists(file / "saved_model.pb", failure) ? "saved_model.pb" : "saved_model.pbtxt";
        file /= name;
        if (!std::filesystem::exists(file, failure))
            return one("graph.unknown", "the folder holds no saved_model.pb", path, "open a file in it");
    }
    const std::uintmax_t size = std::filesystem::file_size(file, failure);
    if (failure) return one("file.unreadable", fmt::format("cannot read the file: {}", failure.message()), path);
    if (size > most_bytes)
        return one("graph.too-large",
                   fmt::format("the file has {} bytes; TensorFlow itself reads graphs up to {}", size, most_bytes),
                   path);
    std::ifstream in(file, std::ios::binary);
    std::string content(static_cast<std::size_t>(std::min<std::uintmax_t>(size, 1 << 16)), '\0');
    if (in.read(content.data(), static_cast<std::streamsize>(content.size())))
        if (const auto format = sniff_graph(content); format && format->encoding == GraphFile::Encoding::text) {
            const QuietProtobuf quiet;
            in.seekg(0);
            google::protobuf::io::IstreamInputStream text(&in);
            return read_text(text, *format, file.string());
        }
    content.resize(static_cast<std::size_t>(size));
    in.seekg(0);
    if (size > 0 && !in.read(content.data(), static_cast<std::streamsize>(size)))
        return one("file.unreadable", "cannot read the file", path);
    return read_graph_file(std::move(content), file.string());
}

} // namespace rnnscope
