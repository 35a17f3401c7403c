#pragma once

#include "core/runtime/round_run.hpp"

namespace rnnscope::runtime {

// What blocks of all kinds read in the same way.
void read_event(const RoundValues& values, std::uint64_t event, const std::byte* row, const std::byte* before,
                BlockEvent& out);
Tensor read_output(const RoundValues& values, std::uint64_t event, std::size_t index, const std::byte* row,
                   const std::byte* before);
std::size_t boxed_bytes(const RoundValues& values);

/// Of rounds, what cannot be computed again: what went from one round to the next, at intervals, and what arrays gave,
/// unless that lies in a tensor anyway. Everything else comes out of the same steps once more, bit for bit, as far as
/// somebody asks for it. Results of kernels, which may have effects, are kept in their boxes.
class RoundStates : public std::enable_shared_from_this<RoundStates> {
  public:
    RoundStates(std::shared_ptr<const RoundValues> values, std::uint32_t interval, std::span<const Tensor> lent);
    ~RoundStates();
    std::size_t bytes_per_round() const;
    void allocate(RowPool& pool, std::uint64_t rounds);
    /// Takes what it needs of the round's row and the one before.
    void keep(std::uint64_t round, const std::byte* row, const std::byte* before);
    /// No more rounds come than those, which `steps` computed.
    std::shared_ptr<const EventBlock> finish(std::shared_ptr<const BoundSteps> steps, std::vector<BlockVisit> visits,
                                             std::uint32_t frame, std::int64_t first_iteration, std::uint64_t rounds);

    /// The same of `rounds` rounds at a longer interval.
    std::shared_ptr<RoundStates> thinned(std::uint32_t interval, std::uint64_t rounds, RowPool& pool) const;
    const std::shared_ptr<const BoundSteps>& steps() const { return bound_; }
    std::uint64_t interval() const { return interval_; }

    /// Calls read(row, row before) with the rows of a round, in which that is computed which the sources name; one
    /// thread at a time.
    template <class Read>
    void with_values(std::uint64_t round, std::initializer_list<std::span<const Source>> sources, Read&& read);
    /// All of the rows.
    template <class Read> void with_rows(std::uint64_t round, Read&& read);
    std::size_t bytes(std::uint64_t rounds) const;
    const RoundValues& values() const { return *values_; }

  private:
    struct Field { ///< a piece of a row that is kept
        std::size_t offset = 0, bytes = 0, kept_at = 0;
    };
    struct Rows;
    struct Computed;
    Rows& rows_of(std::uint64_t round);
    void begin_rows(Rows& rows, std::uint64_t round);
    void make(Rows& rows, std::uint32_t step);
    void make(Rows& rows, std::span<const Source> sources);
    void make_all(Rows& rows);
    void take_steps();
    void find_needs();
    void copy_state(std::uint64_t round, std::byte* to) const;

    std::shared_ptr<const RoundValues> values_;
    std::uint64_t interval_;
    std::vector<Field> state_, inputs_;
    std::size_t state_bytes_ = 0, input_bytes_ = 0;
    RowMemory memory_;
    std::byte *states_ = nullptr, *given_ = nullptr;
    std::uint64_t kept_rounds_ = 0;
    std::vector<Step> steps_;                       ///< in the order of the visits: those that compute rows
    std::vector<std::vector<std::uint32_t>> needs_; ///< by step: those whose results it reads
    std::vector<std::uint32_t> maker_;              ///< by slot: the step that makes it, or `not_made`
    std::shared_ptr<const BoundSteps>
        bound_;                      ///< what computed the rounds, from which steps_ come when one is asked for
    std::unique_ptr<Computed> last_; ///< the rounds that were computed last
};

} // namespace rnnscope::runtime
