#include "core/import/graphdef_importer.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace rnnscope {
namespace {

std::filesystem::path golden_folder() {
    return std::filesystem::path(RNNSCOPE_SHARED_DIR) / "golden";
}

std::string read_file(const std::filesystem::path& path) {
    std::ifstream file(path, std::ios::binary);
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

std::vector<NodeDefData> golden(const std::string& name) {
    auto nodes = parse_graphdef_json(read_file(golden_folder() / (name + ".graphdef.json")));
    EXPECT_TRUE(nodes.ok()) << name;
    return nodes.ok() ? *std::move(nodes) : std::vector<NodeDefData>{};
}

NodeDefData constant(const std::string& name) {
    return {name, "Const", "", {}, {{"dtype", DType::float32}, {"value", Tensor::scalar(1.0F)}}};
}
NodeDefData node(const std::string& name, const std::string& op, std::vector<std::string> inputs, AttrMap attrs = {}) {
    return {name, op, "", std::move(inputs), std::move(attrs)};
}

std::vector<std::string> messages(const NodeDefs& nodes) {
    Graph graph;
    std::vector<std::string> result;
    for (const Diagnostic& problem : import_graphdef(graph, nodes)) result.push_back(problem.message);
    EXPECT_TRUE(result.empty() || graph.size() == 0) << "a refused import must leave the graph alone";
    return result;
}

TEST(GraphDefImporter, EveryGoldenComesBackAsItWas) {
    if (!std::filesystem::exists(golden_folder()))
        GTEST_SKIP() << "the golden graphs are not here: " << golden_folder();
    int imported = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(golden_folder())) {
        const std::string path = entry.path().string();
        if (!path.ends_with(".graphdef.json")) continue;
        SCOPED_TRACE(path);
        const auto nodes = parse_graphdef_json(read_file(path));
        ASSERT_TRUE(nodes.ok());
        Graph graph;
        const Diagnostics problems = import_graphdef(graph, *nodes);
        ASSERT_TRUE(problems.empty()) << to_text(problems);
        ASSERT_EQ(graph.size(), nodes->size());
        for (std::size_t i = 0; i < nodes->size(); ++i) {
            const NodeDefData& expected = (*nodes)[i];
            const Node& actual = graph.node(NodeId(i));
            ASSERT_EQ(actual.name, expected.name);
            std::vector<std::string> inputs;
            for (const Output& input : actual.inputs) inputs.push_back(graph.input_text(input));
            for (const NodeId control : actual.control_inputs) inputs.push_back("^" + graph.node(control).name);
            EXPECT_EQ(inputs, expected.inputs) << expected.name;
            EXPECT_EQ(actual.attrs, expected.attrs) << expected.name;
        }
        ++imported;
    }
    EXPECT_GE(imported, 60);
}

TEST(GraphDefImporter, CanReorderAsImportGraphDefDoes) {
    if (!std::filesystem::exists(golden_folder()))
        GTEST_SKIP() << "the golden graphs are not here: " << golden_folder();
    Graph graph;
    ImportOptions options;
    options.order = ImportOptions::Order::tensorflow;
    const Diagnostics problems = import_graphdef(graph, golden("programs/D01_never_init"), options);
    ASSERT_TRUE(problems.empty()) << to_text(problems);
    // D21 imports that graph and then adds one node.
    const auto expected = golden("programs/D21_import_graphdef");
    ASSERT_EQ(graph.size() + 1, expected.size());
    for (std::size_t i = 0; i < graph.size(); ++i) EXPECT_EQ(graph.node(NodeId(i)).name, expected[i].name) << i;
}

TEST(GraphDefImporter, ListsTheVariables) {
    if (!std::filesystem::exists(golden_folder()))
        GTEST_SKIP() << "the golden graphs are not here: " << golden_folder();
    Graph graph;
    ASSERT_TRUE(import_graphdef(graph, golden("while_var")).empty());
    ASSERT_EQ(graph.variables().size(), 2U);
    const Variable& v = graph.variables()[0];
    EXPECT_EQ(v.name, "v");
    EXPECT_FALSE(v.is_resource);
    EXPECT_EQ(graph.node(v.initializer).name, "v/Assign");
    EXPECT_EQ(graph.tensor_name(v.snapshot), "v/read:0");
    EXPECT_EQ(graph.tensor_name(v.initial_value), "v/initial_value:0");
    const Variable& r = graph.variables()[1];
    EXPECT_TRUE(r.is_resource);
    EXPECT_EQ(graph.node(r.initializer).name, "r/Assign");
    EXPECT_EQ(graph.tensor_name(r.snapshot), "r/Read/ReadVariableOp:0");
    EXPECT_EQ(graph.tensor_name(r.is_initialized), "r/IsInitialized/VarIsInitializedOp:0");
}

TEST(GraphDefImporter, ReportsEverythingThatIsWrong) {
    EXPECT_EQ(messages({constant("a"), constant("a"), constant("b c"), node("f", "Identity", {"missing", "a:x"}),
                        node("g", "Identity", {"^a", "a"})}),
              (std::vector<std::string>{
                  "two nodes have the name \"a\"", "node 2 has the name \"b c\", which is not a valid node name",
                  "node \"f\": input \"missing\" is not in the file", "node \"f\": input \"a:x\" is not a tensor name",
                  "node \"g\": data input \"a\" stands after a control input"}));
    EXPECT_EQ(messages({constant("a"), node("b", "Identity", {"a:3"}), node("c", "Identity", {"b"})}),
              (std::vector<std::string>{"node \"b\": \"a\" has 1 output, so there is no \"a:3\""}));
    EXPECT_EQ(messages({node("a", "Identity", {"b"}), node("b", "Identity", {"a"})}).size(), 1U);
    const std::vector<std::string> loop = messages({node("m", "Merge", {"n", "n"}), node("n", "NextIteration", {"m"})});
    EXPECT_EQ(loop,
              (std::vector<std::string>{"node \"m\" merges values of next iterations only: the loop has no entry"}));
}

TEST(GraphDefImporter, ANodeOfAnUnknownOpIsTakenAsItIsUsed) {
    Graph graph;
    const Diagnostics problems = import_graphdef(
        graph, {constant("a"), node("odd", "NoSuchOp", {"a"}, {{"k", std::int64_t{3}}}),
                node("sum", "Add", {"a", "odd:2"}, {{"T", DType::float32}}), node("later", "Another", {"odd:1"})});
    ASSERT_TRUE(problems.empty()) << to_text(problems);
    const Node& odd = graph.node(graph.find("odd"));
    ASSERT_EQ(odd.outputs.size(), 3U);
    EXPECT_EQ(odd.outputs[2].dtype, DType::float32); // Add asks for it
    EXPECT_EQ(odd.outputs[1].dtype, DType::invalid); // nobody knows
    EXPECT_EQ(*odd.attr<std::int64_t>("k"), 3);
    EXPECT_EQ(graph.node(graph.find("later")).outputs.size(), 0U);
}

TEST(GraphDefImporter, APrefixGoesToNamesInputsAndColocations) {
    Graph graph;
    ImportOptions options;
    options.prefix = "imported";
    options.uniquifies = true;
    const std::vector<NodeDefData> nodes{
        constant("a"), node("b", "Identity", {"a", "^a"}, {{"_class", AttrValue(attr_list({std::string("loc:@a")}))}})};
    ASSERT_TRUE(import_graphdef(graph, nodes, options).empty());
    ASSERT_TRUE(import_graphdef(graph, nodes, options).empty()); // the names are taken now
    const Node& first = graph.node(graph.find("imported/b"));
    EXPECT_EQ(*first.attr<AttrList>("_class"), attr_list({std::string("loc:@imported/a")}));
    const Node& second = graph.node(graph.find("imported/b_1"));
    EXPECT_EQ(graph.node(second.inputs[0].node).name, "imported/a_1");
    EXPECT_EQ(graph.node(second.control_inputs[0]).name, "imported/a_1");
    EXPECT_EQ(*second.attr<AttrList>("_class"), attr_list({std::string("loc:@imported/a_1")}));
}

TEST(GraphDefImporter, UniqueNamesKeepClearOfScopesAndOfTheFile) {
    Graph graph;
    ImportOptions options;
    options.uniquifies = true;
    ASSERT_TRUE(import_graphdef(graph, {constant("a/x"), constant("b")}, options).empty());
    ASSERT_TRUE(import_graphdef(graph, {constant("a"), constant("b"), constant("b_1")}, options).empty());
    EXPECT_TRUE(graph.find("a_1").valid()) << "a is a scope";
    EXPECT_TRUE(graph.find("b_2").valid()) << "b is taken, b_1 is in the file";
}

TEST(GraphDefImporter, OldPlaceholdersOfShapeNothingMayHaveAnyShape) {
    const auto shape = [](int producer) {
        Graph graph;
        ImportOptions options;
        options.producer = producer;
        EXPECT_TRUE(import_graphdef(
                        graph, {node("x", "Placeholder", {}, {{"dtype", DType::float32}, {"shape", Shape{}}})}, options)
                        .empty());
        return to_text(graph.node(NodeId(0)).outputs[0].shape);
    };
    EXPECT_NE(shape(21), shape(22));
    EXPECT_EQ(shape(22), "[]");
}

TEST(GraphDefImporter, AFileMayNameANodeBeforeItComes) {
    Graph graph;
    const Diagnostics problems =
        import_graphdef(graph, {node("b", "AddV2", {"a", "a"}), node("w", "NoOp", {"^b", "^a"}), constant("a")});
    ASSERT_TRUE(problems.empty()) << to_text(problems);
    EXPECT_EQ(graph.node(NodeId(0)).name, "b");
    EXPECT_EQ(graph.node(NodeId(0)).inputs, (std::vector<Output>{{NodeId(2), 0}, {NodeId(2), 0}}));
    EXPECT_EQ(graph.info({NodeId(0), 0}).dtype, DType::float32);
    EXPECT_EQ(graph.consumers(NodeId(2)), (std::vector<NodeId>{NodeId(0), NodeId(1)}));
    EXPECT_TRUE(graph.consumers(NodeId(1)).empty());
}

TEST(GraphDefImporter, NamesThatTheGraphHasAreRefused) {
    Graph graph;
    ASSERT_TRUE(import_graphdef(graph, {constant("a")}).empty());
    const Diagnostics problems = import_graphdef(graph, {constant("a")});
    ASSERT_EQ(problems.size(), 1U);
    EXPECT_EQ(problems[0].message, "the graph already has a node \"a\"");
    ASSERT_TRUE(import_graphdef(graph, {constant("b"), node("c", "Identity", {"b"})}).empty());
    EXPECT_EQ(graph.node(graph.find("c")).inputs[0], (Output{graph.find("b"), 0}));
}

} // namespace
} // namespace rnnscope
