#include "core/debug/detectors.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <regex>

namespace rnnscope::debug {

using namespace program;

namespace {

const ProgramError& error_of(const FailureCase& failure) {
    return failure.error.error;
}

const Statement& failed_statement(const FailureCase& failure) {
    return failure.facts.program().statement(error_of(failure).statement);
}

/// The name that "Variable NAME already exists" and its like speak of; "" when the message says something else.
std::string variable_in(const std::string& message, std::string_view after) {
    constexpr std::string_view prefix = "Variable ";
    if (!message.starts_with(prefix)) return {};
    const std::size_t end = message.find(' ', prefix.size());
    if (end == std::string::npos || message.compare(end + 1, after.size(), after) != 0) return {};
    return message.substr(prefix.size(), end - prefix.size());
}

const Variable* find_variable(const Graph& graph, std::string_view name) {
    for (const Variable& variable : graph.variables())
        if (variable.name == name) return &variable;
    return nullptr;
}

GraphId graph_of(const FailureCase& failure) {
    if (error_of(failure).graph.valid()) return error_of(failure).graph;
    const StepId step = error_of(failure).step;
    return step.valid() ? failure.facts.recording().step(step).graph : GraphId(0);
}

/// A `with tf.variable_scope(...)` around the failure.
struct ScopeAround {
    StatementId statement;
    Call call;
    const Keyword* reuse = nullptr;
};

std::optional<ScopeAround> scope_around(const FailureCase& failure) {
    for (const StatementId id : failure.facts.stack_of(error_of(failure).step)) {
        const Statement& statement = failure.facts.program().statement(id);
        if (!std::holds_alternative<WithStatement>(statement.node)) continue;
        if (auto call = find_call(statement, "variable_scope")) {
            const Keyword* reuse = keyword(*call->call, "reuse");
            return ScopeAround{id, std::move(*call), reuse};
        }
    }
    return std::nullopt;
}

/// Sets the parameter through which a scope's `reuse` came, at the call of the function that was active.
std::optional<Fix> pass_reuse(const FailureCase& failure, const ScopeAround& scope, bool reuse) {
    const auto* name = scope.reuse ? std::get_if<NameExpr>(&scope.reuse->value->node) : nullptr;
    if (!name) return std::nullopt;
    const Program& program = failure.facts.program();
    StatementId at = scope.statement;
    const FunctionStatement* function = nullptr;
    for (; at.valid() && !function; at = program.statement(at).parent)
        function = std::get_if<FunctionStatement>(&program.statement(at).node);
    if (!function) return std::nullopt;
    const auto parameter = std::ranges::find(function->parameters, name->name, &Parameter::name);
    if (parameter == function->parameters.end()) return std::nullopt;
    const auto position = static_cast<std::size_t>(parameter - function->parameters.begin());
    for (const StatementId id : failure.facts.stack_of(error_of(failure).step))
        if (const auto call = find_call(program.statement(id), function->name))
            return set_argument(
                failure.facts, id, *call, name->name, position, reuse ? "true" : "false",
                fmt::format("Pass {}={} at {}", name->name, reuse ? "True" : "False", failure.facts.line_text(id)));
    return std::nullopt;
}

std::optional<Fix> use_auto_reuse(const FailureCase& failure, const ScopeAround& scope) {
    return set_argument(failure.facts, scope.statement, scope.call, "reuse", 6, R"("$tf.AUTO_REUSE")",
                        fmt::format("Use reuse=tf.AUTO_REUSE at {}", failure.facts.line_text(scope.statement)));
}

/// Gives a layer that makes its own scope another name for it.
std::optional<Fix> use_own_scope(const FailureCase& failure) {
    for (const Call& call : calls_of(failed_statement(failure))) {
        const bool has_scope = call.name.ends_with("_rnn");
        if (!has_scope || keyword(*call.call, "scope")) continue;
        const std::string base = call.name.ends_with("bidirectional_dynamic_rnn") ? "bidirectional_rnn" : "rnn";
        return set_argument(failure.facts, error_of(failure).statement, call, "scope", 99, json_string(base + "_2"),
                            fmt::format("Give the second network its own scope \"{}_2\"", base));
    }
    return std::nullopt;
}

std::optional<Finding> already_exists(const FailureCase& failure) {
    const std::string name = variable_in(error_of(failure).message, "already exists");
    if (name.empty()) return std::nullopt;
    const Facts& facts = failure.facts;
    const GraphId graph = graph_of(failure);
    const Variable* variable = find_variable(facts.graph(graph), name);
    const StatementId made = variable ? facts.created_at(graph, *variable) : StatementId();
    Finding finding;
    finding.summary = fmt::format(
        "{} was created {}; the same name is asked for again without reuse.", short_name(name),
        made == error_of(failure).statement ? "by an earlier call of the same line" : "at " + facts.line_text(made));
    finding.evidence.push_back({fmt::format("{} was created here.", name), made, variable ? variable->op : NodeId()});
    finding.fix_at = error_of(failure).statement;
    const auto scope = scope_around(failure);
    if (scope) {
        offer(finding, pass_reuse(failure, *scope, true));
        finding.fix_at = scope->statement;
    }
    offer(finding, use_own_scope(failure));
    if (scope) offer(finding, use_auto_reuse(failure, *scope));
    if (!finding.fixes.empty() && finding.fixes[0].changed.valid()) finding.fix_at = finding.fixes[0].changed;
    return finding;
}

/// The statement that turned reuse on for good: `scope.reuse_variables()`.
StatementId reuse_variables_before(const FailureCase& failure) {
    StatementId found;
    for (const record::RecordedStep& step : failure.facts.recording().steps())
        for (const Call& call : calls_of(failure.facts.program().statement(step.step.statement)))
            if (const auto* attribute = std::get_if<AttributeExpr>(&call.call->callee->node))
                if (attribute->name == "reuse_variables") found = step.step.statement;
    return found;
}

std::optional<Finding> leaked_reuse(const FailureCase& failure) {
    const std::string name = variable_in(error_of(failure).message, "does not exist");
    const StatementId leak = name.empty() ? StatementId() : reuse_variables_before(failure);
    if (!leak.valid()) return std::nullopt;
    Finding finding;
    finding.summary = fmt::format("reuse_variables() at {} turned reuse on for everything that follows, and {} is new.",
                                  failure.facts.line_text(leak), short_name(name));
    finding.evidence.push_back({"Reuse cannot be turned off again in the same scope.", leak, {}});
    finding.fix_at = leak;
    return finding;
}

std::optional<Finding> does_not_exist(const FailureCase& failure) {
    const std::string name = variable_in(error_of(failure).message, "does not exist");
    if (name.empty()) return std::nullopt;
    Finding finding;
    const auto scope = scope_around(failure);
    finding.summary = fmt::format("{} is to be reused, but nothing created it before.", short_name(name));
    if (scope) {
        finding.summary = fmt::format("The scope at {} reuses variables, but nothing created {} before.",
                                      failure.facts.line_text(scope->statement), short_name(name));
        finding.evidence.push_back({fmt::format("{} would be its name.", name), scope->statement, {}});
        finding.fix_at = scope->statement;
        offer(finding, pass_reuse(failure, *scope, false));
        offer(finding, use_auto_reuse(failure, *scope));
        if (!finding.fixes.empty()) finding.fix_at = finding.fixes[0].changed;
    }
    return finding;
}

// --- shapes and types -----------------------------------------------------------------------------------------------

std::optional<Finding> shared_cell_mismatch(const FailureCase& failure) {
    const std::string& message = error_of(failure).message;
    const bool is_shape = message.find("Dimensions must be equal") != std::string::npos ||
                          message.starts_with("Trying to share variable");
    if (!is_shape) return std::nullopt;
    for (const SharedCell& shared : shared_cells(failure.facts)) {
        Finding finding;
        finding.summary =
            fmt::format("One cell object, {}, stands for {} layers; they want one set of weights, but their "
                        "inputs differ in size.",
                        shared.cell, shared.layers);
        finding.evidence.push_back({fmt::format("{} is made once.", shared.cell), shared.made_at, {}});
        finding.evidence.push_back({fmt::format("It is listed {} times.", shared.layers), shared.statement, {}});
        finding.fix_at = shared.statement;
        offer(finding, repeat_value(failure.facts, shared.statement, shared.list->where.pointer, shared.made_at,
                                    shared.layers, "Build one cell for each layer"));
        return finding;
    }
    return std::nullopt;
}

/// `cell.zero_state(25, ...)` whose batch size a run did not keep to.
std::optional<Finding> baked_batch(const FailureCase& failure) {
    const std::string& message = error_of(failure).message;
    if (error_of(failure).error_class != "InvalidArgumentError") return std::nullopt;
    const Program& program = failure.facts.program();
    for (const Statement& statement : program.statements) {
        for (const Call& call : calls_of(statement)) {
            if (!call.name.ends_with(".zero_state")) continue;
            const Expr* batch = argument(*call.call, "batch_size", 0);
            if (batch) batch = resolve(program, *batch, statement.id);
            const auto* literal = batch ? std::get_if<Literal>(&batch->node) : nullptr;
            const auto* size = literal ? std::get_if<std::int64_t>(&literal->value) : nullptr;
            if (!size || !std::regex_search(message, std::regex(fmt::format("[\\[,]{}[\\],]", *size)))) continue;
            Finding finding;
            finding.summary = fmt::format("zero_state({}) at {} fixes the batch size; this run feeds another one.",
                                          *size, failure.facts.line_text(statement.id));
            finding.evidence.push_back({message, error_of(failure).statement, error_of(failure).node});
            finding.fix_at = statement.id;
            const Expr* dtype = argument(*call.call, "dtype", 1);
            const std::string type = dtype ? json_at(failure.facts, dtype->where.pointer) : R"("$tf.float32")";
            for (const Statement& user : program.statements)
                for (const Call& rnn : calls_of(user))
                    if (rnn.name.ends_with("_rnn") && keyword(*rnn.call, "initial_state"))
                        offer(finding, exchange_argument(failure.facts, user.id, rnn, "initial_state", "dtype", type,
                                                         "Let dynamic_rnn make the state for the batch it gets"));
            if (!finding.fixes.empty()) finding.fix_at = finding.fixes[0].changed;
            return finding;
        }
    }
    return std::nullopt;
}

/// The last assignment of a name before a statement; invalid when `expr` is no name.
StatementId statement_of_name(const Program& program, const Expr& expr, StatementId before) {
    const auto* name = std::get_if<NameExpr>(&expr.node);
    StatementId found;
    for (std::size_t i = 0; name && i < before.index(); ++i)
        if (assigned_name(program.statements[i]) == name->name) found = StatementId(i);
    return found;
}

/// "Cannot feed value of shape (2, 5, 4) for Tensor 'x:0', which has shape '(?, 5, 3)'".
std::optional<Finding> fed_shape(const FailureCase& failure) {
    static const std::regex pattern(
        R"(Cannot feed value of shape \((.*?)\) for Tensor '?(.*?)'?, which has shape '?\((.*?)\)'?)");
    std::smatch match;
    const std::string& message = error_of(failure).message;
    if (!std::regex_search(message, match, pattern)) return std::nullopt;
    Finding finding;
    finding.summary =
        fmt::format("The fed array has the shape ({}); {} takes ({}).", match.str(1), match.str(2), match.str(3));
    const Graph& graph = failure.facts.graph(graph_of(failure));
    const std::string name = match.str(2).substr(0, match.str(2).find(':'));
    const NodeId node = graph.find(name);
    const StatementId made =
        node.valid() ? failure.facts.evaluation().evaluator().statement_of(graph.node(node)) : StatementId();
    finding.evidence.push_back({fmt::format("{} was made here.", match.str(2)), made, node});
    finding.fix_at = error_of(failure).statement;
    const auto run = run_call(failed_statement(failure));
    const Expr* feeds = run ? argument(*run->call.call, "feed_dict", 1) : nullptr;
    const auto* dict = feeds ? std::get_if<DictExpr>(&feeds->node) : nullptr;
    if (!dict || !node.valid()) return finding;
    for (const auto& [key, value] : dict->items) {
        const auto* generated = std::get_if<GenerateExpr>(&value->node);
        const Shape& wanted = graph.node(node).outputs[0].shape;
        if (!generated || !wanted.has_rank() || generated->shape.size() != wanted.rank()) continue;
        std::vector<std::string> dims;
        bool differs = false;
        for (std::size_t i = 0; i < wanted.rank(); ++i) {
            const std::int64_t dim = wanted.dim(i) == Shape::unknown ? generated->shape[i] : wanted.dim(i);
            differs = differs || dim != generated->shape[i];
            dims.push_back(fmt::format("{}", dim));
        }
        if (differs && made.valid() &&
            made == statement_of_name(failure.facts.program(), *key, error_of(failure).statement))
            offer(finding, replace_value(failure.facts, error_of(failure).statement, value->where.pointer + "/shape",
                                         fmt::format("[{}]", fmt::join(dims, ", ")),
                                         fmt::format("Feed an array of the shape ({})", fmt::join(dims, ", "))));
    }
    return finding;
}

std::optional<Finding> shape_mismatch(const FailureCase& failure) {
    if (auto finding = shared_cell_mismatch(failure)) return finding;
    if (auto finding = baked_batch(failure)) return finding;
    if (auto finding = fed_shape(failure)) return finding;
    const ProgramError& error = error_of(failure);
    static const std::regex pattern("imension|shapes? |Shapes? ");
    const bool is_shape = (error.error_class == "ValueError" || error.error_class == "InvalidArgumentError") &&
                          std::regex_search(error.message, pattern);
    if (!is_shape || error.message.starts_with("You must feed")) return std::nullopt;
    Finding finding;
    finding.summary = error.op.empty() ? "Two shapes that must agree do not."
                                       : fmt::format("The inputs of {} do not fit together.", error.op);
    finding.evidence.push_back({error.message, error.statement, error.node});
    finding.fix_at = error.statement;
    return finding;
}

std::optional<Finding> dtype_mismatch(const FailureCase& failure) {
    const ProgramError& error = error_of(failure);
    static const std::regex pattern("has type .* that does not match|but specified dtype|of type .* does not match|"
                                    "with wrong dtype|dtypes don't match|expected type|passed .* expected");
    if (!std::regex_search(error.message, pattern)) return std::nullopt;
    Finding finding;
    finding.summary = "Two values that must have one type have two.";
    finding.evidence.push_back({error.message, error.statement, error.node});
    finding.fix_at = error.statement;
    return finding;
}

// --- the client -----------------------------------------------------------------------------------------------------

std::optional<Finding> not_fetchable(const FailureCase& failure) {
    static const std::regex pattern("Operation '(.*?)' has been marked as not fetchable");
    std::smatch match;
    if (!std::regex_search(error_of(failure).message, match, pattern)) return std::nullopt;
    Finding finding;
    const Graph& graph = failure.facts.graph(graph_of(failure));
    const NodeId node = graph.find(match.str(1));
    const StatementId made =
        node.valid() ? failure.facts.evaluation().evaluator().statement_of(graph.node(node)) : StatementId();
    finding.summary = fmt::format(
        "{} lives inside a loop: it has one value for each time step, and a fetch cannot say which.", match.str(1));
    finding.evidence.push_back({"The loop was built here; its result can be fetched.", made, node});
    finding.fix_at = error_of(failure).statement;
    const auto run = run_call(failed_statement(failure));
    const auto* assign =
        made.valid() ? std::get_if<AssignStatement>(&failure.facts.program().statement(made).node) : nullptr;
    const Expr* fetch = run ? argument(*run->call.call, "fetches", 0) : nullptr;
    if (!assign || !fetch) return finding;
    std::vector<const Expr*> fetches{fetch};
    if (const auto* list = std::get_if<ListExpr>(&fetch->node))
        for (const ExprPtr& item : list->items) fetches.push_back(item.get());
    for (const Expr* item : fetches) {
        const std::string* name = string_literal(item);
        if (name && name->substr(0, name->find(':')) == match.str(1))
            offer(finding, replace_value(failure.facts, error_of(failure).statement, item->where.pointer,
                                         json_string("$" + assign->targets[0]),
                                         fmt::format("Fetch {} instead", assign->targets[0])));
    }
    return finding;
}

std::optional<Finding> placeholder_not_fed(const FailureCase& failure) {
    static const std::regex pattern("You must feed a value for placeholder tensor '(.*?)'");
    std::smatch match;
    if (!std::regex_search(error_of(failure).message, match, pattern)) return std::nullopt;
    const Facts& facts = failure.facts;
    const Graph& graph = facts.graph(graph_of(failure));
    const NodeId node = graph.find(match.str(1));
    const StatementId made =
        node.valid() ? facts.evaluation().evaluator().statement_of(graph.node(node)) : StatementId();
    const std::string name = made.valid() ? assigned_name(facts.program().statement(made)) : std::string();
    Finding finding;
    finding.summary =
        fmt::format("The run needs {}, and its feed_dict does not give it.", name.empty() ? match.str(1) : name);
    finding.evidence.push_back({fmt::format("{} was made here.", match.str(1)), made, node});
    finding.fix_at = error_of(failure).statement;
    const auto run = run_call(failed_statement(failure));
    if (!run || name.empty()) return finding;
    for (const Statement& other : facts.program().statements)
        if (other.id != error_of(failure).statement && run_call(other))
            offer(finding, copy_feed(facts, error_of(failure).statement, run->call, other.id, "$" + name,
                                     fmt::format("Feed {} as {} does", name, facts.line_text(other.id))));
    return finding;
}

std::optional<Finding> wrong_graph(const FailureCase& failure) {
    const std::string& message = error_of(failure).message;
    const bool applies = message.find("is not an element of this graph") != std::string::npos ||
                         message.find("must be from the same graph as") != std::string::npos ||
                         message.find("is not from the passed-in graph") != std::string::npos;
    if (!applies) return std::nullopt;
    Finding finding;
    finding.summary =
        "Two graphs are mixed: what is used here was built in another graph than the one it is used with.";
    finding.evidence.push_back({message, error_of(failure).statement, {}});
    finding.fix_at = error_of(failure).statement;
    return finding;
}

std::optional<Finding> control_flow_initializer(const FailureCase& failure) {
    const std::string& message = error_of(failure).message;
    if (message.find("is from inside a control-flow construct") == std::string::npos) return std::nullopt;
    Finding finding;
    finding.summary = "A variable is created inside a loop or a branch, and its initial value is computed there, too.";
    finding.evidence.push_back({message, error_of(failure).statement, {}});
    finding.fix_at = error_of(failure).statement;
    return finding;
}

constexpr FailureDetector detectors[] = {
    {"already-exists", already_exists},
    {"leaked-reuse", leaked_reuse},
    {"does-not-exist", does_not_exist},
    {"not-fetchable", not_fetchable},
    {"placeholder-not-fed", placeholder_not_fed},
    {"wrong-graph", wrong_graph},
    {"control-flow-initializer", control_flow_initializer},
    {"dtype-mismatch", dtype_mismatch},
    {"shape-mismatch", shape_mismatch},
};

} // namespace

std::span<const FailureDetector> failure_detectors() {
    return detectors;
}

std::vector<SharedCell> shared_cells(const Facts& facts) {
    const Program& program = facts.program();
    std::vector<SharedCell> found;
    for (const Statement& statement : program.statements) {
        for (const Call& call : calls_of(statement)) {
            if (!call.name.ends_with("MultiRNNCell")) continue;
            const Expr* list = argument(*call.call, "cells", 0);
            if (!list) continue;
            list = resolve(program, *list, statement.id);
            const Expr* items = list;
            std::size_t times = 1;
            if (const auto* product = std::get_if<OperatorExpr>(&list->node); product && product->op == "*") {
                items = product->operands[0].get();
                const Expr* factor = resolve(program, *product->operands[1], statement.id);
                const auto* literal = std::get_if<Literal>(&factor->node);
                const auto* number = literal ? std::get_if<std::int64_t>(&literal->value) : nullptr;
                times = number && *number > 0 && *number < 1000 ? static_cast<std::size_t>(*number) : 0;
            }
            const auto* cells = std::get_if<ListExpr>(&items->node);
            if (!cells || cells->items.empty()) continue;
            const auto* name = std::get_if<NameExpr>(&cells->items[0]->node);
            const bool all_same = name && std::ranges::all_of(cells->items, [&](const ExprPtr& item) {
                                      const auto* other = std::get_if<NameExpr>(&item->node);
                                      return other && other->name == name->name;
                                  });
            const std::size_t layers = times * cells->items.size();
            if (!all_same || layers < 2) continue;
            SharedCell shared{statement.id, list, name->name, {}, layers};
            for (const Statement& other : program.statements) {
                if (list->where.pointer.starts_with(other.where.pointer + "/")) shared.statement = other.id;
                if (other.id < statement.id && assigned_name(other) == name->name) shared.made_at = other.id;
            }
            if (shared.made_at.valid()) found.push_back(std::move(shared));
        }
    }
    return found;
}

} // namespace rnnscope::debug
