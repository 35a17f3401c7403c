#include "core/ops/op_def.hpp"
#include "core/runtime/round.hpp"

#include <map>
#include <optional>

namespace rnnscope::runtime {
namespace {

using Kind = Source::Kind;
constexpr std::size_t row_alignment = 64;

/// Ops that hand on what they get. What they are for is where it goes, and that the dataflow knows.
bool passes_on(const PlanNode& node) {
    if (node.kind == PlanKind::next_iteration || node.kind == PlanKind::merge) return true;
    const std::string& op = node.node->op;
    return op == "Identity" || op == "Switch" || op == "LoopCond" || op == "StopGradient" || op == "PreventGradient";
}

bool is_array(DType dtype) {
    return dtype == DType::resource || dtype == DType::string;
}

class Compiler {
  public:
    Compiler(const Plan& plan, const Dataflow<ops::Value>& dataflow, std::uint32_t frame,
             std::span<const LoggedVisit> log)
        : plan_(plan), dataflow_(dataflow), frame_(frame), log_(log) {}

    std::shared_ptr<const Round> compile() {
        if (!is_suitable()) return nullptr;
        round_->kind = dataflow_.frame(frame_).kind;
        round_->image = dataflow_.image(frame_);
        collect_waiting();
        // Values that every round passes on turn out to be constants, and then what is computed from them does.
        while (true) {
            if (!simulate()) return nullptr;
            if (!find_unchanging()) break;
        }
        if (!resolve_waiting()) return nullptr;
        choose_steps();
        store_in_parts(*round_);
        lay_out();
        group_steps(*round_);
        return std::move(round_);
    }

  private:
    bool is_suitable() const;
    void collect_waiting();
    bool simulate();
    void visit(std::size_t number, std::vector<Source>& inputs, std::vector<Source>& outputs);
    Source merged(std::span<const Source> inputs, std::size_t output);
    Source constant(RoundConstant constant, const Tensor& example);
    bool find_unchanging();
    bool resolve_waiting();
    void choose_steps();
    void add_guard(std::uint32_t visit);
    std::optional<RoundStep> chosen(std::uint32_t visit);
    std::vector<OperandType> types(std::span<const Source> sources, std::span<const ops::Value> values) const;
    bool array_step(const RoundVisit& visit, RoundStep& step) const;
    void make_generic(RoundStep& step);
    const std::string& handle_of(const RoundStep& step) const {
        return examples_[round_->inputs(round_->visits[step.visit])[0].index].strings()[0];
    }
    bool can_read(const RoundStep& step) const;
    void lay_out();

    const Plan& plan_;
    const Dataflow<ops::Value>& dataflow_;
    const std::uint32_t frame_;
    const std::span<const LoggedVisit> log_;
    std::shared_ptr<Round> round_ = std::make_shared<Round>();
    std::vector<Tensor> waiting_;  ///< their values now
    std::vector<Source> known_;    ///< by waiting value: what it is
    std::vector<Source> next_;     ///< by waiting value: what the round leaves there
    std::vector<Tensor> examples_; ///< by constant: its value now
    std::size_t lasting_ = 0;      ///< constants that outlive a simulation
    std::map<std::pair<std::uint32_t, std::uint32_t>, Source> computed_; ///< by node and output
};

bool Compiler::is_suitable() const {
    for (const LoggedVisit& logged : log_) {
        const PlanNode& node = plan_.nodes[logged.task.node];
        if (logged.task.frame != frame_ || node.node == nullptr) return false;
        const bool leaves = node.kind == PlanKind::enter || (node.kind == PlanKind::exit && !logged.task.dead);
        if (leaves) return false;
        for (const auto* values : {&logged.inputs, &logged.outputs})
            for (const ops::Value& value : *values)
                if (std::holds_alternative<ops::VariableStorage*>(value)) return false;
    }
    return !log_.empty();
}

void Compiler::collect_waiting() {
    auto collect = [&](const ops::Value& value) {
        const Tensor* tensor = tensor_of(value);
        waiting_.push_back(tensor != nullptr ? *tensor : Tensor());
        return Source{Kind::waiting, static_cast<std::uint32_t>(waiting_.size() - 1)};
    };
    auto invariant = [](const ops::Value&) { return Source{Kind::constant, 0}; };
    dataflow_.mapped<Source>(frame_, collect, invariant);
    known_.reserve(waiting_.size());
    for (std::uint32_t i = 0; i < waiting_.size(); ++i) known_.push_back({Kind::waiting, i});
    for (const auto& invariant_value : dataflow_.frame(frame_).invariants)
        if (const Tensor* tensor = tensor_of(invariant_value.value))
            constant({RoundConstant::Invariant{invariant_value.node}, {}, {}, false, {}}, *tensor);
    lasting_ = round_->constants.size();
}

Source Compiler::constant(RoundConstant made, const Tensor& example) {
    made.dtype = example.dtype();
    made.shape = example.shape();
    round_->constants.push_back(std::move(made));
    examples_.push_back(example);
    return {Kind::constant, static_cast<std::uint32_t>(round_->constants.size() - 1)};
}

/// Sends names of values through the dataflow as the log says it went.
bool Compiler::simulate() {
    round_->constants.erase(round_->constants.begin() + static_cast<std::ptrdiff_t>(lasting_), round_->constants.end());
    examples_.resize(lasting_);
    computed_.clear();
    round_->visits.clear();
    round_->sources.clear();
    round_->slots.clear();
    std::uint32_t waiting = 0, invariant = 0;
    auto machine = dataflow_.mapped<Source>(
        frame_, [&](const ops::Value&) { return known_[waiting++]; },
        [&](const ops::Value&) {
            return Source{Kind::constant, invariant++};
        });
    const std::int64_t first = machine.front().iteration;
    std::vector<Source> inputs, outputs;
    for (std::uint32_t i = 0; i < log_.size(); ++i) {
        if (machine.empty()) return false;
        const auto task = machine.take(inputs);
        const auto& logged = log_[i].task;
        if (task.node != logged.node || task.dead != logged.dead) return false;
        RoundVisit visited;
        visited.node = task.node;
        visited.iteration = static_cast<std::int32_t>(task.iteration - first);
        visited.dead = task.dead;
        round_->visits.push_back(visited);
        visit(i, inputs, outputs);
        machine.propagate(task, std::span<const Source>(outputs), [](const auto&) {});
    }
    if (machine.image(frame_) != round_->image) return false;
    next_.clear();
    machine.for_each_waiting(frame_, [&](const Source& source) { next_.push_back(source); });
    return next_.size() == known_.size();
}

void Compiler::visit(std::size_t number, std::vector<Source>& inputs, std::vector<Source>& outputs) {
    RoundVisit& visited = round_->visits[number];
    const PlanNode& node = plan_.nodes[visited.node];
    const LoggedVisit& logged = log_[number];
    outputs.assign(node.outputs, Source{});
    const bool is_constant = !visited.dead && is_pure(node) && std::ranges::all_of(inputs, [](const Source& source) {
        return source.kind == Kind::constant;
    }) && std::ranges::none_of(logged.inputs, [](const ops::Value& value) {
        const Tensor* tensor = tensor_of(value);
        return tensor != nullptr && is_array(tensor->dtype());
    });
    for (std::uint32_t o = 0; o < node.outputs && !visited.dead; ++o) {
        const Tensor* example = tensor_of(logged.outputs[o]);
        if (example == nullptr) continue;
        if (node.kind == PlanKind::merge) {
            outputs[o] = merged(inputs, o);
        } else if (passes_on(node)) {
            outputs[o] = inputs[0];
        } else if (is_constant) {
            Source& known = computed_[{visited.node, o}];
            if (!has_value(known) && node.node->op == "Const") {
                known = constant({*example, {}, {}, false, {}}, *example);
            } else if (!has_value(known)) {
                RoundConstant::Computed computed{visited.node, {}, o};
                for (const Source& input : inputs) computed.inputs.push_back(input.index);
                known = constant({std::move(computed), {}, {}, false, {}}, *example);
            }
            outputs[o] = known;
        } else if (node.node->op == "TensorArrayWriteV3") {
            outputs[o] = constant({*example, {}, {}, false, {}}, *example); // a flow: only its order matters
        } else {
            Slot slot;
            slot.visit = static_cast<std::uint32_t>(number);
            slot.output = o;
            slot.dtype = example->dtype();
            slot.shape = example->shape();
            if (!is_array(slot.dtype)) slot.bytes = example->byte_size();
            round_->slots.push_back(std::move(slot));
            outputs[o] = {Kind::current, static_cast<std::uint32_t>(round_->slots.size() - 1)};
        }
    }
    visited.first_input = static_cast<std::uint32_t>(round_->sources.size());
    visited.inputs = static_cast<std::uint32_t>(inputs.size());
    round_->sources.insert(round_->sources.end(), inputs.begin(), inputs.end());
    visited.first_output = static_cast<std::uint32_t>(round_->sources.size());
    visited.outputs = static_cast<std::uint32_t>(outputs.size());
    round_->sources.insert(round_->sources.end(), outputs.begin(), outputs.end());
}

Source Compiler::merged(std::span<const Source> inputs, std::size_t output) {
    for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!has_value(inputs[i])) continue;
        if (output == 0) return inputs[i];
        const Tensor number = Tensor::scalar(static_cast<std::int32_t>(i));
        return constant({number, {}, {}, false, {}}, number);
    }
    return {};
}

/// Does the last simulation show that values which wait are the same in all rounds?
bool Compiler::find_unchanging() {
    bool found = false;
    for (std::uint32_t i = 0; i < next_.size(); ++i) {
        if (known_[i].kind == Kind::constant || next_[i] != Source{Kind::waiting, i}) continue;
        round_->constants.erase(round_->constants.begin() + static_cast<std::ptrdiff_t>(lasting_),
                                round_->constants.end());
        examples_.resize(lasting_);
        known_[i] = constant({RoundConstant::Waiting{i}, {}, {}, false, {}}, waiting_[i]);
        ++lasting_;
        found = true;
    }
    return found;
}

/// What waits is what the round before left.
bool Compiler::resolve_waiting() {
    round_->waiting.clear();
    for (std::size_t i = 0; i < next_.size(); ++i) {
        if (next_[i].kind == Kind::waiting) return false; // passed on to another place
        if (known_[i].kind == Kind::constant && next_[i] != known_[i]) return false;
        round_->waiting.push_back(next_[i].kind == Kind::current ? Source{Kind::previous, next_[i].index} : next_[i]);
    }
    for (Source& source : round_->sources)
        if (source.kind == Kind::waiting) source = round_->waiting[source.index];
    return true;
}

std::vector<OperandType> Compiler::types(std::span<const Source> sources, std::span<const ops::Value> values) const {
    std::vector<OperandType> types;
    for (std::size_t i = 0; i < sources.size(); ++i) {
        OperandType type;
        if (const Tensor* tensor = tensor_of(values[i])) {
            type.dtype = tensor->dtype();
            type.shape = tensor->shape();
        }
        if (sources[i].kind == Kind::constant) type.constant = &examples_[sources[i].index];
        types.push_back(std::move(type));
    }
    return types;
}

void Compiler::choose_steps() {
    for (std::uint32_t i = 0; i < round_->visits.size(); ++i) {
        const RoundVisit& visit = round_->visits[i];
        if (visit.dead) continue;
        if (plan_.nodes[visit.node].node->op == "Switch") add_guard(i);
        if (auto step = chosen(i)) round_->steps.push_back(*std::move(step));
    }
    // Fast steps read raw values only. One that would read from a box becomes a generic one, and its outputs are boxed.
    for (const RoundStep& step : round_->steps) {
        const bool is_raw = step.kind == RoundStep::Kind::fast || step.kind == RoundStep::Kind::array_read;
        if (!is_raw) continue;
        for (const Source& output : round_->outputs(round_->visits[step.visit]))
            if (output.kind == Kind::current) round_->slots[output.index].raw = true;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (RoundStep& step : round_->steps) {
            if (step.kind == RoundStep::Kind::guard || step.kind == RoundStep::Kind::generic || can_read(step))
                continue;
            make_generic(step);
            changed = true;
        }
    }
    for (RoundStep& step : round_->steps) {
        if (step.kind != RoundStep::Kind::fast) continue;
        for (const std::uint32_t input : step.fast.reads)
            step.reads.push_back(round_->inputs(round_->visits[step.visit])[input]);
        for (const std::uint32_t input : step.fast.pins) {
            RoundConstant& pinned = round_->constants[round_->inputs(round_->visits[step.visit])[input].index];
            pinned.is_pinned = true;
            pinned.pinned = examples_[round_->inputs(round_->visits[step.visit])[input].index];
        }
    }
}

/// One step of an array that needs the kernel makes all of them need it: they must happen in order.
void Compiler::make_generic(RoundStep& step) {
    const bool is_array = step.kind == RoundStep::Kind::array_read || step.kind == RoundStep::Kind::array_write;
    step.kind = RoundStep::Kind::generic;
    for (const Source& output : round_->outputs(round_->visits[step.visit]))
        if (output.kind == Kind::current) round_->slots[output.index].raw = false;
    if (!is_array) return;
    for (RoundStep& other : round_->steps) {
        const bool other_is_array =
            other.kind == RoundStep::Kind::array_read || other.kind == RoundStep::Kind::array_write;
        if (other_is_array && handle_of(other) == handle_of(step)) make_generic(other);
    }
}

/// Where a value goes depends on a predicate: the round holds only while that stays what it was.
void Compiler::add_guard(std::uint32_t visit) {
    RoundStep guard;
    guard.kind = RoundStep::Kind::guard;
    guard.visit = visit;
    guard.predicate = round_->inputs(round_->visits[visit])[1];
    guard.expected = has_value(log_[visit].outputs[1]);
    if (guard.predicate.kind == Kind::constant) {
        RoundConstant& pinned = round_->constants[guard.predicate.index];
        pinned.is_pinned = true;
        pinned.pinned = examples_[guard.predicate.index];
        return;
    }
    for (const RoundStep& step : round_->steps)
        if (step.kind == RoundStep::Kind::guard && step.predicate == guard.predicate) return;
    round_->steps.push_back(std::move(guard));
}

/// What has to be done for the visit; nothing when its outputs are all known.
std::optional<RoundStep> Compiler::chosen(std::uint32_t number) {
    const RoundVisit& visit = round_->visits[number];
    const PlanNode& node = plan_.nodes[visit.node];
    const bool gives = std::ranges::any_of(round_->outputs(visit), [&](const Source& output) {
        return output.kind == Kind::current && round_->slots[output.index].visit == number; // else passed on
    });
    RoundStep step;
    step.visit = number;
    if (node.node->op == "TensorArrayWriteV3") {
        // The flow is a constant, so here the value is; a step checks that it may be written.
        array_step(visit, step);
        return step;
    }
    if (!gives) {
        const bool acts = node.def != nullptr && node.def->is_stateful;
        return acts ? std::optional(step) : std::nullopt;
    }
    if (array_step(visit, step)) return step;
    const auto inputs = types(round_->inputs(visit), log_[number].inputs);
    const auto outputs = types(round_->outputs(visit), log_[number].outputs);
    if (auto fast = fast_step(*node.node, inputs, outputs, plan_.rounding)) {
        step.kind = RoundStep::Kind::fast;
        step.fast = *std::move(fast);
    }
    return step;
}

/// Reads of arrays that the loop only reads, and writes of arrays that it only writes, need no kernel.
bool Compiler::array_step(const RoundVisit& visit, RoundStep& step) const {
    const Node& node = *plan_.nodes[visit.node].node;
    const bool reads = node.op == "TensorArrayReadV3", writes = node.op == "TensorArrayWriteV3";
    if (!reads && !writes) return false;
    const auto inputs = round_->inputs(visit);
    if (inputs[0].kind != Kind::constant) return false;
    const std::string_view wanted = node.op;
    // Another array by the same name is impossible; the same array may come through two constants.
    const std::string& handle = examples_[inputs[0].index].strings()[0];
    for (const RoundVisit& other : round_->visits) {
        const std::string& op = plan_.nodes[other.node].node->op;
        if (other.dead || !op.starts_with("TensorArray") || op == wanted) continue;
        const auto others = round_->inputs(other);
        if (others.empty() || others[0].kind != Kind::constant) return false;
        const Tensor& other_handle = examples_[others[0].index];
        if (other_handle.dtype() != DType::resource || other_handle.strings()[0] == handle) return false;
    }
    step.kind = reads ? RoundStep::Kind::array_read : RoundStep::Kind::array_write;
    return true;
}

/// Are all operands that the step reads raw or constant?
bool Compiler::can_read(const RoundStep& step) const {
    const auto inputs = round_->inputs(round_->visits[step.visit]);
    const auto is_raw = [&](std::uint32_t input) {
        const Source& source = inputs[input];
        return source.kind == Kind::constant || round_->slots[source.index].raw;
    };
    if (step.kind == RoundStep::Kind::array_read) return is_raw(1);
    if (step.kind == RoundStep::Kind::array_write) return is_raw(1) && is_raw(2);
    return std::ranges::all_of(step.fast.reads, is_raw);
}

void Compiler::lay_out() {
    for (Slot& slot : round_->slots) {
        if (!slot.raw) {
            slot.offset = round_->boxes++;
            continue;
        }
        if (!slot.parts.empty()) continue;
        const std::size_t alignment = slot.bytes >= row_alignment ? row_alignment : sizeof(double);
        slot.offset = (round_->row_bytes + alignment - 1) / alignment * alignment;
        round_->row_bytes = slot.offset + slot.bytes;
    }
    round_->row_bytes = (round_->row_bytes + row_alignment - 1) / row_alignment * row_alignment;
}

} // namespace

std::shared_ptr<const Round> compile_round(const Plan& plan, const Dataflow<ops::Value>& dataflow, std::uint32_t frame,
                                           std::span<const LoggedVisit> log) {
    return Compiler(plan, dataflow, frame, log).compile();
}

} // namespace rnnscope::runtime
