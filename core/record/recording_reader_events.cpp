#include "core/record/recording_reader.hpp"

#include <algorithm>

namespace rnnscope::record {

/// Events of a run are counted with 32 bits.
bool RecordingReader::has_room(std::uint64_t events) const {
    const std::uint64_t there = data_->events_.back().size();
    return events <= std::numeric_limits<std::uint32_t>::max() - there;
}

/// Iterations of a frame begin in order; one that is older than the newest may still go on.
bool RecordingReader::can_reach(std::uint32_t frame, std::int64_t iteration) {
    constexpr std::int64_t most = std::int64_t{1} << 48U;
    const auto newest = newest_.find(frame);
    if (newest == newest_.end() || iteration < 0 || iteration > most) return false;
    newest->second = std::max(newest->second, iteration);
    return true;
}

std::span<const RecordedValue> RecordingReader::get_values(ByteReader& in, std::size_t most) {
    const std::size_t count = in.count();
    if (!in.require(count <= most)) return {};
    const std::span<RecordedValue> values = data_->values_.allocate(count);
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        const std::uint64_t code = in.number();
        if (!in.require(code >> 2U <= tensors_.size())) break;
        if (code >> 2U != 0) values[i].tensor = tensors_[static_cast<std::size_t>((code >> 2U) - 1)];
        values[i].present = (code & 1U) != 0;
        if ((code & 2U) != 0) values[i].variable = in.text();
        data_->count_bytes(values[i].tensor);
    }
    return values;
}

RecordedAccess RecordingReader::get_access(ByteReader& in) {
    RecordedAccess access;
    access.variable = in.text();
    access.write = in.flag();
    access.value = get_tensor_named(in, tensors_);
    return access;
}

void RecordingReader::read_event(ByteReader& in) {
    if (!in.require(in_run_ && has_room(1))) return;
    RecordedRun& run = data_->runs_.back();
    const Graph& graph = graph_of_run();
    SingleEvent event;
    event.node = in.id_or_none<NodeId>(graph.size());
    event.slot = static_cast<int>(in.integer());
    event.frame = in.number32();
    event.iteration = in.integer();
    event.dead = in.flag();
    event.failed = in.flag();
    in.require(can_reach(event.frame, event.iteration));
    const std::size_t slots = run.info.request.fetches.size() + run.info.request.feeds.size();
    in.require(event.node.valid() ? event.slot == -1 : event.slot >= 0 && static_cast<std::size_t>(event.slot) < slots);
    const std::size_t most_inputs = event.node.valid() && in.ok() ? graph.node(event.node).inputs.size() : 1;
    const std::size_t most_outputs = event.node.valid() && in.ok() ? graph.node(event.node).outputs.size() : 1;
    event.inputs = get_values(in, most_inputs);
    event.outputs = get_values(in, most_outputs);
    const std::size_t count = in.count();
    const std::span<RecordedAccess> accesses = data_->accesses_.allocate(count);
    for (std::size_t i = 0; i < count && in.ok(); ++i) {
        accesses[i] = get_access(in);
        data_->count_bytes(accesses[i].value);
    }
    event.accesses = accesses;
    if (!in.ok()) return;
    const auto index = static_cast<std::uint32_t>(data_->events_.back().size());
    data_->push_ticks(run.info.step);
    run.last_tick = data_->ticks_ - 1;
    SessionData& session = data_->sessions_[run.info.session.index()];
    for (const RecordedAccess& access : accesses) data_->note_access(session, access, event.node, run, index);
    data_->events_.back().add(std::move(event));
}

void RecordingReader::read_block(ByteReader& in) {
    const std::uint64_t layout = in.number();
    if (!in.require(in_run_ && layout < layouts_.size())) return;
    StoredRounds::Content& block = block_.emplace();
    block.layout = layouts_[static_cast<std::size_t>(layout)];
    block.rows = rows_;
    block.frame = in.number32();
    block.first_iteration = in.integer();
    const Graph& graph = graph_of_run();
    std::int64_t newest = 0;
    for (const runtime::BlockVisit& visit : block.layout->visits) {
        in.require(visit.node.index() < graph.size());
        newest = std::max<std::int64_t>(newest, visit.iteration);
    }
    const auto before = newest_.find(block.frame);
    if (!in.require(before != newest_.end() && before->second <= block.first_iteration + newest &&
                    can_reach(block.frame, block.first_iteration))) {
        block_.reset();
        return;
    }
    in.require(block.layout->constants <= in.left());
    for (std::size_t i = 0; i < block.layout->constants && in.ok(); ++i) {
        const std::uint64_t code = in.number();
        if (!in.require(code >> 1U <= tensors_.size())) break;
        ops::Value& constant = block.constants.emplace_back();
        if ((code & 1U) != 0)
            constant = program_->storage(std::string(in.text()));
        else if (code != 0)
            constant = tensors_[static_cast<std::size_t>((code >> 1U) - 1)];
    }
    for (std::size_t i = 0; i < block.layout->round->boxes && in.ok(); ++i)
        block.boxes.push_back(get_tensor_named(in, tensors_));
    if (!in.ok()) block_.reset();
}

/// What is whole of a block is kept: the rounds before the damage.
void RecordingReader::read_rounds(ByteReader& in) {
    if (!in.require(block_.has_value())) return;
    StoredRounds::Content& block = *block_;
    const std::uint64_t rounds = in.number32(), visits = block.layout->visits.size();
    if (!in.require(rounds > 0 && has_room((block.rounds + rounds) * visits))) return;
    const std::size_t boxes = block.layout->round->boxes;
    if (!in.require(rounds * boxes <= in.left())) return;
    std::vector<Tensor> boxed;
    for (std::uint64_t i = 0; i < rounds * boxes && in.ok(); ++i) boxed.push_back(get_tensor_named(in, tensors_));
    std::vector<std::pair<std::uint64_t, RecordedAccess>> accesses;
    std::uint64_t last = 0;
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) {
        const std::uint64_t event = in.number();
        in.require(event >= last && event < rounds * visits);
        accesses.emplace_back(last = event, get_access(in));
    }
    if (!in.ok() || !in.require(in.at_end())) return;
    if (const std::uint64_t bytes = block.layout->stored_bytes(rounds); bytes > 0) {
        const std::optional<ChunkPlace> place = scan_.rows(bytes);
        if (!in.require(place.has_value())) return;
        block.stretches.push_back({block.rounds, rounds, *place});
    }
    RecordedRun& run = data_->runs_.back();
    SessionData& session = data_->sessions_[run.info.session.index()];
    const std::uint64_t before = block.rounds * visits, first = data_->events_.back().size() + before;
    for (const auto& [event, access] : accesses) {
        const NodeId node = block.layout->visits[static_cast<std::size_t>(event % visits)].node;
        data_->note_access(session, access, node, run, static_cast<std::uint32_t>(first + event));
        using Kind = ops::VariableAccess::Kind;
        block.accesses.emplace_back(
            before + event, ops::VariableAccess{access.variable.empty() ? nullptr : program_->storage(access.variable),
                                                access.write ? Kind::write : Kind::read, access.value});
    }
    block.boxes.insert(block.boxes.end(), boxed.begin(), boxed.end());
    block.rounds += rounds;
    std::int64_t& newest = newest_[block.frame];
    for (std::uint64_t i = 0; i < visits; ++i)
        newest = std::max(newest, block.first_iteration + static_cast<std::int64_t>(block.rounds) - 1 +
                                      block.layout->visits[static_cast<std::size_t>(i)].iteration);
}

void RecordingReader::end_block() {
    if (!block_) return;
    StoredRounds::Content content = *std::exchange(block_, std::nullopt);
    if (content.rounds == 0) return;
    const auto block = std::make_shared<const StoredRounds>(std::move(content));
    RecordedRun& run = data_->runs_.back();
    data_->push_ticks(run.info.step, block->events());
    run.last_tick = data_->ticks_ - 1;
    data_->bytes_ += block->bytes();
    data_->events_.back().add(block);
}

} // namespace rnnscope::record
