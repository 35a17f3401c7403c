#include "core/import/checkpoint.hpp"

#include "graph.pb.h"

#include <fmt/format.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <filesystem>
#include <fstream>

namespace rnnscope {
namespace {

namespace fs = std::filesystem;

/// Keeps the first complaint of protobuf's parser, which would print it.
class FirstComplaint : public google::protobuf::io::ErrorCollector {
  public:
    void AddError(int line, int column, const std::string& message) override {
        if (text.empty()) text = fmt::format("{}:{}: {}", line + 1, column + 1, message);
    }
    void AddWarning(int, int, const std::string&) override {}
    std::string text;
};

/// Python's os.path.join.
std::string joined(const std::string& folder, const std::string& path) {
    return (fs::path(folder) / path).string();
}

} // namespace

bool is_file(const std::string& path) {
    std::error_code failure;
    return fs::is_regular_file(path, failure);
}

Result<CheckpointState> read_checkpoint_state(const std::string& folder, const std::string& shown) {
    const std::string file = joined(folder, "checkpoint");
    std::error_code failure;
    constexpr std::uintmax_t most_bytes = std::uintmax_t{16} << 20; // a path for every checkpoint
    const std::uintmax_t size = fs::file_size(file, failure);
    if (failure || !is_file(file)) return Error{"NotFoundError", fmt::format("{}; No such file or directory", file)};
    if (size > most_bytes) return Error{"DataLossError", fmt::format("{}: {} bytes are too many", file, size)};
    std::string text(static_cast<std::size_t>(size), '\0');
    if (!std::ifstream(file, std::ios::binary).read(text.data(), static_cast<std::streamsize>(size)) && size > 0)
        return Error{"UnavailableError", fmt::format("{} cannot be read", file)};
    tensorflow::CheckpointState proto;
    FirstComplaint complaint;
    google::protobuf::TextFormat::Parser parser;
    parser.RecordErrorsTo(&complaint);
    parser.AllowUnknownField(true);
    if (!parser.ParseFromString(text, &proto))
        return Error{"DataLossError", fmt::format("{}:{}", file, complaint.text)};
    CheckpointState state;
    if (!proto.model_checkpoint_path().empty()) state.latest = joined(shown, proto.model_checkpoint_path());
    for (const std::string& path : proto.all_model_checkpoint_paths()) state.all.push_back(joined(shown, path));
    return state;
}

Result<std::string> latest_checkpoint(const std::string& folder) {
    auto state = read_checkpoint_state(folder);
    if (!state) return state.error();
    if (state->latest.empty())
        return Error{"NotFoundError", fmt::format("{} names no checkpoint", joined(folder, "checkpoint"))};
    if (!is_file(state->latest + ".index") && !is_file(state->latest))
        return Error{"NotFoundError", fmt::format("Couldn't match files for checkpoint {}", state->latest)};
    return state->latest;
}

Result<std::string> checkpoint_prefix(const std::string& path) {
    std::error_code failure;
    if (is_file(path + ".index")) return path;
    if (fs::is_directory(path, failure)) return latest_checkpoint(path);
    const std::string extension = fs::path(path).extension().string();
    if (extension == ".index" || extension == ".meta" || extension.starts_with(".data-")) {
        const std::string prefix = path.substr(0, path.size() - extension.size());
        if (is_file(prefix + ".index")) return prefix;
    }
    return path;
}

} // namespace rnnscope
