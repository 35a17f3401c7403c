#include "ui/panels/cell_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rnnscope::ui {

namespace {

constexpr float seconds_per_step = 0.15f;
constexpr std::chrono::microseconds map_budget{4000}; ///< of a frame

} // namespace

void CellPanel::show_track(std::size_t track) {
    chosen_.track = track;
    chosen_.products_of = 0;
}

void CellPanel::move_unit(std::int64_t by) {
    chosen_.unit = std::clamp<std::int64_t>(chosen_.unit + by, 0, std::max<std::int64_t>(units_ - 1, 0));
}

/// An op of a cell that is selected anywhere brings its layer up.
void CellPanel::follow_selection(const PanelContext& ctx) {
    const debug::Selection& selection = ctx.debugger.selection();
    if (followed_ == selection) return;
    followed_ = selection;
    if (selection.kind == debug::Selection::Kind::node)
        if (const auto track = view::track_of(ctx.debugger, selection.node)) show_track(*track);
}

const view::CellView& CellPanel::shown(const PanelContext& ctx) {
    drawn_ = true;
    const bool is_first = frame_ != ImGui::GetFrameCount();
    frame_ = ImGui::GetFrameCount();
    if (is_first) {
        follow_selection(ctx);
        peek_ = next_peek_;
        next_peek_ = {};
    }
    if (is_first && !peek_.step) peek_at(ctx);
    view::CellOptions options = chosen_;
    if (peek_.unit) options.unit = *peek_.unit;
    options.step = peek_.step;
    const view::CellView& view = view_.get(ctx.stamp, options, [&] { return view::build_cell(ctx.debugger, options); });
    if (!is_first) return view;
    units_ = view.units;
    last_ = {ctx.stamp, view.run, view.run.valid() ? view.tracks[view.track] : view::CellTrack{}};
    maps_.want(ctx.debugger, view);
    maps_.work(ctx.debugger, map_budget);
    pictures_.resize(maps_.maps().size());
    play(ctx, view);
    return view;
}

/// What the pointer is over in another panel.
void CellPanel::peek_at(const PanelContext& ctx) {
    const view::TimeSpot& spot = ctx.lit_time;
    if (!spot.run.valid() || !last_.run.valid() || spot.run != last_.run || !(last_.stamp == ctx.stamp)) return;
    const view::CellSteps steps(ctx.debugger, last_.track, last_.run);
    peek_.step = view::cell_step_at(ctx.debugger, steps, spot);
    if (peek_.step && spot.unit && spot.units == units_) peek_.unit = spot.unit;
}

void CellPanel::draw(const PanelContext& ctx, const Rect& rect) {
    const view::CellView& view = shown(ctx);
    Child panel("cell", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    PanelHeader body = panel_header(ctx, rect, icon::cell, "Cell");
    if (!view.empty.empty()) return draw_empty(ctx.look, body, view.empty);
    body.a.y += draw_header(ctx, view, rect, body.left + ctx.look.px(14));
    const float middle = std::floor(body.a.y + std::min(body.height() * 0.47f, ctx.look.px(430)));
    draw_diagram(ctx, view, {body.a, {body.b.x, middle}});
    const Look& look = ctx.look;
    const bool has_values = view.run.valid() && view.steps > 0;
    draw_text_in_row(*ImGui::GetWindowDrawList(), look, TextRole::caption, body.a.x + look.px(14),
                     body.a.y + look.px(4), look.px(18),
                     (view.is_of_older_run || !has_values) && !view.is_coming ? Token::warn : Token::text2,
                     fit_text(look, TextRole::caption, view.whose, body.width() - look.px(28)));
    draw_equations(ctx, view, {{body.a.x, middle}, body.b});
}

void CellPanel::draw_states(const PanelContext& ctx, const Rect& rect) {
    const view::CellView& view = shown(ctx);
    Child panel("states", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const PanelHeader body = panel_header(ctx, rect, icon::states, "States over time", 92);
    if (!view.empty.empty()) return draw_empty(ctx.look, body, view.empty);
    draw_states_header(ctx, view, rect, body.left + ctx.look.px(14));
    draw_maps(ctx, view, body);
}

void CellPanel::go_to_step(const PanelContext& ctx, const view::CellView& view, std::size_t step) {
    if (!view.run.valid() || step >= view.steps) return;
    const view::CellSteps steps(ctx.debugger, view.tracks[view.track], view.run);
    ctx.commands.push("go.position", std::to_string(steps.tick_after(step)), "panel:cell");
}

void CellPanel::play(const PanelContext& ctx, const view::CellView& view) {
    if (!is_playing_) return;
    if (!view.run.valid() || view.steps == 0) {
        is_playing_ = false;
        return;
    }
    if (ctx.debugger.busy()) return;
    since_step_ += ImGui::GetIO().DeltaTime;
    if (since_step_ < seconds_per_step) return;
    since_step_ = 0;
    const std::size_t next = view.now ? *view.now + 1 : 0;
    if (next >= view.steps)
        is_playing_ = false;
    else
        go_to_step(ctx, view, next);
}

/// Returns the height of the strip below the header that takes the choices where the header has no room for them.
float CellPanel::draw_header(const PanelContext& ctx, const view::CellView& view, const Rect& rect, float left) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float height = look.whole_px(panel_header_height);
    const std::string& track = view.tracks[view.track].label;
    const bool has_layers = view.tracks.size() > 1;
    const float layer = has_layers ? std::min(look.px(170), text_width(look, TextRole::body, track) + look.px(40)) : 0;
    const float wanted = look.px(96 + 84 + 12 + 6) + layer;
    const float kind = text_width(look, TextRole::body_bold, view.title);
    const bool is_below = left + kind + look.px(10) + wanted + look.px(12) > rect.b.x;
    const float strip = is_below ? look.whole_px(30) : 0;
    const float share = is_below ? std::min(1.0f, (rect.width() - look.px(24)) / wanted) : 1;
    const float top = rect.a.y + look.px(4) + (is_below ? height : 0), bottom = top + look.px(22);
    float x = is_below ? rect.a.x + look.px(12) + wanted * share - look.px(6) : rect.b.x - look.px(12);
    const auto drop = [&](const char* id, float wide, const std::string& text, const char* tip, const char* popup) {
        const float width = (wide + look.px(6)) * share - look.px(6);
        if (drop_button(look, id, {x - width, top}, {x, bottom}, text, tip)) ImGui::OpenPopup(popup);
        x -= width + look.px(6);
    };
    drop("example", look.px(96), fmt::format("example {}", view.example), "Row of the batch", "cell-example");
    drop("unit", look.px(84), fmt::format("unit {}", view.unit), "Whose numbers are in the equations", "cell-unit");
    if (has_layers) drop("layer", layer, track, "Which layer's cell", "cell-track");
    draw_choices(ctx, view);
    if (is_below) {
        draw_hline(list, rect.a.x, rect.b.x, rect.a.y + height + strip - 1, look[Token::line1]);
        x = rect.b.x;
    }
    if (left + kind > x - look.px(8)) return strip;
    draw_text_in_row(list, look, TextRole::body_bold, left, rect.a.y, height, Token::text1, view.title);
    const Hit name = hit("summary", {left, rect.a.y}, {left + kind, rect.a.y + height});
    if (name.hovered) tooltip(look, view.summary);
    left += kind + look.px(10);
    const std::string units = view.units >= 0 ? fmt::format(", {} units", view.units) : "";
    float room = x - left - look.px(8);
    if (view.tracks.size() == 1 && room > text_width(look, TextRole::mono_small, units) + look.px(60)) {
        const debug::Selection scope = view::select_scope(ctx.debugger, view.path);
        const std::string path(view::last_segments(view.path, 2));
        const float w = link(ctx, "path", TextRole::mono_small, left, rect.a.y, height, {path, scope}, "panel:cell",
                             room - text_width(look, TextRole::mono_small, units));
        left += w;
        room -= w;
    }
    const std::string_view text =
        view.tracks.size() == 1 ? std::string_view(units) : std::string_view(units).substr(units.empty() ? 0 : 2);
    if (room > text_width(look, TextRole::mono_small, text))
        draw_text_in_row(list, look, TextRole::mono_small, left, rect.a.y, height, Token::text2, text);
    return strip;
}

void CellPanel::draw_choices(const PanelContext& ctx, const view::CellView& view) {
    const Look& look = ctx.look;
    ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, look.px(8, 4));
    if (ImGui::BeginPopup("cell-track")) {
        for (std::size_t i = 0; i < view.tracks.size(); ++i) {
            ImGui::PushID(static_cast<int>(i));
            if (ImGui::MenuItem(view.tracks[i].label.c_str(), nullptr, i == view.track))
                ctx.commands.push("cell.layer", std::to_string(i), "panel:cell");
            ImGui::PopID();
        }
        ImGui::EndPopup();
    }
    const auto numbers = [&](const char* popup, const char* word, std::int64_t count, std::int64_t now,
                             const char* command) {
        ImGui::SetNextWindowSizeConstraints({look.px(110), 0}, {look.px(240), look.px(420)});
        if (!ImGui::BeginPopup(popup)) return;
        ImGuiListClipper clipper;
        clipper.Begin(static_cast<int>(std::max<std::int64_t>(count, 1)));
        while (clipper.Step())
            for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i)
                if (ImGui::MenuItem(fmt::format("{} {}", word, i).c_str(), nullptr, i == now))
                    ctx.commands.push(command, std::to_string(i), "panel:cell");
        clipper.End();
        ImGui::EndPopup();
    };
    numbers("cell-unit", "unit", view.units, view.unit, "cell.unit");
    numbers("cell-example", "example", view.examples, view.example, "cell.example");
    ImGui::PopStyleVar();
}

/// Why there are no numbers yet, and the button that changes it.
void CellPanel::draw_hint(const PanelContext& ctx, const view::CellView& view, const Rect& rect) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_hatched(list, look, rect.a, rect.b, "");
    const float width = text_width(look, TextRole::body, view.hint);
    const float middle = (rect.a.x + rect.b.x) / 2, y = rect.a.y + rect.height() * 0.4f;
    list.AddRectFilled({middle - width / 2 - look.px(8), y}, {middle + width / 2 + look.px(8), y + look.px(24)},
                       look[Token::bg1], look.px(3));
    draw_text_in_row(list, look, TextRole::body, middle - width / 2, y, look.px(24), Token::text2, view.hint);
    if (view.go_label.empty()) return;
    const float button_w = button_width(look, icon::resume, view.go_label);
    if (!button(look, "go", {middle - button_w / 2, y + look.px(34)}, look.px(26), icon::resume, view.go_label,
                ButtonTone::accent, !ctx.debugger.busy(), nullptr))
        return;
    if (view.go_argument.empty())
        ctx.commands.push("run.continue", "", "panel:cell");
    else
        ctx.commands.push("go.position", view.go_argument, "panel:cell");
}

} // namespace rnnscope::ui
