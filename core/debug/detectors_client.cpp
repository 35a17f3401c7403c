#include "core/debug/detectors.hpp"
#include "core/debug/text_match.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rnnscope::debug {

using namespace program;

namespace {

// --- graphs and sessions --------------------------------------------------------------------------------------------

/// What the program calls a graph: the name of a `with g.as_default()` in which nodes of it were made; "" for the
/// default graph.
std::string graph_name(const Facts& facts, GraphId graph) {
    const Program& program = facts.program();
    for (const Node& node : facts.graph(graph).nodes()) {
        if (!node.origin.valid()) continue;
        for (StatementId at : facts.evaluation().evaluator().origin_stack(node.origin))
            for (; at.valid(); at = program.statement(at).parent) {
                if (!std::holds_alternative<WithStatement>(program.statement(at).node)) continue;
                for (const Call& call : calls_of(program.statement(at)))
                    if (call.name.ends_with(".as_default"))
                        return call.name.substr(0, call.name.size() - std::string_view(".as_default").size());
            }
    }
    return {};
}

/// How sentences call a graph.
std::string graph_words(const std::string& name) {
    return name.empty() ? "the default graph" : fmt::format("the graph {}", name);
}

/// The graph other than `here` that has what the message speaks of, with what that is.
struct Stranger {
    GraphId graph;
    NodeId node;
    std::string name;
};

std::optional<Stranger> stranger_of(const FailureCase& failure, GraphId here) {
    constexpr std::string_view pattern(R"re(Tensor\("(.*?):\d+"|<tf\.\w+ '(.*?)'|name: "(.*?)")re");
    const std::size_t graphs = failure.facts.evaluation().evaluator().graph_count();
    for (const TextMatch& match : all_matches(failure.error().message, pattern)) {
        std::string name = match.str(1) + match.str(2) + match.str(3); // one of the three took part
        name = name.substr(0, name.find(':'));
        for (std::size_t i = 0; i < graphs; ++i) {
            const NodeId node = failure.facts.graph(GraphId(i)).find(name);
            if (GraphId(i) != here && node.valid()) return Stranger{GraphId(i), node, name};
        }
    }
    // "The Session graph is empty": the graph that is not.
    for (std::size_t i = graphs; i-- > 0 && failure.facts.graph(here).size() == 0;)
        if (GraphId(i) != here && failure.facts.graph(GraphId(i)).size() > 0) return Stranger{GraphId(i), {}, {}};
    return std::nullopt;
}

/// The statement that opens the session of this name, and the call in it.
std::optional<std::pair<StatementId, Call>> opening_of(const Program& program, std::string_view session) {
    for (const Statement& statement : program.statements) {
        const auto* with = std::get_if<WithStatement>(&statement.node);
        const bool is_named =
            assigned_name(statement) == session ||
            (with && std::ranges::any_of(with->items, [&](const auto& item) { return item.as == session; }));
        if (!is_named) continue;
        for (Call& call : calls_of(statement))
            if (call.name.ends_with("Session")) return std::pair{statement.id, std::move(call)};
    }
    return std::nullopt;
}

/// A run in a session whose graph is not that of what it fetches or feeds.
Finding run_in_other_graph(const FailureCase& failure, const RunCall& run, GraphId here) {
    const Facts& facts = failure.facts;
    const StatementId statement = failure.error().statement;
    const auto stranger = stranger_of(failure, here);
    Finding finding;
    finding.fix_at = statement;
    const auto opening = opening_of(facts.program(), run.session);
    const bool is_empty = facts.graph(here).size() == 0;
    finding.summary =
        fmt::format("The session {} runs {}{}", run.session, graph_words(graph_name(facts, here)),
                    is_empty ? ", where nothing was built." : ", and what this run uses is in another one.");
    if (!stranger) return finding;
    const std::string wanted = graph_name(facts, stranger->graph);
    if (!is_empty)
        finding.summary = fmt::format("{} is in {}; the session {} runs {}.", stranger->name, graph_words(wanted),
                                      run.session, graph_words(graph_name(facts, here)));
    if (is_empty && !wanted.empty())
        finding.evidence.push_back({fmt::format("What the program built is in {}.", graph_words(wanted)), {}, {}});
    if (opening)
        finding.evidence.push_back(
            {fmt::format("{} was opened at {}.", run.session, facts.line_text(opening->first)), opening->first, {}});
    // A node of that graph was made where the other graph is.
    const StatementId made =
        stranger->node.valid()
            ? facts.evaluation().evaluator().statement_of(facts.graph(stranger->graph).node(stranger->node))
            : StatementId();
    if (made.valid())
        finding.evidence.push_back(
            {fmt::format("{} was made at {}.", stranger->name, facts.line_text(made)), made, {}});
    for (std::size_t i = 0; i < facts.recording().sessions(); ++i) {
        const std::string other = facts.session_name(SessionId(i));
        if (facts.recording().graph_of(SessionId(i)) == stranger->graph && !other.empty() && other != run.session)
            offer(finding, replace_value(facts, statement, run.call.expr->where.pointer + "/call",
                                         json_string(fmt::format("${}.run", other)),
                                         fmt::format("Run it in the session {}", other)));
    }
    if (opening && !wanted.empty()) {
        auto fix = set_argument(facts, opening->first, opening->second, "graph", 1, json_string("$" + wanted),
                                fmt::format("Open the session {} with graph={}", run.session, wanted));
        if (fix && finding.fixes.empty()) finding.fix_at = opening->first;
        offer(finding, std::move(fix));
    }
    return finding;
}

/// Does the statement only build: a call of the library or of the program, and no session?
bool builds(const Statement& statement) {
    const bool is_plain = std::holds_alternative<AssignStatement>(statement.node) ||
                          std::holds_alternative<ExpressionStatement>(statement.node);
    return is_plain && !run_call(statement) && std::ranges::none_of(calls_of(statement), [](const Call& call) {
               return call.name.ends_with("Session") || call.name.ends_with("Graph");
           });
}

/// An op is built in one graph on a tensor of another.
Finding built_in_other_graph(const FailureCase& failure) {
    const Facts& facts = failure.facts;
    const StepId step = failure.error().step;
    const GraphId here = step.valid() ? facts.recording().step(step).graph : GraphId(0);
    const StatementId failed = failure.error().statement;
    Finding finding;
    finding.fix_at = failed;
    finding.summary = "What is built here uses a tensor of another graph.";
    const auto stranger = stranger_of(failure, here);
    if (!stranger) return finding;
    const std::string wanted = graph_name(facts, stranger->graph);
    finding.summary = fmt::format("{} is in {}, but {} builds in {}.", stranger->name, graph_words(wanted),
                                  facts.line_text(failed), graph_words(graph_name(facts, here)));
    const StatementId made =
        facts.evaluation().evaluator().statement_of(facts.graph(stranger->graph).node(stranger->node));
    finding.evidence.push_back({fmt::format("{} was made at {}.", stranger->name, facts.line_text(made)), made, {}});
    if (wanted.empty()) return finding;
    StatementId first = failed, last = failed;
    for (StatementId at = sibling(facts, first, -1); at.valid() && builds(facts.program().statement(at));
         at = sibling(facts, at, -1))
        first = at;
    for (StatementId at = sibling(facts, last, 1); at.valid() && builds(facts.program().statement(at));
         at = sibling(facts, at, 1))
        last = at;
    finding.fix_at = first;
    const std::string lines =
        first == last ? facts.line_text(first) : fmt::format("lines {} to {}", facts.line(first), facts.line(last));
    offer(finding, wrap(facts, first, last, fmt::format(R"({{"call": "${}.as_default"}})", wanted), false,
                        fmt::format("Build {} in {}, too", lines, wanted)));
    return finding;
}

// --- feeds ----------------------------------------------------------------------------------------------------------

/// The shapes of arrays that the run's feed_dict writes down.
std::vector<std::vector<std::int64_t>> fed_shapes(const Program& program, const RunCall& run, StatementId statement) {
    std::vector<std::vector<std::int64_t>> shapes;
    const Expr* feeds = argument(*run.call.call, "feed_dict", 1);
    const auto* dict = feeds ? std::get_if<DictExpr>(&feeds->node) : nullptr;
    if (!dict) return shapes;
    for (const auto& [key, value] : dict->items)
        if (const auto* generated = std::get_if<GenerateExpr>(&resolve(program, *value, statement)->node))
            shapes.push_back(generated->shape);
    return shapes;
}

/// An array for a placeholder: what is unknown of its shape comes from the other feeds, in the first place the batch.
std::optional<std::string> made_up_value(const Node& placeholder,
                                         const std::vector<std::vector<std::int64_t>>& others) {
    constexpr std::int64_t few = 2; // where nothing says how many
    const Shape& shape = placeholder.outputs[0].shape;
    const DType dtype = placeholder.outputs[0].dtype;
    if (!shape.has_rank() || dtype == DType::string || dtype == DType::resource) return std::nullopt;
    std::vector<std::int64_t> dims;
    for (std::size_t i = 0; i < shape.rank(); ++i) {
        std::int64_t dim = shape.dim(i);
        for (const auto& other : others)
            if (dim == Shape::unknown && i < other.size()) dim = other[i];
        dims.push_back(dim == Shape::unknown ? few : dim);
    }
    const bool is_float = dtype == DType::float32 || dtype == DType::float64;
    const std::string kind = !is_float || dims.empty() ? R"("ones")" : R"("sin")";
    const std::string type = is_float ? std::string() : fmt::format(R"(, "dtype": "{}")", dtype_name(dtype));
    return fmt::format(R"({{"generate": {}, "shape": [{}]{}}})", kind, fmt::join(dims, ", "), type);
}

/// What the program calls a placeholder; "" where it has no name for it, as for those of an imported graph.
std::string name_of_placeholder(const Facts& facts, StatementId made) {
    if (!made.valid()) return {};
    const Statement& statement = facts.program().statement(made);
    const bool makes_it = find_call(statement, "placeholder") || find_call(statement, "placeholder_with_default");
    return makes_it ? assigned_name(statement) : std::string();
}

} // namespace

std::string unfed_placeholder(const std::string& message) {
    const auto match = first_match(message, "You must feed a value for placeholder tensor '(.*?)'");
    return match ? match->str(1) : std::string();
}

void offer_feeds(const Facts& facts, const Graph& graph, NodeId placeholder, StatementId statement, Finding& finding) {
    const auto run = run_call(facts.program().statement(statement));
    if (!run || !placeholder.valid()) return;
    const Node& node = graph.node(placeholder);
    const StatementId made = facts.evaluation().evaluator().statement_of(node);
    const std::string name = name_of_placeholder(facts, made);
    const std::string key = name.empty() ? node.name + ":0" : "$" + name;
    const std::string words = name.empty() ? node.name : name;
    for (const Statement& other : facts.program().statements)
        if (other.id != statement && run_call(other))
            offer(finding, copy_feed(facts, statement, run->call, other.id, key,
                                     fmt::format("Feed {} as {} does", words, facts.line_text(other.id))));
    if (const auto value = made_up_value(node, fed_shapes(facts.program(), *run, statement)))
        offer(finding, feed_value(facts, statement, run->call, key, *value, fmt::format("Feed {}, too", words)));
}

std::optional<Finding> placeholder_not_fed(const FailureCase& failure) {
    const std::string op = unfed_placeholder(failure.error().message);
    if (op.empty()) return std::nullopt;
    const Facts& facts = failure.facts;
    const Graph& graph = facts.graph(failure.graph());
    const NodeId node = graph.find(op);
    const StatementId made =
        node.valid() ? facts.evaluation().evaluator().statement_of(graph.node(node)) : StatementId();
    const std::string name = name_of_placeholder(facts, made);
    Finding finding;
    const auto run = run_call(failure.statement());
    const bool feeds = run && argument(*run->call.call, "feed_dict", 1);
    finding.summary = fmt::format("The run needs {}, {}.", name.empty() ? op : name,
                                  feeds ? "and its feed_dict does not give it" : "and it feeds nothing");
    finding.evidence.push_back({fmt::format("{} was made at {}.", op, facts.line_text(made)), made, node});
    finding.fix_at = failure.error().statement;
    offer_feeds(facts, graph, node, failure.error().statement, finding);
    return finding;
}

std::optional<Finding> wrong_graph(const FailureCase& failure) {
    const std::string& message = failure.error().message;
    const bool applies = message.find("is not an element of this graph") != std::string::npos ||
                         message.find("must be from the same graph as") != std::string::npos ||
                         message.find("is not from the passed-in graph") != std::string::npos ||
                         message.find("The Session graph is empty") != std::string::npos;
    if (!applies) return std::nullopt;
    const auto run = run_call(failure.statement());
    if (run && failure.error().run.valid())
        return run_in_other_graph(failure, *run, failure.facts.recording().run(failure.error().run).info.graph);
    return built_in_other_graph(failure);
}

} // namespace rnnscope::debug
