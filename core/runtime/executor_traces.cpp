#include "core/runtime/executor.hpp"

#include <algorithm>

namespace rnnscope::runtime {
namespace {

constexpr std::size_t most_traces = 8;        ///< of one plan
constexpr std::size_t longest_trace = 20'000; ///< visits
constexpr int most_failed = 4;

} // namespace

/// Follows a trace that begins here, or logs what the run does, to have one the next time. What is to be changed, or
/// passed over, is looked for visit by visit.
bool Executor::begin_trace(RunObserver& observer, std::uint64_t most) {
    may_begin_trace_ = false;
    if (env_.options.changes != nullptr || env_.options.passes_missing_values || compiled_->runs < 2) return false;
    std::vector<std::uint32_t> image;
    if (started_) {
        if (dataflow_.only_frame() == 0) return false;
        image = dataflow_.image();
    }
    const auto found = std::ranges::find(compiled_->traces, image, &Trace::image);
    if (found == compiled_->traces.end()) {
        if (compiled_->traces.size() < most_traces) start_log(std::move(image));
        return false;
    }
    const std::shared_ptr<Trace> trace = *found;
    if (trace->visits.size() > most || trace->failures >= most_failed) return false;
    begin(observer);
    if (!follow(*trace, observer)) ++trace->failures;
    return true;
}

void Executor::start_log(std::vector<std::uint32_t> image) {
    log_.emplace();
    log_->image = std::move(image);
    log_->frame = started_ ? dataflow_.only_frame() : 0;
    log_->first = dataflow_.frame(log_->frame).first;
    std::uint32_t waiting = 0;
    log_->start.emplace(dataflow_.renamed<TraceName>([&](const ops::Value&) {
        return TraceName{TraceName::Kind::waiting, waiting++};
    }));
}

void Executor::end_log() {
    const TraceLog log = std::move(*log_);
    log_.reset();
    if (error_ || log.visits.empty() || log.visits.size() > longest_trace) return;
    if (auto trace = compile_trace(plan_, log, done_)) compiled_->traces.push_back(std::move(trace));
}

const ops::Value& Executor::value_of(const Trace& trace, const TraceName& name) const {
    static const ops::Value nothing;
    if (name.kind == TraceName::Kind::waiting) return *traced_waiting_[name.index];
    if (name.kind == TraceName::Kind::none) return nothing;
    const ops::Value& known = trace.outputs[name.index];
    return has_value(known) ? known : traced_[name.index];
}

std::span<const ops::Value> Executor::outputs_of(const Trace& trace, const TraceVisit& visit) const {
    const std::size_t outputs = plan_.nodes[visit.task.node].outputs;
    return std::span(visit.knows_outputs ? trace.outputs : traced_).subspan(visit.first_output, outputs);
}

/// False when the run goes another way than the trace; it has left it then.
bool Executor::follow(const Trace& trace, RunObserver& observer) {
    const std::int64_t later = dataflow_.frame(trace.frame).first - trace.first;
    traced_waiting_.clear();
    dataflow_.for_each_waiting([&](const ops::Value& value) { traced_waiting_.push_back(&value); });
    traced_.assign(trace.outputs.size(), ops::Value());
    for (std::size_t i = 0; i < trace.visits.size(); ++i) {
        const TraceVisit& visit = trace.visits[i];
        if (!compute_traced(trace, visit)) {
            leave(trace, i, observer);
            return false;
        }
        if (visit.opened) {
            FrameInfo opened = *visit.opened;
            if (opened.parent == trace.frame_id) opened.parent_iteration += later;
            observer.on_frame(opened);
        }
        if (i + 1 == trace.visits.size()) end_trace(trace, later);
        Task task = visit.task;
        if (visit.frame_id == trace.frame_id) task.iteration += later;
        std::span<const ops::Value> inputs = inputs_;
        if (visit.knows_inputs)
            inputs = std::span(trace.known_inputs).subspan(visit.first_input, plan_.nodes[task.node].inputs);
        report(visit_of(task, visit.frame_id), inputs, outputs_of(trace, visit), observer);
    }
    traced_.clear();
    return true;
}

/// Computes what is not known. False when it failed, or gave values where the trace has none, or the other way round.
bool Executor::compute_traced(const Trace& trace, const TraceVisit& visit) {
    const PlanNode& node = plan_.nodes[visit.task.node];
    accesses_.clear();
    bool is_known = visit.knows_outputs;
    if (visit.reads) {
        const Tensor* input = tensor_of(value_of(trace, trace.inputs[visit.first_input]));
        is_known = input != nullptr && input->shape() == *visit.reads;
    }
    if (is_known && visit.knows_inputs) return true;
    inputs_.clear();
    for (std::uint32_t i = 0; i < node.inputs; ++i)
        inputs_.push_back(value_of(trace, trace.inputs[visit.first_input + i]));
    if (is_known) return true;
    outputs_.assign(node.outputs, ops::Value{});
    compute(node, visit.task.dead);
    if (error_ || visit.knows_outputs) return false;
    for (std::uint32_t o = 0; o < node.outputs; ++o)
        if (has_value(outputs_[o]) != (trace.has_output[visit.first_output + o] != 0)) return false;
    std::ranges::move(outputs_, traced_.begin() + visit.first_output);
    return true;
}

/// The dataflow makes the visits before `at`, whose results are there, and goes on with that one, which is computed.
void Executor::leave(const Trace& trace, std::size_t at, RunObserver& observer) {
    std::vector<ops::Value> inputs;
    for (std::size_t i = 0; i < at; ++i) {
        const Task task = dataflow_.take(inputs);
        dataflow_.propagate(task, outputs_of(trace, trace.visits[i]), [](const auto&) {});
    }
    if (must_wait()) {
        error_.reset(); // step() asks it again
        return;
    }
    finish_step(dataflow_.take(inputs), observer);
}

void Executor::end_trace(const Trace& trace, std::int64_t later) {
    if (!trace.end) {
        finish_run(trace.live_frames);
        done_ = true;
        return;
    }
    dataflow_ = trace.end->renamed<ops::Value>([&](const TraceName& name) { return value_of(trace, name); });
    if (trace.frame != 0 && dataflow_.lives(trace.frame, trace.frame_id)) dataflow_.shift(trace.frame, later);
}

} // namespace rnnscope::runtime
