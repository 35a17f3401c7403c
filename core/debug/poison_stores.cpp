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

/// The text of a handle: a resource, or in older ops a reference to two strings.
std::string PoisonStores::handle_of(const Visit& visit) {
    std::string text;
    for (const std::string& word : visit.inputs[0].strings()) text += (text.empty() ? "" : "/") + word;
    return text;
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

std::vector<PoisonMask> PoisonStores::visit_stack(const Visit& visit) {
    std::vector<PoisonMask> out(visit.outputs.size());
    const bool pushes = visit.op.starts_with("StackPush"), pops = visit.op.starts_with("StackPop");
    if (!pushes && !pops) return out;
    std::vector<PoisonMask>& stack = stacks_[handle_of(visit)];
    if (pushes) stack.push_back(out[0] = visit.masks[1]);
    if (pops && !stack.empty()) {
        out[0] = stack.back();
        stack.pop_back();
    }
    return out;
}

void PoisonStores::put(const Visit& visit, std::string_view what) {
    Array& array = arrays_[handle_of(visit)];
    // Which elements get something is not known.
    if (visit.masks[what == "Split" ? 2 : 1].any()) array.whole = true;
    if (array.whole) return;
    const bool adds = handle_of(visit).find('@') != std::string::npos; // an array of gradients
    if (what == "Write") return write(array, adds, visit.inputs[1].integer(0), visit.masks[2]);
    if (what == "Scatter") {
        const std::int64_t rows = visit.inputs[1].elements(), row = rows == 0 ? 0 : visit.inputs[2].elements() / rows;
        for (std::int64_t i = 0; i < rows; ++i)
            write(array, adds, visit.inputs[1].integer(i), part_of(visit.masks[2], i * row, row));
        return;
    }
    const std::int64_t rows = visit.inputs[1].shape().dim(0), row = rows == 0 ? 0 : visit.inputs[1].elements() / rows;
    for (std::int64_t i = 0, from = 0; i < visit.inputs[2].elements(); ++i) {
        const std::int64_t count = visit.inputs[2].integer(i) * row;
        write(array, adds, i, part_of(visit.masks[1], from, count));
        from += count;
    }
}

PoisonMask PoisonStores::taken(const Visit& visit, std::string_view what) const {
    const auto found = arrays_.find(handle_of(visit));
    if (found == arrays_.end()) return {};
    const Array& array = found->second;
    const bool is_concat = what == "Concat";
    if (!is_concat && visit.masks[1].any()) return what == "Gather" ? PoisonMask::shape() : PoisonMask::all();
    if (what == "Read") return element(array, visit.inputs[1].integer(0));
    if (!visit.outputs[0] || visit.outputs[0].elements() == 0) return {};
    const Tensor& which = is_concat ? visit.outputs[1] : visit.inputs[1]; // lengths, or indices
    const std::int64_t rows = is_concat ? visit.outputs[0].shape().dim(0) : which.elements(),
                       row = visit.outputs[0].elements() / rows;
    std::vector<PoisonMask> elements;
    std::vector<std::int64_t> counts;
    for (std::int64_t i = 0; i < which.elements(); ++i) {
        elements.push_back(element(array, is_concat ? i : which.integer(i)));
        counts.push_back(is_concat ? which.integer(i) * row : row);
    }
    return joined(elements, counts);
}

std::optional<std::vector<PoisonMask>> PoisonStores::visit(std::string_view op, std::span<const Tensor> inputs,
                                                           std::span<const PoisonMask> masks,
                                                           std::span<const Tensor> outputs) {
    const Visit visit{op, inputs, masks, outputs};
    if (inputs.empty() || !inputs[0]) return std::nullopt;
    if (op.starts_with("Stack")) return visit_stack(visit);
    constexpr std::string_view family = "TensorArray";
    if (!op.starts_with(family)) return std::nullopt;
    std::string_view what = op.substr(family.size());
    if (what.ends_with("V3")) what.remove_suffix(2);
    // The flow between them carries no value, and a new array, its size and its end none that was put in.
    std::vector<PoisonMask> out(outputs.size());
    if (what == "Write" || what == "Scatter" || what == "Split") put(visit, what);
    if (what == "Read" || what == "Gather" || what == "Concat") out[0] = taken(visit, what);
    return out;
}

} // namespace rnnscope::debug
