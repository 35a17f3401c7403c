#pragma once

#include "core/debug/evaluation.hpp"
#include "core/debug/poison.hpp"
#include "core/debug/poison_stores.hpp"
#include "core/runtime/dataflow.hpp"
#include "core/runtime/plan.hpp"

#include <map>
#include <memory>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

namespace rnnscope::debug {

/// All that is known of poison so far, of all runs.
struct PoisonState {
    std::vector<Poison::Read> reads;
    std::vector<std::vector<Poison::Mark>> marks; ///< by run
    struct ByOutput {
        bool operator()(Output a, Output b) const { return std::pair(a.node, a.index) < std::pair(b.node, b.index); }
    };
    std::vector<std::map<Output, PoisonMask, ByOutput>> fetches; ///< by run
    Poison::Variables variables;
    std::map<std::pair<std::uint32_t, std::string>, PoisonMask> queues; ///< by session and kind: all elements alike
    /// By prefix of the checkpoint and name in it. All sessions see the same files.
    std::map<std::pair<std::string, std::string>, PoisonMask> saved;
    bool is_complete = true;
};

/// What flows along an edge in place of a value.
struct PoisonFlow {
    bool present = false;
    PoisonMask mask;
    std::string variable; ///< storage name, of a reference: its mask is the variable's when it is used
    bool decided = false; ///< it is here because of a poisoned predicate
};
inline bool has_value(const PoisonFlow& flow) {
    return flow.present;
}

/// Follows one run event by event. The dataflow is the executor's: which event takes what another gave needs no search.
class PoisonReplay {
  public:
    /// Null where the run has no plan: nothing was executed.
    static std::unique_ptr<PoisonReplay> start(const Evaluation& evaluation, RunId run, PoisonState& state);

    bool has_next() const;
    void step();

  private:
    using Dataflow = runtime::Dataflow<PoisonFlow>;
    PoisonReplay(const Evaluation& evaluation, RunId run, runtime::Plan plan, PoisonState& state);

    /// What is known of an event that poison may have reached.
    struct Look;

    bool take(const record::RecordedVisit& visit, Dataflow::Task& task);
    bool is_of(const Dataflow::Task& task, const record::RecordedVisit& visit) const;
    void follow(const runtime::PlanNode& node, const record::RecordedVisit& visit);
    void follow_fetch(const runtime::PlanNode& node, const record::RecordedVisit& visit);
    bool may_be_reached(const runtime::PlanNode& node, const record::RecordedVisit& visit) const;
    bool waits_for_decided(const Node& node, const record::RecordedVisit& visit) const;
    void look_at(const Node& node, const record::RecordedVisit& visit);
    void note_missing(const record::RecordedEvent& event);
    PoisonMask mask_of_input(const Node& node, std::size_t input, const record::RecordedEvent& event) const;
    void spread(Look& look);
    bool spread_flow(Look& look);
    bool spread_files(Look& look);
    void write_variables(Look& look);
    static PoisonMask scattered(const Look& look, const record::RecordedAccess& access, const PoisonMask& before);
    PoisonMask written(const Look& look, const record::RecordedAccess& access) const;
    void set_outputs(Look& look);

    PoisonMask variable(const std::string& storage) const;
    void set_variable(const std::string& storage, PoisonMask mask, bool is_read, NodeId node);

    const record::Recording& recording_;
    const record::RecordedRun& run() const { return recording_.run(run_); }
    RunId run_;
    const Graph& graph_;
    runtime::Plan plan_;
    PoisonState& state_;
    Dataflow dataflow_;
    PoisonStores stores_;
    std::uint32_t event_ = 0;
    std::set<std::tuple<NodeId, std::uint32_t, std::int64_t>> decided_; ///< node, frame, iteration
    std::vector<PoisonFlow> inputs_, outputs_;                          ///< of the event
};

} // namespace rnnscope::debug
