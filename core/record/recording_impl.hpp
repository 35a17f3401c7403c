#pragma once

#include "core/ops/kernel.hpp"
#include "core/record/run_events.hpp"
#include "core/runtime/row_pool.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

namespace rnnscope::record {

/// Hands out contiguous room that never moves.
template <class T> class Arena {
  public:
    std::span<T> allocate(std::size_t count) {
        if (count == 0) return {};
        if (chunks_.empty() || chunks_.back().size() - used_ < count) {
            chunks_.emplace_back(std::max(count, next_size_));
            next_size_ = std::min(next_size_ * 2, most_at_once);
            used_ = 0;
        }
        const std::span<T> room{chunks_.back().data() + used_, count};
        used_ += count;
        return room;
    }

  private:
    static constexpr std::size_t most_at_once = 256; ///< what malloc still finds quickly
    std::deque<std::vector<T>> chunks_;
    std::size_t next_size_ = 16; ///< most recordings are short
    std::size_t used_ = 0;
};

/// Addresses that were seen. Every value of every event is looked up, so that this has to be quick.
class AddressSet {
  public:
    /// False when it was there.
    bool insert(const void* address) {
        if (2 * (count_ + 1) > slots_.size()) grow();
        const void*& slot = slot_of(address);
        if (slot == address) return false;
        slot = address;
        ++count_;
        return true;
    }

  private:
    const void*& slot_of(const void* address) {
        constexpr std::uint64_t golden = 0x9E3779B97F4A7C15U; // Fibonacci hashing (Knuth 6.4)
        std::size_t at = static_cast<std::size_t>((reinterpret_cast<std::uintptr_t>(address) * golden) >> shift_);
        while (slots_[at] != nullptr && slots_[at] != address) at = (at + 1) % slots_.size();
        return slots_[at];
    }
    void grow() {
        const std::vector<const void*> before = std::exchange(slots_, {});
        slots_.resize(before.empty() ? 64 : before.size() * 4);
        shift_ = 64U - static_cast<unsigned>(std::countr_zero(slots_.size()));
        for (const void* address : before)
            if (address != nullptr) slot_of(address) = address;
    }
    std::vector<const void*> slots_; ///< a power of two; null: free
    std::size_t count_ = 0;
    unsigned shift_ = 0;
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

/// Does the Assign write what a restore op read from a checkpoint?
bool is_fed_by_restore(const Graph& graph, const Node& assign);

/// What a recording holds, and how it grows.
class Recording::Impl {
  public:
    explicit Impl(GraphSource source) : source_(std::move(source)) {}

    GraphSource source_;
    std::uint64_t ticks_ = 0; ///< so many; which they are follows from steps, runs and events
    std::vector<RecordedStep> steps_;
    std::vector<RecordedRun> runs_;
    std::deque<RunEvents> events_; ///< by run
    std::vector<RecordedError> errors_;
    std::vector<SessionData> sessions_;
    std::vector<std::vector<GraphSize>> sizes_; ///< by graph, growing
    Arena<RecordedValue> values_;
    Arena<RecordedAccess> accesses_;
    AddressSet buffers_;
    std::size_t bytes_ = 0;
    std::size_t budget_ = quarter_of_memory();
    std::size_t thin_at_ = 0;    ///< bytes at which there was nothing more to thin; 0: there may be
    runtime::RowPool thin_rows_; ///< for blocks that were thinned
    bool keeps_states_ = false;

    static std::size_t quarter_of_memory();

    /// The statement and those around it reach as far.
    void push_ticks(StepId step, std::uint64_t count = 1) {
        ticks_ += count;
        for (StepId id = step; id.valid(); id = steps_[id.index()].step.parent)
            steps_[id.index()].last_tick = ticks_ - 1;
    }

    /// Nothing else happens between the beginning and the end of a run.
    Tick tick(std::uint64_t index) const {
        assert(index < ticks_);
        const auto after_run = std::ranges::upper_bound(runs_, index, {}, &RecordedRun::first_tick);
        if (after_run != runs_.begin()) {
            const RecordedRun& run = *std::prev(after_run);
            if (index == run.first_tick) return {TickKind::run_begin, run.info.step, run.info.id, 0};
            if (run.done && index == run.last_tick) return {TickKind::run_end, run.info.step, run.info.id, 0};
            if (index < run.last_tick || (!run.done && index == run.last_tick))
                return {TickKind::event, run.info.step, run.info.id,
                        static_cast<std::uint32_t>(index - run.first_tick - 1)};
        }
        const auto after = std::ranges::upper_bound(steps_, index, {}, &RecordedStep::first_tick);
        return {TickKind::statement, std::prev(after)->step.id, {}, 0};
    }

    /// Notes what the graphs gained since the last call: it belongs to the last tick.
    void sample_graphs() {
        const std::size_t count = source_.count();
        if (sizes_.size() < count) sizes_.resize(count);
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t nodes = source_.graph(GraphId(i)).size();
            if (nodes > (sizes_[i].empty() ? 0 : sizes_[i].back().nodes)) sizes_[i].push_back({ticks_, nodes});
        }
        for (SessionData& session : sessions_) declare(session);
    }

    void declare(SessionData& session) {
        const Graph& graph = source_.graph(session.graph);
        for (; session.declared < graph.variables().size(); ++session.declared) {
            const Variable& variable = graph.variables()[session.declared];
            HistoryEntry entry;
            entry.tick = ticks_ == 0 ? 0 : ticks_ - 1;
            entry.node = variable.op;
            session.histories[storage_name(graph, variable)].push_back(std::move(entry));
        }
    }

    void count_bytes(const Tensor& tensor) {
        if (!tensor) return;
        const bool in_strings = tensor.dtype() == DType::string || tensor.dtype() == DType::resource;
        const void* buffer = in_strings ? static_cast<const void*>(tensor.strings().data()) : tensor.bytes().data();
        if (buffer && buffers_.insert(buffer)) bytes_ += tensor.byte_size();
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

    void note_access(SessionData& session, const RecordedAccess& access, NodeId node, const RecordedRun& run,
                     std::uint32_t event) {
        std::vector<HistoryEntry>& history = session.histories[access.variable];
        HistoryEntry entry;
        entry.tick = run.first_tick + 1 + event;
        entry.run = run.info.id;
        entry.event = event;
        entry.node = node;
        entry.value = access.value;
        entry.state = history.empty() ? InitState::declared : history.back().state;
        if (access.write) {
            const Graph& graph = source_.graph(session.graph);
            const bool restores = node.valid() && is_fed_by_restore(graph, graph.node(node));
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
            room[i] = recorded(access);
            count_bytes(access.value);
        }
        if (add_failed) room.back().variable = event.error->variable;
        return room;
    }

    static RecordedAccess recorded(const ops::VariableAccess& access) {
        return {access.storage ? access.storage->name : std::string(), access.kind == ops::VariableAccess::Kind::write,
                access.value};
    }

    void add_event(const runtime::Event& event) {
        RecordedRun& run = runs_.back();
        SessionData& session = sessions_[run.info.session.index()];
        const auto index = static_cast<std::uint32_t>(events_.back().size());
        push_ticks(run.info.step);
        run.last_tick = ticks_ - 1;

        SingleEvent kept;
        kept.node = event.node;
        kept.slot = event.slot;
        kept.frame = event.frame;
        kept.iteration = event.iteration;
        kept.dead = event.dead;
        kept.failed = event.error != nullptr;
        kept.inputs = keep(event.inputs, session, event.accesses); // counted as outputs of others
        kept.outputs = keep(event.outputs, session, {});
        for (const RecordedValue& output : kept.outputs) count_bytes(output.tensor);
        kept.accesses = keep_accesses(event);
        for (const RecordedAccess& access : kept.accesses) note_access(session, access, event.node, run, index);
        events_.back().add(std::move(kept));
        make_room();
    }

    /// Thins what is kept of loops until it fits into the budget with some room, or there is nothing more to thin.
    void make_room() {
        if (bytes_ <= std::max(budget_, thin_at_)) return;
        for (const std::uint32_t interval : {16U, 128U, 1024U}) {
            for (RunEvents& events : events_) {
                const std::size_t freed = events.thin(interval, thin_rows_);
                keeps_states_ = keeps_states_ || freed > 0;
                bytes_ -= std::min(bytes_, freed);
            }
            if (bytes_ <= budget_ - budget_ / 4) return;
        }
        thin_at_ = bytes_ + budget_ / 8;
    }

    void add_block(std::shared_ptr<const runtime::EventBlock> block) {
        if (block->events() == 0) return;
        RecordedRun& run = runs_.back();
        const auto first = static_cast<std::uint32_t>(events_.back().size());
        push_ticks(run.info.step, block->events());
        run.last_tick = ticks_ - 1;
        note_accesses(*block, run, first);
        bytes_ += block->bytes();
        events_.back().add(std::move(block));
        make_room();
    }

    /// Reads only those events of the block that can have accesses.
    void note_accesses(const runtime::EventBlock& block, const RecordedRun& run, std::uint32_t first) {
        const auto visits = block.visits();
        std::vector<std::uint32_t> accessing;
        for (std::uint32_t i = 0; i < visits.size(); ++i)
            if (visits[i].may_access_variables) accessing.push_back(i);
        SessionData& session = sessions_[run.info.session.index()];
        runtime::BlockEvent values;
        for (std::uint64_t round = 0; round < block.rounds() && !accessing.empty(); ++round)
            for (const std::uint32_t offset : accessing) {
                const auto event = static_cast<std::uint32_t>(round * visits.size() + offset);
                block.read(event, values);
                for (const ops::VariableAccess& access : values.accesses)
                    note_access(session, recorded(access), visits[offset].node, run, first + event);
            }
    }

    /// The values of an event of a block, which are kept as long as someone looks at them.
    RecordedEvent block_event(RunId id, std::uint32_t index) const {
        struct Values {
            std::vector<RecordedValue> inputs, outputs;
            std::vector<RecordedAccess> accesses;
        };
        const RunEvents& events = events_[id.index()];
        const EventPiece& piece = events.piece_of(index);
        runtime::BlockEvent read;
        piece.block->read(index - piece.first, read);
        const auto values = std::make_shared<Values>();
        const Position before{runs_[id.index()].first_tick + 1 + index}, after{before.ticks + 1};
        for (const ops::Value& value : read.inputs) values->inputs.push_back(recorded(value, id, before));
        for (const ops::Value& value : read.outputs) values->outputs.push_back(recorded(value, id, after));
        for (const ops::VariableAccess& access : read.accesses) values->accesses.push_back(recorded(access));
        RecordedEvent event{events.visit(index), {}, {}, {}};
        event.inputs = Kept<RecordedValue>(values->inputs, values);
        event.outputs = Kept<RecordedValue>(values->outputs, values);
        event.accesses = Kept<RecordedAccess>(values->accesses, values);
        return event;
    }

    /// A reference shows what the variable held at `position`, not what it holds now.
    RecordedValue recorded(const ops::Value& value, RunId run, Position position) const {
        RecordedValue kept;
        if (const auto* tensor = std::get_if<Tensor>(&value)) {
            kept.tensor = *tensor;
            kept.present = true;
        } else if (const auto* reference = std::get_if<ops::VariableStorage*>(&value); reference && *reference) {
            kept.variable = (*reference)->name;
            kept.present = true;
            const HistoryEntry* write = last_write(runs_[run.index()].info.session, kept.variable, position);
            if (write != nullptr) kept.tensor = write->value;
        }
        return kept;
    }

    Position error_begin(const program::ProgramError& error) const {
        if (error.run.valid() && error.run.index() < runs_.size()) {
            const RecordedRun& run = runs_[error.run.index()];
            const std::size_t events = events_[error.run.index()].size();
            return {run.first_tick + 1 + events};
        }
        return {ticks_};
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

} // namespace rnnscope::record
