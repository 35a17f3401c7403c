#pragma once

#include "core/import/dataflow.hpp"
#include "core/import/graph_roles.hpp"

#include <set>

namespace rnnscope::roles {

/// What all finders need: the graph's edges, and what the finders before have found.
struct Facts {
    explicit Facts(const Graph& g);

    const Graph& graph;
    Dataflow flow;
    std::vector<std::vector<NodeId>> waiters; ///< by node: those that wait for it by a control edge
    GraphRoles roles;

    /// The variable that a ref or handle leads to; invalid when it is none.
    NodeId variable_of(Output output) const;
    /// What running a group does: all that it waits for, NoOps seen through, ascending.
    std::vector<NodeId> effects(NodeId group) const;
    bool is_float(Output output) const;
};

bool is_variable(std::string_view op);
bool is_assign(std::string_view op); ///< Assign, AssignVariableOp
bool is_apply(std::string_view op);  ///< one step of an optimizer for one variable
bool is_summary(std::string_view op);

void find_inputs(Facts& facts);
void find_inits(Facts& facts);
void find_savers(Facts& facts);
void find_summaries(Facts& facts);
void find_gradients(Facts& facts);
void find_trains(Facts& facts);
void find_outputs(Facts& facts); ///< needs all of the others

} // namespace rnnscope::roles
