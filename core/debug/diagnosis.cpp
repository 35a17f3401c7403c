#include "core/debug/diagnose.hpp"

#include "core/debug/detectors.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace rnnscope::debug {

namespace {

/// What the run would meet, from the session as it was when the run began.
std::vector<UninitializedRead> reads_of(const Facts& facts, const record::RecordedRun& run) {
    const Graph& graph = facts.graph(run.info.graph);
    const record::Recording& recording = facts.recording();
    return preflight(graph, run.info.request, [&](const Variable& variable) {
        const std::string storage = record::storage_name(graph, variable);
        return static_cast<bool>(recording.value_at(run.info.session, storage, {run.first_tick}));
    });
}

/// The read that the error is about: the first of the list is what the executor meets first.
UninitializedRead failed_read(const std::vector<UninitializedRead>& reads, const program::ProgramError& error) {
    for (const UninitializedRead& read : reads)
        if (read.op == error.op) return read;
    if (!reads.empty()) return reads.front();
    UninitializedRead read;
    read.node = error.node;
    read.op = error.op;
    read.variable_name = error.variable;
    return read;
}

void use(Diagnosis& diagnosis, Finding finding) {
    if (!diagnosis.cause.empty()) {
        diagnosis.other_causes.push_back(std::move(finding.cause));
        return;
    }
    diagnosis.cause = std::move(finding.cause);
    diagnosis.summary = std::move(finding.summary);
    diagnosis.evidence = std::move(finding.evidence);
    diagnosis.fix_at = finding.fix_at;
    diagnosis.fixes = std::move(finding.fixes);
}

void diagnose_read(const Facts& facts, Diagnosis& diagnosis) {
    const record::RecordedRun& run = facts.recording().run(diagnosis.error.run);
    diagnosis.reads = reads_of(facts, run);
    const UninitializedRead read = failed_read(diagnosis.reads, diagnosis.error);
    if (diagnosis.reads.empty()) diagnosis.reads.push_back(read);
    diagnosis.headline = fmt::format("{} was read before it had a value", short_name(read.variable_name));
    const ReadCase failed{facts, run, read, diagnosis.reads};
    for (const ReadDetector& detector : read_detectors())
        if (auto finding = detector.detect(failed)) {
            finding->cause = detector.cause;
            use(diagnosis, std::move(*finding));
        }
}

/// The first sentence of the message, without what TensorFlow advises.
std::string first_sentence(const std::string& message) {
    std::size_t end = message.find('\n');
    // "vs. shape" is no end of a sentence.
    for (std::size_t dot = message.find(". "); dot < end; dot = message.find(". ", dot + 1))
        if (dot + 2 < message.size() && message[dot + 2] >= 'A' && message[dot + 2] <= 'Z') end = dot;
    std::string sentence = message.substr(0, end);
    while (sentence.ends_with('.')) sentence.pop_back();
    return sentence;
}

void diagnose_failure(const Facts& facts, const record::RecordedError& error, Diagnosis& diagnosis) {
    diagnosis.headline = first_sentence(error.error.message);
    for (const FailureDetector& detector : failure_detectors())
        if (auto finding = detector.detect({facts, error})) {
            finding->cause = detector.cause;
            use(diagnosis, std::move(*finding));
        }
}

} // namespace

Diagnosis diagnose(const Evaluation& evaluation, const record::RecordedError& error) {
    const Facts facts(evaluation);
    Diagnosis diagnosis;
    diagnosis.error = error.error;
    diagnosis.failed_at = error.error.statement;
    if (error.error.run.valid() && evaluation.is_uninitialized_read(error))
        diagnose_read(facts, diagnosis);
    else
        diagnose_failure(facts, error, diagnosis);
    return diagnosis;
}

std::vector<std::string> causes_of_reads(const Evaluation& evaluation, const record::RecordedRun& run,
                                         const std::vector<UninitializedRead>& reads) {
    std::vector<std::string> causes;
    if (reads.empty()) return causes;
    const Facts facts(evaluation);
    for (const UninitializedRead& read : reads) {
        const auto applies = [&](const ReadDetector& detector) {
            return detector.detect({facts, run, read, reads}).has_value();
        };
        const auto found = std::ranges::find_if(read_detectors(), applies);
        causes.emplace_back(found == read_detectors().end() ? std::string_view() : found->cause);
    }
    return causes;
}

} // namespace rnnscope::debug
