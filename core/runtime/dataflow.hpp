#pragma once

#include "core/ops/kernel.hpp"
#include "core/runtime/plan.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <utility>
#include <vector>

namespace rnnscope::runtime {

/// Is there anything? Dead tokens, and outputs that were not set, have no value.
inline bool has_value(const ops::Value& value) {
    return !std::holds_alternative<std::monostate>(value);
}

/// TensorFlow's rules for which node runs when (tf1-semantics 7): tokens, frames, iterations, dead values. What flows
/// is a parameter: the executor sends values through it, the loop compiler names of values, so both follow the same
/// rules. Asks of V only that it can be copied and `has_value(const V&)`.
template <class V> class Dataflow {
  public:
    /// A visit that can happen: all that the node waits for has come.
    struct Task {
        std::uint32_t node = 0;
        std::uint32_t frame = 0; ///< position among the frames
        std::int64_t iteration = 0;
        bool dead = false;
    };
    struct Invariant {
        std::uint32_t node = 0;
        V value;
    };
    struct Iteration {
        std::vector<std::uint32_t> pending, dead; ///< by node of the static frame
        std::vector<V> inputs;
        std::uint32_t tasks = 0;    ///< queued or running
        std::uint32_t children = 0; ///< frames opened from here that still live
    };
    struct Frame {
        std::uint32_t id = 0;     ///< never used twice in a run
        std::uint32_t kind = 0;   ///< static frame
        std::uint32_t parent = 0; ///< position among the frames
        std::int64_t parent_iteration = 0;
        std::int64_t max_parallel = 1;
        std::uint32_t missing_inputs = 0; ///< Enters that have not come yet
        std::int64_t first = 0;           ///< oldest iteration that lives; iterations end in order
        std::deque<std::unique_ptr<Iteration>> iterations;
        std::vector<Invariant> invariants;
        std::vector<Invariant> deferred;       ///< NextIterations that wait for a free place
        std::vector<std::uint32_t> dead_exits; ///< of the newest iteration
        std::vector<std::uint32_t> children;   ///< frames that live, by position

        std::int64_t newest() const { return first + static_cast<std::int64_t>(iterations.size()) - 1; }
        Iteration& at(std::int64_t iteration) { return *iterations[static_cast<std::size_t>(iteration - first)]; }
        bool done() const { return missing_inputs == 0 && iterations.empty(); }
    };

    /// `max_parallel`: iterations of a loop in flight; 0: what its Enter nodes say. The plan must outlive this.
    Dataflow(const Plan& plan, int max_parallel)
        : plan_(&plan), max_parallel_(max_parallel), spare_(plan.frames.size()) {
        const std::uint32_t root = new_frame(0);
        for (const std::uint32_t node : plan.roots) queue_.push_back({node, root, 0, false});
        frames_[root]->at(0).tasks = static_cast<std::uint32_t>(plan.roots.size());
    }

    bool empty() const { return queue_.empty(); }
    std::size_t queued() const { return queue_.size(); }
    const Task& front() const { return queue_.front(); }
    const Frame& frame(std::uint32_t at) const { return *frames_[at]; }
    /// Frames that should have ended when nothing is queued any more: 0, or there is a bug.
    std::size_t live_frames() const {
        return frames_.size() - free_frames_.size() - (frames_[0]->done() ? 1 : 0); // the root is never freed
    }

    /// Takes the first task and what came for it.
    Task take(std::vector<V>& inputs) {
        const Task task = queue_.front();
        queue_.pop_front();
        const PlanNode& node = plan_->nodes[task.node];
        Iteration& iteration = frames_[task.frame]->at(task.iteration);
        inputs.clear();
        for (std::uint32_t i = 0; i < node.inputs; ++i)
            inputs.push_back(std::exchange(iteration.inputs[node.first_input + i], V{}));
        return task;
    }
    /// The task again, behind all others, with the inputs that it had.
    void put_back(const Task& task, std::vector<V>& inputs) {
        const PlanNode& node = plan_->nodes[task.node];
        Iteration& iteration = frames_[task.frame]->at(task.iteration);
        for (std::uint32_t i = 0; i < node.inputs; ++i) iteration.inputs[node.first_input + i] = std::move(inputs[i]);
        queue_.push_back(task);
    }

    /// Sends on what a visit gave (7.4). `on_frame(const Frame&)` hears of frames that open.
    template <class OnFrame> void propagate(const Task& task, std::span<const V> outputs, OnFrame&& on_frame) {
        const PlanNode& node = plan_->nodes[task.node];
        switch (node.kind) {
        case PlanKind::enter:
            enter(task, node, outputs, on_frame);
            break;
        case PlanKind::exit: {
            Frame& frame = *frames_[task.frame];
            if (!task.dead)
                activate(node, frame.parent, frame.parent_iteration, false, outputs);
            else if (task.iteration == frame.newest())
                frame.dead_exits.push_back(task.node); // the loop ends with it, unless another iteration begins
            break;
        }
        case PlanKind::next_iteration:
            if (!task.dead) next_iteration(task, node, outputs);
            break;
        default:
            activate(node, task.frame, task.iteration, task.dead, outputs);
        }
        end_task(task.frame, task.iteration);
    }

    // --- one loop looked at as a whole ------------------------------------------------------------------------------

    /// All that decides which visits of the frame come next, counted from its oldest iteration: when two moments have
    /// the same image, the same visits follow, given the same outputs without value. Empty when the frame is not alone:
    /// others have tasks, or frames opened from it live.
    std::vector<std::uint32_t> image(std::uint32_t frame_at) const {
        const Frame& frame = *frames_[frame_at];
        std::vector<std::uint32_t> image;
        if (!frame.children.empty() || frame.missing_inputs > 0) return image;
        for (const Task& task : queue_) {
            if (task.frame != frame_at) return {};
            image.insert(image.end(), {task.node, static_cast<std::uint32_t>(task.iteration - frame.first), task.dead});
        }
        add_state(frame, image);
        return image;
    }
    /// The values that wait in the frame, invariants excepted, in a fixed order; those that are there.
    template <class Visit> void for_each_waiting(std::uint32_t frame_at, Visit&& visit) {
        Frame& frame = *frames_[frame_at];
        for (auto& iteration : frame.iterations)
            for (V& value : iteration->inputs)
                if (has_value(value)) visit(value);
        for (Invariant& waiting : frame.deferred)
            if (has_value(waiting.value)) visit(waiting.value);
    }
    /// The same state, so many iterations later.
    void shift(std::uint32_t frame_at, std::int64_t iterations) {
        frames_[frame_at]->first += iterations;
        for (Task& task : queue_)
            if (task.frame == frame_at) task.iteration += iterations;
    }
    /// This frame and its tasks alone, with other values. The rest of the machine is empty.
    template <class U, class Waiting, class Constant>
    Dataflow<U> mapped(std::uint32_t frame_at, Waiting&& waiting, Constant&& constant) const;

    // --- the machine as a whole -------------------------------------------------------------------------------------

    /// As image(frame), of all frames, with the numbers that frames get.
    std::vector<std::uint32_t> image() const {
        std::vector<std::uint32_t> image{next_frame_id_};
        image.insert(image.end(), free_frames_.begin(), free_frames_.end());
        for (const auto& frame : frames_) {
            const std::int64_t opened_in = frame->parent_iteration - frames_[frame->parent]->first;
            image.insert(image.end(), {frame->id, frame->kind, frame->parent, static_cast<std::uint32_t>(opened_in),
                                       static_cast<std::uint32_t>(frame->max_parallel), frame->missing_inputs});
            image.insert(image.end(), frame->children.begin(), frame->children.end());
            add_state(*frame, image);
        }
        for (const Task& task : queue_)
            image.insert(image.end(),
                         {task.node, task.frame,
                          static_cast<std::uint32_t>(task.iteration - frames_[task.frame]->first), task.dead});
        return image;
    }
    /// The values that wait anywhere, in the order in which renamed() asks for them.
    template <class Visit> void for_each_waiting(Visit&& visit) const {
        for (const auto& frame : frames_) {
            for (const auto& iteration : frame->iterations)
                for (const V& value : iteration->inputs)
                    if (has_value(value)) visit(value);
            for (const auto* values : {&frame->deferred, &frame->invariants})
                for (const Invariant& waiting : *values)
                    if (has_value(waiting.value)) visit(waiting.value);
        }
    }
    /// The same machine with other values.
    template <class U, class Rename> Dataflow<U> renamed(Rename&& rename) const;
    /// The one frame that lives besides the root and opened from it, or 0.
    std::uint32_t only_frame() const {
        if (frames_.size() != free_frames_.size() + 2) return 0;
        for (std::uint32_t at = 1; at < frames_.size(); ++at)
            if (std::ranges::find(free_frames_, at) == free_frames_.end()) return frames_[at]->parent == 0 ? at : 0;
        return 0;
    }
    bool lives(std::uint32_t frame_at, std::uint32_t id) const {
        return frame_at < frames_.size() && frames_[frame_at]->id == id && !frames_[frame_at]->iterations.empty();
    }

  private:
    template <class> friend class Dataflow;
    template <class U, class Waiting, class Constant>
    static void copy(const Frame& from, typename Dataflow<U>::Frame& to, Waiting&& waiting, Constant&& constant);
    static void add_state(const Frame& frame, std::vector<std::uint32_t>& image) {
        image.push_back(static_cast<std::uint32_t>(frame.iterations.size()));
        for (const auto& iteration : frame.iterations) {
            image.insert(image.end(), iteration->pending.begin(), iteration->pending.end());
            image.insert(image.end(), iteration->dead.begin(), iteration->dead.end());
            for (const V& value : iteration->inputs) image.push_back(has_value(value));
            image.push_back(iteration->tasks);
        }
        for (const Invariant& waiting : frame.deferred)
            image.insert(image.end(), {waiting.node, has_value(waiting.value)});
        image.insert(image.end(), frame.dead_exits.begin(), frame.dead_exits.end());
    }
    Dataflow(const Plan& plan, int max_parallel, std::size_t frames)
        : plan_(&plan), max_parallel_(max_parallel), spare_(plan.frames.size()) {
        for (std::size_t i = 0; i < frames; ++i) frames_.push_back(std::make_unique<Frame>());
    }

    void activate(const PlanNode& source, std::uint32_t frame_at, std::int64_t iteration_number, bool dead,
                  std::span<const V> outputs);
    template <class OnFrame>
    void enter(const Task& task, const PlanNode& node, std::span<const V> outputs, OnFrame&& on_frame);
    template <class OnFrame> std::uint32_t find_or_open(const Task& task, const PlanNode& node, OnFrame&& on_frame);
    void next_iteration(const Task& task, const PlanNode& node, std::span<const V> outputs);
    void start_iteration(std::uint32_t frame);
    void end_task(std::uint32_t frame, std::int64_t iteration) {
        if (--frames_[frame]->at(iteration).tasks == 0) clean_up(frame, iteration);
    }
    /// Ends what can end in this frame from `iteration` on, and in its parents where that ends the frame.
    void clean_up(std::uint32_t frame, std::int64_t iteration);
    static bool iteration_done(Frame& frame, std::int64_t iteration);
    void close(std::uint32_t frame);
    std::unique_ptr<Iteration> new_iteration(std::uint32_t kind);
    void recycle(std::unique_ptr<Iteration> iteration, std::uint32_t kind);
    std::uint32_t new_frame(std::uint32_t kind);

    const Plan* plan_;
    int max_parallel_;
    std::vector<std::unique_ptr<Frame>> frames_;
    std::vector<std::uint32_t> free_frames_;
    std::vector<std::vector<std::unique_ptr<Iteration>>> spare_; ///< by static frame
    std::deque<Task> queue_;
    std::uint32_t next_frame_id_ = 0;
};

template <class V>
template <class U, class Waiting, class Constant>
void Dataflow<V>::copy(const Frame& from, typename Dataflow<U>::Frame& to, Waiting&& waiting, Constant&& constant) {
    to.id = from.id;
    to.kind = from.kind;
    to.parent = from.parent;
    to.parent_iteration = from.parent_iteration;
    to.max_parallel = from.max_parallel;
    to.missing_inputs = from.missing_inputs;
    to.first = from.first;
    to.dead_exits = from.dead_exits;
    to.children = from.children;
    for (const auto& iteration : from.iterations) {
        auto made = std::make_unique<typename Dataflow<U>::Iteration>();
        made->pending = iteration->pending;
        made->dead = iteration->dead;
        made->tasks = iteration->tasks;
        made->children = iteration->children;
        made->inputs.reserve(iteration->inputs.size());
        for (const V& value : iteration->inputs) made->inputs.push_back(has_value(value) ? waiting(value) : U{});
        to.iterations.push_back(std::move(made));
    }
    for (const Invariant& value : from.deferred)
        to.deferred.push_back({value.node, has_value(value.value) ? waiting(value.value) : U{}});
    for (const Invariant& value : from.invariants)
        to.invariants.push_back({value.node, has_value(value.value) ? constant(value.value) : U{}});
}

template <class V>
template <class U, class Waiting, class Constant>
Dataflow<U> Dataflow<V>::mapped(std::uint32_t frame_at, Waiting&& waiting, Constant&& constant) const {
    Dataflow<U> result(*plan_, max_parallel_, frames_.size());
    copy<U>(*frames_[frame_at], *result.frames_[frame_at], waiting, constant);
    for (const Task& task : queue_)
        if (task.frame == frame_at) result.queue_.push_back({task.node, task.frame, task.iteration, task.dead});
    return result;
}

template <class V> template <class U, class Rename> Dataflow<U> Dataflow<V>::renamed(Rename&& rename) const {
    Dataflow<U> result(*plan_, max_parallel_, frames_.size());
    for (std::size_t at = 0; at < frames_.size(); ++at) copy<U>(*frames_[at], *result.frames_[at], rename, rename);
    for (const Task& task : queue_) result.queue_.push_back({task.node, task.frame, task.iteration, task.dead});
    result.free_frames_ = free_frames_;
    result.next_frame_id_ = next_frame_id_;
    return result;
}

template <class V>
void Dataflow<V>::activate(const PlanNode& source, std::uint32_t frame_at, std::int64_t iteration_number, bool dead,
                           std::span<const V> outputs) {
    Iteration& iteration = frames_[frame_at]->at(iteration_number);
    for (const PlanEdge& edge : plan_->edges_of(source)) {
        const PlanNode& target = plan_->nodes[edge.target];
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

template <class V>
template <class OnFrame>
void Dataflow<V>::enter(const Task& task, const PlanNode& node, std::span<const V> outputs, OnFrame&& on_frame) {
    const std::uint32_t child_at = find_or_open(task, node, on_frame);
    Frame& child = *frames_[child_at];
    if (node.is_constant) {
        child.invariants.push_back({task.node, outputs[0]});
        for (std::int64_t i = child.first; i <= child.newest(); ++i)
            activate(node, child_at, i, !has_value(outputs[0]), outputs);
    } else {
        activate(node, child_at, 0, task.dead, outputs);
    }
    --child.missing_inputs;
    // Ends a frame in which nothing waits for this last value.
    if (child.missing_inputs == 0) clean_up(child_at, child.first);
}

template <class V>
template <class OnFrame>
std::uint32_t Dataflow<V>::find_or_open(const Task& task, const PlanNode& node, OnFrame&& on_frame) {
    for (const std::uint32_t at : frames_[task.frame]->children)
        if (frames_[at]->kind == node.child && frames_[at]->parent_iteration == task.iteration) return at;
    const std::uint32_t at = new_frame(node.child);
    Frame& frame = *frames_[at];
    Frame& parent = *frames_[task.frame];
    frame.parent = task.frame;
    frame.parent_iteration = task.iteration;
    frame.max_parallel = max_parallel_ > 0 ? max_parallel_ : node.parallel_iterations;
    parent.children.push_back(at);
    ++parent.at(task.iteration).children;
    on_frame(frame);
    return at;
}

template <class V>
void Dataflow<V>::next_iteration(const Task& task, const PlanNode& node, std::span<const V> outputs) {
    Frame& frame = *frames_[task.frame];
    if (task.iteration == frame.newest()) {
        if (static_cast<std::int64_t>(frame.iterations.size()) >= frame.max_parallel) {
            frame.deferred.push_back({task.node, outputs[0]});
            return;
        }
        start_iteration(task.frame);
    }
    activate(node, task.frame, task.iteration + 1, false, outputs);
}

template <class V> void Dataflow<V>::start_iteration(std::uint32_t frame_at) {
    Frame& frame = *frames_[frame_at];
    frame.iterations.push_back(new_iteration(frame.kind));
    frame.dead_exits.clear();
    const std::int64_t iteration = frame.newest();
    const auto send = [&](const Invariant& waiting) {
        activate(plan_->nodes[waiting.node], frame_at, iteration, !has_value(waiting.value), {&waiting.value, 1});
    };
    std::ranges::for_each(frame.deferred, send);
    frame.deferred.clear();
    std::ranges::for_each(frame.invariants, send);
}

template <class V> bool Dataflow<V>::iteration_done(Frame& frame, std::int64_t iteration) {
    if (iteration != frame.first || frame.iterations.empty()) return false; // the one before still lives
    const Iteration& state = frame.at(iteration);
    return state.tasks == 0 && state.children == 0 && (iteration > 0 || frame.missing_inputs == 0);
}

template <class V> void Dataflow<V>::clean_up(std::uint32_t frame_at, std::int64_t iteration) {
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
template <class V> void Dataflow<V>::close(std::uint32_t frame_at) {
    Frame& frame = *frames_[frame_at];
    const V nothing{};
    for (const std::uint32_t exit : frame.dead_exits)
        activate(plan_->nodes[exit], frame.parent, frame.parent_iteration, true, {&nothing, 1});
    std::erase(frames_[frame.parent]->children, frame_at);
    frames_[frame_at] = std::make_unique<Frame>();
    free_frames_.push_back(frame_at);
}

template <class V> std::unique_ptr<typename Dataflow<V>::Iteration> Dataflow<V>::new_iteration(std::uint32_t kind) {
    const PlanFrame& frame = plan_->frames[kind];
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

template <class V> void Dataflow<V>::recycle(std::unique_ptr<Iteration> iteration, std::uint32_t kind) {
    std::ranges::fill(iteration->inputs, V{}); // values that nobody came for
    spare_[kind].push_back(std::move(iteration));
}

template <class V> std::uint32_t Dataflow<V>::new_frame(std::uint32_t kind) {
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
    frame.missing_inputs = plan_->frames[kind].enters;
    frame.iterations.push_back(new_iteration(kind));
    return at;
}

} // namespace rnnscope::runtime
