#include "app/window.hpp"

#include "app/cli.hpp"
#include "app/desktop.hpp"
#include "app/offscreen.hpp"
#include "ui/shell/samples.hpp"
#include "ui/shell/shell.hpp"

// glad before GLFW, which would include the system's GL header.
#include <glad/gl.h>

#include <GLFW/glfw3.h>
#include <fmt/chrono.h>
#include <imgui.h>
#include <imgui_impl_glfw.h>
#include <imgui_impl_opengl3.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <utility>
#include <vector>

namespace rnnscope::app {

namespace {

/// How long frames go on after the last input: tooltips and pop-ups appear a little later.
constexpr double awake_s = 0.6;
constexpr auto work_budget = std::chrono::milliseconds(10);

class Window {
  public:
    Window(GLFWwindow* window, ui::Shell& shell, std::string settings_file)
        : window_(window), shell_(shell), settings_file_(std::move(settings_file)), saved_(shell.settings()) {
        glfwSetWindowUserPointer(window, this);
        // Before Dear ImGui's, which calls these too.
        glfwSetCursorPosCallback(window, [](GLFWwindow* w, double, double) { of(w).wake(); });
        glfwSetMouseButtonCallback(window, [](GLFWwindow* w, int, int, int) { of(w).wake(); });
        glfwSetScrollCallback(window, [](GLFWwindow* w, double, double) { of(w).wake(); });
        glfwSetKeyCallback(window, [](GLFWwindow* w, int key, int, int action, int mods) {
            const bool is_modifier = key >= GLFW_KEY_LEFT_SHIFT && key <= GLFW_KEY_RIGHT_SUPER;
            if (action == GLFW_PRESS && !is_modifier)
                of(w).taps_.push_back(
                    {key, (mods & GLFW_MOD_CONTROL) != 0, (mods & GLFW_MOD_SHIFT) != 0, (mods & GLFW_MOD_ALT) != 0});
            of(w).wake();
        });
        glfwSetCharCallback(window, [](GLFWwindow* w, unsigned) { of(w).wake(); });
        glfwSetWindowFocusCallback(window, [](GLFWwindow* w, int) { of(w).wake(); });
        glfwSetWindowRefreshCallback(window, [](GLFWwindow* w) { of(w).wake(); });
        glfwSetFramebufferSizeCallback(window, [](GLFWwindow* w, int, int) { of(w).wake(); });
        glfwSetWindowContentScaleCallback(window, [](GLFWwindow* w, float, float) { of(w).wake(); });
        glfwSetDropCallback(window, [](GLFWwindow* w, int count, const char** paths) {
            if (count > 0)
                (void)of(w).shell_.execute({"file.open", paths[0], "drop"}); // the shell tells what is wrong with it
            of(w).wake();
        });
        IMGUI_CHECKVERSION();
        ImGui::CreateContext();
        ImGui::GetIO().IniFilename = nullptr;
        ImGui_ImplGlfw_InitForOpenGL(window, true);
        ImGui_ImplOpenGL3_Init("#version 330");
        shell_.set_background(true);
        wake();
    }
    ~Window() {
        save_settings();
        ImGui_ImplOpenGL3_Shutdown();
        ImGui_ImplGlfw_Shutdown();
        ImGui::DestroyContext();
    }
    Window(const Window&) = delete;
    Window& operator=(const Window&) = delete;

    void run() {
        while (!shell_.wants_quit()) {
            wait();
            if (glfwWindowShouldClose(window_)) { // the shell may want to know what becomes of changes
                glfwSetWindowShouldClose(window_, GLFW_FALSE);
                (void)shell_.execute({"ui.quit", "", "window"});
                wake();
            }
            draw();
            if (shell_.work(work_budget) || shell_.animating()) wake();
            if (!ImGui::IsAnyMouseDown()) save_settings();
        }
    }

  private:
    static Window& of(GLFWwindow* window) { return *static_cast<Window*>(glfwGetWindowUserPointer(window)); }
    void wake() { awake_until_ = glfwGetTime() + awake_s; }

    /// At rest nothing is drawn and no time is used.
    void wait() {
        if (shell_.debugger().busy() || shell_.debugger().has_background_work())
            glfwPollEvents();
        else if (glfwGetTime() < awake_until_)
            glfwWaitEventsTimeout(1.0 / 60);
        else
            glfwWaitEvents();
    }

    void draw() {
        int width = 0, height = 0, window_width = 0, window_height = 0;
        glfwGetFramebufferSize(window_, &width, &height);
        glfwGetWindowSize(window_, &window_width, &window_height);
        if (width == 0 || height == 0) return;
        float scale = 1, ignored = 1;
        glfwGetWindowContentScale(window_, &scale, &ignored);
        // Where the window is measured in points already, Dear ImGui scales what is left.
        scale *= static_cast<float>(window_width) / static_cast<float>(width);
        if (shell_.prepare(scale) && drawn_) {
            ImGui_ImplOpenGL3_DestroyFontsTexture();
            ImGui_ImplOpenGL3_CreateFontsTexture();
        }
        ImGui_ImplOpenGL3_NewFrame();
        ImGui_ImplGlfw_NewFrame();
        const ui::compat::Modifiers modifiers = ui::compat::hold_taps(taps_);
        ImGui::NewFrame();
        shell_.draw();
        ImGui::Render();
        ui::compat::release_taps(std::exchange(taps_, {}), modifiers);
        paint_frame(width, height);
        drawn_ = true;
        if (const auto shot = shell_.take_screenshot_request()) take_screenshot(*shot, height);
        glfwSwapBuffers(window_);
        shell_.settings().window_width = window_width;
        shell_.settings().window_height = window_height;
        set_title();
    }

    void take_screenshot(const ui::Shell::Shot& shot, int height) {
        const auto now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
        const std::string panel = shot.panel.empty() ? "" : shot.panel + "-";
        const std::string path = fmt::format("rnnscope-{}{:%Y%m%d-%H%M%S}.png", panel, fmt::localtime(now));
        if (const Status saved = save_picture(pixels_of(shot.part), height, path); saved)
            std::cout << "rnnscope: saved " << path << std::endl;
        else
            shell_.notify("Save screenshot", saved.error().message);
        wake();
    }

    void set_title() {
        std::string title = "rnnscope";
        if (shell_.debugger().is_open())
            title = std::filesystem::path(shell_.debugger().program().file).filename().string() + " – rnnscope";
        if (title == title_) return;
        title_ = title;
        glfwSetWindowTitle(window_, title_.c_str());
    }

    void save_settings() {
        if (saved_ == shell_.settings() || settings_file_.empty()) return;
        saved_ = shell_.settings();
        (void)ui::save_settings(saved_, settings_file_); // kept settings are a comfort: a full disk must not disturb
    }

    GLFWwindow* window_;
    ui::Shell& shell_;
    std::string settings_file_, title_;
    ui::Settings saved_;
    std::vector<ui::compat::Tap> taps_; ///< keys that went down since the last frame
    double awake_until_ = 0;
    bool drawn_ = false;
};

/// The first window has the size that its look is made for, at the scale of its screen, as far as it has room there;
/// later ones are as they were left.
void size_first_window(GLFWwindow* window) {
    int width = 0, height = 0, pixels = 0, ignored = 0, room_width = 0, room_height = 0;
    float scale = 1, same = 1;
    glfwGetWindowSize(window, &width, &height);
    glfwGetFramebufferSize(window, &pixels, &ignored);
    glfwGetWindowContentScale(window, &scale, &same);
    GLFWmonitor* monitor = glfwGetPrimaryMonitor();
    if (pixels != width || scale <= 1 || monitor == nullptr) return; // its size is in points already
    glfwGetMonitorWorkarea(monitor, &ignored, &ignored, &room_width, &room_height);
    const auto scaled = [scale](int size, int room) {
        return std::max(size, std::min(static_cast<int>(static_cast<float>(size) * scale), room));
    };
    glfwSetWindowSize(window, scaled(width, room_width), scaled(height, room_height));
}

int no_window(const char* why) {
    std::cerr << "rnnscope: " << why
              << "; without a window, rnnscope run, check, graph, python, debug and render FILE do the same work\n";
    return exit_usage;
}

} // namespace

int open_window(const WindowOptions& options) {
    const char* x11 = std::getenv("DISPLAY");
    const char* wayland = std::getenv("WAYLAND_DISPLAY");
    if (!(x11 && *x11) && !(wayland && *wayland)) return no_window("there is no display (DISPLAY is not set)");
    if (!glfwInit()) return no_window("the display could not be used");
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_SCALE_TO_MONITOR, GLFW_FALSE); // the kept size has the scale in it already
    const std::string settings_file = ui::settings_path();
    ui::Settings settings = ui::load_settings(settings_file);
    GLFWwindow* window = glfwCreateWindow(settings.window_width, settings.window_height, "rnnscope", nullptr, nullptr);
    if (!window) {
        glfwTerminate();
        return no_window("the display has no OpenGL 3.3");
    }
    std::error_code unknown;
    if (!std::filesystem::exists(settings_file, unknown)) size_first_window(window);
    glfwSetWindowSizeLimits(window, 640, 400, GLFW_DONT_CARE, GLFW_DONT_CARE);
    glfwMakeContextCurrent(window);
    int status = exit_ok;
    if (!gladLoadGL(glfwGetProcAddress)) {
        status = no_window("OpenGL's functions could not be loaded");
    } else {
        glfwSwapInterval(1);
        debug::Debugger debugger;
        ui::Shell shell(debugger, settings);
        shell.set_desktop_theme(desktop_theme());
        std::ofstream log;
        if (!options.log.empty()) {
            log.open(options.log);
            shell.set_command_log([&log](const debug::Command& command) {
                log << command.id << (command.argument.empty() ? "" : " ") << command.argument << std::endl;
            });
        }
        if (!options.file.empty()) {
            std::error_code ignored;
            const bool is_sample = !std::filesystem::exists(options.file, ignored) && ui::find_sample(options.file);
            (void)(is_sample ? shell.open_sample(options.file) : shell.open_path(options.file)); // shown in the window
        }
        Window(window, shell, settings_file).run();
    }
    glfwDestroyWindow(window);
    glfwTerminate();
    return status;
}

} // namespace rnnscope::app
