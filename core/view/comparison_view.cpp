#include "core/view/comparison_view.hpp"

#include "core/view/answers_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace rnnscope::view {

using debug::ComparedRecordings;
using debug::ComparedRun;
using debug::Evaluation;

namespace {

const ComparedRun& run_of(const ComparisonView& view, const ComparisonView::Index& index) {
    return view.compared().result.runs[index.run];
}

const ComparedRun::Pair& pair_of(const ComparisonView& view, const ComparisonView::Index& index) {
    return run_of(view, index).pairs[static_cast<std::size_t>(index.pair)];
}

const Graph& graph_of_side(const Evaluation& evaluation, RunId run) {
    return evaluation.evaluator().graph(evaluation.recording().run(run).info.graph);
}

/// Names of a run's ops that pass the filter: by node.
std::vector<bool> passing(const Graph& graph, std::string_view filter) {
    std::vector<bool> out;
    for (const Node& node : graph.nodes()) out.push_back(passes(node.name, filter));
    return out;
}

bool passes_pair(const ComparedRecordings& compared, const ComparedRun& run, const ComparedRun::Pair& pair,
                 const std::vector<bool>& left, const std::vector<bool>& right) {
    if (pair.left >= 0)
        return left[compared.left->recording().visit(run.left, static_cast<std::uint32_t>(pair.left)).node.index()];
    return right[compared.right->recording().visit(run.right, static_cast<std::uint32_t>(pair.right)).node.index()];
}

void add_rows(const ComparisonOptions& options, ComparisonView& view) {
    const ComparedRecordings& compared = view.compared();
    for (std::uint32_t r = 0; r < compared.result.runs.size(); ++r) {
        const ComparedRun& run = compared.result.runs[r];
        std::vector<bool> left, right;
        if (!options.filter.empty()) {
            left = passing(graph_of_side(*compared.left, run.left), options.filter);
            right = passing(graph_of_side(*compared.right, run.right), options.filter);
        }
        view.rows.push_back({r, -1});
        for (std::size_t p = 0; p < run.pairs.size(); ++p) {
            const ComparedRun::Pair& pair = run.pairs[p];
            const bool is_one_sided = pair.left < 0 || pair.right < 0;
            if (options.only_differing && !pair.differs && !is_one_sided) continue;
            if (!options.filter.empty() && !passes_pair(compared, run, pair, left, right)) continue;
            if (pair.differs && view.first == SIZE_MAX) view.first = view.rows.size();
            view.rows.push_back({r, static_cast<std::int32_t>(p)});
        }
        if (view.rows.back().pair < 0) view.rows.pop_back(); // nothing of this run
    }
}

std::string why_other(const debug::Debugger& debugger, const debug::Answer::Source& source, std::string_view name,
                      const debug::Answer::Source& other) {
    if (debug::is_of_what_is_shown(debugger, source)) return {};
    const bool is_whatif = source.is_diversion || other.is_diversion;
    return is_whatif ? fmt::format("{} is not shown: switch recordings to go there", name)
                     : fmt::format("{} is not open here", name);
}

StateMark state_after(const Evaluation& evaluation, RunId run, NodeId node, record::Position at) {
    const Graph& graph = graph_of_side(evaluation, run);
    const Variable* variable = variable_behind(graph, node);
    if (variable == nullptr)
        for (const Variable& other : graph.variables())
            if (other.initializer == node) variable = &other;
    if (variable == nullptr) return StateMark::none;
    const SessionId session = evaluation.recording().run(run).info.session;
    return mark_of(debug::mark_of(evaluation.recording().state_at(session, *variable, at)));
}

/// Of the element that is shown: a number, or what there is instead.
std::string element_text(const Tensor& value, std::int64_t element) {
    if (!value) return "no value";
    const ValueView seen = view_value("", value);
    if (!seen.numeric) return value.elements() == 0 ? "empty" : std::string(dtype_name(value.dtype()));
    return fmt::format("{:.9g}", value.number(std::min(element, value.elements() - 1)));
}

ComparisonSide side_of(const debug::Debugger& debugger, const Evaluation& evaluation, RunId run, std::int32_t event,
                       bool can_go) {
    ComparisonSide side;
    if (event < 0) return side;
    side.exists = true;
    side.event = static_cast<std::uint32_t>(event);
    side.node = evaluation.recording().visit(run, side.event).node;
    side.at = {evaluation.recording().tick_of(run, side.event) + 1};
    side.mark = state_after(evaluation, run, side.node, side.at);
    side.is_now = can_go && side.at == debugger.position();
    return side;
}

struct Outputs {
    int output = 0;
    Tensor left, right;
    std::optional<debug::ValueDifference> difference;
};

/// The output that differs most; the first one where none does.
Outputs outputs_of(const ComparisonView& view, const ComparisonView::Index& index) {
    const ComparedRecordings& compared = view.compared();
    const ComparedRun& run = run_of(view, index);
    const ComparedRun::Pair& pair = pair_of(view, index);
    const auto value = [&](const Evaluation& evaluation, RunId id, std::int32_t event, std::size_t output) {
        return event < 0 ? Tensor() : evaluation.recording().output(id, static_cast<std::uint32_t>(event), output);
    };
    Outputs found;
    found.left = value(*compared.left, run.left, pair.left, 0);
    found.right = value(*compared.right, run.right, pair.right, 0);
    if (!pair.differs) return found;
    const NodeId node = compared.left->recording().visit(run.left, static_cast<std::uint32_t>(pair.left)).node;
    const std::size_t outputs = graph_of_side(*compared.left, run.left).node(node).outputs.size();
    for (std::size_t output = 0; output < outputs; ++output) {
        const Tensor left = value(*compared.left, run.left, pair.left, output);
        const Tensor right = value(*compared.right, run.right, pair.right, output);
        auto differs = debug::difference(left, right, compared.options);
        if (!differs || (found.difference && differs->largest <= found.difference->largest)) continue;
        found = {static_cast<int>(output), left, right, std::move(differs)};
    }
    return found;
}

std::string run_head(const ComparisonView& view, const ComparedRun& run) {
    const ComparedRecordings& compared = view.compared();
    const StatementId statement =
        compared.left->recording().step(compared.left->recording().run(run.left).info.step).step.statement;
    return fmt::format("run {}, line {}, beside run {} of {}", run.left.index() + 1,
                       compared.left->document().program().statement(statement).where.python_line,
                       run.right.index() + 1, compared.right_name);
}

} // namespace

ComparisonView build_comparison(const debug::Debugger& debugger, const ComparisonOptions& options) {
    ComparisonView view;
    view.answer = debugger.answers().comparison();
    if (!view.answer) return view;
    const ComparedRecordings& compared = view.compared();
    view.left_name = compared.left_name;
    view.right_name = compared.right_name;
    view.left_other = why_other(debugger, compared.left_source, compared.left_name, compared.right_source);
    view.right_other = why_other(debugger, compared.right_source, compared.right_name, compared.left_source);
    const debug::Comparison& result = compared.result;
    view.summary = fmt::format("{} of {} in {}: {}", count_text(result.values, "value"), count_text(result.ops, "op"),
                               count_text(result.runs.size(), "run"),
                               result.differing == 0 ? "all equal" : grouped(result.differing) + " differ");
    view.tolerance = fmt::format("{:g}", compared.options.relative);
    add_rows(options, view);
    if (view.rows.empty() && !options.filter.empty())
        view.empty = fmt::format("No op matches “{}”.", options.filter);
    else if (view.rows.empty())
        view.empty = compared.options.relative > 0 ? "All values are equal within the tolerance."
                                                   : "All values are equal, to the last bit.";
    return view;
}

ComparisonRow comparison_row(const debug::Debugger& debugger, const ComparisonView& view, std::size_t i) {
    const ComparisonView::Index& index = view.rows[i];
    const ComparedRecordings& compared = view.compared();
    const ComparedRun& run = run_of(view, index);
    ComparisonRow row;
    if (index.pair < 0) {
        row.head = run_head(view, run);
        return row;
    }
    const ComparedRun::Pair& pair = pair_of(view, index);
    row.left = side_of(debugger, *compared.left, run.left, pair.left, view.left_other.empty());
    row.right = side_of(debugger, *compared.right, run.right, pair.right, view.right_other.empty());
    const Evaluation& named = row.left.exists ? *compared.left : *compared.right;
    const RunId named_run = row.left.exists ? run.left : run.right;
    const ComparisonSide& side = row.left.exists ? row.left : row.right;
    row.op = graph_of_side(named, named_run).node(side.node).name;
    const record::RecordedVisit visit = named.recording().visit(named_run, side.event);
    if (visit.frame != 0) row.step = fmt::format("{}", visit.iteration);
    const Outputs outputs = outputs_of(view, index);
    row.output = outputs.output;
    if (outputs.output > 0) row.op += fmt::format(":{}", outputs.output);
    const std::int64_t element = outputs.difference && outputs.difference->first >= 0 ? outputs.difference->first : 0;
    if (row.left.exists) row.left.value = element_text(outputs.left, element);
    if (row.right.exists) row.right.value = element_text(outputs.right, element);
    row.differs = pair.differs;
    row.is_first = i == view.first;
    if (!outputs.difference) return row;
    const debug::ValueDifference& difference = *outputs.difference;
    row.largest = std::isinf(difference.largest) ? "∞" : fmt::format("{:.3g}", difference.largest);
    constexpr std::int64_t most_counted = 9'999'999; // beyond that it only matters that they are many
    if (difference.ulps > most_counted)
        row.ulps = fmt::format("{:.1e}", static_cast<double>(difference.ulps));
    else if (difference.ulps >= 0)
        row.ulps = grouped(static_cast<std::uint64_t>(difference.ulps));
    return row;
}

std::size_t row_at_position(const debug::Debugger& debugger, const ComparisonView& view) {
    const ComparedRecordings& compared = view.compared();
    const bool is_left = view.left_other.empty();
    if (!is_left && !view.right_other.empty()) return SIZE_MAX;
    const Evaluation& evaluation = is_left ? *compared.left : *compared.right;
    std::size_t found = SIZE_MAX;
    for (std::size_t i = 0; i < view.rows.size(); ++i) {
        if (view.rows[i].pair < 0) continue;
        const ComparedRun& run = run_of(view, view.rows[i]);
        const std::int32_t event = is_left ? pair_of(view, view.rows[i]).left : pair_of(view, view.rows[i]).right;
        if (event < 0) continue;
        const std::uint64_t tick =
            evaluation.recording().tick_of(is_left ? run.left : run.right, static_cast<std::uint32_t>(event));
        if (tick + 1 > debugger.position().ticks) break;
        found = i;
    }
    return found;
}

ComparedValues compared_values(const debug::Debugger& debugger, const ComparisonView& view, std::size_t i) {
    (void)debugger;
    ComparedValues values;
    const ComparisonView::Index& index = view.rows[i];
    if (index.pair < 0) return values;
    const ComparedRun::Pair& pair = pair_of(view, index);
    const Outputs outputs = outputs_of(view, index);
    values.left = view_value(view.left_name, outputs.left);
    values.right = view_value(view.right_name, outputs.right);
    if (pair.left < 0) values.left.absent = "did not run";
    if (pair.right < 0) values.right.absent = "did not run";
    if (pair.left >= 0 && !outputs.left) values.left.absent = "gave no value";
    if (pair.right >= 0 && !outputs.right) values.right.absent = "gave no value";
    const bool can_subtract =
        values.left.numeric && values.right.numeric && outputs.left.shape() == outputs.right.shape();
    if (can_subtract) {
        std::vector<double> numbers(static_cast<std::size_t>(outputs.left.elements()));
        for (std::size_t n = 0; n < numbers.size(); ++n)
            numbers[n] =
                outputs.left.number(static_cast<std::int64_t>(n)) - outputs.right.number(static_cast<std::int64_t>(n));
        values.difference = view_value("difference", Tensor::of<double>(outputs.left.shape(), std::move(numbers)));
    } else {
        values.difference.label = "difference";
        values.difference.absent = "cannot be subtracted";
    }
    // The same colours mean the same numbers on both sides.
    values.left.range = values.right.range = std::max(values.left.range, values.right.range);
    values.sentence = outputs.difference ? outputs.difference->what
                      : pair.left < 0 || pair.right < 0
                          ? "ran on one side only"
                          : (view.compared().options.relative > 0 ? "equal within the tolerance" : "equal");
    return values;
}

std::string to_text(const debug::Debugger& debugger, const ComparisonView& view, std::size_t most) {
    std::string text =
        fmt::format("{} | {}\n{}, within {}\n", view.left_name, view.right_name, view.summary, view.tolerance);
    for (const std::string& other : {view.left_other, view.right_other})
        if (!other.empty()) text += other + "\n";
    if (!view.empty.empty()) return text + view.empty + "\n";
    const std::size_t from = view.first == SIZE_MAX || view.first < 2 ? 0 : view.first - 2;
    for (std::size_t i = from; i < std::min(view.rows.size(), from + most); ++i) {
        const ComparisonRow row = comparison_row(debugger, view, i);
        if (!row.head.empty()) {
            text += row.head + "\n";
            continue;
        }
        const auto side = [](const ComparisonSide& s) {
            if (!s.exists) return std::string("did not run");
            return fmt::format("{}{} event {} at {} {}", s.is_now ? "now " : "", glyph(s.mark), s.event, s.at.ticks,
                               s.value);
        };
        text += fmt::format("{} {}{} | {} | {}",
                            row.is_first  ? "first"
                            : row.differs ? "    !"
                                          : "     ",
                            row.op, row.step.empty() ? "" : " t=" + row.step, side(row.left), side(row.right));
        if (row.differs) text += fmt::format(" | {}{}", row.largest, row.ulps.empty() ? "" : ", " + row.ulps + " ulp");
        text += "\n";
    }
    if (from + most < view.rows.size()) text += fmt::format("{} rows in all\n", grouped(view.rows.size()));
    return text;
}

} // namespace rnnscope::view
