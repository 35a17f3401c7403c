#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/philox.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numbers>
#include <numeric>

namespace rnnscope::ops {
namespace {

Status random_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 1));
    ctx.set_output(0, ctx.input_as_shape(0));
    return {};
}

Status random_uniform_int_shape(ShapeContext& ctx) {
    for (std::size_t i = 1; i <= 2; ++i) RNNSCOPE_TRY(with_rank(ctx.input(i), 0));
    return random_shape(ctx);
}

Status multinomial_shape(ShapeContext& ctx) {
    const auto logits = with_rank(ctx.input(0), 2);
    if (!logits) return logits.error();
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    const auto samples = ctx.constant_input(1);
    if (samples && samples->elements() != 1)
        return invalid_argument(fmt::format("Input must be scalar but has rank {}", samples->shape().rank()));
    if (samples && samples->integer(0) < 0)
        return invalid_argument(fmt::format("Dimension size, given by scalar input 1, must be non-negative but is {}",
                                            samples->integer(0)));
    ctx.set_output(0, {logits->dim(0), samples ? samples->integer(0) : Shape::unknown});
    return {};
}

Status shuffle_shape(ShapeContext& ctx) {
    return unchanged_shape(ctx);
}

/// The node's generator, which goes on from run to run.
Philox& generator(KernelContext& ctx) {
    return ctx.state().get<Philox>([&]() -> Philox {
        auto seed = static_cast<std::uint64_t>(ctx.attr<std::int64_t>("seed"));
        auto seed2 = static_cast<std::uint64_t>(ctx.attr<std::int64_t>("seed2"));
        if (seed == 0 && seed2 == 0) { // as TensorFlow takes from its entropy source, but the same in every session
            seed = ctx.nondeterministic_seed();
            seed2 = ctx.nondeterministic_seed() ^ (ctx.node().id.index() + 1) * 0x9E3779B97F4A7C15U;
        }
        return Philox(seed, seed2);
    });
}

/// Takes the generator for an op that makes `outputs` numbers: TensorFlow reserves 256 blocks for each.
Philox reserve(KernelContext& ctx, std::int64_t outputs) {
    Philox& state = generator(ctx);
    const Philox mine = state;
    state.skip(static_cast<std::uint64_t>(outputs) * 256);
    return mine;
}

Result<Shape> requested_shape(KernelContext& ctx, DType dtype) {
    const Tensor& dims = ctx.input(0);
    if (dims.shape().rank() != 1)
        return invalid_argument(
            fmt::format("shape must be a vector of {{int32,int64}}, got shape {}", to_text(dims.shape())));
    Shape shape(integers_of(dims));
    RNNSCOPE_TRY(check_allocation(dtype, shape));
    return shape;
}

float uniform_float(std::uint32_t x) {
    return std::bit_cast<float>(0x3F800000U | (x & 0x7FFFFFU)) - 1.0F;
}
double uniform_double(std::uint32_t x0, std::uint32_t x1) {
    const std::uint64_t mantissa = (std::uint64_t{x0 & 0xFFFFFU} << 32) | x1;
    return std::bit_cast<double>((std::uint64_t{1023} << 52) | mantissa) - 1.0;
}

/// Two normal numbers from two uniform ones. The roundings to float between the steps are TensorFlow's.
std::array<float, 2> box_muller(std::uint32_t x0, std::uint32_t x1) {
    const float u1 = std::max(uniform_float(x0), 1.0e-7F);
    const auto v1 = static_cast<float>(2.0 * std::numbers::pi * static_cast<double>(uniform_float(x1)));
    const float u2 = std::sqrt(-2.0F * static_cast<float>(std::log(static_cast<double>(u1))));
    return {static_cast<float>(std::sin(static_cast<double>(v1))) * u2,
            static_cast<float>(std::cos(static_cast<double>(v1))) * u2};
}
std::array<double, 2> box_muller(std::uint32_t x0, std::uint32_t x1, std::uint32_t x2, std::uint32_t x3) {
    const double u1 = std::max(uniform_double(x0, x1), 1.0e-7);
    const double v1 = 2 * std::numbers::pi * uniform_double(x2, x3);
    const double u2 = std::sqrt(-2.0 * std::log(u1));
    return {std::sin(v1) * u2, std::cos(v1) * u2};
}

struct Uniform {
    static std::array<float, 4> group(Philox& random, float) {
        const auto x = random.next();
        return {uniform_float(x[0]), uniform_float(x[1]), uniform_float(x[2]), uniform_float(x[3])};
    }
    static std::array<double, 2> group(Philox& random, double) {
        const auto x = random.next();
        return {uniform_double(x[0], x[1]), uniform_double(x[2], x[3])};
    }
    static constexpr bool own_streams = false;
};
struct Normal {
    static std::array<float, 4> group(Philox& random, float) {
        const auto x = random.next();
        const auto a = box_muller(x[0], x[1]), b = box_muller(x[2], x[3]);
        return {a[0], a[1], b[0], b[1]};
    }
    static std::array<double, 2> group(Philox& random, double) {
        const auto x = random.next();
        return box_muller(x[0], x[1], x[2], x[3]);
    }
    static constexpr bool own_streams = false;
};
/// Draws until it has its numbers, so each group has a stream of its own.
struct Truncated {
    static constexpr double limit = 2;
    static std::array<float, 4> group(Philox& random, float) {
        std::array<float, 4> result{};
        for (std::size_t have = 0; have < result.size();) {
            const auto x = random.next();
            for (std::size_t pair = 0; pair < 4; pair += 2)
                for (const float z : box_muller(x[pair], x[pair + 1]))
                    if (std::abs(z) < static_cast<float>(limit) && have < result.size()) result[have++] = z;
        }
        return result;
    }
    static std::array<double, 2> group(Philox& random, double) {
        std::array<double, 2> result{};
        for (std::size_t have = 0; have < result.size();) {
            const auto x = random.next();
            for (const double z : box_muller(x[0], x[1], x[2], x[3]))
                if (std::abs(z) < limit && have < result.size()) result[have++] = z;
        }
        return result;
    }
    static constexpr bool own_streams = true;
};

template <class Distribution> Status random_kernel(KernelContext& ctx) {
    const auto dtype = ctx.attr<DType>("dtype");
    auto shape = requested_shape(ctx, dtype);
    if (!shape) return shape.error();
    const bool known = visit_wide_float(dtype, [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        Tensor result = Tensor::make<T>(*shape, data);
        Philox random = reserve(ctx, result.elements());
        for (std::int64_t i = 0; i < result.elements();) {
            Philox stream = random;
            const auto group = Distribution::group(Distribution::own_streams ? stream : random, T{});
            // A group of n numbers owns the n * 256 / 4 blocks that were reserved for it.
            if (Distribution::own_streams) random.skip(group.size() * 256 / 4);
            for (const T x : group)
                if (i < result.elements()) data[i++] = x;
        }
        ctx.set_output(0, std::move(result));
    });
    if (!known) return no_kernel(ctx, dtype);
    return {};
}

Status random_uniform_int(KernelContext& ctx) {
    const auto dtype = ctx.attr<DType>("Tout");
    auto shape = requested_shape(ctx, dtype);
    if (!shape) return shape.error();
    for (std::size_t i = 1; i <= 2; ++i)
        if (ctx.input(i).shape().rank() != 0)
            return invalid_argument(fmt::format("{} must be 0-D, got shape {}", i == 1 ? "minval" : "maxval",
                                                to_text(ctx.input(i).shape())));
    const std::int64_t low = scalar_input(ctx, 1), high = scalar_input(ctx, 2);
    if (shape->elements() > 0 && low >= high)
        return invalid_argument(fmt::format("Need minval < maxval, got {} >= {}", low, high));
    Philox random = reserve(ctx, shape->elements());
    const std::uint64_t range = static_cast<std::uint64_t>(high) - static_cast<std::uint64_t>(low);
    std::vector<std::int64_t> values;
    while (static_cast<std::int64_t>(values.size()) < shape->elements()) {
        const auto x = random.next();
        const bool narrow = dtype == DType::int32;
        for (std::size_t k = 0; k < 4; k += narrow ? 1 : 2) {
            const std::uint64_t bits = narrow ? x[k] : x[k] | (std::uint64_t{x[k + 1]} << 32);
            values.push_back(static_cast<std::int64_t>(static_cast<std::uint64_t>(low) + bits % range));
        }
    }
    values.resize(static_cast<std::size_t>(shape->elements()));
    ctx.set_output(0, integer_vector(dtype, values).reshaped(*shape));
    return {};
}

/// One word after the other.
class Words {
  public:
    explicit Words(Philox random) : random_(random) {}
    std::uint32_t next() {
        if (used_ == block_.size()) {
            block_ = random_.next();
            used_ = 0;
        }
        return block_[used_++];
    }

  private:
    Philox random_;
    Philox::Block block_{};
    std::size_t used_ = block_.size();
};

/// As TensorFlow's CPU kernel when one thread does all rows: the sums of exp(logit - largest), searched for a uniform
/// number.
Status multinomial(KernelContext& ctx) {
    const Tensor& logits = ctx.input(0);
    if (logits.shape().rank() != 2)
        return invalid_argument(fmt::format("logits should be a matrix, got shape {}", to_text(logits.shape())));
    if (ctx.input(1).shape().rank() != 0)
        return invalid_argument(
            fmt::format("num_samples should be a scalar, got shape {}", to_text(ctx.input(1).shape())));
    const std::int64_t samples = scalar_input(ctx, 1), rows = logits.shape().dim(0), classes = logits.shape().dim(1);
    if (samples < 0) return invalid_argument(fmt::format("num_samples should be nonnegative, got {}", samples));
    if (classes <= 0) return invalid_argument(fmt::format("num_classes should be positive, got {}", classes));
    RNNSCOPE_TRY(check_allocation(DType::int64, {rows, samples}));
    if (!visit_number(logits.dtype(), [](auto) {})) return no_kernel(ctx, logits.dtype());
    Words words(reserve(ctx, rows * ((samples + 3) / 4 * 4)));
    std::vector<std::int64_t> drawn;
    std::vector<double> sums(static_cast<std::size_t>(classes));
    for (std::int64_t row = 0; row < rows; ++row) {
        double largest = -std::numeric_limits<double>::max(), total = 0;
        for (std::int64_t c = 0; c < classes; ++c)
            if (const double x = logits.number(row * classes + c); std::isfinite(x)) largest = std::max(largest, x);
        for (std::int64_t c = 0; c < classes; ++c) {
            const double x = logits.number(row * classes + c);
            if (std::isfinite(x)) total += std::exp(x - largest);
            sums[static_cast<std::size_t>(c)] = total;
        }
        for (std::int64_t s = 0; s < samples; ++s) {
            const std::uint32_t x0 = words.next(), x1 = words.next();
            const auto found = std::upper_bound(sums.begin(), sums.end(), uniform_double(x0, x1) * total);
            drawn.push_back(found - sums.begin());
        }
    }
    ctx.set_output(0, integer_vector(ctx.attr<DType>("output_dtype"), drawn).reshaped({rows, samples}));
    return {};
}

Status shuffle(KernelContext& ctx) {
    const Tensor& value = ctx.input(0);
    if (value.elements() <= 1 || value.shape().dim(0) <= 1) {
        ctx.forward(0, 0);
        return {};
    }
    const std::int64_t size = value.shape().dim(0), row = value.elements() / size;
    Philox& state = generator(ctx);
    Words words(state);
    state.skip(static_cast<std::uint64_t>((size - 1 + 3) / 4));
    std::vector<std::int64_t> order(static_cast<std::size_t>(size));
    std::iota(order.begin(), order.end(), 0);
    for (std::size_t i = 0; i + 1 < order.size(); ++i)
        std::swap(order[i], order[i + words.next() % static_cast<std::uint32_t>(order.size() - i)]);
    ElementWriter writer(value.dtype(), value.shape());
    for (std::int64_t i = 0; i < size; ++i) writer.copy(i * row, value, order[static_cast<std::size_t>(i)] * row, row);
    ctx.set_output(0, std::move(writer).finish());
    return {};
}

OpBuilder random_op(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("shape: T")
        .output("output: dtype")
        .attr("seed: int = 0")
        .attr("seed2: int = 0")
        .attr("dtype: {half, bfloat16, float, double}")
        .attr("T: {int32, int64}")
        .stateful()
        .summary(summary)
        .shape(random_shape)
        .kernel(kernel);
}

} // namespace

void add_random_ops(OpRecords& ops) {
    ops.push_back(
        random_op("RandomUniform", random_kernel<Uniform>, "Random numbers, uniform in [0, 1).")
            .example({{example::ints({2}, {2, 3})}, {{"dtype", DType::float32}, {"seed", 1}, {"seed2", 2}}, {}}));
    ops.push_back(
        random_op("RandomStandardNormal", random_kernel<Normal>, "Random numbers, normal with mean 0 and deviation 1.")
            .example({{example::ints({2}, {2, 3})}, {{"dtype", DType::float32}, {"seed", 1}, {"seed2", 2}}, {}}));
    ops.push_back(
        random_op("TruncatedNormal", random_kernel<Truncated>,
                  "Normal random numbers, drawn again until they lie within (-2, 2).")
            .example({{example::ints({2}, {2, 3})}, {{"dtype", DType::float32}, {"seed", 1}, {"seed2", 2}}, {}}));
    ops.push_back(OpBuilder("RandomUniformInt")
                      .input("shape: T")
                      .input("minval: Tout")
                      .input("maxval: Tout")
                      .output("output: Tout")
                      .attr("seed: int = 0")
                      .attr("seed2: int = 0")
                      .attr("Tout: {int32, int64}")
                      .attr("T: {int32, int64}")
                      .stateful()
                      .summary("Random integers, uniform in [minval, maxval).")
                      .shape(random_uniform_int_shape)
                      .kernel(random_uniform_int)
                      .example({{example::ints({1}, {5}), example::ints({}, {-3}), example::ints({}, {3})},
                                {{"seed", 1}, {"seed2", 2}},
                                {}}));
    ops.push_back(
        OpBuilder("Multinomial")
            .input("logits: T")
            .input("num_samples: int32")
            .output("output: output_dtype")
            .attr("seed: int = 0")
            .attr("seed2: int = 0")
            .attr("T: realnumbertype")
            .attr("output_dtype: {int32, int64} = DT_INT64")
            .stateful()
            .summary("Classes drawn with the probabilities of a softmax.")
            .shape(multinomial_shape)
            .kernel(multinomial)
            .example({{example::floats({2, 3}, {0.0F, 0.0F, -100.0F, -100.0F, -100.0F, 0.0F}), example::ints({}, {5})},
                      {{"seed", 1}, {"seed2", 2}},
                      {example::longs({2, 5}, {0, 0, 0, 0, 1, 2, 2, 2, 2, 2})}}));
    ops.push_back(OpBuilder("RandomShuffle")
                      .input("value: T")
                      .output("output: T")
                      .attr("seed: int = 0")
                      .attr("seed2: int = 0")
                      .attr("T: type")
                      .stateful()
                      .summary("The rows of a tensor in random order.")
                      .shape(shuffle_shape)
                      .kernel(shuffle)
                      .example({{example::ints({5, 1}, {0, 1, 2, 3, 4})},
                                {{"seed", 1}, {"seed2", 2}},
                                {example::ints({5, 1}, {4, 0, 2, 1, 3})}}));
}

} // namespace rnnscope::ops
