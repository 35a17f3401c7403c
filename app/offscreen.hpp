#pragma once

#include "core/base/result.hpp"
#include "ui/panels/panel.hpp"

#include <memory>
#include <string>

namespace rnnscope::app {

/// An OpenGL 3.3 context that draws into memory: EGL without any surface, so no display is needed.
class Offscreen {
  public:
    static Result<std::unique_ptr<Offscreen>> create(int width, int height);
    ~Offscreen();
    Offscreen(const Offscreen&) = delete;
    Offscreen& operator=(const Offscreen&) = delete;

    int width() const { return width_; }
    int height() const { return height_; }
    static std::string renderer(); ///< what draws, in OpenGL's words: "llvmpipe (LLVM 15.0.6, 256 bits)"

  private:
    Offscreen(int width, int height) : width_(width), height_(height) {}
    Status start();

    int width_, height_;
    void* display_ = nullptr; ///< EGLDisplay
    void* context_ = nullptr; ///< EGLContext
};

/// Draws what ImGui::Render made into all of the bound framebuffer. What lies below every panel is cleared to, not
/// filled: where OpenGL is drawn by the CPU, each rectangle of the window's size takes it as long as all texts
/// together.
void paint_frame(int width, int height);

/// Dear ImGui's OpenGL back end for the Dear ImGui context that is current: what the window draws with, into memory.
class Painter {
  public:
    explicit Painter(const Offscreen& target);
    ~Painter();
    Painter(const Painter&) = delete;
    Painter& operator=(const Painter&) = delete;

    void upload_fonts(); ///< again, once they were built anew
    void begin_frame();  ///< before ImGui::NewFrame
    void paint();        ///< what ImGui::Render made
    void finish();       ///< waits until every pixel is there

  private:
    const Offscreen& target_;
};

/// A part of the framebuffer, in its pixels, from the upper left corner.
struct PixelArea {
    int x = 0, y = 0, width = 0, height = 0;
};
/// Where Dear ImGui has drawn `rect`.
PixelArea pixels_of(const ui::Rect& rect);
/// Saves what the current context has drawn (the bound framebuffer, `height` pixels high) in `area`.
Status save_picture(const PixelArea& area, int height, const std::string& path);

} // namespace rnnscope::app
