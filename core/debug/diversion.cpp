#include "core/debug/diversion.hpp"

#include "core/debug/evaluation.hpp"

namespace rnnscope::debug {

Diversion divert(std::shared_ptr<const program::Document> document, std::vector<runtime::Change> changes,
                 bool passes_missing_values) {
    auto shared = std::make_shared<runtime::Changes>(std::move(changes));
    program::EvaluatorOptions options;
    options.session.changes = shared;
    options.session.passes_missing_values = passes_missing_values;
    Diversion diversion;
    diversion.changes = shared;
    diversion.evaluation = std::make_shared<Evaluation>(std::move(document), nullptr, std::move(options));
    return diversion;
}

} // namespace rnnscope::debug
