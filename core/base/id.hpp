#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>

namespace rnnscope {

/// An index into one particular table. Passing one kind for another does not compile.
template <class Tag> struct Id {
    static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();

    std::uint32_t value = none;

    constexpr Id() = default;
    constexpr explicit Id(std::size_t index) : value(static_cast<std::uint32_t>(index)) {}

    constexpr bool valid() const { return value != none; }
    constexpr std::size_t index() const { return value; }
    friend constexpr auto operator<=>(const Id&, const Id&) = default;
};

using NodeId = Id<struct NodeTag>;           ///< a node of one Graph, in creation order
using VariableId = Id<struct VariableTag>;   ///< a variable of one Graph, in creation order
using GraphId = Id<struct GraphTag>;         ///< a graph of one evaluation (0 is the default graph)
using SessionId = Id<struct SessionTag>;     ///< a session of one evaluation
using RunId = Id<struct RunTag>;             ///< one Session.run of one evaluation
using StatementId = Id<struct StatementTag>; ///< a statement of one Program, in source order
using StepId = Id<struct StepTag>;           ///< one execution of a statement
using OriginId = Id<struct OriginTag>;       ///< the call stack that was active when a node was made

} // namespace rnnscope

template <class Tag> struct std::hash<rnnscope::Id<Tag>> {
    std::size_t operator()(rnnscope::Id<Tag> id) const noexcept { return std::hash<std::uint32_t>{}(id.value); }
};
