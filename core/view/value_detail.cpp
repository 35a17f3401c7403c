#include "core/view/value_detail.hpp"

#include "core/debug/poison.hpp"
#include "core/debug/value_export.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace rnnscope::view {

using debug::Debugger;

namespace {

struct FormName {
    ValueForm form;
    std::string_view name, title;
};
constexpr std::array<FormName, value_forms> form_names = {{{ValueForm::map, "map", "Map"},
                                                           {ValueForm::numbers, "numbers", "Numbers"},
                                                           {ValueForm::histogram, "histogram", "Histogram"},
                                                           {ValueForm::over_time, "over-time", "Over time"},
                                                           {ValueForm::change, "change", "Change"}}};
constexpr std::size_t most_points = 100000; ///< of a line

/// Sizes of the axes before the last two.
std::vector<std::int64_t> leading_of(const Shape& shape) {
    const auto dims = shape.dims();
    return dims.size() <= 2 ? std::vector<std::int64_t>() : std::vector<std::int64_t>(dims.begin(), dims.end() - 2);
}

/// Elements of the slice, in the whole tensor.
struct Slice {
    std::int64_t first = 0, rows = 1, columns = 1;
};
Slice slice_of(const Shape& shape, const std::vector<std::int64_t>& at) {
    Slice slice;
    const std::size_t rank = shape.rank();
    slice.columns = rank == 0 ? 1 : shape.dim(rank - 1);
    slice.rows = rank < 2 ? 1 : shape.dim(rank - 2);
    std::int64_t index = 0;
    for (std::size_t d = 0; d + 2 < rank; ++d) index = index * shape.dim(d) + at[d];
    slice.first = index * slice.rows * slice.columns;
    return slice;
}

Tensor part_of(const Tensor& tensor, const Slice& slice) {
    if (tensor.shape().rank() <= 2) return tensor;
    const std::size_t size = tensor.byte_size() / static_cast<std::size_t>(tensor.elements());
    const auto bytes = tensor.bytes().subspan(static_cast<std::size_t>(slice.first) * size,
                                              static_cast<std::size_t>(slice.rows * slice.columns) * size);
    return Tensor::from_bytes(tensor.dtype(), Shape{slice.rows, slice.columns}, bytes);
}

debug::PoisonMask part_of(const debug::PoisonMask& mask, const Slice& slice) {
    if (mask.extent() != debug::PoisonMask::Extent::some) return mask;
    std::vector<bool> elements;
    for (std::int64_t i = 0; i < slice.rows * slice.columns; ++i) elements.push_back(mask.at(slice.first + i));
    return debug::PoisonMask::of(std::move(elements));
}

Tensor difference(const Tensor& now, const Tensor& before) {
    double* data = nullptr;
    Tensor out = Tensor::make<double>(now.shape(), data);
    for (std::int64_t i = 0; i < now.elements(); ++i) data[i] = now.number(i) - before.number(i);
    return out;
}

std::string place_text(const std::vector<std::int64_t>& at, std::string_view rest) {
    std::string text = "[";
    for (const std::int64_t index : at) text += fmt::format("{}, ", index);
    return text + std::string(rest) + "]";
}

bool is_number(const Tensor& tensor) {
    return is_floating(tensor.dtype()) || is_integer(tensor.dtype()) || tensor.dtype() == DType::boolean;
}

class ValueBuilder {
  public:
    ValueBuilder(const Debugger& debugger, const ValueOptions& options) : debugger_(debugger), options_(options) {}

    ValueDetail build(std::string_view name) {
        out_.name = name;
        out_.form = options_.form;
        const Result<debug::ValueHere> here = debug::value_here(debugger_, name);
        if (!here) {
            out_.missing = here.error().message;
            return std::move(out_);
        }
        out_.name = here->name;
        const Tensor& value = here->value;
        if (!is_number(value) || value.elements() == 0) {
            out_.shown = view_value("", value);
            return std::move(out_);
        }
        choose_place(value.shape());
        const Slice slice = slice_of(value.shape(), out_.at);
        out_.row = std::clamp<std::int64_t>(options_.row, 0, std::max<std::int64_t>(slice.rows - 1, 0));
        out_.column = std::clamp<std::int64_t>(options_.column, 0, std::max<std::int64_t>(slice.columns - 1, 0));
        out_.element = value.shape().rank() < 2 ? fmt::format("[{}]", out_.column)
                                                : place_text(out_.at, fmt::format("{}, {}", out_.row, out_.column));
        const Tensor part = part_of(value, slice);
        out_.shown = view_value("", part, part_of(poison(), slice));
        if (options_.form == ValueForm::change) show_change(*here, part, slice);
        if (options_.form == ValueForm::over_time) follow(slice.first + out_.row * slice.columns + out_.column);
        return std::move(out_);
    }

  private:
    void choose_place(const Shape& shape) {
        out_.leading = leading_of(shape);
        for (std::size_t d = 0; d < out_.leading.size(); ++d) {
            const std::int64_t wanted = d < options_.at.size() ? options_.at[d] : 0;
            out_.at.push_back(std::clamp<std::int64_t>(wanted, 0, std::max<std::int64_t>(out_.leading[d] - 1, 0)));
        }
        if (!out_.at.empty()) out_.slice = place_text(out_.at, ":, :");
    }

    const Variable* variable() const {
        const Graph& graph = *debugger_.graph();
        return graph.variable_of(graph.find(out_.name));
    }

    /// The event that gave the value, of the newest run that has one.
    std::optional<std::pair<RunId, std::uint32_t>> event_of(Output output) const {
        const record::Recording& recording = debugger_.recording();
        const auto runs = recording.runs();
        for (std::size_t i = runs.size(); i-- > 0;) {
            const RunId run = runs[i].info.id;
            if (runs[i].info.graph != debugger_.current_graph() || runs[i].first_tick >= debugger_.position().ticks)
                continue;
            const record::EventNumbers events = recording.events_of(run, output.node);
            std::size_t at = events.lower_bound(recording.events_at(run, debugger_.position()));
            while (at > 0 && recording.visit(run, events[at - 1]).dead) --at;
            if (at > 0) return std::pair(run, events[at - 1]);
        }
        return std::nullopt;
    }

    debug::PoisonMask poison() const {
        if (debugger_.poison() == nullptr) return {};
        if (const Variable* of = variable())
            return debugger_.poison()->variable_at(debugger_.current_session(), storage_name(debugger_, *of),
                                                   debugger_.position());
        const Result<Output> output = debugger_.graph()->find_tensor(out_.name);
        const auto event = output ? event_of(*output) : std::nullopt;
        return event ? debugger_.poison()->output(event->first, event->second, static_cast<std::size_t>(output->index))
                     : debug::PoisonMask();
    }

    void show_change(const debug::ValueHere& here, const Tensor& part, const Slice& slice) {
        if (!here.before) {
            out_.missing = variable() != nullptr ? "It was written once: there is nothing to compare with."
                                                 : "It was computed once: there is nothing to compare with.";
        } else if (here.before.shape() != here.value.shape() || here.before.dtype() != here.value.dtype()) {
            out_.missing = fmt::format("Before it was {}.", type_text(here.before.dtype(), here.before.shape()));
        } else {
            out_.shown = view_value("", difference(part, part_of(here.before, slice)), out_.shown.poison);
            out_.shown.is_gate = false; // a difference has a sign
        }
    }

    void follow(std::int64_t element) {
        if (const Variable* of = variable())
            follow_writes(*of, element);
        else
            follow_events(element);
        if (out_.line.size() < 2)
            out_.missing = out_.line.empty() ? "There is nothing to follow." : "There is one value so far.";
    }

    void follow_writes(const Variable& of, std::int64_t element) {
        const auto history = debugger_.recording().history(debugger_.current_session(), storage_name(debugger_, of));
        for (const record::HistoryEntry& entry : history) {
            if (entry.kind != record::HistoryEntry::Kind::write || out_.line.size() == most_points) continue;
            if (entry.tick < debugger_.position().ticks) out_.line_at = out_.line.size();
            out_.line.push_back(runtime::number_or_nan(entry.value, element));
            out_.line_ticks.push_back(entry.tick + 1);
        }
    }

    void follow_events(std::int64_t element) {
        const Result<Output> output = debugger_.graph()->find_tensor(out_.name);
        const auto shown = output ? event_of(*output) : std::nullopt;
        if (!shown) return;
        const record::Recording& recording = debugger_.recording();
        const record::EventNumbers events = recording.events_of(shown->first, output->node);
        if (events.size() > most_points) {
            out_.missing = "There are too many time steps to draw.";
            return;
        }
        out_.line = recording.elements(shown->first, *output, element);
        for (std::size_t i = 0; i < events.size(); ++i)
            out_.line_ticks.push_back(recording.tick_of(shown->first, events[i]) + 1);
        out_.line_at = events.lower_bound(shown->second);
        while (!out_.line.empty() && recording.visit(shown->first, events[out_.line.size() - 1]).dead)
            out_.line.pop_back();
        out_.line_ticks.resize(out_.line.size());
    }

    const Debugger& debugger_;
    const ValueOptions& options_;
    ValueDetail out_;
};

} // namespace

std::string_view value_form_name(ValueForm form) {
    return form_names[static_cast<std::size_t>(form)].name;
}

std::string_view value_form_title(ValueForm form) {
    return form_names[static_cast<std::size_t>(form)].title;
}

std::optional<ValueForm> value_form(std::string_view name) {
    const auto found = std::ranges::find(form_names, name, &FormName::name);
    return found == form_names.end() ? std::nullopt : std::optional(found->form);
}

ValueDetail build_value(const Debugger& debugger, std::string_view name, const ValueOptions& options) {
    return ValueBuilder(debugger, options).build(name);
}

std::vector<std::pair<std::string, std::string>> statistics_text(const TensorStatistics& statistics) {
    const auto count = [](std::int64_t n) { return grouped(static_cast<std::uint64_t>(n)); };
    std::vector<std::pair<std::string, std::string>> rows = {{"min", number_text(statistics.minimum, 4, true)},
                                                             {"max", number_text(statistics.maximum, 4, true)},
                                                             {"mean", number_text(statistics.mean, 4, true)},
                                                             {"std", number_text(statistics.standard_deviation)},
                                                             {"zeros", count(statistics.zeros)}};
    if (statistics.nans > 0) rows.emplace_back("NaN", count(statistics.nans));
    if (statistics.infinities > 0) rows.emplace_back("∞", count(statistics.infinities));
    return rows;
}

std::string to_text(const ValueDetail& detail) {
    std::string out = fmt::format("{} {}", detail.name, detail.slice);
    if (detail.shown.tensor) out += fmt::format("  {}", detail.shown.type);
    out += fmt::format("  {}\n", value_form_title(detail.form));
    if (!detail.missing.empty()) return out + detail.missing + "\n";
    if (detail.form == ValueForm::over_time) {
        out += detail.element;
        for (std::size_t i = 0; i < detail.line.size(); ++i)
            out += fmt::format("{}{}", detail.line_at == i ? " > " : " ", number_text(detail.line[i], 4, true));
        return out + "\n";
    }
    const ValueView& shown = detail.shown;
    for (std::int64_t row = 0; row < std::min<std::int64_t>(shown.rows, 4) && shown.numeric; ++row) {
        for (std::int64_t column = 0; column < std::min<std::int64_t>(shown.columns, 6); ++column)
            out += " " + number_text(shown.cell(row, column), 4, true);
        out += shown.columns > 6 ? " …\n" : "\n";
    }
    for (const auto& [name, text] : statistics_text(shown.statistics)) out += fmt::format("  {} {}", name, text);
    return out + "\n";
}

} // namespace rnnscope::view
