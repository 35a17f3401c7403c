#pragma once

#include "core/base/result.hpp"
#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rnnscope::ops {

/// TensorFlow's TensorArray resource: tensors by index, each written once and, unless it is kept, read once.
/// Messages are TensorFlow's.
///
/// Elements are tensors of their own, or rows of one tensor that holds them all: what is stacked and unstacked around a
/// loop need not be cut into pieces and put together again.
class TensorArray {
  public:
    struct Options {
        std::string name; ///< the key in the step's resources, for messages
        DType dtype = DType::invalid;
        Shape element_shape = Shape::unknown_rank();
        bool dynamic_size = false;
        bool clear_after_read = true;
        bool identical_element_shapes = false;
        bool adds_writes = false; ///< a gradient's array: several writes to one index add up
    };

    TensorArray(Options options, std::int64_t size)
        : options_(std::move(options)), elements_(static_cast<std::size_t>(size)) {}

    const Options& options() const { return options_; }
    std::int64_t size() const { return static_cast<std::int64_t>(elements_.size()); }
    Status write(std::int64_t index, Tensor value);
    Result<Tensor> read(std::int64_t index);

    /// As write(i, row i) for all rows, which are shared. False, and nothing done, where that would fail or is not
    /// possible: then write() tells why.
    bool write_rows(const Tensor& rows);
    /// As read(i) for all elements, side by side in one tensor; empty where they do not lie like that.
    Tensor read_rows();
    /// The tensor whose rows all elements are, for who reads them without end; empty where there is none, or rows may
    /// still be written.
    Tensor whole() const { return rows_.open == nullptr && rows_.count() == size() ? rows_.all : Tensor(); }
    /// As write() of a value of this type and shape whose bytes the caller puts there. Only where takes() and
    /// is_untouched() say yes; null, and nothing done, where it has to be written as a tensor.
    std::byte* write_in_place(std::int64_t index, DType dtype, const Shape& shape);
    /// The bytes that read() would give, without any change; null where it would fail, make a zero, or give another
    /// type or shape.
    const std::byte* peek(std::int64_t index, DType dtype, const Shape& shape) const;
    /// As read() for whom peek() was enough.
    void note_read(std::int64_t index);

    /// Would write() take values of this type and shape?
    bool takes(DType dtype, const Shape& shape) const {
        return !closed_ && dtype == options_.dtype && options_.element_shape.compatible(shape);
    }
    /// Is there an element of this number that was neither written nor read?
    bool is_untouched(std::int64_t index) const {
        if (index < 0 || index >= size()) return false;
        const Element& element = elements_[static_cast<std::size_t>(index)];
        return !element.written && !element.read;
    }
    /// A gradient's array has as many elements as its source, which cannot grow any more.
    void freeze_size() { options_.dynamic_size = false; }
    /// The shape of one element as far as it is known, for a gradient's array.
    Shape element_shape_of(std::int64_t index) const;
    void set_element_shape(std::int64_t index, Shape shape);
    bool closed() const { return closed_; }
    void close();
    /// Narrows what is known of the elements' shape; refuses what contradicts it.
    Status merge_element_shape(const Shape& shape);

  private:
    struct Element {
        bool written = false, read = false, cleared = false;
        bool in_rows = false; ///< else its value is in values_
    };
    /// A tensor that holds elements as its rows, from the first on.
    struct Rows {
        Tensor all;
        Shape shape; ///< of one
        std::size_t bytes = 0;
        std::byte* open = nullptr; ///< where rows are still to be written; null when `all` was given

        std::int64_t count() const { return all ? all.shape().dim(0) : 0; }
        bool fits(DType dtype, const Shape& row) const { return all && all.dtype() == dtype && shape == row; }
        const std::byte* at(std::int64_t row) const {
            return all.bytes().data() + static_cast<std::size_t>(row) * bytes;
        }
    };
    Element& element(std::int64_t index) { return elements_[static_cast<std::size_t>(index)]; }
    const Element& element(std::int64_t index) const { return elements_[static_cast<std::size_t>(index)]; }
    Tensor& value(std::int64_t index);
    Status check_write(std::int64_t index, const Tensor& value);
    void note_shape(const Shape& shape);
    Status add_to(std::int64_t index, const Tensor& value);
    bool open_rows(DType dtype, const Shape& shape);

    Options options_;
    std::vector<Element> elements_;
    std::vector<Tensor> values_; ///< as long as it has to be
    std::vector<Shape> shapes_;  ///< for reads of what was never written; likewise
    Rows rows_;
    bool closed_ = false;
};

} // namespace rnnscope::ops
