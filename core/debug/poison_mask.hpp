#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace rnnscope::debug {

/// Which elements of a tensor are derived from a value that was missing. Cheap to copy.
class PoisonMask {
  public:
    enum class Extent : std::uint8_t {
        none,
        some, ///< of more than one element
        all,
        shape ///< all, and how many there are was derived from a missing value, too
    };
    PoisonMask() = default; ///< none
    static PoisonMask all() { return PoisonMask(Extent::all); }
    static PoisonMask shape() { return PoisonMask(Extent::shape); }
    /// By element, row-major.
    static PoisonMask of(std::vector<bool> elements) {
        if (std::ranges::find(elements, true) == elements.end()) return {};
        if (std::ranges::find(elements, false) == elements.end()) return all();
        PoisonMask mask(Extent::some);
        mask.elements_ = std::make_shared<const std::vector<bool>>(std::move(elements));
        return mask;
    }

    Extent extent() const { return extent_; }
    bool any() const { return extent_ != Extent::none; }
    bool whole() const { return extent_ >= Extent::all; }
    /// Is element `i` (row-major) poisoned? Beyond the elements that it is about, as the nearest.
    bool at(std::int64_t i) const {
        if (extent_ != Extent::some) return whole();
        const auto last = static_cast<std::int64_t>(elements_->size()) - 1;
        return (*elements_)[static_cast<std::size_t>(std::clamp<std::int64_t>(i, 0, last))];
    }
    /// How many of a tensor of so many elements.
    std::int64_t count(std::int64_t elements) const {
        if (extent_ != Extent::some) return whole() ? elements : 0;
        return std::min<std::int64_t>(std::ranges::count(*elements_, true), elements);
    }
    /// Of how many elements it tells; 0 unless `some`.
    std::int64_t size() const { return elements_ ? static_cast<std::int64_t>(elements_->size()) : 0; }

    friend bool operator==(const PoisonMask& a, const PoisonMask& b) {
        return a.extent_ == b.extent_ && (a.elements_ == b.elements_ || *a.elements_ == *b.elements_);
    }

  private:
    explicit PoisonMask(Extent extent) : extent_(extent) {}
    Extent extent_ = Extent::none;
    std::shared_ptr<const std::vector<bool>> elements_; ///< null unless `some`
};

} // namespace rnnscope::debug
