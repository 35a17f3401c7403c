#include "ui/theme/look.hpp"

namespace rnnscope::ui {

void apply_style(const Look& look) {
    ImGuiStyle& style = ImGui::GetStyle();
    const auto px = [&](float v) { return look.whole_px(v); };
    style.WindowPadding = {px(12), px(12)};
    style.FramePadding = {px(8), px(4)};
    style.ItemSpacing = {px(8), px(4)};
    style.ItemInnerSpacing = {px(6), px(4)};
    style.IndentSpacing = px(16);
    style.ScrollbarSize = px(10);
    style.ScrollbarRounding = px(5);
    style.GrabRounding = px(3);
    style.WindowRounding = style.ChildRounding = 0;
    style.FrameRounding = px(4);
    style.PopupRounding = px(6);
    style.WindowBorderSize = 0;
    style.ChildBorderSize = 0;
    style.PopupBorderSize = 1;
    style.FrameBorderSize = 1;
    style.DisabledAlpha = 1; // disabled is a colour of its own
    style.AntiAliasedLinesUseTex = true;

    const auto set = [&](ImGuiCol slot, Token token) {
        style.Colors[slot] = ImGui::ColorConvertU32ToFloat4(look[token]);
    };
    set(ImGuiCol_Text, Token::text1);
    set(ImGuiCol_TextDisabled, Token::text3);
    set(ImGuiCol_WindowBg, Token::bg1);
    set(ImGuiCol_ChildBg, Token::bg1);
    style.Colors[ImGuiCol_ChildBg].w = 0;
    set(ImGuiCol_PopupBg, Token::bg2);
    set(ImGuiCol_Border, Token::line2);
    style.Colors[ImGuiCol_BorderShadow] = {0, 0, 0, 0};
    set(ImGuiCol_FrameBg, Token::bg2);
    set(ImGuiCol_FrameBgHovered, Token::bg3);
    set(ImGuiCol_FrameBgActive, Token::bg3);
    set(ImGuiCol_MenuBarBg, Token::bg0);
    set(ImGuiCol_ScrollbarBg, Token::bg1);
    style.Colors[ImGuiCol_ScrollbarBg].w = 0;
    set(ImGuiCol_ScrollbarGrab, Token::line2);
    set(ImGuiCol_ScrollbarGrabHovered, Token::line3);
    set(ImGuiCol_ScrollbarGrabActive, Token::line3);
    set(ImGuiCol_CheckMark, Token::accent);
    set(ImGuiCol_SliderGrab, Token::line3);
    set(ImGuiCol_SliderGrabActive, Token::accent);
    set(ImGuiCol_Button, Token::bg3);
    set(ImGuiCol_ButtonHovered, Token::bg3);
    set(ImGuiCol_ButtonActive, Token::bg3);
    set(ImGuiCol_Header, Token::accent_bg);
    set(ImGuiCol_HeaderHovered, Token::bg3);
    set(ImGuiCol_HeaderActive, Token::accent_bg);
    set(ImGuiCol_Separator, Token::line1);
    set(ImGuiCol_TextSelectedBg, Token::accent_bg);
    set(ImGuiCol_NavHighlight, Token::accent);
    set(ImGuiCol_ModalWindowDimBg, Token::bg0);
    style.Colors[ImGuiCol_ModalWindowDimBg].w = 0.6f;
}

} // namespace rnnscope::ui
