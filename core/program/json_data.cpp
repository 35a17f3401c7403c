#include "core/import/graph_file.hpp"
#include "core/program/generate.hpp"
#include "core/program/json_reader.hpp"

#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

namespace rnnscope::program {

std::vector<std::int64_t> JsonReader::read_shape(Index node) {
    std::vector<std::int64_t> shape;
    if (!expect(node, Kind::array, "a shape, a list of whole numbers")) return shape;
    std::int64_t elements = 1;
    for (const Index child : children(node)) {
        if (!expect(child, Kind::integer, "a dimension, a whole number")) continue;
        const std::int64_t dim = json_[child].integer;
        if (dim < 0) complain(child, "program.type", fmt::format("a dimension cannot be {}", dim));
        const auto limit = static_cast<std::int64_t>(max_array_elements);
        if (elements > limit / std::max<std::int64_t>(dim, 1))
            elements = limit + 1;
        else
            elements *= std::max<std::int64_t>(dim, 1);
        shape.push_back(dim < 0 ? 0 : dim);
    }
    if (elements > static_cast<std::int64_t>(max_array_elements)) {
        complain(node, "program.too-large",
                 fmt::format("the data would have more than {} elements", max_array_elements));
        shape.assign(1, 0);
    }
    return shape;
}

DType JsonReader::read_dtype(Index object) {
    const Index node = json_.member(object, "dtype");
    if (node == none || !expect(node, Kind::string, "the name of a type")) return DType::invalid;
    const DType dtype = dtype_from_name(json_.text(node));
    const std::vector<std::string> known{"float32", "float64", "int8",   "int16",  "int32", "int64",
                                         "uint8",   "uint16",  "uint32", "uint64", "bool",  "string"};
    if (std::find(known.begin(), known.end(), json_.text(node)) == known.end()) {
        std::string remedy = did_you_mean(json_.text(node), known);
        complain(node, "program.unknown-dtype", fmt::format("unknown type {}", describe(node)),
                 remedy.empty() ? "float32, float64, int32, int64 and bool are known" : remedy);
        return DType::invalid;
    }
    return dtype;
}

ExprPtr JsonReader::read_generate(Index node) {
    GenerateExpr data;
    const Index kind = json_.member(node, "generate");
    if (!expect(kind, Kind::string, "the name of a formula")) return make(node, Literal{});
    const GeneratorInfo* info = find_generator(json_.text(kind));
    if (!info) {
        complain(kind, "program.unknown-generator", fmt::format("unknown formula {}", describe(kind)),
                 fmt::format("the formulas are {}", fmt::join(generator_names(), ", ")));
        return make(node, Literal{});
    }
    data.kind = info->name;
    for (const Index child : children(node)) {
        const std::string& key = json_.key(child);
        if (key == "generate" || key == "shape" || key == "dtype" || key == "let" || key == "comment") continue;
        if (std::find(info->parameters.begin(), info->parameters.end(), key) == info->parameters.end()) {
            std::vector<std::string> known{"shape", "dtype"};
            known.insert(known.end(), info->parameters.begin(), info->parameters.end());
            complain_at_key(child, "program.unknown-key", fmt::format("unknown key \"{}\"", shortened(key)),
                            did_you_mean(key, known));
        } else if (json_[child].kind == Kind::integer || (json_[child].kind == Kind::number && key != "seed")) {
            data.parameters[key] = json_[child].number;
            if (key == "seed" && (json_[child].integer < 0 || json_[child].integer > 0xffffffffLL))
                complain(child, "program.number-range", "a seed is a whole number from 0 to 4294967295");
        } else {
            complain(child, "program.type",
                     fmt::format("expected a {}number, found {}", key == "seed" ? "whole " : "", describe(child)));
        }
    }
    if (const Index shape = json_.member(node, "shape"); shape != none)
        data.shape = read_shape(shape);
    else
        complain(node, "program.missing-key", "\"generate\" needs a \"shape\"", "add \"shape\": [2, 5, 10]");
    data.dtype = read_dtype(node);
    return make(node, std::move(data));
}

ExprPtr JsonReader::read_file(Index node) {
    check_keys(node, {"file", "key", "let", "comment"});
    FileExpr data = file_named(json_.member(node, "file"));
    if (const Index key = json_.member(node, "key"); key != none && expect(key, Kind::string, "the name of an array"))
        data.key = json_.text(key);
    const bool archive = data.path.ends_with(".npz");
    if (archive && data.key.empty())
        complain(node, "program.missing-key", "a .npz file holds several arrays: \"key\" is missing",
                 "add \"key\": \"x\"");
    if (!archive && !data.key.empty())
        complain(node, "program.unknown-key", "only .npz files have a \"key\"", "remove it");
    return make(node, std::move(data));
}

FileExpr JsonReader::file_named(Index path) {
    FileExpr data;
    if (!expect(path, Kind::string, "the name of a file")) return data;
    data.path = json_.text(path);
    if (const std::string problem = data_file_problem(data.path); !problem.empty())
        complain(path, "program.file", problem,
                 "name a .npy, .npz, .csv or .json file, or a graph, in the program's folder");
    else
        data.graph = read_graph(path);
    return data;
}

/// The graph in the file, or null where the file is data. A graph belongs to the program as its text does: what is
/// wrong with it is said when the program is read.
std::shared_ptr<const GraphFile> JsonReader::read_graph(Index path) {
    const std::string& name = json_.text(path);
    const std::string file = (std::filesystem::path(program_.directory) / name).string();
    if (is_data_file(name) && !(name.ends_with(".json") && is_graph_file(file))) return nullptr;
    std::shared_ptr<const GraphFile>& graph = program_.graphs[name];
    if (graph) return graph;
    if (const auto known = known_graphs_.find(name); known != known_graphs_.end()) return graph = known->second;
    LoadedGraph loaded = load_graph_file(file);
    if (const auto* problems = std::get_if<Diagnostics>(&loaded)) {
        program_.graphs.erase(name);
        for (const Diagnostic& problem : *problems) {
            const std::string place = problem.where.line > 0
                                          ? fmt::format(" line {}, column {}", problem.where.line, problem.where.column)
                                          : "";
            complain(path, problem.code, fmt::format("\"{}\"{}: {}", name, place, problem.message), problem.remedy);
        }
        return nullptr;
    }
    return graph = std::get<std::shared_ptr<const GraphFile>>(std::move(loaded));
}

ExprPtr JsonReader::read_array(Index node) {
    check_keys(node, {"array", "dtype", "let", "comment"});
    ArrayExpr array;
    const DType dtype = read_dtype(node);
    array.dtype_given = dtype != DType::invalid;
    // The shape is that of the first elements; every list must agree with it.
    std::vector<std::int64_t> shape;
    const Index root = json_.member(node, "array");
    for (Index at = root; at != none && json_[at].kind == Kind::array; at = json_[at].first_child)
        shape.push_back(json_[at].count);
    bool integers = true, booleans = true, texts = true, good = true;
    std::vector<Index> leaves;
    std::vector<std::pair<Index, std::size_t>> pending{{root, 0}};
    while (!pending.empty() && good) {
        const auto [at, depth] = pending.back();
        pending.pop_back();
        const JsonNode& value = json_[at];
        if (depth < shape.size()) {
            if (value.kind != Kind::array || value.count != shape[depth]) {
                complain(at, "program.ragged-array",
                         fmt::format("expected a list of {} values, found {}", shape[depth],
                                     value.kind == Kind::array ? fmt::format("{}", value.count) : describe(at)),
                         "all lists of one level must be equally long");
                good = false;
                break;
            }
            const std::vector<Index> items = children(at);
            for (auto item = items.rbegin(); item != items.rend(); ++item) pending.emplace_back(*item, depth + 1);
            continue;
        }
        const bool number = value.kind == Kind::integer || value.kind == Kind::number;
        if (!number && value.kind != Kind::boolean && value.kind != Kind::string) {
            complain(at, "program.type", fmt::format("expected a number, found {}", describe(at)));
            good = false;
        }
        integers = integers && value.kind == Kind::integer;
        booleans = booleans && value.kind == Kind::boolean;
        texts = texts && value.kind == Kind::string;
        if (!texts && value.kind == Kind::string) {
            complain(at, "program.type", fmt::format("expected a number, found {}", describe(at)),
                     "an array holds values of one type");
            good = false;
        }
        leaves.push_back(at);
    }
    if (!good) return make(node, Literal{});
    if (leaves.empty()) texts = booleans = integers = false;
    const DType natural = texts ? DType::string : booleans ? DType::boolean : integers ? DType::int64 : DType::float64;
    const DType wanted = dtype == DType::invalid ? natural : dtype;
    if ((wanted == DType::string) != (natural == DType::string) && !leaves.empty()) {
        complain(root, "program.type", fmt::format("values of this array cannot be {}", dtype_name(wanted)));
        return make(node, Literal{});
    }
    if (natural == DType::string) {
        std::vector<std::string> values;
        for (const Index leaf : leaves) values.push_back(json_.text(leaf));
        array.value = Tensor::of<std::string>(Shape(shape), std::move(values));
    } else if (natural == DType::float64) {
        std::vector<double> values;
        for (const Index leaf : leaves)
            values.push_back(json_[leaf].kind == Kind::boolean ? json_[leaf].boolean : json_[leaf].number);
        array.value = Tensor::of<double>(Shape(shape), std::move(values));
    } else {
        std::vector<std::int64_t> values;
        for (const Index leaf : leaves)
            values.push_back(json_[leaf].kind == Kind::boolean ? json_[leaf].boolean : json_[leaf].integer);
        array.value = Tensor::of<std::int64_t>(Shape(shape), std::move(values));
    }
    if (array.value.dtype() != wanted) array.value = converted(array.value, wanted);
    return make(node, std::move(array));
}

} // namespace rnnscope::program
