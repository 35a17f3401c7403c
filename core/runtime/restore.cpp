#include "core/runtime/restore.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace rnnscope::runtime {
namespace {

template <class T> T attr_or(const Node& node, std::string_view key, T otherwise) {
    const T* value = node.attr<T>(key);
    return value != nullptr ? *value : otherwise;
}

/// Why the entry does not fit; "" when it does.
std::string mismatch(const Variable& variable, const CheckpointEntry& entry) {
    if (entry.dtype != variable.dtype)
        return fmt::format("tensor_name = {}; expected dtype {} does not equal original dtype {}", entry.name,
                           dtype_cpp_name(variable.dtype), dtype_cpp_name(entry.dtype));
    if (!variable.shape.compatible(entry.shape))
        return fmt::format("Assign requires shapes of both tensors to match. lhs shape= {} rhs shape= {}",
                           to_text(variable.shape), to_text(entry.shape));
    return "";
}

/// The variable's storage, made as its op would make it (ops/state_ops.cpp, ops/resource_ops.cpp).
ops::VariableStorage& storage_of(ops::ResourceContainer& resources, const Graph& graph, const Variable& variable) {
    const Node& node = graph.node(variable.op);
    const auto shared_name = attr_or<std::string>(node, "shared_name", ""),
               container = attr_or<std::string>(node, "container", "");
    const std::string name = shared_name.empty() ? node.name : shared_name;
    const bool standard = container.empty() || container == "localhost";
    return resources.variable(standard ? name : container + "/" + name, [&] {
        ops::VariableStorage made;
        if (!standard) made.container = container;
        made.name = name;
        made.dtype = variable.dtype;
        made.shape = variable.shape;
        made.owner = variable.op;
        return made;
    });
}

} // namespace

Result<RestoreReport> restore_session(Session& session, const Checkpoint& checkpoint) {
    RestoreReport report;
    std::vector<std::pair<const Variable*, Tensor>> values;
    std::set<std::string_view> used;
    for (const Variable& variable : session.graph().variables()) {
        const std::string& name = session.graph().node(variable.op).name;
        const CheckpointEntry* entry = checkpoint.find(name);
        if (entry == nullptr) {
            report.missing.push_back(name);
            continue;
        }
        used.insert(entry->name);
        if (std::string reason = mismatch(variable, *entry); !reason.empty()) {
            report.mismatched.push_back({name, std::move(reason)});
            continue;
        }
        auto value = checkpoint.read(*entry);
        if (!value) return value.error();
        values.emplace_back(&variable, *std::move(value));
    }
    for (const CheckpointEntry& entry : checkpoint.entries())
        if (!used.contains(entry.name)) report.unexpected.push_back(entry.name);
    for (auto& [variable, value] : values) {
        ops::VariableStorage& storage = storage_of(session.resources(), session.graph(), *variable);
        storage.value = value;
        report.restored.push_back({storage.name, std::move(value)});
    }
    return report;
}

std::string to_text(const RestoreReport& report) {
    const std::size_t all = report.restored.size() + report.missing.size() + report.mismatched.size();
    std::string text = fmt::format("{} of {} variables restored", report.restored.size(), all);
    if (!report.missing.empty()) text += fmt::format("; missing: {}", fmt::join(report.missing, ", "));
    std::vector<std::string> mismatched;
    for (const auto& [variable, reason] : report.mismatched)
        mismatched.push_back(fmt::format("{} ({})", variable, reason));
    if (!mismatched.empty()) text += fmt::format("; of another type or shape: {}", fmt::join(mismatched, ", "));
    if (!report.unexpected.empty()) text += fmt::format("; not used: {}", fmt::join(report.unexpected, ", "));
    return text;
}

} // namespace rnnscope::runtime
