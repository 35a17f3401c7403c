#include "core/view/problems_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

namespace rnnscope::view {

using debug::Debugger;
using debug::Diagnosis;
using debug::Fix;

namespace {

void add_code(const Debugger& debugger, const Diagnosis& diagnosis, ProblemCard& card) {
    if (diagnosis.failed_at.valid())
        card.code.push_back({CardLine::Kind::failed, "failed", line_of(debugger, diagnosis.failed_at),
                             diagnosis.failed_at, program::python_line(debugger.program(), diagnosis.failed_at)});
    if (diagnosis.fixes.empty()) return;
    const Fix& fix = diagnosis.fixes.front();
    const bool moves = fix.changed.valid() && fix.after.valid();
    if (fix.changed.valid())
        card.code.push_back({CardLine::Kind::removed,
                             moves                  ? "move"
                             : fix.new_line.empty() ? "remove"
                                                    : "change",
                             line_of(debugger, fix.changed), fix.changed,
                             program::python_line(debugger.program(), fix.changed)});
    if (!fix.new_line.empty()) {
        const StatementId place = fix.after.valid() ? fix.after : fix.changed;
        int line = line_of(debugger, place);
        const auto& ranges = debugger.program().python.statements;
        if (fix.after.valid() && place.index() < ranges.size()) line = ranges[place.index()].last;
        card.code.push_back({CardLine::Kind::added,
                             moves                 ? "to after"
                             : fix.changed.valid() ? "to"
                                                   : "new",
                             line, place, fix.new_line});
    }
}

void add_check(const Debugger& debugger, const Diagnosis& diagnosis, ProblemCard& card) {
    if (diagnosis.fixes.empty()) return;
    switch (diagnosis.fixes.front().check) {
    case Fix::Check::not_run:
        card.check = ProblemCard::Check::checking;
        card.check_text = "checking…";
        break;
    case Fix::Check::verified:
        card.check = ProblemCard::Check::verified;
        card.check_text = diagnosis.error.run.valid()
                              ? fmt::format("verified: {} succeeds", run_text(diagnosis.error.run))
                              : fmt::format("verified: {} succeeds", line_text(debugger, diagnosis.failed_at));
        break;
    case Fix::Check::failed:
        card.check = ProblemCard::Check::failed;
        card.check_text = "not verified";
        break;
    }
}

/// "3 in cell_0, 4 in cell_1": reads grouped by the scope in which the variables' names first differ.
void add_more(const Debugger& debugger, const Diagnosis& diagnosis, ProblemCard& card) {
    std::vector<const debug::UninitializedRead*> others;
    for (const auto& read : diagnosis.reads)
        if (read.node != diagnosis.error.node || !read.node.valid()) others.push_back(&read);
    if (others.empty()) return;
    card.more = others.size() == 1 ? std::string("1 more read would fail the same way:")
                                   : fmt::format("{} more reads would fail the same way:", others.size());
    std::string common = diagnosis.reads.front().variable_name;
    for (const auto& read : diagnosis.reads) {
        const auto [a, b] = std::ranges::mismatch(common, read.variable_name);
        common.erase(a, common.end());
    }
    const std::size_t slash = common.rfind('/');
    const std::size_t prefix = slash == std::string::npos ? 0 : slash + 1;
    std::vector<std::pair<std::string, std::size_t>> groups; // first seen first
    for (const auto* read : others) {
        const std::size_t next = read->variable_name.find('/', prefix);
        const std::string path = read->variable_name.substr(0, next);
        const auto found = std::ranges::find(groups, path, &std::pair<std::string, std::size_t>::first);
        if (found == groups.end())
            groups.emplace_back(path, 1);
        else
            ++found->second;
    }
    for (const auto& [path, count] : groups) {
        const std::string name(last_segments(path, 1));
        Link link = Link::plain(groups.size() == 1 && count == 1 ? name : fmt::format("{} in {}", count, name));
        link.target = select_scope(debugger, path);
        card.more_links.push_back(std::move(link));
    }
}

ProblemCard make_card(const Debugger& debugger, const Diagnosis& diagnosis, std::size_t index) {
    ProblemCard card;
    card.diagnosis = index;
    card.is_current = debugger.current_diagnosis() == &diagnosis;
    card.headline =
        diagnosis.headline.empty() ? diagnosis.error.error_class + ": " + diagnosis.error.message : diagnosis.headline;
    card.cause = diagnosis.cause;
    if (!diagnosis.summary.empty()) card.why.push_back(link_lines(debugger, diagnosis.summary));
    for (const debug::Evidence& evidence : diagnosis.evidence) {
        if (evidence.text == diagnosis.summary) continue;
        card.why.push_back(link_lines(debugger, evidence.text));
    }
    add_code(debugger, diagnosis, card);
    add_check(debugger, diagnosis, card);
    add_more(debugger, diagnosis, card);
    card.error_text = diagnosis.error.error_class + ": " +
                      (diagnosis.error.text.empty() ? diagnosis.error.message : diagnosis.error.text);
    card.other_causes = diagnosis.other_causes;
    for (const Fix& fix : diagnosis.fixes) card.fix_titles.push_back(fix.title);
    return card;
}

} // namespace

std::vector<Link> link_lines(const Debugger& debugger, std::string_view sentence) {
    std::vector<Link> out;
    std::size_t done = 0;
    for (std::size_t at = sentence.find("line "); at != std::string_view::npos; at = sentence.find("line ", at + 1)) {
        const char* digits = sentence.data() + at + 5;
        int number = 0;
        const auto [end, problem] = std::from_chars(digits, sentence.data() + sentence.size(), number);
        if (problem != std::errc() || (at > 0 && sentence[at - 1] != ' ' && sentence[at - 1] != '(')) continue;
        const StatementId statement = debugger.program().python.statement_at(number);
        if (!statement.valid()) continue;
        if (at > done) out.push_back(Link::plain(std::string(sentence.substr(done, at - done))));
        const auto stop = static_cast<std::size_t>(end - sentence.data());
        out.push_back({std::string(sentence.substr(at, stop - at)), select_statement(statement)});
        done = stop;
    }
    if (done < sentence.size()) out.push_back(Link::plain(std::string(sentence.substr(done))));
    return out;
}

ProblemsView build_problems(const Debugger& debugger) {
    ProblemsView view;
    if (!debugger.is_open()) return view;
    const auto& diagnoses = debugger.diagnoses();
    for (std::size_t i = 0; i < diagnoses.size(); ++i) view.cards.push_back(make_card(debugger, diagnoses[i], i));
    const debug::Debugger::PreflightReport* report = debugger.known_preflight();
    if (!report) return view;
    for (const debug::Warning& warning : report->warnings)
        view.warnings.push_back(
            {warning.code, warning.summary, warning.statement, line_link(debugger, warning.statement)});
    for (const auto& item : report->reads)
        view.preflight.push_back({item.read.op, item.read.variable_name, item.read.node, item.read.variable,
                                  item.statement, line_text(debugger, item.statement), run_text(item.run), item.cause,
                                  item.read.behind_another});
    return view;
}

std::string to_text(const ProblemsView& view) {
    std::string out;
    for (const ProblemCard& card : view.cards) {
        out += fmt::format("✕ {}  [{}]\n", card.headline, card.cause);
        for (const auto& paragraph : card.why) {
            out += "  ";
            for (const Link& part : paragraph)
                out += part.target.kind == debug::Selection::Kind::none ? part.text : "<" + part.text + ">";
            out += "\n";
        }
        for (const CardLine& line : card.code)
            out += fmt::format("  {:>8} {:>4}  {}\n", line.word, line.line, line.code);
        if (!card.check_text.empty()) out += "  " + card.check_text + "\n";
        if (card.more.empty()) continue;
        out += "  " + card.more;
        for (const Link& link : card.more_links) out += " <" + link.text + ">";
        out += "\n";
    }
    for (const WarningCard& warning : view.warnings) out += fmt::format("! {}  [{}]\n", warning.summary, warning.code);
    for (const PreflightRow& row : view.preflight)
        out += fmt::format("preflight {}  {}  {}  {}  {}\n", row.op, row.variable, row.line, row.run, row.cause);
    return out;
}

} // namespace rnnscope::view
