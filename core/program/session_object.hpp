#pragma once

#include "core/base/id.hpp"
#include "core/runtime/session.hpp"
#include "core/tf1/api.hpp"
#include "core/tf1/graph_state.hpp"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::program {

class SessionObject;

/// Python's stack of default sessions. Shared by the sessions of one evaluation.
using SessionStack = std::vector<std::shared_ptr<SessionObject>>;

/// tf.Session as the program holds it.
class SessionObject : public tf1::Object, public std::enable_shared_from_this<SessionObject> {
  public:
    SessionObject(SessionId id, tf1::GraphState& state, std::shared_ptr<SessionStack> stack,
                  runtime::SessionOptions options)
        : session_id(id), graph(state), session(state.graph, options), stack_(std::move(stack)) {}

    std::string type_name() const override { return "Session"; }
    std::string repr() const override;
    tf1::Value attribute(tf1::Context& context, std::string_view name) override;
    std::vector<std::string> attribute_names() const override { return {"graph", "run", "close", "as_default"}; }
    bool enterable() const override { return true; }
    /// Becomes the default session, its graph the default graph; leaving the block closes it.
    tf1::Value enter(tf1::Context& context) override;
    void exit(tf1::Context& context) override;

    void push(tf1::Context& context);
    void pop(tf1::Context& context);

    const SessionId session_id;
    tf1::GraphState& graph;
    runtime::Session session;
    bool closed = false;

  private:
    std::shared_ptr<SessionStack> stack_;
};

/// `with sess.as_default():` — default session without closing it.
class DefaultSession : public tf1::Object {
  public:
    explicit DefaultSession(std::shared_ptr<SessionObject> session) : session_(std::move(session)) {}
    std::string type_name() const override { return "_GeneratorContextManager"; }
    bool enterable() const override { return true; }
    tf1::Value enter(tf1::Context& context) override;
    void exit(tf1::Context& context) override;

  private:
    std::shared_ptr<SessionObject> session_;
};

/// The graph behind a program's tf.Graph object; throws TypeError for anything else.
tf1::GraphState& graph_behind_object(const tf1::Value& graph);

/// One Session.run as the client prepares it (tf1-semantics 6.1): what to ask the engine for, and how the results make
/// up the value that the program gets.
class RunCall {
  public:
    /// Throws PythonError with TensorFlow's text where the fetches or feeds do not fit.
    RunCall(SessionObject& session, const tf1::Value& fetches, const tf1::Value& feed_dict, int minor);

    const runtime::RunRequest& request() const { return request_; }
    /// Everything that is fetched is fed: there is nothing to run.
    bool trivial() const { return request_.fetches.empty() && request_.targets.empty(); }
    tf1::Value value(const std::vector<Tensor>& results) const;

  private:
    /// One node of the fetch structure, in post-order.
    struct Part {
        enum class Kind { output, fed, operation, list, tuple, dict } kind = Kind::operation;
        std::size_t index = 0; ///< of outputs: in the request; of fed ones: in its feeds
        std::vector<Part> parts;
        tf1::Value original; ///< of lists, tuples and dicts
    };

    void add_feeds(const tf1::Value& feed_dict);
    void add_feed(const tf1::Value& key, const tf1::Value& value);
    Part part_of(const tf1::Value& fetch, int depth);
    Part output_part(Output output);
    tf1::Value value_of(const Part& part, const std::vector<Tensor>& results) const;

    SessionObject& session_;
    const Graph& graph_;
    int minor_;
    runtime::RunRequest request_;
    Part root_;
};

} // namespace rnnscope::program
