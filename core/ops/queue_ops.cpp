#include "core/ops/examples.hpp"
#include "core/ops/kernel_util.hpp"
#include "core/ops/named_resource.hpp"
#include "core/ops/op_list.hpp"
#include "core/ops/shape_fns.hpp"
#include "core/ops/waiting.hpp"

#include <algorithm>
#include <deque>

#include <fmt/format.h>

// Queues and staging areas, which live as long as their session. TensorFlow lets a dequeue sleep until another thread
// has enqueued something. Here one thread runs everything: the executor tries again after the others, and when nothing
// else is left in the run, what the op waits for is the error.
namespace rnnscope::ops {
namespace {

/// The op that made the handle, if nothing stands in between that could choose another.
const Node* maker_of(const Graph& graph, Output handle) {
    for (std::size_t steps = 0; steps <= graph.size(); ++steps) {
        const Node& node = graph.node(handle.node);
        if (node.op == "FIFOQueueV2") return &node;
        if ((node.op != "Identity" && node.op != "Enter") || node.inputs.empty()) return nullptr;
        handle = node.inputs[0];
    }
    return nullptr;
}

/// Shapes of a queue's components; empty when they are not known.
std::vector<Shape> component_shapes(ShapeContext& ctx) {
    std::vector<Shape> shapes;
    const Node* queue = maker_of(ctx.graph(), ctx.node().inputs[0]);
    const auto* list = queue == nullptr ? nullptr : queue->attr<AttrList>("shapes");
    if (list == nullptr || list->entries.size() != ctx.outputs()) return shapes;
    for (const AttrValue& entry : list->entries)
        if (const auto* shape = entry.as<Shape>()) shapes.push_back(*shape);
    if (shapes.size() != ctx.outputs()) shapes.clear();
    return shapes;
}

Status dequeue_shape(ShapeContext& ctx) {
    const std::vector<Shape> shapes = component_shapes(ctx);
    for (std::size_t i = 0; i < shapes.size(); ++i) ctx.set_output(i, shapes[i]);
    return {};
}

Status dequeue_many_shape(ShapeContext& ctx) {
    std::int64_t count = Shape::unknown;
    if (const auto n = ctx.constant_input(1)) {
        if (n->elements() != 1) return invalid_argument("Input 'n' must be a scalar");
        count = n->integer(0);
        if (count < 0) return invalid_argument(fmt::format("Input 'n' must be >= 0, but is {}", count));
    }
    const std::vector<Shape> shapes = component_shapes(ctx);
    for (std::size_t i = 0; i < shapes.size(); ++i) ctx.set_output(i, concatenated({count}, shapes[i]));
    return {};
}

using Element = std::vector<Tensor>; ///< one tensor for each component

struct Queue {
    std::string name;
    std::vector<DType> types;
    std::vector<Shape> shapes; ///< empty: anything
    std::int64_t capacity = -1;
    std::deque<Element> elements;
    bool closed = false;
};

std::vector<DType> types_of(const KernelContext& ctx, const char* key) {
    std::vector<DType> types;
    for (const AttrValue& entry : ctx.node().attr<AttrList>(key)->entries) types.push_back(*entry.as<DType>());
    return types;
}

Status make_queue(KernelContext& ctx) {
    const std::string name = resource_name(ctx), key = "_queues/" + name;
    Queue* queue = ctx.session().find<Queue>(key);
    const std::vector<DType> types = types_of(ctx, "component_types");
    if (queue == nullptr) {
        auto made = std::make_shared<Queue>();
        made->name = name;
        made->types = types;
        for (const AttrValue& entry : ctx.node().attr<AttrList>("shapes")->entries)
            if (const auto* shape = entry.as<Shape>()) made->shapes.push_back(*shape);
        if (!made->shapes.empty() && made->shapes.size() != types.size())
            return invalid_argument("shapes must be empty or have one entry for each component");
        made->capacity = ctx.attr<std::int64_t>("capacity");
        ctx.session().insert(key, made);
    } else if (queue->types != types) {
        return invalid_argument(fmt::format("Shared queue '{}' has other component types than requested", name));
    }
    ctx.set_output(0, Tensor::resource(key));
    return {};
}

Result<Queue*> queue_of(KernelContext& ctx) {
    const std::string& handle = ctx.input(0).strings()[0];
    if (Queue* queue = ctx.session().find<Queue>(handle)) return queue;
    return Error{"NotFoundError", fmt::format("Resource {} does not exist", handle)};
}

/// What the op has to wait for. It must not have changed anything yet, because it is tried again.
Error would_wait(const KernelContext& ctx, std::string_view what) {
    return {std::string(waiting_error),
            fmt::format("{} would wait for ever: {}, and nothing is left in this run that could change that",
                        ctx.node().op, what)};
}

Status check_component(const Queue& queue, std::size_t i, const Tensor& value, const Shape& shape) {
    if (value.dtype() != queue.types[i])
        return invalid_argument(fmt::format("Type mismatch in tuple component {}. Expected {}, got {}", i,
                                            dtype_cpp_name(queue.types[i]), dtype_cpp_name(value.dtype())));
    if (!queue.shapes.empty() && !queue.shapes[i].compatible(shape))
        return invalid_argument(fmt::format("Shape mismatch in tuple component {}. Expected {}, got {}", i,
                                            to_text(queue.shapes[i]), to_text(shape)));
    return {};
}

Status put(const KernelContext& ctx, Queue& queue, std::vector<Element> elements) {
    if (queue.closed) return Error{"CancelledError", fmt::format("FIFOQueue '{}' is closed.", queue.name)};
    const auto size = static_cast<std::int64_t>(queue.elements.size() + elements.size());
    if (queue.capacity >= 0 && size > queue.capacity)
        return would_wait(ctx, fmt::format("FIFOQueue '{}' is full ({} elements, capacity {})", queue.name,
                                           queue.elements.size(), queue.capacity));
    for (Element& element : elements) queue.elements.push_back(std::move(element));
    return {};
}

Status enqueue(KernelContext& ctx) {
    const auto queue = queue_of(ctx);
    if (!queue) return queue.error();
    if (ctx.inputs() - 1 != (*queue)->types.size())
        return invalid_argument(
            fmt::format("Expected {} components, got {}", (*queue)->types.size(), ctx.inputs() - 1));
    Element element;
    for (std::size_t i = 0; i + 1 < ctx.inputs(); ++i) {
        RNNSCOPE_TRY(check_component(**queue, i, ctx.input(i + 1), ctx.input(i + 1).shape()));
        element.push_back(ctx.input(i + 1));
    }
    return put(ctx, **queue, {std::move(element)});
}

Tensor row_of(const Tensor& tensor, std::int64_t row) {
    const std::vector<std::int64_t> strides = strides_of(tensor.shape());
    return take_strided(tensor, subshape(tensor.shape(), 1), row * strides[0], std::span(strides).subspan(1));
}

Status enqueue_many(KernelContext& ctx) {
    const auto queue = queue_of(ctx);
    if (!queue) return queue.error();
    if (ctx.inputs() - 1 != (*queue)->types.size())
        return invalid_argument(
            fmt::format("Expected {} components, got {}", (*queue)->types.size(), ctx.inputs() - 1));
    for (std::size_t i = 0; i + 1 < ctx.inputs(); ++i) {
        const Tensor& batch = ctx.input(i + 1);
        if (batch.shape().rank() < 1 || batch.shape().dim(0) != ctx.input(1).shape().dim(0))
            return invalid_argument("All input tensors must have the same size in the 0th dimension.");
        RNNSCOPE_TRY(check_component(**queue, i, batch, subshape(batch.shape(), 1)));
    }
    std::vector<Element> elements;
    for (std::int64_t row = 0; row < ctx.input(1).shape().dim(0); ++row) {
        Element element;
        for (std::size_t i = 1; i < ctx.inputs(); ++i) element.push_back(row_of(ctx.input(i), row));
        elements.push_back(std::move(element));
    }
    return put(ctx, **queue, std::move(elements));
}

/// Are there `count` elements of the types that the op asks for?
Status check_dequeue(const KernelContext& ctx, const Queue& queue, std::int64_t count) {
    if (types_of(ctx, "component_types") != queue.types)
        return invalid_argument("Dequeue asks for other component types than the queue has");
    const auto size = static_cast<std::int64_t>(queue.elements.size());
    if (size >= count) return {};
    if (queue.closed)
        return Error{"OutOfRangeError", fmt::format("FIFOQueue '{}' is closed and has insufficient elements (requested "
                                                    "{}, current size {})",
                                                    queue.name, count, size)};
    return would_wait(ctx, fmt::format("FIFOQueue '{}' has {} elements, {} are asked for", queue.name, size, count));
}

Status dequeue(KernelContext& ctx) {
    const auto queue = queue_of(ctx);
    if (!queue) return queue.error();
    RNNSCOPE_TRY(check_dequeue(ctx, **queue, 1));
    Element element = std::move((*queue)->elements.front());
    (*queue)->elements.pop_front();
    for (std::size_t i = 0; i < element.size(); ++i) ctx.set_output(i, std::move(element[i]));
    return {};
}

Status dequeue_many(KernelContext& ctx) {
    const auto found = queue_of(ctx);
    if (!found) return found.error();
    Queue& queue = **found;
    if (ctx.input(1).shape().rank() != 0)
        return invalid_argument(fmt::format("n must be a scalar, got shape {}", to_text(ctx.input(1).shape())));
    const std::int64_t count = scalar_input(ctx, 1);
    if (count < 0) return invalid_argument(fmt::format("DequeueManyOp requested {} < 0 elements", count));
    if (queue.shapes.empty() ||
        std::ranges::any_of(queue.shapes, [](const Shape& shape) { return !shape.fully_defined(); }))
        return invalid_argument("FIFOQueue's DequeueMany and DequeueUpTo require the components to have specified "
                                "shapes.");
    RNNSCOPE_TRY(check_dequeue(ctx, queue, count));
    for (std::size_t i = 0; i < queue.types.size(); ++i) {
        const Shape& one = queue.shapes[i];
        const Shape shape = concatenated({count}, one);
        RNNSCOPE_TRY(check_allocation(queue.types[i], shape));
        ElementWriter writer(queue.types[i], shape);
        for (std::int64_t row = 0; row < count; ++row)
            writer.copy(row * one.elements(), queue.elements[static_cast<std::size_t>(row)][i], 0, one.elements());
        ctx.set_output(i, std::move(writer).finish());
    }
    queue.elements.erase(queue.elements.begin(), queue.elements.begin() + count);
    return {};
}

Status close_queue(KernelContext& ctx) {
    const auto queue = queue_of(ctx);
    if (!queue) return queue.error();
    (*queue)->closed = true;
    return {};
}

Status queue_size(KernelContext& ctx) {
    const auto queue = queue_of(ctx);
    if (!queue) return queue.error();
    ctx.set_output(0, Tensor::scalar(static_cast<std::int32_t>((*queue)->elements.size())));
    return {};
}

Status queue_is_closed(KernelContext& ctx) {
    const auto queue = queue_of(ctx);
    if (!queue) return queue.error();
    ctx.set_output(0, Tensor::scalar((*queue)->closed));
    return {};
}

/// A staging area: a queue without a handle, which its two ops find by name.
struct Staging {
    std::deque<Element> elements;
};

Staging& staging(KernelContext& ctx) {
    const std::string key = "_staging/" + resource_name(ctx);
    if (ctx.session().find<Staging>(key) == nullptr) ctx.session().insert(key, std::make_shared<Staging>());
    return *ctx.session().find<Staging>(key);
}

Status stage(KernelContext& ctx) {
    Staging& area = staging(ctx);
    const auto capacity = ctx.attr<std::int64_t>("capacity");
    if (capacity > 0 && static_cast<std::int64_t>(area.elements.size()) >= capacity)
        return would_wait(ctx,
                          fmt::format("the staging area '{}' is full ({} elements)", resource_name(ctx), capacity));
    Element element;
    for (std::size_t i = 0; i < ctx.inputs(); ++i) element.push_back(ctx.input(i));
    area.elements.push_back(std::move(element));
    return {};
}

Status unstage(KernelContext& ctx) {
    Staging& area = staging(ctx);
    if (area.elements.empty())
        return would_wait(ctx, fmt::format("the staging area '{}' is empty", resource_name(ctx)));
    Element element = std::move(area.elements.front());
    area.elements.pop_front();
    const std::vector<DType> types = types_of(ctx, "dtypes");
    if (element.size() != types.size())
        return invalid_argument(
            fmt::format("Expected {} tensors, the staging area has {}", types.size(), element.size()));
    for (std::size_t i = 0; i < element.size(); ++i) {
        if (element[i].dtype() != types[i])
            return invalid_argument(fmt::format("Tensor {} of the staging area is {}, not {}", i,
                                                dtype_name(element[i].dtype()), dtype_name(types[i])));
        ctx.set_output(i, std::move(element[i]));
    }
    return {};
}

OpBuilder queue_op(std::string_view name, std::string_view summary, ShapeFn shape, KernelFn kernel) {
    return OpBuilder(name).input("handle: resource").stateful().summary(summary).shape(shape).kernel(kernel);
}

OpBuilder staging_op(std::string_view name, std::string_view summary, ShapeFn shape, KernelFn kernel) {
    return OpBuilder(name)
        .attr("capacity: int >= 0 = 0")
        .attr("memory_limit: int >= 0 = 0")
        .attr("dtypes: list(type) >= 1")
        .attr("container: string = ''")
        .attr("shared_name: string = ''")
        .stateful()
        .summary(summary)
        .shape(shape)
        .kernel(kernel);
}

} // namespace

void add_queue_ops(OpRecords& ops) {
    ops.push_back(OpBuilder("FIFOQueueV2")
                      .output("handle: resource")
                      .attr("component_types: list(type) >= 1")
                      .attr("shapes: list(shape) >= 0 = []")
                      .attr("capacity: int = -1")
                      .attr("container: string = ''")
                      .attr("shared_name: string = ''")
                      .stateful()
                      .summary("A queue of tuples of tensors; first in, first out.")
                      .shape(scalar_shape)
                      .kernel(make_queue)
                      .example({{}, {{"component_types", attr_list(std::vector{DType::float32})}}, {}}));
    ops.push_back(queue_op("QueueEnqueueV2", "Appends a tuple to a queue.", no_outputs, enqueue)
                      .input("components: Tcomponents")
                      .attr("Tcomponents: list(type) >= 1")
                      .attr("timeout_ms: int = -1"));
    ops.push_back(queue_op("QueueEnqueueManyV2", "Appends the rows of tensors to a queue.", no_outputs, enqueue_many)
                      .input("components: Tcomponents")
                      .attr("Tcomponents: list(type) >= 1")
                      .attr("timeout_ms: int = -1"));
    ops.push_back(queue_op("QueueDequeueV2", "Takes the first tuple of a queue.", dequeue_shape, dequeue)
                      .output("components: component_types")
                      .attr("component_types: list(type) >= 1")
                      .attr("timeout_ms: int = -1"));
    ops.push_back(queue_op("QueueDequeueManyV2", "Takes the first n tuples of a queue, stacked.", dequeue_many_shape,
                           dequeue_many)
                      .input("n: int32")
                      .output("components: component_types")
                      .attr("component_types: list(type) >= 1")
                      .attr("timeout_ms: int = -1"));
    ops.push_back(queue_op("QueueCloseV2", "Closes a queue: nothing more can be appended.", no_outputs, close_queue)
                      .attr("cancel_pending_enqueues: bool = false"));
    ops.push_back(
        queue_op("QueueSizeV2", "Number of tuples in a queue.", scalar_shape, queue_size).output("size: int32"));
    ops.push_back(queue_op("QueueIsClosedV2", "Has a queue been closed?", scalar_shape, queue_is_closed)
                      .output("is_closed: bool"));
    ops.push_back(staging_op("Stage", "Puts tensors into a staging area.", no_outputs, stage)
                      .input("values: dtypes")
                      .example({{example::floats({1}, {1.0F}), example::ints({}, {2})}, {}, {}}));
    ops.push_back(staging_op("Unstage", "Takes the first tensors of a staging area.", unknown_shape, unstage)
                      .output("values: dtypes"));
}

} // namespace rnnscope::ops
