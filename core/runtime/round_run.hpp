#pragma once

#include "core/runtime/event_block.hpp"
#include "core/runtime/pack_cache.hpp"
#include "core/runtime/round.hpp"
#include "core/runtime/row_pool.hpp"

#include <functional>
#include <map>
#include <memory>

namespace rnnscope::runtime {

/// Runs the kernel of one node of a plan, as the executor does.
using RunKernel = std::function<Status(const PlanNode&, std::span<const ops::Value> inputs,
                                       std::span<ops::Value> outputs, std::vector<ops::VariableAccess>& accesses)>;

/// What rounds of one loop computed. Rows are memory for the raw values of one round each; rounds are counted from the
/// block's first.
struct RoundValues {
    std::shared_ptr<const Round> round;
    std::vector<ops::Value> constants;
    std::vector<Tensor> boxes; ///< by round, from the one before the first, then by box
    /// By event, in order; most events have none.
    std::vector<std::pair<std::uint64_t, ops::VariableAccess>> accesses;
    RowMemory rows;              ///< of all rounds, or as many as are looked at together
    std::uint64_t first_row = 0; ///< the round whose row before is the first one

    std::byte* row_before(std::uint64_t number) const { return rows.data() + (number - first_row) * round->row_bytes; }
    /// A value as the round of this number sees it, copied out of its row or the one before.
    ops::Value value(const Source& source, std::uint64_t number) const {
        return value(source, number, row_before(number + 1), row_before(number));
    }
    ops::Value value(const Source& source, std::uint64_t number, const std::byte* row, const std::byte* before) const;
};

/// The bytes of a raw value, copied out of the row that holds it, or put together from its parts.
void copy_slot(const Round& round, const Slot& slot, const std::byte* row, const std::byte* before, std::byte* to);

class RoundStates;

/// Steps that are executed for many rounds before those of the next group are.
struct StepGroup {
    std::vector<Step> steps;  ///< in the order of the visits
    std::vector<Step> begins; ///< products that are begun for all the rounds
    std::vector<Step> rest;   ///< and what is left to do for each; in groups after the first
};

/// The steps of rounds, bound to values, and what they read.
struct BoundSteps {
    std::vector<StepGroup> groups;
    std::vector<std::shared_ptr<const ops::simd::PackedMatrix>> packed;
    std::vector<Tensor> lent; ///< by read of an array, in the order of the steps: the tensor of its rows, or nothing
};

/// Rounds of one loop in progress, bound to the values of a run.
class RoundRun {
  public:
    struct Context {
        const Plan& plan;
        Dataflow<ops::Value>& dataflow;
        std::uint32_t frame = 0;
        ops::ResourceContainer& step; ///< of the run: its arrays
        const RunKernel& run_kernel;
        RowPool& rows;
        RowPool& scratch;
        PackCache& packs;
    };
    /// Null when the values do not have the types and shapes that the round was compiled for.
    static std::unique_ptr<RoundRun> bind(const Context& context, std::shared_ptr<const Round> round, Keep keep,
                                          std::uint64_t most_rounds);
    ~RoundRun();

    /// Executes rounds until a guard fails or there is no room for more.
    void execute();
    std::uint64_t rounds() const { return rounds_; }          ///< complete ones
    std::uint32_t partial_visits() const { return partial_; } ///< of the round after them, that were executed too

    /// Brings the dataflow to where the complete rounds end. Null when there are none, or nothing is kept.
    std::shared_ptr<const EventBlock> commit_rounds();
    /// After commit_rounds(): what visit `visit` of the partial round gave, for the dataflow to go on with.
    std::vector<ops::Value> partial_outputs(std::uint32_t visit) const;
    std::vector<ops::VariableAccess> partial_accesses(std::uint32_t visit) const;
    /// Does to the arrays what the visit of the partial round did.
    void commit_partial(std::uint32_t visit);

  private:
    /// An array of the step that the round's steps use without its kernels.
    struct Array;
    struct Call; ///< of a kernel

    RoundRun(const Context& context, Keep keep);
    void allocate();
    std::vector<Tensor> lent_by_arrays() const;
    bool bind_constants();
    bool bind_waiting();
    bool bind_steps();
    void bind_fast(const RoundStep& from, Step& step);
    bool bind_array(const RoundStep& from, Step& step);
    void bind_kernel(const RoundStep& from, Step& step);
    Operand operand(const Source& source) const;
    Cursor cursor(std::uint64_t round);
    bool execute_in_order(std::uint64_t end);
    bool execute_in_groups(std::uint64_t end);
    void execute_group(const StepGroup& group, std::uint64_t first);
    void use_rows_again();
    void harvest(std::uint64_t from);
    void stream_rows(std::uint64_t first, std::uint64_t end);
    static bool run_kernel(const Step& step, const Cursor& at);
    static bool check_boxed(const Step& step, const Cursor& at);
    void change_array(const RoundStep& step, std::uint64_t first, std::uint64_t end);

    Context context_;
    Keep keep_;
    std::shared_ptr<RoundStates> states_; ///< of Keep::What::states
    std::uint64_t rows_at_once_ = 0, rounds_in_group_ = 0;
    RowMemory kept_rows_;      ///< where all rows go, when they are not made there
    bool second_half_ = false; ///< of values_->rows, in which rows are made while those of the other half are copied
    ops::simd::Errand errand_; ///< rows on their way to kept_rows_
    std::shared_ptr<RoundValues> values_;
    std::vector<StepGroup> groups_;
    std::vector<std::unique_ptr<Call>> calls_;
    std::map<std::string, std::unique_ptr<Array>, std::less<>> arrays_; ///< by handle
    std::vector<std::shared_ptr<const ops::simd::PackedMatrix>> packed_;
    std::vector<Tensor> lent_; ///< by read of an array: RoundStates
    std::uint64_t rounds_ = 0, most_rounds_ = 0;
    std::uint32_t partial_ = 0;
};

} // namespace rnnscope::runtime
