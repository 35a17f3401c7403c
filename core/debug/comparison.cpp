#include "core/debug/comparison.hpp"

#include "core/debug/evaluation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <limits>
#include <map>
#include <set>

namespace rnnscope::debug {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// "[0, 3]" of element `i`, in row-major order.
std::string place(const Shape& shape, std::int64_t i) {
    std::vector<std::int64_t> at(shape.rank());
    for (std::size_t d = shape.rank(); d-- > 0; i /= shape.dim(d)) at[d] = i % shape.dim(d);
    return fmt::format("[{}]", fmt::join(at, ", "));
}

bool is_number(DType dtype) {
    return is_floating(dtype) || is_integer(dtype) || dtype == DType::boolean;
}

struct Difference {
    std::string what;
    double largest = infinity;
};

/// nullopt: the same, as far as the options ask for it.
std::optional<Difference> difference(const Tensor& a, const Tensor& b, const ComparisonOptions& options) {
    if (!a || !b) {
        if (!a && !b) return std::nullopt;
        return Difference{a ? "a value here and none there" : "no value here and one there", infinity};
    }
    if (a.dtype() != b.dtype())
        return Difference{fmt::format("type {} and {}", dtype_name(a.dtype()), dtype_name(b.dtype())), infinity};
    if (a.shape() != b.shape())
        return Difference{fmt::format("shape {} and {}", to_text(a.shape()), to_text(b.shape())), infinity};
    if (a.same_buffer(b) || a.identical(b)) return std::nullopt;
    if (a.dtype() == DType::resource) return std::nullopt; // handles are names of the run's own
    if (!is_number(a.dtype())) return Difference{"other bytes", infinity};
    std::int64_t differing = 0, first = -1;
    double largest = 0;
    for (std::int64_t i = 0; i < a.elements(); ++i) {
        const double x = a.number(i), y = b.number(i);
        if (x == y || (std::isnan(x) && std::isnan(y))) continue;
        const double apart = std::fabs(x - y);
        if (apart <= options.absolute + options.relative * std::fabs(y)) continue;
        if (first < 0) first = i;
        ++differing;
        largest = std::max(largest, std::isnan(apart) ? infinity : apart);
    }
    if (differing == 0) return std::nullopt;
    const std::string where = a.shape().rank() > 0 ? " at " + place(a.shape(), first) : "";
    std::string what = fmt::format("{:.9g} and {:.9g}{}", a.number(first), b.number(first), where);
    if (a.elements() > 1) what += fmt::format("; {} of {} differ, by {:.3g} at most", differing, a.elements(), largest);
    return Difference{std::move(what), largest};
}

/// The nodes that a run visited, by name.
std::map<std::string_view, NodeId> visited(const Evaluation& evaluation, const record::RecordedRun& run) {
    std::map<std::string_view, NodeId> nodes;
    const Graph& graph = evaluation.evaluator().graph(run.info.graph);
    for (const Node& node : graph.nodes())
        if (evaluation.recording().events_of(run.info.id, node.id).size() > 0) nodes.emplace(node.name, node.id);
    return nodes;
}

/// What a run was asked for, by name.
std::string wanted(const Evaluation& evaluation, const record::RecordedRun& run) {
    const Graph& graph = evaluation.evaluator().graph(run.info.graph);
    std::set<std::string> names;
    for (const Output& fetch : run.info.request.fetches) names.insert(graph.tensor_name(fetch));
    for (const NodeId target : run.info.request.targets) names.insert(graph.node(target).name);
    return fmt::format("{}", fmt::join(names, "\n"));
}

using Pairs = std::vector<std::pair<std::size_t, std::size_t>>;

/// The longest common sequence of two lists: what goes with what when one has entries that the other lacks.
Pairs paired(const std::vector<std::string>& left, const std::vector<std::string>& right) {
    constexpr std::size_t most = 2000; ///< entries; longer lists go by their numbers
    Pairs pairs;
    if (left.size() > most || right.size() > most) {
        for (std::size_t i = 0; i < std::min(left.size(), right.size()); ++i)
            if (left[i] == right[i]) pairs.emplace_back(i, i);
        return pairs;
    }
    const std::size_t stride = right.size() + 1;
    std::vector<std::uint16_t> common((left.size() + 1) * stride, 0); // of the rests from i and j on
    for (std::size_t i = left.size(); i-- > 0;)
        for (std::size_t j = right.size(); j-- > 0;)
            common[i * stride + j] = left[i] == right[j]
                                         ? static_cast<std::uint16_t>(common[(i + 1) * stride + j + 1] + 1)
                                         : std::max(common[(i + 1) * stride + j], common[i * stride + j + 1]);
    for (std::size_t i = 0, j = 0; i < left.size() && j < right.size();) {
        if (left[i] == right[j])
            pairs.emplace_back(i++, j++);
        else if (common[(i + 1) * stride + j] >= common[i * stride + j + 1])
            ++i;
        else
            ++j;
    }
    return pairs;
}

class Comparer {
  public:
    Comparer(const Evaluation& left, const Evaluation& right, const ComparisonOptions& options)
        : left_(left), right_(right), options_(options) {}

    Comparison compare() {
        const auto left = left_.recording().runs(), right = right_.recording().runs();
        std::vector<std::string> ours, theirs;
        for (const auto& run : left) ours.push_back(wanted(left_, run));
        for (const auto& run : right) theirs.push_back(wanted(right_, run));
        const Pairs pairs = paired(ours, theirs);
        for (const auto& [i, j] : pairs) compare_runs(left[i], right[j]);
        result_.runs = pairs.size();
        result_.ops = compared_.size();
        const auto here = ran(left_), there = ran(right_);
        std::ranges::set_difference(here, there, std::back_inserter(result_.only_left));
        std::ranges::set_difference(there, here, std::back_inserter(result_.only_right));
        return std::move(result_);
    }

  private:
    static std::set<std::string, std::less<>> ran(const Evaluation& evaluation) {
        std::set<std::string, std::less<>> names;
        for (const auto& run : evaluation.recording().runs())
            for (const auto& [name, node] : visited(evaluation, run)) names.emplace(name);
        return names;
    }

    void compare_runs(const record::RecordedRun& left, const record::RecordedRun& right) {
        const auto here = visited(left_, left), there = visited(right_, right);
        std::vector<Divergence> found;
        for (const auto& [name, node] : here) {
            const auto other = there.find(name);
            if (other == there.end()) continue;
            compared_.emplace(name);
            compare_visits(left, node, right, other->second, found);
        }
        // In the order of time; what does not fit is counted only.
        std::ranges::stable_sort(found, {}, &Divergence::event);
        const std::size_t room = options_.most - std::min(options_.most, result_.divergences.size());
        found.resize(std::min(found.size(), room));
        std::ranges::move(found, std::back_inserter(result_.divergences));
    }

    void compare_visits(const record::RecordedRun& left, NodeId left_node, const record::RecordedRun& right,
                        NodeId right_node, std::vector<Divergence>& found) {
        const Graph& graph = left_.evaluator().graph(left.info.graph);
        const Graph& other = right_.evaluator().graph(right.info.graph);
        const std::size_t outputs =
            std::min(graph.node(left_node).outputs.size(), other.node(right_node).outputs.size());
        const auto ours = left_.recording().events_of(left.info.id, left_node);
        const auto theirs = right_.recording().events_of(right.info.id, right_node);
        for (std::size_t n = 0; n < std::min(ours.size(), theirs.size()); ++n)
            for (std::size_t output = 0; output < outputs; ++output) {
                const Tensor a = left_.recording().output(left.info.id, ours[n], output);
                const Tensor b = right_.recording().output(right.info.id, theirs[n], output);
                result_.values += a || b ? 1 : 0;
                auto differs = difference(a, b, options_);
                if (!differs) continue;
                ++result_.differing;
                Divergence divergence;
                divergence.run = left.info.id;
                divergence.event = ours[n];
                divergence.here = {left_.recording().tick_of(left.info.id, ours[n]) + 1};
                divergence.there = {right_.recording().tick_of(right.info.id, theirs[n]) + 1};
                divergence.tensor = graph.tensor_name({left_node, static_cast<int>(output)});
                const record::RecordedVisit visit = left_.recording().visit(left.info.id, ours[n]);
                if (visit.frame != 0) divergence.iteration = visit.iteration;
                divergence.what = std::move(differs->what);
                divergence.largest_difference = differs->largest;
                found.push_back(std::move(divergence));
            }
    }

    const Evaluation& left_;
    const Evaluation& right_;
    const ComparisonOptions& options_;
    Comparison result_;
    std::set<std::string, std::less<>> compared_;
};

std::string line(const Divergence& divergence) {
    const std::string iteration =
        divergence.iteration >= 0 ? fmt::format(", time step {}", divergence.iteration) : std::string();
    return fmt::format("run {}, event {}{}: {}: {}", divergence.run.index() + 1, divergence.event, iteration,
                       divergence.tensor, divergence.what);
}

std::string names(const std::vector<std::string>& ops) {
    constexpr std::size_t shown = 5;
    const std::vector<std::string> some(ops.begin(),
                                        ops.begin() + static_cast<std::ptrdiff_t>(std::min(shown, ops.size())));
    return fmt::format("{}{}", fmt::join(some, ", "), ops.size() > shown ? ", ..." : "");
}

} // namespace

Comparison compare(const Evaluation& left, const Evaluation& right, const ComparisonOptions& options) {
    return Comparer(left, right, options).compare();
}

Result<std::string> comparison_text(const Debugger& debugger, std::string_view argument) {
    constexpr std::string_view within = " within ";
    ComparisonOptions options;
    std::string path(argument);
    if (const std::size_t at = argument.rfind(within); at != std::string_view::npos) {
        const std::string_view number = argument.substr(at + within.size());
        const auto [end, problem] = std::from_chars(number.data(), number.data() + number.size(), options.relative);
        if (problem != std::errc{} || end != number.data() + number.size() || !(options.relative >= 0))
            return Error{"command.argument", fmt::format("\"{}\" is no tolerance; 1e-6 would be one", number)};
        options.absolute = options.relative;
        path = argument.substr(0, at);
    }
    if (path.empty()) return Error{"command.argument", "which program or graph to compare with?"};
    const std::filesystem::path folder = std::filesystem::path(debugger.document().opened_from()).parent_path();
    if (!std::filesystem::exists(path) && std::filesystem::exists(folder / path)) path = (folder / path).string();
    Debugger other;
    if (const Diagnostics problems = other.open(path); !problems.empty())
        return Error{"command.argument", to_text(problems)};
    other.run_on(true);
    while (!other.pump(std::chrono::seconds(1))) {
    }
    const Comparison result = compare(debugger.evaluation(), other.evaluation(), options);
    if (result.runs == 0) return Error{"command.argument", "no run here asks for what a run there asks for"};
    const std::string name = std::filesystem::path(path).filename().string();
    return to_text(result, name);
}

std::string to_text(const Comparison& result, std::string_view name) {
    std::string text =
        fmt::format("{} values of {} ops in {} runs compared with {}", result.values, result.ops, result.runs, name);
    text += result.differing == 0 ? ": all equal\n" : fmt::format(": {} differ\n", result.differing);
    constexpr std::size_t shown = 10;
    for (std::size_t i = 0; i < std::min(shown, result.divergences.size()); ++i)
        text += (i == 0 ? "  first  " : "         ") + line(result.divergences[i]) + "\n";
    if (result.differing > shown) text += fmt::format("         and {} more\n", result.differing - shown);
    if (!result.only_left.empty())
        text += fmt::format("  {} ops ran here only: {}\n", result.only_left.size(), names(result.only_left));
    if (!result.only_right.empty())
        text += fmt::format("  {} ops ran in {} only: {}\n", result.only_right.size(), name, names(result.only_right));
    return text;
}

} // namespace rnnscope::debug
