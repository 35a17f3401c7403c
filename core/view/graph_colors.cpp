#include "core/view/graph_colors.hpp"

#include "core/debug/evaluation.hpp"
#include "core/debug/newest_event.hpp"
#include "core/debug/poison.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace rnnscope::view {

using debug::Debugger;
using debug::ValueHealth;
using record::Recording;

namespace {

constexpr std::uint32_t most_single_steps = 4096; ///< events from one position to the next that are followed singly

struct ColorWord {
    ColorBy by;
    std::string_view name, description;
};
constexpr std::array color_words = {
    ColorWord{ColorBy::state, "state", "Init state of variables"},
    ColorWord{ColorBy::op, "op", "Op type"},
    ColorWord{ColorBy::device, "device", "Device"},
    ColorWord{ColorBy::health, "health", "Value health"},
    ColorWord{ColorBy::executions, "executions", "How often ops ran"},
};

const ColorWord& word_of(ColorBy by) {
    return color_words[static_cast<std::size_t>(by)];
}

/// Runs of any graph that had begun at the position.
std::size_t runs_at(const Recording& recording, record::Position position) {
    const auto& runs = recording.runs();
    return static_cast<std::size_t>(
        std::ranges::lower_bound(runs, position.ticks, {}, &record::RecordedRun::first_tick) - runs.begin());
}

/// In place of an event: the value was fed.
constexpr std::uint32_t fed = UINT32_MAX;

/// The step of the scale: once, 2 to 9 times, 10 to 99 times, ...
std::size_t step_of(std::uint64_t times) {
    std::size_t step = times > 1 ? 1 : 0;
    for (std::uint64_t most = 10; step > 0 && step + 1 < color_scale && times >= most; most *= 10) ++step;
    return step;
}

} // namespace

std::span<const ColorBy> all_color_by() {
    static constexpr std::array all = {ColorBy::state, ColorBy::op, ColorBy::device, ColorBy::health,
                                       ColorBy::executions};
    return all;
}

std::string_view name_of(ColorBy by) {
    return word_of(by).name;
}

std::string_view describe(ColorBy by) {
    return word_of(by).description;
}

std::optional<ColorBy> color_by(std::string_view name) {
    const auto found = std::ranges::find(color_words, name, &ColorWord::name);
    return found == color_words.end() ? std::nullopt : std::optional(found->by);
}

GraphColors::Key GraphColors::key_of(const Debugger& debugger, std::size_t nodes, ColorBy by) {
    Key key;
    key.evaluation = debugger.shared_evaluation();
    key.graph = debugger.graph()->id();
    key.nodes = std::min(nodes, debugger.graph()->size());
    key.by = by;
    key.position = debugger.position();
    key.session = debugger.current_session();
    key.poison = debugger.poison() != nullptr && debugger.poison()->is_caught_up();
    return key;
}

const NodeColors& GraphColors::get(const Debugger& debugger, std::size_t nodes, ColorBy by) {
    const Key key = key_of(debugger, nodes, by);
    // What was counted and read stays good as long as it is about the same recording.
    const bool continues = key_ && key_->evaluation.lock() == key.evaluation.lock() && key_->graph == key.graph &&
                           key_->nodes == key.nodes && key_->by == key.by && key_->poison == key.poison;
    const bool same = continues && key_->position == key.position && key_->session == key.session;
    if (same && is_complete()) return colors_;
    if (!continues) {
        colors_ = {by, "", {}, {}, {}, colors_.version};
        colors_.class_of.assign(key.nodes, no_class);
        is_built_ = false;
        todo_.clear();
    }
    key_ = key;
    ++colors_.version;
    switch (by) {
    case ColorBy::state:
        color_states(debugger);
        break;
    case ColorBy::op:
    case ColorBy::device:
        if (!continues) color_names(*debugger.graph());
        break;
    case ColorBy::executions:
        color_executions(debugger);
        break;
    case ColorBy::health:
        color_healths(debugger);
        break;
    }
    return colors_;
}

/// The boxes are as always: their marks say it. The legend explains the marks.
void GraphColors::color_states(const Debugger& debugger) {
    colors_.title = "Variables";
    std::map<StateMark, std::size_t> counts;
    for (const VariableId id : visible_variables(debugger)) ++counts[mark_of(debugger, debugger.graph()->variable(id))];
    colors_.classes.clear();
    for (const auto& [mark, count] : counts) {
        if (mark == StateMark::none) continue;
        ColorClass& row = colors_.classes.emplace_back();
        row.label = describe(mark);
        row.state = mark;
        row.nodes = count;
    }
}

/// Op types or devices: the most frequent ones have a hue and a letter.
void GraphColors::color_names(const Graph& graph) {
    const bool devices = colors_.by == ColorBy::device;
    colors_.title = describe(colors_.by);
    const auto name_of_node = [&](std::size_t i) -> const std::string& {
        return devices ? graph.node(NodeId(i)).device : graph.node(NodeId(i)).op;
    };
    std::map<std::string_view, std::size_t> counts;
    for (std::size_t i = 0; i < key_->nodes; ++i) ++counts[name_of_node(i)];
    std::vector<std::pair<std::string_view, std::size_t>> order(counts.begin(), counts.end());
    std::ranges::stable_sort(order, std::greater(), &std::pair<std::string_view, std::size_t>::second);
    std::map<std::string_view, std::uint8_t> class_of;
    std::size_t hues = 0;
    std::optional<std::uint8_t> other;
    for (const auto& [name, count] : order) {
        // Constants are drawn in what uses them; they would take a hue and show it nowhere.
        const bool is_plain = name.empty() || (!devices && name == "Const"), is_other = !is_plain && hues == color_hues;
        if (is_other && other) {
            class_of[name] = *other;
            colors_.classes[*other].nodes += count;
            continue;
        }
        class_of[name] = static_cast<std::uint8_t>(colors_.classes.size());
        if (is_other) other = class_of[name];
        ColorClass& row = colors_.classes.emplace_back();
        row.nodes = count;
        row.label = name.empty() ? "no device" : is_other ? (devices ? "other devices" : "other types") : name;
        if (is_plain || is_other) continue;
        row.tone = static_cast<std::uint8_t>(hues);
        row.mark = std::string(1, static_cast<char>('A' + hues++));
    }
    for (std::size_t i = 0; i < key_->nodes; ++i) colors_.class_of[i] = class_of.at(name_of_node(i));
}

/// In the run at the position up to it, or else in all runs so far.
void GraphColors::color_executions(const Debugger& debugger) {
    const Recording& recording = debugger.recording();
    const RunId run = debugger.current_run();
    const auto now =
        static_cast<std::uint32_t>(run.valid() ? debugger.current_event() : runs_at(recording, debugger.position()));
    if (!is_built_ || run_ != run) {
        colors_.executed.assign(key_->nodes, 0);
        at_ = 0;
    }
    run_ = run;
    is_built_ = true;
    const std::uint32_t from = std::min(at_, now), to = std::max(at_, now);
    const int sign = now >= at_ ? 1 : -1;
    if (run.valid())
        count(recording, run, from, to, sign);
    else
        for (std::uint32_t r = from; r < to; ++r)
            count(recording, RunId(r), 0, static_cast<std::uint32_t>(recording.event_count(RunId(r))), sign);
    at_ = now;
    colors_.title = run.valid() ? "Times run, " + run_text(run) : "Times run so far";
    list_executions();
}

/// The events [from, to) of a run, those by dead tokens left out. Whole rounds of a loop are counted at once.
void GraphColors::count(const Recording& recording, RunId run, std::uint32_t from, std::uint32_t to, int sign) {
    if (recording.run(run).info.graph != key_->graph) return;
    const auto add = [&](NodeId node, std::uint64_t times) {
        if (!node.valid() || node.index() >= colors_.executed.size()) return;
        std::uint64_t& executed = colors_.executed[node.index()];
        executed = sign > 0 ? executed + times : executed - times;
    };
    for (const record::EventPiece& piece : recording.pieces(run)) {
        const std::uint32_t begin = std::max(piece.first, from), end = std::min(piece.end(), to);
        if (begin >= end) continue;
        const std::uint64_t rounds = piece.block != nullptr ? (end - begin) / piece.visits : 0;
        if (rounds > 0)
            for (const runtime::BlockVisit& visit : piece.block->visits())
                if (!visit.dead) add(visit.node, rounds);
        for (std::uint32_t e = begin + static_cast<std::uint32_t>(rounds * piece.visits); e < end; ++e)
            if (const record::RecordedVisit visit = recording.visit(run, e); !visit.dead) add(visit.node, 1);
    }
}

void GraphColors::list_executions() {
    std::array<std::size_t, color_scale + 1> counts{}; // the last: those that did not run
    for (std::size_t i = 0; i < colors_.executed.size(); ++i) {
        const std::uint64_t times = colors_.executed[i];
        colors_.class_of[i] = static_cast<std::uint8_t>(times == 0 ? color_scale : step_of(times));
        ++counts[colors_.class_of[i]];
    }
    static constexpr std::array<std::string_view, color_scale + 1> labels = {
        "once", "2 to 9 times", "10 to 99 times", "100 to 999 times", "1 000 times and more", "not run"};
    colors_.classes.clear();
    for (std::size_t i = 0; i < labels.size(); ++i) {
        ColorClass& row = colors_.classes.emplace_back();
        if (i < color_scale) row.tone = static_cast<std::uint8_t>(i);
        row.label = labels[i];
        row.nodes = counts[i];
    }
}

/// Newest values in the run at the position, or else in the last runs before it.
void GraphColors::color_healths(const Debugger& debugger) {
    constexpr std::size_t most_runs = 16; // an op that none of them had ran long ago
    const Recording& recording = debugger.recording();
    const RunId run = debugger.current_run();
    const auto now =
        static_cast<std::uint32_t>(run.valid() ? debugger.current_event() : runs_at(recording, debugger.position()));
    colors_.title = run.valid() ? "Newest values, " + run_text(run) : "Newest values";
    const bool moves = !is_built_ || run_ != run || at_ != now;
    const bool is_near = is_built_ && run.valid() && run_ == run &&
                         std::max(at_, now) - std::min(at_, now) <= most_single_steps &&
                         recording.run(run).info.graph == key_->graph;
    if (moves && is_near) {
        step_in_run(recording, now);
    } else if (moves) {
        newest_.assign(key_->nodes, {});
        health_.assign(key_->nodes, ValueHealth::unknown);
        todo_.clear();
        if (run.valid()) see_run(recording, run, now, false);
        for (std::size_t r = run.valid() ? 0 : now; r-- > 0 && now - r <= most_runs;)
            see_run(recording, RunId(r), static_cast<std::uint32_t>(recording.event_count(RunId(r))), true);
        for (std::size_t i = 0; i < newest_.size(); ++i)
            if (newest_[i].run.valid()) todo_.push_back(static_cast<std::uint32_t>(i));
    }
    run_ = run;
    at_ = now;
    is_built_ = true;
    read_values(debugger);
    list_healths();
}

/// Notes the newest events of the run before `end` that computed something.
void GraphColors::see_run(const Recording& recording, RunId run, std::uint32_t end, bool only_unseen) {
    if (recording.run(run).info.graph != key_->graph) return;
    const auto see_one = [&](std::uint32_t e) {
        const record::RecordedVisit visit = recording.visit(run, e);
        if (visit.dead || visit.failed || !visit.node.valid() || visit.node.index() >= newest_.size()) return;
        Newest& newest = newest_[visit.node.index()];
        if (!only_unseen || !newest.run.valid() || newest.run == run) newest = {run, e};
    };
    for (const runtime::RunRequest::Feed& feed : recording.run(run).info.request.feeds)
        if (feed.output.node.index() < newest_.size() && !newest_[feed.output.node.index()].run.valid())
            newest_[feed.output.node.index()] = {run, fed};
    for (const record::EventPiece& piece : recording.pieces(run)) {
        const std::uint32_t last = std::min(piece.end(), end);
        if (piece.first >= last) break;
        // Of a block the last whole round tells all.
        const std::uint32_t rounds = piece.block != nullptr ? 2 * piece.visits : last - piece.first;
        for (std::uint32_t e = last - std::min(rounds, last - piece.first); e < last; ++e) see_one(e);
    }
}

/// From one position of a run to another that is near: only what lies between is looked at.
void GraphColors::step_in_run(const Recording& recording, std::uint32_t now) {
    const std::uint32_t from = std::min(at_, now), to = std::max(at_, now);
    for (std::uint32_t e = from; e < to; ++e) {
        const record::RecordedVisit visit = recording.visit(run_, e);
        if (!visit.node.valid() || visit.node.index() >= newest_.size()) continue;
        Newest newest;
        const record::EventNumbers events = recording.events_of(run_, visit.node);
        for (std::size_t i = events.lower_bound(now); i-- > 0 && !newest.run.valid();)
            if (const record::RecordedVisit before = recording.visit(run_, events[i]); !before.dead && !before.failed)
                newest = {run_, events[i]};
        if (newest_[visit.node.index()] == newest) continue;
        newest_[visit.node.index()] = newest;
        health_[visit.node.index()] = ValueHealth::unknown;
        todo_.push_back(static_cast<std::uint32_t>(visit.node.index()));
    }
}

void GraphColors::read_values(const Debugger& debugger) {
    constexpr std::int64_t most_elements = 1 << 20;
    constexpr std::size_t most_nodes = 2048;
    const Recording& recording = debugger.recording();
    const Graph& graph = *debugger.graph();
    std::int64_t elements = 0;
    for (std::size_t n = 0; n < most_nodes && elements < most_elements && !todo_.empty(); ++n) {
        const NodeId node(todo_.back());
        todo_.pop_back();
        const Newest newest = newest_[node.index()];
        if (!newest.run.valid()) continue;
        ValueHealth worst = ValueHealth::unknown;
        const debug::GateRange range = debug::gate_range(graph, node);
        for (std::size_t i = 0; i < graph.node(node).outputs.size(); ++i) {
            const Tensor value = newest.event == fed
                                     ? debug::fed_value(recording, newest.run, {node, static_cast<int>(i)})
                                     : recording.output(newest.run, newest.event, i);
            worst = std::max(worst, debug::health_of(value, range));
            if (value) elements += value.elements();
        }
        if (key_->poison && newest.event != fed && debugger.poison()->mark(newest.run, newest.event) != nullptr)
            worst = ValueHealth::poisoned;
        health_[node.index()] = worst;
    }
}

/// The worst first.
void GraphColors::list_healths() {
    std::array<std::size_t, debug::health_count> counts{};
    for (std::size_t i = 0; i < health_.size(); ++i) {
        const auto health = static_cast<std::size_t>(health_[i]);
        ++counts[health];
        colors_.class_of[i] = static_cast<std::uint8_t>(debug::health_count - 1 - health);
    }
    static constexpr std::array<std::string_view, debug::health_count> marks = {"", "", "0", "S", "∞", "N", "▲"};
    colors_.classes.clear();
    for (std::size_t i = debug::health_count; i-- > 0;) {
        const auto health = static_cast<ValueHealth>(i);
        ColorClass& row = colors_.classes.emplace_back();
        if (health > ValueHealth::fine) row.tone = static_cast<std::uint8_t>(i);
        row.label = debug::describe(health);
        row.mark = marks[i];
        row.nodes = counts[i];
        if (health == ValueHealth::poisoned) row.state = StateMark::poisoned;
    }
}

SceneColors scene_colors(const Scene& scene, const NodeColors& colors) {
    SceneColors out;
    out.nodes = &colors;
    const std::size_t classes = colors.classes.size();
    out.boxes.assign(scene.boxes.size(), {});
    if (colors.by == ColorBy::state || classes == 0) return out;
    std::vector<std::uint32_t> inside(scene.boxes.size() * classes, 0);
    for (std::size_t i = 0; i < std::min(scene.box_by_node.size(), colors.class_of.size()); ++i) {
        const std::uint32_t box = scene.box_by_node[i];
        if (colors.class_of[i] < classes) ++inside[box * classes + colors.class_of[i]];
        if (i < colors.executed.size()) out.boxes[box].executed = std::max(out.boxes[box].executed, colors.executed[i]);
    }
    for (std::uint32_t i = static_cast<std::uint32_t>(scene.boxes.size()); i-- > 1;) { // inner ones first
        const std::uint32_t parent = scene.boxes[i].parent;
        for (std::size_t c = 0; c < classes; ++c) inside[parent * classes + c] += inside[i * classes + c];
        out.boxes[parent].executed = std::max(out.boxes[parent].executed, out.boxes[i].executed);
    }
    for (std::size_t i = 0; i < scene.boxes.size(); ++i) {
        BoxColor& box = out.boxes[i];
        box.first = static_cast<std::uint32_t>(out.shares.size());
        for (std::size_t c = 0; c < classes; ++c) {
            const std::uint32_t nodes = inside[i * classes + c];
            if (nodes == 0) continue;
            // Of health the worst, which comes first.
            const bool leads =
                box.of == no_class || (colors.by != ColorBy::health && nodes > inside[i * classes + box.of]);
            if (leads) box.of = static_cast<std::uint8_t>(c);
            out.shares.push_back({static_cast<std::uint8_t>(c), nodes});
        }
        box.last = static_cast<std::uint32_t>(out.shares.size());
        box.mixed = box.last - box.first > 1;
    }
    return out;
}

std::string to_text(const NodeColors& colors, const Graph& graph) {
    std::string out = colors.title + "\n";
    for (const ColorClass& row : colors.classes)
        if (row.nodes > 0)
            out += fmt::format("  {:1} {}  {}\n", row.state != StateMark::none ? glyph(row.state) : row.mark, row.label,
                               grouped(row.nodes));
    for (std::size_t i = 0; i < colors.class_of.size(); ++i) {
        if (colors.class_of[i] == no_class || !colors.classes[colors.class_of[i]].tone) continue;
        out += fmt::format("{}: {}", graph.node(NodeId(i)).name, colors.classes[colors.class_of[i]].label);
        if (!colors.executed.empty()) out += fmt::format(" ({})", grouped(colors.executed[i]));
        out += "\n";
    }
    return out;
}

} // namespace rnnscope::view
