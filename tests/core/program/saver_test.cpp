// Saving and restoring as programs do it: tf.train.Saver, its errors by version, and sessions that start restored.

#include "core/import/checkpoint.hpp"
#include "core/program/document.hpp"
#include "core/program/evaluator.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>

namespace rnnscope::program {
namespace {

namespace fs = std::filesystem;

struct Heard : EvaluationObserver {
    void on_event(const runtime::Event&) override {}
    void on_error(const ProgramError& error, bool) override { errors.push_back(error); }
    void on_restored(SessionId, std::span<const ops::NamedTensor> values) override {
        for (const ops::NamedTensor& value : values) restored.push_back(value.name);
    }
    std::vector<ProgramError> errors;
    std::vector<std::string> restored;
};

class SaverProgram : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "rnnscope_saver_XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
    }
    void TearDown() override { fs::remove_all(folder_); }

    /// Two variables, a saver, a session in which they are initialized; then the statements.
    void evaluate(const std::string& statements, int minor = 15) {
        const std::string text = fmt::format(R"({{"format": "rnnscope/1", "tensorflow": "1.{}", "program": [
            {{"let": "a", "call": "get_variable", "args": ["a", [2]],
              "kwargs": {{"initializer": {{"call": "constant_initializer", "args": [1.5]}}}}}},
            {{"let": "b", "call": "get_variable", "args": ["b", []]}},
            {{"let": "saver", "call": "train.Saver", "kwargs": {{"max_to_keep": 2}}}},
            {{"let": "init", "call": "global_variables_initializer"}},
            {{"let": "sess", "call": "Session"}},
            {{"call": "$sess.run", "args": ["$init"]}}, {}]}})",
                                             minor, statements);
        evaluate_text(text, {});
    }
    void evaluate_text(const std::string& text, EvaluatorOptions options) {
        auto read = Document::read(text, "test.json", folder_.string());
        if (const auto* mistakes = std::get_if<Diagnostics>(&read)) FAIL() << to_text(*mistakes);
        document_ = std::get<std::shared_ptr<const Document>>(read);
        heard_ = {};
        evaluator_ = std::make_unique<Evaluator>(document_->program_ptr(), options);
        evaluator_->finish(heard_);
    }
    std::string text(std::string_view name) const {
        for (const auto& [key, value] : evaluator_->locals())
            if (key == name) return tf1::repr(value);
        return "no name " + std::string(name);
    }
    std::string error() const {
        return evaluator_->error() ? evaluator_->error()->error_class + ": " + evaluator_->error()->text : "";
    }

    fs::path folder_;
    std::shared_ptr<const Document> document_;
    std::unique_ptr<Evaluator> evaluator_;
    Heard heard_;
};

TEST_F(SaverProgram, SavesAndRestoresWithoutTouchingTheDisk) {
    evaluate(R"({"let": "path", "call": "$saver.save", "args": ["$sess", "./model"], "kwargs": {"global_step": 3}},
        {"let": "other", "call": "Session"},
        {"call": "$saver.restore", "args": ["$other", "$path"]},
        {"let": "value", "call": "$other.run", "args": ["$a"]},
        {"let": "latest", "call": "train.latest_checkpoint", "args": ["."]},
        {"let": "there", "call": "train.checkpoint_exists", "args": ["./model-4"]})");
    EXPECT_EQ(error(), "");
    EXPECT_EQ(text("path"), "'./model-3'");
    EXPECT_EQ(text("value"), "array([1.5 1.5], dtype=float32)");
    EXPECT_EQ(text("latest"), "'./model-3'");
    EXPECT_EQ(text("there"), "False");
    EXPECT_TRUE(fs::is_empty(folder_));
}

TEST_F(SaverProgram, KeepsAsManyAsItShould) {
    evaluate(R"({"for": "i", "in": {"range": [4]}, "body": [
            {"call": "$saver.save", "args": ["$sess", "./model"], "kwargs": {"global_step": "$i"}}]},
        {"let": "kept", "value": "$saver.last_checkpoints"},
        {"let": "old", "call": "train.checkpoint_exists", "args": ["./model-1"]},
        {"let": "new", "call": "train.checkpoint_exists", "args": ["./model-2"]})");
    EXPECT_EQ(error(), "");
    EXPECT_EQ(text("kept"), "['./model-2', './model-3']");
    EXPECT_EQ(text("old"), "False");
    EXPECT_EQ(text("new"), "True");
}

TEST_F(SaverProgram, AMissingKeyIsExplainedFromVersion12On) {
    const Tensor two = Tensor::of<float>(Shape{2}, {1, 2});
    ASSERT_TRUE(write_checkpoint((folder_ / "m").string(), std::vector<ops::NamedTensor>{{"a", two}}).ok());
    const std::string restore = R"({"call": "$saver.restore", "args": ["$sess", "m"]})";
    evaluate(restore);
    EXPECT_TRUE(error().starts_with(
        "NotFoundError: Restoring from checkpoint failed. This is most likely due to a Variable name or other graph "
        "key that is missing from the checkpoint. Please ensure that you have not altered the graph expected based on "
        "the checkpoint. Original error:\n\nKey b not found in checkpoint\n\t [[node save/RestoreV2 (defined at "))
        << error();
    EXPECT_EQ(evaluator_->error()->op, "save/RestoreV2");
    evaluate(restore, 8);
    EXPECT_TRUE(error().starts_with("NotFoundError: Key b not found in checkpoint\n\t [[Node: save/RestoreV2"))
        << error();
}

TEST_F(SaverProgram, AnotherShapeIsExplained) {
    const Tensor three = Tensor::of<float>(Shape{3}, {1, 2, 3});
    const std::vector<ops::NamedTensor> tensors = {{"a", three}, {"b", Tensor::scalar(1.0F)}};
    ASSERT_TRUE(write_checkpoint((folder_ / "m").string(), tensors).ok());
    evaluate(R"({"call": "$saver.restore", "args": ["$sess", "m"]})");
    EXPECT_TRUE(error().starts_with(
        "InvalidArgumentError: Restoring from checkpoint failed. This is most likely due to a mismatch between the "
        "current graph and the graph from the checkpoint. Please ensure that you have not altered the graph expected "
        "based on the checkpoint. Original error:\n\nAssign requires shapes of both tensors to match. lhs shape= [2] "
        "rhs shape= [3]\n\t [[node save/Assign (defined at "))
        << error();
}

TEST_F(SaverProgram, SaysWhatIsNoCheckpoint) {
    evaluate(R"({"call": "$saver.restore", "args": ["$sess", "nothing"]})");
    EXPECT_EQ(error(), "ValueError: The passed save_path is not a valid checkpoint: nothing");
    evaluate(R"({"call": "$saver.restore", "args": ["$sess", "nothing"]})", 4);
    EXPECT_TRUE(error().starts_with("NotFoundError: Unsuccessful TensorSliceReader constructor: Failed to find any "
                                    "matching files for nothing\n"))
        << error();
    evaluate(R"({"call": "$saver.restore", "args": ["$sess", null]})");
    EXPECT_EQ(error(), "ValueError: Can't load save_path when it is None.");
    evaluate(R"({"call": "$saver.save", "args": ["$sess", "checkpoint"]})");
    EXPECT_EQ(error(), "ValueError: 'latest_filename' collides with 'save_path': 'checkpoint' and 'checkpoint'");
}

TEST_F(SaverProgram, AFailedSaveBlamesTheFolderWhenThereIsNone) {
    const std::string other = R"({"let": "other", "call": "Session"}, {"call": "$saver.save", "args": ["$other", )";
    evaluate(other + R"("./model"]})");
    EXPECT_TRUE(error().starts_with("FailedPreconditionError: Attempting to use uninitialized value a\n")) << error();
    evaluate(other + R"("model"]})");
    EXPECT_EQ(error(), "ValueError: Parent directory of model doesn't exist, can't save.");
    EXPECT_EQ(evaluator_->error()->variable, "a") << "the reason is still known";
}

TEST_F(SaverProgram, SessionsCanStartRestored) {
    const std::vector<ops::NamedTensor> tensors = {{"a", Tensor::of<float>(Shape{2}, {8, 9})},
                                                   {"c", Tensor::scalar(1.0F)}};
    ASSERT_TRUE(write_checkpoint((folder_ / "m").string(), tensors).ok());
    const std::string text = R"({"format": "rnnscope/1", "program": [
        {"let": "a", "call": "get_variable", "args": ["a", [2]]},
        {"let": "b", "call": "get_variable", "args": ["b", []]},
        {"let": "sess", "call": "Session"}, {"let": "value", "call": "$sess.run", "args": ["$a"]}]})";
    EvaluatorOptions options;
    options.restore = (folder_ / "m").string();
    evaluate_text(text, options);
    EXPECT_EQ(error(), "");
    EXPECT_EQ(this->text("value"), "array([8. 9.], dtype=float32)");
    EXPECT_EQ(heard_.restored, std::vector<std::string>{"a"});
    EXPECT_EQ(runtime::to_text(evaluator_->restore_report(SessionId(0))),
              "1 of 2 variables restored; missing: b; not used: c");
    options.restore = (folder_ / "gone").string();
    evaluate_text(text, options);
    EXPECT_TRUE(error().starts_with("NotFoundError: Unsuccessful TensorSliceReader constructor")) << error();
}

} // namespace
} // namespace rnnscope::program
