// Saving and restoring: the ops in a session, the overlay they write into, and restoring without ops.

#include "core/import/checkpoint_overlay.hpp"
#include "core/ops/op_def.hpp"
#include "core/runtime/restore.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace rnnscope::runtime {
namespace {

namespace fs = std::filesystem;

struct Silent : RunObserver {
    void on_event(const Event&) override {}
};

class CheckpointOps : public ::testing::Test {
  protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "rnnscope_save_XXXXXX").string();
        ASSERT_NE(mkdtemp(name.data()), nullptr);
        folder_ = name;
        store_ = std::make_shared<CheckpointOverlay>(folder_.string());
    }
    void TearDown() override { fs::remove_all(folder_); }

    Output add(std::string op, std::vector<Output> inputs, AttrMap attrs = {}, std::string name = {}) {
        ops::NodeSpec spec;
        spec.name = name.empty() ? fmt::format("{}_{}", op, graph_.size()) : std::move(name);
        spec.op = std::move(op);
        spec.inputs = std::move(inputs);
        spec.attrs = std::move(attrs);
        const auto id = ops::add_node(graph_, std::move(spec));
        EXPECT_TRUE(id.ok()) << id.error().message;
        return id.ok() ? Output{*id, 0} : Output{};
    }
    Output constant(const Tensor& value) { return add("Const", {}, {{"dtype", value.dtype()}, {"value", value}}); }
    Output text(std::string value) { return constant(Tensor::scalar(std::move(value))); }
    Output texts(std::vector<std::string> values) {
        const auto count = static_cast<std::int64_t>(values.size());
        return constant(Tensor::of<std::string>(Shape{count}, std::move(values)));
    }
    Output save(std::string prefix, std::vector<std::string> names, std::vector<Output> tensors) {
        std::vector<Output> inputs{text(std::move(prefix)), texts(names),
                                   texts(std::vector<std::string>(names.size()))};
        inputs.insert(inputs.end(), tensors.begin(), tensors.end());
        return add("SaveV2", inputs);
    }
    Output restore(std::string prefix, std::vector<std::string> names, std::vector<DType> dtypes,
                   std::vector<std::string> slices = {}) {
        slices.resize(names.size());
        return add("RestoreV2", {text(std::move(prefix)), texts(names), texts(slices)},
                   {{"dtypes", attr_list(dtypes)}});
    }
    /// The fetched values, or the error.
    Result<std::vector<Tensor>> run(RunRequest request) {
        SessionOptions options;
        options.checkpoints = store_;
        Session session(graph_, options);
        auto started = session.start(std::move(request));
        if (!started) return started.error();
        Silent silent;
        (*started)->finish(silent);
        if (const auto& error = (*started)->error()) return Error{error->error_class, error->message};
        return (*started)->results();
    }
    Status run_op(Output op) {
        auto result = run({{}, {}, {op.node}});
        return result ? Status() : result.error();
    }
    Error failure(Output fetch) {
        auto result = run({{fetch}, {}, {}});
        EXPECT_FALSE(result.ok());
        return result ? Error{} : result.error();
    }

    Graph graph_;
    fs::path folder_;
    std::shared_ptr<CheckpointOverlay> store_;
    const Tensor floats_ = Tensor::of<float>(Shape{2}, {1, 2});
    const Tensor seven_ = Tensor::scalar(std::int64_t{7});
};

TEST_F(CheckpointOps, WhatIsSavedIsRestoredAndNothingIsWritten) {
    ASSERT_TRUE(run_op(save("run/model", {"b", "a"}, {constant(floats_), constant(seven_)})).ok());
    EXPECT_TRUE(fs::is_empty(folder_));
    const Output back = restore("./run/../run/model", {"a", "b"}, {DType::int64, DType::float32});
    const auto values = run({{back, Output{back.node, 1}}, {}, {}});
    ASSERT_TRUE(values.ok()) << values.error().message;
    EXPECT_TRUE((*values)[0].identical(seven_));
    EXPECT_TRUE((*values)[1].identical(floats_));
    ASSERT_TRUE(store_->write_to_disk().ok());
    const auto written = Checkpoint::open((folder_ / "run/model").string());
    ASSERT_TRUE(written.ok()) << written.error().message;
    EXPECT_TRUE(written->read("b")->identical(floats_));
}

TEST_F(CheckpointOps, FilesAreReadUntilTheProgramSavesOverThem) {
    ASSERT_TRUE(write_checkpoint((folder_ / "m").string(), std::vector<ops::NamedTensor>{{"a", floats_}}).ok());
    const Output back = restore("m", {"a"}, {DType::float32});
    EXPECT_TRUE((*run({{back}, {}, {}}))[0].identical(floats_));
    const Tensor other = Tensor::of<float>(Shape{1}, {5});
    ASSERT_TRUE(run_op(save((folder_ / "m").string(), {"a"}, {constant(other)})).ok());
    EXPECT_TRUE((*run({{back}, {}, {}}))[0].identical(other));
    EXPECT_TRUE(Checkpoint::open((folder_ / "m").string())->read("a")->identical(floats_)) << "the file is as it was";
    store_ = std::make_shared<CheckpointOverlay>(folder_.string());
    EXPECT_TRUE((*run({{back}, {}, {}}))[0].identical(floats_)) << "the next evaluation begins with the file";
}

TEST_F(CheckpointOps, ErrorsAreTensorFlows) {
    ASSERT_TRUE(run_op(save("saved", {"a", "b"}, {constant(floats_), constant(seven_)})).ok());
    ASSERT_TRUE(store_->write_to_disk().ok());
    fs::rename(folder_ / "saved.index", folder_ / "file.index");
    fs::rename(folder_ / "saved.data-00000-of-00001", folder_ / "file.data-00000-of-00001");
    for (const char* prefix : {"saved", "file"}) { // from memory and from disk the same
        SCOPED_TRACE(prefix);
        EXPECT_EQ(failure(restore(prefix, {"zz", "c", "a"}, {DType::float32, DType::float32, DType::float32})),
                  (Error{"NotFoundError", "Key c not found in checkpoint"}));
        EXPECT_EQ(failure(restore(prefix, {"b", "a"}, {DType::float32, DType::float64})),
                  (Error{"InvalidArgumentError",
                         "tensor_name = a; expected dtype double does not equal original dtype float\n"
                         "tensor_name = b; expected dtype float does not equal original dtype int64"}));
        const Error slices = failure(restore(prefix, {"a"}, {DType::float32}, {"4 2 0,2:-"}));
        EXPECT_EQ(slices.code, "UnimplementedError");
        EXPECT_NE(slices.message.find("4 2 0,2:- of a"), std::string::npos);
    }
    EXPECT_EQ(failure(restore("nothing", {"a"}, {DType::float32})),
              (Error{"NotFoundError",
                     "Unsuccessful TensorSliceReader constructor: Failed to find any matching files for nothing"}));
    std::ofstream(folder_ / "old") << "V1";
    EXPECT_NE(failure(restore("old", {"a"}, {DType::float32})).message.find("V1 checkpoint (TensorSliceReader)"),
              std::string::npos);
    std::ofstream(folder_ / "bad.index") << std::string(100, 'x');
    EXPECT_NE(failure(restore("bad", {"a"}, {DType::float32})).message.find("not an sstable (bad magic number)"),
              std::string::npos);
    EXPECT_EQ(run_op(save("twice", {"a", "a"}, {constant(floats_), constant(floats_)})).error().message,
              "Adding duplicate key: a");
}

TEST_F(CheckpointOps, FedNamesMustFitTheTensors) {
    const Output names = add("Placeholder", {}, {{"dtype", DType::string}, {"shape", Shape::unknown_rank()}});
    const Output slices = add("Placeholder", {}, {{"dtype", DType::string}, {"shape", Shape::unknown_rank()}});
    const Output op = add("SaveV2", {text("m"), names, slices, constant(floats_)});
    const auto message = [&](std::int64_t name_count, std::int64_t slice_count) {
        const auto strings = [](std::int64_t n) { return Tensor::zeros(DType::string, n < 0 ? Shape{} : Shape{n}); };
        const auto result = run({{}, {{names, strings(name_count)}, {slices, strings(slice_count)}}, {op.node}});
        return result ? std::string() : result.error().message;
    };
    EXPECT_EQ(message(1, 1), "");
    EXPECT_EQ(message(2, 2), "Got 2 tensor names but 1 tensors.");
    EXPECT_EQ(message(1, 2), "tensor_names and shape_and_slices have different number of elements: 1 vs. 2");
    EXPECT_EQ(message(-1, 1),
              "Input tensor_names and shape_and_slices should be an 1-D tensors, got [] and [1] instead.");
}

TEST_F(CheckpointOps, MergesShards) {
    ASSERT_TRUE(run_op(save("part-0", {"a"}, {constant(floats_)})).ok());
    ASSERT_TRUE(run_op(save("part-1", {"b"}, {constant(seven_)})).ok());
    const Output names = texts({"part-0", "part-1"});
    ASSERT_TRUE(run_op(add("MergeV2Checkpoints", {names, text("all")})).ok());
    EXPECT_TRUE(run({{restore("all", {"b"}, {DType::int64})}, {}, {}}).ok());
    EXPECT_FALSE(store_->exists("part-0")) << "deleted by default";
    EXPECT_EQ(run_op(add("MergeV2Checkpoints", {texts({"all", "all"}), text("more")})).error().message.substr(0, 24),
              "Duplicate tensor keyed b");
    EXPECT_EQ(run_op(add("MergeV2Checkpoints", {texts({"gone"}), text("more")})).error().code, "NotFoundError");
}

TEST_F(CheckpointOps, TheStateNamesTheLatest) {
    EXPECT_EQ(store_->latest("."), std::nullopt);
    std::ofstream(folder_ / "checkpoint") << "model_checkpoint_path: \"m-1\"\n";
    EXPECT_EQ(store_->latest("."), std::nullopt) << "no files for it";
    ASSERT_TRUE(store_->save("m-1", {{"a", floats_}}).ok());
    EXPECT_EQ(store_->latest("."), "./m-1");
    store_->set_state("", {"m-2", {"m-1", "m-2"}});
    ASSERT_TRUE(store_->save("m-2", {{"a", floats_}}).ok());
    EXPECT_EQ(store_->latest(""), "m-2");
    EXPECT_EQ(store_->latest("./"), "./m-2");
}

class RestoreSession : public CheckpointOps {
  protected:
    VariableId variable(const std::string& name, const Shape& shape, bool resource) {
        const AttrMap attrs{{"dtype", DType::float32}, {"shape", shape}};
        const Output op = add(resource ? "VarHandleOp" : "VariableV2", {}, attrs, name);
        Variable made;
        made.name = name;
        made.op = op.node;
        made.is_resource = resource;
        made.dtype = DType::float32;
        made.shape = shape;
        return graph_.add_variable(made);
    }
};

TEST_F(RestoreSession, SetsWhatFitsAndReportsTheRest) {
    const VariableId ref = variable("ref", Shape{2}, false), handle = variable("handle", Shape{2}, true);
    const VariableId absent = variable("absent", Shape{2}, false), small = variable("small", Shape{3}, false);
    variable("step", Shape{}, false);
    const std::vector<ops::NamedTensor> tensors = {
        {"handle", floats_}, {"other", floats_}, {"ref", floats_}, {"small", floats_}, {"step", seven_}};
    ASSERT_TRUE(write_checkpoint((folder_ / "m").string(), tensors).ok());
    Session session(graph_);
    const auto report = restore_session(session, *Checkpoint::open((folder_ / "m").string()));
    ASSERT_TRUE(report.ok()) << report.error().message;
    ASSERT_EQ(report->restored.size(), 2u);
    EXPECT_EQ(report->restored[0].name, "ref");
    EXPECT_TRUE(report->restored[1].value.identical(floats_));
    EXPECT_EQ(to_text(*report), "2 of 5 variables restored; missing: absent; of another type or shape: small (Assign "
                                "requires shapes of both tensors to match. lhs shape= [3] rhs shape= [2]), step "
                                "(tensor_name = step; expected dtype float does not equal original dtype int64); not "
                                "used: other");
    for (const VariableId id : {ref, handle}) {
        ASSERT_TRUE(session.is_initialized(graph_.variable(id)));
        EXPECT_TRUE(session.storage(graph_.variable(id))->value->identical(floats_));
    }
    for (const VariableId id : {absent, small}) EXPECT_FALSE(session.is_initialized(graph_.variable(id)));
    // The ops find what was restored.
    const Output read = add("ReadVariableOp", {{graph_.variable(handle).op, 0}}, {{"dtype", DType::float32}});
    auto run = session.start({{read, Output{graph_.variable(ref).op, 0}}, {}, {}});
    ASSERT_TRUE(run.ok());
    Silent silent;
    (*run)->finish(silent);
    ASSERT_FALSE((*run)->error()) << (*run)->error()->message;
    for (const Tensor& value : (*run)->results()) EXPECT_TRUE(value.identical(floats_));
}

TEST_F(RestoreSession, ADamagedFileChangesNothing) {
    const VariableId first = variable("a", Shape{2}, false);
    variable("b", Shape{2}, false);
    const std::vector<ops::NamedTensor> tensors = {{"a", floats_}, {"b", floats_}};
    ASSERT_TRUE(write_checkpoint((folder_ / "m").string(), tensors).ok());
    fs::resize_file(folder_ / "m.data-00000-of-00001", 15);
    Session session(graph_);
    const auto report = restore_session(session, *Checkpoint::open((folder_ / "m").string()));
    EXPECT_EQ(report.error().code, "DataLossError");
    EXPECT_FALSE(session.is_initialized(graph_.variable(first)));
}

} // namespace
} // namespace rnnscope::runtime
