#include "core/program/generate.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

namespace rnnscope::program {
namespace {

const std::vector<GeneratorInfo>& generators() {
    static const std::vector<GeneratorInfo> list{{"zeros", {}},
                                                 {"ones", {}},
                                                 {"constant", {"value"}},
                                                 {"arange", {"start", "step"}},
                                                 {"sin", {"start", "step"}},
                                                 {"uniform", {"seed", "low", "high"}},
                                                 {"normal", {"seed", "mean", "stddev"}}};
    return list;
}

/// numpy.random.RandomState: MT19937 seeded with one integer, doubles of 53 bits, the polar method for normals.
class RandomState {
  public:
    explicit RandomState(std::uint32_t seed) : engine_(seed) {}

    double uniform() {
        const auto high = static_cast<double>(engine_() >> 5U);
        const auto low = static_cast<double>(engine_() >> 6U);
        return (high * 67108864.0 + low) / 9007199254740992.0;
    }
    double normal() {
        if (has_spare_) {
            has_spare_ = false;
            return spare_;
        }
        double x = 0, y = 0, square = 0;
        do {
            x = 2.0 * uniform() - 1.0;
            y = 2.0 * uniform() - 1.0;
            square = x * x + y * y;
        } while (square >= 1.0 || square == 0.0);
        const double factor = std::sqrt(-2.0 * std::log(square) / square);
        spare_ = factor * x;
        has_spare_ = true;
        return factor * y;
    }

  private:
    std::mt19937 engine_;
    bool has_spare_ = false;
    double spare_ = 0;
};

template <class T> T narrowed(double value) {
    if constexpr (std::is_floating_point_v<T>)
        return static_cast<T>(value);
    else {
        // Out of range is undefined in C++; numpy gives some number, we give the nearest.
        if (std::isnan(value)) return T{};
        const double low = static_cast<double>(std::numeric_limits<T>::min());
        const double high = static_cast<double>(std::numeric_limits<T>::max());
        if (value <= low) return std::numeric_limits<T>::min();
        if (value >= high) return std::numeric_limits<T>::max();
        return static_cast<T>(value);
    }
}

template <class T> Tensor converted_to(const Tensor& value) {
    T* data = nullptr;
    Tensor result = Tensor::make<T>(value.shape(), data);
    const bool whole = is_integer(value.dtype()) || value.dtype() == DType::boolean;
    for (std::int64_t i = 0; i < value.elements(); ++i)
        data[i] =
            whole && !std::is_floating_point_v<T> ? static_cast<T>(value.integer(i)) : narrowed<T>(value.number(i));
    return result;
}

} // namespace

const GeneratorInfo* find_generator(std::string_view name) {
    const auto& list = generators();
    const auto at = std::find_if(list.begin(), list.end(), [&](const GeneratorInfo& g) { return g.name == name; });
    return at == list.end() ? nullptr : &*at;
}

std::vector<std::string> generator_names() {
    std::vector<std::string> names;
    for (const GeneratorInfo& generator : generators()) names.push_back(generator.name);
    return names;
}

double generator_parameter(const GenerateExpr& data, std::string_view name) {
    if (const auto at = data.parameters.find(std::string(name)); at != data.parameters.end()) return at->second;
    if (name == "step") return data.kind == "sin" ? 0.1 : 1.0;
    return name == "high" || name == "stddev" ? 1.0 : 0.0;
}

Tensor generate(const GenerateExpr& data) {
    double* values = nullptr;
    Tensor result = Tensor::make<double>(Shape(data.shape), values);
    const auto parameter = [&](std::string_view name) { return generator_parameter(data, name); };
    const auto fill = [&](auto&& formula) {
        for (std::int64_t k = 0; k < result.elements(); ++k) values[k] = formula(static_cast<double>(k));
    };
    if (data.kind == "zeros")
        fill([](double) { return 0.0; });
    else if (data.kind == "ones")
        fill([](double) { return 1.0; });
    else if (data.kind == "constant")
        fill([value = parameter("value")](double) { return value; });
    else if (data.kind == "arange" || data.kind == "sin") {
        const double start = parameter("start"), step = parameter("step");
        if (data.kind == "arange")
            fill([&](double k) { return start + step * k; });
        else
            fill([&](double k) { return std::sin(start + step * k); });
    } else {
        RandomState random(static_cast<std::uint32_t>(parameter("seed")));
        if (data.kind == "uniform") {
            const double low = parameter("low"), range = parameter("high") - low;
            fill([&](double) { return low + range * random.uniform(); });
        } else {
            const double mean = parameter("mean"), stddev = parameter("stddev");
            fill([&](double) { return mean + stddev * random.normal(); });
        }
    }
    return data.dtype == DType::invalid || data.dtype == DType::float64 ? result : converted(result, data.dtype);
}

Tensor converted(const Tensor& value, DType dtype) {
    if (value.dtype() == dtype || value.dtype() == DType::string) return value;
    switch (dtype) {
    case DType::float32:
        return converted_to<float>(value);
    case DType::float64:
        return converted_to<double>(value);
    case DType::int8:
        return converted_to<std::int8_t>(value);
    case DType::int16:
        return converted_to<std::int16_t>(value);
    case DType::int32:
        return converted_to<std::int32_t>(value);
    case DType::int64:
        return converted_to<std::int64_t>(value);
    case DType::uint8:
        return converted_to<std::uint8_t>(value);
    case DType::uint16:
        return converted_to<std::uint16_t>(value);
    case DType::uint32:
        return converted_to<std::uint32_t>(value);
    case DType::uint64:
        return converted_to<std::uint64_t>(value);
    case DType::boolean: {
        std::vector<bool> values;
        for (std::int64_t i = 0; i < value.elements(); ++i) values.push_back(value.number(i) != 0);
        return Tensor::of_bools(value.shape(), values);
    }
    default:
        return value;
    }
}

} // namespace rnnscope::program
