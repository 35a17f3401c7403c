#include "core/ops/tensor_array.hpp"

#include "core/ops/elementwise.hpp"

#include <fmt/format.h>

#include <cassert>
#include <cstring>

namespace rnnscope::ops {
namespace {

/// Has the type a size, so that elements can be rows of one block of memory?
bool has_bytes(DType dtype) {
    return dtype != DType::string && dtype != DType::resource && dtype != DType::variant && dtype_size(dtype) > 0;
}

} // namespace

Shape TensorArray::element_shape_of(std::int64_t index) const {
    const auto at = static_cast<std::size_t>(index);
    if (element(index).written && !element(index).cleared)
        return element(index).in_rows ? rows_.shape : values_[at].shape();
    return at < shapes_.size() && shapes_[at].has_rank() ? shapes_[at] : options_.element_shape;
}

void TensorArray::set_element_shape(std::int64_t index, Shape shape) {
    if (shapes_.empty()) shapes_.resize(elements_.size(), Shape::unknown_rank());
    shapes_[static_cast<std::size_t>(index)] = std::move(shape);
}

void TensorArray::close() {
    elements_.clear();
    values_.clear();
    shapes_.clear();
    rows_ = {};
    closed_ = true;
}

Tensor& TensorArray::value(std::int64_t index) {
    const auto at = static_cast<std::size_t>(index);
    if (values_.size() <= at) values_.resize(elements_.size());
    return values_[at];
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
    note_shape(value.shape());
    return {};
}

void TensorArray::note_shape(const Shape& shape) {
    if (options_.identical_element_shapes && !options_.element_shape.fully_defined()) options_.element_shape = shape;
}

Status TensorArray::write(std::int64_t index, Tensor value) {
    RNNSCOPE_TRY(check_write(index, value));
    Element& element = this->element(index);
    if (element.read)
        return invalid_argument(
            fmt::format("TensorArray {}: Could not write to TensorArray index {} because it has already been read.",
                        options_.name, index));
    if (!options_.adds_writes && element.written)
        return invalid_argument(fmt::format(
            "TensorArray {}: Could not write to TensorArray index {} because it has already been written to.",
            options_.name, index));
    if (element.written) return add_to(index, value);
    element.written = true;
    element.in_rows = rows_.open != nullptr && index < rows_.count() && rows_.fits(value.dtype(), value.shape());
    if (!element.in_rows)
        this->value(index) = std::move(value);
    else if (rows_.bytes > 0)
        std::memcpy(rows_.open + static_cast<std::size_t>(index) * rows_.bytes, value.bytes().data(), rows_.bytes);
    return {};
}

bool TensorArray::write_rows(const Tensor& rows) {
    if (rows.shape().rank() < 1 || !has_bytes(rows.dtype()) || options_.adds_writes || rows_.all) return false;
    const std::int64_t count = rows.shape().dim(0);
    const Shape shape = subshape(rows.shape(), 1);
    if (count == 0 || count > size() || !takes(rows.dtype(), shape)) return false;
    for (std::int64_t i = 0; i < count; ++i)
        if (!is_untouched(i)) return false;
    note_shape(shape);
    rows_ = {rows, shape, rows.byte_size() / static_cast<std::size_t>(count), nullptr};
    for (std::int64_t i = 0; i < count; ++i) element(i).written = element(i).in_rows = true;
    return true;
}

bool TensorArray::open_rows(DType dtype, const Shape& shape) {
    const Shape all = concatenated({size()}, shape);
    if (!has_bytes(dtype) || options_.adds_writes || options_.dynamic_size || !check_allocation(dtype, all))
        return false;
    std::byte* data = nullptr;
    rows_.all = Tensor::make_bytes(dtype, all, data);
    rows_.shape = shape;
    rows_.bytes = rows_.all.byte_size() / static_cast<std::size_t>(size());
    rows_.open = data;
    return true;
}

std::byte* TensorArray::write_in_place(std::int64_t index, DType dtype, const Shape& shape) {
    assert(takes(dtype, shape) && is_untouched(index));
    if (!rows_.all && !open_rows(dtype, shape)) return nullptr;
    if (rows_.open == nullptr || index >= rows_.count() || !rows_.fits(dtype, shape)) return nullptr;
    note_shape(shape);
    element(index).written = element(index).in_rows = true;
    return rows_.open + static_cast<std::size_t>(index) * rows_.bytes;
}

Status TensorArray::add_to(std::int64_t index, const Tensor& value) {
    const Tensor before = this->value(index); // arrays that add have no rows
    if (before.shape() != value.shape())
        return invalid_argument(fmt::format(
            "TensorArray {}: Could not aggregate to TensorArray index {} because the existing shape is {} but the new "
            "input shape is {}.",
            options_.name, index, to_text(before.shape()), to_text(value.shape())));
    const bool known = visit_number(value.dtype(), [&](auto zero) {
        using T = decltype(zero);
        this->value(index) =
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
    const Element& element = this->element(index);
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
        value(index) = Tensor::zeros(options_.dtype, shape);
        this->element(index).written = true;
    }
    Tensor value = element.in_rows ? Tensor::from_bytes(rows_.all.dtype(), rows_.shape, {rows_.at(index), rows_.bytes})
                                   : this->value(index);
    note_read(index);
    return value;
}

void TensorArray::note_read(std::int64_t index) {
    Element& element = this->element(index);
    element.read = true;
    if (!options_.clear_after_read) return;
    if (!element.in_rows) value(index) = Tensor();
    element.cleared = true;
}

Tensor TensorArray::read_rows() {
    const bool is_whole = rows_.all && !closed_ && rows_.count() == size();
    if (!is_whole) return {};
    for (const Element& element : elements_)
        if (!element.in_rows || element.cleared) return {};
    // All are written, and none is written twice: nothing changes the memory any more.
    for (std::int64_t i = 0; i < size(); ++i) note_read(i);
    return rows_.all;
}

const std::byte* TensorArray::peek(std::int64_t index, DType dtype, const Shape& shape) const {
    if (closed_ || index < 0 || index >= size()) return nullptr;
    const Element& element = this->element(index);
    if (!element.written || element.cleared) return nullptr;
    if (element.in_rows) return rows_.fits(dtype, shape) ? rows_.at(index) : nullptr;
    const Tensor& value = values_[static_cast<std::size_t>(index)];
    return value.dtype() == dtype && value.shape() == shape && has_bytes(dtype) ? value.bytes().data() : nullptr;
}

} // namespace rnnscope::ops
