#include "core/view/graph_scene.hpp"
#include "core/view/scene_builder.hpp"

#include <algorithm>
#include <cassert>
#include <future>
#include <stop_token>
#include <system_error>

#include <fmt/format.h>

namespace rnnscope::view {

std::string header_count(const SceneBox& box) {
    return fmt::format("{} of {} set · {}", box.with_value, box.variables, box.count);
}

HeaderTexts header_texts(const Scene& scene, std::uint32_t index) {
    using M = SceneMetrics;
    const SceneBox& box = scene.boxes[index];
    const float start = M::title_start(box.state != StateMark::none);
    float room = box.width - M::header_start, count_from = 0;
    for (std::uint32_t p = box.first_port; p < box.last_port; ++p) {
        const ScenePort& port = scene.ports[p];
        if (port.out || port.at.y > 0.5f) continue;
        room = std::min(room, port.at.x - M::text_to_line);
        count_from = std::max(count_from, port.at.x + M::text_to_line);
    }
    HeaderTexts texts{std::min(start + mono_width(box.title), std::max(room, start)), box.width};
    for (const std::string& count : {box.variables > 0 ? header_count(box) : std::string(), box.count}) {
        const float left = box.width - sans_width(count) - M::header_end;
        if (count.empty() || left < std::max(texts.title_end + 6, count_from)) continue;
        texts.count_start = left;
        break;
    }
    return texts;
}

Scene::Corner Scene::corner(std::uint32_t box) const {
    Corner corner;
    for (; box != 0; box = boxes[box].parent) {
        corner.x += boxes[box].x;
        corner.y += boxes[box].y;
    }
    return corner;
}

std::uint32_t Scene::box_of(NodeId node) const {
    return node.valid() && node.index() < box_by_node.size() ? box_by_node[node.index()] : 0;
}

std::uint32_t Scene::box_of_scope(std::string_view path) const {
    for (std::uint32_t i = 0; i < boxes.size(); ++i)
        if (boxes[i].kind == BoxKind::scope && boxes[i].path == path) return i;
    return no_box;
}

std::uint32_t Scene::scope_of(const SceneEdge& edge) const {
    const auto is_own_port = [&](std::uint32_t port, std::uint32_t box, std::uint32_t other) {
        return port != no_port && box < other && other < boxes[box].end;
    };
    if (is_own_port(edge.from_port, edge.from, edge.to)) return edge.from;
    if (is_own_port(edge.to_port, edge.to, edge.from)) return edge.to;
    return boxes[edge.from].parent;
}

PortEdges::PortEdges(const Scene& scene) : begin(scene.ports.size()), end(scene.ports.size()) {
    for (std::uint32_t e = 0; e < scene.edges.size(); ++e) {
        const SceneEdge& edge = scene.edges[e];
        if (edge.from_port != no_port) begin[edge.from_port].push_back(e);
        if (edge.to_port != no_port) end[edge.to_port].push_back(e);
    }
}

namespace {

/// One of the edge's lines, by the boxes of its ends, is such a one.
template <class Wanted> bool has_line(const Scene& scene, const SceneEdge& edge, Wanted wanted) {
    const std::vector<BaseEdge>& base = scene.tree->base_edges();
    return std::any_of(
        scene.lines.begin() + edge.first_line, scene.lines.begin() + edge.last_line,
        [&](std::uint32_t line) { return wanted(scene.box_of(base[line].source), scene.box_of(base[line].target)); });
}

} // namespace

std::vector<std::uint32_t> edges_of(const Scene& scene, const PortEdges& by_port, std::uint32_t box) {
    if (box == 0) return {};
    std::vector<std::uint32_t> own, found;
    for (std::uint32_t e = 0; e < scene.edges.size(); ++e)
        if (scene.edges[e].from == box || scene.edges[e].to == box) own.push_back(e);
    const auto is_own = [&](std::uint32_t from, std::uint32_t to) {
        return scene.holds(box, from) != scene.holds(box, to);
    };
    std::vector<bool> seen;
    for (const bool forwards : {true, false}) { // always on in one direction
        seen.assign(own.empty() ? 0 : scene.edges.size(), false);
        std::vector<std::uint32_t> todo = own;
        while (!todo.empty()) {
            const std::uint32_t e = todo.back();
            todo.pop_back();
            if (seen[e]) continue;
            seen[e] = true;
            if (!has_line(scene, scene.edges[e], is_own)) continue;
            found.push_back(e);
            const std::uint32_t port = forwards ? scene.edges[e].to_port : scene.edges[e].from_port;
            if (port == no_port) continue;
            const std::vector<std::uint32_t>& next = forwards ? by_port.begin[port] : by_port.end[port];
            todo.insert(todo.end(), next.begin(), next.end());
        }
    }
    std::ranges::sort(found);
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
}

std::vector<std::uint32_t> way_between(const Scene& scene, const PortEdges& by_port, std::uint32_t from,
                                       std::uint32_t to) {
    std::vector<std::uint32_t> before(scene.edges.size(), no_box), reached;
    std::vector<bool> seen(scene.edges.size(), false);
    const auto is_wanted = [&](std::uint32_t begin, std::uint32_t end) {
        return scene.holds(from, begin) && scene.holds(to, end);
    };
    const auto reach = [&](std::uint32_t e, std::uint32_t last) {
        if (seen[e] || scene.edges[e].portal || !has_line(scene, scene.edges[e], is_wanted)) return;
        seen[e] = true;
        before[e] = last;
        reached.push_back(e);
    };
    for (std::uint32_t e = 0; e < scene.edges.size(); ++e)
        if (scene.edges[e].from == from) reach(e, no_box);
    for (std::size_t i = 0; i < reached.size(); ++i) {
        const SceneEdge& edge = scene.edges[reached[i]];
        // An edge of an open scope's own ports ends at its border only.
        if (edge.to == to && edge.to_port == no_port) {
            std::vector<std::uint32_t> way;
            for (std::uint32_t e = reached[i]; e != no_box; e = before[e]) way.insert(way.begin(), e);
            return way;
        }
        if (edge.to_port == no_port) continue;
        for (const std::uint32_t e : by_port.begin[edge.to_port]) reach(e, reached[i]);
    }
    return {};
}

namespace {

using WishKind = SceneWish::Kind;

/// All that making one scene needs. Whoever has it, alone can reach what is in it.
struct SceneJob {
    SceneBuilder builder;
    std::shared_ptr<const GraphSnapshot> graph; ///< until the builder has it; null: as before
    bool fold_series = true;                    ///< of `graph`
    std::vector<SceneWish> wishes;              ///< until they are carried out
    bool made = false;                          ///< a new scene
    Scene scene;

    bool carry_out(const std::stop_token& stop) {
        if (graph && !builder.set_graph(*graph, fold_series, stop)) return false;
        graph.reset();
        for (const SceneWish& wish : wishes) builder.carry_out(wish);
        wishes.clear();
        return true;
    }
    void run(const std::stop_token& stop) {
        if (!carry_out(stop) || !builder.dirty() || !builder.build(stop)) return;
        made = true;
        scene = builder.take_scene();
    }
};

bool opens(const SceneWish& wish, std::string_view path) {
    return wish.kind == WishKind::open &&
           (wish.path == path || (wish.path.starts_with(path) && wish.path[path.size()] == '/'));
}

} // namespace

/// Makes scenes here or on another thread. What the other thread needs it gets for itself, and gives back: a job is
/// either in `idle_` or on its way in `running_`.
class GraphView::Impl {
  public:
    ~Impl() { cancel(); } // the future waits for the end

    const Scene& scene_now(const SceneInput& input) {
        if (idle_ && input.version != 0 && input.version == version_ && up_to_date()) return scene_;
        note_graph(input);
        if (running_.valid()) {
            cancel();
            adopt();
        }
        if (!up_to_date()) {
            prepare();
            idle_->run({});
            take_result();
        }
        write_states(input);
        return scene_;
    }

    const Scene* scene_soon(const SceneInput& input, std::chrono::microseconds patience) {
        note_graph(input);
        if (running_.valid() && running_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) adopt();
        if (!running_.valid() && !up_to_date()) {
            start();
            if (running_.valid() && running_.wait_for(patience) == std::future_status::ready) adopt();
        }
        if (scene_.boxes.empty() || !shows(input)) return nullptr;
        write_states(input);
        return &scene_;
    }

    bool is_waiting() const { return running_.valid() || !up_to_date(); }
    void set_background(bool background) {
        if (!background && running_.valid()) adopt();
        background_ = background;
    }

    void wish(const SceneInput& input, SceneWish wish) {
        note_graph(input);
        if (!background_) {
            this->wish(std::move(wish));
            return;
        }
        // Where the tree is known, only what it changes is asked for. Panels ask for the same thing in every frame.
        const bool opens_some = wish.kind != WishKind::open_all && wish.kind != WishKind::close_all;
        if (opens_some && tree_ && shown_print_ == wanted_print_) {
            for (std::string& path :
                 scopes_to_open(*tree_, wish, [&](std::string_view scope) { return is_open(scope); }))
                if (!is_open(path)) this->wish({WishKind::open, std::move(path), {}, 0});
            return;
        }
        if (std::ranges::find(asked_, wish) == asked_.end() && std::ranges::find(wishes_, wish) == wishes_.end())
            this->wish(std::move(wish));
    }
    void wish(SceneWish wish) {
        wishes_.push_back(std::move(wish));
        cancel(); // what it makes is not what is wanted any more
    }

    bool is_open(std::string_view path) {
        settle();
        for (const auto* wishes : {&wishes_, &asked_})
            for (auto it = wishes->rbegin(); it != wishes->rend(); ++it) {
                if (it->kind == WishKind::open_all || opens(*it, path)) return true;
                if (it->kind == WishKind::close_all || (it->kind == WishKind::close && it->path == path)) return false;
            }
        return open_->contains(path);
    }

    OpenScopes open_scopes() {
        settle();
        return *open_;
    }

  private:
    bool up_to_date() const { return idle_ && tree_ && !wanted_ && wishes_.empty() && !idle_->builder.dirty(); }

    /// What of the input a scene is made of. Equal ones are of equal graphs, wherever these lie in memory.
    static std::uint64_t print_of(const SceneInput& input, std::size_t nodes) {
        return fingerprint(*input.graph, nodes) ^ (input.fold_series ? 0 : 1);
    }

    /// Is the scene one of this graph, if at another position? Then it can stay until the next is done.
    bool shows(const SceneInput& input) {
        if (!is_shown_known_ && input.graph)
            is_shown_ = shown_print_ == wanted_print_ ||
                        (shown_nodes_ <= input.graph->size() && is_part(*input.graph, shown_nodes_));
        is_shown_known_ = true;
        return is_shown_ && input.graph;
    }
    /// The series may be folded otherwise: the boxes are of the same ops.
    bool is_part(const Graph& graph, std::size_t nodes) const {
        const std::uint64_t print = fingerprint(graph, nodes);
        return print == shown_print_ || (print ^ 1) == shown_print_;
    }

    /// Carries out what was wished without making a scene of it; only where nobody waits for a frame.
    void settle() {
        if (background_ || wishes_.empty()) return;
        prepare();
        idle_->carry_out({});
        take_result();
    }

    /// Of one version the graph is the same too, and need not be read through.
    void note_graph(const SceneInput& input) {
        if (noted_ && input.version != 0 && input.version == noted_version_) return;
        const std::size_t nodes = input.graph ? std::min(input.nodes, input.graph->size()) : 0;
        const std::uint64_t print = input.graph ? print_of(input, nodes) : 0;
        noted_version_ = input.version;
        is_shown_known_ = false;
        if (noted_ && print == wanted_print_) return;
        const bool grew =
            noted_ && input.graph && nodes > wanted_nodes_ && print_of(input, wanted_nodes_) == wanted_print_;
        noted_ = true;
        wanted_ = input.graph ? std::make_shared<const GraphSnapshot>(*input.graph, nodes)
                              : std::make_shared<const GraphSnapshot>();
        wanted_print_ = print;
        wanted_nodes_ = nodes;
        wanted_series_ = input.fold_series;
        // A graph that grows faster than it is drawn is drawn as it was a little earlier, rather than never.
        if (!grew) {
            overtaken_ = true;
            cancel();
        }
    }

    void prepare() {
        SceneJob& job = *idle_;
        if (wanted_) {
            asked_print_ = wanted_print_;
            asked_nodes_ = wanted_nodes_;
        }
        job.graph = std::move(wanted_);
        job.fold_series = wanted_series_;
        job.wishes = wishes_;
        job.made = false;
        asked_ = std::exchange(wishes_, {});
        overtaken_ = false;
    }

    void start() {
        prepare();
        stop_ = std::stop_source();
        const std::stop_token token = stop_.get_token();
        // The function owns the job until it hands it back; when no thread can be had, the work is done here.
        auto job = std::make_shared<std::unique_ptr<SceneJob>>(std::move(idle_));
        try {
            running_ = std::async(std::launch::async, [job, token] {
                (*job)->run(token);
                return std::move(*job);
            });
        } catch (const std::system_error&) {
            idle_ = std::move(*job);
            idle_->run({});
            take_result();
        }
    }

    void cancel() {
        if (running_.valid()) stop_.request_stop();
    }

    void adopt() {
        idle_ = running_.get();
        take_result();
    }

    void take_result() {
        SceneJob& job = *idle_;
        wishes_.insert(wishes_.begin(), std::make_move_iterator(job.wishes.begin()),
                       std::make_move_iterator(job.wishes.end()));
        job.wishes.clear();
        asked_.clear();
        if (job.graph && !wanted_) wanted_ = job.graph; // it was stopped before it came to it
        job.graph.reset();
        open_ = job.builder.open_scopes();
        if (!job.made) return;
        if (overtaken_ || !wishes_.empty()) { // stale: nobody wants to see it
            job.builder.touch();
            return;
        }
        scene_ = std::move(job.scene);
        tree_ = job.builder.tree();
        shown_print_ = asked_print_;
        shown_nodes_ = asked_nodes_;
        is_shown_known_ = false;
        written_ = false;
    }

    void write_states(const SceneInput& input) {
        if (written_ && input.version != 0 && input.version == version_) return;
        apply_states(scene_, *tree_, input);
        version_ = input.version;
        written_ = true;
    }

    bool background_ = false;
    // What is shown.
    Scene scene_;
    std::shared_ptr<const SceneTree> tree_; ///< of the scene
    std::uint64_t shown_print_ = 0;
    std::size_t shown_nodes_ = 0;
    bool is_shown_ = false, is_shown_known_ = false; ///< what shows() found out
    std::uint64_t version_ = 0;                      ///< of the states in it
    bool written_ = false;
    std::shared_ptr<const OpenScopes> open_ = std::make_shared<OpenScopes>();

    // What is wanted and not yet asked for.
    std::shared_ptr<const GraphSnapshot> wanted_;
    std::vector<SceneWish> wishes_;
    bool noted_ = false;
    std::uint64_t noted_version_ = 0, wanted_print_ = 0; ///< of the graph that was seen last
    std::size_t wanted_nodes_ = 0;                       ///< likewise
    bool wanted_series_ = true;

    // What is asked for.
    std::uint64_t asked_print_ = 0;
    std::size_t asked_nodes_ = 0;
    std::vector<SceneWish> asked_;
    bool overtaken_ = false; ///< by another graph
    std::unique_ptr<SceneJob> idle_ = std::make_unique<SceneJob>();
    std::stop_source stop_;
    std::future<std::unique_ptr<SceneJob>> running_;
};

GraphView::GraphView() : impl_(std::make_unique<Impl>()) {}
GraphView::~GraphView() = default;
GraphView::GraphView(GraphView&&) noexcept = default;
GraphView& GraphView::operator=(GraphView&&) noexcept = default;

bool GraphView::is_expanded(std::string_view path) const {
    return impl_->is_open(path);
}

void GraphView::set_expanded(std::string_view path, bool expanded) {
    if (expanded != is_expanded(path))
        impl_->wish({expanded ? WishKind::open : WishKind::close, std::string(path), {}, 0});
}

void GraphView::expand_all(const SceneInput& input) {
    impl_->wish(input, {WishKind::open_all, {}, {}, 0});
}

void GraphView::collapse_all() {
    impl_->wish({WishKind::close_all, {}, {}, 0});
}

std::set<std::string, std::less<>> GraphView::expanded() const {
    return impl_->open_scopes();
}

void GraphView::reveal(const SceneInput& input, NodeId node) {
    impl_->wish(input, {WishKind::reveal, {}, {node}, 0});
}

void GraphView::unfold(const SceneInput& input, NodeId node) {
    if (node.valid()) impl_->wish(input, {WishKind::unfold, {}, {node}, 0});
}

void GraphView::auto_expand_to(const SceneInput& input) {
    if (!input.failure) return;
    SceneWish wish{WishKind::mark, {}, {input.failure->node}, 0};
    if (input.failure->variable.valid()) wish.nodes.push_back(input.graph->variable(input.failure->variable).op);
    wish.nodes.insert(wish.nodes.end(), input.failure->path.begin(), input.failure->path.end());
    impl_->wish(input, std::move(wish));
}

void GraphView::expand_outer(const SceneInput& input, std::size_t most_boxes) {
    impl_->wish(input, {WishKind::open_outer, {}, {}, most_boxes});
}

const Scene& GraphView::scene(const SceneInput& input) {
    return impl_->scene_now(input);
}

const Scene* GraphView::scene_soon(const SceneInput& input, std::chrono::microseconds patience) {
    return impl_->scene_soon(input, patience);
}

void GraphView::set_background(bool background) {
    impl_->set_background(background);
}

bool GraphView::is_waiting() const {
    return impl_->is_waiting();
}

} // namespace rnnscope::view
