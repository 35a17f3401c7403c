#include "core/program/generate.hpp"

#include "core/program/json_tree.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <optional>

namespace rnnscope::program {
namespace {

constexpr std::uintmax_t max_file_bytes = std::uintmax_t{256} << 20;

Error file_error(std::string message) {
    return {"program.file", std::move(message)};
}

Result<std::string> read_bytes(const std::filesystem::path& path) {
    std::error_code failure;
    const std::uintmax_t size = std::filesystem::file_size(path, failure);
    if (failure) return file_error(fmt::format("cannot read \"{}\": {}", path.string(), failure.message()));
    if (size > max_file_bytes)
        return file_error(fmt::format("\"{}\" is larger than {} MiB", path.string(), max_file_bytes >> 20));
    std::string bytes(static_cast<std::size_t>(size), '\0');
    std::ifstream in(path, std::ios::binary);
    if (!in.read(bytes.data(), static_cast<std::streamsize>(size)))
        return file_error(fmt::format("cannot read \"{}\"", path.string()));
    return bytes;
}

/// What stands after `key` in a .npy header, a Python dict written as text.
std::string_view header_value(std::string_view header, std::string_view key) {
    const std::size_t at = header.find(fmt::format("'{}':", key));
    if (at == std::string_view::npos) return {};
    std::string_view rest = header.substr(at + key.size() + 3);
    rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
    return rest;
}

std::optional<DType> npy_dtype(std::string_view descr) {
    static constexpr std::pair<std::string_view, DType> known[] = {
        {"'<f4'", DType::float32}, {"'<f8'", DType::float64}, {"'<i4'", DType::int32},  {"'<i8'", DType::int64},
        {"'<i2'", DType::int16},   {"'|i1'", DType::int8},    {"'|u1'", DType::uint8},  {"'<u2'", DType::uint16},
        {"'<u4'", DType::uint32},  {"'<u8'", DType::uint64},  {"'|b1'", DType::boolean}};
    for (const auto& [text, dtype] : known)
        if (descr.starts_with(text)) return dtype;
    return std::nullopt;
}

std::optional<std::vector<std::int64_t>> npy_shape(std::string_view text) {
    if (!text.starts_with('(')) return std::nullopt;
    text.remove_prefix(1);
    std::vector<std::int64_t> shape;
    std::int64_t elements = 1;
    while (!text.starts_with(')')) {
        std::int64_t dim = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), dim);
        if (error != std::errc{} || dim < 0 || shape.size() == 32) return std::nullopt;
        const std::int64_t factor = std::max<std::int64_t>(dim, 1);
        if (elements > static_cast<std::int64_t>(max_file_bytes) / factor) return std::nullopt;
        elements *= factor;
        shape.push_back(dim);
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        text.remove_prefix(std::min(text.find_first_not_of(", "), text.size()));
        if (text.empty()) return std::nullopt;
    }
    return shape;
}

/// numpy's .npy format, versions 1 and 2, little endian, C order.
Result<Tensor> read_npy(std::string_view bytes, const std::string& name) {
    const auto bad = [&](std::string_view why) {
        return file_error(fmt::format("\"{}\" is no .npy file that can be read: {}", name, why));
    };
    if (!bytes.starts_with("\x93NUMPY") || bytes.size() < 12) return bad("it does not begin as one");
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
    const bool first_version = byte(6) == 1;
    const std::size_t length =
        first_version ? byte(8) | byte(9) << 8U : byte(8) | byte(9) << 8U | byte(10) << 16U | byte(11) << 24U;
    const std::size_t begin = first_version ? 10 : 12;
    if (length > bytes.size() - begin) return bad("its header is cut off");
    const std::string_view header = bytes.substr(begin, length);
    const std::optional<DType> dtype = npy_dtype(header_value(header, "descr"));
    if (!dtype) return bad("its type is not one of the little-endian numbers or bool");
    if (!header_value(header, "fortran_order").starts_with("False")) return bad("it is stored in Fortran order");
    const auto shape = npy_shape(header_value(header, "shape"));
    if (!shape) return bad("its shape cannot be read");
    const Shape dims(*shape);
    const std::string_view data = bytes.substr(begin + length);
    if (data.size() != static_cast<std::size_t>(dims.elements()) * dtype_size(*dtype))
        return bad("its size does not fit its shape");
    if (*dtype == DType::boolean) {
        std::vector<bool> values;
        for (const char c : data) values.push_back(c != 0);
        return Tensor::of_bools(dims, values);
    }
    return Tensor::from_bytes(*dtype, dims, std::as_bytes(std::span(data.data(), data.size())));
}

/// One array of an uncompressed .npz archive (numpy.savez), found through the zip's local headers.
Result<Tensor> read_npz(std::string_view bytes, const std::string& name, const std::string& key) {
    const auto number = [&](std::size_t at, std::size_t count) {
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < count; ++i)
            value |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
        return value;
    };
    // The central directory at the end has sizes and places; local headers may leave them out.
    const std::size_t end = bytes.rfind(std::string_view("PK\x05\x06", 4));
    if (end == std::string_view::npos || end + 22 > bytes.size())
        return file_error(fmt::format("\"{}\" is no .npz file", name));
    std::size_t at = number(end + 16, 4);
    std::vector<std::string> keys;
    for (std::uint64_t entry = number(end + 10, 2); entry > 0; --entry) {
        if (at + 46 > bytes.size() || bytes.substr(at, 4) != std::string_view("PK\x01\x02", 4)) break;
        const std::size_t name_length = number(at + 28, 2), skip = number(at + 30, 2) + number(at + 32, 2);
        if (at + 46 + name_length > bytes.size()) break;
        std::string entry_name(bytes.substr(at + 46, name_length));
        if (entry_name.ends_with(".npy")) entry_name.resize(entry_name.size() - 4);
        if (entry_name == key) {
            if (number(at + 10, 2) != 0)
                return file_error(fmt::format("\"{}\" is compressed; save it with numpy.savez", name));
            const std::size_t size = number(at + 20, 4), local = number(at + 42, 4);
            if (local + 30 > bytes.size()) break;
            const std::size_t data = local + 30 + number(local + 26, 2) + number(local + 28, 2);
            if (data > bytes.size() || size > bytes.size() - data) break;
            return read_npy(bytes.substr(data, size), fmt::format("{}[{}]", name, key));
        }
        keys.push_back(std::move(entry_name));
        at += 46 + name_length + skip;
    }
    return file_error(fmt::format("\"{}\" has no array \"{}\"; it has {}", name, key,
                                  keys.empty() ? "none" : fmt::format("{}", fmt::join(keys, ", "))));
}

Result<Tensor> read_csv(std::string_view text, const std::string& name) {
    std::vector<double> values;
    std::int64_t rows = 0, columns = 0;
    for (int line_number = 1; !text.empty(); ++line_number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.find_first_not_of(" \t") == std::string_view::npos || line.starts_with('#')) continue;
        std::int64_t count = 0;
        for (bool more = true; more; ++count) {
            const std::size_t comma = line.find(',');
            std::string_view cell = line.substr(0, comma);
            more = comma != std::string_view::npos;
            if (more) line.remove_prefix(comma + 1);
            while (!cell.empty() && (cell.front() == ' ' || cell.front() == '+')) cell.remove_prefix(1);
            while (!cell.empty() && cell.back() == ' ') cell.remove_suffix(1);
            double value = 0;
            const auto [stop, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
            if (error != std::errc{} || stop != cell.data() + cell.size())
                return file_error(fmt::format("\"{}\" line {}, value {}: not a number", name, line_number, count + 1));
            values.push_back(value);
        }
        if (rows == 0) columns = count;
        if (count != columns)
            return file_error(fmt::format("\"{}\" line {} has {} values, the lines before have {}", name, line_number,
                                          count, columns));
        ++rows;
    }
    // numpy.loadtxt drops axes of length 1.
    std::vector<std::int64_t> shape;
    if (rows != 1) shape.push_back(rows);
    if (columns != 1) shape.push_back(columns);
    return Tensor::of<double>(Shape(std::move(shape)), std::move(values));
}

Result<Tensor> read_json(const std::string& text, const std::string& name) {
    Diagnostics mistakes;
    const JsonTree json = JsonTree::parse(text, name, mistakes);
    if (json.empty())
        return file_error(fmt::format("\"{}\" line {}: {}", name, mistakes[0].where.line, mistakes[0].message));
    std::vector<std::int64_t> shape;
    for (std::uint32_t at = json.root(); at != JsonNode::none && json[at].kind == JsonNode::Kind::array;
         at = json[at].first_child)
        shape.push_back(json[at].count);
    std::vector<double> values;
    bool integers = true;
    std::vector<std::pair<std::uint32_t, std::size_t>> pending{{json.root(), 0}};
    while (!pending.empty()) {
        const auto [at, depth] = pending.back();
        pending.pop_back();
        const JsonNode& value = json[at];
        const bool list = value.kind == JsonNode::Kind::array;
        const bool number = value.kind == JsonNode::Kind::integer || value.kind == JsonNode::Kind::number;
        if (list ? depth >= shape.size() || value.count != shape[depth] : !number || depth != shape.size())
            return file_error(fmt::format("\"{}\" line {}: not an array of numbers with equally long lists", name,
                                          json.position(at).line));
        if (!list) {
            integers = integers && value.kind == JsonNode::Kind::integer;
            values.push_back(value.number);
            continue;
        }
        std::vector<std::uint32_t> items;
        for (std::uint32_t child = value.first_child; child != JsonNode::none; child = json[child].next)
            items.push_back(child);
        for (auto item = items.rbegin(); item != items.rend(); ++item) pending.emplace_back(*item, depth + 1);
    }
    Tensor result = Tensor::of<double>(Shape(shape), std::move(values));
    return integers && result.elements() > 0 ? converted(result, DType::int64) : result;
}

} // namespace

std::string data_file_problem(std::string_view path) {
    const std::filesystem::path file{std::string(path)};
    if (path.empty()) return "the name of the file is empty";
    if (path.find('\0') != std::string_view::npos || path.find('\\') != std::string_view::npos)
        return "the name of the file has a character that file names should not have";
    if (file.is_absolute()) return "the path of a data file is relative to the program's folder";
    for (const auto& part : file)
        if (part == "..") return "a data file lies in the program's folder or below it";
    return {};
}

bool is_data_file(std::string_view path) {
    constexpr std::array<std::string_view, 4> endings{".npy", ".npz", ".csv", ".json"};
    return std::ranges::any_of(endings, [&](std::string_view ending) { return path.ends_with(ending); });
}

Result<Tensor> read_data_file(const std::string& directory, const FileExpr& file) {
    if (std::string problem = data_file_problem(file.path); !problem.empty()) return file_error(std::move(problem));
    Result<std::string> bytes = read_bytes(std::filesystem::path(directory) / file.path);
    if (!bytes) return bytes.error();
    if (file.path.ends_with(".npy")) return read_npy(*bytes, file.path);
    if (file.path.ends_with(".npz")) return read_npz(*bytes, file.path, file.key);
    if (file.path.ends_with(".csv")) return read_csv(*bytes, file.path);
    return read_json(*bytes, file.path);
}

} // namespace rnnscope::program
