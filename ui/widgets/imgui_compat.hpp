#pragma once

#include <imgui.h>
#include <span>

/// What differs between Dear ImGui 1.86 (Debian 12) and later versions, in one place. Everything else in ui/ uses only
/// what both have.
namespace rnnscope::ui::compat {

/// Keys that shortcuts use. Before 1.87 Dear ImGui takes the window system's own numbers; ours are GLFW's then.
#if IMGUI_VERSION_NUM >= 18700
using Key = ImGuiKey;
inline Key function_key(int n) {
    return static_cast<Key>(ImGuiKey_F1 + (n - 1));
}
inline Key letter_key(char upper) {
    return upper >= '0' && upper <= '9' ? static_cast<Key>(ImGuiKey_0 + (upper - '0'))
                                        : static_cast<Key>(ImGuiKey_A + (upper - 'A'));
}
constexpr Key key_comma = ImGuiKey_Comma, key_plus = ImGuiKey_Equal, key_minus = ImGuiKey_Minus;
constexpr Key key_home = ImGuiKey_Home, key_end = ImGuiKey_End, key_left = ImGuiKey_LeftArrow,
              key_right = ImGuiKey_RightArrow, key_up = ImGuiKey_UpArrow, key_down = ImGuiKey_DownArrow,
              key_enter = ImGuiKey_Enter, key_escape = ImGuiKey_Escape, key_tab = ImGuiKey_Tab,
              key_delete = ImGuiKey_Delete, key_space = ImGuiKey_Space, key_menu = ImGuiKey_Menu;
#else
using Key = int;
inline Key function_key(int n) {
    return 290 + (n - 1);
}
inline Key letter_key(char upper) {
    return upper;
}
constexpr Key key_comma = 44, key_plus = 61, key_minus = 45;
constexpr Key key_home = 268, key_end = 269, key_left = 263, key_right = 262, key_up = 265, key_down = 264,
              key_enter = 257, key_escape = 256, key_tab = 258, key_delete = 261, key_space = 32, key_menu = 348;
#endif

inline bool key_pressed(Key key, bool repeat = true) {
    return ImGui::IsKeyPressed(key, repeat);
}

// Input by hand: for tests and the off-screen window.
#if IMGUI_VERSION_NUM >= 18700
inline void set_mouse(ImVec2 at) {
    ImGui::GetIO().AddMousePosEvent(at.x, at.y);
}
inline void set_mouse_button(int button, bool down) {
    ImGui::GetIO().AddMouseButtonEvent(button, down);
}
inline void add_wheel(float dy) {
    ImGui::GetIO().AddMouseWheelEvent(0, dy);
}
inline void set_key(Key key, bool down) {
    ImGui::GetIO().AddKeyEvent(key, down);
}
inline void set_modifiers(bool ctrl, bool shift, bool alt) {
    ImGui::GetIO().AddKeyEvent(ImGuiKey_ModCtrl, ctrl);
    ImGui::GetIO().AddKeyEvent(ImGuiKey_ModShift, shift);
    ImGui::GetIO().AddKeyEvent(ImGuiKey_ModAlt, alt);
}
#else
inline void set_mouse(ImVec2 at) {
    ImGui::GetIO().MousePos = at;
}
inline void set_mouse_button(int button, bool down) {
    ImGui::GetIO().MouseDown[button] = down;
}
inline void add_wheel(float dy) {
    ImGui::GetIO().MouseWheel += dy;
}
inline void set_key(Key key, bool down) {
    ImGui::GetIO().KeysDown[key] = down;
}
inline void set_modifiers(bool ctrl, bool shift, bool alt) {
    ImGui::GetIO().KeyCtrl = ctrl;
    ImGui::GetIO().KeyShift = shift;
    ImGui::GetIO().KeyAlt = alt;
}
/// The named keys that text fields need; the GLFW backend does this itself.
inline void map_keys() {
    ImGuiIO& io = ImGui::GetIO();
    io.KeyMap[ImGuiKey_Tab] = key_tab;
    io.KeyMap[ImGuiKey_LeftArrow] = key_left;
    io.KeyMap[ImGuiKey_RightArrow] = key_right;
    io.KeyMap[ImGuiKey_UpArrow] = key_up;
    io.KeyMap[ImGuiKey_DownArrow] = key_down;
    io.KeyMap[ImGuiKey_Home] = key_home;
    io.KeyMap[ImGuiKey_End] = key_end;
    io.KeyMap[ImGuiKey_Delete] = key_delete;
    io.KeyMap[ImGuiKey_Backspace] = 259;
    io.KeyMap[ImGuiKey_Space] = key_space;
    io.KeyMap[ImGuiKey_Enter] = key_enter;
    io.KeyMap[ImGuiKey_Escape] = key_escape;
    io.KeyMap[ImGuiKey_A] = 'A';
    io.KeyMap[ImGuiKey_C] = 'C';
    io.KeyMap[ImGuiKey_V] = 'V';
    io.KeyMap[ImGuiKey_X] = 'X';
    io.KeyMap[ImGuiKey_Y] = 'Y';
    io.KeyMap[ImGuiKey_Z] = 'Z';
}
#endif
#if IMGUI_VERSION_NUM >= 18700
inline void map_keys() {}
#endif

/// A key (not a modifier) that went down since the last frame, with the modifiers of that moment. Before 1.87 Dear
/// ImGui looks at the state of the frame only: it would miss a key that is up again, and a modifier that was let go
/// first.
struct Tap {
    int key;
    bool ctrl, shift, alt;
    bool is_up = false; ///< set by hold_taps
};
/// Modifiers as they really are, to be put back after the frame.
struct Modifiers {
    bool ctrl = false, shift = false, alt = false;
};
/// Before NewFrame: makes the frame see the keys as they were when they went down. Goes with `release_taps`.
inline Modifiers hold_taps([[maybe_unused]] std::span<Tap> taps) {
    ImGuiIO& io = ImGui::GetIO();
    const Modifiers now{io.KeyCtrl, io.KeyShift, io.KeyAlt};
#if IMGUI_VERSION_NUM < 18700
    for (Tap& tap : taps) {
        if (tap.key < 0 || tap.key >= 512) continue;
        tap.is_up = !io.KeysDown[tap.key];
        io.KeysDown[tap.key] = true;
        io.KeyCtrl = tap.ctrl;
        io.KeyShift = tap.shift;
        io.KeyAlt = tap.alt;
    }
#endif
    return now;
}
inline void release_taps([[maybe_unused]] std::span<const Tap> taps, [[maybe_unused]] const Modifiers& now) {
#if IMGUI_VERSION_NUM < 18700
    ImGuiIO& io = ImGui::GetIO();
    for (const Tap& tap : taps)
        if (tap.is_up) io.KeysDown[tap.key] = false;
    io.KeyCtrl = now.ctrl;
    io.KeyShift = now.shift;
    io.KeyAlt = now.alt;
#endif
}

// 1.92.8 swaps flags and thickness of these three without a compile error: they are called from here only.
inline void add_rect(ImDrawList& list, ImVec2 a, ImVec2 b, ImU32 color, float rounding = 0, float thickness = 1) {
#if IMGUI_VERSION_NUM >= 19280
    list.AddRect(a, b, color, rounding, thickness, 0);
#else
    list.AddRect(a, b, color, rounding, 0, thickness);
#endif
}
inline void add_polyline(ImDrawList& list, const ImVec2* points, int count, ImU32 color, float thickness,
                         bool closed = false) {
    const ImDrawFlags flags = closed ? ImDrawFlags_Closed : ImDrawFlags_None;
#if IMGUI_VERSION_NUM >= 19280
    list.AddPolyline(points, count, color, thickness, flags);
#else
    list.AddPolyline(points, count, color, flags, thickness);
#endif
}
inline void path_stroke(ImDrawList& list, ImU32 color, float thickness, bool closed = false) {
    const ImDrawFlags flags = closed ? ImDrawFlags_Closed : ImDrawFlags_None;
#if IMGUI_VERSION_NUM >= 19280
    list.PathStroke(color, thickness, flags);
#else
    list.PathStroke(color, flags, thickness);
#endif
}

inline bool begin_child(const char* id, ImVec2 size, ImGuiWindowFlags flags = 0) {
    return ImGui::BeginChild(id, size, false, flags);
}

} // namespace rnnscope::ui::compat
