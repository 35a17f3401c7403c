#include "core/import/graph_roles.hpp"

#include <fmt/format.h>

namespace rnnscope {
namespace {

constexpr std::size_t most_names = 4; ///< of variables in one line

class Writer {
  public:
    Writer(const GraphRoles& roles, const Graph& graph) : roles_(roles), graph_(graph) {}

    std::string run() {
        write_inputs();
        write_outputs();
        write_cells();
        write_loops();
        write_training();
        write_files();
        return std::move(text_);
    }

  private:
    const std::string& name(NodeId node) const { return graph_.node(node).name; }
    void section(std::string_view title, std::size_t count) { text_ += fmt::format("{} ({})\n", title, count); }
    template <class... Arguments> void line(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
        text_ += "  " + fmt::format(format, std::forward<Arguments>(arguments)...) + '\n';
    }

    std::string names(const std::vector<NodeId>& nodes) const {
        std::string result = fmt::format("{} variable{}", nodes.size(), nodes.size() == 1 ? "" : "s");
        for (std::size_t i = 0; i < nodes.size() && i < most_names; ++i)
            result += (i == 0 ? ": " : ", ") + name(nodes[i]);
        if (nodes.size() > most_names) result += ", ...";
        return result;
    }

    void write_inputs() {
        if (roles_.inputs.empty()) return;
        section("placeholders", roles_.inputs.size());
        for (const InputRole& role : roles_.inputs)
            line("{}:0 {} {}{}, feed for example {}{}", name(role.node), dtype_name(graph_.info({role.node, 0}).dtype),
                 to_text(role.shape), role.has_default ? ", has a default" : "", to_text(role.proposed),
                 role.is_guess ? " (its rank is not declared)" : "");
    }

    void write_outputs() {
        if (roles_.outputs.empty()) return;
        section("outputs", roles_.outputs.size());
        for (const OutputRole& role : roles_.outputs) {
            const OutputInfo& info = graph_.info(role.output);
            line("{} {} {}: {}", graph_.tensor_name(role.output), dtype_name(info.dtype), to_text(info.shape),
                 to_text(role.kind));
        }
    }

    void write_cells() {
        if (roles_.cells.empty()) return;
        section("recurrent cells", roles_.cells.size());
        for (const RecognizedCell& cell : roles_.cells) {
            const std::string& frame = cell.instances[0].frame;
            std::string where =
                fmt::format("{} instance{}", cell.instances.size(), cell.instances.size() == 1 ? "" : "s");
            if (!frame.empty()) where += fmt::format(", in loop \"{}\"", frame);
            line("{}: {}; {}", cell.name.empty() ? "(no scope)" : cell.name, summary(cell), where);
        }
    }

    void write_loops() {
        if (roles_.loops.frames.empty()) return;
        section("while loops", roles_.loops.frames.size());
        for (const LoopFrame& frame : roles_.loops.frames) {
            std::string text =
                fmt::format("\"{}\": {} loop variables, condition {} nodes, body {} nodes", frame.name,
                            frame.variables.size(), frame.condition_nodes.size(), frame.body_nodes.size());
            if (frame.parent >= 0)
                text +=
                    fmt::format(", inside \"{}\"", roles_.loops.frames[static_cast<std::size_t>(frame.parent)].name);
            std::size_t gradients = 0;
            for (const NodeId id : frame.body_nodes)
                if (roles_.is_gradient[id.index()]) ++gradients;
            if (2 * gradients > frame.body_nodes.size()) text += ", computes gradients";
            line("{}", text);
        }
    }

    void write_training() {
        if (!roles_.inits.empty()) section("initializers", roles_.inits.size());
        for (const InitRole& role : roles_.inits)
            line("{}: {}{}", name(role.op), names(role.variables),
                 role.others == 0 ? "" : fmt::format(", {} tables", role.others));
        if (!roles_.uninitialized_reports.empty())
            section("reports of uninitialized variables", roles_.uninitialized_reports.size());
        for (const Output& output : roles_.uninitialized_reports) line("{}", graph_.tensor_name(output));
        if (!roles_.trains.empty()) section("training steps", roles_.trains.size());
        for (const TrainRole& role : roles_.trains) {
            std::string text = fmt::format("{}: {}, {}", name(role.op), role.optimizer, names(role.variables));
            if (role.loss.valid()) text += fmt::format("; probably minimizes {}", graph_.tensor_name(role.loss));
            if (role.global_step.valid()) text += fmt::format("; counts in {}", name(role.global_step));
            line("{}", text);
        }
    }

    void write_files() {
        if (!roles_.savers.empty()) section("savers", roles_.savers.size());
        for (const SaverRole& role : roles_.savers) {
            std::string text = fmt::format("file name {}", graph_.tensor_name(role.filename));
            if (role.save_tensor.valid()) text += fmt::format(", saves by {}", graph_.tensor_name(role.save_tensor));
            if (role.restore_op.valid()) text += fmt::format(", restores by {}", name(role.restore_op));
            line("{}; {}", text, names(role.variables));
        }
        if (!roles_.summaries.empty()) section("summaries", roles_.summaries.size());
        for (const SummaryRole& role : roles_.summaries)
            line("{}: {}{}", name(role.node), graph_.node(role.node).op,
                 role.tag.empty() ? "" : fmt::format(" \"{}\"", role.tag));
    }

    const GraphRoles& roles_;
    const Graph& graph_;
    std::string text_;
};

} // namespace

std::string_view to_text(OutputKind kind) {
    switch (kind) {
    case OutputKind::probabilities:
        return "probabilities";
    case OutputKind::class_index:
        return "class index";
    case OutputKind::logits:
        return "logits";
    case OutputKind::result:
        return "result";
    case OutputKind::final_state:
        return "final state of a loop";
    case OutputKind::scalar:
        return "scalar, a loss or a metric";
    case OutputKind::other:
        return "other";
    }
    return "";
}

std::string to_text(const GraphRoles& roles, const Graph& graph) {
    return Writer(roles, graph).run();
}

} // namespace rnnscope
