#include "tests/core/tf1/golden_graph.hpp"

#include "core/graph/graphdef.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace rnnscope::tf1::test {

namespace {

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

bool is_default(const AttrValue& value) {
    if (value.as<std::monostate>() != nullptr) return true;
    if (const bool* b = value.as<bool>()) return !*b;
    if (const auto* s = value.as<std::string>()) return s->empty();
    if (const auto* i = value.as<std::int64_t>()) return *i == 0;
    if (const float* f = value.as<float>()) return *f == 0;
    if (const AttrList* list = value.as<AttrList>()) return list->entries.empty();
    return false;
}

std::string attr_differences(const AttrMap& expected, const AttrMap& actual) {
    std::set<std::string> keys;
    for (const auto& [key, value] : expected) keys.insert(key);
    for (const auto& [key, value] : actual) keys.insert(key);
    keys.erase("_output_shapes");
    std::string text;
    for (const std::string& key : keys) {
        const auto e = expected.find(key);
        const auto a = actual.find(key);
        if (e != expected.end() && a != actual.end() && e->second == a->second) continue;
        if (e == expected.end() && is_default(a->second)) continue;
        if (a == actual.end() && is_default(e->second)) continue;
        text += fmt::format(" attr {}: expected {}, got {};", key, e == expected.end() ? "nothing" : to_text(e->second),
                            a == actual.end() ? "nothing" : to_text(a->second));
    }
    return text;
}

struct Inputs {
    std::vector<std::string> data;
    std::set<std::string> control;
};

Inputs sorted_inputs(const NodeDefData& node) {
    Inputs result;
    for (std::string input : node.inputs) {
        if (input.size() > 2 && input.ends_with(":0")) input.resize(input.size() - 2);
        if (input.starts_with("^"))
            result.control.insert(input);
        else
            result.data.push_back(input);
    }
    return result;
}

std::string node_differences(const NodeDefData& expected, const NodeDefData& actual) {
    std::string text;
    if (expected.op != actual.op) text += fmt::format(" op: expected {}, got {};", expected.op, actual.op);
    const Inputs e = sorted_inputs(expected);
    const Inputs a = sorted_inputs(actual);
    if (e.data != a.data) text += fmt::format(" inputs: expected {}, got {};", e.data, a.data);
    if (e.control != a.control) text += fmt::format(" control: expected {}, got {};", e.control, a.control);
    return text + attr_differences(expected.attrs, actual.attrs);
}

} // namespace

std::string golden_folder() {
    const std::string folder = std::string(RNNSCOPE_SHARED_DIR) + "/golden";
    return std::filesystem::exists(folder) ? folder : "";
}

std::vector<std::string> differences_from_golden(const Graph& graph, const std::string& name, std::size_t most) {
    const auto expected = parse_graphdef_json(read_file(golden_folder() + "/" + name + ".graphdef.json"));
    if (!expected) return {"the golden file: " + expected.error().message};
    const auto actual = parse_graphdef_json(to_graphdef_json(graph));
    if (!actual) return {"our own export: " + actual.error().message};
    std::vector<std::string> found;
    const std::size_t both = std::min(expected->size(), actual->size());
    for (std::size_t i = 0; i < both && found.size() < most; ++i) {
        const NodeDefData& e = (*expected)[i];
        const NodeDefData& a = (*actual)[i];
        if (e.name != a.name) {
            found.push_back(fmt::format("node {}: expected {} ({}), got {} ({})", i + 1, e.name, e.op, a.name, a.op));
            break; // everything after it would differ
        }
        const std::string text = node_differences(e, a);
        if (!text.empty()) found.push_back(e.name + ":" + text);
    }
    if (expected->size() != actual->size())
        found.push_back(fmt::format("expected {} nodes, got {}", expected->size(), actual->size()));
    return found;
}

} // namespace rnnscope::tf1::test
