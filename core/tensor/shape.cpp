#include "core/tensor/shape.hpp"

#include <algorithm>
#include <cassert>
#include <limits>

namespace rnnscope {

Shape Shape::unknown_rank() {
    Shape shape;
    shape.has_rank_ = false;
    return shape;
}

bool Shape::fully_defined() const {
    return has_rank_ && std::none_of(dims_.begin(), dims_.end(), [](std::int64_t d) { return d == unknown; });
}

std::int64_t Shape::elements() const {
    assert(fully_defined());
    std::int64_t count = 1;
    for (const std::int64_t d : dims_)
        if (d == 0) return 0;
    for (const std::int64_t d : dims_)
        if (__builtin_mul_overflow(count, d, &count)) return std::numeric_limits<std::int64_t>::max();
    return count;
}

bool Shape::compatible(const Shape& other) const {
    return merged(other).has_value();
}

std::optional<Shape> Shape::merged(const Shape& other) const {
    if (!has_rank_) return other;
    if (!other.has_rank_) return *this;
    if (dims_.size() != other.dims_.size()) return std::nullopt;
    Shape result = *this;
    for (std::size_t i = 0; i < dims_.size(); ++i) {
        if (dims_[i] == unknown)
            result.dims_[i] = other.dims_[i];
        else if (other.dims_[i] != unknown && other.dims_[i] != dims_[i])
            return std::nullopt;
    }
    return result;
}

namespace {

std::string joined(const Shape& shape, const char* separator) {
    std::string text;
    for (std::size_t i = 0; i < shape.rank(); ++i) {
        if (i > 0) text += separator;
        text += shape.dim(i) == Shape::unknown ? "?" : std::to_string(shape.dim(i));
    }
    return text;
}

} // namespace

std::string to_text(const Shape& shape) {
    return shape.has_rank() ? "[" + joined(shape, ",") + "]" : "<unknown>";
}

std::string to_python(const Shape& shape) {
    if (!shape.has_rank()) return "<unknown>";
    return "(" + joined(shape, ", ") + (shape.rank() == 1 ? ",)" : ")");
}

} // namespace rnnscope
