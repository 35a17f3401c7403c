#pragma once

#include "core/debug/answer.hpp"
#include "core/debug/arrangement.hpp"
#include "core/debug/debugger.hpp"
#include "core/debug/diagnose.hpp"
#include "core/debug/evaluation.hpp"
#include "core/debug/movement.hpp"
#include "core/debug/poison.hpp"
#include "core/debug/preflight_program.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace rnnscope::debug {

class Debugger::Impl {
  public:
    std::shared_ptr<Evaluation> original_;
    std::shared_ptr<Evaluation> evaluation_; ///< that is looked at: the original, or a diversion from it
    bool poisons_ = false;
    std::unique_ptr<Poison> poison_; ///< of original_; null unless it poisons
    bool is_following_ = false;      ///< the movement is over, and poison is being followed
    std::string saved_text_;         ///< of the document when it was opened or saved
    std::string file_;               ///< where that was
    std::string recording_file_;
    Diagnostics damage_; ///< of recording_file_
    Position position_;
    StopReason reason_ = StopReason::none;
    std::optional<Movement> movement_;
    std::optional<program::ProgramError> error_here_;
    SessionId chosen_session_;

    std::vector<Breakpoint> breakpoints_;
    std::vector<Bookmark> bookmarks_;
    SelectionHistory selection_;
    GraphRoles roles_;
    std::pair<const Graph*, std::size_t> roles_of_{nullptr, 0}; ///< what `roles_` is of
    std::optional<std::pair<Selection, std::string>> carried_;  ///< across a change of the program, with its name
    UndoHistory undo_;

    std::vector<Diagnosis> diagnoses_;
    std::vector<std::size_t> diagnosis_of_; ///< by error of the recording
    struct PendingCheck {
        std::size_t diagnosis = 0, fix = 0;
        std::unique_ptr<FixCheck> check;
    };
    std::vector<PendingCheck> checks_; ///< last first
    std::optional<PreflightReport> preflight_;
    std::unique_ptr<PreflightJob> preflight_job_; ///< looks at evaluation_

    AnswerShelf answers_;
    std::vector<std::shared_ptr<Inquiry::Leaving>>
        leaving_; ///< of inquiries that were given up; over when the debugger goes
    std::unique_ptr<Inquiry> inquiry_;
    std::optional<Result<std::string>> outcome_; ///< of the last inquiry, until it was told

    std::vector<runtime::Change> changes_;
    std::optional<Diversion> diversion_;
    /// Of the evaluation that is not looked at, while there is another.
    struct Aside {
        Position position;
        StopReason reason = StopReason::none;
        SessionId chosen_session;
        std::vector<Diagnosis> diagnoses;
        std::vector<std::size_t> diagnosis_of;
        std::vector<PendingCheck> checks;
        std::optional<PreflightReport> preflight;
        std::unique_ptr<PreflightJob> preflight_job;
    };
    Aside aside_;

    const record::Recording& recording() const { return evaluation_->recording(); }

    void replace(std::shared_ptr<Evaluation> evaluation) {
        movement_.reset();
        give_up_inquiry();
        is_following_ = false;
        poison_.reset();
        checks_.clear();
        diagnoses_.clear();
        diagnosis_of_.clear();
        preflight_.reset();
        preflight_job_.reset();
        take_selection();
        roles_of_ = {};
        changes_.clear();
        diversion_.reset();
        aside_ = {};
        evaluation_ = original_ = std::move(evaluation);
        if (original_->poisons()) poison_ = std::make_unique<Poison>(*original_);
        chosen_session_ = {};
        set_position({});
    }

    std::shared_ptr<Evaluation> evaluation_of(std::shared_ptr<const program::Document> document) const {
        program::EvaluatorOptions options;
        options.session.passes_missing_values = poisons_;
        return std::make_shared<Evaluation>(std::move(document), nullptr, std::move(options));
    }

    void replace(std::shared_ptr<const program::Document> document) { replace(evaluation_of(std::move(document))); }

    void open(std::shared_ptr<const program::Document> document) {
        const std::string file = document->program().file;
        open(evaluation_of(std::move(document)));
        file_ = file;
    }

    void open(std::shared_ptr<Evaluation> evaluation) {
        saved_text_ = evaluation->document().text();
        file_.clear();
        recording_file_.clear();
        damage_.clear();
        replace(std::move(evaluation));
        answers_.clear();
        breakpoints_.clear();
        bookmarks_.clear();
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

    void give_up_inquiry() {
        std::erase_if(leaving_, [](const auto& leaving) { return leaving->is_over(); });
        if (!inquiry_) return;
        if (auto leaving = inquiry_->leave()) leaving_.push_back(std::move(leaving));
        inquiry_.reset();
    }

    void start(Movement movement) {
        if (movement_) return;
        movement_ = std::move(movement);
    }

    void diagnose_new_errors() {
        const auto errors = recording().errors();
        while (diagnosis_of_.size() < errors.size()) {
            const record::RecordedError& error = errors[diagnosis_of_.size()];
            if (const auto told = told_by(error)) {
                diagnosis_of_.push_back(*told);
                continue;
            }
            const std::size_t index = diagnoses_.size();
            diagnosis_of_.push_back(index);
            Diagnosis diagnosis = diagnose(*evaluation_, error);
            // A fix is for the program, not for what happens when something is different; and the program of a
            // recording may need files that are elsewhere.
            const bool can_check = evaluation_ == original_ && !evaluation_->was_opened();
            for (std::size_t fix = 0; can_check && fix < diagnosis.fixes.size(); ++fix)
                checks_.insert(checks_.begin(), PendingCheck{index, fix, nullptr});
            diagnoses_.push_back(std::move(diagnosis));
        }
    }

    /// The diagnosis of the first read of a run tells of all that the run would have met: those that it met because it
    /// went on are no news.
    std::optional<std::size_t> told_by(const record::RecordedError& error) const {
        for (std::size_t i = 0; error.passed && i < diagnoses_.size(); ++i) {
            const Diagnosis& earlier = diagnoses_[i];
            const bool tells =
                earlier.error.run == error.error.run &&
                std::ranges::find(earlier.reads, error.error.op, &UninitializedRead::op) != earlier.reads.end();
            if (tells) return i;
        }
        return std::nullopt;
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

    Arrangement arrangement() const { return {evaluation_->document_ptr(), breakpoints_, bookmarks_}; }

    void arrange(const Arrangement& arrangement) {
        if (arrangement.document != evaluation_->document_ptr()) {
            replace(arrangement.document);
            start(Movement::finish(*evaluation_, position_));
        }
        breakpoints_ = arrangement.breakpoints;
        bookmarks_ = arrangement.bookmarks;
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

} // namespace rnnscope::debug
