#include "core/debug/arrangement.hpp"
#include "core/debug/diagnose.hpp"

namespace rnnscope::debug {

Debugger::PreflightReport preflight_program(std::shared_ptr<const program::Document> document) {
    Evaluation evaluation(std::move(document));
    while (!evaluation.evaluator().done()) evaluation.advance();

    Debugger::PreflightReport report;
    const record::Recording& recording = evaluation.recording();
    for (const record::RecordedRun& run : recording.runs()) {
        const Graph& graph = evaluation.evaluator().graph(run.info.graph);
        const auto reads = preflight(graph, run.info.request, [&](const Variable& variable) {
            const std::string storage = record::storage_name(graph, variable);
            return static_cast<bool>(recording.value_at(run.info.session, storage, {run.first_tick}));
        });
        const std::vector<std::string> causes = causes_of_reads(evaluation, run, reads);
        const StatementId statement = recording.step(run.info.step).step.statement;
        for (std::size_t i = 0; i < reads.size(); ++i)
            report.reads.push_back({reads[i], run.info.id, statement, causes[i]});
    }
    report.warnings = find_warnings(evaluation);
    return report;
}

} // namespace rnnscope::debug
