#include "core/view/palette_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace rnnscope::view {

namespace {

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool starts_word(std::string_view text, std::size_t at) {
    if (at == 0) return true;
    const char before = text[at - 1];
    return before == ' ' || before == '/' || before == '_' || before == '.' || before == '-';
}

/// Greedy from `start`: each letter at its next place, preferring the start of a word close by.
std::optional<FuzzyMatch> match_from(std::string_view query, std::string_view text, std::size_t start) {
    FuzzyMatch out;
    std::size_t at = start;
    for (const char wanted : query) {
        if (wanted == ' ') continue;
        std::size_t found = at;
        while (found < text.size() && lower(text[found]) != lower(wanted)) ++found;
        if (found == text.size()) return std::nullopt;
        const bool neighbour = !out.positions.empty() && out.positions.back() + 1 == found;
        if (!neighbour) { // a later start of a word is a better place than the middle of one
            for (std::size_t later = found; later < text.size(); ++later)
                if (lower(text[later]) == lower(wanted) && starts_word(text, later)) {
                    found = later;
                    break;
                }
        }
        const bool joined = !out.positions.empty() && out.positions.back() + 1 == found;
        out.score += joined ? 8 : starts_word(text, found) ? 6 : 1;
        out.positions.push_back(found);
        at = found + 1;
    }
    return out;
}

/// Every word of the query begins a word of the text, in whatever order.
bool has_words(std::string_view query, std::string_view text) {
    const auto equal = [](char a, char b) { return lower(a) == lower(b); };
    const auto has = [&](std::string_view word) {
        for (auto at = text.begin();; ++at) {
            at = std::search(at, text.end(), word.begin(), word.end(), equal);
            if (at == text.end()) return false;
            if (starts_word(text, static_cast<std::size_t>(at - text.begin()))) return true;
        }
    };
    while (!query.empty()) {
        const std::size_t end = std::min(query.find(' '), query.size());
        if (end > 0 && !has(query.substr(0, end))) return false;
        query.remove_prefix(std::min(end + 1, query.size()));
    }
    return true;
}

} // namespace

std::optional<FuzzyMatch> fuzzy_match(std::string_view query, std::string_view text) {
    if (query.empty()) return FuzzyMatch{};
    const auto equal = [](char a, char b) { return lower(a) == lower(b); };
    // The words as they stand, anywhere, beat letters that are spread.
    const auto run = std::search(text.begin(), text.end(), query.begin(), query.end(), equal);
    if (run != text.end()) {
        FuzzyMatch out;
        const auto first = static_cast<std::size_t>(run - text.begin());
        for (std::size_t i = 0; i < query.size(); ++i) out.positions.push_back(first + i);
        out.score = 10 * static_cast<int>(query.size()) + (starts_word(text, first) ? 10 : 0) + (first == 0 ? 5 : 0);
        if (query.size() == text.size()) out.score += 20;
        return out;
    }
    auto best = match_from(query, text, 0);
    if (best) return best;
    // Preferring starts of words can run past the end; then the plain places.
    FuzzyMatch out;
    std::size_t at = 0;
    for (const char wanted : query) {
        if (wanted == ' ') continue;
        while (at < text.size() && lower(text[at]) != lower(wanted)) ++at;
        if (at == text.size()) return std::nullopt;
        out.positions.push_back(at++);
        out.score += 1;
    }
    return out;
}

std::vector<PaletteItem> build_palette(const debug::Debugger& debugger, std::span<const PaletteCommand> commands,
                                       std::string_view query, std::size_t limit) {
    std::vector<PaletteItem> items;
    const auto add = [&](PaletteItem item, int bonus) {
        auto match = fuzzy_match(query, item.title);
        // "value slice" asks for "Slice value…", and a word of what a command does for the command.
        if (!match && !item.command.empty() && has_words(query, item.title + " " + item.detail)) match.emplace();
        if (!match) return;
        item.score = match->score + bonus;
        item.matched = match->positions;
        items.push_back(std::move(item));
    };
    for (const PaletteCommand& command : commands) {
        PaletteItem item;
        item.title = command.title;
        item.detail = command.blocked.value_or(command.summary);
        item.key = command.key;
        item.blocked = command.blocked;
        item.command = command.id;
        item.asks = !command.argument.empty();
        add(std::move(item), command.blocked ? 0 : 3);
    }
    const Graph* graph = debugger.is_open() ? debugger.graph() : nullptr;
    if (graph && !query.empty()) {
        for (const VariableId id : visible_variables(debugger)) {
            const Variable& variable = graph->variable(id);
            PaletteItem item;
            item.title = variable.name;
            item.detail = "variable, " + shape_text(variable.shape);
            item.target = select_variable(debugger, id);
            add(std::move(item), 2);
        }
        for (std::size_t i = 0; i < debugger.visible_nodes(); ++i) {
            const Node& node = graph->node(NodeId(i));
            if (graph->variable_of(node.id)) continue;
            PaletteItem item;
            item.title = node.name;
            item.detail = node.op;
            item.target = select_node(debugger, node.id);
            add(std::move(item), 0);
        }
    }
    const auto rank = [](const PaletteItem& item) {
        const bool is_name = item.command.empty();
        return std::tuple(-item.score, is_name, is_name ? item.title.size() : 0);
    };
    std::ranges::stable_sort(items, {}, rank);
    if (items.size() > limit) items.resize(limit);
    return items;
}

std::string to_text(std::span<const PaletteItem> items) {
    std::string out;
    for (const PaletteItem& item : items)
        out += fmt::format("{}{}  {}{}\n", item.blocked ? "- " : "  ", item.title, item.detail,
                           item.key.empty() ? "" : "  " + item.key);
    return out;
}

} // namespace rnnscope::view
