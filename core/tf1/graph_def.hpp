#pragma once

#include "core/import/graph_file.hpp"
#include "core/tf1/graph_state.hpp"

#include <memory>
#include <string>
#include <vector>

namespace rnnscope::tf1 {

/// tf.GraphDef or tf.MetaGraphDef: what a file holds, or what a graph says of itself. Never changes.
class GraphDefObject : public Object {
  public:
    explicit GraphDefObject(std::shared_ptr<const GraphFile> file)
        : GraphDefObject(file, file->kind != GraphFile::Kind::graph_def) {}
    GraphDefObject(std::shared_ptr<const GraphFile> file, bool is_meta_graph)
        : file_(std::move(file)), is_meta_graph_(is_meta_graph) {}

    std::string type_name() const override { return is_meta_graph_ ? "MetaGraphDef" : "GraphDef"; }
    Value attribute(Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override;

    const GraphFile& file() const { return *file_; }
    bool is_meta_graph() const { return is_meta_graph_; }

  private:
    std::shared_ptr<const GraphFile> file_;
    bool is_meta_graph_;
};

/// Graph.as_graph_def()
Value as_graph_def(const GraphState& state);
/// importer.import_graph_def: the nodes, in the order in which 1.15 makes them, under the scope `name` (None: "import",
/// "": none). The elements that `return_elements` names, or None. Throws TypeError and ValueError.
Value import_graph_def(GraphState& state, const GraphFile& file, const Value& return_elements, const Value& name);
/// saver.import_meta_graph: the nodes, then the collections; the file's saver, a new one where the file has variables
/// and no saver, or None.
Value import_meta_graph(GraphState& state, const GraphFile& file, const std::string& import_scope);

} // namespace rnnscope::tf1
