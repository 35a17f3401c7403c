#include "core/debug/detectors.hpp"
#include "core/debug/text_match.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

using namespace program;

namespace {

/// The name that "Variable NAME already exists" and its like speak of; "" when the message says something else.
std::string variable_in(const std::string& message, std::string_view after) {
    constexpr std::string_view prefix = "Variable ";
    if (!message.starts_with(prefix)) return {};
    const std::size_t end = message.find(' ', prefix.size());
    if (end == std::string::npos || message.compare(end + 1, after.size(), after) != 0) return {};
    return message.substr(prefix.size(), end - prefix.size());
}

/// A `with tf.variable_scope(...)` around the failure.
struct ScopeAround {
    StatementId statement;
    Call call;
    const Keyword* reuse = nullptr;
};

std::optional<ScopeAround> scope_around(const FailureCase& failure) {
    for (const StatementId id : failure.facts.stack_of(failure.error().step)) {
        const Statement& statement = failure.facts.program().statement(id);
        if (!std::holds_alternative<WithStatement>(statement.node)) continue;
        if (auto call = find_call(statement, "variable_scope")) {
            const Keyword* reuse = keyword(*call->call, "reuse");
            return ScopeAround{id, std::move(*call), reuse};
        }
    }
    return std::nullopt;
}

/// Where an expression of a function's body is one of its parameters: sets that one at the call that was active.
std::optional<Fix> pass_parameter(const FailureCase& failure, StatementId inside, const Expr& expr,
                                  std::string_view json, std::string_view python) {
    const auto* name = std::get_if<NameExpr>(&expr.node);
    if (!name) return std::nullopt;
    const Program& program = failure.facts.program();
    const FunctionStatement* function = nullptr;
    for (StatementId at = inside; at.valid() && !function; at = program.statement(at).parent)
        function = std::get_if<FunctionStatement>(&program.statement(at).node);
    if (!function) return std::nullopt;
    const auto parameter = std::ranges::find(function->parameters, name->name, &Parameter::name);
    if (parameter == function->parameters.end()) return std::nullopt;
    const auto position = static_cast<std::size_t>(parameter - function->parameters.begin());
    for (const StatementId id : failure.facts.stack_of(failure.error().step))
        if (const auto call = find_call(program.statement(id), function->name))
            return set_argument(failure.facts, id, *call, name->name, position, json,
                                fmt::format("Pass {}={} at {}", name->name, python, failure.facts.line_text(id)));
    return std::nullopt;
}

std::optional<Fix> pass_reuse(const FailureCase& failure, const ScopeAround& scope, bool reuse) {
    if (!scope.reuse) return std::nullopt;
    return pass_parameter(failure, scope.statement, *scope.reuse->value, reuse ? "true" : "false",
                          reuse ? "True" : "False");
}

std::optional<Fix> use_auto_reuse(const FailureCase& failure, const ScopeAround& scope) {
    return set_argument(failure.facts, scope.statement, scope.call, "reuse", 6, R"("$tf.AUTO_REUSE")",
                        fmt::format("Use reuse=tf.AUTO_REUSE at {}", failure.facts.line_text(scope.statement)));
}

/// Gives a layer that makes its own scope another name for it.
std::optional<Fix> use_own_scope(const FailureCase& failure) {
    for (const Call& call : calls_of(failure.statement())) {
        const bool has_scope = call.name.ends_with("_rnn");
        if (!has_scope || keyword(*call.call, "scope")) continue;
        const std::string base = call.name.ends_with("bidirectional_dynamic_rnn") ? "bidirectional_rnn" : "rnn";
        return set_argument(failure.facts, failure.error().statement, call, "scope", 99, json_string(base + "_2"),
                            fmt::format("Give the second network its own scope \"{}_2\"", base));
    }
    return std::nullopt;
}

/// The statement that turned reuse on for good: `scope.reuse_variables()`.
struct Leak {
    StatementId statement;
    const Expr* scope = nullptr;
};

std::optional<Leak> reuse_variables_before(const FailureCase& failure) {
    std::optional<Leak> found;
    for (const record::RecordedStep& step : failure.facts.recording().steps())
        for (const Call& call : calls_of(failure.facts.program().statement(step.step.statement)))
            if (const auto* attribute = std::get_if<AttributeExpr>(&call.call->callee->node))
                if (attribute->name == "reuse_variables") found = Leak{step.step.statement, attribute->object.get()};
    return found;
}

/// The statement of the failure's stack that is in the same block as `other`.
StatementId in_block_of(const FailureCase& failure, StatementId other) {
    const Program& program = failure.facts.program();
    for (const StatementId id : failure.facts.stack_of(failure.error().step))
        if (program.statement(id).parent == program.statement(other).parent) return id;
    return {};
}

/// Reuse for what stands between the leak and the failure, and for nothing behind it.
std::optional<Fix> reuse_in_a_block(const FailureCase& failure, const Leak& leak) {
    const Facts& facts = failure.facts;
    const StatementId failed = in_block_of(failure, leak.statement);
    const StatementId first = sibling(facts, leak.statement, 1);
    if (!failed.valid() || !first.valid()) return std::nullopt;
    if (first == failed)
        return remove_statement(facts, leak.statement, fmt::format("Remove {}", facts.line_text(leak.statement)));
    const auto* scope = std::get_if<NameExpr>(&leak.scope->node);
    const std::string text = scope ? json_string("$" + scope->name) : R"({"call": "get_variable_scope"})";
    const std::string manager =
        fmt::format(R"({{"call": "variable_scope", "args": [{}], "kwargs": {{"reuse": true}}}})", text);
    const StatementId last = sibling(facts, failed, -1);
    const std::string lines = facts.line(first) == facts.line(last)
                                  ? facts.line_text(first)
                                  : fmt::format("lines {} to {}", facts.line(first), facts.line(last));
    return wrap(facts, first, last, manager, true, fmt::format("Reuse in {} only", lines));
}

/// The variables that the failed call of a loop's or branch's function creates: those whose initial value would have to
/// be computed inside of it, and that need nothing of the function.
std::vector<StatementId> variables_of_body(const FailureCase& failure) {
    const Facts& facts = failure.facts;
    const Program& program = facts.program();
    StatementId function;
    for (const Statement& statement : program.statements) {
        const StatementId parent = statement.parent;
        const auto* def = parent.valid() ? std::get_if<FunctionStatement>(&program.statement(parent).node) : nullptr;
        if (def && find_call(statement, "Variable") && !names_in(failure.statement(), def->name).empty())
            function = parent;
    }
    if (!function.valid()) return {};
    const auto* def = std::get_if<FunctionStatement>(&program.statement(function).node);
    if (!def) return {};
    std::vector<std::string> own;
    for (const Parameter& parameter : def->parameters) own.push_back(parameter.name);
    std::vector<StatementId> found;
    for (const Statement& statement : program.statements) {
        if (statement.parent != function) continue;
        const bool needs_function =
            std::ranges::any_of(own, [&](const std::string& name) { return !names_in(statement, name).empty(); });
        if (find_call(statement, "Variable") && !needs_function)
            found.push_back(statement.id);
        else if (const auto* assign = std::get_if<AssignStatement>(&statement.node))
            own.insert(own.end(), assign->targets.begin(), assign->targets.end());
    }
    return found;
}

/// "specified dtype float64 and found dtype float32_ref": asks for the type that the variable has.
std::optional<Finding> dtype_of_shared(const FailureCase& failure) {
    constexpr std::string_view pattern(
        "Trying to share variable (\\S+), but specified dtype (\\w+?) and found dtype (\\w+?)(_ref)?\\.?$");
    const std::optional<TextMatch> match = first_match(failure.error().message, pattern);
    if (!match) return std::nullopt;
    const std::string name = match->str(1), wanted = match->str(2), found = match->str(3);
    const Facts& facts = failure.facts;
    const Variable* variable = facts.graph(failure.graph()).variable_of(facts.graph(failure.graph()).find(name));
    const StatementId made = variable ? facts.created_at(failure.graph(), *variable) : StatementId();
    Finding finding;
    finding.summary = fmt::format("{} was made with the type {}; here it is shared and asked for as {}.",
                                  short_name(name), found, wanted);
    finding.evidence.push_back(
        {fmt::format("{} got its type at {}, and a variable has one type.", name, facts.line_text(made)), made,
         variable ? variable->op : NodeId()});
    finding.fix_at = failure.error().statement;
    const std::string type = json_string("$tf." + found);
    for (const Call& call : calls_of(failure.statement())) {
        const Expr* dtype = argument(*call.call, "dtype", call.name == "get_variable" ? 2 : 99);
        if (!dtype) continue;
        offer(finding, pass_parameter(failure, failure.error().statement, *dtype, type, "tf." + found));
        offer(finding, replace_value(facts, failure.error().statement, dtype->where.pointer, type,
                                     fmt::format("Ask for {}", found)));
    }
    if (!finding.fixes.empty()) finding.fix_at = finding.fixes[0].changed;
    return finding;
}

} // namespace

std::optional<Finding> already_exists(const FailureCase& failure) {
    const std::string name = variable_in(failure.error().message, "already exists");
    if (name.empty()) return std::nullopt;
    const Facts& facts = failure.facts;
    const GraphId graph = failure.graph();
    const Variable* variable = facts.graph(graph).variable_of(facts.graph(graph).find(name));
    const StatementId made = variable ? facts.created_at(graph, *variable) : StatementId();
    Finding finding;
    finding.summary = fmt::format(
        "{} was created {}; the same name is asked for again without reuse.", short_name(name),
        made == failure.error().statement ? "by an earlier call of the same line" : "at " + facts.line_text(made));
    finding.evidence.push_back({fmt::format("Its full name is {}.", name), made, variable ? variable->op : NodeId()});
    finding.fix_at = failure.error().statement;
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

std::optional<Finding> leaked_reuse(const FailureCase& failure) {
    const std::string name = variable_in(failure.error().message, "does not exist");
    const auto leak = name.empty() ? std::nullopt : reuse_variables_before(failure);
    if (!leak) return std::nullopt;
    Finding finding;
    finding.summary = fmt::format("reuse_variables() at {} turned reuse on for everything that follows, and {} is new.",
                                  failure.facts.line_text(leak->statement), short_name(name));
    finding.evidence.push_back({"Reuse cannot be turned off again in the same scope.", leak->statement, {}});
    finding.fix_at = leak->statement;
    offer(finding, reuse_in_a_block(failure, *leak));
    return finding;
}

std::optional<Finding> does_not_exist(const FailureCase& failure) {
    const std::string name = variable_in(failure.error().message, "does not exist");
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

std::optional<Finding> dtype_mismatch(const FailureCase& failure) {
    if (auto finding = dtype_of_shared(failure)) return finding;
    const ProgramError& error = failure.error();
    constexpr std::string_view pattern("has type .* that does not match|but specified dtype|of type .* does not match|"
                                       "with wrong dtype|dtypes don't match|expected type|passed .* expected");
    if (!has_match(error.message, pattern)) return std::nullopt;
    Finding finding;
    finding.summary = "Two values that must have one type have two.";
    finding.evidence.push_back({error.message, error.statement, error.node});
    finding.fix_at = error.statement;
    return finding;
}

std::optional<Finding> control_flow_initializer(const FailureCase& failure) {
    constexpr std::string_view pattern("Initializer for variable (\\S+?)/? is from inside a control-flow construct");
    const std::optional<TextMatch> match = first_match(failure.error().message, pattern);
    if (!match) return std::nullopt;
    const Facts& facts = failure.facts;
    const StatementId call = failure.error().statement;
    const std::vector<StatementId> made = variables_of_body(failure);
    Finding finding;
    finding.summary = fmt::format("{} is created inside a loop or a branch; its initial value would be computed there, "
                                  "where the initializer cannot reach it.",
                                  match->str(1));
    finding.fix_at = call;
    if (made.empty()) return finding;
    finding.fix_at = made.front();
    const StatementId function = facts.program().statement(made.front()).parent;
    finding.evidence.push_back({fmt::format("Line {} is part of a function that {} calls to build the loop or branch.",
                                            facts.line(made.front()), facts.line_text(call)),
                                made.front(),
                                {}});
    const std::string title = made.size() == 1 ? "Create the variable" : "Create the variables";
    offer(finding, move_before(facts, made, function, fmt::format("{} before {}", title, facts.line_text(function))));
    return finding;
}

} // namespace rnnscope::debug
