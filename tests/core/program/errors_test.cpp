#include "test_names.hpp"

#include <fmt/format.h>

namespace rnnscope::program {
namespace {

/// samples/errors/NAME.json must produce exactly the text of NAME.expected. RNNSCOPE_UPDATE_GOLDEN=1 rewrites them.
TEST(MalformedFiles, AreReportedWithTheExpectedText) {
    const auto files = json_files("errors");
    ASSERT_GE(files.size(), 30u);
    for (const auto& path : files) {
        Diagnostics mistakes;
        const auto program =
            read_program(read_text_file(path), tensorflow_names(), path.filename(), path.parent_path(), mistakes);
        EXPECT_FALSE(program) << path << " is not malformed";
        const std::string text = to_text(mistakes);
        std::filesystem::path expected = path;
        expected.replace_extension(".expected");
        if (update_golden()) std::ofstream(expected, std::ios::binary) << text;
        EXPECT_EQ(text, read_text_file(expected)) << path;
    }
}

Diagnostics mistakes_of(const std::string& text) {
    Diagnostics mistakes;
    EXPECT_FALSE(read_test_program(text, mistakes));
    return mistakes;
}

std::string repeated(std::string_view text, std::size_t count) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) result += text;
    return result;
}

TEST(LargeFiles, DeepNestingIsRefused) {
    for (const std::string_view open : {"[", "{\"a\":"}) {
        const Diagnostics mistakes = mistakes_of(repeated(open, 100'000));
        ASSERT_EQ(mistakes.size(), 1u);
        EXPECT_EQ(mistakes[0].code, "json.too-deep");
    }
    // As deep as allowed: read, though it is no program.
    Diagnostics mistakes;
    EXPECT_FALSE(read_test_program(repeated("[", JsonTree::max_depth) + repeated("]", JsonTree::max_depth), mistakes));
    ASSERT_EQ(mistakes.size(), 1u);
    EXPECT_EQ(mistakes[0].code, "program.type");
}

TEST(LargeFiles, JunkIsRefusedQuickly) {
    EXPECT_EQ(mistakes_of(std::string(std::size_t{100} << 20, 'x'))[0].code, "json.too-large");
    EXPECT_EQ(mistakes_of(std::string(std::size_t{8} << 20, 'x'))[0].code, "json.syntax");
    EXPECT_EQ(mistakes_of(std::string(std::size_t{1} << 20, '\0'))[0].code, "json.syntax");
    EXPECT_EQ(mistakes_of("[" + repeated("0,", 1'000'000) + "0]")[0].code, "json.too-large");
}

TEST(LargeFiles, OneLongLineKeepsItsColumns) {
    const std::string statements = repeated("{\"let\": \"a\", \"value\": 1}, ", 2000);
    const Diagnostics mistakes =
        mistakes_of("{\"format\": \"rnnscope/1\", \"program\": [" + statements + "{\"lex\": 1}]}");
    ASSERT_EQ(mistakes.size(), 1u);
    EXPECT_EQ(mistakes[0].where.line, 1);
    EXPECT_EQ(mistakes[0].where.column, static_cast<int>(38 + statements.size()));
}

TEST(LargeFiles, MistakesAreCounted) {
    const Diagnostics mistakes = mistakes_of("{\"format\": \"rnnscope/1\", \"program\": [" +
                                             repeated("{\"let\": \"x\", \"value\": \"$nowhere\"}, ", 20'000) + "1]}");
    ASSERT_EQ(mistakes.size(), JsonReader::max_mistakes + 1);
    EXPECT_EQ(mistakes.back().message, "... and 19901 more mistakes");
}

TEST(LargeFiles, LongKeysInDeepPlacesDoNotMultiply) {
    const std::string key(1'000'000, 'k');
    const Diagnostics mistakes =
        mistakes_of("{\"format\": \"rnnscope/1\", \"program\": [{\"call\": \"$f\", \"kwargs\": {\"" + key + "\": [" +
                    repeated("1,", 100'000) + "1]}}]}");
    EXPECT_TRUE(std::any_of(mistakes.begin(), mistakes.end(),
                            [](const Diagnostic& d) { return d.code == "program.too-large"; }));
}

} // namespace
} // namespace rnnscope::program
