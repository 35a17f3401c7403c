#pragma once

#include "core/view/cell_view.hpp"

#include <optional>

namespace rnnscope::view {

/// The equations of a cell with the numbers of one unit of one example in one time step, computed from what the cell
/// read and from its weights, and compared with what the run computed: a sum that gives something else is not shown.
class CellEquations {
  public:
    CellEquations(const CellSteps& steps, std::size_t step, std::int64_t unit, std::int64_t example);

    /// In the order in which the cell computes. `view.quantities` must be there.
    std::vector<CellEquation> all(const CellView& view);
    /// What the sum before a gate or candidate consists of; largest first.
    std::vector<CellProduct> products(char letter);

  private:
    struct Operand {
        std::string name; ///< "x", "h", "rh"
        std::vector<double> values;
    };
    struct Weights { ///< of one gate: column of the kernels and its bias
        Tensor kernel, recurrent, bias, recurrent_bias;
        std::int64_t column = -1;
        std::string name, kernel_name;
        NodeId node;
    };
    struct Biases { ///< of the unit
        std::optional<double> input, recurrent;
    };

    CellEquation activated(const CellView& view, char letter);
    CellEquation gru_state(const CellView& view) const;
    CellEquation lstm_cell(const CellView& view) const;
    CellEquation lstm_output(const CellView& view) const;
    bool explain(CellEquation& equation, char letter, bool state_first);
    void add_extras(CellEquation& equation, char letter) const;
    Weights weights_of(char letter) const;
    Biases biases_of(const Weights& weights) const;
    /// Does r multiply the product of h and the weights, not h (CuDNN, Keras reset_after)?
    bool resets_product(char letter) const {
        return cell_.variant.kind == CellKind::gru && letter == 'c' && cell_.variant.reset_after;
    }
    Operand state_of(char letter) const;
    std::string symbols_of(char letter, const std::string& function) const;
    std::vector<double> row_of(const Tensor& tensor) const; ///< of the example
    double part(std::string_view name) const;               ///< of the unit; NaN when it was not computed

    const CellSteps& steps_;
    const RecognizedCell& cell_;
    std::size_t step_;
    std::int64_t unit_, example_;
    Operand x_, h_;
    double previous_h_ = 0, previous_c_ = 0; ///< of the unit; NaN when not known
};

} // namespace rnnscope::view
