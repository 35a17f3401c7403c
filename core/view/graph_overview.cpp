#include "core/view/graph_overview.hpp"

#include "core/import/graph_roles.hpp"

#include <filesystem>
#include <fmt/format.h>

namespace rnnscope::view {
namespace {

/// More are in the graph; a list longer than the panel hides the rest of what there is.
constexpr std::size_t most_rows = 8;

class Overview {
  public:
    Overview(const debug::Debugger& debugger, const Graph& graph) : debugger_(debugger), graph_(graph) {}

    InspectorView build() {
        const GraphRoles& roles = debugger_.graph_roles();
        view_.title = std::filesystem::path(debugger_.document().opened_from()).filename().string();
        view_.subtitle = "graph";
        view_.facts = {Link::plain(fmt::format("{} nodes, {} variables; a right click on a name runs it",
                                               grouped(graph_.size()), grouped(graph_.variables().size())))};
        add("Placeholders", roles.inputs, [&](const InputRole& role) {
            const OutputInfo& info = graph_.node(role.node).outputs[0];
            row(role.node, graph_.node(role.node).name, type_text(info.dtype, role.shape));
        });
        add("Outputs", roles.outputs, [&](const OutputRole& role) {
            row(role.output.node, graph_.tensor_name(role.output), std::string(to_text(role.kind)));
        });
        add("Initializers", roles.inits, [&](const InitRole& role) {
            row(role.op, graph_.node(role.op).name, fmt::format("{} variables", role.variables.size()));
        });
        add("Training", roles.trains, [&](const TrainRole& role) {
            row(role.op, graph_.node(role.op).name,
                fmt::format("{}, {} variables", role.optimizer, role.variables.size()));
        });
        add("Savers", roles.savers, [&](const SaverRole& role) {
            const NodeId node = role.restore_op.valid() ? role.restore_op : role.filename.node;
            row(node, graph_.node(node).name, fmt::format("{} variables", role.variables.size()));
        });
        add("Cells", roles.cells, [&](const RecognizedCell& cell) {
            if (cell.instances.empty()) return;
            const Output h = cell.instances[0].part("h");
            row(h.valid() ? h.node : cell.instances[0].nodes.back(), cell.name,
                fmt::format("{}, {} units", to_text(cell.variant.kind), cell.units));
        });
        return std::move(view_);
    }

  private:
    template <class Role, class AddRow> void add(const char* title, const std::vector<Role>& roles, AddRow&& add_row) {
        name_ = title;
        for (std::size_t i = 0; i < std::min(roles.size(), most_rows); ++i) add_row(roles[i]);
        if (roles.size() > most_rows)
            view_.links.push_back(
                {"", StateMark::none, Link::plain(fmt::format("… and {} more", roles.size() - most_rows)), ""});
    }
    void row(NodeId node, std::string text, std::string detail) {
        view_.links.push_back({std::exchange(name_, ""),
                               StateMark::none,
                               {std::move(text), select_node(debugger_, node)},
                               std::move(detail)});
    }

    const debug::Debugger& debugger_;
    const Graph& graph_;
    std::string name_;
    InspectorView view_;
};

} // namespace

InspectorView build_graph_overview(const debug::Debugger& debugger) {
    if (!debugger.is_open() || !debugger.document().is_graph() || debugger.graph() == nullptr) return {};
    return Overview(debugger, *debugger.graph()).build();
}

} // namespace rnnscope::view
