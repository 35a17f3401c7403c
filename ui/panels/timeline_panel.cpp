#include "ui/panels/timeline_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <algorithm>
#include <cmath>

namespace rnnscope::ui {

namespace {

constexpr float label_column = 92, box_height = 22, least_box = 23;

struct BoxColors {
    Token fill, border, text;
};

BoxColors colors_of(view::BoxTone tone, bool reached) {
    if (tone == view::BoxTone::failed) return {Token::fail_bg, Token::fail, Token::text1};
    if (tone == view::BoxTone::to_change) return {Token::fix_bg, Token::fix, Token::text1};
    return reached ? BoxColors{Token::bg3, Token::bg3, Token::text2}
                   : BoxColors{Token::bg1, Token::line1, Token::text3};
}

} // namespace

void TimelinePanel::draw(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child panel("timeline", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const PanelHeader body = panel_header(ctx, rect, icon::timeline, "Timeline");
    const view::TimelineView& view = view_.get(ctx.stamp, 0, [&] { return view::build_timeline(ctx.debugger); });
    ImDrawList& list = *ImGui::GetWindowDrawList();
    if (view.statements.empty()) return draw_empty(look, body, "Nothing was executed yet.");
    if (!view.lanes.empty()) {
        constexpr std::string_view about = "accesses of";
        const float words = text_width(look, TextRole::caption, about);
        const float room = std::min(rect.width() * 0.45f, rect.b.x - body.left - words - look.px(60));
        const std::string path = fit_path(look, TextRole::mono_small, view.lanes[0].path, room);
        const float name = text_width(look, TextRole::mono_small, path);
        const float right = rect.b.x - look.px(12), left = right - words - name - look.px(22),
                    top = rect.a.y + look.px(5);
        if (left >= body.left + look.px(8)) {
            draw_box(list, {left, top}, {right, top + look.px(20)}, look[Token::bg2], look[Token::line2], look.px(3));
            draw_text_in_row(list, look, TextRole::caption, left + look.px(8), top, look.px(20), Token::text2, about);
            draw_text_in_row(list, look, TextRole::mono_small, left + words + look.px(14), top, look.px(20),
                             Token::text1, path);
        }
    }
    if (zoomed_run_ != view.run) {
        zoomed_run_ = view.run;
        zoom_from_ = 0;
        zoom_to_ = 1;
    }
    const float unit = std::clamp(body.height() / 240, look.scale * 0.7f, look.scale * 1.3f);
    Lanes lanes{rect.a.x + look.px(label_column), rect.b.x - look.px(18), 0, 0, 0, 0, 0};
    lanes.statements = body.a.y + 8 * unit;
    lanes.runs = body.a.y + 50 * unit;
    lanes.steps = body.a.y + 86 * unit;
    lanes.ops = body.a.y + 118 * unit;
    lanes.pips = body.a.y + 176 * unit;

    const auto label = [&](float y, std::string_view text) {
        draw_text_right(list, look, TextRole::caption, lanes.left - look.px(16), y, look.px(box_height), Token::text2,
                        text);
    };
    label(lanes.statements, "Statements");
    label(lanes.runs, "Runs");
    place_boxes(look, lanes, view);
    shown_ = &view;
    place_bookmarks(ctx, lanes, view);
    scrub(ctx, lanes, body);
    draw_boxes(ctx, lanes, view);
    if (view.run.valid()) {
        label(lanes.steps, "Time steps");
        label(lanes.ops + look.px(14), "Ops");
        draw_run(ctx, lanes, view);
    }
    if (!view.lanes.empty()) draw_lane(ctx, lanes, view);
    draw_lit_time(ctx, lanes, view);
    draw_bookmarks(look);
    draw_playhead(ctx, lanes, view);
}

void TimelinePanel::place_boxes(const Look& look, const Lanes& lanes, const view::TimelineView& view) {
    places_.clear();
    const float room = lanes.right - lanes.left, gap = look.px(2);
    const auto count = static_cast<float>(view.statements.size());
    double weights = 0;
    for (const view::TimelineBox& box : view.statements) weights += box.reached ? static_cast<double>(box.weight()) : 1;
    const float least = std::min(look.px(least_box), room / count), spare = room - least * count;
    float x = lanes.left;
    for (const view::TimelineBox& box : view.statements) {
        const double weight = box.reached ? static_cast<double>(box.weight()) : 1;
        const float width = least + spare * static_cast<float>(weight / weights);
        places_.emplace_back(x, std::max(x + 1, x + width - gap));
        x += width;
    }
}

float TimelinePanel::x_of_tick(const Lanes& lanes, std::uint64_t tick) const {
    const auto& boxes = shown_->statements;
    if (boxes.empty()) return lanes.left;
    // Statements that were not reached have no time of their own: they stand behind, at the end of time.
    const auto reached = std::ranges::find(boxes, false, &view::TimelineBox::reached);
    const auto after = std::ranges::upper_bound(boxes.begin(), reached, tick, {}, &view::TimelineBox::first);
    if (after == boxes.begin()) return lanes.left;
    const auto at = static_cast<std::size_t>(after - boxes.begin()) - 1;
    const view::TimelineBox& box = boxes[at];
    const double part = std::clamp(static_cast<double>(tick - box.first) / static_cast<double>(box.weight()), 0.0, 1.0);
    return places_[at].first + (places_[at].second - places_[at].first) * static_cast<float>(part);
}

float TimelinePanel::x_of_event(const Lanes& lanes, double event) const {
    const double part = event / static_cast<double>(std::max<std::size_t>(1, shown_->planned));
    return lanes.left + static_cast<float>((part - zoom_from_) / (zoom_to_ - zoom_from_)) * (lanes.right - lanes.left);
}

std::uint64_t TimelinePanel::tick_at(const Lanes& lanes, ImVec2 pointer) const {
    const view::TimelineView& view = *shown_;
    const float x = std::clamp(pointer.x, lanes.left, lanes.right);
    if (pointer.y < lanes.steps || !view.run.valid()) {
        for (std::size_t i = 0; i < places_.size(); ++i) {
            if (x >= places_[i].second && i + 1 < places_.size()) continue;
            const view::TimelineBox& box = view.statements[i];
            const float width = places_[i].second - places_[i].first;
            const double part = std::clamp(static_cast<double>((x - places_[i].first) / width), 0.0, 1.0);
            return std::min(view.end, box.first + static_cast<std::uint64_t>(part * static_cast<double>(box.weight())));
        }
        return view.end;
    }
    const double part =
        zoom_from_ + static_cast<double>((x - lanes.left) / (lanes.right - lanes.left)) * (zoom_to_ - zoom_from_);
    const double event = part * static_cast<double>(view.planned);
    const auto index = std::min<std::uint64_t>(view.events, static_cast<std::uint64_t>(std::max(0.0, event)));
    for (const view::TimelineBox& run : view.runs)
        if (run.run == view.run)
            return std::min(view.end, run.first + 1 + index); // the run's start is a tick of its own
    return view.now;
}

void TimelinePanel::scrub(const PanelContext& ctx, const Lanes& lanes, const Rect& body) {
    const Hit state = hit("scrub", {lanes.left, body.a.y}, body.b);
    const ImVec2 pointer = ImGui::GetIO().MousePos;
    if (state.held && !ctx.stamp.busy) {
        const std::uint64_t wanted = tick_at(lanes, pointer);
        if (wanted != asked_ && wanted != shown_->now)
            ctx.commands.push("go.position", std::to_string(wanted), "panel:timeline");
        asked_ = wanted;
    } else if (!state.held) {
        asked_ = UINT64_MAX;
    }
    const float wheel = ImGui::GetIO().MouseWheel;
    if (state.hovered && wheel != 0 && pointer.y >= lanes.steps) zoom(pointer.x, wheel, lanes);
    if (state.hovered && pointer.y >= lanes.steps && shown_->run.valid())
        ctx.hovered_time = {shown_->run, tick_at(lanes, pointer), std::nullopt, -1};
    if (state.double_clicked) {
        zoom_from_ = 0;
        zoom_to_ = 1;
    }
}

void TimelinePanel::zoom(float pointer_x, float wheel, const Lanes& lanes) {
    const double at = static_cast<double>((pointer_x - lanes.left) / (lanes.right - lanes.left));
    const double center = zoom_from_ + at * (zoom_to_ - zoom_from_);
    const double least = std::min(1.0, 20.0 / static_cast<double>(std::max<std::size_t>(1, shown_->planned)));
    const double width = std::clamp((zoom_to_ - zoom_from_) * std::pow(0.8, static_cast<double>(wheel)), least, 1.0);
    zoom_from_ = std::clamp(center - at * width, 0.0, 1.0 - width);
    zoom_to_ = zoom_from_ + width;
}

void TimelinePanel::draw_boxes(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(box_height);
    const auto draw = [&](float x0, float x1, float y, const view::TimelineBox& box, std::string_view text, bool bold) {
        const BoxColors colors = colors_of(box.tone, box.reached);
        const bool lit = box.statement.valid() && ctx.lit == view::select_statement(box.statement);
        draw_box(list, {x0, y}, {x1, y + height}, look[colors.fill], look[lit ? Token::accent : colors.border],
                 look.px(2), lit ? look.px(1) : 1);
        const TextRole role = bold ? TextRole::body_bold : TextRole::mono_small;
        const float w = text_width(look, role, text);
        if (w + look.px(2) < x1 - x0)
            draw_text_in_row(list, look, role, x0 + (x1 - x0 - w) / 2, y, height,
                             box.tone == view::BoxTone::failed ? Token::fail : colors.text, text);
    };
    for (std::size_t i = 0; i < view.statements.size(); ++i) {
        const auto [x0, x1] = places_[i];
        draw(x0, x1, lanes.statements, view.statements[i], view.statements[i].label, false);
        const ImVec2 pointer = ImGui::GetIO().MousePos;
        if (pointer.x >= x0 && pointer.x < x1 && pointer.y >= lanes.statements &&
            pointer.y < lanes.statements + height &&
            ImGui::IsWindowHovered(ImGuiHoveredFlags_AllowWhenBlockedByActiveItem))
            ctx.hovered = view::select_statement(view.statements[i].statement);
    }
    for (const view::TimelineBox& box : view.runs) {
        const float x0 = x_of_tick(lanes, box.first),
                    x1 = std::max(x0 + look.px(3), x_of_tick(lanes, box.last + 1) - look.px(2));
        if (!box.run.valid()) {
            const TextRole role = TextRole::caption;
            draw_box(list, {x0, lanes.runs}, {x1, lanes.runs + height}, 0, look[Token::line1], look.px(2));
            draw_text_in_row(list, look, role, x0 + look.px(6), lanes.runs, height, Token::text2,
                             x1 - x0 > look.px(40) ? fit_text(look, role, box.label, x1 - x0 - look.px(10)) : "");
            continue;
        }
        const std::string wide = "run " + box.label;
        const bool room = text_width(look, TextRole::body_bold, wide) + look.px(8) < x1 - x0;
        draw(x0, x1, lanes.runs, box, room ? wide : box.label, room);
    }
}

void TimelinePanel::draw_run(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(box_height);
    for (const view::TimelineBox& box : view.runs) { // the wedge that opens the run to full width
        if (box.run != view.run) continue;
        const float y0 = lanes.runs + height + 1, y1 = lanes.steps - look.px(2), half = (y1 - y0) / 2;
        const float x0 = x_of_tick(lanes, box.first), x1 = x_of_tick(lanes, box.last + 1);
        list.AddBezierCubic({x0, y0}, {x0, y0 + half}, {lanes.left, y1 - half}, {lanes.left, y1}, look[Token::line2],
                            1);
        list.AddBezierCubic({x1, y0}, {x1, y0 + half}, {lanes.right, y1 - half}, {lanes.right, y1}, look[Token::line2],
                            1);
    }
    list.PushClipRect({lanes.left, lanes.steps}, {lanes.right, lanes.pips + look.px(60)}, true);
    for (const view::EventBox& box : view.time_steps) {
        const float x0 = x_of_event(lanes, box.first), x1 = x_of_event(lanes, box.last + 1.0) - look.px(2);
        if (x1 < lanes.left || x0 > lanes.right || x1 <= x0) continue;
        draw_box(list, {x0, lanes.steps}, {x1, lanes.steps + height}, box.reached ? look[Token::bg3] : 0,
                 look[box.reached ? Token::bg3 : Token::line1], look.px(2));
        const float room = x1 - x0 - look.px(6);
        if (text_width(look, TextRole::caption, box.label) <= room)
            draw_text_in_row(list, look, TextRole::caption, x0 + look.px(6), lanes.steps, height,
                             box.reached ? Token::text2 : Token::text3, box.label);
    }
    // Ops: one bar for each event, or for each pixel the highest of those that share it.
    const float floor_y = lanes.ops + look.px(44), most = look.px(40), first = lanes.left;
    const auto pixels = static_cast<int>(lanes.right - lanes.left);
    const double per_pixel = static_cast<double>(view.planned) * (zoom_to_ - zoom_from_) / std::max(1, pixels);
    const double start = zoom_from_ * static_cast<double>(view.planned);
    const float event_width = static_cast<float>(1 / std::max(per_pixel, 1e-9));
    const auto bar = [&](float x, float w, std::size_t e0, std::size_t e1) {
        float top = 0;
        for (std::size_t e = e0; e < e1 && e < view.events; ++e) top = std::max(top, view.heights[e]);
        const bool ran = e0 < view.events;
        const bool failed = view.failed && view.events > 0 && e0 <= view.events - 1 && e1 > view.events - 1;
        const float bar_height = !ran ? look.px(2) : failed ? most : std::max(look.px(3), std::min(1.0f, top) * most);
        const Token color = failed ? Token::fail : ran ? Token::line3 : Token::line1;
        list.AddRectFilled({x, floor_y - bar_height}, {x + std::max(1.0f, w), floor_y}, look[color]);
    };
    if (event_width >= 2) {
        const auto e0 = static_cast<std::size_t>(start);
        for (std::size_t e = e0; e < view.planned; ++e) {
            const float x = x_of_event(lanes, static_cast<double>(e));
            if (x > lanes.right) break;
            bar(std::floor(x), std::max(1.0f, std::floor(event_width) - 1), e, e + 1);
        }
    } else {
        for (int p = 0; p < pixels; ++p)
            bar(first + static_cast<float>(p), 1, static_cast<std::size_t>(start + p * per_pixel),
                static_cast<std::size_t>(start + (p + 1) * per_pixel) + 1);
    }
    draw_hline(list, lanes.left, lanes.right, floor_y, look[Token::line1]);
    list.PopClipRect();
}

void TimelinePanel::draw_lane(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const view::PipLane& lane = view.lanes[0];
    const float y = lanes.pips + look.px(8);
    draw_text_right(list, look, TextRole::mono_small, lanes.left - look.px(16), y - look.px(9), look.px(18),
                    Token::text1, fit_text(look, TextRole::mono_small, lane.name, look.px(label_column - 24)));
    const auto place = [&](const view::Pip& pip) {
        if (pip.in_run) return std::clamp(x_of_event(lanes, pip.event + 0.5), lanes.left, lanes.right);
        if (!view.run.valid()) return x_of_tick(lanes, pip.tick);
        const bool before = pip.tick < view.now;
        return before ? lanes.left : lanes.right;
    };
    float from = lanes.left;
    StateMark state = StateMark::none;
    for (const view::Pip& pip : lane.pips) { // the line takes the state's colour from pip to pip
        const float x = place(pip);
        if (x > from) draw_hline(list, from, x, y, look[state == StateMark::none ? Token::line1 : state_token(state)]);
        from = std::max(from, x);
        if (pip.kind != view::Pip::Kind::read) state = pip.mark;
    }
    const bool goes_on = state == StateMark::initialized || state == StateMark::updated || state == StateMark::restored;
    draw_hline(list, from, lanes.right, y, look[goes_on ? state_token(state) : Token::line2]);
    float taken = -1e9f, caption_end = -1e9f;
    for (const view::Pip& pip : lane.pips) {
        const float x = place(pip);
        const bool crowded = x - taken < look.px(4);
        if (pip.kind == view::Pip::Kind::write)
            list.AddTriangleFilled({x, y - look.px(11)}, {x + look.px(4), y - look.px(3)},
                                   {x - look.px(4), y - look.px(3)}, look[state_token(pip.mark)]);
        else if (pip.kind == view::Pip::Kind::read)
            list.AddLine({x, y + look.px(2)}, {x, y + look.px(8)}, look[Token::text2], look.px(1.5f));
        else
            draw_state(list, look, pip.mark, {x, y}, 4.5f);
        taken = x;
        const float w = text_width(look, TextRole::caption, pip.caption);
        const bool fail = pip.kind == view::Pip::Kind::uninitialized_read;
        const float text_x = std::min(fail ? x + look.px(8) : x, lanes.right - w);
        if (!crowded && text_x > caption_end + look.px(8)) {
            draw_text_in_row(list, look, TextRole::caption, text_x, y + look.px(9), look.px(16),
                             fail ? Token::fail : Token::text2, pip.caption);
            caption_end = text_x + w;
        }
    }
}

/// A ribbon over the statements, and over the events where the bookmark belongs to the run that is shown. Before the
/// scrub area, which is below them.
void TimelinePanel::place_bookmarks(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view) {
    const Look& look = ctx.look;
    ribbons_.clear();
    for (const view::TimelineView::Mark& mark : view.bookmarks) {
        const std::size_t first = ribbons_.size();
        ribbons_.push_back({x_of_tick(lanes, mark.tick), lanes.statements - look.px(6)});
        const float x = x_of_event(lanes, mark.event);
        if (mark.in_run && x >= lanes.left && x <= lanes.right) ribbons_.push_back({x, lanes.steps - look.px(9)});
        for (std::size_t i = first; i < ribbons_.size(); ++i) {
            const ImVec2 at = ribbons_[i], half = look.px(7, 2);
            ImGui::PushID(static_cast<int>(i));
            const Hit state = hit("bookmark", {at.x - half.x, at.y - half.y}, {at.x + half.x, at.y + look.px(13)});
            ImGui::PopID();
            tooltip(look, mark.name);
            if (state.clicked) ctx.commands.push("go.position", std::to_string(mark.tick), "panel:timeline");
        }
    }
}

void TimelinePanel::draw_bookmarks(const Look& look) const {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    for (const ImVec2 at : ribbons_) {
        const float w = look.px(4), left = std::floor(at.x - w), right = std::floor(at.x + w),
                    middle = (left + right) / 2;
        const float bottom = at.y + look.px(11), notch = bottom - look.px(4);
        list.AddRectFilled({left, at.y}, {right, notch}, look[Token::accent]);
        list.AddTriangleFilled({left, notch}, {middle, notch}, {left, bottom}, look[Token::accent]);
        list.AddTriangleFilled({middle, notch}, {right, notch}, {right, bottom}, look[Token::accent]);
    }
}

/// The event that the pointer is over, here or in another panel, and the time step that it is in.
void TimelinePanel::draw_lit_time(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view) {
    const auto event = view::event_at(ctx.debugger, ctx.lit_time);
    if (!event || ctx.lit_time.run != view.run) return;
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(box_height);
    for (const view::EventBox& box : view.time_steps) {
        if (*event < box.first || *event > box.last) continue;
        const float x0 = std::max(lanes.left, x_of_event(lanes, box.first)),
                    x1 = std::min(lanes.right, x_of_event(lanes, box.last + 1.0) - look.px(2));
        if (x1 > x0)
            compat::add_rect(list, {x0, lanes.steps}, {std::max(x1, x0 + 2), lanes.steps + height}, look[Token::accent],
                             look.px(2), look.px(1));
    }
    const float x = x_of_event(lanes, *event + 0.5);
    if (x >= lanes.left && x <= lanes.right)
        draw_vline(list, x, lanes.steps + height, lanes.ops + look.px(44), look[Token::accent]);
}

void TimelinePanel::draw_playhead(const PanelContext& ctx, const Lanes& lanes, const view::TimelineView& view) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const bool in_run = view.inside && view.run.valid();
    const float x =
        in_run ? std::clamp(x_of_event(lanes, view.now_event + (view.failed ? 0.5 : 0.0)), lanes.left, lanes.right)
               : x_of_tick(lanes, view.now);
    const float top = in_run ? lanes.steps - look.px(14) : lanes.statements - look.px(4);
    const float bottom = in_run || view.run.valid() ? lanes.pips + look.px(26) : lanes.runs + look.px(box_height + 8);
    const float end = in_run ? bottom : lanes.runs + look.px(box_height);
    list.AddRectFilled({std::floor(x - look.px(1)), top}, {std::floor(x + look.px(1)), end}, look[Token::now]);
    if (view.flag.empty()) return;
    const float w = text_width(look, TextRole::body_bold, view.flag) + look.px(12), h = look.px(18);
    const float left = std::clamp(x - w / 2, lanes.left, lanes.right - w);
    const float y = in_run ? lanes.steps + look.px(box_height + 1) : lanes.runs + look.px(box_height + 2);
    list.AddRectFilled({left, y}, {left + w, y + h}, look[Token::now], look.px(3));
    draw_text_in_row(list, look, TextRole::body_bold, left + look.px(6), y, h, Token::on_accent, view.flag);
}

} // namespace rnnscope::ui
