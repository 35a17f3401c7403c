#pragma once

#include "core/graph/graph.hpp"

#include <deque>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace rnnscope {

using ScopeId = Id<struct ScopeTag>;

/// The names of a graph as a tree. A scope is everything under "a/b/"; an op whose name is also a scope ("v" beside
/// "v/read") is listed in that scope as its `self`. Children are in order of first appearance.
class ScopeTree {
  public:
    struct Scope {
        ScopeId id, parent;
        std::string name; ///< last component; "" for the root
        std::string path; ///< "a/b"; "" for the root
        int depth = 0;
        NodeId self;                       ///< the op with the scope's own path, if any; it is not in `ops`
        std::vector<ScopeId> scopes;       ///< direct children
        std::vector<NodeId> ops;           ///< ops directly inside, creation order
        std::size_t total_ops = 0;         ///< ops inside at any depth, `self` included
        std::vector<VariableId> variables; ///< variables inside at any depth, creation order
    };

    explicit ScopeTree(const Graph& graph) : ScopeTree(graph, graph.size()) {}
    /// The tree of the first `nodes` nodes: the graph as it was at an earlier position.
    ScopeTree(const Graph& graph, std::size_t nodes);
    /// Of nodes with these names; `variables` by node, invalid where it is none.
    ScopeTree(std::span<const std::string_view> names, std::span<const VariableId> variables);

    ScopeTree(const ScopeTree&) = delete; ///< a copy would look up paths of the other
    ScopeTree& operator=(const ScopeTree&) = delete;
    ScopeTree(ScopeTree&&) = default;
    ScopeTree& operator=(ScopeTree&&) = default;

    ScopeId root() const { return ScopeId(0); }
    std::size_t size() const { return scopes_.size(); }
    const Scope& scope(ScopeId id) const { return scopes_[id.index()]; }
    ScopeId find(std::string_view path) const; ///< invalid when there is none
    ScopeId scope_of(NodeId node) const { return scope_of_[node.index()]; }

  private:
    void add(std::span<const std::string_view> names, std::span<const VariableId> variables);
    ScopeId get_or_add(std::string_view path);

    std::deque<Scope> scopes_; ///< their paths stay where they are
    std::unordered_map<std::string_view, ScopeId> by_path_;
    std::vector<ScopeId> scope_of_;
};

} // namespace rnnscope
