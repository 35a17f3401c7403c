#include "core/debug/debugger.hpp"
#include "core/import/graph_file.hpp"

#include "core/debug/arrangement.hpp"
#include "core/debug/diagnose.hpp"
#include "core/debug/movement.hpp"
#include "core/debug/preflight_program.hpp"
#include "core/debug/stops.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

class Debugger::Impl {
  public:
    std::unique_ptr<Evaluation> evaluation_;
    std::string saved_text_; ///< of the document when it was opened or saved
    std::string file_;       ///< where that was
    Position position_;
    StopReason reason_ = StopReason::none;
    std::optional<Movement> movement_;
    std::optional<program::ProgramError> error_here_;
    SessionId chosen_session_;

    std::vector<Breakpoint> breakpoints_;
    SelectionHistory selection_;
    GraphRoles roles_;
    std::pair<const Graph*, std::size_t> roles_of_{nullptr, 0}; ///< what `roles_` is of
    std::optional<std::pair<Selection, std::string>> carried_;  ///< across a change of the program, with its name
    UndoHistory undo_;

    std::vector<Diagnosis> diagnoses_;
    struct PendingCheck {
        std::size_t diagnosis = 0, fix = 0;
        std::unique_ptr<FixCheck> check;
    };
    std::vector<PendingCheck> checks_; ///< last first
    std::optional<PreflightReport> preflight_;
    std::unique_ptr<PreflightJob> preflight_job_; ///< looks at evaluation_

    const record::Recording& recording() const { return evaluation_->recording(); }

    void replace(std::shared_ptr<const program::Document> document) {
        movement_.reset();
        checks_.clear();
        diagnoses_.clear();
        preflight_.reset();
        preflight_job_.reset();
        take_selection();
        roles_of_ = {};
        evaluation_ = std::make_unique<Evaluation>(std::move(document));
        chosen_session_ = {};
        set_position({});
    }

    void open(std::shared_ptr<const program::Document> document) {
        saved_text_ = document->text();
        file_ = document->program().file;
        replace(std::move(document));
        breakpoints_.clear();
        selection_ = {};
        carried_.reset();
        undo_ = {};
        reason_ = StopReason::opened;
    }

    /// Ids belong to one evaluation: what is selected is looked for by name in the next, once its graph is there.
    void take_selection() {
        const Selection selected = selection_.current();
        selection_ = {};
        if (!evaluation_ || selected.graph.index() >= evaluation_->evaluator().graph_count()) return;
        const Graph& graph = evaluation_->evaluator().graph(selected.graph);
        if (selected.kind == Selection::Kind::node) carried_ = {selected, graph.node(selected.node).name};
        if (selected.kind == Selection::Kind::variable) carried_ = {selected, graph.variable(selected.variable).name};
        if (selected.kind == Selection::Kind::scope) carried_ = {selected, selected.scope};
    }
    void give_selection_back() {
        if (!carried_) return;
        auto [selection, name] = *std::exchange(carried_, std::nullopt);
        if (selection_.current() != Selection{} || selection.graph.index() >= evaluation_->evaluator().graph_count())
            return;
        const Graph& graph = evaluation_->evaluator().graph(selection.graph);
        if (selection.kind == Selection::Kind::node) selection.node = graph.find(name);
        if (selection.kind == Selection::Kind::variable) {
            const Variable* variable = graph.variable_of(graph.find(name));
            selection.variable = variable != nullptr ? variable->id : VariableId();
        }
        const bool is_gone = (selection.kind == Selection::Kind::node && !selection.node.valid()) ||
                             (selection.kind == Selection::Kind::variable && !selection.variable.valid());
        if (!is_gone) selection_.select(std::move(selection));
    }

    void set_position(Position position) {
        position_ = position;
        const record::RecordedError* error = evaluation_->error_at(position);
        error_here_ = error ? std::optional(error->error) : std::nullopt;
    }

    void start(Movement movement) {
        if (movement_) return;
        movement_ = std::move(movement);
    }

    void diagnose_new_errors() {
        while (diagnoses_.size() < recording().errors().size()) {
            const std::size_t index = diagnoses_.size();
            Diagnosis diagnosis = diagnose(*evaluation_, recording().errors()[index]);
            for (std::size_t fix = 0; fix < diagnosis.fixes.size(); ++fix)
                checks_.insert(checks_.begin(), PendingCheck{index, fix, nullptr});
            diagnoses_.push_back(std::move(diagnosis));
        }
    }

    /// True when every fix is checked.
    bool pump_checks(std::chrono::steady_clock::time_point deadline) {
        while (!checks_.empty()) {
            PendingCheck& pending = checks_.back();
            Diagnosis& diagnosis = diagnoses_[pending.diagnosis];
            Fix& fix = diagnosis.fixes[pending.fix];
            if (!pending.check) pending.check = std::make_unique<FixCheck>(*evaluation_, diagnosis.error, fix);
            if (!pending.check->pump(deadline)) return false;
            fix.check = pending.check->result();
            const bool was_last_fix = pending.fix + 1 == diagnosis.fixes.size();
            checks_.pop_back();
            // Best first: a fix that was seen to work stands before those that were not.
            if (was_last_fix)
                std::stable_partition(diagnosis.fixes.begin(), diagnosis.fixes.end(),
                                      [](const Fix& f) { return f.check == Fix::Check::verified; });
            if (!checks_.empty() && std::chrono::steady_clock::now() >= deadline) return false;
        }
        return true;
    }

    /// True when the report is there.
    bool pump_preflight(std::chrono::steady_clock::time_point deadline) {
        if (preflight_) return true;
        if (!preflight_job_) preflight_job_ = std::make_unique<PreflightJob>(*evaluation_);
        if (!preflight_job_->pump(deadline)) return false;
        preflight_ = preflight_job_->take();
        preflight_job_.reset();
        return true;
    }

    Arrangement arrangement() const { return {evaluation_->document_ptr(), breakpoints_}; }

    void arrange(const Arrangement& arrangement) {
        if (arrangement.document != evaluation_->document_ptr()) {
            replace(arrangement.document);
            start(Movement::finish(*evaluation_, position_));
        }
        breakpoints_ = arrangement.breakpoints;
    }

    RunId run_at_position() const {
        const Ahead ahead = evaluation_->ahead(position_);
        return ahead.kind == Ahead::Kind::event || ahead.kind == Ahead::Kind::run_end ? ahead.run : RunId();
    }

    GraphId graph_at_position() const {
        if (const RunId run = run_at_position(); run.valid()) return recording().run(run).info.graph;
        GraphId graph(0);
        if (position_.ticks > 0) graph = recording().step(recording().tick(position_.ticks - 1).step).graph;
        if (recording().nodes_at(graph, position_) > 0) return graph;
        // After `with g.as_default()` the default graph is an empty one again; what was built is of more interest.
        for (std::size_t i = evaluation_->evaluator().graph_count(); i-- > 0;)
            if (recording().nodes_at(GraphId(i), position_) > 0) return GraphId(i);
        return graph;
    }

    SessionId session_at_position() const {
        if (chosen_session_.valid() && chosen_session_.index() < recording().sessions()) return chosen_session_;
        SessionId latest;
        for (const record::RecordedRun& run : recording().runs())
            if (run.first_tick < position_.ticks) latest = run.info.session;
        if (!latest.valid() && recording().sessions() > 0) latest = SessionId(0);
        return latest;
    }
};

Debugger::Debugger() : impl_(std::make_unique<Impl>()) {}
Debugger::~Debugger() = default;

// --- the document ---------------------------------------------------------------------------------------------------

Diagnostics Debugger::open(const std::string& path) {
    if (is_graph_file(path)) return open_graph(path, {});
    auto document = program::Document::open(path);
    if (auto* mistakes = std::get_if<Diagnostics>(&document)) return std::move(*mistakes);
    impl_->open(std::get<0>(std::move(document)));
    return {};
}

Diagnostics Debugger::open_graph(const std::string& path, const program::GraphSession& session) {
    auto document = program::open_graph(path, session);
    if (auto* mistakes = std::get_if<Diagnostics>(&document)) return std::move(*mistakes);
    impl_->open(std::get<0>(std::move(document)));
    if (!session.any()) impl_->start(Movement::finish(*impl_->evaluation_, {})); // a graph is opened to be seen
    return {};
}

Diagnostics Debugger::open_text(std::string text, std::string file, std::string directory) {
    auto document = program::Document::read(std::move(text), std::move(file), std::move(directory));
    if (auto* mistakes = std::get_if<Diagnostics>(&document)) return std::move(*mistakes);
    impl_->open(std::get<0>(std::move(document)));
    return {};
}

bool Debugger::is_open() const {
    return impl_->evaluation_ != nullptr;
}
const program::Document& Debugger::document() const {
    return impl_->evaluation_->document();
}
bool Debugger::modified() const {
    return is_open() && document().text() != impl_->saved_text_;
}

const std::string& Debugger::file() const {
    return impl_->file_;
}

Status Debugger::save(const std::string& path) {
    if (!is_open()) return Error{"file.nothing-open", "no program is open"};
    if (const Status there = finds_its_files(document(), path); !there) return there;
    if (const Status written = write_file_atomically(path, document().text()); !written.ok()) return written;
    impl_->saved_text_ = document().text();
    impl_->file_ = path;
    return {};
}

void Debugger::restart() {
    if (!is_open()) return;
    impl_->replace(impl_->evaluation_->document_ptr());
    impl_->reason_ = StopReason::opened;
}

// --- where we are ---------------------------------------------------------------------------------------------------

Position Debugger::position() const {
    return impl_->position_;
}
const record::Recording& Debugger::recording() const {
    return impl_->recording();
}
const program::Evaluator& Debugger::evaluator() const {
    return impl_->evaluation_->evaluator();
}
bool Debugger::at_start() const {
    return !is_open() || impl_->position_.ticks == 0;
}
bool Debugger::at_end() const {
    return !is_open() || impl_->evaluation_->is_end(impl_->position_);
}
StopReason Debugger::stop_reason() const {
    return impl_->reason_;
}

StatementId Debugger::current_statement() const {
    if (!is_open()) return {};
    if (impl_->error_here_) return impl_->error_here_->statement;
    return impl_->evaluation_->ahead(impl_->position_).statement;
}

RunId Debugger::current_run() const {
    return is_open() ? impl_->run_at_position() : RunId();
}

std::uint32_t Debugger::current_event() const {
    if (!current_run().valid()) return 0;
    const Ahead ahead = impl_->evaluation_->ahead(impl_->position_);
    if (ahead.kind != Ahead::Kind::run_end || ahead.event == 0) return ahead.event;
    return recording().visit(ahead.run, ahead.event - 1).failed ? ahead.event - 1 : ahead.event;
}

GraphId Debugger::current_graph() const {
    return is_open() ? impl_->graph_at_position() : GraphId();
}

const Graph* Debugger::graph() const {
    if (!is_open()) return nullptr;
    const GraphId id = current_graph();
    return id.index() < evaluator().graph_count() ? &evaluator().graph(id) : nullptr;
}

std::size_t Debugger::visible_nodes() const {
    return is_open() ? recording().nodes_at(current_graph(), impl_->position_) : 0;
}
SessionId Debugger::current_session() const {
    return is_open() ? impl_->session_at_position() : SessionId();
}
const std::optional<program::ProgramError>& Debugger::error_at_position() const {
    return impl_->error_here_;
}
std::vector<std::pair<std::string, tf1::Value>> Debugger::locals() const {
    return is_open() ? impl_->evaluation_->locals(impl_->position_) : Evaluation::Locals();
}

// --- moving ---------------------------------------------------------------------------------------------------------

void Debugger::move(Granularity granularity, bool forward) {
    if (!is_open() || busy()) return;
    impl_->start(Movement::by(*impl_->evaluation_, impl_->position_, granularity, forward));
}

void Debugger::run_on(bool forward) {
    if (!is_open() || busy()) return;
    impl_->start(Movement::run_on(*impl_->evaluation_, impl_->position_, forward));
}

void Debugger::go(Position position) {
    if (!is_open() || busy()) return;
    if (position <= recording().end()) {
        impl_->set_position(position);
        impl_->reason_ = StopReason::step;
        return;
    }
    impl_->start(Movement::to(impl_->position_, position));
}

void Debugger::run_to(Breakpoint target, bool forward) {
    if (!is_open() || busy()) return;
    impl_->start(Movement::run_to(*impl_->evaluation_, impl_->position_, std::move(target), forward));
}

void Debugger::go_to(Moment moment) {
    if (!is_open() || busy()) return;
    impl_->start(Movement::to(std::move(moment)));
}

bool Debugger::seek(Sought sought, bool forward) {
    if (!is_open() || busy()) return false;
    const bool is_there = std::ranges::any_of(recording().errors(), [&](const record::RecordedError& error) {
        const bool fits = sought == Sought::error || impl_->evaluation_->is_uninitialized_read(error);
        return fits && error.first < position();
    });
    if (!forward && !is_there) return false;
    impl_->start(Movement::seek(*impl_->evaluation_, impl_->position_, sought, forward));
    return true;
}

bool Debugger::busy() const {
    return impl_->movement_.has_value();
}

bool Debugger::pump(std::chrono::microseconds budget) {
    if (!busy()) return true;
    const auto deadline = std::chrono::steady_clock::now() + budget;
    Position position = impl_->position_;
    const bool over =
        impl_->movement_->pump(*impl_->evaluation_, impl_->breakpoints_, position, impl_->reason_, deadline);
    impl_->set_position(position);
    if (!over) return false;
    impl_->movement_.reset();
    impl_->diagnose_new_errors();
    impl_->give_selection_back();
    return true;
}

bool Debugger::has_background_work() const {
    return is_open() && (!impl_->checks_.empty() || !impl_->preflight_);
}

bool Debugger::pump_background(std::chrono::microseconds budget) {
    if (!has_background_work()) return true;
    const auto deadline = std::chrono::steady_clock::now() + budget;
    return impl_->pump_checks(deadline) && impl_->pump_preflight(deadline);
}

void Debugger::cancel() {
    if (!impl_->movement_) return;
    impl_->movement_.reset();
    impl_->reason_ = StopReason::paused;
    impl_->diagnose_new_errors();
}

// --- what the user arranged -----------------------------------------------------------------------------------------

const std::vector<Breakpoint>& Debugger::breakpoints() const {
    return impl_->breakpoints_;
}

void Debugger::toggle_breakpoint(Breakpoint breakpoint) {
    if (!is_open()) return;
    std::vector<Breakpoint>& all = impl_->breakpoints_;
    const auto same = std::ranges::find_if(all, [&](const Breakpoint& other) {
        const bool same_name = breakpoint.kind == Breakpoint::Kind::statement || other.name == breakpoint.name;
        return other.kind == breakpoint.kind && other.statement == breakpoint.statement &&
               other.access == breakpoint.access && same_name;
    });
    const bool changes = same != all.end() && !breakpoint.condition.always() &&
                         (same->condition != breakpoint.condition || same->name != breakpoint.name);
    const std::string_view what = breakpoint.is_watchpoint() ? "watchpoint" : "breakpoint";
    const std::string_view verb = same == all.end() ? "Set" : changes ? "Change" : "Clear";
    impl_->undo_.push(fmt::format("{} {}", verb, what), impl_->arrangement());
    if (same != all.end()) all.erase(same);
    if (verb != "Clear") all.insert(std::ranges::upper_bound(all, breakpoint), std::move(breakpoint));
}

const Breakpoint* Debugger::breakpoint_here() const {
    return is_open() ? stop_at(*impl_->evaluation_, impl_->breakpoints_, impl_->position_) : nullptr;
}

const Selection& Debugger::selection() const {
    return impl_->selection_.current();
}
void Debugger::select(Selection selection) {
    impl_->selection_.select(std::move(selection));
}
bool Debugger::can_select_back() const {
    return impl_->selection_.can_go(-1);
}
bool Debugger::can_select_forward() const {
    return impl_->selection_.can_go(+1);
}
void Debugger::select_back() {
    impl_->selection_.go(-1);
}
void Debugger::select_forward() {
    impl_->selection_.go(+1);
}
void Debugger::choose_session(SessionId session) {
    impl_->chosen_session_ = session;
}

bool Debugger::can_undo() const {
    return impl_->undo_.can_undo();
}
bool Debugger::can_redo() const {
    return impl_->undo_.can_redo();
}
std::string Debugger::undo_label() const {
    return impl_->undo_.undo_label();
}
std::string Debugger::redo_label() const {
    return impl_->undo_.redo_label();
}
void Debugger::undo() {
    if (can_undo() && !impl_->movement_) impl_->arrange(impl_->undo_.undo(impl_->arrangement()));
}
void Debugger::redo() {
    if (can_redo() && !impl_->movement_) impl_->arrange(impl_->undo_.redo(impl_->arrangement()));
}

// --- what is wrong --------------------------------------------------------------------------------------------------

const std::vector<Diagnosis>& Debugger::diagnoses() const {
    return impl_->diagnoses_;
}

const Diagnosis* Debugger::current_diagnosis() const {
    if (!is_open()) return nullptr;
    const auto errors = recording().errors();
    for (std::size_t i = 0; i < impl_->diagnoses_.size(); ++i)
        if (errors[i].first <= impl_->position_ && impl_->position_ <= errors[i].last) return &impl_->diagnoses_[i];
    return nullptr;
}

const Debugger::PreflightReport& Debugger::preflight() const {
    static const PreflightReport nothing;
    if (!is_open()) return nothing;
    while (!impl_->pump_preflight(std::chrono::steady_clock::now() + std::chrono::seconds(1))) {
    }
    return *impl_->preflight_;
}

const GraphRoles& Debugger::graph_roles() const {
    const Graph& graph = *this->graph();
    if (impl_->roles_of_ != std::pair(&graph, graph.size())) {
        impl_->roles_ = rnnscope::graph_roles(graph);
        impl_->roles_of_ = {&graph, graph.size()};
    }
    return impl_->roles_;
}

const Debugger::PreflightReport* Debugger::known_preflight() const {
    return is_open() && impl_->preflight_ ? &*impl_->preflight_ : nullptr;
}

Status Debugger::apply_fix(std::size_t diagnosis, std::size_t fix) {
    if (diagnosis >= impl_->diagnoses_.size() || fix >= impl_->diagnoses_[diagnosis].fixes.size())
        return Error{"fix.unknown", "there is no such fix"};
    if (impl_->movement_) return Error{"fix.busy", "the program is running; stop it first"};
    const Fix& chosen = impl_->diagnoses_[diagnosis].fixes[fix];
    return edit(chosen.patch, chosen.title);
}

Status Debugger::edit(const std::string& patch, std::string label) {
    if (impl_->movement_) return Error{"edit.busy", "the program is running; stop it first"};
    auto patched = document().patched(patch);
    if (const auto* mistakes = std::get_if<Diagnostics>(&patched))
        return Error{"edit.not-applicable", "the change does not fit the program: " + to_text(*mistakes)};
    impl_->undo_.push(std::move(label), impl_->arrangement());
    const std::vector<Breakpoint> before = impl_->breakpoints_;
    const auto old_document = impl_->evaluation_->document_ptr();
    impl_->replace(std::get<0>(std::move(patched)));
    impl_->breakpoints_ = carried_over(before, old_document->program(), program());
    impl_->start(Movement::finish(*impl_->evaluation_, {}));
    return {};
}

} // namespace rnnscope::debug
