#pragma once

#include "core/debug/debugger.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rnnscope::debug {

/// A value that two recordings do not agree on.
struct Divergence {
    RunId run;
    std::uint32_t event = 0;       ///< in the left recording
    Position here, there;          ///< just after the op ran
    std::string tensor;            ///< "op:0", as the left graph calls it
    std::int64_t iteration = -1;   ///< of a loop; -1 outside of loops
    std::string what;              ///< "0.5 and 0.25 at [0, 3]; 12 of 64 differ", "shape [2,3] and [2,4]", ...
    double largest_difference = 0; ///< infinity where values cannot be subtracted
};

struct ComparisonOptions {
    double relative = 0, absolute = 0; ///< |left - right| <= absolute + relative * |right| is equal; NaN equals NaN
    std::size_t most = 1000;           ///< divergences that are kept
};

/// Two recordings side by side: run k with run k, and in it the n-th visit of an op with the n-th visit of the op of
/// the same name. Only ops that both graphs have are compared.
struct Comparison {
    std::size_t runs = 0, ops = 0;
    std::uint64_t values = 0; ///< that were compared
    std::uint64_t differing = 0;
    std::vector<Divergence> divergences;            ///< in the order of the left recording, the first of them first
    std::vector<std::string> only_left, only_right; ///< ops that ran on one side only, in any run, by name
};
Comparison compare(const Evaluation& left, const Evaluation& right, const ComparisonOptions& options = {});
/// How many differ, and the first of them; `name`: what the right one is called.
std::string to_text(const Comparison& comparison, std::string_view name);

/// Compares with the program or graph in a file, which is run to its end, or its first error, for it. The argument is
/// its path, then perhaps "within" and a tolerance, relative and absolute: "fixed.json within 1e-6".
Result<std::string> comparison_text(const Debugger& debugger, std::string_view argument);

} // namespace rnnscope::debug
