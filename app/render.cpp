#include "app/render.hpp"

#include "app/cli.hpp"
#include "app/offscreen.hpp"
#include "ui/shell/samples.hpp"
#include "ui/shell/shell.hpp"

#include <imgui.h>

#include <cmath>
#include <filesystem>
#include <iostream>

namespace rnnscope::app {

namespace {

/// A Dear ImGui context, for as long as the picture takes.
class ImGuiSession {
  public:
    ImGuiSession(int width, int height) {
        IMGUI_CHECKVERSION();
        ImGui::CreateContext();
        ImGuiIO& io = ImGui::GetIO();
        io.IniFilename = nullptr;
        io.DisplaySize = {static_cast<float>(width), static_cast<float>(height)};
        io.DeltaTime = 1.0f / 60;
        io.MousePos = {-1, -1};
        ui::compat::map_keys();
    }
    ~ImGuiSession() { ImGui::DestroyContext(); }
    ImGuiSession(const ImGuiSession&) = delete;
    ImGuiSession& operator=(const ImGuiSession&) = delete;
};

void work_until_quiet(ui::Shell& shell) {
    while (shell.work(std::chrono::seconds(1)) || shell.debugger().has_background_work()) {
    }
}

void draw_frame(ui::Shell& shell, Painter& painter) {
    painter.begin_frame();
    ImGui::NewFrame();
    shell.draw();
    ImGui::Render();
    painter.paint();
}

int fail(const Error& error, int status) {
    std::cerr << "rnnscope: " << error.message << "\n";
    return status;
}

} // namespace

int render(const RenderOptions& options) {
    if (options.width < 320 || options.height < 240 || options.scale < 0.5f || options.scale > 4) {
        std::cerr << "rnnscope: --size is at least 320x240, and --scale lies between 0.5 and 4\n";
        return exit_usage;
    }
    const int width = static_cast<int>(std::lround(static_cast<float>(options.width) * options.scale)),
              height = static_cast<int>(std::lround(static_cast<float>(options.height) * options.scale));
    auto target = Offscreen::create(width, height);
    if (!target) return fail(target.error(), exit_unreadable);
    debug::Debugger debugger;
    ui::Settings settings;
    settings.theme = options.theme.empty() ? "dark" : options.theme;
    ui::Shell shell(debugger, settings);
    const ImGuiSession imgui(width, height);
    Painter painter(**target);
    shell.prepare(options.scale);

    if (!options.file.empty()) {
        std::error_code ignored;
        const bool is_sample = !std::filesystem::exists(options.file, ignored) && ui::find_sample(options.file);
        const Status opened = is_sample ? shell.open_sample(options.file) : shell.open_path(options.file);
        if (!opened) return fail(opened.error(), exit_unreadable);
        work_until_quiet(shell);
    }
    for (const std::string& text : options.commands) {
        if (const Status status = shell.execute(ui::parse_command(text, "terminal")); !status)
            return fail(status.error(), exit_usage);
        work_until_quiet(shell);
        if (shell.prepare(options.scale)) painter.upload_fonts(); // a command changed the font size
    }
    // What is drawn in one frame may be measured in the one before (scrolling, pop-ups): a few make it settle.
    // Movements get as much time as they want.
    ImGui::GetIO().DeltaTime = 0.1f;
    for (int i = 0; i < 4 || (shell.animating() && i < 60); ++i) {
        draw_frame(shell, painter);
        work_until_quiet(shell);
    }
    PixelArea area{0, 0, width, height};
    if (const auto shot = shell.take_screenshot_request()) area = pixels_of(shot->part); // of a panel
    if (const Status saved = save_picture(area, height, options.output); !saved)
        return fail(saved.error(), exit_unreadable);
    return exit_ok;
}

} // namespace rnnscope::app
