#include "ui/widgets/draw.hpp"
#include "ui/widgets/graph_canvas_colors.hpp"
#include "ui/widgets/graph_canvas_paint.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>

#include <fmt/format.h>

namespace rnnscope::ui {

using view::BoxKind;
using view::RunMark;
using view::SceneBox;

namespace {

class BoxPainter : public GraphBrush {
  public:
    using GraphBrush::GraphBrush;

    void draw_box(std::uint32_t i, bool flat) {
        const SceneBox& box = scene_.boxes[i];
        if (flat)
            draw_flat(i);
        else if (box.kind == BoxKind::scope && box.expanded)
            draw_open_scope(i);
        else if (box.kind == BoxKind::scope)
            draw_closed_scope(i);
        else
            draw_op(i);
        draw_marks(i, flat);
        if (!flat && !box.expanded) draw_color_mark(i);
    }

  private:
    const view::ColorClass* class_of(std::uint32_t i) const {
        if (!p_.colors || i >= p_.colors->boxes.size()) return nullptr;
        const std::uint8_t index = p_.colors->boxes[i].of;
        return index == view::no_class ? nullptr : &p_.colors->nodes->classes[index];
    }
    /// What the box's class is drawn in; nothing: as always.
    std::optional<Color> hue(std::uint32_t i) const { return p_.look_of(i) ? p_.look_of(i)->hue : std::nullopt; }
    std::optional<Color> tinted(std::uint32_t i) const { return p_.look_of(i) ? p_.look_of(i)->tint : std::nullopt; }

    /// On the upper side, at the right: the same for those who do not see the hue.
    void draw_color_mark(std::uint32_t i) {
        const std::optional<Color> color = hue(i);
        const SceneBox& box = scene_.boxes[i];
        if (!color || box.run == RunMark::failed) return;
        const view::ColorClass& row = *class_of(i);
        const std::string text = color_mark(row, p_.colors->boxes[i], p_.colors->nodes->by);
        const ImVec2 p = low(i), q = high(i);
        const float u = p_.unit;
        if (text.empty() || q.y - p.y < look_.px(13)) return;
        const bool has_triangle = box.kind != BoxKind::variable && box.state == view::StateMark::poisoned;
        if (row.state == view::StateMark::poisoned) {
            if (!has_triangle)
                mark(row.state, {q.x - 2 * u, p.y + 1 * u}, std::clamp(4 * u / look_.scale, 2.5f, 7.0f), Token::bg1);
            return;
        }
        const float right = q.x - (has_triangle ? 12 : 5) * u - (box.kind == BoxKind::variable ? 6 * u : 0);
        paint_color_mark(list_, look_, {right, p.y - std::max(7 * u, look_.px(5))}, u, faded(*color, i), text);
    }

    /// Along the lower side of a scope: which part of it has which class.
    void draw_class_shares(std::uint32_t i, ImVec2 p, ImVec2 q) {
        const view::BoxColor& box = p_.colors->boxes[i];
        const float inset = look_.px(3), width = q.x - p.x - 2 * inset, height = std::min(look_.px(3), (q.y - p.y) / 3);
        if (!box.mixed || width < look_.px(12) || height < 1) return;
        float total = 0, x = p.x + inset;
        for (std::uint32_t s = box.first; s < box.last; ++s) total += static_cast<float>(p_.colors->shares[s].nodes);
        for (std::uint32_t s = box.first; s < box.last; ++s) {
            const view::SceneColors::Share& share = p_.colors->shares[s];
            const std::optional<Color>& color = p_.class_looks[share.of].hue;
            const float end = x + width * static_cast<float>(share.nodes) / total;
            list_.AddRectFilled({x, q.y - height - 1}, {end, q.y - 1}, faded(color.value_or(look_[Token::line2]), i));
            x = end;
        }
    }

    /// What must be seen at every zoom: where it stands, what ran before, breakpoints, what a search found, and how
    /// much of a scope has values.
    void draw_marks(std::uint32_t i, bool flat) {
        const SceneBox& box = scene_.boxes[i];
        const ImVec2 p = low(i), q = high(i);
        const float radius = std::min(look_.px(4), 4 * p_.unit);
        const bool whole = flat || !box.expanded;
        if (box.is_current && (flat || box.kind == BoxKind::scope) && whole && box.run != RunMark::failed)
            compat::add_rect(list_, {p.x - 2, p.y - 2}, {q.x + 2, q.y + 2}, look_[Token::now], radius + 2, look_.px(2));
        if (box.recent > 0 && whole && !box.is_current) {
            const float left = std::max(0.15f, 0.8f - 0.12f * static_cast<float>(box.recent - 1));
            const float width = std::clamp(4 * p_.unit, look_.px(1.5f), look_.px(3));
            list_.AddRectFilled({p.x, q.y - width}, q, with_alpha(look_[Token::now], left), radius);
        }
        if (box.found > 0 && whole)
            compat::add_rect(list_, {p.x - 1, p.y - 1}, {q.x + 1, q.y + 1}, look_[Token::accent], radius + 1,
                             look_.px(2));
        if (box.has_breakpoint && whole) {
            const float r = look_.px(flat ? 3 : 4.5f);
            list_.AddCircleFilled({p.x, p.y}, r + look_.px(1), look_[Token::bg1], 16);
            list_.AddCircleFilled({p.x, p.y}, r, look_[Token::accent], 16);
        }
        if (box.kind == BoxKind::scope && whole && class_of(i))
            draw_class_shares(i, p, q);
        else if (box.kind == BoxKind::scope && box.variables > 0 && whole)
            draw_share(i, p, q);
    }

    /// Along the lower side: how many of the scope's variables have a value.
    void draw_share(std::uint32_t i, ImVec2 p, ImVec2 q) {
        const SceneBox& box = scene_.boxes[i];
        const float inset = look_.px(3), width = q.x - p.x - 2 * inset, height = std::min(look_.px(2), (q.y - p.y) / 3);
        if (width < look_.px(4) || height < 1) return;
        if (std::max(q.x - p.x, q.y - p.y) < look_.px(12)) return;
        const float share = static_cast<float>(box.with_value) / static_cast<float>(box.variables);
        const ImVec2 a{p.x + inset, q.y - height - 1}, b{q.x - inset, q.y - 1};
        const float split = a.x + width * share;
        list_.AddRectFilled({split, a.y}, b, faded(look_[Token::line2], i));
        if (share > 0) list_.AddRectFilled(a, {split, b.y}, faded(look_[Token::s_init], i));
    }

    bool in_run() const { return scene_.root().run != RunMark::none; }
    /// Not (yet) reached by the run, or not part of it.
    bool is_dim(const SceneBox& box) const {
        if (box.on_path || box.failed_inside || box.run == RunMark::failed) return false;
        return in_run() && (box.run == RunMark::not_reached || box.run == RunMark::none);
    }
    Token scope_fill(const SceneBox& box) const { return box.depth % 2 == 1 ? Token::bg1b : Token::bg1; }

    void draw_flat(std::uint32_t i) {
        const SceneBox& box = scene_.boxes[i];
        const ImVec2 p = low(i), q = high(i);
        const float radius = box.kind == BoxKind::variable ? (q.y - p.y) / 2 : 2 * look_.scale;
        const bool failed = box.run == RunMark::failed;
        const Token fill = failed                       ? Token::fail
                           : box.kind == BoxKind::scope ? Token::bg2
                           : is_dim(box)                ? Token::line1
                                                        : Token::bg3;
        // Thousands can be on the screen: the smaller, the plainer.
        const float size = std::max(q.x - p.x, q.y - p.y) / look_.scale;
        const bool marked = failed || box.failed_inside || box.on_path;
        if (size < 1.5f && !marked && i != p_.selected) return;
        const bool plain_scope = size < 12 && box.kind == BoxKind::scope && !marked;
        const Color color = (failed ? std::nullopt : hue(i)).value_or(look_[plain_scope ? Token::bg3 : fill]);
        list_.AddRectFilled(p, q, faded(color, i), size < 12 ? 0 : radius);
        if (i == p_.selected) {
            const float offset = look_.px(3);
            compat::add_rect(list_, {p.x - offset, p.y - offset}, {q.x + offset, q.y + offset}, look_[Token::accent],
                             offset, look_.px(2));
        }
        if (size < 12 && !marked) return;
        if (failed)
            compat::add_rect(list_, {p.x - 1, p.y - 1}, {q.x + 1, q.y + 1}, look_[Token::now], radius, look_.px(1.5f));
        else if (box.failed_inside || box.on_path)
            compat::add_rect(list_, p, q, look_[Token::fail], radius, 1);
        else if (box.kind == BoxKind::scope)
            compat::add_rect(list_, p, q, faded(look_[Token::line2], i), radius, 1);
    }

    bool covers_view(std::uint32_t i) const {
        const ImVec2 p = low(i), q = high(i);
        return p.x < p_.a.x && p.y < p_.a.y && q.x > p_.b.x && q.y > p_.b.y;
    }
    /// Nothing of it would be seen behind a scope in it.
    bool is_hidden(std::uint32_t i) const {
        for (std::uint32_t c = i + 1; c < scene_.boxes[i].end; c = scene_.boxes[c].end)
            if (scene_.boxes[c].expanded && covers_view(c)) return c != p_.selected && strength(c) >= 1;
        return false;
    }

    void draw_open_scope(std::uint32_t i) {
        const SceneBox& box = scene_.boxes[i];
        const ImVec2 p = low(i), q = high(i);
        const float radius = std::min(look_.px(6), 6 * p_.unit);
        const bool covers = covers_view(i);
        if (covers && is_hidden(i)) return;
        if (i == p_.selected)
            list_.AddRectFilled(p, q, look_[Token::accent_bg], radius);
        else
            list_.AddRectFilled(p, q, faded(look_[scope_fill(box)], i), covers ? 0 : radius);
        const Token border = box.frames_failure ? Token::fail : Token::line2;
        if (!covers) compat::add_rect(list_, p, q, faded(look_[border], i), radius, look_.px(1));
        const bool lit = i == p_.hovered || i == p_.lit;
        if (lit) compat::add_rect(list_, p, q, look_[Token::accent], radius, look_.px(1));
        header(i, p, {q.x, p.y + view::SceneMetrics::header * p_.unit}, true);
    }

    void draw_closed_scope(std::uint32_t i) {
        const SceneBox& box = scene_.boxes[i];
        const ImVec2 p = low(i), q = high(i);
        const float radius = std::min(look_.px(6), 6 * p_.unit);
        const Token fill = i == p_.selected ? Token::accent_bg : i == p_.hovered ? Token::bg3 : Token::bg2;
        const bool failed = box.frames_failure || i == scene_.failed_box;
        const Token border = i == p_.lit || i == p_.hovered || i == p_.selected ? Token::accent
                             : failed                                           ? Token::fail
                                                                                : Token::line2;
        if (box.repeats > 0) draw_sheets(i, p, q, radius, look_[border]);
        list_.AddRectFilled(p, q, faded(tinted(i).value_or(look_[fill]), i), radius);
        compat::add_rect(list_, p, q, faded(look_[border], i), radius, look_.px(i == scene_.failed_box ? 2 : 1));
        header(i, p, q, false);
    }

    /// Under a closed series: the steps behind the first.
    void draw_sheets(std::uint32_t i, ImVec2 p, ImVec2 q, float radius, Color border) {
        for (const float sheet : {2.f, 1.f}) {
            const float by = sheet * std::max(3 * p_.unit, 1.5f);
            const ImVec2 a{p.x + by, p.y + by}, b{q.x + by, q.y + by};
            list_.AddRectFilled(a, b, faded(look_[Token::bg2], i), radius);
            compat::add_rect(list_, a, b, faded(border, i), radius, look_.px(1));
        }
    }

    void header(std::uint32_t i, ImVec2 p, ImVec2 q, bool open) {
        const SceneBox& box = scene_.boxes[i];
        const float u = p_.unit, height = q.y - p.y, middle = p.y + height / 2;
        const float mark_scale = std::clamp(u / look_.scale, 0.6f, 1.6f);
        using M = view::SceneMetrics;
        float x = p.x + std::max(M::header_start * u, look_.px(5));
        draw_triangle(list_, {x + 4 * mark_scale * look_.scale, middle}, 9 * mark_scale * look_.scale, open,
                      faded(look_[i == p_.hovered ? Token::text1 : Token::text2], i));
        x += M::triangle * mark_scale * look_.scale;
        if (box.state != view::StateMark::none) {
            mark(box.state, {x + 5 * mark_scale * look_.scale, middle}, 4.5f * mark_scale,
                 open ? scope_fill(box) : Token::bg2);
            x += M::mark * mark_scale * look_.scale;
        }
        const Token color = is_dim(box) ? Token::text2 : Token::text1;
        // Lines from above pass between the title and the count.
        float title_end = q.x - M::header_start * u, count_start = p.x;
        for (std::uint32_t n = box.first_port; n < box.last_port; ++n) {
            const view::ScenePort& port = scene_.ports[n];
            if (port.out || port.at.y > 0.5f) continue;
            title_end = std::min(title_end, p.x + (port.at.x - M::text_to_line) * u);
            count_start = std::max(count_start, p.x + (port.at.x + M::text_to_line) * u);
        }
        const float room = title_end - x;
        const float used = label(TextRole::mono, 12, {x, p.y}, height, faded(look_[color], i), box.title, room, true);
        // With the share of its variables where there is room for it.
        std::array<std::string, 2> counts{"", box.count};
        if (box.found > 0)
            counts[0] = fmt::format("{} found", box.found);
        else if (box.variables > 0)
            counts[0] = view::header_count(box);
        for (const std::string& count : counts) {
            const float width = text_width(look_, TextRole::caption, count) * std::max(u / look_.scale, 0.82f);
            const float left = q.x - width - M::header_end * u;
            if (count.empty() || used <= 0 || left < std::max(x + used + 6 * u, count_start)) continue;
            label(TextRole::caption, 11, {left, p.y}, height, faded(look_[Token::text2], i), count, width + 4, false);
            break;
        }
    }

    void mark(view::StateMark state, ImVec2 center, float r, Token under) {
        draw_state(list_, look_, state, center, r, under);
    }

    void draw_op(std::uint32_t i) {
        const SceneBox& box = scene_.boxes[i];
        const ImVec2 p = low(i), q = high(i);
        const float u = p_.unit, height = q.y - p.y;
        const bool pill = box.kind == BoxKind::variable, failed = box.run == RunMark::failed, dim = is_dim(box);
        const float radius = pill ? height / 2 : std::min(look_.px(4), 4 * u);
        const bool selected = i == p_.selected, hovered = i == p_.hovered, lit = i == p_.lit;
        const Token parent_fill = scope_fill(scene_.boxes[box.parent]);
        const Token fill = failed                         ? Token::fail_bg
                           : selected                     ? Token::accent_bg
                           : hovered                      ? Token::bg3
                           : dim && !box.on_path && !pill ? (box.parent == 0 ? Token::bg1 : parent_fill)
                                                          : Token::bg2;
        const Token border = failed || box.on_path ? Token::fail
                             : lit || hovered      ? Token::accent
                             : dim && !pill        ? Token::line1
                                                   : Token::line2;
        const float thickness = failed ? look_.px(2) : look_.px(1);
        const Color color = (failed ? std::nullopt : tinted(i)).value_or(look_[fill]);
        if (box.kind == BoxKind::placeholder)
            draw_tag(p, q, faded(color, i), faded(look_[border], i), thickness);
        else
            draw_shape(p, q, faded(color, i), faded(look_[border], i), radius, thickness);
        if (box.is_current && !failed)
            compat::add_rect(list_, {p.x - 2, p.y - 2}, {q.x + 2, q.y + 2}, look_[Token::now], radius + 2, look_.px(2));
        if (selected) {
            const float offset = look_.px(3) + thickness;
            compat::add_rect(list_, {p.x - offset, p.y - offset}, {q.x + offset, q.y + offset}, look_[Token::accent],
                             radius + offset, look_.px(2));
        }
        op_text(i, p, q, dim && !tinted(i), failed);
        if (!pill && box.state == view::StateMark::poisoned) // variables have their mark before their name
            mark(box.state, {q.x - 2 * u, p.y + 1 * u}, std::clamp(4 * u / look_.scale, 2.5f, 7.0f), parent_fill);
    }

    void op_text(std::uint32_t i, ImVec2 p, ImVec2 q, bool dim, bool failed) {
        const SceneBox& box = scene_.boxes[i];
        const float u = p_.unit;
        float x = p.x + 12 * u;
        if (box.kind == BoxKind::placeholder) x += 6 * u;
        if (box.kind == BoxKind::variable) {
            if (box.state != view::StateMark::none)
                mark(box.state, {p.x + 20 * u, (p.y + q.y) / 2}, std::clamp(5.5f * u / look_.scale, 3.0f, 9.0f),
                     Token::bg2);
            x = p.x + 36 * u;
        }
        const bool chips = !box.chips.empty() && 11 * u >= least_em * look_.scale, two = !box.detail.empty();
        const float body = q.y - p.y - (chips ? 20 * u : 0);
        // Zoomed out, text shrinks less than its box: it then takes the box's margins.
        if (12 * u < 8 * look_.scale && box.kind != BoxKind::variable) {
            const float width = static_cast<float>(box.title.size()) * 8 * look_.scale * 0.61f;
            x = std::clamp((p.x + q.x - width) / 2, p.x + 2, x);
        }
        const float room = q.x - x - std::min(8 * u, look_.px(6));
        const Color ink = faded(look_[dim && box.kind != BoxKind::variable ? Token::text3 : Token::text1], i);
        const bool detail_fits = two && 11 * u >= least_em * look_.scale * 0.95f;
        const float first = detail_fits ? body * 0.58f : body;
        label(failed ? TextRole::mono_bold : TextRole::mono, 12, {x, p.y}, first, ink, box.title, room,
              box.title.find('/') != std::string::npos);
        if (detail_fits)
            label(TextRole::caption, 11, {x, p.y + body * 0.45f}, body * 0.5f,
                  faded(look_[dim ? Token::text3 : Token::text2], i), box.detail, room, false);
        if (chips) draw_chips(i, p, q, dim);
    }

    void draw_chips(std::uint32_t i, ImVec2 p, ImVec2 q, bool dim) {
        const SceneBox& box = scene_.boxes[i];
        const float u = p_.unit, top = q.y - 21 * u, bottom = q.y - 5 * u;
        float x = p.x + 6 * u;
        for (const view::SceneChip& chip : box.chips) {
            // The last one may be as wide as its box: small letters shrink less than boxes do.
            const bool is_last = &chip == &box.chips.back();
            const float width = static_cast<float>(chip.text.size()) * 8 * look_.scale * 0.61f + 13 * u;
            const float end =
                is_last ? std::max(x + chip.width * u, std::min(x + width, q.x - 5 * u)) : x + chip.width * u;
            const ImVec2 low{std::round(x), std::round(top)}, high{std::round(end), std::round(bottom)};
            const float radius = chip.portal ? (high.y - low.y) / 2 : std::min(look_.px(3), 3 * u);
            const Color ink = faded(look_[dim ? Token::text3 : Token::text2], i);
            if (chip.portal)
                compat::add_rect(list_, low, high, faded(look_[Token::line2], i), radius, 1);
            else
                list_.AddRectFilled(low, high, faded(look_[dim ? Token::line1 : Token::bg3], i), radius);
            float left = low.x + 6 * u;
            if (chip.portal) {
                // A link: two rings side by side.
                const float middle = (low.y + high.y) / 2, r = 2.6f * u;
                list_.AddCircle({left + 3 * u, middle}, r, ink, 10, 1);
                list_.AddCircle({left + 6.5f * u, middle}, r, ink, 10, 1);
                left += 13 * u;
            }
            label(TextRole::mono, 10, {left, low.y}, high.y - low.y, ink, chip.text, high.x - left - 2, false);
            x += (chip.width + 4) * u;
        }
    }

    void draw_shape(ImVec2 p, ImVec2 q, Color fill, Color border, float radius, float thickness) {
        list_.AddRectFilled(p, q, fill, radius);
        compat::add_rect(list_, p, q, border, radius, thickness);
    }

    /// A placeholder: its left side comes to a point.
    void draw_tag(ImVec2 p, ImVec2 q, Color fill, Color border, float thickness) {
        const float cut = std::min((q.y - p.y) / 4, 9 * p_.unit), middle = (p.y + q.y) / 2;
        const std::array<ImVec2, 5> points{ImVec2{p.x + cut, p.y}, ImVec2{q.x, p.y}, ImVec2{q.x, q.y},
                                           ImVec2{p.x + cut, q.y}, ImVec2{p.x, middle}};
        list_.AddConvexPolyFilled(points.data(), 5, fill);
        compat::add_polyline(list_, points.data(), 5, border, thickness, true);
    }
};

} // namespace

void draw_graph_box(ImDrawList& list, const GraphPaint& paint, std::uint32_t box, bool flat) {
    BoxPainter(list, paint).draw_box(box, flat);
}

} // namespace rnnscope::ui
