#include "core/record/recording_reader.hpp"

#include "core/import/graph_file.hpp"
#include "core/record/recording_file.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::record {
namespace {

Diagnostic about(const std::string& path, std::string code, std::string message, std::string remedy = {}) {
    return {std::move(code), std::move(message), {path, 0, 0, {}, 0}, std::move(remedy)};
}

} // namespace

bool RecordingReader::read(RecordKind kind, ByteReader& in) {
    if (kind == RecordKind::tensor) {
        tensors_.push_back(get_tensor(in));
    } else if (!recording_) {
        read_part(kind, in);
    } else {
        if (kind != RecordKind::rounds) end_block();
        read_moment(kind, in);
    }
    return in.ok() && in.at_end();
}

/// What does not change with time.
void RecordingReader::read_part(RecordKind kind, ByteReader& in) {
    if (!in.require((kind == RecordKind::program) == (document_ == nullptr))) return;
    switch (kind) {
    case RecordKind::program:
        return read_program(in);
    case RecordKind::origin:
        program_->origins.emplace_back();
        while (!in.at_end() && in.ok()) program_->origins.back().push_back(in.id<StatementId>(statements()));
        return;
    case RecordKind::node:
        return graph_.add_node(in, tensors_, program_->origins.size());
    case RecordKind::graph:
        program_->graphs.push_back(graph_.build(GraphId(program_->graphs.size())));
        if (!in.require(program_->graphs.back() != nullptr)) program_->graphs.pop_back();
        return;
    case RecordKind::variable:
        if (in.require(!program_->graphs.empty())) add_variable(in, *program_->graphs.back(), program_->origins.size());
        return;
    case RecordKind::collection:
        if (in.require(!program_->graphs.empty())) add_collection_item(in, *program_->graphs.back());
        return;
    case RecordKind::session:
        sessions_.push_back(in.id<GraphId>(program_->graphs.size()));
        return;
    case RecordKind::begin:
        return begin();
    default:
        in.fail();
    }
}

void RecordingReader::read_program(ByteReader& in) {
    std::string text(in.text()), file(in.text()), directory(in.text()), opened_from(in.text());
    program::GraphFiles graphs;
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) {
        std::string name(in.text());
        const auto graph = std::make_shared<GraphFile>(); // what was imported from it is there
        graph->path = in.text();
        graph->kind =
            static_cast<GraphFile::Kind>(in.number_up_to(static_cast<std::uint64_t>(GraphFile::Kind::saved_model)));
        graphs.emplace(std::move(name), graph);
    }
    if (!in.ok()) return;
    auto read = program::Document::read(std::move(text), std::move(file), std::move(directory), std::move(graphs),
                                        std::move(opened_from));
    if (auto* mistakes = std::get_if<Diagnostics>(&read)) {
        mistakes_ = std::move(*mistakes);
        in.fail();
        return;
    }
    document_ = std::get<0>(std::move(read));
    program_ = std::make_shared<StoredProgram>();
}

void RecordingReader::begin() {
    const std::shared_ptr<const StoredProgram> source = program_;
    recording_ = std::make_unique<Recording>(GraphSource{
        .count = [source] { return source->graph_count(); },
        .graph = [source](GraphId id) -> const Graph& { return source->graph(id); },
        .current = [] { return GraphId(); },
    });
    data_ = recording_->impl_.get();
    data_->sizes_.resize(program_->graphs.size());
    for (const GraphId graph : sessions_) data_->sessions_.emplace_back().graph = graph;
}

void RecordingReader::read_moment(RecordKind kind, ByteReader& in) {
    if (!in.require(!ended_)) return;
    switch (kind) {
    case RecordKind::graph_size:
        return read_graph_size(in);
    case RecordKind::history:
        return read_history(in);
    case RecordKind::locals:
        return read_names(in);
    case RecordKind::step:
        return read_step(in);
    case RecordKind::run:
        return read_run(in);
    case RecordKind::event:
        return read_event(in);
    case RecordKind::layout:
        layouts_.push_back(get_layout(in, most_nodes()));
        in.require(layouts_.back() != nullptr);
        return;
    case RecordKind::block:
        return read_block(in);
    case RecordKind::rounds:
        return read_rounds(in);
    case RecordKind::run_end:
        return read_run_end(in);
    case RecordKind::error:
        return read_error(in);
    case RecordKind::poison:
        poison_ = in.text();
        return;
    case RecordKind::end:
        finished_ = in.flag();
        program_->ended_by = get_error(in);
        ended_ = in.ok();
        return;
    default:
        in.fail();
    }
}

std::size_t RecordingReader::most_nodes() const {
    std::size_t most = 0;
    for (const auto& graph : program_->graphs) most = std::max(most, graph->size());
    return most;
}

void RecordingReader::read_graph_size(ByteReader& in) {
    const GraphId graph = in.id<GraphId>(program_->graphs.size());
    const std::uint64_t nodes = in.number();
    if (!in.ok() || !in.require(nodes <= program_->graphs[graph.index()]->size())) return;
    data_->sizes_[graph.index()].push_back({data_->ticks_, static_cast<std::size_t>(nodes)});
}

void RecordingReader::read_history(ByteReader& in) {
    const SessionId id = in.id<SessionId>(sessions_.size());
    const std::string variable(in.text());
    HistoryEntry entry;
    entry.kind = static_cast<HistoryEntry::Kind>(
        in.number_up_to(static_cast<std::uint64_t>(HistoryEntry::Kind::uninitialized_read)));
    entry.state = static_cast<InitState>(in.number_up_to(static_cast<std::uint64_t>(InitState::poisoned)));
    entry.tick = in.number();
    if (!in.ok()) return;
    SessionData& session = data_->sessions_[id.index()];
    entry.node = in.id_or_none<NodeId>(program_->graphs[session.graph.index()]->size());
    entry.value = get_tensor_named(in, tensors_);
    std::vector<HistoryEntry>& history = session.histories[variable];
    if (!in.require(entry.tick <= data_->ticks_ && (history.empty() || history.back().tick <= entry.tick))) return;
    data_->count_bytes(entry.value);
    history.push_back(std::move(entry));
}

void RecordingReader::read_names(ByteReader& in) {
    VisibleNames& visible = names_.emplace_back();
    visible.position = {in.number()};
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) {
        std::string name(in.text());
        visible.names.push_back({std::move(name), std::string(in.text())});
    }
    const bool is_in_order = names_.size() < 2 || names_[names_.size() - 2].position <= visible.position;
    in.require(is_in_order);
}

void RecordingReader::read_step(ByteReader& in) {
    RecordedStep step;
    step.step.id = StepId(data_->steps_.size());
    step.step.statement = in.id<StatementId>(statements());
    step.step.parent = in.id_or_none<StepId>(data_->steps_.size());
    step.step.depth = static_cast<int>(in.number_up_to(std::numeric_limits<int>::max()));
    step.step.call_depth = static_cast<int>(in.number_up_to(std::numeric_limits<int>::max()));
    step.graph = in.id_or_none<GraphId>(program_->graphs.size());
    step.nodes_before = static_cast<std::size_t>(in.number_up_to(most_nodes()));
    step.nodes_after = static_cast<std::size_t>(in.number_up_to(most_nodes()));
    if (!in.require(!in_run_)) return;
    step.first_tick = step.last_tick = data_->ticks_;
    data_->steps_.push_back(std::move(step));
    data_->push_ticks(data_->steps_.back().step.id);
}

void RecordingReader::read_run(ByteReader& in) {
    RecordedRun run;
    run.info.id = RunId(data_->runs_.size());
    run.info.step = in.id<StepId>(data_->steps_.size());
    run.info.session = in.id<SessionId>(sessions_.size());
    run.info.graph = in.id<GraphId>(program_->graphs.size());
    if (!in.require(!in_run_)) return;
    const Graph& graph = *program_->graphs[run.info.graph.index()];
    run.info.graph_nodes = static_cast<std::size_t>(in.number_up_to(graph.size()));
    run.info.planned_nodes = static_cast<std::size_t>(in.number());
    newest_.clear();
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i)
        run.info.request.fetches.push_back(get_output(in, graph, false));
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) {
        const Output output = get_output(in, graph, false);
        run.info.request.feeds.push_back({output, get_tensor_named(in, tensors_)});
    }
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i)
        run.info.request.targets.push_back(in.id<NodeId>(graph.size()));
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) {
        runtime::FrameInfo& frame = run.frames.emplace_back();
        frame.id = in.number32();
        frame.parent = in.number32();
        frame.parent_iteration = in.integer();
        frame.name = in.text();
        // A frame is made inside of one that is there.
        in.require(frame.id == 0 ? frame.parent == 0 : newest_.contains(frame.parent) || frame.parent == 0);
        in.require(newest_.emplace(frame.id, std::numeric_limits<std::int64_t>::min()).second);
    }
    if (!in.ok()) return;
    run.first_tick = run.last_tick = data_->ticks_;
    data_->steps_[run.info.step.index()].run = run.info.id;
    data_->runs_.push_back(std::move(run));
    data_->events_.emplace_back();
    data_->push_ticks(data_->runs_.back().info.step);
    in_run_ = true;
}

void RecordingReader::read_run_end(ByteReader& in) {
    if (!in.require(in_run_)) return;
    program::RunOutcome outcome;
    outcome.error = get_error(in);
    for (std::size_t i = in.count(); i > 0 && in.ok(); --i) outcome.results.push_back(get_tensor_named(in, tensors_));
    RecordedRun& run = data_->runs_.back();
    if (!in.require(outcome.results.size() <= run.info.request.fetches.size())) return;
    for (const Tensor& result : outcome.results) data_->count_bytes(result);
    run.outcome = std::move(outcome);
    run.done = true;
    run.last_tick = data_->ticks_;
    data_->push_ticks(run.info.step);
    in_run_ = false;
}

void RecordingReader::read_error(ByteReader& in) {
    const std::optional<program::ProgramError> error = get_error(in);
    RecordedError recorded;
    recorded.caught = in.flag();
    recorded.passed = in.flag();
    recorded.first = {in.number()};
    recorded.last = {recorded.first.ticks + in.number_up_to(std::numeric_limits<std::uint32_t>::max())};
    // Those that were passed over lie within their runs.
    const Position end = recording_->end();
    const bool is_in_time = recorded.passed ? recorded.first <= end : recorded.first == end;
    if (!in.require(error.has_value() && is_in_time)) return;
    recorded.error = *error;
    if (error->step.valid() && !recorded.passed) {
        RecordedStep& step = data_->steps_[error->step.index()];
        step.error = error;
        step.error_caught = recorded.caught;
    }
    data_->errors_.push_back(std::move(recorded));
}

std::optional<program::ProgramError> RecordingReader::get_error(ByteReader& in) const {
    if (!in.flag()) return std::nullopt;
    program::ProgramError error;
    for (std::string* text : {&error.error_class, &error.message, &error.text, &error.op, &error.variable})
        *text = in.text();
    error.graph = in.id_or_none<GraphId>(program_->graphs.size());
    const std::size_t nodes = error.graph.valid() && in.ok() ? program_->graphs[error.graph.index()]->size() : 0;
    error.node = in.id_or_none<NodeId>(nodes);
    error.statement = in.id_or_none<StatementId>(statements());
    error.step = in.id_or_none<StepId>(data_->steps_.size());
    error.run = in.id_or_none<RunId>(data_->runs_.size());
    return error;
}

std::variant<OpenedRecording, Diagnostics> open_recording(const std::string& path) {
    const auto file = ChunkFile::open(path);
    if (!file) return Diagnostics{about(path, file.error().code, file.error().message)};
    return RecordingReader(*file).open(path);
}

std::variant<OpenedRecording, Diagnostics> RecordingReader::open(const std::string& path) {
    bool sound = true;
    while (const auto record = scan_.next()) {
        ByteReader in(record->content);
        if (sound = read(record->kind, in); !sound) break;
    }
    if (!mistakes_.empty()) return mistakes_;
    const bool is_whole = sound && ended_ && scan_.chunks().problem().empty() && scan_.is_at_end();
    const std::string problem =
        !sound || scan_.chunks().problem().empty() ? "the file's content makes no sense" : scan_.chunks().problem();
    const std::uint64_t offset = scan_.chunks().offset();
    if (!recording_)
        return Diagnostics{
            about(path, "recording.damaged",
                  fmt::format("{} at byte {}, before the program and its graphs are there", problem, offset),
                  "save the recording again where it was made")};
    end_block();
    OpenedRecording opened;
    opened.is_finished = is_whole && finished_;
    if (!is_whole) {
        const std::optional<std::uint64_t> all = scan_.chunks().whole_ticks();
        opened.damage.push_back(
            about(path, "recording.damaged",
                  fmt::format("{} at byte {}: the recording is shown up to position {}{}", problem, offset,
                              recording_->end().ticks, all ? fmt::format(" of {}", *all) : std::string()),
                  "save the recording again where it was made"));
    }
    for (RecordedError& error : data_->errors_) error.last = std::min(error.last, recording_->end());
    opened.document = std::move(document_);
    opened.evaluated = std::move(program_);
    opened.recording = std::move(recording_);
    opened.names = std::move(names_);
    if (is_whole) opened.poison = std::move(poison_);
    return opened;
}

} // namespace rnnscope::record
