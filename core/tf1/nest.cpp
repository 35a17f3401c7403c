#include "core/tf1/nest.hpp"

#include "core/tf1/graph_state.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

namespace rnnscope::tf1::nest {

namespace {

/// The parts of a structure in nest's order: dicts by sorted key.
std::vector<Value> children(const Value& value) {
    if (const DictValue* dict = value.as<DictValue>()) {
        std::vector<std::pair<std::string, Value>> sorted;
        for (const auto& [key, item] : **dict) {
            const std::string* text = key.as<std::string>();
            sorted.emplace_back(text ? *text : repr(key), item);
        }
        std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
        std::vector<Value> result;
        for (auto& [key, item] : sorted) result.push_back(std::move(item));
        return result;
    }
    const std::vector<Value>* items = items_of(value);
    return items ? *items : std::vector<Value>{};
}

void flatten_into(const Value& value, std::vector<Value>& leaves) {
    if (!is_sequence(value)) {
        leaves.push_back(value);
        return;
    }
    for (const Value& child : children(value)) flatten_into(child, leaves);
}

Value pack(const Value& structure, const std::vector<Value>& leaves, std::size_t& next) {
    if (!is_sequence(structure)) return leaves[next++];
    if (const DictValue* dict = structure.as<DictValue>()) {
        std::vector<std::string> keys;
        for (const auto& [key, item] : **dict)
            keys.push_back(key.is<std::string>() ? *key.as<std::string>() : repr(key));
        std::vector<std::size_t> order(keys.size());
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return keys[a] < keys[b]; });
        std::vector<std::pair<Value, Value>> result = **dict;
        for (const std::size_t i : order) result[i].second = pack((**dict)[i].second, leaves, next);
        return Value::dict(std::move(result));
    }
    std::vector<Value> items;
    for (const Value& child : *items_of(structure)) items.push_back(pack(child, leaves, next));
    if (structure.is<ListValue>()) return Value::list(std::move(items));
    TupleValue tuple = *structure.as<TupleValue>();
    tuple.items = std::make_shared<const std::vector<Value>>(std::move(items));
    return Value(std::move(tuple));
}

std::string type_of(const Value& value) {
    if (const TupleValue* tuple = value.as<TupleValue>(); tuple && !tuple->type_name.empty()) return tuple->type_name;
    return python_type_name(value);
}

std::string number_of_elements(const Value& structure) {
    return fmt::format("{}", children(structure).size());
}

struct Mismatch {
    bool is_type = false;
    std::string text;
};

/// What differs first, or nothing.
std::optional<Mismatch> difference(const Value& first, const Value& second, bool check_types) {
    const bool a = is_sequence(first);
    const bool b = is_sequence(second);
    if (!a && !b) return {};
    if (a != b) {
        const Value& sequence = a ? first : second;
        const Value& leaf = a ? second : first;
        return Mismatch{false, fmt::format("Substructure \"type={} str={}\" is a sequence, while substructure "
                                           "\"type={} str={}\" is not",
                                           type_of(sequence), repr(sequence), type_of(leaf), repr(leaf))};
    }
    if (check_types && type_of(first) != type_of(second)) {
        const auto named = [](const Value& v) { return v.is<TupleValue>() && !v.as<TupleValue>()->type_name.empty(); };
        return Mismatch{true, fmt::format("The two {} don't have the same sequence type. First structure has type {}, "
                                          "while second structure has type {}.",
                                          named(first) && named(second) ? "namedtuples" : "structures", type_of(first),
                                          type_of(second))};
    }
    const std::vector<Value> x = children(first);
    const std::vector<Value> y = children(second);
    if (x.size() != y.size()) {
        return Mismatch{false, fmt::format("The two structures don't have the same number of elements. First "
                                           "structure: {}. Second structure: {}",
                                           number_of_elements(first), number_of_elements(second))};
    }
    for (std::size_t i = 0; i < x.size(); ++i)
        if (auto found = difference(x[i], y[i], check_types)) return found;
    return {};
}

} // namespace

bool is_sequence(const Value& value) {
    return value.is<ListValue>() || value.is<TupleValue>() || value.is<DictValue>();
}

std::vector<Value> flatten(const Value& structure) {
    std::vector<Value> leaves;
    flatten_into(structure, leaves);
    return leaves;
}

Value pack_sequence_as(const Value& structure, const std::vector<Value>& leaves) {
    const std::size_t wanted = flatten(structure).size();
    if (wanted != leaves.size()) {
        raise("ValueError",
              fmt::format("Could not pack sequence. Structure had {} elements, but flat_sequence had {} elements.  "
                          "Structure: {}.",
                          wanted, leaves.size(), repr(structure)));
    }
    std::size_t next = 0;
    return pack(structure, leaves, next);
}

Value map_structure(const std::function<Value(const Value&)>& f, const Value& structure) {
    std::vector<Value> leaves = flatten(structure);
    for (Value& leaf : leaves) leaf = f(leaf);
    return pack_sequence_as(structure, leaves);
}

void assert_same_structure(const Value& first, const Value& second, bool check_types) {
    const std::optional<Mismatch> found = difference(first, second, check_types);
    if (!found) return;
    raise(found->is_type ? "TypeError" : "ValueError",
          fmt::format("The two structures don't have the same nested structure.\n\nFirst structure: type={} "
                      "str={}\n\nSecond structure: type={} str={}\n\nMore specifically: {}",
                      type_of(first), repr(first), type_of(second), repr(second), found->text));
}

} // namespace rnnscope::tf1::nest
