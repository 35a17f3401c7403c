#include "tests/bench/clock.hpp"
#include "tests/bench/graphs.hpp"
#include "tests/ui/harness.hpp"
#include "ui/widgets/graph_canvas.hpp"

#include <algorithm>
#include <cstdio>
#include <string>
#include <unordered_map>
#include <vector>

/// usage: bench_canvas [GRAPH...]
///
/// What one frame of the graph canvas costs to build (CPU time of this thread) with all scopes open, and how many
/// vertices it has, at four zooms: all of it, and three at which less and less is seen. Of the largest graphs for
/// everything that the fills can say, with what it costs to find the colours of the boxes, which is done once for a
/// position. The camera moves in every frame. No GPU is involved. GRAPH is as for bench_layout.
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

class Canvas {
  public:
    explicit Canvas(const Graph& graph) {
        input_.graph = &graph;
        input_.nodes = graph.size();
        input_.version = 1;
        input_.runs.assign(graph.size(), view::RunMark::ran);
        view_.expand_all(input_);
        view_.scene(input_);
        harness_.shell().prepare(1);
        ImGui::GetIO().BackendFlags |= ImGuiBackendFlags_RendererHasVtxOffset; // as the window's has
        for (int i = 0; i < 20; ++i) frame();
    }
    const view::Scene& scene() { return view_.scene(input_); }

    /// Milliseconds that it took to find the colours of the boxes.
    double color_by(view::ColorBy by) {
        nodes_ = colors_of(by, *input_.graph);
        const double begin = bench::cpu_seconds();
        colors_ = view::scene_colors(scene(), nodes_);
        return (bench::cpu_seconds() - begin) * 1e3;
    }

    /// Milliseconds.
    double frame() {
        ImGui::NewFrame();
        ImGui::SetNextWindowPos({0, 0});
        ImGui::SetNextWindowSize({1600, 1000});
        ImGui::Begin("canvas", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove);
        const ImDrawList& list = *ImGui::GetWindowDrawList();
        const int before = list.VtxBuffer.Size;
        const double begin = bench::cpu_seconds();
        ui::GraphCanvas::Options options;
        if (colors_.nodes != nullptr) options.colors = &colors_;
        canvas_.draw(scene(), harness_.shell().look(), {0, 0}, {1600, 1000}, options, requests_);
        const double ms = (bench::cpu_seconds() - begin) * 1e3;
        vertices_ = list.VtxBuffer.Size - before;
        ImGui::End();
        ImGui::Render();
        return ms;
    }
    int vertices() const { return vertices_; }

    /// The median of frames over which the camera moves; at `zoom`, around an op in the middle of the graph.
    double at_zoom(double zoom) {
        canvas_.fit();
        for (int i = 0; i < 20; ++i) frame();
        if (zoom > canvas_.zoom()) {
            canvas_.show(NodeId(input_.nodes / 2), true);
            for (int i = 0; i < 20; ++i) frame();
            canvas_.zoom_by(static_cast<float>(zoom / canvas_.zoom()));
            for (int i = 0; i < 20; ++i) frame();
        }
        std::vector<double> times;
        most_ = 0;
        for (int i = 0; i < 31; ++i) {
            canvas_.zoom_by(i % 2 == 0 ? 1.01f : 1 / 1.01f);
            times.push_back(frame());
            most_ = std::max(most_, vertices_);
        }
        std::ranges::nth_element(times, times.begin() + 15);
        return times[15];
    }
    int most_vertices() const { return most_; }
    float zoom() const { return canvas_.zoom(); }

  private:
    ui::Harness harness_;
    view::SceneInput input_;
    view::GraphView view_;
    ui::GraphCanvas canvas_;
    std::vector<ui::GraphRequest> requests_;
    view::NodeColors nodes_;
    view::SceneColors colors_;
    int vertices_ = 0, most_ = 0;
};

void print_zooms(Canvas& canvas) {
    for (const double zoom : {0.0, 0.05, 0.3, 1.0}) {
        const double ms = canvas.at_zoom(zoom);
        std::printf("  %7.4f: %6.3f ms %6d", static_cast<double>(canvas.zoom()), ms, canvas.most_vertices());
    }
}

void measure(const std::string& name) {
    constexpr std::size_t large = 50000;
    const auto graph = bench::open_graph(name);
    Canvas canvas(*graph);
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

} // namespace
} // namespace rnnscope

int main(int argc, char** argv) {
    std::vector<std::string> graphs(argv + 1, argv + argc);
    if (graphs.empty())
        graphs = {"rnn_100", "rnn_1000", "rnn_10000", "rnn_100000", "wide_1000", "wide_10000", "wide_100000"};
    std::printf("%-34s %7s  %-10s %9s  zoom: build, vertices\n", "", "ops", "colours", "of boxes");
    for (const std::string& graph : graphs) rnnscope::measure(graph);
    return 0;
}
