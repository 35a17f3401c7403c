#include "core/debug/condition.hpp"

#include "core/debug/value_health.hpp"

#include "core/runtime/event_block.hpp"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace rnnscope::debug {

namespace {

struct Form {
    Condition::Kind kind;
    std::string_view word;
    std::size_t needs, takes; ///< numbers
};
constexpr Form forms[] = {
    {Condition::Kind::nan, "nan", 0, 0},         {Condition::Kind::infinite, "inf", 0, 0},
    {Condition::Kind::not_finite, "bad", 0, 0},  {Condition::Kind::outside, "outside", 2, 2},
    {Condition::Kind::equals, "equals", 1, 1},   {Condition::Kind::saturated, "saturated", 0, 1},
    {Condition::Kind::changed, "changed", 1, 1},
};

std::vector<std::string_view> split_words(std::string_view text) {
    std::vector<std::string_view> words;
    while (true) {
        const std::size_t begin = text.find_first_not_of(' ');
        if (begin == std::string_view::npos) return words;
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        words.push_back(text.substr(begin, end - begin));
        text.remove_prefix(end);
    }
}

std::optional<double> real_number(std::string_view text) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || std::isnan(value)) return std::nullopt;
    return value;
}

template <class Look> bool any_element(const Tensor& tensor, Look&& look) {
    for (std::int64_t i = 0; i < tensor.elements(); ++i)
        if (look(tensor.number(i))) return true;
    return false;
}

bool differs_by_more(const Tensor& a, const Tensor& b, double most) {
    if (a.shape() != b.shape() || a.dtype() != b.dtype()) return true;
    for (std::int64_t i = 0; i < a.elements(); ++i) {
        const double x = a.number(i), y = b.number(i);
        if (std::isnan(x) != std::isnan(y) || (x != y && std::abs(x - y) > most)) return true;
    }
    return false;
}

} // namespace

Result<Condition> parse_condition(std::string_view text) {
    const std::vector<std::string_view> words = split_words(text);
    const auto wrong = [&](std::string_view what) {
        return Error{"command.argument",
                     fmt::format("{}; a condition is: nan, inf, bad, outside A B, equals X, saturated [DISTANCE] or "
                                 "changed X",
                                 what)};
    };
    if (words.empty()) return wrong("no condition is given");
    for (const Form& form : forms) {
        if (form.word != words[0]) continue;
        const std::size_t numbers = words.size() - 1;
        if (numbers < form.needs || numbers > form.takes)
            return wrong(fmt::format("\"{}\" needs {} and has {} numbers", form.word, form.needs, numbers));
        Condition condition;
        condition.kind = form.kind;
        if (form.kind == Condition::Kind::saturated) condition.a = near_the_end;
        for (std::size_t i = 0; i < numbers; ++i) {
            const std::optional<double> value = real_number(words[i + 1]);
            if (!value) return wrong(fmt::format("\"{}\" is no number", words[i + 1]));
            (i == 0 ? condition.a : condition.b) = *value;
        }
        return condition;
    }
    return wrong(fmt::format("\"{}\" is no condition", words[0]));
}

std::string to_text(const Condition& condition) {
    for (const Form& form : forms) {
        if (form.kind != condition.kind) continue;
        if (form.takes == 0) return std::string(form.word);
        if (form.takes == 1) return fmt::format("{} {}", form.word, condition.a);
        return fmt::format("{} {} {}", form.word, condition.a, condition.b);
    }
    return {};
}

bool fulfils(const Watched& watched, const Condition& condition) {
    const Tensor& value = watched.value;
    if (condition.always()) return true;
    if (!value || value.dtype() == DType::string || value.dtype() == DType::resource) return false;
    if (condition.wants_unfinite() && runtime::all_finite(value)) return false;
    const double a = condition.a, b = condition.b;
    switch (condition.kind) {
    case Condition::Kind::always:
        return true;
    case Condition::Kind::nan:
        return any_element(value, [](double x) { return std::isnan(x); });
    case Condition::Kind::infinite:
        return any_element(value, [](double x) { return std::isinf(x); });
    case Condition::Kind::not_finite:
        return any_element(value, [](double x) { return !std::isfinite(x); });
    case Condition::Kind::outside:
        return any_element(value, [&](double x) { return x < a || x > b; });
    case Condition::Kind::equals:
        return any_element(value, [&](double x) { return x == a; });
    case Condition::Kind::saturated: {
        const double low = watched.is_sigmoid ? 0 : -1;
        return any_element(value, [&](double x) { return x <= low + a || x >= 1 - a; });
    }
    case Condition::Kind::changed:
        return watched.previous && differs_by_more(value, watched.previous, a);
    }
    return false;
}

} // namespace rnnscope::debug
