#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/resource_variable.hpp"
#include "core/ops/shape_fns.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include <fmt/format.h>

// Steps of optimizers. Each is a rule for one number of the variable; of every rule there is an op for dense gradients
// and one for gradients of rows, for reference and for resource variables.
namespace rnnscope::ops {
namespace {

/// One number of the variable and of each of its slots.
using SlotNumbers = std::array<double, 4>;

/// What an op of a rule looks like: its inputs are variables (the one that is trained, then its slots), the scalars
/// before the gradient, the gradient, for rows their indices, and the scalars after.
struct Layout {
    std::size_t variables, gradient, scalars_after;
    bool is_sparse;
    std::size_t inputs() const { return gradient + 1 + (is_sparse ? 1 : 0) + scalars_after; }
    bool is_scalar(std::size_t input) const {
        return input >= variables && input != gradient && !(is_sparse && input == gradient + 1);
    }
};

// --- rules: names are those of the ops' inputs; a rule is made of the scalars in their order -------------------

struct GradientDescent {
    static constexpr std::string_view name = "GradientDescent", title = "gradient descent: var -= alpha * delta";
    static constexpr std::array<std::string_view, 0> slots{}, after{};
    static constexpr std::array<std::string_view, 1> before{"alpha"};
    static constexpr std::string_view gradient = "delta", flag = "";
    static constexpr bool has_sparse = false;
    double alpha;
    GradientDescent(std::span<const double> scalars, bool) : alpha(scalars[0]) {}
    void operator()(SlotNumbers& x, double g) const { x[0] -= alpha * g; }
};

struct Momentum {
    static constexpr std::string_view name = "Momentum", title = "gradient descent with momentum";
    static constexpr std::array<std::string_view, 1> slots{"accum"}, before{"lr"}, after{"momentum"};
    static constexpr std::string_view gradient = "grad", flag = "use_nesterov: bool = false";
    static constexpr bool has_sparse = true;
    double lr, momentum;
    bool nesterov;
    Momentum(std::span<const double> scalars, bool use_nesterov)
        : lr(scalars[0]), momentum(scalars[1]), nesterov(use_nesterov) {}
    void operator()(SlotNumbers& x, double g) const {
        x[1] = x[1] * momentum + g;
        x[0] -= nesterov ? g * lr + x[1] * momentum * lr : lr * x[1];
    }
};

struct Adam {
    static constexpr std::string_view name = "Adam", title = "the Adam optimizer";
    static constexpr std::array<std::string_view, 2> slots{"m", "v"};
    static constexpr std::array<std::string_view, 6> before{"beta1_power", "beta2_power", "lr",
                                                            "beta1",       "beta2",       "epsilon"};
    static constexpr std::array<std::string_view, 0> after{};
    static constexpr std::string_view gradient = "grad", flag = "use_nesterov: bool = false";
    static constexpr bool has_sparse = false;
    double step, beta1, beta2, epsilon;
    bool nesterov;
    Adam(std::span<const double> scalars, bool use_nesterov)
        : step(scalars[2] * std::sqrt(1 - scalars[1]) / (1 - scalars[0])), beta1(scalars[3]), beta2(scalars[4]),
          epsilon(scalars[5]), nesterov(use_nesterov) {}
    void operator()(SlotNumbers& x, double g) const {
        x[1] += (g - x[1]) * (1 - beta1);
        x[2] += (g * g - x[2]) * (1 - beta2);
        const double direction = nesterov ? g * (1 - beta1) + beta1 * x[1] : x[1];
        x[0] -= direction * step / (std::sqrt(x[2]) + epsilon);
    }
};

struct RMSProp {
    static constexpr std::string_view name = "RMSProp", title = "the RMSProp optimizer";
    static constexpr std::array<std::string_view, 2> slots{"ms", "mom"};
    static constexpr std::array<std::string_view, 4> before{"lr", "rho", "momentum", "epsilon"};
    static constexpr std::array<std::string_view, 0> after{};
    static constexpr std::string_view gradient = "grad", flag = "";
    static constexpr bool has_sparse = true;
    double lr, rho, momentum, epsilon;
    RMSProp(std::span<const double> scalars, bool)
        : lr(scalars[0]), rho(scalars[1]), momentum(scalars[2]), epsilon(scalars[3]) {}
    void operator()(SlotNumbers& x, double g) const {
        x[1] += (g * g - x[1]) * (1 - rho);
        x[2] = x[2] * momentum + lr * g / std::sqrt(x[1] + epsilon);
        x[0] -= x[2];
    }
};

struct CenteredRMSProp {
    static constexpr std::string_view name = "CenteredRMSProp", title = "the RMSProp optimizer with centered gradients";
    static constexpr std::array<std::string_view, 3> slots{"mg", "ms", "mom"};
    static constexpr std::array<std::string_view, 4> before{"lr", "rho", "momentum", "epsilon"};
    static constexpr std::array<std::string_view, 0> after{};
    static constexpr std::string_view gradient = "grad", flag = "";
    static constexpr bool has_sparse = true;
    double lr, rho, momentum, epsilon;
    CenteredRMSProp(std::span<const double> scalars, bool)
        : lr(scalars[0]), rho(scalars[1]), momentum(scalars[2]), epsilon(scalars[3]) {}
    void operator()(SlotNumbers& x, double g) const {
        x[2] += (g * g - x[2]) * (1 - rho);
        x[1] += (g - x[1]) * (1 - rho);
        x[3] = x[3] * momentum + lr * g / std::sqrt(x[2] - x[1] * x[1] + epsilon);
        x[0] -= x[3];
    }
};

struct Adagrad {
    static constexpr std::string_view name = "Adagrad", title = "the Adagrad optimizer";
    static constexpr std::array<std::string_view, 1> slots{"accum"}, before{"lr"};
    static constexpr std::array<std::string_view, 0> after{};
    static constexpr std::string_view gradient = "grad", flag = "update_slots: bool = true";
    static constexpr bool has_sparse = true;
    double lr;
    bool update_slots;
    Adagrad(std::span<const double> scalars, bool updates) : lr(scalars[0]), update_slots(updates) {}
    void operator()(SlotNumbers& x, double g) const {
        if (update_slots) x[1] += g * g;
        x[0] -= lr * g / std::sqrt(x[1]);
    }
};

struct Adadelta {
    static constexpr std::string_view name = "Adadelta", title = "the Adadelta optimizer";
    static constexpr std::array<std::string_view, 2> slots{"accum", "accum_update"};
    static constexpr std::array<std::string_view, 3> before{"lr", "rho", "epsilon"};
    static constexpr std::array<std::string_view, 0> after{};
    static constexpr std::string_view gradient = "grad", flag = "";
    static constexpr bool has_sparse = true;
    double lr, rho, epsilon;
    Adadelta(std::span<const double> scalars, bool) : lr(scalars[0]), rho(scalars[1]), epsilon(scalars[2]) {}
    void operator()(SlotNumbers& x, double g) const {
        x[1] = x[1] * rho + g * g * (1 - rho);
        const double update = std::sqrt(x[2] + epsilon) / std::sqrt(x[1] + epsilon) * g;
        x[0] -= update * lr;
        x[2] = x[2] * rho + update * update * (1 - rho);
    }
};

template <class Rule> constexpr Layout layout_of(bool is_sparse) {
    const std::size_t variables = 1 + Rule::slots.size();
    return {variables, variables + Rule::before.size(), Rule::after.size(), is_sparse};
}

// --- shapes ---------------------------------------------------------------------------------------------------

/// ShapeOrHandleShape: of a resource variable what its handle stands for.
Shape stored_shape(const ShapeContext& ctx, std::size_t i) {
    const Output input = ctx.node().inputs[i];
    if (ctx.graph().info(input).dtype != DType::resource) return ctx.input(i);
    const auto data = handle_data(ctx.graph(), input);
    return data ? data->shape : Shape::unknown_rank();
}

/// Gradient and indices of rows: the trailing dimensions are the variable's.
Status check_rows(ShapeContext& ctx, const Layout& layout, const Shape& shape) {
    const auto indices = with_rank(ctx.input(layout.gradient + 1), 1);
    if (!indices) return indices.error();
    const Shape& gradient = ctx.input(layout.gradient);
    if (!gradient.has_rank()) return {};
    RNNSCOPE_TRY(with_rank_at_least(gradient, 1));
    RNNSCOPE_TRY(merge_dims(indices->dim(0), gradient.dim(0)));
    RNNSCOPE_TRY(merge_shapes(subshape(shape, 1), subshape(gradient, 1)));
    return {};
}

Status apply_shape(ShapeContext& ctx, const Layout& layout) {
    Shape shape = stored_shape(ctx, 0);
    for (std::size_t i = 1; i < layout.inputs(); ++i) {
        if (layout.is_scalar(i)) {
            RNNSCOPE_TRY(with_rank(ctx.input(i), 0));
        } else if (i < layout.variables || (i == layout.gradient && !layout.is_sparse)) {
            auto merged = merge_shapes(shape, stored_shape(ctx, i));
            if (!merged) return merged.error();
            shape = *std::move(merged);
        } else if (i == layout.gradient) {
            RNNSCOPE_TRY(check_rows(ctx, layout, shape));
        }
    }
    if (ctx.outputs() > 0) ctx.set_output(0, std::move(shape));
    return {};
}

template <class Rule, bool is_sparse> Status rule_shape(ShapeContext& ctx) {
    return apply_shape(ctx, layout_of<Rule>(is_sparse));
}

// --- kernels --------------------------------------------------------------------------------------------------

/// The variables among the inputs, which must have values.
Result<std::vector<VariableStorage*>> variables_of(KernelContext& ctx, const Layout& layout, bool is_resource) {
    std::vector<VariableStorage*> variables;
    for (std::size_t i = 0; i < layout.variables; ++i) {
        if (is_resource) {
            const auto found = initialized_variable(ctx, i);
            if (!found) return found.error();
            ctx.note_read(**found); // a handle does not show what is read through it
            variables.push_back(*found);
            continue;
        }
        if (!ctx.input_is_ref(i)) return invalid_argument(fmt::format("{}-th input expects a ref type", i));
        VariableStorage& slot = ctx.input_ref(i);
        if (!slot.value)
            return Error{"FailedPreconditionError", fmt::format("Attempting to use uninitialized variables: {}",
                                                                ctx.graph().input_text(ctx.node().inputs[i]))};
        variables.push_back(&slot);
    }
    return variables;
}

Status check_rows(const Tensor& gradient, const Tensor& indices, const Shape& shape) {
    if (shape.rank() < 1) return invalid_argument("var must be at least 1 dimensional");
    if (indices.shape().rank() != 1) return invalid_argument("indices must be one-dimensional");
    if (gradient.shape() != concatenated(indices.shape(), subshape(shape, 1)))
        return invalid_argument("grad must be the same size as indices in the first dimension.");
    for (std::int64_t i = 0; i < indices.elements(); ++i)
        if (indices.integer(i) < 0 || indices.integer(i) >= shape.dim(0))
            return invalid_argument(
                fmt::format("Index {} at offset {} in indices is out of range", indices.integer(i), i));
    return {};
}

/// All variables of one type and shape, all scalars scalars, and the gradient as it should be.
Status check_apply(KernelContext& ctx, const Layout& layout, const std::vector<VariableStorage*>& variables) {
    const Tensor& gradient = ctx.input(layout.gradient);
    const Shape& shape = variables[0]->value->shape();
    for (const VariableStorage* variable : variables) {
        const Tensor& value = *variable->value;
        if (value.dtype() != gradient.dtype() || (!layout.is_sparse && value.shape() != gradient.shape()))
            return invalid_argument(fmt::format("var and grad do not have the same shape{} {}", to_text(value.shape()),
                                                to_text(gradient.shape())));
        if (value.shape() != shape)
            return invalid_argument(
                fmt::format("var and accum do not have the same shape{} {}", to_text(shape), to_text(value.shape())));
    }
    for (std::size_t i = 0; i < layout.inputs(); ++i)
        if (layout.is_scalar(i) && ctx.input(i).elements() != 1)
            return invalid_argument(fmt::format("input {} is not a scalar: {}", i, to_text(ctx.input(i).shape())));
    return layout.is_sparse ? check_rows(gradient, ctx.input(layout.gradient + 1), shape) : Status();
}

std::vector<double> scalars_of(const KernelContext& ctx, const Layout& layout) {
    std::vector<double> scalars;
    for (std::size_t i = 0; i < layout.inputs(); ++i)
        if (layout.is_scalar(i)) scalars.push_back(ctx.input(i).number(0));
    return scalars;
}

/// Where the gradient's number `i` belongs in the variable.
struct Places {
    std::int64_t row = 0; ///< numbers of a row; 0: the gradient is dense
    const Tensor* indices = nullptr;
    std::size_t operator()(std::size_t i) const {
        if (indices == nullptr) return i;
        const auto size = static_cast<std::size_t>(row);
        return static_cast<std::size_t>(indices->integer(static_cast<std::int64_t>(i / size))) * size + i % size;
    }
};

/// Computes new values of all variables, number by number, in double. Rows that are named several times are updated
/// several times, one after the other.
template <class T, class Rule>
std::vector<Tensor> updated(const std::vector<VariableStorage*>& variables, const Tensor& gradient,
                            const Places& places, const Rule& rule) {
    std::array<T*, std::tuple_size_v<SlotNumbers>> data{};
    std::vector<Tensor> after;
    for (std::size_t s = 0; s < variables.size(); ++s) {
        const Tensor& before = *variables[s]->value;
        after.push_back(Tensor::make<T>(before.shape(), data[s]));
        std::ranges::copy(before.values<T>(), data[s]);
    }
    const auto gradients = gradient.values<T>();
    for (std::size_t i = 0; i < gradients.size(); ++i) {
        const std::size_t at = places(i);
        SlotNumbers numbers{};
        for (std::size_t s = 0; s < variables.size(); ++s) numbers[s] = static_cast<double>(data[s][at]);
        rule(numbers, static_cast<double>(gradients[i]));
        for (std::size_t s = 0; s < variables.size(); ++s) data[s][at] = static_cast<T>(numbers[s]);
    }
    return after;
}

template <class Rule, bool is_resource, bool is_sparse> Status apply(KernelContext& ctx) {
    static_assert(Rule::slots.size() + 1 <= std::tuple_size_v<SlotNumbers>);
    const Layout layout = layout_of<Rule>(is_sparse);
    const auto variables = variables_of(ctx, layout, is_resource);
    if (!variables) return variables.error();
    RNNSCOPE_TRY(check_apply(ctx, layout, *variables));
    bool flag = false;
    if constexpr (!Rule::flag.empty()) flag = ctx.attr<bool>(Rule::flag.substr(0, Rule::flag.find(':')));
    const Rule rule(scalars_of(ctx, layout), flag);
    const Tensor gradient = ctx.input(layout.gradient);
    Places places;
    if (is_sparse) places = {subshape((*variables)[0]->value->shape(), 1).elements(), &ctx.input(layout.gradient + 1)};
    const bool known = visit_float(gradient.dtype(), [&](auto zero) {
        const std::vector<Tensor> after = updated<decltype(zero)>(*variables, gradient, places, rule);
        for (std::size_t s = 0; s < after.size(); ++s) ctx.write(*(*variables)[s], after[s]);
    });
    if (!known) return no_kernel(ctx, gradient.dtype());
    if (!is_resource) ctx.set_output_ref(0, *(*variables)[0]);
    return {};
}

// --- records --------------------------------------------------------------------------------------------------

template <class Rule, bool is_resource, bool is_sparse> OpDef apply_op() {
    const std::string name =
        fmt::format("{}{}Apply{}", is_resource ? "Resource" : "", is_sparse ? "Sparse" : "", Rule::name);
    OpBuilder op(name);
    const auto variable = [&](std::string_view input) {
        std::move(op).input(fmt::format("{}: {}", input, is_resource ? "resource" : "Ref(T)"));
    };
    const auto number = [&](std::string_view input) { std::move(op).input(fmt::format("{}: T", input)); };
    variable("var");
    for (const std::string_view input : Rule::slots) variable(input);
    for (const std::string_view input : Rule::before) number(input);
    number(Rule::gradient);
    if (is_sparse) std::move(op).input("indices: Tindices");
    for (const std::string_view input : Rule::after) number(input);
    if (is_resource)
        std::move(op).stateful();
    else
        std::move(op).output("out: Ref(T)");
    std::move(op).attr("T: numbertype");
    if (is_sparse) std::move(op).attr("Tindices: {int32, int64}");
    std::move(op).attr("use_locking: bool = false");
    if (!Rule::flag.empty()) std::move(op).attr(Rule::flag);
    return std::move(op)
        .summary(fmt::format("One step of {}{}{}.", Rule::title, is_resource ? ", for a resource variable" : "",
                             is_sparse ? ", for some rows" : ""))
        .shape(rule_shape<Rule, is_sparse>)
        .kernel(apply<Rule, is_resource, is_sparse>);
}

template <class Rule> void add_rule(OpRecords& ops) {
    ops.push_back(apply_op<Rule, false, false>());
    ops.push_back(apply_op<Rule, true, false>());
    if constexpr (Rule::has_sparse) {
        ops.push_back(apply_op<Rule, false, true>());
        ops.push_back(apply_op<Rule, true, true>());
    }
}

} // namespace

void add_training_ops(OpRecords& ops) {
    add_rule<GradientDescent>(ops);
    add_rule<Momentum>(ops);
    add_rule<Adam>(ops);
    add_rule<RMSProp>(ops);
    add_rule<CenteredRMSProp>(ops);
    add_rule<Adagrad>(ops);
    add_rule<Adadelta>(ops);
}

} // namespace rnnscope::ops
