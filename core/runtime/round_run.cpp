#include "core/runtime/round_run.hpp"

#include "core/ops/tensor_array.hpp"
#include "core/runtime/round_block.hpp"
#include "core/runtime/round_states.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>
#include <utility>

namespace rnnscope::runtime {
namespace {

using Kind = Source::Kind;
bool guard(const Step& step, const Cursor& at) {
    return *at.in<bool>(step.in[0]) == (step.columns != 0);
}

} // namespace

ops::Value RoundValues::value(const Source& source, std::uint64_t number, const std::byte* row,
                              const std::byte* before) const {
    if (source.kind == Kind::constant) return constants[source.index];
    if (source.kind != Kind::current && source.kind != Kind::previous) return {};
    const bool is_current = source.kind == Kind::current;
    const Slot& slot = round->slots[source.index];
    if (!slot.raw) {
        const Tensor& boxed = boxes[(is_current ? number + 1 : number) * round->boxes + slot.offset];
        return boxed ? ops::Value(boxed) : ops::Value();
    }
    if (slot.parts.empty())
        return Tensor::from_bytes(slot.dtype, slot.shape, {(is_current ? row : before) + slot.offset, slot.bytes});
    std::vector<std::byte> joined(slot.bytes);
    copy_slot(*round, slot, row, before, joined.data());
    return Tensor::from_bytes(slot.dtype, slot.shape, joined);
}

void copy_slot(const Round& round, const Slot& slot, const std::byte* row, const std::byte* before, std::byte* to) {
    if (slot.parts.empty()) {
        if (slot.bytes > 0) std::memcpy(to, row + slot.offset, slot.bytes);
        return;
    }
    std::size_t columns = 0; // in bytes
    for (const ColumnPart& part : slot.parts) columns += part.bytes;
    std::size_t first = 0;
    for (const ColumnPart& part : slot.parts) {
        const std::byte* from = (part.from.kind == Kind::current ? row : before) + round.slots[part.from.index].offset;
        for (std::size_t at = first; at < slot.bytes; at += columns, from += part.bytes)
            std::memcpy(to + at, from, part.bytes);
        first += part.bytes;
    }
}

struct RoundRun::Array {
    ops::TensorArray* array = nullptr;
    DType dtype = DType::invalid; ///< of the elements
    Shape shape;
    std::size_t bytes = 0;
    std::vector<char> taken; ///< read or written in this block; the array itself changes when the block is committed

    bool is_free(std::int32_t index) const {
        return index >= 0 && static_cast<std::size_t>(index) < taken.size() &&
               taken[static_cast<std::size_t>(index)] == 0;
    }
    static bool read(const Step& step, const Cursor& at) {
        auto& self = *static_cast<Array*>(step.data);
        const std::int32_t index = *at.in<std::int32_t>(step.in[0]);
        if (!self.is_free(index)) return false;
        const std::byte* element = self.array->peek(index, self.dtype, self.shape);
        if (element == nullptr) return false;
        std::memcpy(at.out<std::byte>(step.out), element, static_cast<std::size_t>(step.columns));
        if (self.array->options().clear_after_read) self.taken[static_cast<std::size_t>(index)] = 1;
        return true;
    }
    static bool write(const Step& step, const Cursor& at) {
        auto& self = *static_cast<Array*>(step.data);
        const std::int32_t index = *at.in<std::int32_t>(step.in[0]);
        if (!self.is_free(index) || !self.array->is_untouched(index)) return false;
        self.taken[static_cast<std::size_t>(index)] = 1;
        return true;
    }
};

struct RoundRun::Call {
    RoundRun* run = nullptr;
    const RoundVisit* visit = nullptr;
    const PlanNode* node = nullptr;
    Source predicate; ///< of a guard whose predicate lies in a box
    bool expected = false;
    std::vector<ops::Value> inputs, outputs;
    std::vector<ops::VariableAccess> accesses;
};

RoundRun::RoundRun(const Context& context, Keep keep) : context_(context), keep_(keep) {}
RoundRun::~RoundRun() {
    if (values_ && keep_.what != Keep::What::all) values_->rows = {}; // the block does not read them
}

std::unique_ptr<RoundRun> RoundRun::bind(const Context& context, std::shared_ptr<const Round> round, Keep keep,
                                         std::uint64_t most_rounds) {
    std::unique_ptr<RoundRun> run(new RoundRun(context, keep));
    run->values_ = std::make_shared<RoundValues>();
    run->values_->round = std::move(round);
    run->most_rounds_ = most_rounds;
    if (!run->bind_constants()) return nullptr;
    run->allocate();
    if (!run->bind_waiting() || !run->bind_steps()) return nullptr;
    return run;
}

/// By read of an array, in the order of the steps: the tensor whose rows the elements are, if there is one.
std::vector<Tensor> RoundRun::lent_by_arrays() const {
    std::vector<Tensor> lent;
    for (const RoundStep& step : values_->round->steps) {
        if (step.kind != RoundStep::Kind::array_read) continue;
        const Source handle = values_->round->inputs(values_->round->visits[step.visit])[0];
        const auto* array =
            context_.step.find<ops::TensorArray>(std::get<Tensor>(values_->constants[handle.index]).strings()[0]);
        lent.push_back(array != nullptr ? array->whole() : Tensor());
    }
    return lent;
}

bool RoundRun::bind_constants() {
    const Round& round = *values_->round;
    std::vector<const ops::Value*> waiting;
    context_.dataflow.for_each_waiting(context_.frame, [&](const ops::Value& value) { waiting.push_back(&value); });
    values_->constants.reserve(round.constants.size());
    const auto& invariants = context_.dataflow.frame(context_.frame).invariants;
    for (const RoundConstant& constant : round.constants) {
        ops::Value value;
        if (const auto* literal = std::get_if<Tensor>(&constant.origin)) {
            value = *literal;
        } else if (const auto* entered = std::get_if<RoundConstant::Invariant>(&constant.origin)) {
            const auto found = std::ranges::find_if(invariants, [&](const auto& i) { return i.node == entered->node; });
            if (found != invariants.end()) value = found->value;
        } else if (const auto* passed = std::get_if<RoundConstant::Waiting>(&constant.origin)) {
            value = *waiting[passed->number];
        } else {
            const auto& computed = std::get<RoundConstant::Computed>(constant.origin);
            const PlanNode& node = context_.plan.nodes[computed.node];
            std::vector<ops::Value> inputs, outputs(node.outputs);
            std::vector<ops::VariableAccess> accesses;
            for (const std::uint32_t input : computed.inputs) inputs.push_back(values_->constants[input]);
            if (!context_.run_kernel(node, inputs, outputs, accesses)) return false;
            value = std::move(outputs[computed.output]);
        }
        const Tensor* tensor = tensor_of(value);
        if (tensor == nullptr || tensor->dtype() != constant.dtype || tensor->shape() != constant.shape) return false;
        if (constant.is_pinned && !tensor->identical(constant.pinned)) return false;
        values_->constants.push_back(std::move(value));
    }
    return true;
}

/// Puts what waits where the round before would have left it.
bool RoundRun::bind_waiting() {
    const Round& round = *values_->round;
    std::vector<Tensor> put(round.slots.size());
    std::size_t number = 0;
    bool fits = true;
    context_.dataflow.for_each_waiting(context_.frame, [&](const ops::Value& value) {
        const Tensor* tensor = tensor_of(value);
        const Source source = round.waiting[number++];
        if (tensor == nullptr) {
            fits = false;
        } else if (source.kind == Kind::constant) {
            const Tensor& constant = std::get<Tensor>(values_->constants[source.index]);
            fits = fits && (constant.same_buffer(*tensor) || constant.identical(*tensor));
        } else {
            const Slot& slot = round.slots[source.index];
            Tensor& there = put[source.index];
            fits = fits && tensor->dtype() == slot.dtype && (!slot.raw || tensor->shape() == slot.shape) &&
                   (!there || there.same_buffer(*tensor) || there.identical(*tensor));
            there = *tensor;
        }
    });
    if (!fits) return false;
    for (std::size_t i = 0; i < put.size(); ++i) {
        if (!put[i]) continue;
        const Slot& slot = round.slots[i];
        if (slot.raw)
            std::memcpy(values_->row_before(0) + slot.offset, put[i].bytes().data(), slot.bytes);
        else
            values_->boxes[slot.offset] = put[i];
    }
    return true;
}

Operand RoundRun::operand(const Source& source) const {
    if (source.kind == Kind::constant) {
        const auto& tensor = std::get<Tensor>(values_->constants[source.index]);
        return {Cursor::fixed, static_cast<std::int64_t>(reinterpret_cast<std::intptr_t>(tensor.bytes().data()))};
    }
    return {source.kind == Kind::current ? Cursor::current : Cursor::previous,
            static_cast<std::int64_t>(values_->round->slots[source.index].offset)};
}

bool RoundRun::bind_steps() {
    const Round& round = *values_->round;
    std::vector<Step> steps;
    steps.reserve(round.steps.size());
    for (const RoundStep& from : round.steps) {
        Step step;
        step.visit = from.visit;
        switch (from.kind) {
        case RoundStep::Kind::guard:
            if (round.slots[from.predicate.index].raw) {
                step.function = guard;
                step.in[0] = operand(from.predicate);
                step.columns = from.expected ? 1 : 0;
            } else {
                bind_kernel(from, step);
                step.function = check_boxed;
            }
            break;
        case RoundStep::Kind::fast:
            bind_fast(from, step);
            break;
        case RoundStep::Kind::generic:
            bind_kernel(from, step);
            break;
        case RoundStep::Kind::array_read:
        case RoundStep::Kind::array_write:
            if (!bind_array(from, step)) return false;
            break;
        }
        steps.push_back(step);
    }
    // A kernel may have effects, whose order counts.
    const bool in_groups = calls_.empty();
    groups_.resize(1);
    if (!in_groups || std::ranges::all_of(round.groups, [](std::uint32_t group) { return group == 0; })) {
        groups_[0].steps = std::move(steps);
        return true;
    }
    groups_.resize(std::ranges::max(round.groups) + 1);
    for (StepGroup& group : groups_) {
        group.steps.reserve(steps.size());
        group.rest.reserve(steps.size());
    }
    for (std::size_t i = 0; i < steps.size(); ++i) {
        StepGroup& group = groups_[round.groups[i]];
        group.steps.push_back(steps[i]);
        if (round.known[i].columns == 0) {
            group.rest.push_back(steps[i]);
            continue;
        }
        const SplitProduct split = split_product(steps[i], operand(round.known[i].from), round.known[i].columns);
        group.begins.push_back(split.begin);
        if (split.rest.function != nullptr) group.rest.push_back(split.rest);
    }
    return true;
}

void RoundRun::bind_fast(const RoundStep& from, Step& step) {
    const Round& round = *values_->round;
    const RoundVisit& visit = round.visits[from.visit];
    const auto inputs = round.inputs(visit);
    step.function = from.fast.function;
    step.rows = from.fast.rows;
    step.columns = from.fast.columns;
    step.depth = from.fast.depth;
    step.stride = from.fast.stride;
    for (std::size_t i = 0; i < from.reads.size(); ++i) step.in[i] = operand(from.reads[i]);
    if (from.fast.packs_second) {
        packed_.push_back(
            context_.packs.packed(std::get<Tensor>(values_->constants[inputs[1].index]), from.fast.transposes_second));
        step.packed = packed_.back().get();
    }
    const auto outputs = round.outputs(visit);
    const auto& parts = round.slots[outputs[0].index].parts;
    const auto made = [&](std::size_t i) { return operand(parts.empty() ? outputs[i] : parts[i].from); };
    step.out = made(0);
    if ((parts.empty() ? outputs.size() : parts.size()) > 1) step.out_stride = made(1).offset - step.out.offset;
}

void RoundRun::bind_kernel(const RoundStep& from, Step& step) {
    const Round& round = *values_->round;
    auto call = std::make_unique<Call>();
    call->run = this;
    call->visit = &round.visits[from.visit];
    call->node = &context_.plan.nodes[call->visit->node];
    call->predicate = from.predicate;
    call->expected = from.expected;
    for (const Source& input : round.inputs(*call->visit))
        call->inputs.push_back(input.kind == Kind::constant ? values_->constants[input.index] : ops::Value());
    step.function = run_kernel;
    step.data = call.get();
    calls_.push_back(std::move(call));
}

bool RoundRun::check_boxed(const Step& step, const Cursor&) {
    const Call& call = *static_cast<const Call*>(step.data);
    const ops::Value predicate = call.run->values_->value(call.predicate, call.run->rounds_);
    const Tensor* tensor = tensor_of(predicate);
    return tensor != nullptr && tensor->dtype() == DType::boolean && tensor->shape().is_scalar() &&
           tensor->values<bool>()[0] == call.expected;
}

bool RoundRun::run_kernel(const Step& step, const Cursor&) {
    Call& call = *static_cast<Call*>(step.data);
    RoundValues& values = *call.run->values_;
    const Round& round = *values.round;
    const std::uint64_t number = call.run->rounds_;
    const auto inputs = round.inputs(*call.visit);
    for (std::size_t i = 0; i < inputs.size(); ++i)
        if (inputs[i].kind != Kind::constant) call.inputs[i] = values.value(inputs[i], number);
    call.outputs.assign(call.node->outputs, ops::Value());
    call.accesses.clear();
    // An error is found again, and reported, by the executor, which is then asked to do this visit.
    if (!call.run->context_.run_kernel(*call.node, call.inputs, call.outputs, call.accesses)) return false;
    const auto outputs = round.outputs(*call.visit);
    for (std::size_t o = 0; o < outputs.size(); ++o) {
        if (outputs[o].kind != Kind::current) continue;
        if (auto* tensor = std::get_if<Tensor>(&call.outputs[o]))
            values.boxes[(number + 1) * round.boxes + round.slots[outputs[o].index].offset] = std::move(*tensor);
    }
    for (ops::VariableAccess& access : call.accesses)
        values.accesses.emplace_back(number * round.visits.size() + step.visit, std::move(access));
    return true;
}

bool RoundRun::bind_array(const RoundStep& from, Step& step) {
    const Round& round = *values_->round;
    const RoundVisit& visit = round.visits[from.visit];
    const auto inputs = round.inputs(visit);
    const std::string& handle = std::get<Tensor>(values_->constants[inputs[0].index]).strings()[0];
    ops::TensorArray* array = context_.step.find<ops::TensorArray>(handle);
    if (array == nullptr) return false;
    const bool reads = from.kind == RoundStep::Kind::array_read;
    if (!reads && (array->options().dynamic_size || array->options().adds_writes)) {
        bind_kernel(from, step); // what grows or adds up is left to the kernel
        return true;
    }
    std::unique_ptr<Array>& bound = arrays_[handle];
    const bool is_new = !bound;
    if (is_new) {
        bound = std::make_unique<Array>();
        bound->array = array;
        bound->taken.resize(static_cast<std::size_t>(array->size()), 0);
    }
    const Source value = reads ? round.outputs(visit)[0] : inputs[2];
    const bool is_constant = value.kind == Kind::constant;
    const DType dtype = is_constant ? round.constants[value.index].dtype : round.slots[value.index].dtype;
    const Shape& shape = is_constant ? round.constants[value.index].shape : round.slots[value.index].shape;
    if (!is_new && (bound->dtype != dtype || bound->shape != shape)) return false;
    if (!reads && !array->takes(dtype, shape)) return false;
    bound->dtype = dtype;
    bound->shape = shape;
    bound->bytes = static_cast<std::size_t>(shape.elements()) * dtype_size(dtype);
    step.in[0] = operand(inputs[1]);
    step.data = bound.get();
    step.function = reads ? Array::read : Array::write;
    if (reads) {
        step.out = operand(value);
        step.columns = static_cast<std::int64_t>(round.slots[value.index].bytes);
    }
    return true;
}

/// Reads and writes of arrays are done when it is sure that they belong to the run.
void RoundRun::change_array(const RoundStep& step, std::uint64_t first, std::uint64_t end) {
    const auto inputs = values_->round->inputs(values_->round->visits[step.visit]);
    const std::string& handle = std::get<Tensor>(values_->constants[inputs[0].index]).strings()[0];
    const auto found = arrays_.find(handle);
    if (found == arrays_.end()) return;
    const Array& bound = *found->second;
    ops::TensorArray& array = *bound.array;
    const bool writes = step.kind == RoundStep::Kind::array_write;
    const Operand at = operand(inputs[1]);
    for (std::uint64_t round = first; round < end; ++round) {
        const Cursor rows = cursor(round);
        const std::int32_t index = *rows.in<std::int32_t>(at);
        if (!writes) {
            array.note_read(index);
        } else if (std::byte* to = array.write_in_place(index, bound.dtype, bound.shape)) {
            std::memcpy(to, rows.in<std::byte>(operand(inputs[2])), bound.bytes);
        } else {
            [[maybe_unused]] const Status status =
                array.write(index, std::get<Tensor>(values_->value(inputs[2], round)));
            assert(status.ok());
        }
    }
}

std::shared_ptr<const EventBlock> RoundRun::commit_rounds() {
    const Round& round = *values_->round;
    if (kept_rows_.data() != nullptr) {
        if (rounds_ < most_rounds_) stream_rows(rounds_ + 1, rounds_ + 2); // the partial one
        ops::simd::kernels().finish(errand_);
        values_->rows = std::exchange(kept_rows_, {});
        values_->first_row = 0;
    }
    if (keep_.what == Keep::What::all)
        values_->rows.shrink((std::min(rounds_ + 1, most_rounds_) + 1) * round.row_bytes);
    values_->boxes.resize((std::min(rounds_ + 1, most_rounds_) + 1) * round.boxes);
    if (rounds_ == 0) return nullptr;
    const std::int64_t first = context_.dataflow.front().iteration;
    context_.dataflow.shift(context_.frame, static_cast<std::int64_t>(rounds_));
    std::size_t number = 0;
    context_.dataflow.for_each_waiting(context_.frame, [&](ops::Value& value) {
        // At the end of the block there may be no row of the round that comes; what waits is in the one before.
        value = values_->value(round.waiting[number++], rounds_, nullptr, values_->row_before(rounds_));
    });
    if (keep_.what == Keep::What::nothing) return nullptr;
    std::vector<BlockVisit> visits;
    for (const RoundVisit& visit : round.visits)
        visits.push_back({context_.plan.nodes[visit.node].node->id, visit.iteration, visit.dead, false});
    for (const auto& [event, access] : values_->accesses) visits[event % visits.size()].may_access_variables = true;
    const std::uint32_t frame = context_.dataflow.frame(context_.frame).id;
    auto steps = std::make_shared<const BoundSteps>(
        BoundSteps{std::exchange(groups_, {}), std::exchange(packed_, {}), std::exchange(lent_, {})});
    if (states_) return states_->finish(std::move(steps), std::move(visits), frame, first, rounds_);
    return make_round_block(values_, std::move(steps), std::move(visits), frame, first, rounds_);
}

std::vector<ops::Value> RoundRun::partial_outputs(std::uint32_t visit) const {
    std::vector<ops::Value> outputs;
    for (const Source& output : values_->round->outputs(values_->round->visits[visit]))
        outputs.push_back(values_->value(output, rounds_));
    return outputs;
}

std::vector<ops::VariableAccess> RoundRun::partial_accesses(std::uint32_t visit) const {
    std::vector<ops::VariableAccess> accesses;
    const std::uint64_t event = rounds_ * values_->round->visits.size() + visit;
    for (const auto& [of, access] : values_->accesses)
        if (of == event) accesses.push_back(access);
    return accesses;
}

void RoundRun::commit_partial(std::uint32_t visit) {
    for (const RoundStep& step : values_->round->steps) {
        if (step.visit != visit) continue;
        if (step.kind == RoundStep::Kind::array_read || step.kind == RoundStep::Kind::array_write)
            change_array(step, rounds_, rounds_ + 1);
    }
}

} // namespace rnnscope::runtime
