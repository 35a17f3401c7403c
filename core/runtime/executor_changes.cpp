#include "core/runtime/changes.hpp"
#include "core/runtime/executor.hpp"

#include <algorithm>
#include <limits>
#include <optional>

namespace rnnscope::runtime {
namespace {

/// The variable's storage, made as its own op, or the first write of a resource, would make it.
ops::VariableStorage& storage_to_set(ops::ResourceContainer& session, const Node& node) {
    const auto* container = node.attr<std::string>("container");
    const auto* shared_name = node.attr<std::string>("shared_name");
    const auto* dtype = node.attr<DType>("dtype");
    const auto* shape = node.attr<Shape>("shape");
    const std::string& name = shared_name != nullptr && !shared_name->empty() ? *shared_name : node.name;
    const bool is_elsewhere = container != nullptr && !container->empty() && *container != "localhost";
    return session.variable(is_elsewhere ? *container + "/" + name : name, [&] {
        ops::VariableStorage made;
        if (is_elsewhere) made.container = *container;
        made.name = name;
        made.dtype = dtype != nullptr ? *dtype : DType::invalid;
        made.shape = shape != nullptr ? *shape : Shape::unknown_rank();
        made.owner = node.id;
        return made;
    });
}

} // namespace

/// The op of a visit; of what is fed, the one whose output it stands for.
NodeId Executor::node_of(const PlanNode& node) const {
    if (node.kind == PlanKind::arg) return request_.feeds[static_cast<std::size_t>(node.slot)].output.node;
    return node.node != nullptr ? node.node->id : NodeId();
}

std::uint64_t Executor::room() const {
    std::uint64_t room = std::numeric_limits<std::uint64_t>::max();
    if (env_.options.changes == nullptr) return room;
    const Changes& changes = *env_.options.changes;
    for (std::size_t i = 0; i < changes.all().size(); ++i) {
        const Change& change = changes.all()[i];
        const std::optional<std::uint64_t> wait = changes.wait(i);
        const std::size_t node = change.output.node.index();
        const bool is_planned = node < plan_.by_node.size() && plan_.by_node[node] != Plan::none;
        if (wait && (is_planned || change.kind == Change::Kind::variable)) room = std::min(room, *wait);
    }
    return room;
}

void Executor::compute_changed(const Task& task) {
    Changes& changes = *env_.options.changes;
    const PlanNode& node = plan_.nodes[task.node];
    const NodeId id = node_of(node);
    // What happens now. A round in which something does is no pattern of others.
    const auto for_each = [&](Change::Kind kind, auto&& apply) {
        for (std::size_t i = 0; i < changes.all().size(); ++i) {
            const Change& change = changes.all()[i];
            if (change.kind != kind || changes.wait(i) != std::uint64_t{0}) continue;
            if (kind != Change::Kind::variable && (task.dead || change.output.node != id)) continue;
            if (!apply(change)) continue;
            changes.happened(i, node.frame != 0 ? task.iteration : -1);
            watch_ = {};
        }
    };
    for_each(Change::Kind::variable, [&](const Change& change) {
        ops::VariableStorage& storage = storage_to_set(env_.session, env_.graph.node(change.output.node));
        storage.value = change.value;
        set_.push_back({&storage, ops::VariableAccess::Kind::write, change.value});
        return true;
    });
    bool is_skipped = false;
    for_each(Change::Kind::skip, [&](const Change&) {
        is_skipped = node.node != nullptr;
        return false;
    });
    if (is_skipped)
        skip(node);
    else
        compute(node, task.dead);
    if (must_wait()) return; // it comes again
    for_each(Change::Kind::skip, [&](const Change&) { return is_skipped; });
    for_each(Change::Kind::output, [&](const Change& change) { return replace_output(node, change); });
}

bool Executor::replace_output(const PlanNode& node, const Change& change) {
    const bool is_fed = node.kind == PlanKind::arg;
    if (is_fed && request_.feeds[static_cast<std::size_t>(node.slot)].output != change.output) return false;
    outputs_[is_fed ? 0 : static_cast<std::size_t>(change.output.index)] = change.value;
    // With all its outputs there an op is as good as one that did not fail.
    if (error_ && std::ranges::all_of(outputs_, [](const ops::Value& value) { return has_value(value); })) {
        error_.reset();
        accesses_.clear();
    }
    return true;
}

void Executor::skip(const PlanNode& node) {
    if (auto outputs = skipped_outputs(*node.node, inputs_)) {
        std::ranges::move(*outputs, outputs_.begin());
        return;
    }
    compute(node, false);
    if (error_) return;
    for (ops::Value& output : outputs_)
        if (auto* tensor = std::get_if<Tensor>(&output)) *tensor = Tensor::zeros(tensor->dtype(), tensor->shape());
}

} // namespace rnnscope::runtime
