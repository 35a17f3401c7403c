#include "core/debug/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

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

/// So many floats apart; -1 where that is no number.
template <class T, class Bits> std::int64_t floats_between(double x, double y) {
    if (!std::isfinite(x) || !std::isfinite(y)) return -1;
    const auto order = [](double value) { // floats in their order, as integers; both zeros are one
        const auto bits = std::bit_cast<Bits>(static_cast<T>(value));
        return bits < 0 ? std::numeric_limits<Bits>::min() - bits : bits;
    };
    const Bits a = order(x), b = order(y);
    const auto distance = a > b ? static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b)
                                : static_cast<std::uint64_t>(b) - static_cast<std::uint64_t>(a);
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    return static_cast<std::int64_t>(std::min(distance, most));
}

std::int64_t ulps_between(DType dtype, double x, double y) {
    if (dtype == DType::float32) return floats_between<float, std::int32_t>(x, y);
    if (dtype == DType::float64) return floats_between<double, std::int64_t>(x, y);
    return -1;
}

ValueDifference unlike(std::string what) {
    return {std::move(what), infinity, -1, 0, -1};
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

std::set<std::string, std::less<>> ran(const Evaluation& evaluation) {
    std::set<std::string, std::less<>> names;
    for (const auto& run : evaluation.recording().runs())
        for (const auto& [name, node] : visited(evaluation, run)) names.emplace(name);
    return names;
}

std::string names(const std::vector<std::string>& ops) {
    constexpr std::size_t shown = 5;
    const std::vector<std::string> some(ops.begin(),
                                        ops.begin() + static_cast<std::ptrdiff_t>(std::min(shown, ops.size())));
    return fmt::format("{}{}", fmt::join(some, ", "), ops.size() > shown ? ", ..." : "");
}

} // namespace

std::optional<ValueDifference> difference(const Tensor& a, const Tensor& b, const ComparisonOptions& options) {
    if (!a || !b) {
        if (!a && !b) return std::nullopt;
        return unlike(a ? "a value here and none there" : "no value here and one there");
    }
    if (a.dtype() != b.dtype())
        return unlike(fmt::format("type {} and {}", dtype_name(a.dtype()), dtype_name(b.dtype())));
    if (a.shape() != b.shape()) return unlike(fmt::format("shape {} and {}", to_text(a.shape()), to_text(b.shape())));
    if (a.same_buffer(b) || a.identical(b)) return std::nullopt;
    if (a.dtype() == DType::resource) return std::nullopt; // handles are names of the run's own
    if (!is_number(a.dtype())) return unlike("other bytes");
    ValueDifference found;
    for (std::int64_t i = 0; i < a.elements(); ++i) {
        const double x = a.number(i), y = b.number(i);
        if (x == y || (std::isnan(x) && std::isnan(y))) continue;
        const double apart = std::fabs(x - y);
        if (apart <= options.absolute + options.relative * std::fabs(y)) continue;
        if (found.first < 0) found.first = i;
        ++found.differing;
        found.largest = std::max(found.largest, std::isnan(apart) ? infinity : apart);
        found.ulps = std::max(found.ulps, ulps_between(a.dtype(), x, y));
    }
    if (found.differing == 0) return std::nullopt;
    const std::string where = a.shape().rank() > 0 ? " at " + place(a.shape(), found.first) : "";
    found.what = fmt::format("{:.9g} and {:.9g}{}", a.number(found.first), b.number(found.first), where);
    if (a.elements() > 1)
        found.what += fmt::format("; {} of {} differ, by {:.3g} at most", found.differing, a.elements(), found.largest);
    return found;
}

class ComparisonJob::Impl {
  public:
    Impl(const Evaluation& left, const Evaluation& right, const ComparisonOptions& options)
        : left_(left), right_(right), options_(options) {
        std::vector<std::string> ours, theirs;
        for (const auto& run : left.recording().runs()) ours.push_back(wanted(left, run));
        for (const auto& run : right.recording().runs()) theirs.push_back(wanted(right, run));
        runs_ = paired(ours, theirs);
    }

    bool pump(std::chrono::steady_clock::time_point deadline) {
        while (result_.runs.size() < runs_.size()) {
            if (names_.empty()) begin_run();
            for (; name_ < names_.size(); visit_ = 0, ++name_)
                if (!compare_visits(names_[name_], deadline)) return false;
            end_run();
        }
        return true;
    }

    std::string progress() const {
        if (names_.empty()) return "comparing";
        return fmt::format("comparing run {} of {}: {} of {} ops", result_.runs.size() + 1, runs_.size(), name_,
                           names_.size());
    }

    Comparison take() {
        result_.ops = compared_.size();
        const auto here = ran(left_), there = ran(right_);
        std::ranges::set_difference(here, there, std::back_inserter(result_.only_left));
        std::ranges::set_difference(there, here, std::back_inserter(result_.only_right));
        return std::move(result_);
    }

  private:
    struct SameOp {
        NodeId left, right;
    };

    const record::RecordedRun& left_run() const { return left_.recording().runs()[runs_[result_.runs.size()].first]; }
    const record::RecordedRun& right_run() const {
        return right_.recording().runs()[runs_[result_.runs.size()].second];
    }

    void begin_run() {
        const auto here = visited(left_, left_run()), there = visited(right_, right_run());
        for (const auto& [name, node] : here) {
            const auto other = there.find(name);
            if (other == there.end()) continue;
            compared_.emplace(name);
            names_.push_back({node, other->second});
        }
        name_ = visit_ = 0;
        found_.clear();
        partner_.assign(left_.recording().event_count(left_run().info.id), -1);
        differs_.assign(partner_.size(), false);
    }

    /// False: it is time.
    bool compare_visits(const SameOp& op, std::chrono::steady_clock::time_point deadline) {
        const auto ours = left_.recording().events_of(left_run().info.id, op.left);
        const auto theirs = right_.recording().events_of(right_run().info.id, op.right);
        constexpr std::size_t visits_per_look = 16;
        for (; visit_ < std::min(ours.size(), theirs.size()); ++visit_) {
            // Something each time, however little time there is.
            const bool may_stop = visit_ % visits_per_look == 0 && std::exchange(has_worked_, true);
            if (may_stop && std::chrono::steady_clock::now() >= deadline) {
                has_worked_ = false;
                return false;
            }
            partner_[ours[visit_]] = static_cast<std::int32_t>(theirs[visit_]);
            compare_events(op, ours[visit_], theirs[visit_]);
        }
        return true;
    }

    void compare_events(const SameOp& op, std::uint32_t left, std::uint32_t right) {
        const Graph& graph = left_.evaluator().graph(left_run().info.graph);
        const Graph& other = right_.evaluator().graph(right_run().info.graph);
        const std::size_t outputs = std::min(graph.node(op.left).outputs.size(), other.node(op.right).outputs.size());
        for (std::size_t output = 0; output < outputs; ++output) {
            const Tensor a = left_.recording().output(left_run().info.id, left, output);
            const Tensor b = right_.recording().output(right_run().info.id, right, output);
            result_.values += a || b ? 1 : 0;
            auto differs = difference(a, b, options_);
            if (!differs) continue;
            ++result_.differing;
            differs_[left] = true;
            Divergence divergence;
            divergence.run = left_run().info.id;
            divergence.event = left;
            divergence.here = {left_.recording().tick_of(left_run().info.id, left) + 1};
            divergence.there = {right_.recording().tick_of(right_run().info.id, right) + 1};
            divergence.tensor = graph.tensor_name({op.left, static_cast<int>(output)});
            const record::RecordedVisit visit = left_.recording().visit(left_run().info.id, left);
            if (visit.frame != 0) divergence.iteration = visit.iteration;
            divergence.difference = *std::move(differs);
            found_.push_back(std::move(divergence));
        }
    }

    void end_run() {
        // In the order of time; what does not fit is counted only.
        std::ranges::stable_sort(found_, {}, &Divergence::event);
        const std::size_t room = options_.most - std::min(options_.most, result_.divergences.size());
        found_.resize(std::min(found_.size(), room));
        std::ranges::move(found_, std::back_inserter(result_.divergences));
        ComparedRun run{left_run().info.id, right_run().info.id, lockstep()};
        result_.runs.push_back(std::move(run));
        names_.clear();
    }

    /// What only the right run has stands before the first common event that came after it there.
    std::vector<ComparedRun::Pair> lockstep() const {
        const RunId left = left_run().info.id, right = right_run().info.id;
        std::vector<bool> is_common(right_.recording().event_count(right), false);
        for (const std::int32_t event : partner_)
            if (event >= 0) is_common[static_cast<std::size_t>(event)] = true;
        std::vector<ComparedRun::Pair> pairs;
        std::size_t next = 0; // of the right run
        const auto add_right_until = [&](std::size_t end) {
            for (; next < end; ++next)
                if (!is_common[next] && right_.recording().visit(right, static_cast<std::uint32_t>(next)).node.valid())
                    pairs.push_back({-1, static_cast<std::int32_t>(next), false});
        };
        for (std::size_t event = 0; event < partner_.size(); ++event) {
            if (partner_[event] >= 0)
                add_right_until(static_cast<std::size_t>(partner_[event]));
            else if (!left_.recording().visit(left, static_cast<std::uint32_t>(event)).node.valid())
                continue;
            pairs.push_back({static_cast<std::int32_t>(event), partner_[event], differs_[event]});
        }
        add_right_until(is_common.size());
        return pairs;
    }

    const Evaluation& left_;
    const Evaluation& right_;
    const ComparisonOptions options_;
    Pairs runs_;
    Comparison result_;
    std::set<std::string, std::less<>> compared_;
    bool has_worked_ = false; ///< since pump began

    // Of the run that is worked on:
    std::vector<SameOp> names_; ///< empty: it has not begun
    std::size_t name_ = 0, visit_ = 0;
    std::vector<Divergence> found_;
    std::vector<std::int32_t> partner_; ///< by left event
    std::vector<bool> differs_;
};

ComparisonJob::ComparisonJob(const Evaluation& left, const Evaluation& right, const ComparisonOptions& options)
    : impl_(std::make_unique<Impl>(left, right, options)) {}
ComparisonJob::~ComparisonJob() = default;
ComparisonJob::ComparisonJob(ComparisonJob&&) noexcept = default;
ComparisonJob& ComparisonJob::operator=(ComparisonJob&&) noexcept = default;

bool ComparisonJob::pump(std::chrono::steady_clock::time_point deadline) {
    return impl_->pump(deadline);
}
std::string ComparisonJob::progress() const {
    return impl_->progress();
}
Comparison ComparisonJob::take() {
    return impl_->take();
}

Comparison compare(const Evaluation& left, const Evaluation& right, const ComparisonOptions& options) {
    ComparisonJob job(left, right, options);
    while (!job.pump(std::chrono::steady_clock::time_point::max())) {
    }
    return job.take();
}

void add_comparison(Answer& answer, const Evaluation& left, const Comparison& result, std::string_view name) {
    answer.add(AnswerRow::Kind::title)
        .say(fmt::format("{} values of {} ops in {} runs compared with {}: {}", result.values, result.ops,
                         result.runs.size(), name,
                         result.differing == 0 ? "all equal" : fmt::format("{} differ", result.differing)));
    constexpr std::size_t shown = 10;
    for (std::size_t i = 0; i < result.divergences.size(); ++i) {
        const Divergence& divergence = result.divergences[i];
        AnswerRow& row = answer.add(AnswerRow::Kind::entry);
        if (i >= shown) row.shown = AnswerRow::Shown::in_window;
        row.at = divergence.here;
        row.glue("  ").say(i == 0 ? "first" : "", AnswerColumn::lead).glue(i == 0 ? "  " : "       ");
        row.glue("run ").say(fmt::format("{}", divergence.run.index() + 1), AnswerColumn::run);
        row.glue(", event ").say(fmt::format("{}", divergence.event), AnswerColumn::event);
        if (divergence.iteration >= 0)
            row.glue(", time step ").say(fmt::format("{}", divergence.iteration), AnswerColumn::step);
        const GraphId graph = left.recording().run(divergence.run).info.graph;
        row.glue(": ").name(left.evaluator().graph(graph), divergence.tensor);
        row.glue(": ").say(divergence.difference.what, AnswerColumn::value);
    }
    if (result.differing > shown)
        answer.sentence(fmt::format("         and {} more", result.differing - shown)).shown =
            AnswerRow::Shown::in_terminal;
    if (!result.only_left.empty())
        answer.sentence(fmt::format("  {} ops ran here only: {}", result.only_left.size(), names(result.only_left)));
    if (!result.only_right.empty())
        answer.sentence(
            fmt::format("  {} ops ran in {} only: {}", result.only_right.size(), name, names(result.only_right)));
}

} // namespace rnnscope::debug
