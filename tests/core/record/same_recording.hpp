#pragma once

#include "core/program/graph_program.hpp"
#include "core/record/recording_file.hpp"

#include <filesystem>
#include <functional>
#include <gtest/gtest.h>
#include <set>
#include <unistd.h>

namespace rnnscope::tests {

namespace fs = std::filesystem;
using record::Position;
using record::Recording;

/// A program that was evaluated to its end, or for a while.
struct Evaluated {
    std::shared_ptr<const program::Document> document;
    std::unique_ptr<program::Evaluator> evaluator;
    std::unique_ptr<Recording> recording;

    explicit Evaluated(std::shared_ptr<const program::Document> of, program::EvaluatorOptions options = {})
        : document(std::move(of)) {
        evaluator = std::make_unique<program::Evaluator>(document->program_ptr(), std::move(options));
        recording = std::make_unique<Recording>(*evaluator);
    }
    void finish() { evaluator->finish(*recording); }
    record::SavedParts parts() const { return {*recording, *document, *evaluator, evaluator->done()}; }
};

inline Evaluated evaluated(const fs::path& path, const program::GraphSession& session = {}) {
    auto document = session.any() ? program::open_graph(path, session) : program::open_file(path);
    if (const auto* mistakes = std::get_if<Diagnostics>(&document)) throw std::runtime_error(to_text(*mistakes));
    return Evaluated(std::get<0>(document));
}

inline Evaluated evaluated_text(std::string text) {
    auto document = program::Document::read(std::move(text), "test.json", "");
    if (const auto* mistakes = std::get_if<Diagnostics>(&document)) throw std::runtime_error(to_text(*mistakes));
    return Evaluated(std::get<0>(document));
}

/// A folder of its own that goes with the test.
class Folder {
  public:
    Folder() : path_(fs::temp_directory_path() / ("rnnscope_record_" + std::to_string(getpid()))) {
        fs::create_directories(path_);
    }
    ~Folder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    std::string file(const std::string& name) const { return (path_ / name).string(); }
    const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

inline record::OpenedRecording opened(const std::string& path) {
    auto result = record::open_recording(path);
    if (const auto* problems = std::get_if<Diagnostics>(&result)) throw std::runtime_error(to_text(*problems));
    return std::move(std::get<record::OpenedRecording>(result));
}

inline void expect_same_values(const record::Kept<record::RecordedValue>& a,
                               const record::Kept<record::RecordedValue>& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        EXPECT_EQ(a[i].present, b[i].present);
        EXPECT_EQ(a[i].variable, b[i].variable);
        EXPECT_TRUE(a[i].tensor.identical(b[i].tensor));
    }
}

inline void expect_same_event(const record::RecordedEvent& a, const record::RecordedEvent& b) {
    EXPECT_EQ(a.node, b.node);
    EXPECT_EQ(a.slot, b.slot);
    EXPECT_EQ(a.frame, b.frame);
    EXPECT_EQ(a.iteration, b.iteration);
    EXPECT_EQ(a.dead, b.dead);
    EXPECT_EQ(a.failed, b.failed);
    expect_same_values(a.inputs, b.inputs);
    expect_same_values(a.outputs, b.outputs);
    ASSERT_EQ(a.accesses.size(), b.accesses.size());
    for (std::size_t i = 0; i < a.accesses.size(); ++i) {
        EXPECT_EQ(a.accesses[i].variable, b.accesses[i].variable);
        EXPECT_EQ(a.accesses[i].write, b.accesses[i].write);
        EXPECT_TRUE(a.accesses[i].value.identical(b.accesses[i].value));
    }
}

inline void expect_same_error(const program::ProgramError& a, const program::ProgramError& b) {
    EXPECT_EQ(a.error_class, b.error_class);
    EXPECT_EQ(a.message, b.message);
    EXPECT_EQ(a.text, b.text);
    EXPECT_EQ(a.op, b.op);
    EXPECT_EQ(a.variable, b.variable);
    EXPECT_EQ(a.graph, b.graph);
    EXPECT_EQ(a.node, b.node);
    EXPECT_EQ(a.statement, b.statement);
    EXPECT_EQ(a.step, b.step);
    EXPECT_EQ(a.run, b.run);
}

inline void expect_same_errors(const std::optional<program::ProgramError>& a,
                               const std::optional<program::ProgramError>& b) {
    ASSERT_EQ(a.has_value(), b.has_value());
    if (a) expect_same_error(*a, *b);
}

inline void expect_same_run(const record::RecordedRun& a, const record::RecordedRun& b) {
    EXPECT_EQ(a.info.step, b.info.step);
    EXPECT_EQ(a.info.session, b.info.session);
    EXPECT_EQ(a.info.graph, b.info.graph);
    EXPECT_EQ(a.info.graph_nodes, b.info.graph_nodes);
    EXPECT_EQ(a.info.planned_nodes, b.info.planned_nodes);
    EXPECT_EQ(a.info.request.fetches, b.info.request.fetches);
    EXPECT_EQ(a.info.request.targets, b.info.request.targets);
    ASSERT_EQ(a.info.request.feeds.size(), b.info.request.feeds.size());
    for (std::size_t i = 0; i < a.info.request.feeds.size(); ++i) {
        EXPECT_EQ(a.info.request.feeds[i].output, b.info.request.feeds[i].output);
        EXPECT_TRUE(a.info.request.feeds[i].value.identical(b.info.request.feeds[i].value));
    }
    EXPECT_EQ(a.first_tick, b.first_tick);
    ASSERT_GE(a.frames.size(), b.frames.size());
    for (std::size_t i = 0; i < b.frames.size(); ++i) {
        EXPECT_EQ(a.frames[i].id, b.frames[i].id);
        EXPECT_EQ(a.frames[i].parent, b.frames[i].parent);
        EXPECT_EQ(a.frames[i].parent_iteration, b.frames[i].parent_iteration);
        EXPECT_EQ(a.frames[i].name, b.frames[i].name);
    }
    if (!b.done) return;
    EXPECT_TRUE(a.done);
    EXPECT_EQ(a.last_tick, b.last_tick);
    expect_same_errors(a.outcome.error, b.outcome.error);
    ASSERT_EQ(a.outcome.results.size(), b.outcome.results.size());
    for (std::size_t i = 0; i < a.outcome.results.size(); ++i)
        EXPECT_TRUE(a.outcome.results[i].identical(b.outcome.results[i]));
}

inline void expect_same_graph(const Graph& a, const Graph& b) {
    ASSERT_EQ(a.size(), b.size());
    for (std::size_t i = 0; i < a.size(); ++i) {
        const Node &x = a.node(NodeId(i)), &y = b.node(NodeId(i));
        EXPECT_EQ(x.name, y.name);
        EXPECT_EQ(x.op, y.op);
        EXPECT_EQ(x.device, y.device);
        EXPECT_EQ(x.inputs, y.inputs) << x.name;
        EXPECT_EQ(x.control_inputs, y.control_inputs);
        EXPECT_EQ(x.attrs, y.attrs) << x.name;
        EXPECT_EQ(x.fetchable, y.fetchable);
        EXPECT_EQ(x.feedable, y.feedable);
        ASSERT_EQ(x.outputs.size(), y.outputs.size());
        for (std::size_t o = 0; o < x.outputs.size(); ++o) {
            EXPECT_EQ(x.outputs[o].dtype, y.outputs[o].dtype);
            EXPECT_EQ(x.outputs[o].is_ref, y.outputs[o].is_ref);
            EXPECT_EQ(x.outputs[o].shape, y.outputs[o].shape);
        }
        EXPECT_EQ(a.consumers(x.id), b.consumers(y.id)) << x.name;
    }
    ASSERT_EQ(a.variables().size(), b.variables().size());
    for (std::size_t i = 0; i < a.variables().size(); ++i) {
        const Variable &x = a.variables()[i], &y = b.variables()[i];
        EXPECT_EQ(std::tie(x.name, x.op, x.is_resource, x.trainable, x.dtype, x.shape, x.initializer, x.snapshot,
                           x.cached, x.initial_value, x.is_initialized),
                  std::tie(y.name, y.op, y.is_resource, y.trainable, y.dtype, y.shape, y.initializer, y.snapshot,
                           y.cached, y.initial_value, y.is_initialized));
    }
    EXPECT_EQ(a.collections(), b.collections());
}

inline void expect_same_program(const program::Document& document, const program::Evaluated& a,
                                const record::OpenedRecording& b) {
    EXPECT_EQ(document.text(), b.document->text());
    EXPECT_EQ(document.opened_from(), b.document->opened_from());
    EXPECT_EQ(document.program().file, b.document->program().file);
    EXPECT_EQ(document.program().python.lines, b.document->program().python.lines);
    ASSERT_EQ(a.graph_count(), b.evaluated->graph_count());
    for (std::size_t i = 0; i < a.graph_count(); ++i) {
        expect_same_graph(a.graph(GraphId(i)), b.evaluated->graph(GraphId(i)));
        for (const Node& node : a.graph(GraphId(i)).nodes())
            EXPECT_EQ(a.origin_stack(node.origin), b.evaluated->origin_stack(node.origin)) << node.name;
    }
}

inline void expect_same_histories(const Recording& whole, const Recording& part, const program::Evaluated& graphs) {
    for (std::size_t s = 0; s < whole.sessions(); ++s) {
        const SessionId session(s);
        ASSERT_EQ(whole.graph_of(session), part.graph_of(session));
        const Graph& graph = graphs.graph(whole.graph_of(session));
        for (const Variable& variable : graph.variables()) {
            const std::string name = record::storage_name(graph, variable);
            const auto a = whole.history(session, name), b = part.history(session, name);
            ASSERT_GE(a.size(), b.size()) << name;
            // An entry that took no time may be behind the end of a file that is cut.
            for (std::size_t i = b.size(); i < a.size(); ++i) EXPECT_GE(a[i].tick + 1, part.end().ticks) << name;
            std::set<std::uint64_t> times{0, part.end().ticks};
            for (std::size_t i = 0; i < b.size(); ++i) {
                EXPECT_EQ(a[i].kind, b[i].kind);
                EXPECT_EQ(a[i].tick, b[i].tick) << name;
                EXPECT_EQ(a[i].run, b[i].run);
                EXPECT_EQ(a[i].event, b[i].event);
                EXPECT_EQ(a[i].node, b[i].node);
                EXPECT_EQ(a[i].state, b[i].state);
                EXPECT_TRUE(a[i].value.identical(b[i].value));
                times.insert({a[i].tick, a[i].tick + 1});
            }
            times.erase(times.upper_bound(part.end().ticks), times.end());
            if (part.end() < whole.end()) times.erase(part.end().ticks);
            for (const std::uint64_t ticks : times) {
                EXPECT_EQ(whole.state_at(session, variable, {ticks}), part.state_at(session, variable, {ticks}));
                EXPECT_TRUE(whole.value_at(session, name, {ticks}).identical(part.value_at(session, name, {ticks})));
                EXPECT_EQ(whole.read_uninitialized(session, name, {ticks}),
                          part.read_uninitialized(session, name, {ticks}));
            }
        }
    }
}

/// At every position up to the end of `part`, both say the same, bit for bit.
inline void expect_same(const Recording& whole, const Recording& part, const program::Evaluated& graphs) {
    ASSERT_GE(whole.end(), part.end());
    for (std::uint64_t i = 0; i < part.end().ticks; ++i) {
        const record::Tick a = whole.tick(i), b = part.tick(i);
        ASSERT_EQ(std::tie(a.kind, a.step, a.run, a.event), std::tie(b.kind, b.step, b.run, b.event)) << i;
        for (std::size_t g = 0; g < graphs.graph_count(); ++g)
            ASSERT_EQ(whole.nodes_at(GraphId(g), {i}), part.nodes_at(GraphId(g), {i})) << i;
    }
    for (std::size_t i = 0; i < part.steps().size(); ++i) {
        const record::RecordedStep &a = whole.steps()[i], &b = part.steps()[i];
        EXPECT_EQ(std::tie(a.step.statement, a.step.parent, a.step.depth, a.step.call_depth, a.first_tick, a.graph,
                           a.nodes_before, a.nodes_after),
                  std::tie(b.step.statement, b.step.parent, b.step.depth, b.step.call_depth, b.first_tick, b.graph,
                           b.nodes_before, b.nodes_after));
        if (part.end() < whole.end()) continue;
        EXPECT_EQ(a.last_tick, b.last_tick);
        EXPECT_EQ(a.run, b.run);
        EXPECT_EQ(a.error_caught, b.error_caught);
        expect_same_errors(a.error, b.error);
    }
    for (std::size_t r = 0; r < part.runs().size(); ++r) {
        const RunId run(r);
        expect_same_run(whole.run(run), part.run(run));
        for (std::uint32_t e = 0; e < part.event_count(run) && !testing::Test::HasFatalFailure(); ++e) {
            const record::RecordedEvent a = whole.event(run, e), b = part.event(run, e);
            expect_same_event(a, b);
            for (std::size_t o = 0; o < a.outputs.size(); ++o)
                EXPECT_TRUE(whole.output(run, e, o).identical(part.output(run, e, o)));
        }
        const record::EventNumbers a = whole.time_steps_of(run), b = part.time_steps_of(run);
        EXPECT_TRUE(std::equal(b.begin(), b.end(), a.begin()));
        for (const Node& node : graphs.graph(whole.run(run).info.graph).nodes()) {
            const record::EventNumbers x = whole.events_of(run, node.id), y = part.events_of(run, node.id);
            ASSERT_GE(x.size(), y.size());
            EXPECT_TRUE(std::equal(y.begin(), y.end(), x.begin())) << node.name;
        }
    }
    ASSERT_GE(whole.errors().size(), part.errors().size());
    for (std::size_t i = 0; i < part.errors().size(); ++i) {
        const record::RecordedError &a = whole.errors()[i], &b = part.errors()[i];
        expect_same_error(a.error, b.error);
        EXPECT_EQ(a.caught, b.caught);
        EXPECT_EQ(a.passed, b.passed);
        EXPECT_EQ(a.first, b.first);
        EXPECT_EQ(std::min(a.last, part.end()), b.last);
    }
    expect_same_histories(whole, part, graphs);
}

} // namespace rnnscope::tests
