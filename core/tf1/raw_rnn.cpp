#include "core/tf1/control_flow.hpp"
#include "core/tf1/layer.hpp"
#include "core/tf1/nest.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/rnn.hpp"
#include "core/tf1/rnn_step.hpp"
#include "core/tf1/tensor_array.hpp"

#include <fmt/format.h>

/// tf.nn.raw_rnn (rnn.py, 1.15): a loop whose inputs, states and outputs a function of the program chooses.
namespace rnnscope::tf1 {

namespace {

/// What loop_fn returns.
struct Chosen {
    Value finished, input, cell_state, emit, loop_state;
};

Chosen call_loop_fn(GraphState& state, const Value& loop_fn, std::vector<Value> arguments) {
    const Value result = call_function(state.context, loop_fn, std::move(arguments));
    const std::vector<Value>* items = items_of(result);
    if (items == nullptr) raise("TypeError", fmt::format("'{}' object is not iterable", python_type_name(result)));
    constexpr std::size_t wanted = 5;
    if (items->size() < wanted)
        raise("ValueError", fmt::format("not enough values to unpack (expected {}, got {})", wanted, items->size()));
    if (items->size() > wanted) raise("ValueError", fmt::format("too many values to unpack (expected {})", wanted));
    return {(*items)[0], (*items)[1], (*items)[2], (*items)[3], (*items)[4]};
}

std::int64_t first_dimension(const Shape& shape) {
    if (!shape.has_rank()) return Shape::unknown;
    if (shape.rank() == 0) raise("IndexError", "list index out of range");
    return shape.dim(0);
}

class RawLoop {
  public:
    RawLoop(GraphState& state, RnnCell& cell, const Value& loop_fn)
        : state_(state), cell_(cell), loop_fn_(loop_fn), output_size_(cell.output_size(state.context)) {}

    /// (emit_ta, final_state, final_loop_state).
    Value build(const WhileLoopOptions& options);

  private:
    void find_batch_size(const Value& next_input);
    Value initial_state(const Value& given);
    void describe_emit(const Value& structure, const Value& cell_state);
    void make_arrays();
    Value time_step(const std::vector<Value>& loop_vars);

    GraphState& state_;
    RnnCell& cell_;
    const Value& loop_fn_;
    Value output_size_;
    Value batch_size_; ///< an int, or an int32 scalar
    std::int64_t const_batch_size_ = Shape::unknown;
    Value emit_structure_;
    std::vector<Value> emit_sizes_; ///< of one row: a size, a shape, or an int32 vector
    std::vector<DType> emit_dtypes_;
    Value emit_arrays_, zero_emit_;
};

void RawLoop::find_batch_size(const Value& next_input) {
    const std::vector<Value> flat = nest::flatten(next_input);
    std::vector<Shape> shapes;
    for (const Value& input : flat) shapes.push_back(shape_attribute(state_, input, "get_shape"));
    if (shapes.empty()) raise("IndexError", "list index out of range");
    const_batch_size_ = first_dimension(shapes[0]);
    for (const Shape& shape : shapes) {
        const std::int64_t other = first_dimension(shape);
        if (const_batch_size_ != Shape::unknown && other != Shape::unknown && other != const_batch_size_)
            raise("ValueError", fmt::format("Dimensions {} and {} are not compatible", const_batch_size_, other));
    }
    if (const_batch_size_ != Shape::unknown)
        batch_size_ = const_batch_size_;
    else
        batch_size_ = wrap(state_, strided_slice(state_, wrap(state_, shape_of(state_, flat[0])), Value(0)));
}

Value RawLoop::initial_state(const Value& given) {
    nest::assert_same_structure(given, cell_.state_size(state_.context));
    return nest::map_structure([&](const Value& leaf) { return wrap(state_, to_tensor(state_, leaf)); }, given);
}

/// The rows of what is emitted: as the first call of loop_fn says, or as the cell's outputs.
void RawLoop::describe_emit(const Value& structure, const Value& cell_state) {
    if (structure.is_none()) {
        emit_structure_ = output_size_;
        emit_sizes_ = nest::flatten(output_size_);
        const DType dtype = state_.graph.info(to_tensor(state_, nest::flatten(cell_state).at(0))).dtype;
        emit_dtypes_.assign(emit_sizes_.size(), dtype);
        return;
    }
    emit_structure_ = structure;
    for (const Value& emit : nest::flatten(structure)) {
        const Shape shape = shape_attribute(state_, emit, "shape");
        emit_sizes_.push_back(shape.fully_defined() ? Value(shape) : wrap(state_, shape_of(state_, emit)));
    }
    for (const Value& emit : nest::flatten(structure))
        emit_dtypes_.push_back(state_.graph.info(to_tensor(state_, emit)).dtype);
}

void RawLoop::make_arrays() {
    std::vector<Value> arrays, zero;
    for (std::size_t i = 0; i < emit_sizes_.size(); ++i) {
        TensorArray::Options options;
        options.dtype = emit_dtypes_[i];
        options.dynamic_size = true;
        options.size = Value(0);
        const Shape row = emit_sizes_[i].is<TensorValue>() ? Shape::unknown_rank() : to_shape(emit_sizes_[i]);
        if (row.has_rank()) {
            std::vector<std::int64_t> dims{const_batch_size_};
            dims.insert(dims.end(), row.dims().begin(), row.dims().end());
            options.element_shape = Shape(std::move(dims));
        }
        options.name = fmt::format("rnn_output_{}", i);
        arrays.emplace_back(std::make_shared<TensorArray>(state_, options));
    }
    emit_arrays_ = nest::pack_sequence_as(emit_structure_, arrays);
    for (std::size_t i = 0; i < emit_sizes_.size(); ++i) {
        const Output shape = prefixed_shape(state_, batch_size_, emit_sizes_[i]);
        zero.push_back(wrap(state_, zeros(state_, wrap(state_, shape), emit_dtypes_[i])));
    }
    zero_emit_ = nest::pack_sequence_as(emit_structure_, zero);
}

/// The body of the loop. Its variables: time, elements_finished, the input, emit_ta, the cell's state, loop_state.
Value RawLoop::time_step(const std::vector<Value>& loop_vars) {
    const Value &time = loop_vars[0], &input = loop_vars[2], &arrays = loop_vars[3], &cell_state = loop_vars[4];
    const auto [output, new_state] = cell_.step(state_, input, cell_state);
    nest::assert_same_structure(cell_state, new_state);
    nest::assert_same_structure(output_size_, output);

    const Value next_time = wrap(state_, binary_operator(state_, "+", time, Value(1)));
    const Chosen chosen = call_loop_fn(state_, loop_fn_, {next_time, output, new_state, loop_vars[5]});
    nest::assert_same_structure(cell_state, chosen.cell_state);
    nest::assert_same_structure(input, chosen.input);
    nest::assert_same_structure(arrays, chosen.emit);

    const Output finished = to_tensor(state_, loop_vars[1]);
    const auto through = [&](const Value& old, const Value& renewed) {
        const std::vector<Value> before = nest::flatten(old), after = nest::flatten(renewed);
        std::vector<Value> kept;
        for (std::size_t i = 0; i < before.size(); ++i)
            kept.push_back(copy_one_through(state_, finished, before[i], after.at(i)));
        return nest::pack_sequence_as(old, kept);
    };
    const std::vector<Value> emitted = nest::flatten(through(zero_emit_, chosen.emit));
    const Value next_state = through(cell_state, chosen.cell_state);
    std::vector<Value> written;
    for (const Value& array : nest::flatten(arrays))
        written.emplace_back(array.object<TensorArray>()->write(state_, time, emitted.at(written.size())));
    const Value all_finished = wrap(state_, op_output(state_, "LogicalOr", {wrap(state_, finished), chosen.finished}));
    return Value::tuple({next_time, all_finished, chosen.input, nest::pack_sequence_as(arrays, written), next_state,
                         chosen.loop_state.is_none() ? loop_vars[5] : chosen.loop_state});
}

Value RawLoop::build(const WhileLoopOptions& options) {
    const Value time = wrap(state_, int32_constant(state_, 0));
    const Chosen first = call_loop_fn(state_, loop_fn_, {time, Value(), Value(), Value()});
    // The loop needs a variable where the program has no state of its own.
    const bool has_loop_state = !first.loop_state.is_none();
    const Value loop_state = has_loop_state ? first.loop_state : wrap(state_, int32_constant(state_, 0));
    find_batch_size(first.input);
    const Value cell_state = initial_state(first.cell_state);
    describe_emit(first.emit, cell_state);
    make_arrays();
    const Value result = while_loop(
        state_,
        [&](const std::vector<Value>& vars) {
            return wrap(state_, op1(state_, "LogicalNot", reduce(state_, "All", vars[1])));
        },
        [&](const std::vector<Value>& vars) { return time_step(vars); },
        Value::list({time, first.finished, first.input, emit_arrays_, cell_state, loop_state}), options);
    const std::vector<Value>& last = *items_of(result);
    return Value::tuple({last[3], last[4], has_loop_state ? last[5] : Value()});
}

} // namespace

Value raw_rnn(GraphState& state, const RawRnnArgs& args) {
    const std::shared_ptr<RnnCell> cell = to_cell("cell", args.cell);
    if (!is_callable(args.loop_fn)) raise("TypeError", "loop_fn must be a callable");
    WhileLoopOptions options;
    options.parallel_iterations = args.parallel_iterations.value_or(0) == 0 ? 32 : *args.parallel_iterations;
    options.swap_memory = args.swap_memory;
    VariableScopeEntry entry(state, rnn_scope_args(args.scope));
    set_rnn_caching(state, *entry.scope());
    Value result = RawLoop(state, *cell, args.loop_fn).build(options);
    entry.leave();
    return result;
}

} // namespace rnnscope::tf1
