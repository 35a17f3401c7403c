#pragma once

#include "core/base/result.hpp"
#include "core/tensor/tensor.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace rnnscope::ops {

/// TensorFlow's TensorArray resource: tensors by index, each written once and, unless it is kept, read once.
/// Messages are TensorFlow's.
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
    /// The element as read() would give it, without any change; null where read() would fail or make a zero.
    const Tensor* element(std::int64_t index) const;
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
    void set_element_shape(std::int64_t index, Shape shape) {
        elements_[static_cast<std::size_t>(index)].shape = std::move(shape);
    }
    bool closed() const { return closed_; }
    void close();
    /// Narrows what is known of the elements' shape; refuses what contradicts it.
    Status merge_element_shape(const Shape& shape);

  private:
    struct Element {
        Tensor value;
        Shape shape = Shape::unknown_rank(); ///< for a read of what was never written
        bool written = false;
        bool read = false;
        bool cleared = false;
    };
    Status check_write(std::int64_t index, const Tensor& value);
    Status add_to(Element& element, std::int64_t index, const Tensor& value);

    Options options_;
    std::vector<Element> elements_;
    bool closed_ = false;
};

} // namespace rnnscope::ops
