#include "core/runtime/executor.hpp"

#include "core/ops/waiting.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cassert>

namespace rnnscope::runtime {
namespace {

bool has_value(const ops::Value& value) {
    return !std::holds_alternative<std::monostate>(value);
}

std::string retval_name(const Graph& graph, Output fetch, std::int32_t slot) {
    return fmt::format("_retval_{}_{}_{}", graph.node(fetch.node).name, fetch.index, slot);
}

/// The name under which people know a storage: the op that made it.
std::string variable_name(const Graph& graph, const ops::VariableStorage& storage) {
    return storage.owner.valid() ? graph.node(storage.owner).name : storage.name;
}

} // namespace

Executor::Executor(Environment environment, Plan plan, RunRequest request)
    : env_(std::move(environment)), plan_(std::move(plan)), request_(std::move(request)), spare_(plan_.frames.size()),
      fetched_(plan_.fetches.size()) {
    inputs_.reserve(plan_.most_inputs);
    outputs_.reserve(plan_.most_outputs);
    const std::uint32_t root = new_frame(0);
    assert(root == 0);
    Iteration& iteration = frames_[root]->at(0);
    for (const std::uint32_t node : plan_.roots) queue_.push_back({node, root, 0, false});
    iteration.tasks = static_cast<std::uint32_t>(plan_.roots.size());
}

std::optional<Run::Next> Executor::next() const {
    if (done_) return std::nullopt;
    return visit_of(queue_.front());
}

Run::Next Executor::visit_of(const Task& task) const {
    const PlanNode& node = plan_.nodes[task.node];
    Run::Next next;
    if (node.node != nullptr) next.node = node.node->id;
    next.slot = node.slot;
    next.kind = node.kind == PlanKind::arg      ? VisitKind::feed
                : node.kind == PlanKind::retval ? VisitKind::fetch
                                                : VisitKind::node;
    next.frame = frames_[task.frame]->id;
    next.iteration = task.iteration;
    next.dead = task.dead;
    return next;
}

void Executor::step(RunObserver& observer) {
    assert(!done_);
    if (!started_) {
        started_ = true;
        observer.on_frame({});
    }
    Task task = take_task();
    for (std::size_t waited = 0; must_wait() && waited < queue_.size(); ++waited) {
        put_back(task);
        task = take_task();
    }
    Event event;
    const Run::Next visit = visit_of(task);
    event.node = visit.node;
    event.slot = visit.slot;
    event.kind = visit.kind;
    event.frame = visit.frame;
    event.iteration = visit.iteration;
    event.dead = visit.dead;
    if (!error_) {
        propagate(task, observer);
        if (queue_.empty()) finish_run();
    }
    done_ = error_.has_value() || queue_.empty();
    event.inputs = inputs_;
    event.outputs = outputs_;
    event.accesses = accesses_;
    event.error = error_ ? &*error_ : nullptr;
    observer.on_event(event);
}

Executor::Task Executor::take_task() {
    const Task task = queue_.front();
    queue_.pop_front();
    const PlanNode& node = plan_.nodes[task.node];
    Iteration& iteration = frames_[task.frame]->at(task.iteration);
    inputs_.clear();
    for (std::uint32_t i = 0; i < node.inputs; ++i)
        inputs_.push_back(std::exchange(iteration.inputs[node.first_input + i], ops::Value{}));
    outputs_.assign(node.outputs, ops::Value{});
    accesses_.clear();
    compute(node, task.dead);
    return task;
}

/// Did the kernel find that another one has to do something first? TensorFlow's would sleep until then.
bool Executor::must_wait() const {
    return error_ && error_->error_class == ops::waiting_error;
}

void Executor::put_back(const Task& task) {
    error_.reset();
    const PlanNode& node = plan_.nodes[task.node];
    Iteration& iteration = frames_[task.frame]->at(task.iteration);
    // Read once, as in TensorFlow, where a kernel that sleeps has its inputs already.
    for (std::uint32_t i = 0; i < node.inputs; ++i) iteration.inputs[node.first_input + i] = std::move(inputs_[i]);
    queue_.push_back(task);
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
            return Error{"FailedPreconditionError",
                         fmt::format("Attempting to use uninitialized value {}", env_.graph.input_text(source))};
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
    if (node.def == nullptr || node.def->kernel == nullptr)
        return Error{node.def == nullptr ? "NotFoundError" : "UnimplementedError",
                     fmt::format("op type {} has no kernel", node.node->op)};
    auto& state = env_.kernel_states[node.node->id.index()];
    if (!state) state = std::make_unique<ops::KernelState>();
    ops::KernelContext context(
        env_.graph, *node.node, inputs_, outputs_,
        {env_.session, step_, *state, env_.options.nondeterministic_seed, env_.options.checkpoints.get()}, accesses_);
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
    error_.emplace();
    error_->error_class = error.code;
    error_->message = error.message;
    if (node.node != nullptr) {
        error_->node = node.node->id;
        error_->op = node.node->name;
    } else {
        error_->op = retval_name(env_.graph, plan_.fetches[static_cast<std::size_t>(node.slot)], node.slot);
    }
    note_missing_variable(node, *error_);
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
        const std::string name = text.substr(text.find('/') + 1);
        const ops::VariableStorage* storage = env_.session.find_variable(name);
        if (storage != nullptr && storage->initialized()) continue;
        error.variable = storage != nullptr ? variable_name(env_.graph, *storage) : name;
        return;
    }
}

void Executor::finish_run() {
    live_frames_ = frames_.size() - free_frames_.size() - (frames_[0]->done() ? 1 : 0); // the root is never freed
    for (std::size_t i = 0; i < fetched_.size(); ++i) {
        if (fetched_[i]) continue;
        error_ = RunError{"InvalidArgumentError", fmt::format("Retval[{}] does not have value", i), {}, "", ""};
        return;
    }
    results_.reserve(plan_.fetch_of.size());
    for (const std::size_t fetch : plan_.fetch_of) results_.push_back(fetched_[fetch]);
}

void Executor::propagate(const Task& task, RunObserver& observer) {
    const PlanNode& node = plan_.nodes[task.node];
    switch (node.kind) {
    case PlanKind::enter:
        enter(task, node, observer);
        break;
    case PlanKind::exit: {
        Frame& frame = *frames_[task.frame];
        if (!task.dead)
            activate(node, frame.parent, frame.parent_iteration, false, outputs_);
        else if (task.iteration == frame.newest())
            frame.dead_exits.push_back(task.node); // the loop ends with it, unless another iteration begins
        break;
    }
    case PlanKind::next_iteration:
        if (!task.dead) next_iteration(task, node);
        break;
    default:
        activate(node, task.frame, task.iteration, task.dead, outputs_);
    }
    end_task(task.frame, task.iteration);
}

void Executor::activate(const PlanNode& source, std::uint32_t frame_at, std::int64_t iteration_number, bool dead,
                        std::span<const ops::Value> outputs) {
    Iteration& iteration = frames_[frame_at]->at(iteration_number);
    for (const PlanEdge& edge : plan_.edges_of(source)) {
        const PlanNode& target = plan_.nodes[edge.target];
        const bool is_control = edge.output < 0;
        const bool live = is_control ? !dead : has_value(outputs[static_cast<std::size_t>(edge.output)]);
        std::uint32_t& pending = iteration.pending[target.local];
        std::uint32_t& dead_inputs = iteration.dead[target.local];
        bool ready = false, target_dead = false, wanted = !is_control && live;
        if (target.kind == PlanKind::merge) {
            if (is_control) {
                pending -= 2;
                target_dead = dead_inputs == target.inputs;
                ready = pending == 0 || (pending == 1 && target_dead);
            } else if (live) {
                ready = pending == 1;
                wanted = (pending & 1U) != 0; // only the first live value counts
                pending &= ~1U;
            } else {
                ++dead_inputs;
                // A dead Enter alone ends the wait: the value of the next iteration will never come.
                target_dead = dead_inputs == target.inputs || source.kind == PlanKind::enter;
                ready = pending == 1 && target_dead;
            }
        } else {
            if (!live) ++dead_inputs;
            ready = --pending == 0;
            target_dead = dead_inputs > 0 && target.kind != PlanKind::control_trigger;
        }
        if (wanted)
            iteration.inputs[target.first_input + static_cast<std::uint32_t>(edge.input)] =
                outputs[static_cast<std::size_t>(edge.output)];
        if (!ready) continue;
        queue_.push_back({edge.target, frame_at, iteration_number, target_dead});
        ++iteration.tasks;
    }
}

void Executor::enter(const Task& task, const PlanNode& node, RunObserver& observer) {
    const std::uint32_t child_at = find_or_open(task, node, observer);
    Frame& child = *frames_[child_at];
    if (node.is_constant) {
        child.invariants.push_back({task.node, outputs_[0]});
        for (std::int64_t i = child.first; i <= child.newest(); ++i)
            activate(node, child_at, i, !has_value(outputs_[0]), outputs_);
    } else {
        activate(node, child_at, 0, task.dead, outputs_);
    }
    --child.missing_inputs;
    // Ends a frame in which nothing waits for this last value.
    if (child.missing_inputs == 0) clean_up(child_at, child.first);
}

std::uint32_t Executor::find_or_open(const Task& task, const PlanNode& node, RunObserver& observer) {
    for (const std::uint32_t at : frames_[task.frame]->children)
        if (frames_[at]->kind == node.child && frames_[at]->parent_iteration == task.iteration) return at;
    const std::uint32_t at = new_frame(node.child);
    Frame& frame = *frames_[at];
    Frame& parent = *frames_[task.frame];
    frame.parent = task.frame;
    frame.parent_iteration = task.iteration;
    const int option = env_.options.max_parallel_iterations;
    frame.max_parallel = option > 0 ? option : node.parallel_iterations;
    parent.children.push_back(at);
    ++parent.at(task.iteration).children;
    observer.on_frame({frame.id, parent.id, task.iteration, plan_.frames[frame.kind].name});
    return at;
}

void Executor::next_iteration(const Task& task, const PlanNode& node) {
    Frame& frame = *frames_[task.frame];
    if (task.iteration == frame.newest()) {
        if (static_cast<std::int64_t>(frame.iterations.size()) >= frame.max_parallel) {
            frame.deferred.push_back({task.node, outputs_[0]});
            return;
        }
        start_iteration(task.frame);
    }
    activate(node, task.frame, task.iteration + 1, false, outputs_);
}

void Executor::start_iteration(std::uint32_t frame_at) {
    Frame& frame = *frames_[frame_at];
    frame.iterations.push_back(new_iteration(frame.kind));
    frame.dead_exits.clear();
    const std::int64_t iteration = frame.newest();
    const auto send = [&](const Invariant& waiting) {
        activate(plan_.nodes[waiting.node], frame_at, iteration, !has_value(waiting.value), {&waiting.value, 1});
    };
    std::ranges::for_each(frame.deferred, send);
    frame.deferred.clear();
    std::ranges::for_each(frame.invariants, send);
}

void Executor::end_task(std::uint32_t frame, std::int64_t iteration) {
    if (--frames_[frame]->at(iteration).tasks == 0) clean_up(frame, iteration);
}

bool Executor::iteration_done(Frame& frame, std::int64_t iteration) {
    if (iteration != frame.first || frame.iterations.empty()) return false; // the one before still lives
    const Iteration& state = frame.at(iteration);
    return state.tasks == 0 && state.children == 0 && (iteration > 0 || frame.missing_inputs == 0);
}

void Executor::clean_up(std::uint32_t frame_at, std::int64_t iteration) {
    for (;;) {
        Frame& frame = *frames_[frame_at];
        for (; iteration_done(frame, iteration); ++iteration) {
            // Its place stays taken until a deferred iteration has found out which number is next.
            std::unique_ptr<Iteration> old = std::move(frame.iterations.front());
            if (!frame.deferred.empty()) start_iteration(frame_at);
            frame.iterations.pop_front();
            ++frame.first;
            recycle(std::move(old), frame.kind);
        }
        if (!frame.done() || frame_at == 0) return;
        const std::uint32_t parent = frame.parent;
        iteration = frame.parent_iteration;
        close(frame_at);
        --frames_[parent]->at(iteration).children;
        frame_at = parent;
    }
}

/// Tells the parent which values will never come, and frees the frame.
void Executor::close(std::uint32_t frame_at) {
    Frame& frame = *frames_[frame_at];
    const ops::Value nothing;
    for (const std::uint32_t exit : frame.dead_exits)
        activate(plan_.nodes[exit], frame.parent, frame.parent_iteration, true, {&nothing, 1});
    std::erase(frames_[frame.parent]->children, frame_at);
    frames_[frame_at] = std::make_unique<Frame>();
    free_frames_.push_back(frame_at);
}

std::unique_ptr<Executor::Iteration> Executor::new_iteration(std::uint32_t kind) {
    const PlanFrame& frame = plan_.frames[kind];
    std::unique_ptr<Iteration> iteration;
    if (spare_[kind].empty()) {
        iteration = std::make_unique<Iteration>();
        iteration->inputs.resize(frame.inputs);
    } else {
        iteration = std::move(spare_[kind].back());
        spare_[kind].pop_back();
    }
    iteration->pending = frame.pending;
    iteration->dead.assign(frame.pending.size(), 0);
    return iteration;
}

void Executor::recycle(std::unique_ptr<Iteration> iteration, std::uint32_t kind) {
    std::ranges::fill(iteration->inputs, ops::Value{}); // values that nobody came for
    spare_[kind].push_back(std::move(iteration));
}

std::uint32_t Executor::new_frame(std::uint32_t kind) {
    std::uint32_t at = 0;
    if (free_frames_.empty()) {
        at = static_cast<std::uint32_t>(frames_.size());
        frames_.push_back(std::make_unique<Frame>());
    } else {
        at = free_frames_.back();
        free_frames_.pop_back();
    }
    Frame& frame = *frames_[at];
    frame.id = next_frame_id_++;
    frame.kind = kind;
    frame.missing_inputs = plan_.frames[kind].enters;
    frame.iterations.push_back(new_iteration(kind));
    return at;
}

} // namespace rnnscope::runtime
