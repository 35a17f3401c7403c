#include "core/graph/graphdef.hpp"
#include "tests/core/graph/raw_graph.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace rnnscope {
namespace {

using testing::append_raw;
using testing::read_file;

std::vector<NodeDefData> must_parse(const std::string& json) {
    auto nodes = parse_graphdef_json(json);
    EXPECT_TRUE(nodes.ok()) << (nodes.ok() ? "" : nodes.error().message);
    return nodes.ok() ? *std::move(nodes) : std::vector<NodeDefData>{};
}

/// One Const with the given TensorProto in JSON.
std::string const_json(const std::string& tensor) {
    return R"({"node":[{"name":"c","op":"Const","attr":{"value":{"tensor":)" + tensor + "}}}]}";
}

Tensor constant(const std::string& tensor) {
    const auto nodes = must_parse(const_json(tensor));
    if (nodes.size() != 1) return {};
    const auto* value = nodes[0].attrs.at("value").as<Tensor>();
    return value != nullptr ? *value : Tensor();
}

std::string refusal(const std::string& tensor) {
    const auto nodes = parse_graphdef_json(const_json(tensor));
    return nodes.ok() ? "accepted" : nodes.error().message;
}

Graph& with_const(Graph& graph, const std::string& name, Tensor value) {
    Node node;
    node.name = name;
    node.op = "Const";
    node.attrs["dtype"] = value.dtype();
    node.outputs = {{value.dtype(), false, value.shape()}};
    node.attrs["value"] = std::move(value);
    graph.append(std::move(node));
    return graph;
}

TEST(GraphDefImport, ReadsBothSpellingsOfFieldNames) {
    const Tensor expected = Tensor::of<std::int32_t>({2}, {1, 0});
    EXPECT_TRUE(constant(R"({"dtype":"DT_INT32","tensorShape":{"dim":[{"size":"2"}]},"tensorContent":"AQAAAAAAAAA="})")
                    .identical(expected));
    EXPECT_TRUE(constant(R"({"dtype":3,"tensor_shape":{"dim":[{"size":2}]},"tensor_content":"AQAAAAAAAAA="})")
                    .identical(expected));
}

TEST(GraphDefImport, AShortFieldRepeatsItsLastValueAndAnEmptyOneIsZeros) {
    EXPECT_TRUE(constant(R"({"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"4"}]},"float_val":[1,2.5]})")
                    .identical(Tensor::of<float>({4}, {1, 2.5F, 2.5F, 2.5F})));
    EXPECT_TRUE(constant(R"({"dtype":"DT_INT64","tensor_shape":{"dim":[{"size":"2"}]}})")
                    .identical(Tensor::of<std::int64_t>({2}, {0, 0})));
    EXPECT_TRUE(constant(R"({"dtype":"DT_INT32","tensor_shape":{"dim":[{"size":"1"}]},"int_val":[7,8]})")
                    .identical(Tensor::of<std::int32_t>({1}, {7})));
}

TEST(GraphDefImport, ReadsEveryTypedField) {
    EXPECT_EQ(constant(R"({"dtype":"DT_DOUBLE","tensor_shape":{},"double_val":["NaN"]})").elements(), 1);
    EXPECT_TRUE(std::isnan(constant(R"({"dtype":"DT_DOUBLE","tensor_shape":{},"double_val":["NaN"]})").number(0)));
    EXPECT_EQ(constant(R"({"dtype":"DT_UINT8","tensor_shape":{},"int_val":[200]})").integer(0), 200);
    EXPECT_EQ(constant(R"({"dtype":"DT_INT8","tensor_shape":{},"int_val":[-3]})").integer(0), -3);
    EXPECT_EQ(constant(R"({"dtype":"DT_INT16","tensor_shape":{},"int_val":[-300]})").integer(0), -300);
    EXPECT_EQ(constant(R"({"dtype":"DT_UINT64","tensor_shape":{},"uint64_val":["12"]})").integer(0), 12);
    EXPECT_EQ(constant(R"({"dtype":"DT_HALF","tensor_shape":{},"half_val":[15360]})").number(0), 1.0);
    EXPECT_EQ(constant(R"({"dtype":"DT_BFLOAT16","tensor_shape":{},"half_val":[16256]})").number(0), 1.0);
    EXPECT_TRUE(constant(R"({"dtype":"DT_BOOL","tensor_shape":{},"bool_val":[true]})").identical(Tensor::scalar(true)));
    EXPECT_TRUE(constant(R"({"dtype":"DT_STRING","tensor_shape":{},"string_val":["YWI="]})")
                    .identical(Tensor::scalar<std::string>("ab")));
    EXPECT_EQ(constant(R"({"dtype":"DT_COMPLEX64","tensor_shape":{},"scomplex_val":[1,2]})").byte_size(), 8U);
    // Encoded strings: lengths 1 and 2, then the bytes "abc".
    EXPECT_TRUE(constant(R"({"dtype":"DT_STRING","tensor_shape":{"dim":[{"size":"2"}]},"tensor_content":"AQJhYmM="})")
                    .identical(Tensor::of<std::string>({2}, {"a", "bc"})));
}

TEST(GraphDefImport, RefusesDamagedConstants) {
    EXPECT_EQ(refusal(R"({"dtype":"DT_INT32","tensor_shape":{"dim":[{"size":"2"}]},"tensor_content":"AQAAAA=="})"),
              "node \"c\", attribute \"value\": int32 constant of shape [2] has 4 bytes of content instead of 8");
    EXPECT_EQ(refusal(R"({"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"-1"}]}})"),
              "node \"c\", attribute \"value\": constant of incomplete shape [?]");
    EXPECT_EQ(refusal(R"({"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"4611686018427387904"},{"size":"4"}]}})"),
              "node \"c\", attribute \"value\": constant of shape [4611686018427387904,4] is too large");
    EXPECT_EQ(refusal(R"({"dtype":"DT_STRING","tensor_shape":{"dim":[{"size":"9"}]},"tensor_content":"AQJhYmM="})"),
              "node \"c\", attribute \"value\": string constant with too few strings");
    EXPECT_EQ(refusal(R"({"dtype":77,"tensor_shape":{}})"), "node \"c\", attribute \"value\": unknown data type 77");
    EXPECT_EQ(parse_graphdef_json("{\"node\": 3").error().code, "graphdef.json");
    EXPECT_EQ(parse_graphdef_binary("\x0A\x7F").error().code, "graphdef.binary");
}

TEST(GraphDefExport, EncodesTensorsAsPythonDoes) {
    Graph graph;
    with_const(graph, "scalar", Tensor::scalar(0.5F));
    with_const(graph, "fill", Tensor::of<float>({3}, {1, 1, 1}));
    with_const(graph, "array", Tensor::of<std::int32_t>({2}, {4, 4}));
    with_const(graph, "bools", Tensor::of_bools({2}, {true, true}));
    with_const(graph, "empty", Tensor::zeros(DType::int32, {0}));
    const std::string json = to_graphdef_json(graph);
    const auto squeezed = [](std::string text) {
        std::erase_if(text, [](char c) { return c == ' ' || c == '\n'; });
        return text;
    };
    EXPECT_EQ(squeezed(json), squeezed(R"({"node":[
          {"name":"scalar","op":"Const","attr":{"dtype":{"type":"DT_FLOAT"},
            "value":{"tensor":{"dtype":"DT_FLOAT","tensor_shape":{},"float_val":[0.5]}}}},
          {"name":"fill","op":"Const","attr":{"dtype":{"type":"DT_FLOAT"},
            "value":{"tensor":{"dtype":"DT_FLOAT","tensor_shape":{"dim":[{"size":"3"}]},"float_val":[1]}}}},
          {"name":"array","op":"Const","attr":{"dtype":{"type":"DT_INT32"},
            "value":{"tensor":{"dtype":"DT_INT32","tensor_shape":{"dim":[{"size":"2"}]},"tensor_content":"BAAAAAQAAAA="}}}},
          {"name":"bools","op":"Const","attr":{"dtype":{"type":"DT_BOOL"},
            "value":{"tensor":{"dtype":"DT_BOOL","tensor_shape":{"dim":[{"size":"2"}]},"bool_val":[true,true]}}}},
          {"name":"empty","op":"Const","attr":{"dtype":{"type":"DT_INT32"},
            "value":{"tensor":{"dtype":"DT_INT32","tensor_shape":{"dim":[{}]}}}}}],
          "versions":{"producer":134}})"));
}

TEST(GraphDefExport, EveryConstantSurvivesAllThreeForms) {
    const std::vector<Tensor> tensors = {
        Tensor::of<float>({4}, {0.1F, -0.0F, std::numeric_limits<float>::infinity(), 1e-40F}),
        Tensor::of<double>({2}, {0.1, 0.1}),
        Tensor::of<std::int64_t>({1, 1}, {-5}),
        Tensor::of<std::uint8_t>({3}, {1, 2, 255}),
        Tensor::of<std::int16_t>({}, {-7}),
        Tensor::of<std::uint64_t>({}, {7}),
        Tensor::of_bools({3}, {true, false, true}),
        Tensor::of<std::string>({2}, {std::string("a\0b", 3), "\xFF"}),
        Tensor::zeros(DType::half, {2, 2}),
        Tensor::zeros(DType::float32, {2, 0}),
    };
    Graph graph;
    for (std::size_t i = 0; i < tensors.size(); ++i) with_const(graph, "c" + std::to_string(i), tensors[i]);
    const auto from_json = must_parse(to_graphdef_json(graph));
    const auto from_binary = parse_graphdef_binary(to_graphdef_binary(graph));
    ASSERT_TRUE(from_binary.ok());
    ASSERT_EQ(from_json.size(), tensors.size());
    for (std::size_t i = 0; i < tensors.size(); ++i) {
        EXPECT_TRUE(from_json[i].attrs.at("value").as<Tensor>()->identical(tensors[i])) << i;
        EXPECT_TRUE((*from_binary)[i].attrs.at("value").as<Tensor>()->identical(tensors[i])) << i;
    }
}

TEST(GraphDefExport, ControlInputsFollowSortedByName) {
    Graph graph;
    for (const char* name : {"b", "a", "x"}) with_const(graph, name, Tensor::scalar(1.0F));
    Node node;
    node.name = "n";
    node.op = "Identity";
    node.inputs = {{graph.find("x"), 0}};
    node.control_inputs = {graph.find("b"), graph.find("a")};
    node.outputs.resize(1);
    graph.append(std::move(node));
    EXPECT_EQ(must_parse(to_graphdef_json(graph)).back().inputs, (std::vector<std::string>{"x", "^a", "^b"}));
    EXPECT_NE(to_graphdef_text(graph).find("input: \"x\"\n  input: \"^a\"\n  input: \"^b\"\n"), std::string::npos);
    EXPECT_NE(to_ops_text(graph).find("n(x, ^b, ^a)"), std::string::npos); // creation order
}

TEST(OpsText, PrintsValuesAsPython) {
    Graph graph;
    with_const(graph, "a", Tensor::of<float>({5}, {1e-8F, 1e16F, 123456.0F, 0.1F, -2.0F}));
    with_const(graph, "b", Tensor::of<std::string>({2}, {"it's", "\x01\n"}));
    with_const(graph, "c", Tensor::of_bools({2, 1}, {true, false}));
    with_const(graph, "d", Tensor::zeros(DType::float32, {3, 3}));
    with_const(graph, "e", Tensor::of<double>({3}, {1e22, 1e-5, 0.0001}));
    EXPECT_EQ(to_ops_text(graph),
              "   1 Const                a()  {dtype=float32 value=[9.99999993922529e-09, 1.0000000272564224e+16, "
              "123456.0, 0.10000000149011612, -2.0]}\n"
              "   2 Const                b()  {dtype=string value=[b\"it's\", b'\\x01\\n']}\n"
              "   3 Const                c()  {dtype=bool value=[[True], [False]]}\n"
              "   4 Const                d()  {dtype=float32 value=<[3, 3]>}\n"
              "   5 Const                e()  {dtype=float64 value=[1e+22, 1e-05, 0.0001]}\n");
}

/// The ops text of a golden without its title, with the control inputs of each line sorted: the GraphDef that it is
/// compared with has lost their order of creation.
std::vector<std::string> comparable_lines(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
        if (line.starts_with("#")) continue;
        const std::size_t first = line.find('^');
        const std::size_t end = line.find(")  {");
        if (first != std::string::npos && first < end) {
            std::vector<std::string> controls;
            std::istringstream inputs(line.substr(first, end - first));
            for (std::string input; inputs >> input;) controls.push_back(input.substr(0, input.find(',')));
            std::ranges::sort(controls);
            std::string sorted;
            for (const std::string& control : controls) sorted += control + " ";
            line.replace(first, end - first, sorted);
        }
        lines.push_back(line);
    }
    return lines;
}

TEST(GraphDefGolden, EveryGoldenReadsAndPrintsAsItsOpsText) {
    const std::filesystem::path golden = std::filesystem::path(RNNSCOPE_SHARED_DIR) / "golden";
    if (!std::filesystem::exists(golden)) GTEST_SKIP() << "the golden graphs are not here: " << golden;
    int compared = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(golden)) {
        std::string path = entry.path().string();
        if (!path.ends_with(".ops.txt")) continue;
        path.resize(path.size() - std::string(".ops.txt").size());
        SCOPED_TRACE(path);
        const auto nodes = must_parse(read_file(path + ".graphdef.json"));
        Graph graph;
        append_raw(graph, nodes);
        const auto expected = comparable_lines(read_file(path + ".ops.txt"));
        const auto actual = comparable_lines(to_ops_text(graph));
        ASSERT_EQ(actual.size(), expected.size());
        for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_EQ(actual[i], expected[i]);

        const auto binary = parse_graphdef_binary(read_file(path + ".graphdef.pb"));
        ASSERT_TRUE(binary.ok()) << binary.error().message;
        Graph same;
        append_raw(same, *binary);
        EXPECT_EQ(to_graphdef_json(same), to_graphdef_json(graph));
        EXPECT_EQ(to_graphdef_binary(same), to_graphdef_binary(graph));

        Graph again;
        append_raw(again, must_parse(to_graphdef_json(graph)));
        EXPECT_EQ(to_ops_text(again), to_ops_text(graph));
        ++compared;
    }
    EXPECT_GE(compared, 60);
}

} // namespace
} // namespace rnnscope
