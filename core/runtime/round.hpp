#pragma once

#include "core/runtime/dataflow.hpp"
#include "core/runtime/round_steps.hpp"

#include <memory>
#include <variant>

namespace rnnscope::runtime {

/// Null for nothing and for references.
inline const Tensor* tensor_of(const ops::Value& value) {
    return std::get_if<Tensor>(&value);
}

/// Where a value comes from, as a round knows it.
struct Source {
    enum class Kind : std::uint8_t {
        none,     ///< dead, or an output that was not set
        current,  ///< made in this round: number of a slot
        previous, ///< made in the round before: number of a slot
        constant, ///< the same in all rounds: number of a constant
        waiting   ///< while compiling only: one of the values that wait when the round begins
    } kind = Kind::none;
    std::uint32_t index = 0;
    friend bool operator==(const Source&, const Source&) = default;
};
inline bool has_value(const Source& source) {
    return source.kind != Source::Kind::none;
}

/// Columns of a matrix that another value has.
struct ColumnPart {
    Source from;           ///< `current` or `previous`, a raw slot without parts
    std::size_t bytes = 0; ///< of one row
};

/// A value that every round makes anew. Raw ones lie in the round's row at a fixed offset; the others, whose shape or
/// type is nobody's promise, are tensors in a box.
struct Slot {
    std::uint32_t visit = 0;
    std::uint32_t output = 0;
    bool raw = false;
    DType dtype = DType::invalid;
    Shape shape;                   ///< of raw ones: always this
    std::size_t bytes = 0;         ///< of raw ones
    std::size_t offset = 0;        ///< of raw ones, in the row; else the number of the box
    std::vector<ColumnPart> parts; ///< of raw ones: not empty: a matrix that takes no memory, its columns are these
};

/// How a constant of a round is found when the round is bound to a loop that runs.
struct RoundConstant {
    struct Invariant { ///< what a constant Enter brought in
        std::uint32_t node = 0;
    };
    struct Waiting { ///< a value that waits and that every round passes on unchanged
        std::uint32_t number = 0;
    };
    struct Computed { ///< an op that depends on constants alone
        std::uint32_t node = 0;
        std::vector<std::uint32_t> inputs; ///< constants
        std::uint32_t output = 0;
    };
    std::variant<Invariant, Waiting, Computed, Tensor> origin;
    DType dtype = DType::invalid; ///< must be the same at binding, like the shape
    Shape shape;
    bool is_pinned = false; ///< steps were chosen by the value itself
    Tensor pinned;
};

struct RoundVisit {
    std::uint32_t node = 0; ///< of the plan
    std::int32_t iteration = 0;
    bool dead = false;
    std::uint32_t first_input = 0, inputs = 0;   ///< in Round::sources
    std::uint32_t first_output = 0, outputs = 0; ///< in Round::sources
};

/// What is done for one visit; visits that only pass values on need nothing.
struct RoundStep {
    enum class Kind : std::uint8_t { guard, fast, generic, array_read, array_write } kind = Kind::generic;
    std::uint32_t visit = 0;
    FastStep fast;
    std::vector<Source> reads; ///< fast: what its function reads, in the order of Step::in
    Source predicate;          ///< guard
    bool expected = false;     ///< guard
};

/// Of a product in a group: so many of the first columns of what it multiplies lie in `from`, which groups before make.
struct KnownColumns {
    Source from;
    std::int64_t columns = 0; ///< 0: no
};

/// One round of a loop, compiled: from one test of its condition to the next, which visits happen and where their
/// values come from. Valid as long as the guards hold. Knows nothing of the executor's rules: it was found by running
/// them.
struct Round {
    std::vector<std::uint32_t> image; ///< of the dataflow, when a round begins (Dataflow::image)
    std::uint32_t kind = 0;           ///< static frame
    std::vector<RoundVisit> visits;
    std::vector<Source> sources;
    std::vector<Slot> slots;
    std::vector<RoundConstant> constants;
    std::vector<RoundStep> steps;
    std::vector<std::uint32_t> groups; ///< by step: group_steps()
    std::vector<KnownColumns> known;   ///< by step: group_steps()
    std::vector<Source> waiting;       ///< what waits when a round begins: `previous` or `constant`
    std::size_t row_bytes = 0, boxes = 0;

    std::span<const Source> inputs(const RoundVisit& visit) const {
        return std::span(sources).subspan(visit.first_input, visit.inputs);
    }
    std::span<const Source> outputs(const RoundVisit& visit) const {
        return std::span(sources).subspan(visit.first_output, visit.outputs);
    }
};

/// Finds Slot::parts. What ConcatV2 joins for products alone is multiplied where it lies; what Split cuts up again is
/// made in its parts. Both then take no memory and no time; whoever looks at them gets them put together.
void store_in_parts(Round& round);

/// Finds Round::groups: groups can be executed one after the other for many rounds at once, in the order of their
/// numbers, so that the weights of one layer stay in the cache; group 0 decides how many rounds there are. All 0 when
/// that would gain nothing, or when the order of the steps counts. And Round::known: what products multiply by that
/// groups before theirs have made.
void group_steps(Round& round);

struct Trace;

/// A plan and what was compiled of it; sessions keep it for runs that ask for the same again.
struct CompiledPlan {
    explicit CompiledPlan(Plan made) : plan(std::move(made)), rounds(plan.frames.size()) {}
    Plan plan;
    /// By static frame; null: not compiled yet. One without visits: that loop cannot be.
    std::vector<std::shared_ptr<const Round>> rounds;
    std::vector<std::shared_ptr<Trace>> traces; ///< trace.hpp
    std::uint64_t runs = 0;                     ///< that were begun
};

/// A visit as it happened.
struct LoggedVisit {
    Dataflow<ops::Value>::Task task;
    std::vector<ops::Value> inputs, outputs;
};

/// Compiles the round that `log` is an example of: it began and ended with the image that the frame has now. Null when
/// it cannot be: loops within it, references to variables, values that go round for longer than one iteration.
std::shared_ptr<const Round> compile_round(const Plan& plan, const Dataflow<ops::Value>& dataflow, std::uint32_t frame,
                                           std::span<const LoggedVisit> log);

} // namespace rnnscope::runtime
