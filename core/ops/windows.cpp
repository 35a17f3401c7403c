#include "core/ops/windows.hpp"

#include "core/ops/shape_fns.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace rnnscope::ops {
namespace {

constexpr std::int64_t most = std::int64_t{1} << 31; // of a size, so that products of a few do not overflow

/// A list of four numbers of the order that data_format says, brought into NHWC.
Status read_list(const Node& node, std::string_view key, std::int64_t least, bool nchw,
                 std::vector<std::int64_t>& numbers) {
    const auto* list = node.attr<AttrList>(key);
    if (list == nullptr) return {};
    if (list->entries.size() != 4)
        return invalid_argument(
            fmt::format("{} must specify 4 dimensions, but specifies {}", key, list->entries.size()));
    for (std::size_t i = 0; i < 4; ++i) {
        const auto* number = list->entries[i].as<std::int64_t>();
        if (number == nullptr || *number < least || *number >= most)
            return invalid_argument(fmt::format("{} must be numbers of at least {}", key, least));
        constexpr std::size_t place_of_nchw[] = {0, 3, 1, 2};
        numbers[nchw ? place_of_nchw[i] : i] = *number;
    }
    return {};
}

} // namespace

Result<WindowAttrs> window_attrs(const Node& node) {
    WindowAttrs attrs;
    attrs.padding = *node.attr<std::string>("padding");
    attrs.data_format = *node.attr<std::string>("data_format");
    const bool nchw = attrs.data_format == "NCHW";
    RNNSCOPE_TRY(read_list(node, "ksize", 1, nchw, attrs.ksize));
    RNNSCOPE_TRY(read_list(node, "strides", 1, nchw, attrs.strides));
    RNNSCOPE_TRY(read_list(node, "dilations", 1, nchw, attrs.dilations));
    if (attrs.strides[0] != 1 || attrs.strides[3] != 1)
        return invalid_argument(
            "Current implementation does not yet support strides in the batch and depth dimensions.");
    if (attrs.dilations[0] != 1 || attrs.dilations[3] != 1)
        return invalid_argument(
            "Current implementation does not yet support dilations in the batch and depth dimensions.");
    if (attrs.padding != "EXPLICIT") return attrs;
    const auto* list = node.attr<AttrList>("explicit_paddings");
    if (list == nullptr || list->entries.size() != 8)
        return invalid_argument("explicit_paddings attribute must contain 8 values");
    attrs.explicit_paddings.resize(8);
    for (std::size_t i = 0; i < 8; ++i) {
        const auto* number = list->entries[i].as<std::int64_t>();
        if (number == nullptr || *number < 0 || *number >= most)
            return invalid_argument("All elements of explicit_paddings must be nonnegative");
        constexpr std::size_t place_of_nchw[] = {0, 3, 1, 2};
        attrs.explicit_paddings[nchw ? 2 * place_of_nchw[i / 2] + i % 2 : i] = *number;
    }
    return attrs;
}

Result<WindowedDim> windowed_dim(const WindowAttrs& attrs, std::size_t dim, std::int64_t input, std::int64_t window) {
    WindowedDim result{input, window, attrs.strides[dim], attrs.dilations[dim], 0, Shape::unknown};
    if (input >= most * most / 2) return invalid_argument(fmt::format("input size {} is too large", input));
    if (input == Shape::unknown || (window == Shape::unknown && attrs.padding != "SAME")) return result;
    const std::int64_t reach = window == Shape::unknown ? 1 : (window - 1) * result.dilation + 1;
    if (window != Shape::unknown && (window < 1 || window >= most || reach >= most))
        return invalid_argument(fmt::format("filter size must be positive, but is {}", window));
    std::int64_t padding = 0;
    if (attrs.padding == "SAME") {
        result.output = (input + result.stride - 1) / result.stride;
        padding = std::max<std::int64_t>(0, (result.output - 1) * result.stride + reach - input);
        result.before = padding / 2;
        return result;
    }
    if (attrs.padding == "EXPLICIT") {
        result.before = attrs.explicit_paddings[2 * dim];
        padding = result.before + attrs.explicit_paddings[2 * dim + 1];
    }
    const std::int64_t room = input + padding - reach + result.stride;
    if (room < 0)
        return invalid_argument(fmt::format("Computed output size would be negative: {} [input_size: {}, "
                                            "effective_filter_size: {}, stride: {}]",
                                            room / result.stride, input, reach, result.stride));
    result.output = room / result.stride;
    return result;
}

} // namespace rnnscope::ops
