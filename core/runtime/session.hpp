#pragma once

#include "core/base/id.hpp"
#include "core/graph/graph.hpp"
#include "core/ops/checkpoint_store.hpp"
#include "core/ops/kernel.hpp"
#include "core/runtime/event_block.hpp"

#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rnnscope::runtime {

class RowPool;
class PackCache;
class PlanCache;
class Changes;

/// What one Session.run is asked for. Fed and fetched outputs may be any of the graph's, but not the same: what is both
/// fed and fetched the client answers itself, from the feed.
struct RunRequest {
    struct Feed {
        Output output;
        Tensor value;
    };
    std::vector<Output> fetches; ///< in the order of the results
    std::vector<Feed> feeds;
    std::vector<NodeId> targets; ///< fetched operations: run, no value
};

/// A frame instance (while loop) of one run. Frame 0 is the root.
struct FrameInfo {
    std::uint32_t id = 0;
    std::uint32_t parent = 0;
    std::int64_t parent_iteration = 0;
    std::string name; ///< frame_name attribute: "rnn/while/while_context"
};

/// Why a run stopped. `op` and `variable` are what the text names; `node` is the client graph's node, invalid for the
/// nodes that a run adds ("_retval_v_0_0") and for errors that happen before anything runs.
struct RunError {
    std::string error_class; ///< "FailedPreconditionError"
    std::string message;     ///< first line, without dress
    NodeId node;
    std::string op;
    std::string variable; ///< the variable that had no value, if that is the reason
};

/// What a visit is for: a node of the graph, or one of the nodes that a run adds (`_arg_x_0_0`, `_retval_y_0_0`).
enum class VisitKind : std::uint8_t { node, feed, fetch };

/// One visit of one node in one iteration. Fixed order: creation order, first in first out (tf1-semantics 7.5).
struct Event {
    NodeId node; ///< invalid for `_retval`/`_arg` nodes: then `slot` tells which fetch or feed
    int slot = -1;
    VisitKind kind = VisitKind::node;
    std::uint32_t frame = 0;
    std::int64_t iteration = 0;
    bool dead = false;                  ///< visited by a dead token: no kernel ran
    std::span<const ops::Value> inputs; ///< as the kernel saw them: references are dereferenced where it wants values
    std::span<const ops::Value> outputs;
    std::span<const ops::VariableAccess> accesses;
    const RunError* error = nullptr; ///< set on the last event of a failing run
};

/// Watches a run. Values are shared, not copied; spans are valid during the call only.
class RunObserver {
  public:
    virtual ~RunObserver() = default;
    /// Before the first event of the frame; the root comes first of all.
    virtual void on_frame(const FrameInfo&) {}
    virtual void on_event(const Event&) = 0;
    /// Many events at once, between two calls of on_event. Unless it is overridden, every event is heard by on_event.
    virtual void on_block(std::shared_ptr<const EventBlock> block);
    /// Asked before each block.
    virtual Keep keep() const { return {}; }
};

struct SessionOptions {
    /// Iterations of one loop in flight; 0: what the graph's Enter nodes say. Results do not depend on it.
    int max_parallel_iterations = 1;
    std::uint64_t nondeterministic_seed = 0; ///< stands in for the clock where TensorFlow would use it
    /// A read of a variable without a value does not end the run: it gives zeros of the variable's shape, which must be
    /// known, and the run goes on (Run::passed_over). The variable stays without a value until something writes it.
    bool passes_missing_values = false;
    /// Where SaveV2 saves and RestoreV2 finds; sessions that share it see each other's checkpoints. Null: the session
    /// makes an overlay of its own over the current folder (core/import/checkpoint_overlay.hpp).
    std::shared_ptr<ops::CheckpointStore> checkpoints = nullptr;
    std::shared_ptr<Changes> changes = nullptr; ///< what runs do differently (changes.hpp); null: nothing
    ops::Rounding rounding = ops::Rounding::fast;
};

/// One Session.run in progress: prunes, then visits one node per step.
class Run {
  public:
    ~Run();
    bool done() const;
    /// Visits one node. Only when !done().
    void step(RunObserver& observer);
    void finish(RunObserver& observer) {
        while (!done()) advance(observer, std::numeric_limits<std::uint64_t>::max());
    }
    /// Visits one node, or as many as the executor can in one go (EventBlock), about `most` of them. The events and
    /// their order are the same as with step().
    void advance(RunObserver& observer, std::uint64_t most);
    /// The node that step() will visit next: what a debugger shows as "about to run". nullopt when done. One that has
    /// to wait for another (a dequeue for an enqueue) is passed over then and visited later.
    struct Next {
        NodeId node;
        int slot = -1;
        VisitKind kind = VisitKind::node;
        std::uint32_t frame = 0;
        std::int64_t iteration = 0;
        bool dead = false;
    };
    std::optional<Next> next() const;

    std::size_t planned_nodes() const; ///< nodes left after pruning, _arg and _retval included
    bool is_planned(NodeId node) const;
    const std::optional<RunError>& error() const; ///< after done(): why it failed, if it did
    /// The errors that would have ended the run so far (SessionOptions::passes_missing_values), in order. Those of a
    /// call of step() or advance() belong to the last event that it gave.
    const std::vector<RunError>& passed_over() const;
    const std::vector<Tensor>& results() const; ///< after done() without error: one for each fetch
    std::size_t live_frames() const;            ///< after done() without error: 0, or the executor has a bug

  private:
    friend class Session;
    class Impl;
    explicit Run(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// Variable storage and kernel state of one tf.Session. The graph may grow between runs; values stay.
class Session {
  public:
    explicit Session(const Graph& graph, SessionOptions options = {});
    ~Session();

    const Graph& graph() const { return graph_; }
    /// Starts a run. The request must fit the graph (client.hpp checks what users write). Fails before anything runs
    /// with TensorFlow's texts: "... is both fed and fetched.", no target, a cycle without a loop ("graph.cycle"), ...
    /// Only one run at a time.
    Result<std::unique_ptr<Run>> start(RunRequest request);

    ops::ResourceContainer& resources() { return resources_; }
    const ops::ResourceContainer& resources() const { return resources_; }
    /// The variable's storage in this session; null when nothing ran that makes it.
    const ops::VariableStorage* storage(const Variable& variable) const;
    bool is_initialized(const Variable& variable) const;

  private:
    friend class Run;
    const Graph& graph_;
    SessionOptions options_;
    ops::ResourceContainer resources_;
    std::vector<std::unique_ptr<ops::KernelState>> kernel_states_; ///< by node
    std::unique_ptr<RowPool> rows_, scratch_;
    std::unique_ptr<PackCache> packs_;
    std::unique_ptr<PlanCache> plans_;
};

} // namespace rnnscope::runtime
