#include "core/view/problems_view.hpp"

#include "core/debug/poison.hpp"
#include "core/debug/session_choices.hpp"
#include "core/debug/session_commands.hpp"
#include "core/view/first_steps.hpp"

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
    if (!debugger.recording_file().empty()) { // nothing runs there: the fix is shown, not offered
        card.check_text = "in a recording";
        return;
    }
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

/// What of a run that went on is derived from missing values: its fetches, and the variables that it wrote.
std::vector<Link> poisoned_results(const Debugger& debugger, RunId run) {
    std::vector<Link> links;
    const runtime::RunRequest& request = debugger.recording().run(run).info.request;
    const Graph& graph = debugger.evaluator().graph(debugger.recording().run(run).info.graph);
    const auto add = [&](std::string name, debug::Selection target) {
        target.graph = graph.id();
        const bool is_there = std::ranges::find(links, name, &Link::text) != links.end();
        if (!is_there) links.push_back({std::move(name), std::move(target)});
    };
    for (std::size_t i = 0; i < request.fetches.size(); ++i)
        if (debugger.poison()->fetch(run, i).any())
            add(graph.tensor_name(request.fetches[i]), select_node(debugger, request.fetches[i].node));
    for (const auto& [key, changes] : debugger.poison()->variables())
        for (const debug::Poison::VariableChange& change : changes)
            if (change.run == run && !change.is_read && change.mask.any())
                add(key.second, select_node(debugger, graph.find(key.second)));
    return links;
}

/// Of an error that a run passed over.
void add_poison(const Debugger& debugger, const Diagnosis& diagnosis, ProblemCard& card) {
    const RunId run = diagnosis.error.run;
    const bool passed = std::ranges::any_of(debugger.recording().errors(), [&](const record::RecordedError& error) {
        return error.passed && error.error.run == run && error.error.op == diagnosis.error.op;
    });
    if (!passed || debugger.poison() == nullptr) return;
    constexpr std::size_t most = 4;
    const std::vector<Link> results = poisoned_results(debugger, run);
    std::vector<Link> sentence{Link::plain("The run went on with zeros in place of what was missing. ")};
    sentence.push_back(Link::plain(results.empty() ? "Nothing that it fetched or wrote is derived from them."
                                                   : "Derived from them: "));
    for (std::size_t i = 0; i < std::min(results.size(), most); ++i) {
        if (i > 0) sentence.push_back(Link::plain(", "));
        sentence.push_back(results[i]);
    }
    if (results.size() > most) sentence.push_back(Link::plain(fmt::format(" and {} more", results.size() - most)));
    card.why.push_back(std::move(sentence));
    card.actions.push_back({"What they reached", "ask.poison", ""});
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
    add_poison(debugger, diagnosis, card);
    card.error_text = diagnosis.error.error_class + ": " +
                      (diagnosis.error.text.empty() ? diagnosis.error.message : diagnosis.error.text);
    card.other_causes = diagnosis.other_causes;
    for (const Fix& fix : diagnosis.fixes) card.fix_titles.push_back(fix.title);
    const Graph* graph = debugger.graph();
    const NodeId node = graph != nullptr ? graph->find(diagnosis.error.op) : NodeId();
    if (diagnosis.cause == "placeholder-not-fed" && node.valid() && !debug::cannot_feed(debugger, {node, 0}))
        card.actions.push_back(
            {fmt::format("Feed {}…", last_segment(diagnosis.error.op)), "session.feed", graph->tensor_name({node, 0})});
    return card;
}

/// What it means that there is no card.
void add_quiet(const Debugger& debugger, ProblemsView& view) {
    if (!view.cards.empty() || !view.warnings.empty()) return;
    const auto say = [&](std::string text) { view.quiet.push_back({Link::plain(std::move(text))}); };
    if (!debugger.at_end()) {
        say("No problem so far.");
        const std::size_t ahead = view.preflight.size();
        if (ahead == 0 || debugger.busy()) return;
        say(fmt::format("{} of variables without a value {} ahead: they are listed in Preflight.",
                        count_text(ahead, "read"), ahead == 1 ? "is" : "are"));
        return view.next.push_back({"Continue to the failure", "run.continue", ""});
    }
    if (!debugger.recording().runs().empty()) {
        say("No problem: every run of the program succeeded.");
        return add_next_step(debugger, view);
    }
    if (debugger.graph() == nullptr || debugger.graph()->size() == 0) return say("Nothing ran.");
    if (!debugger.document().is_graph() || debug::cannot_add_statements(debugger))
        return say("No problem: the program built its graph. It has no run.");
    add_first_steps(debugger, view);
}

void add_no_preflight(const Debugger& debugger, ProblemsView& view) {
    if (!view.preflight.empty()) return;
    const bool ran = !debugger.recording().runs().empty();
    view.no_preflight = ran || !debugger.at_end() ? "No run of the program would read a variable without a value."
                                                  : "The program has no run yet that could be looked at beforehand.";
}

std::string paragraph_text(const std::vector<Link>& paragraph) {
    std::string out;
    for (const Link& part : paragraph)
        out += part.target.kind == debug::Selection::Kind::none ? part.text : "<" + part.text + ">";
    return out;
}

std::string actions_text(const std::vector<ProblemAction>& actions) {
    std::string out;
    for (const ProblemAction& action : actions)
        out += fmt::format("  [{}]  {} {}\n", action.title, action.command, action.argument);
    return out;
}

void add_report(const Debugger& debugger, const Debugger::PreflightReport& report, ProblemsView& view) {
    for (const debug::Warning& warning : report.warnings)
        view.warnings.push_back(
            {warning.code, warning.summary, warning.statement, line_link(debugger, warning.statement)});
    for (const auto& item : report.reads)
        view.preflight.push_back({item.read.op, item.read.variable_name, item.read.node, item.read.variable,
                                  item.statement, line_text(debugger, item.statement), run_text(item.run), item.cause,
                                  item.read.behind_another});
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
    if (report) add_report(debugger, *report, view);
    add_quiet(debugger, view);
    add_no_preflight(debugger, view);
    return view;
}

std::string to_text(const ProblemsView& view) {
    std::string out;
    for (const auto& paragraph : view.quiet) out += paragraph_text(paragraph) + "\n";
    out += actions_text(view.next);
    for (const ProblemCard& card : view.cards) {
        out += fmt::format("✕ {}  [{}]\n", card.headline, card.cause);
        for (const auto& paragraph : card.why) out += "  " + paragraph_text(paragraph) + "\n";
        for (const CardLine& line : card.code)
            out += fmt::format("  {:>8} {:>4}  {}\n", line.word, line.line, line.code);
        if (!card.check_text.empty()) out += "  " + card.check_text + "\n";
        out += actions_text(card.actions);
        if (card.more.empty()) continue;
        out += "  " + card.more;
        for (const Link& link : card.more_links) out += " <" + link.text + ">";
        out += "\n";
    }
    for (const WarningCard& warning : view.warnings) out += fmt::format("! {}  [{}]\n", warning.summary, warning.code);
    for (const PreflightRow& row : view.preflight)
        out += fmt::format("preflight {}  {}  {}  {}  {}\n", row.op, row.variable, row.line, row.run, row.cause);
    if (!view.no_preflight.empty()) out += "preflight: " + view.no_preflight + "\n";
    return out;
}

} // namespace rnnscope::view
