#include "core/program/document.hpp"

#include "core/program/json_format.hpp"
#include "core/program/json_reader.hpp"

#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

namespace rnnscope::program {
namespace {

Diagnostics one(std::string code, std::string message, const std::string& file, std::string remedy = {}) {
    return {{std::move(code), std::move(message), {file, 0, 0, {}, 0}, std::move(remedy)}};
}

/// Adds what `value`, a part of a program, names. Depth is bounded: the program was read before.
void add_named_files(const nlohmann::json& value, const std::filesystem::path& directory,
                     std::set<std::string>& files) {
    if (const auto* text = value.get_ptr<const std::string*>()) {
        std::error_code ignored;
        const std::string index = *text + ".index";
        if (!text->empty() && std::filesystem::is_regular_file(directory / index, ignored)) files.insert(index);
    }
    if (value.is_object() && value.contains("file") && value.at("file").is_string())
        files.insert(value.at("file").get<std::string>());
    if (value.is_structured())
        for (const nlohmann::json& part : value) add_named_files(part, directory, files);
}

} // namespace

std::variant<std::shared_ptr<const Document>, Diagnostics> Document::read(std::string text, std::string file,
                                                                          std::string directory,
                                                                          GraphFiles known_graphs,
                                                                          std::string opened_from) {
    Diagnostics mistakes;
    std::optional<Program> program = read_program(text, tensorflow_names(), std::move(file), std::move(directory),
                                                  mistakes, std::move(known_graphs));
    if (!program) return mistakes;
    auto document = std::make_shared<Document>();
    document->opened_from_ = opened_from.empty() ? program->file : std::move(opened_from);
    document->text_ = std::move(text);
    document->program_ = std::make_shared<const Program>(*std::move(program));
    return document;
}

std::variant<std::shared_ptr<const Document>, Diagnostics> Document::open(const std::string& path) {
    std::error_code failure;
    const std::uintmax_t size = std::filesystem::file_size(path, failure);
    if (failure) return one("file.unreadable", fmt::format("cannot read the file: {}", failure.message()), path);
    if (size > JsonTree::max_bytes)
        return one("json.too-large", fmt::format("the file is larger than {} MiB", JsonTree::max_bytes >> 20), path,
                   "keep large data in a .npy file and refer to it with {\"file\": \"x.npy\"}");
    std::ifstream in(path, std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    if (!in) return one("file.unreadable", "cannot read the file", path);
    return read(std::move(text), path, std::filesystem::path(path).parent_path().string());
}

std::vector<std::string> Document::named_files() const {
    std::set<std::string> files;
    const nlohmann::json all = nlohmann::json::parse(text_, nullptr, false);
    if (all.is_object() && all.contains("program")) add_named_files(all.at("program"), program_->directory, files);
    return {files.begin(), files.end()};
}

std::variant<std::shared_ptr<const Document>, Diagnostics> Document::patched(std::string_view patch) const {
    Diagnostics mistakes;
    JsonTree::parse(patch, "patch", mistakes);
    if (!mistakes.empty()) return mistakes;
    std::string problem;
    std::string text = patch_json(text_, patch, problem);
    if (text.empty()) return one("json.patch", "the patch does not fit the program: " + problem, program_->file);
    return read(std::move(text), program_->file, program_->directory, program_->graphs, opened_from_);
}

} // namespace rnnscope::program
