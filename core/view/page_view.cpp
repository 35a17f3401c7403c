#include "core/view/page_view.hpp"

#include "core/debug/terminal_text.hpp"
#include "core/view/problems_view.hpp"

#include <algorithm>
#include <cctype>
#include <utility>

namespace rnnscope::view {

using debug::Debugger;

namespace {

/// What the word names in the graph that is looked at; kind none: nothing.
debug::Selection named(const Debugger& debugger, std::string_view word) {
    const Graph* graph = debugger.is_open() ? debugger.graph() : nullptr;
    if (graph == nullptr || word.empty()) return {};
    const NodeId node = graph->find(word);
    if (!node.valid() || node.index() >= debugger.visible_nodes()) return {};
    const Variable* variable = graph->variable_of(node);
    return variable != nullptr ? select_variable(debugger, variable->id) : select_node(debugger, node);
}

/// Of a sentence: calls, paths, names with underscores, literals.
bool looks_like_code(std::string_view word) {
    if (word.starts_with("tf.") || word.find('_') != std::string_view::npos) return true;
    const std::size_t bracket = word.find_first_of("([");
    if (bracket != std::string_view::npos) return bracket > 0 || word.starts_with("[");
    const std::size_t slash = word.find('/'), equals = word.find('=');
    return (slash != std::string_view::npos && slash > 0 && slash + 1 < word.size()) ||
           (equals != std::string_view::npos && equals > 0);
}

/// In a listing, names that could be words, as "init" could, are names only where a row is about them.
bool can_be_name(std::string_view word, std::string_view before, std::string_view after) {
    if (word.find_first_of("/_") != std::string_view::npos) return true;
    after.remove_prefix(std::min(after.find_first_not_of(' '), after.size()));
    return before.find_first_not_of(' ') == std::string_view::npos && !after.starts_with("=");
}

/// Without what only belongs to the sentence: "minimize()." and "(see" are words with marks around them.
std::pair<std::size_t, std::size_t> core_of(std::string_view word) {
    std::size_t begin = 0, end = word.size();
    while (end > begin && std::string_view(".,;:!?").find(word[end - 1]) != std::string_view::npos) --end;
    const auto count = [&](char c) { return std::ranges::count(word.substr(begin, end - begin), c); };
    if (begin < end && word[begin] == '(' && count('(') > count(')')) ++begin;
    while (end > begin && word[end - 1] == ')' && count(')') > count('(')) --end;
    return {begin, end};
}

void add(std::vector<PageSpan>& spans, PageSpan span) {
    if (span.text.empty()) return;
    const bool joins = !spans.empty() && spans.back().is_code == span.is_code &&
                       spans.back().target.kind == debug::Selection::Kind::none &&
                       span.target.kind == debug::Selection::Kind::none;
    if (joins)
        spans.back().text += span.text;
    else
        spans.push_back(std::move(span));
}

/// A sentence in spans: lines of the program and names of the graph are links, and what looks like code is code.
std::vector<PageSpan> spans_of(const Debugger& debugger, std::string_view sentence) {
    std::vector<PageSpan> spans;
    std::vector<Link> parts;
    if (debugger.is_open())
        parts = link_lines(debugger, sentence);
    else
        parts.push_back(Link::plain(std::string(sentence)));
    for (const Link& part : parts) {
        if (part.target.kind != debug::Selection::Kind::none) {
            spans.push_back({part.text, false, part.target});
            continue;
        }
        const std::string_view text = part.text;
        for (std::size_t at = 0; at < text.size();) {
            const bool is_space = std::isspace(static_cast<unsigned char>(text[at])) != 0;
            std::size_t end = at;
            while (end < text.size() && (std::isspace(static_cast<unsigned char>(text[end])) != 0) == is_space) ++end;
            const std::string_view word = text.substr(at, end - at);
            at = end;
            if (is_space) {
                add(spans, {" "});
                continue;
            }
            const auto [first, last] = core_of(word);
            const std::string_view core = word.substr(first, last - first);
            const debug::Selection target = looks_like_code(core) ? named(debugger, core) : debug::Selection{};
            add(spans, {std::string(word.substr(0, first))});
            add(spans, {std::string(core), looks_like_code(core), target});
            add(spans, {std::string(word.substr(last))});
        }
    }
    return spans;
}

/// The text's parts between blank lines.
std::vector<std::string_view> parts_of(std::string_view text) {
    std::vector<std::string_view> parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find("\n\n"), text.size());
        if (end > 0) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 2, text.size()));
    }
    return parts;
}

/// What is known of the failure at the position, if this is its cause.
void add_failure(const Debugger& debugger, const debug::CauseDef& cause, PageView& page) {
    const debug::Diagnosis* diagnosis = debugger.is_open() ? debugger.current_diagnosis() : nullptr;
    if (diagnosis == nullptr || diagnosis->cause != cause.code) return;
    page.blocks.push_back({PageBlock::Kind::heading, {{"In this program"}}, ""});
    page.blocks.push_back({PageBlock::Kind::paragraph, spans_of(debugger, diagnosis->summary), ""});
    for (const debug::Evidence& evidence : diagnosis->evidence) {
        PageBlock block{PageBlock::Kind::item, spans_of(debugger, evidence.text), ""};
        const auto names_line = [](const PageSpan& span) {
            return span.target.kind == debug::Selection::Kind::statement;
        };
        if (evidence.statement.valid() && std::ranges::none_of(block.spans, names_line)) {
            add(block.spans, {" ("});
            block.spans.push_back(
                {line_text(debugger, evidence.statement), false, select_statement(evidence.statement)});
            add(block.spans, {")"});
        }
        page.blocks.push_back(std::move(block));
    }
    PageBlock places{PageBlock::Kind::item, {}, ""};
    const auto place = [&](const char* words, StatementId statement) {
        if (!statement.valid()) return;
        add(places.spans, {places.spans.empty() ? words : std::string("; ") + words});
        places.spans.push_back({line_text(debugger, statement), false, select_statement(statement)});
    };
    place("failed at ", diagnosis->failed_at);
    place("to change at ", diagnosis->fix_at);
    if (!places.spans.empty()) page.blocks.push_back(std::move(places));
    page.blocks.push_back({PageBlock::Kind::heading, {{"In general"}}, ""});
}

} // namespace

PageView cause_page(const Debugger& debugger, const debug::CauseDef& cause) {
    PageView page;
    page.title = cause.title;
    page.code = cause.code;
    page.text = debug::explain_text(cause);
    add_failure(debugger, cause, page);
    for (const std::string_view part : parts_of(cause.explanation))
        page.blocks.push_back({PageBlock::Kind::paragraph, spans_of(debugger, part), ""});
    if (!cause.remedy.empty()) {
        page.blocks.push_back({PageBlock::Kind::heading, {{"What to do"}}, ""});
        page.blocks.push_back({PageBlock::Kind::paragraph, spans_of(debugger, cause.remedy), ""});
    }
    const std::vector<std::string_view> examples = parts_of(cause.example);
    for (std::size_t i = 0; i < examples.size(); ++i) {
        const char* label = examples.size() != 2 ? "" : i == 0 ? "as it fails" : "as it works";
        page.blocks.push_back({PageBlock::Kind::code, {{std::string(examples[i]), true}}, label});
    }
    return page;
}

PageView text_page(const Debugger& debugger, std::string title, std::string text) {
    PageView page;
    page.title = std::move(title);
    page.text = std::move(text);
    std::string_view rest = page.text;
    while (!rest.empty()) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        PageBlock block{PageBlock::Kind::listing, {}, ""};
        for (std::size_t at = 0; at < line.size();) {
            const std::size_t begin = std::min(line.find_first_not_of(' ', at), line.size());
            const std::size_t stop = std::min(line.find(' ', begin), line.size());
            const std::string_view word = line.substr(begin, stop - begin);
            add(block.spans, {std::string(line.substr(at, begin - at)), true});
            const auto [first, last] = core_of(word);
            add(block.spans, {std::string(word.substr(0, first)), true});
            const std::string_view core = word.substr(first, last - first);
            const bool can_link = can_be_name(core, line.substr(0, begin), line.substr(stop));
            add(block.spans, {std::string(core), true, can_link ? named(debugger, core) : debug::Selection{}});
            add(block.spans, {std::string(word.substr(last)), true});
            at = stop;
        }
        page.blocks.push_back(std::move(block));
    }
    return page;
}

std::string to_text(const PageView& view) {
    std::string text = view.title + (view.code.empty() ? "" : "  [" + view.code + "]") + "\n";
    for (const PageBlock& block : view.blocks) {
        using Kind = PageBlock::Kind;
        const bool is_code = block.kind == Kind::code || block.kind == Kind::listing;
        text += block.kind == Kind::heading ? "\n# " : block.kind == Kind::item ? "- " : is_code ? "" : "\n";
        if (!block.label.empty()) text += "\n" + block.label + ":\n";
        for (const PageSpan& span : block.spans)
            text += span.target.kind != debug::Selection::Kind::none ? "[" + span.text + "]"
                    : span.is_code && !is_code                       ? "`" + span.text + "`"
                                                                     : span.text;
        text += "\n";
    }
    return text;
}

} // namespace rnnscope::view
