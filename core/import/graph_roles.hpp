#pragma once

#include "core/import/cell_recognizer.hpp"
#include "core/import/loop_frames.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope {

/// A place where values come in.
struct InputRole {
    NodeId node;
    bool has_default = false; ///< PlaceholderWithDefault: need not be fed
    Shape shape;              ///< as declared
    Shape proposed;           ///< what could be fed: unknown dimensions are 1, an unknown rank is told from the uses
    bool is_guess = false;    ///< the rank is not declared, so `proposed` may be wrong
};

/// An op that runs initializers: tf.global_variables_initializer() and its like.
struct InitRole {
    NodeId op;
    std::vector<NodeId> variables; ///< VariableV2 or VarHandleOp, ascending
    std::size_t others = 0;        ///< other ops that it runs: table initializers
};

/// An op that makes one step of an optimizer.
struct TrainRole {
    NodeId op;                     ///< what counts a step after the updates, if anything does, else the updates
    NodeId update;                 ///< the group of the updates of all variables
    std::string optimizer;         ///< "Adam", "GradientDescent", ...: the Apply ops without "Apply"
    std::vector<NodeId> variables; ///< that it updates, ascending; slots are not among them
    NodeId global_step;            ///< variable; invalid when it counts no steps
    Output loss;                   ///< what it most likely minimizes; invalid when nothing fits
};

enum class OutputKind : std::uint8_t { probabilities, class_index, logits, result, final_state, scalar, other };

/// A tensor that somebody may want to fetch.
struct OutputRole {
    Output output;
    OutputKind kind = OutputKind::other;
    bool is_sink = false; ///< nothing of the forward part uses it
};

struct SaverRole {
    Output filename;               ///< fed with the checkpoint's prefix (SaverDef.filename_tensor_name)
    Output save_tensor;            ///< fetched to save; invalid when there is none
    NodeId restore_op;             ///< run to restore; invalid when there is none
    std::vector<NodeId> variables; ///< that it saves, ascending
};

struct SummaryRole {
    NodeId node;
    std::string tag; ///< "" when it is no constant
    bool is_merged = false;
};

/// What a graph offers to somebody who did not write it. Found by structure, as far as that tells; every list is in
/// node order except `outputs`, which begins with the likeliest.
struct GraphRoles {
    std::vector<InputRole> inputs;
    std::vector<OutputRole> outputs;
    std::vector<InitRole> inits;
    std::vector<Output> uninitialized_reports; ///< tf.report_uninitialized_variables()
    std::vector<TrainRole> trains;
    std::vector<SaverRole> savers;
    std::vector<SummaryRole> summaries;
    std::vector<RecognizedCell> cells;
    LoopFrames loops;
    std::vector<bool> is_gradient; ///< by node: computed from a gradient
};

GraphRoles graph_roles(const Graph& graph);

std::string_view to_text(OutputKind kind); ///< "probabilities", "class index", ...
/// Sections with one line for each entry; empty sections are left out.
std::string to_text(const GraphRoles& roles, const Graph& graph);

} // namespace rnnscope
