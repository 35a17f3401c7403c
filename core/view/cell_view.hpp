#pragma once

#include "core/view/cell_steps.hpp"
#include "core/view/common.hpp"

#include <array>
#include <string>
#include <vector>

namespace rnnscope::view {

/// What the user chose to look at.
struct CellOptions {
    std::size_t track = 0; ///< of cell_tracks
    std::int64_t unit = 0;
    std::int64_t example = 0;        ///< row of the batch
    std::optional<std::size_t> step; ///< a time step to look at without going there (the pointer is over it)
    char products_of = 0;            ///< letter of the equation whose largest products are shown; 0: the candidate
    friend bool operator==(const CellOptions&, const CellOptions&) = default;
};

/// Values between 0 and 1, or around zero: how they are coloured, and what counts as saturated.
enum class CellScale : std::uint8_t { gate, state };
/// Gates beyond 0.05 and 0.95, activated values beyond ±0.95 (of tanh and the like: `bounded`).
bool is_saturated(CellScale scale, bool bounded, double value);
constexpr double gate_saturation = 0.05, tanh_saturation = 0.95;

/// r, u, c, h of a GRU; i, j, f, o, c, h of an LSTM; h of a BasicRNN.
struct CellQuantity {
    char letter = 'h';
    std::string word; ///< "reset", "update", "candidate", "state"
    CellScale scale = CellScale::state;
    bool bounded = false; ///< lies between −1 and 1
    Output output;        ///< in the time step that is shown
    Link link;            ///< to its op
    bool known = false;   ///< it was computed, and before the position
    bool later = false;   ///< it is recorded, but the position is before it
    double value = 0;     ///< of the unit that is shown
    bool saturated = false, poisoned = false;
    std::vector<float> units; ///< all of them at the time step; empty unless known
};

/// A summand or factor with its number: "x·kernel[:10]", −0.3801.
struct CellTerm {
    std::string caption;
    double value = 0;
};

/// One line of the cell's definition, in symbols and with the numbers of one unit.
struct CellEquation {
    char letter = 'h';
    std::string symbols;          ///< "σ(x·Wr + h·Ur + br)"
    std::string function;         ///< "σ", "tanh"; "" when it is a sum of products
    std::vector<CellTerm> terms;  ///< summands; of products: factors, two for each summand
    std::vector<double> summands; ///< of products: what they come to
    double sum = 0;               ///< of the terms, before `function`
    double result = 0;            ///< what the run computed
    bool known = false;           ///< the result
    bool explained = false;       ///< the terms are known and give the result
    std::string note;             ///< "keeps 41 % of the old state"; or why it is not explained
    Link weight;                  ///< "gates/kernel column 11"
    bool is_products() const { return function.empty(); }
};

/// One of the products that a sum is made of: x[4] times its weight.
struct CellProduct {
    std::string operand;
    double value = 0, weight = 0;
    double product() const { return value * weight; }
};

/// A cell at a position: its quantities, its equations with the numbers of one unit, and what it read.
struct CellView {
    std::string empty;                 ///< why there is no cell to show, and what to do; then nothing else is set
    std::string hint;                  ///< why there are no numbers, and what to do
    std::string go_label, go_argument; ///< of the button that helps: label, and argument of go.time; "" when none
    std::vector<CellTrack> tracks;
    std::size_t track = 0;
    CellKind kind = CellKind::gru;
    std::string title, path; ///< "GRU", "rnn/…/cell_0/gru_cell"
    std::string summary;     ///< of the recognizer: everything that distinguishes it
    std::int64_t units = 0, output_size = 0, inputs = 0, examples = 0; ///< -1: not known
    std::int64_t unit = 0, example = 0;
    RunId run;
    std::size_t steps = 0;          ///< recorded in `run`
    std::optional<std::size_t> now; ///< the time step of the position
    std::size_t step = 0;           ///< the one that is shown
    bool is_peek = false;           ///< it is not that of the position
    bool failed = false;            ///< the run ended with an error
    std::string not_reached;        ///< "Not reached: the run stopped at event 47"; "" when it did not fail
    /// Whose values these are and how far they go: "run 2, t = 3 of 0 … 4", "run 2, t = 1; up to t = 2, where it
    /// stopped at event 180", "No value: run 2 stopped at event 46, before this cell", "Values of run 3: run 4 has not
    /// come to this cell yet".
    std::string whose;
    bool is_of_older_run = false; ///< the newest run up to the position is another one
    bool is_coming = false;       ///< that one is on its way and will compute the cell
    std::vector<CellQuantity> quantities;
    std::vector<CellEquation> equations;
    bool previous_known = false;
    double previous = 0, previous_c = 0;        ///< h and, of an LSTM, c of the unit before the time step
    std::vector<double> x;                      ///< the first inputs of the example; empty when not known
    std::string gates_weight, candidate_weight; ///< "gates [74, 128]": kernels for the boxes of the diagram
    std::string recurrent_weight;               ///< of h in the candidate, where it has a kernel of its own
    bool resets_product = false;                ///< GRU: r multiplies the product of h and its weights, not h
    bool has_recurrent_bias = false;            ///< GRU: and that product has a bias
    bool update_keeps = true;                   ///< GRU: u weighs the old state; false: the candidate
    std::string products_of;                    ///< "c"
    std::size_t products_in_all = 0;
    std::vector<CellProduct> products; ///< the largest, at most six
    const CellQuantity* quantity(char letter) const;
};
CellView build_cell(const debug::Debugger& debugger, const CellOptions& options = {});
std::string to_text(const CellView& view);

/// The track that a node belongs to; nullopt when it is in no cell.
std::optional<std::size_t> track_of(const debug::Debugger& debugger, NodeId node);

} // namespace rnnscope::view
