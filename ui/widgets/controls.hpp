#pragma once

#include "ui/panels/panel.hpp"
#include "ui/widgets/draw.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace rnnscope::ui {

/// An invisible thing to point at. Ids follow Dear ImGui's rules: unique below the current PushID.
struct Hit {
    bool hovered = false, held = false, clicked = false, double_clicked = false;
    bool wants_menu = false; ///< right click
};
Hit hit(const char* id, ImVec2 a, ImVec2 b);

/// The same for a row of a list, which is filled under the pointer. Before what stands in it is drawn.
Hit row_hit(const Look& look, const char* id, ImVec2 a, ImVec2 b);

/// Was the mouse pressed outside of the window that is being drawn? What floats above the panels closes by that.
bool clicked_outside();

/// After a rest of 350 ms over the last item. Wraps at about 60 letters.
void tooltip(const Look& look, std::string_view text);

enum class ButtonTone : unsigned char { idle, accent, fix };
/// At the left end of a row; returns whether it was clicked; `width` gets what it took.
bool button(const Look& look, const char* id, ImVec2 at, float height, std::string_view icon, std::string_view label,
            ButtonTone tone, bool enabled, float* width);
float button_width(const Look& look, std::string_view icon, std::string_view label);
/// Square, without a frame. `tip` is "name, key" or why it is disabled.
bool icon_button(const Look& look, const char* id, ImVec2 center, std::string_view icon, bool enabled,
                 std::string_view tip, float size = 14, Token idle = Token::text2);
/// An entry of one of Dear ImGui's menus, with its key at the right end. `ticked`: has a value where entries of the
/// menu can have a tick, which then stands right of the keys.
bool menu_item(const Look& look, const std::string& title, std::string_view key,
               std::optional<bool> ticked = std::nullopt, bool enabled = true);
/// A word in a field of its own, mono.
float chip(ImDrawList& list, const Look& look, ImVec2 at, float height, std::string_view text);
/// A field that looks like a chip and opens something: "sess v".
bool drop_button(const Look& look, const char* id, ImVec2 a, ImVec2 b, std::string_view text, std::string_view tip);
/// One line of text to type into. `focus` takes the keyboard.
bool text_field(const Look& look, const char* id, ImVec2 a, ImVec2 b, std::string& text, std::string_view hint,
                std::string_view icon, bool focus = false);
/// A name that selects what it names. Returns its width.
float link(const PanelContext& ctx, const char* id, TextRole role, float x, float y, float height,
           const view::Link& what, const char* origin, float max_width = 0);

/// A number in a half-round field. `shouts`: it counts failures. Returns its width.
float count_badge(const Look& look, float x, float y, float height, std::size_t count, bool shouts);
float count_badge_width(const Look& look, std::size_t count);

/// The strip on top of a panel: the tabs of its place, or icon and title, and room for what belongs to it.
struct PanelHeader : Rect {
    float left = 0; ///< where the titles end
};
/// Draws it and returns the rest of `rect`. `tools`: look pixels that the titles leave free at the right; what does not
/// fit before them is behind a button.
PanelHeader panel_header(const PanelContext& ctx, const Rect& rect, std::string_view icon, std::string_view title,
                         float tools = 0);
constexpr float panel_header_height = 30;
/// One line at a third of the height: what to do, or why there is nothing.
void draw_empty(const Look& look, const Rect& rect, std::string_view text);

/// Opens and closes a child window of exactly this place; content is clipped to it.
class Child {
  public:
    Child(const char* id, const Rect& rect, ImGuiWindowFlags flags = 0);
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
};

/// A hairline between two panels. While it is dragged: the pixel where it is to be, across the line.
std::optional<float> drag_line(const Look& look, const char* id, const Rect& line, bool vertical);

} // namespace rnnscope::ui
