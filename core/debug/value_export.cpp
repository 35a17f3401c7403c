#include "core/debug/value_export.hpp"

#include "core/debug/arrangement.hpp"
#include "core/debug/newest_event.hpp"
#include "core/tensor/half.hpp"

#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace rnnscope::debug {

bool has_numbers(const Tensor& tensor) {
    return is_floating(tensor.dtype()) || is_integer(tensor.dtype()) || tensor.dtype() == DType::boolean;
}

std::string number_as_text(const Tensor& tensor, std::int64_t i) {
    if (tensor.dtype() == DType::boolean) return tensor.number(i) != 0 ? "True" : "False";
    if (is_integer(tensor.dtype())) return fmt::format("{}", tensor.integer(i));
    const double value = tensor.number(i);
    if (std::isnan(value)) return "nan";
    if (std::isinf(value)) return value < 0 ? "-inf" : "inf";
    return tensor.dtype() == DType::float64 ? fmt::format("{}", value) : fmt::format("{}", static_cast<float>(value));
}

namespace {

Error no_value(std::string text) {
    return {"value.absent", std::move(text)};
}

Error no_numbers(const Tensor& tensor) {
    return {"value.type", fmt::format("{} values are no numbers", dtype_name(tensor.dtype()))};
}

/// numpy's name of the type, little-endian; "" when it has none.
std::string_view descr_of(DType dtype) {
    switch (dtype) {
    case DType::half:
        return "<f2";
    case DType::float32:
    case DType::bfloat16:
        return "<f4";
    case DType::float64:
        return "<f8";
    case DType::int8:
        return "|i1";
    case DType::int16:
        return "<i2";
    case DType::int32:
        return "<i4";
    case DType::int64:
        return "<i8";
    case DType::uint8:
        return "|u1";
    case DType::uint16:
        return "<u2";
    case DType::uint32:
        return "<u4";
    case DType::uint64:
        return "<u8";
    case DType::boolean:
        return "|b1";
    case DType::complex64:
        return "<c8";
    case DType::complex128:
        return "<c16";
    default:
        return "";
    }
}

Tensor as_float32(const Tensor& tensor) {
    float* data = nullptr;
    Tensor out = Tensor::make<float>(tensor.shape(), data);
    for (std::int64_t i = 0; i < tensor.elements(); ++i) data[i] = static_cast<float>(tensor.number(i));
    return out;
}

void append_array(std::string& text, const Tensor& tensor, std::size_t dim, std::int64_t& at) {
    const Shape& shape = tensor.shape();
    if (dim == shape.rank()) {
        const std::string number = number_as_text(tensor, at++);
        text += number == "nan" || number == "inf" ? "np." + number : number == "-inf" ? "-np.inf" : number;
        return;
    }
    text += "[";
    for (std::int64_t i = 0; i < shape.dim(dim); ++i) {
        if (i > 0) text += ", ";
        append_array(text, tensor, dim + 1, at);
    }
    text += "]";
}

/// blue, neutral, orange: a perceptual scale with equal steps of lightness away from zero.
using Pixel = std::array<std::uint8_t, 3>;
constexpr std::array<Pixel, 9> scale = {{{0x07, 0x63, 0xB1},
                                         {0x49, 0x87, 0xCA},
                                         {0x7F, 0xAC, 0xDD},
                                         {0xB6, 0xD0, 0xEE},
                                         {0xF2, 0xF3, 0xF5},
                                         {0xE9, 0xC5, 0xB0},
                                         {0xD4, 0x98, 0x74},
                                         {0xBC, 0x6D, 0x38},
                                         {0x97, 0x49, 0x06}}};
constexpr Pixel nan_pixel = {0x40, 0x40, 0x40};

Pixel pixel_of(double value, double range) {
    if (std::isnan(value)) return nan_pixel;
    const double at = (std::clamp(value / range, -1.0, 1.0) + 1) / 2 * (scale.size() - 1);
    const auto low = std::min(static_cast<std::size_t>(at), scale.size() - 2);
    const double part = at - static_cast<double>(low);
    Pixel out;
    for (std::size_t i = 0; i < out.size(); ++i)
        out[i] = static_cast<std::uint8_t>(std::lround(scale[low][i] + part * (scale[low + 1][i] - scale[low][i])));
    return out;
}

/// Values of one node, newest first: at the position and before.
std::vector<Tensor> values_of(const Debugger& debugger, Output output) {
    const record::Recording& recording = debugger.recording();
    std::vector<Tensor> values;
    const auto runs = recording.runs();
    for (std::size_t i = runs.size(); i-- > 0 && values.size() < 2;) {
        const RunId run = runs[i].info.id;
        if (runs[i].info.graph != debugger.current_graph() || runs[i].first_tick >= debugger.position().ticks) continue;
        const auto newest = newest_event(recording, run, output.node, debugger.position());
        if (!newest) {
            if (Tensor fed = fed_value(recording, run, output)) values.push_back(std::move(fed));
            continue;
        }
        const record::EventNumbers events = recording.events_of(run, output.node);
        for (std::size_t at = events.lower_bound(*newest) + 1; at-- > 0 && values.size() < 2;)
            if (Tensor value = recording.output(run, events[at], static_cast<std::size_t>(output.index)))
                values.push_back(std::move(value));
    }
    return values;
}

ValueHere value_of(const Debugger& debugger, const Variable& variable) {
    ValueHere here{variable.name, {}, {}};
    const SessionId session = debugger.current_session();
    if (!session.valid()) return here;
    const std::string storage = record::storage_name(*debugger.graph(), variable);
    here.value = debugger.recording().value_at(session, storage, debugger.position());
    for (const record::HistoryEntry& entry : debugger.recording().history(session, storage)) {
        if (entry.tick >= debugger.position().ticks) break;
        if (entry.kind == record::HistoryEntry::Kind::write && entry.value && !entry.value.same_buffer(here.value))
            here.before = entry.value;
    }
    return here;
}

} // namespace

Result<ValueHere> value_here(const Debugger& debugger, std::string_view name) {
    const Graph* graph = debugger.is_open() ? debugger.graph() : nullptr;
    if (!graph) return no_value("nothing was built yet");
    const Selection& selection = debugger.selection();
    const bool by_name = !name.empty();
    const Variable* variable = by_name ? graph->variable_of(graph->find(name)) : nullptr;
    if (!by_name && selection.kind == Selection::Kind::variable &&
        selection.variable.index() < graph->variables().size())
        variable = &graph->variable(selection.variable);
    ValueHere here;
    if (variable) {
        here = value_of(debugger, *variable);
    } else {
        Output output;
        if (by_name) {
            const NodeId op = graph->find(name);
            if (op.valid() && graph->node(op).outputs.empty()) return no_value(fmt::format("{} gives no value", name));
            const Result<Output> found = graph->find_tensor(name);
            if (!found)
                return Error{"command.unknown-name", fmt::format("the graph has no op or variable \"{}\"", name)};
            output = *found;
        } else if (selection.kind == Selection::Kind::node && selection.node.index() < graph->size()) {
            output = {selection.node, 0};
        }
        if (!output.valid()) return no_value("no op or variable is selected");
        if (graph->node(output.node).outputs.empty())
            return no_value(fmt::format("{} gives no value", graph->node(output.node).name));
        here.name = graph->tensor_name(output);
        std::vector<Tensor> values = values_of(debugger, output);
        if (!values.empty()) here.value = std::move(values[0]);
        if (values.size() > 1) here.before = std::move(values[1]);
    }
    if (!here.value) return no_value(fmt::format("{} has no value at this position", here.name));
    return here;
}

Result<std::string> npy_bytes(const Tensor& tensor) {
    const std::string_view descr = descr_of(tensor.dtype());
    if (descr.empty()) return no_numbers(tensor);
    const Tensor values = tensor.dtype() == DType::bfloat16 ? as_float32(tensor) : tensor;
    std::string shape;
    for (std::size_t i = 0; i < values.shape().rank(); ++i) shape += fmt::format("{}, ", values.shape().dim(i));
    if (values.shape().rank() > 1) shape.resize(shape.size() - 2);
    if (values.shape().rank() == 1) shape.resize(shape.size() - 1);
    std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': ({}), }}", descr, shape);
    constexpr std::size_t before = 10, alignment = 64; // the values begin at a multiple
    const std::size_t length = (before + header.size() + 1 + alignment - 1) / alignment * alignment - before;
    header.resize(length - 1, ' ');
    header += '\n';
    std::string out = "\x93NUMPY";
    out += '\x01';
    out += '\0';
    out += static_cast<char>(length & 0xFF);
    out += static_cast<char>(length >> 8);
    out += header;
    const auto bytes = values.bytes();
    return out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<std::string> csv_text(const Tensor& tensor) {
    if (!has_numbers(tensor)) return no_numbers(tensor);
    const Shape& shape = tensor.shape();
    const std::size_t rank = shape.rank(), leading = rank > 2 ? rank - 1 : 0;
    const std::int64_t columns = rank == 0 ? 1 : shape.dim(rank - 1);
    const std::int64_t rows = columns == 0 ? 0 : tensor.elements() / columns;
    std::string out;
    for (std::size_t d = 0; d < leading; ++d) out += fmt::format("axis {},", d);
    for (std::int64_t c = 0; c < columns && leading > 0; ++c)
        out += fmt::format("{}{}", c, c + 1 < columns ? "," : "\n");
    for (std::int64_t r = 0; r < rows; ++r) {
        std::string place;
        std::int64_t rest = r;
        for (std::size_t d = leading; d-- > 0;) {
            place = fmt::format("{},", rest % shape.dim(d)) + place;
            rest /= shape.dim(d);
        }
        out += place;
        for (std::int64_t c = 0; c < columns; ++c)
            out += number_as_text(tensor, r * columns + c) + (c + 1 < columns ? "," : "\n");
    }
    return out;
}

Result<std::string> numpy_text(const Tensor& tensor) {
    if (!has_numbers(tensor)) return no_numbers(tensor);
    std::string text = "np.array(";
    std::int64_t at = 0;
    append_array(text, tensor, 0, at);
    const std::string_view type = tensor.dtype() == DType::half       ? "float16"
                                  : tensor.dtype() == DType::bfloat16 ? "float32"
                                  : tensor.dtype() == DType::boolean  ? "bool_"
                                                                      : dtype_name(tensor.dtype());
    text += fmt::format(", dtype=np.{})", type);
    // Lists cannot say how long the dimensions after an empty one are.
    if (tensor.elements() == 0 && tensor.shape().rank() > 1)
        text += fmt::format(".reshape{}", to_python(tensor.shape()));
    return text;
}

Result<std::string> png_bytes(const Tensor& tensor) {
    if (!has_numbers(tensor) || tensor.elements() == 0) return no_numbers(tensor);
    const Shape& shape = tensor.shape();
    const std::int64_t columns = shape.rank() == 0 ? 1 : shape.dim(shape.rank() - 1),
                       rows = tensor.elements() / columns;
    constexpr std::int64_t most_cells = 16'000'000;
    if (tensor.elements() > most_cells) return Error{"value.size", "a picture of so many cells would be too large"};
    const std::int64_t cell = std::clamp<std::int64_t>(512 / std::max(columns, rows), 1, 16);
    double range = 0;
    for (std::int64_t i = 0; i < tensor.elements(); ++i)
        if (const double value = std::fabs(tensor.number(i)); std::isfinite(value)) range = std::max(range, value);
    if (range == 0) range = 1;
    std::vector<std::uint8_t> pixels;
    pixels.reserve(static_cast<std::size_t>(rows * columns * cell * cell * 3));
    for (std::int64_t y = 0; y < rows * cell; ++y)
        for (std::int64_t c = 0; c < columns; ++c) {
            const Pixel pixel = pixel_of(tensor.number(y / cell * columns + c), range);
            for (std::int64_t i = 0; i < cell; ++i) pixels.insert(pixels.end(), pixel.begin(), pixel.end());
        }
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    image.width = static_cast<png_uint_32>(columns * cell);
    image.height = static_cast<png_uint_32>(rows * cell);
    image.format = PNG_FORMAT_RGB;
    png_alloc_size_t size = 0;
    const auto failed = [&] { return Error{"value.picture", fmt::format("no picture: {}", image.message)}; };
    if (!png_image_write_to_memory(&image, nullptr, &size, 0, pixels.data(), 0, nullptr)) return failed();
    std::string out(size, '\0');
    if (!png_image_write_to_memory(&image, out.data(), &size, 0, pixels.data(), 0, nullptr)) return failed();
    out.resize(size);
    return out;
}

Result<std::string> export_value(const Debugger& debugger, std::string_view argument) {
    const std::size_t space = argument.find(' ');
    const std::string path(argument.substr(0, space));
    const std::string_view name = space == std::string_view::npos ? std::string_view() : argument.substr(space + 1);
    const Result<ValueHere> here = value_here(debugger, name);
    if (!here) return here.error();
    Result<std::string> bytes = Error{"command.argument", "the file's name ends in .npy, .csv or .png"};
    if (path.ends_with(".npy")) bytes = npy_bytes(here->value);
    if (path.ends_with(".csv")) bytes = csv_text(here->value);
    if (path.ends_with(".png")) bytes = png_bytes(here->value);
    if (!bytes) return bytes.error();
    if (const Status written = write_file_atomically(path, *bytes); !written) return written.error();
    return fmt::format("{} is in {}", here->name, path);
}

} // namespace rnnscope::debug
