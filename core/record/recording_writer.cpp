#include "core/import/graph_file.hpp"
#include "core/record/graph_coding.hpp"
#include "core/record/record_stream.hpp"
#include "core/record/recording_file.hpp"
#include "core/record/recording_impl.hpp"
#include "core/record/stored_rounds.hpp"

#include <algorithm>

namespace rnnscope::record {

/// Says what happened once more, in the order of time.
class RecordingWriter {
  public:
    RecordingWriter(const SavedParts& parts, ChunkWriter& file)
        : parts_(parts), recording_(parts.recording), data_(*parts.recording.impl_), stream_(file) {}

    void write() {
        write_program();
        write_origins();
        for (std::size_t i = 0; i < parts_.evaluated.graph_count(); ++i) write_graph(GraphId(i));
        for (const SessionData& session : data_.sessions_) {
            ByteWriter out;
            out.id(session.graph);
            stream_.add(RecordKind::session, out);
        }
        stream_.add(RecordKind::begin, {});
        write_time();
        if (!parts_.poison.empty()) {
            ByteWriter poison;
            poison.text(parts_.poison);
            stream_.add(RecordKind::poison, poison);
        }
        ByteWriter out;
        out.flag(parts_.is_finished);
        put_error(out, parts_.evaluated.error());
        stream_.add(RecordKind::end, out);
        stream_.flush();
    }

  private:
    /// Something that took no time: it belongs between two ticks.
    struct Note {
        std::uint64_t ticks = 0; ///< so many had happened
        RecordKind kind = RecordKind::graph_size;
        std::size_t index = 0;          ///< graph, session, error, or entry of the names
        std::size_t nodes = 0;          ///< of graph sizes
        std::string_view variable = {}; ///< of history entries
        const HistoryEntry* history = nullptr;
    };

    void write_program();
    void write_origins();
    void write_graph(GraphId id);
    void collect_notes();
    void write_notes(std::uint64_t ticks);
    void write_note(const Note& note);
    void write_time();
    void write_step(const RecordedStep& step);
    void write_run(const RecordedRun& run);
    void write_event(const RecordedEvent& event);
    void write_block(const runtime::EventBlock& block);
    void write_rounds(const runtime::EventBlock& block, RowPacker& packer, const RoundLayout& layout,
                      std::uint64_t first, std::uint64_t rounds);
    void put_values(ByteWriter& out, const Kept<RecordedValue>& values);
    void put_value(ByteWriter& out, const ops::Value& value);
    void put_error(ByteWriter& out, const std::optional<program::ProgramError>& error);
    std::uint64_t tensor(const Tensor& value) { return stream_.tensor(value); }

    const SavedParts& parts_;
    const Recording& recording_;
    const Recording::Impl& data_;
    RecordStream stream_;
    std::vector<Note> notes_;
    std::size_t next_note_ = 0;
    std::map<std::string, std::uint64_t> layouts_; ///< by what they are stored as
};

void RecordingWriter::write_program() {
    ByteWriter out;
    const program::Program& program = parts_.document.program();
    out.text(parts_.document.text());
    out.text(program.file);
    out.text(program.directory);
    out.text(parts_.document.opened_from());
    out.number(program.graphs.size());
    for (const auto& [name, graph] : program.graphs) {
        out.text(name);
        out.text(graph ? graph->path : std::string());
        out.byte(graph ? static_cast<std::uint8_t>(graph->kind) : 0);
    }
    stream_.add(RecordKind::program, out);
}

void RecordingWriter::write_origins() {
    std::size_t count = 0;
    const auto note = [&](OriginId origin) {
        if (origin.valid()) count = std::max(count, origin.index() + 1);
    };
    for (std::size_t i = 0; i < parts_.evaluated.graph_count(); ++i) {
        const Graph& graph = parts_.evaluated.graph(GraphId(i));
        for (const Node& node : graph.nodes()) note(node.origin);
        for (const Variable& variable : graph.variables()) note(variable.origin);
    }
    for (std::size_t i = 0; i < count; ++i) {
        ByteWriter out;
        for (const StatementId statement : parts_.evaluated.origin_stack(OriginId(i))) out.id(statement);
        stream_.add(RecordKind::origin, out);
    }
}

void RecordingWriter::write_graph(GraphId id) {
    const Graph& graph = parts_.evaluated.graph(id);
    const TensorNumber number = [&](const Tensor& value) { return tensor(value); };
    for (const Node& node : graph.nodes()) {
        ByteWriter out;
        put_node(out, node, number);
        stream_.add(RecordKind::node, out);
    }
    stream_.add(RecordKind::graph, {});
    for (const Variable& variable : graph.variables()) {
        ByteWriter out;
        put_variable(out, variable);
        stream_.add(RecordKind::variable, out);
    }
    for (const auto& [key, items] : graph.collections())
        for (const CollectionItem& item : items) {
            ByteWriter out;
            out.text(key);
            put_item(out, item);
            stream_.add(RecordKind::collection, out);
        }
}

/// An entry of a history that no event made was noted just after its tick, so that it comes behind what that tick did.
void RecordingWriter::collect_notes() {
    for (std::size_t graph = 0; graph < data_.sizes_.size(); ++graph)
        for (const GraphSize& size : data_.sizes_[graph])
            notes_.push_back({size.position, RecordKind::graph_size, graph, size.nodes, {}, nullptr});
    for (std::size_t session = 0; session < data_.sessions_.size(); ++session)
        for (const auto& [variable, history] : data_.sessions_[session].histories)
            for (const HistoryEntry& entry : history)
                if (!entry.run.valid())
                    notes_.push_back({entry.tick + 1, RecordKind::history, session, 0, variable, &entry});
    for (std::size_t i = 0; i < data_.errors_.size(); ++i)
        notes_.push_back({data_.errors_[i].first.ticks, RecordKind::error, i, 0, {}, nullptr});
    for (std::size_t i = 0; i < parts_.names.size(); ++i)
        notes_.push_back({parts_.names[i].position.ticks, RecordKind::locals, i, 0, {}, nullptr});
    std::ranges::stable_sort(notes_, {}, &Note::ticks);
}

void RecordingWriter::write_notes(std::uint64_t ticks) {
    stream_.set_time(ticks);
    while (next_note_ < notes_.size() && notes_[next_note_].ticks <= ticks) write_note(notes_[next_note_++]);
}

void RecordingWriter::write_note(const Note& note) {
    ByteWriter out;
    switch (note.kind) {
    case RecordKind::graph_size:
        out.id(GraphId(note.index));
        out.number(note.nodes);
        break;
    case RecordKind::history:
        out.id(SessionId(note.index));
        out.text(note.variable);
        out.byte(static_cast<std::uint8_t>(note.history->kind));
        out.byte(static_cast<std::uint8_t>(note.history->state));
        out.number(note.history->tick);
        out.id(note.history->node);
        out.number(tensor(note.history->value));
        break;
    case RecordKind::error: {
        const RecordedError& error = data_.errors_[note.index];
        put_error(out, error.error);
        out.flag(error.caught);
        out.flag(error.passed);
        out.number(error.first.ticks);
        out.number(error.last.ticks - error.first.ticks);
        break;
    }
    default: {
        const VisibleNames& visible = parts_.names[note.index];
        out.number(visible.position.ticks);
        out.number(visible.names.size());
        for (const NamedText& name : visible.names) {
            out.text(name.name);
            out.text(name.text);
        }
    }
    }
    stream_.add(note.kind, out);
}

void RecordingWriter::write_time() {
    collect_notes();
    std::size_t run = 0;
    for (const RecordedStep& step : data_.steps_) {
        for (; run < data_.runs_.size() && data_.runs_[run].first_tick < step.first_tick; ++run)
            write_run(data_.runs_[run]);
        write_notes(step.first_tick);
        write_step(step);
    }
    for (; run < data_.runs_.size(); ++run) write_run(data_.runs_[run]);
    write_notes(data_.ticks_);
}

void RecordingWriter::write_step(const RecordedStep& step) {
    ByteWriter out;
    out.id(step.step.statement);
    out.id(step.step.parent);
    out.number(static_cast<std::uint64_t>(step.step.depth));
    out.number(static_cast<std::uint64_t>(step.step.call_depth));
    out.id(step.graph);
    out.number(step.nodes_before);
    out.number(step.nodes_after);
    stream_.add(RecordKind::step, out);
}

void RecordingWriter::write_run(const RecordedRun& run) {
    write_notes(run.first_tick);
    ByteWriter out;
    out.id(run.info.step);
    out.id(run.info.session);
    out.id(run.info.graph);
    out.number(run.info.graph_nodes);
    out.number(run.info.planned_nodes);
    out.number(run.info.request.fetches.size());
    for (const Output fetch : run.info.request.fetches) put_output(out, fetch);
    out.number(run.info.request.feeds.size());
    for (const runtime::RunRequest::Feed& feed : run.info.request.feeds) {
        put_output(out, feed.output);
        out.number(tensor(feed.value));
    }
    out.number(run.info.request.targets.size());
    for (const NodeId target : run.info.request.targets) out.id(target);
    out.number(run.frames.size());
    for (const runtime::FrameInfo& frame : run.frames) {
        out.number(frame.id);
        out.number(frame.parent);
        out.integer(frame.parent_iteration);
        out.text(frame.name);
    }
    stream_.add(RecordKind::run, out);
    for (const EventPiece& piece : recording_.pieces(run.info.id)) {
        stream_.set_time(run.first_tick + 1 + piece.first);
        if (piece.block != nullptr && has_storable_rows(*piece.block)) {
            write_block(*piece.block);
            continue;
        }
        for (std::uint32_t event = piece.first; event < piece.end(); ++event) {
            stream_.set_time(run.first_tick + 1 + event);
            write_event(recording_.event(run.info.id, event));
        }
    }
    write_notes(run.first_tick + 1 + recording_.event_count(run.info.id));
    if (!run.done) return;
    ByteWriter end;
    put_error(end, run.outcome.error);
    end.number(run.outcome.results.size());
    for (const Tensor& result : run.outcome.results) end.number(tensor(result));
    stream_.add(RecordKind::run_end, end);
}

void RecordingWriter::write_event(const RecordedEvent& event) {
    ByteWriter out;
    out.id(event.node);
    out.integer(event.slot);
    out.number(event.frame);
    out.integer(event.iteration);
    out.flag(event.dead);
    out.flag(event.failed);
    put_values(out, event.inputs);
    put_values(out, event.outputs);
    out.number(event.accesses.size());
    for (const RecordedAccess& access : event.accesses) {
        out.text(access.variable);
        out.flag(access.write);
        out.number(tensor(access.value));
    }
    stream_.add(RecordKind::event, out);
}

void RecordingWriter::put_values(ByteWriter& out, const Kept<RecordedValue>& values) {
    out.number(values.size());
    for (const RecordedValue& value : values) {
        const std::uint64_t is_named = value.variable.empty() ? 0 : 2, is_present = value.present ? 1 : 0;
        out.number(tensor(value.tensor) << 2U | is_named | is_present);
        if (is_named != 0) out.text(value.variable);
    }
}

void RecordingWriter::put_value(ByteWriter& out, const ops::Value& value) {
    const auto* variable = std::get_if<ops::VariableStorage*>(&value);
    const auto* held = std::get_if<Tensor>(&value);
    const bool is_named = variable != nullptr && *variable != nullptr;
    out.number((held != nullptr ? tensor(*held) : 0) << 1U | (is_named ? 1U : 0U));
    if (is_named) out.text((*variable)->name);
}

void RecordingWriter::write_block(const runtime::EventBlock& block) {
    const RoundLayout layout = layout_of(block);
    ByteWriter stored;
    put_layout(stored, layout);
    const auto [known, is_new] = layouts_.emplace(stored.bytes(), layouts_.size());
    if (is_new) stream_.add(RecordKind::layout, stored);
    const runtime::RoundValues& values = *block.round_values();
    ByteWriter out;
    out.number(known->second);
    out.number(block.frame());
    out.integer(block.iteration(0) - block.visits()[0].iteration);
    for (const ops::Value& constant : values.constants) put_value(out, constant);
    for (std::size_t box = 0; box < layout.round->boxes; ++box) out.number(tensor(values.boxes[box]));
    stream_.add(RecordKind::block, out);
    RowPacker packer(block, layout);
    for (std::uint64_t first = 0; first < block.rounds(); first += packer.rounds_at_once())
        write_rounds(block, packer, layout, first, std::min(packer.rounds_at_once(), block.rounds() - first));
}

void RecordingWriter::write_rounds(const runtime::EventBlock& block, RowPacker& packer, const RoundLayout& layout,
                                   std::uint64_t first, std::uint64_t rounds) {
    const runtime::RoundValues& values = *block.round_values();
    ByteWriter out;
    out.number(rounds);
    const std::size_t boxes = layout.round->boxes;
    for (std::size_t i = (first + 1) * boxes; i < (first + rounds + 1) * boxes; ++i)
        out.number(tensor(values.boxes[i]));
    const std::uint64_t begin = first * block.visits().size(), end = (first + rounds) * block.visits().size();
    const auto event_of = [](const auto& entry) { return entry.first; };
    const auto from = std::ranges::lower_bound(values.accesses, begin, {}, event_of);
    const auto to = std::ranges::lower_bound(values.accesses, end, {}, event_of);
    out.number(static_cast<std::uint64_t>(to - from));
    for (auto entry = from; entry != to; ++entry) {
        const RecordedAccess access = Recording::Impl::recorded(entry->second);
        out.number(entry->first - begin);
        out.text(access.variable);
        out.flag(access.write);
        out.number(tensor(access.value));
    }
    stream_.add(RecordKind::rounds, out);
    if (layout.stored_bytes(rounds) > 0) stream_.add_rows(packer.packed(first, rounds));
}

void RecordingWriter::put_error(ByteWriter& out, const std::optional<program::ProgramError>& error) {
    out.flag(error.has_value());
    if (!error) return;
    for (const std::string* text : {&error->error_class, &error->message, &error->text, &error->op, &error->variable})
        out.text(*text);
    out.id(error->graph);
    out.id(error->node);
    out.id(error->statement);
    out.id(error->step);
    out.id(error->run);
}

Status save_recording(const SavedParts& parts, const std::string& path) {
    ChunkWriter file(path);
    RecordingWriter(parts, file).write();
    return file.commit(parts.recording.end().ticks);
}

} // namespace rnnscope::record
