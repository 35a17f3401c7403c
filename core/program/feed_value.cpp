#include "core/program/feed_value.hpp"

#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"
#include "core/program/session_statements.hpp"

#include <nlohmann/json.hpp>

#include <fmt/format.h>

namespace rnnscope::program {
namespace {

using Json = nlohmann::ordered_json;

/// Keeps what the run was fed.
class FeedListener : public EvaluationObserver {
  public:
    void on_event(const runtime::Event&) override {}
    void on_run(const RunInfo& info) override {
        if (!info.request.feeds.empty()) fed = info.request.feeds[0].value;
    }
    Tensor fed;
};

} // namespace

Result<Tensor> feed_value(std::string_view text, const std::string& name, DType dtype, const Shape& shape,
                          const std::string& directory) {
    const Graph nothing;
    SessionStatements statements(nothing, "s", directory, "");
    const std::optional<std::string> value = statements.value(text);
    if (!value) {
        const Diagnostic& problem = statements.problems().front();
        return Error{problem.code, problem.message + (problem.remedy.empty() ? "" : "; " + problem.remedy)};
    }
    Json dims = nullptr;
    if (shape.has_rank()) {
        dims = Json::array();
        for (const std::int64_t dim : shape.dims()) dims.push_back(dim < 0 ? Json(nullptr) : Json(dim));
    }
    const std::string program = fmt::format(R"({{"format": "rnnscope/1", "program": [
        {{"let": "x", "call": "placeholder", "args": ["$tf.{}", {}], "kwargs": {{"name": "value"}}}},
        {{"let": "s", "call": "Session"}},
        {{"call": "$s.run", "args": ["$x"], "kwargs": {{"feed_dict": {{"value:0": {}}}}}}}]}})",
                                            dtype_name(dtype), dims.dump(), *value);
    auto document = Document::read(program, "value", directory);
    if (const auto* mistakes = std::get_if<Diagnostics>(&document))
        return Error{mistakes->front().code, mistakes->front().message};
    Evaluator evaluator(std::get<0>(document)->program_ptr());
    FeedListener listener;
    evaluator.finish(listener);
    if (evaluator.error()) {
        std::string message = evaluator.error()->message;
        if (const std::size_t at = message.find("value:0"); at != std::string::npos) message.replace(at, 7, name);
        return Error{evaluator.error()->error_class, std::move(message)};
    }
    return std::move(listener.fed);
}

} // namespace rnnscope::program
