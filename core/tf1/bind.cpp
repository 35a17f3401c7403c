#include "core/tf1/api.hpp"
#include "core/tf1/graph_state.hpp"

#include <cassert>
#include <charconv>

#include <fmt/format.h>

namespace rnnscope::tf1 {

namespace {

std::string last_component(std::string_view name) {
    return std::string(name.substr(name.rfind('.') + 1));
}

std::string python_name(const ApiDef& api) {
    return is_class(api) ? "__init__" : last_component(api.name);
}

/// 'a'; 'a' and 'b'; 'a', 'b', and 'c'
std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (i > 0) text += names.size() == 2 ? " and " : i + 1 == names.size() ? ", and " : ", ";
        text += "'" + names[i] + "'";
    }
    return text;
}

[[noreturn]] void too_many(const ApiDef& api, std::size_t positional, std::size_t given) {
    std::size_t required = 0;
    for (std::size_t i = 0; i < positional; ++i) required += api.params[i].default_value ? 0 : 1;
    const std::size_t self = is_class(api) ? 1 : 0; // __init__ counts it
    const std::string takes = required == positional ? fmt::format("{}", positional + self)
                                                     : fmt::format("from {} to {}", required + self, positional + self);
    raise("TypeError", fmt::format("{}() takes {} positional argument{} but {} {} given", python_name(api), takes,
                                   required == positional && positional + self == 1 ? "" : "s", given + self,
                                   given + self == 1 ? "was" : "were"));
}

Value literal(std::string_view text) {
    if (text == "None") return None{};
    if (text == "True") return true;
    if (text == "False") return false;
    if (text.front() == '\'') return std::string(text.substr(1, text.size() - 2));
    if (const DType dtype = dtype_from_name(text); dtype != DType::invalid) return dtype;
    if (text.find('.') != std::string_view::npos) return std::stod(std::string(text));
    std::int64_t integer = 0;
    [[maybe_unused]] const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), integer);
    assert(problem == std::errc{} && end == text.data() + text.size() && "a default in params()");
    return integer;
}

} // namespace

std::vector<Param> params(std::string_view notation) {
    std::vector<Param> result;
    while (!notation.empty()) {
        const std::size_t comma = notation.find(", ");
        const std::string_view part = notation.substr(0, comma);
        notation = comma == std::string_view::npos ? std::string_view{} : notation.substr(comma + 2);
        const std::size_t equals = part.find('=');
        Param param{std::string(part.substr(0, equals)), {}};
        if (equals != std::string_view::npos) param.default_value = literal(part.substr(equals + 1));
        result.push_back(std::move(param));
    }
    return result;
}

bool is_class(const ApiDef& api) {
    if (!api.params.empty() && api.params[0].name == "self") return false;
    const std::string name = last_component(api.name);
    if (name[0] >= 'A' && name[0] <= 'Z') return true;
    if (name == "variable_scope" || name == "name_scope") return true;
    constexpr std::string_view suffix = "_initializer";
    return name.size() > suffix.size() && name.substr(name.size() - suffix.size()) == suffix &&
           name.find("variables") == std::string::npos;
}

Arguments bind(const ApiDef& api, std::vector<Value> positional, std::vector<std::pair<std::string, Value>> keywords) {
    const std::size_t count = api.params.size();
    std::size_t by_position = 0;
    while (by_position < count && api.params[by_position].name[0] != '*') ++by_position;
    const bool is_variadic = by_position < count;
    std::vector<Value> values(count);
    std::vector<bool> given(count, false);

    for (std::size_t i = 0; i < positional.size() && i < by_position; ++i) {
        values[i] = std::move(positional[i]);
        given[i] = true;
    }
    if (is_variadic) {
        std::vector<Value> rest;
        for (std::size_t i = by_position; i < positional.size(); ++i) rest.push_back(std::move(positional[i]));
        given[by_position] = !rest.empty();
        values[by_position] = Value::tuple(std::move(rest));
    }
    for (auto& [key, value] : keywords) {
        std::size_t i = 0;
        while (i < count && api.params[i].name != key) ++i;
        if (i == count)
            raise("TypeError", fmt::format("{}() got an unexpected keyword argument '{}'", python_name(api), key));
        if (given[i])
            raise("TypeError", fmt::format("{}() got multiple values for argument '{}'", python_name(api), key));
        values[i] = std::move(value);
        given[i] = true;
    }
    if (positional.size() > by_position && !is_variadic) too_many(api, by_position, positional.size());
    std::vector<std::string> missing;
    for (std::size_t i = 0; i < count; ++i) {
        if (given[i] || (is_variadic && i == by_position)) continue;
        if (api.params[i].default_value)
            values[i] = *api.params[i].default_value;
        else
            missing.push_back(api.params[i].name);
    }
    if (!missing.empty())
        raise("TypeError", fmt::format("{}() missing {} required positional argument{}: {}", python_name(api),
                                       missing.size(), missing.size() == 1 ? "" : "s", listed(missing)));
    return Arguments(std::move(values), std::move(given));
}

std::optional<std::string> optional_text(const Value& value) {
    if (value.is_none()) return std::nullopt;
    if (const auto* text = value.as<std::string>()) return *text;
    raise("TypeError", fmt::format("Expected binary or unicode string, got {}", repr(value)));
}

std::string text_or(const Value& value, std::string_view fallback) {
    return optional_text(value).value_or(std::string(fallback));
}

std::optional<std::int64_t> optional_int(const Value& value) {
    if (value.is_none()) return std::nullopt;
    if (const auto* i = value.as<std::int64_t>()) return *i;
    if (const auto* b = value.as<bool>()) return *b ? 1 : 0;
    if (const auto* array = value.as<Tensor>();
        array != nullptr && array->elements() == 1 && is_integer(array->dtype()))
        return array->integer(0);
    raise("TypeError", fmt::format("Expected int, got {} of type '{}' instead.", repr(value), python_type_name(value)));
}

std::int64_t required_int(const Value& value) {
    const std::optional<std::int64_t> number = optional_int(value);
    if (!number) raise("TypeError", "int() argument must be a string, a bytes-like object or a number, not 'NoneType'");
    return *number;
}

std::optional<bool> optional_bool(const Value& value) {
    return value.is_none() ? std::nullopt : std::optional(value.truthy());
}

bool bool_or(const Value& value, bool fallback) {
    return value.is_none() ? fallback : value.truthy();
}

double number_of(const Value& value) {
    if (const auto* d = value.as<double>()) return *d;
    if (const auto* i = value.as<std::int64_t>()) return static_cast<double>(*i);
    if (const auto* array = value.as<Tensor>();
        array != nullptr && array->elements() == 1 && array->dtype() != DType::string)
        return array->number(0);
    raise("TypeError", fmt::format("must be real number, not {}", python_type_name(value)));
}

DType optional_dtype(const Value& value) {
    return value.is_none() ? DType::invalid : to_dtype(value);
}

} // namespace rnnscope::tf1
