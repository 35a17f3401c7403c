#include "core/runtime/event_block.hpp"

#include "core/ops/simd_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace rnnscope::runtime {

bool all_finite(const Tensor& tensor) {
    if (!tensor || !is_floating(tensor.dtype())) return true;
    if (tensor.dtype() == DType::float32) {
        const std::span<const float> values = tensor.values<float>();
        return ops::simd::kernels().all_finite(values.data(), values.size());
    }
    for (std::int64_t i = 0; i < tensor.elements(); ++i)
        if (!std::isfinite(tensor.number(i))) return false;
    return true;
}

double number_or_nan(const Tensor& tensor, std::int64_t element) {
    const bool has_numbers = tensor && tensor.dtype() != DType::string && tensor.dtype() != DType::resource;
    if (!has_numbers || element < 0 || element >= tensor.elements()) return std::numeric_limits<double>::quiet_NaN();
    return tensor.number(element);
}

namespace {

bool is_unfinite(const BlockEvent& event) {
    return std::ranges::any_of(event.outputs, [](const ops::Value& value) {
        const auto* tensor = std::get_if<Tensor>(&value);
        return tensor != nullptr && !all_finite(*tensor);
    });
}

bool is_wanted(std::uint64_t event, std::span<const std::uint32_t> only, std::size_t visits) {
    return only.empty() || std::ranges::binary_search(only, static_cast<std::uint32_t>(event % visits));
}

} // namespace

std::shared_ptr<const EventBlock> EventBlock::thinned(std::uint32_t, RowPool&) const {
    return nullptr;
}

std::uint64_t EventBlock::next_unfinite(std::uint64_t from, std::span<const std::uint32_t> only) const {
    BlockEvent event;
    for (; from < events(); ++from) {
        if (!is_wanted(from, only, visits_.size())) continue;
        read(from, event);
        if (is_unfinite(event)) return from;
    }
    return events();
}

std::uint64_t EventBlock::last_unfinite(std::uint64_t before, std::span<const std::uint32_t> only) const {
    BlockEvent event;
    for (before = std::min(before, events()); before-- > 0;) {
        if (!is_wanted(before, only, visits_.size())) continue;
        read(before, event);
        if (is_unfinite(event)) return before;
    }
    return events();
}

void EventBlock::elements(std::size_t visit, std::size_t output, std::int64_t element, std::uint64_t first,
                          std::span<double> to) const {
    for (std::size_t i = 0; i < to.size(); ++i)
        to[i] = number_or_nan(this->output((first + i) * visits().size() + visit, output), element);
}

} // namespace rnnscope::runtime
