// Going back is exact: a position shows the same bits and init states however it was reached.

#include "core/debug/command.hpp"
#include "core/debug/evaluation.hpp"
#include "tests/core/debug/real_model.hpp"
#include "tests/core/short_sample.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fmt/format.h>
#include <functional>
#include <map>
#include <random>
#include <unordered_map>

namespace rnnscope::debug {
namespace {

namespace fs = std::filesystem;

std::size_t hash_of(const Tensor& tensor) {
    if (!tensor) return 0;
    if (tensor.dtype() == DType::string || tensor.dtype() == DType::resource) {
        std::string all;
        for (const std::string& text : tensor.strings()) all += text + '\n';
        return std::hash<std::string>()(all);
    }
    const auto bytes = tensor.bytes();
    return std::hash<std::string_view>()({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

class ReverseTest : public testing::TestWithParam<std::string> {
  protected:
    /// Of a value that a variable has at some time: the recording keeps those, so that a buffer stands for its bits
    /// until a restart.
    std::size_t hash_of_variable(const Tensor& tensor) {
        const bool has_bytes = tensor && tensor.dtype() != DType::string && tensor.dtype() != DType::resource;
        if (!has_bytes || tensor.elements() < 64) return hash_of(tensor);
        const auto [known, is_new] = hashes_.try_emplace(tensor.bytes().data(), 0);
        if (is_new) known->second = hash_of(tensor);
        return known->second;
    }
    /// All that a position shows: what comes next, what the last event got and gave, and every variable in every
    /// session.
    std::string seen() {
        const record::Recording& recording = debugger_.recording();
        const Position position = debugger_.position();
        const Ahead ahead = debugger_.evaluation().ahead(position);
        std::string text = fmt::format("{}/{}/{}/{}:", static_cast<int>(ahead.kind),
                                       ahead.statement.valid() ? ahead.statement.index() : 0,
                                       ahead.run.valid() ? ahead.run.index() : 0, ahead.event);
        for (std::size_t s = 0; s < recording.sessions(); ++s) {
            const Graph& graph = debugger_.evaluator().graph(recording.graph_of(SessionId(s)));
            for (const Variable& variable : graph.variables()) {
                // The recording knows sessions that are made later; to them all variables are declared.
                if (recording.state_at(SessionId(s), variable, position) <= record::InitState::declared) continue;
                const Tensor value = recording.value_at(SessionId(s), record::storage_name(graph, variable), position);
                text += fmt::format(" {}={}#{:x}", variable.name,
                                    record::init_state_name(recording.state_at(SessionId(s), variable, position)),
                                    hash_of_variable(value));
            }
        }
        if (position.ticks == 0) return text;
        const record::Tick last = recording.tick(position.ticks - 1);
        if (last.kind != record::TickKind::event) return text;
        const record::RecordedEvent event = recording.event(last.run, last.event);
        for (const auto* values : {&event.inputs, &event.outputs})
            for (const record::RecordedValue& value : *values) text += fmt::format(" #{:x}", hash_of(value.tensor));
        for (const record::RecordedAccess& access : event.accesses)
            text += fmt::format(" {}{}#{:x}", access.variable, access.write ? "!" : "?", hash_of(access.value));
        return text;
    }
    /// What is checked meanwhile moves nothing, and nobody waits for it.
    void settle() {
        while (!debugger_.pump(std::chrono::seconds(1))) {
        }
    }
    void run(const std::string& id) {
        if (id == "run.restart") hashes_.clear();
        (void)execute(debugger_, {id, "", "terminal"}); // what cannot be done now does nothing
        settle();
    }
    void expect_known() {
        const auto known = seen_.find(debugger_.position().ticks);
        if (known == seen_.end()) return;
        ASSERT_EQ(seen(), known->second) << debugger_.position().ticks;
    }
    /// Every op up to the end or, of long programs, as far as these steps lead, and back; then a walk.
    void go_there_and_back() {
        constexpr int most_steps = 600;
        for (int step = 0; step < most_steps && !debugger_.at_end(); ++step) {
            seen_[debugger_.position().ticks] = seen();
            run("step.op");
        }
        seen_[debugger_.position().ticks] = seen();
        const std::size_t positions = seen_.size();
        ASSERT_GT(positions, 1u);
        run("run.continue");
        run("run.continue");
        debugger_.go({seen_.rbegin()->first});
        settle();
        // Forwards stops just after an op that failed, too; backwards goes on to the op itself.
        const std::size_t errors = debugger_.recording().errors().size();
        std::size_t met = 1;
        for (; !debugger_.at_start(); ++met) {
            ASSERT_TRUE(seen_.contains(debugger_.position().ticks));
            expect_known();
            if (HasFatalFailure()) return;
            run("step.back-op");
        }
        EXPECT_GE(met + errors, positions);
        EXPECT_LE(met, positions);
        walk(40);
        run("run.restart"); // evaluates everything again
        walk(20);
    }
    void walk(int moves) {
        std::vector<std::string> ids;
        for (const CommandDef& command : all_commands())
            if (command.id.starts_with("step.") || command.id == "run.continue" || command.id == "run.reverse-continue")
                ids.emplace_back(command.id);
        ASSERT_GE(ids.size(), 14u);
        std::mt19937 random(3);
        for (int move = 0; move < moves; ++move) {
            const std::string& id = ids[random() % ids.size()];
            SCOPED_TRACE(id);
            run(id);
            expect_known();
            if (HasFatalFailure()) return;
        }
    }

    Debugger debugger_;
    std::map<std::uint64_t, std::string> seen_; ///< by position
    std::unordered_map<const void*, std::size_t> hashes_;
};

TEST_P(ReverseTest, APositionShowsTheSameHoweverItWasReached) {
    const fs::path path = fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs" / (GetParam() + ".json");
    const Diagnostics mistakes =
        debugger_.open_text(tests::short_sample(path), path.string(), path.parent_path().string());
    ASSERT_TRUE(mistakes.empty()) << to_text(mistakes);
    go_there_and_back();
}

std::vector<std::string> samples() {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(fs::path(RNNSCOPE_SOURCE_DIR) / "samples" / "programs"))
        if (entry.path().extension() == ".json") names.push_back(entry.path().stem().string());
    std::ranges::sort(names);
    return names;
}
INSTANTIATE_TEST_SUITE_P(Samples, ReverseTest, testing::ValuesIn(samples()),
                         [](const auto& tested) { return tested.param; });

class RealReverseTest : public ReverseTest {};

TEST_P(RealReverseTest, APositionShowsTheSameHoweverItWasReached) {
    if (!std::filesystem::exists(tests::process_model())) GTEST_SKIP() << tests::process_model() << " is not there";
    tests::open_process_model(debugger_);
    go_there_and_back();
}
INSTANTIATE_TEST_SUITE_P(Graphs, RealReverseTest, testing::Values("gru-process-model"));

} // namespace
} // namespace rnnscope::debug
