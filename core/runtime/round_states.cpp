#include "core/runtime/round_states.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <limits>
#include <mutex>
#include <set>

namespace rnnscope::runtime {
namespace {

constexpr std::uint32_t not_made = std::numeric_limits<std::uint32_t>::max();

const RoundVisit& visit_of(const RoundValues& values, std::uint64_t event) {
    return values.round->visits[static_cast<std::size_t>(event % values.round->visits.size())];
}

} // namespace

void read_event(const RoundValues& values, std::uint64_t event, const std::byte* row, const std::byte* before,
                BlockEvent& out) {
    const RoundVisit& visit = visit_of(values, event);
    const std::uint64_t round = event / values.round->visits.size();
    out.inputs.clear();
    out.outputs.clear();
    out.accesses.clear();
    for (const Source& input : values.round->inputs(visit))
        out.inputs.push_back(values.value(input, round, row, before));
    for (const Source& output : values.round->outputs(visit))
        out.outputs.push_back(values.value(output, round, row, before));
    auto access = std::ranges::lower_bound(values.accesses, event, {}, [](const auto& entry) { return entry.first; });
    for (; access != values.accesses.end() && access->first == event; ++access) out.accesses.push_back(access->second);
}

Tensor read_output(const RoundValues& values, std::uint64_t event, std::size_t index, const std::byte* row,
                   const std::byte* before) {
    const auto outputs = values.round->outputs(visit_of(values, event));
    if (index >= outputs.size()) return {};
    const ops::Value value = values.value(outputs[index], event / values.round->visits.size(), row, before);
    const Tensor* tensor = tensor_of(value);
    return tensor != nullptr ? *tensor : Tensor();
}

std::size_t boxed_bytes(const RoundValues& values) {
    std::size_t bytes = 0;
    for (const Tensor& boxed : values.boxes)
        if (boxed) bytes += boxed.byte_size();
    return bytes;
}

/// A round as far as it was computed again.
struct RoundStates::Rows {
    std::uint64_t round = 0;
    std::uint64_t used = 0; ///< 0: empty
    std::unique_ptr<std::byte[]> row, before;
    std::vector<bool> made; ///< by step

    Cursor cursor() const {
        Cursor at;
        at.base[Cursor::previous] = reinterpret_cast<std::intptr_t>(before.get());
        at.base[Cursor::current] = reinterpret_cast<std::intptr_t>(row.get());
        return at;
    }
};

/// The rounds that were asked for last: who looks at one looks at more of it.
struct RoundStates::Computed {
    std::mutex mutex;
    std::array<Rows, 4> kept;
    std::uint64_t clock = 0;
    std::uint64_t round = 0; ///< that is being computed, for the steps that recall what arrays gave
    struct Recall {
        const std::byte* from = nullptr;
        std::size_t stride = 0;
        const std::uint64_t* round = nullptr; ///< null: rows of a tensor, by the index that the step reads
        static bool read(const Step& step, const Cursor& at) {
            const auto& self = *static_cast<const Recall*>(step.packed);
            const std::size_t row = self.round != nullptr ? static_cast<std::size_t>(*self.round)
                                                          : static_cast<std::size_t>(*at.in<std::int32_t>(step.in[0]));
            std::memcpy(at.out<std::byte>(step.out), self.from + row * self.stride,
                        static_cast<std::size_t>(step.columns));
            return true;
        }
    };
    std::vector<std::unique_ptr<Recall>> recalls;
};

RoundStates::RoundStates(std::shared_ptr<const RoundValues> values, std::uint32_t interval,
                         std::span<const Tensor> lent)
    : values_(std::move(values)), interval_(std::max(interval, 1U)), last_(std::make_unique<Computed>()) {
    const Round& round = *values_->round;
    std::set<std::uint32_t> carried;
    for (const Source& source : round.waiting)
        if (source.kind == Source::Kind::previous && round.slots[source.index].raw) carried.insert(source.index);
    for (const std::uint32_t slot : carried) state_.push_back({round.slots[slot].offset, round.slots[slot].bytes, 0});
    // Long ones lie on whole cache lines, where that costs hardly any memory: they are copied faster.
    std::ranges::stable_sort(state_, std::ranges::greater(), &Field::bytes);
    for (Field& field : state_) field.kept_at = std::exchange(state_bytes_, state_bytes_ + field.bytes);
    constexpr std::size_t line = 64, long_state = 8192;
    if (state_bytes_ >= long_state) state_bytes_ = (state_bytes_ + line - 1) / line * line;
    std::size_t reads = 0;
    for (const RoundStep& step : round.steps) {
        if (step.kind != RoundStep::Kind::array_read || lent[reads++]) continue;
        const Slot& slot = round.slots[round.outputs(round.visits[step.visit])[0].index];
        inputs_.push_back({slot.offset, slot.bytes, input_bytes_});
        input_bytes_ += slot.bytes;
    }
}
RoundStates::~RoundStates() = default;

std::size_t RoundStates::bytes_per_round() const {
    return input_bytes_ + state_bytes_ / interval_ + 1;
}

void RoundStates::allocate(RowPool& pool, std::uint64_t rounds) {
    const std::size_t states = (rounds / interval_ + 1) * state_bytes_;
    memory_ = pool.allocate(states + rounds * input_bytes_);
    states_ = memory_.data();
    given_ = memory_.data() + states;
}

void RoundStates::keep(std::uint64_t round, const std::byte* row, const std::byte* before) {
    const auto take = [](const std::vector<Field>& fields, const std::byte* from, std::byte* to) {
        for (const Field& field : fields) std::memcpy(to + field.kept_at, from + field.offset, field.bytes);
    };
    if (round % interval_ == 0) take(state_, before, states_ + round / interval_ * state_bytes_);
    take(inputs_, row, given_ + round * input_bytes_);
}

void RoundStates::take_steps() {
    const Round& round = *values_->round;
    std::vector<const Step*> bound; // by visit
    for (const StepGroup& group : bound_->groups)
        for (const Step& step : group.steps) bound.push_back(&step);
    std::ranges::stable_sort(bound, {}, &Step::visit);
    std::size_t reads = 0, copied = 0;
    for (const RoundStep& from : round.steps) {
        if (from.kind != RoundStep::Kind::fast && from.kind != RoundStep::Kind::array_read) continue;
        auto found = std::ranges::lower_bound(bound, from.visit, {}, &Step::visit);
        // A guard may belong to the same visit.
        while (from.kind == RoundStep::Kind::fast && (*found)->function != from.fast.function) ++found;
        Step step = **found;
        if (from.kind == RoundStep::Kind::array_read) {
            auto recall = std::make_unique<Computed::Recall>();
            const Tensor& lent = bound_->lent[reads++];
            recall->from = lent ? lent.bytes().data() : given_ + inputs_[copied++].kept_at;
            recall->stride = lent ? static_cast<std::size_t>(step.columns) : input_bytes_;
            recall->round = lent ? nullptr : &last_->round;
            step.function = Computed::Recall::read;
            step.packed = recall.get();
            last_->recalls.push_back(std::move(recall));
        }
        steps_.push_back(step);
    }
    std::ranges::stable_sort(steps_, {}, &Step::visit);
}

void RoundStates::find_needs() {
    const Round& round = *values_->round;
    const auto step_of = [&](std::uint32_t visit) {
        const auto found = std::ranges::lower_bound(steps_, visit, {}, &Step::visit);
        return found != steps_.end() && found->visit == visit ? static_cast<std::uint32_t>(found - steps_.begin())
                                                              : not_made;
    };
    for (const Slot& slot : round.slots) maker_.push_back(slot.raw ? step_of(slot.visit) : not_made);
    needs_.resize(steps_.size());
    for (const RoundStep& from : round.steps) {
        const std::uint32_t step = step_of(from.visit);
        if (step == not_made || from.kind == RoundStep::Kind::guard) continue;
        const auto inputs = round.inputs(round.visits[from.visit]);
        const auto need = [&](const Source& source) {
            if (source.kind == Source::Kind::current && maker_[source.index] != not_made)
                needs_[step].push_back(maker_[source.index]);
        };
        if (from.kind == RoundStep::Kind::array_read) need(inputs[1]);
        for (const Source& read : from.reads) need(read);
    }
}

void RoundStates::make(Rows& rows, std::uint32_t step) {
    if (rows.made[step]) return;
    rows.made[step] = true;
    for (const std::uint32_t needed : needs_[step]) make(rows, needed);
    steps_[step].function(steps_[step], rows.cursor());
}

void RoundStates::make(Rows& rows, std::span<const Source> sources) {
    for (const Source& source : sources) {
        if (source.kind != Source::Kind::current) continue;
        for (const ColumnPart& part : values_->round->slots[source.index].parts) make(rows, std::array{part.from});
        if (maker_[source.index] != not_made) make(rows, maker_[source.index]);
    }
}

void RoundStates::make_all(Rows& rows) {
    for (std::uint32_t step = 0; step < steps_.size(); ++step) make(rows, step);
}

void RoundStates::copy_state(std::uint64_t round, std::byte* to) const {
    const std::byte* from = states_ + round / interval_ * state_bytes_;
    for (const Field& field : state_) std::memcpy(to + field.offset, from + field.kept_at, field.bytes);
}

/// The row before is there, and of the row that which is the next round's state.
void RoundStates::begin_rows(Rows& rows, std::uint64_t round) {
    rows.round = last_->round = round;
    rows.made.assign(steps_.size(), false);
    if ((round + 1) % interval_ != 0 || round + 1 >= kept_rounds_) return;
    copy_state(round + 1, rows.row.get());
    const Round& of = *values_->round;
    for (const Source& source : of.waiting) {
        if (source.kind != Source::Kind::previous || maker_[source.index] == not_made) continue;
        // A step with several results is made when any other one is asked for.
        const auto outputs = of.outputs(of.visits[of.slots[source.index].visit]);
        if (outputs.size() == 1 && outputs[0] == Source{Source::Kind::current, source.index})
            rows.made[maker_[source.index]] = true;
    }
}

RoundStates::Rows& RoundStates::rows_of(std::uint64_t round) {
    if (maker_.size() != values_->round->slots.size()) { // few blocks are ever looked into
        take_steps();
        find_needs();
    }
    Computed& last = *last_;
    last.round = round;
    const auto found =
        std::ranges::find_if(last.kept, [&](const Rows& rows) { return rows.used > 0 && rows.round == round; });
    Rows& rows = found != last.kept.end() ? *found : *std::ranges::min_element(last.kept, {}, &Rows::used);
    const bool is_there = found != last.kept.end();
    // Who goes through the rounds one after the other needs but one step from the one that was computed before.
    const auto previous = std::ranges::find_if(last.kept, [&](const Rows& other) {
        return other.used > 0 && other.round + 1 == round && round % interval_ != 0;
    });
    const bool continues = previous != last.kept.end();
    rows.used = ++last.clock;
    if (is_there) return rows;
    const std::size_t bytes = values_->round->row_bytes;
    if (!rows.row) {
        rows.row = std::make_unique<std::byte[]>(bytes);
        rows.before = std::make_unique<std::byte[]>(bytes);
    }
    if (continues) {
        last.round = previous->round;
        make_all(*previous);
        if (&*previous != &rows)
            std::memcpy(rows.before.get(), previous->row.get(), bytes);
        else
            std::swap(rows.row, rows.before);
        begin_rows(rows, round);
        return rows;
    }
    copy_state(round, rows.before.get());
    for (std::uint64_t at = round / interval_ * interval_;; ++at) {
        begin_rows(rows, at);
        if (at == round) return rows;
        make_all(rows);
        std::swap(rows.row, rows.before);
    }
}

std::shared_ptr<RoundStates> RoundStates::thinned(std::uint32_t interval, std::uint64_t rounds, RowPool& pool) const {
    const std::uint64_t fewer = std::max<std::uint64_t>(interval / interval_, 1);
    auto thin = std::make_shared<RoundStates>(values_, static_cast<std::uint32_t>(interval_ * fewer), bound_->lent);
    thin->allocate(pool, rounds);
    for (std::uint64_t state = 0; state * thin->interval_ < rounds; ++state)
        std::memcpy(thin->states_ + state * state_bytes_, states_ + state * fewer * state_bytes_, state_bytes_);
    std::memcpy(thin->given_, given_, rounds * input_bytes_);
    return thin;
}

template <class Read>
void RoundStates::with_values(std::uint64_t round, std::initializer_list<std::span<const Source>> sources,
                              Read&& read) {
    const std::lock_guard lock(last_->mutex);
    Rows& rows = rows_of(round);
    for (const std::span<const Source> wanted : sources) make(rows, wanted);
    read(rows.row.get(), rows.before.get());
}

template <class Read> void RoundStates::with_rows(std::uint64_t round, Read&& read) {
    const std::lock_guard lock(last_->mutex);
    Rows& rows = rows_of(round);
    make_all(rows);
    read(rows.row.get(), rows.before.get());
}

std::size_t RoundStates::bytes(std::uint64_t rounds) const {
    return (rounds / interval_ + 1) * state_bytes_ + rounds * input_bytes_ + boxed_bytes(*values_);
}

namespace {

class LeanBlock : public EventBlock {
  public:
    LeanBlock(std::shared_ptr<RoundStates> states, std::vector<BlockVisit> visits, std::uint32_t frame,
              std::int64_t first_iteration, std::uint64_t rounds)
        : EventBlock(std::move(visits), frame, first_iteration), states_(std::move(states)) {
        rounds_ = rounds;
    }
    void read(std::uint64_t event, BlockEvent& out) const override {
        const Round& round = *states_->values().round;
        const RoundVisit& visit = visit_of(states_->values(), event);
        states_->with_values(event / visits().size(), {round.inputs(visit), round.outputs(visit)},
                             [&](const std::byte* row, const std::byte* before) {
                                 read_event(states_->values(), event, row, before, out);
                             });
    }
    Tensor output(std::uint64_t event, std::size_t index) const override {
        Tensor result;
        const auto outputs = states_->values().round->outputs(visit_of(states_->values(), event));
        if (index >= outputs.size()) return result;
        states_->with_values(event / visits().size(), {outputs.subspan(index, 1)},
                             [&](const std::byte* row, const std::byte* before) {
                                 result = read_output(states_->values(), event, index, row, before);
                             });
        return result;
    }
    std::size_t bytes() const override { return states_->bytes(rounds()); }
    std::shared_ptr<const EventBlock> thinned(std::uint32_t interval, RowPool& pool) const override {
        if (interval < 2 * states_->interval()) return nullptr;
        return states_->thinned(interval, rounds(), pool)
            ->finish(states_->steps(), {visits().begin(), visits().end()}, frame(), first_iteration(), rounds());
    }
    const RoundValues* round_values() const override { return &states_->values(); }
    void read_rows(std::uint64_t round, std::byte* row, std::byte* before) const override {
        const std::size_t size = states_->values().round->row_bytes;
        if (size == 0) return;
        states_->with_rows(round, [&](const std::byte* computed, const std::byte* computed_before) {
            std::memcpy(row, computed, size);
            std::memcpy(before, computed_before, size);
        });
    }

  private:
    std::shared_ptr<RoundStates> states_;
};

} // namespace

std::shared_ptr<const EventBlock> RoundStates::finish(std::shared_ptr<const BoundSteps> steps,
                                                      std::vector<BlockVisit> visits, std::uint32_t frame,
                                                      std::int64_t first_iteration, std::uint64_t rounds) {
    bound_ = std::move(steps);
    // What arrays gave moves up behind the states that there are, and the rest of the memory is given back.
    const std::size_t states = (rounds / interval_ + 1) * state_bytes_;
    std::byte* moved = memory_.data() + states;
    if (moved < given_) {
        std::memmove(moved, given_, rounds * input_bytes_);
        given_ = moved;
    }
    memory_.shrink(states + rounds * input_bytes_);
    kept_rounds_ = rounds;
    return std::make_shared<LeanBlock>(shared_from_this(), std::move(visits), frame, first_iteration, rounds);
}

} // namespace rnnscope::runtime
