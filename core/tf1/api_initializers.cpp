#include "core/tf1/api_families.hpp"
#include "core/tf1/initializers.hpp"

namespace rnnscope::tf1 {

namespace {

Value variance_scaling(const Value& seed, const Value& dtype, double scale, const char* mode, const char* distribution,
                       const char* class_name) {
    return variance_scaling_initializer(scale, mode, distribution, optional_int(seed), to_dtype(dtype), class_name);
}

Value zeros_of(Context&, const Arguments& a) {
    return zeros_initializer(to_dtype(a[0]));
}
Value ones_of(Context&, const Arguments& a) {
    return ones_initializer(to_dtype(a[0]));
}
Value constant_of(Context&, const Arguments& a) {
    return constant_initializer(a[0], to_dtype(a[1]), a[2].truthy());
}
Value random_uniform_of(Context&, const Arguments& a) {
    return random_uniform_initializer(a[0], a[1], optional_int(a[2]), to_dtype(a[3]));
}
Value random_normal_of(Context&, const Arguments& a) {
    return random_normal_initializer(a[0], a[1], optional_int(a[2]), to_dtype(a[3]));
}
Value truncated_normal_of(Context&, const Arguments& a) {
    return truncated_normal_initializer(a[0], a[1], optional_int(a[2]), to_dtype(a[3]));
}
Value variance_scaling_of(Context&, const Arguments& a) {
    return variance_scaling_initializer(number_of(a[0]), text_or(a[1], ""), text_or(a[2], ""), optional_int(a[3]),
                                        to_dtype(a[4]));
}
Value uniform_unit_scaling_of(Context&, const Arguments& a) {
    return uniform_unit_scaling_initializer(number_of(a[0]), optional_int(a[1]), to_dtype(a[2]));
}
Value orthogonal_of(Context&, const Arguments& a) {
    return orthogonal_initializer(number_of(a[0]), optional_int(a[1]), to_dtype(a[2]));
}
Value identity_of(Context&, const Arguments& a) {
    return identity_initializer(number_of(a[0]), to_dtype(a[1]));
}
Value glorot_uniform_of(Context&, const Arguments& a) {
    return glorot_uniform_initializer(optional_int(a[0]), to_dtype(a[1]));
}
Value glorot_normal_of(Context&, const Arguments& a) {
    return variance_scaling(a[0], a[1], 1, "fan_avg", "truncated_normal", "GlorotNormal");
}
Value he_uniform_of(Context&, const Arguments& a) {
    return variance_scaling(a[0], a[1], 2, "fan_in", "uniform", "VarianceScaling");
}
Value he_normal_of(Context&, const Arguments& a) {
    return variance_scaling(a[0], a[1], 2, "fan_in", "truncated_normal", "VarianceScaling");
}
Value lecun_uniform_of(Context&, const Arguments& a) {
    return variance_scaling(a[0], a[1], 1, "fan_in", "uniform", "VarianceScaling");
}
Value lecun_normal_of(Context&, const Arguments& a) {
    return variance_scaling(a[0], a[1], 1, "fan_in", "truncated_normal", "VarianceScaling");
}

/// One initializer and the names that 1.15 has for it.
struct Names {
    std::vector<std::string> names;
    std::string_view parameters;
    std::string doc;
    Value (*call)(Context&, const Arguments&);
};

} // namespace

std::vector<ApiDef> initializer_api() {
    const std::vector<Names> table{
        {{"zeros_initializer", "initializers.zeros"}, "dtype=float32", "All zeros.", zeros_of},
        {{"ones_initializer", "initializers.ones"}, "dtype=float32", "All ones.", ones_of},
        {{"constant_initializer", "initializers.constant"},
         "value=0, dtype=float32, verify_shape=False",
         "A constant.",
         constant_of},
        {{"random_uniform_initializer", "initializers.random_uniform"},
         "minval=0, maxval=None, seed=None, dtype=float32",
         "Uniform random numbers.",
         random_uniform_of},
        {{"random_normal_initializer", "initializers.random_normal"},
         "mean=0.0, stddev=1.0, seed=None, dtype=float32",
         "Normal random numbers.",
         random_normal_of},
        {{"truncated_normal_initializer", "initializers.truncated_normal"},
         "mean=0.0, stddev=1.0, seed=None, dtype=float32",
         "Normal random numbers within two standard deviations.",
         truncated_normal_of},
        {{"variance_scaling_initializer", "initializers.variance_scaling", "keras.initializers.VarianceScaling"},
         "scale=1.0, mode='fan_in', distribution='truncated_normal', seed=None, dtype=float32",
         "Random numbers whose spread follows the shape.",
         variance_scaling_of},
        {{"uniform_unit_scaling_initializer", "initializers.uniform_unit_scaling"},
         "factor=1.0, seed=None, dtype=float32",
         "Uniform random numbers that keep the scale of the input.",
         uniform_unit_scaling_of},
        {{"orthogonal_initializer", "initializers.orthogonal", "keras.initializers.Orthogonal",
          "keras.initializers.orthogonal"},
         "gain=1.0, seed=None, dtype=float32",
         "A random orthogonal matrix.",
         orthogonal_of},
        {{"initializers.identity", "keras.initializers.Identity", "keras.initializers.identity"},
         "gain=1.0, dtype=float32",
         "The identity matrix.",
         identity_of},
        {{"glorot_uniform_initializer", "initializers.glorot_uniform", "keras.initializers.glorot_uniform"},
         "seed=None, dtype=float32",
         "Uniform random numbers after Glorot: the default.",
         glorot_uniform_of},
        {{"glorot_normal_initializer", "initializers.glorot_normal", "keras.initializers.glorot_normal"},
         "seed=None, dtype=float32",
         "Normal random numbers after Glorot.",
         glorot_normal_of},
        {{"initializers.he_uniform", "keras.initializers.he_uniform"},
         "seed=None, dtype=float32",
         "Uniform random numbers after He.",
         he_uniform_of},
        {{"initializers.he_normal", "keras.initializers.he_normal"},
         "seed=None, dtype=float32",
         "Normal random numbers after He.",
         he_normal_of},
        {{"initializers.lecun_uniform", "keras.initializers.lecun_uniform"},
         "seed=None, dtype=float32",
         "Uniform random numbers after LeCun.",
         lecun_uniform_of},
        {{"initializers.lecun_normal", "keras.initializers.lecun_normal"},
         "seed=None, dtype=float32",
         "Normal random numbers after LeCun.",
         lecun_normal_of},
        // Keras's own classes of these have other defaults than TensorFlow's.
        {{"keras.initializers.Zeros", "keras.initializers.zeros"}, "dtype=float32", "All zeros.", zeros_of},
        {{"keras.initializers.Ones", "keras.initializers.ones"}, "dtype=float32", "All ones.", ones_of},
        {{"keras.initializers.Constant", "keras.initializers.constant"},
         "value=0, dtype=float32, verify_shape=False",
         "A constant.",
         constant_of},
        {{"keras.initializers.RandomUniform", "keras.initializers.random_uniform", "keras.initializers.uniform"},
         "minval=-0.05, maxval=0.05, seed=None, dtype=float32",
         "Uniform random numbers.",
         random_uniform_of},
        {{"keras.initializers.RandomNormal", "keras.initializers.random_normal", "keras.initializers.normal"},
         "mean=0.0, stddev=0.05, seed=None, dtype=float32",
         "Normal random numbers.",
         random_normal_of},
        {{"keras.initializers.TruncatedNormal", "keras.initializers.truncated_normal"},
         "mean=0.0, stddev=0.05, seed=None, dtype=float32",
         "Normal random numbers within two standard deviations.",
         truncated_normal_of},
    };
    std::vector<ApiDef> api;
    for (const Names& row : table)
        for (const std::string& name : row.names) api.push_back({name, params(row.parameters), row.doc, row.call});
    return api;
}

} // namespace rnnscope::tf1
