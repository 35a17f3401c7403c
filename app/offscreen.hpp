#pragma once

#include "core/base/result.hpp"

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

  private:
    Offscreen(int width, int height) : width_(width), height_(height) {}
    Status start();

    int width_, height_;
    void* display_ = nullptr; ///< EGLDisplay
    void* context_ = nullptr; ///< EGLContext
};

/// Saves what the current context has drawn (the bound framebuffer).
Status save_picture(int width, int height, const std::string& path);

} // namespace rnnscope::app
