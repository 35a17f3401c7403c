#include "core/runtime/trace.hpp"

#include "core/ops/op_def.hpp"

#include <algorithm>

namespace rnnscope::runtime {
namespace {

/// What is computed from constants is kept for the next run, unless it is large.
constexpr std::size_t most_known_bytes = std::size_t{64} << 10U;

/// Does the output follow from the shape of the only input?
bool reads_shape(const PlanNode& node) {
    return node.inputs == 1 && (node.node->op == "Shape" || node.node->op == "Size" || node.node->op == "Rank");
}

bool may_be_kept(const PlanNode& node, const std::vector<ops::Value>& values) {
    if (node.node->op == "Const") return true; // the graph has it anyway
    return std::ranges::all_of(values, [](const ops::Value& value) {
        const Tensor* tensor = tensor_of(value);
        return tensor == nullptr || tensor->byte_size() <= most_known_bytes;
    });
}

/// Sends names of values through the dataflow as the log says it went.
class TraceCompiler {
  public:
    TraceCompiler(const Plan& plan, const TraceLog& log) : plan_(plan), log_(log) {}

    std::shared_ptr<Trace> compile(bool run_ends) {
        trace_->image = log_.image;
        trace_->frame = log_.frame;
        trace_->first = log_.first;
        auto machine = log_.start->renamed<TraceName>([](const TraceName& name) { return name; });
        trace_->frame_id = machine.frame(log_.frame).id;
        std::vector<TraceName> inputs, outputs;
        for (const LoggedVisit& logged : log_.visits) {
            if (machine.empty()) return nullptr;
            const auto task = machine.take(inputs);
            if (task.node != logged.task.node || task.dead != logged.task.dead) return nullptr;
            TraceVisit& visit = add_visit(logged, inputs);
            visit.frame_id = machine.frame(task.frame).id;
            outputs.clear();
            for (std::uint32_t o = 0; o < logged.outputs.size(); ++o)
                outputs.push_back(has_value(logged.outputs[o])
                                      ? TraceName{TraceName::Kind::output, visit.first_output + o}
                                      : TraceName{});
            machine.propagate(task, std::span<const TraceName>(outputs), [&](const auto& frame) {
                visit.opened = FrameInfo{frame.id, machine.frame(frame.parent).id, frame.parent_iteration,
                                         plan_.frames[frame.kind].name};
            });
        }
        if (machine.empty() != run_ends) return nullptr;
        trace_->live_frames = machine.live_frames();
        const bool has_inner =
            machine.lives(log_.frame, trace_->frame_id) && !machine.frame(log_.frame).children.empty();
        if (log_.frame != 0 && has_inner) return nullptr;
        if (!run_ends) trace_->end.emplace(std::move(machine));
        return std::move(trace_);
    }

  private:
    TraceVisit& add_visit(const LoggedVisit& logged, const std::vector<TraceName>& inputs) {
        const PlanNode& node = plan_.nodes[logged.task.node];
        TraceVisit& visit = trace_->visits.emplace_back();
        visit.task = logged.task;
        visit.first_input = static_cast<std::uint32_t>(trace_->inputs.size());
        visit.first_output = static_cast<std::uint32_t>(trace_->outputs.size());
        visit.knows_inputs = std::ranges::all_of(inputs, [&](const TraceName& name) { return is_known(name); });
        for (std::size_t i = 0; i < inputs.size(); ++i) {
            trace_->inputs.push_back(inputs[i]);
            trace_->known_inputs.push_back(visit.knows_inputs ? logged.inputs[i] : ops::Value());
        }
        const bool follows = node.node != nullptr && is_pure(node) && may_be_kept(node, logged.outputs);
        visit.knows_outputs = logged.task.dead || (follows && visit.knows_inputs);
        if (!visit.knows_outputs && follows && reads_shape(node))
            if (const Tensor* tensor = tensor_of(logged.inputs[0])) {
                visit.reads = tensor->shape();
                visit.knows_outputs = true;
            }
        for (const ops::Value& value : logged.outputs) {
            trace_->has_output.push_back(has_value(value) ? 1 : 0);
            trace_->outputs.push_back(visit.knows_outputs ? value : ops::Value());
            known_.push_back(visit.knows_outputs);
        }
        return visit;
    }
    bool is_known(const TraceName& name) const {
        return name.kind == TraceName::Kind::none || (name.kind == TraceName::Kind::output && known_[name.index]);
    }

    const Plan& plan_;
    const TraceLog& log_;
    std::shared_ptr<Trace> trace_ = std::make_shared<Trace>();
    std::vector<bool> known_; ///< by output
};

} // namespace

std::shared_ptr<Trace> compile_trace(const Plan& plan, const TraceLog& log, bool run_ends) {
    return TraceCompiler(plan, log).compile(run_ends);
}

} // namespace rnnscope::runtime
