#pragma once

#include "core/debug/answer.hpp"
#include "core/debug/evaluation.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

struct ComparisonOptions {
    double relative = 0, absolute = 0; ///< |left - right| <= absolute + relative * |right| is equal; NaN equals NaN
    std::size_t most = 1000;           ///< divergences that are kept
};

/// How two values differ.
struct ValueDifference {
    std::string what;           ///< "0.5 and 0.25 at [0, 3]; 12 of 64 differ, by 0.25 at most", "shape [2,3] and [2,4]"
    double largest = 0;         ///< infinity where values cannot be subtracted
    std::int64_t ulps = -1;     ///< the most units in the last place that two are apart; -1: not floats, or not finite
    std::int64_t differing = 0; ///< elements
    std::int64_t first = -1;    ///< the first of them, in row-major order
};
/// nullopt: the same, as far as the options ask for it.
std::optional<ValueDifference> difference(const Tensor& left, const Tensor& right, const ComparisonOptions& options);

/// A value that two recordings do not agree on.
struct Divergence {
    RunId run;
    std::uint32_t event = 0;     ///< in the left recording
    Position here, there;        ///< just after the op ran
    std::string tensor;          ///< "op:0", as the left graph calls it
    std::int64_t iteration = -1; ///< of a loop; -1 outside of loops
    ValueDifference difference;
};

/// Two runs in lockstep: the events of both, side by side where they are the same visit of an op of the same name.
struct ComparedRun {
    RunId left, right;
    struct Pair {
        std::int32_t left = -1, right = -1; ///< event; -1: it has none here
        bool differs = false;
    };
    std::vector<Pair> pairs; ///< in the order of the left run, and between them what only the right one has
};

/// Two recordings side by side: run k with run k, and in it the n-th visit of an op with the n-th visit of the op of
/// the same name. Only ops that both graphs have are compared.
struct Comparison {
    std::size_t ops = 0;
    std::uint64_t values = 0; ///< that were compared
    std::uint64_t differing = 0;
    std::vector<ComparedRun> runs;
    std::vector<Divergence> divergences;            ///< in the order of the left recording, the first of them first
    std::vector<std::string> only_left, only_right; ///< ops that ran on one side only, in any run, by name
};

/// Compares in pieces. The evaluations have to live as long as this.
class ComparisonJob {
  public:
    ComparisonJob(const Evaluation& left, const Evaluation& right, const ComparisonOptions& options);
    ~ComparisonJob();
    ComparisonJob(ComparisonJob&&) noexcept;
    ComparisonJob& operator=(ComparisonJob&&) noexcept;
    /// True when it is through.
    bool pump(std::chrono::steady_clock::time_point deadline);
    std::string progress() const; ///< "comparing run 2 of 3: 40 of 219 ops"
    Comparison take();

  private:
    class Impl;
    std::unique_ptr<Impl> impl_;
};
Comparison compare(const Evaluation& left, const Evaluation& right, const ComparisonOptions& options = {});

/// A comparison with what was compared: enough to show both sides and to compare anew.
struct ComparedRecordings {
    std::shared_ptr<const Evaluation> left, right;
    std::string left_name, right_name; ///< "this program", "fixed.json"
    Answer::Source left_source, right_source;
    ComparisonOptions options;
    Comparison result;
};

/// How many differ, and the first of them. `name`: what the right one is called.
void add_comparison(Answer& answer, const Evaluation& left, const Comparison& comparison, std::string_view name);

/// Compares with the program or graph in a file, which is run to its end, or its first error, for it. The argument is
/// its path, then perhaps "within" and a tolerance, relative and absolute: "fixed.json within 1e-6".
Status ask_comparison(Debugger& debugger, std::string_view argument);
/// Compares what was compared last (AnswerShelf::comparison), with another tolerance.
Status ask_tolerance(Debugger& debugger, std::string_view argument);

} // namespace rnnscope::debug
