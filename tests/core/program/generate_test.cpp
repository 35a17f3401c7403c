#include "core/program/generate.hpp"

#include <cmath>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>

namespace rnnscope::program {
namespace {

std::vector<double> values(const GenerateExpr& data) {
    const Tensor tensor = generate(data);
    std::vector<double> result;
    for (std::int64_t i = 0; i < tensor.elements(); ++i) result.push_back(tensor.number(i));
    return result;
}

TEST(Generate, FollowsItsFormulas) {
    EXPECT_EQ(values({"zeros", {2}, {}}), (std::vector<double>{0, 0}));
    EXPECT_EQ(values({"ones", {2}, {}}), (std::vector<double>{1, 1}));
    EXPECT_EQ(values({"constant", {2}, {{"value", 2.5}}}), (std::vector<double>{2.5, 2.5}));
    EXPECT_EQ(values({"arange", {3}, {{"start", -1}, {"step", 0.5}}}), (std::vector<double>{-1, -0.5, 0}));
    EXPECT_EQ(values({"sin", {2}, {}}), (std::vector<double>{0, std::sin(0.1)}));
    EXPECT_EQ(generate({"zeros", {2, 3}, {}}).dtype(), DType::float64);
    EXPECT_EQ(generate({"zeros", {2, 3}, {}, DType::float32}).dtype(), DType::float32);
    EXPECT_EQ(generate({"zeros", {2, 0, 3}, {}}).elements(), 0);
}

// Printed by numpy 1.x: np.random.RandomState(42).uniform(size=3), np.random.RandomState(42).normal(size=3)
TEST(Generate, RandomNumbersAreNumpys) {
    EXPECT_EQ(values({"uniform", {3}, {{"seed", 42}}}),
              (std::vector<double>{0.3745401188473625, 0.9507143064099162, 0.7319939418114051}));
    EXPECT_EQ(values({"normal", {3}, {{"seed", 42}}}),
              (std::vector<double>{0.4967141530112327, -0.13826430117118466, 0.6476885381006925}));
}

TEST(DataFiles, ReadWhatNumpyWrites) {
    const auto folder = std::filesystem::temp_directory_path() / "rnnscope_data_files";
    std::filesystem::create_directories(folder);
    const auto write = [&](const std::string& name, const std::string& bytes) {
        std::ofstream(folder / name, std::ios::binary) << bytes;
    };
    std::string npy("\x93NUMPY\x01\x00\x46\x00", 10);
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), }";
    header.resize(0x46 - 1, ' ');
    npy += header + "\n";
    const float numbers[] = {1.5F, -2.0F};
    npy.append(reinterpret_cast<const char*>(numbers), sizeof numbers);
    write("x.npy", npy);
    write("x.csv", "1,2,3\n4,5,6.5\n");
    write("x.json", "[[1, 2], [3, 4]]");
    write("bad.csv", "1,2\n3\n");
    write("bad.json", "[[1, 2], [3]]");
    write("bad.npy", npy.substr(0, npy.size() - 1));
    const auto read = [&](const std::string& name) { return read_data_file(folder.string(), {name, ""}); };

    const auto array = read("x.npy");
    ASSERT_TRUE(array) << array.error().message;
    EXPECT_EQ(array->shape(), (Shape{2, 1}));
    EXPECT_EQ(array->values<float>()[1], -2.0F);
    EXPECT_EQ(read("x.csv")->number(5), 6.5);
    EXPECT_EQ(read("x.json")->dtype(), DType::int64);
    EXPECT_EQ(read("bad.csv").error().message, "\"bad.csv\" line 2 has 1 values, the lines before have 2");
    EXPECT_EQ(read("bad.json").error().code, "program.file");
    EXPECT_EQ(read("bad.npy").error().message,
              "\"bad.npy\" is no .npy file that can be read: its size does not fit its shape");
    EXPECT_EQ(read("absent.npy").error().code, "program.file");
    for (std::size_t length = 0; length < npy.size(); ++length) { // cut anywhere: an error, never a crash
        write("cut.npy", npy.substr(0, length));
        EXPECT_FALSE(read("cut.npy")) << length;
    }
    std::filesystem::remove_all(folder);
}

TEST(DataFiles, StayInTheProgramsFolder) {
    EXPECT_EQ(data_file_problem("data/x.npy"), "");
    EXPECT_FALSE(is_data_file("x.pb"));
    EXPECT_TRUE(is_data_file("x.csv"));
    for (const char* path : {"", "/x.npy", "../x.npy", "a/../../x.npy"}) EXPECT_NE(data_file_problem(path), "") << path;
}

} // namespace
} // namespace rnnscope::program
