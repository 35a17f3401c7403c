#include "core/graph/scope_tree.hpp"

#include <algorithm>

namespace rnnscope {
namespace {

std::string_view parent_path(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

std::string_view last_component(std::string_view path) {
    const std::size_t slash = path.rfind('/');
    return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

} // namespace

ScopeTree::ScopeTree(const Graph& graph, std::size_t nodes) {
    nodes = std::min(nodes, graph.size());
    std::vector<std::string_view> names;
    names.reserve(nodes);
    for (std::size_t i = 0; i < nodes; ++i) names.push_back(graph.node(NodeId(i)).name);
    std::vector<VariableId> variables(nodes);
    for (const Variable& variable : graph.variables())
        if (variable.op.index() < nodes) variables[variable.op.index()] = variable.id;
    add(names, variables);
}

ScopeTree::ScopeTree(std::span<const std::string_view> names, std::span<const VariableId> variables) {
    add(names, variables);
}

void ScopeTree::add(std::span<const std::string_view> names, std::span<const VariableId> variables) {
    Scope root;
    root.id = ScopeId(0);
    scopes_.push_back(root);
    by_path_.emplace("", root.id);
    // All scopes first: only then is it known which ops are the face of a scope.
    // Neighbours are often in the same one.
    scope_of_.resize(names.size());
    for (std::size_t i = 0; i < names.size(); ++i) {
        const std::string_view path = parent_path(names[i]);
        scope_of_[i] = i > 0 && path == parent_path(names[i - 1]) ? scope_of_[i - 1] : get_or_add(path);
    }
    for (std::size_t i = 0; i < names.size(); ++i) {
        const auto own = by_path_.find(names[i]);
        const ScopeId home = own != by_path_.end() ? own->second : scope_of_[i];
        if (own != by_path_.end())
            scopes_[home.index()].self = NodeId(i);
        else
            scopes_[home.index()].ops.push_back(NodeId(i));
        scope_of_[i] = home;
        ++scopes_[home.index()].total_ops;
        if (!variables[i].valid()) continue;
        for (ScopeId s = home; s.valid(); s = scopes_[s.index()].parent)
            scopes_[s.index()].variables.push_back(variables[i]);
    }
    // Scopes come after those around them.
    for (std::size_t i = scopes_.size(); i-- > 1;) scopes_[scopes_[i].parent.index()].total_ops += scopes_[i].total_ops;
}

ScopeId ScopeTree::get_or_add(std::string_view path) {
    if (const auto it = by_path_.find(path); it != by_path_.end()) return it->second;
    // Missing ancestors, nearest first; made from the outside in. No recursion: names can be arbitrarily deep.
    std::vector<std::string_view> missing{path};
    ScopeId parent;
    while (!parent.valid()) {
        const std::string_view at = parent_path(missing.back());
        if (const auto it = by_path_.find(at); it != by_path_.end())
            parent = it->second;
        else
            missing.push_back(at);
    }
    for (auto it = missing.rbegin(); it != missing.rend(); ++it) {
        Scope scope;
        scope.id = ScopeId(scopes_.size());
        scope.parent = parent;
        scope.path = *it;
        scope.name = last_component(*it);
        scope.depth = scopes_[parent.index()].depth + 1;
        scopes_[parent.index()].scopes.push_back(scope.id);
        parent = scope.id;
        scopes_.push_back(std::move(scope));
        by_path_.emplace(scopes_.back().path, parent);
    }
    return parent;
}

ScopeId ScopeTree::find(std::string_view path) const {
    const auto it = by_path_.find(path);
    return it == by_path_.end() ? ScopeId{} : it->second;
}

} // namespace rnnscope
