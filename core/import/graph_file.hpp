#pragma once

#include "core/base/diagnostic.hpp"
#include "core/import/node_defs.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace rnnscope {

/// A function of a graph's library (FunctionDef). It is shown; nodes that call it cannot run.
struct FunctionData {
    std::string name;
    struct Argument {
        std::string name;
        DType dtype = DType::invalid; ///< invalid: an attribute of the caller says the type, or the number
    };
    std::vector<Argument> inputs, outputs;
    NodeDefs nodes; ///< inputs are spelt "node:output_argument:index"
};

/// VariableDef: what a MetaGraph's collections hold of a tf.Variable. Names are tensor names ("v:0") and op names.
struct VariableData {
    std::string variable, initializer, snapshot, initial_value;
    bool is_resource = false;
    bool trainable = false; ///< written since 1.12 only; the collection `trainable_variables` says it for all
};

/// One collection of a MetaGraph, in the form that its key asks for.
struct CollectionData {
    std::vector<std::string> names;      ///< of nodes ("op") and tensors ("op:0")
    std::vector<VariableData> variables; ///< of the collections of variables
    std::vector<std::string> contexts;   ///< names of while and cond contexts
    std::size_t others = 0;              ///< entries of other kinds: numbers, and messages that nothing here reads
};

/// SaverDef: how the saver that wrote the file is driven.
struct SaverData {
    std::string filename_tensor, save_tensor, restore_op;
    bool sharded = false;
    int version = 0; ///< 0 legacy, 1 V1, 2 V2
};

/// SignatureDef: what a SavedModel offers to serving.
struct SignatureData {
    std::string key, method;
    std::vector<std::pair<std::string, std::string>> inputs, outputs; ///< argument, tensor name; sorted by argument
};

/// What a file written by TensorFlow holds, before it becomes a graph. Never changes once it is loaded, and shares the
/// memory of its constants with every graph that is made from it.
struct GraphFile {
    enum class Kind : std::uint8_t { graph_def, meta_graph, saved_model } kind = Kind::graph_def;
    enum class Encoding : std::uint8_t { binary, text, json, events } encoding = Encoding::binary;
    std::string path; ///< of the file itself, also when a SavedModel's folder was named
    NodeDefs nodes;
    std::vector<FunctionData> functions;
    int producer = 0;               ///< GraphDef version of the TensorFlow that wrote it; 0 before 0.6
    std::string tensorflow_version; ///< "1.7.0"; "" when the file does not say
    std::vector<std::string> tags;
    std::map<std::string, CollectionData> collections;
    std::optional<SaverData> saver;
    std::vector<SignatureData> signatures;
    Diagnostics notes; ///< what was left out: unknown fields, further MetaGraphs
};

struct GraphFormat {
    GraphFile::Kind kind = GraphFile::Kind::graph_def;
    GraphFile::Encoding encoding = GraphFile::Encoding::binary;
};

/// What kind of graph the content of a file is, told from the content alone; nothing when it is no graph.
std::optional<GraphFormat> sniff_graph(std::string_view content);

/// Is there a graph at `path`: a file whose beginning looks like one, or the folder of a SavedModel? Reads the
/// beginning only.
bool is_graph_file(const std::string& path);

using LoadedGraph = std::variant<std::shared_ptr<const GraphFile>, Diagnostics>;

/// Reads a GraphDef, a MetaGraphDef or a SavedModel (its file or its folder; of several MetaGraphs the one with the tag
/// "serve", else the first), in binary, text or JSON form, or the graph in a training run's event file. Files are
/// untrusted: anything wrong is reported with the place in the file (line and column, or the byte), all that can be
/// found at once. Memory stays within twice the file and 64 MB (text and JSON: as long as their nodes without the
/// constants have less than 16 MB, because protobuf reads those forms whole); constants that repeat one value are made
/// when they are asked for.
LoadedGraph load_graph_file(const std::string& path);
/// The same for content that is in memory. `path` is for reports only.
LoadedGraph read_graph_file(std::string content, const std::string& path);

} // namespace rnnscope
