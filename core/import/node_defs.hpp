#pragma once

#include "core/graph/graphdef.hpp"

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string_view>
#include <vector>

namespace rnnscope {

/// The NodeDefs of a file, as they are written there: made into NodeDefData, a small node takes ten times the bytes.
/// Each is made when it is asked for; large constants are made once, and shared. Copies share everything.
class NodeDefs {
  public:
    NodeDefs();
    NodeDefs(const std::vector<NodeDefData>& nodes);
    NodeDefs(std::initializer_list<NodeDefData> nodes);

    std::size_t size() const;
    bool empty() const { return size() == 0; }
    NodeDefData operator[](std::size_t i) const;
    /// What is asked for most, without making the rest; valid as long as any copy lives.
    std::string_view name(std::size_t i) const;
    std::string_view op(std::size_t i) const;
    std::vector<std::string_view> inputs(std::size_t i) const;

    /// `message`: the NodeDef that `node` was made from. Its large tensors are taken from `node`, so the message may be
    /// without them. No copy may have been made yet.
    void add(std::string_view message, const NodeDefData& node);

    class Iterator {
      public:
        using iterator_category = std::input_iterator_tag;
        using value_type = NodeDefData;
        using difference_type = std::ptrdiff_t;
        using pointer = void;
        using reference = NodeDefData;
        Iterator(const NodeDefs& nodes, std::size_t at) : nodes_(&nodes), at_(at) {}
        NodeDefData operator*() const { return (*nodes_)[at_]; }
        Iterator& operator++() { return ++at_, *this; }
        Iterator operator++(int) { return {*nodes_, at_++}; }
        friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

      private:
        const NodeDefs* nodes_;
        std::size_t at_;
    };
    Iterator begin() const { return {*this, 0}; }
    Iterator end() const { return {*this, size()}; }

  private:
    struct Storage;
    std::shared_ptr<Storage> storage_;
};

} // namespace rnnscope
