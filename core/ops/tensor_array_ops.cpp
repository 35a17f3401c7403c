#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/tensor_array.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace rnnscope::ops {
namespace {

Status handle_is_pair(ShapeContext& ctx) {
    // A TensorArray's handle has the static shape [2], a relic of its string form.
    const auto handle = with_rank(ctx.input(0), 1);
    if (!handle) return handle.error();
    return dim_is(handle->dim(0), 2);
}

Status array_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(with_rank(ctx.input(0), 0));
    ctx.set_output(0, {2});
    ctx.set_output(1, Shape{});
    return {};
}

Status grad_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    ctx.set_output(0, {2});
    ctx.set_output(1, Shape{});
    return {};
}

std::optional<HandleData> element_data(ShapeContext& ctx) {
    return handle_data(ctx.graph(), ctx.node().inputs[0]);
}

Status write_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    RNNSCOPE_TRY(with_rank(ctx.input(3), 0));
    if (const auto data = element_data(ctx)) RNNSCOPE_TRY(merge_shapes(data->shape, ctx.input(2)));
    return scalar_shape(ctx);
}

Status read_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    RNNSCOPE_TRY(with_rank(ctx.input(2), 0));
    const auto data = element_data(ctx);
    ctx.set_output(0, data ? data->shape : Shape::unknown_rank());
    return {};
}

Status array_gather_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    const auto indices = with_rank(ctx.input(1), 1);
    if (!indices) return indices.error();
    RNNSCOPE_TRY(with_rank(ctx.input(2), 0));
    const auto data = element_data(ctx);
    ctx.set_output(0, concatenated(*indices, data ? data->shape : ctx.attr<Shape>("element_shape")));
    return {};
}

Status scatter_elements_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    const auto indices = with_rank(ctx.input(1), 1);
    if (!indices) return indices.error();
    RNNSCOPE_TRY(with_rank(ctx.input(3), 0));
    const Shape& value = ctx.input(2);
    RNNSCOPE_TRY(with_rank_at_least(value, 1));
    if (value.has_rank()) RNNSCOPE_TRY(merge_dims(indices->dim(0), value.dim(0)));
    if (const auto data = element_data(ctx)) RNNSCOPE_TRY(merge_shapes(data->shape, subshape(value, 1)));
    return scalar_shape(ctx);
}

Status size_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    return scalar_shape(ctx);
}

Status array_concat_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(1), 0));
    ctx.set_output(1, Shape::unknown_dims(1));
    return {};
}

Status array_split_shape(ShapeContext& ctx) {
    RNNSCOPE_TRY(handle_is_pair(ctx));
    RNNSCOPE_TRY(with_rank(ctx.input(2), 1));
    RNNSCOPE_TRY(with_rank(ctx.input(3), 0));
    return scalar_shape(ctx);
}

Result<TensorArray*> array_of(KernelContext& ctx) {
    const std::string& handle = ctx.input(0).strings()[0];
    if (TensorArray* array = ctx.step().find<TensorArray>(handle)) return array;
    return invalid_argument(fmt::format("TensorArray {} does not exist in this run", handle));
}

Tensor no_flow() {
    return Tensor::scalar(0.0F); // only its order matters
}

Status scalar_index(const Tensor& index) {
    if (index.shape().rank() == 0) return {};
    return invalid_argument(fmt::format("TensorArray index must be scalar, but had shape: {}", to_text(index.shape())));
}

Status new_array(KernelContext& ctx) {
    const Tensor& size = ctx.input(0);
    if (size.shape().rank() != 0)
        return invalid_argument(
            fmt::format("TensorArray size must be scalar, but had shape: {}", to_text(size.shape())));
    if (size.integer(0) < 0) return invalid_argument("Size should be >= 0.");
    RNNSCOPE_TRY(check_allocation(DType::string, {size.integer(0)})); // the list itself must fit
    TensorArray::Options options;
    const auto name = ctx.attr<std::string>("tensor_array_name");
    options.name = fmt::format("{}_{}", name.empty() ? ctx.node().name : name, ctx.step().next_id());
    options.dtype = ctx.attr<DType>("dtype");
    options.element_shape = ctx.attr<Shape>("element_shape");
    options.dynamic_size = ctx.attr<bool>("dynamic_size");
    options.clear_after_read = ctx.attr<bool>("clear_after_read");
    options.identical_element_shapes = ctx.attr<bool>("identical_element_shapes");
    const std::string key = "_tensor_arrays/" + options.name;
    ctx.step().insert(key, std::make_shared<TensorArray>(std::move(options), size.integer(0)));
    ctx.set_output(0, Tensor::resource(key));
    ctx.set_output(1, no_flow());
    return {};
}

Status gradient_array(KernelContext& ctx) {
    const auto source = array_of(ctx);
    if (!source) return source.error();
    const std::string key = ctx.input(0).strings()[0] + "@" + ctx.attr<std::string>("source");
    if (ctx.step().find<TensorArray>(key) == nullptr) {
        TensorArray& forward = **source;
        if (forward.closed())
            return invalid_argument(fmt::format("TensorArray {} has already been closed.", forward.options().name));
        forward.freeze_size();
        TensorArray::Options options = forward.options();
        options.name = key.substr(key.find('/') + 1);
        options.dynamic_size = false;
        options.adds_writes = true;
        auto gradient = std::make_shared<TensorArray>(options, forward.size());
        for (std::int64_t i = 0; i < forward.size(); ++i) gradient->set_element_shape(i, forward.element_shape_of(i));
        ctx.step().insert(key, std::move(gradient));
    }
    ctx.set_output(0, Tensor::resource(key));
    ctx.set_output(1, no_flow());
    return {};
}

Status write_element(KernelContext& ctx) {
    const auto array = array_of(ctx);
    if (!array) return array.error();
    RNNSCOPE_TRY(scalar_index(ctx.input(1)));
    RNNSCOPE_TRY((*array)->write(scalar_input(ctx, 1), ctx.input(2)));
    ctx.set_output(0, no_flow());
    return {};
}

Status read_element(KernelContext& ctx) {
    const auto array = array_of(ctx);
    if (!array) return array.error();
    RNNSCOPE_TRY(scalar_index(ctx.input(1)));
    if (ctx.attr<DType>("dtype") != (*array)->options().dtype)
        return invalid_argument(fmt::format("TensorArray dtype is {} but Op requested dtype {}.",
                                            dtype_cpp_name((*array)->options().dtype),
                                            dtype_cpp_name(ctx.attr<DType>("dtype"))));
    auto value = (*array)->read(scalar_input(ctx, 1));
    if (!value) return value.error();
    ctx.set_output(0, *std::move(value));
    return {};
}

/// 0, 1, 2, ..., count - 1?
bool counts_up(const Tensor& indices, std::int64_t count) {
    if (indices.elements() != count || indices.dtype() != DType::int32) return false;
    std::int32_t next = 0;
    return std::ranges::all_of(indices.values<std::int32_t>(), [&](std::int32_t index) { return index == next++; });
}

/// Reads elements that must all have one shape; `skip` leading dimensions may differ.
Result<std::vector<Tensor>> read_all(TensorArray& array, const std::vector<std::int64_t>& indices, std::size_t skip,
                                     std::string_view what) {
    std::vector<Tensor> values;
    for (const std::int64_t index : indices) {
        auto value = array.read(index);
        if (!value) return value.error();
        if (value->shape().rank() < skip)
            return invalid_argument(
                fmt::format("{} saw a scalar shape at index {} but requires at least vectors.", what, index));
        if (!values.empty() && subshape(values[0].shape(), skip) != subshape(value->shape(), skip))
            return invalid_argument(
                fmt::format("TensorArray has inconsistent shapes.  Index 0 has shape: {} but index {} has shape: {}",
                            to_text(values[0].shape()), index, to_text(value->shape())));
        values.push_back(*std::move(value));
    }
    return values;
}

Tensor laid_end_to_end(const std::vector<Tensor>& parts, DType dtype, Shape shape) {
    ElementWriter writer(dtype, std::move(shape));
    std::int64_t to = 0;
    for (const Tensor& part : parts) {
        writer.copy(to, part, 0, part.elements());
        to += part.elements();
    }
    return std::move(writer).finish();
}

Status gather_elements(KernelContext& ctx) {
    const auto found = array_of(ctx);
    if (!found) return found.error();
    TensorArray& array = **found;
    const Tensor& indices = ctx.input(1);
    const auto dtype = ctx.attr<DType>("dtype");
    if (dtype != array.options().dtype)
        return invalid_argument(fmt::format("TensorArray dtype is {} but Op requested dtype {}.",
                                            dtype_cpp_name(array.options().dtype), dtype_cpp_name(dtype)));
    if (indices.shape().rank() != 1)
        return invalid_argument(
            fmt::format("Expected indices to be a vector, but received shape: {}", to_text(indices.shape())));
    RNNSCOPE_TRY(array.merge_element_shape(ctx.attr<Shape>("element_shape")));
    if (indices.elements() == 0) {
        const Shape& element = array.options().element_shape;
        if (!element.fully_defined())
            return Error{"UnimplementedError",
                         fmt::format("TensorArray has size zero, but element shape {} is not fully defined. Currently "
                                     "only static shapes are supported when packing zero-size TensorArrays.",
                                     to_text(element))};
        ctx.set_output(0, Tensor::zeros(dtype, concatenated({0}, element)));
        return {};
    }
    if (counts_up(indices, array.size()))
        if (Tensor rows = array.read_rows()) {
            ctx.set_output(0, std::move(rows));
            return {};
        }
    const auto values = read_all(array, integers_of(indices), 0, "Gather");
    if (!values) return values.error();
    const Shape shape = concatenated({indices.elements()}, values->front().shape());
    RNNSCOPE_TRY(check_allocation(dtype, shape));
    ctx.set_output(0, laid_end_to_end(*values, dtype, shape));
    return {};
}

Status scatter_elements(KernelContext& ctx) {
    const auto array = array_of(ctx);
    if (!array) return array.error();
    const Tensor& indices = ctx.input(1);
    const Tensor& value = ctx.input(2);
    if (indices.shape().rank() != 1)
        return invalid_argument(
            fmt::format("Expected indices to be a vector, but received shape: {}", to_text(indices.shape())));
    if (value.shape().rank() < 1)
        return invalid_argument(
            fmt::format("Expected value to be at least a vector, but received shape: {}", to_text(value.shape())));
    if (value.shape().dim(0) != indices.elements())
        return invalid_argument(fmt::format("Expected len(indices) == values.shape[0], but saw: {} vs. {}",
                                            indices.elements(), value.shape().dim(0)));
    if (counts_up(indices, indices.elements()) && (*array)->write_rows(value)) {
        ctx.set_output(0, no_flow());
        return {};
    }
    const Shape element = subshape(value.shape(), 1);
    const std::vector<std::int64_t> strides = strides_of(element);
    for (std::int64_t i = 0; i < indices.elements(); ++i)
        RNNSCOPE_TRY(
            (*array)->write(indices.integer(i), take_strided(value, element, i * element.elements(), strides)));
    ctx.set_output(0, no_flow());
    return {};
}

Status concat_elements(KernelContext& ctx) {
    const auto found = array_of(ctx);
    if (!found) return found.error();
    TensorArray& array = **found;
    const auto dtype = ctx.attr<DType>("dtype");
    if (dtype != array.options().dtype)
        return invalid_argument(fmt::format("TensorArray dtype is {} but Op requested dtype {}.",
                                            dtype_cpp_name(array.options().dtype), dtype_cpp_name(dtype)));
    std::vector<std::int64_t> indices, lengths;
    for (std::int64_t i = 0; i < array.size(); ++i) indices.push_back(i);
    const Shape rest = ctx.attr<Shape>("element_shape_except0");
    if (indices.empty()) {
        if (!rest.fully_defined())
            return Error{"UnimplementedError",
                         fmt::format("TensorArray has size zero, but element_shape_except0 {} is not fully defined. "
                                     "Currently only static shapes are supported when concatenating zero-size "
                                     "TensorArrays.",
                                     to_text(rest))};
        ctx.set_output(0, Tensor::zeros(dtype, concatenated({0}, rest)));
        ctx.set_output(1, integer_vector(DType::int64, {}));
        return {};
    }
    const auto values = read_all(array, indices, 1, "Concat");
    if (!values) return values.error();
    std::int64_t total = 0;
    for (const Tensor& value : *values) {
        lengths.push_back(value.shape().dim(0));
        total += value.shape().dim(0);
    }
    const Shape shape = with_dim(values->front().shape(), 0, total);
    RNNSCOPE_TRY(check_allocation(dtype, shape));
    ctx.set_output(0, laid_end_to_end(*values, dtype, shape));
    ctx.set_output(1, integer_vector(DType::int64, lengths));
    return {};
}

Status split_into_elements(KernelContext& ctx) {
    const auto array = array_of(ctx);
    if (!array) return array.error();
    const Tensor& value = ctx.input(1);
    const Tensor& lengths = ctx.input(2);
    if (lengths.shape().rank() != 1)
        return invalid_argument(
            fmt::format("Expected lengths to be a vector, received shape: {}", to_text(lengths.shape())));
    if (value.shape().rank() < 1)
        return invalid_argument(
            fmt::format("Expected value to be at least a vector, but received shape: {}", to_text(value.shape())));
    std::int64_t total = 0;
    for (const std::int64_t length : integers_of(lengths))
        if (length < 0 || __builtin_add_overflow(total, length, &total))
            return invalid_argument(fmt::format("Expected lengths not to be negative, but received: {}", length));
    if (total != value.shape().dim(0))
        return invalid_argument(
            fmt::format("Expected sum of lengths to be equal to values.shape[0], but sum of lengths "
                        "is {} and value's shape is: {}",
                        total, to_text(value.shape())));
    if (!(*array)->options().dynamic_size && (*array)->size() != lengths.elements())
        return invalid_argument(fmt::format(
            "TensorArray's size is not equal to the size of lengths ({} vs. {}), and the TensorArray is not "
            "marked as dynamically resizeable",
            (*array)->size(), lengths.elements()));
    const std::vector<std::int64_t> strides = strides_of(value.shape());
    std::int64_t row = 0;
    for (std::int64_t i = 0; i < lengths.elements(); ++i) {
        const Shape part = with_dim(value.shape(), 0, lengths.integer(i));
        RNNSCOPE_TRY((*array)->write(i, take_strided(value, part, row * strides[0], strides)));
        row += lengths.integer(i);
    }
    ctx.set_output(0, no_flow());
    return {};
}

Status array_size(KernelContext& ctx) {
    const auto array = array_of(ctx);
    if (!array) return array.error();
    ctx.set_output(0, Tensor::scalar(static_cast<std::int32_t>((*array)->size())));
    return {};
}

Status close_array(KernelContext& ctx) {
    const auto array = array_of(ctx);
    if (!array) return array.error();
    (*array)->close();
    return {};
}

} // namespace

void add_tensor_array_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("TensorArrayV3")
                      .input("size: int32")
                      .output("handle: resource")
                      .output("flow: float")
                      .attr("dtype: type")
                      .attr("element_shape: shape = { unknown_rank: true }")
                      .attr("dynamic_size: bool = false")
                      .attr("clear_after_read: bool = true")
                      .attr("identical_element_shapes: bool = false")
                      .attr("tensor_array_name: string = ''")
                      .stateful()
                      .summary("A new array of tensors, which lives as long as the run.")
                      .shape(array_shape)
                      .kernel(new_array)
                      .example({{example::ints({}, {2})}, {{"dtype", DType::float32}}, {}}));
    ops.push_back(OpBuilder("TensorArrayGradV3")
                      .input("handle: resource")
                      .input("flow_in: float")
                      .output("grad_handle: resource")
                      .output("flow_out: float")
                      .attr("source: string")
                      .stateful()
                      .summary("The array that gathers the gradients of an array's elements.")
                      .shape(grad_shape)
                      .kernel(gradient_array));
    ops.push_back(OpBuilder("TensorArrayWriteV3")
                      .input("handle: resource")
                      .input("index: int32")
                      .input("value: T")
                      .input("flow_in: float")
                      .output("flow_out: float")
                      .attr("T: type")
                      .stateful()
                      .summary("Stores a tensor in an array.")
                      .shape(write_shape)
                      .kernel(write_element));
    ops.push_back(OpBuilder("TensorArrayReadV3")
                      .input("handle: resource")
                      .input("index: int32")
                      .input("flow_in: float")
                      .output("value: dtype")
                      .attr("dtype: type")
                      .stateful()
                      .summary("Takes a tensor from an array.")
                      .shape(read_shape)
                      .kernel(read_element));
    ops.push_back(OpBuilder("TensorArrayGatherV3")
                      .input("handle: resource")
                      .input("indices: int32")
                      .input("flow_in: float")
                      .output("value: dtype")
                      .attr("dtype: type")
                      .attr("element_shape: shape = { unknown_rank: true }")
                      .stateful()
                      .summary("Stacks elements of an array into one tensor.")
                      .shape(array_gather_shape)
                      .kernel(gather_elements));
    ops.push_back(OpBuilder("TensorArrayScatterV3")
                      .input("handle: resource")
                      .input("indices: int32")
                      .input("value: T")
                      .input("flow_in: float")
                      .output("flow_out: float")
                      .attr("T: type")
                      .stateful()
                      .summary("Stores the rows of a tensor as elements of an array.")
                      .shape(scatter_elements_shape)
                      .kernel(scatter_elements));
    ops.push_back(OpBuilder("TensorArrayConcatV3")
                      .input("handle: resource")
                      .input("flow_in: float")
                      .output("value: dtype")
                      .output("lengths: int64")
                      .attr("dtype: type")
                      .attr("element_shape_except0: shape = { unknown_rank: true }")
                      .stateful()
                      .summary("Joins the elements of an array along their first dimension.")
                      .shape(array_concat_shape)
                      .kernel(concat_elements));
    ops.push_back(OpBuilder("TensorArraySplitV3")
                      .input("handle: resource")
                      .input("value: T")
                      .input("lengths: int64")
                      .input("flow_in: float")
                      .output("flow_out: float")
                      .attr("T: type")
                      .stateful()
                      .summary("Cuts a tensor into the elements of an array.")
                      .shape(array_split_shape)
                      .kernel(split_into_elements));
    ops.push_back(OpBuilder("TensorArraySizeV3")
                      .input("handle: resource")
                      .input("flow_in: float")
                      .output("size: int32")
                      .stateful()
                      .summary("Number of elements of an array.")
                      .shape(size_shape)
                      .kernel(array_size));
    ops.push_back(OpBuilder("TensorArrayCloseV3")
                      .input("handle: resource")
                      .stateful()
                      .summary("Frees an array before the run ends.")
                      .shape(handle_is_pair)
                      .kernel(close_array));
}

} // namespace rnnscope::ops
