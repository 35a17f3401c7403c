#include "core/runtime/round_block.hpp"

#include "core/ops/simd_kernels.hpp"
#include "core/runtime/round_states.hpp"

#include <algorithm>
#include <cstring>

namespace rnnscope::runtime {
namespace {

using Kind = Source::Kind;

/// Questions about all rounds of a block whose rows are there, answered from the memory as it lies: copying each value
/// out would take fifty times as long.
class RoundScan {
  public:
    /// `only`: visits, as for EventBlock::next_unfinite.
    RoundScan(const RoundValues& values, std::uint64_t rounds, std::span<const std::uint32_t> only);

    /// As EventBlock::next_unfinite and last_unfinite.
    std::uint64_t next_unfinite(std::uint64_t from);
    std::uint64_t last_unfinite(std::uint64_t before);

  private:
    void look_at_all();
    void look_at(const RoundVisit& visit);
    bool is_suspect(std::uint64_t round);
    bool is_row_finite(std::uint64_t number) const;
    bool is_unfinite(std::uint64_t event) const;
    bool is_finite(const Source& source, std::uint64_t round) const;

    const RoundValues& values_;
    std::uint64_t rounds_;
    std::span<const std::uint32_t> only_;
    struct Floats { ///< in a row
        std::size_t offset = 0, count = 0;
    };
    std::vector<Floats> floats_;   ///< when these are finite, all in the row are that is asked for
    std::uint64_t finite_row_ = 0; ///< number of a row that was looked at; 0: none
    bool is_simple_ = true; ///< a round has no NaN and no infinity if there are none in its row and in the one before
};

/// By slot: would a NaN or an infinity in it show in another slot of the same row? Most steps pass them on; those that
/// squash do not.
std::vector<bool> shown_elsewhere(const Round& round) {
    std::vector<bool> shown(round.slots.size(), false);
    for (const RoundStep& step : round.steps) {
        if (step.kind != RoundStep::Kind::fast || !step.fast.shows_unfinite) continue;
        const RoundVisit& visit = round.visits[step.visit];
        const bool is_all_there = std::ranges::all_of(round.outputs(visit), [&](const Source& output) {
            return output.kind == Kind::current && round.slots[output.index].raw && round.slots[output.index].bytes > 0;
        });
        for (const Source& source : step.reads)
            if (is_all_there && source.kind == Kind::current) shown[source.index] = true;
    }
    return shown;
}

RoundScan::RoundScan(const RoundValues& values, std::uint64_t rounds, std::span<const std::uint32_t> only)
    : values_(values), rounds_(rounds), only_(only) {
    if (only_.empty()) look_at_all();
    for (const std::uint32_t visit : only_) look_at(values.round->visits[visit]);
}

void RoundScan::look_at_all() {
    const Round& round = *values_.round;
    const std::vector<bool> shown = shown_elsewhere(round);
    for (std::size_t i = 0; i < round.slots.size(); ++i) {
        const Slot& slot = round.slots[i];
        if (!slot.raw || (slot.dtype != DType::float32 && is_floating(slot.dtype))) is_simple_ = false;
        if (slot.raw && slot.dtype == DType::float32 && slot.parts.empty() && !shown[i])
            floats_.push_back({slot.offset, slot.bytes / sizeof(float)});
    }
    for (const RoundVisit& visit : round.visits)
        for (const Source& output : round.outputs(visit))
            is_simple_ = is_simple_ && (output.kind != Kind::constant || is_finite(output, 0));
}

/// Both rows of a round are looked at, whichever of them has the output.
void RoundScan::look_at(const RoundVisit& visit) {
    const Round& round = *values_.round;
    for (const Source& output : round.outputs(visit)) {
        if (output.kind == Kind::constant) {
            is_simple_ = is_simple_ && is_finite(output, 0);
            continue;
        }
        const Slot& slot = round.slots[output.index];
        if (slot.raw && !is_floating(slot.dtype)) continue;
        if (slot.raw && slot.dtype == DType::float32 && slot.parts.empty())
            floats_.push_back({slot.offset, slot.bytes / sizeof(float)});
        else
            is_simple_ = false;
    }
}

bool RoundScan::is_row_finite(std::uint64_t number) const {
    const auto& kernels = ops::simd::kernels();
    const std::byte* row = values_.row_before(number);
    // What is looked at is scattered over the row, which processors do not foresee. Fetching is never an error.
    constexpr std::size_t rows_ahead = 6, line = 64;
    const auto ahead = reinterpret_cast<std::uintptr_t>(row) + rows_ahead * values_.round->row_bytes;
    return std::ranges::all_of(floats_, [&](const Floats& floats) {
        for (std::size_t at = 0; at < floats.count * sizeof(float); at += line)
            __builtin_prefetch(reinterpret_cast<const void*>(ahead + floats.offset + at));
        return kernels.all_finite(reinterpret_cast<const float*>(row + floats.offset), floats.count);
    });
}

/// The row before a block's first round holds only what went on from there: what else lies in it may be anything.
bool RoundScan::is_suspect(std::uint64_t round) {
    if (!is_simple_ || round == 0) return true;
    const std::uint64_t known = finite_row_; // from the round after or before
    for (const std::uint64_t row : {round, round + 1}) {
        if (row == known) continue;
        if (!is_row_finite(row)) return true;
        finite_row_ = row;
    }
    return false;
}

bool RoundScan::is_finite(const Source& source, std::uint64_t round) const {
    if (source.kind == Kind::current || source.kind == Kind::previous) {
        const Slot& slot = values_.round->slots[source.index];
        if (slot.raw && !is_floating(slot.dtype)) return true;
    }
    const ops::Value value = values_.value(source, round);
    const Tensor* tensor = tensor_of(value);
    return tensor == nullptr || all_finite(*tensor);
}

bool RoundScan::is_unfinite(std::uint64_t event) const {
    const Round& round = *values_.round;
    const auto offset = static_cast<std::uint32_t>(event % round.visits.size());
    if (!only_.empty() && !std::ranges::binary_search(only_, offset)) return false;
    const RoundVisit& visit = round.visits[offset];
    return std::ranges::any_of(round.outputs(visit),
                               [&](const Source& output) { return !is_finite(output, event / round.visits.size()); });
}

std::uint64_t RoundScan::next_unfinite(std::uint64_t from) {
    const std::uint64_t visits = values_.round->visits.size(), events = rounds_ * visits;
    while (from < events) {
        const std::uint64_t end = (from / visits + 1) * visits;
        if (!is_suspect(from / visits)) from = end;
        for (; from < end; ++from)
            if (is_unfinite(from)) return from;
    }
    return events;
}

std::uint64_t RoundScan::last_unfinite(std::uint64_t before) {
    const std::uint64_t visits = values_.round->visits.size(), events = rounds_ * visits;
    for (before = std::min(before, events); before > 0;) {
        const std::uint64_t begin = (before - 1) / visits * visits;
        if (!is_suspect(begin / visits)) before = begin;
        for (; before > begin; --before)
            if (is_unfinite(before - 1)) return before - 1;
    }
    return events;
}

/// Of a value in parts: the part that has the element, which becomes its number there.
Source part_of(const Slot& slot, std::int64_t& element) {
    constexpr auto size = static_cast<std::int64_t>(sizeof(float));
    std::int64_t columns = 0, first = 0;
    for (const ColumnPart& part : slot.parts) columns += static_cast<std::int64_t>(part.bytes) / size;
    for (const ColumnPart& part : slot.parts) {
        const std::int64_t width = static_cast<std::int64_t>(part.bytes) / size, column = element % columns - first;
        if (column < width) {
            element = element / columns * width + column;
            return part.from;
        }
        first += width;
    }
    return {};
}

void read_elements(const RoundValues& values, std::size_t visit, std::size_t output, std::int64_t element,
                   std::uint64_t first, std::span<double> to) {
    const Round& round = *values.round;
    const auto outputs = round.outputs(round.visits[visit]);
    Source source = output < outputs.size() ? outputs[output] : Source();
    const auto slot_of = [&](const Source& of) {
        return of.kind == Kind::current || of.kind == Kind::previous ? &round.slots[of.index] : nullptr;
    };
    const Slot* slot = slot_of(source);
    if (slot != nullptr && !slot->parts.empty() && element >= 0 && element < slot->shape.elements()) {
        source = part_of(*slot, element);
        slot = slot_of(source);
    }
    const bool is_raw = slot != nullptr && slot->raw && slot->dtype == DType::float32;
    if (is_raw && element >= 0 && element < static_cast<std::int64_t>(slot->bytes / sizeof(float))) {
        const std::size_t offset = slot->offset + static_cast<std::size_t>(element) * sizeof(float);
        for (std::size_t i = 0; i < to.size(); ++i) {
            float value = 0;
            const std::uint64_t number = first + i + (source.kind == Kind::current ? 1 : 0);
            std::memcpy(&value, values.row_before(number) + offset, sizeof value);
            to[i] = value;
        }
        return;
    }
    for (std::size_t i = 0; i < to.size(); ++i) {
        const ops::Value value = values.value(source, first + i);
        const Tensor* tensor = tensor_of(value);
        to[i] = number_or_nan(tensor != nullptr ? *tensor : Tensor(), element);
    }
}

/// All rows are there.
class RoundBlock : public EventBlock {
  public:
    RoundBlock(std::shared_ptr<const RoundValues> values, std::shared_ptr<const BoundSteps> steps,
               std::vector<BlockVisit> visits, std::uint32_t frame, std::int64_t first_iteration, std::uint64_t rounds)
        : EventBlock(std::move(visits), frame, first_iteration), values_(std::move(values)), steps_(std::move(steps)) {
        rounds_ = rounds;
    }

    void read(std::uint64_t event, BlockEvent& out) const override {
        const std::uint64_t round = event / visits().size();
        read_event(*values_, event, values_->row_before(round + 1), values_->row_before(round), out);
    }
    Tensor output(std::uint64_t event, std::size_t index) const override {
        const std::uint64_t round = event / visits().size();
        return read_output(*values_, event, index, values_->row_before(round + 1), values_->row_before(round));
    }
    std::uint64_t next_unfinite(std::uint64_t from, std::span<const std::uint32_t> only) const override {
        return RoundScan(*values_, rounds(), only).next_unfinite(from);
    }
    std::uint64_t last_unfinite(std::uint64_t before, std::span<const std::uint32_t> only) const override {
        return RoundScan(*values_, rounds(), only).last_unfinite(before);
    }
    void elements(std::size_t visit, std::size_t output, std::int64_t element, std::uint64_t first,
                  std::span<double> to) const override {
        read_elements(*values_, visit, output, element, first, to);
    }
    std::size_t bytes() const override { return (rounds() + 1) * values_->round->row_bytes + boxed_bytes(*values_); }
    const RoundValues* round_values() const override { return values_.get(); }
    void read_rows(std::uint64_t round, std::byte* row, std::byte* before) const override {
        if (values_->round->row_bytes == 0) return;
        std::memcpy(row, values_->row_before(round + 1), values_->round->row_bytes);
        std::memcpy(before, values_->row_before(round), values_->round->row_bytes);
    }

    std::shared_ptr<const EventBlock> thinned(std::uint32_t interval, RowPool& pool) const override {
        const auto rest = std::make_shared<RoundValues>(*values_);
        rest->rows = {};
        const auto states = std::make_shared<RoundStates>(rest, interval, steps_->lent);
        if (states->bytes_per_round() >= values_->round->row_bytes) return nullptr;
        states->allocate(pool, rounds());
        for (std::uint64_t round = 0; round < rounds(); ++round)
            states->keep(round, values_->row_before(round + 1), values_->row_before(round));
        return states->finish(steps_, {visits().begin(), visits().end()}, frame(), first_iteration(), rounds());
    }

  private:
    std::shared_ptr<const RoundValues> values_;
    std::shared_ptr<const BoundSteps> steps_;
};

} // namespace

std::shared_ptr<const EventBlock> make_round_block(std::shared_ptr<const RoundValues> values,
                                                   std::shared_ptr<const BoundSteps> steps,
                                                   std::vector<BlockVisit> visits, std::uint32_t frame,
                                                   std::int64_t first_iteration, std::uint64_t rounds) {
    return std::make_shared<RoundBlock>(std::move(values), std::move(steps), std::move(visits), frame, first_iteration,
                                        rounds);
}

} // namespace rnnscope::runtime
