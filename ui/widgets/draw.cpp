#include "ui/widgets/draw.hpp"

#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rnnscope::ui {

namespace {

constexpr float pi = std::numbers::pi_v<float>;

ImVec2 whole(ImVec2 p) {
    return {std::floor(p.x + 0.5f), std::floor(p.y + 0.5f)};
}

const char* end_of(std::string_view text) {
    return text.data() + text.size();
}

/// Draws the parts of a polyline that lie on dashes.
template <class PointAt>
void dash(ImDrawList& list, PointAt point_at, int segments, Color color, float thickness, float on, float off) {
    ImVec2 last = point_at(0);
    float phase = 0; // along the pattern
    const float period = on + off;
    for (int i = 1; i <= segments; ++i) {
        const ImVec2 next = point_at(static_cast<float>(i) / static_cast<float>(segments));
        const float dx = next.x - last.x, dy = next.y - last.y, length = std::sqrt(dx * dx + dy * dy);
        float done = 0;
        while (length - done > 0.01f) {
            const bool drawn = phase < on;
            const float take = std::min(length - done, drawn ? on - phase : period - phase);
            if (drawn) {
                const float t0 = done / length, t1 = (done + take) / length;
                list.AddLine({last.x + dx * t0, last.y + dy * t0}, {last.x + dx * t1, last.y + dy * t1}, color,
                             thickness);
            }
            done += std::max(take, 0.01f);
            phase += std::max(take, 0.01f);
            if (phase >= period) phase = 0;
        }
        last = next;
    }
}

} // namespace

ImVec2 text_size(const Look& look, TextRole role, std::string_view text) {
    const ImFont* font = look.font(role);
    return font->CalcTextSizeA(font->FontSize, FLT_MAX, 0, text.data(), end_of(text));
}

float text_width(const Look& look, TextRole role, std::string_view text) {
    return text.empty() ? 0 : text_size(look, role, text).x;
}

float draw_text(ImDrawList& list, const Look& look, TextRole role, ImVec2 at, Token color, std::string_view text) {
    return draw_text(list, look, role, at, look[color], text);
}

float draw_text(ImDrawList& list, const Look& look, TextRole role, ImVec2 at, Color color, std::string_view text) {
    if (text.empty()) return 0;
    const ImFont* font = look.font(role);
    list.AddText(font, font->FontSize, whole(at), color, text.data(), end_of(text));
    return text_width(look, role, text);
}

float draw_text_in_row(ImDrawList& list, const Look& look, TextRole role, float x, float y, float height, Token color,
                       std::string_view text) {
    return draw_text(list, look, role, {x, y + (height - look.font(role)->FontSize) / 2}, color, text);
}

float draw_text_right(ImDrawList& list, const Look& look, TextRole role, float right, float y, float height,
                      Token color, std::string_view text) {
    const float width = text_width(look, role, text);
    draw_text_in_row(list, look, role, right - width, y, height, color, text);
    return width;
}

std::size_t fitting_size(const Look& look, TextRole role, std::string_view text, float width) {
    const ImFont* font = look.font(role);
    const char* rest = nullptr;
    font->CalcTextSizeA(font->FontSize, std::max(width, 0.0f), 0, text.data(), end_of(text), &rest);
    return width <= 0 || rest == nullptr ? std::size_t{0} : static_cast<std::size_t>(rest - text.data());
}

std::string fit_text(const Look& look, TextRole role, std::string_view text, float width) {
    if (text_width(look, role, text) <= width) return std::string(text);
    constexpr std::string_view dots = "…";
    const std::size_t kept = fitting_size(look, role, text, width - text_width(look, role, dots));
    return std::string(text.substr(0, kept)) + std::string(dots);
}

std::string fit_path(const Look& look, TextRole role, std::string_view path, float width) {
    if (text_width(look, role, path) <= width) return std::string(path);
    for (std::size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
        std::string shorter = "…" + std::string(path.substr(slash));
        if (text_width(look, role, shorter) <= width || path.find('/', slash + 1) == std::string_view::npos)
            return shorter;
    }
    return std::string(path);
}

std::vector<std::string_view> wrapped_lines(const Look& look, TextRole role, float width, std::string_view text) {
    const ImFont* font = look.font(role);
    std::vector<std::string_view> lines;
    const char* line = text.data();
    const char* end = end_of(text);
    while (line < end) {
        const char* newline = std::find(line, end, '\n');
        const char* stop = font->CalcWordWrapPositionA(1.0f, line, newline, std::max(width, 1.0f));
        if (stop == line) stop = std::min(line + 1, end);
        lines.emplace_back(line, static_cast<std::size_t>(stop - line));
        line = stop;
        while (line < end && *line == ' ') ++line;
        if (line < end && line == newline) ++line;
    }
    return lines;
}

float draw_wrapped(ImDrawList* list, const Look& look, TextRole role, ImVec2 at, float width, float line_height,
                   Token color, std::string_view text, int max_lines) {
    const std::vector<std::string_view> lines = wrapped_lines(look, role, width, text);
    const bool is_cut = max_lines > 0 && lines.size() > static_cast<std::size_t>(max_lines);
    const std::size_t shown = is_cut ? static_cast<std::size_t>(max_lines) : lines.size();
    for (std::size_t i = 0; list && i < shown; ++i) {
        const ImVec2 place{at.x, at.y + line_height * static_cast<float>(i)};
        const char* newline = std::find(lines[i].data(), end_of(text), '\n');
        const std::string_view rest(lines[i].data(), static_cast<std::size_t>(newline - lines[i].data()));
        draw_text(*list, look, role, place, color,
                  is_cut && i + 1 == shown ? fit_text(look, role, rest, width) : lines[i]);
    }
    return line_height * static_cast<float>(shown);
}

Token state_token(StateMark mark) {
    switch (mark) {
    case StateMark::initialized:
    case StateMark::updated:
        return Token::s_init;
    case StateMark::restored:
        return Token::s_rest;
    case StateMark::partly:
        return Token::s_part;
    case StateMark::uninitialized:
        return Token::s_unin;
    case StateMark::poisoned:
        return Token::s_pois;
    case StateMark::none:
    case StateMark::declared:
        break;
    }
    return Token::s_decl;
}

void draw_state(ImDrawList& list, const Look& look, StateMark mark, ImVec2 c, float radius, Token under) {
    const Color color = look[state_token(mark)];
    const float r = look.px(radius), one = look.px(1);
    switch (mark) {
    case StateMark::none:
        break;
    case StateMark::declared:
        list.AddCircle(c, r - 0.5f * one, color, 0, 1.5f * one);
        break;
    case StateMark::initialized:
        list.AddCircleFilled(c, r, color);
        break;
    case StateMark::updated:
        list.AddCircleFilled(c, r, color);
        list.AddCircleFilled(c, 1.5f * one, look[under]);
        break;
    case StateMark::restored: {
        const float d = r + one;
        list.AddQuadFilled({c.x, c.y - d}, {c.x + d, c.y}, {c.x, c.y + d}, {c.x - d, c.y}, color);
        break;
    }
    case StateMark::partly:
        list.AddCircle(c, r - 0.5f * one, color, 0, 1.5f * one);
        list.PathArcTo(c, r - 0.5f * one, pi * 0.5f, pi * 1.5f, 16);
        list.PathFillConvex(color);
        break;
    case StateMark::uninitialized: {
        const float d = r - 0.6f * one;
        list.AddLine({c.x - d, c.y - d}, {c.x + d, c.y + d}, color, 2.2f * one);
        list.AddLine({c.x - d, c.y + d}, {c.x + d, c.y - d}, color, 2.2f * one);
        break;
    }
    case StateMark::poisoned: {
        const float half = r + 0.8f * one, height = 2 * r + 0.5f * one;
        list.AddTriangleFilled({c.x, c.y - height / 2}, {c.x + half, c.y + height / 2}, {c.x - half, c.y + height / 2},
                               color);
        break;
    }
    }
}

void draw_box(ImDrawList& list, ImVec2 a, ImVec2 b, Color fill, Color border, float rounding, float thickness) {
    a = whole(a);
    b = whole(b);
    if (fill) list.AddRectFilled(a, b, fill, rounding);
    if (border) compat::add_rect(list, a, b, border, rounding, thickness);
}

void draw_hline(ImDrawList& list, float x0, float x1, float y, Color color) {
    const float at = std::floor(y);
    list.AddRectFilled({std::floor(x0), at}, {std::floor(x1), at + 1}, color);
}

void draw_vline(ImDrawList& list, float x, float y0, float y1, Color color) {
    const float at = std::floor(x);
    list.AddRectFilled({at, std::floor(y0)}, {at + 1, std::floor(y1)}, color);
}

void draw_dashed_line(ImDrawList& list, ImVec2 a, ImVec2 b, Color color, float thickness, float on, float off) {
    dash(
        list, [&](float t) { return ImVec2(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t); }, 1, color, thickness, on,
        off);
}

void draw_dashed_rect(ImDrawList& list, ImVec2 a, ImVec2 b, Color color, float thickness, float on, float off) {
    draw_dashed_line(list, a, {b.x, a.y}, color, thickness, on, off);
    draw_dashed_line(list, {b.x, a.y}, b, color, thickness, on, off);
    draw_dashed_line(list, b, {a.x, b.y}, color, thickness, on, off);
    draw_dashed_line(list, {a.x, b.y}, a, color, thickness, on, off);
}

void draw_dashed_bezier(ImDrawList& list, ImVec2 p0, ImVec2 p1, ImVec2 p2, ImVec2 p3, Color color, float thickness,
                        float on, float off) {
    const auto at = [&](float t) {
        const float u = 1 - t, a = u * u * u, b = 3 * u * u * t, c = 3 * u * t * t, d = t * t * t;
        return ImVec2(a * p0.x + b * p1.x + c * p2.x + d * p3.x, a * p0.y + b * p1.y + c * p2.y + d * p3.y);
    };
    dash(list, at, 32, color, thickness, on, off);
}

void draw_triangle(ImDrawList& list, ImVec2 c, float size, bool pointing_down, Color color) {
    const float h = size / 2;
    if (pointing_down)
        list.AddTriangleFilled({c.x - h, c.y - h * 0.6f}, {c.x + h, c.y - h * 0.6f}, {c.x, c.y + h * 0.7f}, color);
    else
        list.AddTriangleFilled({c.x - h * 0.6f, c.y - h}, {c.x + h * 0.7f, c.y}, {c.x - h * 0.6f, c.y + h}, color);
}

void draw_hatched(ImDrawList& list, const Look& look, ImVec2 a, ImVec2 b, std::string_view sentence) {
    const float height = b.y - a.y, gap = look.px(10);
    list.PushClipRect(a, b, true);
    for (float x = a.x - height; x < b.x; x += gap) list.AddLine({x, b.y}, {x + height, a.y}, look[Token::line1], 1);
    list.PopClipRect();
    compat::add_rect(list, a, b, look[Token::line1], look.px(3), 1);
    if (sentence.empty()) return;
    const std::string text = fit_text(look, TextRole::caption, sentence, b.x - a.x - look.px(16));
    const ImVec2 size = text_size(look, TextRole::caption, text);
    const ImVec2 at{(a.x + b.x - size.x) / 2, (a.y + b.y - size.y) / 2};
    list.AddRectFilled({at.x - look.px(8), at.y - look.px(2)}, {at.x + size.x + look.px(8), at.y + size.y + look.px(2)},
                       look[Token::bg1]);
    draw_text(list, look, TextRole::caption, at, Token::text2, text);
}

} // namespace rnnscope::ui
