#include "ui/theme/embedded.hpp"
#include "ui/theme/theme.hpp"
#include "ui/widgets/graph_canvas_colors.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

using namespace rnnscope::ui;

namespace {

struct Pair {
    Token text, fill;
    double least;
};

/// Every pair of look.md that carries text (4.5) or a glyph, port or edge (3).
std::vector<Pair> pairs() {
    std::vector<Pair> out;
    for (const Token text : {Token::text1, Token::text2, Token::text3, Token::accent, Token::now, Token::fail,
                             Token::fix, Token::warn, Token::kw, Token::str, Token::num, Token::fn})
        for (const Token fill : {Token::bg1, Token::bg2}) out.push_back({text, fill, 4.5});
    for (const Token mark : {Token::line3, Token::s_decl, Token::s_init, Token::s_rest, Token::s_part, Token::s_unin,
                             Token::s_pois, Token::e_data, Token::e_ctrl, Token::e_ref})
        for (const Token fill : {Token::bg1, Token::bg2}) out.push_back({mark, fill, 3});
    for (const Token fill : {Token::accent, Token::fail, Token::fix, Token::now})
        out.push_back({Token::on_accent, fill, 4.5});
    for (const Pair& pair : {Pair{Token::text1, Token::accent_bg, 4.5},
                             {Token::text2, Token::accent_bg, 4.5},
                             {Token::text1, Token::fail_bg, 4.5},
                             {Token::text3, Token::fail_bg, 4.5},
                             {Token::fail, Token::fail_bg, 4.5},
                             {Token::fix, Token::fix_bg, 4.5},
                             {Token::text1, Token::now_bg, 4.5},
                             {Token::text3, Token::bg3, 4.5},
                             {Token::text1, Token::bg3, 4.5},
                             {Token::text2, Token::bg3, 4.5},
                             {Token::text3, Token::bg0, 4.5},
                             {Token::text2, Token::bg0, 4.5},
                             {Token::accent, Token::accent_bg, 4.5},
                             {Token::fix, Token::bg0, 4.5},
                             {Token::line3, Token::bg3, 3}})
        out.push_back(pair);
    for (const Token code : {Token::kw, Token::str, Token::num, Token::fn})
        for (const Token fill : {Token::now_bg, Token::fail_bg, Token::fix_bg, Token::accent_bg})
            out.push_back({code, fill, 4.5});
    return out;
}

} // namespace

TEST(Theme, BothThemesKeepTheContrastOfEveryPairInUse) {
    ASSERT_EQ(all_themes().size(), 2u);
    for (const Theme& theme : all_themes())
        for (const Pair& pair : pairs())
            EXPECT_GE(contrast(theme[pair.text], theme[pair.fill]), pair.least)
                << theme.name() << ": " << token_name(pair.text) << " on " << token_name(pair.fill);
}

// The fills of the graph's ops, and the marks on them (graph.color).
TEST(Theme, TextIsReadableOnEveryColourOfTheGraph) {
    for (const Theme& theme : all_themes()) {
        std::vector<Color> hues{theme[Token::s_pois], theme[Token::text3]};
        for (std::size_t i = 0; i < categorical_count; ++i) hues.push_back(theme.categorical(i));
        Look look;
        look.theme = &theme;
        for (std::uint8_t step = 0; step < rnnscope::view::color_scale; ++step)
            hues.push_back(*class_color(look, rnnscope::view::ColorBy::executions, {step, "", "", 0, {}}));
        for (const Color hue : hues) {
            for (const Token text : {Token::text1, Token::text2})
                EXPECT_GE(contrast(theme[text], theme.tint(hue)), 4.5)
                    << theme.name() << ": " << token_name(text) << " on the tint of " << std::hex << hue;
            EXPECT_GE(contrast(theme.text_on(hue), hue), 4.5) << theme.name() << ": mark on " << std::hex << hue;
            for (const Token behind : {Token::bg1, Token::bg2})
                EXPECT_GE(contrast(hue, theme[behind]), 1.5) << theme.name() << ": " << std::hex << hue;
        }
        for (std::size_t i = 0; i < categorical_count; ++i)
            for (const Token behind : {Token::bg1, Token::bg2})
                EXPECT_GE(contrast(theme.categorical(i), theme[behind]), 3) << theme.name() << ": hue " << i;
    }
}

TEST(Theme, ContrastIsTheWcagRatio) {
    EXPECT_NEAR(contrast(0xFFFFFFFF, 0xFF000000), 21, 1e-9);
    EXPECT_NEAR(contrast(0xFF777777, 0xFFFFFFFF), 4.48, 0.01);
}

TEST(Theme, ScalesEndInTheirStopsAndAreSafeOnAnyNumber) {
    const Theme& dark = find_theme("dark");
    EXPECT_EQ(dark.diverging(0), 0xFF2B2826u); // #26282B
    EXPECT_EQ(dark.diverging(-1), dark.diverging(-50));
    EXPECT_EQ(dark.diverging(1), 0xFF5D9AFBu); // #FB9A5D
    EXPECT_EQ(dark.sequential(std::nan("")), dark.sequential(0));
}

TEST(Theme, ABrokenThemeSaysWhatIsMissing) {
    const auto theme = Theme::read(R"({"name": "x", "colors": {"bg0": "#000000"}})");
    ASSERT_FALSE(theme);
    EXPECT_EQ(theme.error().message, "The theme gives no colour \"#RRGGBB\" for \"bg1\".");
    EXPECT_EQ(Theme::read("[").error().code, "theme.syntax");
}

TEST(Theme, TokenNamesAreUnique) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < token_count; ++i) EXPECT_TRUE(names.insert(token_name(static_cast<Token>(i))).second);
}

TEST(Theme, FontsAreEmbedded) {
    std::set<std::string_view> names;
    for (const EmbeddedFile& file : embedded_fonts()) {
        names.insert(file.name);
        EXPECT_GT(file.bytes.size(), 50'000u) << file.name;
    }
    EXPECT_TRUE(names.contains("sans") && names.contains("mono") && names.contains("icons"));
}
