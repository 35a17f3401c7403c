#include "core/import/graph_file.hpp"
#include "core/import/graphdef_importer.hpp"
#include "tests/core/import/protobuf_bytes.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace rnnscope {
namespace {

using Kind = GraphFile::Kind;
using Encoding = GraphFile::Encoding;

using testing::attr, testing::field, testing::map_entry, testing::node_def, testing::number;

const std::string float_type = number(6, 1), two_shape = field(7, field(2, number(1, 2)));

std::string variable_graph() {
    return field(1, node_def("v", "VariableV2", attr("dtype", float_type) + attr("shape", two_shape))) +
           field(1, node_def("v/read", "Identity", field(3, "v") + attr("T", float_type))) + field(4, number(1, 26));
}

std::string meta_graph() {
    const std::string variable = field(1, "v:0") + field(2, "v/Assign") + field(3, "v/read:0");
    const std::string variables = map_entry("variables", field(2, field(1, variable)));
    const std::string outputs = map_entry("outputs", field(1, field(1, "v/read:0")));
    const std::string contexts = map_entry("while_context", field(2, field(1, field(1, "while/while_context"))));
    return field(1, field(4, "serve") + field(5, "1.7.0")) + field(2, variable_graph()) +
           field(3, field(1, "save/Const:0") + field(2, "save/control_dependency:0") + field(3, "save/restore_all") +
                        number(7, 2)) +
           field(4, variables) + field(4, outputs) + field(4, contexts) +
           field(5, map_entry("serving_default", field(1, map_entry("in", field(1, "v:0"))) +
                                                     field(2, map_entry("out", field(1, "v/read:0")))));
}

std::shared_ptr<const GraphFile> must_read(const std::string& content) {
    const LoadedGraph loaded = read_graph_file(content, "model");
    if (const auto* problems = std::get_if<Diagnostics>(&loaded)) ADD_FAILURE() << to_text(*problems);
    const auto* file = std::get_if<std::shared_ptr<const GraphFile>>(&loaded);
    return file != nullptr ? *file : std::make_shared<const GraphFile>();
}

std::string refusal(const std::string& content) {
    const LoadedGraph loaded = read_graph_file(content, "model");
    const auto* problems = std::get_if<Diagnostics>(&loaded);
    return problems != nullptr ? to_text(*problems) : "accepted";
}

TEST(GraphFile, ABinaryGraphDefIsReadNodeByNode) {
    const auto file = must_read(variable_graph());
    EXPECT_EQ(file->kind, Kind::graph_def);
    EXPECT_EQ(file->encoding, Encoding::binary);
    EXPECT_EQ(file->producer, 26);
    ASSERT_EQ(file->nodes.size(), 2U);
    EXPECT_EQ(file->nodes[1].inputs, std::vector<std::string>{"v"});
    EXPECT_EQ(*file->nodes[0].attrs.at("shape").as<Shape>(), (Shape{2}));
}

TEST(GraphFile, AMetaGraphHasCollectionsSaverAndSignatures) {
    const auto file = must_read(meta_graph());
    EXPECT_EQ(file->kind, Kind::meta_graph);
    EXPECT_EQ(file->tensorflow_version, "1.7.0");
    ASSERT_EQ(file->collections.at("variables").variables.size(), 1U);
    EXPECT_EQ(file->collections.at("variables").variables[0].snapshot, "v/read:0");
    EXPECT_EQ(file->collections.at("outputs").names, std::vector<std::string>{"v/read:0"});
    EXPECT_EQ(file->collections.at("while_context").contexts, std::vector<std::string>{"while/while_context"});
    EXPECT_EQ(file->saver->restore_op, "save/restore_all");
    EXPECT_EQ(file->saver->version, 2);
    ASSERT_EQ(file->signatures.size(), 1U);
    EXPECT_EQ(file->signatures[0].outputs[0], (std::pair<std::string, std::string>("out", "v/read:0")));

    Graph graph;
    ASSERT_TRUE(import_graph(graph, *file).empty());
    EXPECT_TRUE(import_collections(graph, *file).empty());
    ASSERT_EQ(graph.collection("variables").size(), 1U);
    EXPECT_EQ(graph.item_name(graph.collection("variables")[0]), "v:0");
    EXPECT_EQ(graph.item_name(graph.collection("outputs")[0]), "v/read:0");
}

TEST(GraphFile, OfASavedModelTheServedGraphIsTaken) {
    const std::string other = field(1, field(4, "train")) + field(2, field(1, node_def("a", "NoOp")));
    const auto file = must_read(number(1, 1) + field(2, other) + field(2, meta_graph()));
    EXPECT_EQ(file->kind, Kind::saved_model);
    EXPECT_EQ(file->tags, std::vector<std::string>{"serve"});
    EXPECT_EQ(file->nodes.size(), 2U);
    ASSERT_EQ(file->notes.size(), 1U);
    EXPECT_EQ(file->notes[0].code, "graph.meta-graphs");
}

TEST(GraphFile, FunctionsAreReadWithTheirSignature) {
    const std::string argument = field(1, "x") + number(3, 1);
    const std::string function = field(1, field(1, "f") + field(2, argument) + field(3, field(1, "y") + number(3, 1))) +
                                 field(3, node_def("y", "Identity", field(3, "x") + attr("T", field(9, "Tx"))));
    const auto file = must_read(field(1, node_def("c", "f")) + field(2, field(1, function)));
    ASSERT_EQ(file->functions.size(), 1U);
    EXPECT_EQ(file->functions[0].name, "f");
    EXPECT_EQ(file->functions[0].outputs[0].dtype, DType::float32);
    EXPECT_EQ(*file->functions[0].nodes[0].attrs.at("T").as<std::string>(), "$Tx");
    Graph graph;
    ASSERT_TRUE(import_graph(graph, *file).empty());
    ASSERT_EQ(graph.node(NodeId(0)).outputs.size(), 1U) << "a call has the outputs of the function";
}

const char* const text_graph = R"(# a comment first
node {
  name: "v" op: 'VariableV2'
  attr { key: "dtype" value { type: DT_FLOAT } }
  attr: < key: "shape", value: < shape { dim { size: 2 } } > >;
  from_the_future: { deep: [1, 2] }
}
node { name: "v/read" op: "Identity" input: ["v"] attr { key: "T" value { type: 1 } } }
versions { producer: 26 }
)";

TEST(GraphFile, TextToleratesCommentsAndUnknownFields) {
    const auto file = must_read(text_graph);
    EXPECT_EQ(file->encoding, Encoding::text);
    EXPECT_EQ(file->nodes.size(), 2U);
    ASSERT_FALSE(file->notes.empty());
    EXPECT_EQ(file->notes[0].where.line, 6);
    EXPECT_NE(file->notes[0].message.find("from_the_future"), std::string::npos);
    Graph from_text, from_binary;
    ASSERT_TRUE(import_graph(from_text, *file).empty());
    ASSERT_TRUE(import_graph(from_binary, *must_read(variable_graph())).empty());
    EXPECT_EQ(to_graphdef_json(from_text), to_graphdef_json(from_binary));
}

TEST(GraphFile, JsonInBothSpellings) {
    for (const char* text :
         {R"({"node":[{"name":"x","op":"NoOp"}],"versions":{"producer":26}})",
          R"({"metaInfoDef":{"tensorflowVersion":"1.7.0"},"graphDef":{"node":[{"name":"x","op":"NoOp"}]}})",
          R"({ "graph_def": {"node":[{"name":"x","op":"NoOp"}], "versions": {"producer": 26}}})",
          R"({"savedModelSchemaVersion":"1","metaGraphs":[{"graphDef":{"node":[{"name":"x","op":"NoOp"}]}}]})"}) {
        const auto file = must_read(text);
        EXPECT_EQ(file->encoding, Encoding::json) << text;
        EXPECT_EQ(file->nodes.size(), 1U) << text;
    }
}

TEST(GraphFile, IsToldByItsContent) {
    EXPECT_FALSE(sniff_graph(R"({"format": "rnnscope/1", "program": []})"));
    EXPECT_FALSE(sniff_graph(""));
    EXPECT_FALSE(sniff_graph("hello world"));
    EXPECT_FALSE(sniff_graph("node of a graph"));
    EXPECT_FALSE(sniff_graph(std::string("\x93NUMPY\x01\x00", 8)));
    EXPECT_EQ(sniff_graph("  # RUN: x\n\nnode: { }")->kind, Kind::graph_def);
    EXPECT_EQ(sniff_graph("meta_info_def {}")->kind, Kind::meta_graph);
}

TEST(GraphFile, AnEventFileHoldsTheGraphOfItsRun) {
    const auto record = [](const std::string& event) {
        std::string length;
        for (int i = 0; i < 8; ++i) length += static_cast<char>(event.size() >> (8 * i));
        return length + "crc4" + event + "crc4";
    };
    const std::string content = record(field(3, "brain.Event:2")) + record(field(4, variable_graph())) +
                                record(field(9, meta_graph())) + record(field(5, "a summary"));
    const auto file = must_read(content);
    EXPECT_EQ(file->kind, Kind::meta_graph);
    EXPECT_EQ(file->nodes.size(), 2U);
    EXPECT_EQ(must_read(content.substr(0, content.size() - 3))->nodes.size(), 2U) << "a run that was stopped";
    EXPECT_NE(refusal(record(field(3, "brain.Event:2"))).find("holds no graph"), std::string::npos);
}

TEST(GraphFile, DamageIsReportedWithItsPlace) {
    const std::string good = variable_graph();
    EXPECT_NE(refusal(good.substr(0, good.size() - 3)).find("at byte"), std::string::npos);
    EXPECT_NE(refusal("node { name: \"x\" op: }").find("model:1:22: error [graph.text]"), std::string::npos)
        << refusal("node { name: \"x\" op: }");
    EXPECT_NE(refusal(R"({"node": [{"name": 3]})").find("graph.json"), std::string::npos);
    EXPECT_NE(refusal("model_checkpoint_path: \"x\"").find("only names checkpoints"), std::string::npos);
}

TEST(GraphFile, EveryBadNodeIsReported) {
    const std::string bad_dtype = node_def("a", "Const", attr("dtype", number(6, 77)));
    const std::string text = refusal(field(1, node_def("ok", "NoOp")) + field(1, bad_dtype) + field(1, bad_dtype));
    EXPECT_NE(text.find("at byte 12: node \"a\""), std::string::npos) << text;
    EXPECT_NE(text.find("unknown data type 77"), std::string::npos) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '7') / 2, 2) << text;
}

TEST(GraphFile, MissingFilesAndFoldersAreSaid) {
    EXPECT_FALSE(is_graph_file("no/such/file"));
    const auto problems = std::get<Diagnostics>(load_graph_file("no/such/file"));
    EXPECT_EQ(problems[0].code, "file.unreadable");
    const auto folder = std::filesystem::temp_directory_path() / "rnnscope_graph_file_test";
    std::filesystem::create_directories(folder);
    EXPECT_FALSE(is_graph_file(folder.string()));
    EXPECT_EQ(std::get<Diagnostics>(load_graph_file(folder.string()))[0].code, "graph.unknown");
    std::ofstream(folder / "saved_model.pb", std::ios::binary) << number(1, 1) + field(2, meta_graph());
    EXPECT_TRUE(is_graph_file(folder.string()));
    const LoadedGraph loaded = load_graph_file(folder.string());
    EXPECT_TRUE(std::holds_alternative<std::shared_ptr<const GraphFile>>(loaded));
    std::filesystem::remove_all(folder);
}

} // namespace
} // namespace rnnscope
