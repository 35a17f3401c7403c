#include "app/report.hpp"

#include "core/debug/poison.hpp"

#include "core/runtime/session.hpp"

#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace rnnscope::app {
namespace {

using Json = nlohmann::ordered_json;
using debug::Debugger;
using debug::Diagnosis;

Json where_json(const SourcePosition& where) {
    return {{"file", where.file},
            {"line", where.line},
            {"column", where.column},
            {"pointer", where.pointer},
            {"python_line", where.python_line}};
}

Json statement_json(const program::Program& program, StatementId id) {
    return id.valid() ? where_json(program.statement(id).where) : Json(nullptr);
}

/// Floats as the shortest decimal that reads back as the same value, which JSON alone (doubles) would not give.
template <class T> Json number_json(T value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
    const std::string text = fmt::format("{}", value);
    double number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
}

Json values_json(const Tensor& tensor) {
    Json values = Json::array();
    switch (tensor.dtype()) {
    case DType::string:
    case DType::resource:
    case DType::variant:
        for (const std::string& s : tensor.strings()) values.push_back(s);
        break;
    case DType::float32:
        for (const float x : tensor.values<float>()) values.push_back(number_json(x));
        break;
    case DType::boolean:
        for (const bool x : tensor.values<bool>()) values.push_back(x);
        break;
    default:
        for (std::int64_t i = 0; i < tensor.elements(); ++i)
            values.push_back(is_integer(tensor.dtype()) ? Json(tensor.integer(i)) : number_json(tensor.number(i)));
    }
    return values;
}

Json shape_json(const Shape& shape) {
    if (!shape.has_rank()) return nullptr;
    Json dims = Json::array();
    for (const std::int64_t d : shape.dims()) dims.push_back(d);
    return dims;
}

/// At the end.
record::InitState state_in(const Debugger& debugger, SessionId session, const Variable& variable) {
    const record::Recording& recording = debugger.recording();
    const std::string storage = record::storage_name(*debugger.graph(), variable);
    const debug::Poison* poison = debugger.poison();
    if (poison != nullptr && poison->variable_at(session, storage, recording.end()).any())
        return record::InitState::poisoned;
    return recording.state_at(session, variable, recording.end());
}

Json variables_json(const Debugger& debugger) {
    const record::Recording& recording = debugger.recording();
    Json list = Json::array();
    const Graph* graph = debugger.graph();
    if (graph == nullptr) return list;
    for (const Variable& variable : graph->variables()) {
        Json states = Json::object();
        for (std::size_t s = 0; s < recording.sessions(); ++s)
            if (recording.graph_of(SessionId(s)) == graph->id())
                states[std::to_string(s)] = record::init_state_name(state_in(debugger, SessionId(s), variable));
        list.push_back({{"name", variable.name + ":0"},
                        {"shape", shape_json(variable.shape)},
                        {"dtype", dtype_name(variable.dtype)},
                        {"kind", variable.is_resource ? "resource" : "ref"},
                        {"trainable", variable.trainable},
                        {"collections", graph->collections_of(variable.id)},
                        {"state", std::move(states)}});
    }
    return list;
}

Json read_json(const program::Program& program, const debug::UninitializedRead& read, StatementId statement) {
    return {{"op", read.op}, {"variable", read.variable_name}, {"statement", statement_json(program, statement)}};
}

Json diagnosis_json(const program::Program& program, const Diagnosis& diagnosis) {
    Json evidence = Json::array();
    for (const debug::Evidence& e : diagnosis.evidence) evidence.push_back(e.text);
    Json fixes = Json::array();
    for (const debug::Fix& fix : diagnosis.fixes)
        fixes.push_back({{"title", fix.title},
                         {"patch", Json::parse(fix.patch, nullptr, false)},
                         {"verified", fix.check == debug::Fix::Check::verified}});
    return {{"cause", diagnosis.cause},        {"summary", diagnosis.summary},
            {"evidence", std::move(evidence)}, {"fix_at", statement_json(program, diagnosis.fix_at)},
            {"fixes", std::move(fixes)},       {"other_causes", diagnosis.other_causes}};
}

/// The diagnosis that belongs to the error of one step; null when there is none.
const Diagnosis* diagnosis_of(const Debugger& debugger, const program::ProgramError& error) {
    for (const Diagnosis& diagnosis : debugger.diagnoses())
        if (diagnosis.error.step == error.step && diagnosis.error.run == error.run) return &diagnosis;
    return nullptr;
}

Json error_json(const Debugger& debugger, const program::ProgramError& error) {
    const program::Program& program = debugger.program();
    Json result = {{"class", error.error_class},
                   {"message", error.message},
                   {"text", error.text},
                   {"op", error.op.empty() ? Json(nullptr) : Json(error.op)},
                   {"variable", error.variable.empty() ? Json(nullptr) : Json(error.variable)},
                   {"statement", statement_json(program, error.statement)}};
    Json reads = Json::array();
    const Diagnosis* diagnosis = diagnosis_of(debugger, error);
    if (diagnosis != nullptr)
        for (const debug::UninitializedRead& read : diagnosis->reads)
            reads.push_back(read_json(program, read, error.statement));
    result["uninitialized_reads"] = std::move(reads);
    if (diagnosis != nullptr && !diagnosis->cause.empty()) result["diagnosis"] = diagnosis_json(program, *diagnosis);
    return result;
}

Json runs_json(const Debugger& debugger) {
    const record::Recording& recording = debugger.recording();
    Json list = Json::array();
    for (const record::RecordedRun& run : recording.runs()) {
        const program::RunInfo& info = run.info;
        const program::RunOutcome& outcome = run.outcome;
        Json fetches = Json::array(), targets = Json::array();
        const Graph& graph = debugger.evaluator().graph(info.graph);
        for (std::size_t i = 0; i < outcome.results.size(); ++i) {
            const Tensor& tensor = outcome.results[i];
            fetches.push_back({{"name", graph.tensor_name(info.request.fetches[i])},
                               {"dtype", dtype_name(tensor.dtype())},
                               {"shape", shape_json(tensor.shape())},
                               {"values", values_json(tensor)}});
        }
        for (const NodeId target : info.request.targets) targets.push_back(graph.node(target).name);
        const StatementId statement = recording.step(info.step).step.statement;
        Json entry = {{"statement", statement_json(debugger.program(), statement)},
                      {"session", info.session.value},
                      {"outcome", outcome.error ? "error" : "ok"},
                      {"events", recording.event_count(info.id)},
                      {"fetches", std::move(fetches)},
                      {"targets", std::move(targets)}};
        if (outcome.error) entry["error"] = error_json(debugger, *outcome.error);
        list.push_back(std::move(entry));
    }
    return list;
}

Json reads_json(const Debugger& debugger) {
    Json list = Json::array();
    for (const Debugger::PreflightItem& item : debugger.preflight().reads) {
        Json read = read_json(debugger.program(), item.read, item.statement);
        read["run"] = item.run.value;
        read["cause"] = item.cause;
        list.push_back(std::move(read));
    }
    return list;
}

Json warnings_json(const Debugger& debugger) {
    Json list = Json::array();
    for (const debug::Warning& warning : debugger.preflight().warnings)
        list.push_back({{"code", warning.code},
                        {"summary", warning.summary},
                        {"statement", statement_json(debugger.program(), warning.statement)},
                        {"variables", warning.variables}});
    return list;
}

/// What is derived from missing values (run --poison).
Json poison_json(const Debugger& debugger) {
    const debug::PoisonReport report = debug::poison_report(debugger);
    Json sources = Json::array(), fetches = Json::array(), variables = Json::array();
    for (const auto& source : report.sources)
        sources.push_back({{"variable", source.name + ":0"},
                           {"run", source.read.run.value},
                           {"event", source.read.event},
                           {"times", source.times}});
    for (const auto& variable : report.variables)
        variables.push_back({{"variable", variable.name + ":0"},
                             {"session", variable.session.value},
                             {"poisoned", variable.poisoned},
                             {"elements", variable.elements}});
    for (const auto& fetch : report.fetches)
        fetches.push_back({{"run", fetch.run.value},
                           {"name", fetch.name},
                           {"poisoned", fetch.poisoned},
                           {"elements", fetch.elements}});
    return {{"missing", std::move(sources)},
            {"variables", std::move(variables)},
            {"ops", report.ops},
            {"events", report.events},
            {"fetches", std::move(fetches)}};
}

/// Strings of a program may hold any bytes; JSON output must be UTF-8 all the same.
std::string dump(const Json& json) {
    return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

} // namespace

std::string run_json(const Debugger& debugger) {
    const std::optional<program::ProgramError>& error = debugger.evaluator().error();
    const Graph* graph = debugger.graph();
    Json result = {{"outcome", !error               ? "ok"
                               : error->run.valid() ? "run-error"
                                                    : "build-error"},
                   {"graph",
                    {{"nodes", graph == nullptr ? 0 : graph->size()},
                     {"variables", graph == nullptr ? 0 : graph->variables().size()}}},
                   {"variables", variables_json(debugger)},
                   {"runs", runs_json(debugger)}};
    if (error) result["error"] = error_json(debugger, *error);
    result["uninitialized_reads"] = reads_json(debugger);
    result["warnings"] = warnings_json(debugger);
    if (debugger.poisons()) result["poison"] = poison_json(debugger);
    return dump(result);
}

std::string check_json(const Debugger& debugger) {
    return dump({{"variables", variables_json(debugger)},
                 {"uninitialized_reads", reads_json(debugger)},
                 {"warnings", warnings_json(debugger)}});
}

std::string diagnostics_json(const Diagnostics& diagnostics) {
    Json list = Json::array();
    for (const Diagnostic& d : diagnostics)
        list.push_back({{"code", d.code},
                        {"message", d.message},
                        {"file", d.where.file},
                        {"line", d.where.line},
                        {"column", d.where.column},
                        {"pointer", d.where.pointer},
                        {"fix", d.remedy}});
    return dump({{"diagnostics", std::move(list)}});
}

} // namespace rnnscope::app
