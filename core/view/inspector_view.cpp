#include "core/view/inspector_view.hpp"

#include "core/debug/newest_event.hpp"
#include "core/debug/poison.hpp"
#include "core/debug/questions.hpp"
#include "core/ops/op_def.hpp"
#include "core/view/graph_overview.hpp"
#include "core/view/variable_history.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace rnnscope::view {

using debug::Debugger;
using debug::Selection;
using record::HistoryEntry;

namespace {

constexpr std::size_t most_lines_of_list = 200; ///< of one list; the rest is counted
constexpr std::size_t most_neighbours = 8;

class InspectorBuilder {
  public:
    InspectorBuilder(const Debugger& debugger, ValueSummaries* summaries)
        : debugger_(debugger), recording_(debugger.recording()), now_(debugger.position().ticks),
          summaries_(summaries) {}

    InspectorView build() {
        const Selection& selection = debugger_.selection();
        graph_ = debugger_.graph();
        view_.kind = selection.kind;
        if (selection.kind == Selection::Kind::statement) {
            build_statement(selection.statement);
        } else if (graph_ && selection.kind == Selection::Kind::scope) {
            build_scope(selection.scope);
        } else if (graph_ && selection.kind == Selection::Kind::variable &&
                   selection.variable.index() < graph_->variables().size()) {
            build_variable(graph_->variable(selection.variable));
        } else if (graph_ && selection.kind == Selection::Kind::node && selection.node.index() < graph_->size()) {
            build_node(graph_->node(selection.node));
        } else {
            return build_graph_overview(debugger_);
        }
        return std::move(view_);
    }

  private:
    void name(const std::string& path) {
        view_.path = path;
        view_.title = std::string(last_segments(path, 1));
    }

    void fact_of(const Node& node) {
        view_.facts.push_back(Link::plain(
            fmt::format("Node {} of {}", grouped(node.id.index() + 1), grouped(debugger_.visible_nodes()))));
        if (node.id.index() >= debugger_.visible_nodes())
            view_.facts.back().text = "Does not exist yet at this position";
        const StatementId made_by = debugger_.evaluator().statement_of(node);
        if (!made_by.valid()) return;
        view_.facts.push_back(Link::plain(", made by "));
        view_.facts.push_back(line_link(debugger_, made_by));
    }

    // --- an op ---------------------------------------------------------------------------------------------------
    void build_node(const Node& node) {
        name(node.name);
        view_.subtitle = node.op;
        fact_of(node);
        const Variable* variable = variable_behind(*graph_, node.id);
        if (variable) view_.mark = mark_of(debugger_, *variable);
        add_node_values(node, variable);
        for (const Output& input : node.inputs) {
            const Variable* source = graph_->variable_of(input.node);
            PropertyRow row{"Inputs",
                            source ? mark_of(debugger_, *source) : StateMark::none,
                            {graph_->input_text(input), select_node(debugger_, input.node)},
                            type_text(graph_->info(input))};
            push(row);
        }
        for (const NodeId control : node.control_inputs)
            push({"Waits for", StateMark::none, {graph_->node(control).name, select_node(debugger_, control)}, ""});
        const auto readers = graph_->consumers(node.id);
        for (std::size_t i = 0; i < readers.size() && i < most_lines_of_list; ++i)
            push({"Read by",
                  StateMark::none,
                  {graph_->node(readers[i]).name, select_node(debugger_, readers[i])},
                  run_state(readers[i])});
        add_attributes(node);
        if (variable)
            add_history(*variable);
        else if (!node.outputs.empty())
            add_slices({node.id, 0});
    }

    /// What the newest value of the output was computed from, and what was computed from it.
    void add_slices(Output output) {
        constexpr std::size_t most_events = 300; // whoever wants to know all asks
        const auto add = [&](const Result<debug::Slice>& slice, std::string_view word) {
            if (!slice) return;
            const auto add_row = [&](std::string text, const debug::SliceEntry& entry, const std::string& name) {
                if (entry.iteration >= 0) text += fmt::format("t = {}  ", entry.iteration);
                const bool has_event = entry.kind == debug::SliceEntry::Kind::op;
                if (has_event) text += fmt::format("event {}", grouped(entry.event));
                view_.history.push_back({StateMark::none,
                                         {std::string(word), select_node(debugger_, entry.node)},
                                         fmt::format("{}  {}", last_segments(name, 2), text),
                                         entry.after.ticks - 1,
                                         entry.after.ticks <= now_});
            };
            for (std::size_t i = 0; i < slice->nearest.size() && i < most_neighbours; ++i)
                add_row("", slice->nearest[i], slice->nearest[i].name);
            if (slice->nearest.size() > most_neighbours)
                view_.history.push_back({StateMark::none, Link::plain(std::string(word)),
                                         fmt::format("{} more", slice->nearest.size() - most_neighbours),
                                         slice->nearest.back().after.ticks - 1, true});
            for (const debug::SliceEntry& end : slice->ends)
                if (end.kind == debug::SliceEntry::Kind::feed)
                    add_row("fed  ", end, end.name);
                else if (end.kind == debug::SliceEntry::Kind::fetch)
                    add_row("fetched  ", end, end.name);
        };
        add(debug::where_from(debugger_, output, most_events), "from");
        add(debug::where_to(debugger_, output, most_events), "to");
        if (!view_.history.empty()) view_.history_title = "Where the value comes from and goes to";
    }

    /// Adds to the links; equal names are written once.
    void push(PropertyRow row) {
        for (auto at = view_.links.rbegin(); at != view_.links.rend(); ++at) {
            if (at->name.empty()) continue;
            if (at->name == row.name) row.name.clear();
            break;
        }
        view_.links.push_back(std::move(row));
    }

    std::string run_state(NodeId node) const {
        const RunId run = looked_at_run();
        if (!run.valid()) return {};
        const record::EventNumbers events = recording_.events_of(run, node);
        if (!events.empty()) {
            const record::RecordedVisit first = recording_.visit(run, events.front());
            if (recording_.tick_of(run, events.front()) < now_ || first.failed)
                return first.failed ? "failed" : first.dead ? "skipped" : "ran";
        }
        const auto& recorded_run = recording_.run(run);
        const bool complete = recorded_run.done && !recorded_run.outcome.error && recorded_run.last_tick < now_;
        return complete ? "not in " + run_text(run) : std::string("not reached");
    }

    RunId looked_at_run() const {
        if (debugger_.current_run().valid()) return debugger_.current_run();
        RunId last;
        for (const record::RecordedRun& run : recording_.runs())
            if (run.first_tick < now_) last = run.info.id;
        return last;
    }

    /// The newest event up to `event`, that one included: a failed one counts before it has happened.
    std::uint32_t newest_of(RunId run, NodeId node, std::uint32_t event) const {
        return *debug::newest_event(recording_, run, node, {recording_.tick_of(run, event) + 1});
    }

    void add_node_values(const Node& node, const Variable* variable) {
        const RunId run = looked_at_run();
        std::optional<record::RecordedEvent> last;
        const debug::Poison::Mark* poison = nullptr;
        std::uint32_t coming = UINT32_MAX;
        if (run.valid()) {
            const record::EventNumbers events = recording_.events_of(run, node.id);
            std::size_t next = events.lower_bound(recording_.events_at(run, {now_})); // the first that comes
            if (next < events.size() && recording_.visit(run, events[next]).failed) ++next;
            if (next > 0) {
                const std::uint32_t newest = newest_of(run, node.id, events[next - 1]);
                last = recording_.event(run, newest);
                poison = debugger_.poison() != nullptr ? debugger_.poison()->mark(run, newest) : nullptr;
            }
            if (next < events.size()) coming = events[next];
        }
        if (poison != nullptr) view_.mark = StateMark::poisoned;
        if (last && last->failed) view_.mark = StateMark::uninitialized;
        for (std::size_t i = 0; i < node.outputs.size(); ++i) {
            const bool has = last && !last->failed && i < last->outputs.size() && last->outputs[i].tensor;
            Tensor tensor = has ? last->outputs[i].tensor : Tensor();
            if (!tensor && variable && node.id == variable->op && debugger_.current_session().valid())
                tensor = recording_.value_at(debugger_.current_session(), storage_name(debugger_, *variable),
                                             debugger_.position());
            const bool is_fed = !has && run.valid() && recording_.run(run).info.graph == graph_->id();
            const Tensor fed = is_fed ? debug::fed_value(recording_, run, {node.id, static_cast<int>(i)}) : Tensor();
            if (fed) tensor = fed;
            const bool is_poisoned = has && poison != nullptr && i < poison->outputs.size();
            ValueView value =
                view_value(fmt::format("output {}", i), tensor, is_poisoned ? poison->outputs[i] : debug::PoisonMask());
            if (fed) value.type += ", fed in " + run_text(run);
            if (has && last->frame != 0) value.type += fmt::format(" at t = {}", last->iteration);
            if (!tensor) {
                value.type = type_text(node.outputs[i]);
                explain_absence(value, variable, last, coming, run);
            }
            view_.values.push_back(std::move(value));
        }
    }

    void explain_absence(ValueView& value, const Variable* variable, const std::optional<record::RecordedEvent>& last,
                         std::uint32_t coming, RunId run) const {
        value.failed = last && last->failed;
        if (variable && (value.failed || !last) && never_written(*variable))
            value.absent = fmt::format("{} was never written", last_segments(variable->name, 1));
        else if (value.failed)
            value.absent = "The op failed, so it has no value";
        else if (last)
            value.absent = last->dead ? "The branch was not taken" : "Its value was not recorded";
        else if (coming != UINT32_MAX)
            value.absent = fmt::format("Runs at event {}", grouped(coming));
        else if (!run.valid())
            value.absent = "No run yet";
        else if (recording_.run(run).outcome.error)
            value.absent = fmt::format("Not reached: {} stopped at event {}", run_text(run),
                                       grouped(recording_.event_count(run) - 1));
        else
            value.absent = recording_.run(run).done ? fmt::format("Not part of {}", run_text(run)) : "Not reached yet";
    }

    bool never_written(const Variable& variable) const {
        const SessionId session = debugger_.current_session();
        if (!session.valid()) return true;
        return std::ranges::none_of(
            recording_.history(session, storage_name(debugger_, variable)),
            [&](const HistoryEntry& entry) { return entry.kind == HistoryEntry::Kind::write && entry.tick < now_; });
    }

    /// What a fused op computes, a row for each line.
    void add_formula(std::string_view lines) {
        for (const char* label = "formula"; !lines.empty(); label = "") {
            const std::string_view line = lines.substr(0, lines.find('\n'));
            view_.attributes.push_back({label, StateMark::none, Link::plain(std::string(line)), ""});
            lines.remove_prefix(std::min(line.size() + 1, lines.size()));
        }
    }

    void add_attributes(const Node& node) {
        const ops::OpDef* def = ops::find_op(node.op);
        const std::string about = def != nullptr ? def->summary : "rnnscope does not know this op";
        view_.attributes.push_back({"about", StateMark::none, Link::plain(about), ""});
        if (def != nullptr) add_formula(def->formula);
        if (!node.device.empty()) view_.attributes.push_back({"device", StateMark::none, Link::plain(node.device), ""});
        for (const auto& [key, value] : node.attrs)
            view_.attributes.push_back({key, StateMark::none, Link::plain(to_text(value)), ""});
        if (const auto* colocated = node.attr<AttrList>("_class"))
            for (const AttrValue& entry : colocated->entries)
                if (const auto* text = entry.as<std::string>(); text && text->starts_with("loc:@"))
                    push({"Colocated",
                          StateMark::none,
                          {text->substr(5), select_node(debugger_, graph_->find(text->substr(5)))},
                          ""});
    }

    // --- a variable ----------------------------------------------------------------------------------------------
    void build_variable(const Variable& variable) {
        name(variable.name);
        view_.subtitle = graph_->node(variable.op).op;
        view_.mark = mark_of(debugger_, variable);
        fact_of(graph_->node(variable.op));
        const SessionId session = debugger_.current_session();
        const Tensor tensor =
            session.valid() ? recording_.value_at(session, storage_name(debugger_, variable), debugger_.position())
                            : Tensor();
        ValueView value = view_value("value", tensor, poison_of(variable));
        if (!tensor) {
            value.type = type_text(variable.dtype, variable.shape);
            value.absent = never_written(variable) ? fmt::format("{} was never written", view_.title)
                                                   : std::string("Its value was not recorded");
            value.failed = view_.mark == StateMark::uninitialized;
        }
        view_.values.push_back(std::move(value));
        const auto node_row = [&](std::string label, NodeId node) {
            if (node.valid())
                push({std::move(label),
                      StateMark::none,
                      {graph_->node(node).name, select_node(debugger_, node)},
                      run_state(node)});
        };
        node_row("Initializer", variable.initializer);
        node_row("Initial value", variable.initial_value.node);
        node_row("Read through", variable.snapshot.node);
        if (variable.snapshot.valid())
            for (const NodeId reader : graph_->consumers(variable.snapshot.node)) node_row("Read by", reader);
        view_.attributes.push_back(
            {"kind", StateMark::none, Link::plain(variable.is_resource ? "resource" : "reference"), ""});
        view_.attributes.push_back(
            {"trainable", StateMark::none, Link::plain(variable.trainable ? "True" : "False"), ""});
        std::string collections;
        for (const std::string& key : graph_->collections_of(variable.id))
            collections += (collections.empty() ? "" : ", ") + key;
        view_.attributes.push_back({"collections", StateMark::none,
                                    Link::plain(collections.empty() ? "none: no init op covers it" : collections), ""});
        add_history(variable);
    }

    debug::PoisonMask poison_of(const Variable& variable) const {
        if (debugger_.poison() == nullptr || !debugger_.current_session().valid()) return {};
        return debugger_.poison()->variable_at(debugger_.current_session(), storage_name(debugger_, variable),
                                               debugger_.position());
    }

    void add_history(const Variable& variable) {
        view_.history_title = fmt::format("History of {}", last_segments(variable.name, 1));
        // What is near is what one asks about; Answers has more of it.
        VariableHistory history = variable_history(debugger_, variable, most_lines_of_list, summaries_);
        view_.history = std::move(history.rows);
        if (history.before > 0)
            view_.history_title += fmt::format(", the last {} of {}", view_.history.size(),
                                               grouped(history.before + view_.history.size()));
    }

    // --- a scope -------------------------------------------------------------------------------------------------
    void build_scope(const std::string& path) {
        name(path);
        view_.subtitle = "scope";
        const std::string prefix = path.empty() ? std::string() : path + "/";
        std::map<std::string, std::size_t> types;
        std::size_t ops = 0;
        for (std::size_t i = 0; i < debugger_.visible_nodes(); ++i) {
            const Node& node = graph_->node(NodeId(i));
            if (!node.name.starts_with(prefix) && node.name != path) continue;
            ++ops;
            ++types[node.op];
        }
        std::vector<StateMark> marks;
        for (const VariableId id : visible_variables(debugger_)) {
            const Variable& variable = graph_->variable(id);
            if (!variable.name.starts_with(prefix)) continue;
            marks.push_back(mark_of(debugger_, variable));
            if (marks.size() <= most_lines_of_list)
                push({"Variables",
                      marks.back(),
                      {variable.name.substr(prefix.size()), select_variable(debugger_, id)},
                      shape_text(variable.shape)});
        }
        view_.mark = combine(marks);
        view_.facts.push_back(Link::plain(count_text(ops, "op") + ", " + count_text(marks.size(), "variable")));
        std::vector<std::pair<std::string, std::size_t>> sorted(types.begin(), types.end());
        std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
        for (const auto& [type, count] : sorted)
            view_.attributes.push_back({type, StateMark::none, Link::plain(grouped(count)), ""});
    }

    // --- a statement ---------------------------------------------------------------------------------------------
    void build_statement(StatementId id) {
        view_.title = line_text(debugger_, id);
        view_.subtitle = "statement";
        const int line = line_of(debugger_, id);
        if (line > 0) view_.path = debugger_.program().python.lines[static_cast<std::size_t>(line) - 1];
        std::size_t executions = 0, nodes = 0;
        for (const record::RecordedStep& step : recording_.steps()) {
            if (step.step.statement != id || step.first_tick >= now_) continue;
            ++executions;
            nodes += step.nodes_after - step.nodes_before;
            if (step.graph.valid()) add_made(step);
            if (step.run.valid()) add_run_of(step);
        }
        view_.facts.push_back(Link::plain(
            executions == 0   ? "Not executed yet"
            : executions == 1 ? fmt::format("Executed once, made {}", count_text(nodes, "op"))
                              : fmt::format("Executed {} times, made {}", executions, count_text(nodes, "op"))));
    }

    void add_made(const record::RecordedStep& step) {
        const Graph& graph = debugger_.evaluator().graph(step.graph);
        for (std::size_t i = step.nodes_before; i < std::min(step.nodes_after, graph.size()); ++i) {
            if (view_.links.size() >= most_lines_of_list) return;
            const Node& node = graph.node(NodeId(i));
            const Variable* variable = graph.variable_of(node.id);
            Selection target = select_node(debugger_, node.id);
            target.graph = step.graph;
            push({"Made", variable ? mark_of(debugger_, *variable) : StateMark::none, {node.name, target}, node.op});
        }
    }

    void add_run_of(const record::RecordedStep& step) {
        const auto& run = recording_.run(step.run);
        view_.history_title = "Runs";
        view_.history.push_back(
            {run.outcome.error ? StateMark::uninitialized : StateMark::initialized, Link::plain(run_text(step.run)),
             run.outcome.error ? run.outcome.error->error_class : count_text(recording_.event_count(step.run), "event"),
             run.first_tick, true});
        for (std::size_t i = 0; i < run.outcome.results.size() && view_.values.size() < 16; ++i)
            view_.values.push_back(view_value(fetch_name(run, i), run.outcome.results[i],
                                              debugger_.poison() != nullptr ? debugger_.poison()->fetch(step.run, i)
                                                                            : debug::PoisonMask()));
    }

    std::string fetch_name(const record::RecordedRun& run, std::size_t index) const {
        const auto& fetches = run.info.request.fetches;
        return index < fetches.size() ? debugger_.evaluator().graph(run.info.graph).tensor_name(fetches[index])
                                      : fmt::format("result {}", index);
    }

    const Debugger& debugger_;
    const record::Recording& recording_;
    std::uint64_t now_;
    ValueSummaries* summaries_;
    const Graph* graph_ = nullptr;
    InspectorView view_;
};

} // namespace

const Variable* variable_behind(const Graph& graph, NodeId id) {
    const Node* node = &graph.node(id);
    for (int i = 0; i < 3; ++i) { // a read, or an Enter of a read
        if (const Variable* variable = graph.variable_of(node->id)) return variable;
        const bool passes = node->op == "Identity" || node->op == "ReadVariableOp" || node->op == "Enter";
        if (!passes || node->inputs.empty()) return nullptr;
        node = &graph.node(node->inputs[0].node);
    }
    return graph.variable_of(node->id);
}

InspectorView build_inspector(const Debugger& debugger, ValueSummaries* summaries) {
    return debugger.is_open() ? InspectorBuilder(debugger, summaries).build() : InspectorView{};
}

std::string to_text(const InspectorView& view) {
    if (view.kind == Selection::Kind::none && view.links.empty()) return "Select an op or a variable.\n";
    std::string out = fmt::format("{} {}  {}\n{}\n", glyph(view.mark), view.title, view.subtitle, view.path);
    for (const Link& part : view.facts) out += part.text;
    out += "\n";
    for (const ValueView& value : view.values) {
        out +=
            fmt::format("{}  {}  {}\n", value.label, value.type, value.absent.empty() ? value.first_row : value.absent);
        if (value.poisoned > 0) out += fmt::format("  {} {}\n", glyph(StateMark::poisoned), poison_text(value));
        if (value.numeric)
            out += fmt::format("  mean {}  std {}  {}\n", number_text(value.statistics.mean, 4, true),
                               number_text(value.statistics.standard_deviation),
                               value.is_gate ? gate_text(value) : "range ±" + number_text(value.range));
    }
    const auto rows = [&](const std::vector<PropertyRow>& list) {
        for (const PropertyRow& row : list) out += fmt::format("{:<14}{}  {}\n", row.name, row.value.text, row.detail);
    };
    rows(view.links);
    rows(view.attributes);
    if (!view.history_title.empty()) out += view.history_title + "\n";
    for (const HistoryRow& row : view.history)
        out += fmt::format("{} {:<8} {}\n", glyph(row.mark), row.where.text, row.text);
    return out;
}

} // namespace rnnscope::view
