#pragma once

#include "core/import/checkpoint_overlay.hpp"
#include "core/program/evaluator.hpp"
#include "core/program/session_object.hpp"
#include "core/tf1/api.hpp"
#include "core/tf1/saver.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace rnnscope::program {

class FunctionObject;
class SessionManagerObject; // session_manager.hpp
struct Preparation;         // session_manager.hpp

/// A Session.run that tf.train.Saver asked for: what its method does before and after it.
struct SaverCall {
    std::shared_ptr<tf1::SaverObject> saver;
    bool restores = false;
    std::string path;      ///< as given
    std::string file = {}; ///< saving: with the step's number
    bool write_state = true;
};

/// The file name that a program's Python form goes by in tracebacks: "x.py" for "dir/x.json".
std::string python_file(const Program& program);

/// The arguments of a method's call bound to these parameters, None where absent. Python's messages.
std::vector<tf1::Value> bound(std::string_view function, const std::vector<std::string>& parameters,
                              std::size_t required, std::vector<tf1::Value> positional, tf1::Keywords keywords);

/// The machine behind Evaluator: a stack of blocks, each with the index of its next statement. Statements never call
/// each other in C++; only expressions recurse, as deep as the file nests them (JsonTree::max_depth), and a function of
/// the program that TensorFlow calls back (the body of tf.while_loop) runs inside the call.
class Evaluator::Impl {
  public:
    Impl(std::shared_ptr<const Program> program, EvaluatorOptions options);
    ~Impl();

    Next next() const;
    StatementId next_statement() const;
    void advance(EvaluationObserver& observer, std::uint64_t most);
    std::vector<std::pair<std::string, tf1::Value>> locals() const;
    std::vector<StatementId> origin_stack(OriginId origin) const;

    /// A function of the program, called back by TensorFlow: runs to its end, unobserved.
    tf1::Value call_back(const FunctionObject& function, std::vector<tf1::Value> positional, tf1::Keywords keywords);

    std::shared_ptr<const Program> program_;
    EvaluatorOptions options_;
    std::shared_ptr<CheckpointOverlay> checkpoints_; ///< null: the store that was given is another
    std::vector<runtime::RestoreReport> restores_;   ///< by session; empty ones without options_.restore
    std::optional<ProgramError> error_;
    std::unique_ptr<tf1::Context> context_;
    std::vector<std::shared_ptr<SessionObject>> sessions_;
    std::unique_ptr<runtime::Run> run_;

  private:
    using Names = std::map<std::string, tf1::Value, std::less<>>;

    /// A block that is being executed.
    struct Frame {
        enum class Kind { module, with, loop, function, attempt, branch } kind = Kind::module;
        const Block* block = nullptr;
        std::size_t next = 0;
        StatementId statement;                 ///< the header, or the call
        StepId step;                           ///< of the header, or of the call
        std::vector<tf1::Value> managers = {}; ///< of `with`: entered, in order
        std::vector<tf1::Value> items = {};    ///< of `for`
        std::size_t item = 0;
        Names locals = {};                                                        ///< of functions
        std::shared_ptr<const std::set<std::string, std::less<>>> own_names = {}; ///< of functions: all that are bound
        OriginId caller = {};                                                     ///< of functions: origin of the call
        bool native = false; ///< called by TensorFlow, not by a statement
    };
    struct Origin {
        StatementId statement;
        OriginId caller;
    };
    /// Session.run in progress.
    struct ActiveRun {
        RunId id;
        std::shared_ptr<SessionObject> session;
        std::unique_ptr<RunCall> call;
        std::optional<SaverCall> saver = {};
        std::shared_ptr<Preparation> preparation = {};
    };
    /// What a call statement turned out to be.
    struct FunctionCall {
        std::shared_ptr<const FunctionObject> function;
        Names arguments;
    };
    struct SessionRun {
        std::shared_ptr<SessionObject> session;
        tf1::Value fetches, feeds;
        std::optional<SaverCall> saver = {};
        std::shared_ptr<Preparation> preparation = {}; ///< more runs of the same statement follow
    };
    using CallOutcome = std::variant<tf1::Value, FunctionCall, SessionRun>;

    // evaluator.cpp: control flow
    const Statement& statement_at_top() const;
    bool loop_header_is_next(const Frame& frame) const;
    void begin_step(StatementId statement);
    void end_step(StepId step);
    void execute(const Statement& statement);
    void execute_call_or_value(const Statement& statement, const ExprPtr& value);
    void execute_with(const Statement& statement, const WithStatement& with);
    void execute_for(const Statement& statement, const ForStatement& loop);
    void execute_if(const Statement& statement, const IfStatement& branch);
    void execute_def(const Statement& statement, const FunctionStatement& function);
    void execute_return(const ReturnStatement& result);
    void settle();
    void finish_statement(StatementId statement, tf1::Value value);
    void finish_call(tf1::Value value);
    void pop_frame();
    // evaluator_runs.cpp: runs and errors
    void begin_run(SessionRun run);
    void advance_run(std::uint64_t most);
    void end_run();
    void fail(ProgramError error);
    bool catches(const Frame& frame, const ProgramError& error) const;
    ProgramError error_of(const tf1::PythonError& error) const;
    ProgramError error_of(const runtime::RunError& error, const SessionObject& session) const;
    void check_limits() const;
    int call_depth() const;

    // evaluator_values.cpp: expressions
    tf1::Value evaluate(const ExprPtr& expr);
    std::vector<tf1::Value> evaluate_all(const std::vector<ExprPtr>& items);
    bool is_defined(const std::string& name) const;
    tf1::Value evaluate_name(const std::string& name) const;
    tf1::Value evaluate_attribute(const AttributeExpr& attribute);
    tf1::Value evaluate_tensorflow_name(const std::string& path);
    tf1::Value evaluate_index(const IndexExpr& index);
    tf1::Value evaluate_operator(const OperatorExpr& expr);
    bool truth(const tf1::Value& value);
    CallOutcome evaluate_call(const CallExpr& call);
    CallOutcome call_tensorflow(const std::string& name, std::vector<tf1::Value> positional, tf1::Keywords keywords);
    CallOutcome call_method(const tf1::Value& object, const std::string& method, std::vector<tf1::Value> positional,
                            tf1::Keywords keywords);
    // evaluator_sessions.cpp
    std::optional<CallOutcome> call_session_method(const tf1::Value& object, const std::string& method,
                                                   std::vector<tf1::Value>& positional, tf1::Keywords& keywords);
    // evaluator_savers.cpp
    CallOutcome call_saver_method(const std::shared_ptr<tf1::SaverObject>& saver, const std::string& method,
                                  std::vector<tf1::Value> positional, tf1::Keywords keywords);
    CallOutcome save(const std::shared_ptr<tf1::SaverObject>& saver, const std::vector<tf1::Value>& arguments);
    CallOutcome restore(const std::shared_ptr<tf1::SaverObject>& saver, const std::vector<tf1::Value>& arguments);
    std::int64_t global_step(SessionObject& session, const tf1::Value& step) const;
    /// What the saver's method raises where its run failed.
    ProgramError saver_error(const SaverCall& call, ProgramError error) const;
    /// What the saver's method returns after its run, and what it notes about it.
    tf1::Value saver_value(const SaverCall& call);
    tf1::Value call_checkpoint_function(const std::string& name, std::vector<tf1::Value> positional,
                                        tf1::Keywords keywords);
    void restore_session(SessionObject& session);
    // evaluator_managers.cpp
    tf1::Value make_session_manager(std::vector<tf1::Value> positional, tf1::Keywords keywords);
    CallOutcome call_manager_method(const std::shared_ptr<SessionManagerObject>& manager, const std::string& method,
                                    std::vector<tf1::Value> positional, tf1::Keywords keywords);
    /// The next run that gets the session ready, or the session.
    CallOutcome go_on(const std::shared_ptr<Preparation>& preparation);
    void go_on_after_run(const std::shared_ptr<Preparation>& preparation, const tf1::Value& result);
    std::optional<tf1::Value> call_container_method(const tf1::Value& object, const std::string& method,
                                                    const std::vector<tf1::Value>& positional);
    tf1::Value call_builtin(const std::string& name, const std::vector<tf1::Value>& arguments);
    tf1::Value make_session(const tf1::ApiDef& api, std::vector<tf1::Value> positional, tf1::Keywords keywords);
    std::shared_ptr<SessionObject> open_session(tf1::GraphState& graph);
    std::shared_ptr<SessionObject> session_for(const tf1::Value& session, tf1::GraphState& graph,
                                               std::string_view what);
    Names bind(const FunctionObject& function, std::vector<tf1::Value> positional, tf1::Keywords keywords);
    std::vector<tf1::Value> iterate(const tf1::Value& value);
    void assign(const std::string& name, tf1::Value value);
    void assign_all(const std::vector<std::string>& targets, tf1::Value value);

    std::vector<Frame> frames_;
    Names globals_;
    tf1::Value returned_; ///< by a function that TensorFlow called
    std::shared_ptr<SessionStack> default_sessions_ = std::make_shared<SessionStack>();
    std::vector<Origin> origins_;
    std::optional<ActiveRun> active_;
    std::uint32_t run_count_ = 0;
    std::uint32_t step_count_ = 0;
    std::uint64_t executed_ = 0;
    StatementId statement_; ///< that is being executed
    StepId step_;
    std::size_t base_ = 0;    ///< frames below belong to whoever called back
    bool unobserved_ = false; ///< inside a call back
    EvaluationObserver* observer_ = nullptr;
};

/// A `def` of the program.
class FunctionObject : public tf1::Object {
  public:
    FunctionObject(Evaluator::Impl& evaluator, const FunctionStatement& statement,
                   std::vector<std::optional<tf1::Value>> default_values,
                   std::shared_ptr<const std::set<std::string, std::less<>>> names)
        : function(statement), defaults(std::move(default_values)), own_names(std::move(names)), evaluator_(evaluator) {
    }
    std::string type_name() const override { return "function"; }
    std::string repr() const override { return "<function " + function.name + ">"; }
    tf1::Value attribute(tf1::Context& context, std::string_view name) override;
    bool callable() const override { return true; }
    tf1::Value call(tf1::Context& context, std::vector<tf1::Value> positional,
                    std::vector<std::pair<std::string, tf1::Value>> keywords) override;

    const FunctionStatement& function;                     ///< lives in the Program
    const std::vector<std::optional<tf1::Value>> defaults; ///< evaluated once, at the `def`
    /// That its statements bind anywhere: to Python these are local from the first line on.
    const std::shared_ptr<const std::set<std::string, std::less<>>> own_names;

  private:
    Evaluator::Impl& evaluator_;
};

} // namespace rnnscope::program
