#include "core/ops/tensor_array.hpp"

#include "core/ops/elementwise.hpp"

#include <fmt/format.h>

namespace rnnscope::ops {

Shape TensorArray::element_shape_of(std::int64_t index) const {
    const Element& element = elements_[static_cast<std::size_t>(index)];
    if (element.written && !element.cleared) return element.value.shape();
    return element.shape.has_rank() ? element.shape : options_.element_shape;
}

void TensorArray::close() {
    elements_.clear();
    closed_ = true;
}

Status TensorArray::merge_element_shape(const Shape& shape) {
    auto merged = options_.element_shape.merged(shape);
    if (!merged)
        return invalid_argument(fmt::format("Inconsistent shapes: saw {} but expected {}", debug_text(shape),
                                            debug_text(options_.element_shape)));
    options_.element_shape = *std::move(merged);
    return {};
}

Status TensorArray::check_write(std::int64_t index, const Tensor& value) {
    const std::string& name = options_.name;
    if (closed_) return invalid_argument(fmt::format("TensorArray {} has already been closed.", name));
    const bool outside = index < 0 || index >= size();
    if (index < 0 || (outside && !options_.dynamic_size))
        return invalid_argument(
            fmt::format("TensorArray {}: Tried to write to index {} but array is not resizeable and size is: {}", name,
                        index, size()));
    if (outside) {
        RNNSCOPE_TRY(check_allocation(DType::string, {index + 1})); // the list itself must fit
        elements_.resize(static_cast<std::size_t>(index) + 1);
    }
    if (value.dtype() != options_.dtype)
        return invalid_argument(fmt::format(
            "TensorArray {}: Could not write to TensorArray index {} because the value dtype is {} but TensorArray "
            "dtype is {}.",
            name, index, dtype_cpp_name(value.dtype()), dtype_cpp_name(options_.dtype)));
    if (!options_.element_shape.compatible(value.shape()))
        return invalid_argument(fmt::format(
            "TensorArray {}: Could not write to TensorArray index {} because the value shape is {} which is "
            "incompatible with the TensorArray's inferred element shape: {} (consider setting infer_shape=False).",
            name, index, to_text(value.shape()), to_text(options_.element_shape)));
    if (options_.identical_element_shapes && !options_.element_shape.fully_defined())
        options_.element_shape = value.shape();
    return {};
}

Status TensorArray::write(std::int64_t index, Tensor value) {
    RNNSCOPE_TRY(check_write(index, value));
    Element& element = elements_[static_cast<std::size_t>(index)];
    if (element.read)
        return invalid_argument(
            fmt::format("TensorArray {}: Could not write to TensorArray index {} because it has already been read.",
                        options_.name, index));
    if (!options_.adds_writes && element.written)
        return invalid_argument(fmt::format(
            "TensorArray {}: Could not write to TensorArray index {} because it has already been written to.",
            options_.name, index));
    if (element.written) return add_to(element, index, value);
    element.value = std::move(value);
    element.written = true;
    return {};
}

Status TensorArray::add_to(Element& element, std::int64_t index, const Tensor& value) {
    if (element.value.shape() != value.shape())
        return invalid_argument(fmt::format(
            "TensorArray {}: Could not aggregate to TensorArray index {} because the existing shape is {} but the new "
            "input shape is {}.",
            options_.name, index, to_text(element.value.shape()), to_text(value.shape())));
    const Tensor before = element.value;
    const bool known = visit_number(value.dtype(), [&](auto zero) {
        using T = decltype(zero);
        element.value =
            map_binary<T, T>(before, value, value.shape(), [](auto a, auto b) { return wrapped_add(a, b); });
    });
    if (!known)
        return Error{"UnimplementedError", fmt::format("TensorArray {}: {} values cannot be added", options_.name,
                                                       dtype_name(value.dtype()))};
    return {};
}

Result<Tensor> TensorArray::read(std::int64_t index) {
    if (closed_) return invalid_argument(fmt::format("TensorArray {} has already been closed.", options_.name));
    if (index < 0 || index >= size())
        return invalid_argument(fmt::format("Tried to read from index {} but array size is: {}", index, size()));
    Element& element = elements_[static_cast<std::size_t>(index)];
    if (element.cleared)
        return invalid_argument(
            fmt::format("TensorArray {}: Could not read index {} twice because it was cleared after a previous read "
                        "(perhaps try setting clear_after_read = false?).",
                        options_.name, index));
    if (!element.written) {
        // What nobody wrote is zero, which is how rows past a sequence's end become 0.
        const Shape shape = element_shape_of(index);
        if (!shape.fully_defined())
            return invalid_argument(fmt::format(
                "TensorArray {}: Could not read from TensorArray index {}.  Furthermore, the element shape is not "
                "fully "
                "defined: {}.  It is possible you are working with a resizeable TensorArray and stop_gradients is not "
                "allowing the gradients to be written.  If you set the full element_shape property on the forward "
                "TensorArray, the proper all-zeros tensor will be returned instead of incurring this error.",
                options_.name, index, to_text(shape)));
        RNNSCOPE_TRY(check_allocation(options_.dtype, shape));
        element.value = Tensor::zeros(options_.dtype, shape);
        element.written = true;
    }
    Tensor value = element.value;
    element.read = true;
    if (options_.clear_after_read) {
        element.value = Tensor();
        element.cleared = true;
    }
    return value;
}

const Tensor* TensorArray::element(std::int64_t index) const {
    if (closed_ || index < 0 || index >= size()) return nullptr;
    const Element& element = elements_[static_cast<std::size_t>(index)];
    return element.written && !element.cleared ? &element.value : nullptr;
}

} // namespace rnnscope::ops
