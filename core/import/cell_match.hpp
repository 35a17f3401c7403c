#pragma once

#include "core/import/affine.hpp"
#include "core/import/cell_recognizer.hpp"

namespace rnnscope::cells {

/// A use of a parameter in a cell, before it has a name.
struct WeightUse {
    enum class What : std::uint8_t { kernel, bias, peephole, projection } what = What::kernel;
    std::string gate; ///< letter: "r"; empty for a projection
    Output source;
    std::vector<Output> operands; ///< kernels: what they are multiplied with
    bool on_state = false;        ///< certainly applied to the state alone (the product that a reset gate multiplies)
};

/// Where the output of a cell may be: LSTMCell's h before its projection and after it.
struct OutputChoice {
    Output h;
    std::optional<WeightUse> weight; ///< the projection
    std::optional<double> clip;
    std::vector<NodeId> nodes;
};

/// An application of a cell as the matchers find it.
struct Match {
    CellVariant variant;
    CellInstance instance;
    std::vector<WeightUse> weights;
    std::vector<std::pair<std::int64_t, char>> order; ///< column or index in the shared kernel, gate
    std::vector<Output> operands;                     ///< x and h in the order in which they are multiplied
    std::vector<OutputChoice> choices; ///< LSTM and fused ops: possible h; else empty, and part "h" is it
};

/// Each appends its matches in node order.
void match_gated(const Dataflow& flow, std::vector<Match>& matches); ///< GRU and LSTM of single ops
void match_fused(const Dataflow& flow, std::vector<Match>& matches); ///< GRUBlockCell, LSTMBlockCell, BlockLSTM
/// Whatever has the form of a BasicRNN, dense layers included: only the recurrence tells them apart, which `link`
/// looks for. Nodes of `matches` are left out.
void match_basic(const Dataflow& flow, std::vector<Match>& matches);

/// The sum of two products `sum` as h' = u h + (1-u) c, and as c' = f c + i j with all that follows it.
std::optional<Match> match_gru(const Dataflow& flow, const Node& sum);
std::optional<Match> match_lstm(const Dataflow& flow, const Node& sum);

/// Groups matches by weights, finds x, h and the recurrence, and drops those of match_basic that have none.
std::vector<RecognizedCell> link(const Dataflow& flow, std::vector<Match> matches);

void add_part(Match& match, std::string name, Output output);
void add_nodes(Match& match, const std::vector<NodeId>& nodes);
/// The weights and nodes of one gate.
void add_gate(Match& match, char letter, const Gate& gate);

} // namespace rnnscope::cells
