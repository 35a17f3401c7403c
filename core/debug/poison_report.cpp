#include "core/debug/poison.hpp"

#include <algorithm>
#include <set>
#include <tuple>

namespace rnnscope::debug {

namespace {

using record::RecordedRun;
using record::Recording;

/// "a/b" of "a/b/c", unless that is an op itself, which has others under its name: then that op's.
std::string scope_of_op(const Graph& graph, const std::string& name) {
    std::string path = name;
    do {
        const std::size_t slash = path.rfind('/');
        path.resize(slash == std::string::npos ? 0 : slash);
    } while (!path.empty() && graph.find(path).valid());
    return path;
}

/// Brings values to a time step or out of it, and computes nothing there.
bool only_leads_on(std::string_view op) {
    if (op.starts_with("Ref")) op.remove_prefix(3);
    return op == "Enter" || op == "Merge" || op == "Switch" || op == "Exit" || op == "NextIteration";
}

class PoisonReporter {
  public:
    PoisonReporter(const Debugger& debugger, const Pause& pause)
        : debugger_(debugger), recording_(debugger.recording()), poison_(*debugger.poison()), now_(debugger.position()),
          pause_(pause) {}

    PoisonReport report() {
        add_sources();
        add_variables();
        for (const RecordedRun& run : recording_.runs()) {
            pause_.here();
            if (run.first_tick >= now_.ticks) break;
            add_refusal(run);
            if (!poison_.marks(run.info.id).empty()) add_run(run);
        }
        for (auto& [path, scope] : scopes_) {
            scope.found.ops = scope.nodes.size();
            report_.ops += scope.found.ops;
            report_.scopes.push_back(std::move(scope.found));
        }
        std::ranges::stable_sort(report_.scopes, std::greater<>(), &PoisonReport::Scope::events);
        return std::move(report_);
    }

  private:
    const Graph& graph_of(const RecordedRun& run) const { return debugger_.evaluator().graph(run.info.graph); }

    /// What the program calls the storage, and which shape its variable has.
    const Variable* variable_of(SessionId session, const std::string& storage) const {
        const Graph& graph = debugger_.evaluator().graph(recording_.graph_of(session));
        for (const Variable& variable : graph.variables())
            if (record::storage_name(graph, variable) == storage) return &variable;
        return nullptr;
    }

    void add_sources() {
        for (const Poison::Read& read : poison_.reads()) {
            pause_.here();
            if (read.after > now_) break;
            const auto same = [&](const PoisonReport::Source& source) {
                return source.read.variable == read.variable && source.read.session == read.session;
            };
            const auto found = std::ranges::find_if(report_.sources, same);
            if (found != report_.sources.end()) {
                ++found->times;
                continue;
            }
            const Variable* variable = variable_of(read.session, read.variable);
            report_.sources.push_back({read, 1, variable != nullptr ? variable->name : read.variable,
                                       variable != nullptr ? variable->shape : Shape::unknown_rank()});
        }
    }

    void add_variables() {
        for (const auto& [key, changes] : poison_.variables()) {
            pause_.here();
            const auto after = std::ranges::lower_bound(changes, now_.ticks, {}, &Poison::VariableChange::tick);
            if (after == changes.begin() || !std::prev(after)->mask.any() || std::prev(after)->is_read) continue;
            PoisonReport::Variable found;
            found.session = SessionId(key.first);
            const Variable* variable = variable_of(found.session, key.second);
            found.name = variable != nullptr ? variable->name : key.second;
            found.change = *std::prev(after);
            const Tensor value = recording_.value_at(found.session, key.second, now_);
            found.shape = value ? value.shape() : Shape();
            found.elements = value ? value.elements() : 0;
            found.poisoned = found.change.mask.count(found.elements);
            report_.variables.push_back(std::move(found));
        }
    }

    void add_run(const RecordedRun& run) {
        const std::uint32_t events = recording_.events_at(run.info.id, now_);
        const auto marks = poison_.marks(run.info.id);
        if (marks.front().event >= events) return;
        std::set<std::pair<std::uint32_t, std::int64_t>> steps;
        for (const Poison::Mark& mark : marks) {
            pause_.here();
            if (mark.event >= events) break;
            const bool computes = mark.node.valid() && !only_leads_on(graph_of(run).node(mark.node).op);
            if (mark.frame != 0 && computes) steps.emplace(mark.frame, mark.iteration);
            add_mark(run, mark);
        }
        report_.all_events += events;
        add_loops(run, steps, events);
        add_fetches(run, events);
    }

    void add_mark(const RecordedRun& run, const Poison::Mark& mark) {
        if (!mark.node.valid()) return;
        ++report_.events;
        std::string path = scope_of_op(graph_of(run), graph_of(run).node(mark.node).name);
        Found& scope = scopes_[path];
        scope.found.path = std::move(path);
        ++scope.found.events;
        scope.nodes.emplace(run.info.graph, mark.node);
        if (mark.decides) report_.decisions.push_back(happening(run, mark));
        if (mark.fails) report_.failures.push_back(happening(run, mark));
    }

    Happening happening(const RecordedRun& run, const Poison::Mark& mark) const {
        Happening entry;
        entry.after = {recording_.tick_of(run.info.id, mark.event) + 1};
        entry.session = run.info.session;
        entry.statement = recording_.step(run.info.step).step.statement;
        entry.run = run.info.id;
        entry.event = mark.event;
        entry.node = mark.node;
        if (mark.frame != 0) entry.iteration = mark.iteration;
        return entry;
    }

    void add_loops(const RecordedRun& run, const std::set<std::pair<std::uint32_t, std::int64_t>>& steps,
                   std::uint32_t events) {
        const std::map<std::uint32_t, std::size_t> so_far = time_steps_so_far(run, events);
        for (const runtime::FrameInfo& frame : run.frames) {
            const auto begin = steps.lower_bound({frame.id, std::numeric_limits<std::int64_t>::min()});
            const auto end = steps.upper_bound({frame.id, std::numeric_limits<std::int64_t>::max()});
            if (begin == end) continue;
            report_.loops.push_back({run.info.id, frame.name, begin->second, std::prev(end)->second,
                                     static_cast<std::size_t>(std::distance(begin, end)), so_far.at(frame.id)});
        }
    }

    /// Time steps by frame: those in which the loop went on, not the one in which it found that it is over.
    std::map<std::uint32_t, std::size_t> time_steps_so_far(const RecordedRun& run, std::uint32_t events) const {
        std::map<std::uint32_t, std::size_t> count;
        for (const runtime::FrameInfo& frame : run.frames) count[frame.id] = 0;
        for (const Node& node : graph_of(run).nodes()) {
            if (node.op != "LoopCond") continue;
            for (const std::uint32_t event : recording_.events_of(run.info.id, node.id)) {
                pause_.here();
                if (event >= events) break;
                const Tensor goes_on = recording_.output(run.info.id, event, 0);
                const bool is_truth = goes_on && goes_on.dtype() == DType::boolean && goes_on.elements() > 0;
                if (is_truth && goes_on.values<bool>()[0]) ++count[recording_.visit(run.info.id, event).frame];
            }
        }
        return count;
    }

    void add_fetches(const RecordedRun& run, std::uint32_t events) {
        if (!run.done || run.outcome.error || events < recording_.event_count(run.info.id)) return;
        for (std::size_t i = 0; i < run.outcome.results.size(); ++i) {
            pause_.here();
            const Tensor& value = run.outcome.results[i];
            PoisonReport::Fetch fetch;
            fetch.run = run.info.id;
            fetch.output = run.info.request.fetches[i];
            fetch.name = graph_of(run).tensor_name(fetch.output);
            fetch.elements = value.elements();
            fetch.poisoned = poison_.fetch(run.info.id, i).count(value.elements());
            fetch.shape = value.shape();
            fetch.after = {run.last_tick + 1};
            report_.fetches.push_back(std::move(fetch));
        }
    }

    /// A read that ended its run although runs go on: only where the shape of the value is not known.
    void add_refusal(const RecordedRun& run) {
        if (!run.outcome.error || run.outcome.error->variable.empty()) return;
        if (recording_.events_at(run.info.id, now_) < recording_.event_count(run.info.id)) return;
        report_.refused.push_back(run.outcome.error->variable);
    }

    struct Found {
        PoisonReport::Scope found;
        std::set<std::pair<GraphId, NodeId>> nodes;
    };
    const Debugger& debugger_;
    const Recording& recording_;
    const Poison& poison_;
    Position now_;
    const Pause& pause_;
    PoisonReport report_;
    std::map<std::string, Found> scopes_;
};

} // namespace

PoisonReport poison_report(const Debugger& debugger, const Pause& pause) {
    const bool is_followed = debugger.is_open() && debugger.poison() != nullptr;
    return is_followed ? PoisonReporter(debugger, pause).report() : PoisonReport();
}

} // namespace rnnscope::debug
