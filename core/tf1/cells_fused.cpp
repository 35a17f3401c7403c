#include "core/tf1/cells_contrib.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/op_helpers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

/// tf.contrib.rnn.LSTMBlockFusedCell (contrib/rnn/python/ops/lstm_ops.py, 1.15): a whole sequence as one op.
namespace rnnscope::tf1 {

namespace {

class LstmBlockFusedCell : public Layer {
  public:
    LstmBlockFusedCell(GraphState& state, LstmBlockOptions options) : options_(std::move(options)) {
        init_layer(state, "LSTMBlockFusedCell", options_.layer);
        input_ndim_ = 3;
    }
    std::string type_name() const override { return "LSTMBlockFusedCell"; }
    Value call(Context& context, std::vector<Value> positional,
               std::vector<std::pair<std::string, Value>> keywords) override;
    Value attribute(Context& context, std::string_view name) override {
        return name == "num_units" ? Value(options_.num_units) : Layer::attribute(context, name);
    }
    std::vector<std::string> attribute_names() const override {
        std::vector<std::string> names = Layer::attribute_names();
        names.emplace_back("num_units");
        return names;
    }

  protected:
    void build(GraphState& state, const Value& input_shape) override;
    /// `arguments`: initial_state, dtype. The result is the pair (outputs, final state).
    Value run(GraphState& state, const Value& inputs, const std::vector<Value>& arguments) override;

  private:
    LstmBlockOptions options_;
    VariableValue kernel_, bias_, w_i_diag_, w_f_diag_, w_o_diag_;
};

Value LstmBlockFusedCell::call(Context& context, std::vector<Value> positional,
                               std::vector<std::pair<std::string, Value>> keywords) {
    static constexpr std::string_view names[] = {"inputs", "initial_state", "dtype", "sequence_length"};
    constexpr std::size_t count = std::size(names);
    if (positional.size() > count) {
        raise("TypeError",
              fmt::format("call() takes from 2 to 5 positional arguments but {} were given", positional.size() + 1));
    }
    std::vector<bool> is_given(count, false);
    std::fill_n(is_given.begin(), positional.size(), true);
    positional.resize(count);
    for (auto& [key, value] : keywords) {
        const auto i = static_cast<std::size_t>(std::ranges::find(names, key) - names);
        if (i == count) raise("TypeError", fmt::format("call() got an unexpected keyword argument '{}'", key));
        if (is_given[i]) raise("TypeError", fmt::format("call() got multiple values for argument '{}'", key));
        positional[i] = std::move(value);
        is_given[i] = true;
    }
    if (!is_given[0]) raise("TypeError", "__call__() missing 1 required positional argument: 'inputs'");
    if (!positional[3].is_none()) raise("NotImplementedError", "LSTMBlockFusedCell: sequence_length is not supported");
    if (positional[0].is<ListValue>())
        raise("NotImplementedError", "LSTMBlockFusedCell: inputs as a list of steps are not supported");
    return apply(context.default_graph(), positional[0], {positional[1], positional[2]});
}

void LstmBlockFusedCell::build(GraphState& state, const Value& input_shape) {
    const std::int64_t inputs = to_shape(input_shape).dim(2), cells = options_.num_units;
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
    if (cells > most / 4 || inputs > most - cells) raise("OverflowError", "Python int too large to convert to C long");
    if (inputs == Shape::unknown) raise("TypeError", "unsupported operand type(s) for +: 'NoneType' and 'int'");
    kernel_ = add_variable(state, "kernel", Shape{inputs + cells, cells * 4});
    bias_ = add_variable(state, "bias", Shape{cells * 4}, constant_initializer(Value(0.0)));
    if (!options_.use_peephole) return;
    w_i_diag_ = add_variable(state, "w_i_diag", Shape{cells});
    w_f_diag_ = add_variable(state, "w_f_diag", Shape{cells});
    w_o_diag_ = add_variable(state, "w_o_diag", Shape{cells});
}

Value LstmBlockFusedCell::run(GraphState& state, const Value& given, const std::vector<Value>& arguments) {
    const Value inputs = wrap(state, to_tensor(state, given));
    const Shape shape = state.graph.info(inputs.as<TensorValue>()->output).shape;
    // A dimension as a number, or read from the inputs.
    const auto size = [&](std::size_t axis) {
        if (shape.dim(axis) != Shape::unknown) return Value(shape.dim(axis));
        const Value dims = wrap(state, shape_of(state, inputs));
        return wrap(state, strided_slice(state, dims, Value(static_cast<std::int64_t>(axis))));
    };
    const Value batch = size(1);
    size(0); // asked for here, and again where the op is made
    Value c, h;
    DType dtype = optional_dtype(arguments[1]);
    if (arguments[0].is_none()) {
        if (dtype == DType::invalid) raise("ValueError", "Either initial_state or dtype needs to be specified");
        const Value dims = wrap(state, stack(state, Value::list({batch, options_.num_units})));
        c = h = wrap(state, zeros(state, dims, dtype));
    } else {
        const std::vector<Value>* parts = items_of(arguments[0]);
        if (parts == nullptr || parts->size() != 2)
            raise("ValueError", "Expecting initial_state to be a tuple with length 2 or None");
        c = (*parts)[0];
        h = (*parts)[1];
        if (dtype == DType::invalid) dtype = state.graph.info(to_tensor(state, c)).dtype;
    }
    const Value steps = size(0);
    Value wci(w_i_diag_), wcf(w_f_diag_), wco(w_o_diag_);
    if (!options_.use_peephole) wci = wcf = wco = wrap(state, zeros(state, Shape{options_.num_units}, dtype));
    const Value length = wrap(state, cast(state, steps, DType::int64));
    const NodeId node = call_op(state, "BlockLSTM", {length, inputs, c, h, Value(kernel_), wci, wcf, wco, Value(bias_)},
                                {{"forget_bias", static_cast<float>(options_.forget_bias)},
                                 {"cell_clip", static_cast<float>(options_.cell_clip.value_or(-1))},
                                 {"use_peephole", options_.use_peephole}});
    const Value memories = wrap(state, Output{node, 1}), outputs = wrap(state, Output{node, 6});
    const Value last_c = wrap(state, strided_slice(state, memories, Value(-1)));
    const Value last_h = wrap(state, strided_slice(state, outputs, Value(-1)));
    return Value::tuple({outputs, lstm_state_tuple(last_c, last_h)});
}

} // namespace

std::vector<ApiDef> fused_rnn_api() {
    return {
        {"contrib.rnn.LSTMBlockFusedCell",
         params("num_units, forget_bias=1.0, cell_clip=None, use_peephole=False, reuse=None, dtype=None, "
                "name='lstm_fused_cell'"),
         "Long short-term memory over a whole sequence as one op.",
         [](Context& context, const Arguments& a) {
             LstmBlockOptions options;
             options.num_units = required_int(a[0]);
             options.forget_bias = number_of(a[1]);
             if (!a[2].is_none()) options.cell_clip = number_of(a[2]);
             options.use_peephole = a[3].truthy();
             const std::optional<Reuse> reuse = to_reuse(a[4]);
             if (!reuse) raise("ValueError", "The reuse parameter must be True or False or None.");
             options.layer.reuse = *reuse;
             options.layer.dtype = optional_dtype(a[5]);
             options.layer.name = a[6];
             return Value(std::make_shared<LstmBlockFusedCell>(context.default_graph(), std::move(options)));
         }},
    };
}

} // namespace rnnscope::tf1
