#include "core/record/recording.hpp"

#include "core/ops/kernel.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <unordered_map>
#include <unordered_set>

namespace rnnscope::record {

namespace {

/// Hands out contiguous room that never moves.
template <class T> class Arena {
  public:
    std::span<T> allocate(std::size_t count) {
        if (count == 0) return {};
        if (chunks_.empty() || chunks_.back().size() - used_ < count) {
            chunks_.emplace_back(std::max<std::size_t>(count, chunk_size));
            used_ = 0;
        }
        const std::span<T> room{chunks_.back().data() + used_, count};
        used_ += count;
        return room;
    }

  private:
    static constexpr std::size_t chunk_size = 512;
    std::deque<std::vector<T>> chunks_;
    std::size_t used_ = 0;
};

struct RunData {
    std::deque<RecordedEvent> events;
    std::unordered_map<NodeId, std::vector<std::uint32_t>> by_node;
    std::vector<std::uint32_t> time_steps;
    std::set<std::pair<std::uint32_t, std::int64_t>> iterations;
};

struct SessionData {
    GraphId graph;
    std::size_t declared = 0; ///< variables of the graph that have their first entry
    std::map<std::string, std::vector<HistoryEntry>, std::less<>> histories;
};

struct GraphSize {
    std::uint64_t position = 0;
    std::size_t nodes = 0;
};

bool is_fed_by_restore(const Graph& graph, const Node& assign) {
    if (assign.inputs.size() < 2) return false;
    Output value = assign.inputs[1];
    // Resources are restored through an Identity, Saver(reshape=True) goes through a Reshape.
    const auto passes_on = [&] {
        const Node& node = graph.node(value.node);
        return (node.op == "Identity" || node.op == "Reshape") && !node.inputs.empty();
    };
    while (passes_on()) value = graph.node(value.node).inputs[0];
    const std::string& op = graph.node(value.node).op;
    return op == "RestoreV2" || op == "Restore" || op == "RestoreSlice";
}

} // namespace

std::string storage_name(const Node& variable_op) {
    const std::string* shared = variable_op.attr<std::string>("shared_name");
    return shared && !shared->empty() ? *shared : variable_op.name;
}

std::string storage_name(const Graph& graph, const Variable& variable) {
    return storage_name(graph.node(variable.op));
}

std::string_view init_state_name(InitState state) {
    switch (state) {
    case InitState::absent:
        return "absent";
    case InitState::declared:
        return "declared";
    case InitState::initialized:
        return "initialized";
    case InitState::updated:
        return "updated";
    case InitState::restored:
        return "restored";
    case InitState::poisoned:
        return "poisoned";
    }
    return "absent";
}

class Recording::Impl {
  public:
    explicit Impl(GraphSource source) : source_(std::move(source)) {}

    GraphSource source_;
    std::vector<Tick> ticks_;
    std::vector<RecordedStep> steps_;
    std::vector<RecordedRun> runs_;
    std::deque<RunData> run_data_;
    std::vector<RecordedError> errors_;
    std::vector<SessionData> sessions_;
    std::vector<std::vector<GraphSize>> sizes_; ///< by graph, growing
    Arena<RecordedValue> values_;
    Arena<RecordedAccess> accesses_;
    std::unordered_set<const void*> buffers_;
    std::size_t bytes_ = 0;

    void push_tick(Tick tick) {
        const std::uint64_t index = ticks_.size();
        ticks_.push_back(tick);
        for (StepId id = tick.step; id.valid(); id = steps_[id.index()].step.parent)
            steps_[id.index()].last_tick = index;
    }

    /// Notes what the graphs gained since the last call: it belongs to the last tick.
    void sample_graphs() {
        const std::size_t count = source_.count();
        if (sizes_.size() < count) sizes_.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t nodes = source_.graph(GraphId(i)).size();
            if (nodes > (sizes_[i].empty() ? 0 : sizes_[i].back().nodes)) sizes_[i].push_back({ticks_.size(), nodes});
        }
        for (SessionData& session : sessions_) declare(session);
    }

    void declare(SessionData& session) {
        const Graph& graph = source_.graph(session.graph);
        for (; session.declared < graph.variables().size(); ++session.declared) {
            const Variable& variable = graph.variables()[session.declared];
            HistoryEntry entry;
            entry.tick = ticks_.empty() ? 0 : ticks_.size() - 1;
            entry.node = variable.op;
            session.histories[storage_name(graph, variable)].push_back(std::move(entry));
        }
    }

    void count_bytes(const Tensor& tensor) {
        if (!tensor) return;
        const bool in_strings = tensor.dtype() == DType::string || tensor.dtype() == DType::resource;
        const void* buffer = in_strings ? static_cast<const void*>(tensor.strings().data()) : tensor.bytes().data();
        if (buffer && buffers_.insert(buffer).second) bytes_ += tensor.byte_size();
    }

    std::span<const RecordedValue> keep(std::span<const ops::Value> values, const SessionData& session,
                                        std::span<const ops::VariableAccess> written) {
        const std::span<RecordedValue> room = values_.allocate(values.size());
        for (std::size_t i = 0; i < values.size(); ++i) {
            RecordedValue& kept = room[i];
            if (const auto* tensor = std::get_if<Tensor>(&values[i])) {
                kept.tensor = *tensor;
                kept.present = true;
            } else if (const auto* reference = std::get_if<ops::VariableStorage*>(&values[i]);
                       reference && *reference) {
                kept.variable = (*reference)->name;
                kept.present = true;
                const bool was_written = std::ranges::any_of(written, [&](const ops::VariableAccess& access) {
                    return access.kind == ops::VariableAccess::Kind::write && access.storage == *reference;
                });
                // The event is heard after it happened; an input is what it was before.
                if (was_written)
                    kept.tensor = last_value(session, kept.variable);
                else if ((*reference)->value)
                    kept.tensor = *(*reference)->value;
            }
            count_bytes(kept.tensor);
        }
        return room;
    }

    static Tensor last_value(const SessionData& session, std::string_view variable) {
        const auto it = session.histories.find(variable);
        if (it == session.histories.end()) return {};
        for (auto entry = it->second.rbegin(); entry != it->second.rend(); ++entry)
            if (entry->kind == HistoryEntry::Kind::write) return entry->value;
        return {};
    }

    static InitState state_after_write(const std::vector<HistoryEntry>& history, bool restores) {
        if (restores) return InitState::restored;
        const bool had_value = !history.empty() && history.back().state != InitState::declared;
        return had_value ? InitState::updated : InitState::initialized;
    }

    void note_access(SessionData& session, const RecordedAccess& access, const runtime::Event& event, RunId run,
                     std::uint32_t index) {
        std::vector<HistoryEntry>& history = session.histories[access.variable];
        HistoryEntry entry;
        entry.tick = ticks_.size() - 1;
        entry.run = run;
        entry.event = index;
        entry.node = event.node;
        entry.value = access.value;
        entry.state = history.empty() ? InitState::declared : history.back().state;
        if (access.write) {
            const Graph& graph = source_.graph(session.graph);
            const bool restores = event.node.valid() && is_fed_by_restore(graph, graph.node(event.node));
            entry.kind = HistoryEntry::Kind::write;
            entry.state = state_after_write(history, restores);
        } else {
            entry.kind = access.value ? HistoryEntry::Kind::read : HistoryEntry::Kind::uninitialized_read;
        }
        history.push_back(std::move(entry));
    }

    std::span<const RecordedAccess> keep_accesses(const runtime::Event& event) {
        const bool names_variable = event.error && !event.error->variable.empty();
        const bool noted = std::ranges::any_of(event.accesses, [](const ops::VariableAccess& access) {
            return access.kind == ops::VariableAccess::Kind::read && !access.value;
        });
        const bool add_failed = names_variable && !noted; // a resource that was never made has no storage to note
        const std::span<RecordedAccess> room = accesses_.allocate(event.accesses.size() + (add_failed ? 1 : 0));
        for (std::size_t i = 0; i < event.accesses.size(); ++i) {
            const ops::VariableAccess& access = event.accesses[i];
            room[i].variable = access.storage ? access.storage->name : std::string();
            room[i].write = access.kind == ops::VariableAccess::Kind::write;
            room[i].value = access.value;
            count_bytes(access.value);
        }
        if (add_failed) room.back().variable = event.error->variable;
        return room;
    }

    void add_event(const runtime::Event& event) {
        RecordedRun& run = runs_.back();
        RunData& data = run_data_.back();
        SessionData& session = sessions_[run.info.session.index()];
        const auto index = static_cast<std::uint32_t>(data.events.size());
        push_tick({TickKind::event, run.info.step, run.info.id, index});
        run.last_tick = ticks_.size() - 1;

        RecordedEvent& kept = data.events.emplace_back();
        kept.node = event.node;
        kept.slot = event.slot;
        kept.frame = event.frame;
        kept.iteration = event.iteration;
        kept.dead = event.dead;
        kept.failed = event.error != nullptr;
        kept.inputs = keep(event.inputs, session, event.accesses);
        kept.outputs = keep(event.outputs, session, {});
        kept.accesses = keep_accesses(event);
        for (const RecordedAccess& access : kept.accesses) note_access(session, access, event, run.info.id, index);

        if (event.node.valid()) data.by_node[event.node].push_back(index);
        const bool begins = event.frame != 0 && data.iterations.emplace(event.frame, event.iteration).second;
        if (index == 0 || begins) data.time_steps.push_back(index);
    }

    Position error_begin(const program::ProgramError& error) const {
        if (error.run.valid() && error.run.index() < runs_.size()) {
            const RecordedRun& run = runs_[error.run.index()];
            const std::size_t events = run_data_[error.run.index()].events.size();
            return {run.first_tick + 1 + events};
        }
        return {ticks_.size()};
    }

    const HistoryEntry* last_write(SessionId session, std::string_view variable, Position position) const {
        if (!session.valid() || session.index() >= sessions_.size()) return nullptr;
        const auto& histories = sessions_[session.index()].histories;
        const auto it = histories.find(variable);
        if (it == histories.end()) return nullptr;
        const std::vector<HistoryEntry>& history = it->second;
        auto after = std::ranges::lower_bound(history, position.ticks, {}, &HistoryEntry::tick);
        while (after != history.begin())
            if ((--after)->kind == HistoryEntry::Kind::write) return &*after;
        return nullptr;
    }
};

Recording::Recording(GraphSource source) : impl_(std::make_unique<Impl>(std::move(source))) {}
Recording::~Recording() = default;

Position Recording::end() const {
    return {impl_->ticks_.size()};
}
const Tick& Recording::tick(std::uint64_t index) const {
    return impl_->ticks_[index];
}
std::span<const Tick> Recording::ticks() const {
    return impl_->ticks_;
}
std::span<const RecordedStep> Recording::steps() const {
    return impl_->steps_;
}
const RecordedStep& Recording::step(StepId id) const {
    return impl_->steps_[id.index()];
}
std::span<const RecordedRun> Recording::runs() const {
    return impl_->runs_;
}
const RecordedRun& Recording::run(RunId id) const {
    return impl_->runs_[id.index()];
}
std::size_t Recording::event_count(RunId id) const {
    return impl_->run_data_[id.index()].events.size();
}
const RecordedEvent& Recording::event(RunId id, std::uint32_t index) const {
    return impl_->run_data_[id.index()].events[index];
}
std::uint64_t Recording::tick_of(RunId id, std::uint32_t event) const {
    return run(id).first_tick + 1 + event; // nothing else happens between the events of a run
}
std::span<const std::uint32_t> Recording::events_of(RunId id, NodeId node) const {
    const auto& by_node = impl_->run_data_[id.index()].by_node;
    const auto it = by_node.find(node);
    return it == by_node.end() ? std::span<const std::uint32_t>() : it->second;
}
std::span<const std::uint32_t> Recording::time_steps_of(RunId id) const {
    return impl_->run_data_[id.index()].time_steps;
}
std::span<const RecordedError> Recording::errors() const {
    return impl_->errors_;
}
std::size_t Recording::sessions() const {
    return impl_->sessions_.size();
}
GraphId Recording::graph_of(SessionId session) const {
    return impl_->sessions_[session.index()].graph;
}
std::size_t Recording::bytes() const {
    return impl_->bytes_;
}

std::size_t Recording::nodes_at(GraphId graph, Position position) const {
    if (!graph.valid() || graph.index() >= impl_->sizes_.size()) return 0;
    const std::vector<GraphSize>& sizes = impl_->sizes_[graph.index()];
    const auto after = std::ranges::upper_bound(sizes, position.ticks, {}, &GraphSize::position);
    return after == sizes.begin() ? 0 : std::prev(after)->nodes;
}

std::span<const HistoryEntry> Recording::history(SessionId session, std::string_view variable) const {
    if (!session.valid() || session.index() >= impl_->sessions_.size()) return {};
    const auto& histories = impl_->sessions_[session.index()].histories;
    const auto it = histories.find(variable);
    return it == histories.end() ? std::span<const HistoryEntry>() : it->second;
}

InitState Recording::state_at(SessionId session, const Variable& variable, Position position) const {
    if (!session.valid() || session.index() >= impl_->sessions_.size()) return InitState::absent;
    const GraphId graph = graph_of(session);
    if (variable.op.index() >= nodes_at(graph, position)) return InitState::absent;
    const std::string name = storage_name(impl_->source_.graph(graph), variable);
    const HistoryEntry* write = impl_->last_write(session, name, position);
    return write ? write->state : InitState::declared;
}

Tensor Recording::value_at(SessionId session, std::string_view variable, Position position) const {
    const HistoryEntry* write = impl_->last_write(session, variable, position);
    return write ? write->value : Tensor();
}

bool Recording::read_uninitialized(SessionId session, std::string_view variable, Position position) const {
    return std::ranges::any_of(history(session, variable), [&](const HistoryEntry& entry) {
        return entry.kind == HistoryEntry::Kind::uninitialized_read && entry.tick < position.ticks;
    });
}

void Recording::on_step(const program::Step& step) {
    impl_->sample_graphs();
    assert(step.id.index() == impl_->steps_.size());
    RecordedStep& recorded = impl_->steps_.emplace_back();
    recorded.step = step;
    recorded.graph = impl_->source_.current();
    recorded.first_tick = recorded.last_tick = impl_->ticks_.size();
    recorded.nodes_before = recorded.nodes_after = nodes_at(recorded.graph, end());
    impl_->push_tick({TickKind::statement, step.id, {}, 0});
}

void Recording::on_step_done(StepId id) {
    impl_->sample_graphs();
    RecordedStep& step = impl_->steps_[id.index()];
    step.nodes_after = nodes_at(step.graph, end());
}

void Recording::on_session([[maybe_unused]] SessionId id, GraphId graph) {
    impl_->sample_graphs();
    assert(id.index() == impl_->sessions_.size());
    SessionData& session = impl_->sessions_.emplace_back();
    session.graph = graph;
    impl_->declare(session);
}

void Recording::on_restored(SessionId id, std::span<const ops::NamedTensor> values) {
    SessionData& session = impl_->sessions_[id.index()];
    for (const auto& [variable, value] : values) {
        HistoryEntry entry;
        entry.kind = HistoryEntry::Kind::write;
        entry.tick = impl_->ticks_.empty() ? 0 : impl_->ticks_.size() - 1;
        entry.state = InitState::restored;
        entry.value = value;
        impl_->count_bytes(value);
        session.histories[variable].push_back(std::move(entry));
    }
}

void Recording::on_run(const program::RunInfo& info) {
    impl_->sample_graphs();
    assert(info.id.index() == impl_->runs_.size());
    RecordedRun& run = impl_->runs_.emplace_back();
    run.info = info;
    run.first_tick = run.last_tick = impl_->ticks_.size();
    impl_->run_data_.emplace_back();
    RecordedStep& step = impl_->steps_[info.step.index()];
    step.run = info.id;
    step.nodes_after = nodes_at(step.graph, end());
    impl_->push_tick({TickKind::run_begin, info.step, info.id, 0});
}

void Recording::on_run_done(RunId id, const program::RunOutcome& outcome) {
    RecordedRun& run = impl_->runs_[id.index()];
    run.outcome = outcome;
    run.done = true;
    run.last_tick = impl_->ticks_.size();
    for (const Tensor& result : outcome.results) impl_->count_bytes(result);
    impl_->push_tick({TickKind::run_end, run.info.step, id, 0});
    if (!impl_->errors_.empty() && impl_->errors_.back().error.run == id) impl_->errors_.back().last = end();
}

void Recording::on_error(const program::ProgramError& error, bool caught) {
    impl_->sample_graphs();
    RecordedError recorded{error, caught, impl_->error_begin(error), end()};
    impl_->errors_.push_back(std::move(recorded));
    if (!error.step.valid() || error.step.index() >= impl_->steps_.size()) return;
    RecordedStep& step = impl_->steps_[error.step.index()];
    step.error = error;
    step.error_caught = caught;
    step.nodes_after = nodes_at(step.graph, end());
}

void Recording::on_frame(const runtime::FrameInfo& frame) {
    impl_->runs_.back().frames.push_back(frame);
}

void Recording::on_event(const runtime::Event& event) {
    impl_->add_event(event);
}

} // namespace rnnscope::record
