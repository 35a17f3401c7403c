#include "core/record/stored_rounds.hpp"

#include "core/runtime/round_states.hpp"

#include <algorithm>
#include <cassert>
#include <cstring>

namespace rnnscope::record {
namespace {

using runtime::Round;
using runtime::RoundVisit;
using runtime::Slot;
using runtime::Source;

constexpr std::size_t rows_at_once = std::size_t{256} << 10U; ///< bytes of rows that are stored, and read, together
constexpr std::size_t most_row_bytes = std::size_t{1} << 30U;

/// Offsets of raw slots one behind the other, and which slots go from round to round.
void place_slots(RoundLayout& layout, Round& round) {
    round.row_bytes = 0;
    for (Slot& slot : round.slots) {
        if (!slot.raw) continue;
        slot.offset = round.row_bytes;
        round.row_bytes += slot.bytes;
    }
    for (const Source& source : round.sources)
        if (source.kind == Source::Kind::previous && round.slots[source.index].raw)
            layout.previous.push_back(source.index);
    std::ranges::sort(layout.previous);
    layout.previous.erase(std::unique(layout.previous.begin(), layout.previous.end()), layout.previous.end());
    for (const std::uint32_t slot : layout.previous) layout.previous_bytes += round.slots[slot].bytes;
}

bool get_slots(ByteReader& in, Round& round) {
    std::size_t row_bytes = 0;
    round.boxes = in.count();
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) {
        Slot& slot = round.slots.emplace_back();
        slot.raw = in.flag();
        if (!slot.raw) {
            slot.offset = static_cast<std::size_t>(in.number());
            if (!in.require(slot.offset < round.boxes)) return false;
            continue;
        }
        slot.dtype = static_cast<DType>(in.byte());
        slot.shape = in.shape();
        const std::size_t size = slot.dtype <= DType::uint64 ? dtype_size(slot.dtype) : 0;
        if (!in.require(size > 0 && slot.shape.fully_defined())) return false;
        const auto elements = static_cast<std::uint64_t>(slot.shape.elements());
        if (!in.require(elements <= most_row_bytes / size)) return false;
        slot.bytes = static_cast<std::size_t>(elements) * size;
        row_bytes += slot.bytes;
        if (!in.require(row_bytes <= most_row_bytes)) return false;
    }
    return in.ok();
}

bool get_visits(ByteReader& in, RoundLayout& layout, Round& round, std::size_t nodes) {
    std::size_t sources = 0;
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) {
        runtime::BlockVisit& visit = layout.visits.emplace_back();
        RoundVisit& stored = round.visits.emplace_back();
        visit.node = in.id<NodeId>(nodes);
        visit.iteration = static_cast<std::int32_t>(in.number_up_to(1));
        visit.dead = in.flag();
        visit.may_access_variables = in.flag();
        stored.iteration = visit.iteration;
        stored.dead = visit.dead;
        stored.first_input = static_cast<std::uint32_t>(sources);
        stored.inputs = static_cast<std::uint32_t>(in.count());
        stored.first_output = stored.first_input + stored.inputs;
        stored.outputs = static_cast<std::uint32_t>(in.count());
        sources += std::size_t{stored.inputs} + stored.outputs;
        in.require(sources <= in.left());
    }
    for (std::size_t i = 0; i < sources && in.ok(); ++i) {
        Source source;
        source.kind = static_cast<Source::Kind>(in.number_up_to(static_cast<std::uint64_t>(Source::Kind::constant)));
        source.index = in.number32();
        round.sources.push_back(source);
    }
    return in.ok() && !layout.visits.empty();
}

} // namespace

bool has_storable_rows(const runtime::EventBlock& block) {
    const runtime::RoundValues* values = block.round_values();
    return values != nullptr && values->round->row_bytes <= most_row_bytes;
}

RoundLayout layout_of(const runtime::EventBlock& block) {
    const Round& from = *block.round_values()->round;
    RoundLayout layout;
    const auto round = std::make_shared<Round>();
    layout.visits.assign(block.visits().begin(), block.visits().end());
    round->slots = from.slots;
    for (Slot& slot : round->slots) slot.parts.clear(); // a file has every value whole
    round->boxes = from.boxes;
    for (const RoundVisit& visit : from.visits) {
        RoundVisit& stored = round->visits.emplace_back(visit);
        stored.first_input = static_cast<std::uint32_t>(round->sources.size());
        const auto inputs = from.inputs(visit), outputs = from.outputs(visit);
        round->sources.insert(round->sources.end(), inputs.begin(), inputs.end());
        stored.first_output = static_cast<std::uint32_t>(round->sources.size());
        round->sources.insert(round->sources.end(), outputs.begin(), outputs.end());
    }
    place_slots(layout, *round);
    layout.constants = block.round_values()->constants.size();
    layout.round = round;
    return layout;
}

void put_layout(ByteWriter& out, const RoundLayout& layout) {
    const Round& round = *layout.round;
    out.number(round.boxes);
    out.number(round.slots.size());
    for (const Slot& slot : round.slots) {
        out.flag(slot.raw);
        if (!slot.raw) {
            out.number(slot.offset);
            continue;
        }
        out.byte(static_cast<std::uint8_t>(slot.dtype));
        out.shape(slot.shape);
    }
    out.number(layout.visits.size());
    for (std::size_t i = 0; i < layout.visits.size(); ++i) {
        const runtime::BlockVisit& visit = layout.visits[i];
        out.id(visit.node);
        out.number(static_cast<std::uint64_t>(visit.iteration));
        out.flag(visit.dead);
        out.flag(visit.may_access_variables);
        out.number(round.visits[i].inputs);
        out.number(round.visits[i].outputs);
    }
    for (const Source& source : round.sources) {
        out.number(static_cast<std::uint64_t>(source.kind));
        out.number(source.index);
    }
    out.number(layout.constants);
}

std::shared_ptr<const RoundLayout> get_layout(ByteReader& in, std::size_t nodes) {
    const auto layout = std::make_shared<RoundLayout>();
    const auto round = std::make_shared<Round>();
    if (!get_slots(in, *round) || !get_visits(in, *layout, *round, nodes)) return nullptr;
    layout->constants = static_cast<std::size_t>(in.number32());
    for (const Source& source : round->sources) {
        const bool is_slot = source.kind == Source::Kind::current || source.kind == Source::Kind::previous;
        if (is_slot) in.require(source.index < round->slots.size());
        if (source.kind == Source::Kind::constant) in.require(source.index < layout->constants);
    }
    if (!in.ok()) return nullptr;
    place_slots(*layout, *round);
    layout->round = round;
    return layout;
}

RowPacker::RowPacker(const runtime::EventBlock& block, const RoundLayout& layout)
    : block_(block), layout_(layout), row_(block.round_values()->round->row_bytes), before_(row_.size()) {
    at_once_ = std::max<std::uint64_t>(rows_at_once / std::max<std::size_t>(layout.round->row_bytes, 64), 1);
}

std::string RowPacker::packed(std::uint64_t first, std::uint64_t rounds) {
    const Round& from = *block_.round_values()->round;
    const Round& to = *layout_.round;
    std::string packed(static_cast<std::size_t>(layout_.stored_bytes(rounds)), '\0');
    for (std::uint64_t i = 0; i < rounds; ++i) {
        block_.read_rows(first + i, row_.data(), before_.data());
        char* out = packed.data();
        for (const std::uint32_t slot : layout_.previous) {
            if (i == 0) std::memcpy(out, before_.data() + from.slots[slot].offset, from.slots[slot].bytes);
            out += to.slots[slot].bytes;
        }
        for (std::size_t slot = 0; slot < to.slots.size(); ++slot) {
            const std::size_t bytes = to.slots[slot].raw ? to.slots[slot].bytes : 0;
            if (bytes > 0)
                runtime::copy_slot(from, from.slots[slot], row_.data(), before_.data(),
                                   reinterpret_cast<std::byte*>(out) + i * bytes);
            out += rounds * bytes;
        }
    }
    return packed;
}

std::shared_ptr<const std::vector<std::byte>> RowCache::rows(const ChunkPlace& place, const RoundLayout& layout,
                                                             std::uint64_t rounds) {
    const std::lock_guard lock(mutex_);
    const auto found = std::ranges::find(kept_, place.offset, &std::pair<std::uint64_t, Rows>::first);
    if (found != kept_.end()) {
        kept_.splice(kept_.begin(), kept_, found);
        return found->second;
    }
    const std::optional<std::string> packed = file_->read(place);
    if (!packed || packed->size() != layout.stored_bytes(rounds)) return nullptr;
    const Round& round = *layout.round;
    const auto rows = std::make_shared<std::vector<std::byte>>((rounds + 1) * round.row_bytes);
    const char* in = packed->data();
    for (const std::uint32_t slot : layout.previous) {
        std::memcpy(rows->data() + round.slots[slot].offset, in, round.slots[slot].bytes);
        in += round.slots[slot].bytes;
    }
    for (const Slot& slot : round.slots) {
        if (!slot.raw || slot.bytes == 0) continue;
        for (std::uint64_t i = 0; i < rounds; ++i, in += slot.bytes)
            std::memcpy(rows->data() + (i + 1) * round.row_bytes + slot.offset, in, slot.bytes);
    }
    if (kept_.size() == most) kept_.pop_back();
    kept_.emplace_front(place.offset, rows);
    return rows;
}

StoredRounds::StoredRounds(Content content)
    : EventBlock(content.layout->visits, content.frame, content.first_iteration), layout_(std::move(content.layout)),
      rows_(std::move(content.rows)), stretches_(std::move(content.stretches)) {
    rounds_ = content.rounds;
    values_.round = layout_->round;
    values_.constants = std::move(content.constants);
    values_.boxes = std::move(content.boxes);
    values_.accesses = std::move(content.accesses);
    assert(values_.boxes.size() == (rounds_ + 1) * layout_->round->boxes || layout_->round->boxes == 0);
}

template <class Read> bool StoredRounds::with_rows(std::uint64_t round, Read&& read) const {
    if (stretches_.empty()) return read(nullptr, nullptr), true;
    const auto after = std::ranges::upper_bound(stretches_, round, {}, &Stretch::first);
    const Stretch& stretch = *std::prev(after);
    const auto rows = rows_->rows(stretch.place, *layout_, stretch.rounds);
    if (!rows) return false;
    const std::byte* before = rows->data() + (round - stretch.first) * layout_->round->row_bytes;
    return read(before + layout_->round->row_bytes, before), true;
}

void StoredRounds::read(std::uint64_t event, runtime::BlockEvent& out) const {
    const bool is_there = with_rows(event / visits().size(), [&](const std::byte* row, const std::byte* before) {
        runtime::read_event(values_, event, row, before, out);
    });
    if (is_there) return;
    const RoundVisit& visit = values_.round->visits[static_cast<std::size_t>(event % visits().size())];
    out.inputs.assign(visit.inputs, {});
    out.outputs.assign(visit.outputs, {});
    out.accesses.clear();
}

Tensor StoredRounds::output(std::uint64_t event, std::size_t index) const {
    Tensor result;
    with_rows(event / visits().size(), [&](const std::byte* row, const std::byte* before) {
        result = runtime::read_output(values_, event, index, row, before);
    });
    return result;
}

std::size_t StoredRounds::bytes() const {
    return runtime::boxed_bytes(values_);
}

void StoredRounds::read_rows(std::uint64_t round, std::byte* row, std::byte* before) const {
    with_rows(round, [&](const std::byte* stored, const std::byte* stored_before) {
        if (stored == nullptr) return;
        std::memcpy(row, stored, layout_->round->row_bytes);
        std::memcpy(before, stored_before, layout_->round->row_bytes);
    });
}

} // namespace rnnscope::record
