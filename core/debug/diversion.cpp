#include "core/debug/diversion.hpp"

#include "core/debug/evaluation.hpp"

namespace rnnscope::debug {

bool finish_within_limit(Evaluation& evaluation) {
    constexpr std::uint64_t most_ticks = 2'000'000; // some 10,000 time steps of a recurrent layer
    constexpr std::uint64_t at_once = 1U << 16U;
    while (!evaluation.evaluator().done()) {
        if (evaluation.recording().end().ticks >= most_ticks) return false;
        evaluation.advance(at_once);
    }
    return true;
}

Diversion divert(std::shared_ptr<const program::Document> document, std::vector<runtime::Change> changes,
                 bool passes_missing_values) {
    auto shared = std::make_shared<runtime::Changes>(std::move(changes));
    program::EvaluatorOptions options;
    options.session.changes = shared;
    options.session.passes_missing_values = passes_missing_values;
    Diversion diversion;
    diversion.changes = shared;
    diversion.evaluation = std::make_shared<Evaluation>(std::move(document), nullptr, std::move(options));
    diversion.is_complete = finish_within_limit(*diversion.evaluation);
    return diversion;
}

} // namespace rnnscope::debug
