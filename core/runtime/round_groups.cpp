#include "core/runtime/round.hpp"

#include <algorithm>
#include <limits>

namespace rnnscope::runtime {
namespace {

/// Weights that one group may read again and again: they should stay in a core's second-level cache (1 to 2 MiB on
/// today's machines) together with some rows.
constexpr std::size_t group_weights = std::size_t{1536} << 10U;
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
        std::vector<Source> sources;
        for (const std::uint32_t read : step.fast.reads) sources.push_back(inputs[read]);
        return sources;
    }
}

std::size_t weights_of(const RoundStep& step) {
    return step.fast.packs_second ? static_cast<std::size_t>(step.fast.depth * step.fast.columns) * sizeof(float) : 0;
}

} // namespace

std::vector<std::uint32_t> group_steps(const Round& round) {
    constexpr std::size_t most_steps = 4096;
    const auto& steps = round.steps;
    std::vector<std::uint32_t> groups(steps.size(), 0);
    const bool has_kernels =
        std::ranges::any_of(steps, [](const RoundStep& step) { return step.kind == RoundStep::Kind::generic; });
    if (has_kernels || steps.size() > most_steps) return groups; // kernels may have effects, whose order counts
    // Every group passes by the rows again: what is saved in weights must be worth more than that.
    constexpr std::size_t worth = 4;
    std::size_t all_weights = 0;
    for (const RoundStep& step : steps) all_weights += weights_of(step);
    if (all_weights < worth * round.row_bytes) return groups;

    std::vector<std::uint32_t> maker(round.slots.size(), no_step); // by slot
    for (std::uint32_t i = 0; i < steps.size(); ++i) {
        if (steps[i].kind == RoundStep::Kind::guard) continue;
        for (std::uint32_t slot = 0; slot < round.slots.size(); ++slot)
            if (round.slots[slot].visit == steps[i].visit) maker[slot] = i;
    }
    std::vector<std::vector<std::uint32_t>> needs(steps.size());
    for (std::uint32_t i = 0; i < steps.size(); ++i)
        for (const Source& source : read_by(round, steps[i]))
            if (source.kind == Source::Kind::current || source.kind == Source::Kind::previous)
                needs[i].push_back(maker[source.index]);

    const Components components(needs);
    // Group 0 is what can stop a round, and what that needs: it finds out how many rounds there will be.
    std::vector<bool> decides(components.count(), false);
    for (std::uint32_t i = 0; i < steps.size(); ++i)
        if (steps[i].kind != RoundStep::Kind::fast) decides[components.of(i)] = true;
    std::vector<std::vector<std::uint32_t>> members(components.count());
    for (std::uint32_t i = 0; i < steps.size(); ++i) members[components.of(i)].push_back(i);
    for (std::uint32_t c = components.count(); c-- > 0;) // needed components have lower numbers
        if (decides[c])
            for (const std::uint32_t step : members[c])
                for (const std::uint32_t needed : needs[step]) decides[components.of(needed)] = true;

    std::vector<std::size_t> weights{0, 0}; // by group
    std::vector<std::uint32_t> group_of(components.count(), 0);
    for (std::uint32_t c = 0; c < components.count(); ++c) {
        if (decides[c]) continue;
        std::uint32_t group = 1;
        std::size_t own = 0;
        for (const std::uint32_t step : members[c]) {
            own += weights_of(steps[step]);
            for (const std::uint32_t needed : needs[step]) group = std::max(group, group_of[components.of(needed)]);
        }
        if (own > 0 && weights[group] > 0 && weights[group] + own > group_weights) ++group;
        if (group == weights.size()) weights.push_back(0);
        weights[group] += own;
        group_of[c] = group;
    }
    if (weights.size() <= 2) return groups; // all in one: nothing is gained
    for (std::uint32_t i = 0; i < steps.size(); ++i) groups[i] = group_of[components.of(i)];
    return groups;
}

} // namespace rnnscope::runtime
