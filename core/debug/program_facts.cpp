#include "core/debug/program_facts.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace rnnscope::debug {

using namespace program;

namespace {

template <class... Visitors> struct Overloaded : Visitors... { using Visitors::operator()...; };
template <class... Visitors> Overloaded(Visitors...) -> Overloaded<Visitors...>;

std::vector<const Expr*> children_of(const Expr& expr) {
    std::vector<const Expr*> children;
    const auto add = [&](const ExprPtr& child) {
        if (child) children.push_back(child.get());
    };
    std::visit(Overloaded{
                   [&](const AttributeExpr& e) { add(e.object); },
                   [&](const IndexExpr& e) {
                       add(e.object);
                       for (const Subscript& subscript : e.subscripts) {
                           add(subscript.index);
                           add(subscript.start);
                           add(subscript.stop);
                           add(subscript.step);
                       }
                   },
                   [&](const ListExpr& e) { std::ranges::for_each(e.items, add); },
                   [&](const TupleExpr& e) { std::ranges::for_each(e.items, add); },
                   [&](const DictExpr& e) {
                       for (const auto& [key, value] : e.items) {
                           add(key);
                           add(value);
                       }
                   },
                   [&](const CallExpr& e) {
                       add(e.callee);
                       std::ranges::for_each(e.args, add);
                       for (const Keyword& word : e.keywords) add(word.value);
                   },
                   [&](const OperatorExpr& e) { std::ranges::for_each(e.operands, add); },
                   [&](const ConditionalExpr& e) {
                       add(e.condition);
                       add(e.value);
                       add(e.otherwise);
                   },
                   [](const auto&) {},
               },
               expr.node);
    return children;
}

std::vector<const Expr*> roots_of(const Statement& statement) {
    std::vector<const Expr*> roots;
    const auto add = [&](const ExprPtr& expr) {
        if (expr) roots.push_back(expr.get());
    };
    std::visit(Overloaded{
                   [&](const AssignStatement& s) { add(s.value); },
                   [&](const ExpressionStatement& s) { add(s.value); },
                   [&](const WithStatement& s) {
                       for (const WithStatement::Item& item : s.items) add(item.manager);
                   },
                   [&](const ForStatement& s) { add(s.iterable); },
                   [&](const IfStatement& s) { add(s.condition); },
                   [&](const ReturnStatement& s) { add(s.value); },
                   [](const auto&) {},
               },
               statement.node);
    return roots;
}

std::optional<InitOp::Kind> init_kind(std::string_view name) {
    if (name == "global_variables_initializer" || name == "initialize_all_variables") return InitOp::Kind::global;
    if (name == "local_variables_initializer" || name == "initialize_local_variables") return InitOp::Kind::local;
    if (name == "variables_initializer" || name == "initialize_variables") return InitOp::Kind::list;
    return std::nullopt;
}

} // namespace

std::string dotted_name(const Expr& expr) {
    std::string name;
    const Expr* at = &expr;
    while (const auto* attribute = std::get_if<AttributeExpr>(&at->node)) {
        name.insert(0, "." + attribute->name);
        at = attribute->object.get();
    }
    const auto* root = std::get_if<NameExpr>(&at->node);
    return root ? root->name + name : std::string();
}

std::vector<Call> calls_of(const Statement& statement) {
    std::vector<const Expr*> order; // a parent before its children, the last child first
    std::vector<const Expr*> stack = roots_of(statement);
    while (!stack.empty()) {
        const Expr* expr = stack.back();
        stack.pop_back();
        order.push_back(expr);
        for (const Expr* child : children_of(*expr)) stack.push_back(child);
    }
    std::vector<Call> calls;
    for (auto at = order.rbegin(); at != order.rend(); ++at) {
        const auto* call = std::get_if<CallExpr>(&(*at)->node);
        if (!call) continue;
        std::string name = dotted_name(*call->callee);
        if (name.starts_with("tf.")) name.erase(0, 3);
        calls.push_back({*at, call, std::move(name)});
    }
    return calls;
}

std::vector<std::string> names_in(const Statement& statement, std::string_view name) {
    std::vector<std::string> pointers;
    std::vector<const Expr*> stack = roots_of(statement);
    while (!stack.empty()) {
        const Expr* expr = stack.back();
        stack.pop_back();
        const auto* word = std::get_if<NameExpr>(&expr->node);
        if (word && word->name == name) pointers.push_back(expr->where.pointer);
        // "$x.name" is one text: a part of it cannot be replaced alone.
        if (std::holds_alternative<AttributeExpr>(expr->node)) continue;
        for (const Expr* child : children_of(*expr)) stack.push_back(child);
    }
    std::ranges::sort(pointers);
    return pointers;
}

std::optional<Call> find_call(const Statement& statement, std::string_view name) {
    for (Call& call : calls_of(statement))
        if (call.name == name) return std::move(call);
    return std::nullopt;
}

const Keyword* keyword(const CallExpr& call, std::string_view name) {
    const auto found = std::ranges::find(call.keywords, name, &Keyword::name);
    return found == call.keywords.end() ? nullptr : &*found;
}

const Expr* argument(const CallExpr& call, std::string_view name, std::size_t position) {
    if (const Keyword* word = keyword(call, name)) return word->value.get();
    return position < call.args.size() ? call.args[position].get() : nullptr;
}

std::optional<RunCall> run_call(const Statement& statement) {
    for (Call& call : calls_of(statement)) {
        if (!call.name.ends_with(".run") || call.name.find('.') != call.name.size() - 4) continue;
        std::string session = call.name.substr(0, call.name.size() - 4);
        return RunCall{std::move(call), std::move(session)};
    }
    return std::nullopt;
}

std::string assigned_name(const Statement& statement) {
    const auto* assign = std::get_if<AssignStatement>(&statement.node);
    return assign && assign->targets.size() == 1 ? assign->targets[0] : std::string();
}

namespace {

/// The child of `outer` that the statement is, or lies in; invalid: it does not lie in it.
StatementId child_towards(const Program& program, StatementId outer, StatementId statement) {
    while (statement.valid() && program.statement(statement).parent != outer)
        statement = program.statement(statement).parent;
    return statement;
}

enum class Passed : std::uint8_t { yes, maybe, no };

/// Was the assignment executed before the use, which comes later in the source?
Passed passed(const Program& program, StatementId assignment, StatementId use) {
    bool excluded = false; // by the use's being executed, as long as nothing goes round
    for (StatementId at = program.statement(assignment).parent; at.valid(); at = program.statement(at).parent) {
        const auto& node = program.statement(at).node;
        if (std::holds_alternative<ForStatement>(node) && excluded) return Passed::maybe;
        const auto* branches = std::get_if<IfStatement>(&node);
        if (branches == nullptr) continue;
        const StatementId other = child_towards(program, at, use);
        if (!other.valid()) return Passed::maybe;
        const auto in_body = [&](StatementId child) { return std::ranges::count(branches->body, child) > 0; };
        excluded = excluded || in_body(child_towards(program, at, assignment)) != in_body(other);
    }
    return excluded ? Passed::no : Passed::yes;
}

} // namespace

StatementId last_assignment(const Program& program, std::string_view name, StatementId before, StatementId use) {
    for (std::size_t i = before.index(); i-- > 0;) {
        if (assigned_name(program.statements[i]) != name) continue;
        const Passed seen = passed(program, StatementId(i), use);
        if (seen != Passed::no) return seen == Passed::yes ? StatementId(i) : StatementId();
    }
    return {};
}

const Expr* resolve(const Program& program, const Expr& expr, StatementId before) {
    const StatementId use = before;
    const Expr* at = &expr;
    for (int hops = 0; hops < 20; ++hops) {
        const auto* name = std::get_if<NameExpr>(&at->node);
        if (!name) return at;
        before = last_assignment(program, name->name, before, use);
        if (!before.valid()) return at;
        at = std::get<AssignStatement>(program.statement(before).node).value.get();
    }
    return at;
}

const std::string* string_literal(const Expr* expr) {
    const auto* literal = expr ? std::get_if<Literal>(&expr->node) : nullptr;
    return literal ? std::get_if<std::string>(&literal->value) : nullptr;
}

bool is_literal(const Expr* expr, bool value) {
    const auto* literal = expr ? std::get_if<Literal>(&expr->node) : nullptr;
    const bool* boolean = literal ? std::get_if<bool>(&literal->value) : nullptr;
    return boolean && *boolean == value;
}

bool InitOp::sets(VariableId variable) const {
    return std::ranges::find(covers, variable) != covers.end();
}

Facts::Facts(const Evaluation& evaluation) : evaluation_(evaluation) {
    for (std::size_t i = 0; i < evaluation.evaluator().graph_count(); ++i) collect_init_ops(graph(GraphId(i)));
}

void Facts::collect_init_ops(const Graph& graph) {
    std::map<NodeId, VariableId> by_initializer;
    for (const Variable& variable : graph.variables()) by_initializer[variable.initializer] = variable.id;
    std::map<StatementId, std::size_t> seen;
    for (const Node& node : graph.nodes()) {
        if (node.op != "NoOp" || !node.origin.valid()) continue;
        const StatementId statement = evaluation_.evaluator().statement_of(node);
        if (!statement.valid()) continue;
        InitOp op;
        const bool is_group = std::ranges::any_of(node.control_inputs, [&](NodeId control) {
            const auto found = by_initializer.find(control);
            if (found != by_initializer.end()) op.covers.push_back(found->second);
            return found == by_initializer.end();
        });
        if (is_group) continue;
        std::vector<Call> calls = calls_of(program().statement(statement));
        std::erase_if(calls, [](const Call& call) { return !init_kind(call.name); });
        if (calls.empty()) continue;
        const Call& call = calls[seen[statement]++ % calls.size()];
        op.kind = *init_kind(call.name);
        op.graph = graph.id();
        op.node = node.id;
        op.statement = statement;
        op.call = call.expr;
        const auto* assign = std::get_if<AssignStatement>(&program().statement(statement).node);
        op.is_named = assign && assign->targets.size() == 1 && assign->value.get() == call.expr;
        op.name = op.is_named ? assign->targets[0] : node.name;
        init_ops_.push_back(std::move(op));
    }
}

std::vector<const InitOp*> Facts::init_ops_of(const record::RecordedRun& run) const {
    const Graph& graph = this->graph(run.info.graph);
    std::set<NodeId> reached;
    std::vector<NodeId> to_visit = run.info.request.targets;
    while (!to_visit.empty()) {
        const NodeId at = to_visit.back();
        to_visit.pop_back();
        if (graph.node(at).op != "NoOp" || !reached.insert(at).second) continue;
        for (const NodeId control : graph.node(at).control_inputs) to_visit.push_back(control);
    }
    std::vector<const InitOp*> ops;
    for (const InitOp& op : init_ops_)
        if (op.graph == run.info.graph && reached.contains(op.node)) ops.push_back(&op);
    return ops;
}

std::vector<Facts::InitRun> Facts::init_runs(SessionId session, Position position) const {
    std::vector<InitRun> runs;
    for (const record::RecordedRun& run : recording().runs()) {
        if (run.info.session != session || run.first_tick >= position.ticks) continue;
        for (const InitOp* op : init_ops_of(run)) runs.push_back({op, &run});
    }
    return runs;
}

std::optional<VariableFilter> Facts::filter_of(const InitOp& op) const {
    if (op.kind != InitOp::Kind::list) return std::nullopt;
    const auto& init = std::get<CallExpr>(op.call->node);
    const Expr* list = argument(init, "var_list", 0);
    if (!list) return std::nullopt;
    list = resolve(program(), *list, op.statement);
    const auto* chosen = std::get_if<CallExpr>(&list->node);
    if (!chosen) return VariableFilter{};
    std::string name = dotted_name(*chosen->callee);
    const bool is_collection = name.ends_with("get_collection") || name.ends_with("get_collection_ref");
    const Expr* scope = argument(*chosen, "scope", is_collection ? 1 : 0);
    if (!scope) return VariableFilter{};
    scope = resolve(program(), *scope, op.statement);
    const std::string* text = string_literal(scope);
    return text ? VariableFilter{scope, *text} : VariableFilter{};
}

StatementId Facts::statement_of_run(const record::RecordedRun& run) const {
    return recording().step(run.info.step).step.statement;
}

StatementId Facts::created_at(GraphId graph, const Variable& variable) const {
    return evaluation_.evaluator().statement_of(this->graph(graph).node(variable.op));
}

std::vector<StatementId> Facts::stack_of(StepId step) const {
    std::vector<StatementId> stack;
    for (; step.valid() && step.index() < recording().steps().size(); step = recording().step(step).step.parent)
        stack.push_back(recording().step(step).step.statement);
    return stack;
}

StatementId Facts::sibling_that_made(GraphId graph, const Variable& variable, StatementId block_of) const {
    const StatementId parent = program().statement(block_of).parent;
    const Node& node = this->graph(graph).node(variable.op);
    for (StatementId statement : evaluation_.evaluator().origin_stack(node.origin))
        for (; statement.valid(); statement = program().statement(statement).parent)
            if (program().statement(statement).parent == parent) {
                const bool is_def = std::holds_alternative<FunctionStatement>(program().statement(statement).node);
                if (!is_def) return statement;
            }
    return {};
}

std::string Facts::session_name(SessionId session) const {
    for (const record::RecordedRun& run : recording().runs()) {
        if (run.info.session != session) continue;
        if (const auto call = run_call(program().statement(statement_of_run(run)))) return call->session;
    }
    return {};
}

int Facts::line(StatementId statement) const {
    return statement.valid() ? program().statement(statement).where.python_line : 0;
}

std::string Facts::line_text(StatementId statement) const {
    return fmt::format("line {}", line(statement));
}

std::string short_name(std::string_view variable) {
    const std::size_t last = variable.rfind('/');
    if (last == std::string_view::npos || last == 0) return std::string(variable);
    const std::size_t before = variable.rfind('/', last - 1);
    return std::string(before == std::string_view::npos ? variable : variable.substr(before + 1));
}

std::string counted(std::size_t count, std::string_view noun) {
    if (count == 0) return fmt::format("no {}s", noun);
    return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " and " : ", ";
        text += words[i];
    }
    return text;
}

} // namespace rnnscope::debug
