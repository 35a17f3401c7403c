#pragma once

#include "ui/shell/shell.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <imgui.h>

#include <string>
#include <vector>

namespace rnnscope::ui {

/// The real shell without a window or a GPU: frames are built and thrown away, input is given by hand.
class Harness {
  public:
    explicit Harness(float width = 1600, float height = 1000) : shell_(debugger_, Settings{}) {
        ImGui::CreateContext();
        ImGuiIO& io = ImGui::GetIO();
        io.IniFilename = nullptr;
        io.DisplaySize = {width, height};
        io.DeltaTime = 1.0f / 60;
        compat::map_keys();
        compat::set_mouse({-1, -1});
        shell_.prepare(1);
    }
    ~Harness() { ImGui::DestroyContext(); }
    Harness(const Harness&) = delete;
    Harness& operator=(const Harness&) = delete;

    Shell& shell() { return shell_; }
    debug::Debugger& debugger() { return debugger_; }

    void frame() {
        ImGui::NewFrame();
        shell_.draw();
        ImGui::Render();
        shell_.work(std::chrono::seconds(10));
        shell_.prepare(1);
    }
    /// Frames until nothing is left to do.
    void settle() {
        for (int i = 0; i < 200; ++i) {
            frame();
            if (!debugger_.busy() && i > 3) return;
        }
    }
    void click(ImVec2 at, int button = 0) {
        compat::set_mouse(at);
        frame();
        frame();
        compat::set_mouse_button(button, true);
        frame();
        compat::set_mouse_button(button, false);
        frame();
        settle();
    }
    void type(const std::string& text) {
        for (const char c : text) {
            ImGui::GetIO().AddInputCharacter(static_cast<unsigned char>(c));
            frame();
        }
    }
    void press(compat::Key key, bool ctrl = false, bool shift = false, bool alt = false) {
        compat::set_modifiers(ctrl, shift, alt);
        compat::set_key(key, true);
        frame();
        compat::set_key(key, false);
        compat::set_modifiers(false, false, false);
        frame();
        settle();
    }
    /// A part of the window, in pixels.
    struct Region {
        ImVec2 a{0, 0}, b{1e6f, 1e6f};
    };
    /// The middle of a place where `text` was drawn in the last frame, found by its glyphs in the draw lists.
    bool find_text(const std::string& text, ImVec2& at, const Region& region) const;
    bool find_text(const std::string& text, ImVec2& at) const { return find_text(text, at, Region{}); }
    /// A glyph of the last frame as far as it is seen, in pixels.
    struct Glyph {
        ImVec2 a, b;
    };
    /// Those that lie in `region` and are not clipped away; letters and icons of all fonts.
    std::vector<Glyph> glyphs(const Region& region) const;
    bool shows(const std::string& text) const {
        ImVec2 ignored;
        return find_text(text, ignored);
    }
    bool click_text(const std::string& text, const Region& region, int button = 0) {
        ImVec2 at;
        if (!find_text(text, at, region)) return false;
        click(at, button);
        return true;
    }
    bool click_text(const std::string& text) { return click_text(text, Region{}); }

  private:
    debug::Debugger debugger_;
    Shell shell_;
};

} // namespace rnnscope::ui
