#include "ui/theme/fonts.hpp"

#include "ui/theme/embedded.hpp"

#include <imgui.h>
#include <imgui_freetype.h>

#include <cmath>
#include <string_view>

namespace rnnscope::ui {

namespace {

struct RoleFont {
    std::string_view file;
    float size; ///< Dear ImGui's: from ascent to descent
    float icons;
};

constexpr std::array<RoleFont, static_cast<std::size_t>(TextRole::count_)> role_fonts = {{
    {"sans", 13, 11},
    {"sans", 14.5f, 12},
    {"sans", 16, 13},
    {"sans_bold", 16, 13},
    {"sans_bold", 18, 15},
    {"sans_bold", 24, 0},
    {"sans_bold", 34, 0},
    {"mono", 14.5f, 0},
    {"mono", 16, 0},
    {"mono_bold", 16, 0},
    {"mono", 17, 0},
    {"mono_bold", 20, 0},
    {"icons", 14, 0},
}};

// Latin, Greek, Cyrillic, punctuation, arrows and mathematics: programs of many authors name files and scopes.
constexpr ImWchar text_ranges[] = {0x0020, 0x024F, 0x0370, 0x052F, 0x2010, 0x2044, 0x2070,
                                   0x209C, 0x2190, 0x2199, 0x2200, 0x22C6, 0};
constexpr ImWchar icon_ranges[] = {0xF000, 0xF2E0, 0};

ImFont* add(std::string_view name, float size, const ImWchar* ranges, bool merge, float offset_y) {
    for (const EmbeddedFile& file : embedded_fonts()) {
        if (file.name != name) continue;
        ImFontConfig config;
        config.FontDataOwnedByAtlas = false;
        config.MergeMode = merge;
        config.GlyphOffset.y = offset_y;
        config.OversampleH = config.OversampleV = 1;
        config.PixelSnapH = true;
        // Dear ImGui takes the bytes as void* but does not write to them while it does not own them.
        return ImGui::GetIO().Fonts->AddFontFromMemoryTTF(const_cast<char*>(file.bytes.data()),
                                                          static_cast<int>(file.bytes.size()), size, &config, ranges);
    }
    return nullptr;
}

} // namespace

void Fonts::build(float scale) {
    ImFontAtlas& atlas = *ImGui::GetIO().Fonts;
    atlas.Clear();
    atlas.TexDesiredWidth = scale > 1.25f ? 2048 : 1024;
    atlas.FontBuilderIO = ImGuiFreeType::GetBuilderForFreeType();
    // Hinting helps where pixels are large and only distorts where they are small.
    atlas.FontBuilderFlags =
        scale < 1.5f ? ImGuiFreeTypeBuilderFlags_LightHinting : ImGuiFreeTypeBuilderFlags_NoHinting;
    for (std::size_t i = 0; i < role_fonts.size(); ++i) {
        const RoleFont& role = role_fonts[i];
        const float size = std::round(role.size * scale * 2) / 2;
        const bool is_icons = role.file == "icons";
        ImFont* font = add(role.file, size, is_icons ? icon_ranges : text_ranges, false, 0);
        if (!font) {
            ImFontConfig config;
            config.SizePixels = size;
            font = atlas.AddFontDefault(&config);
        }
        if (!is_icons) add("fallback", size, text_ranges, true, 0);
        if (role.icons > 0) add("icons", std::round(role.icons * scale), icon_ranges, true, 0);
        fonts_[i] = font;
    }
    atlas.Build();
    scale_ = scale;
}

} // namespace rnnscope::ui
