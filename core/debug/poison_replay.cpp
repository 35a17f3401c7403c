#include "core/debug/poison_replay.hpp"

#include "core/debug/poison_rules.hpp"

#include <algorithm>
#include <cassert>

namespace rnnscope::debug {

/// An event, its masks, and what becomes of them.
struct PoisonReplay::Look {
    const Node& node;
    const record::RecordedEvent& event;
    std::vector<Tensor> inputs, outputs;
    std::vector<PoisonMask> masks; ///< by input
    std::vector<PoisonMask> out;   ///< by output
    Poison::Mark mark;
    bool decided = false; ///< it happened because of a poisoned predicate
};

std::unique_ptr<PoisonReplay> PoisonReplay::start(const Evaluation& evaluation, RunId run, PoisonState& state) {
    const record::RecordedRun& recorded = evaluation.recording().run(run);
    if (evaluation.recording().event_count(run) == 0) return nullptr;
    auto plan = runtime::make_plan(evaluation.evaluator().graph(recorded.info.graph), recorded.info.request);
    if (!plan) return nullptr;
    return std::unique_ptr<PoisonReplay>(new PoisonReplay(evaluation, run, *std::move(plan), state));
}

PoisonReplay::PoisonReplay(const Evaluation& evaluation, RunId run, runtime::Plan plan, PoisonState& state)
    : recording_(evaluation.recording()), run_(run),
      graph_(evaluation.evaluator().graph(recording_.run(run).info.graph)), plan_(std::move(plan)), state_(state),
      dataflow_(plan_, runtime::SessionOptions().max_parallel_iterations) {}

bool PoisonReplay::has_next() const {
    return event_ < recording_.event_count(run_);
}

void PoisonReplay::step() {
    const record::RecordedVisit visit = recording_.visit(run_, event_);
    Dataflow::Task task;
    if (!take(visit, task)) {
        assert(false && "the executor visits in another order");
        state_.is_complete = false;
        event_ = static_cast<std::uint32_t>(recording_.event_count(run_));
        return;
    }
    const runtime::PlanNode& node = plan_.nodes[task.node];
    outputs_.assign(node.outputs, PoisonFlow{});
    if (!task.dead) follow(node, visit);
    ++event_;
    if (!visit.failed) dataflow_.propagate(task, std::span<const PoisonFlow>(outputs_), [](const Dataflow::Frame&) {});
}

bool PoisonReplay::is_of(const Dataflow::Task& task, const record::RecordedVisit& visit) const {
    const runtime::PlanNode& node = plan_.nodes[task.node];
    const NodeId id = node.node != nullptr ? node.node->id : NodeId();
    return id == visit.node && node.slot == visit.slot && task.iteration == visit.iteration &&
           task.dead == visit.dead && dataflow_.frame(task.frame).id == visit.frame;
}

/// The task of the event: the first that is queued, or one behind those that had to wait.
bool PoisonReplay::take(const record::RecordedVisit& visit, Dataflow::Task& task) {
    for (std::size_t left = dataflow_.queued(); left > 0; --left) {
        task = dataflow_.take(inputs_);
        if (is_of(task, visit)) return true;
        dataflow_.put_back(task, inputs_);
    }
    return false;
}

void PoisonReplay::follow(const runtime::PlanNode& node, const record::RecordedVisit& visit) {
    for (PoisonFlow& output : outputs_) output.present = true;
    if (node.kind == runtime::PlanKind::arg) return;
    if (node.kind == runtime::PlanKind::retval) return follow_fetch(node, visit);
    if (may_be_reached(node, visit)) return look_at(*node.node, visit);
    if (!node.may_skip_outputs) return;
    const record::RecordedEvent event = recording_.event(run_, event_);
    for (std::size_t i = 0; i < outputs_.size(); ++i) outputs_[i].present = event.outputs[i].present;
}

/// Can poison come in, or be in what the event works on?
bool PoisonReplay::may_be_reached(const runtime::PlanNode& node, const record::RecordedVisit& visit) const {
    const auto is_reached = [](const PoisonFlow& f) { return f.mask.any() || !f.variable.empty() || f.decided; };
    if (std::ranges::any_of(inputs_, is_reached)) return true;
    if (std::ranges::any_of(node.node->outputs, &OutputInfo::is_ref)) return true;
    const bool reads_file = node.node->op == "RestoreV2" || node.node->op == "MergeV2Checkpoints";
    if (!state_.saved.empty() && (reads_file || node.node->op == "SaveV2")) return true;
    if (waits_for_decided(*node.node, visit)) return true;
    return std::ranges::any_of(node.node->inputs,
                               [&](Output input) { return graph_.info(input).dtype == DType::resource; });
}

bool PoisonReplay::waits_for_decided(const Node& node, const record::RecordedVisit& visit) const {
    if (decided_.empty()) return false;
    return std::ranges::any_of(node.control_inputs, [&](NodeId before) {
        return decided_.contains({before, visit.frame, visit.iteration});
    });
}

void PoisonReplay::follow_fetch(const runtime::PlanNode& node, const record::RecordedVisit& visit) {
    PoisonMask mask = inputs_[0].mask;
    if (!inputs_[0].variable.empty()) {
        note_missing(recording_.event(run_, event_));
        mask = variable(inputs_[0].variable);
    }
    if (!mask.any()) return;
    state_.fetches[run_.index()][plan_.fetches[static_cast<std::size_t>(node.slot)]] = mask;
    Poison::Mark mark;
    mark.event = event_;
    mark.frame = visit.frame;
    mark.outputs.push_back(std::move(mask));
    mark.fails = visit.failed;
    state_.marks[run_.index()].push_back(std::move(mark));
}

void PoisonReplay::look_at(const Node& node, const record::RecordedVisit& visit) {
    const record::RecordedEvent event = recording_.event(run_, event_);
    note_missing(event);
    Look look{node, event, {}, {}, {}, {}, {}, false};
    for (const record::RecordedValue& input : event.inputs) look.inputs.push_back(input.tensor);
    for (const record::RecordedValue& output : event.outputs) look.outputs.push_back(output.tensor);
    for (std::size_t i = 0; i < inputs_.size(); ++i) look.masks.push_back(mask_of_input(node, i, event));
    look.decided = waits_for_decided(node, visit) || std::ranges::any_of(inputs_, &PoisonFlow::decided);
    look.mark.event = event_;
    look.mark.node = node.id;
    look.mark.frame = visit.frame;
    look.mark.iteration = visit.iteration;
    spread(look);
    write_variables(look);
    set_outputs(look);
    look.mark.fails = event.failed && std::ranges::any_of(look.masks, &PoisonMask::any);
    const bool has_poison = std::ranges::any_of(look.out, &PoisonMask::any);
    if (!has_poison && !look.mark.writes && !look.mark.fails && !look.mark.decides) return;
    look.mark.outputs = std::move(look.out);
    state_.marks[run_.index()].push_back(std::move(look.mark));
}

/// Reads of variables without a value: where poison comes from.
void PoisonReplay::note_missing(const record::RecordedEvent& event) {
    if (event.failed) return; // the run ended here
    for (const record::RecordedAccess& access : event.accesses) {
        if (access.write || access.value) continue;
        Poison::Read read;
        read.variable = access.variable;
        read.after = {recording_.tick_of(run_, event_) + 1};
        read.session = run().info.session;
        read.statement = recording_.step(run().info.step).step.statement;
        read.run = run_;
        read.event = event_;
        read.node = event.node;
        if (event.frame != 0) read.iteration = event.iteration;
        state_.reads.push_back(std::move(read));
        set_variable(access.variable, PoisonMask::all(), true, event.node);
    }
}

/// A reference stands for what the variable holds now; a handle for what is read through it.
PoisonMask PoisonReplay::mask_of_input(const Node& node, std::size_t input, const record::RecordedEvent& event) const {
    const PoisonFlow& flow = inputs_[input];
    if (!flow.variable.empty()) return variable(flow.variable);
    PoisonMask mask = flow.mask;
    if (graph_.info(node.inputs[input]).dtype == DType::resource)
        for (const record::RecordedAccess& access : event.accesses)
            if (!access.write) mask = either(mask, variable(access.variable));
    return mask;
}

/// Ops that hand their input on, by which way does not matter here. True: done.
bool PoisonReplay::spread_flow(Look& look) {
    const std::string_view op = look.node.op;
    const std::string_view plain = op.starts_with("Ref") ? op.substr(3) : op;
    if (plain == "Switch") {
        look.mark.decides = look.masks[1].any();
        look.decided = look.decided || look.mark.decides;
        std::ranges::fill(look.out, look.masks[0]);
        return true;
    }
    if (plain == "Merge") {
        for (std::size_t i = 0; i < inputs_.size(); ++i)
            if (inputs_[i].present) look.out[0] = look.masks[i];
        // Which branch was taken shows in both outputs; after that the branches are one again.
        if (look.decided) std::ranges::fill(look.out, PoisonMask::shape());
        look.decided = false;
        return true;
    }
    if (plain == "Enter" || plain == "Exit" || plain == "NextIteration") {
        look.out[0] = look.decided ? PoisonMask::shape() : look.masks[0];
        if (plain == "Exit") look.decided = false;
        return true;
    }
    return false;
}

/// Checkpoints carry poison to who restores them. True: done.
bool PoisonReplay::spread_files(Look& look) {
    const std::string_view op = look.node.op;
    if (op != "SaveV2" && op != "RestoreV2" && op != "MergeV2Checkpoints") return false;
    if (op == "MergeV2Checkpoints") {
        for (const std::string& part : look.inputs[0].strings())
            for (const auto& [key, mask] : std::map(state_.saved))
                if (key.first == part) state_.saved[{look.inputs[1].strings()[0], key.second}] = mask;
        return true;
    }
    const std::string& prefix = look.inputs[0].strings()[0];
    const auto names = look.inputs[1].strings(), slices = look.inputs[2].strings();
    for (std::size_t i = 0; i < names.size(); ++i) {
        // Which part of a tensor a slice is does not matter: all of it is taken.
        const auto taken = [&](const PoisonMask& mask) {
            return slices[i].empty() || !mask.any() ? mask : PoisonMask::all();
        };
        const std::pair key{prefix, names[i]};
        if (op == "RestoreV2" && state_.saved.contains(key)) look.out[i] = taken(state_.saved[key]);
        if (op == "SaveV2" && (look.masks[3 + i].any() || state_.saved.contains(key)))
            state_.saved[key] = taken(look.masks[3 + i]);
    }
    return true;
}

void PoisonReplay::spread(Look& look) {
    look.out.assign(look.outputs.size(), PoisonMask());
    const bool any = std::ranges::any_of(look.masks, &PoisonMask::any);
    const std::string_view op = look.node.op;
    if (spread_flow(look) || spread_files(look)) {
        // done
    } else if (auto stored = stores_.visit(op, look.inputs, look.masks, look.outputs)) {
        look.out = *std::move(stored);
    } else if (op == "ReadVariableOp") {
        look.out[0] = look.masks[0];
    } else if (op.starts_with("QueueEnqueue") || op == "Stage") {
        if (any) state_.queues[{run().info.session.value, std::string(op.substr(0, 5))}] = PoisonMask::all();
    } else if (op.starts_with("QueueDequeue") || op == "Unstage") {
        const char* kind = op == "Unstage" ? "Stage" : "Queue";
        if (state_.queues.contains({run().info.session.value, kind})) std::ranges::fill(look.out, PoisonMask::all());
    } else if (any) {
        look.out = spread_poison({graph_, look.node, look.inputs, look.masks, look.outputs});
    }
    if (look.decided) std::ranges::fill(look.out, PoisonMask::shape());
}

/// Rows of the variable are replaced, or added to.
PoisonMask PoisonReplay::scattered(const Look& look, const record::RecordedAccess& access, const PoisonMask& before) {
    const Tensor &indices = look.inputs[1], &updates = look.inputs[2];
    const std::int64_t rows = access.value.shape().dim(0), picked = indices.elements();
    if (look.masks[1].any()) return PoisonMask::all();
    if (rows == 0 || picked == 0) return before;
    const std::int64_t row = access.value.elements() / rows;
    const bool replaces = look.node.op == "ScatterUpdate", is_scalar = updates.shape().rank() == 0;
    std::vector<bool> elements(static_cast<std::size_t>(access.value.elements()));
    for (std::size_t i = 0; i < elements.size(); ++i) elements[i] = before.at(static_cast<std::int64_t>(i));
    for (std::int64_t i = 0; i < picked; ++i)
        for (std::int64_t k = 0; k < row; ++k) {
            const auto to = static_cast<std::size_t>(indices.integer(i) * row + k);
            elements[to] = look.masks[2].at(is_scalar ? 0 : i * row + k) || (!replaces && elements[to]);
        }
    return PoisonMask::of(std::move(elements));
}

/// What the written variable holds, by what the op computed it from.
PoisonMask PoisonReplay::written(const Look& look, const record::RecordedAccess& access) const {
    if (look.decided) return PoisonMask::all();
    const std::string_view op = look.node.op;
    if (op == "Assign" || op == "AssignVariableOp") return look.masks[1];
    const PoisonMask before = variable(access.variable);
    if (op.starts_with("Scatter")) return scattered(look, access, before);
    std::vector<PoisonMask> masks = look.masks;
    std::vector<Shape> shapes;
    for (std::size_t i = 0; i < masks.size(); ++i) {
        const Tensor& input = look.inputs[i];
        const bool is_value = input && input.dtype() != DType::resource;
        shapes.push_back(is_value ? input.shape() : access.value.shape());
    }
    masks.push_back(before);
    shapes.push_back(access.value.shape());
    const bool is_elementwise = op.starts_with("AssignAdd") || op.starts_with("AssignSub") || op.starts_with("Apply");
    if (is_elementwise) return spread_elementwise(access.value.shape(), shapes, masks);
    return std::ranges::any_of(masks, &PoisonMask::any) ? PoisonMask::all() : PoisonMask();
}

void PoisonReplay::write_variables(Look& look) {
    std::vector<std::pair<std::string, PoisonMask>> all; // each is computed from what was before
    for (const record::RecordedAccess& access : look.event.accesses)
        if (access.write) all.emplace_back(access.variable, written(look, access));
    for (auto& [name, mask] : all) {
        look.mark.writes = look.mark.writes || mask.any();
        set_variable(name, std::move(mask), false, look.node.id);
    }
}

void PoisonReplay::set_outputs(Look& look) {
    for (std::size_t i = 0; i < outputs_.size(); ++i) {
        const record::RecordedValue& value = look.event.outputs[i];
        PoisonFlow& output = outputs_[i];
        output.present = value.present;
        output.variable = value.variable;
        if (!value.variable.empty()) look.out[i] = variable(value.variable);
        if (!value.present) look.out[i] = {};
        output.mask = look.out[i];
        output.decided = look.decided;
    }
    if (look.decided) decided_.insert({look.node.id, look.event.frame, look.event.iteration});
}

PoisonMask PoisonReplay::variable(const std::string& storage) const {
    const auto found = state_.variables.find({run().info.session.value, storage});
    return found == state_.variables.end() ? PoisonMask() : found->second.back().mask;
}

void PoisonReplay::set_variable(const std::string& storage, PoisonMask mask, bool is_read, NodeId node) {
    const std::pair key{run().info.session.value, storage};
    const auto found = state_.variables.find(key);
    if (found == state_.variables.end() && !mask.any()) return;
    std::vector<Poison::VariableChange>& changes = state_.variables[key];
    if (!changes.empty() && changes.back().mask == mask && (is_read || !mask.any())) return;
    changes.push_back({recording_.tick_of(run_, event_), std::move(mask), is_read, run_, event_, node});
}

} // namespace rnnscope::debug
