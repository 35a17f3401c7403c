#include "core/tf1/control_flow.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/rnn.hpp"
#include "core/tf1/tensor_array.hpp"

#include <fmt/format.h>

/// The records of tf.while_loop, tf.cond, tf.Assert and tf.TensorArray.
namespace rnnscope::tf1 {

namespace {

std::string text_or_empty(const Value& value) {
    const std::string* text = value.as<std::string>();
    return text != nullptr ? *text : std::string();
}

Value call_while_loop(Context& context, const Arguments& a) {
    if (!is_callable(a[0])) raise("TypeError", "cond must be callable.");
    if (!is_callable(a[1])) raise("TypeError", "body must be callable.");
    const std::int64_t* parallel = a[4].as<std::int64_t>();
    if (parallel == nullptr || *parallel < 1) raise("TypeError", "parallel_iterations must be a positive integer.");
    WhileLoopOptions options;
    options.shape_invariants = a[3];
    options.parallel_iterations = *parallel;
    options.back_prop = a[5].truthy();
    options.swap_memory = a[6].truthy();
    options.name = text_or_empty(a[7]);
    options.maximum_iterations = a[8];
    options.return_same_structure = a[9].truthy();
    const auto calling = [&context](const Value& function) {
        return [&context, function](const std::vector<Value>& vars) { return call_function(context, function, vars); };
    };
    return while_loop(context.default_graph(), calling(a[0]), calling(a[1]), a[2], options);
}

Value call_cond(Context& context, const Arguments& a) {
    const auto function = [&](std::size_t i, std::size_t old, const char* name, const char* old_name) {
        if (!a[old].is_none() && !a[i].is_none())
            raise("TypeError", fmt::format("cond(): {} and {} may not be set simultaneously.", name, old_name));
        const Value chosen = a[old].is_none() ? a[i] : a[old];
        if (chosen.is_none()) raise("TypeError", fmt::format("cond(): {} argument required", name));
        return chosen;
    };
    const Value on_true = function(1, 5, "true_fn", "fn1");
    const Value on_false = function(2, 6, "false_fn", "fn2");
    if (!is_callable(on_true)) raise("TypeError", "true_fn must be callable.");
    if (!is_callable(on_false)) raise("TypeError", "false_fn must be callable.");
    return cond(
        context.default_graph(), a[0], [&] { return call_function(context, on_true, {}); },
        [&] { return call_function(context, on_false, {}); }, a[3].truthy(), text_or_empty(a[4]));
}

Value call_assert(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    const std::vector<Value>* data = items_of(a[1]);
    const std::int64_t* summarize = a[2].as<std::int64_t>();
    const NodeId node = assert_op(state, a[0], data != nullptr ? *data : std::vector<Value>{a[1]},
                                  summarize != nullptr ? std::optional(*summarize) : std::nullopt, text_or_empty(a[3]));
    return Value(OperationValue{&state, node});
}

std::optional<Output> output_or_none(const Value& value) {
    const TensorValue* tensor = value.as<TensorValue>();
    return tensor != nullptr ? std::optional(tensor->output) : std::nullopt;
}

Value call_tensor_array(Context& context, const Arguments& a) {
    if (!a[5].is_none() && !a[5].is<TensorValue>()) raise("TypeError", "Handle must be a Tensor");
    const auto alone = [&](std::size_t i, const char* name) {
        if (!a[5].is_none() && !a[i].is_none())
            raise("ValueError", fmt::format("Cannot provide both a handle and {} at the same time", name));
    };
    alone(8, "element_shape");
    alone(2, "dynamic_size");
    alone(3, "clear_after_read");
    TensorArray::Options options;
    options.dtype = to_dtype(a[0]);
    options.size = a[1];
    options.dynamic_size = a[2].truthy();
    options.clear_after_read = a[3].is_none() || a[3].truthy();
    options.tensor_array_name = text_or_empty(a[4]);
    options.handle = output_or_none(a[5]);
    options.flow = output_or_none(a[6]);
    options.infer_shape = a[7].truthy();
    options.element_shape = to_shape(a[8]);
    options.colocate_with_first_write_call = a[9].truthy();
    options.name = text_or_empty(a[10]);
    return Value(std::make_shared<TensorArray>(context.default_graph(), options));
}

TensorArray& array(const Arguments& a) {
    const auto self = a[0].object<TensorArray>();
    if (!self)
        raise("TypeError",
              fmt::format("descriptor requires a 'TensorArray' object but received a '{}'", python_type_name(a[0])));
    return *self;
}

const std::vector<Param> name_only{{"self", {}}, {"name", Value()}};

std::vector<ApiDef> tensor_array_methods() {
    return {
        {"TensorArray.read",
         {{"self", {}}, {"index", {}}, {"name", Value()}},
         "Reads the element at an index.",
         [](Context& c, const Arguments& a) {
             GraphState& state = c.default_graph();
             return wrap(state, array(a).read(state, a[1], text_or_empty(a[2])));
         }},
        {"TensorArray.write",
         {{"self", {}}, {"index", {}}, {"value", {}}, {"name", Value()}},
         "Writes an element; the result is the array to go on with.",
         [](Context& c, const Arguments& a) {
             return Value(array(a).write(c.default_graph(), a[1], a[2], text_or_empty(a[3])));
         }},
        {"TensorArray.stack", name_only, "All elements as one tensor.",
         [](Context& c, const Arguments& a) {
             GraphState& state = c.default_graph();
             return wrap(state, array(a).stack(state, text_or_empty(a[1])));
         }},
        {"TensorArray.gather",
         {{"self", {}}, {"indices", {}}, {"name", Value()}},
         "The elements at the indices as one tensor.",
         [](Context& c, const Arguments& a) {
             GraphState& state = c.default_graph();
             return wrap(state, array(a).gather(state, a[1], text_or_empty(a[2])));
         }},
        {"TensorArray.concat", name_only, "All elements joined along their first dimension.",
         [](Context& c, const Arguments& a) {
             GraphState& state = c.default_graph();
             return wrap(state, array(a).concat(state, text_or_empty(a[1])));
         }},
        {"TensorArray.unstack",
         {{"self", {}}, {"value", {}}, {"name", Value()}},
         "Writes the rows of a tensor as elements.",
         [](Context& c, const Arguments& a) {
             return Value(array(a).unstack(c.default_graph(), a[1], text_or_empty(a[2])));
         }},
        {"TensorArray.scatter",
         {{"self", {}}, {"indices", {}}, {"value", {}}, {"name", Value()}},
         "Writes the rows of a tensor at the indices.",
         [](Context& c, const Arguments& a) {
             return Value(array(a).scatter(c.default_graph(), a[1], a[2], text_or_empty(a[3])));
         }},
        {"TensorArray.split",
         {{"self", {}}, {"value", {}}, {"lengths", {}}, {"name", Value()}},
         "Splits a tensor along its first dimension into elements.",
         [](Context& c, const Arguments& a) {
             return Value(array(a).split(c.default_graph(), a[1], a[2], text_or_empty(a[3])));
         }},
        {"TensorArray.size", name_only, "The number of elements.",
         [](Context& c, const Arguments& a) {
             GraphState& state = c.default_graph();
             return wrap(state, array(a).size(state, text_or_empty(a[1])));
         }},
        {"TensorArray.identity",
         {{"self", {}}},
         "The same array with a flow of its own.",
         [](Context& c, const Arguments& a) { return Value(array(a).identity(c.default_graph())); }},
        {"TensorArray.close", name_only, "Releases the array.",
         [](Context& c, const Arguments& a) {
             GraphState& state = c.default_graph();
             return Value(OperationValue{&state, array(a).close(state, text_or_empty(a[1]))});
         }},
        {"TensorArray.grad",
         {{"self", {}}, {"source", {}}, {"flow", Value()}, {"name", Value()}},
         "The array of gradients that belongs to a source of gradients.",
         [](Context& c, const Arguments& a) {
             return Value(
                 array(a).grad(c.default_graph(), text_or_empty(a[1]), output_or_none(a[2]), text_or_empty(a[3])));
         }},
    };
}

} // namespace

std::vector<ApiDef> control_flow_api() {
    std::vector<ApiDef> api{
        {"while_loop",
         {{"cond", {}},
          {"body", {}},
          {"loop_vars", {}},
          {"shape_invariants", Value()},
          {"parallel_iterations", Value(10)},
          {"back_prop", Value(true)},
          {"swap_memory", Value(false)},
          {"name", Value()},
          {"maximum_iterations", Value()},
          {"return_same_structure", Value(false)}},
         "Repeats a body while a condition holds.",
         call_while_loop},
        {"cond",
         {{"pred", {}},
          {"true_fn", Value()},
          {"false_fn", Value()},
          {"strict", Value(false)},
          {"name", Value()},
          {"fn1", Value()},
          {"fn2", Value()}},
         "One of two branches, by a boolean that is known when the graph runs.",
         call_cond},
        {"Assert",
         {{"condition", {}}, {"data", {}}, {"summarize", Value()}, {"name", Value()}},
         "Stops the run with the data in its message when the condition is false.",
         call_assert},
        {"TensorArray",
         {{"dtype", {}},
          {"size", Value()},
          {"dynamic_size", Value()},
          {"clear_after_read", Value()},
          {"tensor_array_name", Value()},
          {"handle", Value()},
          {"flow", Value()},
          {"infer_shape", Value(true)},
          {"element_shape", Value()},
          {"colocate_with_first_write_call", Value(true)},
          {"name", Value()}},
         "An array of tensors that loops read and write one at a time.",
         call_tensor_array},
    };
    for (ApiDef& method : tensor_array_methods()) api.push_back(std::move(method));
    return api;
}

} // namespace rnnscope::tf1
