// tf.train.SessionManager's methods (1.15, python/training/session_manager.py): several runs of one statement.

#include "core/program/evaluator_impl.hpp"
#include "core/program/session_manager.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rnnscope::program {

using tf1::PythonError;
using tf1::Value;

namespace {

/// SessionManager._ready: nothing when the model is ready, else the names of the variables that it waits for.
std::optional<std::string> why_not_ready(const Value& result) {
    const auto* names = result.as<Tensor>();
    if (names == nullptr || names->dtype() != DType::string || names->elements() == 0) return std::nullopt;
    return fmt::format("Variables not initialized: {}", fmt::join(names->strings(), ", "));
}

std::string name_of(const Value& op) {
    if (const auto* operation = op.as<tf1::OperationValue>()) return operation->graph->graph.node(operation->node).name;
    return tf1::str(op);
}

} // namespace

const Value& Preparation::op() const {
    static const Value none;
    switch (stage) {
    case Stage::init:
        return waits ? none : init_op;
    case Stage::ready_for_local_init:
        return manager->local_init_op.is_none() ? none : manager->ready_for_local_init_op;
    case Stage::local_init:
        return manager->local_init_op;
    case Stage::ready:
        return manager->ready_op;
    case Stage::done:
        return none;
    }
    return none;
}

void Preparation::check(const Value& result) const {
    if (stage != Stage::ready_for_local_init && stage != Stage::ready) return;
    const auto missing = why_not_ready(result);
    if (!missing) return;
    if (waits && max_wait_secs)
        throw PythonError{"DeadlineExceededError",
                          fmt::format("Session was not ready after waiting {:.0f} secs.", *max_wait_secs)};
    // Another process would have to change that, and there is none.
    if (waits)
        throw PythonError{"DeadlineExceededError",
                          fmt::format("wait_for_session would wait for ever.  {}: {}",
                                      stage == Stage::ready ? "ready" : "Ready_for_local_init_op", *missing)};
    if (stage == Stage::ready_for_local_init)
        throw PythonError{"RuntimeError",
                          fmt::format("Init operations did not make model ready for local_init.  Init op: {}, init fn: "
                                      "None, error: {}",
                                      name_of(init_op), *missing)};
    throw PythonError{"RuntimeError",
                      fmt::format("Init operations did not make model ready.  Init op: {}, init fn: None, "
                                  "local_init_op: {}, error: {}",
                                  name_of(init_op), tf1::str(manager->local_init_op), *missing)};
}

Value Evaluator::Impl::make_session_manager(std::vector<Value> positional, tf1::Keywords keywords) {
    const std::vector<Value> arguments =
        bound("__init__", {"local_init_op", "ready_op", "ready_for_local_init_op", "graph", "recovery_wait_secs"}, 0,
              std::move(positional), std::move(keywords));
    auto manager = std::make_shared<SessionManagerObject>(arguments[3].is_none() ? context_->default_graph()
                                                                                 : graph_behind_object(arguments[3]));
    manager->local_init_op = arguments[0];
    manager->ready_op = arguments[1];
    manager->ready_for_local_init_op = arguments[2];
    if (!arguments[2].is_none() && arguments[0].is_none())
        throw PythonError{"ValueError",
                          fmt::format("If you pass a ready_for_local_init_op you must also pass a local_init_op , "
                                      "ready_for_local_init_op [{}]",
                                      tf1::str(arguments[2]))};
    return Value(manager);
}

Evaluator::Impl::CallOutcome Evaluator::Impl::call_manager_method(const std::shared_ptr<SessionManagerObject>& manager,
                                                                  const std::string& method,
                                                                  std::vector<Value> positional,
                                                                  tf1::Keywords keywords) {
    auto preparation = std::make_shared<Preparation>();
    preparation->manager = manager;
    preparation->waits = method == "wait_for_session";
    if (preparation->waits) {
        const std::vector<Value> arguments =
            bound(method, {"master", "config", "max_wait_secs"}, 1, std::move(positional), std::move(keywords));
        if (!arguments[2].is_none()) preparation->max_wait_secs = tf1::number_of(arguments[2]);
    } else {
        const std::vector<Value> arguments =
            bound(method,
                  {"master", "init_op", "saver", "checkpoint_dir", "wait_for_checkpoint", "max_wait_secs", "config",
                   "init_feed_dict", "init_fn"},
                  1, std::move(positional), std::move(keywords));
        if ((!arguments[2].is_none() && !arguments[3].is_none()) || !arguments[8].is_none())
            throw PythonError{"NotImplementedError",
                              "SessionManager: restoring from a checkpoint_dir and init_fn are not supported"};
        preparation->init_op = arguments[1];
        preparation->init_feeds = arguments[7];
        if (arguments[1].is_none() && manager->local_init_op.is_none())
            throw PythonError{"RuntimeError",
                              "Model is not initialized and no init_op or init_fn or local_init_op was given"};
    }
    preparation->session = open_session(manager->graph);
    return go_on(preparation);
}

Evaluator::Impl::CallOutcome Evaluator::Impl::go_on(const std::shared_ptr<Preparation>& preparation) {
    using Stage = Preparation::Stage;
    while (preparation->stage != Stage::done) {
        if (const Value& op = preparation->op(); !op.is_none()) {
            SessionRun run{preparation->session, op,
                           preparation->stage == Stage::init ? preparation->init_feeds : Value()};
            run.preparation = preparation;
            return run;
        }
        preparation->stage = static_cast<Stage>(static_cast<int>(preparation->stage) + 1);
    }
    return Value(preparation->session);
}

void Evaluator::Impl::go_on_after_run(const std::shared_ptr<Preparation>& preparation, const Value& result) {
    preparation->check(result);
    preparation->stage = static_cast<Preparation::Stage>(static_cast<int>(preparation->stage) + 1);
    CallOutcome outcome = go_on(preparation);
    if (auto* run = std::get_if<SessionRun>(&outcome)) return begin_run(std::move(*run));
    finish_statement(statement_, std::get<Value>(std::move(outcome)));
}

} // namespace rnnscope::program
