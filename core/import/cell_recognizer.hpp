#pragma once

#include "core/graph/graph.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope {

enum class CellKind : std::uint8_t { basic_rnn, gru, lstm };

/// What distinguishes cells of one kind. Two cells with the same weights' shapes but another variant compute something
/// else, so all of this has to be known before weights are exchanged between them.
struct CellVariant {
    CellKind kind = CellKind::basic_rnn;
    /// Op type when the cell is one op ("GRUBlockCell", "LSTMBlockCell", or "BlockLSTM" for a whole sequence); empty
    /// when it is made of single ops.
    std::string fused_op;
    std::string activation;      ///< op type: "Tanh", "Relu", ...; "HardSigmoid" for Keras' clipped line
    std::string gate_activation; ///< of the gates: "Sigmoid", "HardSigmoid"; empty for a BasicRNN
    /// How the gates lie in the shared kernel, by their letters: "ru" (GRUCell), "urc" (Keras), "ijfo" (LSTMCell),
    /// "ifjo" (Keras). Empty when every gate has a kernel of its own.
    std::string gate_order;
    bool reset_after = false; ///< GRU: r multiplies the product (CuDNN, Keras reset_after), not h before it (GRUCell)
    bool update_keeps = true; ///< GRU: h' = u*h + (1-u)*c as in TensorFlow; false: h' = (1-u)*h + u*c as in the paper
    std::optional<double> forget_bias; ///< LSTM: the constant that is added to f, besides the bias variable
    bool peepholes = false;
    bool projection = false;
    bool activates_output = true; ///< LSTM: h = o act(c); false: h = o c
    /// LSTM: limits of c, of f c and i j each, and of h (after the projection, if there is one).
    std::optional<double> cell_clip, product_clip, output_clip;
    friend bool operator==(const CellVariant&, const CellVariant&) = default;
};

/// A named tensor of a cell. Letters as in TensorFlow's sources. GRU: r, u, c (candidate), h (new state).
/// LSTM: i, j (candidate), f, o, c (new cell state), h (new state). BasicRNN: h. The gates are meant after their
/// activation, the LSTM's c after clipping.
struct CellPart {
    std::string name;
    Output output;
    friend bool operator==(const CellPart&, const CellPart&) = default;
};

/// A parameter of a cell, followed through reads, Enters and Switches to where it is stored: VariableV2, VarHandleOp,
/// Const, or the concatenation of a partitioned variable.
struct CellWeight {
    std::string role; ///< "gates kernel", "candidate bias", "kernel", "recurrent kernel", "peephole of f", ...
    Output source;
};

/// One application of a cell: one per layer in a while loop, one per layer and time step in a static unroll.
struct CellInstance {
    std::vector<CellPart> parts;
    std::vector<Output> inputs;          ///< x; several when the cell concatenates more than one tensor with h
    Output previous_h;                   ///< h (for the LSTM also previous_c) of the step before
    Output previous_c;                   ///< LSTM only
    std::vector<NodeId> nodes;           ///< the nodes it is made of, ascending, without the weights' reads
    std::string frame;                   ///< frame_name of the while loop it runs in; empty outside of loops
    std::string scope;                   ///< deepest name scope that holds all its nodes; only for display
    std::optional<std::size_t> previous; ///< unrolled: the instance of the same cell that made `previous_h`

    Output part(std::string_view name) const; ///< invalid when the cell has no such part
};

/// The instances that use the same weights, in node order; unrolled ones in the order of time.
struct RecognizedCell {
    CellVariant variant;
    std::string name;                          ///< deepest scope that holds its weights; only for display
    std::vector<CellWeight> weights;           ///< in the order in which the cell uses them
    std::int64_t units = Shape::unknown;       ///< width of the gates
    std::int64_t output_size = Shape::unknown; ///< width of h: `units` unless there is a projection
    std::int64_t input_size = Shape::unknown;  ///< width of x
    std::vector<CellInstance> instances;
};

/// The recurrent cells of a graph, found by what is computed, not by names: a frozen, renamed or hand-written graph
/// gives the same answer. Ops of gradients are not cells. Ordered by first node. Every node is looked at a bounded
/// number of times. Sources: TensorFlow 1.15 rnn_cell_impl.py, contrib rnn (lstm_ops.py, gru_ops.py,
/// CudnnCompatibleGRUCell), keras/layers/recurrent.py.
std::vector<RecognizedCell> recognize_cells(const Graph& graph);

std::string_view to_text(CellKind kind); ///< "GRU", "LSTM", "BasicRNN"
/// One line: "GRU, 4 units, input 3, Tanh, gates ru".
std::string summary(const RecognizedCell& cell);
/// For people and golden tests: every cell with weights and instances. Static unrolls show their first instances only.
std::string to_text(const std::vector<RecognizedCell>& cells, const Graph& graph);

} // namespace rnnscope
