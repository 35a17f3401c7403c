#pragma once

#include "core/graph/graph.hpp"
#include "core/runtime/plan.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rnnscope::debug {

// What can be said of a run's values without computing them: which variable a reference or handle belongs to, and which
// branches are known. The preflight and the question about orders both go through a plan with these.

/// A value that is not computed.
struct Symbol {
    enum class Kind : std::uint8_t { none, value, reference, handle } kind = Kind::none;
    std::int32_t storage = -1;   ///< of references and resource handles
    std::optional<bool> boolean; ///< of a scalar bool that is known
    bool behind = false;         ///< only there when an earlier read is repaired
};

/// The buffer of a variable, or of a variable op that belongs to no tf.Variable.
struct Storage {
    const Node* op = nullptr;
    const Variable* variable = nullptr; ///< null: an op of an imported graph
    std::string name;                   ///< as TensorFlow prints it
    bool initialized = false;           ///< at first: before the run
};

/// The storages of a run, numbered in the order in which they are asked for.
class StorageTable {
  public:
    StorageTable(const Graph& graph, const std::function<bool(const Variable&)>& is_initialized)
        : graph_(graph), is_initialized_(is_initialized) {}
    std::int32_t of(const Node& variable_op);
    Storage& operator[](std::int32_t storage) { return storages_[static_cast<std::size_t>(storage)]; }
    const Storage& operator[](std::int32_t storage) const { return storages_[static_cast<std::size_t>(storage)]; }
    std::size_t size() const { return storages_.size(); }

  private:
    bool has_value_before(const Node& node, const Variable* variable) const;

    const Graph& graph_;
    const std::function<bool(const Variable&)>& is_initialized_;
    std::vector<Storage> storages_;
    std::map<std::string, std::int32_t> by_key_;
};

/// VariableV2, VarHandleOp: where references and handles come from.
bool makes_variable(const Node& node);
/// Does it give its first input's variable a value, whether or not it had one?
bool sets_variable(const Node& node);
/// Does the node fail when `input` belongs to a variable without a value? Ops that make, ask, set or pass it on do not.
bool reads_variable(const runtime::PlanNode& node, const Symbol& input);

/// The node's outputs, from its inputs. `storage`: of makes_variable nodes. `has_value`: whether a variable has one
/// when the node runs, where that is known.
using HasValue = std::function<std::optional<bool>(std::int32_t storage)>;
void set_symbols(const Node& node, std::int32_t storage, std::span<const Symbol> inputs, std::span<Symbol> outputs,
                 const HasValue& has_value);
/// Of a scalar bool.
std::optional<bool> scalar_bool(const Tensor& tensor);

/// "rnn/while/MatMul", or what TensorFlow calls the nodes that a run adds: "_retval_v_0_0", "_arg_x_0_0".
std::string plan_name(const Graph& graph, const runtime::RunRequest& request, const runtime::Plan& plan,
                      const runtime::PlanNode& node);

} // namespace rnnscope::debug
