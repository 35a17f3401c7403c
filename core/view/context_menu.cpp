#include "core/view/context_menu.hpp"

#include "core/debug/command.hpp"
#include "core/debug/session_choices.hpp"
#include "core/debug/session_commands.hpp"

#include <algorithm>
#include <cctype>
#include <fmt/format.h>

namespace rnnscope::view {
namespace {

using debug::Debugger;
using debug::Selection;

constexpr std::size_t most_outputs = 4; ///< an op with more has them in the inspector

/// A regular expression that matches this text only.
std::string matching_only(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const bool is_plain = std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '/';
        if (!is_plain) out += '\\';
        out += c;
    }
    return out;
}

class MenuBuilder {
  public:
    explicit MenuBuilder(const Debugger& debugger) : debugger_(debugger), selection_(debugger.selection()) {}

    ContextMenu build() {
        if (!debugger_.is_open()) return {};
        const Graph* graph = debugger_.graph();
        switch (selection_.kind) {
        case Selection::Kind::none:
            break;
        case Selection::Kind::node:
            if (graph != nullptr && selection_.node.index() < graph->size()) build_node(graph->node(selection_.node));
            break;
        case Selection::Kind::variable:
            if (graph != nullptr && selection_.variable.index() < graph->variables().size())
                build_variable(graph->variable(selection_.variable));
            break;
        case Selection::Kind::scope:
            if (graph != nullptr) build_scope();
            break;
        case Selection::Kind::statement:
            build_statement();
            break;
        }
        return std::move(menu_);
    }

  private:
    MenuItem& add(std::string title, std::string detail, std::string command, std::string argument = "") {
        MenuItem item{std::move(title), std::move(detail), std::move(command), std::move(argument), {}, next_begins_};
        next_begins_ = false;
        if (const debug::CommandDef* def = debug::find_command(item.command); def != nullptr && def->blocked)
            item.blocked = def->blocked(debugger_);
        menu_.items.push_back(std::move(item));
        return menu_.items.back();
    }
    void next_group() { next_begins_ = !menu_.items.empty(); }

    void build_node(const Node& node) {
        menu_.title = node.name;
        menu_.detail = node.op;
        add_fetches({node.id, 0}, node.outputs.size());
        add("Run as target", "", "session.target");
        add_feed({node.id, 0});
        add_places(node.name);
    }

    void build_variable(const Variable& variable) {
        menu_.title = variable.name;
        menu_.detail = fmt::format("variable, {}", shape_text(variable.shape));
        const Output output = debug::selected_tensor(debugger_, selection_);
        add_fetches(output, 1);
        add("Run its initializer", "", "session.init", matching_only(variable.name) + ":0$");
        if (!variable.initializer.valid() && !menu_.items.back().blocked)
            menu_.items.back().blocked = "The graph has no initializer of this variable.";
        add_feed(output);
        add_places(variable.name);
    }

    void build_scope() {
        menu_.title = selection_.scope;
        menu_.detail = "scope";
        const Graph& graph = *debugger_.graph();
        const std::string inside = selection_.scope + "/";
        const auto variables =
            static_cast<std::size_t>(std::ranges::count_if(graph.variables(), [&](const Variable& variable) {
                return variable.name.starts_with(inside) && variable.initializer.valid();
            }));
        MenuItem& item =
            add("Run its initializers", count_text(variables, "variable"), "session.init", matching_only(inside));
        if (variables == 0 && !item.blocked) item.blocked = "No variable of this scope has an initializer.";
        add_places(selection_.scope);
    }

    void build_statement() {
        const int line = line_of(debugger_, selection_.statement);
        menu_.title = fmt::format("line {}", line);
        menu_.detail = "statement";
        add_breakpoint(std::to_string(line), std::ranges::any_of(debugger_.breakpoints(), [&](const auto& breakpoint) {
                           return breakpoint.kind == debug::Breakpoint::Kind::statement &&
                                  breakpoint.statement == selection_.statement;
                       }));
        add("Go on to this line", "", "run.to-cursor");
        next_group();
        add("Copy the line", "", "ui.copy-name");
    }

    void add_fetches(Output first, std::size_t outputs) {
        const Graph& graph = *debugger_.graph();
        add("Run to here", outputs == 0 ? "" : "fetch " + graph.tensor_name(first), "session.fetch");
        for (std::size_t i = 1; i < std::min(outputs, most_outputs); ++i) {
            const std::string name = graph.tensor_name({first.node, static_cast<int>(i)});
            MenuItem& item = add("Fetch output " + std::to_string(i), name, "session.run", name);
            if (!item.blocked) item.blocked = debug::cannot_fetch(debugger_, {first.node, static_cast<int>(i)});
        }
        add("Fetch together with the last run", "", "session.fetch-too");
    }

    void add_feed(Output output) {
        const Graph& graph = *debugger_.graph();
        if (graph.node(output.node).outputs.empty()) return;
        next_group();
        MenuItem& item = add("Feed this…", type_text(graph.info(output)), "session.feed", graph.tensor_name(output));
        // What holds always is said before what holds now.
        if (auto never = debug::cannot_feed(debugger_, output)) item.blocked = std::move(never);
        if (!item.blocked) item.blocked = debug::cannot_feed_now(debugger_);
    }

    void add_places(const std::string& name) {
        next_group();
        const auto is_here = [&](const debug::Breakpoint& breakpoint) {
            const bool is_place =
                breakpoint.kind == debug::Breakpoint::Kind::op || breakpoint.kind == debug::Breakpoint::Kind::scope;
            return is_place && breakpoint.name == name;
        };
        add_breakpoint(name, std::ranges::any_of(debugger_.breakpoints(), is_here));
        add_stops(name);
        if (selection_.kind != Selection::Kind::scope) add_questions();
        next_group();
        if (selection_.kind == Selection::Kind::scope)
            add("Open or close it", "", "graph.toggle");
        else
            add("Zoom to it", "", "graph.selection");
        add("Copy name", "", "ui.copy-name");
    }

    void add_stops(const std::string& name) {
        const bool is_variable = selection_.kind == Selection::Kind::variable;
        if (is_variable) {
            add(watches(name, debug::Breakpoint::Access::write) ? "Stop watching writes" : "Watch writes", "",
                "watch.write", name);
            add(watches(name, debug::Breakpoint::Access::read) ? "Stop watching reads" : "Watch reads", "",
                "watch.read", name);
        } else {
            add("Stop at NaN or infinity", "", "break.if", name + " if bad");
        }
        add(is_variable ? "Go on to its next use" : "Go on to it", "", "run.to-cursor");
    }

    bool watches(const std::string& name, debug::Breakpoint::Access access) const {
        return std::ranges::any_of(debugger_.breakpoints(), [&](const debug::Breakpoint& breakpoint) {
            return breakpoint.kind == debug::Breakpoint::Kind::variable && breakpoint.name == name &&
                   breakpoint.access == access;
        });
    }

    void add_questions() {
        next_group();
        if (selection_.kind == Selection::Kind::variable) {
            add("Who initialized this", "", "ask.initialized");
            add("All reads and writes", "", "ask.history");
        }
        add("Where did this value come from", "", "ask.from");
        add("Where does this value go", "", "ask.to");
        add("When was this last right", "", "ask.right");
        if (debugger_.poisons()) add("What did the missing values reach", "", "ask.poison");
    }

    void add_breakpoint(const std::string& argument, bool is_set) {
        add(is_set ? "Clear the breakpoint here" : "Set a breakpoint here", "", "break.toggle", argument);
    }

    const Debugger& debugger_;
    const Selection& selection_;
    ContextMenu menu_;
    bool next_begins_ = false;
};

} // namespace

ContextMenu build_context_menu(const Debugger& debugger) {
    return MenuBuilder(debugger).build();
}

std::string to_text(const ContextMenu& menu) {
    std::string out = fmt::format("{}  {}\n", menu.title, menu.detail);
    for (const MenuItem& item : menu.items) {
        if (item.begins_group) out += "  ---\n";
        out += fmt::format("  {}{}{}  [{}{}{}]\n", item.title, item.detail.empty() ? "" : "  ", item.detail,
                           item.command, item.argument.empty() ? "" : " ", item.argument);
        if (item.blocked) out += "    not: " + *item.blocked + "\n";
    }
    return out;
}

} // namespace rnnscope::view
