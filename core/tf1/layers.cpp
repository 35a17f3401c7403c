#include "core/tf1/api_families.hpp"
#include "core/tf1/control_flow.hpp"
#include "core/tf1/initializers.hpp"
#include "core/tf1/layer.hpp"
#include "core/tf1/op_helpers.hpp"
#include "core/tf1/regularizers.hpp"
#include "core/tf1/variables.hpp"

#include <algorithm>

#include <fmt/format.h>

/// tf.layers.dense and tf.layers.Dense (python/layers/core.py over python/keras/layers/core.py, 1.15), and
/// tf.tensordot, which they multiply with.
namespace rnnscope::tf1 {

namespace {

// --- math_ops.tensordot ---------------------------------------------------------------------------------------

/// One side of the product as a matrix; `free` are the dimensions that stay, as numbers or as a tensor.
struct Unfolded {
    Value matrix, free;
    std::vector<std::int64_t> free_static;
    bool is_static = false;
};

std::vector<std::int64_t> dims_at(const Shape& shape, const std::vector<std::int64_t>& axes) {
    std::vector<std::int64_t> dims;
    for (const std::int64_t axis : axes) dims.push_back(shape.dim(static_cast<std::size_t>(axis)));
    return dims;
}

std::int64_t product_of(const std::vector<std::int64_t>& dims) {
    std::int64_t product = 1;
    for (const std::int64_t dim : dims) product *= dim;
    return product;
}

Value list_of(const std::vector<std::int64_t>& numbers) {
    return Value::list({numbers.begin(), numbers.end()});
}

std::int64_t known_rank(const Shape& shape) {
    if (!shape.has_rank()) raise("NotImplementedError", "tensordot of a tensor of unknown rank is not supported");
    return static_cast<std::int64_t>(shape.rank());
}

/// `axes` of the tensor come last, or first when it is `flipped`.
Unfolded unfolded(GraphState& state, const Value& tensor, std::vector<std::int64_t> axes, bool flipped) {
    const Shape shape = state.graph.info(tensor.as<TensorValue>()->output).shape;
    const std::int64_t rank = known_rank(shape);
    std::vector<std::int64_t> free;
    for (std::int64_t& axis : axes) {
        if (axis < 0) axis += rank;
        if (axis < 0 || axis >= rank) raise("IndexError", "list index out of range");
    }
    for (std::int64_t i = 0; i < rank; ++i)
        if (std::find(axes.begin(), axes.end(), i) == axes.end()) free.push_back(i);
    Unfolded result;
    result.free_static = dims_at(shape, free);
    result.is_static = shape.fully_defined();
    const std::vector<std::int64_t>&first = flipped ? axes : free, &second = flipped ? free : axes;
    Value order, dims;
    if (result.is_static) {
        std::vector<std::int64_t> all = first;
        all.insert(all.end(), second.begin(), second.end());
        order = list_of(all);
        dims = list_of({product_of(dims_at(shape, first)), product_of(dims_at(shape, second))});
        result.free = list_of(result.free_static);
    } else {
        const Value axes_tensor = wrap(state, to_tensor(state, list_of(axes), DType::int32, "axes"));
        const Value free_tensor = wrap(state, to_tensor(state, list_of(free), DType::int32, "free"));
        const Value all = wrap(state, shape_of(state, tensor));
        const auto gathered = [&](const Value& at) { return op_value(state, "GatherV2", {all, at, Value(0)}); };
        result.free = gathered(free_tensor);
        const Value axes_dims = gathered(axes_tensor);
        const Value free_size = wrap(state, reduce(state, "Prod", result.free));
        const Value axes_size = wrap(state, reduce(state, "Prod", axes_dims));
        const auto pair = [&](const Value& of_free, const Value& of_axes) {
            return flipped ? Value::list({of_axes, of_free}) : Value::list({of_free, of_axes});
        };
        order = wrap(state, concat(state, pair(free_tensor, axes_tensor), Value(0)));
        dims = wrap(state, stack(state, pair(free_size, axes_size)));
    }
    const Value turned = wrap(state, transpose(state, tensor, order));
    result.matrix = wrap(state, reshape(state, turned, dims));
    return result;
}

Output tensordot(GraphState& state, const Value& a, const Value& b, const std::vector<std::int64_t>& a_axes,
                 const std::vector<std::int64_t>& b_axes, const std::string& scope) {
    Unfolded x = unfolded(state, a, a_axes, false), y = unfolded(state, b, b_axes, true);
    const Value product = wrap(state, matmul(state, x.matrix, y.matrix));
    std::vector<std::int64_t> known = x.free_static;
    known.insert(known.end(), y.free_static.begin(), y.free_static.end());
    if (x.is_static && y.is_static) return reshape(state, product, list_of(known), scope);
    x.free = wrap(state, to_tensor(state, x.free, DType::int32));
    y.free = wrap(state, to_tensor(state, y.free, DType::int32));
    const Value dims = wrap(state, concat(state, Value::list({x.free, y.free}), Value(0)));
    const Output result = reshape(state, product, dims, scope);
    set_shape(state, result, Shape(std::move(known)));
    return result;
}

std::vector<std::int64_t> axis_list(const Value& value) {
    if (const auto* axis = value.as<std::int64_t>()) return {*axis};
    const std::vector<Value>* items = items_of(value);
    if (items == nullptr) raise("NotImplementedError", "tensordot with axes that are tensors is not supported");
    std::vector<std::int64_t> axes;
    for (const Value& item : *items) axes.push_back(optional_int(item).value_or(0));
    return axes;
}

Value tensordot_function(Context& context, const Arguments& arguments) {
    GraphState& state = context.default_graph();
    const NameScope scope(state, text_or(arguments[3], "Tensordot"));
    const Value a = wrap(state, to_tensor(state, arguments[0], DType::invalid, "a"));
    const Value b = wrap(state, to_tensor(state, arguments[1], DType::invalid, "b"));
    std::vector<std::int64_t> a_axes, b_axes;
    if (const auto* count = arguments[2].as<std::int64_t>()) {
        if (*count < 0) raise("ValueError", "'axes' must be at least 0.");
        const std::int64_t rank = known_rank(state.graph.info(a.as<TensorValue>()->output).shape);
        if (*count > rank)
            raise("ValueError",
                  fmt::format("'axes' must not be larger than the number of dimensions of tensor {}.", str(a)));
        for (std::int64_t i = 0; i < *count; ++i) {
            a_axes.push_back(rank - *count + i);
            b_axes.push_back(i);
        }
    } else {
        const std::vector<Value>* pair = items_of(arguments[2]);
        if (pair == nullptr) raise("NotImplementedError", "tensordot with axes that are tensors is not supported");
        if (pair->size() != 2) raise("ValueError", "'axes' must be an integer or have length 2.");
        a_axes = axis_list((*pair)[0]);
        b_axes = axis_list((*pair)[1]);
        if (a_axes.size() != b_axes.size())
            raise("ValueError", fmt::format("Different number of contraction axes 'a' and 'b', {} != {}.",
                                            a_axes.size(), b_axes.size()));
    }
    return wrap(state, tensordot(state, a, b, a_axes, b_axes, scope.scope()));
}

// --- tf.layers.Dense ------------------------------------------------------------------------------------------

struct DenseOptions {
    std::int64_t units = 0;
    Value activation;
    bool use_bias = true;
    Value kernel_initializer, bias_initializer;
    Value kernel_regularizer, bias_regularizer; ///< functions of a variable that give a loss, or None
    Layer::Options layer;
};

class Dense : public Layer {
  public:
    Dense(GraphState& state, DenseOptions options) : options_(std::move(options)) {
        init_layer(state, "Dense", options_.layer);
    }
    std::string type_name() const override { return "Dense"; }
    std::string repr() const override { return "<tensorflow.python.layers.core.Dense object>"; }
    Value call(Context& context, std::vector<Value> positional,
               std::vector<std::pair<std::string, Value>> keywords) override {
        if (positional.size() != 1 || !keywords.empty())
            raise("TypeError", "__call__() takes the inputs of the layer and nothing else here");
        return apply(context.default_graph(), positional[0], {});
    }
    Value attribute(Context& context, std::string_view name) override {
        if (name == "units") return options_.units;
        if (name == "use_bias") return options_.use_bias;
        if (name == "activation") return options_.activation;
        if (name == "kernel" && built()) return kernel_;
        if (name == "bias" && built()) return options_.use_bias ? Value(bias_) : Value();
        return Layer::attribute(context, name);
    }
    std::vector<std::string> attribute_names() const override {
        std::vector<std::string> names = Layer::attribute_names();
        names.insert(names.end(), {"units", "use_bias", "activation", "kernel", "bias"});
        return names;
    }

  protected:
    void build(GraphState& state, const Value& input_shape) override;
    Value run(GraphState& state, const Value& inputs, const std::vector<Value>& arguments) override;

  private:
    std::string incompatible(const std::string& expected) const {
        return fmt::format("Input 0 of layer {} is incompatible with the layer: {}", layer_name(), expected);
    }
    void check(const Shape& shape) const;
    VariableValue add_regularized(GraphState& state, const std::string& name, Shape shape, const Value& initializer,
                                  const Value& regularizer);
    Output product(GraphState& state, const Value& inputs, const Shape& shape) const;

    DenseOptions options_;
    std::int64_t depth_ = Shape::unknown; ///< of the inputs; known once it is built
    VariableValue kernel_, bias_;
};

/// input_spec.assert_input_compatibility with InputSpec(min_ndim=2, axes={-1: depth}).
void Dense::check(const Shape& shape) const {
    if (!shape.has_rank())
        raise("ValueError", incompatible("its rank is undefined, but the layer requires a defined rank."));
    if (shape.rank() < 2)
        raise("ValueError", incompatible(fmt::format(": expected min_ndim=2, found ndim={}. Full shape received: {}",
                                                     shape.rank(), as_python_list(shape))));
    const std::int64_t last = shape.dim(shape.rank() - 1);
    if (depth_ != Shape::unknown && last != Shape::unknown && last != depth_)
        raise("ValueError", incompatible(fmt::format("expected axis -1 of input shape to have value {} but received "
                                                     "input with shape {}",
                                                     depth_, as_python_list(shape))));
}

void Dense::build(GraphState& state, const Value& input_shape) {
    if (dtype() != DType::invalid && !is_floating(dtype()))
        raise("TypeError",
              fmt::format("Unable to build `Dense` layer with non-floating point dtype {}", str(Value(dtype()))));
    const Shape shape = to_shape(input_shape);
    check(shape);
    depth_ = shape.dim(shape.rank() - 1);
    if (depth_ == Shape::unknown)
        raise("ValueError", "The last dimension of the inputs to `Dense` should be defined. Found `None`.");
    kernel_ = add_regularized(state, "kernel", {depth_, options_.units}, options_.kernel_initializer,
                              options_.kernel_regularizer);
    if (options_.use_bias)
        bias_ = add_regularized(state, "bias", {options_.units}, options_.bias_initializer, options_.bias_regularizer);
}

/// Layer._handle_weight_regularization: the loss of a variable that is new goes under the layer's ops, and into a
/// collection.
VariableValue Dense::add_regularized(GraphState& state, const std::string& name, Shape shape, const Value& initializer,
                                     const Value& regularizer) {
    const std::size_t variables_before = state.graph.variables().size();
    const VariableValue variable = add_variable(state, name, std::move(shape), initializer);
    if (!regularizer.truthy() || state.graph.variables().size() == variables_before) return variable;
    const NameScope scope(state, name + "/Regularizer");
    const Value loss = call_function(state.context, regularizer, {Value(variable)});
    if (const TensorValue* tensor = loss.as<TensorValue>())
        state.graph.add_to_collection("regularization_losses", tensor->output);
    return variable;
}

Output Dense::product(GraphState& state, const Value& inputs, const Shape& shape) const {
    if (shape.rank() == 2) {
        const Value converted = wrap(state, cast(state, inputs, dtype()));
        return op_output(state, "MatMul", {converted, Value(kernel_)});
    }
    const NameScope scope(state, "Tensordot");
    const Value kernel = wrap(state, to_tensor(state, kernel_, DType::invalid, "b"));
    const auto last = static_cast<std::int64_t>(shape.rank()) - 1;
    const Output result = tensordot(state, inputs, kernel, {last}, {0}, scope.scope());
    std::vector<std::int64_t> dims(shape.dims().begin(), shape.dims().end());
    dims.back() = options_.units;
    set_shape(state, result, Shape(std::move(dims)));
    return result;
}

Value Dense::run(GraphState& state, const Value& inputs_value, const std::vector<Value>&) {
    const Value inputs = inputs_value.is<TensorValue>() ? inputs_value : wrap(state, to_tensor(state, inputs_value));
    const Shape shape = state.graph.info(inputs.as<TensorValue>()->output).shape;
    check(shape);
    Value outputs = wrap(state, product(state, inputs, shape));
    if (options_.use_bias) outputs = wrap(state, bias_add(state, outputs, Value(bias_)));
    if (options_.activation.is_none()) return outputs;
    return call_function(state.context, options_.activation, {outputs});
}

/// Arguments from `activation` (position 1) on are those of tf.layers.Dense and of tf.layers.dense.
DenseOptions dense_options(const Arguments& a, std::size_t first) {
    constexpr const char* missing[] = {"activity_regularizer", "kernel_constraint", "bias_constraint"};
    for (std::size_t i = 0; i < std::size(missing); ++i)
        if (!a[first + 7 + i].is_none())
            raise("NotImplementedError", fmt::format("dense: {} is not supported", missing[i]));
    DenseOptions options;
    options.units = required_int(a[first]);
    options.activation = activation_function(a[first + 1]);
    options.use_bias = a[first + 2].truthy();
    options.kernel_initializer = a[first + 3];
    // The default is one object of zeros_initializer(); None means the scope's.
    options.bias_initializer = a.given(first + 4) ? a[first + 4] : zeros_initializer();
    options.kernel_regularizer = regularizer_object(a[first + 5]);
    options.bias_regularizer = regularizer_object(a[first + 6]);
    options.layer.trainable = a[first + 10].truthy();
    options.layer.name = a[first + 11];
    return options;
}

Value dense(Context& context, const Arguments& a) {
    GraphState& state = context.default_graph();
    DenseOptions options = dense_options(a, 1);
    const std::optional<Reuse> reuse = to_reuse(a[13]);
    if (!reuse) raise("ValueError", "The reuse parameter must be True or False or None.");
    options.layer.reuse = *reuse;
    options.layer.scope = a[12];
    return std::make_shared<Dense>(state, std::move(options))->apply(state, a[0], {});
}

} // namespace

std::vector<ApiDef> layers_api() {
    const std::string common = "units, activation=None, use_bias=True, kernel_initializer=None, bias_initializer=None, "
                               "kernel_regularizer=None, bias_regularizer=None, activity_regularizer=None, "
                               "kernel_constraint=None, bias_constraint=None, trainable=True, name=None";
    return {
        {"tensordot", params("a, b, axes, name=None"), "Sums products over axes of two tensors.", tensordot_function},
        {"layers.dense", params("inputs, " + common + ", reuse=None"),
         "A fully connected layer: inputs @ kernel + bias.", dense},
        {"layers.Dense", params(common), "A fully connected layer, to be called with inputs.",
         [](Context& context, const Arguments& a) -> Value {
             return std::make_shared<Dense>(context.default_graph(), dense_options(a, 0));
         }},
        {"Dense.apply", params("self, inputs"), "The layer's outputs for inputs.",
         [](Context& context, const Arguments& a) {
             const auto self = a[0].object<Dense>();
             if (!self) raise("TypeError", "descriptor 'apply' requires a 'Dense' object");
             return self->apply(context.default_graph(), a[1], {});
         }},
    };
}

} // namespace rnnscope::tf1
