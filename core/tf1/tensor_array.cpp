#include "core/tf1/tensor_array.hpp"

#include "core/tf1/control_flow.hpp"
#include "core/tf1/op_call.hpp"
#include "core/tf1/op_helpers.hpp"

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

Shape without_first(const Shape& shape) {
    if (!shape.has_rank() || shape.rank() == 0) return Shape::unknown_rank();
    return Shape(std::vector<std::int64_t>(shape.dims().begin() + 1, shape.dims().end()));
}

Shape with_first(std::int64_t dim, const Shape& shape) {
    if (!shape.has_rank()) return shape;
    std::vector<std::int64_t> dims{dim};
    dims.insert(dims.end(), shape.dims().begin(), shape.dims().end());
    return Shape(std::move(dims));
}

std::string or_default(std::string_view name, const char* fallback) {
    return name.empty() ? std::string(fallback) : std::string(name);
}

} // namespace

TensorArray::TensorArray(GraphState& state, const Options& options)
    : state_(&state), dtype_(options.dtype), dynamic_size_(options.dynamic_size), infer_shape_(options.infer_shape),
      colocates_(options.colocate_with_first_write_call),
      element_shape_(std::make_shared<Shape>(options.element_shape)),
      colocate_with_(std::make_shared<std::optional<Output>>()) {
    if (options.handle && !options.tensor_array_name.empty())
        raise("ValueError", "Cannot construct with both handle and tensor_array_name");
    if (!options.handle && options.size.is_none())
        raise("ValueError", "Size must be provided if handle is not provided");
    if (options.handle && !options.size.is_none())
        raise("ValueError", "Cannot provide both a handle and size at the same time");
    const NameScope scope(state, or_default(options.name, "TensorArray"));
    if (options.handle) {
        if (!options.flow) raise("ValueError", "flow must not be None if handle is not None.");
        handle_ = *options.handle;
        flow_ = *options.flow;
        return;
    }
    std::optional<DeviceScope> device;
    std::optional<ColocateScope> colocation;
    if (colocates_) { // the first write may place it; what is around must not
        device.emplace(state, std::nullopt);
        colocation.emplace(state, NodeId{}, true);
    }
    const NodeId node = call_op(state, "TensorArrayV3", {options.size},
                                {{"dtype", dtype_},
                                 {"element_shape", options.element_shape},
                                 {"identical_element_shapes", infer_shape_},
                                 {"dynamic_size", dynamic_size_},
                                 {"clear_after_read", options.clear_after_read},
                                 {"tensor_array_name", options.tensor_array_name}},
                                scope.scope());
    handle_ = Output{node, 0};
    flow_ = Output{node, 1};
}

std::shared_ptr<TensorArray> TensorArray::with_flow(GraphState& state, Output flow) const {
    Options options;
    options.dtype = dtype_;
    options.handle = handle_;
    options.flow = flow;
    options.infer_shape = infer_shape_;
    options.colocate_with_first_write_call = colocates_;
    auto result = std::make_shared<TensorArray>(state, options);
    result->dynamic_size_ = dynamic_size_;
    result->element_shape_ = element_shape_;
    result->colocate_with_ = colocate_with_;
    return result;
}

void TensorArray::check_element_shape(const Shape& shape) {
    const std::optional<Shape> merged = element_shape_->merged(shape);
    if (!merged) {
        raise("ValueError", fmt::format("Inconsistent shapes: saw {} but expected {} ", to_python(shape),
                                        to_python(*element_shape_)));
    }
    if (infer_shape_) *element_shape_ = *merged;
}

void TensorArray::check_dtype(Output value) const {
    const DType got = state_->graph.info(value).dtype;
    if (got == dtype_) return;
    raise("ValueError", fmt::format("Input dtype is {}, but expected dtype {}. You should either cast your input or "
                                    "change the dtype.",
                                    dtype_name(got), dtype_name(dtype_)));
}

std::unique_ptr<ColocateScope> TensorArray::colocate(GraphState& state, Output value) {
    if (!colocates_) return nullptr;
    if (!*colocate_with_) *colocate_with_ = value;
    return std::make_unique<ColocateScope>(state, (*colocate_with_)->node);
}

Output TensorArray::read(GraphState& state, const Value& index, std::string_view name) const {
    const Output value = op_output(state, "TensorArrayReadV3", {wrap(state, handle_), index, wrap(state, flow_)},
                                   {{"dtype", dtype_}}, name);
    set_shape(state, value, *element_shape_);
    return value;
}

std::shared_ptr<TensorArray> TensorArray::write(GraphState& state, const Value& index, const Value& value,
                                                std::string_view name) {
    const NameScope scope(state, or_default(name, "TensorArrayWrite"));
    const Output written = to_tensor(state, value, DType::invalid, "value");
    check_dtype(written);
    check_element_shape(state.graph.info(written).shape);
    const std::unique_ptr<ColocateScope> colocated = colocate(state, written);
    const Output flow = op_output(state, "TensorArrayWriteV3",
                                  {wrap(state, handle_), index, wrap(state, written), wrap(state, flow_)}, {}, name);
    return with_flow(state, flow);
}

std::shared_ptr<TensorArray> TensorArray::unstack(GraphState& state, const Value& value, std::string_view name) {
    const NameScope scope(state, or_default(name, "TensorArrayUnstack"));
    const Output tensor = to_tensor(state, value);
    const Output count = strided_slice(state, wrap(state, shape_of(state, wrap(state, tensor))), Value(0));
    const Output indices = range(state, Value(0), wrap(state, count));
    return scatter(state, wrap(state, indices), wrap(state, tensor), name);
}

std::shared_ptr<TensorArray> TensorArray::scatter(GraphState& state, const Value& indices, const Value& value,
                                                  std::string_view name) {
    const NameScope scope(state, or_default(name, "TensorArrayScatter"));
    const Output tensor = to_tensor(state, value, DType::invalid, "value");
    check_dtype(tensor);
    check_element_shape(without_first(state.graph.info(tensor).shape));
    const std::unique_ptr<ColocateScope> colocated = colocate(state, tensor);
    const Output flow = op_output(state, "TensorArrayScatterV3",
                                  {wrap(state, handle_), indices, wrap(state, tensor), wrap(state, flow_)}, {}, name);
    return with_flow(state, flow);
}

std::shared_ptr<TensorArray> TensorArray::split(GraphState& state, const Value& value, const Value& lengths,
                                                std::string_view name) {
    const NameScope scope(state, or_default(name, "TensorArraySplit"));
    const Output tensor = to_tensor(state, value, dtype_, "value");
    const std::unique_ptr<ColocateScope> colocated = colocate(state, tensor);
    const Output lengths_64 = cast(state, lengths, DType::int64);
    const Output flow =
        op_output(state, "TensorArraySplitV3",
                  {wrap(state, handle_), wrap(state, tensor), wrap(state, lengths_64), wrap(state, flow_)}, {}, name);
    return with_flow(state, flow);
}

std::shared_ptr<TensorArray> TensorArray::identity(GraphState& state) const {
    return with_flow(state, op1(state, "Identity", flow_));
}

Output TensorArray::stack(GraphState& state, std::string_view name) const {
    const ColocateScope colocated(state, handle_.node);
    const NameScope scope(state, or_default(name, "TensorArrayStack"));
    const Output indices = range(state, Value(0), wrap(state, size(state)));
    return gather(state, wrap(state, indices), name);
}

Output TensorArray::gather(GraphState& state, const Value& indices, std::string_view name) const {
    const Output value = op_output(state, "TensorArrayGatherV3", {wrap(state, handle_), indices, wrap(state, flow_)},
                                   {{"dtype", dtype_}, {"element_shape", *element_shape_}}, name);
    if (element_shape_->has_rank()) set_shape(state, value, with_first(Shape::unknown, *element_shape_));
    return value;
}

Output TensorArray::concat(GraphState& state, std::string_view name) const {
    const Shape rest = without_first(*element_shape_);
    const Output value = op_output(state, "TensorArrayConcatV3", {wrap(state, handle_), wrap(state, flow_)},
                                   {{"dtype", dtype_}, {"element_shape_except0", rest}}, name);
    if (rest.has_rank()) set_shape(state, value, with_first(Shape::unknown, rest));
    return value;
}

Output TensorArray::size(GraphState& state, std::string_view name) const {
    return op2(state, "TensorArraySizeV3", handle_, flow_, name);
}

NodeId TensorArray::close(GraphState& state, std::string_view name) const {
    return call_op(state, "TensorArrayCloseV3", {wrap(state, handle_)}, {}, name);
}

std::shared_ptr<TensorArray> TensorArray::grad(GraphState& state, std::string_view source, std::optional<Output> flow,
                                               std::string_view name) const {
    const NameScope scope(state, or_default(name, "TensorArrayGrad"));
    const ColocateScope colocated(state, handle_.node);
    const NodeId node = call_op(state, "TensorArrayGradV3", {wrap(state, handle_), wrap(state, flow.value_or(flow_))},
                                {{"source", source}}, name);
    Options options;
    {
        const ControlDependenciesScope waiting(state, {node});
        options.flow = op1(state, "Identity", flow.value_or(flow_), "gradient_flow");
    }
    options.dtype = dtype_;
    options.handle = Output{node, 0};
    options.infer_shape = infer_shape_;
    options.colocate_with_first_write_call = false;
    auto result = std::make_shared<TensorArray>(state, options);
    result->element_shape_ = element_shape_;
    return result;
}

Value TensorArray::attribute(Context& context, std::string_view name) {
    if (name == "dtype") return dtype_;
    if (name == "handle") return wrap(*state_, handle_);
    if (name == "flow") return wrap(*state_, flow_);
    if (name == "element_shape") return *element_shape_;
    if (name == "dynamic_size") return dynamic_size_;
    return Object::attribute(context, name);
}

std::vector<std::string> TensorArray::attribute_names() const {
    return {"dtype", "handle", "flow", "element_shape", "dynamic_size"};
}

} // namespace rnnscope::tf1
