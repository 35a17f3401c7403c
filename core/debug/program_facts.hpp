#pragma once

#include "core/debug/evaluation.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

// --- the syntax tree, as the diagnosis reads it ---------------------------------------------------------------------

/// "tf.nn.dynamic_rnn", "sess.run", "build"; "" for anything that is not a dotted name.
std::string dotted_name(const program::Expr& expr);

struct Call {
    const program::Expr* expr = nullptr; ///< its position is the JSON object that has "call"
    const program::CallExpr* call = nullptr;
    std::string name; ///< dotted, without "tf."
};
/// All calls of a statement itself (not of its body), in the order of their evaluation.
std::vector<Call> calls_of(const program::Statement& statement);
/// The first call of that name, or nothing.
std::optional<Call> find_call(const program::Statement& statement, std::string_view name);
/// An argument by name or position; null when it is not given.
const program::Expr* argument(const program::CallExpr& call, std::string_view name, std::size_t position);
const program::Keyword* keyword(const program::CallExpr& call, std::string_view name);

/// The call of Session.run of a statement: "sess.run" with any session.
struct RunCall {
    Call call;
    std::string session; ///< the session's name in the program
};
std::optional<RunCall> run_call(const program::Statement& statement);

/// The name that the statement gives to its whole value: `init` of `init = ...`; "" when there is none.
std::string assigned_name(const program::Statement& statement);
/// The last assignment of a name that a use of it, at `use`, sees in source order: of those in other branches of an
/// `if` around both none. Invalid: there is none, or what there is stands in a branch and need not have been executed.
StatementId last_assignment(const program::Program& program, std::string_view name, StatementId before,
                            StatementId use);
/// Follows names to the expression that they were last assigned before `before`, in source order; not into a branch.
const program::Expr* resolve(const program::Program& program, const program::Expr& expr, StatementId before);
const std::string* string_literal(const program::Expr* expr);
bool is_literal(const program::Expr* expr, bool value);
/// JSON pointers of the places in a statement that say just this name.
std::vector<std::string> names_in(const program::Statement& statement, std::string_view name);

// --- what happened --------------------------------------------------------------------------------------------------

/// An op that initializes variables: what `tf.global_variables_initializer()` and its like made.
struct InitOp {
    enum class Kind { global, local, list } kind = Kind::global;
    GraphId graph;
    NodeId node;
    StatementId statement;
    const program::Expr* call = nullptr;
    std::string name; ///< in the program: "init"; else the op's name
    bool is_named = false;
    std::vector<VariableId> covers;
    bool sets(VariableId variable) const;
};

/// How a hand-picked initializer chose its variables.
struct VariableFilter {
    const program::Expr* literal = nullptr; ///< the scope string; null for a list written by hand
    std::string scope;
};

/// What the evaluation says about initialization, gathered once per diagnosis.
class Facts {
  public:
    explicit Facts(const Evaluation& evaluation);

    const Evaluation& evaluation() const { return evaluation_; }
    const program::Program& program() const { return evaluation_.document().program(); }
    const record::Recording& recording() const { return evaluation_.recording(); }
    const Graph& graph(GraphId id) const { return evaluation_.evaluator().graph(id); }

    const std::vector<InitOp>& init_ops() const { return init_ops_; }
    /// Initializers that a run executes, directly or through groups.
    std::vector<const InitOp*> init_ops_of(const record::RecordedRun& run) const;
    /// Those of runs in a session that began before `position`, with the run.
    struct InitRun {
        const InitOp* op = nullptr;
        const record::RecordedRun* run = nullptr;
    };
    std::vector<InitRun> init_runs(SessionId session, Position position) const;
    std::optional<VariableFilter> filter_of(const InitOp& op) const;

    StatementId statement_of_run(const record::RecordedRun& run) const;
    StatementId created_at(GraphId graph, const Variable& variable) const;
    /// The statements that enclosed a step: its own, then blocks and calls, innermost first.
    std::vector<StatementId> stack_of(StepId step) const;
    /// The statement of `block_of`'s block in which the variable was made; invalid when it was made elsewhere.
    StatementId sibling_that_made(GraphId graph, const Variable& variable, StatementId block_of) const;
    std::string session_name(SessionId session) const; ///< as the program calls it; "" when it never ran
    int line(StatementId statement) const;
    std::string line_text(StatementId statement) const; ///< "line 12"

  private:
    void collect_init_ops(const Graph& graph);

    const Evaluation& evaluation_;
    std::vector<InitOp> init_ops_;
};

std::string short_name(std::string_view variable);             ///< "gates/kernel"
std::string counted(std::size_t count, std::string_view noun); ///< "1 variable", "8 variables", "no variables"
std::string joined(const std::vector<std::string>& words);     ///< "a, b and c"

} // namespace rnnscope::debug
