#include "core/debug/detectors.hpp"
#include "core/debug/text_match.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rnnscope::debug {

using namespace program;

namespace {

// --- shapes and types -----------------------------------------------------------------------------------------------

std::optional<Finding> shared_cell_mismatch(const FailureCase& failure) {
    const std::string& message = failure.error().message;
    const bool is_shape = message.find("Dimensions must be equal") != std::string::npos ||
                          message.starts_with("Trying to share variable");
    if (!is_shape) return std::nullopt;
    for (const SharedCell& shared : shared_cells(failure.facts)) {
        Finding finding;
        finding.summary =
            fmt::format("One cell object, {}, stands for {} layers; they want one set of weights, but their "
                        "inputs differ in size.",
                        shared.cell, shared.layers);
        finding.evidence.push_back(
            {fmt::format("{} is made once, at {}.", shared.cell, failure.facts.line_text(shared.made_at)),
             shared.made_at,
             {}});
        finding.evidence.push_back(
            {fmt::format("Line {} lists it {} times.", failure.facts.line(shared.statement), shared.layers),
             shared.statement,
             {}});
        finding.fix_at = shared.statement;
        offer(finding, repeat_value(failure.facts, shared.statement, shared.list->where.pointer, shared.made_at,
                                    shared.layers, "Build one cell for each layer"));
        return finding;
    }
    return std::nullopt;
}

/// `cell.zero_state(25, ...)` whose batch size a run did not keep to.
std::optional<Finding> baked_batch(const FailureCase& failure) {
    const std::string& message = failure.error().message;
    if (failure.error().error_class != "InvalidArgumentError") return std::nullopt;
    const Program& program = failure.facts.program();
    for (const Statement& statement : program.statements) {
        for (const Call& call : calls_of(statement)) {
            if (!call.name.ends_with(".zero_state")) continue;
            const Expr* batch = argument(*call.call, "batch_size", 0);
            if (batch) batch = resolve(program, *batch, statement.id);
            const auto* literal = batch ? std::get_if<Literal>(&batch->node) : nullptr;
            const auto* size = literal ? std::get_if<std::int64_t>(&literal->value) : nullptr;
            if (!size || !has_match(message, fmt::format("[\\[,]{}[\\],]", *size))) continue;
            Finding finding;
            finding.summary = fmt::format("zero_state({}) at {} fixes the batch size; this run feeds another one.",
                                          *size, failure.facts.line_text(statement.id));
            finding.evidence.push_back(
                {fmt::format("{} meets the state of {} rows with this run's.", failure.error().op, *size),
                 failure.error().statement, failure.error().node});
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
    constexpr std::string_view pattern(
        R"(Cannot feed value of shape \((.*?)\) for Tensor '?(.*?)'?, which has shape '?\((.*?)\)'?)");
    const std::optional<TextMatch> found = first_match(failure.error().message, pattern);
    if (!found) return std::nullopt;
    const TextMatch& match = *found;
    Finding finding;
    finding.summary =
        fmt::format("The fed array has the shape ({}); {} takes ({}).", match.str(1), match.str(2), match.str(3));
    const Graph& graph = failure.facts.graph(failure.graph());
    const std::string name = match.str(2).substr(0, match.str(2).find(':'));
    const NodeId node = graph.find(name);
    const StatementId made =
        node.valid() ? failure.facts.evaluation().evaluator().statement_of(graph.node(node)) : StatementId();
    finding.evidence.push_back(
        {fmt::format("{} was made at {}.", match.str(2), failure.facts.line_text(made)), made, node});
    finding.fix_at = failure.error().statement;
    const auto run = run_call(failure.statement());
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
            made == statement_of_name(failure.facts.program(), *key, failure.error().statement))
            offer(finding, replace_value(failure.facts, failure.error().statement, value->where.pointer + "/shape",
                                         fmt::format("[{}]", fmt::join(dims, ", ")),
                                         fmt::format("Feed an array of the shape ({})", fmt::join(dims, ", "))));
    }
    return finding;
}

std::optional<Finding> shape_mismatch(const FailureCase& failure) {
    if (auto finding = shared_cell_mismatch(failure)) return finding;
    if (auto finding = baked_batch(failure)) return finding;
    if (auto finding = fed_shape(failure)) return finding;
    const ProgramError& error = failure.error();
    const bool is_shape = (error.error_class == "ValueError" || error.error_class == "InvalidArgumentError") &&
                          has_match(error.message, "imension|shapes? |Shapes? ");
    if (!is_shape || error.message.starts_with("You must feed")) return std::nullopt;
    Finding finding;
    finding.summary = error.op.empty() ? "Two shapes that must agree do not."
                                       : fmt::format("The inputs of {} do not fit together.", error.op);
    finding.evidence.push_back({error.message, error.statement, error.node});
    finding.fix_at = error.statement;
    return finding;
}

// --- the client -----------------------------------------------------------------------------------------------------

std::optional<Finding> not_fetchable(const FailureCase& failure) {
    const std::optional<TextMatch> found =
        first_match(failure.error().message, "Operation '(.*?)' has been marked as not fetchable");
    if (!found) return std::nullopt;
    const TextMatch& match = *found;
    Finding finding;
    const Graph& graph = failure.facts.graph(failure.graph());
    const NodeId node = graph.find(match.str(1));
    const StatementId made =
        node.valid() ? failure.facts.evaluation().evaluator().statement_of(graph.node(node)) : StatementId();
    finding.summary = fmt::format(
        "{} lives inside a loop: it has one value for each time step, and a fetch cannot say which.", match.str(1));
    finding.evidence.push_back(
        {fmt::format("Line {} built the loop; its result can be fetched.", failure.facts.line(made)), made, node});
    finding.fix_at = failure.error().statement;
    const auto run = run_call(failure.statement());
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
            offer(finding, replace_value(failure.facts, failure.error().statement, item->where.pointer,
                                         json_string("$" + assign->targets[0]),
                                         fmt::format("Fetch {} instead", assign->targets[0])));
    }
    return finding;
}

constexpr FailureDetector failure_table[] = {
    {"already-exists", already_exists},
    {"leaked-reuse", leaked_reuse},
    {"does-not-exist", does_not_exist},
    {"not-fetchable", not_fetchable},
    {"placeholder-not-fed", placeholder_not_fed},
    {"wrong-graph", wrong_graph},
    {"control-flow-initializer", control_flow_initializer},
    {"table-not-initialized", table_not_initialized},
    {"model-not-ready", model_not_ready},
    {"names-moved", names_moved},
    {"not-in-checkpoint", not_in_checkpoint},
    {"shape-changed", shape_changed},
    {"dtype-mismatch", dtype_mismatch},
    {"shape-mismatch", shape_mismatch},
};

} // namespace

std::span<const FailureDetector> failure_detectors() {
    return failure_table;
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
