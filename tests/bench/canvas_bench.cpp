#include "app/offscreen.hpp"
#include "tests/bench/clock.hpp"
#include "tests/bench/graphs.hpp"
#include "tests/ui/harness.hpp"
#include "ui/widgets/graph_canvas.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

/// usage: bench_canvas [GRAPH...]
///
/// What one frame of the graph canvas costs at 1600 x 1000 with all scopes open, at four zooms: all of it, and three at
/// which less and less is seen. Medians of 31 frames, in each of which the camera moves:
///
///   build     CPU time of this thread for the canvas alone
///   vertices  the most of those frames
///   fill      how often what is drawn covers the window: where a processor draws, most of the time goes there
///   frame     all of it, until OpenGL has drawn the last pixel into memory as `rnnscope render` does: time by the
///             clock, and CPU time of all threads, of which Mesa's llvmpipe has one for each core. Without OpenGL this
///             is left out.
///
/// Of the largest graphs for everything that the fills can say, with what it costs to find the colours of the boxes,
/// which is done once for a position. Then the whole window, in each workspace, and with the real graphs opened
/// in its Graph workspace at the same zooms. GRAPH is as for bench_layout.
namespace rnnscope {
namespace {

/// As the graph of a program could have them, where every class has a part in most scopes.
view::NodeColors colors_of(view::ColorBy by, const Graph& graph) {
    view::NodeColors colors;
    colors.by = by;
    colors.title = view::describe(by);
    if (by == view::ColorBy::state) return colors;
    const std::size_t classes = by == view::ColorBy::health       ? debug::health_count
                                : by == view::ColorBy::executions ? view::color_scale
                                                                  : view::color_hues + 1;
    for (std::size_t i = 0; i < classes; ++i) {
        view::ColorClass& row = colors.classes.emplace_back();
        // "Other types" and values of which nothing is to be said have no colour of their own.
        const std::size_t tone = by == view::ColorBy::health ? classes - 1 - i : i;
        const bool has_tone = by == view::ColorBy::health ? tone > 1 : i < view::color_hues;
        if (has_tone) row.tone = static_cast<std::uint8_t>(tone);
        row.label = "class " + std::to_string(i);
        row.mark = std::string(1, static_cast<char>('A' + i));
    }
    std::unordered_map<std::string, std::size_t> types;
    for (std::size_t i = 0; i < graph.size(); ++i) {
        const Node& node = graph.node(NodeId(i));
        std::size_t of = i % classes;
        if (by == view::ColorBy::op) of = std::min(types.emplace(node.op, types.size()).first->second, classes - 1);
        if (by == view::ColorBy::device) of = node.name.size() % classes;
        colors.class_of.push_back(static_cast<std::uint8_t>(of));
        ++colors.classes[of].nodes;
        if (by == view::ColorBy::executions) colors.executed.push_back(i * 7919 % 20000);
    }
    return colors;
}

constexpr int width = 1600, height = 1000, frames = 31;

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::ranges::nth_element(values, middle);
    return *middle;
}

/// Of a triangle, what lies within the rectangle: cut by one side after the other.
double area_within(std::vector<ImVec2> corners, const ImVec4& clip) {
    const auto cut = [&](auto&& inside) { // a distance, positive inside
        std::vector<ImVec2> kept;
        for (std::size_t i = 0; i < corners.size(); ++i) {
            const ImVec2 a = corners[i], b = corners[(i + 1) % corners.size()];
            const float from = inside(a), to = inside(b);
            if (from >= 0) kept.push_back(a);
            if ((from < 0) == (to < 0)) continue;
            const float t = from / (from - to);
            kept.emplace_back(a.x + (b.x - a.x) * t, a.y + (b.y - a.y) * t);
        }
        corners = std::move(kept);
    };
    cut([&](ImVec2 p) { return p.x - clip.x; });
    cut([&](ImVec2 p) { return clip.z - p.x; });
    cut([&](ImVec2 p) { return p.y - clip.y; });
    cut([&](ImVec2 p) { return clip.w - p.y; });
    double twice = 0;
    for (std::size_t i = 0; i < corners.size(); ++i) {
        const ImVec2 a = corners[i], b = corners[(i + 1) % corners.size()];
        twice += static_cast<double>(a.x) * b.y - static_cast<double>(b.x) * a.y;
    }
    return std::abs(twice) / 2;
}

/// How often the frame draws the whole window: what software drawing takes its time for, whatever the machine does.
double fill_of(const ImDrawData& data) {
    double area = 0;
    for (int l = 0; l < data.CmdListsCount; ++l) {
        const ImDrawList& list = *data.CmdLists[l];
        for (const ImDrawCmd& command : list.CmdBuffer) {
            const auto corner = [&](unsigned at) {
                const unsigned vertex = list.IdxBuffer[static_cast<int>(command.IdxOffset + at)] + command.VtxOffset;
                return list.VtxBuffer[static_cast<int>(vertex)].pos;
            };
            for (unsigned i = 0; i + 2 < command.ElemCount; i += 3)
                area += area_within({corner(i), corner(i + 1), corner(i + 2)}, command.ClipRect);
        }
    }
    return area / (static_cast<double>(width) * height);
}

/// Medians, in milliseconds, the most vertices, and how often the last frame fills the window.
struct Cost {
    double build = 0, wall = 0, cpu = 0, fill = 0;
    int vertices = 0;
};

/// Draws frames of the Dear ImGui context that is current, with OpenGL where there is a target, and measures them.
class Meter {
  public:
    explicit Meter(const app::Offscreen* target) {
        if (target) painter_ = std::make_unique<app::Painter>(*target);
        ImGui::GetIO().BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset; // the window's renderer has it, too
    }

    /// `build` fills the frame and says how many vertices are its own, or -1: all of them. Until `start`, frames are
    /// built only.
    template <class Build> void frame(Build&& build) {
        if (!started_) {
            ImGui::NewFrame();
            build(builds_);
            return ImGui::Render();
        }
        const double wall = bench::wall_seconds(), cpu = bench::process_seconds();
        if (painter_) painter_->begin_frame();
        ImGui::NewFrame();
        const int vertices = build(builds_);
        ImGui::Render();
        if (painter_) {
            painter_->paint();
            painter_->finish();
        }
        walls_.push_back((bench::wall_seconds() - wall) * 1e3);
        cpus_.push_back((bench::process_seconds() - cpu) * 1e3);
        most_ = std::max(most_, vertices < 0 ? ImGui::GetDrawData()->TotalVtxCount : vertices);
    }
    void start() {
        if (painter_) painter_->begin_frame(); // makes what it draws with
        builds_.clear(), walls_.clear(), cpus_.clear();
        most_ = 0;
        started_ = true;
    }
    Cost stop() {
        started_ = false;
        return {median(builds_), median(walls_), median(cpus_), fill_of(*ImGui::GetDrawData()), most_};
    }
    bool paints() const { return painter_ != nullptr; }

  private:
    std::unique_ptr<app::Painter> painter_;
    std::vector<double> builds_, walls_, cpus_;
    int most_ = 0;
    bool started_ = false;
};

class Canvas {
  public:
    Canvas(const Graph& graph, const app::Offscreen* target) : meter_(target) {
        input_.graph = &graph;
        input_.nodes = graph.size();
        input_.version = 1;
        input_.runs.assign(graph.size(), view::RunMark::ran);
        view_.expand_all(input_);
        view_.scene(input_);
        harness_.shell().prepare(1);
        settle();
    }
    const view::Scene& scene() { return view_.scene(input_); }

    /// Milliseconds that it took to find the colours of the boxes.
    double color_by(view::ColorBy by) {
        nodes_ = colors_of(by, *input_.graph);
        const double begin = bench::cpu_seconds();
        colors_ = view::scene_colors(scene(), nodes_);
        return (bench::cpu_seconds() - begin) * 1e3;
    }

    /// Frames over which the camera moves; at `zoom`, around an op in the middle of the graph.
    Cost at_zoom(double zoom) {
        canvas_.fit();
        settle();
        if (zoom > canvas_.zoom()) {
            canvas_.show(NodeId(input_.nodes / 2), true);
            settle();
            canvas_.zoom_by(static_cast<float>(zoom / canvas_.zoom()));
            settle();
        }
        meter_.start();
        for (int i = 0; i < frames; ++i) {
            canvas_.zoom_by(i % 2 == 0 ? 1.01f : 1 / 1.01f);
            frame();
        }
        return meter_.stop();
    }
    float zoom() const { return canvas_.zoom(); }
    bool paints() const { return meter_.paints(); }

  private:
    void settle() {
        for (int i = 0; i < 20; ++i) frame();
    }
    void frame() {
        meter_.frame([this](std::vector<double>& builds) {
            ImGui::SetNextWindowPos({0, 0});
            ImGui::SetNextWindowSize({width, height});
            ImGui::Begin("canvas", nullptr,
                         ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoBackground);
            const ImDrawList& list = *ImGui::GetWindowDrawList();
            const int before = list.VtxBuffer.Size;
            const double begin = bench::cpu_seconds();
            ui::GraphCanvas::Options options;
            if (colors_.nodes != nullptr) options.colors = &colors_;
            canvas_.draw(scene(), harness_.shell().look(), {0, 0}, {width, height}, options, requests_);
            builds.push_back((bench::cpu_seconds() - begin) * 1e3);
            const int vertices = list.VtxBuffer.Size - before;
            ImGui::End();
            return vertices;
        });
    }

    ui::Harness harness_;
    Meter meter_; ///< of the harness's Dear ImGui context
    view::SceneInput input_;
    view::GraphView view_;
    ui::GraphCanvas canvas_;
    std::vector<ui::GraphRequest> requests_;
    view::NodeColors nodes_;
    view::SceneColors colors_;
};

void print(const Cost& cost, bool paints) {
    std::printf("%6.3f ms %6d", cost.build, cost.vertices);
    std::printf(" x%4.2f", cost.fill);
    if (paints) std::printf(" %5.1f / %5.1f ms", cost.wall, cost.cpu);
}

void print_zooms(Canvas& canvas) {
    for (const double zoom : {0.0, 0.05, 0.3, 1.0}) {
        const Cost cost = canvas.at_zoom(zoom);
        std::printf("  %7.4f: ", static_cast<double>(canvas.zoom()));
        print(cost, canvas.paints());
    }
}

void measure(const std::string& name, const app::Offscreen* target) {
    constexpr std::size_t large = 50000;
    const auto graph = bench::open_graph(name);
    Canvas canvas(*graph, target);
    std::printf("%-34s %7zu  %-10s %9s", name.size() > 34 ? name.c_str() + name.size() - 34 : name.c_str(),
                graph->size(), "", "");
    print_zooms(canvas);
    std::printf("\n");
    if (graph->size() < large) return;
    for (const view::ColorBy by : view::all_color_by()) {
        const double ms = canvas.color_by(by);
        std::printf("%-34s %7s  %-10s %6.2f ms", "", "", std::string(view::name_of(by)).c_str(), ms);
        print_zooms(canvas);
        std::printf("\n");
    }
}

/// Nothing but what the frame was cleared to: what the other figures begin at.
void measure_nothing(const app::Offscreen* target) {
    const ui::Harness harness(width, height);
    Meter meter(target);
    meter.start();
    for (int i = 0; i < frames; ++i)
        meter.frame([](std::vector<double>& builds) {
            builds.push_back(0);
            return -1;
        });
    std::printf("%-34s ", "nothing");
    print(meter.stop(), meter.paints());
    std::printf("\n");
}

/// The window at the failure of the first sample, with nothing moving.
void measure_window(const app::Offscreen* target) {
    ui::Harness harness(width, height);
    Meter meter(target);
    ui::Shell& shell = harness.shell();
    (void)shell.open_sample("seed_a_init_early.json");
    (void)shell.execute({"run.continue", "", "bench"});
    while (shell.work(std::chrono::seconds(1))) {
    }
    for (const ui::WorkspaceDef& workspace : ui::all_workspaces()) {
        shell.show_workspace(workspace.name);
        for (int i = 0; i < 60 + frames; ++i) {
            if (i == 60) meter.start(); // what moves has arrived
            meter.frame([&](std::vector<double>& builds) {
                const double begin = bench::cpu_seconds();
                shell.draw();
                builds.push_back((bench::cpu_seconds() - begin) * 1e3);
                return -1;
            });
            shell.work(std::chrono::seconds(1));
        }
        std::printf("window, workspace %-16s ", std::string(workspace.title).c_str());
        print(meter.stop(), meter.paints());
        std::printf("\n");
    }
}

/// A graph as somebody opens it: all scopes open, the camera moving, in the Graph workspace. As for the canvas, at four
/// zooms.
void measure_opened(const std::string& name, const app::Offscreen* target) {
    ui::Harness harness(width, height);
    Meter meter(target);
    ui::Shell& shell = harness.shell();
    const auto work = [&] {
        while (shell.work(std::chrono::seconds(1)) || shell.debugger().has_background_work()) {
        }
    };
    const auto command = [&](const char* id, const std::string& argument = "") {
        const Status status = shell.execute({id, argument, "bench"});
        if (!status) std::printf("window, %s: %s\n", name.c_str(), status.error().message.substr(0, 300).c_str());
        work();
        return status.ok();
    };
    const auto draw = [&](int count) {
        for (int i = 0; i < count; ++i) {
            meter.frame([&](std::vector<double>& builds) {
                const double begin = bench::cpu_seconds();
                shell.draw();
                builds.push_back((bench::cpu_seconds() - begin) * 1e3);
                return -1;
            });
            work();
        }
    };
    if (!command("file.open", bench::file_of(name))) return;
    command("workspace.graph");
    draw(5);
    command("graph.expand-all");
    draw(20);
    const Graph& graph = *shell.debugger().graph();
    const std::string middle = graph.node(NodeId(graph.size() / 2)).name;
    std::printf("window, %-26s %7zu  ", name.c_str(), graph.size());
    for (const double zoom : {0.0, 0.05, 0.3, 1.0}) {
        command("graph.fit");
        draw(20);
        if (zoom > shell.graph().zoom()) {
            command("select.node", middle);
            command("graph.selection");
            draw(20);
            shell.graph().zoom_by(static_cast<float>(zoom / shell.graph().zoom()));
            draw(20);
        }
        meter.start();
        for (int i = 0; i < frames; ++i) {
            shell.graph().zoom_by(i % 2 == 0 ? 1.01f : 1 / 1.01f);
            draw(1);
        }
        std::printf("  %7.4f: ", shell.graph().zoom());
        print(meter.stop(), meter.paints());
    }
    std::printf("\n");
}

std::unique_ptr<app::Offscreen> open_target() {
    setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
    auto target = app::Offscreen::create(width, height);
    if (!target) {
        std::printf("Frames are built, not drawn: %s\n", target.error().message.c_str());
        return nullptr;
    }
    std::printf("Drawn by %s\n", app::Offscreen::renderer().c_str());
    return std::move(*target);
}

} // namespace
} // namespace rnnscope

int main(int argc, char** argv) {
    using namespace rnnscope;
    std::vector<std::string> graphs(argv + 1, argv + argc);
    if (graphs.empty()) {
        graphs = {"rnn_100", "rnn_1000", "rnn_10000", "rnn_100000", "wide_1000", "wide_10000", "wide_100000"};
        for (const char* real : {"dtln", "har"})
            if (std::filesystem::exists(bench::file_of(real)))
                graphs.emplace_back(real);
            else
                std::printf("%s is left out: there is no %s\n", real, bench::file_of(real).c_str());
    }
    const std::unique_ptr<app::Offscreen> target = open_target();
    const char* columns = target ? "build, vertices, fill, frame (wall / CPU)" : "build, vertices, fill";
    std::printf("%-34s %7s  %-10s %9s  zoom: %s\n", "", "ops", "colours", "of boxes", columns);
    for (const std::string& graph : graphs) measure(graph, target.get());
    measure_nothing(target.get());
    measure_window(target.get());
    for (const std::string opened : {"dtln", "har"}) // what is generated has no attributes that could be read
        if (std::ranges::find(graphs, opened) != graphs.end()) measure_opened(opened, target.get());
    return 0;
}
