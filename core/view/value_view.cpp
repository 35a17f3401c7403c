#include "core/debug/value_health.hpp"
#include "core/view/inspector_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rnnscope::view {

namespace {

bool is_numeric(DType dtype) {
    return is_floating(dtype) || is_integer(dtype) || dtype == DType::boolean;
}

std::uint64_t as_count(std::int64_t number) {
    return static_cast<std::uint64_t>(number);
}

constexpr std::int64_t most_sampled = 1 << 16;

/// Values spread evenly over the tensor: statistics of huge ones need not read each.
std::vector<double> sample(const Tensor& tensor) {
    const std::int64_t count = tensor.elements(), stride = std::max<std::int64_t>(1, count / most_sampled);
    std::vector<double> out;
    for (std::int64_t i = 0; i < count; i += stride)
        if (const double value = tensor.number(i); std::isfinite(value)) out.push_back(value);
    return out;
}

} // namespace

double map_range(const Tensor& tensor) {
    std::vector<double> sizes = sample(tensor);
    for (double& value : sizes) value = std::fabs(value);
    if (sizes.empty()) return 1;
    const auto at = sizes.begin() + static_cast<std::ptrdiff_t>((sizes.size() - 1) * 99 / 100);
    std::nth_element(sizes.begin(), at, sizes.end());
    return rounded_up(*at);
}

bool ValueView::is_saturated(double value) const {
    return is_gate && (value <= debug::near_the_end || value >= 1 - debug::near_the_end);
}

std::string gate_text(const ValueView& value) {
    if (!value.is_gate) return {};
    std::string text = "scale of a gate";
    if (value.saturated > 0)
        text += fmt::format(", {} of {} at an end", grouped(as_count(value.saturated)),
                            grouped(as_count(value.tensor.elements())));
    return text;
}

std::string poison_text(const ValueView& value) {
    if (value.poisoned == 0) return {};
    if (value.poisoned == value.tensor.elements()) return "poisoned";
    return fmt::format("{} of {} elements poisoned", grouped(as_count(value.poisoned)),
                       grouped(as_count(value.tensor.elements())));
}

ValueView view_value(std::string label, const Tensor& tensor, const debug::PoisonMask& poison) {
    ValueView out;
    out.label = std::move(label);
    out.tensor = tensor;
    if (!tensor) return out;
    out.poison = poison;
    out.poisoned = poison.count(tensor.elements());
    out.type = type_text(tensor.dtype(), tensor.shape());
    const auto& shape = tensor.shape();
    out.columns = shape.rank() == 0 ? 1 : shape.dim(shape.rank() - 1);
    out.rows = out.columns == 0 ? 0 : tensor.elements() / out.columns;
    out.numeric = is_numeric(tensor.dtype()) && tensor.elements() > 0;
    if (!out.numeric) {
        out.first_row = to_text(tensor, {.threshold = 20});
        return out;
    }
    out.statistics = statistics(tensor);
    out.range = map_range(tensor);
    const TensorStatistics& all = out.statistics;
    constexpr double most_of_tiny = 0.1; // numbers that are all this small are better seen on a scale of their own
    out.is_gate = is_floating(tensor.dtype()) && all.elements > 1 && all.nans + all.infinities == 0 &&
                  all.minimum >= 0 && all.maximum <= 1 && all.maximum > most_of_tiny;
    for (std::int64_t i = 0; out.is_gate && i < tensor.elements(); ++i)
        out.saturated += out.is_saturated(tensor.number(i));
    const double low = out.statistics.minimum, width = out.statistics.maximum - low;
    out.histogram.assign(32, 0);
    for (const double value : sample(tensor)) {
        out.clipped += !out.is_gate && std::fabs(value) > out.range * (1 + 1e-6);
        const double at = width > 0 ? (value - low) / width * 32 : 0;
        ++out.histogram[std::min<std::size_t>(31, static_cast<std::size_t>(at))];
    }
    out.first_row = out.rows > 1 ? "row 0:" : "";
    const std::int64_t shown = std::min<std::int64_t>(out.columns, 8);
    for (std::int64_t i = 0; i < shown; ++i)
        out.first_row += (out.first_row.empty() ? "" : " ") + number_text(tensor.number(i), 4);
    if (shown < out.columns) out.first_row += " …";
    return out;
}

} // namespace rnnscope::view
