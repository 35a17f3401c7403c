// While a graph file is read, memory stays within twice the file and 64 MB. tests/bench/graph_memory.py measures more
// kinds and sizes.

#include "core/import/graph_file.hpp"
#include "tests/core/import/protobuf_bytes.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

namespace rnnscope {
namespace {

using testing::attr, testing::field, testing::node_def, testing::number;

constexpr std::size_t megabyte = std::size_t{1} << 20;

/// "VmHWM" (the peak) or "VmRSS" (now) of this process in bytes.
std::size_t resident(std::string_view which) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with(which)) return std::stoul(line.substr(which.size() + 1)) * 1024;
    return 0;
}

class GraphMemory : public ::testing::Test {
  protected:
    void SetUp() override {
#if defined(__SANITIZE_ADDRESS__)
        GTEST_SKIP() << "the address sanitizer takes memory of its own";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
        GTEST_SKIP() << "the address sanitizer takes memory of its own";
#endif
#endif
        if (!reset_peak()) GTEST_SKIP() << "the system does not let a process forget its peak";
    }

    static bool reset_peak() {
        return static_cast<bool>(std::ofstream("/proc/self/clear_refs") << "5" << std::flush);
    }

    /// Reads the graph, whose bytes count too, and says what it takes at most.
    static LoadedGraph read(std::string content, std::string_view what) {
        const std::size_t size = content.size(), before = resident("VmRSS") - size;
        reset_peak();
        LoadedGraph loaded = read_graph_file(std::move(content), "graph.pb");
        const std::size_t peak = resident("VmHWM"), growth = peak - std::min(peak, before);
        EXPECT_LE(growth, 2 * size + 64 * megabyte) << what;
        return loaded;
    }
    static std::size_t nodes(const LoadedGraph& loaded) {
        const auto* file = std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
        return file != nullptr ? (*file)->nodes.size() : 0;
    }
};

/// A Const of floats; `values` is the field of TensorProto that holds them.
std::string constant(std::uint64_t elements, const std::string& values) {
    const std::string tensor = number(1, 1) + field(2, field(2, number(1, elements))) + values;
    return field(1, node_def("w", "Const", attr("dtype", number(6, 1)) + attr("value", field(8, tensor))));
}

TEST_F(GraphMemory, OneLargeConstant) {
    constexpr std::size_t elements = 20 * megabyte;
    const float ends[2] = {1.5F, -2.5F};
    for (const std::uint32_t values : {4, 5}) { // tensor_content, float_val
        std::string content(elements * 4, '\0');
        std::memcpy(content.data(), &ends[0], 4);
        std::memcpy(content.data() + content.size() - 4, &ends[1], 4);
        content = constant(elements, field(values, content));
        const LoadedGraph loaded = read(std::move(content), fmt::format("field {}", values));
        ASSERT_EQ(nodes(loaded), 1U);
        const auto& file = *std::get<std::shared_ptr<const GraphFile>>(loaded);
        const Tensor tensor = *file.nodes[0].attrs.at("value").as<Tensor>();
        ASSERT_EQ(tensor.elements(), static_cast<std::int64_t>(elements));
        EXPECT_EQ(tensor.values<float>().front(), ends[0]);
        EXPECT_EQ(tensor.values<float>().back(), ends[1]);
    }
}

TEST_F(GraphMemory, LargeConstantsThatAreDamaged) {
    const std::string values(16 * megabyte, 'x'), whole = constant(4 * megabyte, field(4, values));
    for (const std::string& damaged :
         {whole.substr(0, whole.size() / 2), constant(std::uint64_t{1} << 29, field(4, values)),
          field(1, "x").substr(0, 1) + testing::varint(0x7FFFFFFF) + whole.substr(5)})
        EXPECT_EQ(nodes(read(damaged, "damaged")), 0U);
}

TEST_F(GraphMemory, RepeatedValuesAreMadeWhenTheyAreAskedFor) {
    const float value = 0.5F;
    std::string bytes(4, '\0');
    std::memcpy(bytes.data(), &value, 4);
    std::string many;
    for (int i = 0; i < 100; ++i) many += constant(64 * megabyte, field(5, bytes));
    const LoadedGraph loaded = read(many, "100 constants of 256 MB");
    ASSERT_EQ(nodes(loaded), 100U);
    const Tensor tensor = *std::get<0>(loaded)->nodes[7].attrs.at("value").as<Tensor>();
    EXPECT_EQ(tensor.number(tensor.elements() - 1), 0.5);
    EXPECT_TRUE(tensor.is_repeated());
}

TEST_F(GraphMemory, ManyNodes) {
    std::string graph;
    for (int i = 0; i < 300000; ++i)
        graph += field(
            1, node_def(fmt::format("rnn/while/cell_0/basic_lstm_cell/gate_{}", i), "Add",
                        field(3, "rnn/while/cell_0/x") + field(3, "rnn/while/cell_0/y") + attr("T", number(6, 1))));
    EXPECT_EQ(nodes(read(std::move(graph), "300000 nodes")), 300000U);
}

} // namespace
} // namespace rnnscope
