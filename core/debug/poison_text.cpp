#include "core/debug/poison.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

constexpr std::size_t most_rows = 12;

std::string so_many(std::size_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

int python_line_of(const Debugger& debugger, RunId run) {
    const record::RecordedStep& step = debugger.recording().step(debugger.recording().run(run).info.step);
    return debugger.program().statement(step.step.statement).where.python_line;
}

/// "run 2, event 46, t=3, line 9, at 117": the position is the one just after it.
std::string poison_place(const Debugger& debugger, const Happening& happening) {
    std::string text = fmt::format("run {}, event {}, ", happening.run.index() + 1, happening.event);
    if (happening.iteration >= 0) text += fmt::format("t={}, ", happening.iteration);
    return text + fmt::format("line {}, at {}", python_line_of(debugger, happening.run), happening.after.ticks);
}

std::string op_of(const Debugger& debugger, RunId run, NodeId node) {
    if (!node.valid()) return "a fetch";
    return debugger.evaluator().graph(debugger.recording().run(run).info.graph).node(node).name;
}

std::string share_text(std::int64_t poisoned, std::int64_t elements, const Shape& shape) {
    if (poisoned == 0) return fmt::format("clean, {}", to_python(shape));
    if (poisoned == elements) return fmt::format("all {} of {}", elements, to_python(shape));
    return fmt::format("{} of {} of {}", poisoned, elements, to_python(shape));
}

std::string more_text(std::size_t count) {
    return count > most_rows ? fmt::format("  and {} more\n", count - most_rows) : std::string();
}

std::string sources_text(const Debugger& debugger, const PoisonReport& report) {
    std::string text = fmt::format("{} without a value {} read\n", so_many(report.sources.size(), "variable"),
                                   report.sources.size() == 1 ? "was" : "were");
    for (std::size_t i = 0; i < std::min(report.sources.size(), most_rows); ++i) {
        const PoisonReport::Source& source = report.sources[i];
        text += fmt::format("  x {} {}, by {} ({})", source.name, to_python(source.shape),
                            op_of(debugger, source.read.run, source.read.node), poison_place(debugger, source.read));
        text += source.times > 1 ? fmt::format(", {} times\n", source.times) : "\n";
    }
    return text + more_text(report.sources.size());
}

std::string variables_text_of(const Debugger& debugger, const PoisonReport& report) {
    if (report.variables.empty()) return "no variable holds a poisoned value\n";
    std::string text = fmt::format("{} {} a poisoned value\n", so_many(report.variables.size(), "variable"),
                                   report.variables.size() == 1 ? "holds" : "hold");
    for (std::size_t i = 0; i < std::min(report.variables.size(), most_rows); ++i) {
        const PoisonReport::Variable& variable = report.variables[i];
        Happening write;
        write.run = variable.change.run;
        write.event = variable.change.event;
        write.after = {variable.change.tick + 1};
        text += fmt::format("  ^ {}: {}, written by {} ({})\n", variable.name,
                            share_text(variable.poisoned, variable.elements, variable.shape),
                            op_of(debugger, variable.change.run, variable.change.node), poison_place(debugger, write));
    }
    return text + more_text(report.variables.size());
}

std::string ops_text(const PoisonReport& report) {
    std::string text = fmt::format("{} poisoned, in {} of {}\n", so_many(report.ops, "op"), report.events,
                                   so_many(report.all_events, "event"));
    for (std::size_t i = 0; i < std::min(report.scopes.size(), most_rows); ++i)
        text += fmt::format("  {}  {}, {}\n", report.scopes[i].path.empty() ? "(no scope)" : report.scopes[i].path,
                            so_many(report.scopes[i].ops, "op"), so_many(report.scopes[i].events, "event"));
    return text + more_text(report.scopes.size());
}

std::string loops_text(const PoisonReport& report) {
    if (report.loops.empty()) return "no time step is poisoned\n";
    std::string text = "time steps\n";
    for (std::size_t i = 0; i < std::min(report.loops.size(), most_rows); ++i) {
        const PoisonReport::Loop& loop = report.loops[i];
        text += fmt::format("  {}, run {}: {} of {}, from t={} to t={}\n", loop.frame, loop.run.index() + 1,
                            loop.time_steps, loop.of, loop.first, loop.last);
    }
    return text + more_text(report.loops.size());
}

std::string fetches_text(const Debugger& debugger, const PoisonReport& report) {
    if (report.fetches.empty()) return "nothing was fetched\n";
    std::string text = "fetches\n";
    for (std::size_t i = 0; i < std::min(report.fetches.size(), most_rows); ++i) {
        const PoisonReport::Fetch& fetch = report.fetches[i];
        text += fmt::format("  {} {}: {} (run {}, line {}, at {})\n", fetch.poisoned > 0 ? "^" : " ", fetch.name,
                            share_text(fetch.poisoned, fetch.elements, fetch.shape), fetch.run.index() + 1,
                            python_line_of(debugger, fetch.run), fetch.after.ticks);
    }
    return text + more_text(report.fetches.size());
}

std::string happenings_text(const Debugger& debugger, const std::vector<Happening>& all, std::string_view title) {
    if (all.empty()) return {};
    std::string text = fmt::format("{}\n", title);
    for (std::size_t i = 0; i < std::min(all.size(), most_rows); ++i)
        text += fmt::format("  {} ({})\n", op_of(debugger, all[i].run, all[i].node), poison_place(debugger, all[i]));
    return text + more_text(all.size());
}

std::string refusals_text(const PoisonReport& report) {
    std::string text;
    for (const std::string& variable : report.refused)
        text += fmt::format("a run ended at {}: its shape is not known, so that nothing can stand in its place\n",
                            variable);
    return text;
}

} // namespace

std::string poison_text(const Debugger& debugger) {
    if (!debugger.recording_file().empty())
        return "poison is not followed in a recording: open its program, and let it go on past missing values";
    if (!debugger.poisons()) return "runs stop at missing values; poison.on lets them go on, and marks what they reach";
    if (debugger.poison() == nullptr) return "poison is followed in the program as it is, not in what-ifs";
    const PoisonReport report = poison_report(debugger);
    if (report.sources.empty()) return refusals_text(report) + "no run has read a missing value at this position";
    std::string text = sources_text(debugger, report) + refusals_text(report);
    text += variables_text_of(debugger, report) + ops_text(report) + loops_text(report);
    text += happenings_text(debugger, report.decisions, "a poisoned value decided what runs");
    text += happenings_text(debugger, report.failures, "failed on poisoned values");
    text += fetches_text(debugger, report);
    if (!debugger.poison()->is_complete()) text += "a run could not be followed to its end: there may be more\n";
    text.pop_back();
    return text;
}

} // namespace rnnscope::debug
