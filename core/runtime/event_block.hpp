#pragma once

#include "core/base/id.hpp"
#include "core/ops/kernel.hpp"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace rnnscope::runtime {

class RowPool;
struct RoundValues;

/// How much an observer wants to be kept of loops that are executed in rounds.
struct Keep {
    enum class What : std::uint8_t {
        nothing, ///< it does not hear of their events
        states,  ///< what goes from round to round and comes from outside; the rest is computed again when asked for
        all      ///< every result
    } what = What::all;
    std::uint32_t interval = 2; ///< of `states`: rounds from one state that is kept to the next
};

/// One visit of a round, the same in every round but for the iteration and the values.
struct BlockVisit {
    NodeId node;                       ///< never one of the nodes that a run adds
    std::int32_t iteration = 0;        ///< relative to the iteration of the round: 0 or 1
    bool dead = false;                 ///< visited by a dead token: no kernel ran
    bool may_access_variables = false; ///< its events can have accesses
};

/// No NaN and no infinity; of types that have none, always.
bool all_finite(const Tensor& tensor);
/// NaN where there is no such element, or it is no number.
double number_or_nan(const Tensor& tensor, std::int64_t element);

/// The values of one event of a block, in hands of the caller, who uses it again and again.
struct BlockEvent {
    std::vector<ops::Value> inputs;  ///< as Event::inputs; tensors may share the block's memory and keep it alive
    std::vector<ops::Value> outputs; ///< as Event::outputs
    std::vector<ops::VariableAccess> accesses;
};

/// Many events at once: whole rounds of one loop. A round is the same sequence of visits again and again, from one test
/// of the loop's condition to the next, so that nothing but the values is kept for each. The events are exactly those
/// that single visits would have been, in the same order; event number i is visit i % visits of round i / visits.
/// Immutable, and safe to be read by several threads at once.
class EventBlock {
  public:
    virtual ~EventBlock() = default;

    std::span<const BlockVisit> visits() const { return visits_; }
    std::uint64_t rounds() const { return rounds_; }
    std::uint64_t events() const { return rounds_ * visits_.size(); }
    std::uint32_t frame() const { return frame_; } ///< all visits are in this frame
    /// Iteration of an event.
    std::int64_t iteration(std::uint64_t event) const {
        return first_iteration_ + static_cast<std::int64_t>(event / visits_.size()) +
               visits_[event % visits_.size()].iteration;
    }
    /// Fills `out`. Lean blocks compute the round again, bit for bit, and keep the last few they computed.
    virtual void read(std::uint64_t event, BlockEvent& out) const = 0;
    /// One output only; empty when it has none.
    virtual Tensor output(std::uint64_t event, std::size_t index) const = 0;
    /// The first event from `from` on (the last one before `before`) with an output that has a NaN or an infinity;
    /// events() when there is none. Only those of the visits `only`, ascending; of all when that is empty.
    virtual std::uint64_t next_unfinite(std::uint64_t from, std::span<const std::uint32_t> only) const;
    virtual std::uint64_t last_unfinite(std::uint64_t before, std::span<const std::uint32_t> only) const;
    /// One element (row-major) of an output of one visit, in the rounds from `first` on: a value for each place of
    /// `to`, NaN where there is none.
    virtual void elements(std::size_t visit, std::size_t output, std::int64_t element, std::uint64_t first,
                          std::span<double> to) const;
    virtual std::size_t bytes() const = 0; ///< memory that the values take
    /// The same events in less memory: states every so many rounds, from which the rest is computed again, bit for bit.
    /// Null where nothing would be gained.
    virtual std::shared_ptr<const EventBlock> thinned(std::uint32_t interval, RowPool& pool) const;

    /// How values lie in rows, one row a round (round_run.hpp), for those who store the block; null when they do not.
    virtual const RoundValues* round_values() const { return nullptr; }
    /// Only with round_values(): copies the row of a round and the one before it, as long as a row is. In the latter
    /// only what the round takes from it counts.
    virtual void read_rows([[maybe_unused]] std::uint64_t round, [[maybe_unused]] std::byte* row,
                           [[maybe_unused]] std::byte* before) const {}

  protected:
    std::int64_t first_iteration() const { return first_iteration_; } ///< of the first round

    EventBlock(std::vector<BlockVisit> visits, std::uint32_t frame, std::int64_t first_iteration)
        : visits_(std::move(visits)), frame_(frame), first_iteration_(first_iteration) {}
    std::uint64_t rounds_ = 0;

  private:
    std::vector<BlockVisit> visits_;
    std::uint32_t frame_;
    std::int64_t first_iteration_;
};

} // namespace rnnscope::runtime
