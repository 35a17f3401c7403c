#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace rnnscope {

/// A possibly partial shape, as TensorFlow's static shape inference knows it: unknown rank, or a rank with dimensions
/// of which some are unknown (-1).
class Shape {
  public:
    static constexpr std::int64_t unknown = -1;

    Shape() = default; ///< scalar
    Shape(std::initializer_list<std::int64_t> dims) : dims_(dims) {}
    explicit Shape(std::vector<std::int64_t> dims) : dims_(std::move(dims)) {}
    static Shape unknown_rank();
    static Shape unknown_dims(std::size_t rank) { return Shape(std::vector<std::int64_t>(rank, unknown)); }

    bool has_rank() const { return has_rank_; }
    bool is_scalar() const { return has_rank_ && dims_.empty(); }
    bool fully_defined() const;
    std::size_t rank() const { return dims_.size(); } ///< 0 when the rank is unknown: ask has_rank() first
    std::int64_t dim(std::size_t i) const { return dims_[i]; }
    std::int64_t dim_or_unknown(std::size_t i) const { return has_rank_ && i < dims_.size() ? dims_[i] : unknown; }
    std::span<const std::int64_t> dims() const { return dims_; }
    std::int64_t elements()
        const; ///< product of the dimensions, or the largest int64 if it is larger; only for fully defined shapes

    /// Could both describe one tensor? Unknown parts match anything.
    bool compatible(const Shape& other) const;
    /// What is known when both describe one tensor; nothing when they cannot.
    std::optional<Shape> merged(const Shape& other) const;

    friend bool operator==(const Shape&, const Shape&) = default;

  private:
    bool has_rank_ = true;
    std::vector<std::int64_t> dims_;
};

std::string to_text(const Shape& shape);   ///< "[2,?,4]", "<unknown>": C++ messages
std::string to_python(const Shape& shape); ///< "(2, ?, 4)", "(5,)", "<unknown>": Python messages of 1.x

} // namespace rnnscope
