#include "core/runtime/executor.hpp"

#include "core/ops/waiting.hpp"
#include "core/runtime/changes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace rnnscope::runtime {
namespace {

std::string retval_name(const Graph& graph, Output fetch, std::int32_t slot) {
    return fmt::format("_retval_{}_{}_{}", graph.node(fetch.node).name, fetch.index, slot);
}

/// The name under which people know a storage: the op that made it.
std::string variable_name(const Graph& graph, const ops::VariableStorage& storage) {
    return storage.owner.valid() ? graph.node(storage.owner).name : storage.name;
}

} // namespace

Executor::Executor(Environment environment, std::shared_ptr<CompiledPlan> plan, RunRequest request)
    : env_(std::move(environment)), compiled_(std::move(plan)), plan_(compiled_->plan), request_(std::move(request)),
      dataflow_(plan_, env_.options.max_parallel_iterations), loops_(plan_.frames.size()),
      kernel_caller_(
          [this](const PlanNode& node, std::span<const ops::Value> inputs, std::span<ops::Value> outputs,
                 std::vector<ops::VariableAccess>& accesses) { return call_kernel(node, inputs, outputs, accesses); }),
      fetched_(plan_.fetches.size()) {
    ++compiled_->runs;
    inputs_.reserve(plan_.most_inputs);
    outputs_.reserve(plan_.most_outputs);
}

std::optional<Run::Next> Executor::next() const {
    if (done_) return std::nullopt;
    return visit_of(dataflow_.front());
}

Run::Next Executor::visit_of(const Task& task, std::uint32_t frame_id) const {
    const PlanNode& node = plan_.nodes[task.node];
    Run::Next next;
    if (node.node != nullptr) next.node = node.node->id;
    next.slot = node.slot;
    next.kind = node.kind == PlanKind::arg      ? VisitKind::feed
                : node.kind == PlanKind::retval ? VisitKind::fetch
                                                : VisitKind::node;
    next.frame = frame_id;
    next.iteration = task.iteration;
    next.dead = task.dead;
    return next;
}

void Executor::step(RunObserver& observer) {
    assert(!done_);
    begin(observer);
    may_begin_trace_ = false;
    Task task = take_task();
    for (std::size_t waited = 0; must_wait() && waited < dataflow_.queued(); ++waited) {
        put_back(task);
        task = take_task();
    }
    finish_step(task, observer);
}

void Executor::begin(RunObserver& observer) {
    if (started_) return;
    started_ = true;
    observer.on_frame({});
}

/// The visit is computed: passes on what it gave, and tells.
void Executor::finish_step(const Task& task, RunObserver& observer) {
    const Run::Next visit = visit_of(task);
    if (!set_.empty()) accesses_.insert(accesses_.begin(), set_.begin(), set_.end());
    set_.clear();
    if (watch_.is_on) watch(task);
    if (log_) log_->visits.push_back({task, inputs_, outputs_});
    if (!error_) {
        propagate(task, observer);
        if (dataflow_.empty()) finish_run(dataflow_.live_frames());
    }
    done_ = error_.has_value() || dataflow_.empty();
    if (log_ && done_) end_log();
    report(visit, inputs_, outputs_, observer);
}

void Executor::report(const Run::Next& visit, std::span<const ops::Value> inputs, std::span<const ops::Value> outputs,
                      RunObserver& observer) const {
    Event event;
    event.node = visit.node;
    event.slot = visit.slot;
    event.kind = visit.kind;
    event.frame = visit.frame;
    event.iteration = visit.iteration;
    event.dead = visit.dead;
    event.inputs = inputs;
    event.outputs = outputs;
    event.accesses = accesses_;
    event.error = error_ ? &*error_ : nullptr;
    observer.on_event(event);
    if (env_.options.changes) env_.options.changes->pass(1);
}

Executor::Task Executor::take_task() {
    const Task task = dataflow_.take(inputs_);
    const PlanNode& node = plan_.nodes[task.node];
    outputs_.assign(node.outputs, ops::Value{});
    accesses_.clear();
    if (env_.options.changes)
        compute_changed(task);
    else
        compute(node, task.dead);
    return task;
}

/// Did the kernel find that another one has to do something first? TensorFlow's would sleep until then.
bool Executor::must_wait() const {
    return error_ && error_->error_class == ops::waiting_error;
}

void Executor::put_back(const Task& task) {
    error_.reset();
    dataflow_.put_back(task, inputs_); // read once, as in TensorFlow, where a kernel that sleeps has its inputs already
}

void Executor::compute(const PlanNode& node, bool dead) {
    if (dead) return;
    if (node.kind == PlanKind::arg) {
        outputs_[0] = request_.feeds[static_cast<std::size_t>(node.slot)].value;
        return;
    }
    Status status = prepare_inputs(node);
    if (status && node.kind == PlanKind::retval) {
        if (const auto* value = std::get_if<Tensor>(&inputs_[0]))
            fetched_[static_cast<std::size_t>(node.slot)] = *value;
        return;
    }
    if (status) status = run_kernel(node);
    if (!status && env_.options.passes_missing_values) status = run_with_lent_values(node, std::move(status));
    if (!lent_.empty()) take_lent_values_back();
    if (status) status = check_outputs(node);
    if (!status) fail(node, status.error());
}

/// Dereferences references for ops that want values. This is where a read of a variable without value fails, and it is
/// the consumer that fails (tf1-semantics 5.4).
Status Executor::prepare_inputs(const PlanNode& node) {
    for (std::uint32_t i = 0; i < node.inputs; ++i) {
        ops::Value& input = inputs_[i];
        const bool wants_ref = plan_.wants_ref[node.first_ref + i] != 0;
        auto* const* reference = std::get_if<ops::VariableStorage*>(&input);
        if (reference == nullptr) {
            if (wants_ref && has_value(input))
                return Error{"InvalidArgumentError", fmt::format("{}-th input expects a ref type", i)};
            continue;
        }
        ops::VariableStorage& storage = **reference;
        if (!storage.initialized() && !node.allows_uninitialized) {
            accesses_.push_back({&storage, ops::VariableAccess::Kind::read, Tensor()});
            const Output source =
                node.node != nullptr ? node.node->inputs[i] : plan_.fetches[static_cast<std::size_t>(node.slot)];
            Error error{"FailedPreconditionError",
                        fmt::format("Attempting to use uninitialized value {}", env_.graph.input_text(source))};
            if (!can_go_on_without(storage)) return error;
            go_on_without(node, i, storage, error);
            continue;
        }
        if (wants_ref) continue;
        Tensor value;
        if (storage.value)
            value = *storage.value;
        else if (storage.initialized()) // without elements: a value without a buffer
            value = Tensor::zeros(storage.dtype, storage.shape);
        accesses_.push_back({&storage, ops::VariableAccess::Kind::read, value});
        input = std::move(value);
    }
    return {};
}

Status Executor::run_kernel(const PlanNode& node) {
    return call_kernel(node, inputs_, outputs_, accesses_);
}

Status Executor::call_kernel(const PlanNode& node, std::span<const ops::Value> inputs, std::span<ops::Value> outputs,
                             std::vector<ops::VariableAccess>& accesses) {
    if (node.def == nullptr || node.def->kernel == nullptr)
        return Error{node.def == nullptr ? "NotFoundError" : "UnimplementedError",
                     fmt::format("op type {} has no kernel", node.node->op)};
    auto& state = env_.kernel_states[node.node->id.index()];
    if (!state) state = std::make_unique<ops::KernelState>();
    ops::KernelContext context(env_.graph, *node.node, inputs, outputs,
                               {env_.session, step_, *state, env_.options.nondeterministic_seed,
                                env_.options.checkpoints.get(), plan_.rounding},
                               accesses);
    return node.def->kernel(context);
}

Status Executor::check_outputs(const PlanNode& node) const {
    if (node.may_skip_outputs) return {};
    for (std::size_t i = 0; i < outputs_.size(); ++i)
        if (!has_value(outputs_[i]))
            return Error{"InternalError", fmt::format("Missing {}-th output from {{{{node {}}}}}", i, node.node->name)};
    return {};
}

void Executor::fail(const PlanNode& node, const Error& error) {
    error_ = error_of(node, error);
}

RunError Executor::error_of(const PlanNode& node, const Error& error) const {
    RunError result;
    result.error_class = error.code;
    result.message = error.message;
    if (node.node != nullptr) {
        result.node = node.node->id;
        result.op = node.node->name;
    } else {
        result.op = retval_name(env_.graph, plan_.fetches[static_cast<std::size_t>(node.slot)], node.slot);
    }
    note_missing_variable(node, result);
    return result;
}

/// Finds the variable without value that made the node fail, if that is why.
void Executor::note_missing_variable(const PlanNode& node, RunError& error) const {
    if (error.error_class != "FailedPreconditionError" && error.error_class != "NotFoundError") return;
    for (const ops::VariableAccess& access : accesses_) {
        if (access.kind != ops::VariableAccess::Kind::read || access.value || access.storage == nullptr) continue;
        error.variable = variable_name(env_.graph, *access.storage);
        return;
    }
    // A resource that nobody made has no storage to point at: its handle says its name.
    for (std::uint32_t i = 0; i < node.inputs; ++i) {
        const auto* handle = std::get_if<Tensor>(&inputs_[i]);
        if (handle == nullptr || handle->dtype() != DType::resource) continue;
        const std::string& text = handle->strings()[0];
        if (text.starts_with('_')) continue; // no container of variables: a queue, a table
        const std::string name = text.substr(text.find('/') + 1);
        const ops::VariableStorage* storage = env_.session.find_variable(name);
        if (storage != nullptr && storage->initialized()) continue;
        error.variable = storage != nullptr ? variable_name(env_.graph, *storage) : name;
        return;
    }
}

void Executor::finish_run(std::size_t live_frames) {
    live_frames_ = live_frames;
    for (std::size_t i = 0; i < fetched_.size(); ++i) {
        if (fetched_[i]) continue;
        error_ = RunError{"InvalidArgumentError", fmt::format("Retval[{}] does not have value", i), {}, "", ""};
        return;
    }
    results_.reserve(plan_.fetch_of.size());
    for (const std::size_t fetch : plan_.fetch_of) results_.push_back(fetched_[fetch]);
}

void Executor::propagate(const Task& task, RunObserver& observer) {
    dataflow_.propagate(task, std::span<const ops::Value>(outputs_), [&](const auto& frame) {
        observer.on_frame(
            {frame.id, dataflow_.frame(frame.parent).id, frame.parent_iteration, plan_.frames[frame.kind].name});
    });
}

} // namespace rnnscope::runtime
