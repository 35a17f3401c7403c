#pragma once

#include "core/record/graph_coding.hpp"
#include "core/record/record_stream.hpp"
#include "core/record/recording_file.hpp"
#include "core/record/recording_impl.hpp"
#include "core/record/stored_rounds.hpp"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rnnscope::record {

/// What the program of an opened recording made.
class StoredProgram : public program::Evaluated {
  public:
    bool done() const override { return true; }
    const std::optional<program::ProgramError>& error() const override { return ended_by; }
    const Graph& graph(GraphId id) const override { return *graphs[id.index()]; }
    std::size_t graph_count() const override { return graphs.size(); }
    std::vector<StatementId> origin_stack(OriginId origin) const override {
        return origin.valid() && origin.index() < origins.size() ? origins[origin.index()] : std::vector<StatementId>();
    }
    /// What references to the variable refer to: it has a name and nothing else.
    ops::VariableStorage* storage(const std::string& name) {
        std::unique_ptr<ops::VariableStorage>& storage = storages[name];
        if (!storage) storage = std::make_unique<ops::VariableStorage>();
        storage->name = name;
        return storage.get();
    }

    std::vector<std::shared_ptr<Graph>> graphs;
    std::vector<std::vector<StatementId>> origins;
    std::optional<program::ProgramError> ended_by;
    std::map<std::string, std::unique_ptr<ops::VariableStorage>> storages;
};

/// Makes a recording of a file's records. They are not trusted: ids that do not exist, times out of order, and whatever
/// else nobody would have written end it where they stand.
class RecordingReader {
  public:
    explicit RecordingReader(const std::shared_ptr<const ChunkFile>& file)
        : scan_(file), rows_(std::make_shared<RowCache>(file)) {}
    std::variant<OpenedRecording, Diagnostics> open(const std::string& path);

  private:
    bool read(RecordKind kind, ByteReader& in);
    void read_part(RecordKind kind, ByteReader& in);
    void read_program(ByteReader& in);
    void begin();
    void read_moment(RecordKind kind, ByteReader& in);
    void read_graph_size(ByteReader& in);
    void read_history(ByteReader& in);
    void read_names(ByteReader& in);
    void read_step(ByteReader& in);
    void read_run(ByteReader& in);
    void read_run_end(ByteReader& in);
    void read_error(ByteReader& in);
    std::optional<program::ProgramError> get_error(ByteReader& in) const;
    std::size_t statements() const { return document_->program().statements.size(); }
    std::size_t most_nodes() const;
    // recording_reader_events.cpp
    void read_event(ByteReader& in);
    std::span<const RecordedValue> get_values(ByteReader& in, std::size_t most);
    RecordedAccess get_access(ByteReader& in);
    void read_block(ByteReader& in);
    void read_rounds(ByteReader& in);
    void end_block();
    bool has_room(std::uint64_t events) const;
    bool can_reach(std::uint32_t frame, std::int64_t iteration);
    const Graph& graph_of_run() const { return *program_->graphs[data_->runs_.back().info.graph.index()]; }

    RecordScan scan_;
    std::shared_ptr<RowCache> rows_;
    std::shared_ptr<const program::Document> document_;
    Diagnostics mistakes_; ///< of the program
    std::shared_ptr<StoredProgram> program_;
    StoredGraph graph_; ///< that is being read
    std::vector<GraphId> sessions_;
    std::vector<Tensor> tensors_;
    std::vector<std::shared_ptr<const RoundLayout>> layouts_;
    std::unique_ptr<Recording> recording_; ///< null before anything happened
    Recording::Impl* data_ = nullptr;      ///< of recording_
    std::optional<StoredRounds::Content> block_;
    std::map<std::uint32_t, std::int64_t> newest_; ///< iteration, by frame of the run
    std::vector<VisibleNames> names_;
    std::string poison_;
    bool in_run_ = false, ended_ = false, finished_ = false;
};

} // namespace rnnscope::record
