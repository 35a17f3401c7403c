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
    Scope root;
    root.id = ScopeId(0);
    scopes_.push_back(root);
    by_path_.emplace("", root.id);
    nodes = std::min(nodes, graph.size());
    // All scopes first: only then is it known which ops are the face of a scope.
    for (std::size_t i = 0; i < nodes; ++i) get_or_add(parent_path(graph.node(NodeId(i)).name));
    scope_of_.resize(nodes);
    for (std::size_t i = 0; i < nodes; ++i) {
        const Node& node = graph.node(NodeId(i));
        const auto own = by_path_.find(node.name);
        const ScopeId home = own != by_path_.end() ? own->second : get_or_add(parent_path(node.name));
        if (own != by_path_.end())
            scopes_[home.index()].self = node.id;
        else
            scopes_[home.index()].ops.push_back(node.id);
        scope_of_[i] = home;
        const Variable* variable = graph.variable_of(node.id);
        for (ScopeId s = home; s.valid(); s = scopes_[s.index()].parent) {
            ++scopes_[s.index()].total_ops;
            if (variable != nullptr) scopes_[s.index()].variables.push_back(variable->id);
        }
    }
}

ScopeId ScopeTree::get_or_add(std::string_view path) {
    if (const auto it = by_path_.find(std::string(path)); it != by_path_.end()) return it->second;
    // Missing ancestors, nearest first; made from the outside in. No recursion: names can be arbitrarily deep.
    std::vector<std::string_view> missing;
    std::string_view at = path;
    while (!by_path_.contains(std::string(at))) {
        missing.push_back(at);
        at = parent_path(at);
    }
    ScopeId parent = by_path_.at(std::string(at));
    for (auto it = missing.rbegin(); it != missing.rend(); ++it) {
        Scope scope;
        scope.id = ScopeId(scopes_.size());
        scope.parent = parent;
        scope.path = *it;
        scope.name = last_component(*it);
        scope.depth = scopes_[parent.index()].depth + 1;
        scopes_[parent.index()].scopes.push_back(scope.id);
        by_path_.emplace(scope.path, scope.id);
        parent = scope.id;
        scopes_.push_back(std::move(scope));
    }
    return parent;
}

ScopeId ScopeTree::find(std::string_view path) const {
    const auto it = by_path_.find(std::string(path));
    return it == by_path_.end() ? ScopeId{} : it->second;
}

} // namespace rnnscope
