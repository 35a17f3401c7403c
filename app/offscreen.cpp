#include "app/offscreen.hpp"

#include "core/debug/arrangement.hpp"

#include <EGL/egl.h>
#include <EGL/eglext.h>
#include <glad/gl.h>
#include <imgui.h>
#include <imgui_impl_opengl3.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace rnnscope::app {

namespace {

Error problem(const std::string& what) {
    return {"render.gl", what + ". rnnscope render needs Mesa's EGL (Debian: libegl1 libgl1-mesa-dri)."};
}

} // namespace

Result<std::unique_ptr<Offscreen>> Offscreen::create(int width, int height) {
    std::unique_ptr<Offscreen> out(new Offscreen(width, height));
    if (const Status status = out->start(); !status) return status.error();
    return out;
}

Status Offscreen::start() {
    const auto get_display =
        reinterpret_cast<PFNEGLGETPLATFORMDISPLAYEXTPROC>(eglGetProcAddress("eglGetPlatformDisplayEXT"));
    if (!get_display) return problem("EGL has no platform displays");
    EGLDisplay display = get_display(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr);
    if (display == EGL_NO_DISPLAY || !eglInitialize(display, nullptr, nullptr))
        return problem("EGL could not be started");
    display_ = display;
    eglBindAPI(EGL_OPENGL_API);
    const std::array<EGLint, 3> wanted = {EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (!eglChooseConfig(display, wanted.data(), &config, 1, &count) || count == 0) config = EGL_NO_CONFIG_KHR;
    const std::array<EGLint, 7> attributes = {
        EGL_CONTEXT_MAJOR_VERSION,           3,       EGL_CONTEXT_MINOR_VERSION, 3, EGL_CONTEXT_OPENGL_PROFILE_MASK,
        EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
    EGLContext context = eglCreateContext(display, config, EGL_NO_CONTEXT, attributes.data());
    if (context == EGL_NO_CONTEXT) return problem("There is no OpenGL 3.3");
    context_ = context;
    if (!eglMakeCurrent(display, EGL_NO_SURFACE, EGL_NO_SURFACE, context))
        return problem("OpenGL could not be started");
    if (!gladLoadGL(reinterpret_cast<GLADloadfunc>(eglGetProcAddress)))
        return problem("OpenGL's functions could not be loaded");
    GLuint buffer = 0, framebuffer = 0; // they live as long as the context
    glGenRenderbuffers(1, &buffer);
    glBindRenderbuffer(GL_RENDERBUFFER, buffer);
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width_, height_);
    glGenFramebuffers(1, &framebuffer);
    glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, buffer);
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE)
        return problem("A picture of this size could not be made");
    return {};
}

Offscreen::~Offscreen() {
    if (!display_) return;
    eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    if (context_) eglDestroyContext(display_, context_);
    eglTerminate(display_);
}

std::string Offscreen::renderer() {
    const auto* text = reinterpret_cast<const char*>(glGetString(GL_RENDERER));
    return text != nullptr ? text : "";
}

void paint_frame(int width, int height) {
    const ImVec4& below = ImGui::GetStyle().Colors[ImGuiCol_WindowBg];
    glViewport(0, 0, width, height);
    glClearColor(below.x, below.y, below.z, 1);
    glClear(GL_COLOR_BUFFER_BIT);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
}

Painter::Painter(const Offscreen& target) : target_(target) {
    ImGui_ImplOpenGL3_Init("#version 330");
}

Painter::~Painter() {
    ImGui_ImplOpenGL3_Shutdown();
}

void Painter::upload_fonts() {
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
}

void Painter::begin_frame() {
    ImGui_ImplOpenGL3_NewFrame();
}

void Painter::paint() {
    paint_frame(target_.width(), target_.height());
}

void Painter::finish() {
    glFinish();
}

PixelArea pixels_of(const ui::Rect& rect) {
    const ImVec2 scale = ImGui::GetIO().DisplayFramebufferScale;
    const auto pixel = [](float at, float by) { return static_cast<int>(std::lround(at * by)); };
    return {pixel(rect.a.x, scale.x), pixel(rect.a.y, scale.y), pixel(rect.width(), scale.x),
            pixel(rect.height(), scale.y)};
}

Status save_picture(const PixelArea& area, int height, const std::string& path) {
    const auto stride = static_cast<std::size_t>(area.width) * 3, rows = static_cast<std::size_t>(area.height);
    std::vector<unsigned char> pixels(stride * rows), flipped(pixels.size());
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    // OpenGL counts rows from below.
    glReadPixels(area.x, height - area.y - area.height, area.width, area.height, GL_RGB, GL_UNSIGNED_BYTE,
                 pixels.data());
    for (std::size_t row = 0; row < rows; ++row)
        std::copy_n(pixels.data() + row * stride, stride, flipped.data() + (rows - 1 - row) * stride);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(area.width);
    image.height = static_cast<png_uint_32>(area.height);
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = 0;
    std::string bytes;
    bool is_made = png_image_write_to_memory(&image, nullptr, &size, 0, flipped.data(), 0, nullptr) != 0;
    bytes.resize(size);
    is_made = is_made && png_image_write_to_memory(&image, bytes.data(), &size, 0, flipped.data(), 0, nullptr) != 0;
    bytes.resize(size);
    if (!is_made) return Error{"render.write", std::string("The picture could not be made: ") + image.message + "."};
    // Who waits for the file finds all of it.
    if (!debug::write_file_atomically(path, bytes))
        return Error{"render.write", "The picture could not be written to " + path + "."};
    return {};
}

} // namespace rnnscope::app
