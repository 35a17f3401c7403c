#include "core/record/recording_impl.hpp"

namespace rnnscope::record {

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

Recording::Recording(GraphSource source) : impl_(std::make_unique<Impl>(std::move(source))) {}
Recording::~Recording() = default;

Position Recording::end() const {
    return {impl_->ticks_};
}
Tick Recording::tick(std::uint64_t index) const {
    return impl_->tick(index);
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
    return impl_->events_[id.index()].size();
}
RecordedEvent Recording::event(RunId id, std::uint32_t index) const {
    const SingleEvent* single = impl_->events_[id.index()].single(index);
    if (single == nullptr) return impl_->block_event(id, index);
    return {*single, Kept<RecordedValue>(single->inputs), Kept<RecordedValue>(single->outputs),
            Kept<RecordedAccess>(single->accesses)};
}
RecordedVisit Recording::visit(RunId id, std::uint32_t index) const {
    return impl_->events_[id.index()].visit(index);
}
Tensor Recording::output(RunId id, std::uint32_t index, std::size_t output) const {
    const EventPiece& piece = piece_of(id, index);
    if (piece.block != nullptr)
        if (Tensor tensor = piece.block->output(index - piece.first, output)) return tensor;
    if (piece.block != nullptr && piece.block->visits()[piece.offset(index)].dead) return {};
    const RecordedEvent whole = event(id, index); // a single event, or a reference, or nothing
    return output < whole.outputs.size() ? whole.outputs[output].tensor : Tensor();
}
std::vector<double> Recording::elements(RunId id, Output output, std::int64_t element) const {
    std::vector<double> values;
    const auto index = static_cast<std::size_t>(output.index);
    const EventNumbers events = events_of(id, output.node);
    while (values.size() < events.size()) {
        const std::uint32_t event = events[values.size()];
        const EventPiece& piece = piece_of(id, event);
        const bool once_a_round = piece.block != nullptr && std::ranges::count(piece.block->visits(), output.node,
                                                                               &runtime::BlockVisit::node) == 1;
        if (!once_a_round) {
            values.push_back(runtime::number_or_nan(this->output(id, event, index), element));
            continue;
        }
        const std::uint32_t offset = piece.offset(event);
        const std::uint64_t round = (event - piece.first) / piece.visits, rounds = piece.block->rounds() - round;
        const std::size_t first = values.size();
        values.resize(first + rounds);
        piece.block->elements(offset, index, element, round, std::span(values).subspan(first));
    }
    return values;
}
std::uint64_t Recording::tick_of(RunId id, std::uint32_t event) const {
    return run(id).first_tick + 1 + event; // nothing else happens between the events of a run
}
std::uint32_t Recording::events_at(RunId id, Position position) const {
    const std::uint64_t first = run(id).first_tick + 1;
    const std::uint64_t passed = position.ticks > first ? position.ticks - first : 0;
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(passed, event_count(id)));
}
std::span<const EventPiece> Recording::pieces(RunId id) const {
    return impl_->events_[id.index()].pieces();
}
const EventPiece& Recording::piece_of(RunId id, std::uint32_t event) const {
    return impl_->events_[id.index()].piece_of(event);
}
EventNumbers Recording::events_of(RunId id, NodeId node) const {
    return impl_->events_[id.index()].of(node);
}
EventNumbers Recording::time_steps_of(RunId id) const {
    return impl_->events_[id.index()].time_steps();
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
void Recording::set_budget(std::size_t bytes) {
    impl_->budget_ = bytes;
}
std::size_t Recording::budget() const {
    return impl_->budget_;
}
bool Recording::keeps_states() const {
    return impl_->keeps_states_;
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

} // namespace rnnscope::record
