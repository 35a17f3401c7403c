#include "core/program/evaluator.hpp"

#include "core/program/evaluator_impl.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::program {

using tf1::PythonError;
using tf1::Value;

namespace {

/// Nodes that a program may make before it is stopped: a loop over a large network otherwise eats all memory.
constexpr std::size_t max_nodes = 2'000'000;

std::string_view trimmed(std::string_view line) {
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return line;
}

std::string traceback_frame(const Program& program, StatementId id) {
    std::string function = "<module>";
    for (StatementId at = program.statement(id).parent; at.valid(); at = program.statement(at).parent)
        if (const auto* def = std::get_if<FunctionStatement>(&program.statement(at).node)) function = def->name;
    const int line = program.statement(id).where.python_line;
    const auto& lines = program.python.lines;
    const std::string_view source = line > 0 && static_cast<std::size_t>(line) <= lines.size()
                                        ? trimmed(lines[static_cast<std::size_t>(line) - 1])
                                        : std::string_view{};
    return fmt::format("  File \"{}\", line {}, in {}\n    {}\n", python_file(program), line, function, source);
}

/// The names that the statements inside of a function bind.
std::set<std::string, std::less<>> names_bound_in(const Program& program, StatementId function) {
    std::set<std::string, std::less<>> names;
    // Functions stand at the top: what follows one and stands in something is its own.
    for (std::size_t i = function.index() + 1; i < program.statements.size(); ++i) {
        const Statement& statement = program.statements[i];
        if (!statement.parent.valid()) break;
        if (const auto* assign = std::get_if<AssignStatement>(&statement.node))
            names.insert(assign->targets.begin(), assign->targets.end());
        else if (const auto* loop = std::get_if<ForStatement>(&statement.node))
            names.insert(loop->target);
        else if (const auto* attempt = std::get_if<TryStatement>(&statement.node))
            names.insert(attempt->as);
        else if (const auto* with = std::get_if<WithStatement>(&statement.node))
            for (const WithStatement::Item& item : with->items) names.insert(item.as);
    }
    return names;
}

} // namespace

// --- the interface --------------------------------------------------------------------------------------------------

Evaluator::Evaluator(std::shared_ptr<const Program> program, EvaluatorOptions options)
    : impl_(std::make_unique<Impl>(std::move(program), options)) {}
Evaluator::~Evaluator() = default;

const Program& Evaluator::program() const {
    return *impl_->program_;
}
bool Evaluator::done() const {
    return impl_->next() == Next::done;
}
const std::optional<ProgramError>& Evaluator::error() const {
    return impl_->error_;
}
Evaluator::Next Evaluator::next() const {
    return impl_->next();
}
StatementId Evaluator::next_statement() const {
    return impl_->next_statement();
}
const runtime::Run* Evaluator::current_run() const {
    return impl_->run_.get();
}
void Evaluator::advance(EvaluationObserver& observer) {
    impl_->advance(observer, 1);
}
void Evaluator::advance(EvaluationObserver& observer, std::uint64_t most) {
    impl_->advance(observer, most);
}
const tf1::Context& Evaluator::context() const {
    return *impl_->context_;
}
const Graph& Evaluator::graph(GraphId id) const {
    return impl_->context_->graphs()[id.index()]->graph;
}
std::size_t Evaluator::graph_count() const {
    return impl_->context_->graphs().size();
}
runtime::Session& Evaluator::session(SessionId id) {
    return impl_->sessions_[id.index()]->session;
}
const runtime::Session& Evaluator::session(SessionId id) const {
    return impl_->sessions_[id.index()]->session;
}
std::size_t Evaluator::session_count() const {
    return impl_->sessions_.size();
}
const runtime::RestoreReport& Evaluator::restore_report(SessionId id) const {
    return impl_->restores_[id.index()];
}
std::vector<std::pair<std::string, Value>> Evaluator::locals() const {
    return impl_->locals();
}
std::vector<StatementId> Evaluator::origin_stack(OriginId origin) const {
    return impl_->origin_stack(origin);
}

// --- the machine ----------------------------------------------------------------------------------------------------

Evaluator::Impl::Impl(std::shared_ptr<const Program> program, EvaluatorOptions options)
    : program_(std::move(program)), options_(options),
      context_(std::make_unique<tf1::Context>(tf1::TfVersion{1, program_->tf_minor})) {
    if (!options_.session.checkpoints)
        options_.session.checkpoints = std::make_shared<CheckpointOverlay>(program_->directory);
    options_.session.rounding = program_->rounding;
    checkpoints_ = std::dynamic_pointer_cast<CheckpointOverlay>(options_.session.checkpoints);
    context_->default_graph().seed = program_->graph_seed;
    context_->traceback = [this](OriginId origin) {
        std::vector<std::string> frames;
        for (const StatementId statement : origin_stack(origin))
            frames.push_back(traceback_frame(*program_, statement));
        return frames;
    };
    Frame module;
    module.block = &program_->body;
    frames_.push_back(std::move(module));
}

Evaluator::Impl::~Impl() {
    // Sessions may still be entered; what they refer to goes before the context does.
    run_.reset();
    active_.reset();
    default_sessions_->clear();
    frames_.clear();
    globals_.clear();
}

bool Evaluator::Impl::loop_header_is_next(const Frame& frame) const {
    return frame.kind == Frame::Kind::loop && frame.next == frame.block->size();
}

Evaluator::Next Evaluator::Impl::next() const {
    if (active_) return run_ && !run_->done() ? Next::run_event : Next::run_end;
    if (error_ || frames_.empty()) return Next::done;
    const Frame& top = frames_.back();
    // settle() leaves only frames that have something to do, and the module's at the end.
    if (top.kind == Frame::Kind::module && top.next == top.block->size()) return Next::done;
    return Next::statement;
}

StatementId Evaluator::Impl::next_statement() const {
    const Next now = next();
    if (now == Next::done) return {};
    if (now != Next::statement) return statement_;
    const Frame& top = frames_.back();
    return loop_header_is_next(top) ? top.statement : (*top.block)[top.next];
}

int Evaluator::Impl::call_depth() const {
    return static_cast<int>(std::count_if(frames_.begin(), frames_.end(),
                                          [](const Frame& frame) { return frame.kind == Frame::Kind::function; }));
}

void Evaluator::Impl::advance(EvaluationObserver& observer, std::uint64_t most) {
    if (next() == Next::done) return;
    observer_ = &observer;
    if (active_) {
        if (run_ && !run_->done())
            advance_run(most);
        else
            end_run();
    } else {
        const StatementId id = next_statement();
        begin_step(id);
        try {
            check_limits();
            execute(program_->statement(id));
        } catch (const PythonError& error) {
            fail(error_of(error));
        }
    }
    if (!active_) settle();
    observer_ = nullptr;
}

void Evaluator::Impl::check_limits() const {
    if (executed_ > options_.max_steps)
        throw PythonError{"program.too-long",
                          fmt::format("the program was stopped after {} statements", options_.max_steps)};
    for (const auto& graph : context_->graphs())
        if (graph->graph.size() > max_nodes)
            throw PythonError{"program.too-large",
                              fmt::format("the program was stopped: its graph has more than {} nodes", max_nodes)};
}

void Evaluator::Impl::begin_step(StatementId statement) {
    ++executed_;
    statement_ = statement;
    OriginId caller;
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame)
        if (frame->kind == Frame::Kind::function) {
            caller = frame->caller;
            break;
        }
    origins_.push_back({statement, caller});
    context_->set_origin(OriginId(origins_.size() - 1));
    if (unobserved_) return;
    Step step;
    step.id = step_ = StepId(step_count_++);
    const Frame& top = frames_.back();
    // Another round of a loop is a sibling of the first one, an `elif` one of its `if`.
    const bool round = loop_header_is_next(top) && top.statement == statement;
    const std::size_t around = frames_.size() - (round || program_->is_elif(statement) ? 1 : 0);
    step.parent = frames_[around - 1].step;
    step.statement = statement;
    step.depth = static_cast<int>(around) - 1;
    step.call_depth = call_depth();
    observer_->on_step(step);
}

void Evaluator::Impl::end_step(StepId step) {
    if (!unobserved_) observer_->on_step_done(step);
}

void Evaluator::Impl::execute(const Statement& statement) {
    Frame& top = frames_.back();
    if (loop_header_is_next(top) && top.statement == statement.id) {
        const auto& loop = std::get<ForStatement>(statement.node);
        top.next = 0;
        top.step = step_;
        assign(loop.target, top.items[++top.item]);
        return end_step(step_);
    }
    ++top.next;
    struct {
        Impl& machine;
        const Statement& statement;
        void operator()(const AssignStatement& s) const { machine.execute_call_or_value(statement, s.value); }
        void operator()(const ExpressionStatement& s) const { machine.execute_call_or_value(statement, s.value); }
        void operator()(const WithStatement& s) const { machine.execute_with(statement, s); }
        void operator()(const ForStatement& s) const { machine.execute_for(statement, s); }
        void operator()(const IfStatement& s) const { machine.execute_if(statement, s); }
        void operator()(const FunctionStatement& s) const { machine.execute_def(statement, s); }
        void operator()(const ReturnStatement& s) const { machine.execute_return(s); }
        void operator()(const TryStatement& s) const {
            Frame frame;
            frame.kind = Frame::Kind::attempt;
            frame.block = &s.body;
            frame.statement = statement.id;
            frame.step = machine.step_;
            machine.frames_.push_back(std::move(frame));
            machine.end_step(machine.step_);
        }
    } visitor{*this, statement};
    std::visit(visitor, statement.node);
}

void Evaluator::Impl::execute_call_or_value(const Statement& statement, const ExprPtr& value) {
    const auto* call = std::get_if<CallExpr>(&value->node);
    if (!call) return finish_statement(statement.id, evaluate(value));
    CallOutcome outcome = evaluate_call(*call);
    if (auto* result = std::get_if<Value>(&outcome)) return finish_statement(statement.id, std::move(*result));
    if (auto* run = std::get_if<SessionRun>(&outcome)) return begin_run(std::move(*run));
    auto& function = std::get<FunctionCall>(outcome);
    if (call_depth() >= options_.max_call_depth)
        throw PythonError{"RecursionError", "maximum recursion depth exceeded"};
    Frame frame;
    frame.kind = Frame::Kind::function;
    frame.block = &function.function->function.body;
    frame.statement = statement.id;
    frame.step = step_;
    frame.locals = std::move(function.arguments);
    frame.own_names = function.function->own_names;
    frame.caller = context_->origin();
    frames_.push_back(std::move(frame));
}

void Evaluator::Impl::execute_with(const Statement& statement, const WithStatement& with) {
    Frame frame;
    frame.kind = Frame::Kind::with;
    frame.block = &with.body;
    frame.statement = statement.id;
    frame.step = step_;
    // The frame is there before its managers are entered: an error in the second one leaves the first.
    frames_.push_back(std::move(frame));
    for (const WithStatement::Item& item : with.items) {
        const Value manager = evaluate(item.manager);
        const Result<Value> entered = tf1::enter(*context_, manager);
        if (!entered) throw PythonError{entered.error().code, entered.error().message};
        frames_.back().managers.push_back(manager);
        if (!item.as.empty()) assign(item.as, *entered);
    }
    end_step(step_);
}

void Evaluator::Impl::execute_for(const Statement& statement, const ForStatement& loop) {
    Frame frame;
    frame.kind = Frame::Kind::loop;
    frame.block = &loop.body;
    frame.statement = statement.id;
    frame.step = step_;
    frame.items = iterate(evaluate(loop.iterable));
    if (!frame.items.empty()) {
        assign(loop.target, frame.items[0]);
        frames_.push_back(std::move(frame));
    }
    end_step(step_);
}

void Evaluator::Impl::execute_if(const Statement& statement, const IfStatement& branch) {
    if (branch.is_elif) pop_frame(); // of the `if` that was false: this statement was all that it had left
    const Block& chosen = truth(evaluate(branch.condition)) ? branch.body : branch.otherwise;
    if (!chosen.empty()) {
        Frame frame;
        frame.kind = Frame::Kind::branch;
        frame.block = &chosen;
        frame.statement = statement.id;
        frame.step = step_;
        frames_.push_back(std::move(frame));
    }
    end_step(step_);
}

void Evaluator::Impl::execute_def(const Statement& statement, const FunctionStatement& function) {
    std::vector<std::optional<Value>> defaults;
    for (const Parameter& parameter : function.parameters) {
        if (parameter.default_value)
            defaults.emplace_back(evaluate(parameter.default_value));
        else
            defaults.emplace_back();
    }
    auto names = std::make_shared<const std::set<std::string, std::less<>>>(names_bound_in(*program_, statement.id));
    assign(function.name,
           Value(std::make_shared<FunctionObject>(*this, function, std::move(defaults), std::move(names))));
    end_step(step_);
}

void Evaluator::Impl::execute_return(const ReturnStatement& result) {
    Value value = result.value ? evaluate(result.value) : Value();
    end_step(step_);
    while (frames_.back().kind != Frame::Kind::function) pop_frame();
    finish_call(std::move(value));
}

/// Leaves blocks that have nothing left to do.
void Evaluator::Impl::settle() {
    while (!error_ && frames_.size() > base_) {
        const Frame& top = frames_.back();
        if (top.next < top.block->size() || top.kind == Frame::Kind::module) return;
        if (top.kind == Frame::Kind::loop && top.item + 1 < top.items.size()) return; // its header comes next
        try {
            if (top.kind == Frame::Kind::function)
                finish_call(Value());
            else
                pop_frame();
        } catch (const PythonError& error) {
            fail(error_of(error));
        }
    }
}

void Evaluator::Impl::pop_frame() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    std::optional<Error> problem;
    for (auto manager = frame.managers.rbegin(); manager != frame.managers.rend(); ++manager)
        if (const Status left = tf1::exit(*context_, *manager); !left && !problem) problem = left.error();
    if (problem) throw PythonError{problem->code, problem->message};
}

/// A function has returned: its call statement is complete.
void Evaluator::Impl::finish_call(Value value) {
    const Frame frame = std::move(frames_.back());
    frames_.pop_back();
    if (frame.native) {
        // Whoever called back picks the value up.
        returned_ = std::move(value);
        return;
    }
    statement_ = frame.statement;
    step_ = frame.step;
    finish_statement(frame.statement, std::move(value));
}

void Evaluator::Impl::finish_statement(StatementId id, Value value) {
    if (const auto* assignment = std::get_if<AssignStatement>(&program_->statement(id).node))
        assign_all(assignment->targets, std::move(value));
    end_step(step_);
}

Value Evaluator::Impl::call_back(const FunctionObject& function, std::vector<Value> positional,
                                 tf1::Keywords keywords) {
    if (call_depth() >= options_.max_call_depth)
        throw PythonError{"RecursionError", "maximum recursion depth exceeded"};
    Frame frame;
    frame.kind = Frame::Kind::function;
    frame.block = &function.function.body;
    frame.statement = statement_;
    frame.step = step_;
    frame.locals = bind(function, std::move(positional), std::move(keywords));
    frame.own_names = function.own_names;
    frame.caller = context_->origin();
    frame.native = true;

    const std::size_t base = std::exchange(base_, frames_.size());
    const bool unobserved = std::exchange(unobserved_, true);
    const StatementId statement = statement_;
    const OriginId origin = context_->origin();
    frames_.push_back(std::move(frame));
    std::optional<PythonError> failure;
    try {
        settle();
        while (frames_.size() > base_) {
            const StatementId id = next_statement();
            begin_step(id);
            try {
                check_limits();
                execute(program_->statement(id));
            } catch (const PythonError& error) {
                fail(error_of(error));
            }
            settle();
        }
    } catch (const PythonError& error) {
        failure = error;
    }
    base_ = base;
    unobserved_ = unobserved;
    statement_ = statement;
    context_->set_origin(origin);
    if (failure) throw *failure;
    return std::exchange(returned_, Value());
}

std::vector<StatementId> Evaluator::Impl::origin_stack(OriginId origin) const {
    std::vector<StatementId> stack;
    for (OriginId at = origin; at.valid() && at.index() < origins_.size(); at = origins_[at.index()].caller)
        stack.push_back(origins_[at.index()].statement);
    return stack;
}

std::vector<std::pair<std::string, Value>> Evaluator::Impl::locals() const {
    std::vector<std::pair<std::string, Value>> names;
    for (auto frame = frames_.rbegin(); frame != frames_.rend(); ++frame)
        if (frame->kind == Frame::Kind::function) {
            names.assign(frame->locals.begin(), frame->locals.end());
            break;
        }
    names.insert(names.end(), globals_.begin(), globals_.end());
    return names;
}

// --- objects --------------------------------------------------------------------------------------------------------

Value FunctionObject::attribute(tf1::Context& context, std::string_view name) {
    if (name == "__name__") return Value(function.name);
    return Object::attribute(context, name);
}

Value FunctionObject::call(tf1::Context&, std::vector<Value> positional,
                           std::vector<std::pair<std::string, Value>> keywords) {
    return evaluator_.call_back(*this, std::move(positional), std::move(keywords));
}

} // namespace rnnscope::program
