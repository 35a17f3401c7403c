#include "core/runtime/round.hpp"

#include <algorithm>

namespace rnnscope::runtime {
namespace {

using Kind = Source::Kind;

class PartsFinder {
  public:
    explicit PartsFinder(Round& round)
        : round_(round), readers_(round.slots.size()), is_kept_(round.slots.size(), false) {
        for (std::uint32_t i = 0; i < round.steps.size(); ++i) find_uses(i);
        for (const Source& source : round.waiting) keep(source);
        for (const Source& source : round.sources)
            if (source.kind == Kind::previous) keep(source);
    }
    void find() {
        std::vector<bool> is_gone(round_.steps.size(), false);
        for (std::uint32_t i = 0; i < round_.steps.size(); ++i) {
            const RoundStep& step = round_.steps[i];
            if (step.kind != RoundStep::Kind::fast) continue;
            is_gone[i] =
                (step.fast.joins_columns && multiply_in_parts(step)) || (step.fast.cuts_columns && make_in_parts(step));
        }
        std::size_t at = 0;
        std::erase_if(round_.steps, [&](const RoundStep&) { return is_gone[at++]; });
    }

  private:
    void keep(const Source& source) {
        if (source.kind == Kind::current || source.kind == Kind::previous) is_kept_[source.index] = true;
    }
    void find_uses(std::uint32_t number) {
        const RoundStep& step = round_.steps[number];
        if (step.kind == RoundStep::Kind::fast) {
            for (const Source& source : step.reads)
                if (source.kind == Kind::current) readers_[source.index].push_back(number);
            return;
        }
        keep(step.predicate);
        for (const Source& source : round_.inputs(round_.visits[step.visit])) keep(source);
    }
    bool is_stored(const Source& source) const {
        const bool is_slot = source.kind == Kind::current || source.kind == Kind::previous;
        return is_slot && round_.slots[source.index].raw && round_.slots[source.index].parts.empty();
    }
    bool multiply_in_parts(const RoundStep& join);
    bool make_in_parts(const RoundStep& cut);

    Round& round_;
    std::vector<std::vector<std::uint32_t>> readers_; ///< by slot: fast steps that read it in its round
    std::vector<bool> is_kept_;                       ///< by slot: others read it
};

bool PartsFinder::multiply_in_parts(const RoundStep& join) {
    const Source joined = round_.outputs(round_.visits[join.visit])[0];
    const auto& readers = readers_[joined.index];
    const bool fits =
        !is_kept_[joined.index] && !readers.empty() && join.fast.columns > 0 && join.fast.depth > 0 &&
        is_stored(join.reads[0]) && is_stored(join.reads[1]) &&
        std::ranges::all_of(readers, [&](std::uint32_t reader) { return round_.steps[reader].fast.adds_in_parts; });
    if (!fits) return false;
    round_.slots[joined.index].parts = {{join.reads[0], static_cast<std::size_t>(join.fast.columns)},
                                        {join.reads[1], static_cast<std::size_t>(join.fast.depth)}};
    const std::int64_t terms = join.fast.columns / static_cast<std::int64_t>(sizeof(float));
    for (const std::uint32_t reader : readers) {
        RoundStep& product = round_.steps[reader];
        product.fast = product_of_two(product.fast, terms);
        product.reads = join.reads;
    }
    return true;
}

bool PartsFinder::make_in_parts(const RoundStep& cut) {
    const Source whole = cut.reads[0];
    if (whole.kind != Kind::current || is_kept_[whole.index] || readers_[whole.index].size() != 1) return false;
    const auto maker = std::ranges::find_if(round_.steps, [&](const RoundStep& step) {
        return step.kind == RoundStep::Kind::fast && step.visit == round_.slots[whole.index].visit;
    });
    if (maker == round_.steps.end() || maker->fast.in_parts == nullptr || cut.fast.columns == 0) return false;
    std::vector<ColumnPart> parts;
    for (const Source& part : round_.outputs(round_.visits[cut.visit])) {
        if (part.kind != Kind::current) return false;
        parts.push_back({part, static_cast<std::size_t>(cut.fast.columns)});
    }
    for (const ColumnPart& part : parts) round_.slots[part.from.index].visit = maker->visit;
    maker->fast = made_in_parts(maker->fast, cut.fast);
    round_.slots[whole.index].parts = std::move(parts);
    return true;
}

} // namespace

void store_in_parts(Round& round) {
    PartsFinder(round).find();
}

} // namespace rnnscope::runtime
