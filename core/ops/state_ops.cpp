#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/resource_variable.hpp"
#include "core/ops/shape_fns.hpp"
#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

Status variable_v2_shape(ShapeContext& ctx) {
    ctx.set_output(0, ctx.attr<Shape>("shape"));
    return {};
}

Status variable_v1_shape(ShapeContext& ctx) {
    // The old op could not say "unknown"; a scalar stood for it.
    const Shape& shape = ctx.attr<Shape>("shape");
    ctx.set_output(0, !shape.has_rank() || shape.rank() == 0 ? Shape::unknown_rank() : shape);
    return {};
}

Status assign_shape(ShapeContext& ctx) {
    if (ctx.attr<bool>("validate_shape")) return merge_both_shape(ctx);
    ctx.set_output(0, ctx.input(1));
    return {};
}

Status scatter_shape(ShapeContext& ctx) {
    const Shape& variable = ctx.input(0);
    const Shape& indices = ctx.input(1);
    const Shape& updates = ctx.input(2);
    RNNSCOPE_TRY(with_rank_at_least(variable, 1));
    if (updates.has_rank() && updates.rank() > 0)
        RNNSCOPE_TRY(merge_shapes(updates, concatenated(indices, subshape(variable, 1))));
    ctx.set_output(0, variable);
    return {};
}

Status variable(KernelContext& ctx) {
    const auto dtype = ctx.attr<DType>("dtype");
    const auto shared_name = ctx.attr<std::string>("shared_name"), container = ctx.attr<std::string>("container");
    const std::string name = shared_name.empty() ? ctx.node().name : shared_name;
    const std::string key = container.empty() ? name : container + "/" + name;
    VariableStorage& storage = ctx.session().variable(key, [&] {
        VariableStorage made;
        if (!container.empty()) made.container = container;
        made.name = name;
        made.dtype = dtype;
        made.shape = ctx.attr<Shape>("shape");
        made.owner = ctx.node().id;
        return made;
    });
    if (storage.dtype != dtype)
        return invalid_argument(fmt::format("Trying to access variable {} with wrong dtype. Expected {} got {}", name,
                                            dtype_cpp_name(storage.dtype), dtype_cpp_name(dtype)));
    ctx.set_output_ref(0, storage);
    return {};
}

/// The input as a reference, or the complaint that it is none.
Result<VariableStorage*> reference(KernelContext& ctx, std::size_t i) {
    if (!ctx.input_is_ref(i)) return invalid_argument(fmt::format("{}-th input expects a ref type", i));
    return &ctx.input_ref(i);
}

Status assign(KernelContext& ctx) {
    const auto ref = reference(ctx, 0);
    if (!ref) return ref.error();
    VariableStorage& storage = **ref;
    const Tensor& value = ctx.input(1);
    // The shape of what is there counts: a value that was assigned without validation may have changed it.
    const Shape shape = storage.value ? storage.value->shape() : storage.shape;
    if (ctx.attr<bool>("validate_shape") && !shape.compatible(value.shape()))
        return invalid_argument(
            fmt::format("Assign requires shapes of both tensors to match. lhs shape= {} rhs shape= {}", to_text(shape),
                        to_text(value.shape())));
    ctx.write(storage, value);
    ctx.set_output_ref(0, storage);
    return {};
}

template <bool subtract> Status assign_update(KernelContext& ctx) {
    const auto ref = reference(ctx, 0);
    if (!ref) return ref.error();
    VariableStorage& storage = **ref;
    if (!storage.value)
        return Error{"FailedPreconditionError", fmt::format("Attempting to use uninitialized parameters: {}",
                                                            ctx.graph().input_text(ctx.node().inputs[0]))};
    const Tensor before = *storage.value;
    const Tensor& value = ctx.input(1);
    if (before.shape() != value.shape() || before.dtype() != value.dtype())
        return invalid_argument("Parameters and update must be the same size");
    const bool known = visit_number(before.dtype(), [&](auto zero) {
        using T = decltype(zero);
        ctx.write(storage, map_binary<T, T>(before, value, before.shape(), [](auto x, auto y) {
                      return subtract ? wrapped_sub(x, y) : wrapped_add(x, y);
                  }));
    });
    if (!known) return no_kernel(ctx, before.dtype());
    ctx.set_output_ref(0, storage);
    return {};
}

Status is_variable_initialized(KernelContext& ctx) {
    const auto ref = reference(ctx, 0);
    if (!ref) return ref.error();
    ctx.set_output(0, Tensor::scalar((*ref)->initialized()));
    return {};
}

} // namespace

Result<Tensor> scattered(const KernelContext& ctx, ScatterKind kind, const Tensor& before, const Tensor& indices,
                         const Tensor& updates) {
    if (before.shape().rank() < 1)
        return invalid_argument(fmt::format("params must be at least 1-D, got shape {}", to_text(before.shape())));
    const Shape row_shape = subshape(before.shape(), 1);
    const bool is_scalar = updates.shape().rank() == 0;
    if (!is_scalar && updates.shape() != concatenated(indices.shape(), row_shape))
        return invalid_argument(fmt::format(
            "Must have updates.shape = indices.shape + params.shape[1:] or updates.shape = [], got updates.shape {}, "
            "indices.shape {}, params.shape {}",
            to_text(updates.shape()), to_text(indices.shape()), to_text(before.shape())));
    const std::int64_t rows = before.shape().dim(0), row = row_shape.elements();
    for (std::int64_t i = 0; i < indices.elements(); ++i)
        if (indices.integer(i) < 0 || indices.integer(i) >= rows)
            return invalid_argument(fmt::format("indices[{}] = {} is not in [0, {})", i, indices.integer(i), rows));
    if (kind == ScatterKind::update) {
        ElementWriter writer(before.dtype(), before.shape());
        writer.copy(0, before, 0, before.elements());
        for (std::int64_t i = 0; i < indices.elements(); ++i)
            for (std::int64_t k = 0; k < row; ++k)
                writer.copy(indices.integer(i) * row + k, updates, is_scalar ? 0 : i * row + k);
        return std::move(writer).finish();
    }
    Tensor result;
    const bool known = visit_number(before.dtype(), [&](auto zero) {
        using T = decltype(zero);
        T* data = nullptr;
        result = Tensor::make<T>(before.shape(), data);
        std::ranges::copy(before.values<T>(), data);
        for (std::int64_t i = 0; i < indices.elements(); ++i)
            for (std::int64_t k = 0; k < row; ++k) {
                T& element = data[indices.integer(i) * row + k];
                const T update = updates.values<T>()[static_cast<std::size_t>(is_scalar ? 0 : i * row + k)];
                element = kind == ScatterKind::add ? wrapped_add(element, update) : wrapped_sub(element, update);
            }
    });
    if (!known) return no_kernel(ctx, before.dtype());
    return result;
}

namespace {

template <ScatterKind kind> Status scatter_kernel(KernelContext& ctx) {
    const auto ref = reference(ctx, 0);
    if (!ref) return ref.error();
    VariableStorage& storage = **ref;
    if (!storage.value) return Error{"FailedPreconditionError", "Null ref for params"};
    auto result = scattered(ctx, kind, *storage.value, ctx.input(1), ctx.input(2));
    if (!result) return result.error();
    ctx.write(storage, *std::move(result));
    ctx.set_output_ref(0, storage);
    return {};
}

OpBuilder update(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("ref: Ref(T)")
        .input("value: T")
        .output("output_ref: Ref(T)")
        .attr("T: numbertype")
        .attr("use_locking: bool = false")
        .summary(summary)
        .shape(merge_both_shape)
        .kernel(kernel);
}

OpBuilder scatter(std::string_view name, KernelFn kernel, std::string_view type, std::string_view locking,
                  std::string_view summary) {
    return OpBuilder(name)
        .input("ref: Ref(T)")
        .input("indices: Tindices")
        .input("updates: T")
        .output("output_ref: Ref(T)")
        .attr(type)
        .attr("Tindices: {int32, int64}")
        .attr(locking)
        .summary(summary)
        .shape(scatter_shape)
        .kernel(kernel);
}

} // namespace

void add_state_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("VariableV2")
                      .output("ref: Ref(dtype)")
                      .attr("shape: shape")
                      .attr("dtype: type")
                      .attr("container: string = ''")
                      .attr("shared_name: string = ''")
                      .stateful()
                      .summary("A variable: a reference to its buffer in the session.")
                      .shape(variable_v2_shape)
                      .kernel(variable)
                      .example({{}, {{"dtype", DType::float32}, {"shape", Shape{2}}}, {}}));
    ops.push_back(OpBuilder("Variable")
                      .output("ref: Ref(dtype)")
                      .attr("shape: shape")
                      .attr("dtype: type")
                      .attr("container: string = ''")
                      .attr("shared_name: string = ''")
                      .stateful()
                      .summary("A variable (the form of before 1.0): a reference to its buffer in the session.")
                      .shape(variable_v1_shape)
                      .kernel(variable)
                      .example({{}, {{"dtype", DType::float32}, {"shape", Shape{2}}}, {}}));
    ops.push_back(OpBuilder("Assign")
                      .input("ref: Ref(T)")
                      .input("value: T")
                      .output("output_ref: Ref(T)")
                      .attr("T: type")
                      .attr("validate_shape: bool = true")
                      .attr("use_locking: bool = true")
                      .allows_uninitialized_input()
                      .summary("Gives a variable a value.")
                      .shape(assign_shape)
                      .kernel(assign));
    ops.push_back(update("AssignAdd", assign_update<false>, "Adds to a variable."));
    ops.push_back(update("AssignSub", assign_update<true>, "Subtracts from a variable."));
    ops.push_back(OpBuilder("IsVariableInitialized")
                      .input("ref: Ref(dtype)")
                      .output("is_initialized: bool")
                      .attr("dtype: type")
                      .allows_uninitialized_input()
                      .summary("Has the variable a value?")
                      .shape(scalar_shape)
                      .kernel(is_variable_initialized));
    ops.push_back(scatter("ScatterUpdate", scatter_kernel<ScatterKind::update>, "T: type", "use_locking: bool = true",
                          "Replaces rows of a variable."));
    ops.push_back(scatter("ScatterAdd", scatter_kernel<ScatterKind::add>, "T: numbertype", "use_locking: bool = false",
                          "Adds to rows of a variable."));
    ops.push_back(scatter("ScatterSub", scatter_kernel<ScatterKind::subtract>, "T: numbertype",
                          "use_locking: bool = false", "Subtracts from rows of a variable."));
}

} // namespace rnnscope::ops
