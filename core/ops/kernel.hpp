#pragma once

#include "core/graph/graph.hpp"
#include "core/ops/op_def.hpp"
#include "core/ops/rounding.hpp"

#include <any>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace rnnscope::ops {

class CheckpointStore;

/// Storage of one variable in one session: the buffer behind a VariableV2 reference, or a resource's tensorflow::Var.
struct VariableStorage {
    std::string container = "localhost";
    std::string name; ///< shared_name or node name
    DType dtype = DType::invalid;
    Shape shape; ///< declared (attr "shape"); may be partial for resources
    std::optional<Tensor> value;
    NodeId owner; ///< the op that made it, for reports

    /// TensorFlow's Tensor::IsInitialized: there is a buffer, or there would be no element in it.
    bool initialized() const { return value.has_value() || (shape.fully_defined() && shape.elements() == 0); }
};

/// What flows along an edge: nothing (dead, or an output that was not set), a tensor, or a reference to a variable.
using Value = std::variant<std::monostate, Tensor, VariableStorage*>;

/// A write or read of a variable by a kernel (or by the executor, which dereferences references).
struct VariableAccess {
    VariableStorage* storage = nullptr;
    enum class Kind : std::uint8_t { read, write } kind = Kind::read;
    Tensor value; ///< what was read, or what it holds after the write; empty when an uninitialised one was read
};

/// A set of named resources: a session has one (variables), a step has one (tensor arrays, stacks).
/// Iteration order is by name, so that everything derived from it is deterministic.
class ResourceContainer {
  public:
    VariableStorage* find_variable(std::string_view name);
    VariableStorage& variable(std::string_view name, const std::function<VariableStorage()>& make);
    const std::map<std::string, std::unique_ptr<VariableStorage>, std::less<>>& variables() const { return variables_; }
    std::map<std::string, std::unique_ptr<VariableStorage>, std::less<>>& variables() { return variables_; }
    /// Resources other than variables, keyed by handle; each family has its own type.
    template <class T> T* find(std::string_view handle) {
        const auto it = others_.find(handle);
        if (it == others_.end()) return nullptr;
        const auto* found = std::any_cast<std::shared_ptr<T>>(&it->second); // a handle of another family finds nothing
        return found == nullptr ? nullptr : found->get();
    }
    template <class T> void insert(std::string handle, std::shared_ptr<T> resource) {
        others_.insert_or_assign(std::move(handle), std::any(std::move(resource)));
    }
    /// Has any resource been made here yet? Decides which of two texts an uninitialised read prints
    /// (tf1-semantics 5.5).
    bool exists() const { return exists_ || !variables_.empty() || !others_.empty(); }
    void touch() { exists_ = true; }
    std::uint64_t next_id() { return next_id_++; } ///< for names of per-step resources

  private:
    std::map<std::string, std::unique_ptr<VariableStorage>, std::less<>> variables_;
    std::map<std::string, std::any, std::less<>> others_;
    std::uint64_t next_id_ = 0;
    bool exists_ = false;
};

/// State that a node's kernel keeps for the life of a session (TensorFlow's OpKernel members): random generators.
class KernelState {
  public:
    template <class T, class Make> T& get(Make&& make) {
        if (!state_.has_value()) state_ = make();
        return *std::any_cast<T>(&state_);
    }

  private:
    std::any state_;
};

/// What a kernel sees while it computes one node once. Inputs that are references are dereferenced by the executor when
/// the op asks for a value, so that `input` is always there; outputs left unset are "no value" (Switch).
class KernelContext {
  public:
    struct Environment {
        ResourceContainer& session;
        ResourceContainer& step;
        KernelState& state;
        std::uint64_t nondeterministic_seed;    ///< for random ops without seeds; fixed per session so runs repeat
        CheckpointStore* checkpoints = nullptr; ///< null: nothing can be saved or restored
        Rounding rounding = Rounding::fast;
    };
    KernelContext(const Graph& graph, const Node& node, std::span<const Value> inputs, std::span<Value> outputs,
                  Environment environment, std::vector<VariableAccess>& accesses)
        : graph_(graph), node_(node), inputs_(inputs), outputs_(outputs), env_(environment), accesses_(accesses) {}

    const Graph& graph() const { return graph_; }
    const Node& node() const { return node_; }
    std::size_t inputs() const { return inputs_.size(); }
    bool has_input(std::size_t i) const { return !std::holds_alternative<std::monostate>(inputs_[i]); }
    const Tensor& input(std::size_t i) const { return std::get<Tensor>(inputs_[i]); }
    VariableStorage& input_ref(std::size_t i) const { return *std::get<VariableStorage*>(inputs_[i]); }
    bool input_is_ref(std::size_t i) const { return std::holds_alternative<VariableStorage*>(inputs_[i]); }
    const Value& input_value(std::size_t i) const { return inputs_[i]; }

    void set_output(std::size_t i, Tensor tensor) { outputs_[i] = std::move(tensor); }
    void set_output_ref(std::size_t i, VariableStorage& storage) { outputs_[i] = &storage; }
    void forward(std::size_t input, std::size_t output) { outputs_[output] = inputs_[input]; }

    ResourceContainer& session() { return env_.session; }
    ResourceContainer& step() { return env_.step; }
    KernelState& state() { return env_.state; }
    std::uint64_t nondeterministic_seed() const { return env_.nondeterministic_seed; }
    CheckpointStore* checkpoints() { return env_.checkpoints; }
    Rounding rounding() const { return env_.rounding; }

    /// All changes of variables go through here, so that they are recorded.
    void write(VariableStorage& storage, Tensor value);
    void note_read(VariableStorage& storage);

    template <class T>
    T attr(std::string_view key) const { ///< asserts that it is there: add_node filled in the defaults
        const T* value = node_.attr<T>(key);
        return assert(value != nullptr), *value;
    }

  private:
    const Graph& graph_;
    const Node& node_;
    std::span<const Value> inputs_;
    std::span<Value> outputs_;
    Environment env_;
    std::vector<VariableAccess>& accesses_;
};

} // namespace rnnscope::ops
