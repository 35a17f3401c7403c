#include "core/runtime/round.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace rnnscope::runtime {
namespace {

/// Weights that one group may read again and again: they should stay in a core's second-level cache (1 to 2 MiB on
/// today's machines) together with some rows.
constexpr std::size_t group_weights = std::size_t{1536} << 10U;
constexpr std::size_t least_known = std::size_t{16} << 10U; ///< weights worth a group that can read them once
constexpr std::uint32_t no_step = std::numeric_limits<std::uint32_t>::max();

/// Steps that need each other's results, over all rounds, are strongly connected: a recurrent layer. Components are
/// numbered so that each comes after those it needs (Tarjan 1972).
class Components {
  public:
    explicit Components(const std::vector<std::vector<std::uint32_t>>& needs)
        : needs_(needs), order_(needs.size(), 0), low_(needs.size(), 0), of_(needs.size(), no_step) {
        for (std::uint32_t i = 0; i < needs.size(); ++i)
            if (order_[i] == 0) visit(i);
    }
    std::uint32_t of(std::uint32_t step) const { return of_[step]; }
    std::uint32_t count() const { return count_; }

  private:
    // As deep as the longest chain of steps; a round has at most a few thousand of them.
    void visit(std::uint32_t step) {
        order_[step] = low_[step] = ++visited_;
        stack_.push_back(step);
        for (const std::uint32_t needed : needs_[step]) {
            if (order_[needed] == 0) {
                visit(needed);
                low_[step] = std::min(low_[step], low_[needed]);
            } else if (of_[needed] == no_step) {
                low_[step] = std::min(low_[step], order_[needed]);
            }
        }
        if (low_[step] != order_[step]) return;
        for (std::uint32_t member = no_step; member != step;) {
            member = stack_.back();
            stack_.pop_back();
            of_[member] = count_;
        }
        ++count_;
    }

    const std::vector<std::vector<std::uint32_t>>& needs_;
    std::vector<std::uint32_t> order_, low_, of_, stack_;
    std::uint32_t visited_ = 0, count_ = 0;
};

std::vector<Source> read_by(const Round& round, const RoundStep& step) {
    const auto inputs = round.inputs(round.visits[step.visit]);
    switch (step.kind) {
    case RoundStep::Kind::guard:
        return {step.predicate};
    case RoundStep::Kind::array_read:
    case RoundStep::Kind::array_write:
        return {inputs[1]}; // what is written is looked at later
    default:
        return step.reads;
    }
}

std::size_t weights_of(const RoundStep& step) {
    return step.fast.packs_second ? static_cast<std::size_t>(step.fast.depth * step.fast.columns) * sizeof(float) : 0;
}

constexpr std::size_t most_steps = 4096;

class Grouping {
  public:
    explicit Grouping(Round& round);
    void group();

  private:
    /// Of a product: what its operand begins with, if a step of another component makes that.
    KnownColumns known_of(std::uint32_t step) const;
    std::vector<bool> deciding() const;
    std::uint32_t component_of(const Source& source) const { return components_->of(maker_[source.index]); }

    Round& round_;
    std::vector<std::uint32_t> maker_; ///< by slot
    std::vector<std::vector<std::uint32_t>> needs_;
    std::optional<Components> components_;
    std::vector<std::vector<std::uint32_t>> members_; ///< by component: steps
};

Grouping::Grouping(Round& round) : round_(round), maker_(round.slots.size(), no_step), needs_(round.steps.size()) {
    const auto& steps = round.steps;
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
        if (steps[i].kind == RoundStep::Kind::guard) continue;
        for (std::uint32_t slot = 0; slot < round.slots.size(); ++slot)
            if (round.slots[slot].visit == steps[i].visit) maker_[slot] = i;
    }
    for (std::uint32_t i = 0; i < steps.size(); ++i)
        for (const Source& source : read_by(round, steps[i]))
            if (source.kind == Source::Kind::current || source.kind == Source::Kind::previous)
                needs_[i].push_back(maker_[source.index]);
    components_.emplace(needs_);
    members_.resize(components_->count());
    for (std::uint32_t i = 0; i < steps.size(); ++i) members_[components_->of(i)].push_back(i);
}

KnownColumns Grouping::known_of(std::uint32_t number) const {
    const RoundStep& step = round_.steps[number];
    if (!step.fast.adds_in_parts) return {};
    KnownColumns known{step.reads[0], step.fast.stride};
    if (known.from.kind != Source::Kind::current) return {};
    if (component_of(known.from) != components_->of(number)) return known;
    const RoundStep& maker = round_.steps[maker_[known.from.index]];
    if (!maker.fast.joins_columns) return {};
    known = {maker.reads[0], maker.fast.columns / static_cast<std::int64_t>(sizeof(float))};
    const bool is_known =
        known.from.kind == Source::Kind::current && component_of(known.from) != components_->of(number);
    return is_known && known.columns > 0 ? known : KnownColumns{};
}

/// By component: is it of group 0? That is what can stop a round, and what that needs: it finds out how many rounds
/// there will be.
std::vector<bool> Grouping::deciding() const {
    std::vector<bool> decides(members_.size(), false);
    for (std::uint32_t i = 0; i < round_.steps.size(); ++i)
        if (round_.steps[i].kind != RoundStep::Kind::fast) decides[components_->of(i)] = true;
    for (std::size_t c = members_.size(); c-- > 0;) // needed components have lower numbers
        if (decides[c])
            for (const std::uint32_t step : members_[c])
                for (const std::uint32_t needed : needs_[step]) decides[components_->of(needed)] = true;
    return decides;
}

void Grouping::group() {
    const auto& steps = round_.steps;
    const std::vector<bool> decides = deciding();
    std::vector<std::size_t> weights{0, 0}; // by group
    std::vector<std::uint32_t> group_of(members_.size(), 0);
    bool begins_products = false;
    for (std::uint32_t c = 0; c < members_.size(); ++c) {
        if (decides[c]) continue;
        std::uint32_t group = 1;
        std::size_t own = 0;
        for (const std::uint32_t step : members_[c]) {
            own += weights_of(steps[step]);
            for (const std::uint32_t needed : needs_[step]) group = std::max(group, group_of[components_->of(needed)]);
            const KnownColumns known = known_of(step);
            const auto bytes = static_cast<std::size_t>(known.columns * steps[step].fast.columns) * sizeof(float);
            if (bytes < least_known) continue;
            begins_products = true;
            group = std::max(group, group_of[component_of(known.from)] + 1);
        }
        weights.resize(std::max<std::size_t>(weights.size(), group + 1));
        if (own > 0 && weights[group] > 0 && weights[group] + own > group_weights) ++group;
        weights.resize(std::max<std::size_t>(weights.size(), group + 1));
        weights[group] += own;
        group_of[c] = group;
    }
    if (weights.size() <= 2 && !begins_products) return; // all in one: nothing is gained
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
        round_.groups[i] = group_of[components_->of(i)];
        const KnownColumns known = known_of(i);
        if (known.columns > 0 && group_of[component_of(known.from)] < round_.groups[i]) round_.known[i] = known;
    }
}

} // namespace

void group_steps(Round& round) {
    round.groups.assign(round.steps.size(), 0);
    round.known.assign(round.steps.size(), {});
    const bool has_kernels =
        std::ranges::any_of(round.steps, [](const RoundStep& step) { return step.kind == RoundStep::Kind::generic; });
    if (has_kernels || round.steps.size() > most_steps) return; // kernels may have effects, whose order counts
    // Every group passes by the rows again: what is saved in weights must be worth more than that.
    constexpr std::size_t worth = 4;
    std::size_t all_weights = 0;
    for (const RoundStep& step : round.steps) all_weights += weights_of(step);
    if (all_weights < worth * round.row_bytes) return;
    Grouping(round).group();
}

} // namespace rnnscope::runtime
