#include "core/debug/poison_stores.hpp"

#include <numeric>

namespace rnnscope::debug {

PoisonMask part_of(const PoisonMask& mask, std::int64_t from, std::int64_t count) {
    if (mask.extent() != PoisonMask::Extent::some) return mask;
    std::vector<bool> elements(static_cast<std::size_t>(count));
    for (std::int64_t i = 0; i < count; ++i) elements[static_cast<std::size_t>(i)] = mask.at(from + i);
    return PoisonMask::of(std::move(elements));
}

PoisonMask joined(std::span<const PoisonMask> masks, std::span<const std::int64_t> counts) {
    for (const PoisonMask& mask : masks)
        if (mask.extent() == PoisonMask::Extent::shape) return mask;
    std::vector<bool> elements(
        static_cast<std::size_t>(std::accumulate(counts.begin(), counts.end(), std::int64_t{0})));
    std::size_t to = 0;
    for (std::size_t part = 0; part < masks.size(); ++part)
        for (std::int64_t i = 0; i < counts[part]; ++i) elements[to++] = masks[part].at(i);
    return PoisonMask::of(std::move(elements));
}

PoisonMask either(const PoisonMask& a, const PoisonMask& b) {
    if (a.whole() || !b.any()) return a.extent() < b.extent() ? b : a;
    if (b.whole() || !a.any()) return b;
    std::vector<bool> elements(static_cast<std::size_t>(std::max(a.size(), b.size())));
    for (std::size_t i = 0; i < elements.size(); ++i)
        elements[i] = a.at(static_cast<std::int64_t>(i)) || b.at(static_cast<std::int64_t>(i));
    return PoisonMask::of(std::move(elements));
}

PoisonMask PoisonStores::element(const Array& array, std::int64_t index) const {
    if (array.whole) return PoisonMask::all();
    const auto found = array.elements.find(index);
    return found == array.elements.end() ? PoisonMask() : found->second;
}

void PoisonStores::write(Array& array, bool adds, std::int64_t index, PoisonMask mask) {
    PoisonMask& element = array.elements[index];
    element = adds ? either(element, mask) : std::move(mask);
}

std::optional<std::vector<PoisonMask>> PoisonStores::visit(std::string_view op, std::span<const Tensor> inputs,
                                                           std::span<const PoisonMask> masks,
                                                           std::span<const Tensor> outputs) {
    std::vector<PoisonMask> out(outputs.size());
    const bool is_array = op.starts_with("TensorArray"), is_stack = op.starts_with("Stack");
    if ((!is_array && !is_stack) || inputs.empty() || inputs[0].dtype() == DType::invalid) return std::nullopt;
    const auto handle_text = [&] {
        std::string text;
        for (const std::string& word : inputs[0].strings()) text += (text.empty() ? "" : "/") + word;
        return text;
    };
    if (is_stack) {
        const bool pushes = op.starts_with("StackPush"), pops = op.starts_with("StackPop");
        if (!pushes && !pops) return out;
        std::vector<PoisonMask>& stack = stacks_[handle_text()];
        if (pushes) stack.push_back(out[0] = masks[1]);
        if (pops && !stack.empty() && !out.empty()) {
            out[0] = stack.back();
            stack.pop_back();
        }
        return out;
    }
    const std::string_view what = op.substr(11, op.size() - 11 - (op.ends_with("V3") ? 2 : 0));
    if (what.empty() || what == "Grad" || what == "Size" || what == "Close") return out;
    const std::string handle = handle_text();
    Array& array = arrays_[handle];
    const bool adds = handle.find('@') != std::string::npos; // an array of gradients
    const auto index_is_poisoned = masks[1].any();
    if (what == "Write") {
        if (index_is_poisoned)
            array.whole = true;
        else
            write(array, adds, inputs[1].integer(0), masks[2]);
    } else if (what == "Scatter") {
        if (index_is_poisoned) array.whole = true;
        const std::int64_t rows = inputs[1].elements();
        const std::int64_t row = rows == 0 ? 0 : inputs[2].elements() / rows;
        for (std::int64_t i = 0; i < rows && !index_is_poisoned; ++i)
            write(array, adds, inputs[1].integer(i), part_of(masks[2], i * row, row));
    } else if (what == "Split") {
        if (masks[2].any()) array.whole = true;
        const std::int64_t rows = inputs[1].shape().dim(0), row = rows == 0 ? 0 : inputs[1].elements() / rows;
        std::int64_t from = 0;
        for (std::int64_t i = 0; i < inputs[2].elements(); ++i) {
            const std::int64_t count = inputs[2].integer(i) * row;
            write(array, adds, i, part_of(masks[1], from, count));
            from += count;
        }
    } else if (what == "Read") {
        out[0] = index_is_poisoned ? PoisonMask::all() : element(array, inputs[1].integer(0));
    } else if (what == "Gather" && outputs[0]) {
        const std::int64_t rows = inputs[1].elements();
        std::vector<PoisonMask> elements;
        for (std::int64_t i = 0; i < rows; ++i) elements.push_back(element(array, inputs[1].integer(i)));
        const std::vector<std::int64_t> counts(static_cast<std::size_t>(rows),
                                               rows == 0 ? 0 : outputs[0].elements() / rows);
        out[0] = index_is_poisoned ? PoisonMask::shape() : joined(elements, counts);
    } else if (what == "Concat" && outputs[0]) {
        std::int64_t rows = outputs[0].shape().dim(0);
        std::vector<PoisonMask> elements;
        std::vector<std::int64_t> counts;
        for (std::int64_t i = 0; i < outputs[1].elements(); ++i) {
            elements.push_back(element(array, i));
            counts.push_back(rows == 0 ? 0 : outputs[1].integer(i) * (outputs[0].elements() / rows));
        }
        out[0] = joined(elements, counts);
    }
    return out;
}

} // namespace rnnscope::debug
