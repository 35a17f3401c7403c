// People's trained networks: what their checkpoints restore without ops, what their own savers restore, and what these
// save again are the same values.

#include "core/import/checkpoint_overlay.hpp"
#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "core/runtime/restore.hpp"

#include <gtest/gtest.h>

#include <filesystem>

namespace rnnscope::runtime {
namespace {

namespace fs = std::filesystem;

fs::path data_folder() {
    return fs::path(RNNSCOPE_SHARED_DIR) / "data" / "tf1";
}

/// Prefixes of the checkpoints that have a graph and all of their values, with the number of their variables.
struct Trained {
    const char* prefix;
    std::size_t variables;
};
constexpr Trained trained[] = {{"gru-process-model/GRU.ckpt", 29},
                               {"handson-basicrnn/my_time_series_model", 14},
                               {"seq2seq-letters-lstm/best_model.ckpt", 38},
                               {"char-rnn-lstm-unrolled/model-85340", 27},
                               {"sentiment-lstm-training-run/model.ckpt-10006", 15}};

struct Silent : RunObserver {
    void on_event(const Event&) override {}
};

class RestoreData : public ::testing::TestWithParam<Trained> {
  protected:
    void SetUp() override {
        if (!fs::exists(data_folder())) GTEST_SKIP() << "the data are not here";
        prefix_ = (data_folder() / GetParam().prefix).string();
        const LoadedGraph loaded = load_graph_file(prefix_ + ".meta");
        if (const auto* problems = std::get_if<Diagnostics>(&loaded)) FAIL() << to_text(*problems);
        file_ = std::get<std::shared_ptr<const GraphFile>>(loaded);
        const Diagnostics problems = import_graph(graph_, *file_);
        ASSERT_TRUE(problems.empty()) << to_text(problems);
    }

    /// Runs one op or fetches one tensor of the file's saver, with a prefix fed to it.
    void run_saver(Session& session, const std::string& name, const std::string& prefix) {
        RunRequest request;
        request.feeds.push_back({*graph_.find_tensor(file_->saver->filename_tensor), Tensor::scalar(prefix)});
        if (const auto tensor = graph_.find_tensor(name); tensor && name.find(':') != std::string::npos)
            request.fetches.push_back(*tensor);
        else
            request.targets.push_back(graph_.find(name));
        auto run = session.start(std::move(request));
        ASSERT_TRUE(run.ok()) << run.error().message;
        Silent silent;
        (*run)->finish(silent);
        ASSERT_FALSE((*run)->error()) << (*run)->error()->op << ": " << (*run)->error()->message;
    }

    std::string prefix_;
    std::shared_ptr<const GraphFile> file_;
    Graph graph_;
};

TEST_P(RestoreData, AllWaysGiveTheSameValues) {
    const auto checkpoint = Checkpoint::open(prefix_);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.error().message;
    Session without_ops(graph_);
    const auto report = restore_session(without_ops, *checkpoint);
    ASSERT_TRUE(report.ok()) << report.error().message;
    EXPECT_EQ(to_text(*report), std::to_string(GetParam().variables) + " of " + std::to_string(GetParam().variables) +
                                    " variables restored");

    ASSERT_TRUE(file_->saver.has_value());
    SessionOptions options;
    const auto overlay = std::make_shared<CheckpointOverlay>("");
    options.checkpoints = overlay;
    Session with_ops(graph_, options);
    run_saver(with_ops, file_->saver->restore_op, prefix_);
    for (const Variable& variable : graph_.variables()) {
        ASSERT_TRUE(with_ops.is_initialized(variable)) << variable.name;
        EXPECT_TRUE(with_ops.storage(variable)->value->identical(*without_ops.storage(variable)->value))
            << variable.name;
    }

    run_saver(with_ops, file_->saver->save_tensor, "/again/model");
    const auto saved = overlay->saved().find("/again/model");
    ASSERT_NE(saved, overlay->saved().end());
    EXPECT_EQ(saved->second.size(), checkpoint->entries().size());
    for (const ops::NamedTensor& tensor : saved->second)
        EXPECT_TRUE(checkpoint->read(tensor.name)->identical(tensor.value)) << tensor.name;
}

INSTANTIATE_TEST_SUITE_P(Data, RestoreData, ::testing::ValuesIn(trained), [](const auto& checkpoint) {
    const std::string prefix = checkpoint.param.prefix;
    std::string name = prefix.substr(0, prefix.find('/'));
    std::ranges::replace(name, '-', '_');
    return name;
});

} // namespace
} // namespace rnnscope::runtime
