#include "core/debug/detectors.hpp"
#include "core/graph/scope_tree.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

using record::RecordedRun;

namespace {

bool is_in(const Graph& graph, const Variable& variable, std::string_view collection) {
    const auto collections = graph.collections_of(variable.id);
    return std::ranges::find(collections, collection) != collections.end();
}

bool existed_when_built(const InitOp& op, const Variable& variable) {
    return variable.op.index() < op.node.index();
}

std::size_t variables_before(const Graph& graph, const InitOp& op) {
    return static_cast<std::size_t>(std::ranges::count_if(
        graph.variables(), [&](const Variable& variable) { return existed_when_built(op, variable); }));
}

/// The last statement, beside `op`'s, that made one of the variables the run misses.
StatementId last_maker(const ReadCase& read, const InitOp& op) {
    StatementId last;
    for (const UninitializedRead& other : read.all) {
        if (!other.variable.valid()) continue;
        const Variable& variable = read.graph().variable(other.variable);
        const StatementId maker = read.facts.sibling_that_made(read.graph().id(), variable, op.statement);
        if (maker.valid() && (!last.valid() || maker > last)) last = maker;
    }
    return last;
}

// --- init-order -----------------------------------------------------------------------------------------------------

bool takes_value_of(const Node& node, NodeId source) {
    return std::ranges::any_of(node.inputs, [&](const Output& input) { return input.node == source; });
}

/// The variable whose initial value depends on a read.
struct InitialValue {
    const Variable* variable = nullptr;
    NodeId waiting; ///< the node on the way that only waits, for `waited`, and takes no value; invalid: all take one
    NodeId waited;
};

/// Whose initial value is it? The first initializer downstream of the read: over values alone, or over control
/// dependencies, too.
std::optional<InitialValue> initial_value_behind(const ReadCase& read, bool over_control) {
    if (!read.read.node.valid()) return std::nullopt;
    const Graph& graph = read.graph();
    std::vector<NodeId> to_visit{read.read.node};
    std::vector<NodeId> came_from(graph.size());
    for (std::size_t i = 0; i < to_visit.size(); ++i) {
        for (const Variable& other : graph.variables()) {
            if (other.initializer != to_visit[i] || other.id == read.read.variable) continue;
            InitialValue found{&other, {}, {}};
            for (NodeId at = to_visit[i]; at != read.read.node; at = came_from[at.index()])
                if (!takes_value_of(graph.node(at), came_from[at.index()])) {
                    found.waiting = at;
                    found.waited = came_from[at.index()];
                }
            return found;
        }
        for (const NodeId next : graph.consumers(to_visit[i])) {
            // A group, such as the initializer itself, is no part of an initial value.
            const bool leads_on =
                takes_value_of(graph.node(next), to_visit[i]) || (over_control && graph.node(next).op != "NoOp");
            if (!leads_on || came_from[next.index()].valid() || next == read.read.node) continue;
            came_from[next.index()] = to_visit[i];
            to_visit.push_back(next);
        }
    }
    return std::nullopt;
}

/// The run that failed is one that initializes: the initial value of one variable reads another.
std::optional<Finding> init_order(const ReadCase& read) {
    const Variable* variable = read.variable();
    if (!variable) return std::nullopt;
    const auto ops = read.facts.init_ops_of(read.run);
    const bool sets_it = std::ranges::any_of(ops, [&](const InitOp* op) { return op->sets(variable->id); });
    const auto initial = sets_it ? initial_value_behind(read, false) : std::nullopt;
    if (!initial) return std::nullopt;
    const Variable* reader = initial->variable;
    const Graph& graph = read.graph();

    Finding finding;
    const StatementId made = read.facts.created_at(graph.id(), *reader);
    finding.summary = fmt::format("The initial value of {} reads {}, and nothing makes it wait until {} is set.",
                                  reader->name, variable->name, variable->name);
    finding.evidence.push_back(
        {fmt::format("{} and {} are set by the same run, in no particular order.", variable->name, reader->name),
         read.statement(),
         {}});
    finding.evidence.push_back({fmt::format("{} reads {}.", read.read.op, variable->name), made, read.read.node});
    finding.fix_at = made;
    if (made.valid()) {
        // Names of the program that mean the variable, inside of the statement that makes the reader.
        const program::Program& program = read.facts.program();
        const StatementId source = read.facts.created_at(graph.id(), *variable);
        const std::string name = source.valid() ? assigned_name(program.statement(source)) : std::string();
        if (!name.empty())
            for (const std::string& pointer : names_in(program.statement(made), name))
                offer(finding,
                      replace_value(read.facts, made, pointer,
                                    fmt::format(R"({{"call": "${}.initialized_value"}})", name),
                                    fmt::format("Use {}.initialized_value() in {}", name, read.facts.line_text(made))));
        if (!name.empty())
            offer(finding,
                  run_before(read.facts, read.statement(), session_of(read), json_string("$" + name + ".initializer"),
                             fmt::format("Set {} in a run of its own first", variable->name)));
    }
    return finding;
}

// --- control-flow-initializer ---------------------------------------------------------------------------------------

/// The run initializes, but an initial value waits for an op that reads.
std::optional<Finding> control_flow_initializer(const ReadCase& read) {
    if (read.facts.init_ops_of(read.run).empty()) return std::nullopt;
    const auto initial = initial_value_behind(read, true);
    if (!initial || !initial->waiting.valid()) return std::nullopt;
    const Graph& graph = read.graph();
    const Facts& facts = read.facts;
    const Node& waiting = graph.node(initial->waiting);
    const std::string& waited = graph.node(initial->waited).name;
    const StatementId made = facts.created_at(graph.id(), *initial->variable);
    Finding finding;
    finding.summary = fmt::format("The initial value of {} was built under control_dependencies and waits for {}, so "
                                  "running the initializer reads {} first.",
                                  initial->variable->name, waited, read.read.variable_name);
    finding.evidence.push_back({fmt::format("{} has the control input {}.", waiting.name, waited),
                                facts.evaluation().evaluator().statement_of(waiting), waiting.id});
    finding.evidence.push_back(
        {fmt::format("{} reads {}.", read.read.op, read.read.variable_name), {}, read.read.node});
    finding.fix_at = made;
    const program::Program& program = facts.program();
    const StatementId block = made.valid() ? program.statement(made).parent : StatementId();
    const bool is_inside = block.valid() && find_call(program.statement(block), "control_dependencies");
    if (!is_inside) return finding;
    // Out of the block, unless it needs what the block made before it; or without what the block says.
    bool needs_block = false;
    for (StatementId at = sibling(facts, made, -1); at.valid(); at = sibling(facts, at, -1))
        if (const std::string name = assigned_name(program.statement(at)); !name.empty())
            needs_block = needs_block || !names_in(program.statement(made), name).empty();
    const bool is_alone = !sibling(facts, made, -1).valid() && !sibling(facts, made, 1).valid();
    if (!needs_block && !is_alone)
        offer(finding,
              move_before(facts, {made}, block,
                          fmt::format("Create {} before {}", initial->variable->name, facts.line_text(block))));
    offer(finding, wrap(facts, made, made, R"({"call": "control_dependencies", "args": [null]})", false,
                        fmt::format("Create {} under control_dependencies(None)", initial->variable->name)));
    return finding;
}

// --- failed-init ----------------------------------------------------------------------------------------------------

std::optional<Finding> failed_init(const ReadCase& read) {
    const Variable* variable = read.variable();
    if (!variable) return std::nullopt;
    for (const Facts::InitRun& earlier : earlier_init_runs(read)) {
        if (!earlier.op->sets(variable->id) || !earlier.run->outcome.error) continue;
        const StatementId statement = read.facts.statement_of_run(*earlier.run);
        Finding finding;
        finding.summary = fmt::format("{} was run at {}, but that run failed before {} was set.", earlier.op->name,
                                      read.facts.line_text(statement), short_name(variable->name));
        const program::ProgramError& error = *earlier.run->outcome.error;
        finding.evidence.push_back({fmt::format("It ended with: {}", error.message), statement, error.node});
        finding.fix_at = statement;
        if (const std::string placeholder = unfed_placeholder(error.message); !placeholder.empty())
            offer_feeds(read.facts, read.graph(), read.graph().find(placeholder), statement, finding);
        offer(finding, run_initializer(read));
        return finding;
    }
    return std::nullopt;
}

// --- local-not-global -----------------------------------------------------------------------------------------------

std::optional<Finding> local_not_global(const ReadCase& read) {
    const Variable* variable = read.variable();
    if (!variable) return std::nullopt;
    if (!is_in(read.graph(), *variable, "local_variables") || is_in(read.graph(), *variable, "variables"))
        return std::nullopt;
    const auto runs = earlier_init_runs(read);
    if (std::ranges::any_of(runs, [&](const Facts::InitRun& run) { return run.op->kind == InitOp::Kind::local; }))
        return std::nullopt;
    Finding finding;
    finding.summary = fmt::format("{} is a local variable; global_variables_initializer() does not set those.",
                                  short_name(variable->name));
    finding.evidence.push_back(
        {fmt::format("{} is in the collection local_variables and not in variables.", variable->name),
         read.facts.created_at(read.graph().id(), *variable), variable->op});
    for (const Facts::InitRun& run : runs)
        finding.evidence.push_back(
            {fmt::format("{} sets {}, all global.", run.op->name, counted(run.op->covers.size(), "variable")),
             run.op->statement, run.op->node});
    finding.fix_at = read.statement();
    if (!runs.empty()) {
        // Beside the other initializer: once, before any loop over runs.
        const StatementId beside = read.facts.statement_of_run(*runs.back().run);
        const auto call = run_call(read.facts.program().statement(beside));
        finding.fix_at = beside;
        offer(finding,
              run_after(read.facts, beside, call ? call->session : session_of(read),
                        R"({"call": "local_variables_initializer"})",
                        fmt::format("Run tf.local_variables_initializer() after {}", read.facts.line_text(beside))));
    }
    offer(finding, run_initializer(read, InitOp::Kind::local));
    return finding;
}

// --- optimizer-slot, init-built-too-early ---------------------------------------------------------------------------

const InitOp* too_early_op(const ReadCase& read) {
    const Variable* variable = read.variable();
    if (!variable) return nullptr;
    for (const Facts::InitRun& run : earlier_init_runs(read))
        if (run.op->graph == read.graph().id() && !existed_when_built(*run.op, *variable)) return run.op;
    return nullptr;
}

bool is_made_by_optimizer(const ReadCase& read) {
    const StatementId made = read.facts.created_at(read.graph().id(), *read.variable());
    if (!made.valid()) return false;
    return std::ranges::any_of(calls_of(read.facts.program().statement(made)), [](const Call& call) {
        return call.name.ends_with("minimize") || call.name.ends_with("apply_gradients");
    });
}

/// "The 8 variables came later, at line 18 (called from line 30)."
std::string later_text(const ReadCase& read, const InitOp& op, StatementId made) {
    const Facts& facts = read.facts;
    const std::size_t later = read.graph().variables().size() - variables_before(read.graph(), op);
    const StatementId caller = facts.sibling_that_made(read.graph().id(), *read.variable(), op.statement);
    const std::string from =
        caller.valid() && caller != made ? fmt::format(" (called from {})", facts.line_text(caller)) : std::string();
    const bool is_one_place = std::ranges::all_of(read.graph().variables(), [&](const Variable& variable) {
        return existed_when_built(op, variable) || facts.created_at(read.graph().id(), variable) == made;
    });
    if (!is_one_place || later == 1)
        return fmt::format("{} came later, at {}{}.", read.read.variable_name, facts.line_text(made), from);
    return fmt::format("The {}{} variables came later, at {}{}.",
                       variables_before(read.graph(), op) > 0 ? "other " : "", later, facts.line_text(made), from);
}

Finding too_early_finding(const ReadCase& read, const InitOp& op, StatementId made) {
    const Facts& facts = read.facts;
    const std::size_t before = variables_before(read.graph(), op);
    Finding finding;
    finding.summary =
        before == 0
            ? fmt::format("{} was built at {}, when the graph had no variables, so running it sets none.", op.name,
                          facts.line_text(op.statement))
            : fmt::format("{} was built at {}, when the graph had {} of its {} variables; {} was not among them.",
                          op.name, facts.line_text(op.statement), before, read.graph().variables().size(),
                          short_name(read.read.variable_name));
    if (made.valid()) finding.evidence.push_back({later_text(read, op, made), made, read.variable()->op});
    finding.fix_at = op.statement;
    const StatementId maker = last_maker(read, op);
    if (maker.valid() && maker > op.statement)
        offer(finding,
              move_after(facts, op.statement, maker, fmt::format("Move {} after {}", op.name, facts.line_text(maker))));
    offer(finding, run_initializer(read));
    return finding;
}

/// An initializer of a list that could have held the variable, and does not.
const InitOp* list_without(const ReadCase& read) {
    for (const Facts::InitRun& run : earlier_init_runs(read)) {
        const InitOp& op = *run.op;
        const bool could = op.graph == read.graph().id() && existed_when_built(op, *read.variable());
        if (could && op.kind == InitOp::Kind::list && !op.sets(read.variable()->id)) return &op;
    }
    return nullptr;
}

/// Variables of the optimizer that a list written by hand left out.
std::optional<Finding> slot_not_listed(const ReadCase& read) {
    const InitOp* op = list_without(read);
    if (!op) return std::nullopt;
    const Facts& facts = read.facts;
    std::size_t listed = 0;
    const StatementId made = facts.created_at(read.graph().id(), *read.variable());
    for (const VariableId id : op->covers)
        if (facts.created_at(read.graph().id(), read.graph().variable(id)) == made) ++listed;
    Finding finding;
    finding.summary =
        fmt::format("{} belongs to the optimizer, which was made at {}; {} was built from a list that {}.",
                    short_name(read.read.variable_name), facts.line_text(made), op->name,
                    listed > 0 ? "has its slots and not the rest" : "has none of its variables");
    finding.evidence.push_back({fmt::format("{} sets {}, {} of them made by the optimizer.", op->name,
                                            counted(op->covers.size(), "variable"), listed),
                                op->statement, op->node});
    finding.evidence.push_back({"get_slot() knows the variables that belong to one variable each; what else an "
                                "optimizer keeps, optimizer.variables() lists.",
                                made, read.variable()->op});
    finding.fix_at = op->statement;
    offer(finding, replace_value(facts, op->statement, op->call->where.pointer, whole_initializer(facts, *op),
                                 "Initialize all variables instead"));
    offer(finding, run_initializer(read));
    return finding;
}

std::optional<Finding> optimizer_slot(const ReadCase& read) {
    if (!read.variable() || !is_made_by_optimizer(read)) return std::nullopt;
    const InitOp* op = too_early_op(read);
    if (!op) return slot_not_listed(read);
    const StatementId made = read.facts.created_at(read.graph().id(), *read.variable());
    Finding finding = too_early_finding(read, *op, made);
    finding.summary = fmt::format("{} belongs to the optimizer, which was made at {}, after {} was built at {}.",
                                  short_name(read.read.variable_name), read.facts.line_text(made), op->name,
                                  read.facts.line_text(op->statement));
    return finding;
}

std::optional<Finding> init_built_too_early(const ReadCase& read) {
    const InitOp* op = too_early_op(read);
    if (!op) return std::nullopt;
    return too_early_finding(read, *op, read.facts.created_at(read.graph().id(), *read.variable()));
}

// --- not-in-initialized-set -----------------------------------------------------------------------------------------

/// The longest beginning that the names of all variables share, cut after a whole scope where there is one.
std::string common_scope(const std::vector<std::string>& names) {
    if (names.empty()) return {};
    std::string common = names[0];
    for (const std::string& name : names) {
        const auto [end, ignored] = std::ranges::mismatch(common, name);
        common.erase(end, common.end());
    }
    const std::size_t slash = common.rfind('/');
    return slash == std::string::npos ? common : common.substr(0, slash);
}

std::vector<std::string> wanted_names(const ReadCase& read, const InitOp& op) {
    std::vector<std::string> names;
    for (const VariableId id : op.covers) names.push_back(read.graph().variable(id).name);
    for (const UninitializedRead& other : read.all) names.push_back(other.variable_name);
    return names;
}

void explain_filter(const ReadCase& read, const InitOp& op, const VariableFilter& filter, Finding& finding) {
    const std::string wanted = common_scope(wanted_names(read, op));
    const std::size_t total = variables_before(read.graph(), op);
    finding.summary =
        fmt::format("The filter \"{}\" matches {} of {} variables.", filter.scope, op.covers.size(), total);
    if (!wanted.empty()) finding.summary += fmt::format(" Did you mean \"{}\"?", wanted);
    const bool is_inside = op.covers.empty() && read.read.variable_name.find(filter.scope) != std::string::npos;
    const bool is_op_scope = !is_inside && op.covers.empty() && ScopeTree(read.graph()).find(filter.scope).valid();
    std::string why =
        fmt::format("A filter is a regular expression that must match from the start of the name; {} does "
                    "not begin with \"{}\".",
                    read.read.variable_name, filter.scope);
    if (is_op_scope)
        why = fmt::format("\"{}\" is a scope of ops; its variables are named after the scope that made them: {}.",
                          filter.scope, read.read.variable_name);
    StatementId at = op.statement;
    for (const program::Statement& statement : read.facts.program().statements)
        if (filter.literal->where.pointer.starts_with(statement.where.pointer + "/")) at = statement.id;
    finding.evidence.push_back({std::move(why), at, read.read.node});
    finding.fix_at = at;
    if (!wanted.empty())
        offer(finding, replace_value(read.facts, at, filter.literal->where.pointer, json_string(wanted),
                                     fmt::format("Filter by \"{}\"", wanted)));
}

std::optional<Finding> not_in_initialized_set(const ReadCase& read) {
    const Variable* variable = read.variable();
    if (!variable) return std::nullopt;
    for (const Facts::InitRun& run : earlier_init_runs(read)) {
        const InitOp& op = *run.op;
        if (op.graph != read.graph().id() || op.sets(variable->id) || !existed_when_built(op, *variable)) continue;
        Finding finding;
        finding.fix_at = op.statement;
        const auto filter = read.facts.filter_of(op);
        if (filter && filter->literal) {
            explain_filter(read, op, *filter, finding);
        } else {
            finding.summary = fmt::format("{} was built at {} for {} of {} variables; {} is not one of them.", op.name,
                                          read.facts.line_text(op.statement), op.covers.size(),
                                          variables_before(read.graph(), op), short_name(variable->name));
            const auto collections = read.graph().collections_of(variable->id);
            finding.evidence.push_back({collections.empty()
                                            ? fmt::format("{} is in no collection.", variable->name)
                                            : fmt::format("{} is in {}.", variable->name, joined(collections)),
                                        read.facts.created_at(read.graph().id(), *variable), variable->op});
        }
        if (op.kind == InitOp::Kind::list)
            offer(finding, replace_value(read.facts, op.statement, op.call->where.pointer,
                                         whole_initializer(read.facts, op), "Initialize all variables instead"));
        offer(finding, run_initializer(read));
        return finding;
    }
    return std::nullopt;
}

std::optional<Finding> init_never_run(const ReadCase& read) {
    if (!earlier_init_runs(read).empty()) return std::nullopt;
    Finding finding;
    const InitOp* built = nullptr;
    for (const InitOp& op : read.facts.init_ops())
        if (op.graph == read.graph().id() && op.node.index() < read.run.info.graph_nodes) built = &op;
    if (built) {
        finding.summary = fmt::format("{} was built at {}, but no run before {} executes it.", built->name,
                                      read.facts.line_text(built->statement), read.facts.line_text(read.statement()));
        finding.evidence.push_back(
            {fmt::format("{} would set {}.", built->name, counted(built->covers.size(), "variable")), built->statement,
             built->node});
    } else {
        finding.summary =
            fmt::format("Nothing initializes the variables before {}.", read.facts.line_text(read.statement()));
    }
    std::size_t written = 0;
    for (const Variable& variable : read.graph().variables())
        if (read.facts.recording().value_at(read.run.info.session, record::storage_name(read.graph(), variable),
                                            read.start()))
            ++written;
    finding.evidence.push_back(
        {fmt::format("{} of {} variables have a value in this session.", written, read.graph().variables().size()),
         {},
         {}});
    finding.fix_at = read.statement();
    offer(finding, run_initializer(read));
    return finding;
}

constexpr ReadDetector read_table[] = {
    {"init-order", init_order},
    {"control-flow-initializer", control_flow_initializer},
    {"failed-init", failed_init},
    {"local-not-global", local_not_global},
    {"optimizer-slot", optimizer_slot},
    {"init-built-too-early", init_built_too_early},
    {"collections-lost", collections_lost},
    {"not-in-initialized-set", not_in_initialized_set},
    {"partial-restore", partial_restore},
    {"wrong-session", wrong_session},
    {"wrong-graph", wrong_graph},
    {"init-never-run", init_never_run},
};

} // namespace

std::span<const ReadDetector> read_detectors() {
    return read_table;
}

void offer(Finding& finding, std::optional<Fix> fix) {
    if (!fix) return;
    const bool is_known =
        std::ranges::any_of(finding.fixes, [&](const Fix& other) { return other.patch == fix->patch; });
    if (!is_known) finding.fixes.push_back(std::move(*fix));
}

} // namespace rnnscope::debug
