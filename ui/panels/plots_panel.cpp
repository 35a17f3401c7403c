#include "ui/panels/plots_panel.hpp"

#include "ui/theme/icons.hpp"
#include "ui/widgets/axis.hpp"
#include "ui/widgets/controls.hpp"
#include "ui/widgets/imgui_compat.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace rnnscope::ui {

namespace {

constexpr float plot_legend_width = 216, least_plot_width = 260, plot_row_height = 22;

/// Told apart by dash and width as well as by colour.
struct PlotStroke {
    float width, dash, gap;
};
constexpr std::array<PlotStroke, 4> plot_strokes = {PlotStroke{2, 0, 0}, {1.8f, 7, 3}, {2, 2, 3}, {2.8f, 0, 0}};

Color plot_color(const Look& look, const view::PlotLine& line) {
    return look.theme->categorical(line.hue % categorical_count);
}

void draw_stroke(ImDrawList& list, const Look& look, const view::PlotLine& line, ImVec2 a, ImVec2 b) {
    const PlotStroke& stroke = plot_strokes[line.hue % plot_strokes.size()];
    if (stroke.dash == 0)
        list.AddLine(a, b, plot_color(look, line), look.px(stroke.width));
    else
        draw_dashed_line(list, a, b, plot_color(look, line), look.px(stroke.width), look.px(stroke.dash),
                         look.px(stroke.gap));
}

float plot_x(const view::PlotsView& view, const Rect& plot, double run) {
    const double runs = static_cast<double>(std::max<std::size_t>(view.last_run - view.first_run, 1));
    return plot.a.x + plot.width() * static_cast<float>((run - static_cast<double>(view.first_run)) / runs);
}

float plot_y(const Rect& plot, double height) {
    return plot.b.y - plot.height() * static_cast<float>(height);
}

} // namespace

const view::PlotsView& PlotsPanel::shown(const PanelContext& ctx) {
    scalars_.update(ctx.debugger);
    return view_.get(ctx.stamp, {options_, scalars_.version()},
                     [&] { return view::build_plots(ctx.debugger, scalars_, options_); });
}

bool PlotsPanel::toggle(const debug::Debugger& debugger, std::string_view series) {
    scalars_.update(debugger);
    const auto found = std::ranges::find(scalars_.series(), series, &debug::ScalarSeries::name);
    if (found == scalars_.series().end()) return false;
    if (options_.hidden.erase(found->name) == 0) options_.hidden.insert(found->name);
    return true;
}

void PlotsPanel::draw(const PanelContext& ctx, const Rect& rect) {
    const Look& look = ctx.look;
    Child panel("plots", rect, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
    const PanelHeader body = panel_header(ctx, rect, icon::plots, "Plots", 128);
    const view::PlotsView& view = shown(ctx);
    if (!view.empty.empty()) {
        draw_empty(look, body, view.empty);
        return;
    }
    draw_tools(ctx, view, {{body.left, rect.a.y}, {rect.b.x, body.a.y}});
    const bool beside = body.width() >= look.px(plot_legend_width + least_plot_width);
    const float rows = look.px(plot_row_height) * static_cast<float>(view.lines.size()) + look.px(10);
    Rect plot = body, legend = body;
    if (beside)
        plot.b.x = legend.a.x = body.b.x - look.px(plot_legend_width);
    else
        plot.a.y = legend.b.y = body.a.y + std::min(rows, body.height() / 3);
    draw_plot(ctx, view, plot);
    draw_legend(ctx, view, legend);
}

void PlotsPanel::draw_tools(const PanelContext& ctx, const view::PlotsView& view, const Rect& header) {
    const Look& look = ctx.look;
    const float middle = (header.a.y + header.b.y) / 2;
    if (icon_button(look, "export", {header.b.x - look.px(20), middle}, icon::save, true,
                    "Export as comma-separated numbers"))
        ctx.commands.push("plot.export", "", "menu"); // asks for the file
    if (drop_button(look, "scale", {header.b.x - look.px(118), middle - look.px(10)},
                    {header.b.x - look.px(40), middle + look.px(10)}, view.log ? "log" : "linear",
                    "The scale of values: linear or log"))
        ctx.commands.push("plot.log", "", "panel:plots");
    const std::string runs =
        view.now ? fmt::format("run {} of {}", *view.now, view.last_run) : fmt::format("before run {}", view.first_run);
    const float right = header.b.x - look.px(130);
    if (right - text_width(look, TextRole::caption, runs) > header.a.x + look.px(8))
        draw_text_right(*ImGui::GetWindowDrawList(), look, TextRole::caption, right, header.a.y, header.height(),
                        Token::text2, runs);
}

/// A click on the line hides it; the name selects what was fetched.
void PlotsPanel::draw_legend(const PanelContext& ctx, const view::PlotsView& view, const Rect& rect) {
    const Look& look = ctx.look;
    Child rows("legend", rect);
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float left = rect.a.x + look.px(12), right = rect.b.x - look.px(14), high = look.whole_px(plot_row_height);
    float y = ImGui::GetCursorScreenPos().y + look.px(8);
    for (std::size_t i = 0; i < view.lines.size(); ++i) {
        const view::PlotLine& line = view.lines[i];
        ImGui::PushID(static_cast<int>(i));
        const float middle = std::floor(y + high / 2), name = left + look.px(36);
        const Hit state = row_hit(look, "line", {left - look.px(4), y}, {name - look.px(4), y + high});
        tooltip(look, line.hidden ? "Show this line" : "Hide this line");
        if (state.clicked) ctx.commands.push("plot.toggle", line.name, "panel:plots");
        if (line.hidden)
            draw_hline(list, left, left + look.px(26), middle, look[Token::line2]);
        else
            draw_stroke(list, look, line, {left, middle}, {left + look.px(26), middle});
        const float value = text_width(look, TextRole::mono, line.now);
        const debug::ScalarSeries& series = scalars_.series()[line.hue];
        const bool is_here = ctx.debugger.graph() && ctx.debugger.graph()->id() == series.graph;
        view::Link what = view::Link::plain(line.name);
        if (is_here) what.target = view::select_node(ctx.debugger, series.fetch.node);
        link(ctx, "name", TextRole::mono, name, y, high, what, "panel:plots", right - value - look.px(8) - name);
        draw_text_right(list, look, TextRole::mono, right, y, high, line.hidden ? Token::text3 : Token::text1,
                        line.now.empty() ? "—" : line.now);
        ImGui::PopID();
        y += high;
        if (line.off_scale == 0) continue;
        const char* why = view.log ? "not above 0" : "not finite";
        draw_text_in_row(list, look, TextRole::caption, name, y - look.px(3), look.px(16), Token::warn,
                         fmt::format("{} {}", view::count_text(line.off_scale, "run"), why));
        y += look.px(16);
    }
    ImGui::Dummy({1, y - ImGui::GetCursorScreenPos().y});
}

void PlotsPanel::draw_plot(const PanelContext& ctx, const view::PlotsView& view, const Rect& rect) {
    const Look& look = ctx.look;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    float labels = 0;
    for (const view::PlotTick& tick : view.ticks)
        labels = std::max(labels, text_width(look, TextRole::mono_small, tick.label));
    const Rect plot{{std::floor(rect.a.x + look.px(20) + labels), std::floor(rect.a.y + look.px(14))},
                    {std::floor(rect.b.x - look.px(14)), std::floor(rect.b.y - look.px(28))}};
    if (plot.width() < look.px(40) || plot.height() < look.px(24)) return;
    draw_axes(look, view, plot);
    if (view.now) {
        const float x = std::floor(plot_x(view, plot, static_cast<double>(*view.now)));
        list.AddRectFilled({x - look.px(1), plot.a.y}, {x + look.px(1), plot.b.y}, look[Token::now]);
    }
    for (const view::PlotLine& line : view.lines)
        if (!line.hidden) draw_line(look, view, line, plot);
    read_pointer(ctx, view, plot);
}

void PlotsPanel::draw_axes(const Look& look, const view::PlotsView& view, const Rect& plot) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const float row = look.px(16);
    float above = plot.b.y + 2 * row; // labels keep apart
    for (const view::PlotTick& tick : view.ticks) {
        const float y = plot_y(plot, tick.height);
        draw_hline(list, plot.a.x, plot.b.x, y, look[Token::line1]);
        if (above - y < row) continue;
        draw_text_right(list, look, TextRole::mono_small, plot.a.x - look.px(6), y - row / 2, row, Token::text2,
                        tick.label);
        above = y;
    }
    draw_hline(list, plot.a.x, plot.b.x, plot.b.y, look[Token::line3]);
    const std::size_t count = view.last_run - view.first_run + 1;
    const std::size_t marks = mark_distance(count, plot.width(), look.px(36));
    const std::size_t first = (view.first_run + marks - 1) / marks * marks;
    const float word = text_width(look, TextRole::caption, "run");
    for (std::size_t run = first; run <= view.last_run; run += marks) {
        const std::string text = std::to_string(run);
        const float x = plot_x(view, plot, static_cast<double>(run)),
                    width = text_width(look, TextRole::mono_small, text);
        draw_vline(list, x, plot.b.y, plot.b.y + look.px(4), look[Token::line3]);
        if (x - width / 2 > plot.a.x - look.px(4) || run == first)
            draw_text_in_row(list, look, TextRole::mono_small, x - width / 2, plot.b.y + look.px(5), row,
                             view.now && *view.now == run ? Token::now : Token::text2, text);
    }
    draw_text_in_row(list, look, TextRole::caption, plot.a.x - word - look.px(14), plot.b.y + look.px(5), row,
                     Token::text3, "run");
}

void PlotsPanel::draw_line(const Look& look, const view::PlotsView& view, const view::PlotLine& line,
                           const Rect& plot) {
    ImDrawList& list = *ImGui::GetWindowDrawList();
    const Color color = plot_color(look, line);
    const auto columns = static_cast<std::size_t>(plot.width()) + 1;
    const float single = plot.width() / static_cast<float>(std::max<std::size_t>(view.last_run - view.first_run, 1));
    for (const std::vector<view::PlotColumn>& piece : view::plot_columns(view, line, columns)) {
        ImVec2 before{};
        for (const view::PlotColumn& column : piece) {
            const float x = plot.a.x + static_cast<float>(column.column);
            if (column.highest > column.lowest)
                list.AddLine({x, plot_y(plot, column.highest)}, {x, plot_y(plot, column.lowest)}, color, look.px(1));
            const ImVec2 first{x, plot_y(plot, column.first)};
            if (&column != &piece.front()) draw_stroke(list, look, line, before, first);
            // Where there is room every run is a point; a single one could not be seen otherwise.
            if (single >= look.px(10) || piece.size() == 1) list.AddCircleFilled(first, look.px(3), color, 12);
            before = {x, plot_y(plot, column.last)};
        }
    }
    // What the scale cannot show stands on its upper side.
    for (const view::PlotLine::Point& point : line.points) {
        if (!std::isnan(point.height)) continue;
        const float x = plot_x(view, plot, static_cast<double>(point.run)), s = look.px(3), y = plot.a.y - look.px(2);
        list.AddLine({x - s, y - s}, {x + s, y + s}, color, look.px(2));
        list.AddLine({x - s, y + s}, {x + s, y - s}, color, look.px(2));
    }
}

void PlotsPanel::read_pointer(const PanelContext& ctx, const view::PlotsView& view, const Rect& plot) {
    const Look& look = ctx.look;
    const float reach = look.px(8);
    const Hit state = hit("plot", {plot.a.x - reach, plot.a.y - reach}, {plot.b.x + reach, plot.b.y + reach});
    if (!state.hovered) return;
    const double runs = static_cast<double>(std::max<std::size_t>(view.last_run - view.first_run, 1));
    const double along = static_cast<double>((ImGui::GetIO().MousePos.x - plot.a.x) / plot.width());
    const auto run = view::nearest_run(view, static_cast<double>(view.first_run) + along * runs);
    if (!run) return;
    ImDrawList& list = *ImGui::GetWindowDrawList();
    draw_vline(list, plot_x(view, plot, static_cast<double>(*run)), plot.a.y, plot.b.y, look[Token::text3]);
    std::string text = fmt::format("run {}", *run);
    std::uint64_t tick = 0;
    for (const view::PlotLine& line : view.lines) {
        const view::PlotLine::Point* point = line.hidden ? nullptr : line.at(*run);
        if (point == nullptr) continue;
        if (point->run == *run) tick = point->tick;
        text += fmt::format("\n{}  {}", line.name, view::number_text(point->value, 6));
        if (point->run != *run) text += fmt::format("  (run {})", point->run);
        if (!std::isnan(point->height) && point->run == *run) {
            const ImVec2 at{plot_x(view, plot, static_cast<double>(*run)), plot_y(plot, point->height)};
            list.AddCircleFilled(at, look.px(4), plot_color(look, line), 16);
            list.AddCircle(at, look.px(4), look[Token::text1], 16, look.px(1));
        }
    }
    ImGui::SetTooltip("%s\nClick: go there", text.c_str());
    if (state.clicked) ctx.commands.push("go.position", std::to_string(tick), "panel:plots");
}

} // namespace rnnscope::ui
