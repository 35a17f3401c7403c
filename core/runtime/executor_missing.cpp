#include "core/runtime/executor.hpp"

#include <algorithm>

namespace rnnscope::runtime {
namespace {

/// The VarHandleOp that the input comes from; null when it cannot be followed there.
const Node* handle_op(const Graph& graph, Output handle) {
    for (std::size_t steps = 0; steps <= graph.size(); ++steps) {
        const Node& node = graph.node(handle.node);
        if (node.op == "VarHandleOp") return &node;
        if (node.inputs.empty()) return nullptr;
        handle = node.inputs[0];
    }
    return nullptr;
}

} // namespace

/// Elements are made up for what the error hides; a number of elements cannot be.
bool Executor::can_go_on_without(const ops::VariableStorage& storage) const {
    return env_.options.passes_missing_values && storage.shape.fully_defined() && storage.dtype != DType::invalid;
}

/// An op that wants values gets zeros; one that wants the reference finds them in the storage as long as its visit
/// lasts.
void Executor::go_on_without(const PlanNode& node, std::uint32_t input, ops::VariableStorage& storage,
                             const Error& error) {
    passed_over_.push_back(error_of(node, error));
    if (plan_.wants_ref[node.first_ref + input] != 0)
        lend(storage);
    else
        inputs_[input] = Tensor::zeros(storage.dtype, storage.shape);
}

void Executor::lend(ops::VariableStorage& storage) {
    storage.value = Tensor::zeros(storage.dtype, storage.shape);
    lent_.push_back(&storage);
}

/// The storage of a resource variable that has no value, or null. Made where nobody did so far: the op that makes the
/// handle knows its type and shape.
ops::VariableStorage* Executor::missing_resource(const PlanNode& node, std::uint32_t input) {
    const auto* handle = std::get_if<Tensor>(&inputs_[input]);
    if (handle == nullptr || handle->dtype() != DType::resource) return nullptr;
    const Node* owner = handle_op(env_.graph, node.node->inputs[input]);
    if (owner == nullptr) return nullptr;
    const std::string& text = handle->strings()[0];
    const std::size_t slash = text.find('/');
    const std::string container = text.substr(0, slash), name = text.substr(slash + 1);
    ops::VariableStorage& storage =
        env_.session.variable(container == "localhost" ? name : container + "/" + name, [&] {
            ops::VariableStorage made;
            made.container = container;
            made.name = name;
            made.dtype = *owner->attr<DType>("dtype");
            made.shape = *owner->attr<Shape>("shape");
            made.owner = owner->id;
            return made;
        });
    return storage.initialized() || !can_go_on_without(storage) ? nullptr : &storage;
}

/// Resources are found by the kernel, not by the executor: when one is missing the kernel is asked again, with zeros in
/// its place. Any other error stands.
Status Executor::run_with_lent_values(const PlanNode& node, Status status) {
    const auto may_be_missing = [&] {
        return !status && (status.error().code == "FailedPreconditionError" || status.error().code == "NotFoundError");
    };
    for (std::uint32_t i = 0; i < node.inputs && node.node != nullptr && may_be_missing(); ++i) {
        ops::VariableStorage* storage = missing_resource(node, i);
        if (storage == nullptr) continue;
        accesses_.clear();
        passed_over_.push_back(error_of(node, status.error()));
        lend(*storage);
        outputs_.assign(node.outputs, ops::Value{});
        status = run_kernel(node);
        // What was lent is no value that the variable had.
        std::erase_if(accesses_, [&](const ops::VariableAccess& access) {
            return access.storage == storage && access.kind == ops::VariableAccess::Kind::read;
        });
        accesses_.insert(accesses_.begin(), {storage, ops::VariableAccess::Kind::read, Tensor()});
    }
    return status;
}

void Executor::take_lent_values_back() {
    for (ops::VariableStorage* storage : lent_) {
        const bool was_written = std::ranges::any_of(accesses_, [&](const ops::VariableAccess& access) {
            return access.storage == storage && access.kind == ops::VariableAccess::Kind::write;
        });
        if (!was_written) storage->value.reset();
    }
    lent_.clear();
}

} // namespace rnnscope::runtime
