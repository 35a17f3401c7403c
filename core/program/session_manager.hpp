#pragma once

#include "core/program/session_object.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace rnnscope::program {

/// tf.train.SessionManager (1.15, python/training/session_manager.py): opens sessions and asks ops whether the model is
/// ready. Its methods run several ops one after the other, which the evaluator does for it.
class SessionManagerObject : public tf1::Object {
  public:
    explicit SessionManagerObject(tf1::GraphState& state) : graph(state) {}
    std::string type_name() const override { return "SessionManager"; }
    std::string repr() const override { return "<tensorflow.python.training.session_manager.SessionManager object>"; }
    std::vector<std::string> attribute_names() const override { return {"prepare_session", "wait_for_session"}; }

    tf1::GraphState& graph;
    tf1::Value local_init_op, ready_op, ready_for_local_init_op; ///< None: that step is left out
};

/// A session that a manager is getting ready: what it runs, and what it does when the model is not ready then.
struct Preparation {
    std::shared_ptr<SessionManagerObject> manager;
    std::shared_ptr<SessionObject> session;
    tf1::Value init_op, init_feeds;
    bool waits = false;                    ///< wait_for_session: somebody else is to initialize
    std::optional<double> max_wait_secs{}; ///< of waiting; none: for ever

    /// In the order in which they are run.
    enum class Stage { init, ready_for_local_init, local_init, ready, done } stage = Stage::init;
    /// What the stage runs; None: nothing.
    const tf1::Value& op() const;
    /// The stage's op gave this. Throws PythonError when the model is not ready.
    void check(const tf1::Value& result) const;
};

} // namespace rnnscope::program
