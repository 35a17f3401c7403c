#include "core/ops/elementwise.hpp"
#include "core/ops/examples.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/resource_variable.hpp"
#include "core/ops/shape_fns.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

/// Does a read of `dtype` fit the variable? What is not known fits.
Status check_handle_dtype(const std::optional<HandleData>& data, DType dtype, std::string_view verb) {
    if (!data || data->dtype == dtype) return {};
    return invalid_argument(fmt::format("Trying to {} variable with wrong dtype. Expected {} got {}", verb,
                                        dtype_cpp_name(data->dtype), dtype_cpp_name(dtype)));
}

Status read_variable_shape(ShapeContext& ctx) {
    const auto data = handle_data(ctx.graph(), ctx.node().inputs[0]);
    RNNSCOPE_TRY(check_handle_dtype(data, ctx.attr<DType>("dtype"), "read"));
    ctx.set_output(0, data ? data->shape : Shape::unknown_rank());
    return {};
}

Status assign_variable_shape(ShapeContext& ctx) {
    const auto data = handle_data(ctx.graph(), ctx.node().inputs[0]);
    RNNSCOPE_TRY(check_handle_dtype(data, ctx.attr<DType>("dtype"), "read"));
    if (data) RNNSCOPE_TRY(merge_shapes(data->shape, ctx.input(1)));
    return {};
}

Status variable_shape_shape(ShapeContext& ctx) {
    const auto data = handle_data(ctx.graph(), ctx.node().inputs[0]);
    const bool known = data && data->shape.has_rank();
    ctx.set_output(0, {known ? static_cast<std::int64_t>(data->shape.rank()) : Shape::unknown});
    return {};
}

Status resource_gather_shape(ShapeContext& ctx) {
    const auto data = handle_data(ctx.graph(), ctx.node().inputs[0]);
    RNNSCOPE_TRY(check_handle_dtype(data, ctx.attr<DType>("dtype"), "read"));
    if (!data) return unknown_shape(ctx);
    RNNSCOPE_TRY(with_rank_at_least(data->shape, 1));
    ctx.set_output(0, concatenated(ctx.input(1), subshape(data->shape, 1)));
    return {};
}

/// "container/name" taken apart. Variables of the default container are kept under their name alone.
struct Handle {
    std::string container, name;
    std::string key() const { return container == "localhost" ? name : container + "/" + name; }
};

Handle handle_of(const Tensor& tensor) {
    const std::string& text = tensor.strings()[0];
    const std::size_t slash = text.find('/');
    if (slash == std::string::npos) return {"localhost", text};
    return {text.substr(0, slash), text.substr(slash + 1)};
}

Status var_handle(KernelContext& ctx) {
    const auto container = ctx.attr<std::string>("container"), shared_name = ctx.attr<std::string>("shared_name");
    // Without a shared name TensorFlow takes the node's.
    ctx.set_output(0, Tensor::resource((container.empty() ? "localhost" : container) + "/" +
                                       (shared_name.empty() ? ctx.node().name : shared_name)));
    return {};
}

/// Why a resource is not there, in the words of ResourceMgr: there is no container until it holds something.
std::string not_found_text(KernelContext& ctx, const Handle& handle) {
    if (!ctx.session().exists())
        return fmt::format("Container {} does not exist. (Could not find resource: {}/{})", handle.container,
                           handle.container, handle.name);
    return fmt::format("Resource {}/{}/N10tensorflow3VarE does not exist.", handle.container, handle.name);
}

} // namespace

Result<VariableStorage*> initialized_variable(KernelContext& ctx, std::size_t i) {
    const Handle handle = handle_of(ctx.input(i));
    VariableStorage* storage = ctx.session().find_variable(handle.key());
    if (storage == nullptr || !storage->value) return Error{"NotFoundError", not_found_text(ctx, handle)};
    return storage;
}

namespace {

Status read_variable(KernelContext& ctx) {
    const Handle handle = handle_of(ctx.input(0));
    const auto storage = initialized_variable(ctx, 0);
    if (!storage)
        return Error{
            "FailedPreconditionError",
            fmt::format("Error while reading resource variable {} from Container: {}. This could mean that the "
                        "variable was uninitialized. Not found: {}",
                        handle.name, handle.container, storage.error().message)};
    const auto dtype = ctx.attr<DType>("dtype");
    if ((*storage)->value->dtype() != dtype)
        return invalid_argument(fmt::format("Trying to read variable with wrong dtype. Expected {} got {}",
                                            dtype_cpp_name((*storage)->value->dtype()), dtype_cpp_name(dtype)));
    ctx.note_read(**storage);
    ctx.set_output(0, *(*storage)->value);
    return {};
}

/// The VarHandleOp that a handle comes from; the node itself when it cannot be followed there.
NodeId owner_of(const KernelContext& ctx) {
    Output handle = ctx.node().inputs[0];
    for (std::size_t steps = 0; steps <= ctx.graph().size(); ++steps) {
        const Node& node = ctx.graph().node(handle.node);
        if (node.op == "VarHandleOp") return node.id;
        if (node.inputs.empty()) break;
        handle = node.inputs[0];
    }
    return ctx.node().id;
}

Status assign_variable(KernelContext& ctx) {
    const Handle handle = handle_of(ctx.input(0));
    const auto dtype = ctx.attr<DType>("dtype");
    VariableStorage& storage = ctx.session().variable(handle.key(), [&] {
        VariableStorage made;
        made.container = handle.container;
        made.name = handle.name;
        made.dtype = dtype;
        made.owner = owner_of(ctx);
        const auto* shape = ctx.graph().node(made.owner).attr<Shape>("shape");
        made.shape = shape != nullptr ? *shape : Shape::unknown_rank();
        return made;
    });
    if (storage.dtype != dtype)
        return invalid_argument(fmt::format("Trying to assign variable with wrong dtype. Expected {} got {}",
                                            dtype_cpp_name(storage.dtype), dtype_cpp_name(dtype)));
    ctx.write(storage, ctx.input(1));
    return {};
}

template <bool subtract> Status assign_update_variable(KernelContext& ctx) {
    const auto found = initialized_variable(ctx, 0);
    if (!found) return found.error();
    VariableStorage& storage = **found;
    const Tensor before = *storage.value;
    const Tensor& value = ctx.input(1);
    if (before.dtype() != value.dtype())
        return invalid_argument(fmt::format("Variable and value dtypes don't match; respectively, {} and {}",
                                            dtype_cpp_name(before.dtype()), dtype_cpp_name(value.dtype())));
    if (before.shape() != value.shape())
        return invalid_argument(
            fmt::format("Cannot update variable with shape {} using a Tensor with shape {}, shapes must be equal.",
                        to_text(before.shape()), to_text(value.shape())));
    const bool known = visit_number(before.dtype(), [&](auto zero) {
        using T = decltype(zero);
        ctx.write(storage, map_binary<T, T>(before, value, before.shape(), [](auto x, auto y) {
                      return subtract ? wrapped_sub(x, y) : wrapped_add(x, y);
                  }));
    });
    if (!known) return no_kernel(ctx, before.dtype());
    return {};
}

Status var_is_initialized(KernelContext& ctx) {
    const VariableStorage* storage = ctx.session().find_variable(handle_of(ctx.input(0)).key());
    ctx.set_output(0, Tensor::scalar(storage != nullptr && storage->value.has_value()));
    return {};
}

Status variable_shape(KernelContext& ctx) {
    const auto storage = initialized_variable(ctx, 0);
    if (!storage) return storage.error();
    const auto dims = (*storage)->value->shape().dims();
    ctx.set_output(0, integer_vector(ctx.attr<DType>("out_type"), {dims.begin(), dims.end()}));
    return {};
}

Status resource_gather(KernelContext& ctx) {
    const auto storage = initialized_variable(ctx, 0);
    if (!storage) return storage.error();
    if (ctx.attr<std::int64_t>("batch_dims") != 0)
        return Error{"UnimplementedError", "ResourceGather with batch_dims cannot be computed here"};
    if ((*storage)->value->dtype() != ctx.attr<DType>("dtype"))
        return invalid_argument(fmt::format("Trying to read variable with wrong dtype. Expected {} got {}",
                                            dtype_cpp_name((*storage)->value->dtype()),
                                            dtype_cpp_name(ctx.attr<DType>("dtype"))));
    auto rows = gather(*(*storage)->value, ctx.input(1), 0);
    if (!rows) return rows.error();
    ctx.note_read(**storage);
    ctx.set_output(0, *std::move(rows));
    return {};
}

Status resource_scatter_shape(ShapeContext& ctx) {
    const auto data = handle_data(ctx.graph(), ctx.node().inputs[0]);
    RNNSCOPE_TRY(check_handle_dtype(data, ctx.attr<DType>("dtype"), "read"));
    const Shape& updates = ctx.input(2);
    if (!data || !updates.has_rank() || updates.rank() == 0) return {};
    RNNSCOPE_TRY(with_rank_at_least(data->shape, 1));
    RNNSCOPE_TRY(merge_shapes(updates, concatenated(ctx.input(1), subshape(data->shape, 1))));
    return {};
}

template <ScatterKind kind> Status resource_scatter(KernelContext& ctx) {
    const auto storage = initialized_variable(ctx, 0);
    if (!storage) return storage.error();
    const Tensor before = *(*storage)->value;
    if (before.dtype() != ctx.input(2).dtype()) // another handle of the same name may say another type
        return invalid_argument(fmt::format("Trying to update variable of type {} with values of type {}",
                                            dtype_cpp_name(before.dtype()), dtype_cpp_name(ctx.input(2).dtype())));
    auto result = scattered(ctx, kind, before, ctx.input(1), ctx.input(2));
    if (!result) return result.error();
    ctx.note_read(**storage);
    ctx.write(**storage, *std::move(result));
    return {};
}

OpBuilder resource_scatter_op(std::string_view name, KernelFn kernel, std::string_view type, std::string_view summary) {
    return OpBuilder(name)
        .input("resource: resource")
        .input("indices: Tindices")
        .input("updates: dtype")
        .attr(type)
        .attr("Tindices: {int32, int64}")
        .stateful()
        .summary(summary)
        .shape(resource_scatter_shape)
        .kernel(kernel);
}

OpBuilder assignment(std::string_view name, KernelFn kernel, std::string_view summary) {
    return OpBuilder(name)
        .input("resource: resource")
        .input("value: dtype")
        .attr("dtype: type")
        .stateful()
        .summary(summary)
        .shape(assign_variable_shape)
        .kernel(kernel);
}

} // namespace

void add_resource_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("VarHandleOp")
                      .output("resource: resource")
                      .attr("container: string = ''")
                      .attr("shared_name: string = ''")
                      .attr("dtype: type")
                      .attr("shape: shape")
                      .stateful()
                      .summary("A handle to a resource variable.")
                      .shape(scalar_shape)
                      .kernel(var_handle)
                      .example({{}, {{"dtype", DType::float32}, {"shape", Shape{2}}}, {}}));
    ops.push_back(OpBuilder("ReadVariableOp")
                      .input("resource: resource")
                      .output("value: dtype")
                      .attr("dtype: type")
                      .stateful()
                      .summary("The value of a resource variable.")
                      .shape(read_variable_shape)
                      .kernel(read_variable));
    ops.push_back(assignment("AssignVariableOp", assign_variable, "Gives a resource variable a value."));
    ops.push_back(assignment("AssignAddVariableOp", assign_update_variable<false>, "Adds to a resource variable."));
    ops.push_back(
        assignment("AssignSubVariableOp", assign_update_variable<true>, "Subtracts from a resource variable."));
    ops.push_back(OpBuilder("VarIsInitializedOp")
                      .input("resource: resource")
                      .output("is_initialized: bool")
                      .stateful()
                      .summary("Has the resource variable a value?")
                      .shape(scalar_shape)
                      .kernel(var_is_initialized));
    ops.push_back(OpBuilder("VariableShape")
                      .input("input: resource")
                      .output("output: out_type")
                      .attr("out_type: {int32, int64} = DT_INT32")
                      .stateful()
                      .summary("Shape of a resource variable's value.")
                      .shape(variable_shape_shape)
                      .kernel(variable_shape));
    ops.push_back(OpBuilder("ResourceGather")
                      .input("resource: resource")
                      .input("indices: Tindices")
                      .output("output: dtype")
                      .attr("batch_dims: int = 0")
                      .attr("validate_indices: bool = true")
                      .attr("dtype: type")
                      .attr("Tindices: {int32, int64}")
                      .stateful()
                      .summary("Rows of a resource variable, picked by index.")
                      .shape(resource_gather_shape)
                      .kernel(resource_gather));
    ops.push_back(resource_scatter_op("ResourceScatterUpdate", resource_scatter<ScatterKind::update>, "dtype: type",
                                      "Replaces rows of a resource variable."));
    ops.push_back(resource_scatter_op("ResourceScatterAdd", resource_scatter<ScatterKind::add>, "dtype: numbertype",
                                      "Adds to rows of a resource variable."));
    ops.push_back(resource_scatter_op("ResourceScatterSub", resource_scatter<ScatterKind::subtract>,
                                      "dtype: numbertype", "Subtracts from rows of a resource variable."));
}

} // namespace rnnscope::ops
