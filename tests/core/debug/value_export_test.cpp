#include "core/debug/command.hpp"
#include "core/debug/value_export.hpp"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <limits>
#include <png.h>
#include <sstream>
#include <unistd.h>

using namespace rnnscope;
using namespace rnnscope::debug;

namespace {

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::filesystem::path temporary(const std::string& ending) {
    return std::filesystem::temp_directory_path() / ("rnnscope_value_" + std::to_string(getpid()) + ending);
}

void open_and_run(Debugger& debugger) {
    const Diagnostics mistakes = debugger.open(std::string(RNNSCOPE_SOURCE_DIR) + "/samples/programs/seed_a_ok.json");
    ASSERT_TRUE(mistakes.empty());
    ASSERT_TRUE(execute(debugger, {"run.continue", "", "test"}).ok());
    debugger.wait();
}

const std::string kernel = "rnn/rnn/multi_rnn_cell/cell_0/gru_cell/gates/kernel";

} // namespace

TEST(ValueExport, NpyIsWhatNumpyReads) {
    const auto bytes = npy_bytes(Tensor::of<float>(Shape{2, 3}, {1, 2, 3, 4, 5, 6}));
    ASSERT_TRUE(bytes);
    EXPECT_EQ(bytes->substr(0, 8), std::string("\x93NUMPY\x01\x00", 8));
    const std::size_t header = static_cast<unsigned char>((*bytes)[8]) + 256U * static_cast<unsigned char>((*bytes)[9]);
    EXPECT_EQ((10 + header) % 64, 0u);
    EXPECT_EQ((*bytes)[9 + header], '\n');
    EXPECT_TRUE(bytes->substr(10).starts_with("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }"));
    ASSERT_EQ(bytes->size(), 10 + header + 24);
    float last = 0;
    std::memcpy(&last, bytes->data() + bytes->size() - 4, 4);
    EXPECT_EQ(last, 6);
    EXPECT_NE(npy_bytes(Tensor::scalar<std::int64_t>(7))->find("'<i8', 'fortran_order': False, 'shape': (), }"),
              std::string::npos);
    EXPECT_NE(npy_bytes(Tensor::of<float>(Shape{1}, {1}))->find("'shape': (1,), }"), std::string::npos);
    EXPECT_EQ(npy_bytes(Tensor::scalar<std::string>("a")).error().code, "value.type");
}

TEST(ValueExport, TextsBringTheNumbersBack) {
    const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
    EXPECT_EQ(*csv_text(Tensor::of<float>(Shape{2, 2}, {0.1f, -2, 1e-7f, 3})), "0.1,-2\n1e-07,3\n");
    EXPECT_EQ(*csv_text(Tensor::of<std::int32_t>(Shape{2, 1, 2}, {1, 2, 3, 4})),
              "axis 0,axis 1,0,1\n0,0,1,2\n1,0,3,4\n");
    EXPECT_EQ(*csv_text(Tensor::scalar<double>(nan)), "nan\n");
    EXPECT_EQ(*numpy_text(Tensor::of<double>(Shape{1, 3}, {nan, -inf, 0.5})),
              "np.array([[np.nan, -np.inf, 0.5]], dtype=np.float64)");
    EXPECT_EQ(*numpy_text(Tensor::of_bools(Shape{2}, {true, false})), "np.array([True, False], dtype=np.bool_)");
    EXPECT_EQ(*numpy_text(Tensor::zeros(DType::float32, Shape{0, 3})), "np.array([], dtype=np.float32).reshape(0, 3)");
}

TEST(ValueExport, APictureHasACellForEachElement) {
    const auto bytes = png_bytes(Tensor::of<float>(Shape{1, 3}, {-2, 0, 2}));
    ASSERT_TRUE(bytes);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    ASSERT_TRUE(png_image_begin_read_from_memory(&image, bytes->data(), bytes->size()));
    image.format = PNG_FORMAT_RGB;
    ASSERT_EQ(image.width, 48u);
    ASSERT_EQ(image.height, 16u);
    std::vector<unsigned char> pixels(PNG_IMAGE_SIZE(image));
    ASSERT_TRUE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr));
    const auto pixel = [&](std::size_t x) { return &pixels[(8 * 48 + x) * 3]; };
    EXPECT_GT(pixel(4)[2], pixel(4)[0]) << "negative is blue";
    EXPECT_GT(pixel(44)[0], pixel(44)[2]) << "positive is orange";
    EXPECT_GT(pixel(24)[0], 230) << "zero is the paper";
}

TEST(ValueExport, TheCommandWritesTheValueAtThePosition) {
    Debugger debugger;
    open_and_run(debugger);
    for (const char* ending : {".npy", ".csv", ".png"}) {
        const auto path = temporary(ending);
        const auto said = execute(debugger, {"value.export", path.string() + " " + kernel, "test"});
        ASSERT_TRUE(said.ok()) << said.error().message;
        EXPECT_GT(std::filesystem::file_size(path), 1000u);
        EXPECT_FALSE(std::filesystem::exists(path.string() + ".part"));
        std::filesystem::remove(path);
    }
    ASSERT_TRUE(execute(debugger, {"select.variable", kernel, "test"}).ok());
    const auto path = temporary(".csv");
    ASSERT_TRUE(execute(debugger, {"value.export", path.string(), "test"}).ok());
    const std::string text = read_file(path);
    std::filesystem::remove(path);
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 74);
    EXPECT_FALSE(execute(debugger, {"value.export", "/nowhere/at/all.npy", "test"}).ok());
    EXPECT_FALSE(execute(debugger, {"value.export", temporary(".txt").string(), "test"}).ok());
    EXPECT_FALSE(execute(debugger, {"value.export", path.string() + " no_such_op", "test"}).ok());
}

TEST(ValueExport, KnowsTheValueOfTheTimeStepBefore) {
    Debugger debugger;
    open_and_run(debugger);
    const std::string op = "rnn/rnn/while/rnn/multi_rnn_cell/cell_0/gru_cell/add";
    const auto here = value_here(debugger, op);
    ASSERT_TRUE(here) << here.error().message;
    const Graph& graph = *debugger.graph();
    const RunId run(std::size_t{1});
    const std::vector<double> all = debugger.recording().elements(run, {graph.find(op), 0}, 5);
    ASSERT_GE(all.size(), 5u);
    EXPECT_EQ(here->value.number(5), all[4]);
    EXPECT_EQ(here->before.number(5), all[3]);
    EXPECT_FALSE(value_here(debugger, kernel)->before) << "written once";
}

TEST(ValueExport, WhatARunWasFedIsTheValueOfTheTensor) {
    Debugger debugger;
    open_and_run(debugger);
    const auto& feeds = debugger.recording().runs().back().info.request.feeds;
    ASSERT_EQ(feeds.size(), 1u);
    const auto here = value_here(debugger, debugger.graph()->tensor_name(feeds[0].output));
    ASSERT_TRUE(here) << here.error().message;
    EXPECT_TRUE(here->value.identical(feeds[0].value));
    debugger.go({debugger.recording().runs().back().first_tick});
    debugger.wait();
    EXPECT_FALSE(value_here(debugger, debugger.graph()->tensor_name(feeds[0].output))) << "the run has not begun";
}
