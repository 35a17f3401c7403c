#include "core/tf1/initializers.hpp"

#include "core/tf1/array_ops.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

namespace rnnscope::tf1 {

Value Initializer::call(Context& context, std::vector<Value> positional,
                        std::vector<std::pair<std::string, Value>> keywords) {
    Value shape, wanted;
    const auto set = [&](std::string_view key, Value value) {
        if (key == "shape")
            shape = std::move(value);
        else if (key == "dtype")
            wanted = std::move(value);
        else if (key != "partition_info")
            raise("TypeError", fmt::format("__call__() got an unexpected keyword argument '{}'", key));
    };
    constexpr std::string_view names[] = {"shape", "dtype", "partition_info"};
    if (positional.size() > std::size(names))
        raise("TypeError", fmt::format("__call__() takes from 2 to 4 positional arguments but {} were given",
                                       positional.size() + 1));
    for (std::size_t i = 0; i < positional.size(); ++i) set(names[i], std::move(positional[i]));
    for (auto& [key, value] : keywords) set(key, std::move(value));
    if (shape.is_none()) raise("TypeError", "__call__() missing 1 required positional argument: 'shape'");
    GraphState& state = context.default_graph();
    return tensor_value(state, make(state, to_shape(shape), wanted.is_none() ? dtype : to_dtype(wanted)));
}

Value Initializer::attribute(Context& context, std::string_view name) {
    if (name == "dtype") return dtype;
    return Object::attribute(context, name);
}

namespace {

Value dims_value(const Shape& shape) {
    const auto dims = shape.dims();
    return Value::list(std::vector<Value>(dims.begin(), dims.end()));
}

class Zeros : public Initializer {
  public:
    std::string type_name() const override { return "Zeros"; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        return zeros(state, dims_value(shape), type);
    }
};

class Ones : public Initializer {
  public:
    std::string type_name() const override { return "Ones"; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        return ones(state, dims_value(shape), type);
    }
};

class ConstantInitializer : public Initializer {
  public:
    Value value;
    bool verify_shape = false;
    std::string type_name() const override { return "Constant"; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        return state.constant(make_tensor(value, type, shape, verify_shape));
    }
};

/// Initializers that take numbers of a distribution and a seed.
class Distribution : public Initializer {
  public:
    Value first, second; ///< minval and maxval, or mean and stddev
    std::optional<std::int64_t> seed;
};

class RandomUniform : public Distribution {
  public:
    std::string type_name() const override { return "RandomUniform"; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        return random_uniform(state, dims_value(shape), first, second, type, seed);
    }
};

class RandomNormal : public Distribution {
  public:
    std::string type_name() const override { return "RandomNormal"; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        return random_normal(state, dims_value(shape), first, second, type, seed);
    }
};

class TruncatedNormal : public Distribution {
  public:
    std::string type_name() const override { return "TruncatedNormal"; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        return truncated_normal(state, dims_value(shape), first, second, type, seed);
    }
};

/// init_ops._compute_fans
std::pair<double, double> fans(const Shape& shape) {
    const auto dims = shape.dims();
    if (dims.empty()) return {1, 1};
    if (dims.size() == 1) return {static_cast<double>(dims[0]), static_cast<double>(dims[0])};
    double receptive_field = 1;
    for (std::size_t i = 0; i + 2 < dims.size(); ++i) receptive_field *= static_cast<double>(dims[i]);
    return {static_cast<double>(dims[dims.size() - 2]) * receptive_field,
            static_cast<double>(dims[dims.size() - 1]) * receptive_field};
}

class VarianceScaling : public Initializer {
  public:
    std::string class_name = "VarianceScaling", mode = "fan_in", distribution = "truncated_normal";
    double scale = 1;
    std::optional<std::int64_t> seed;
    std::string type_name() const override { return class_name; }
    std::vector<std::string> bases() const override { return {"VarianceScaling", "Initializer"}; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        const auto [fan_in, fan_out] = fans(shape);
        const double n = mode == "fan_in" ? fan_in : mode == "fan_out" ? fan_out : (fan_in + fan_out) / 2;
        const double variance = scale / std::max(1.0, n);
        const Value dims = dims_value(shape);
        if (distribution == "uniform") {
            const double limit = std::sqrt(3 * variance);
            return random_uniform(state, dims, -limit, limit, type, seed);
        }
        if (distribution == "untruncated_normal")
            return random_normal(state, dims, 0.0, std::sqrt(variance), type, seed);
        constexpr double spread_of_truncated = .87962566103423978; // of a standard normal cut at two
        return truncated_normal(state, dims, 0.0, std::sqrt(variance) / spread_of_truncated, type, seed);
    }
};

class UniformUnitScaling : public Initializer {
  public:
    double factor = 1;
    std::optional<std::int64_t> seed;
    std::string type_name() const override { return "UniformUnitScaling"; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        double input_size = 1;
        const auto dims = shape.dims();
        for (std::size_t i = 0; i + 1 < dims.size(); ++i) input_size *= static_cast<double>(dims[i]);
        const double limit = std::sqrt(3 / std::max(input_size, 1.0)) * factor;
        return random_uniform(state, dims_value(shape), -limit, limit, type, seed);
    }
};

class Orthogonal : public Initializer {
  public:
    double gain = 1;
    std::optional<std::int64_t> seed;
    std::string type_name() const override { return "Orthogonal"; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        if (shape.rank() < 2) raise("ValueError", "The tensor to initialize must be at least two-dimensional");
        const std::int64_t columns = shape.dim(shape.rank() - 1);
        std::int64_t rows = 1;
        for (std::size_t i = 0; i + 1 < shape.rank(); ++i) rows *= shape.dim(i);
        const Value flat = Value::tuple({Value(std::max(rows, columns)), Value(std::min(rows, columns))});
        const Output a = random_normal(state, flat, 0.0, 1.0, type, seed);
        const NodeId qr = call_op(state, "Qr", {wrap(state, a)}, {{"full_matrices", false}});
        const Value diagonal = op_value(state, "DiagPart", {wrap(state, Output{qr, 1})});
        Value q =
            wrap(state, binary_operator(state, "*", wrap(state, Output{qr, 0}), op_value(state, "Sign", {diagonal})));
        if (rows < columns) q = wrap(state, matrix_transpose(state, q));
        const Output shaped = reshape(state, q, dims_value(shape));
        return binary_operator(state, "*", gain, wrap(state, shaped));
    }
};

class Identity : public Initializer {
  public:
    double gain = 1;
    std::string type_name() const override { return "Identity"; }
    Output make(GraphState& state, const Shape& shape, DType type) const override {
        if (shape.rank() != 2) raise("ValueError", "Identity matrix initializer can only be used for 2D matrices.");
        Value eye;
        {
            const NameScope scope(state, "eye");
            const Value diagonal =
                wrap(state, ones(state, Value::list({Value(std::min(shape.dim(0), shape.dim(1)))}), type));
            eye = shape.dim(0) == shape.dim(1)
                      ? op_value(state, "MatrixDiag", {diagonal}, {}, "diag")
                      : op_value(state, "MatrixSetDiag", {wrap(state, zeros(state, dims_value(shape), type)), diagonal},
                                 {}, "set_diag");
        }
        return binary_operator(state, "*", gain, eye);
    }
};

template <class T> std::shared_ptr<T> made(DType dtype) {
    auto initializer = std::make_shared<T>();
    initializer->dtype = dtype;
    return initializer;
}

template <class T> Value distribution(Value first, Value second, std::optional<std::int64_t> seed, DType dtype) {
    auto initializer = made<T>(dtype);
    initializer->first = std::move(first);
    initializer->second = std::move(second);
    initializer->seed = seed;
    return Value(initializer);
}

/// init_ops._assert_float_dtype
void check_floating(DType dtype) {
    if (!is_floating(dtype))
        raise("ValueError", fmt::format("Expected floating point type, got {}.", str(Value(dtype))));
}

} // namespace

Value zeros_initializer(DType dtype) {
    return Value(made<Zeros>(dtype));
}

Value ones_initializer(DType dtype) {
    return Value(made<Ones>(dtype));
}

Value constant_initializer(Value value, DType dtype, bool verify_shape) {
    const bool fits = value.is<bool>() || value.is<std::int64_t>() || value.is<double>() || value.is<std::string>() ||
                      value.is<Tensor>() || items_of(value) != nullptr;
    if (!fits)
        raise("TypeError", fmt::format("Invalid type for initial value: <class '{}'> (expected Python scalar, list or "
                                       "tuple of values, or numpy.ndarray).",
                                       python_type_name(value)));
    auto initializer = made<ConstantInitializer>(dtype);
    initializer->value = std::move(value);
    initializer->verify_shape = verify_shape;
    return Value(initializer);
}

Value random_uniform_initializer(Value minimum, Value maximum, std::optional<std::int64_t> seed, DType dtype) {
    return distribution<RandomUniform>(std::move(minimum), std::move(maximum), seed, dtype);
}

Value random_normal_initializer(Value mean, Value stddev, std::optional<std::int64_t> seed, DType dtype) {
    check_floating(dtype);
    return distribution<RandomNormal>(std::move(mean), std::move(stddev), seed, dtype);
}

Value truncated_normal_initializer(Value mean, Value stddev, std::optional<std::int64_t> seed, DType dtype) {
    check_floating(dtype);
    return distribution<TruncatedNormal>(std::move(mean), std::move(stddev), seed, dtype);
}

Value variance_scaling_initializer(double scale, const std::string& mode, const std::string& kind,
                                   std::optional<std::int64_t> seed, DType dtype, const std::string& class_name) {
    if (scale <= 0) raise("ValueError", "`scale` must be positive float.");
    if (mode != "fan_in" && mode != "fan_out" && mode != "fan_avg")
        raise("ValueError", fmt::format("('Invalid `mode` argument:', {})", repr(Value(mode))));
    if (kind != "normal" && kind != "uniform" && kind != "truncated_normal" && kind != "untruncated_normal")
        raise("ValueError", fmt::format("('Invalid `distribution` argument:', {})", repr(Value(kind))));
    check_floating(dtype);
    auto initializer = made<VarianceScaling>(dtype);
    initializer->class_name = class_name;
    initializer->scale = scale;
    initializer->mode = mode;
    initializer->distribution = kind;
    initializer->seed = seed;
    return Value(initializer);
}

Value glorot_uniform_initializer(std::optional<std::int64_t> seed, DType dtype) {
    return variance_scaling_initializer(1.0, "fan_avg", "uniform", seed, dtype, "GlorotUniform");
}

Value uniform_unit_scaling_initializer(double factor, std::optional<std::int64_t> seed, DType dtype) {
    check_floating(dtype);
    auto initializer = made<UniformUnitScaling>(dtype);
    initializer->factor = factor;
    initializer->seed = seed;
    return Value(initializer);
}

Value orthogonal_initializer(double gain, std::optional<std::int64_t> seed, DType dtype) {
    check_floating(dtype);
    auto initializer = made<Orthogonal>(dtype);
    initializer->gain = gain;
    initializer->seed = seed;
    return Value(initializer);
}

Value identity_initializer(double gain, DType dtype) {
    check_floating(dtype);
    auto initializer = made<Identity>(dtype);
    initializer->gain = gain;
    return Value(initializer);
}

} // namespace rnnscope::tf1
