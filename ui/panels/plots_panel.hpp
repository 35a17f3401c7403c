#pragma once

#include "core/view/plots_view.hpp"
#include "ui/panels/panel.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace rnnscope::ui {

/// Every number that runs fetched (losses, norms, accuracies) as a line over the number of the run.
class PlotsPanel {
  public:
    void draw(const PanelContext& ctx, const Rect& rect);

    bool is_log() const { return options_.log; }
    void set_log(bool log) { options_.log = log; }
    /// Hides a series, or shows it again. False: there is no such series.
    bool toggle(const debug::Debugger& debugger, std::string_view series);
    const view::PlotsView& shown(const PanelContext& ctx);

  private:
    void draw_tools(const PanelContext& ctx, const view::PlotsView& view, const Rect& header);
    void draw_legend(const PanelContext& ctx, const view::PlotsView& view, const Rect& rect);
    void draw_plot(const PanelContext& ctx, const view::PlotsView& view, const Rect& rect);
    void draw_axes(const Look& look, const view::PlotsView& view, const Rect& plot);
    void draw_line(const Look& look, const view::PlotsView& view, const view::PlotLine& line, const Rect& plot);
    void read_pointer(const PanelContext& ctx, const view::PlotsView& view, const Rect& plot);

    debug::FetchedScalars scalars_;
    view::PlotOptions options_;
    /// Options, and what was fetched so far.
    Cached<view::PlotsView, std::pair<view::PlotOptions, std::uint64_t>> view_;
};

} // namespace rnnscope::ui
