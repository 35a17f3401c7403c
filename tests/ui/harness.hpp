#pragma once

#include "ui/shell/shell.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <imgui.h>

#include <string>

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
    void click(ImVec2 at) {
        compat::set_mouse(at);
        frame();
        frame();
        compat::set_mouse_button(0, true);
        frame();
        compat::set_mouse_button(0, false);
        frame();
        settle();
    }
    void press(compat::Key key, bool ctrl = false, bool shift = false) {
        compat::set_modifiers(ctrl, shift);
        compat::set_key(key, true);
        frame();
        compat::set_key(key, false);
        compat::set_modifiers(false, false);
        frame();
        settle();
    }
    /// The middle of a place where `text` was drawn in the last frame, found by its glyphs in the draw lists.
    bool find_text(const std::string& text, ImVec2& at) const;
    bool click_text(const std::string& text) {
        ImVec2 at;
        if (!find_text(text, at)) return false;
        click(at);
        return true;
    }

  private:
    debug::Debugger debugger_;
    Shell shell_;
};

} // namespace rnnscope::ui
