#include "core/debug/fetched_scalars.hpp"

#include "core/debug/arrangement.hpp"
#include "core/debug/evaluation.hpp"
#include "core/debug/value_export.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <fmt/format.h>

namespace rnnscope::debug {

void FetchedScalars::update(const Debugger& debugger) {
    const std::shared_ptr<const Evaluation> evaluation = debugger.shared_evaluation();
    if (evaluation_.lock() != evaluation) {
        evaluation_ = evaluation;
        runs_ = 0;
        series_.clear();
        ++version_;
    }
    if (!debugger.is_open()) return;
    const auto runs = debugger.recording().runs();
    for (; runs_ < runs.size() && runs[runs_].done; ++runs_) add(debugger, runs[runs_]);
}

void FetchedScalars::add(const Debugger& debugger, const record::RecordedRun& run) {
    for (std::size_t i = 0; i < run.outcome.results.size() && i < run.info.request.fetches.size(); ++i) {
        const Tensor& value = run.outcome.results[i];
        if (!value || value.elements() != 1 || !has_numbers(value)) continue;
        const Output fetch = run.info.request.fetches[i];
        auto series = std::ranges::find_if(
            series_, [&](const ScalarSeries& each) { return each.graph == run.info.graph && each.fetch == fetch; });
        if (series == series_.end()) {
            ScalarSeries& made = series_.emplace_back();
            made.graph = run.info.graph;
            made.fetch = fetch;
            made.name = debugger.evaluator().graph(run.info.graph).tensor_name(fetch);
            if (debugger.evaluator().graph_count() > 1)
                made.name += fmt::format(" of graph {}", run.info.graph.index() + 1);
            series = std::prev(series_.end());
        }
        if (!series->points.empty() && series->points.back().run == run.info.id) continue; // twice in one list
        series->points.push_back({run.info.id, value, {run.last_tick + 1}});
        ++version_;
    }
}

namespace {

void say_point(AnswerRow& row, const Debugger& debugger, const ScalarPoint& point) {
    row.say(number_as_text(point.value, 0), AnswerColumn::value).glue(" in ");
    row.run_place(debugger, point.run, point.after);
}

/// The lowest and the highest number, as far as they are numbers.
void say_extremes(Answer& answer, const Debugger& debugger, const ScalarSeries& series) {
    const ScalarPoint *lowest = nullptr, *highest = nullptr, *first_bad = nullptr;
    for (const ScalarPoint& point : series.points) {
        if (!std::isfinite(point.number())) {
            if (first_bad == nullptr) first_bad = &point;
            continue;
        }
        if (lowest == nullptr || point.number() < lowest->number()) lowest = &point;
        if (highest == nullptr || point.number() > highest->number()) highest = &point;
    }
    const auto say = [&](const char* word, const ScalarPoint* point, AnswerRow::Mark mark) {
        if (point == nullptr) return;
        AnswerRow& row = answer.add(AnswerRow::Kind::entry, mark);
        row.indent = 1;
        row.glue("  ").say(word, AnswerColumn::lead).glue(" ");
        say_point(row, debugger, *point);
    };
    if (series.points.size() > 1) {
        say("lowest", lowest, AnswerRow::Mark::none);
        say("highest", highest, AnswerRow::Mark::none);
    }
    say("first not finite", first_bad, AnswerRow::Mark::fails);
}

} // namespace

Answer answer_scalars(const Debugger& debugger) {
    constexpr std::size_t most_in_terminal = 12;
    Answer answer = new_answer(debugger, "Fetched numbers", "");
    FetchedScalars scalars;
    scalars.update(debugger);
    if (scalars.series().empty()) answer.sentence("no run fetched a single number");
    for (const ScalarSeries& series : scalars.series()) {
        AnswerRow& head = answer.add(AnswerRow::Kind::heading);
        head.name(debugger.evaluator().graph(series.graph), series.name);
        head.say(fmt::format(" in {} run{}", series.points.size(), series.points.size() == 1 ? "" : "s"));
        say_extremes(answer, debugger, series);
        for (std::size_t i = 0; i < series.points.size(); ++i) {
            AnswerRow& row = answer.add(AnswerRow::Kind::entry);
            row.indent = 1;
            row.glue("  ");
            say_point(row, debugger, series.points[i]);
            if (i >= most_in_terminal && i + 1 < series.points.size()) row.shown = AnswerRow::Shown::in_window;
            if (i + 1 == most_in_terminal && series.points.size() > most_in_terminal + 1)
                answer.sentence(fmt::format("  {} more, and the last:", series.points.size() - most_in_terminal - 1))
                    .shown = AnswerRow::Shown::in_terminal;
        }
    }
    return answer;
}

std::string scalars_csv(const Debugger& debugger) {
    FetchedScalars scalars;
    scalars.update(debugger);
    const auto series = scalars.series();
    std::map<RunId, std::vector<std::string>> rows;
    std::string out = "run,line";
    for (std::size_t s = 0; s < series.size(); ++s) {
        out += "," + series[s].name; // no name of TensorFlow has a comma or a quote
        for (const ScalarPoint& point : series[s].points) {
            std::vector<std::string>& row = rows[point.run];
            row.resize(series.size());
            row[s] = number_as_text(point.value, 0);
        }
    }
    out += "\n";
    for (const auto& [run, values] : rows) {
        const StatementId statement = debugger.recording().step(debugger.recording().run(run).info.step).step.statement;
        out += fmt::format("{},{}", run.index() + 1, debugger.program().statement(statement).where.python_line);
        for (const std::string& value : values) out += "," + value;
        out += "\n";
    }
    return out;
}

Result<std::string> export_scalars(const Debugger& debugger, std::string_view path) {
    FetchedScalars scalars;
    scalars.update(debugger);
    if (scalars.series().empty()) return Error{"value.none", "No run fetched a single number."};
    if (!path.ends_with(".csv")) return Error{"command.argument", "the file's name ends in .csv"};
    if (const Status written = write_file_atomically(std::string(path), scalars_csv(debugger)); !written)
        return written.error();
    return fmt::format("{} {} in {}", scalars.series().size(),
                       scalars.series().size() == 1 ? "series is" : "series are", path);
}

} // namespace rnnscope::debug
