#include "core/program/evaluator_impl.hpp"

#include "core/runtime/changes.hpp"
#include "core/runtime/error_text.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>

namespace rnnscope::program {

using tf1::PythonError;
using tf1::Value;

namespace {

/// "F:N"
std::string place(const Program& program, StatementId statement) {
    if (!statement.valid()) return {};
    return fmt::format("{}:{}", python_file(program), program.statement(statement).where.python_line);
}

bool is_python_error(std::string_view name) {
    static constexpr std::array<std::string_view, 12> names{
        "ValueError", "TypeError",      "RuntimeError",   "KeyError",    "IndexError",  "AttributeError",
        "NameError",  "AssertionError", "RecursionError", "MemoryError", "ImportError", "ZeroDivisionError"};
    return std::find(names.begin(), names.end(), name) != names.end();
}

} // namespace

std::string python_file(const Program& program) {
    std::filesystem::path file = std::filesystem::path(program.file).filename();
    return file.replace_extension(".py").string();
}

// --- runs -----------------------------------------------------------------------------------------------------------

void Evaluator::Impl::begin_run(SessionRun wanted) {
    if (unobserved_)
        throw PythonError{"RuntimeError", "a session cannot run inside of a function that TensorFlow calls"};
    RunInfo info;
    info.id = RunId(run_count_++);
    info.step = step_;
    info.session = wanted.session->session_id;
    info.graph = wanted.session->graph.graph.id();
    info.graph_nodes = wanted.session->graph.graph.size();
    ActiveRun active{info.id, wanted.session, nullptr, wanted.saver, wanted.preparation};
    std::optional<ProgramError> refused;
    try {
        active.call = std::make_unique<RunCall>(*wanted.session, wanted.fetches, wanted.feeds, program_->tf_minor);
        info.request = active.call->request();
        if (options_.session.changes)
            options_.session.changes->begin_run(info.id, info.session, info.graph, info.request);
        if (!active.call->trivial()) {
            Result<std::unique_ptr<runtime::Run>> started = wanted.session->session.start(info.request);
            if (!started) throw PythonError{started.error().code, started.error().message};
            run_ = std::move(*started);
            info.planned_nodes = run_->planned_nodes();
        }
    } catch (const PythonError& error) {
        refused = error_of(error);
    }
    observer_->on_run(info);
    if (!refused) {
        active_ = std::move(active);
        return;
    }
    // The client refused the run: nothing was executed.
    refused->run = info.id;
    refused->graph = info.graph;
    RunOutcome outcome;
    outcome.error = refused;
    fail(std::move(*refused));
    observer_->on_run_done(info.id, outcome);
}

void Evaluator::Impl::advance_run(std::uint64_t most) {
    const std::size_t passed = run_->passed_over().size();
    run_->advance(*observer_, most);
    for (std::size_t i = passed; i < run_->passed_over().size(); ++i) {
        ProgramError error = error_of(run_->passed_over()[i], *active_->session);
        error.run = active_->id;
        observer_->on_passed_over(error);
    }
}

void Evaluator::Impl::end_run() {
    const ActiveRun active = std::move(*active_);
    active_.reset();
    const std::unique_ptr<runtime::Run> run = std::move(run_);
    RunOutcome outcome;
    if (run && run->error()) {
        ProgramError error = error_of(*run->error(), *active.session);
        error.run = active.id;
        outcome.error = error;
        fail(active.saver ? saver_error(*active.saver, std::move(error)) : std::move(error));
        observer_->on_run_done(active.id, outcome);
        return;
    }
    if (run) outcome.results = run->results();
    observer_->on_run_done(active.id, outcome);
    try {
        if (active.preparation) return go_on_after_run(active.preparation, active.call->value(outcome.results));
        finish_statement(statement_, active.saver ? saver_value(*active.saver) : active.call->value(outcome.results));
    } catch (const PythonError& error) {
        fail(error_of(error));
    }
}

// --- errors ---------------------------------------------------------------------------------------------------------

ProgramError Evaluator::Impl::error_of(const PythonError& error) const {
    ProgramError result;
    result.error_class = error.type;
    result.message = error.message.substr(0, error.message.find('\n'));
    result.text = error.message;
    result.graph = context_->default_graph().graph.id();
    result.statement = statement_;
    result.step = step_;
    return result;
}

ProgramError Evaluator::Impl::error_of(const runtime::RunError& error, const SessionObject& session) const {
    const Graph& graph = session.graph.graph;
    ProgramError result;
    result.error_class = error.error_class;
    result.message = error.message.substr(0, error.message.find('\n'));
    result.text = runtime::error_text(graph, error, program_->tf_minor, [this](const Node& node) {
        const std::vector<StatementId> stack = origin_stack(node.origin);
        return stack.empty() ? std::string{} : place(*program_, stack.front());
    });
    result.op = error.op;
    result.variable = error.variable;
    result.graph = graph.id();
    result.node = error.node;
    result.statement = statement_;
    result.step = step_;
    return result;
}

bool Evaluator::Impl::catches(const Frame& frame, const ProgramError& error) const {
    if (frame.kind != Frame::Kind::attempt) return false;
    const std::string& wanted = std::get<TryStatement>(program_->statement(frame.statement).node).error_class;
    // What stops a program for its own good is no Python exception.
    if (error.error_class.starts_with("program.")) return false;
    if (wanted.empty() || wanted == "Exception" || wanted == error.error_class) return true;
    if (wanted == "ValueError") return error.error_class == "InaccessibleTensorError";
    if (wanted == "NameError") return error.error_class == "UnboundLocalError";
    if (wanted == "TypeError") return error.error_class == "OperatorNotAllowedInGraphError";
    if (wanted == "RuntimeError")
        return error.error_class == "RecursionError" || error.error_class == "NotImplementedError";
    if (wanted == "OpError")
        return error.run.valid() && !is_python_error(error.error_class) &&
               error.error_class != "InaccessibleTensorError";
    return false;
}

void Evaluator::Impl::fail(ProgramError error) {
    std::size_t handler = frames_.size();
    while (handler > base_ && !catches(frames_[handler - 1], error)) --handler;
    const bool caught = handler > base_;
    if (!unobserved_) observer_->on_error(error, caught);
    const std::size_t kept = caught ? handler : std::max(base_, std::size_t{1}); // the module's frame stays
    while (frames_.size() > kept) {
        // A manager that fails while an error passes: the first error is what matters.
        try {
            pop_frame();
        } catch (const PythonError&) {
        }
    }
    if (caught) {
        const auto& attempt = std::get<TryStatement>(program_->statement(frames_.back().statement).node);
        pop_frame();
        if (!attempt.as.empty()) assign(attempt.as, Value(error.text));
        return;
    }
    if (base_ > 0) throw PythonError{error.error_class, error.text};
    error_ = std::move(error);
}

} // namespace rnnscope::program
