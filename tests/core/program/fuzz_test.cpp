#include "test_names.hpp"

#include <random>

namespace rnnscope::program {
namespace {

/// Mutations of our own samples: whatever comes out, the reader answers with a program or with mistakes that have a
/// place and a code, and what it accepts prints as Python. Deterministic.
class Mutations : public ::testing::Test {
  protected:
    std::size_t below(std::size_t limit) { return limit == 0 ? 0 : random_() % limit; }

    void check(const std::string& text) {
        Diagnostics mistakes;
        const auto program = read_test_program(text, mistakes);
        EXPECT_EQ(program.has_value(), mistakes.empty());
        for (const Diagnostic& mistake : mistakes) {
            EXPECT_FALSE(mistake.code.empty());
            EXPECT_FALSE(mistake.message.empty());
            EXPECT_EQ(mistake.where.file, "test.json");
        }
        if (program) {
            EXPECT_EQ(program->python.statements.size(), program->statements.size());
        }
        ++checked_;
    }

    std::vector<std::string> texts() {
        std::vector<std::string> result;
        for (const char* folder : {"programs", "errors"})
            for (const auto& path : json_files(folder)) result.push_back(read_text_file(path));
        return result;
    }

    std::mt19937 random_{20260101};
    int checked_ = 0;
};

TEST_F(Mutations, OfBytesNeverCrashTheReader) {
    const std::vector<std::string> originals = texts();
    static constexpr std::string_view spice[] = {"{",    "}",        "[",       "]",        ",",      ":",
                                                 "\"",   "\\",       "$",       "null",     "-",      "1e400",
                                                 "\xff", "\xe2\x82", "\"let\"", "\"call\"", "\"$tf\""};
    for (int round = 0; round < 3000; ++round) {
        std::string text = originals[below(originals.size())];
        for (std::size_t edits = 1 + below(3); edits > 0 && !text.empty(); --edits) {
            const std::size_t at = below(text.size());
            switch (below(5)) {
            case 0:
                text[at] = static_cast<char>(below(256));
                break;
            case 1:
                text.erase(at, 1 + below(20));
                break;
            case 2:
                text.insert(at, spice[below(std::size(spice))]);
                break;
            case 3:
                text.insert(at, text.substr(below(text.size()), below(60)));
                break;
            default:
                text.resize(at);
                break;
            }
        }
        check(text);
    }
    EXPECT_EQ(checked_, 3000);
}

TEST_F(Mutations, OfValuesNeverCrashTheReader) {
    // Whole JSON values are exchanged, so that the text stays JSON and the reader gets further.
    const std::vector<std::string> originals = texts();
    static constexpr std::string_view values[] = {"null",
                                                  "true",
                                                  "-1",
                                                  "0.5",
                                                  "\"\"",
                                                  "\"$x\"",
                                                  "\"$tf.float32\"",
                                                  "[]",
                                                  "{}",
                                                  "[[1]]",
                                                  R"({"call": "Session"})",
                                                  R"({"index": "$x", "at": [{"slice": []}]})",
                                                  R"({"dict": [[1, 2]]})",
                                                  R"({"generate": "sin", "shape": [2]})",
                                                  R"({"*": [["$cell"], 3]})",
                                                  R"({"array": [1, [2]]})",
                                                  R"({"if": "$x", "then": 1, "else": 2})",
                                                  R"({"if": 1, "body": [], "elif": [{"if": 2, "body": []}]})"};
    for (int round = 0; round < 1500; ++round) {
        std::string text = originals[below(originals.size())];
        Diagnostics mistakes;
        const JsonTree json = JsonTree::parse(text, "x", mistakes);
        std::vector<std::pair<std::size_t, std::size_t>> places; // of scalars: begin and length
        for (std::uint32_t i = 0; i < json.size(); ++i) {
            if (json[i].kind != JsonNode::Kind::array && json[i].kind != JsonNode::Kind::object) {
                std::size_t end = json[i].offset;
                if (text[end] == '"') {
                    for (++end; end < text.size() && text[end] != '"'; ++end)
                        if (text[end] == '\\') ++end;
                    ++end;
                } else
                    while (end < text.size() &&
                           std::string_view(",]} \n\r\t").find(text[end]) == std::string_view::npos)
                        ++end;
                places.emplace_back(json[i].offset, end - json[i].offset);
            }
        }
        if (places.empty()) {
            check(text);
            continue;
        }
        const auto [begin, length] = places[below(places.size())];
        text.replace(begin, length, values[below(std::size(values))]);
        check(text);
    }
    EXPECT_EQ(checked_, 1500);
}

} // namespace
} // namespace rnnscope::program
