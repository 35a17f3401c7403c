#include "core/debug/debugger_impl.hpp"
#include "core/debug/stops.hpp"
#include "core/import/graph_file.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

Debugger::Debugger() : impl_(std::make_unique<Impl>()) {}
Debugger::~Debugger() = default;

// --- the document ---------------------------------------------------------------------------------------------------

Diagnostics Debugger::open(const std::string& path) {
    if (record::is_recording_file(path)) return open_recording(path);
    const bool is_checkpoint = !program::checkpoint_prefix(path).empty();
    if (!is_checkpoint && is_graph_file(path)) return open_graph(path, {});
    auto document = program::open_file(path);
    if (auto* mistakes = std::get_if<Diagnostics>(&document)) return std::move(*mistakes);
    impl_->open(std::get<0>(std::move(document)));
    if (is_checkpoint) impl_->start(Movement::finish(*impl_->evaluation_, {})); // as a graph is, to be seen
    return {};
}

Diagnostics Debugger::open_graph(const std::string& path, const program::GraphSession& session) {
    auto document = program::open_graph(path, session);
    if (auto* mistakes = std::get_if<Diagnostics>(&document)) return std::move(*mistakes);
    impl_->open(std::get<0>(std::move(document)));
    if (!session.any()) impl_->start(Movement::finish(*impl_->evaluation_, {})); // a graph is opened to be seen
    return {};
}

Diagnostics Debugger::open_recording(const std::string& path) {
    auto opened = record::open_recording(path);
    if (auto* problems = std::get_if<Diagnostics>(&opened)) return std::move(*problems);
    auto& recording = std::get<record::OpenedRecording>(opened);
    Diagnostics damage = std::move(recording.damage);
    impl_->open(std::make_unique<Evaluation>(std::move(recording)));
    impl_->recording_file_ = path;
    impl_->damage_ = std::move(damage);
    impl_->diagnose_new_errors();
    return {};
}

const std::string& Debugger::recording_file() const {
    return impl_->recording_file_;
}
const Diagnostics& Debugger::damage() const {
    return impl_->damage_;
}

Status Debugger::save_recording(const std::string& path) const {
    if (!is_open()) return Error{"file.nothing-open", "no program is open"};
    const Evaluation& evaluation = *impl_->evaluation_;
    std::string poison;
    if (Poison* followed = evaluation.poisons() && !shows_diversion() ? impl_->poison_.get() : nullptr) {
        followed->catch_up(std::chrono::steady_clock::time_point::max());
        poison = followed->encoded();
    }
    return record::save_recording({evaluation.recording(), evaluation.document(), evaluation.evaluator(),
                                   evaluation.is_finished(), evaluation.visible_names(), std::move(poison)},
                                  path);
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
    if (path.empty()) return Error{"file.no-name", "say under which name the recording's program is to be saved"};
    if (const Status there = finds_its_files(document(), path); !there) return there;
    if (const Status written = write_file_atomically(path, document().text()); !written.ok()) return written;
    impl_->saved_text_ = document().text();
    impl_->file_ = path;
    return {};
}

void Debugger::restart() {
    if (!is_open()) return;
    if (impl_->evaluation_->was_opened())
        impl_->movement_.reset(), impl_->give_up_inquiry(), impl_->set_position({});
    else
        impl_->replace(impl_->evaluation_->document_ptr());
    impl_->reason_ = StopReason::opened;
}

// --- where we are ---------------------------------------------------------------------------------------------------

Position Debugger::position() const {
    return impl_->position_;
}
const Evaluation& Debugger::evaluation() const {
    return *impl_->evaluation_;
}
std::shared_ptr<const Evaluation> Debugger::shared_evaluation() const {
    return impl_->evaluation_;
}
const record::Recording& Debugger::recording() const {
    return impl_->recording();
}
const program::Evaluated& Debugger::evaluator() const {
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
    return impl_->movement_.has_value() || impl_->inquiry_ != nullptr;
}

bool Debugger::pump(std::chrono::microseconds budget) {
    if (!busy()) return true;
    const auto deadline = std::chrono::steady_clock::now() + budget;
    if (impl_->inquiry_) return pump_inquiry(deadline);
    if (!impl_->is_following_) {
        Position position = impl_->position_;
        const bool over =
            impl_->movement_->pump(*impl_->evaluation_, impl_->breakpoints_, position, impl_->reason_, deadline);
        impl_->set_position(position);
        if (!over) return false;
        impl_->is_following_ = true;
    }
    if (impl_->poison_ && !impl_->poison_->catch_up(deadline)) return false;
    impl_->is_following_ = false;
    impl_->movement_.reset();
    impl_->diagnose_new_errors();
    impl_->give_selection_back();
    return true;
}

bool Debugger::has_background_work() const {
    const bool follows = impl_->poison_ && !impl_->poison_->is_caught_up();
    return is_open() && (follows || !impl_->checks_.empty() || !impl_->preflight_);
}

bool Debugger::pump_background(std::chrono::microseconds budget) {
    if (!has_background_work()) return true;
    const auto deadline = std::chrono::steady_clock::now() + budget;
    if (impl_->poison_ && !busy() && !impl_->poison_->catch_up(deadline)) return false;
    return impl_->pump_checks(deadline) && impl_->pump_preflight(deadline);
}

void Debugger::cancel() {
    impl_->give_up_inquiry();
    if (!impl_->movement_) return;
    impl_->movement_.reset();
    impl_->is_following_ = false;
    impl_->reason_ = StopReason::paused;
    impl_->diagnose_new_errors();
}

// --- questions ------------------------------------------------------------------------------------------------------

void Debugger::ask(std::unique_ptr<Inquiry> inquiry) {
    if (!is_open() || busy()) return;
    impl_->inquiry_ = std::move(inquiry);
    impl_->outcome_.reset();
}

bool Debugger::pump_inquiry(std::chrono::steady_clock::time_point deadline) {
    if (!impl_->inquiry_->pump(deadline)) return false;
    const std::unique_ptr<Inquiry> done = std::move(impl_->inquiry_); // no longer busy: it may change what is shown
    Result<Answer> answer = done->conclude(*this);
    impl_->outcome_ = answer ? Result<std::string>(give(*this, *std::move(answer))) : answer.error();
    return true;
}

const Inquiry* Debugger::inquiry() const {
    return impl_->inquiry_.get();
}
std::optional<Result<std::string>> Debugger::take_outcome() {
    return std::exchange(impl_->outcome_, std::nullopt);
}
AnswerShelf& Debugger::answers() {
    return impl_->answers_;
}
const AnswerShelf& Debugger::answers() const {
    return impl_->answers_;
}

// --- poison ---------------------------------------------------------------------------------------------------------

bool Debugger::poisons() const {
    return is_open() ? impl_->original_->poisons() : impl_->poisons_;
}

void Debugger::set_poisons(bool on) {
    if (on == impl_->poisons_ || busy()) return;
    show_diversion(false);
    impl_->poisons_ = on;
    if (!is_open()) return;
    Position target = position();
    for (const record::RecordedError& error : recording().errors())
        if (impl_->evaluation_->is_uninitialized_read(error)) target = std::min(target, error.first);
    impl_->replace(impl_->original_->document_ptr());
    impl_->start(Movement::to({}, target));
}

const Poison* Debugger::poison() const {
    return is_open() && !shows_diversion() ? impl_->poison_.get() : nullptr;
}

record::InitState Debugger::state_of(const Variable& variable) const {
    const SessionId session = current_session();
    const record::InitState state = recording().state_at(session, variable, position());
    if (state == record::InitState::absent || poison() == nullptr) return state;
    const std::string storage = record::storage_name(evaluator().graph(recording().graph_of(session)), variable);
    const bool is_poisoned = poison()->variable_at(session, storage, position()).any();
    return is_poisoned ? record::InitState::poisoned : state;
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
    return is_open() ? StopFinder(impl_->breakpoints_).at(*impl_->evaluation_, impl_->position_) : nullptr;
}

const std::vector<Bookmark>& Debugger::bookmarks() const {
    return impl_->bookmarks_;
}

bool Debugger::toggle_bookmark(Bookmark bookmark) {
    std::vector<Bookmark>& all = impl_->bookmarks_;
    const auto place = std::ranges::lower_bound(all, bookmark.at, {}, &Bookmark::at);
    const bool is_there = place != all.end() && place->at == bookmark.at;
    impl_->undo_.push(is_there ? "Clear bookmark" : "Set bookmark", impl_->arrangement());
    if (is_there)
        all.erase(place);
    else
        all.insert(place, std::move(bookmark));
    return !is_there;
}

const Bookmark* Debugger::bookmark_here() const {
    const auto found = std::ranges::find(impl_->bookmarks_, impl_->position_, &Bookmark::at);
    return found == impl_->bookmarks_.end() ? nullptr : &*found;
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
    impl_->give_up_inquiry(); // it is about the session that was chosen
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
    const record::RecordedError* error = impl_->evaluation_->error_at(impl_->position_);
    if (error == nullptr) return nullptr;
    const auto index = static_cast<std::size_t>(error - recording().errors().data());
    return index < impl_->diagnosis_of_.size() ? &impl_->diagnoses_[impl_->diagnosis_of_[index]] : nullptr;
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
    if (impl_->evaluation_->was_opened())
        return Error{"edit.recording", "a recording shows what happened: open its program to change it"};
    auto patched = document().patched(patch);
    if (const auto* mistakes = std::get_if<Diagnostics>(&patched))
        return Error{"edit.not-applicable", "the change does not fit the program: " + to_text(*mistakes)};
    impl_->undo_.push(std::move(label), impl_->arrangement());
    const std::vector<Breakpoint> before = impl_->breakpoints_;
    const auto old_document = impl_->evaluation_->document_ptr();
    impl_->replace(std::get<0>(std::move(patched)));
    impl_->breakpoints_ = carried_over(before, old_document->program(), program());
    impl_->bookmarks_.clear();
    impl_->start(Movement::finish(*impl_->evaluation_, {}));
    return {};
}

Status Debugger::set_rounding(ops::Rounding rounding) {
    if (rounding == program().rounding) return {};
    const auto name = ops::rounding_name(rounding);
    return edit(fmt::format(R"([{{"op": "add", "path": "/rounding", "value": "{}"}}])", name),
                fmt::format("Round as {}", name));
}

} // namespace rnnscope::debug
